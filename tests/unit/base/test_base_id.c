#include "test.h"

#include "id.h"
#include "scope.h"

static void refs_are_a_digit_and_letters_of_the_alphabet(void **state)
{
    (void)state;
    char first[REF_LEN + 1] = "";
    bool digits[10] = {false};

    for (int i = 0; i < 1000; i++) {
        char ref[REF_LEN + 1];
        ref_new(ref);
        assert_int_equal(strlen(ref), REF_LEN);
        assert_true(ref_like(slice_of(ref)));
        assert_string_not_equal(ref, first);
        memcpy(first, ref, sizeof ref);
        digits[ref[0] - '0'] = true;
    }
    for (size_t i = 0; i < COUNT_OF(digits); i++)
        assert_true(digits[i]);
}

static void what_looks_like_a_ref(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool like;
    } rows[] = {
        {"4k2mjw8bq1x7ze",  true },
        {"4K2MJW8BQ1X7ZE",  true },
        {"012345678901",    true },
        {"4k2mjw8bq1x",     false},
        {"a4k2mjw8bq1x7",   false},
        {"4k2mjw8bq1x7zi",  false},
        {"4k2mjw8bq1x7zu",  false},
        {"4k2mjw8bq1x7-e",  false},
        {"",                false},
        {"4k2mjw8bq1x7zO",  false},
        {"4k2mjw8bq1x7zel", false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (ref_like(slice_of(rows[i].text)) != rows[i].like)
            fail_msg("%s", rows[i].text);
    assert_false(ref_like(SLICE("4k2mjw8bq1x\0ze")));
}

static void bits_become_letters_from_the_highest_on(void **state)
{
    (void)state;
    char out[9];

    id_text(SLICE("\0\0\0\0\0"), 8, out);
    assert_string_equal(out, "00000000");
    id_text(SLICE("\xff\xff\xff\xff\xff"), 8, out);
    assert_string_equal(out, "zzzzzzzz");
    id_text(SLICE("\x00\x44\x32\x14\xc7"), 8, out); /* 0 1 2 3 4 5 6 7 */
    assert_string_equal(out, "01234567");
    id_text(SLICE("\xf8"), 1, out);
    assert_string_equal(out, "z");
}

static void tokens_are_long_and_never_the_same(void **state)
{
    (void)state;
    char a[TOKEN_LEN + 1], b[TOKEN_LEN + 1];

    token_new(a);
    token_new(b);
    assert_int_equal(strlen(a), TOKEN_LEN);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refs_are_a_digit_and_letters_of_the_alphabet),
        cmocka_unit_test(what_looks_like_a_ref),
        cmocka_unit_test(bits_become_letters_from_the_highest_on),
        cmocka_unit_test(tokens_are_long_and_never_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
