#include "test.h"

#include "text.h"

static void urls_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *name, *url, *parts; /* scheme host port target fragment; NULL: refused */
    } rows[] = {
        {"everything",                                     "https://a.test:8443/x/y?z=1#f", "https a.test 8443 /x/y?z=1 f"},
        {"nothing but a host",                             "https://a.test",                "https a.test 443 / "         },
        {"plain http",                                     "http://a.test/",                "http a.test 80 / "           },
        {"capitals are kept where they mean something",    "HTTPS://A.test/X",              "https A.test 443 /X "        },
        {"an empty port",                                  "https://a.test:/x",             "https a.test 443 /x "        },
        {"a fragment without a path",                      "https://a.test#k",              "https a.test 443 / k"        },
        {"a question mark in the fragment",                "https://a.test/#a?b",           "https a.test 443 / a?b"      },
        {"an address",                                     "https://[2001:db8::1]:44/x",    "https [2001:db8::1] 44 /x "  },
        {"an address without a port",                      "https://[::1]/",                "https [::1] 443 / "          },
        {"an at sign in the path",                         "https://a.test/@alice",         "https a.test 443 /@alice "   },
        {"another scheme",                                 "ftp://a.test/",                 NULL                          },
        {"no scheme",                                      "//a.test/x",                    NULL                          },
        {"a path alone",                                   "/x",                            NULL                          },
        {"one slash",                                      "https:/a.test/",                NULL                          },
        {"blank host",                                     "https:///x",                    NULL                          },
        {"a port alone",                                   "https://:443/",                 NULL                          },
        {"userinfo",                                       "https://a.test@evil.test/",     NULL                          },
        {"userinfo with a password",                       "https://u:p@evil.test/",        NULL                          },
        {"a backslash that some readers take for a slash", "https://a.test\\@evil.test/",   NULL                          },
        {"a query without a path",                         "https://a.test?x",              NULL                          },
        {"a space",                                        "https://a.test/a b",            NULL                          },
        {"a line break",                                   "https://a.test/\r\nHost: b",    NULL                          },
        {"a tab",                                          "https://a.\ttest/",             NULL                          },
        {"port 0",                                         "https://a.test:0/",             NULL                          },
        {"port 65536",                                     "https://a.test:65536/",         NULL                          },
        {"a port with a sign",                             "https://a.test:+80/",           NULL                          },
        {"two ports",                                      "https://a.test:80:80/",         NULL                          },
        {"an open bracket",                                "https://[::1/",                 NULL                          },
        {"letters behind a bracket",                       "https://[::1]a/",               NULL                          },
        {"a bracket in a name",                            "https://a]b/",                  NULL                          },
        {"nothing",                                        "",                              NULL                          },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct url url = {0};
        scoped_value(bytes) parts = {0};
        bool right = url_read(slice_of(rows[i].url), &url);
        if (right)
            bytes_print(&parts, "%s %.*s %d %.*s %.*s", url.https ? "https" : "http",
                        SLICE_ARGS(url.host), url.port, SLICE_ARGS(url.target),
                        SLICE_ARGS(url.fragment));
        if (right != (rows[i].parts != NULL) || (right && strcmp(parts.at, rows[i].parts) != 0))
            fail_msg("%s: %s", rows[i].name, bytes_slice(&parts).at);
    }
}

static void origins(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"https://a.test/x", "https://A.TEST:443/y#z",  true },
        {"https://a.test/x", "http://a.test/x",         false},
        {"https://a.test/x", "https://a.test:444/x",    false},
        {"https://a.test/x", "https://b.a.test/x",      false},
        {"https://a.test/x", "https://a.test@b.test/x", false},
        {"rubbish",          "rubbish",                 false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (url_same_origin(slice_of(rows[i].a), slice_of(rows[i].b)) != rows[i].same)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
