/* BDAT (RFC 3030): what is said, and the last line of what is answered. */
#include "test.h"

#include "fake.h"
#include "memory.h"

#define TO_HOME "EHLO a\r\n|MAIL FROM:<b@c.test>\r\n|RCPT TO:<alice@home.test>\r\n|"

static const struct row {
    const char *name, *said, *last;
    bool hangs_up;
} rows[] = {
  /* clang-format off */
    {"a mail in one chunk",                  TO_HOME "BDAT 7 LAST\r\nhello\r\n",               "250 2.0.0 Taken",  false},
    {"a mail in chunks",                     TO_HOME "BDAT 5\r\nhello|BDAT 2\r\n\r\n|BDAT 0 LAST\r\n", "250 2.0.0 Taken", false},
    {"each chunk is answered",               TO_HOME "BDAT 5\r\nhello",                          "250 2.0.0 5 octets are here", false},
    {"an empty chunk is answered",           TO_HOME "BDAT 0\r\n",                               "250 2.0.0 0 octets are here", false},
    {"a chunk without its length",           TO_HOME "BDAT\r\n",                                 "501 5.5.4 Write BDAT and a number of octets", true},
    {"a chunk with a sign",                  TO_HOME "BDAT -5\r\n",                              "501 5.5.4",  true},
    {"a chunk with something behind",        TO_HOME "BDAT 5 LAST NOW\r\n",                      "501 5.5.4",  true},
    {"a chunk of too many digits",           TO_HOME "BDAT 1234567890123456789\r\n",             "501 5.5.4",  true},
    {"a chunk in clear is dropped",          "EHLO a\r\n|BDAT 6\r\nRSET\r\n",                  "530 5.7.0 Must issue a STARTTLS", false},
    {"a chunk before MAIL is dropped",       "EHLO a\r\n|BDAT 6 LAST\r\nQUIT\r\n",             "503 5.5.1 MAIL comes first", false},
    {"a chunk before RCPT is dropped",       "EHLO a\r\n|MAIL FROM:<b@c.test>\r\n|BDAT 6 LAST\r\nQUIT\r\n", "554 5.5.1 No recipient was accepted", false},
    {"DATA among chunks",                    TO_HOME "BDAT 5\r\nhello|DATA\r\n",                "503 5.5.1 Send the rest of the mail by BDAT; RSET forgets it", false},
    {"RCPT among chunks",                    TO_HOME "BDAT 5\r\nhello|RCPT TO:<b@home.test>\r\n", "503 5.5.1", false},
    {"RSET among chunks",                    TO_HOME "BDAT 5\r\nhello|RSET\r\n|BDAT 5 LAST\r\nhello", "503 5.5.1 MAIL comes first", false},
    {"a chunk that ends with CR",            TO_HOME "BDAT 3 LAST\r\nab\r",                      "550 5.6.0",  true},
  /* clang-format on */
};

static void check(const struct row *row, struct fake *fake)
{
    if (strncmp(fake_last_line(fake), row->last, strlen(row->last)) != 0)
        fail_msg("%s: answered \"%s\", not \"%s\"", row->name, fake_last_line(fake), row->last);
    if (fake->over != row->hangs_up)
        fail_msg("%s: %s", row->name, fake->over ? "hung up" : "did not hang up");
}

static void try(const struct row *row, bool by_bytes)
{
    struct fake fake;

    fake_begin(&fake, "smtp", strstr(row->name, "clear") != NULL);
    if (!by_bytes)
        fake_say(&fake, row->said);
    for (const char *c = row->said; by_bytes && *c; c++)
        if (*c != '|')
            fake_feed(&fake, (struct slice){c, 1});
    check(row, &fake);
    fake_end(&fake);
}

static void test_conversations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        try(&rows[i], false);
        try(&rows[i], true);
    }
}

static void test_chunks_are_one_text(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "smtp", false);
    fake_say(&fake,
             TO_HOME "BDAT 8\r\n..\r\n.\r\n\r|BDAT 10\r\n\n\n.\nb\r\n.\r\n|BDAT 1 LAST\r\nc");
    assert_text(fake_last_line(&fake), "250 2.0.0 Taken");
    assert_int_equal(fake.mails, 1);
    assert_text(fake.last_body.at, "..\r\n.\r\n\r\n\r\n.\r\nb\r\n.\r\nc\r\n");
    fake_end(&fake);
}

static void add_octets(struct bytes *out, size_t count)
{
    memset(bytes_reserve(out, count), 'x', count);
    out->len += count;
}

static size_t count_of(const struct fake *fake, const char *what)
{
    size_t count = 0;

    for (const char *at = fake->out.at; (at = strstr(at, what)); at += strlen(what))
        count++;
    return count;
}

static void test_chunks_behind_a_refused_one_are_dropped(void **state)
{
    struct fake fake;
    scoped_value(bytes) all = {0};

    (void)state;
    fake_begin(&fake, "smtp", false);
    fake_say(&fake, TO_HOME);
    bytes_print(&all, "BDAT %d\r\n", 2 * 1024 * 1024);
    add_octets(&all, 2 * 1024 * 1024);
    for (int i = 0; i < 50; i++)
        bytes_add_text(&all, "BDAT 6\r\nQUIT\r\n");
    bytes_add_text(&all, "BDAT 6 LAST\r\nQUIT\r\n");
    fake_feed(&fake, bytes_slice(&all));
    assert_int_equal(count_of(&fake, "552 5.3.4 "), 1);
    assert_int_equal(count_of(&fake, "503 5.5.1 MAIL comes first"), 51);
    assert_false(fake.over);
    assert_int_equal(fake.mails, 0);
    fake_end(&fake);
}

static void test_a_full_disk_is_said_behind_its_chunk(void **state)
{
    struct fake fake;
    scoped_value(bytes) chunk = {0};

    (void)state;
    fake_begin(&fake, "smtp", false);
    fake.flush_fails_at = 1;
    fake_say(&fake, TO_HOME);
    bytes_add_text(&chunk, "BDAT 100000\r\n");
    add_octets(&chunk, 100000);
    fake_feed(&fake, bytes_slice(&chunk));
    assert_non_null(strstr(fake_last_line(&fake), "452 4.3.1"));
    fake_end(&fake);
}

/* Once it is known that it is not taken, and long before its last octet comes. */
static void test_what_is_refused_is_given_back_at_once(void **state)
{
    static const struct {
        const char *name, *kept;
        size_t octets;
        struct slice said;
        const char *rest, *answer;
    } refusals[] = {
        {"DATA, and the disk is full", "DATA\r\n|hello\r\n",      65536 - 7, SLICE(""),                 "\r\n.\r\n",
         "452 4.3.1"                                                                                                            },
        {"BDAT, and the disk is full", "BDAT 65540\r\nhello\r\n", 65536 - 7, SLICE(""),                 "1234",
         "452 4.3.1"                                                                                                            },
        {"a chunk that is too large",  "BDAT 5\r\nhello",         0,         SLICE("BDAT 2000000\r\n"), "",          "250"      },
        {"a NUL",                      "DATA\r\n|hello\r\n",      0,         {"a\0b", 3},               "\r\n.\r\n", "550 5.6.0"},
        {"a false line end",           "DATA\r\n|hello\r\n",      0,         SLICE("a\rb"),             "\r\n.\r\n", "550 5.6.0"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        struct fake fake;
        scoped_value(bytes) more = {0};
        fake_begin(&fake, "smtp", false);
        fake.flush_fails_at = 1;
        fake_say(&fake, TO_HOME);
        fake_say(&fake, refusals[i].kept);
        assert_int_equal(fake.bodies, 1);
        add_octets(&more, refusals[i].octets);
        bytes_add(&more, refusals[i].said);
        fake_feed(&fake, bytes_slice(&more));
        if (fake.bodies != 0)
            fail_msg("%s: it is kept", refusals[i].name);
        fake_say(&fake, refusals[i].rest);
        assert_non_null(strstr(fake_last_line(&fake), refusals[i].answer));
        fake_end(&fake);
    }
}

static void test_a_mail_of_many_chunks(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, "smtp", false);
    fake_say(&fake, TO_HOME);
    for (int i = 0; i < 5000; i++)
        fake_say(&fake, "BDAT 3\r\na\r\n");
    fake_say(&fake, "BDAT 0 LAST\r\n");
    assert_text(fake_last_line(&fake), "250 2.0.0 Taken");
    assert_int_equal(fake.last_body.len, 15000);
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_chunks_are_one_text),
        cmocka_unit_test(test_chunks_behind_a_refused_one_are_dropped),
        cmocka_unit_test(test_a_full_disk_is_said_behind_its_chunk),
        cmocka_unit_test(test_what_is_refused_is_given_back_at_once),
        cmocka_unit_test(test_a_mail_of_many_chunks),
    };
    return cmocka_run_group_tests_name("smtp chunks", tests, NULL, NULL);
}
