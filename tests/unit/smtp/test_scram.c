/* The SCRAM exchange as seen on the wire (RFC 5802 5, RFC 4954 4). */
#include "test.h"

#include "fake.h"
#include "text.h"

#include <stdio.h>

static void send_base64(struct fake *fake, const char *prefix, const char *text)
{
    scoped_value(bytes) line = {0};

    bytes_add_text(&line, prefix);
    base64_add(&line, slice_of(text));
    bytes_add_text(&line, "\r\n");
    fake_feed(fake, bytes_slice(&line));
}

/* The decoded content of the last 334. */
static void read_challenge(struct fake *fake, struct bytes *out)
{
    struct slice text = slice_trim(bytes_slice(&fake->out));
    size_t start = slice_find_last(text, '\n');
    struct slice line = slice_from(text, start + 1);

    assert_true(slice_starts(line, SLICE("334 ")));
    assert_true(base64_read(slice_from(line, 4), out));
}

static bool ends_with(struct fake *fake, const char *what)
{
    struct slice text = slice_trim(bytes_slice(&fake->out));

    return slice_starts(slice_from(text, slice_find_last(text, '\n') + 1), slice_of(what));
}

/* Runs the exchange up to the client's final message; the nonce may be spoilt. */
static void exchange(struct fake *fake, const char *name, const char *proof, bool spoil_nonce)
{
    scoped_value(bytes) first = {0};
    scoped_value(bytes) final = {0};
    char opening[200];

    fake_begin(fake, "submissions", false);
    fake_feed(fake, SLICE("EHLO a\r\n"));
    snprintf(opening, sizeof opening, "n,,n=%s,r=clientnonce", name);
    send_base64(fake, "AUTH SCRAM-SHA-256 ", opening);
    read_challenge(fake, &first);
    struct slice rest = bytes_slice(&first);
    struct slice nonce = slice_cut(&rest, ',');
    assert_true(slice_starts(nonce, SLICE("r=clientnonce")));
    assert_true(nonce.len > strlen("r=clientnonce") + 15);
    bytes_print(&final, "c=biws,%.*s%s,p=", SLICE_ARGS(nonce), spoil_nonce ? "x" : "");
    base64_add(&final, slice_of(proof));
    send_base64(fake, "", final.at);
}

static void test_right_proof(void **state)
{
    struct fake fake;
    scoped_value(bytes) last = {0};

    (void)state;
    exchange(&fake, "alice@home.test", "right proof", false);
    read_challenge(&fake, &last);
    assert_true(slice_starts(bytes_slice(&last), SLICE("v=dnZ2")));
    fake_feed(&fake, SLICE("\r\n"));
    assert_true(ends_with(&fake, "235 2.7.0"));
    fake_end(&fake);
}

static void test_wrong_proof(void **state)
{
    struct fake fake;

    (void)state;
    exchange(&fake, "alice@home.test", "wrong", false);
    assert_true(ends_with(&fake, "535 5.7.8"));
    fake_end(&fake);
}

static void test_unknown_name_is_asked_all_the_same(void **state)
{
    struct fake fake;

    (void)state;
    exchange(&fake, "nobody@home.test", "right proof", false);
    assert_true(ends_with(&fake, "535 5.7.8"));
    fake_end(&fake);
}

static void test_changed_nonce(void **state)
{
    struct fake fake;

    (void)state;
    exchange(&fake, "alice@home.test", "right proof", true);
    assert_true(ends_with(&fake, "501 5.5.2"));
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_proof),
        cmocka_unit_test(test_wrong_proof),
        cmocka_unit_test(test_unknown_name_is_asked_all_the_same),
        cmocka_unit_test(test_changed_nonce),
    };
    return cmocka_run_group_tests_name("smtp scram", tests, NULL, NULL);
}
