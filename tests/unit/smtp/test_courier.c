/* One mail from the queue to its end: where the courier goes, in which order, and what it makes of what it meets. */
#include "test.h"

#include "client.h"
#include "dial.h"
#include "memory.h"
#include "out_mx.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { VISITS_MAX = 6 };

#define YES "220 c|250 c|250|250|354|250 kept"

struct row {
    const char *name, *domain;
    const char *mx; /* "10 a.test, 20 b.test"; "-" none; "?" no answer; "!" no such domain */
    /* What is met in order: a script as in test_client.c, "silent", "blocked" or "shake" (the handshake fails) */
    const char *meets[VISITS_MAX];
    const char *visits; /* "a.test 192.0.2.1 tls, …" */
    enum out_fate fate;
    const char *reply;
    const char *relay;
};

static const struct row rows[] = {
  /* clang-format off */
    {"to the best host", "d.test", "20 b.test, 10 a.test", {YES},
        "a.test:25 try", OUT_TAKEN, "250 kept", ""},
    {"to the domain itself", "d.test", "-", {YES},
        "d.test:25 try", OUT_TAKEN, "250 kept", ""},
    {"the next host when nobody is there", "d.test", "10 a.test, 20 b.test", {"silent", YES},
        "a.test:25 try, b.test:25 try", OUT_TAKEN, "250 kept", ""},
    {"the next host when it turns us away", "d.test", "10 a.test, 20 b.test", {"554 no", YES},
        "a.test:25 try, b.test:25 try", OUT_TAKEN, "250 kept", ""},
    {"the next host when it breaks off", "d.test", "10 a.test, 20 b.test", {"220 c|250 c|250", YES},
        "a.test:25 try, b.test:25 try", OUT_TAKEN, "250 kept", ""},
    {"not the next host when it breaks off behind the text", "d.test", "10 a.test, 20 b.test", {"220 c|250 c|250|250|354"},
        "a.test:25 try", OUT_LATER, "the connection ended before an answer to the text", ""},
    {"not the next host for a recipient who is not known", "d.test", "10 a.test, 20 b.test", {"220 c|250 c|250|550 5.1.1 nobody"},
        "a.test:25 try", OUT_REFUSED, "550 5.1.1 nobody", ""},
    {"not the next host for a recipient who waits", "d.test", "10 a.test, 20 b.test", {"220 c|250 c|250|450 4.2.0 grey"},
        "a.test:25 try", OUT_LATER, "450 4.2.0 grey", ""},
    {"in clear when the handshake fails", "d.test", "10 a.test, 20 b.test", {"shake", YES},
        "a.test:25 try, a.test:25 clear", OUT_TAKEN, "250 kept", ""},
    {"the next host has TLS again", "d.test", "10 a.test, 20 b.test", {"shake", "554 no", YES},
        "a.test:25 try, a.test:25 clear, b.test:25 try", OUT_TAKEN, "250 kept", ""},
    {"nobody anywhere", "d.test", "10 a.test, 20 b.test", {"silent", "silent"},
        "a.test:25 try, b.test:25 try", OUT_LATER, "no connection to their server", ""},
    {"turned away everywhere", "d.test", "10 a.test, 20 b.test", {"554 no", "521 never"},
        "a.test:25 try, b.test:25 try", OUT_REFUSED, "521 never", ""},
    {"what is refused here and silent there may pass", "d.test", "10 a.test, 20 b.test", {"554 no", "silent"},
        "a.test:25 try, b.test:25 try", OUT_LATER, "no connection to their server", ""},
    {"and the other way round", "d.test", "10 a.test, 20 b.test", {"silent", "554 no"},
        "a.test:25 try, b.test:25 try", OUT_LATER, "554 no", ""},
    {"no private addresses", "d.test", "10 a.test", {"blocked"},
        "a.test:25 try", OUT_REFUSED, "550 5.4.4 The addresses of their mail host are not public", ""},
    {"three conversations are enough", "d.test", "1 a.test, 2 b.test, 3 c.test, 4 e.test", {"421 no", "421 no", "421 no", YES},
        "a.test:25 try, b.test:25 try, c.test:25 try", OUT_LATER, "421 no", ""},
    {"five dead hosts are looked at", "d.test", "1 a.test, 2 b.test, 3 c.test, 4 e.test, 5 f.test", {"silent", "silent", "silent", "silent", YES},
        "a.test:25 try, b.test:25 try, c.test:25 try, e.test:25 try, f.test:25 try", OUT_TAKEN, "250 kept", ""},
    {"no mail there", "d.test", "0 .", {NULL}, "", OUT_REFUSED, "556 5.1.10 This domain takes no mail", ""},
    {"no such domain", "d.test", "!", {NULL}, "", OUT_REFUSED, "550 5.1.2 There is no such domain", ""},
    {"no answer from DNS", "d.test", "?", {NULL}, "", OUT_LATER, "450 4.4.3 DNS gives no answer for this domain", ""},
    {"hosts without an address", "d.test", "10 z.test", {NULL}, "", OUT_REFUSED, "550 5.4.4 The mail hosts of this domain have no address", ""},
    {"our own domain never leaves", "home.test", "10 a.test", {NULL}, "", OUT_REFUSED, "554 5.4.6 This mail would come back to us", ""},
    {"an address in brackets", "[192.0.2.9]", "?", {YES}, "192.0.2.9:25 try", OUT_TAKEN, "250 kept", ""},
    {"a host whose way was told", "told.test", "?", {YES}, "told.test:25 try", OUT_TAKEN, "250 kept", ""},
    {"everything to the relay", "d.test", "10 a.test", {YES}, "relay.test:587 try named", OUT_TAKEN, "250 kept", "relay.test"},
    {"our own domain does not go to the relay", "home.test", "-", {NULL}, "", OUT_REFUSED, "554 5.4.6 This mail would come back to us", "relay.test"},
  /* clang-format on */
};

struct world {
    const struct row *row;
    struct out out;
    size_t visit;
    struct bytes visits;
    int recorded;
    enum out_fate fate; /* as recorded */
    char reply[OUT_REPLY_SIZE];
    bool load_fails, record_fails;
    bool secret, unwanted; /* what is loaded */
    const char *further;   /* what else waits: a letter for each mail */
    struct bytes fates;    /* as recorded, a letter for each */
    void *courier;
};

static void plain_free(struct errand *errand)
{
    free(errand);
}

static struct errand *plain_errand(bool ok)
{
    struct errand *errand = must_new(struct errand);

    errand->free = plain_free;
    errand->ok = ok;
    return errand;
}

static void load_free(struct errand *errand)
{
    struct out_load *load = container_of(errand, struct out_load, errand);

    out_mail_free(load->mail);
    free(load);
}

/* 's': may leave over TLS alone; 'u': no longer wanted; 'f': cannot be read; 'd': was dropped */
static char kind_of(const struct world *w, int64_t id)
{
    return (char)(w->further && id > 1 ? w->further[id - 2] : '\0');
}

static struct errand *fake_load(void *ctx, const int64_t *ids, size_t count)
{
    const struct world *w = ctx;
    char kind = kind_of(w, ids[0]);
    struct out_load *load = must_new(struct out_load);
    struct out_mail *mail = must_new(struct out_mail);

    mail->mail_from = must_dup("alice@home.test");
    mail->recipients = must_alloc_array(count, sizeof *mail->recipients);
    mail->count = count;
    for (size_t i = 0; i < count; i++) {
        mail->recipients[i].delivery_id = ids[i];
        mail->recipients[i].address = must_print("r%zu@%s", i, w->row->domain);
    }
    mail->body = source_of_slice(SLICE("hi\r\n"));
    mail->secret = w->secret || kind == 's';
    if (w->unwanted || kind == 'u')
        out_decide(mail, OUT_TAKEN, "no longer wanted");
    load->errand.free = load_free;
    load->errand.ok = !w->load_fails && kind != 'f';
    load->mail = mail;
    if (kind == 'd')
        out_mail_free(steal(&load->mail));
    return &load->errand;
}

static void piece_free(struct errand *errand)
{
    struct out_piece *piece = container_of(errand, struct out_piece, errand);

    bytes_clear(&piece->text);
    free(piece);
}

static struct errand *fake_piece(struct source *body, int64_t offset)
{
    struct out_piece *piece = must_new(struct out_piece);

    (void)body, (void)offset;
    piece->errand.free = piece_free;
    piece->errand.ok = piece->last = true;
    bytes_add_text(&piece->text, "hi\r\n");
    return &piece->errand;
}

static struct errand *fake_record(void *ctx, const struct out_mail *mail)
{
    struct world *w = ctx;

    w->recorded++;
    bytes_add_char(&w->fates, "OTLR"[mail->recipients[0].fate]);
    w->fate = mail->recipients[0].fate;
    snprintf(w->reply, sizeof w->reply, "%s", mail->recipients[0].reply);
    return plain_errand(!w->record_fails);
}

static void recall_free(struct errand *errand)
{
    struct out_recall *recall = container_of(errand, struct out_recall, errand);

    sts_kept_clear(&recall->kept);
    free(recall);
}

static struct errand *fake_recall(void *ctx, const char *domain)
{
    struct out_recall *recall = must_new(struct out_recall);

    (void)ctx, (void)domain;
    recall->errand.free = recall_free;
    recall->errand.ok = true;
    return &recall->errand;
}

static bool fake_is_ours(void *ctx, struct slice domain)
{
    (void)ctx;
    return slice_is(domain, "home.test");
}

static bool fake_has_route(void *ctx, const char *host, int port)
{
    (void)ctx;
    return strcmp(host, "told.test") == 0 && port == 25;
}

/* ---- DNS ---- */
static void answer_mx(struct dns_answer *answer, const char *records)
{
    struct slice rest = slice_of(records);

    answer->outcome = *records == '-'   ? DNS_NO_DATA
                      : *records == '?' ? DNS_FAILED
                      : *records == '!' ? DNS_NO_NAME
                                        : DNS_ANSWER;
    while (answer->outcome == DNS_ANSWER && rest.at) {
        struct slice name = slice_trim(slice_cut(&rest, ','));
        scoped_value(bytes) data = {0};
        bytes_add_char(&data, '\0');
        bytes_add_char(&data, (char)atoi(name.at));
        slice_cut(&name, ' ');
        while (name.at && !slice_is(name, ".")) {
            struct slice label = slice_cut(&name, '.');
            bytes_add_char(&data, (char)label.len);
            bytes_add(&data, label);
        }
        bytes_add_char(&data, '\0');
        dns_answer_add(answer, bytes_slice(&data));
    }
}

/* x.test is 192.0.2.1, but for z.test, which has no address. */
static void answer_dns(const struct row *row, struct dns_lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++) {
        struct dns_answer *answer = &lookup->answers[i];
        answer->outcome = DNS_NO_DATA;
        if (lookup->questions[i].type == DNS_MX)
            answer_mx(answer, row->mx);
        if (lookup->questions[i].type != DNS_A || lookup->questions[i].name[0] == 'z')
            continue;
        answer->outcome = DNS_ANSWER;
        dns_answer_add(answer, (struct slice){"\xc0\0\2\1", 4});
    }
    lookup->errand.ok = true;
}

/* ---- conversations ---- */
struct talk { /* a driver for one session */
    const struct session_kind *kind;
    void *session;
    struct bytes out;
    bool over;
};

static void follow(struct talk *talk, struct turn *turn, enum next next)
{
    while (next == NEXT_WAIT || next == NEXT_MORE) {
        struct turn again = {.out = &talk->out};
        next = next == NEXT_WAIT ? talk->kind->resume(talk->session, turn->errand, &again)
                                 : talk->kind->more(talk->session, &again);
        *turn = again;
    }
    talk->over = next != NEXT_READ;
}

static void play(struct dial *dial, const char *script)
{
    const struct peer peer = {.service = "smtp-out"};
    struct talk talk = {.kind = dial->kind, .session = steal(&dial->session)};
    struct slice rest = slice_of(script);
    struct turn turn = {.out = &talk.out};

    follow(&talk, &turn, talk.kind->begin(talk.session, &peer, &turn));
    while (rest.at && !talk.over) {
        struct slice part = slice_cut(&rest, '|');
        scoped_text char *line = must_print("%.*s\r\n", SLICE_ARGS(part));
        turn = (struct turn){.in = slice_of(line), .out = &talk.out};
        follow(&talk, &turn, talk.kind->read(talk.session, &turn));
    }
    talk.kind->free(talk.session);
    bytes_clear(&talk.out);
}

static void visit(struct world *w, struct dial *dial)
{
    const char *meets = w->row->meets[w->visit++];
    static const char *const demands[] = {"clear", "try", "always", "proved"};
    const struct out_talk *talk = *(struct out_talk *const *)dial->session; /* its first member */

    assert_non_null(meets);
    bytes_print(&w->visits, "%s%s:%d %s%s", w->visits.len ? ", " : "", dial->host, dial->port,
                demands[talk->tls], dial->named_by_admin ? " named" : "");
    dial->tried = dial->address_count ? dial->address_count : 1;
    dial->outcome = strcmp(meets, "silent") == 0    ? DIAL_SILENT
                    : strcmp(meets, "blocked") == 0 ? DIAL_BLOCKED
                                                    : DIAL_TALKED;
    dial->errand.ok = dial->outcome == DIAL_TALKED;
    if (dial->errand.ok)
        play(dial, strcmp(meets, "shake") == 0 ? "220 c|250-c\r\n250 STARTTLS|220 go" : meets);
}

static void do_errand(struct world *w, struct errand *errand)
{
    if (errand->lane == LANE_DNS)
        answer_dns(w->row, container_of(errand, struct dns_lookup, errand));
    else if (errand->lane == LANE_DIAL)
        visit(w, container_of(errand, struct dial, errand));
}

/* ---- the courier's driver ---- */
static void fake_start(void *ctx, const struct session_kind *kind, void *session)
{
    struct world *w = ctx;

    if (kind != &out_courier_kind) { /* out_counting.c */
        free(session);
        return;
    }
    assert_null(w->courier);
    w->courier = session;
}

static void run_courier(struct world *w)
{
    const struct peer peer = {.service = "mail-courier"};
    struct turn turn = {.in = SLICE("")};
    void *courier = steal(&w->courier);
    enum next next = out_courier_kind.begin(courier, &peer, &turn);

    while (next == NEXT_WAIT) {
        struct errand *errand = turn.errand;
        do_errand(w, errand);
        turn = (struct turn){.in = SLICE("")};
        next = out_courier_kind.resume(courier, errand, &turn);
    }
    assert_int_equal(next, NEXT_HANG_UP);
    w->out.claims.closing = true; /* what is left is for other tests */
    out_courier_kind.free(courier);
}

static void world_open(struct world *w, const struct row *row)
{
    w->row = row;
    w->out.duties = (struct out_duties){
        .ctx = w,
        .clock = &system_clock,
        .hostname = "mx.home.test",
        .relay_host = row->relay,
        .relay_port = 587,
        .is_ours = fake_is_ours,
        .has_route = fake_has_route,
        .load = fake_load,
        .piece = fake_piece,
        .record = fake_record,
        .recall = fake_recall,
        .start = fake_start,
    };
    w->out.claims.couriers_max = OUT_COURIERS_MAX;
    claims_add(&w->out.claims, 1, row->domain, "7 alice@home.test");
    for (int64_t id = 2; kind_of(w, id); id++)
        claims_add(&w->out.claims, id, row->domain, NULL);
    w->out.claims.couriers_max = 1;
    out_start_couriers(&w->out);
    run_courier(w);
}

static void world_close(struct world *w)
{
    bytes_clear(&w->visits);
    bytes_clear(&w->fates);
    claims_clear(&w->out.claims);
    ledger_clear(&w->out.ledger);
    free(w);
}

static void test_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world *w = must_new(struct world);
        world_open(w, &rows[i]);
        if (strcmp(w->visits.at ? w->visits.at : "", rows[i].visits) != 0)
            fail_msg("%s: went to \"%s\"", rows[i].name, w->visits.at);
        if (w->fate != rows[i].fate || strcmp(w->reply, rows[i].reply) != 0)
            fail_msg("%s: fate %d, \"%s\"", rows[i].name, (int)w->fate, w->reply);
        if (w->recorded != 1 || w->out.claims.count != 0)
            fail_msg("%s: recorded %d times", rows[i].name, w->recorded);
        world_close(w);
    }
}

/* What is not recorded rests, and is not sent again at once. */
static void test_our_own_trouble(void **state)
{
    static const struct row row = {"", "d.test", "10 a.test", {YES}, "", OUT_TAKEN, "", ""};

    (void)state;
    for (int record = 0; record < 2; record++) {
        struct world *w = must_new(struct world);
        w->load_fails = !record;
        w->record_fails = record;
        world_open(w, &row);
        assert_int_equal(w->recorded, record ? 2 : 1); /* by the client, and again by the courier */
        assert_int_equal(w->out.claims.count, record ? 1 : 0);
        assert_int_equal(w->out.faults, record);
        if (record)
            assert_int_equal(w->out.claims.at[0]->state, CLAIM_RESTING);
        else /* what cannot be read waits as any other mail, and has its end */
            assert_int_equal(w->fate, OUT_LATER);
        world_close(w);
    }
}

static void test_a_secret_never_goes_in_clear(void **state)
{
    static const struct row row = {
        "", "d.test", "10 a.test, 20 b.test", {"shake", "220 c|250 c"},
           "", OUT_LATER, "", ""
    };
    struct world *w = must_new(struct world);

    (void)state;
    w->secret = true;
    world_open(w, &row);
    assert_text(w->visits.at, "a.test:25 always, b.test:25 always");
    assert_int_equal(w->fate, OUT_LATER);
    world_close(w);
}

static void test_what_is_no_longer_wanted_goes_nowhere(void **state)
{
    static const struct row row = {"", "d.test", "10 a.test", {NULL}, "", OUT_TAKEN, "", ""};
    struct world *w = must_new(struct world);

    (void)state;
    w->unwanted = true;
    world_open(w, &row);
    assert_int_equal(w->visits.len, 0);
    assert_int_equal(w->recorded, 1);
    assert_int_equal(w->fate, OUT_TAKEN);
    assert_int_equal(w->out.claims.count, 0);
    world_close(w);
}

/* ---- several mails over one connection ---- */
#define MAIL "|250|250|354|250 kept"
static void test_further_mails(void **state)
{
    static const struct {
        const char *name, *further;
        const char *meets[VISITS_MAX];
        const char *visits, *fates;
    } cases[] = {
  /* clang-format off */
        {"three at once", "mm", {"220 c|250 c" MAIL MAIL MAIL}, "a.test:25 try", "TTT"},
        {"a refused one leaves the next", "m", {"220 c|250 c|250|550 5.1.1 no|250 reset" MAIL}, "a.test:25 try", "RT"},
        {"a text refused needs no reset", "m", {"220 c|250 c|250|250|354|554 5.6.0 no" MAIL}, "a.test:25 try", "RT"},
        {"a sender refused in a group ends it", "m", {"220 c|250-c\r\n250 PIPELINING|550 no", NULL}, "a.test:25 try", "R"},
        {"they close it: once more", "m", {"220 c|250 c" MAIL, YES}, "a.test:25 try, a.test:25 try", "TT"},
        {"they are tired of it: once more", "m", {"220 c|250 c" MAIL "|421 enough", YES}, "a.test:25 try, a.test:25 try", "TT"},
        {"they take no reset: once more", "m", {"220 c|250 c|250|550 no|500 what", YES}, "a.test:25 try, a.test:25 try", "RT"},
        {"it ends behind the text: not again", "m", {"220 c|250 c" MAIL "|250|250|354"}, "a.test:25 try", "TL"},
        {"a new connection fails like any", "m", {"220 c|250 c" MAIL, "silent"}, "a.test:25 try, a.test:25 try", "TL"},
        {"a secret needs one of its own", "s", {"220 c|250 c" MAIL, "220 c|250 c"}, "a.test:25 try, a.test:25 always", "TL"},
        {"what was dropped is nobody's", "d", {"220 c|250 c" MAIL}, "a.test:25 try", "T"},
        {"what is not wanted goes nowhere", "u", {"220 c|250 c" MAIL}, "a.test:25 try", "TT"},
        {"what cannot be read waits", "f", {"220 c|250 c" MAIL}, "a.test:25 try", "TL"},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct row row = {"", "d.test", "10 a.test", {NULL}, "", OUT_TAKEN, "", ""};
        struct world *w = must_new(struct world);
        memcpy(row.meets, cases[i].meets, sizeof row.meets);
        w->further = cases[i].further;
        world_open(w, &row);
        bytes_add_char(&w->fates, '\0');
        if (strcmp(w->visits.at, cases[i].visits) != 0 || strcmp(w->fates.at, cases[i].fates) != 0)
            fail_msg("%s: %s, went to \"%s\"", cases[i].name, w->fates.at, w->visits.at);
        if (w->out.claims.couriers != 0)
            fail_msg("%s: %d couriers are left", cases[i].name, w->out.claims.couriers);
        world_close(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_our_own_trouble),
        cmocka_unit_test(test_a_secret_never_goes_in_clear),
        cmocka_unit_test(test_what_is_no_longer_wanted_goes_nowhere),
        cmocka_unit_test(test_further_mails),
    };
    return cmocka_run_group_tests_name("smtp courier", tests, NULL, NULL);
}
