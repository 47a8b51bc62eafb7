/* xtext, and the copies of what MAIL and RCPT say. */
#include "test.h"

#include "envelope.h"
#include "memory.h"

static void test_xtext(void **state)
{
    static const struct {
        const char *text, *raw; /* raw NULL: refused */
    } rows[] = {
        {"",          ""        },
        {"alice@d",   "alice@d" },
        {"a+2Bb+3Dc", "a+b=c"   },
        {"+C3+BC",    "\xc3\xbc"},
        {"a+20b",     "a b"     },
        {"a+b",       NULL      },
        {"a+",        NULL      },
        {"a+2",       NULL      },
        {"a+2b",      NULL      }, /* small letters are none of its digits */
        {"a=b",       NULL      },
        {"a b",       NULL      },
        {"a\x7f",     NULL      },
        {"\xc3\xbc",  NULL      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) raw = {0};
        scoped_value(bytes) again = {0};
        bytes_add_text(&raw, "kept ");
        bool good = xtext_read(slice_of(rows[i].text), &raw);
        if (good != (rows[i].raw != NULL))
            fail_msg("\"%s\" was %s", rows[i].text, good ? "read" : "refused");
        struct slice read = slice_from(bytes_slice(&raw), 5);
        if (!slice_is(read, good ? rows[i].raw : ""))
            fail_msg("\"%s\" was read as \"%.*s\"", rows[i].text, SLICE_ARGS(read));
        xtext_add(&again, read);
        if (good && !slice_is(bytes_slice(&again), rows[i].text))
            fail_msg("\"%s\" was written as \"%s\"", rows[i].raw, again.at);
    }
}

static void test_copies_stand_alone(void **state)
{
    struct mail_terms terms = {.utf8 = true, .dsn_return = DSN_RETURN_FULL, .envid = must_dup("e")};
    struct recipient_terms to = {.notify = DSN_NOTIFY_DELAY, .orcpt = must_dup("rfc822;a@b")};

    (void)state;
    struct mail_terms terms_too = mail_terms_copy(&terms);
    struct recipient_terms to_too = recipient_terms_copy(&to);
    mail_terms_clear(&terms);
    recipient_terms_clear(&to);
    assert_null(terms.envid);
    assert_string_equal(terms_too.envid, "e");
    assert_true(terms_too.utf8 && terms_too.dsn_return == DSN_RETURN_FULL);
    assert_string_equal(to_too.orcpt, "rfc822;a@b");
    assert_int_equal(to_too.notify, DSN_NOTIFY_DELAY);
    mail_terms_clear(&terms_too);
    recipient_terms_clear(&to_too);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xtext),
        cmocka_unit_test(test_copies_stand_alone),
    };
    return cmocka_run_group_tests_name("base envelope", tests, NULL, NULL);
}
