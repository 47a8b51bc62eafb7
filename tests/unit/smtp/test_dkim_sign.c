/* Our own signatures, and the bounds of those of others. */
#include "dkim_house.h"

#include "memory.h"
#include "test.h"

#define BODY "Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n"
#define HEAD                                                                                       \
    "From: Joe SixPack <joe@football.example.com>\n"                                               \
    "To: Suzie Q <suzie@shopping.example.net>\n"                                                   \
    "Subject: Is dinner ready?\n"
#define GOOD                                                                                       \
    "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com; s=e; h=from:subject:from;"           \
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"

/* ---- signing ---- */

static struct dkim_text *text_to_sign(const char *mail)
{
    struct dkim_text *text = dkim_text_new(DKIM_TO_SIGN);

    dkim_text_add(text, slice_of(mail));
    dkim_text_end(text);
    return text;
}

static void add_signature(const struct dkim_text *text, enum dkim_scheme scheme, struct bytes *out)
{
    const struct dkim_orders orders = {"example.com", scheme == DKIM_RSA_SHA256 ? "r26a" : "e26a",
                                       scheme, HOUSE_NOW_MS};
    scoped_value(bytes) field = {0};
    scoped_value(bytes) data = {0};
    scoped_value(bytes) value = {0};
    unsigned char digest[SHA256_LEN];

    assert_true(dkim_sign_begin(text, &orders, &field, &data));
    sha256(bytes_slice(&data), digest);
    bool edwards = scheme == DKIM_ED25519_SHA256;
    house_sign(scheme,
               edwards ? (struct slice){(const char *)digest, SHA256_LEN} : bytes_slice(&data),
               &value);
    dkim_sign_end(&field, bytes_slice(&value));
    bytes_add(out, bytes_slice(&field));
}

static void sign(const char *mail, struct bytes *out)
{
    scoped_text char *whole = house_crlf(mail);
    scoped(dkim_text) text = text_to_sign(whole);

    add_signature(text, DKIM_RSA_SHA256, out);
    add_signature(text, DKIM_ED25519_SHA256, out);
    bytes_add_text(out, whole);
}

static void what_we_sign_fits(void **state)
{
    static const struct {
        const char *name, *mail;
    } rows[] = {
        {"an ordinary mail",            HEAD "\n" BODY                                                     },
        {"no body",                     HEAD "\n"                                                          },
        {"not even a blank line",       HEAD                                                               },
        {"folded fields",               "FROM:\n Joe\n\t<joe@example.com>\nSubject : a\n  b\t \n\n  x \n\n"},
        {"fields that are there twice",
         HEAD "Subject: two\nSubject: three\nReferences: <a@b>\nReferences: <c@d>\n\n"                     },
        {"of a list",                   HEAD "List-Id: <a.example.com>\nList-Unsubscribe: "
                           "<https://example.com/x>\nList-Unsubscribe-Post: "
                           "List-Unsubscribe=One-Click\n\n" BODY                      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) mail = {0};
        scoped_value(dkim) dkim = {.count = 0};
        sign(rows[i].mail, &mail);
        house_judge(bytes_slice(&mail), NULL, &dkim);
        assert_int_equal(dkim.count, 2);
        for (size_t k = 0; k < 2; k++)
            if (dkim.signatures[k].result != AUTH_PASS)
                fail_msg("%s: %s", rows[i].name, dkim.signatures[k].why);
        assert_true(dkim_passed(&dkim, SLICE("Example.com")));
        struct slice rest = bytes_slice(&mail);
        while (rest.at)
            assert_true(slice_line(&rest).len <= 78);
    }
}

static void what_the_field_says(void **state)
{
    scoped_value(bytes) mail = {0};

    (void)state;
    sign(HEAD "List-Id: <a.example.com>\n\n" BODY, &mail);
    assert_true(slice_starts(
        bytes_slice(&mail),
        SLICE(
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com;\r\n\ts=r26a; "
            "t=1795342200; x=1795947000;\r\n\th=From:From:To:To:Cc:Subject:Subject:Date:Message-ID:"
            "Reply-To:\r\n\tIn-Reply-To:References:MIME-Version:Content-Type:\r\n\t"
            "Content-Transfer-Encoding:Autocrypt:Auto-Submitted:List-Id:List-Id;\r\n\t"
            "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n\tb=")));
}

static void what_cannot_be_signed(void **state)
{
    const struct dkim_orders orders = {"example.com", "e", DKIM_ED25519_SHA256, HOUSE_NOW_MS};
    scoped_value(bytes) mail = {0};
    scoped_value(bytes) field = {0};
    scoped_value(bytes) data = {0};
    scoped(dkim_text) nobody = text_to_sign("To: a@b.example\r\n\r\nhello\r\n");

    (void)state;
    assert_false(dkim_sign_begin(nobody, &orders, &field, &data));
    bytes_add_text(&mail, "From: a@example.com\r\n");
    while (mail.len <= DKIM_HEADER_MAX)
        bytes_add_text(&mail,
                       "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    scoped(dkim_text) huge = text_to_sign(mail.at);
    assert_false(dkim_sign_begin(huge, &orders, &field, &data));
}

static void the_author(void **state)
{
    static const struct {
        const char *from, *domain; /* NULL: none */
    } rows[] = {
        {"From: joe@example.com",                                  "example.com"          },
        {"From: Joe <joe@Example.COM>",                            "example.com"          },
        {"From: \"Joe, Jim <jim@example.net>\" <joe@example.com>", "example.com"          },
        {"From: \"a \\\" b@example.net\" <joe@example.com>",       "example.com"          },
        {"From: joe@example.com (Joe (at home) @example.net)",     "example.com"          },
        {"From: (a \\) <x@example.net>) joe@example.com",          "example.com"          },
        {"From:\r\n Joe\r\n <joe@example.com>",                    "example.com"          },
        {"From: \"joe@home\"@example.com",                         "example.com"          },
        {"From: Joe <joe@b\xc3\xbc"
         "cher.example>",                                 "xn--bcher-kva.example"},
        {"From: a@example.com, b@example.net",                     NULL                   },
        {"From: <a@example.com> <b@example.net>",                  NULL                   },
        {"From: friends: a@example.com;",                          NULL                   },
        {"From: a@example.com\r\nFrom: b@example.net",             NULL                   },
        {"From: joe",                                              NULL                   },
        {"From: joe@",                                             NULL                   },
        {"From: joe@localhost",                                    NULL                   },
        {"From:",                                                  NULL                   },
        {"To: joe@example.com",                                    NULL                   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char domain[DKIM_DOMAIN_SIZE] = "";
        scoped(dkim_text) text = text_to_sign(rows[i].from);
        bool found = dkim_author_domain(text, domain);
        if (found != (rows[i].domain != NULL) || (found && strcmp(domain, rows[i].domain) != 0))
            fail_msg("%s: %s", rows[i].from, found ? domain : "nobody");
    }
}

/* ---- bounds ---- */

static void check(const char *name, const char *mail, enum auth_result result)
{
    scoped_value(dkim) dkim = {.count = 0};

    house_judge(slice_of(mail), NULL, &dkim);
    if (dkim.count != 1 || dkim.signatures[0].result != result)
        fail_msg("%s: %s", name, dkim.signatures[0].why);
}

static void a_hundred_signatures(void **state)
{
    scoped_value(bytes) mail = {0};
    scoped_value(dkim) dkim = {.count = 0};
    scoped_text char *one = house_signed("DKIM-Signature", GOOD, HEAD "\n" BODY);
    size_t field_len = slice_find_text(slice_of(one), SLICE("\r\nFrom:")) + 2;

    (void)state;
    for (size_t i = 0; i < 99; i++)
        bytes_add(&mail, slice_first(slice_of(one), field_len));
    bytes_add_text(&mail, one);
    house_judge(bytes_slice(&mail), NULL, &dkim);
    assert_int_equal(dkim.count, DKIM_SIGNATURES_MAX);
    assert_int_equal(dkim.passed_over, 100 - DKIM_SIGNATURES_MAX);
    for (size_t i = 0; i < dkim.count; i++)
        assert_int_equal(dkim.signatures[i].result, AUTH_PASS);
}

static void long_headers_are_not_signed(void **state)
{
    scoped_value(bytes) mail = {0};
    scoped_value(dkim) dkim = {.count = 0};
    scoped_text char *one = house_signed("DKIM-Signature", GOOD, HEAD);

    (void)state;
    bytes_add_text(&mail, one);
    while (mail.len < 10 * 1024 * 1024)
        bytes_add_text(&mail,
                       "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    bytes_add_text(&mail, "\r\n" BODY);
    house_judge(bytes_slice(&mail), NULL, &dkim);
    assert_int_equal(dkim.count, 0);
    bytes_cut(&mail, 512);
    while (mail.len < 100 * 1024) /* short enough, but too many */
        bytes_add_text(&mail, "\r\nX-Many:");
    house_judge(bytes_slice(&mail), NULL, &dkim);
    assert_int_equal(dkim.count, 0);
}

static void long_lists_of_names(void **state)
{
    scoped_value(bytes) tags = {0};

    (void)state;
    bytes_add_text(&tags, "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com; s=e;"
                          " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; h=from");
    for (size_t i = 1; i < DKIM_NAMES_MAX; i++)
        bytes_add_text(&tags, ":x");
    scoped_text char *most = must_print("%s;", tags.at);
    scoped_text char *good = house_signed("DKIM-Signature", most, HEAD "\n" BODY);
    check("as many as may be", good, AUTH_PASS);
    scoped_text char *more = must_print("%s:x;", tags.at);
    scoped_text char *bad = house_signed("DKIM-Signature", more, HEAD "\n" BODY);
    check("one more", bad, AUTH_PERMERROR);
}

static void mails_without(void **state)
{
    static const char *const mails[] = {"",
                                        "\r\n",
                                        "From: a@b.example\r\n",
                                        "\r\nDKIM-Signature: v=1;\r\n",
                                        "no field\r\nFrom\r\n\r\nx",
                                        ":\r\n\r\n",
                                        "\n\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(mails); i++) {
        scoped_value(dkim) dkim = {.count = 0};
        house_judge(slice_of(mails[i]), NULL, &dkim);
        assert_int_equal(dkim.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_sign_fits),     cmocka_unit_test(what_the_field_says),
        cmocka_unit_test(what_cannot_be_signed), cmocka_unit_test(the_author),
        cmocka_unit_test(a_hundred_signatures),  cmocka_unit_test(long_headers_are_not_signed),
        cmocka_unit_test(long_lists_of_names),   cmocka_unit_test(mails_without),
    };

    return cmocka_run_group_tests(tests, house_open, house_close);
}
