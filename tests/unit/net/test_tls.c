/*
 * TLS on the driver: both ways in, what may not ride behind STARTTLS, and the certificate's life.
 */
#include "certificate.h"
#include "clock.h"
#include "house.h"
#include "test.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct tls_house {
    struct house house;
    struct certificate certificate;
    struct tls_server *tls;
    struct listen_options options;
};

static void open_house(struct tls_house *t)
{
    struct err err;

    house_open(&t->house);
    certificate_make(&t->certificate, "a.test", 1);
    t->tls = tls_server_open(t->certificate.file, t->certificate.key, &err);
    assert_non_null(t->tls);
    t->options = (struct listen_options){.service = "toy",
                                         .tls = t->tls,
                                         .kind = &toy_kind,
                                         .new_session = toy_new,
                                         .ctx = &t->house};
}

static void close_house(struct tls_house *t)
{
    house_close(&t->house);
    tls_server_close(t->tls);
    certificate_remove(&t->certificate);
}

static SSL *new_client(int fd)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);

    SSL_CTX_free(context);
    SSL_set_fd(ssl, fd);
    char name[] = "a.test"; /* what the macro casts is not const */
    SSL_set_tlsext_host_name(ssl, name);
    return ssl;
}

static SSL *shake(int fd)
{
    SSL *ssl = new_client(fd);

    if (SSL_connect(ssl) != 1)
        fail_msg("no handshake: %s", ERR_reason_error_string(ERR_get_error()));
    return ssl;
}

static void tls_say(SSL *ssl, const char *text)
{
    assert_int_equal(SSL_write(ssl, text, (int)strlen(text)), (int)strlen(text));
}

static void tls_hear(SSL *ssl, const char *expected)
{
    char got[256] = {0};
    size_t have = 0;

    while (have < strlen(expected)) {
        int more = SSL_read(ssl, got + have, (int)(strlen(expected) - have));
        if (more <= 0)
            fail_msg("heard \"%s\" and no more, instead of \"%s\"", got, expected);
        have += (size_t)more;
    }
    assert_string_equal(got, expected);
}

/* A close_notify, not a cut. */
static void tls_hear_end(SSL *ssl)
{
    char byte;

    assert_int_equal(SSL_read(ssl, &byte, 1), 0);
    assert_int_equal(SSL_get_error(ssl, 0), SSL_ERROR_ZERO_RETURN);
}

static void check_facts(struct house *h, SSL *ssl)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    unsigned char binding[32];

    assert_int_equal(SSL_export_keying_material(ssl, binding, sizeof binding, label,
                                                sizeof label - 1, (const unsigned char *)"", 0, 1),
                     1);
    pthread_mutex_lock(&h->mutex);
    assert_string_equal(h->facts.version, SSL_get_version(ssl));
    assert_string_equal(h->facts.cipher, SSL_get_cipher_name(ssl));
    assert_string_equal(h->facts.server_name, "a.test");
    assert_int_equal(h->facts.channel_binding_len, sizeof binding);
    assert_memory_equal(h->facts.channel_binding, binding, sizeof binding);
    pthread_mutex_unlock(&h->mutex);
}

static void hang_up(SSL *ssl, int fd)
{
    SSL_free(ssl);
    close(fd);
}

static void starttls_secures_and_tells_the_facts(void **state)
{
    struct tls_house t;

    (void)state;
    open_house(&t);
    int fd = house_connect(&t.house, &t.options);
    say(fd, "echo a\nstarttls\n");
    hear(fd, "hello\na\ngo\n");
    SSL *ssl = shake(fd);
    tls_hear(ssl, "secured\n");
    check_facts(&t.house, ssl);
    tls_say(ssl, "echo b\nwait\necho c\n");
    tls_hear(ssl, "b\n");
    house_bring_home(&t.house);
    tls_hear(ssl, "back\nc\n");
    tls_say(ssl, "quit\n");
    tls_hear(ssl, "bye\n");
    tls_hear_end(ssl);
    hang_up(ssl, fd);
    close_house(&t);
}

static void implicit_tls_greets_inside(void **state)
{
    struct tls_house t;

    (void)state;
    open_house(&t);
    t.options.implicit_tls = true;
    int fd = house_connect(&t.house, &t.options);
    SSL *ssl = shake(fd);
    tls_hear(ssl, "hello\nsecured\n");
    tls_say(ssl, "echo a\n");
    tls_hear(ssl, "a\n");
    hang_up(ssl, fd);
    close_house(&t);
}

static void tls_1_2_is_spoken_and_bound(void **state)
{
    struct tls_house t;

    (void)state;
    open_house(&t);
    t.options.implicit_tls = true;
    int fd = house_connect(&t.house, &t.options);
    SSL *ssl = new_client(fd);
    SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
    assert_int_equal(SSL_connect(ssl), 1);
    tls_hear(ssl, "hello\nsecured\n");
    check_facts(&t.house, ssl);
    hang_up(ssl, fd);
    close_house(&t);
}

static void tls_1_1_is_not(void **state)
{
    struct tls_house t;

    (void)state;
    open_house(&t);
    t.options.implicit_tls = true;
    int fd = house_connect(&t.house, &t.options);
    SSL *ssl = new_client(fd);
    SSL_set_security_level(ssl, 0);
    SSL_set_min_proto_version(ssl, TLS1_VERSION);
    SSL_set_max_proto_version(ssl, TLS1_1_VERSION);
    assert_int_not_equal(SSL_connect(ssl), 1);
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    hang_up(ssl, fd);
    close_house(&t);
}

static void nothing_rides_behind_starttls(void **state)
{
    static const char *const injected[] = {"starttls\necho evil\n", "starttls\ne", "starttls\n\n"};
    struct tls_house t;

    (void)state;
    open_house(&t);
    for (size_t i = 0; i < COUNT_OF(injected); i++) {
        int fd = house_connect(&t.house, &t.options);
        hear(fd, "hello\n");
        say(fd, injected[i]);
        hear_end(fd); /* not even the 220 */
        close(fd);
    }
    close_house(&t);
}

static void nor_in_a_packet_of_its_own_before_the_answer(void **state)
{
    struct tls_house t;

    (void)state;
    open_house(&t);
    int fd = house_connect(&t.house, &t.options);
    hear(fd, "hello\n");
    say(fd, "slowtls\n");
    house_errand(&t.house); /* the driver reads no more now */
    say(fd, "echo evil\n");
    house_bring_home(&t.house);
    hear_end(fd);
    close(fd);
    close_house(&t);
}

static void clear_text_instead_of_a_handshake_ends_it(void **state)
{
    struct tls_house t;
    char byte;

    (void)state;
    open_house(&t);
    int fd = house_connect(&t.house, &t.options);
    hear(fd, "hello\n");
    say(fd, "starttls\n");
    hear(fd, "go\n");
    say(fd, "echo evil\necho evil\n");
    while (read(fd, &byte, 1) > 0)
        assert_true(byte != 'e'); /* an alert may come, no answer */
    house_wait_sessions(&t.house, 0);
    close(fd);
    close_house(&t);
}

static void a_handshake_has_a_deadline(void **state)
{
    struct tls_house t;

    (void)state;
    open_house(&t);
    t.options.implicit_tls = true;
    t.options.handshake_ms = 10;
    int fd = house_connect(&t.house, &t.options);
    hear_end(fd);
    close(fd);
    house_wait_sessions(&t.house, 0);
    close_house(&t);
}

static void a_mebibyte_goes_both_ways(void **state)
{
    enum { LINES = 1000, TEXT = 1000 };
    char line[TEXT + 8], text[TEXT + 1];
    struct tls_house t;

    (void)state;
    memset(text, 'a', TEXT);
    text[TEXT] = '\0';
    snprintf(line, sizeof line, "echo %s\n", text);
    open_house(&t);
    t.options.implicit_tls = true;
    int fd = house_connect(&t.house, &t.options);
    SSL *ssl = shake(fd);
    tls_hear(ssl, "hello\nsecured\n");
    for (int i = 0; i < LINES; i++) {
        char got[TEXT + 1];
        tls_say(ssl, line);
        for (int have = 0; have < TEXT + 1;) {
            int more = SSL_read(ssl, got + have, TEXT + 1 - have);
            assert_true(more > 0);
            have += more;
        }
    }
    tls_say(ssl, "flood 32\n");
    char buffer[4096];
    for (size_t got = 0; got < 32 * 32 * 1024;) {
        int more = SSL_read(ssl, buffer, sizeof buffer);
        assert_true(more > 0);
        got += (size_t)more;
    }
    hang_up(ssl, fd);
    close_house(&t);
}

static void alpn_chooses_what_both_know(void **state)
{
    struct listen_protocol ours[] = {{.name = "h9"}, {.name = "http/1.1"}, {.name = NULL}};
    static const unsigned char theirs[] = "\x02h2\x08http/1.1", strange[] = "\x02h2";
    struct tls_house t;
    const unsigned char *chosen;
    unsigned len;

    (void)state;
    open_house(&t);
    t.options.implicit_tls = true;
    for (size_t i = 0; ours[i].name; i++) { /* both are what stands behind the door anyway */
        ours[i].service = t.options.service;
        ours[i].kind = t.options.kind;
        ours[i].new_session = t.options.new_session;
    }
    t.options.protocols = ours;
    int fd = house_connect(&t.house, &t.options);
    SSL *ssl = new_client(fd);
    SSL_set_alpn_protos(ssl, theirs, sizeof theirs - 1);
    assert_int_equal(SSL_connect(ssl), 1);
    SSL_get0_alpn_selected(ssl, &chosen, &len);
    assert_int_equal(len, 8);
    assert_memory_equal(chosen, "http/1.1", 8);
    hang_up(ssl, fd);

    fd = house_connect(&t.house, &t.options);
    ssl = new_client(fd);
    SSL_set_alpn_protos(ssl, strange, sizeof strange - 1);
    assert_int_not_equal(SSL_connect(ssl), 1);
    hang_up(ssl, fd);
    close_house(&t);
}

static long serial_seen(struct tls_house *t)
{
    int fd = house_connect(&t->house, &t->options);
    SSL *ssl = shake(fd);
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    long serial = ASN1_INTEGER_get(X509_get_serialNumber(certificate));

    X509_free(certificate);
    hang_up(ssl, fd);
    return serial;
}

static void a_replaced_certificate_is_served_without_a_restart(void **state)
{
    struct tls_house t;
    int64_t deadline_ms = monotonic_ms() + 60 * SECOND_MS;

    (void)state;
    open_house(&t);
    t.options.implicit_tls = true;
    assert_int_equal(serial_seen(&t), 1);
    certificate_replace(&t.certificate, "a.test", 2);
    while (serial_seen(&t) == 1)
        assert_true(monotonic_ms() < deadline_ms);
    assert_int_equal(serial_seen(&t), 2);
    close_house(&t);
}

static void a_broken_certificate_leaves_the_old_one(void **state)
{
    struct tls_house t;
    int64_t until_ms = monotonic_ms() + 1100; /* it looks once a second */

    (void)state;
    open_house(&t);
    t.options.implicit_tls = true;
    assert_int_equal(truncate(t.certificate.file, 10), 0);
    while (monotonic_ms() < until_ms)
        assert_int_equal(serial_seen(&t), 1);
    close_house(&t);
}

static void what_is_wrong_with_the_files_is_said(void **state)
{
    struct certificate a, b;
    struct err err;

    (void)state;
    certificate_make(&a, "a.test", 1);
    certificate_make(&b, "b.test", 2);
    assert_null(tls_server_open("/nonexistent/cert.pem", a.key, &err));
    assert_string_equal(err.cause,
                        "certificate = /nonexistent/cert.pem: No such file or directory");
    assert_non_null(strstr(err.said, "put it there, or correct [tls]"));
    assert_null(tls_server_open(a.file, "/nonexistent/key.pem", &err));
    assert_string_equal(err.cause, "key = /nonexistent/key.pem: No such file or directory");
    assert_null(tls_server_open(a.file, b.key, &err));
    assert_non_null(strstr(err.cause, b.key));
    assert_null(strstr(err.said, "/")); /* no path for strangers */
    certificate_remove(&a);
    certificate_remove(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starttls_secures_and_tells_the_facts),
        cmocka_unit_test(implicit_tls_greets_inside),
        cmocka_unit_test(tls_1_2_is_spoken_and_bound),
        cmocka_unit_test(tls_1_1_is_not),
        cmocka_unit_test(nothing_rides_behind_starttls),
        cmocka_unit_test(nor_in_a_packet_of_its_own_before_the_answer),
        cmocka_unit_test(clear_text_instead_of_a_handshake_ends_it),
        cmocka_unit_test(a_handshake_has_a_deadline),
        cmocka_unit_test(a_mebibyte_goes_both_ways),
        cmocka_unit_test(alpn_chooses_what_both_know),
        cmocka_unit_test(a_replaced_certificate_is_served_without_a_restart),
        cmocka_unit_test(a_broken_certificate_leaves_the_old_one),
        cmocka_unit_test(what_is_wrong_with_the_files_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
