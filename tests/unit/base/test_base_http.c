#include "test.h"

#include "http.h"

static void fields_are_found_by_name(void **state)
{
    (void)state;
    struct http_request request = {
        .field_count = 3,
        .fields = {{SLICE("Host"), SLICE("a.test")},
                   {SLICE("ACCEPT"), SLICE("x")},
                   {SLICE("accept"), SLICE("y")}},
    };
    size_t count = 99;

    assert_true(slice_is(http_field(&request, "Accept", &count), "x"));
    assert_int_equal(count, 2);
    assert_true(slice_is(http_field(&request, "host", NULL), "a.test"));
    assert_null(http_field(&request, "Date", &count).at);
    assert_int_equal(count, 0);
}

static void values_of_queries_and_forms(void **state)
{
    (void)state;
    static const struct {
        const char *name, *form, *value; /* of "resource"; NULL: absent or broken */
    } rows[] = {
        {"alone",                                 "resource=acct:a@b.test",     "acct:a@b.test"},
        {"escaped",                               "resource=acct%3Aa%40b.test", "acct:a@b.test"},
        {"behind another",                        "rel=self&resource=x",        "x"            },
        {"the first counts",                      "resource=x&resource=y",      "x"            },
        {"plus is a space",                       "resource=a+b%2Bc",           "a b+c"        },
        {"an equals sign in it",                  "resource=a=b",               "a=b"          },
        {"an escaped name",                       "re%73ource=x",               "x"            },
        {"empty",                                 "resource=",                  ""             },
        {"without an equals sign",                "resource",                   ""             },
        {"absent",                                "resources=x&xresource=y",    NULL           },
        {"nothing",                               "",                           NULL           },
        {"broken",                                "resource=%4",                NULL           },
        {"a NUL in it",                           "resource=a%00b",             NULL           },
        {"a broken one before it is passed over", "%4=x&resource=y",            "y"            },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *value = http_form_value(slice_of(rows[i].form), "resource");
        if ((value == NULL) != (rows[i].value == NULL) ||
            (value && strcmp(value, rows[i].value) != 0))
            fail_msg("%s: %s", rows[i].name, value ? value : "NULL");
    }
    assert_null(http_form_value((struct slice){NULL, 0}, "resource"));
}

#define LD "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\""

static void page_or_activity(void **state)
{
    (void)state;
    static const struct {
        const char *name, *accept, *second;
        enum http_accept wanted;
    } rows[] = {
        {"a browser",                                                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", NULL,
         ACCEPT_PAGE                                                                                                                                                      },
        {"curl",                                                     "*/*",                                                             NULL,              ACCEPT_PAGE    },
        {"nothing asked",                                            NULL,                                                              NULL,              ACCEPT_PAGE    },
        {"an empty field",                                           "",                                                                NULL,              ACCEPT_PAGE    },
        {"Mastodon's search by URL",                                 LD ", application/activity+json, text/html;q=0.1",                 NULL,
         ACCEPT_ACTIVITY                                                                                                                                                  },
        {"Mastodon's object",                                        "application/activity+json, application/ld+json",                  NULL,
         ACCEPT_ACTIVITY                                                                                                                                                  },
        {"Akkoma's two fields",                                      "application/activity+json",                                       "text/html;q=0.2", ACCEPT_ACTIVITY},
        {"a fork of Misskey",                                        "application/json, */*",                                           NULL,              ACCEPT_ACTIVITY},
        {"LD JSON without a profile",                                "application/ld+json",                                             NULL,              ACCEPT_ACTIVITY},
        {"capitals",                                                 "Application/Activity+JSON",                                       NULL,              ACCEPT_ACTIVITY},
        {"a page is liked better",                                   "application/activity+json;q=0.5, text/html",                      NULL,              ACCEPT_PAGE    },
        {"by a thousandth",                                          "application/activity+json;q=0.8, text/html;q=0.801",              NULL,
         ACCEPT_PAGE                                                                                                                                                      },
        {"both alike",                                               "text/html, application/activity+json",                            NULL,              ACCEPT_ACTIVITY},
        {"activity is refused",                                      "application/activity+json;q=0, text/html;q=0",                    NULL,              ACCEPT_PAGE    },
        {"activity is refused alone",                                "application/activity+json; q=0.000",                              NULL,              ACCEPT_PAGE    },
        {"HTML outranks by its own weight, not by that of anything",
         "application/activity+json;q=0.9, text/html;q=0.1, */*",                                                                       NULL,              ACCEPT_ACTIVITY},
        {"text of any kind is a page",                               "text/*, application/json;q=0.9",                                  NULL,              ACCEPT_PAGE    },
        {"a comma inside of quotes",                                 "application/ld+json; profile=\"a, text/html\"",                   NULL,
         ACCEPT_ACTIVITY                                                                                                                                                  },
        {"a q inside of quotes",                                     "application/ld+json; profile=\"; q=0\", text/html;q=0.1",         NULL,
         ACCEPT_ACTIVITY                                                                                                                                                  },
        {"quotes that do not close",                                 "application/ld+json; profile=\"x, text/html",                     NULL,
         ACCEPT_ACTIVITY                                                                                                                                                  },
        {"a broken weight",                                          "application/activity+json;q=abc",                                 NULL,              ACCEPT_ACTIVITY},
        {"JSON of another kind",                                     "application/jrd+json",                                            NULL,              ACCEPT_PAGE    },
        {"a longer name",                                            "application/activity+jsonx",                                      NULL,              ACCEPT_PAGE    },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_request request = {0};
        if (rows[i].accept)
            request.fields[request.field_count++] =
                (struct http_field){SLICE("Accept"), slice_of(rows[i].accept)};
        if (rows[i].second)
            request.fields[request.field_count++] =
                (struct http_field){SLICE("accept"), slice_of(rows[i].second)};
        if (http_wanted(&request) != rows[i].wanted)
            fail_msg("%s", rows[i].name);
    }
}

static void answers_cannot_be_split(void **state)
{
    (void)state;
    struct http_response response = {0};

    http_add_field(&response, "Location", "https://a.test/\r\nSet-Cookie: x");
    assert_string_equal(response.fields.at, "Location: https://a.test/??Set-Cookie: x\r\n");
    http_answer_text(&response, 404, "There is nothing here");
    assert_int_equal(response.status, 404);
    assert_int_equal(response.length, -1);
    assert_string_equal(response.body.at, "There is nothing here\n");
    assert_true(slice_ends(bytes_slice(&response.fields),
                           SLICE("\r\nContent-Type: text/plain; charset=utf-8\r\n")));
    bytes_clear(&response.fields);
    http_answer(&response, 202, NULL, SLICE(""));
    assert_int_equal(response.fields.len, 0);
    assert_int_equal(response.body.len, 0);
    bytes_clear(&response.body);
}

static void fields_of_forms_with_files(void **state)
{
    static const struct {
        const char *name, *type, *body, *wanted; /* wanted NULL: there is none */
    } rows[] = {
        {"of a browser",               "multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data; "
         "name=\"form\"\r\n\r\nw\r\n--b\r\nContent-Disposition: "
         "form-data; name=\"file\"; filename=\"a;b\"\r\nContent-Type: "
         "a/b\r\n\r\nx\r\ny\r\n--b--\r\n",                                                                   "x\r\ny"},
        {"quoted boundary, bare name", "Multipart/Form-Data; x=\";\"; boundary=\"b\"",
         "--b\r\ncontent-disposition: form-data; name=file\r\n\r\n\r\n--b--",                                ""      },
        {"another name",               "multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data; name=\"files\"\r\n\r\nx\r\n--b--",                          NULL    },
        {"without end",                "multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx",                                    NULL    },
        {"without boundary",           "multipart/form-data",
         "--\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--",                               NULL    },
        {"something in front",         "multipart/form-data; boundary=b",
         "x\r\n--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--",                      NULL    },
        {"of the other kind",          "application/x-www-form-urlencoded",            "form=w&file=a+b%21", "a b!"  },
        {"another multipart",          "multipart/mixed; boundary=b",
         "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--",                           NULL    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) value = {0};
        struct http_request request = {
            .field_count = 1,
            .fields = {{SLICE("content-type"), slice_of(rows[i].type)}},
            .body = slice_of(rows[i].body),
        };
        bool found = http_form_field(&request, "file", &value);
        if (found != (rows[i].wanted != NULL) ||
            (found && !slice_is(bytes_slice(&value), rows[i].wanted)))
            fail_msg("%s", rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_found_by_name),   cmocka_unit_test(values_of_queries_and_forms),
        cmocka_unit_test(fields_of_forms_with_files), cmocka_unit_test(page_or_activity),
        cmocka_unit_test(answers_cannot_be_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
