/* Conversations: what is said, and the last line of what is answered. */
#include "test.h"

#include "fake.h"
#include "memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define LOGIN "EHLO a\r\n|AUTH PLAIN AGFsaWNlQGhvbWUudGVzdABzZWNyZXQ=\r\n|"
#define TO_HOME "EHLO a\r\n|MAIL FROM:<b@c.test>\r\n|RCPT TO:<alice@home.test>\r\n|"

struct row {
    const char *name, *said, *last; /* '|' parts what arrives in one read */
    const char *service;
    bool require_tls, hangs_up;
};

static const struct row rows[] = {
  /* clang-format off */
    {"the greeting is first",                "",                                                   "220 mx.home.test ESMTP",  "smtp", false, false},
    {"MAIL needs EHLO",                      "MAIL FROM:<b@c.test>\r\n",                            "503 5.5.1",  "smtp", false, false},
    {"RCPT needs MAIL",                      "EHLO a\r\n|RCPT TO:<b@c.test>\r\n",                   "503 5.5.1",  "smtp", false, false},
    {"MAIL in clear is refused",             "EHLO a\r\n|MAIL FROM:<>\r\n",                         "530 5.7.0 Must issue a STARTTLS command first", "smtp", true, false},
    {"nothing rides behind STARTTLS",        "EHLO a\r\n|STARTTLS\r\nRSET\r\n",                     "554 5.5.0",  "smtp", true, true},
    {"STARTTLS takes no argument",           "EHLO a\r\n|STARTTLS now\r\n",                         "501 5.5.4",  "smtp", false, false},
    {"EHLO is forgotten behind STARTTLS",    "EHLO a\r\n|STARTTLS\r\n|MAIL FROM:<b@c.test>\r\n",    "503 5.5.1",  "smtp", true, false},
    {"TLS is not begun twice",               "EHLO a\r\n|STARTTLS\r\n|EHLO a\r\n|STARTTLS\r\n",     "503 5.5.1",  "smtp", true, false},
    {"unknown verbs",                        "XYZZY\r\n",                                          "500 5.5.2",  "smtp", false, false},
    {"a bare LF is no line end",             "NOOP\n",                                             "500 5.5.2",  "smtp", false, false},
    {"a CR inside a line",                   "NO\rOP\r\n",                                         "500 5.5.2",  "smtp", false, false},
    {"verbs are of any case",                "ehlo a\r\n|mail from:<b@c.test> size=5\r\n",          "250 2.1.0",  "smtp", false, false},
    {"nested MAIL",                          "EHLO a\r\n|MAIL FROM:<b@c.test>\r\n|MAIL FROM:<b@c.test>\r\n", "503 5.5.1", "smtp", false, false},
    {"the null sender",                      "EHLO a\r\n|MAIL FROM:<>\r\n",                         "250 2.1.0",  "smtp", false, false},
    {"the null sender has one recipient",    "EHLO a\r\n|MAIL FROM:<>\r\n|RCPT TO:<a@home.test>\r\n|RCPT TO:<b@home.test>\r\n", "452 4.5.3", "smtp", false, false},
    {"declared too large",                   "EHLO a\r\n|MAIL FROM:<b@c.test> SIZE=9999999\r\n",    "552 5.3.4 This mail has more than 1 MiB, the limit here.", "smtp", false, false},
    {"unknown parameter",                    "EHLO a\r\n|MAIL FROM:<b@c.test> FOO=1\r\n",           "555 5.5.4",  "smtp", false, false},
    {"parameter twice",                      "EHLO a\r\n|MAIL FROM:<b@c.test> SIZE=1 SIZE=2\r\n",   "501 5.5.4",  "smtp", false, false},
    {"BINARYMIME is not offered",            "EHLO a\r\n|MAIL FROM:<b@c.test> BODY=BINARYMIME\r\n", "555 5.5.4",  "smtp", false, false},
    {"DSN is for who logs in",               "EHLO a\r\n|MAIL FROM:<b@c.test> RET=FULL\r\n",      "555 5.5.4",  "smtp", false, false},
    {"nothing sticks to a path",             "EHLO a\r\n|MAIL FROM:<b@c.test>SIZE=1\r\n",         "501 5.1.7",  "smtp", false, false},
    {"NOTIFY of RCPT",                       LOGIN "MAIL FROM:<alice@home.test>\r\n|RCPT TO:<b@home.test> NOTIFY=NEVER,DELAY\r\n", "501 5.5.4 Write NOTIFY=NEVER", "submissions", false, false},
    {"UTF-8 without saying so",              "EHLO a\r\n|MAIL FROM:<b\xc3\xbc@c.test>\r\n",         "553 5.6.7",  "smtp", false, false},
    {"UTF-8 said",                           "EHLO a\r\n|MAIL FROM:<b\xc3\xbc@c.test> SMTPUTF8\r\n", "250 2.1.0", "smtp", false, false},
    {"REQUIRETLS in clear",                  "EHLO a\r\n|MAIL FROM:<b@c.test> REQUIRETLS\r\n",      "501 5.5.4",  "smtp", false, false},
    {"REQUIRETLS under TLS",                 "EHLO a\r\n|STARTTLS\r\n|EHLO a\r\n|MAIL FROM:<b@c.test> REQUIRETLS\r\n", "250 2.1.0", "smtp", false, false},
    {"REQUIRETLS takes no value",            "EHLO a\r\n|STARTTLS\r\n|EHLO a\r\n|MAIL FROM:<b@c.test> REQUIRETLS=1\r\n", "501 5.5.4", "smtp", false, false},
    {"REQUIRETLS to elsewhere",              LOGIN "MAIL FROM:<alice@home.test> REQUIRETLS\r\n|RCPT TO:<x@else.test>\r\n", "550 5.7.30", "submissions", false, false},
    {"a sender judged at once",              "EHLO a\r\n|MAIL FROM:<known@c.test>\r\nRCPT TO:<alice@home.test>\r\nDATA\r\n", "354 ", "smtp", false, false},
    {"a sender refused at once",             "EHLO a\r\n|MAIL FROM:<known@nowhere.test>\r\n",     "550 ", "smtp", false, false},
    {"an unknown recipient",                 "EHLO a\r\n|MAIL FROM:<b@c.test>\r\n|RCPT TO:<nobody@home.test>\r\n", "550 5.1.1", "smtp", false, false},
    {"no relaying",                          "EHLO a\r\n|MAIL FROM:<b@c.test>\r\n|RCPT TO:<x@else.test>\r\n", "550 5.7.1", "smtp", false, false},
    {"Postmaster without a domain",          "EHLO a\r\n|MAIL FROM:<b@c.test>\r\n|RCPT TO:<Postmaster>\r\n", "250 2.1.5", "smtp", false, false},
    {"more recipients than the limit",       TO_HOME "RCPT TO:<b@home.test>\r\n|RCPT TO:<c@home.test>\r\n|RCPT TO:<d@home.test>\r\n", "452 4.5.3 Too many recipients: send the rest in a second mail.", "smtp", false, false},
    {"DATA without a recipient",             "EHLO a\r\n|MAIL FROM:<b@c.test>\r\n|DATA\r\n",        "554 5.5.1",  "smtp", false, false},
    {"a mail",                               TO_HOME "DATA\r\n|Subject: x\r\n\r\nhello\r\n.\r\n",   "250 2.0.0",  "smtp", false, false},
    {"a mail that needs people found first", TO_HOME "DATA\r\n|first\r\n.\r\n",                     "250 2.0.0",  "smtp", false, false},
    {"chunks in any case",                   TO_HOME "bdat 5 last\r\nhello",                     "250 2.0.0 Taken",  "smtp", false, false},
    {"nothing may follow DATA at once",      TO_HOME "DATA\r\nSubject: x\r\n\r\n.\r\n",             "554 5.5.0",  "smtp", false, true},
    {"a bare CR in the text",                TO_HOME "DATA\r\n|a\rb\r\n.\r\n",                      "550 5.6.0",  "smtp", false, true},
    {"LF dot LF ends nothing",               TO_HOME "DATA\r\n|a\n.\nb\r\n.\r\n",                   "550 5.6.0",  "smtp", false, true},
    {"CRLF dot LF ends nothing",             TO_HOME "DATA\r\n|a\r\n.\nb\r\n.\r\n",                 "550 5.6.0",  "smtp", false, true},
    {"LF dot CRLF ends nothing",             TO_HOME "DATA\r\n|a\n.\r\nb\r\n.\r\n",                 "550 5.6.0",  "smtp", false, true},
    {"CRLF dot CR ends nothing",             TO_HOME "DATA\r\n|a\r\n.\rb\r\n.\r\n",                 "550 5.6.0",  "smtp", false, true},
    {"a lone bare LF is mended",             TO_HOME "DATA\r\n|a\nb\r\n.\r\n",                      "250 2.0.0",  "smtp", false, false},
    {"commands go on behind a mail",         TO_HOME "DATA\r\n|x\r\n.\r\nNOOP\r\n",                 "250 2.0.0 OK", "smtp", false, false},
    {"RSET forgets",                         TO_HOME "RSET\r\n|DATA\r\n",                           "503 5.5.1",  "smtp", false, false},
    {"VRFY tells nothing",                   "EHLO a\r\n|VRFY alice\r\n",                           "252 2.0.0",  "smtp", false, false},
    {"submission wants a log-in",            "EHLO a\r\n|MAIL FROM:<alice@home.test>\r\n",          "530 5.7.0 Authentication required", "submissions", false, false},
    {"PLAIN at once",                        LOGIN,                                                "235 2.7.0",  "submissions", false, false},
    {"another's sender",                     LOGIN "MAIL FROM:<bob@home.test>\r\n",                "550 5.7.1",  "submissions", false, false},
    {"submission goes anywhere",             LOGIN "MAIL FROM:<alice@home.test>\r\n|RCPT TO:<x@else.test>\r\n|DATA\r\n|hi\r\n.\r\n", "250 2.0.0", "submissions", false, false},
    {"HTTP",                                 "GET / HTTP/1.1\r\nHost: home.test\r\n\r\n",     "554 5.7.1",  "smtp", false, true},
    {"HTTP that ends its lines otherwise",   "POST / HTTP/1.1\nHost: home.test\n\n",             "554 5.7.1",  "smtp", false, true},
    {"HTTP under TLS",                       "POST / HTTP/1.1\r\nHost: home.test\r\n\r\n",     "554 5.7.1",  "submissions", false, true},
    {"HTTP in the middle",                   TO_HOME "put /a HTTP/1.1\r\n",                     "554 5.7.1",  "smtp", false, true},
    {"what begins like HTTP",                "GETTING\r\n",                                      "500 5.5.2",  "smtp", false, false},
    {"a text may speak of HTTP",             TO_HOME "DATA\r\n|GET / HTTP/1.1\r\nHost: c.test\r\n.\r\n", "250 2.0.0", "smtp", false, false},
    {"goodbye",                              "QUIT\r\n",                                           "221 2.0.0",  "smtp", false, true},
  /* clang-format on */
};

static void check(const struct row *row, struct fake *fake)
{
    if (strncmp(fake_last_line(fake), row->last, strlen(row->last)) != 0)
        fail_msg("%s: answered \"%s\", not \"%s\"", row->name, fake_last_line(fake), row->last);
    if (fake->over != row->hangs_up)
        fail_msg("%s: %s", row->name, fake->over ? "hung up" : "did not hang up");
}

static void test_conversations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake fake;
        fake_begin(&fake, rows[i].service, rows[i].require_tls);
        fake.first_errands = strstr(rows[i].said, "first") ? 2 : 0;
        fake_say(&fake, rows[i].said);
        check(&rows[i], &fake);
        fake_end(&fake);
    }
}

/* Where the answer does not depend on what comes in one read, it does not depend on where reads end. */
static void test_every_byte_by_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake fake;
        if (rows[i].hangs_up)
            continue;
        fake_begin(&fake, rows[i].service, rows[i].require_tls);
        fake.first_errands = strstr(rows[i].said, "first") ? 2 : 0;
        for (const char *c = rows[i].said; *c; c++)
            if (*c != '|')
                fake_feed(&fake, (struct slice){c, 1});
        check(&rows[i], &fake);
        fake_end(&fake);
    }
}

/* Whatever rides in a request: one answer, and the end. */
static void test_nothing_of_http_is_read_on(void **state)
{
    static const char *const firsts[] = {
        "GET / HTTP/1.1",
        "HEAD / HTTP/1.1",
        "POST / HTTP/1.1",
        "PUT / HTTP/1.1",
        "DELETE / HTTP/1.1",
        "CONNECT c.test:25 HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "TRACE / HTTP/1.1",
        "PATCH / HTTP/1.1",
        "PRI * HTTP/2.0",
        "Host: c.test",
        "host:c.test",
        "get",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(firsts); i++) {
        struct fake fake;
        scoped_text char *request = must_print(
            "%s\r\nAccept: */*\r\n\r\nEHLO a\r\nMAIL FROM:<b@c.test>\r\nNOOP\r\n", firsts[i]);
        fake_begin(&fake, "smtp", false);
        bytes_reset(&fake.out);
        fake_feed(&fake, slice_of(request));
        if (!fake.over)
            fail_msg("%s: did not hang up", firsts[i]);
        assert_text(fake.out.at, "554 5.7.1 This is a mail server, and that is HTTP\r\n");
        fake_end(&fake);
    }
}

/* Its first line is too long to be read; the one behind it gives it away. */
static void test_a_long_request_of_http_ends_too(void **state)
{
    struct fake fake;
    char path[3000];

    (void)state;
    memset(path, 'a', sizeof path);
    fake_begin(&fake, "smtp", false);
    fake_say(&fake, "GET /");
    fake_feed(&fake, (struct slice){path, sizeof path});
    fake_say(&fake, " HTTP/1.1\r\nHost: home.test\r\nNOOP\r\n");
    assert_true(fake.over);
    assert_text(fake_last_line(&fake), "554 5.7.1 This is a mail server, and that is HTTP");
    fake_end(&fake);
}

static void test_pipelined_envelope(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "smtp", false);
    fake_say(&fake, "EHLO a\r\n|MAIL FROM:<b@c.test>\r\nRCPT TO:<x@home.test>\r\nRCPT "
                    "TO:<nobody@home.test>\r\nRSET\r\n");
    assert_non_null(
        strstr(fake.out.at, "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n550 5.1.1"));
    assert_text(fake_last_line(&fake), "250 2.0.0 Forgotten");
    fake_end(&fake);
}

static void test_dots_are_unstuffed(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "smtp", false);
    fake_say(&fake, TO_HOME "DATA\r\n|..one\r\n...\r\na\nb\r\n.\r\n");
    assert_int_equal(fake.mails, 1);
    assert_text(fake.last_body.at, ".one\r\n..\r\na\r\nb\r\n");
    assert_text(fake.last_from, "b@c.test");
    fake_end(&fake);
}

static void test_what_was_said_with_the_envelope_is_carried(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "submissions", false);
    fake_say(&fake, LOGIN "MAIL FROM:<alice@home.test> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x+2B "
                          "REQUIRETLS\r\n|RCPT TO:<b@home.test> NOTIFY=DELAY,FAILURE "
                          "ORCPT=rfc822;c@d.test\r\n|DATA\r\n|hi\r\n.\r\n");
    assert_int_equal(fake.mails, 1);
    assert_true(fake.last_terms.eight_bit && fake.last_terms.utf8 && fake.last_terms.require_tls);
    assert_int_equal(fake.last_terms.dsn_return, DSN_RETURN_HEADERS);
    assert_text(fake.last_terms.envid, "x+2B");
    assert_int_equal(fake.last_recipient_terms.notify, DSN_NOTIFY_DELAY | DSN_NOTIFY_FAILURE);
    assert_text(fake.last_recipient_terms.orcpt, "rfc822;c@d.test");
    fake_say(&fake,
             "MAIL FROM:<alice@home.test>\r\n|RCPT TO:<b@home.test>\r\n|DATA\r\n|hi\r\n.\r\n");
    assert_int_equal(fake.mails, 2);
    assert_null(fake.last_terms.envid);
    assert_null(fake.last_recipient_terms.orcpt);
    assert_false(fake.last_terms.eight_bit || fake.last_terms.utf8 || fake.last_terms.require_tls);
    assert_int_equal(fake.last_recipient_terms.notify, DSN_NOTIFY_UNSAID);
    fake_end(&fake);
}

static void feed_large(struct fake *fake, size_t bytes)
{
    char block[1026];

    memset(block, 'x', sizeof block);
    memcpy(block + sizeof block - 2, "\r\n", 2);
    for (size_t sent = 0; sent < bytes; sent += sizeof block)
        fake_feed(fake, (struct slice){block, sizeof block});
    fake_feed(fake, SLICE(".\r\n"));
}

static void test_whose_text_comes_is_said(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "smtp", false);
    fake.body_door = SMTP_DOOR_SUBMISSION;
    fake_say(&fake, TO_HOME "DATA\r\n");
    assert_int_equal(fake.body_door, SMTP_DOOR_MX);
    fake_end(&fake);
    fake_begin(&fake, "submissions", false);
    fake_say(&fake, LOGIN "MAIL FROM:<alice@home.test>\r\n|RCPT TO:<b@home.test>\r\n|BDAT 9\r\n");
    assert_int_equal(fake.body_door, SMTP_DOOR_SUBMISSION);
    fake_end(&fake);
}

static void test_a_large_body_goes_in_pieces(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "smtp", false);
    fake_say(&fake, TO_HOME "DATA\r\n");
    feed_large(&fake, 800 * 1024);
    assert_text(fake_last_line(&fake), "250 2.0.0 Taken");
    assert_true(fake.flushes > 8);
    fake_end(&fake);
}

static void test_too_large_a_body_is_read_to_its_end(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "smtp", false);
    fake_say(&fake, TO_HOME "DATA\r\n");
    feed_large(&fake, 1100 * 1024);
    assert_text(fake_last_line(&fake), "552 5.3.4 This mail has more than 1 MiB, the limit here.");
    assert_int_equal(fake.mails, 0);
    fake_say(&fake, "NOOP\r\n");
    assert_text(fake_last_line(&fake), "250 2.0.0 OK");
    fake_end(&fake);
}

static void test_a_full_disk_is_said_at_the_end(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "smtp", false);
    fake.flush_fails_at = 2;
    fake_say(&fake, TO_HOME "DATA\r\n");
    feed_large(&fake, 800 * 1024);
    assert_non_null(strstr(fake_last_line(&fake), "452 4.3.1"));
    assert_int_equal(fake.mails, 0);
    fake_end(&fake);
}

/* Standard error goes into a pipe until it is read. */
static int catch_log(int *out_kept)
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    *out_kept = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    return ends[0];
}

static void read_log(int log, int kept, char *out, size_t size)
{
    dup2(kept, STDERR_FILENO);
    ssize_t len = read(log, out, size - 1);
    out[len > 0 ? len : 0] = '\0';
    close(log);
    close(kept);
}

static void test_our_trouble_is_told_as_ours(void **state)
{
    static const struct {
        enum err_kind kind;
        const char *said;
    } kinds[] = {
        {ERR_TEMPORARY, "451 4.3.0"},
        {ERR_FULL,      "452 4.3.1"},
        {ERR_MALFORMED, "550 5.6.0"}
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct fake fake;
        char logged[1000];
        int kept, log = catch_log(&kept);
        fake_begin(&fake, "smtp", false);
        fake.take_fails = kinds[i].kind;
        fake_say(&fake, TO_HOME "DATA\r\n|x\r\n.\r\n");
        read_log(log, kept, logged, sizeof logged);
        assert_non_null(strstr(fake_last_line(&fake), kinds[i].said));
        scoped_text char *code = must_print("smtp mail code=%.3s ", kinds[i].said);
        if (!strstr(logged, code))
            fail_msg("no \"%s\" in the log:\n%s", code, logged);
        fake_end(&fake);
    }
}

static void test_busy_is_said_at_mail(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "smtp", false);
    fake.busy = true;
    fake_say(&fake, "EHLO a\r\n|MAIL FROM:<b@c.test>\r\n");
    assert_non_null(strstr(fake_last_line(&fake), "451 4.3.2"));
    fake_end(&fake);
}

static void test_too_many_errors(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "smtp", false);
    for (int i = 0; i < 30 && !fake.over; i++)
        fake_say(&fake, "BLAH\r\n");
    assert_true(fake.over);
    assert_int_equal(fake.rests, 9); /* of 20 errors those behind the tenth, but for the last */
    assert_non_null(strstr(fake_last_line(&fake), "421 4.7.0"));
    fake_end(&fake);
}

static void test_a_line_without_end(void **state)
{
    struct fake fake;
    char block[1000];

    (void)state;
    memset(block, 'a', sizeof block);
    fake_begin(&fake, "smtp", false);
    for (int i = 0; i < 10; i++)
        fake_feed(&fake, (struct slice){block, sizeof block});
    assert_true(fake.unread.len <= 4000);
    fake_say(&fake, "\r\n");
    assert_text(fake_last_line(&fake), "500 5.5.2 This line is too long");
    fake_say(&fake, "NOOP\r\n");
    assert_text(fake_last_line(&fake), "250 2.0.0 OK");
    fake_end(&fake);
}

static void test_silence_and_stopping_are_told(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "smtp", false);
    fake_nudge(&fake, NUDGE_TIMER);
    assert_non_null(strstr(fake_last_line(&fake), "421 4.4.2"));
    assert_true(fake.over);
    fake_end(&fake);
    fake_begin(&fake, "smtp", false);
    fake_say(&fake, TO_HOME "DATA\r\n|half a ma");
    fake_nudge(&fake, NUDGE_CLOSING);
    assert_non_null(strstr(fake_last_line(&fake), "421 4.3.2"));
    fake_end(&fake);
}

static void test_ehlo_says_what_is_true(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "smtp", false);
    fake_say(&fake, "EHLO a\r\n");
    assert_non_null(strstr(fake.out.at, "250-STARTTLS\r\n"));
    assert_null(strstr(fake.out.at, "AUTH"));
    fake_end(&fake);
    fake_begin(&fake, "submission", false);
    fake_say(&fake, "EHLO a\r\n");
    assert_null(strstr(fake.out.at, "AUTH"));
    fake_say(&fake, "STARTTLS\r\n|EHLO a\r\n");
    assert_non_null(strstr(fake.out.at, "250-AUTH SCRAM-SHA-256 PLAIN LOGIN\r\n"));
    assert_non_null(strstr(fake.out.at, "250-REQUIRETLS\r\n"));
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_every_byte_by_itself),
        cmocka_unit_test(test_nothing_of_http_is_read_on),
        cmocka_unit_test(test_a_long_request_of_http_ends_too),
        cmocka_unit_test(test_pipelined_envelope),
        cmocka_unit_test(test_dots_are_unstuffed),
        cmocka_unit_test(test_what_was_said_with_the_envelope_is_carried),
        cmocka_unit_test(test_whose_text_comes_is_said),
        cmocka_unit_test(test_a_large_body_goes_in_pieces),
        cmocka_unit_test(test_too_large_a_body_is_read_to_its_end),
        cmocka_unit_test(test_a_full_disk_is_said_at_the_end),
        cmocka_unit_test(test_our_trouble_is_told_as_ours),
        cmocka_unit_test(test_busy_is_said_at_mail),
        cmocka_unit_test(test_too_many_errors),
        cmocka_unit_test(test_a_line_without_end),
        cmocka_unit_test(test_silence_and_stopping_are_told),
        cmocka_unit_test(test_ehlo_says_what_is_true),
    };
    return cmocka_run_group_tests_name("smtp session", tests, NULL, NULL);
}
