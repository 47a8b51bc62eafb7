/*
 * Every reply that leaves by SMTP, by situation: its code, its status, and words that say what to do.
 *
 * The situations are those of RFC 5321, 3463 and 4954 that a server meets, in the order in which a conversation meets
 * them (what other servers say beyond that, and why we do not, stands in docs/smtp.md).  The last test reads the sources: a
 * reply that is made there and is produced by no row here, nor by a test named in `elsewhere`, fails it.
 */
#include "fake.h"
#include "smtp_work.h"
#include "test.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>

#define LOGIN "EHLO a\r\n|AUTH PLAIN AGFsaWNlQGhvbWUudGVzdABzZWNyZXQ=\r\n|"
#define WRONG "AUTH PLAIN AGFsaWNlQGhvbWUudGVzdAB3cm9uZw==\r\n|"
#define FROM "EHLO a\r\n|MAIL FROM:<b@c.test>\r\n|"
#define TO_HOME FROM "RCPT TO:<alice@home.test>\r\n|"
#define TEXT "DATA\r\n|Subject: x\r\n\r\nhello\r\n.\r\n"
#define TLS "EHLO a\r\n|STARTTLS\r\n|EHLO a\r\n|"
#define MINUTE (60 * SECOND_MS)

struct situation {
    const char *name, *service, *said, *reply;
    void (*before)(struct fake *), (*after)(struct fake *);
    bool require_tls, early;
    const struct answer *recipient, *take; /* verdicts of the bridge */
};

/* ---- what befalls a server ---- */
static void busy(struct fake *fake)
{
    fake->busy = fake->login_busy = true;
}

static void failing(struct fake *fake)
{
    fake->take_fails = ERR_TEMPORARY;
}

static void full(struct fake *fake)
{
    fake->take_fails = ERR_FULL;
}

static void packed(struct fake *fake)
{
    fake->packed = true;
}

static void stopping(struct fake *fake)
{
    fake_nudge(fake, NUDGE_CLOSING);
}

static void ten_minutes_later(struct fake *fake)
{
    fake_pass(fake, 10 * MINUTE);
}

/* Never long without a command, and yet two hours old. */
static void hours_later(struct fake *fake)
{
    for (int i = 0; i < 60 && !fake->over; i++) {
        fake_feed(fake, SLICE("NOOP\r\n"));
        fake_pass(fake, 3 * MINUTE);
    }
}

static void many_errors(struct fake *fake)
{
    for (int i = 0; i < 30; i++)
        fake_feed(fake, SLICE("XYZZY\r\n"));
}

static void many_guesses(struct fake *fake)
{
    static const char guess[] = "AUTH PLAIN AGFsaWNlQGhvbWUudGVzdAB3cm9uZw==\r\n";

    for (int i = 0; i < 20; i++)
        logins_failed(fake->duties.logins, &fake->peer.address, SLICE("alice@home.test"),
                      fake->timer.now_ms);
    fake_feed(fake, slice_of(guess));
}

static void many_connections(struct fake *fake)
{
    for (int i = 0; i < 100; i++)
        tally_enter(fake->duties.owners, 1);
    fake_feed(fake, SLICE("AUTH PLAIN AGFsaWNlQGhvbWUudGVzdABzZWNyZXQ=\r\n"));
    for (int i = 0; i < 100; i++)
        tally_leave(fake->duties.owners, 1);
}

static void many_readers(struct fake *fake)
{
    for (int i = 0; i < 2000; i++)
        rate_add(fake->duties.sendings, 1, 1, fake->timer.now_ms);
    fake_feed(fake, SLICE("RCPT TO:<b@home.test>\r\n"));
}

/* ---- what the bridge may say, with words as it has them ---- */
#define ANSWER(verdict, words)                                                                     \
    &(const struct answer)                                                                         \
    {                                                                                              \
        verdict, words                                                                             \
    }

#define S(a_name, a_service, a_text, a_reply, ...)                                                 \
    {                                                                                              \
        .name = a_name, .service = a_service, .said = a_text, .reply = a_reply, ##__VA_ARGS__      \
    }

static const struct situation situations[] = {
    /* clang-format off */
    /* connecting */
    S("the greeting", "smtp", "", "220 mx.home.test ESMTP"),
    S("who speaks before it", "smtp", "", "554 5.5.0 Wait for the greeting", .early = true),
    S("who sends on without waiting", "smtp", "EHLO a\r\nNOOP\r\n", "554 5.5.0 Wait for the answer"),
    S("who speaks HTTP", "smtp", "POST / HTTP/1.1\r\nHost: home.test\r\n", "554 5.7.1 This is a mail server, and that is HTTP"),
    S("the server stops", "smtp", "EHLO a\r\n", "421 4.3.2 This server is stopping. Please come again in a minute", .after = stopping),
    S("nothing comes", "smtp", "EHLO a\r\n", "421 4.4.2 No whole command came for too long. Please come again", .after = ten_minutes_later),
    S("a text stops", "smtp", TO_HOME "DATA\r\n|x\r\n", "421 4.4.2 This mail comes too slowly. Please send it again", .after = ten_minutes_later),
    S("too many errors", "smtp", "EHLO a\r\n", "421 4.7.0 Too many errors. Look at what your program sends", .after = many_errors),
    S("goodbye", "smtp", "QUIT\r\n", "221 2.0.0 Goodbye"),
    /* order and grammar */
    S("MAIL before EHLO", "smtp", "MAIL FROM:<b@c.test>\r\n", "503 5.5.1 Say EHLO first"),
    S("nested MAIL", "smtp", FROM "MAIL FROM:<b@c.test>\r\n", "503 5.5.1"),
    S("RCPT before MAIL", "smtp", "EHLO a\r\n|RCPT TO:<a@home.test>\r\n", "503 5.5.1"),
    S("STARTTLS under TLS", "smtp", TLS "STARTTLS\r\n", "503 5.5.1 TLS is already on"),
    S("STARTTLS", "smtp", "EHLO a\r\n|STARTTLS\r\n", "220 2.0.0 Go ahead"),
    S("STARTTLS with an argument", "smtp", "EHLO a\r\n|STARTTLS x\r\n", "501 5.5.4 STARTTLS takes no argument"),
    S("unknown", "smtp", "XYZZY\r\n", "500 5.5.2 This command is not known here"),
    S("a bare LF", "smtp", "NOOP\n", "500 5.5.2 A line ends with CR LF"),
    S("EHLO without a name", "smtp", "EHLO\r\n", "501 5.5.4 Say who you are: EHLO mail.example.org"),
    S("HELO", "smtp", "HELO a\r\n", "250 mx.home.test"),
    S("RSET with an argument", "smtp", "RSET x\r\n", "501 5.5.4 RSET takes no argument"),
    S("RSET", "smtp", "RSET\r\n", "250 2.0.0 Forgotten"),
    S("QUIT with an argument", "smtp", "QUIT x\r\n", "501 5.5.4 QUIT takes no argument"),
    S("NOOP", "smtp", "NOOP x\r\n", "250 2.0.0 OK"),
    S("VRFY", "smtp", "EHLO a\r\n|VRFY alice\r\n", "252 2.0.0 Send the mail and see"),
    S("EXPN", "smtp", "EHLO a\r\n|EXPN x\r\n", "502 5.5.1 Lists are not told"),
    S("HELP", "smtp", "HELP\r\n", "214 2.0.0 EHLO STARTTLS AUTH"),
    /* plaintext refused */
    S("MAIL in clear", "smtp", "EHLO a\r\n|MAIL FROM:<b@c.test>\r\n", "530 5.7.0 Must issue a STARTTLS command first", .require_tls = true),
    S("AUTH in clear", "submission", "EHLO a\r\n|AUTH PLAIN\r\n", "538 5.7.11 Encryption required: use STARTTLS first"),
    /* logging in */
    S("AUTH on 25", "smtp", TLS "AUTH PLAIN\r\n", "502 5.5.1 There is no log-in on this port; use 587 or 465"),
    S("needed", "submissions", "EHLO a\r\n|MAIL FROM:<alice@home.test>\r\n", "530 5.7.0 Authentication required"),
    S("wrong", "submissions", "EHLO a\r\n|" WRONG, "535 5.7.8 Address or password is wrong"),
    S("wrong three times", "submissions", "EHLO a\r\n|" WRONG WRONG WRONG, "421 4.7.0 Too many wrong passwords. Come again later"),
    S("wrong from a whole network", "submissions", "EHLO a\r\n", "421 4.7.0 Too many wrong passwords came from your network. Try again in ", .after = many_guesses),
    S("the account sleeps", "submissions", "EHLO a\r\n|AUTH PLAIN AGFzbGVlcEBob21lLnRlc3QAeA==\r\n", "525 5.7.13 This account is closed. Ask the administrator"),
    S("an unknown mechanism", "submissions", "EHLO a\r\n|AUTH GSSAPI\r\n", "504 5.5.4 This mechanism is not offered; EHLO says which are"),
    S("passwords cannot be checked", "submissions", "EHLO a\r\n|AUTH PLAIN\r\n", "454 4.7.0 Too many log in just now. Please try again in a minute", .before = busy),
    S("no base64", "submissions", "EHLO a\r\n|AUTH PLAIN !\r\n", "501 5.5.2 This is not what the mechanism asks for"),
    S("given up", "submissions", "EHLO a\r\n|AUTH PLAIN\r\n|*\r\n", "501 5.7.0 Given up, as you wish"),
    S("good", "submissions", LOGIN, "235 2.7.0 Welcome"),
    S("asked for more", "submissions", "EHLO a\r\n|AUTH PLAIN\r\n", "334"),
    S("twice", "submissions", LOGIN "AUTH PLAIN\r\n", "503 5.5.1 You are logged in already"),
    S("too many connections of one account", "submissions", "EHLO a\r\n", "421 4.7.0 Too many connections are logged in to your account. Close some", .after = many_connections),
    /* MAIL */
    S("good", "smtp", FROM, "250 2.1.0 Sender OK"),
    S("not owned by the login", "submissions", LOGIN "MAIL FROM:<bob@home.test>\r\n", "550 5.7.1"),
    S("no path", "smtp", "EHLO a\r\n|MAIL FROM:b\r\n", "501 5.1.7 Write MAIL FROM:<you@example.org>"),
    S("unknown parameter", "smtp", "EHLO a\r\n|MAIL FROM:<b@c.test> FOO=1\r\n", "555 5.5.4"),
    S("parameter twice", "smtp", "EHLO a\r\n|MAIL FROM:<b@c.test> SIZE=1 SIZE=1\r\n", "501 5.5.4"),
    S("REQUIRETLS in clear", "smtp", "EHLO a\r\n|MAIL FROM:<b@c.test> REQUIRETLS\r\n", "501 5.5.4 REQUIRETLS can be asked for under TLS alone"),
    S("declared too large", "smtp", "EHLO a\r\n|MAIL FROM:<b@c.test> SIZE=9999999\r\n", "552 5.3.4 This mail has more than 1 MiB, the limit here."),
    S("not ASCII without SMTPUTF8", "smtp", "EHLO a\r\n|MAIL FROM:<b\xc3\xbc@c.test>\r\n", "553 5.6.7 This address needs SMTPUTF8, said with MAIL"),
    S("too busy", "smtp", FROM, "451 4.3.2 Too much is going on here. Please come again in a minute", .before = busy),
    S("the connection is two hours old", "smtp", "EHLO a\r\n", "421 4.4.2 This connection is two hours old. Please open a new one", .after = hours_later),
    /* RCPT */
    S("good", "smtp", TO_HOME, "250 2.1.5 Recipient OK"),
    S("no path", "smtp", FROM "RCPT TO:<>\r\n", "501 5.1.3 Write RCPT TO:<somebody@example.org>"),
    S("a local part too long", "smtp", FROM "RCPT TO:<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@home.test>\r\n", "501 5.1.3 What stands before the @ is longer than 64 octets"),
    S("unknown mailbox", "smtp", FROM "RCPT TO:<zoe@home.test>\r\n", "550 5.1.1 There is no zoe@home.test here.", .recipient = ANSWER(VERDICT_NOBODY, "There is no zoe@home.test here.")),
    S("not our domain", "smtp", FROM "RCPT TO:<x@else.test>\r\n", "550 5.7.1 Mail for else.test is not taken here.", .recipient = ANSWER(VERDICT_NOT_ALLOWED, "Mail for else.test is not taken here.")),
    S("the mailbox is asleep", "smtp", FROM "RCPT TO:<alice@home.test>\r\n", "550 5.2.1 This address is closed.", .recipient = ANSWER(VERDICT_CLOSED, "This address is closed.")),
    S("over quota, first days", "smtp", FROM "RCPT TO:<alice@home.test>\r\n", "452 4.2.2 The mailbox of alice@home.test is full.", .recipient = ANSWER(VERDICT_FULL_FOR_NOW, "The mailbox of alice@home.test is full.")),
    S("over quota, later", "smtp", FROM "RCPT TO:<alice@home.test>\r\n", "552 5.2.2 The mailbox of alice@home.test is full.", .recipient = ANSWER(VERDICT_FULL, "The mailbox of alice@home.test is full.")),
    S("too many recipients", "smtp", TO_HOME "RCPT TO:<b@home.test>\r\n|RCPT TO:<c@home.test>\r\n|RCPT TO:<d@home.test>\r\n", "452 4.5.3 Too many recipients: send the rest in a second mail."),
    S("the null sender's second", "smtp", "EHLO a\r\n|MAIL FROM:<>\r\n|RCPT TO:<a@home.test>\r\n|RCPT TO:<b@home.test>\r\n", "452 4.5.3"),
    S("not ASCII without SMTPUTF8", "smtp", FROM "RCPT TO:<b\xc3\xbc@home.test>\r\n", "553 5.6.7"),
    S("an account wrote to too many", "submissions", LOGIN "MAIL FROM:<alice@home.test>\r\n", "450 4.7.1 You wrote to 2000 people within an hour. Your program tries again later", .after = many_readers),
    S("a known stranger, owner asked", "smtp", FROM "RCPT TO:<alice@home.test>\r\n", "450 4.7.1 alice@home.test decides first", .recipient = ANSWER(VERDICT_LATER, "alice@home.test decides first whether to take mail from new people.")),
    /* text */
    S("go on", "smtp", TO_HOME "DATA\r\n", "354 Send the mail"),
    S("DATA with an argument", "smtp", TO_HOME "DATA x\r\n", "501 5.5.4 DATA takes no argument"),
    S("DATA without a recipient", "smtp", FROM "DATA\r\n", "554 5.5.1 No recipient was accepted"),
    S("BDAT without a recipient", "smtp", FROM "BDAT 2 LAST\r\nhi", "554 5.5.1 No recipient was accepted"),
    S("BDAT without a number", "smtp", TO_HOME "BDAT x\r\n", "501 5.5.4 Write BDAT and a number of octets"),
    S("a chunk", "smtp", TO_HOME "BDAT 2\r\nhi", "250 2.0.0 2 octets"),
    S("taken", "smtp", TO_HOME TEXT, "250 2.0.0 Taken"),
    S("a NUL", "smtp", TO_HOME "BDAT 1 LAST\r\n", "550 5.6.0 This mail has a NUL byte in it. Encode it and send it again"),
    S("smuggling", "smtp", TO_HOME "DATA\r\n|a\n.\r\nb\r\n.\r\n", "550 5.6.0 A line in this mail does not end with CR LF. Mend it and send it again"),
    S("a stranger, owner asked", "smtp", TO_HOME TEXT, "450 4.7.1 alice@home.test decides first", .take = ANSWER(VERDICT_LATER, "alice@home.test decides first whether to take mail from new people.")),
    S("refused, told so", "smtp", TO_HOME TEXT, "550 5.7.1 please write to my office", .take = ANSWER(VERDICT_NOT_ALLOWED, "please write to my office")),
    S("quietly refused", "smtp", TO_HOME TEXT, "250 2.0.0 Taken", .take = ANSWER(VERDICT_TAKEN, "")),
    S("DNS does not say who it is", "smtp", TO_HOME TEXT, "451 4.7.0 Whether", .take = ANSWER(VERDICT_UNSURE, "Whether this mail is from bank.example cannot be checked now.")),
    S("too large for the mailbox", "smtp", TO_HOME TEXT, "552 5.2.2", .take = ANSWER(VERDICT_FULL, "The mailbox of alice@home.test is full.")),
    S("a post too long", "smtp", TO_HOME TEXT, "552 5.3.4", .take = ANSWER(VERDICT_TOO_LONG, "Not posted: it is too long.")),
    S("no mail that can be read", "smtp", TO_HOME TEXT, "550 5.6.0", .take = ANSWER(VERDICT_UNFIT, "Not posted: the attachment is no picture.")),
    S("a loop", "smtp", TO_HOME TEXT, "554 5.4.6", .take = ANSWER(VERDICT_LOOP, "This mail runs in a circle.")),
    S("no room for what is announced", "smtp", "EHLO a\r\n|MAIL FROM:<b@c.test> SIZE=100000\r\n", "452 4.3.1 The disk here is full. Please send it again later", .before = packed),
    S("room that strangers have not", "submissions", LOGIN "MAIL FROM:<alice@home.test> SIZE=100000\r\n", "250 2.1.0", .before = packed),
    S("room for little", "smtp", "EHLO a\r\n|MAIL FROM:<b@c.test> SIZE=1000\r\n", "250 2.1.0", .before = packed),
    S("the disk is full", "smtp", TO_HOME TEXT, "452 4.3.1 The disk here is full. Please send it again later", .before = full),
    S("something failed", "smtp", TO_HOME TEXT, "451 4.3.0 Something failed here. Please send it again later", .before = failing),
    /* clang-format on */
};

/* Made where this test cannot come: the file that asks for it on the wire. */
static const struct {
    const char *reply, *file;
} elsewhere[] = {
    {"550 5.7.27", "tests/e2e/test_authentication.py"}, /* these three are asked of DNS */
    {"550 5.1.8",  "tests/e2e/test_authentication.py"},
    {"451 4.4.3",  "tests/e2e/test_authentication.py"},
};

static struct bytes said; /* all that was answered */

static const struct smtp_errand *errand_of(const struct answer *answer, struct smtp_errand *out)
{
    if (!answer)
        return NULL;
    smtp_say(out, answer, "Taken");
    return out;
}

static void play(const struct situation *it, struct fake *fake)
{
    fake_begin_early(fake, it->service, it->require_tls, it->early);
    if (it->before)
        it->before(fake);
    struct smtp_errand recipient, take;
    fake->recipient_says = errand_of(it->recipient, &recipient);
    fake->take_says = errand_of(it->take, &take);
    fake_say(fake, it->said);
    if (strstr(it->name, "a NUL"))
        fake_feed(fake, (struct slice){"", 1});
    if (it->after)
        it->after(fake);
}

static void each_situation_has_its_reply(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(situations); i++) {
        struct fake fake;
        play(&situations[i], &fake);
        const char *line = fake_last_line(&fake);
        if (strncmp(line, situations[i].reply, strlen(situations[i].reply)) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", situations[i].name, line, situations[i].reply);
        bytes_add(&said, bytes_slice(&fake.out));
        fake_end(&fake);
    }
}

/* One line of ASCII within RFC 5321 4.5.3.1.5, a status of the code's own class, and never the pair 550 5.5.0, which
 * Delta Chat takes for a broken filter and tries again. */
static void each_is_one_line_that_programs_read(void **state)
{
    struct slice rest = bytes_slice(&said);

    (void)state;
    while (rest.at && rest.len > 0) {
        struct slice line = slice_line(&rest);
        if (line.len < 4)
            continue;
        assert_true(line.len <= 510);
        for (size_t i = 0; i < line.len; i++)
            assert_in_range(line.at[i], ' ', '~');
        bool has_status = line.len > 8 && isdigit((unsigned char)line.at[4]) && line.at[5] == '.';
        if (has_status && line.at[0] != line.at[4])
            fail_msg("%.*s", SLICE_ARGS(line));
        assert_false(slice_starts(line, SLICE("550 5.5.0")));
        if (line.at[0] != '4' && line.at[0] != '5')
            continue;
        if (line.len < strlen("550 5.7.1 Not here")) /* says nothing */
            fail_msg("%.*s", SLICE_ARGS(line));
    }
}

/* ---- the sources ---- */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    struct bytes text = {0};

    if (!file)
        fail_msg("%s cannot be read", path);
    for (size_t len = 1; len > 0;) {
        char *into = bytes_reserve(&text, 64 * 1024);
        len = fread(into, 1, 64 * 1024, file);
        text.len += len;
    }
    fclose(file);
    return bytes_take(&text);
}

static bool is_listed_elsewhere(const char *pair)
{
    for (size_t i = 0; i < COUNT_OF(elsewhere); i++) {
        if (strcmp(elsewhere[i].reply, pair) != 0)
            continue;
        scoped_text char *path = must_print(TOP "/%s", elsewhere[i].file);
        scoped_text char *text = read_file(path);
        assert_non_null(strstr(text, pair + 4));
        return true;
    }
    return false;
}

/* `at` stands on a quote: 550, "5.7.1" */
static size_t look_at(const char *page, const char *file, const char *start, const char *at)
{
    unsigned class, subject, detail;
    char pair[40];
    int len = 0;
    const char *code = at;

    if (sscanf(at, "\"%1u.%1u.%2u\"%n", &class, &subject, &detail, &len) != 3 || len == 0)
        return 0;
    while (code > start && (isspace((unsigned char)code[-1]) || code[-1] == ','))
        code--;
    if (code - start < 3 || !isdigit((unsigned char)code[-1]) || !isdigit((unsigned char)code[-3]))
        return 0;
    snprintf(pair, sizeof pair, "%.3s %u.%u.%u", code - 3, class, subject, detail);
    if (!strstr(said.at, pair) && !is_listed_elsewhere(pair))
        fail_msg("%s makes \"%s\", which no situation here has", file, pair);
    if (class > 2 && !strstr(page, pair))
        fail_msg("docs/smtp.md does not say \"%s\", which %s makes", pair, file);
    return 1;
}

/* How many replies the files of one folder make. */
static size_t look_into(const char *page, const char *folder)
{
    DIR *dir = opendir(folder);
    size_t found = 0;

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!slice_ends(slice_of(entry->d_name), SLICE(".c")))
            continue;
        scoped_text char *path = must_print("%s/%s", folder, entry->d_name);
        scoped_text char *text = read_file(path);
        for (const char *at = text; (at = strchr(at, '"')); at++)
            found += look_at(page, entry->d_name, text, at);
    }
    closedir(dir);
    return found;
}

static void no_reply_is_left_out(void **state)
{
    scoped_text char *page = read_file(TOP "/docs/smtp.md");

    (void)state;
    size_t found = look_into(page, TOP "/smtp/session") + look_into(page, TOP "/smtp/errand");
    assert_true(found >= 60); /* the eye still sees them */
    bytes_clear(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_situation_has_its_reply),
        cmocka_unit_test(each_is_one_line_that_programs_read),
        cmocka_unit_test(no_reply_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
