/* Paths of MAIL and RCPT. */
#include "test.h"

#include "grammar.h"
#include "scope.h"

static const struct {
    const char *name, *path;
    enum path_result result;
    const char *address, *rest;
} rows[] = {
  /* clang-format off */
    {"a plain address",                   "<a.b@c.test>",                 PATH_GOOD,      "a.b@c.test",      ""},
    {"parameters stay behind it",         "<a@c.test> SIZE=1",            PATH_GOOD,      "a@c.test",        " SIZE=1"},
    {"nobody",                            "<>",                           PATH_GOOD,      "",                ""},
    {"a source route is skipped",         "<@x.test,@y.test:a@c.test>",   PATH_GOOD,      "a@c.test",        ""},
    {"a quoted local part is unquoted",   "<\"a b\\\"c\"@c.test>",        PATH_GOOD,      "a b\"c@c.test",   ""},
    {"an address literal",                "<a@[192.0.2.1]>",              PATH_GOOD,      "a@[192.0.2.1]",   ""},
    {"a name with underscore",            "<x@_a.test>",                  PATH_GOOD,      "x@_a.test",       ""},
    {"plus and equals",                   "<bob=social.example+mail@d.test>", PATH_GOOD,  "bob=social.example+mail@d.test", ""},
    {"postmaster alone",                  "<PostMaster>",                 PATH_GOOD,      "PostMaster",      ""},
    {"no domain",                         "<alice>",                      PATH_MALFORMED, "",                ""},
    {"no brackets",                       "a@c.test",                     PATH_MALFORMED, "",                ""},
    {"two dots",                          "<a..b@c.test>",                PATH_MALFORMED, "",                ""},
    {"dot at the end",                    "<a.@c.test>",                  PATH_MALFORMED, "",                ""},
    {"domain with two dots",              "<a@c..test>",                  PATH_MALFORMED, "",                ""},
    {"space inside",                      "<a @c.test>",                  PATH_MALFORMED, "",                ""},
    {"not closed",                        "<a@c.test",                    PATH_MALFORMED, "",                ""},
    {"a control byte in quotes",          "<\"a\x01\"@c.test>",           PATH_MALFORMED, "",                ""},
    {"65 octets before the @",            "<aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg@c.test>", PATH_LOCAL_TOO_LONG, NULL, ""},
    {"not ASCII",                         "<\xc3\xbc@c.test>",            PATH_NEEDS_UTF8, "\xc3\xbc@c.test", ""},
    {"neither ASCII nor UTF-8",           "<\xff@c.test>",                PATH_MALFORMED, "", ""},
    {"UTF-8, longer than it must be",     "<\xc0\xafx@c.test>",          PATH_MALFORMED, "", ""},
  /* clang-format on */
};

static void test_paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char out[ADDRESS_SIZE];
        struct slice rest = slice_of(rows[i].path);
        enum path_result result = path_read(&rest, out);
        if (result != rows[i].result)
            fail_msg("%s: result %d, not %d", rows[i].name, (int)result, (int)rows[i].result);
        if (result == PATH_MALFORMED)
            continue;
        if (rows[i].address && strcmp(out, rows[i].address) != 0)
            fail_msg("%s: read \"%s\"", rows[i].name, out);
        if (!slice_is(rest, rows[i].rest))
            fail_msg("%s: left \"%.*s\"", rows[i].name, SLICE_ARGS(rest));
    }
}

static void test_an_endless_address_is_bounded(void **state)
{
    char path[2000];
    char out[ADDRESS_SIZE];

    (void)state;
    memset(path, 'a', sizeof path);
    path[0] = '<';
    struct slice rest = {path, sizeof path};
    assert_int_equal(path_read(&rest, out), PATH_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_an_endless_address_is_bounded),
    };
    return cmocka_run_group_tests_name("smtp grammar", tests, NULL, NULL);
}
