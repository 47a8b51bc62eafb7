#include "armor.h"
#include "fixtures.h"
#include "memory.h"
#include "packets.h"
#include "pgp_pair.h"
#include "test.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

static struct err err;
static struct pgp *pgp;
static struct pgp_pair bob, alice, eve;

static const char words[] = "Content-Type: text/plain\r\n\r\nGood morning\r\n";

/* The armor in a sealed mail. */
static struct slice armor_in(struct slice mail)
{
    const char *at = strstr(mail.at, "-----BEGIN PGP MESSAGE-----");
    const char *end = strstr(mail.at, "-----END PGP MESSAGE-----");

    assert_true(at && end);
    return (struct slice){at, (size_t)(end - at) + strlen("-----END PGP MESSAGE-----\r\n")};
}

static void seal(const struct pgp_pair *signer, const struct pgp_pair *to, struct slice plain,
                 struct bytes *out)
{
    const struct slice certificate = pgp_pair_certificate(to);
    const struct pgp_orders orders = {.form = PGP_SEALED,
                                      .certificates = &certificate,
                                      .count = 1,
                                      .outer = SLICE("From: bob=social.example@a.test\r\n"),
                                      .signer = signer};
    struct memory_sink sink;

    memory_sink_init(&sink);
    scoped(source) source = source_of_slice(plain);
    scoped(pgp_sealed) sealed = pgp_seal(pgp, &orders, source, &sink.sink, &err);
    assert_non_null(sealed);
    bytes_add(out, armor_in(bytes_slice(&sink.bytes)));
    bytes_clear(&sink.bytes);
}

static bool open_with(const struct pgp_pair *own, const struct pgp_pair *signer,
                      struct slice message, struct bytes *out, struct pgp_verdict *verdict)
{
    const struct slice certificate = pgp_pair_certificate(signer);
    struct memory_sink sink;

    memory_sink_init(&sink);
    scoped(source) source = source_of_slice(message);
    bool ok = pgp_open(own, &certificate, 1, source, &sink.sink, verdict, &err);
    bytes_add(out, bytes_slice(&sink.bytes));
    bytes_clear(&sink.bytes);
    return ok;
}

static void it_says_whose_it_is_and_what_it_can(void **state)
{
    struct pgp_key_facts facts;

    (void)state;
    assert_true(pgp_key_read(pgp, pgp_pair_certificate(&bob), &facts, &err));
    assert_text(facts.fingerprint, bob.fingerprint);
    assert_int_equal(facts.uid_count, 1);
    assert_text(facts.uids[0], "bob=social.example@a.test");
    assert_true(facts.can_sign && facts.can_encrypt);
    assert_int_equal(facts.expires_ms, 0);
    assert_true(certificate_reads_aes256(pgp_pair_certificate(&bob)));
    assert_true(strcmp(bob.fingerprint, alice.fingerprint) != 0);
}

static void what_is_signed_and_sealed_opens_and_tells_who_signed(void **state)
{
    scoped_value(bytes) message = {0}, plain = {0};
    struct pgp_verdict verdict;

    (void)state;
    seal(&bob, &alice, slice_of(words), &message);
    assert_true(open_with(&alice, &bob, bytes_slice(&message), &plain, &verdict));
    assert_text(plain.at, words);
    assert_int_equal(verdict.judgement, PGP_GOOD);
    assert_text(verdict.fingerprint, bob.fingerprint);
    assert_true(verdict.signed_at_ms > 0);
}

static void another_signer_or_none_is_said(void **state)
{
    scoped_value(bytes) message = {0}, unsigned_one = {0}, plain = {0};
    struct pgp_verdict verdict;

    (void)state;
    seal(&bob, &alice, slice_of(words), &message);
    assert_true(open_with(&alice, &eve, bytes_slice(&message), &plain, &verdict));
    assert_int_equal(verdict.judgement, PGP_OTHER_KEY);
    seal(NULL, &alice, slice_of(words), &unsigned_one);
    assert_true(open_with(&alice, &bob, bytes_slice(&unsigned_one), &plain, &verdict));
    assert_int_equal(verdict.judgement, PGP_UNFIT);
}

static void what_is_for_somebody_else_does_not_open(void **state)
{
    scoped_value(bytes) message = {0}, plain = {0};
    struct pgp_verdict verdict;

    (void)state;
    seal(&bob, &alice, slice_of(words), &message);
    assert_false(open_with(&eve, &bob, bytes_slice(&message), &plain, &verdict));
    assert_int_equal(err.kind, ERR_REFUSED);
}

/* `message` with its octets changed by `change`. */
static void remade(struct slice message, void (*change)(struct bytes *), struct bytes *out)
{
    scoped_value(bytes) binary = {0};
    struct memory_sink sink;
    struct armor armor;
    struct crc24 crc24;

    assert_true(openpgp_binary(message, &binary));
    change(&binary);
    memory_sink_init(&sink);
    crc24_init(&crc24);
    armor_begin(&armor, &crc24, &sink.sink);
    assert_true(sink_write(&armor.sink, bytes_slice(&binary), &err));
    assert_true(armor_end(&armor, &err));
    armor_clear(&armor);
    bytes_add(out, bytes_slice(&sink.bytes));
    bytes_clear(&sink.bytes);
}

/* As Delta Chat does: nobody sees whom it is for; and one more that is for somebody else stands first. */
static void hide_recipients(struct bytes *binary)
{
    scoped_value(bytes) doubled = {0};
    struct slice rest = bytes_slice(binary);
    struct packet packet;

    assert_int_equal(packet_cut(&rest, &packet), PACKET_NEXT);
    assert_int_equal(packet.tag, PACKET_SESSION_KEY);
    memset(binary->at + (packet.body.at - binary->at) + 1, 0, 8);
    size_t len = binary->len - rest.len;
    bytes_add(&doubled, (struct slice){binary->at, len});
    doubled.at[len - 3] ^= 1;
    bytes_add(&doubled, bytes_slice(binary));
    bytes_clear(binary);
    *binary = doubled;
    doubled = (struct bytes){0};
}

static void hidden_recipients_are_tried(void **state)
{
    scoped_value(bytes) message = {0}, hidden = {0}, plain = {0};
    struct pgp_verdict verdict;

    (void)state;
    seal(&bob, &alice, slice_of(words), &message);
    remade(bytes_slice(&message), hide_recipients, &hidden);
    assert_true(open_with(&alice, &bob, bytes_slice(&hidden), &plain, &verdict));
    assert_text(plain.at, words);
    assert_int_equal(verdict.judgement, PGP_GOOD);
    assert_false(open_with(&eve, &bob, bytes_slice(&hidden), &plain, &verdict));
}

static void alter(struct bytes *binary)
{
    binary->at[binary->len - 30] ^= 1;
}

static void cut_off(struct bytes *binary)
{
    binary->len -= 10;
}

static void what_was_altered_does_not_open(void **state)
{
    static void (*const changes[])(struct bytes *) = {alter, cut_off};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        scoped_value(bytes) message = {0}, changed = {0}, plain = {0};
        struct pgp_verdict verdict;
        seal(&bob, &alice, slice_of(words), &message);
        remade(bytes_slice(&message), changes[i], &changed);
        assert_false(open_with(&alice, &bob, bytes_slice(&changed), &plain, &verdict));
        assert_int_equal(err.kind, ERR_REFUSED);
    }
}

static void long_ones_open_too(void **state)
{
    enum { LEN = 300000 };
    scoped_text char *text = must_alloc(LEN);
    scoped_value(bytes) message = {0}, plain = {0};
    struct pgp_verdict verdict;

    (void)state;
    for (size_t i = 0; i < LEN; i++)
        text[i] = (char)('a' + i * i % 23);
    seal(&bob, &alice, (struct slice){text, LEN}, &message);
    assert_true(open_with(&alice, &bob, bytes_slice(&message), &plain, &verdict));
    assert_int_equal(plain.len, LEN);
    assert_memory_equal(plain.at, text, LEN);
}

static void it_is_told_in_lines_that_mail_can_carry(void **state)
{
    scoped_value(bytes) field = {0};

    (void)state;
    pgp_pair_autocrypt(&bob, "bob=social.example@a.test", &field);
    bytes_add_char(&field, '\0');
    assert_non_null(strstr(field.at,
                           "Autocrypt: addr=bob=social.example@a.test; prefer-encrypt=mutual;\r\n "
                           "keydata=\r\n "));
    struct slice rest = slice_of(field.at);
    while (rest.len > 0)
        assert_true(slice_cut(&rest, '\n').len <= 78);
}

static int setup(void **state)
{
    static struct judge_argv judge;

    (void)state;
    judge = judge_like("judge", NULL);
    pgp = pgp_new(judge.each);
    return pgp_pair_make("bob=social.example@a.test", &bob, &err) &&
                   pgp_pair_make("alice@a.test", &alice, &err) &&
                   pgp_pair_make("eve@a.test", &eve, &err)
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    pgp_pair_clear(&bob);
    pgp_pair_clear(&alice);
    pgp_pair_clear(&eve);
    pgp_free(pgp);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_whose_it_is_and_what_it_can),
        cmocka_unit_test(what_is_signed_and_sealed_opens_and_tells_who_signed),
        cmocka_unit_test(another_signer_or_none_is_said),
        cmocka_unit_test(what_is_for_somebody_else_does_not_open),
        cmocka_unit_test(hidden_recipients_are_tried),
        cmocka_unit_test(what_was_altered_does_not_open),
        cmocka_unit_test(long_ones_open_too),
        cmocka_unit_test(it_is_told_in_lines_that_mail_can_carry),
    };

    if (argc > 1 && strcmp(argv[1], "judge") == 0)
        return pgp_judge_main();
    return cmocka_run_group_tests(tests, setup, teardown);
}
