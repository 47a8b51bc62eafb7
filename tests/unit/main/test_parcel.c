/* Files on their way to the client: pieces, and names that lead nowhere else. */
#include "test.h"

#include "parcel.h"

static bool note(void *ctx, const struct parcel_piece *piece, struct err *err)
{
    (void)err;
    bytes_print(ctx, "[%s %lld %.*s]", piece->name, (long long)piece->modified_s,
                SLICE_ARGS(piece->bytes));
    return true;
}

static void pieces_come_as_they_were_put(void **state)
{
    scoped_value(bytes) sent = {0};
    struct err err = {0};

    (void)state;
    parcel_add(&sent, "mail/new/", 0, SLICE(""));
    parcel_add(&sent, "mail/cur/1:2,S", 1795000000, SLICE("a\nb"));
    parcel_add(&sent, "mail/cur/1:2,S", 1795000000, SLICE("c"));
    parcel_add(&sent, "empty", 0, SLICE(""));
    for (size_t step = 1; step <= sent.len; step++) {
        scoped_value(bytes) got = {0};
        struct parcel parcel = {.take = note, .ctx = &got};
        for (struct slice rest = bytes_slice(&sent); rest.len > 0;) {
            struct slice some = slice_first(rest, step);
            assert_true(parcel_read(&parcel, some, &err));
            rest = slice_from(rest, some.len);
        }
        assert_true(parcel_is_whole(&parcel));
        parcel_clear(&parcel);
        assert_non_null(strstr(got.at, "[mail/new/ 0 ][mail/cur/1:2,S 1795000000 a"));
        assert_non_null(strstr(got.at, "[mail/cur/1:2,S 1795000000 c][empty 0 ]"));
    }
}

static void half_a_parcel_is_none(void **state)
{
    static const char *const cut[] = {"0 4 na", "0 4 name\n", "0 4 name\nabc"};
    scoped_value(bytes) got = {0};
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cut); i++) {
        struct parcel parcel = {.take = note, .ctx = &got};
        assert_true(parcel_read(&parcel, slice_of(cut[i]), &err));
        assert_false(parcel_is_whole(&parcel));
        parcel_clear(&parcel);
    }
}

static void names_lead_nowhere_else(void **state)
{
    static const struct {
        const char *name;
        bool good;
    } rows[] = {
        {"a",                    true },
        {"a/",                   true },
        {".a/b..c",              true },
        {"mail/.S&APw-den/cur/", true },
        {"",                     false},
        {"/",                    false},
        {"/a",                   false},
        {"a//b",                 false},
        {"..",                   false},
        {"a/../b",               false},
        {"./a",                  false},
        {"a\tb",                 false},
        {"a/b\x7f",              false},
        {"../",                  false},
    };
    char longest[2 * PARCEL_PART_MAX + 1];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (parcel_name_is_good(slice_of(rows[i].name)) != rows[i].good)
            fail_msg("%s", rows[i].name);
    memset(longest, 'x', sizeof longest);
    assert_true(parcel_name_is_good((struct slice){longest, PARCEL_PART_MAX}));
    assert_false(parcel_name_is_good((struct slice){longest, PARCEL_PART_MAX + 1}));
}

static void what_is_no_parcel(void **state)
{
    static const char *const rows[] = {
        "\n",          "0 1\nx",        "x 1 name\n",   "0 x name\n",
        "-1 0 name\n", "0 0 ../name\n", "0 1 name/\nx", "0 99999999999999999999 name\n",
    };
    scoped_value(bytes) got = {0};
    char endless[2 * PARCEL_NAME_MAX];
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct parcel parcel = {.take = note, .ctx = &got};
        if (parcel_read(&parcel, slice_of(rows[i]), &err))
            fail_msg("%s", rows[i]);
        parcel_clear(&parcel);
    }
    assert_int_equal(got.len, 0);
    memset(endless, '1', sizeof endless);
    struct parcel parcel = {.take = note, .ctx = &got};
    assert_false(parcel_read(&parcel, (struct slice){endless, sizeof endless}, &err));
    parcel_clear(&parcel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_come_as_they_were_put),
        cmocka_unit_test(half_a_parcel_is_none),
        cmocka_unit_test(names_lead_nowhere_else),
        cmocka_unit_test(what_is_no_parcel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
