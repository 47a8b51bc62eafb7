#include "test.h"

#include "text.h"

static void hosts_have_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *name, *host, *canonical; /* NULL: refused */
    } rows[] = {
        {"a plain name stays",                        "mx.example.org",                                                        "mx.example.org"       },
        {"capitals become small",                     "MX.Example.ORG",                                                        "mx.example.org"       },
        {"one dot at the end goes",                   "example.org.",                                                          "example.org"          },
        {"two dots at the end do not",                "example.org..",                                                         NULL                   },
        {"letters become A-labels",
         "b\xc3\xbc"
         "cher.example",                                                                                                       "xn--bcher-kva.example"},
        {"capital letters too",
         "B\xc3\x9c"
         "CHER.example",                                                                                                       "xn--bcher-kva.example"},
        {"A-labels stay",                             "XN--Bcher-KVA.example",                                                 "xn--bcher-kva.example"},
        {"sharp s is a letter of its own",
         "stra\xc3\x9f"
         "e.example",                                                                                                          "xn--strae-oqa.example"},
        {"an A-label that encodes nothing right",     "xn--a.example",                                                         NULL                   },
        {"an underscore may begin a label",           "_a.test",                                                               "_a.test"              },
        {"and stand beside letters",
         "_a.b\xc3\xbc"
         "cher.test",                                                                                                          "_a.xn--bcher-kva.test"},
        {"hyphens in the third and fourth place",     "r3---sn.example.org",                                                   "r3---sn.example.org"  },
        {"an ideographic full stop is a dot",         "a\xe3\x80\x82test",                                                     "a.test"               },
        {"full-width letters are letters",            "\xef\xbd\x81.test",                                                     "a.test"               },
        {"a label of digits is fine before the last", "3.example",                                                             "3.example"            },
        {"a single label",                            "localhost",                                                             NULL                   },
        {"nothing",                                   "",                                                                      NULL                   },
        {"a dot",                                     ".",                                                                     NULL                   },
        {"an empty label",                            "a..test",                                                               NULL                   },
        {"a leading dot",                             ".a.test",                                                               NULL                   },
        {"IPv4",                                      "192.0.2.1",                                                             NULL                   },
        {"IPv4 in few numbers",                       "127.1",                                                                 NULL                   },
        {"IPv4 in hexadecimal",                       "0x7f.0x1",                                                              NULL                   },
        {"IPv4 in full-width digits",                 "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.\xef\xbc\x91",                     NULL                   },
        {"IPv6",                                      "[2001:db8::1]",                                                         NULL                   },
        {"IPv6 bare",                                 "2001:db8::1",                                                           NULL                   },
        {"a port",                                    "a.test:443",                                                            NULL                   },
        {"userinfo",                                  "user@a.test",                                                           NULL                   },
        {"a path",                                    "a.test/x",                                                              NULL                   },
        {"a space",                                   "a b.test",                                                              NULL                   },
        {"a space at the end",                        "a.test ",                                                               NULL                   },
        {"a percent sign",                            "a%2e.test",                                                             NULL                   },
        {"a hyphen in front",                         "-a.test",                                                               NULL                   },
        {"a hyphen behind",                           "a-.test",                                                               NULL                   },
        {"a line break",                              "a.test\r\n",                                                            NULL                   },
        {"broken UTF-8",                              "a\xff.test",                                                            NULL                   },
        {"a right-to-left mark",                      "a\xe2\x80\x8f.test",                                                    NULL                   },
        {"a full-width slash",
         "a\xef\xbc\x8f"
         "b.test",                                                                                                             NULL                   },
        {"a label of 63",                             "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123.test",
         "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123.test"                                                                       },
        {"a label of 64",                             "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234.test",
         NULL                                                                                                                                         },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        char *out = NULL;
        bool right = host_canonical(slice_of(rows[i].host), &out, &err);
        if (right != (rows[i].canonical != NULL))
            fail_msg("%s: %s %s", rows[i].name, right ? out : "refused", err.cause);
        if (right)
            assert_string_equal(out, rows[i].canonical);
        else
            assert_int_equal(err.kind, ERR_MALFORMED);
        free(out);
    }
}

static void nobody_hides_behind_a_nul(void **state)
{
    (void)state;
    struct err err;
    char *out = NULL;

    assert_false(host_canonical(SLICE("a.test\0.evil.test"), &out, &err));
}

static void long_names_are_refused(void **state)
{
    (void)state;
    struct err err;
    scoped_value(bytes) host = {0};
    char *out = NULL;

    for (int i = 0; i < 62; i++)
        bytes_add_text(&host, "abc.");
    bytes_add_text(&host, "testx"); /* 253 */
    assert_true(host_canonical(bytes_slice(&host), &out, &err));
    free(out);
    bytes_add_char(&host, 'y');
    assert_false(host_canonical(bytes_slice(&host), &out, &err));
    for (int i = 0; i < 100000; i++)
        bytes_add_text(&host, "\xc3\xbc.");
    assert_false(host_canonical(bytes_slice(&host), &out, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_have_one_form),
        cmocka_unit_test(nobody_hides_behind_a_nul),
        cmocka_unit_test(long_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
