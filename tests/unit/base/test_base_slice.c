#include "test.h"

#include "scope.h"
#include "slice.h"

static const struct slice none = {NULL, 0};

static void comparing_ignores_case_only_where_asked(void **state)
{
    (void)state;
    assert_true(slice_is(SLICE("abc"), "abc"));
    assert_false(slice_is(SLICE("abc"), "ABC"));
    assert_true(slice_is_nocase(SLICE("aBc"), "AbC"));
    assert_false(slice_is_nocase(SLICE("\xc3\xa4"), "\xc3\x84")); /* ASCII letters only */
    assert_false(slice_is_nocase(SLICE("@["), "`{"));
    assert_true(slice_eq(none, SLICE("")));
    assert_true(slice_eq(SLICE("a\0b"), SLICE("a\0b")));
    assert_false(slice_is(SLICE("a\0b"), "a"));
    assert_true(slice_eq_secret(SLICE("token"), SLICE("token")));
    assert_false(slice_eq_secret(SLICE("token"), SLICE("tokem")));
    assert_false(slice_eq_secret(SLICE("token"), SLICE("toke")));
    assert_true(slice_eq_secret(none, none));
}

static void beginnings_and_ends(void **state)
{
    (void)state;
    assert_true(slice_starts(SLICE("abc"), SLICE("ab")));
    assert_true(slice_starts(none, none));
    assert_false(slice_starts(SLICE("a"), SLICE("ab")));
    assert_true(slice_starts_nocase(SLICE("Re: x"), "re:"));
    assert_false(slice_starts_nocase(SLICE("R"), "re:"));
    assert_true(slice_ends(SLICE("abc"), SLICE("bc")));
    assert_false(slice_ends(SLICE("c"), SLICE("bc")));
    assert_true(slice_ends_nocase(SLICE("x.EXAMPLE"), ".example"));
    assert_false(slice_ends_nocase(none, "x"));
}

static void order_is_of_bytes_and_shorter_first(void **state)
{
    (void)state;
    assert_true(slice_compare(SLICE("a"), SLICE("b")) < 0);
    assert_true(slice_compare(SLICE("a"), SLICE("ab")) < 0);
    assert_true(slice_compare(SLICE("\xff"), SLICE("a")) > 0);
    assert_int_equal(slice_compare(none, SLICE("")), 0);
    assert_true(slice_compare(none, SLICE("a")) < 0);
}

static void finding(void **state)
{
    (void)state;
    assert_int_equal(slice_find(SLICE("a.b.c"), '.'), 1);
    assert_int_equal(slice_find_last(SLICE("a.b.c"), '.'), 3);
    assert_true(slice_find(SLICE("abc"), '.') == SIZE_MAX);
    assert_true(slice_find(none, '.') == SIZE_MAX);
    assert_true(slice_find_last(none, '.') == SIZE_MAX);
    assert_int_equal(slice_find_text(SLICE("a\r\n.\r\n"), SLICE("\r\n.")), 1);
    assert_true(slice_find_text(SLICE("ab"), SLICE("abc")) == SIZE_MAX);
    assert_int_equal(slice_find_text(none, SLICE("")), 0);
    assert_int_equal(slice_find_text_nocase(SLICE("x CHARSET=y"), "charset="), 2);
    assert_true(slice_find_text_nocase(SLICE("chars"), "charset=") == SIZE_MAX);
    assert_true(slice_has(SLICE("abc"), "bc"));
    assert_false(slice_has(none, "bc"));
}

static void parts_of_nothing_are_nothing(void **state)
{
    (void)state;
    assert_true(slice_empty(slice_from(none, 0)));
    assert_true(slice_empty(slice_from(SLICE("abc"), 4)));
    assert_true(slice_is(slice_from(SLICE("abc"), 1), "bc"));
    assert_true(slice_is(slice_first(SLICE("abc"), SIZE_MAX), "abc"));
    assert_true(slice_empty(slice_trim(SLICE(" \t\r\n"))));
    assert_true(slice_is(slice_trim(SLICE("\t a b \r\n")), "a b"));
    assert_true(slice_empty(slice_trim(none)));
}

static void cutting_ends_its_loop(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *joined;
    } rows[] = {
        {"one part without a comma",                "a",    "<a>"     },
        {"a comma at the end leaves an empty part", "a,",   "<a><>"   },
        {"commas in a row too",                     "a,,b", "<a><><b>"},
        {"the empty text is one empty part",        "",     "<>"      },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char joined[64] = "";
        struct slice rest = slice_of(rows[i].text);
        while (rest.at) {
            struct slice part = slice_cut(&rest, ',');
            strcat(strncat(strcat(joined, "<"), part.at, part.len), ">");
        }
        if (strcmp(joined, rows[i].joined) != 0)
            fail_msg("%s: %s", rows[i].name, joined);
    }
}

static void lines_lose_one_end_each(void **state)
{
    (void)state;
    struct slice rest = SLICE("a\r\nb\n\r\r\nc\r");

    assert_true(slice_is(slice_line(&rest), "a"));
    assert_true(slice_is(slice_line(&rest), "b"));
    assert_true(slice_is(slice_line(&rest), "\r"));
    assert_non_null(rest.at);
    assert_true(slice_is(slice_line(&rest), "c\r")); /* no LF: the CR is part of it */
    assert_null(rest.at);
}

static void numbers_are_digits_within_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t max, number; /* -1: refused */
    } rows[] = {
        {"0",                       9,         0        },
        {"007",                     9,         7        },
        {"10",                      9,         -1       },
        {"9",                       8,         -1       },
        {"",                        9,         -1       },
        {"+1",                      9,         -1       },
        {"-1",                      9,         -1       },
        {" 1",                      9,         -1       },
        {"1x",                      9,         -1       },
        {"5",                       0,         -1       },
        {"9223372036854775807",     INT64_MAX, INT64_MAX},
        {"9223372036854775808",     INT64_MAX, -1       },
        {"99999999999999999999999", INT64_MAX, -1       },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t number = -1;
        bool read = slice_to_number(slice_of(rows[i].text), rows[i].max, &number);
        if (read != (rows[i].number >= 0) || number != rows[i].number)
            fail_msg("\"%s\" at most %ld became %ld", rows[i].text, rows[i].max, number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing_ignores_case_only_where_asked),
        cmocka_unit_test(beginnings_and_ends),
        cmocka_unit_test(order_is_of_bytes_and_shorter_first),
        cmocka_unit_test(finding),
        cmocka_unit_test(parts_of_nothing_are_nothing),
        cmocka_unit_test(cutting_ends_its_loop),
        cmocka_unit_test(lines_lose_one_end_each),
        cmocka_unit_test(numbers_are_digits_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
