/*
 * Signatures with keys: published vectors, and our own by both schemes.
 */
#include "test.h"

#include "clock.h"
#include "memory.h"
#include "request.h"
#include "signature_private.h"
#include "text.h"
#include "vault.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define NOW_MS (1778918400 * (int64_t)SECOND_MS)

/* RFC 9421 B.1.4, and the request of B.2 */
#define TEST_KEY_ED25519                                                                           \
    "-----BEGIN PUBLIC "                                                                           \
    "KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC "     \
    "KEY-----\n"
#define REQUEST_B2                                                                                 \
    "POST /foo?param=Value&Pet=dog HTTP/1.1\nHost: example.com\nDate: Tue, 20 Apr 2021 02:07:55 "  \
    "GMT\n"                                                                                        \
    "Content-Type: application/json\n"                                                             \
    "Content-Digest: "                                                                             \
    "sha-512=:WZDPaVn/"                                                                            \
    "7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:\n"          \
    "Content-Length: 18\n\n{\"hello\": \"world\"}"

static void rfc9421_appendix_b26(void **state)
{
    static const char *const input = "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" "
                                     "\"content-type\" \"content-length\")"
                                     ";created=1618884473;keyid=\"test-key-ed25519\"";
    static const char *const value =
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";
    struct http_request request;
    struct rfc9421_input read;
    struct err err = {0};
    scoped_value(bytes) base = {0};
    scoped_value(bytes) raw = {0};

    (void)state;
    request_read(REQUEST_B2, &request);
    assert_true(rfc9421_input_read(slice_of(input), &read, &err));
    assert_true(rfc9421_base(&request, &read, &base, &err));
    assert_true(base64_read(slice_of(value), &raw));
    assert_true(vault_verify(slice_of(TEST_KEY_ED25519), bytes_slice(&base), bytes_slice(&raw)));
    base.at[0] ^= 1;
    assert_false(vault_verify(slice_of(TEST_KEY_ED25519), bytes_slice(&base), bytes_slice(&raw)));
    rfc9421_input_clear(&read);
}

/* draft-cavage-12 C.2.  "post" in lower case signs the same bytes, and asks for no digest, which the vector lacks. */
static void draft_cavage_appendix_c2(void **state)
{
    static const char *const pem =
        "-----BEGIN PUBLIC KEY-----\n"
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C3\n"
        "6rPJj+CvfSC8+q28hxA161QFNUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6\n"
        "Z4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJw\n"
        "oYi+1hqp1fIekaxsyQIDAQAB\n"
        "-----END PUBLIC KEY-----\n";
    static const char *const text =
        "post /foo?param=value&pet=dog HTTP/1.1\nHost: example.com\nDate: Sun, 05 Jan 2014 "
        "21:31:40 GMT\n"
        "Content-Type: application/json\nDigest: "
        "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=\nContent-Length: 18\n"
        "Signature: keyId=\"Test\",algorithm=\"rsa-sha256\",headers=\"(request-target) host "
        "date\",signature=\""
        "qdx+H7PHHDZgy4y/"
        "Ahn9Tny9V3GP6YgBPyUXMmoxWtLbHpUnXS2mg2+SbrQDMCJypxBLSPQR2aAjn7ndmw2iicw3HMbe8VfEdKFYRqzic+"
        "efkb3nndiv/x1xSHDJWeSWkx3ButlYSuBskLu6kd9Fswtemr3lgdDEmn04swr2Os0="
        "\"\n\n{\"hello\": \"world\"}";
    struct http_request request;
    scoped_value(signature) signature = {0};
    struct err err = {0};

    (void)state;
    request_read(text, &request);
    assert_true(signature_digest_fits(&request, &err));
    if (!signature_read(&request, 1388957500 * (int64_t)SECOND_MS, &signature, &err))
        fail_msg("%s", err.said);
    assert_text(signature.key_id, "Test");
    assert_true(
        vault_verify(slice_of(pem), bytes_slice(&signature.base), bytes_slice(&signature.value)));
    assert_false(vault_verify(slice_of(pem), bytes_slice(&signature.base_without_query),
                              bytes_slice(&signature.value)));
}

struct keys {
    char folder[64];
    struct vault *vault;
    struct bytes wrapped;
    char *pem;
};

static int make_keys(void **state)
{
    struct keys *keys = must_new(struct keys);
    struct err err;

    strcpy(keys->folder, "/tmp/nestbox-signature-XXXXXX");
    assert_non_null(mkdtemp(keys->folder));
    int dir = open(keys->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(vault_open(dir, &keys->vault, &err));
    assert_true(vault_key_new(keys->vault, VAULT_RSA_SHA256, &keys->wrapped, &keys->pem, &err));
    close(dir);
    *state = keys;
    return 0;
}

static int drop_keys(void **state)
{
    struct keys *keys = *state;
    scoped_text char *remove = must_print("rm -r %s", keys->folder);

    vault_close(keys->vault);
    bytes_clear(&keys->wrapped);
    free(keys->pem);
    free(keys);
    return system(remove); // NOLINT(cert-env33-c): a folder of our own
}

/* What we send, as the other side reads it. */
static char *sent(const struct keys *keys, const struct signing *signing, const char *line,
                  const char *host)
{
    struct err err;
    scoped_value(bytes) fields = {0};
    scoped_value(bytes) base = {0};
    scoped_value(bytes) raw = {0};

    assert_true(signing_begin(signing, &fields, &base, &err));
    assert_true(
        vault_sign(keys->vault, "k", bytes_slice(&keys->wrapped), bytes_slice(&base), &raw, &err));
    signing_end(signing, bytes_slice(&raw), &fields);
    return must_print("%s HTTP/1.1\r\nHost: %s\r\n%s\r\n%.*s", line, host, fields.at,
                      SLICE_ARGS(signing->body));
}

static void what_we_send_is_read_and_verified(void **state)
{
    static const struct {
        const char *name, *url, *line, *host;
        bool post;
        enum signature_form form;
    } rows[] = {
        {"a POST by draft-cavage",      "https://m.example/inbox",         "POST /inbox",   "m.example", true,
         SIGNATURE_CAVAGE                                                                                                        },
        {"a POST by RFC 9421",          "https://m.example/inbox",         "POST /inbox",   "m.example", true,
         SIGNATURE_RFC9421                                                                                                       },
        {"a GET with a query",          "https://m.example/u?page=2#x",    "GET /u?page=2", "m.example", false,
         SIGNATURE_CAVAGE                                                                                                        },
        {"a GET by RFC 9421 at a port", "https://m.example:8443/u?page=2", "GET /u?page=2",
         "m.example:8443",                                                                               false, SIGNATURE_RFC9421},
    };
    const struct keys *keys = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signing signing = {
            .form = rows[i].form,
            .url = rows[i].url,
            .key_id = "https://example.org/users/alice#main-key",
            .post = rows[i].post,
            .body = rows[i].post ? SLICE("{\"type\":\"Follow\"}") : SLICE(""),
            .now_ms = NOW_MS,
        };
        scoped_text char *text = sent(keys, &signing, rows[i].line, rows[i].host);
        struct http_request request;
        scoped_value(signature) signature = {0};
        struct err err = {0};
        request_read(text, &request);
        if (!signature_read(&request, NOW_MS, &signature, &err))
            fail_msg("%s: %s", rows[i].name, err.said);
        assert_int_equal(signature.form, rows[i].form);
        assert_text(signature.key_id, signing.key_id);
        if (!vault_verify(slice_of(keys->pem), bytes_slice(&signature.base),
                          bytes_slice(&signature.value)))
            fail_msg("%s: does not verify", rows[i].name);
    }
}

static void one_changed_word_breaks_it(void **state)
{
    static const char *const changes[][2] = {
        {"POST /inbox",                     "POST /outbox"                   },
        {"Host: m.example",                 "Host: n.example"                },
        {"Date: Sat, 16 May 2026 08:00:00", "Date: Sat, 16 May 2026 08:00:01"},
        {"activity+json",                   "activity-json"                  },
    };
    const struct keys *keys = *state;
    struct signing signing = {.form = SIGNATURE_CAVAGE,
                              .url = "https://m.example/inbox",
                              .key_id = "https://example.org/k",
                              .post = true,
                              .body = SLICE("{}"),
                              .now_ms = NOW_MS};

    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        scoped_text char *text = sent(keys, &signing, "POST /inbox", "m.example");
        const char *at = strstr(text, changes[i][0]);
        assert_non_null(at);
        scoped_text char *other = must_print("%.*s%s%s", (int)(at - text), text, changes[i][1],
                                             at + strlen(changes[i][0]));
        struct http_request request;
        scoped_value(signature) signature = {0};
        struct err err = {0};
        request_read(other, &request);
        bool read = signature_read(&request, NOW_MS, &signature, &err);
        assert_false(read && vault_verify(slice_of(keys->pem), bytes_slice(&signature.base),
                                          bytes_slice(&signature.value)));
    }
}

static void only_https_is_signed(void **state)
{
    struct signing signing = {
        .form = SIGNATURE_CAVAGE, .url = "http://m.example/inbox", .key_id = "k", .now_ms = NOW_MS};
    scoped_value(bytes) fields = {0};
    scoped_value(bytes) base = {0};
    struct err err = {0};

    (void)state;
    assert_false(signing_begin(&signing, &fields, &base, &err));
    assert_int_equal(err.kind, ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc9421_appendix_b26),
        cmocka_unit_test(draft_cavage_appendix_c2),
        cmocka_unit_test(what_we_send_is_read_and_verified),
        cmocka_unit_test(one_changed_word_breaks_it),
        cmocka_unit_test(only_https_is_signed),
    };
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
