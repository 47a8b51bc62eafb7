/* SPF, DKIM and DMARC of one mail together: what is found, what is written above Received, and what it may cost. */
#include "test.h"

#include "memory.h"
#include "origin.h"
#include "sender.h"
#include "zone.h"

#include <stdio.h>
#include <time.h>

static enum dkim_proof all_good(void *ctx, enum dkim_scheme scheme, struct slice key,
                                const unsigned char digest[SHA256_LEN], struct slice signature)
{
    (void)ctx, (void)scheme, (void)key, (void)digest, (void)signature;
    return DKIM_PROVED;
}

struct found {
    struct evidence evidence;
    struct bytes field;
    size_t questions;
    int rounds;
};

static void found_clear(struct found *found)
{
    bytes_clear(&found->field);
}
SCOPED_VALUE(found, found_clear)

static void judge(const char *zone, const char *mail_from, const char *author, struct slice mail,
                  struct found *out)
{
    scoped(source) source = source_of_slice(mail);
    scoped_value(origin) origin = {.question = {0}};
    struct err err;
    scoped(dkim_text) text = dkim_text_read(source, &err);
    const struct origin_question question = {
        .client = "192.0.2.1",
        .tls = true,
        .helo = "mail.example.org",
        .mail_from = mail_from,
        .author = author,
        .now_ms = 1772366400000,
        .prover = {all_good, NULL},
    };

    assert_non_null(text);
    origin_begin(&origin, &question, text);
    for (out->rounds = 0; !origin_judge(&origin); out->rounds++) {
        assert_true(out->rounds < 24);
        zone_answer(zone, &origin.facts);
    }
    origin_evidence(&origin, &out->evidence);
    origin_field(&origin, "mx.home.test", &out->field);
    out->questions = origin.facts.count;
}

#define MAIL SLICE("From: bob@example.org\r\nSubject: x\r\n\r\nHello\r\n")
#define ZONE                                                                                       \
    "example.org TXT v=spf1 ip4:192.0.2.1 -all\n_dmarc.example.org TXT v=DMARC1; p=reject\n"

static void test_what_is_found(void **state)
{
    static const struct {
        const char *name, *zone, *mail_from, *author;
        enum evidence_class class;
        enum auth_result spf, dmarc;
    } rows[] = {
  /* clang-format off */
        {"SPF of the author's domain",       ZONE, "bob@example.org",    "example.org",  EVIDENCE_S1, AUTH_PASS, AUTH_PASS},
        {"SPF of another",                   ZONE, "bob@example.org",    "example.com",  EVIDENCE_S0, AUTH_PASS, AUTH_NONE},
        {"a forged author",                  ZONE, "eve@evil.example",   "example.org",  EVIDENCE_S0, AUTH_NONE, AUTH_FAIL},
        {"no author",                        ZONE, "bob@example.org",    "",             EVIDENCE_S0, AUTH_PASS, AUTH_NONE},
        {"the null sender speaks by HELO",   "mail.example.org TXT v=spf1 a -all\nmail.example.org A 192.0.2.1\n", "", "mail.example.org", EVIDENCE_S1, AUTH_PASS, AUTH_NONE},
        {"nothing at all",                   "",   "bob@example.org",    "example.org",  EVIDENCE_S0, AUTH_NONE, AUTH_NONE},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(found) found = {.rounds = 0};
        judge(rows[i].zone, rows[i].mail_from, rows[i].author, MAIL, &found);
        if (found.evidence.class != rows[i].class || found.evidence.spf != rows[i].spf ||
            found.evidence.dmarc != rows[i].dmarc)
            fail_msg("%s: S%d\n%s", rows[i].name, (int)found.evidence.class, found.field.at);
    }
}

static void test_the_field(void **state)
{
    scoped_value(found) found = {.rounds = 0};

    (void)state;
    judge(ZONE, "bob@example.org", "example.org", MAIL, &found);
    assert_text(found.field.at, "Authentication-Results: mx.home.test;\r\n"
                                "\tspf=pass smtp.mailfrom=example.org;\r\n"
                                "\tdkim=none;\r\n"
                                "\tdmarc=pass (p=reject) header.from=example.org\r\n");
}

static void test_no_stranger_writes_into_the_field(void **state)
{
    scoped_value(found) found = {.rounds = 0};

    (void)state;
    judge("", "x@evil.example; dmarc=pass header.from=bank.example", "a(b);dmarc=pass", MAIL,
          &found);
    assert_text(found.field.at, "Authentication-Results: mx.home.test;\r\n"
                                "\tspf=none;\r\n"
                                "\tdkim=none;\r\n"
                                "\tdmarc=none\r\n");
}

static void test_the_sentence(void **state)
{
    scoped_value(found) found = {.rounds = 0};
    scoped_value(bytes) sentence = {0};

    (void)state;
    judge(ZONE, "bob@example.org", "example.org", MAIL, &found);
    evidence_sentence(&found.evidence, &sentence);
    assert_text(
        sentence.at,
        "example.org confirms that this mail is its own, by the server it came from (S1). It "
        "came from 192.0.2.1 over TLS; SPF pass of example.org, DKIM none, DMARC pass.");
}

static void add_many(struct bytes *out, int count, const char *text)
{
    for (int i = 0; i < count; i++)
        bytes_add_text(out, text);
}

#define OF_NOTHING "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static void test_whose_word_the_key_is(void **state)
{
    static const struct {
        const char *name, *domain, *names, *fields;
        bool signed_too;
    } rows[] = {
  /* clang-format off */
        {"signed",                             "example.org",       "from:autocrypt",           "Autocrypt: a\r\n",                      true },
        {"by the domain above",                "mail.example.org",  "from:subject:Autocrypt ",  "Autocrypt: a\r\n",                      true },
        {"signed, and no second one may come", "example.org",       "from:autocrypt:autocrypt", "Autocrypt: a\r\n",                      true },
        {"not signed",                         "example.org",       "from",                     "Autocrypt: a\r\n",                      false},
        {"one of two",                         "example.org",       "from:autocrypt",           "Autocrypt: a\r\nAutocrypt: b\r\n",      false},
        {"written otherwise",                  "example.org",       "from:autocrypt",           "autocrypt : a\r\nAUTOCRYPT: b\r\n",     false},
        {"signed by somebody else",            "evil.example",      "from:autocrypt",           "Autocrypt: a\r\n",                      false},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(found) found = {.rounds = 0};
        scoped_text char *zone =
            must_print(ZONE "s._domainkey.%s TXT v=DKIM1; p=AAAA\n", rows[i].domain);
        scoped_value(bytes) value = {0};
        add_many(&value, 64, "AAAA");
        scoped_text char *mail =
            must_print("From: bob@example.org\r\n%sDKIM-Signature: v=1; a=rsa-sha256; "
                       "c=relaxed/relaxed; d=%s; s=s; h=%s; b=%s; bh=" OF_NOTHING "\r\n\r\n",
                       rows[i].fields, rows[i].domain, rows[i].names, value.at);
        judge(zone, "bob@example.org", "example.org", slice_of(mail), &found);
        if (found.evidence.dkim[0].result != AUTH_PASS)
            fail_msg("%s: %s", rows[i].name, found.field.at);
        if (found.evidence.key_signed != rows[i].signed_too)
            fail_msg("%s", rows[i].name);
    }
}

/* ---- hostile shapes: 0.5 s CPU and 60 questions each, whatever is sent ---- */
#define SIGNATURE                                                                                  \
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s; h=from; "           \
    "bh=" OF_NOTHING "; b=AAAA\r\n"

struct shape {
    const char *name, *head;
    int count;
    const char *piece, *tail;
};

static const struct shape shapes[] = {
  /* clang-format off */
    {"an ordinary mail",                 "From: a@example.org\r\n", 0, "", "\r\nHello\r\n"},
    {"nothing",                          "", 0, "", ""},
    {"no header",                        "\r\nHello\r\n", 0, "", ""},
    {"no line end",                      "From: a@example.org", 0, "", ""},
    {"two Froms",                        "From: a@example.org\r\nFrom: b@example.org\r\n", 0, "", "\r\n"},
    {"a thousand Froms",                 "", 1000, "From: a@example.org\r\n", "\r\n"},
    {"a From of a thousand addresses",   "From: ", 1000, "a@example.org,", "a@b.example\r\n\r\n"},
    {"100 signatures",                   "From: a@example.org\r\n", 100, SIGNATURE, "\r\nx\r\n"},
    {"5,000 signatures",                 "From: a@example.org\r\n", 5000, SIGNATURE, "\r\nx\r\n"},
    {"signatures of many domains",       "From: a@example.org\r\n", 30, "DKIM-Signature: v=1; a=rsa-sha256; d=a.b.c.d.e.f.g.example.org; s=x; h=from; bh=AAAA; b=AAAA\r\n", "\r\nx\r\n"},
    {"l=0",                              "From: a@example.org\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; l=0; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n", 0, "", "\r\nappended\r\n"},
    {"l= of many digits",                "From: a@example.org\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; l=99999999999999999999; h=from; bh=AAAA; b=AAAA\r\n", 0, "", "\r\nx\r\n"},
    {"a folded signature",               "From: a@example.org\r\nDKIM-Signature: v=1;\r\n", 3000, "\t \r\n", "\td=example.org\r\n\r\nx\r\n"},
    {"b= folded 5,000 times",            "From: a@example.org\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=from; bh=AAAA; b=", 5000, "A\r\n ", "\r\n\r\nx\r\n"},
    {"h= of 10,000 names",               "From: a@example.org\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; bh=AAAA; b=AAAA; h=from", 10000, ":x", "\r\n\r\nx\r\n"},
    {"10,000 tags",                      "From: a@example.org\r\nDKIM-Signature: v=1", 10000, ";x=y", "\r\n\r\nx\r\n"},
    {"no tag at all",                    "From: a@example.org\r\nDKIM-Signature: ", 10000, ";", "\r\n\r\nx\r\n"},
    {"a 10 MB header",                   "From: a@example.org\r\n", 170000, "X-Field: 0123456789012345678901234567890123456789012345678\r\n", "\r\nx\r\n"},
    {"one field of 10 MB",               "From: a@example.org\r\nX: ", 1000000, "0123456789", "\r\n\r\nx\r\n"},
    {"a 10 MB signature",                "From: a@example.org\r\nDKIM-Signature: ", 1000000, "0123456789", "\r\n\r\nx\r\n"},
    {"a body of empty lines",            "From: a@example.org\r\n" SIGNATURE "\r\n", 2000000, "\r\n", ""},
    {"a body of spaces",                 "From: a@example.org\r\n" SIGNATURE "\r\n", 500000, "        ", "\r\n"},
    {"a body of one line",               "From: a@example.org\r\n" SIGNATURE "\r\n", 1000000, "0123456789", ""},
    {"bare carriage returns",            "From: a@example.org\r\n" SIGNATURE "\r\n", 500000, "a\r", "\r\n"},
    {"bare line feeds",                  "From: a@example.org\n" SIGNATURE "\n", 500000, "a\n", ""},
    {"colons",                           "", 500000, ":", "\r\n\r\n"},
    {"field names of nothing",           "", 100000, ":\r\n", "\r\n"},
    {"continuations from the start",     "", 100000, " x\r\n", "\r\n"},
    {"a selector of 10,000 labels",      "From: a@example.org\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.org; h=from; bh=AAAA; b=AAAA; s=", 10000, "a.", "a\r\n\r\nx\r\n"},
    {"a domain of 10,000 labels",        "From: a@example.org\r\nDKIM-Signature: v=1; a=rsa-sha256; s=s; h=from; bh=AAAA; b=AAAA; d=", 10000, "a.", "org\r\n\r\nx\r\n"},
    {"1,000 Received",                   "From: a@example.org\r\n", 1000, "Received: from a by b; x\r\n", "\r\nx\r\n"},
    {"1,000 ARC sets",                   "From: a@example.org\r\n", 1000, "ARC-Seal: i=1; a=rsa-sha256; d=example.org; s=s; cv=none; b=AAAA\r\n", "\r\nx\r\n"},
    {"1,000 results",                    "From: a@example.org\r\n", 1000, "Authentication-Results: mx.home.test; dmarc=pass\r\n", "\r\nx\r\n"},
    {"deep comments",                    "From: ", 20000, "(", "a@example.org\r\n\r\nx\r\n"},
    {"quoted pairs",                     "From: \"", 50000, "\\\"", "\" <a@example.org>\r\n\r\nx\r\n"},
    {"encoded words",                    "From: ", 5000, "=?utf-8?q?=c3=a4?= ", "<a@example.org>\r\n\r\nx\r\n"},
    {"NUL bytes by name",                "From: a@example.org\r\nX: ", 1000, "=00", "\r\n\r\nx\r\n"},
    {"8-bit names",                      "", 10000, "\303\244: x\r\n", "\r\n"},
    {"boundaries without parts",         "From: a@example.org\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n", 200000, "--a\r\n", ""},
    {"a group of nobody",                "From: ", 3000, "a:;,", "b:;\r\n\r\nx\r\n"},
    {"DKIM-Signature in the body",       "From: a@example.org\r\n\r\n", 20000, SIGNATURE, ""},
  /* clang-format on */
};

/* A zone as hostile: ten mx of ten hosts each, a deep author. */
static void hostile_zone(struct bytes *out)
{
    bytes_add_text(out, "evil.example TXT v=spf1");
    for (int term = 0; term < 10; term++)
        bytes_print(out, " mx:m%d.test", term);
    bytes_add_text(out, " -all\n");
    for (int term = 0; term < 10; term++)
        for (int host = 0; host < 10; host++)
            bytes_print(out, "m%d.test MX 10 h%d.m%d.test\nh%d.m%d.test A 192.0.2.9\n", term, host,
                        term, host, term);
    bytes_add_text(out, "mail.example.org TXT v=spf1 include:mail.example.org -all\n");
}

static void test_hostile_shapes_cost_little(void **state)
{
    scoped_value(bytes) zone = {0};

    (void)state;
    assert_true(COUNT_OF(shapes) >= 40);
    hostile_zone(&zone);
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        scoped_value(bytes) mail = {0};
        scoped_value(found) found = {.rounds = 0};
        bytes_add_text(&mail, shapes[i].head);
        add_many(&mail, shapes[i].count, shapes[i].piece);
        bytes_add_text(&mail, shapes[i].tail);
        clock_t began = clock();
        judge(zone.at, "x@evil.example", "a.b.c.d.e.f.g.h.i.example.org", bytes_slice(&mail),
              &found);
        double took_s = (double)(clock() - began) / CLOCKS_PER_SEC;
        /* Three of the sixty are kept for MAIL. */
        if (found.questions > DNS_FACTS_MAX || DNS_FACTS_MAX + 3 > 60 || took_s > 0.5)
            fail_msg("%s: %zu questions, %.2f s", shapes[i].name, found.questions, took_s);
    }
}

static void test_senders(void **state)
{
    static const struct {
        const char *name, *zone;
        enum sender_verdict verdict;
    } rows[] = {
        {"an MX",                           "a.test MX 10 mx.a.test\n",           SENDER_FINE         },
        {"an address",                      "a.test A 192.0.2.1\n",               SENDER_FINE         },
        {"an address of IPv6",              "a.test AAAA 2001:db8::1\n",          SENDER_FINE         },
        {"a null MX",                       "a.test MX 0 \n",                     SENDER_TAKES_NO_MAIL},
        {"a null MX, whatever the address", "a.test MX 0 \na.test A 192.0.2.1\n",
         SENDER_TAKES_NO_MAIL                                                                         },
        {"nothing",                         "",                                   SENDER_NOWHERE      },
        {"only a text",                     "a.test TXT hello\n",                 SENDER_NOWHERE      },
        {"no answer",                       "a.test FAIL\n",                      SENDER_UNSURE       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(dns_facts) facts = {0};
        while (sender_judge("a.test", &facts) == SENDER_OPEN)
            zone_answer(rows[i].zone, &facts);
        if (sender_judge("a.test", &facts) != rows[i].verdict || facts.count > 3)
            fail_msg("%s", rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_found),
        cmocka_unit_test(test_the_field),
        cmocka_unit_test(test_no_stranger_writes_into_the_field),
        cmocka_unit_test(test_the_sentence),
        cmocka_unit_test(test_whose_word_the_key_is),
        cmocka_unit_test(test_hostile_shapes_cost_little),
        cmocka_unit_test(test_senders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
