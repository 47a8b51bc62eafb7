/* Signatures of others (RFC 6376, 8301, 8463): the vectors of the RFCs, canonical forms, what is refused and why. */
#include "dkim_house.h"

#include "memory.h"
#include "test.h"

#include <stdio.h>

#define BODY "Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n"
#define HEAD                                                                                       \
    "From: Joe SixPack <joe@football.example.com>\n"                                               \
    "To: Suzie Q <suzie@shopping.example.net>\n"                                                   \
    "Subject: Is dinner ready?\n"                                                                  \
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n"                                                \
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"

/* ---- vectors ---- */

static const char rfc8463_mail[] =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com;\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n"
    " subject : date : message-id : from : subject : date;\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com;\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n"
    " date : message-id : from : subject : date;\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\n" HEAD "\n" BODY;
static const char rfc8463_edwards[] =
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
static const char rfc8463_rsa[] =
    "v=DKIM1; k=rsa; "
    "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/"
    "J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/"
    "8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+"
    "2kryOTIKT+l/K4w3QIDAQAB";

static const char rfc6376_mail[] = "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\n"
                                   "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\n"
                                   "      h=Received : From : To : Subject : Date : Message-ID;\n"
                                   "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
                                   "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\n"
                                   "      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\n"
                                   "      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\n"
                                   "      4bmp/YzhwvcubU4=;\n"
                                   "Received: from client1.football.example.com  [192.0.2.1]\n"
                                   "      by submitserver.example.com with SUBMISSION;\n"
                                   "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\n" HEAD "\n"
                                   "Hi.\n\nWe lost the game. Are you hungry yet?\n\nJoe.\n";
static const char rfc6376_rsa[] = "v=DKIM1; "
                                  "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/"
                                  "DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4j"
                                  "YfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/"
                                  "NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ"
                                  "2QIDAQAB";

static void vectors_of_the_rfcs_pass(void **state)
{
    static const struct {
        const char *name, *mail, *record, *domain, *question;
        size_t index;
    } rows[] = {
        {"RFC 8463 A, Ed25519", rfc8463_mail, rfc8463_edwards, "football.example.com",
         "brisbane._domainkey.football.example.com", 0},
        {"RFC 8463 A, RSA",     rfc8463_mail, rfc8463_rsa,     "football.example.com",
         "test._domainkey.football.example.com",     1},
        {"RFC 6376 A.2",        rfc6376_mail, rfc6376_rsa,     "example.com",
         "brisbane._domainkey.example.com",          0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *mail = house_crlf(rows[i].mail);
        scoped_value(dkim) dkim = {.count = 0};
        scoped_value(dns_facts) facts = {0};
        struct dns_answer answer;
        scoped(dkim_text) text = house_text(slice_of(mail));
        dkim_read(text, HOUSE_NOW_MS, &dkim);
        assert_false(dkim_judge(&dkim, &facts, &house_prover));
        assert_int_equal(facts.at[rows[i].index]->question.type, DNS_TXT);
        assert_string_equal(facts.at[rows[i].index]->question.name, rows[i].question);
        house_answer(rows[i].record, &answer);
        house_learn(&facts, &answer);
        dns_answer_clear(&answer);
        assert_true(dkim_judge(&dkim, &facts, &house_prover));
        const struct dkim_signature *signature = &dkim.signatures[rows[i].index];
        if (signature->result != AUTH_PASS)
            fail_msg("%s: %s", rows[i].name, signature->why);
        assert_true(dkim_passed(&dkim, slice_of(rows[i].domain)));
        assert_false(dkim_passed(&dkim, SLICE("example.net")));
    }
}

/* ---- canonical forms ---- */

static char *canonical_body(enum dkim_canon canon, const char *body, size_t piece_len)
{
    struct dkim_body_run run = {.canon = canon, .hash = sha256_start()};
    unsigned char digest[SHA256_LEN];
    scoped_value(bytes) hex = {0};
    struct slice rest = slice_of(body);

    for (; rest.len > 0; rest = slice_from(rest, piece_len))
        dkim_body_add(&run, slice_first(rest, piece_len));
    dkim_body_end(&run, digest);
    bytes_print(&hex, "%lld:", (long long)run.len);
    for (size_t i = 0; i < sizeof digest; i++)
        bytes_print(&hex, "%02x", digest[i]);
    return bytes_take(&hex);
}

static char *digest_of(const char *text)
{
    unsigned char digest[SHA256_LEN];
    scoped_value(bytes) hex = {0};

    sha256(slice_of(text), digest);
    bytes_print(&hex, "%zu:", strlen(text));
    for (size_t i = 0; i < sizeof digest; i++)
        bytes_print(&hex, "%02x", digest[i]);
    return bytes_take(&hex);
}

static void bodies_in_any_pieces(void **state)
{
    static const struct {
        const char *name, *body, *simple, *relaxed;
    } rows[] = {
        {"RFC 6376 3.4.5",             " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n",  " C\r\nD E\r\n"     },
        {"nothing",                    "",                          "\r\n",               ""                  },
        {"one empty line",             "\r\n",                      "\r\n",               ""                  },
        {"empty lines",                "\r\n\r\n\r\n",              "\r\n",               ""                  },
        {"no line end",                "a",                         "a\r\n",              "a\r\n"             },
        {"spaces alone",               "  \t",                      "  \t\r\n",           ""                  },
        {"a line of spaces",           "  \r\n",                    "  \r\n",             ""                  },
        {"lines of spaces at the end", "a\r\n \r\n\t\r\n",          "a\r\n \r\n\t\r\n",   "a\r\n"             },
        {"empty lines before",         "\r\n\r\na\r\n",             "\r\n\r\na\r\n",      "\r\n\r\na\r\n"     },
        {"empty lines between",        "a\r\n\r\n\r\nb",            "a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n"},
        {"space before",               "\ta\r\n",                   "\ta\r\n",            " a\r\n"            },
        {"a CR alone",                 "a\rb\r\n",                  "a\rb\r\n",           "a\rb\r\n"          },
        {"a CR at the end",            "a\r",                       "a\r\r\n",            "a\r\r\n"           },
        {"two CRs",                    "a\r\r\nb",                  "a\r\r\nb\r\n",       "a\r\r\nb\r\n"      },
        {"an LF alone",                "a\nb\r\n",                  "a\nb\r\n",           "a\nb\r\n"          },
        {"a space behind a CR",        "a\r b\r\n",                 "a\r b\r\n",          "a\r b\r\n"         },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (size_t piece_len = 1; piece_len <= 8; piece_len++) {
            scoped_text char *simple = canonical_body(DKIM_SIMPLE, rows[i].body, piece_len);
            scoped_text char *relaxed = canonical_body(DKIM_RELAXED, rows[i].body, piece_len);
            scoped_text char *as_simple = digest_of(rows[i].simple);
            scoped_text char *as_relaxed = digest_of(rows[i].relaxed);
            if (strcmp(simple, as_simple) != 0)
                fail_msg("%s, simple, in pieces of %zu", rows[i].name, piece_len);
            if (strcmp(relaxed, as_relaxed) != 0)
                fail_msg("%s, relaxed, in pieces of %zu", rows[i].name, piece_len);
        }
}

static void fields(void **state)
{
    static const struct {
        const char *field, *relaxed;
    } rows[] = {
        {"A: X",               "a:X\r\n"        }, /* RFC 6376 3.4.5 */
        {"B : Y\t\r\n\tZ  ",   "b:Y Z\r\n"      },
        {"SUBJect:  AbC\r\n ", "subject:AbC\r\n"},
        {"To:",                "to:\r\n"        },
        {"To: a\r\n\t\r\n b",  "to:a b\r\n"     },
        {"X-Colon: a:b",       "x-colon:a:b\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) out = {0};
        dkim_canon_field(DKIM_RELAXED, slice_of(rows[i].field), &out);
        assert_string_equal(out.at, rows[i].relaxed);
        bytes_reset(&out);
        dkim_canon_field(DKIM_SIMPLE, slice_of(rows[i].field), &out);
        assert_true(slice_starts(bytes_slice(&out), slice_of(rows[i].field)));
        assert_int_equal(out.len, strlen(rows[i].field) + 2);
    }
}

/* ---- what is refused ---- */

#define GOOD                                                                                       \
    "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com; s=e; h=from:subject:from;"           \
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"

static void expect(const char *name, struct slice mail, const char *record, enum auth_result result,
                   const char *why)
{
    scoped_value(dkim) dkim = {.count = 0};
    struct dns_answer answer;

    house_answer(record, &answer);
    house_judge(mail, record ? &answer : NULL, &dkim);
    dns_answer_clear(&answer);
    const struct dkim_signature *signature = &dkim.signatures[0];
    if (dkim.count != 1 || signature->result != result || strcmp(signature->why, why) != 0)
        fail_msg("%s: %zu signatures, %s, \"%s\"", name, dkim.count,
                 auth_result_word(signature->result), signature->why);
}

static void tags_are_judged(void **state)
{
    static const struct {
        const char *name, *tags;
        enum auth_result result;
        const char *why;
    } rows[] = {
#define A "v=1; a=ed25519-sha256; c=relaxed/relaxed; "
#define D "d=example.com; s=e; "
#define H "h=from:to; "
#define BH "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"
        {"as it should be",               A D H BH,                                                 AUTH_PASS,      ""                                   },
        {"folded anywhere",
                                                                     "v=1;\n a=ed25519-sha256;\n\tc=relaxed/relaxed\n ; d=\n example.com; s=e; h=from :\n to;"
         " bh=2jUSOH9NhtVGCQWNr9Br\n IAPreKQjO6Sn7XIkfJVOzv8=;",                                                                                                AUTH_PASS,      ""                                   },
        {"case of a domain",              A "d=EXAMPLE.com; s=e; " H BH,                            AUTH_PASS,      ""                                   },
        {"an unknown tag",                A D H BH " zz=what;",                                     AUTH_PASS,      ""                                   },
        {"times that fit",                A D H BH " t=1795342200; x=1795342201;",                  AUTH_PASS,      ""                                   },
        {"their clock is a little ahead", A D H BH " t=1795342500;",                                AUTH_PASS,      ""                                   },
        {"a clock far ahead",             A D H BH " t=1795343200;",                                AUTH_POLICY,    "signed in the future"               },
        {"expired",                       A D H BH " t=1700000000; x=1795342199;",                  AUTH_POLICY,    "signature expired"                  },
        {"ends before it begins",         A D H BH " t=1795342200; x=1795342200;",                  AUTH_PERMERROR,
                                                                     "t= or x= makes no sense"                                                                                                                       },
        {"a time that is none",           A D H BH " t=soon;",                                      AUTH_PERMERROR, "t= or x= makes no sense"            },
        {"a time without end",            A D H BH " x=9999999999999;",                             AUTH_PERMERROR,
                                                                     "t= or x= makes no sense"                                                                                                                       },
        {"i= of the domain",              A D H BH " i=joe@example.com;",                           AUTH_PASS,      ""                                   },
        {"i= of a subdomain",             A D H BH " i=joe@sub.example.com;",                       AUTH_PASS,      ""                                   },
        {"i= of another domain",          A D H BH " i=joe@example.net;",                           AUTH_PERMERROR,
                                                                     "i= is not within d="                                                                                                                           },
        {"i= of a longer name",           A D H BH " i=@notexample.com;",                           AUTH_PERMERROR,
                                                                     "i= is not within d="                                                                                                                           },
        {"i= of the domain above",        A "d=sub.example.com; s=e; " H BH " i=@example.com;",
                                                                     AUTH_PERMERROR,                                                                                            "i= is not within d="                },
        {"i= without @",                  A D H BH " i=joe;",                                       AUTH_PERMERROR, "i= is no identity"                  },
        {"version 2",                     "v=2; a=ed25519-sha256; c=relaxed/relaxed; " D H BH,      AUTH_PERMERROR,
                                                                     "v= is not 1"                                                                                                                                   },
        {"no version",                    "a=ed25519-sha256; c=relaxed/relaxed; " D H BH,           AUTH_PERMERROR,
                                                                     "v= is not 1"                                                                                                                                   },
        {"rsa-sha1",                      "v=1; a=rsa-sha1; c=relaxed/relaxed; " D H BH,            AUTH_POLICY,
                                                                     "rsa-sha1 proves nothing"                                                                                                                       },
        {"an unknown algorithm",          "v=1; a=rsa-sha512; " D H BH,                             AUTH_PERMERROR, "unknown algorithm"                  },
        {"no algorithm",                  "v=1; " D H BH,                                           AUTH_PERMERROR, "unknown algorithm"                  },
        {"an unknown form",               "v=1; a=ed25519-sha256; c=nowsp; " D H BH,                AUTH_PERMERROR,
                                                                     "c= names an unknown form"                                                                                                                      },
        {"another way to the key",        A D H BH " q=http;",                                      AUTH_PERMERROR,
                                                                     "q= names no way to the key"                                                                                                                    },
        {"two ways to the key",           A D H BH " q=http:dns/txt;",                              AUTH_PASS,      ""                                   },
        {"no domain",                     A "s=e; " H BH,                                           AUTH_PERMERROR, "d= or s= is no name"                },
        {"a domain of one label",         A "d=com; s=e; " H BH,                                    AUTH_PERMERROR, "d= or s= is no name"                },
        {"no selector",                   A "d=example.com; " H BH,                                 AUTH_PERMERROR, "d= or s= is no name"                },
        {"an empty label",                A "d=example.com; s=a..b; " H BH,                         AUTH_PERMERROR, "d= or s= is no name"                },
        {"a selector with more in it",    A "d=example.com; s=a b; " H BH,                          AUTH_PERMERROR,
                                                                     "d= or s= is no name"                                                                                                                           },
        {"From is left out",              A D "h=to:subject; " BH,                                  AUTH_PERMERROR, "From is not signed"                 },
        {"no names",                      A D BH,                                                   AUTH_PERMERROR, "h= is no list of names, or too long"},
        {"an empty name",                 A D "h=from::to; " BH,                                    AUTH_PERMERROR,
                                                                     "h= is no list of names, or too long"                                                                                                           },
        {"another body",                  A D H "bh=AAUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;", AUTH_FAIL,
                                                                     "the body was changed"                                                                                                                          },
        {"no digest",                     A D H,                                                    AUTH_PERMERROR, "bh= is no digest"                   },
        {"a short digest",                A D H "bh=AAUSOH8=;",                                     AUTH_PERMERROR, "bh= is no digest"                   },
        {"all of the body",               A D H BH " l=54;",                                        AUTH_PASS,      ""                                   },
        {"a part of the body",            A D H BH " l=53;",                                        AUTH_POLICY,
                                                                     "l= leaves a part of the body unsigned"                                                                                                         },
        {"nothing of the body",           A D H BH " l=0;",                                         AUTH_POLICY,
                                                                     "l= leaves a part of the body unsigned"                                                                                                         },
        {"more than the body",            A D H BH " l=55;",                                        AUTH_PERMERROR, "l= makes no sense"                  },
        {"less than nothing",             A D H BH " l=-1;",                                        AUTH_PERMERROR, "l= makes no sense"                  },
        {"a tag twice",                   A D H BH " d=example.net;",                               AUTH_PERMERROR, "not a list of tags"                 },
        {"a tag without a name",          A D H BH " =x;",                                          AUTH_PERMERROR, "not a list of tags"                 },
        {"no tag",                        A D H BH " hello;",                                       AUTH_PERMERROR, "not a list of tags"                 },
#undef BH
#undef H
#undef D
#undef A
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *mail = house_signed("DKIM-Signature", rows[i].tags, HEAD "\n" BODY);
        expect(rows[i].name, slice_of(mail), NULL, rows[i].result, rows[i].why);
    }
}

static void keys_are_judged(void **state)
{
    const char *const ours = strstr(house_record(DKIM_ED25519_SHA256), "p=");
    static const char weak[] =
        "k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKZ3KQVQfL1yT0UT5qdQ7uWzY1TqWl1c8xO4uQwOVQyS"
        "Y7ZqPAxU1cQ4o9VYYg3mN8oZBqbPZr5kPMjzqsmTfUUCAwEAAQ==";
    const struct {
        const char *name, *before, *key;
        enum auth_result result;
        const char *why;
    } rows[] = {
        {"ours",                     "v=DKIM1; k=ed25519; ",                 ours,        AUTH_PASS,      ""                              },
        {"without a version",        "k=ed25519; ",                          ours,        AUTH_PASS,      ""                              },
        {"for mail",                 "v=DKIM1; k=ed25519; s=tlsrpt:email; ", ours,        AUTH_PASS,      ""                              },
        {"for something else",       "v=DKIM1; k=ed25519; s=tlsrpt; ",       ours,        AUTH_PERMERROR,
         "the key is not for this"                                                                                                        },
        {"for another digest",       "v=DKIM1; k=ed25519; h=sha1; ",         ours,        AUTH_PERMERROR,
         "the key is not for this"                                                                                                        },
        {"on trial",                 "v=DKIM1; k=ed25519; t=y; ",            ours,        AUTH_PASS,      ""                              },
        {"the version is not first", "k=ed25519; v=DKIM1; ",                 ours,        AUTH_PERMERROR,
         "no key record that can be read"                                                                                                 },
        {"another version",          "v=DKIM2; k=ed25519; ",                 ours,        AUTH_PERMERROR,
         "no key record that can be read"                                                                                                 },
        {"an unknown kind",          "v=DKIM1; k=ecdsa; ",                   ours,        AUTH_PERMERROR,
         "no key record that can be read"                                                                                                 },
        {"another kind",             "v=DKIM1; k=rsa; ",                     ours,        AUTH_PERMERROR, "the key is of another kind"    },
        {"revoked",                  "v=DKIM1; k=ed25519; ",                 "p=",        AUTH_PERMERROR, "the key was revoked"           },
        {"no key",                   "v=DKIM1; k=ed25519; ",                 "n=nothing", AUTH_PERMERROR,
         "no key record that can be read"                                                                                                 },
        {"broken base64",            "v=DKIM1; k=ed25519; ",                 "p=A",       AUTH_PERMERROR,
         "no key record that can be read"                                                                                                 },
        {"a short key",              "v=DKIM1; k=ed25519; ",                 "p=AAAA",    AUTH_PERMERROR, "the key cannot be read"        },
        {"somebody's notes",         "",                                     "hello",     AUTH_PERMERROR, "no key record that can be read"},
    };

    (void)state;
    scoped_text char *mail = house_signed("DKIM-Signature", GOOD, HEAD "\n" BODY);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *record = must_print("%s%s", rows[i].before, rows[i].key);
        expect(rows[i].name, slice_of(mail), record, rows[i].result, rows[i].why);
    }
    static const char tags[] = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=e; h=from;"
                               " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;";
    scoped_text char *short_key = house_signed("DKIM-Signature", tags, HEAD "\n" BODY);
    expect("RSA of 512 bits", slice_of(short_key), weak, AUTH_POLICY, "the key is too short");
}

static void dns_may_fail(void **state)
{
    static const struct {
        enum dns_outcome outcome;
        enum auth_result result;
    } rows[] = {
        {DNS_FAILED,  AUTH_TEMPERROR},
        {DNS_BOGUS,   AUTH_TEMPERROR},
        {DNS_NO_DATA, AUTH_PERMERROR},
        {DNS_NO_NAME, AUTH_PERMERROR},
    };

    (void)state;
    scoped_text char *mail = house_signed("DKIM-Signature", GOOD, HEAD "\n" BODY);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(dkim) dkim = {.count = 0};
        const struct dns_answer answer = {.outcome = rows[i].outcome};
        house_judge(slice_of(mail), &answer, &dkim);
        assert_int_equal(dkim.signatures[0].result, rows[i].result);
    }
}

static void two_keys_under_one_name_are_none(void **state)
{
    scoped_text char *mail = house_signed("DKIM-Signature", GOOD, HEAD "\n" BODY);
    scoped_value(dkim) one = {.count = 0};
    scoped_value(dkim) two = {.count = 0};
    struct dns_answer answer;

    (void)state;
    house_answer(house_record(DKIM_ED25519_SHA256), &answer);
    dns_answer_add(&answer, SLICE("\x09some note"));
    dns_answer_add(&answer, SLICE("\x63 cut short"));
    house_judge(slice_of(mail), &answer, &one);
    assert_int_equal(one.signatures[0].result, AUTH_PASS);
    dns_answer_add(&answer, answer.records[0].data);
    house_judge(slice_of(mail), &answer, &two);
    assert_int_equal(two.signatures[0].result, AUTH_PERMERROR);
    dns_answer_clear(&answer);
}

static void subdomains_need_leave(void **state)
{
    scoped_text char *strict = must_print("%s; t=s", house_record(DKIM_ED25519_SHA256));
    scoped_text char *below =
        house_signed("DKIM-Signature", GOOD " i=@sub.example.com;", HEAD "\n" BODY);
    scoped_text char *same =
        house_signed("DKIM-Signature", GOOD " i=@example.com;", HEAD "\n" BODY);

    (void)state;
    expect("t=s, a subdomain", slice_of(below), strict, AUTH_PERMERROR,
           "the key is not for subdomains");
    expect("t=s, the domain", slice_of(same), strict, AUTH_PASS, "");
}

/* ---- what was changed on the way ---- */

static void changes_are_found(void **state)
{
    scoped_text char *mail = house_signed("DKIM-Signature", GOOD, HEAD "\n" BODY);
    static const struct {
        const char *name, *from, *to;
        enum auth_result result;
    } rows[] = {
        {"nothing",                              "Joe.",       "Joe.",                                AUTH_PASS},
        {"a word of the body",                   "lost",       "won",                                 AUTH_FAIL},
        {"a line behind the body",               "Joe.\r\n",   "Joe.\r\nbuy\r\n",                     AUTH_FAIL},
        {"white space of the body",              "game.  Are", "game. \t Are",                        AUTH_PASS},
        {"the subject",                          "dinner",     "lunch",                               AUTH_FAIL},
        {"the subject, folded",                  "Is dinner",  "Is\r\n dinner",                       AUTH_PASS},
        {"what is not signed",                   "suzie@",     "eve@",                                AUTH_PASS},
        {"a second From above",                  "From: Joe",  "From: eve@example.com\r\nFrom: Joe",  AUTH_FAIL},
        {"a second From below",                  "To: Suzie",  "From: eve@example.com\r\nTo: Suzie",  AUTH_FAIL},
        {"a field that was signed as not there", "To: Suzie",  "from : eve@example.com\r\nTo: Suzie",
         AUTH_FAIL                                                                                             },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(dkim) dkim = {.count = 0};
        scoped_value(bytes) changed = {0};
        size_t at = slice_find_text(slice_of(mail), slice_of(rows[i].from));
        assert_true(at != SIZE_MAX);
        bytes_add(&changed, slice_first(slice_of(mail), at));
        bytes_add_text(&changed, rows[i].to);
        bytes_add_text(&changed, mail + at + strlen(rows[i].from));
        house_judge(bytes_slice(&changed), NULL, &dkim);
        if (dkim.signatures[0].result != rows[i].result)
            fail_msg("%s: %s", rows[i].name, auth_result_word(dkim.signatures[0].result));
    }
    scoped_text char *trial = must_print("%s; t=y", house_record(DKIM_ED25519_SHA256));
    scoped_text char *other = house_signed("DKIM-Signature", GOOD, HEAD "\n" BODY);
    *strstr(other, "dinner") = 'w';
    expect("on trial nobody is held to it", slice_of(other), trial, AUTH_NEUTRAL,
           "the signature does not fit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfcs_pass),
        cmocka_unit_test(bodies_in_any_pieces),
        cmocka_unit_test(fields),
        cmocka_unit_test(tags_are_judged),
        cmocka_unit_test(keys_are_judged),
        cmocka_unit_test(dns_may_fail),
        cmocka_unit_test(two_keys_under_one_name_are_none),
        cmocka_unit_test(subdomains_need_leave),
        cmocka_unit_test(changes_are_found),
    };

    return cmocka_run_group_tests(tests, house_open, house_close);
}
