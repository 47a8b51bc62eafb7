#include "test.h"

#include "json.h"

static void a_document_of_every_kind(void **state)
{
    (void)state;
    scoped_value(bytes) out = {0};
    struct json j = json_to(&out);

    json_open(&j, NULL);
    json_text(&j, "id", "https://a.test/1");
    json_text(&j, "absent", NULL);
    json_array(&j, "to");
    json_text(&j, NULL, "a");
    json_array(&j, NULL);
    json_end(&j);
    json_open(&j, NULL);
    json_end(&j);
    json_null(&j, NULL);
    json_end(&j);
    json_number(&j, "least", INT64_MIN);
    json_bool(&j, "yes", true);
    json_bool(&j, "no", false);
    json_null(&j, "none");
    json_raw(&j, "raw", SLICE("{\"x\":1}"));
    json_slice(&j, "last", SLICE(""));
    json_end(&j);
    assert_int_equal(j.depth, 0);
    assert_string_equal(out.at, "{\"id\":\"https://a.test/1\",\"to\":[\"a\",[],{},null],"
                                "\"least\":-9223372036854775808,\"yes\":true,\"no\":false,"
                                "\"none\":null,\"raw\":{\"x\":1},\"last\":\"\"}");
}

static void strings_are_always_json(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct slice text;
        const char *json;
    } rows[] = {
        {"quotes and backslashes", SLICE("\"\\/"),                    "\"\\\"\\\\/\""                            },
        {"line ends and tabs",     SLICE("a\r\n\tb"),                 "\"a\\r\\n\\tb\""                          },
        {"other control bytes",    SLICE("\x01\x1f\b"),               "\"\\u0001\\u001f\\u0008\""                },
        {"a NUL",                  SLICE("a\0b"),                     "\"a\\u0000b\""                            },
        {"letters as they are",    SLICE("\xc3\xa4\xf0\x9f\x98\x80"), "\"\xc3\xa4\xf0\x9f\x98\x80\""             },
        {"broken UTF-8",           SLICE("a\xff\xe2\x82"),            "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) out = {0};
        struct json j = json_to(&out);
        json_slice(&j, NULL, rows[i].text);
        if (strcmp(out.at, rows[i].json) != 0)
            fail_msg("%s: %s", rows[i].name, out.at);
    }
}

static void names_are_escaped_too(void **state)
{
    (void)state;
    scoped_value(bytes) out = {0};
    struct json j = json_to(&out);

    json_open(&j, NULL);
    json_text(&j, "a\"b", "c");
    json_end(&j);
    assert_string_equal(out.at, "{\"a\\\"b\":\"c\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_of_every_kind),
        cmocka_unit_test(strings_are_always_json),
        cmocka_unit_test(names_are_escaped_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
