/* Sets of ARC of our own (RFC 8617 5.1): each is read again by our own reader. */
#include "dkim_house.h"

#include "memory.h"
#include "test.h"

#include <stdio.h>

#define MAIL                                                                                       \
    "From: Alice <alice@list.example>\n"                                                           \
    "To: \"Alice's posts\" <alice@list.example>\n"                                                 \
    "Subject: Good morning\n"                                                                      \
    "List-Id: <alice.list.example>\n\nThe harbour lies quiet.\n"
#define SIGNATURES                                                                                 \
    "DKIM-Signature: v=1; d=list.example; b=AAAA\r\nDKIM-Signature: v=1; s=e; b=BBBB\r\n"
#define LOGIN "mx.list.example; auth=pass smtp.auth=alice@list.example"
#define CHAIN_SEAL(i, cv) "i=" i "; a=ed25519-sha256; cv=" cv "; d=forward.example; s=e;"
#define CHAIN_MESSAGE(i)                                                                           \
    "i=" i "; a=ed25519-sha256; c=relaxed/relaxed; d=forward.example; s=e; h=from:subject;"        \
    " bh=XkooSWYC/79ElOlXbyiBk30ePqADENmNyaPMbpIGZPk=;"
#define SEEN(i) "i=" i "; mx.forward.example; dmarc=pass header.from=list.example"

static bool trusts(const void *ctx, struct slice domain)
{
    (void)ctx;
    return slice_is(domain, "list.example") || slice_is(domain, "forward.example");
}

static bool sign(void *ctx, struct slice data, struct bytes *out, struct err *err)
{
    if (ctx)
        return err_set(err, ERR_TEMPORARY, "the vault is asleep");
    house_sign(DKIM_RSA_SHA256, data, out);
    return true;
}

static const struct arc_signer signer = {sign, NULL};

static struct arc_orders orders_for(const char *results, struct slice chain)
{
    return (struct arc_orders){.domain = "list.example",
                               .selector = "r26a",
                               .now_ms = HOUSE_NOW_MS,
                               .results = slice_of(results),
                               .chain = chain};
}

/* The mail with our set, what it goes on and its signatures in front. */
static char *sealed_by(const char *mail, const char *results, struct slice chain)
{
    const struct arc_orders orders = orders_for(results, chain);
    scoped_text char *whole = house_crlf(mail);
    scoped(dkim_text) text = dkim_text_new(DKIM_TO_SIGN);
    scoped_value(bytes) out = {0};
    struct err err;

    dkim_text_add(text, slice_of(whole));
    dkim_text_end(text);
    assert_true(arc_seal(text, SLICE(SIGNATURES), &orders, &signer, &out, &err));
    bytes_add_text(&out, SIGNATURES);
    bytes_add_text(&out, whole);
    return bytes_take(&out);
}

static void judge(const char *mail, struct arc *out)
{
    scoped(dkim_text) text = house_text(slice_of(mail));
    scoped_value(dns_facts) facts = {0};

    arc_read(text, HOUSE_NOW_MS, trusts, NULL, out);
    if (!arc_judge(out, &facts, &house_prover)) {
        house_learn(&facts, NULL);
        assert_true(arc_judge(out, &facts, &house_prover));
    }
}

static void expect(const char *name, const char *mail, enum auth_result result, size_t sets)
{
    scoped_value(arc) arc = {.result = AUTH_NONE};

    judge(mail, &arc);
    if (arc.result != result || (result == AUTH_PASS && arc.count != sets))
        fail_msg("%s: %s, %s\n%s", name, auth_result_word(arc.result), arc.why, mail);
}

/* RFC 8617 4.1, 5.1 and the example of appendix B: three fields, the seal on top. */
static void the_shape_of_a_set(void **state)
{
    static const char *const parts[] = {
        "ARC-Seal: i=1; a=rsa-sha256; cv=none;\r\n\td=list.example; s=r26a; t=" HOUSE_NOW_S
        ";\r\n\tb=",
        "\r\nARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed;\r\n\td=list.example; "
        "s=r26a; "
        "t=" HOUSE_NOW_S ";\r\n\th=From:From:To:To:Cc:Subject:Subject:",
        ":List-Id:List-Id:\r\n\tDKIM-Signature:DKIM-Signature;\r\n\tbh=",
        "\r\nARC-Authentication-Results: i=1; " LOGIN "\r\nDKIM-Signature: ",
    };
    scoped_text char *mail = sealed_by(MAIL, LOGIN, SLICE(""));
    scoped(dkim_text) text = house_text(slice_of(mail));
    struct slice rest = slice_of(mail);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        size_t at = slice_find_text(rest, slice_of(parts[i]));
        if (at == SIZE_MAX || (i == 0 && at != 0))
            fail_msg("\"%s\" is not in\n%s", parts[i], mail);
        rest = slice_from(rest, at);
    }
    for (size_t i = 0; i < text->count;
         i++) { /* nothing of its own is covered, nor what gets lost */
        struct slice value = text->fields[i].value;
        assert_true(slice_find_text(value, SLICE("ARC-")) == SIZE_MAX);
        assert_true(slice_find_text(value, SLICE("Authentication-Results")) == SIZE_MAX);
    }
}

static void a_first_set_is_read_again(void **state)
{
    scoped_text char *mail = sealed_by(MAIL, LOGIN, SLICE(""));
    scoped_value(arc) arc = {.result = AUTH_NONE};

    (void)state;
    judge(mail, &arc);
    assert_int_equal(arc.result, AUTH_PASS);
    assert_int_equal(arc.count, 1);
    assert_true(arc_vouches(&arc, SLICE("list.example")));
}

/* The chain of a mail, as it is kept with a post. */
static void chain_of(const char *mail, struct bytes *out)
{
    scoped_value(arc) arc = {.result = AUTH_NONE};

    judge(mail, &arc);
    assert_int_equal(arc.result, AUTH_PASS);
    bytes_add(out, bytes_slice(&arc.chain));
}

static void a_chain_is_gone_on_with(void **state)
{
    scoped_value(bytes) chain = {0};
    scoped_text char *came =
        house_sealed(CHAIN_SEAL("1", "none"), CHAIN_MESSAGE("1"), SEEN("1"), MAIL);

    (void)state;
    chain_of(came, &chain);
    scoped_text char *mail = sealed_by(MAIL, "mx.list.example; arc=pass", bytes_slice(&chain));
    assert_true(slice_starts(slice_of(mail), SLICE("ARC-Seal: i=2; a=rsa-sha256; cv=pass;")));
    scoped_value(arc) arc = {.result = AUTH_NONE};
    judge(mail, &arc);
    assert_int_equal(arc.result, AUTH_PASS);
    assert_int_equal(arc.count, 2);
    assert_true(arc_vouches(&arc, SLICE("list.example"))); /* by what the first of them saw */
}

static void until_it_is_full(void **state)
{
    scoped_value(bytes) chain = {0};

    (void)state;
    for (size_t i = 1; i <= ARC_SETS_MAX; i++) {
        scoped_text char *mail = sealed_by(MAIL, LOGIN, bytes_slice(&chain));
        expect("one more", mail, AUTH_PASS, i);
        bytes_reset(&chain);
        chain_of(mail, &chain);
    }
    scoped_text char *beyond = sealed_by(MAIL, LOGIN, bytes_slice(&chain));
    assert_true(slice_starts(slice_of(beyond), SLICE("DKIM-Signature: ")));
}

static void what_is_broken_is_over(void **state)
{
    static const struct {
        const char *name, *chain;
    } rows[] = {
        {"a part is missing", "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=x; s=x; b=AAAA\r\n"},
        {"no number",         "ARC-Seal: a=rsa-sha256; cv=none; d=x; s=x; b=AAAA\r\n"     },
        {"a part twice",
         "ARC-Authentication-Results: i=1; x\r\nARC-Authentication-Results: i=1; x\r\n"   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *mail = sealed_by(MAIL, LOGIN, slice_of(rows[i].chain));
        if (!slice_starts(slice_of(mail), SLICE("DKIM-Signature: ")))
            fail_msg("%s: %s", rows[i].name, mail);
    }
    scoped_text char *nobody = sealed_by("Subject: From is missing\n\nx\n", LOGIN, SLICE(""));
    assert_true(slice_starts(slice_of(nobody), SLICE("DKIM-Signature: ")));
}

static void changes_are_found(void **state)
{
    static const struct {
        const char *name, *from, *to;
        enum auth_result result;
    } rows[] = {
        {"nothing",                    "harbour",                "harbour",                                           AUTH_PASS},
        {"the body",                   "harbour",                "market",                                            AUTH_FAIL},
        {"the subject",                "Good morning",           "Good night",                                        AUTH_FAIL},
        {"a second subject",           "Subject:",               "Subject: x\r\nSubject:",                            AUTH_FAIL},
        {"a signature is taken off",   "DKIM-Signature: v=1; s", "X-Signature: v=1; s",                               AUTH_FAIL},
        {"what was found",             "auth=pass",              "auth=fail",                                         AUTH_FAIL},
        {"a field nobody looks at",    "List-Id: <",             "X-Seen: by me\r\nList-Id: <",                       AUTH_PASS},
        {"a program adds its results",
         "ARC-Seal:",                                            "Authentication-Results: mx; arc=pass\r\nARC-Seal:", AUTH_PASS},
    };
    scoped_text char *mail = sealed_by(MAIL, LOGIN, SLICE(""));

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t at = slice_find_text(slice_of(mail), slice_of(rows[i].from));
        assert_true(at != SIZE_MAX);
        scoped_text char *other =
            must_print("%.*s%s%s", (int)at, mail, rows[i].to, mail + at + strlen(rows[i].from));
        expect(rows[i].name, other, rows[i].result, 1);
    }
}

/* A sealer answers for the log-ins of its own domain alone. */
static void whose_login_counts(void **state)
{
    static const struct {
        const char *results, *author; /* "" nobody */
    } rows[] = {
        {LOGIN,                                                                  "list.example"},
        {"mx; auth=pass (plain) smtp.auth=alice@LIST.example",                   "list.example"},
        {"mx; auth=pass smtp.auth=alice@bank.example",                           ""            },
        {"mx; auth=fail smtp.auth=alice@list.example",                           ""            },
        {"mx; auth=pass",                                                        ""            },
        {"mx; auth=pass smtp.auth=alice",                                        ""            },
        {"mx; spf=fail; dkim=none; dmarc=pass header.from=football.example.com",
         "football.example.com"                                                                },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *mail = sealed_by(MAIL, rows[i].results, SLICE(""));
        scoped_value(arc) arc = {.result = AUTH_NONE};
        judge(mail, &arc);
        if (arc.result != AUTH_PASS || strcmp(arc.author, rows[i].author) != 0)
            fail_msg("%s: %s \"%s\"", rows[i].results, auth_result_word(arc.result), arc.author);
    }
}

static void a_vault_that_sleeps_is_said(void **state)
{
    int asleep;
    const struct arc_signer silent = {sign, &asleep};
    const struct arc_orders orders = orders_for(LOGIN, SLICE(""));
    scoped_text char *whole = house_crlf(MAIL);
    scoped(dkim_text) text = house_text(slice_of(whole));
    scoped_value(bytes) out = {0};
    struct err err;

    (void)state;
    assert_false(arc_seal(text, SLICE(SIGNATURES), &orders, &silent, &out, &err));
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shape_of_a_set),      cmocka_unit_test(a_first_set_is_read_again),
        cmocka_unit_test(a_chain_is_gone_on_with), cmocka_unit_test(until_it_is_full),
        cmocka_unit_test(what_is_broken_is_over),  cmocka_unit_test(changes_are_found),
        cmocka_unit_test(whose_login_counts),      cmocka_unit_test(a_vault_that_sleeps_is_said),
    };

    return cmocka_run_group_tests(tests, house_open, house_close);
}
