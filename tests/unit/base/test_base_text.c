/* base64, hex, percent, UTF-8, HTML. */
#include "test.h"

#include "text.h"

#include <stdio.h>

static void base64_of_rfc_4648(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *text;
    } rows[] = {
        {"",         ""        },
        {"f",        "Zg=="    },
        {"fo",       "Zm8="    },
        {"foo",      "Zm9v"    },
        {"foob",     "Zm9vYg=="},
        {"fooba",    "Zm9vYmE="},
        {"foobar",   "Zm9vYmFy"},
        {"\xfb\xff", "+/8="    },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) text = {0};
        scoped_value(bytes) raw = {0};
        base64_add(&text, slice_of(rows[i].raw));
        assert_string_equal(bytes_slice(&text).at, rows[i].text);
        assert_true(base64_read(slice_of(rows[i].text), &raw));
        assert_string_equal(bytes_slice(&raw).at, rows[i].raw);
    }
}

static void base64_is_read_strictly(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "Z",    "Zg",   "Zg=",  "Zg===",    "Zg== ", " Zg==", "Zm9v\n", "Zh==",
        "Zm9=", "=Zg=", "====", "Zg==Zm9v", "Zm-_",  "Z===",  "Zg=A",   "Zm8=Zm8=",
    };

    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        scoped_value(bytes) raw = {0};
        bytes_add_text(&raw, "kept");
        if (base64_read(slice_of(broken[i]), &raw))
            fail_msg("%s was read", broken[i]);
        assert_string_equal(raw.at, "kept");
    }
    scoped_value(bytes) raw = {0};
    assert_false(base64_read(SLICE("Zg\0="), &raw));
}

static void other_alphabets(void **state)
{
    (void)state;
    scoped_value(bytes) out = {0};

    base64url_add(&out, SLICE("\xfb\xff"));
    bytes_add_char(&out, ' ');
    hex_add(&out, SLICE("\0\x9f\xff"));
    assert_string_equal(out.at, "-_8 009fff");
}

static void percent_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *plain; /* NULL: refused */
    } rows[] = {
        {"nothing to do",        "a-b_c.d~e",                  "a-b_c.d~e"             },
        {"an address",           "acct%3Aalice%40example.org", "acct:alice@example.org"},
        {"small digits",         "%c3%a4",                     "\xc3\xa4"              },
        {"a plus is a plus",     "a+b",                        "a+b"                   },
        {"read once, not twice", "%2541",                      "%41"                   },
        {"an escaped NUL",       "a%00b",                      NULL                    },
        {"cut off",              "a%4",                        NULL                    },
        {"cut off earlier",      "a%",                         NULL                    },
        {"no digits",            "%zz",                        NULL                    },
        {"one digit",            "%4z",                        NULL                    },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) plain = {0};
        bool read = percent_read(slice_of(rows[i].text), &plain);
        if (read != (rows[i].plain != NULL) ||
            strcmp(bytes_slice(&plain).at, read ? rows[i].plain : "") != 0)
            fail_msg("%s: %s", rows[i].name, bytes_slice(&plain).at);
    }
    scoped_value(bytes) out = {0};
    percent_add(&out, SLICE("a/b c\xc3\xa4~"));
    assert_string_equal(out.at, "a%2Fb%20c%C3%A4~");
    assert_false(percent_read(SLICE("a\0b"), &out));
}

static void utf8_of_rfc_3629(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        bool valid;
    } rows[] = {
        {"two bytes",             "\xc3\xa4",             true },
        {"three bytes",           "\xe2\x82\xac",         true },
        {"four bytes",            "\xf0\x9f\x98\x80",     true },
        {"the last there is",     "\xf4\x8f\xbf\xbf",     true },
        {"beyond the last",       "\xf4\x90\x80\x80",     false},
        {"five bytes",            "\xf8\x88\x80\x80\x80", false},
        {"slash in two bytes",    "\xc0\xaf",             false},
        {"slash in three bytes",  "\xe0\x80\xaf",         false},
        {"overlong of four",      "\xf0\x8f\xbf\xbf",     false},
        {"a surrogate",           "\xed\xa0\x80",         false},
        {"before the surrogates", "\xed\x9f\xbf",         true },
        {"a lone follower",       "\x80",                 false},
        {"cut off",               "\xe2\x82",             false},
        {"Latin-1",               "caf\xe9",              false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (utf8_valid(slice_of(rows[i].text)) != rows[i].valid)
            fail_msg("%s", rows[i].name);
    assert_false(utf8_valid(SLICE("a\0b")));
    assert_true(utf8_valid(SLICE("")));
}

static void characters_are_counted_and_never_cut(void **state)
{
    (void)state;
    struct slice text = SLICE("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");

    assert_int_equal(utf8_count(text), 4);
    assert_int_equal(utf8_first(text, 2).len, 3);
    assert_int_equal(utf8_first(text, 3).len, 6);
    assert_int_equal(utf8_first(text, 99).len, 10);
    assert_int_equal(utf8_first(text, 0).len, 0);
    assert_int_equal(utf8_count(SLICE("\xff\xe2\x82")), 3);
}

static void code_points_are_written_back(void **state)
{
    (void)state;
    static const uint32_t codes[] = {1,      0x7f,   0x80,   0x7ff,   0x800,
                                     0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};

    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        scoped_value(bytes) out = {0};
        uint32_t code = 0;
        utf8_add(&out, codes[i]);
        assert_int_equal(utf8_read(bytes_slice(&out), &code), out.len);
        assert_int_equal(code, codes[i]);
    }
    scoped_value(bytes) out = {0};
    utf8_add(&out, 0xd800);
    utf8_add(&out, 0x110000);
    assert_string_equal(out.at, "\xef\xbf\xbd\xef\xbf\xbd");
}

static void html_marks_are_escaped(void **state)
{
    (void)state;
    scoped_value(bytes) out = {0};

    html_escape_add(&out, SLICE("<a href=\"x\">&amp;'\xc3\xa4</a>"));
    assert_string_equal(out.at, "&lt;a href=&quot;x&quot;&gt;&amp;amp;&#39;\xc3\xa4&lt;/a&gt;");
}

static void words_are_laid_in_lines(void **state)
{
    (void)state;
    scoped_value(bytes) out = {0};
    char text[200], line[100];

    memset(text, 'x', 78);
    snprintf(text + 70, sizeof text - 70, " aaaaaa b");
    snprintf(line, sizeof line, "> %.70s\n> aaaaaa b\n", text);
    text_wrap(&out, "> ", text);
    assert_string_equal(out.at, line);
    bytes_reset(&out);
    text_wrap(&out, "", "");
    assert_string_equal(out.at, "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_of_rfc_4648),
        cmocka_unit_test(base64_is_read_strictly),
        cmocka_unit_test(other_alphabets),
        cmocka_unit_test(percent_escapes),
        cmocka_unit_test(utf8_of_rfc_3629),
        cmocka_unit_test(characters_are_counted_and_never_cut),
        cmocka_unit_test(code_points_are_written_back),
        cmocka_unit_test(html_marks_are_escaped),
        cmocka_unit_test(words_are_laid_in_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
