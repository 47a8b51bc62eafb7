#include "fixtures.h"
#include "memory.h"
#include "packets.h"
#include "pgp.h"
#include "test.h"

#include <stdio.h>

static struct err err;
static struct pgp *pgp;

static const char outer[] = "From: bob@social.example\r\nSubject: [...]\r\n";
static const char mail[] =
    "Subject: secret\r\nContent-Type: text/plain; hp=\"cipher\"\r\n\r\nGood morning\r\n";

static void as_it_comes(enum pgp_form form)
{
    const struct pgp_orders orders = {.form = form};
    struct memory_sink sink;

    memory_sink_init(&sink);
    scoped(source) plain = source_of_slice(SLICE("Subject: hello\r\n\r\nhello\r\n"));
    scoped(pgp_sealed) sealed = pgp_seal(pgp, &orders, plain, &sink.sink, &err);
    assert_non_null(sealed);
    assert_int_equal(pgp_sealed_form(sealed), form);
    assert_int_equal(pgp_sealed_size(sealed), 25);
    assert_ptr_equal(pgp_sealed_sink(sealed), &sink.sink);
    assert_text(sink.bytes.at, "Subject: hello\r\n\r\nhello\r\n");
    bytes_clear(&sink.bytes);
}

static void what_is_not_encrypted_here_is_copied_and_vouched_for(void **state)
{
    (void)state;
    as_it_comes(PGP_CLEAR_BY_CHOICE);
    as_it_comes(PGP_WAS_ENCRYPTED);
    as_it_comes(PGP_SERVER_KEY);
}

static bool write_nothing(struct sink *sink, struct slice s, struct err *why)
{
    (void)sink;
    (void)s;
    return err_set(why, ERR_FULL, "No room");
}

static void a_full_disk_vouches_for_nothing(void **state)
{
    static const struct sink_kind full = {write_nothing};
    const struct slice certificates[] = {fixture("alice@example.org.bin")};
    const struct pgp_orders orders[] = {
        {.form = PGP_CLEAR_BY_CHOICE},
        { .form = PGP_SEALED, .certificates = certificates, .count = 1},
    };
    struct sink sink = {&full};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        scoped(source) plain = source_of_slice(SLICE("hello"));
        assert_null(pgp_seal(pgp, &orders[i], plain, &sink, &err));
        assert_int_equal(err.kind, ERR_FULL);
    }
}

/* ---- sealed ---- */
static struct pgp_sealed *seal_to(const struct slice *certificates, size_t count,
                                  struct slice plain, struct memory_sink *out)
{
    const struct pgp_orders orders = {
        .form = PGP_SEALED, .certificates = certificates, .count = count, .outer = slice_of(outer)};
    scoped(source) source = source_of_slice(plain);

    memory_sink_init(out);
    return pgp_seal(pgp, &orders, source, &out->sink, &err);
}

/* The tags of the packets in the armored part, as "1 18": all in the new format. */
static char *packets_of(struct slice sealed)
{
    scoped_value(bytes) binary = {0}, tags = {0};
    struct packet packet = {0};

    assert_true(openpgp_binary(sealed, &binary));
    struct slice rest = bytes_slice(&binary);
    while (rest.len > 0) {
        assert_int_equal(rest.at[0] & 0xC0, 0xC0);
        bool session_key = packet_tag(rest.at[0]) == PACKET_SESSION_KEY;
        bytes_print(&tags, tags.len ? " %d" : "%d", packet_tag(rest.at[0]));
        if (!session_key || packet_cut(&rest, &packet) != PACKET_NEXT)
            break; /* the data may come in parts of unknown number */
    }
    return bytes_take(&tags);
}

static void assert_opens(struct slice sealed, struct slice plain)
{
    scoped_value(bytes) opened = {0};

    fixture_decrypt(sealed, &opened);
    assert_int_equal(opened.len, plain.len);
    assert_memory_equal(opened.at, plain.at, plain.len);
}

static void seals_and_opens(const char *name, const char *tags)
{
    const struct slice certificates[] = {fixture(name), fixture("rsa@example.org.asc")};
    struct memory_sink sink;

    for (size_t count = 1; count <= (strstr(name, "rsa") ? 1U : 2U); count++) {
        scoped(pgp_sealed) sealed = seal_to(certificates, count, slice_of(mail), &sink);
        if (!sealed)
            fail_msg("%s: %s (%s)", name, err.said, err.cause);
        assert_int_equal(pgp_sealed_form(sealed), PGP_SEALED);
        assert_int_equal(pgp_sealed_size(sealed), sink.bytes.len);
        assert_true(slice_starts(bytes_slice(&sink.bytes), slice_of(outer)));
        assert_false(slice_has(bytes_slice(&sink.bytes), "secret"));
        scoped_text char *found = packets_of(bytes_slice(&sink.bytes));
        assert_text(found, count == 1 ? tags : "1 1 18");
        assert_opens(bytes_slice(&sink.bytes), slice_of(mail));
        bytes_clear(&sink.bytes);
    }
}

static void mail_is_sealed_to_every_kind_of_key(void **state)
{
    static const char *const names[] = {"alice@example.org.bin", "alice@example.org.asc",
                                        "rsa@example.org.bin", "nist@example.org.bin",
                                        "renewed@example.org.bin"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        seals_and_opens(names[i], "1 18");
}

/* librnp takes no self-signature with SHA-1 of today; GnuPG 2.2 does, so its owner has mail as everybody. */
static void what_librnp_does_not_take_gnupg_seals(void **state)
{
    (void)state;
    seals_and_opens("old@example.org.bin", "1 18");
}

static void a_long_mail_goes_through_both_engines(void **state)
{
    static const char *const names[] = {"alice@example.org.bin", "old@example.org.bin"};
    const struct slice plain = fixture("long-text");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct slice certificate = fixture(names[i]);
        struct memory_sink sink;
        scoped(pgp_sealed) sealed = seal_to(&certificate, 1, plain, &sink);
        assert_non_null(sealed);
        assert_opens(bytes_slice(&sink.bytes), plain);
        bytes_clear(&sink.bytes);
    }
}

static void what_cannot_encrypt_is_refused(void **state)
{
    static const char *const names[] = {"bob@example.org.bin", "carol@example.org.bin",
                                        "lapsed@example.org.bin", "long-text", "no certificate"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct slice certificates[] = {fixture("alice@example.org.bin"), fixture(names[i])};
        struct memory_sink sink;
        if (seal_to(certificates, 2, slice_of(mail), &sink))
            fail_msg("%s was taken", names[i]);
        assert_int_equal(err.kind, ERR_REFUSED);
        bytes_clear(&sink.bytes);
    }
    struct memory_sink sink;
    assert_null(seal_to(NULL, 0, slice_of(mail), &sink));
    assert_int_equal(err.kind, ERR_REFUSED);
    bytes_clear(&sink.bytes);
}

static void no_two_mails_have_one_session_key(void **state)
{
    const struct slice certificate = fixture("alice@example.org.bin");
    scoped_text char *first = NULL;

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct memory_sink sink;
        scoped(pgp_sealed) sealed = seal_to(&certificate, 1, slice_of(mail), &sink);
        assert_non_null(sealed);
        scoped_text char *key = fixture_session_key(bytes_slice(&sink.bytes));
        assert_true(strlen(key) > 32);
        assert_null(strstr(key, "0000000000000000"));
        if (first)
            assert_string_not_equal(key, first);
        else
            first = steal(&key);
        bytes_clear(&sink.bytes);
    }
}

/* One context for sixteen owners more than are kept, and two threads would each take their own. */
static void many_owners_take_turns(void **state)
{
    static const char *const names[] = {"alice@example.org.bin", "rsa@example.org.bin",
                                        "nist@example.org.bin"};

    (void)state;
    for (int i = 0; i < 60; i++) {
        const struct slice certificates[] = {fixture(names[i % 3]), fixture(names[(i / 3) % 3]),
                                             fixture(names[(i / 9) % 3])};
        size_t count = i % 3 == (i / 3) % 3 ? 1 : 2;
        struct memory_sink sink;
        scoped(pgp_sealed) sealed = seal_to(certificates, count, slice_of(mail), &sink);
        assert_non_null(sealed);
        bytes_clear(&sink.bytes);
    }
}

static int set_up(void **state)
{
    static struct judge_argv judge;

    (void)state;
    fixtures_make();
    judge = judge_like("judge", NULL);
    pgp = pgp_new(judge.each);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pgp_free(pgp);
    fixtures_remove();
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_encrypted_here_is_copied_and_vouched_for),
        cmocka_unit_test(a_full_disk_vouches_for_nothing),
        cmocka_unit_test(mail_is_sealed_to_every_kind_of_key),
        cmocka_unit_test(what_librnp_does_not_take_gnupg_seals),
        cmocka_unit_test(a_long_mail_goes_through_both_engines),
        cmocka_unit_test(what_cannot_encrypt_is_refused),
        cmocka_unit_test(no_two_mails_have_one_session_key),
        cmocka_unit_test(many_owners_take_turns),
    };
    if (argc > 1 && strcmp(argv[1], "judge") == 0)
        return pgp_judge_main();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
