/* The field by which a mail program tells its key: what counts and what does not (Autocrypt Level 1, 2.1). */
#include "autocrypt.h"
#include "test.h"

static void test_fields(void **state)
{
    static const struct {
        const char *name, *field, *key; /* NULL: not valid */
    } rows[] = {
        {"as programs write it",             "addr=alice@example.org; prefer-encrypt=mutual; keydata=a2V5",
         "key"                                                                                                    },
        {"without a preference",             "addr=alice@example.org; keydata=a2V5",                        "key" },
        {"in other letters, without spaces", "ADDR=Alice@Example.ORG;KeyData=a2V5",                         "key" },
        {"folded",                           "addr=alice@example.org; keydata= a2\t V5 ",                   "key" },
        {"padded",                           "addr=alice@example.org; keydata=a2V5cw==",                    "keys"},
        {"one that may be passed over",      "addr=alice@example.org; _new=1; keydata=a2V5",                "key" },
        {"a semicolon at the end",           "addr=alice@example.org; keydata=a2V5;",                       "key" },
        {"one that may not be passed over",  "addr=alice@example.org; new=1; keydata=a2V5",                 NULL  },
        {"of somebody else",                 "addr=bob@example.org; keydata=a2V5",                          NULL  },
        {"of nobody",                        "prefer-encrypt=mutual; keydata=a2V5",                         NULL  },
        {"without a key",                    "addr=alice@example.org; prefer-encrypt=mutual",               NULL  },
        {"with an empty key",                "addr=alice@example.org; keydata=",                            NULL  },
        {"no base64",                        "addr=alice@example.org; keydata=a2V5!",                       NULL  },
        {"something behind the key",         "addr=alice@example.org; keydata=a2V5; _x=1",                  NULL  },
        {"two keys",                         "addr=alice@example.org; keydata=a2V5; keydata=a2V5",          NULL  },
        {"no attributes",                    "alice@example.org",                                           NULL  },
        {"a hole in the middle",             "addr=alice@example.org;; keydata=a2V5",                       NULL  },
        {"nothing",                          "",                                                            NULL  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) key = {0};
        bool valid = autocrypt_read(slice_of(rows[i].field), SLICE("alice@example.org"), &key);
        if (valid != (rows[i].key != NULL) ||
            (valid && !slice_is(bytes_slice(&key), rows[i].key)) || (!valid && key.len > 0))
            fail_msg("%s: %s", rows[i].name, valid ? "valid" : "not valid");
    }
}

static void test_a_field_has_a_limit(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        scoped_value(bytes) field = {0};
        scoped_value(bytes) key = {0};
        bytes_add_text(&field, "addr=alice@example.org; keydata=");
        while (field.len + 4 <= AUTOCRYPT_MAX)
            bytes_add_text(&field, "a2V5");
        while (field.len < AUTOCRYPT_MAX + more)
            bytes_add_char(&field, ' ');
        assert_int_equal(autocrypt_read(bytes_slice(&field), SLICE("alice@example.org"), &key),
                         more == 0);
    }
}

static void test_preference(void **state)
{
    (void)state;
    assert_true(autocrypt_is_mutual(SLICE("addr=a@b.c; prefer-encrypt=mutual; keydata=a2V5")));
    assert_false(
        autocrypt_is_mutual(SLICE("addr=a@b.c; prefer-encrypt=nopreference; keydata=a2V5")));
    assert_false(autocrypt_is_mutual(SLICE("addr=a@b.c; keydata=a2V5")));
    assert_false(autocrypt_is_mutual(SLICE("prefer-encrypt=mutual; new=1")));
}

static void test_printed_in_lines(void **state)
{
    scoped_value(bytes) field = {0};
    scoped_value(bytes) printed = {0};
    scoped_value(bytes) unfolded = {0};
    scoped_value(bytes) key = {0};

    (void)state;
    bytes_add_text(&field, "addr=a@b.c; prefer-encrypt=mutual; keydata=");
    while (field.len < 2000)
        bytes_add_text(&field, field.len % 3 ? "a2V5" : "a2V5 \t a2V5");
    autocrypt_print(bytes_slice(&field), &printed);
    struct slice rest = bytes_slice(&printed);
    for (slice_cut(&rest, ':'); rest.len > 0;) {
        struct slice line = slice_line(&rest);
        assert_true(line.len <= 78);
        assert_false(slice_find(line, '\t') != SIZE_MAX);
        bytes_add(&unfolded, line);
    }
    assert_true(autocrypt_read(bytes_slice(&unfolded), SLICE("a@b.c"), &key));
    assert_true(key.len > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_a_field_has_a_limit),
        cmocka_unit_test(test_preference),
        cmocka_unit_test(test_printed_in_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
