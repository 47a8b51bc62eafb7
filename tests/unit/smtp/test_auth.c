/* AUTH as seen on the wire: RFC 4954, 4616, 5802, 7677, 9266, 5929. */
#include "test.h"

#include "fake.h"
#include "memory.h"
#include "text.h"

#include <stdio.h>

#define LOGIN "EHLO a\r\n|AUTH PLAIN AGFsaWNlQGhvbWUudGVzdABzZWNyZXQ=\r\n|"

static const struct row {
    const char *name, *said, *last, *service;
    bool hangs_up;
} rows[] = {
  /* clang-format off */
    {"no log-in on port 25",                 "EHLO a\r\n|AUTH PLAIN\r\n",                           "502 5.5.1",  "smtp", false},
    {"no password in clear",                 "EHLO a\r\n|AUTH PLAIN AGEAYg==\r\n",                  "538 5.7.11 Encryption required",  "submission", false},
    {"PLAIN when asked",                     "EHLO a\r\n|AUTH PLAIN\r\n|AGFsaWNlQGhvbWUudGVzdABzZWNyZXQ=\r\n", "235 2.7.0", "submissions", false},
    {"a wrong password",                     "EHLO a\r\n|AUTH PLAIN AGFsaWNlQGhvbWUudGVzdAB3cm9uZw==\r\n", "535 5.7.8", "submissions", false},
    {"three wrong passwords",                "EHLO a\r\n|AUTH PLAIN AGEAYg==\r\n|AUTH PLAIN AGEAYg==\r\n|AUTH PLAIN AGEAYg==\r\n", "421 4.7.0", "submissions", true},
    {"another's name to act for",            "EHLO a\r\n|AUTH PLAIN Ym9iAGFsaWNlQGhvbWUudGVzdABzZWNyZXQ=\r\n", "535 5.7.8", "submissions", false},
    {"given up",                             "EHLO a\r\n|AUTH PLAIN\r\n|*\r\n",                     "501 5.7.0",  "submissions", false},
    {"no base64",                            "EHLO a\r\n|AUTH PLAIN !!!\r\n",                       "501 5.5.2",  "submissions", false},
    {"no such mechanism",                    "EHLO a\r\n|AUTH CRAM-MD5\r\n",                        "504 5.5.4",  "submissions", false},
    {"not logged in twice",                  LOGIN "AUTH PLAIN AGEAYg==\r\n",                      "503 5.5.1",  "submissions", false},
    {"channel binding was not offered",      "EHLO a\r\n|AUTH SCRAM-SHA-256 cD10bHMtZXhwb3J0ZXIsLG49YSxyPXg=\r\n", "501 5.5.2", "submissions", false},
    {"LOGIN",                                "EHLO a\r\n|AUTH LOGIN\r\n|YWxpY2VAaG9tZS50ZXN0\r\n|c2VjcmV0\r\n", "235 2.7.0", "submissions", false},
    {"LOGIN with the name at once",          "EHLO a\r\n|AUTH LOGIN YWxpY2VAaG9tZS50ZXN0\r\n|c2VjcmV0\r\n", "235 2.7.0", "submissions", false},
    {"LOGIN asks for the name",              "EHLO a\r\n|AUTH LOGIN\r\n",                           "334 VXNlcm5hbWU6", "submissions", false},
    {"LOGIN asks for the password",          "EHLO a\r\n|AUTH LOGIN YQ==\r\n",                      "334 UGFzc3dvcmQ6", "submissions", false},
    {"LOGIN with a wrong password",          "EHLO a\r\n|AUTH LOGIN YWxpY2VAaG9tZS50ZXN0\r\n|d3Jvbmc=\r\n", "535 5.7.8 Address or password is wrong", "submissions", false},
    {"LOGIN without a name",                 "EHLO a\r\n|AUTH LOGIN\r\n|\r\n",                      "501 5.5.2",  "submissions", false},
    {"an account that sleeps",               "EHLO a\r\n|AUTH PLAIN AGFzbGVlcEBob21lLnRlc3QAc2VjcmV0\r\n", "525 5.7.13 This account is closed", "submissions", false},
    {"AUTH within a mail",                   LOGIN "MAIL FROM:<alice@home.test>\r\n|AUTH PLAIN\r\n", "503 5.5.1", "submissions", false},
    {"nothing rides behind AUTH",            "EHLO a\r\n|AUTH PLAIN AGEAYg==\r\nNOOP\r\n",          "554 5.5.0",  "submissions", true},
    {"MAIL before AUTH",                     "EHLO a\r\n|MAIL FROM:<alice@home.test>\r\n",          "530 5.7.0 Authentication required", "submissions", false},
    {"PLUS is not offered without bindings", "EHLO a\r\n|AUTH SCRAM-SHA-256-PLUS\r\n",              "504 5.5.4",  "submissions", false},
    {"a client that could bind, and we not", "EHLO a\r\n|AUTH SCRAM-SHA-256 eSwsbj1hbGljZUBob21lLnRlc3Qscj14\r\n", "334 cj14", "submissions", false},
  /* clang-format on */
};

static void test_conversations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake fake;
        fake_begin(&fake, rows[i].service, false);
        fake_say(&fake, rows[i].said);
        if (strncmp(fake_last_line(&fake), rows[i].last, strlen(rows[i].last)) != 0)
            fail_msg("%s: answered \"%s\", not \"%s\"", rows[i].name, fake_last_line(&fake),
                     rows[i].last);
        if (fake.over != rows[i].hangs_up)
            fail_msg("%s: %s", rows[i].name, fake.over ? "hung up" : "did not hang up");
        fake_end(&fake);
    }
}

static void test_a_line_of_passwords_is_said_at_auth(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "submissions", false);
    fake.login_busy = true;
    fake_say(&fake, "EHLO a\r\n|AUTH PLAIN AGEAYg==\r\n");
    assert_non_null(strstr(fake_last_line(&fake), "454 4.7.0"));
    fake.login_busy = false;
    fake_say(&fake, "AUTH PLAIN AGEAYg==\r\n");
    assert_non_null(strstr(fake_last_line(&fake), "535 5.7.8"));
    fake_end(&fake);
}

/* ---- SCRAM ---- */

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

/* ---- channel binding ---- */

static const struct tls_facts bound = {
    .version = "TLSv1.3",
    .channel_binding = "exported key material, 32 bytes",
    .channel_binding_len = 32,
    .end_point = "digest of the certificate",
    .end_point_len = 25,
};

/* One exchange with this GS2 flag, and with these bytes as what the client sees of TLS. */
static void log_in_bound(struct fake *fake, const char *mechanism, const char *flag,
                         struct slice seen)
{
    scoped_text char *command = must_print("AUTH %s ", mechanism);
    scoped_text char *header = must_print("%s,,", flag);
    scoped_text char *opening = must_print("%sn=alice@home.test,r=clientnonce", header);
    scoped_value(bytes) first = {0};
    scoped_value(bytes) final = {0};
    scoped_value(bytes) binding = {0};

    fake_begin(fake, "submission", false);
    fake->tls = bound;
    fake_say(fake, "EHLO a\r\n|STARTTLS\r\n|EHLO a\r\n");
    send_base64(fake, command, opening);
    if (strncmp(fake_last_line(fake), "334", 3) != 0)
        return;
    read_challenge(fake, &first);
    struct slice rest = bytes_slice(&first);
    bytes_add_text(&binding, header);
    bytes_add(&binding, seen);
    bytes_add_text(&final, "c=");
    base64_add(&final, bytes_slice(&binding));
    struct slice nonce = slice_cut(&rest, ',');
    bytes_print(&final, ",%.*s,p=", SLICE_ARGS(nonce));
    base64_add(&final, SLICE("right proof"));
    send_base64(fake, "", final.at);
}

static void test_binding(void **state)
{
    const struct slice exporter = {(const char *)bound.channel_binding, 32};
    const struct slice end_point = {(const char *)bound.end_point, 25};
    const struct {
        const char *name, *mechanism, *flag;
        struct slice seen;
        const char *last;
    } bindings[] = {
  /* clang-format off */
        {"bound to the key material",    "SCRAM-SHA-256-PLUS", "p=tls-exporter",         exporter,                "334 dj1"},
        {"bound to the certificate",     "SCRAM-SHA-256-PLUS", "p=tls-server-end-point", end_point,               "334 dj1"},
        {"not bound, as a client may",   "SCRAM-SHA-256",      "n",                      SLICE(""),               "334 dj1"},
        {"bound to another TLS",         "SCRAM-SHA-256-PLUS", "p=tls-exporter",         SLICE("something else"), "535 5.7.8 Your TLS is not ours"},
        {"bound to less of it",          "SCRAM-SHA-256-PLUS", "p=tls-exporter",         SLICE(""),               "535 5.7.8 Your TLS is not ours"},
        {"one binding as the other",     "SCRAM-SHA-256-PLUS", "p=tls-exporter",         end_point,               "535 5.7.8 Your TLS is not ours"},
        {"our offer was lost",           "SCRAM-SHA-256",      "y",                      SLICE(""),               "535 5.7.8 Your TLS is not ours"},
        {"a binding nobody has",         "SCRAM-SHA-256-PLUS", "p=tls-unique",           SLICE(""),               "504 5.5.4 Bind to tls-exporter"},
        {"PLUS without a binding",       "SCRAM-SHA-256-PLUS", "n",                      SLICE(""),               "501 5.5.2"},
        {"PLUS, believing it is not",    "SCRAM-SHA-256-PLUS", "y",                      SLICE(""),               "501 5.5.2"},
        {"a binding without PLUS",       "SCRAM-SHA-256",      "p=tls-exporter",         exporter,                "501 5.5.2"},
        {"another flag",                 "SCRAM-SHA-256",      "z",                      SLICE(""),               "501 5.5.2"},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bindings); i++) {
        struct fake fake;
        log_in_bound(&fake, bindings[i].mechanism, bindings[i].flag, bindings[i].seen);
        assert_non_null(
            strstr(fake.out.at, "250-AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN\r\n"));
        if (strncmp(fake_last_line(&fake), bindings[i].last, strlen(bindings[i].last)) != 0)
            fail_msg("%s: answered \"%s\"", bindings[i].name, fake_last_line(&fake));
        fake_end(&fake);
    }
}

/* ---- wrong passwords ---- */

static void test_a_wrong_password_is_answered_late(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "submissions", false);
    fake_say(&fake, "EHLO a\r\n|AUTH PLAIN AGEAYg==\r\n");
    assert_int_equal(fake.rests, 1);
    assert_non_null(strstr(fake_last_line(&fake), "535 5.7.8"));
    fake_end(&fake);
}

static void test_a_network_that_guesses_has_to_wait(void **state)
{
    struct fake fake;
    (void)state;
    fake_begin(&fake, "submissions", false);
    int64_t now_ms = fake.timer.now_ms;
    for (int i = 0; i < 25; i++)
        logins_failed(fake.duties.logins, &fake.peer.address, SLICE("bob@home.test"), now_ms);
    fake_say(&fake, "EHLO a\r\n|AUTH PLAIN AGFsaWNlQGhvbWUudGVzdABzZWNyZXQ=\r\n");
    assert_text(fake_last_line(&fake), "421 4.7.0 Too many wrong passwords came from your network. "
                                       "Try again in 6 min");
    assert_true(fake.over);
    fake_end(&fake);
}

/* An owner who logged in from there lately is not made to wait for the neighbours. */
static void test_a_known_owner_does_not_wait(void **state)
{
    struct fake fake;
    (void)state;
    fake_begin(&fake, "submissions", false);
    int64_t now_ms = fake.timer.now_ms;
    logins_succeeded(fake.duties.logins, &fake.peer.address, SLICE("Alice@home.test"), now_ms);
    for (int i = 0; i < 25; i++)
        logins_failed(fake.duties.logins, &fake.peer.address, SLICE("bob@home.test"), now_ms);
    fake_say(&fake, LOGIN);
    assert_non_null(strstr(fake_last_line(&fake), "235 2.7.0"));
    fake_end(&fake);
}

#define MAIL LOGIN "MAIL FROM:<alice@home.test>\r\n|RCPT TO:<bob@else.test>\r\n|"
#define DOT "Subject: x\r\n\r\nx\r\n.\r\n"
#define GONE "421 4.7.0 The password was changed, or the account closed."

static void nudge_it(void *ctx, int64_t topic)
{
    struct fake *fake = ctx;

    assert_int_equal(topic, fake->watch);
    fake_nudge(fake, NUDGE_CHANGE);
}

static void test_a_new_password_ends_who_is_logged_in(void **state)
{
    static const char *const before[] = {LOGIN, MAIL, MAIL "DATA\r\n|" DOT,
                                         LOGIN
                                         "a\r\nb\r\nc\r\nd\r\ne\r\nf\r\ng\r\nh\r\ni\r\nj\r\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(before); i++) {
        struct fake fake;
        fake_begin(&fake, "submissions", false);
        fake_say(&fake, before[i]);
        roll_end(&fake.roll, 2, nudge_it, &fake); /* somebody else's */
        assert_false(fake.over);
        roll_end(&fake.roll, 1, nudge_it, &fake);
        assert_true(fake.over);
        assert_memory_equal(fake_last_line(&fake), GONE, strlen(GONE));
        fake_end(&fake);
        assert_null(fake.roll.first);
    }
}

/* What was being sent is taken, whole; not a second mail, however early its commands come. */
static void test_a_mail_on_its_way_is_finished(void **state)
{
    static const struct {
        const char *before, *then;
    } mails[] = {
        {MAIL "DATA\r\n",                  DOT "MAIL FROM:<alice@home.test>\r\nRCPT TO:<bob@else.test>\r\n"},
        {MAIL "DATA\r\n|Subj",             "ect: x\r\n\r\nx\r\n.\r\n"                                      },
        {MAIL "BDAT 5\r\nSubje",           "BDAT 9 LAST\r\nct: x\r\n\r\nMAIL FROM:<alice@home.test>\r\n"   },
        {MAIL "BDAT 14 LAST\r\nSubject: ", "x\r\n\r\nMAIL FROM:<alice@home.test>\r\n"                      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(mails); i++) {
        struct fake fake;
        fake_begin(&fake, "submissions", false);
        fake_say(&fake, mails[i].before);
        roll_end(&fake.roll, 1, nudge_it, &fake);
        assert_false(fake.over);
        bytes_reset(&fake.out);
        fake_feed(&fake, slice_of(mails[i].then));
        assert_true(fake.over);
        assert_int_equal(fake.mails, 1);
        assert_non_null(strstr(fake.out.at, "250 2.0.0 Taken\r\n" GONE));
        fake_end(&fake);
    }
}

/* Refused at once, without an errand: what is pipelined behind it is not looked at. */
static void test_nothing_is_read_behind_the_last_mail(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "submissions", false);
    fake_say(&fake, MAIL "DATA\r\n|\0");
    roll_end(&fake.roll, 1, nudge_it, &fake);
    bytes_reset(&fake.out);
    fake_feed(&fake, (struct slice){"\0\r\n.\r\nNOOP\r\n", 12});
    assert_true(fake.over);
    assert_non_null(strstr(fake.out.at, "550 5.6.0"));
    assert_null(strstr(fake.out.at, "250"));
    fake_end(&fake);
}

/* It was looked at before the change, and comes home behind it. */
static void test_a_password_proven_before_it_changed_lets_nobody_in(void **state)
{
    static const char *const ways[] = {
        "AUTH PLAIN AGFsaWNlQGhvbWUudGVzdABzZWNyZXQ=\r\n",
        "AUTH LOGIN YWxpY2VAaG9tZS50ZXN0\r\n|c2VjcmV0\r\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct fake fake;
        fake_begin(&fake, "submissions", false);
        fake.changes_password = true;
        fake_say(&fake, "EHLO a\r\n");
        fake_say(&fake, ways[i]);
        assert_memory_equal(fake_last_line(&fake), "454 4.7.0", 9);
        assert_int_equal(fake.watch, 0);
        fake_say(&fake, ways[i]);
        assert_memory_equal(fake_last_line(&fake), "235 2.7.0", 9);
        fake_end(&fake);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_a_line_of_passwords_is_said_at_auth),
        cmocka_unit_test(test_right_proof),
        cmocka_unit_test(test_wrong_proof),
        cmocka_unit_test(test_unknown_name_is_asked_all_the_same),
        cmocka_unit_test(test_changed_nonce),
        cmocka_unit_test(test_binding),
        cmocka_unit_test(test_a_wrong_password_is_answered_late),
        cmocka_unit_test(test_a_network_that_guesses_has_to_wait),
        cmocka_unit_test(test_a_known_owner_does_not_wait),
        cmocka_unit_test(test_a_new_password_ends_who_is_logged_in),
        cmocka_unit_test(test_a_mail_on_its_way_is_finished),
        cmocka_unit_test(test_nothing_is_read_behind_the_last_mail),
        cmocka_unit_test(test_a_password_proven_before_it_changed_lets_nobody_in),
    };
    return cmocka_run_group_tests_name("smtp auth", tests, NULL, NULL);
}
