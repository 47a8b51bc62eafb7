/* Connections that we make: which addresses are tried, the guard, TLS as the client, and when the errand is home. */
#include "certificate.h"
#include "test.h"

#include "dialer.h"
#include "listen.h"
#include "memory.h"
#include "route.h"

#include <stdio.h>

struct lab { /* both ends live on one loop, in this thread */
    struct loop *loop;
    struct config *config;
    struct certificate certificate;
    struct tls_server *tls;
    struct listener *listener;
    struct dialer *dialer;
    bool want_tls, hold; /* hold: the callers stay until they are nudged */
    int callers;         /* alive */
    int callers_when_home;
    struct tls_facts ours, theirs;
    bool heard, home;
};

/* ---- they: "hi", and TLS if asked ---- */
static enum next greet(void *session, const struct peer *peer, struct turn *turn)
{
    (void)session, (void)peer;
    bytes_add_text(turn->out, "hi\n");
    return NEXT_READ;
}

static enum next answer(void *session, struct turn *turn)
{
    (void)session;
    turn->used = turn->in.len;
    if (!slice_is(turn->in, "tls\n"))
        return NEXT_HANG_UP;
    bytes_add_text(turn->out, "go\n");
    return NEXT_START_TLS;
}

static enum next answer_secured(void *session, const struct tls_facts *tls, struct turn *turn)
{
    struct lab *lab = *(struct lab **)session;

    (void)turn;
    lab->theirs = *tls;
    return NEXT_READ;
}

static enum next end_of_nudges(void *session, enum nudge why, struct turn *turn)
{
    (void)session, (void)why, (void)turn;
    return NEXT_HANG_UP;
}

static const struct session_kind greeter = {
    .name = "greeter",
    .begin = greet,
    .read = answer,
    .secured = answer_secured,
    .nudged = end_of_nudges,
    .free = free,
};

static void *greeter_new(void *ctx, const struct peer *peer)
{
    struct lab **session = must_new(struct lab *);

    (void)peer;
    *session = ctx;
    return session;
}

/* ---- we ---- */
static enum next call_begin(void *session, const struct peer *peer, struct turn *turn)
{
    (void)session, (void)peer, (void)turn;
    return NEXT_READ;
}

static enum next call_read(void *session, struct turn *turn)
{
    struct lab *lab = *(struct lab **)session;
    bool hi = slice_is(turn->in, "hi\n");

    turn->used = turn->in.len;
    lab->heard = true;
    if (!hi)
        return NEXT_START_TLS;
    if (lab->want_tls)
        bytes_add_text(turn->out, "tls\n");
    else if (lab->hold)
        loop_stop(lab->loop);
    return lab->want_tls || lab->hold ? NEXT_READ : NEXT_HANG_UP;
}

static enum next call_secured(void *session, const struct tls_facts *tls, struct turn *turn)
{
    struct lab *lab = *(struct lab **)session;

    (void)turn;
    lab->ours = *tls;
    return NEXT_HANG_UP;
}

static void call_free(void *session)
{
    struct lab *lab = *(struct lab **)session;

    lab->callers--;
    free(session);
}

static const struct session_kind caller = {
    .name = "caller",
    .begin = call_begin,
    .read = call_read,
    .secured = call_secured,
    .nudged = end_of_nudges,
    .free = call_free,
};

/* ---- the laboratory ---- */
static int lab_open(void **state)
{
    struct lab *lab = must_new(struct lab);
    struct err err;

    *state = lab;
    lab->config = must_new(struct config);
    config_defaults(lab->config);
    certificate_make(&lab->certificate, "mx.far.test", 1);
    snprintf(lab->config->ca_file, sizeof lab->config->ca_file, "%s", lab->certificate.file);
    lab->loop = loop_new("test", &err);
    lab->tls = tls_server_open(lab->certificate.file, lab->certificate.key, &err);
    lab->listener = listener_open(lab->loop,
                                  &(struct listen_options){.address = "127.0.0.1",
                                                           .service = "greeter",
                                                           .tls = lab->tls,
                                                           .kind = &greeter,
                                                           .new_session = greeter_new,
                                                           .ctx = lab},
                                  &err);
    lab->dialer = dialer_new(lab->loop, lab->config, &err);
    assert_true(lab->loop && lab->tls && lab->listener && lab->dialer);
    return 0;
}

static int lab_close(void **state)
{
    struct lab *lab = *state;

    dialer_free(lab->dialer);
    listener_close(lab->listener);
    loop_free(lab->loop);
    tls_server_close(lab->tls);
    certificate_remove(&lab->certificate);
    assert_int_equal(lab->callers, 0);
    free(lab->config);
    free(lab);
    return 0;
}

static void came_home(void *ctx, struct errand *errand)
{
    struct lab *lab = ctx;

    (void)errand;
    lab->home = true;
    lab->callers_when_home = lab->callers;
    loop_stop(lab->loop);
}

static struct dial *dial_to(struct lab *lab, const char *host, const char *addresses)
{
    struct slice rest = slice_of(addresses);
    struct lab **session = must_new(struct lab *);

    *session = lab;
    lab->callers++;
    struct dial *dial = dial_new(host, listener_port(lab->listener), &caller, session);
    while (rest.at && rest.len > 0) {
        scoped_text char *text = must_copy(slice_cut(&rest, ' '));
        struct sockaddr_storage address;
        assert_true(route_address(text, 0, &address) && dial_add(dial, &address));
    }
    return dial;
}

static void run(struct lab *lab, struct dial *dial)
{
    dialer_submit(lab->dialer, &dial->errand, came_home, lab);
    loop_run(lab->loop);
}

static void test_the_errand_is_home_when_the_session_is_gone(void **state)
{
    struct lab *lab = *state;
    struct dial *dial = dial_to(lab, "mx.far.test", "127.0.0.1");

    lab->config->allow_private = true;
    run(lab, dial);
    assert_true(lab->heard && dial->errand.ok);
    assert_int_equal(dial->outcome, DIAL_TALKED);
    assert_int_equal(dial->tried, 1);
    assert_int_equal(lab->callers_when_home, 0);
    errand_free(&dial->errand);
}

static void test_a_dead_address_is_passed_over(void **state)
{
    struct lab *lab = *state;
    struct dial *dial = dial_to(lab, "mx.far.test", "127.0.0.2 127.0.0.1 127.0.0.3");

    lab->config->allow_private = true;
    run(lab, dial);
    assert_true(lab->heard);
    assert_int_equal(dial->tried, 2);
    errand_free(&dial->errand);
}

static void test_nobody_there(void **state)
{
    struct lab *lab = *state;
    struct dial *dial = dial_to(lab, "mx.far.test", "127.0.0.2");

    lab->config->allow_private = true;
    run(lab, dial);
    assert_false(dial->errand.ok);
    assert_int_equal(dial->outcome, DIAL_SILENT);
    assert_int_equal(lab->callers, 1); /* the session is the errand's */
    errand_free(&dial->errand);
}

static void test_private_addresses_are_closed(void **state)
{
    struct lab *lab = *state;
    struct dial *dial = dial_to(lab, "mx.far.test", "127.0.0.1 10.1.2.3 ::1");

    run(lab, dial);
    assert_int_equal(dial->outcome, DIAL_BLOCKED);
    assert_int_equal(dial->tried, 3);
    assert_false(lab->heard);
    errand_free(&dial->errand);
}

static void test_not_for_a_host_the_administrator_named(void **state)
{
    struct lab *lab = *state;
    struct dial *dial = dial_to(lab, "127.0.0.1", "127.0.0.1");

    dial->named_by_admin = true;
    run(lab, dial);
    assert_int_equal(dial->outcome, DIAL_TALKED);
    errand_free(&dial->errand);
}

static void test_connect_to_says_the_way(void **state)
{
    struct lab *lab = *state;
    struct dial *dial = dial_to(lab, "MX.far.test", "10.1.2.3");
    struct connect_to *route = &lab->config->connect_to[lab->config->connect_to_count++];

    *route = (struct connect_to){.name = "mx.far.test", .port = 25, .address = "127.0.0.1"};
    route->to_port = dial->port;
    dial->port = 25;
    run(lab, dial);
    assert_int_equal(dial->outcome, DIAL_TALKED);
    assert_int_equal(dial->tried, 1);
    errand_free(&dial->errand);
}

static void test_a_source_of_the_other_family(void **state)
{
    struct lab *lab = *state;
    struct dial *dial = dial_to(lab, "mx.far.test", "127.0.0.1");

    lab->config->allow_private = true;
    snprintf(lab->config->source_address, sizeof lab->config->source_address, "::1");
    run(lab, dial);
    assert_int_equal(dial->outcome, DIAL_SILENT);
    errand_free(&dial->errand);
}

static void test_tls(void **state)
{
    static const struct {
        const char *name, *host;
        bool verify, secured, verified;
    } cases[] = {
        {"any certificate will do",             "other.test",  false, true,  false},
        {"a right one is known as such",        "mx.far.test", false, true,  true },
        {"a right one where it must be",        "mx.far.test", true,  true,  true },
        {"a wrong name where it must be right", "other.test",  true,  false, false},
        {"an address is no name",               "127.0.0.1",   true,  false, false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        lab_open(state);
        struct lab *lab = *state;
        struct dial *dial = dial_to(lab, cases[i].host, "127.0.0.1");
        lab->config->allow_private = lab->want_tls = true;
        dial->verify = cases[i].verify;
        run(lab, dial);
        bool named = strcmp(lab->theirs.server_name, cases[i].host) == 0;
        if (dial->outcome != DIAL_TALKED || (lab->ours.version[0] != '\0') != cases[i].secured ||
            (lab->ours.trust == TRUST_PROVED) != cases[i].verified || (cases[i].secured && !named))
            fail_msg("%s: version %s, trust %d, SNI %s", cases[i].name, lab->ours.version,
                     (int)lab->ours.trust, lab->theirs.server_name);
        errand_free(&dial->errand);
        lab_close(state);
    }
}

/* RFC 7672 3.1.1.  Chains below a trust anchor: tests/e2e/test_tls_matrix.py. */
static void test_dane(void **state)
{
    static const struct {
        const char *name, *base; /* the certificate has mx.far.test */
        bool wrong;              /* a byte of the record is another */
        bool secured;
        enum tls_trust trust;
    } cases[] = {
        {"the right key",     "mx.far.test", false, true,  TRUST_PROVED   },
        {"whatever its name", "other.test",  false, true,  TRUST_PROVED   },
        {"a wrong key",       "mx.far.test", true,  false, TRUST_NO_RECORD},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        lab_open(state);
        struct lab *lab = *state;
        struct dial *dial = dial_to(lab, "mx.far.test", "127.0.0.1");
        unsigned char digest[32];
        scoped_value(bytes) data = {0};
        certificate_key_digest(&lab->certificate, digest);
        digest[7] ^= cases[i].wrong;
        bytes_add(&data, (struct slice){(const char *)digest, sizeof digest});
        dial_add_tlsa(dial, &(struct dial_tlsa){3, 1, 1, data});
        dial_add_name(dial, cases[i].base);
        dial_add_name(dial, "far.test");
        lab->config->allow_private = lab->want_tls = dial->verify = true;
        run(lab, dial);
        bool secured = lab->ours.version[0] != '\0';
        enum tls_trust trust = secured ? lab->ours.trust : dial->trust;
        if (secured != cases[i].secured || trust != cases[i].trust ||
            (secured && strcmp(lab->theirs.server_name, cases[i].base) != 0))
            fail_msg("%s: secured %d, trust %d, SNI %s", cases[i].name, secured, (int)trust,
                     lab->theirs.server_name);
        errand_free(&dial->errand);
        lab_close(state);
    }
}

static void test_the_end_of_the_loop_brings_it_home(void **state)
{
    struct lab *lab = *state;
    struct dial *dial = dial_to(lab, "mx.far.test", "127.0.0.1");

    lab->config->allow_private = lab->hold = true;
    run(lab, dial);
    assert_true(lab->heard && !lab->home);
    dialer_free(steal(&lab->dialer));
    listener_close(steal(&lab->listener));
    loop_free(lab->loop);
    lab->loop = NULL;
    assert_true(lab->home);
    assert_int_equal(lab->callers_when_home, 0);
    errand_free(&dial->errand);
}

int main(void)
{
#define IN_LAB(test) cmocka_unit_test_setup_teardown(test, lab_open, lab_close)
    const struct CMUnitTest tests[] = {
        IN_LAB(test_the_errand_is_home_when_the_session_is_gone),
        IN_LAB(test_a_dead_address_is_passed_over),
        IN_LAB(test_nobody_there),
        IN_LAB(test_private_addresses_are_closed),
        IN_LAB(test_not_for_a_host_the_administrator_named),
        IN_LAB(test_connect_to_says_the_way),
        IN_LAB(test_a_source_of_the_other_family),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_dane),
        IN_LAB(test_the_end_of_the_loop_brings_it_home),
    };
    return cmocka_run_group_tests_name("net dialer", tests, NULL, NULL);
}
