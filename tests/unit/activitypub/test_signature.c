/*
 * Reading signatures, without a key at hand: what must be refused before anybody calculates.
 */
#include "test.h"

#include "clock.h"
#include "memory.h"
#include "request.h"
#include "signature.h"

/* 16 May 2026 08:00:00 UTC */
#define NOW_S 1778918400
#define DATE "Sat, 16 May 2026 08:00:00 GMT"
#define DIGEST "SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="
#define CONTENT_DIGEST "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:"
#define SIXTEEN "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
/* 132 bytes and 64 bytes */
#define RSA SIXTEEN SIXTEEN SIXTEEN SIXTEEN
#define ED25519                                                                                    \
    "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMQ=="
#define KEY "keyId=\"https://m.example/users/bob#main-key\""
#define POST                                                                                       \
    "POST /users/alice/inbox HTTP/1.1\nHost: example.org\nDate: " DATE "\nDigest: " DIGEST "\n"
#define BODY "\n\n{}"
#define USUAL "headers=\"(request-target) host date digest\""

struct row {
    const char *name, *request, *said; /* said NULL: read */
};

static void check(const struct row *row)
{
    struct http_request request;
    scoped_value(signature) signature = {0};
    struct err err = {0};

    request_read(row->request, &request);
    bool read = signature_read(&request, NOW_S * (int64_t)SECOND_MS, &signature, &err);
    if (row->said ? read || !strstr(err.said, row->said) : !read)
        fail_msg("%s: %s", row->name, read ? "was read" : err.said);
    if (!read)
        assert_null(signature.key_id);
}

static void draft_cavage(void **state)
{
    static const struct row rows[] = {
        {"Mastodon's is read",
         POST "Content-Type: application/activity+json\nSignature: " KEY
              ",algorithm=\"rsa-sha256\",headers=\"host date content-type digest "
              "(request-target)\",signature=\"" RSA "\"" BODY,
         NULL                                                                                                                                 },
        {"hs2019 is read",
         POST "Signature: " KEY ",algorithm=\"hs2019\"," USUAL ",signature=\"" RSA "\"" BODY,                          NULL                   },
        {"no algorithm is read, with space around",
         POST "Signature: " KEY " , " USUAL " , signature = \"" RSA "\"" BODY,                                         NULL                   },
        {"old PeerTube names the scheme",
         POST "Signature: Signature " KEY "," USUAL ",signature=\"" RSA "\"" BODY,                                     NULL                   },
        {"a comma stands inside of a quoted value",
         POST "Signature: keyId=\"https://m.example/a,b\"," USUAL ",signature=\"" RSA "\"" BODY,
         NULL                                                                                                                                 },
        {"Ed25519 hides behind hs2019",
         POST "Signature: " KEY ",algorithm=\"hs2019\"," USUAL ",signature=\"" ED25519 "\"" BODY,
         NULL                                                                                                                                 },
        {"created is an integer",
         "POST /inbox HTTP/1.1\nHost: example.org\nDigest: " DIGEST "\nSignature: " KEY
         ",created=1778918400,algorithm=\"hs2019\",headers=\"(request-target) (created) host "
         "digest\",signature=\"" RSA "\"" BODY,
         NULL                                                                                                                                 },
        {"created is quoted",
         "POST /inbox HTTP/1.1\nHost: example.org\nDigest: " DIGEST "\nSignature: " KEY
         ",created=\"1778918400\",headers=\"(request-target) (created) host "
         "digest\",signature=\"" RSA "\"" BODY,
         NULL                                                                                                                                 },
        {"expires may lengthen it to 12 hours",
         "POST /inbox HTTP/1.1\nHost: example.org\nDigest: " DIGEST "\nSignature: " KEY
         ",created=1778886000,expires=1778922000,headers=\"(request-target) (created) (expires) "
         "host digest\",signature=\"" RSA "\"" BODY,
         NULL                                                                                                                                 },
        {"a GET needs no digest",
         "GET /users/alice HTTP/1.1\nHost: example.org\nDate: " DATE "\nSignature: " KEY
         ",headers=\"(request-target) host date\",signature=\"" RSA "\"\n\n",
         NULL                                                                                                                                 },
        {"59 minutes old",
         "POST /inbox HTTP/1.1\nHost: example.org\nDate: Sat, 16 May 2026 07:01:00 "
         "GMT\nDigest: " DIGEST "\nSignature: " KEY "," USUAL ",signature=\"" RSA "\"" BODY,
         NULL                                                                                                                                 },

        {"without a signature",                             POST BODY,                                                 "not signed"           },
        {"an empty list of headers",
         POST "Signature: " KEY ",headers=\"\",signature=\"" RSA "\"" BODY,                                            "empty"                },
        {"no list of headers",                              POST "Signature: " KEY ",signature=\"" RSA "\"" BODY,
         "needs keyId, headers"                                                                                                               },
        {"no keyId",                                        POST "Signature: " USUAL ",signature=\"" RSA "\"" BODY,    "needs keyId"          },
        {"a parameter twice",
         POST "Signature: " KEY "," KEY "," USUAL ",signature=\"" RSA "\"" BODY,                                       "twice"                },
        {"a header twice in the list",
         POST "Signature: " KEY
              ",headers=\"(request-target) host host date digest\",signature=\"" RSA "\"" BODY,
         "twice"                                                                                                                              },
        {"digest not covered",
         POST "Signature: " KEY ",headers=\"(request-target) host date\",signature=\"" RSA
              "\"" BODY,
         "cover digest"                                                                                                                       },
        {"target not covered",
         POST "Signature: " KEY ",headers=\"host date digest\",signature=\"" RSA "\"" BODY,
         "(request-target)"                                                                                                                   },
        {"host not covered",
         POST "Signature: " KEY ",headers=\"(request-target) date digest\",signature=\"" RSA
              "\"" BODY,
         "cover host"                                                                                                                         },
        {"no time covered",
         POST "Signature: " KEY ",headers=\"(request-target) host digest\",signature=\"" RSA
              "\"" BODY,
         "cover date"                                                                                                                         },
        {"a header that was not sent",
         POST "Signature: " KEY
              ",headers=\"(request-target) host date digest x-more\",signature=\"" RSA "\"" BODY,
         "not sent"                                                                                                                           },
        {"stale",
         "POST /inbox HTTP/1.1\nHost: example.org\nDate: Sat, 16 May 2026 06:59:00 "
         "GMT\nDigest: " DIGEST "\nSignature: " KEY "," USUAL ",signature=\"" RSA "\"" BODY,
         "older than an hour"                                                                                                                 },
        {"from the future",
         "POST /inbox HTTP/1.1\nHost: example.org\nDate: Sat, 16 May 2026 09:01:00 "
         "GMT\nDigest: " DIGEST "\nSignature: " KEY "," USUAL ",signature=\"" RSA "\"" BODY,
         "future"                                                                                                                             },
        {"expired",
         "POST /inbox HTTP/1.1\nHost: example.org\nDigest: " DIGEST "\nSignature: " KEY
         ",created=1778886000,expires=1778900000,headers=\"(request-target) (created) (expires) "
         "host digest\",signature=\"" RSA "\"" BODY,
         "expired"                                                                                                                            },
        {"a date that is none",
         "POST /inbox HTTP/1.1\nHost: example.org\nDate: yesterday\nDigest: " DIGEST
         "\nSignature: " KEY "," USUAL ",signature=\"" RSA "\"" BODY,
         "no date"                                                                                                                            },
        {"(created) with rsa-sha256",
         POST "Signature: " KEY ",created=1778918400,algorithm=\"rsa-sha256\","
              "headers=\"(request-target) (created) host digest\",signature=\"" RSA "\"" BODY,
         "hs2019"                                                                                                                             },
        {"(created) that was not given",
         POST "Signature: " KEY
              ",headers=\"(request-target) (created) host digest\",signature=\"" RSA "\"" BODY,
         "no time"                                                                                                                            },
        {"an unknown algorithm",
         POST "Signature: " KEY ",algorithm=\"hmac-sha256\"," USUAL ",signature=\"" RSA "\"" BODY,
         "not supported"                                                                                                                      },
        {"rsa-sha256 with a signature of Ed25519's length",
         POST "Signature: " KEY ",algorithm=\"rsa-sha256\"," USUAL ",signature=\"" ED25519
              "\"" BODY,
         "does not fit"                                                                                                                       },
        {"no base64",                                       POST "Signature: " KEY "," USUAL ",signature=\"!\"" BODY,  "base64"               },
        {"an open quote",                                   POST "Signature: " KEY "," USUAL ",signature=\"" RSA BODY,
         "cannot be read"                                                                                                                     },
        {"a body that is not the digest's",
         POST "Signature: " KEY "," USUAL ",signature=\"" RSA "\"\n\n{ }",                                             "does not fit the body"},
        {"no digest",
         "POST /inbox HTTP/1.1\nHost: example.org\nDate: " DATE "\nSignature: " KEY "," USUAL
         ",signature=\"" RSA "\"" BODY,
         "no Digest"                                                                                                                          },
        {"two digests in one field",
         "POST /inbox HTTP/1.1\nHost: example.org\nDate: " DATE "\nDigest: " DIGEST "," DIGEST
         "\nSignature: " KEY "," USUAL ",signature=\"" RSA "\"" BODY,
         "one sha-256"                                                                                                                        },
        {"two digest fields",
         POST "Digest: " DIGEST "\nSignature: " KEY "," USUAL ",signature=\"" RSA "\"" BODY,
         "twice"                                                                                                                              },
        {"two Host fields",
         POST "Host: example.org\nSignature: " KEY "," USUAL ",signature=\"" RSA "\"" BODY,
         "twice"                                                                                                                              },
        {"two Date fields",
         POST "Date: " DATE "\nSignature: " KEY "," USUAL ",signature=\"" RSA "\"" BODY,                               "twice"                },
        {"two Signature fields",
         POST "Signature: " KEY "," USUAL ",signature=\"" RSA "\"\nSignature: x=\"y\"" BODY,
         "twice"                                                                                                                              },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(&rows[i]);
}

static void lower_case_and_further_digests(void **state)
{
    static const struct row rows[] = {
        {"lower case",
         "POST /inbox HTTP/1.1\nHost: example.org\nDate: " DATE
         "\nDigest: sha-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="
         "\nSignature: " KEY "," USUAL ",signature=\"" RSA "\"" BODY,
         NULL         },
        {"beside another",
         "POST /inbox HTTP/1.1\nHost: example.org\nDate: " DATE
         "\nDigest: sha-512=AAAA, SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="
         "\nSignature: " KEY "," USUAL ",signature=\"" RSA "\"" BODY,
         NULL         },
        {"only another",
         "POST /inbox HTTP/1.1\nHost: example.org\nDate: " DATE "\nDigest: sha-512=AAAA"
         "\nSignature: " KEY "," USUAL ",signature=\"" RSA "\"" BODY,
         "one sha-256"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(&rows[i]);
}

#define NEW                                                                                        \
    "POST /inbox?x=1 HTTP/1.1\nHost: example.org\nDate: " DATE "\nContent-Digest: " CONTENT_DIGEST \
    "\n"
#define COVERED "(\"@method\" \"@target-uri\" \"content-digest\")"
#define CREATED ";created=1778918400"
#define KEYID ";keyid=\"https://m.example/users/bob#main-key\""

static void rfc9421(void **state)
{
    static const struct row rows[] = {
        {"Mastodon's is read",
         NEW "Signature-Input: sig1=" COVERED CREATED KEYID "\nSignature: sig1=:" RSA ":" BODY,
         NULL                                                                                                           },
        {"Fedify's is read",
         NEW "Signature-Input: sig1=(\"@method\" \"@target-uri\" \"@authority\" \"host\" \"date\" "
             "\"content-digest\")"
             ";alg=\"rsa-v1_5-sha256\"" KEYID CREATED "\nSignature: sig1=:" RSA ":" BODY,
         NULL                                                                                                           },
        {"any label, parameters in any order",
         NEW "Signature-Input: x_2=" COVERED KEYID ";tag=\"t\"" CREATED "\nSignature: x_2=:" RSA
             ":" BODY,
         NULL                                                                                                           },
        {"authority, path and query name the target",
         NEW "Signature-Input: s=(\"@method\" \"@authority\" \"@path\" \"@query\" "
             "\"content-digest\")" CREATED KEYID "\nSignature: s=:" RSA ":" BODY,
         NULL                                                                                                           },

        {"two signatures",
         NEW "Signature-Input: sig1=" COVERED CREATED KEYID ", sig2=" COVERED CREATED KEYID
             "\nSignature: sig1=:" RSA ":, sig2=:" RSA ":" BODY,
         "one signature"                                                                                                },
        {"another label",
         NEW "Signature-Input: sig1=" COVERED CREATED KEYID "\nSignature: sig2=:" RSA ":" BODY,
         "same label"                                                                                                   },
        {"method not covered",
         NEW "Signature-Input: sig1=(\"@target-uri\" \"content-digest\")" CREATED KEYID
             "\nSignature: sig1=:" RSA ":" BODY,
         "@method"                                                                                                      },
        {"the query not covered",
         NEW "Signature-Input: s=(\"@method\" \"@authority\" \"@path\" \"content-digest\")" CREATED
             KEYID "\nSignature: s=:" RSA ":" BODY,
         "@target-uri"                                                                                                  },
        {"digest not covered",
         NEW "Signature-Input: sig1=(\"@method\" \"@target-uri\")" CREATED KEYID
             "\nSignature: sig1=:" RSA ":" BODY,
         "content-digest"                                                                                               },
        {"no keyid",
         NEW "Signature-Input: sig1=" COVERED CREATED "\nSignature: sig1=:" RSA ":" BODY,                      "keyid"  },
        {"no created",
         NEW "Signature-Input: sig1=" COVERED KEYID "\nSignature: sig1=:" RSA ":" BODY,                        "created"},
        {"created twice",
         NEW "Signature-Input: sig1=" COVERED CREATED CREATED KEYID "\nSignature: sig1=:" RSA
             ":" BODY,
         "cannot be read"                                                                                               },
        {"keyid twice",
         NEW "Signature-Input: sig1=" COVERED CREATED KEYID KEYID "\nSignature: sig1=:" RSA
             ":" BODY,
         "twice"                                                                                                        },
        {"a component twice",
         NEW "Signature-Input: sig1=(\"@method\" \"@method\" \"@target-uri\" "
             "\"content-digest\")" CREATED KEYID "\nSignature: sig1=:" RSA ":" BODY,
         "twice"                                                                                                        },
        {"a component with a parameter",
         NEW
         "Signature-Input: sig1=(\"@method\" \"@target-uri\";req \"content-digest\")" CREATED KEYID
         "\nSignature: sig1=:" RSA ":" BODY,
         "parameters"                                                                                                   },
        {"a component we do not know",
         NEW "Signature-Input: sig1=(\"@method\" \"@target-uri\" \"@status\" "
             "\"content-digest\")" CREATED KEYID "\nSignature: sig1=:" RSA ":" BODY,
         "not supported"                                                                                                },
        {"a field that was not sent",
         NEW "Signature-Input: sig1=(\"@method\" \"@target-uri\" \"x\" \"content-digest\")" CREATED
             KEYID "\nSignature: sig1=:" RSA ":" BODY,
         "not sent"                                                                                                     },
        {"stale",
         NEW "Signature-Input: sig1=" COVERED ";created=1778910000" KEYID "\nSignature: sig1=:" RSA
             ":" BODY,
         "older"                                                                                                        },
        {"from the future",
         NEW "Signature-Input: sig1=" COVERED ";created=1778922001" KEYID "\nSignature: sig1=:" RSA
             ":" BODY,
         "future"                                                                                                       },
        {"another kind of algorithm",
         NEW "Signature-Input: sig1=" COVERED CREATED KEYID
             ";alg=\"hmac-sha256\"\nSignature: sig1=:" RSA ":" BODY,
         "not supported"                                                                                                },
        {"ed25519 with a signature of RSA's length",
         NEW "Signature-Input: sig1=" COVERED CREATED KEYID
             ";alg=\"ed25519\"\nSignature: sig1=:" RSA ":" BODY,
         "does not fit"                                                                                                 },
        {"an empty Signature-Input",                  NEW "Signature-Input: \nSignature: sig1=:" RSA ":" BODY,
         "cannot be read"                                                                                               },
        {"a digest that does not fit",
         "POST /inbox HTTP/1.1\nHost: example.org\nContent-Digest: "
         "sha-256=:AAAA:\nSignature-Input: sig1=" COVERED CREATED KEYID "\nSignature: sig1=:" RSA
         ":" BODY,
         "does not fit the body"                                                                                        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(&rows[i]);
}

static void bases_are_the_bytes_that_were_signed(void **state)
{
    static const struct {
        const char *name, *request, *base, *without_query;
    } rows[] = {
        {"draft-cavage with a query",
         "GET /users/alice/outbox?page=1 HTTP/1.1\nHost: Example.org\nDate: " DATE
         "\nSignature: " KEY ",headers=\"(request-target) Host date\",signature=\"" RSA "\"\n\n",
         "(request-target): get /users/alice/outbox?page=1\nhost: Example.org\ndate: " DATE,
         "(request-target): get /users/alice/outbox\nhost: Example.org\ndate: " DATE           },
        {"RFC 9421, the port of https left out",
         "GET /a?b HTTP/1.1\nHost: Example.org:443\nAccept:  x \nAccept: y\nSignature-Input: "
         "s=(\"@method\"  \"@target-uri\" \"accept\" )"
         ";keyid=\"k\";created=1778918400\nSignature: s=:" RSA ":\n\n",
         "\"@method\": GET\n\"@target-uri\": https://example.org/a?b\n\"accept\": x, "
         "y\n\"@signature-params\": (\"@method\"  \"@target-uri\" \"accept\" )"
         ";keyid=\"k\";created=1778918400",                                                  ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_request request;
        scoped_value(signature) signature = {0};
        struct err err = {0};
        request_read(rows[i].request, &request);
        if (!signature_read(&request, NOW_S * (int64_t)SECOND_MS, &signature, &err))
            fail_msg("%s: %s", rows[i].name, err.said);
        if (!slice_is(bytes_slice(&signature.base), rows[i].base))
            fail_msg("%s: %s", rows[i].name, signature.base.at);
        if (!slice_is(bytes_slice(&signature.base_without_query), rows[i].without_query))
            fail_msg("%s, without its query: %s", rows[i].name, signature.base_without_query.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draft_cavage),
        cmocka_unit_test(lower_case_and_further_digests),
        cmocka_unit_test(rfc9421),
        cmocka_unit_test(bases_are_the_bytes_that_were_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
