/*
 * One mail in, at most one mail out: false ends of data, by DATA and by BDAT, in one read and byte by byte.
 *
 * The text holds a false end and, behind it, a second mail as a smuggler writes it.
 */
#include "test.h"

#include "fake.h"
#include "log.h"
#include "memory.h"

#include <stdio.h>

static const char *const before_dot[] = {"\r\n", "\n",     "\r",   "\r\r\n",
                                         "\n\r", "\r\n\r", "\n\n", "\r\r"};
static const char *const behind_dot[] = {"\r\n", "\n", "\r", "\r\r\n", "\n\r", "\n\n", "\r\n\n"};
static const struct slice others[] = {
    {"\r\n..\r\n",          6},
    {"\r\n. \r\n",          6},
    {"\r\n.\t\r\n",         6},
    {"\r\n \r\n.\n",        7},
    {"\r\n\0.\r\n",         6},
    {"\r\n.\0\r\n",         6},
    {"\r\n.\r\0\n",         6},
    {"\0\r\n.\n",           5},
    {"\n\0.\r\n",           5},
    {"\x0b.\r\n",           4},
    {"\x0c.\r\n",           4},
    {"\r\n.\x85\r\n",       6},
    {"\x85.\r\n",           4},
    {"\xe2\x80\xa8.\r\n",   6},
    {"\r\n\xe2\x80\xa9.\n", 7},
    {".\r\n",               3},
};

#define ENVELOPE "EHLO a\r\nMAIL FROM:<outer@c.test>\r\nRCPT TO:<alice@home.test>\r\n"
#define SECOND                                                                                     \
    "MAIL FROM:<evil@c.test>\r\nRCPT TO:<bob@home.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nHi"

struct way {
    bool chunked, by_bytes;
};

static void feed(struct fake *fake, struct slice s, bool by_bytes)
{
    for (size_t i = 0; by_bytes && i < s.len; i++)
        fake_feed(fake, (struct slice){s.at + i, 1});
    if (!by_bytes)
        fake_feed(fake, s);
}

static void say_envelope(struct fake *fake)
{
    struct slice rest = SLICE(ENVELOPE);

    for (struct slice line = slice_line(&rest); line.len; line = slice_line(&rest)) {
        fake_feed(fake, line);
        fake_feed(fake, SLICE("\r\n"));
    }
}

static bool body_has(const struct fake *fake, const char *what)
{
    return slice_has(bytes_slice(&fake->last_body), what);
}

static void check(const struct fake *fake, struct slice end, struct way way)
{
    scoped_value(bytes) shown = {0};

    for (size_t i = 0; i < end.len; i++)
        bytes_print(&shown, "%02x ", (unsigned char)end.at[i]);
    if (fake->mails > 1)
        fail_msg("%sby %s%s: a second mail", shown.at, way.chunked ? "BDAT" : "DATA",
                 way.by_bytes ? ", byte by byte" : "");
    if (fake->mails == 1 &&
        (!body_has(fake, "smuggled") || strcmp(fake->last_from, "outer@c.test") != 0))
        fail_msg("%sby %s%s: the mail was cut", shown.at, way.chunked ? "BDAT" : "DATA",
                 way.by_bytes ? ", byte by byte" : "");
    if (slice_has(slice_from(bytes_slice(&fake->out), 60), "bob@home.test"))
        fail_msg("%s: a command in the text was answered", shown.at);
}

static void try(struct slice end, struct way way)
{
    struct fake fake;
    scoped_value(bytes) text = {0};
    scoped_value(bytes) all = {0};

    bytes_add_text(&text, "Subject: outer\r\n\r\nHello");
    bytes_add(&text, end);
    bytes_add_text(&text, SECOND);
    fake_begin(&fake, "smtp", false);
    say_envelope(&fake);
    if (way.chunked)
        bytes_print(&all, "BDAT %zu LAST\r\n", text.len);
    else
        fake_feed(&fake, SLICE("DATA\r\n"));
    bytes_add(&all, bytes_slice(&text));
    bytes_add_text(&all, way.chunked ? "QUIT\r\n" : "\r\n.\r\nQUIT\r\n");
    feed(&fake, bytes_slice(&all), way.by_bytes);
    assert_true(fake.over);
    check(&fake, end, way);
    fake_end(&fake);
}

static void each_way(struct slice end)
{
    for (int way = 0; way < 4; way++)
        try(end, (struct way){.chunked = way & 1, .by_bytes = way & 2});
}

static void test_false_ends(void **state)
{
    size_t tried = 0;

    (void)state;
    log_set_level(LOG_ERROR);
    for (size_t i = 0; i < COUNT_OF(before_dot); i++) {
        for (size_t k = i == 0; k < COUNT_OF(behind_dot);
             k++, tried++) { /* not CRLF.CRLF: that is true */
            scoped_text char *end = must_print("%s.%s", before_dot[i], behind_dot[k]);
            if (strstr(end, "\r\n.\r\n\n"))
                continue; /* nor that with more behind it */
            each_way(slice_of(end));
        }
    }
    for (size_t i = 0; i < COUNT_OF(others); i++, tried++)
        each_way(others[i]);
    assert_true(tried >= 60);
}

/* In a chunk the true end is text as well. */
static void test_the_true_end_is_none_in_a_chunk(void **state)
{
    (void)state;
    try(SLICE("\r\n.\r\n"), (struct way){.chunked = true});
    try(SLICE("\r\n.\r\n"), (struct way){.chunked = true, .by_bytes = true});
}

/* What was sent behind STARTTLS in the same breath is never a command (RFC 3207 4; facts: injection). */
static void test_nothing_is_injected_behind_starttls(void **state)
{
    static const char *const injected[] = {
        "RSET\r\n",
        "EHLO evil\r\nMAIL FROM:<evil@c.test>\r\n",
        "NOOP\r\n",
        "X",
        "\r\n",
        "\n",
        "MAIL FROM:<evil@c.test>\r\nRCPT TO:<alice@home.test>\r\nDATA\r\nx\r\n.\r\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(injected); i++) {
        struct fake fake;
        scoped_value(bytes) all = {0};
        fake_begin(&fake, "smtp", true);
        fake_feed(&fake, SLICE("EHLO a\r\n"));
        bytes_print(&all, "STARTTLS\r\n%s", injected[i]);
        fake_feed(&fake, bytes_slice(&all));
        fake_feed(&fake, SLICE("EHLO a\r\nMAIL FROM:<evil@c.test>\r\n"));
        if (!fake.over || strstr(fake.out.at, "250 2.1.0"))
            fail_msg("\"%s\" behind STARTTLS went through: %s", injected[i], fake.out.at);
        fake_end(&fake);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_false_ends),
        cmocka_unit_test(test_the_true_end_is_none_in_a_chunk),
        cmocka_unit_test(test_nothing_is_injected_behind_starttls),
    };
    return cmocka_run_group_tests_name("smtp smuggling", tests, NULL, NULL);
}
