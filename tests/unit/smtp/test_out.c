/* Replies of others, the text as it leaves, and who travels with whom. */
#include "test.h"

#include "framing.h"
#include "memory.h"
#include "out_reply.h"
#include "out_text.h"

#include <stdio.h>

/* ---- replies ---- */

static void test_replies(void **state)
{
    static const struct {
        const char *name, *text;
        enum reply_result result;
        const char *printed;
        size_t left;
    } cases[] = {
        {"one line",                      "250 ok\r\n",                   REPLY_WHOLE,  "250 ok",            0},
        {"a code alone",                  "250\r\n",                      REPLY_WHOLE,  "250",               0},
        {"many lines",                    "550-5.1.1 no\r\n550 such\r\n", REPLY_WHOLE,  "550 5.1.1 no such", 0},
        {"an empty line inside",          "250-\r\n250-a\r\n250 b\r\n",   REPLY_WHOLE,  "250 a b",           0},
        {"the next one stays",            "250 a\r\n354 b\r\n",           REPLY_WHOLE,  "250 a",             7},
        {"half a line",                   "250 o",                        REPLY_PART,   NULL,                0},
        {"half of its lines",             "250-a\r\n",                    REPLY_PART,   NULL,                0},
        {"control bytes are shown",       "250 a\tb\x01\xc3\xbc\r\n",     REPLY_WHOLE,  "250 a?b???",        0},
        {"no code",                       "hello\r\n",                    REPLY_BROKEN, NULL,                0},
        {"a code of two digits",          "25 ok\r\n",                    REPLY_BROKEN, NULL,                0},
        {"a code of four digits",         "2500 ok\r\n",                  REPLY_BROKEN, NULL,                0},
        {"1yz is none of SMTP's",         "150 ok\r\n",                   REPLY_BROKEN, NULL,                0},
        {"699 is no code",                "699 ok\r\n",                   REPLY_BROKEN, NULL,                0},
        {"two codes",                     "250-a\r\n251 b\r\n",           REPLY_BROKEN, NULL,                0},
        {"a bare LF",                     "250 ok\n",                     REPLY_BROKEN, NULL,                0},
        {"a CR inside",                   "250 o\rk\r\n",                 REPLY_BROKEN, NULL,                0},
        {"an empty line",                 "\r\n",                         REPLY_BROKEN, NULL,                0},
        {"an underscore behind the code", "250_ok\r\n",                   REPLY_BROKEN, NULL,                0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct slice rest = slice_of(cases[i].text);
        struct smtp_reply reply;
        char printed[100];
        if (smtp_reply_read(&rest, &reply) != cases[i].result)
            fail_msg("%s: read otherwise", cases[i].name);
        if (cases[i].result != REPLY_WHOLE)
            continue;
        smtp_reply_print(&reply, printed, sizeof printed);
        if (strcmp(printed, cases[i].printed) != 0 || rest.len != cases[i].left)
            fail_msg("%s: \"%s\", %zu left", cases[i].name, printed, rest.len);
    }
}

static enum reply_result read_long(size_t line_len, size_t lines)
{
    scoped_value(bytes) text = {0};
    struct smtp_reply reply;

    for (size_t i = 0; i < lines; i++) {
        bytes_add_text(&text, i + 1 < lines ? "250-" : "250 ");
        for (size_t at = 6; at < line_len; at++)
            bytes_add_char(&text, 'x');
        bytes_add_text(&text, "\r\n");
    }
    struct slice rest = bytes_slice(&text);
    return smtp_reply_read(&rest, &reply);
}

static void test_replies_are_bounded(void **state)
{
    char dashes[600];
    struct slice rest = {dashes, sizeof dashes};
    struct smtp_reply reply;

    (void)state;
    assert_int_equal(read_long(512, 1), REPLY_WHOLE);
    assert_int_equal(read_long(513, 1), REPLY_BROKEN);
    assert_int_equal(read_long(512, 100), REPLY_WHOLE);
    assert_int_equal(read_long(10, 101), REPLY_BROKEN);
    memset(dashes, '-', sizeof dashes);
    assert_int_equal(smtp_reply_read(&rest, &reply), REPLY_BROKEN);
}

static void test_printed_is_cut(void **state)
{
    struct slice rest = SLICE("550 a long story\r\n");
    struct smtp_reply reply;
    char printed[8];

    (void)state;
    assert_int_equal(smtp_reply_read(&rest, &reply), REPLY_WHOLE);
    smtp_reply_print(&reply, printed, sizeof printed);
    assert_string_equal(printed, "550 a l");
}

static void test_offers(void **state)
{
    struct slice rest =
        SLICE("250-PIPELINING.test says STARTTLS\r\n250-pipelining\r\n250-SIZE 1000\r\n"
              "250-AUTH LOGIN plain\r\n250-X-8BITMIME\r\n250 8BITMIME\r\n");
    struct smtp_reply reply;
    struct smtp_offers offers;

    (void)state;
    assert_int_equal(smtp_reply_read(&rest, &reply), REPLY_WHOLE);
    smtp_offers_read(&reply, &offers);
    assert_true(offers.pipelining && offers.eight_bit && offers.plain && offers.sized);
    assert_false(offers.starttls || offers.utf8);
    assert_int_equal(offers.size, 1000);
}

/* ---- the text ---- */

static void test_text(void **state)
{
    static const struct {
        const char *name;
        struct slice text;
        const char *sent; /* without the final dot */
    } cases[] = {
        {"as it should be",             {"a\r\nb\r\n", 6},         "a\r\nb\r\n"          },
        {"the last line is ended",      {"a\r\nb", 4},             "a\r\nb\r\n"          },
        {"bare LF",                     {"a\nb\n", 4},             "a\r\nb\r\n"          },
        {"bare CR",                     {"a\rb\r\n", 5},           "a b\r\n"             },
        {"CR CR LF",                    {"a\r\r\n", 4},            "a \r\n"              },
        {"CR at the end",               {"a\r", 2},                "a \r\n"              },
        {"NUL",                         {"a\0b\n", 4},             "a b\r\n"             },
        {"dots are stuffed",            {".\r\n..\r\n.a\r\n", 11}, "..\r\n...\r\n..a\r\n"},
        {"a dot inside is not",         {"a.\r\nb.c\r\n", 9},      "a.\r\nb.c\r\n"       },
        {"LF dot LF",                   {"a\n.\nb\n", 6},          "a\r\n..\r\nb\r\n"    },
        {"CR dot CR",                   {"a\r.\rb\n", 6},          "a . b\r\n"           },
        {"LF dot CR LF",                {"a\n.\r\nb\n", 7},        "a\r\n..\r\nb\r\n"    },
        {"CR LF dot CR",                {"a\r\n.\rb\n", 7},        "a\r\n.. b\r\n"       },
        {"CR at the start, then a dot", {"\r.\r\n", 4},            " .\r\n"              },
        {"nothing",                     {"", 0},                   ""                    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t step = 1; step <= 3; step++) {
            struct out_text text = {.at_start = true};
            scoped_value(bytes) out = {0};
            for (size_t at = 0; at < cases[i].text.len; at += step)
                out_text_add(&text, slice_first(slice_from(cases[i].text, at), step), &out);
            out_text_end(&text, &out);
            scoped_text char *expected = must_print("%s.\r\n", cases[i].sent);
            if (strcmp(out.at, expected) != 0)
                fail_msg("%s, by %zu: \"%s\"", cases[i].name, step, out.at);
        }
    }
}

/* Every text of five of the bytes that matter is read by our own server as exactly one mail. */
static void test_no_text_smuggles(void **state)
{
    static const char alphabet[] = {'\r', '\n', '.', 'a', '\0'};
    enum { LEN = 5, ALL = 5 * 5 * 5 * 5 * 5 };

    (void)state;
    for (int number = 0; number < ALL; number++) {
        struct out_text text = {.at_start = true};
        struct framing framing;
        scoped_value(bytes) out = {0};
        scoped_value(bytes) read = {0};
        char bytes[LEN];
        for (int i = 0, rest = number; i < LEN; i++, rest /= 5)
            bytes[i] = alphabet[rest % 5];
        out_text_add(&text, (struct slice){bytes, LEN}, &out);
        out_text_end(&text, &out);
        framing_init(&framing, false);
        size_t used = framing_feed(&framing, bytes_slice(&out), &read);
        if (used != out.len || framing.state != FRAMING_END || framing.smuggling || framing.nul)
            fail_msg("text %d is read otherwise", number);
    }
}

static void test_facts(void **state)
{
    static const struct {
        const char *name, *text;
        int64_t size;
        bool eight_bit, utf8_header;
    } cases[] = {
        {"plain",             "A: b\n\nhi\n",        12, false, false},
        {"letters in a body", "A: b\n\n\xc3\xbc\n",  12, true,  false},
        {"in a header",       "A: \xc3\xbc\n\nhi\n", 13, true,  true },
        {"no header",         "\n\xc3\xbc\n",        6,  true,  false},
        {"without an end",    "A: b\n\nhi",          12, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        scoped(source) body = source_of_slice(slice_of(cases[i].text));
        struct out_facts facts;
        struct err err;
        assert_true(out_text_facts(body, &facts, &err));
        if (facts.size != cases[i].size || facts.eight_bit != cases[i].eight_bit ||
            facts.utf8_header != cases[i].utf8_header)
            fail_msg("%s: %lld %d %d", cases[i].name, (long long)facts.size, facts.eight_bit,
                     facts.utf8_header);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies),        cmocka_unit_test(test_replies_are_bounded),
        cmocka_unit_test(test_printed_is_cut), cmocka_unit_test(test_offers),
        cmocka_unit_test(test_text),           cmocka_unit_test(test_no_text_smuggles),
        cmocka_unit_test(test_facts),
    };
    return cmocka_run_group_tests_name("smtp out", tests, NULL, NULL);
}
