/* The pure parts: sets, dates, names, the short form of a structure. */
#include "test.h"

#include "body_short.h"
#include "imap_date.h"
#include "mailbox_name.h"
#include "memory.h"
#include "sequence_set.h"

static void sets_are_read_in_any_order(void **state)
{
    static const struct {
        const char *text, *printed; /* NULL: broken */
    } rows[] = {
        {"1",            "1"           },
        {"3,1,2",        "1:3"         },
        {"5:2",          "2:5"         },
        {"1:3,2:7,9",    "1:7,9"       },
        {"*",            "9"           },
        {"8:*",          "8:9"         },
        {"12:*",         "9:12"        },
        {"0",            NULL          },
        {"1:",           NULL          },
        {"01",           NULL          },
        {"1,,2",         NULL          },
        {"4294967296",   NULL          },
        {"4294967295,1", "1,4294967295"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(number_set) set = {0};
        scoped_value(bytes) text = {0};
        bool good = number_set_read(slice_of(rows[i].text), 9, &set);

        print_message("%s\n", rows[i].text);
        assert_int_equal(good, rows[i].printed != NULL);
        number_set_print(&set, &text);
        if (good)
            assert_string_equal(text.at, rows[i].printed);
    }
}

static void a_set_is_cut_off_above(void **state)
{
    static const struct {
        uint32_t from;
        const char *left;
    } rows[] = {
        {1,  ""       },
        {2,  "1"      },
        {4,  "1:3"    },
        {5,  "1:3"    },
        {7,  "1:3,6"  },
        {8,  "1:3,6:7"},
        {10, "1:3,6:8"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(number_set) set = {0};
        scoped_value(bytes) text = {0};

        assert_true(number_set_read(SLICE("1:3,6:8"), 9, &set));
        number_set_cut(&set, rows[i].from);
        number_set_print(&set, &text);
        assert_string_equal(text.at ? text.at : "", rows[i].left);
    }
}

static void dates_are_days_of_the_calendar(void **state)
{
    int64_t ms;
    char text[IMAP_DATE_TIME_SIZE];

    (void)state;
    assert_true(imap_date_read(SLICE("22-Nov-2026"), &ms));
    assert_int_equal(ms, INT64_C(1795305600000));
    assert_false(imap_date_read(SLICE("31-Jun-2026"), &ms));
    assert_false(imap_date_read(SLICE("22-Nov-26"), &ms));
    assert_true(imap_date_time_read(SLICE("22-Nov-2026 09:30:00 +0100"), &ms));
    imap_date_time_print(ms, text);
    assert_string_equal(text, "22-Nov-2026 08:30:00 +0000");
    assert_true(imap_date_time_read(SLICE(" 1-Jan-2026 00:00:00 -0130"), &ms));
    assert_false(imap_date_time_read(SLICE("1-Jan-2026 25:00:00 +0000"), &ms));
}

static void names_go_through_utf7_and_back(void **state)
{
    static const struct {
        const char *utf8, *utf7;
    } rows[] = {
        {"INBOX",                                                                     "INBOX"      },
        {"A & B",                                                                     "A &- B"     },
        {"Gr\303\274\303\237e",                                                       "Gr&APwA3w-e"},
        {"~peter/mail/\345\217\260\345\214\227/\346\227\245\346\234\254\350\252\236",
         "~peter/mail/&U,BTFw-/&ZeVnLIqe-"                                                         },
        {"\360\237\220\246",                                                          "&2D3cJg-"   },
    };
    static const char *const broken[] = {"&",           "&A-",   "&AEE-", "&!-",
                                         "Gr\303\274n", "&2D0-", "&3CY-"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) utf7 = {0};
        scoped_value(bytes) utf8 = {0};

        mutf7_add(&utf7, slice_of(rows[i].utf8));
        assert_string_equal(utf7.at, rows[i].utf7);
        assert_true(mutf7_read(slice_of(rows[i].utf7), &utf8));
        assert_string_equal(utf8.at, rows[i].utf8);
    }
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        scoped_value(bytes) utf8 = {0};
        print_message("%s\n", broken[i]);
        assert_false(mutf7_read(slice_of(broken[i]), &utf8));
    }
}

static void patterns_fit_names(void **state)
{
    static const struct {
        const char *pattern, *name;
        bool fits;
    } rows[] = {
        {"*",        "a/b/c",                                             true },
        {"%",        "a",                                                 true },
        {"%",        "a/b",                                               false},
        {"a/%",      "a/b",                                               true },
        {"a/%",      "a/b/c",                                             false},
        {"*/%",      "a/b/c",                                             true },
        {"*b*",      "abc",                                               true },
        {"%b%/c",    "abd/c",                                             true },
        {"%b%/c",    "a/bd/c",                                            false},
        {"a",        "ab",                                                false},
        {"",         "",                                                  true },
        {"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        print_message("%s %s\n", rows[i].pattern, rows[i].name);
        assert_int_equal(mailbox_name_fits(slice_of(rows[i].name), slice_of(rows[i].pattern)),
                         rows[i].fits);
    }
}

static void structures_are_cut_short(void **state)
{
    scoped_value(bytes) out = {0};

    (void)state;
    assert_true(body_short_add(
        &out, SLICE("((\"text\" \"plain\" (\"a\" \"b\") NIL NIL \"7bit\" 3 1 NIL NIL NIL NIL)"
                    "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 9 (NIL {2}\r\nx) NIL) (\"image\" "
                    "\"png\" NIL NIL NIL \"base64\" 3 NIL NIL NIL NIL) 2 NIL NIL NIL NIL)"
                    " \"mixed\" (\"boundary\" \"x\") NIL NIL NIL)")));
    assert_string_equal(
        out.at, "((\"text\" \"plain\" (\"a\" \"b\") NIL NIL \"7bit\" 3 1)"
                "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 9 (NIL {2}\r\nx) NIL) (\"image\" "
                "\"png\" NIL NIL NIL \"base64\" 3) 2) \"mixed\")");
    assert_false(body_short_add(&out, SLICE("(\"text\"")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_read_in_any_order),
        cmocka_unit_test(a_set_is_cut_off_above),
        cmocka_unit_test(dates_are_days_of_the_calendar),
        cmocka_unit_test(names_go_through_utf7_and_back),
        cmocka_unit_test(patterns_fit_names),
        cmocka_unit_test(structures_are_cut_short),
    };
    return cmocka_run_group_tests_name("imap words", tests, NULL, NULL);
}
