#include "encrypted.h"
#include "fixtures.h"
#include "memory.h"
#include "pgp.h"
#include "test.h"
#include "text.h"

#define BEGIN "-----BEGIN PGP MESSAGE-----\r\n"
#define END "-----END PGP MESSAGE-----\r\n"

static struct err err;

static bool is_encrypted(struct slice part, enum pgp_encrypted_as as)
{
    bool out = false;
    scoped(source) source = source_of_slice(part);

    assert_true(pgp_is_encrypted(source, as, &out, &err));
    return out;
}

static void assert_is(const char *name, bool expected, struct slice part, enum pgp_encrypted_as as)
{
    if (is_encrypted(part, as) != expected)
        fail_msg("%s: %s", name, expected ? "was not believed" : "was believed");
}

static void what_programs_encrypt_is_told(void **state)
{
    static const char *const names[] = {"encrypted.asc", "encrypted-long.asc",
                                        "encrypted-hidden.asc", "encrypted-password.asc",
                                        "encrypted-comment.asc"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_is(names[i], true, fixture(names[i]), PGP_AS_OPENPGP);
}

static char *armored(struct slice binary)
{
    scoped_value(bytes) text = {0};

    base64_add(&text, binary);
    return must_print(BEGIN "\r\n%s\r\n" END, text.at);
}

/* Session key of version 3 with 10 octets, then data of version 1. */
#define KEY                                                                                        \
    "\xC1\x0A\x03"                                                                                 \
    "123456789"
#define DATA                                                                                       \
    "\xD2\x05\x01"                                                                                 \
    "data"

static const struct {
    const char *name;
    bool expected;
    struct slice packets;
} packet_rows[] = {
    {"a session key and data",            true,  SLICE(KEY DATA)             },
    {"two session keys",                  true,  SLICE(KEY KEY DATA)         },
    {"an old head",                       true,
     SLICE("\x84\x0A\x03"
           "123456789" DATA)                                                 },
    {"an old head with two octets",       true,
     SLICE("\x85\x00\x0A\x03"
           "123456789" DATA)                                                 },
    {"a password",                        true,
     SLICE("\xC3\x04\x04"
           "pwd" DATA)                                                       },
    {"data by AEAD",                      true,
     SLICE(KEY "\xD4\x05\x01"
               "data")                                                       },
    {"data in parts",                     true,
     SLICE(KEY "\xD2\xE1\x01"
               "1\x03"
               "abc")                                                        },
    {"a length of five octets",           true,
     SLICE(KEY "\xD2\xFF\x00\x00\x00\x05\x01"
               "data")                                                       },
    {"a literal packet in armor",         false,
     SLICE("\xCB\x0B"
           "b\x00\x00\x00\x00\x00"
           "hello")                                                          },
    {"a literal packet behind a key",     false,
     SLICE(KEY "\xCB\x0B"
               "b\x00\x00\x00\x00\x00"
               "hello")                                                      },
    {"compressed data",                   false,
     SLICE("\xC8\x03\x00"
           "ab")                                                             },
    {"data without a session key",        false, SLICE(DATA)                 },
    {"session keys without data",         false, SLICE(KEY KEY)              },
    {"data without integrity",            false,
     SLICE(KEY "\xC9\x05\x01"
               "data")                                                       },
    {"something behind the data",         false,
     SLICE(KEY DATA "\xCB\x06"
                    "b\x00\x00\x00\x00\x00")                                 },
    {"another message behind it",         false, SLICE(KEY DATA KEY DATA)    },
    {"a session key in parts",            false,
     SLICE("\xC1\xE1\x03"
           "1\x03"
           "abc" DATA)                                                       },
    {"a session key without end",         false,
     SLICE("\x87\x03"
           "123456789" DATA)                                                 },
    {"data that stops early",             false,
     SLICE(KEY "\xD2\x09\x01"
               "data")                                                       },
    {"empty data",                        false, SLICE(KEY "\xD2\x00")       },
    {"data of no known version",          false,
     SLICE(KEY "\xD2\x05"
               "Hello")                                                      },
    {"a session key of no known version", false,
     SLICE("\xC1\x05"
           "Hello" DATA)                                                     },
    {"text",                              false, SLICE("Hello, this is text")},
    {"nothing",                           false, SLICE("")                   },
};

static void packets_decide(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(packet_rows); i++) {
        scoped_text char *text = armored(packet_rows[i].packets);
        assert_is(packet_rows[i].name, packet_rows[i].expected, slice_of(text), PGP_AS_OPENPGP);
    }
}

static void words_do_not(void **state)
{
    scoped_value(bytes) good = {0};
    scoped_text char *all = armored(SLICE(KEY DATA));
    struct slice body = slice_from(slice_of(all), strlen(BEGIN));
    const struct {
        const char *name;
        const char *before, *head, *behind;
        bool expected;
    } rows[] = {
        {"bare",                     "",                BEGIN,                                    "",               true },
        {"blank lines around",       "\r\n \r\n",       BEGIN,                                    "\r\n\r\n",       true },
        {"with a version",           "",                BEGIN "Version: GnuPG v2\r\n",            "",               true },
        {"words before",             "Dear Alice,\r\n", BEGIN,                                    "",               false},
        {"words behind",             "",                BEGIN,                                    "Yours, Bob",     false},
        {"words in the head",        "",                BEGIN "Dear Alice, I come\r\n",           "",               false},
        {"another block behind",     "",                BEGIN,                                    BEGIN "\r\n" END, false},
        {"a signed message's block", "",                "-----BEGIN PGP SIGNED MESSAGE-----\r\n", "",               false},
        {"no armor",                 "",                "\r\n",                                   "",               false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bytes_reset(&good);
        bytes_print(&good, "%s%s", rows[i].before, rows[i].head);
        bytes_add(&good, body);
        bytes_add_text(&good, rows[i].behind);
        assert_is(rows[i].name, rows[i].expected, bytes_slice(&good), PGP_AS_OPENPGP);
    }
    assert_is("no end", false, slice_first(slice_of(all), strlen(all) - strlen(END)),
              PGP_AS_OPENPGP);
    assert_is("words as base64 of one line", false,
              SLICE(BEGIN "\r\nThis is no base64 at all!\r\n" END), PGP_AS_OPENPGP);
}

static void a_line_without_end_is_not_held(void **state)
{
    scoped_value(bytes) text = {0};

    (void)state;
    bytes_add_text(&text, BEGIN "\r\n");
    for (int i = 0; i < 100000; i++)
        bytes_add_char(&text, 'A');
    assert_is("one long line", false, bytes_slice(&text), PGP_AS_OPENPGP);
}

static void smime_is_told_by_its_structure(void **state)
{
    static const char *const good[] = {"smime.b64", "smime-stream.b64"};
    static const char *const other[] = {"smime-signed.b64", "encrypted.asc", "text"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_is(good[i], true, fixture(good[i]), PGP_AS_CMS);
    for (size_t i = 0; i < COUNT_OF(other); i++)
        assert_is(other[i], false, fixture(other[i]), PGP_AS_CMS);
    scoped_value(bytes) behind = {0};
    bytes_add(&behind, fixture("smime.b64"));
    bytes_add_text(&behind, "Hello, these are words behind it");
    assert_is("words behind it", false, bytes_slice(&behind), PGP_AS_CMS);
    assert_is("cut", false, slice_first(fixture("smime.b64"), 60), PGP_AS_CMS);
}

static int set_up(void **state)
{
    (void)state;
    fixtures_make();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixtures_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_programs_encrypt_is_told),
        cmocka_unit_test(packets_decide),
        cmocka_unit_test(words_do_not),
        cmocka_unit_test(a_line_without_end_is_not_held),
        cmocka_unit_test(smime_is_told_by_its_structure),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
