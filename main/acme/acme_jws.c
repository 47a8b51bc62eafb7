#include "acme_jws.h"

#include "digest.h"
#include "json.h"
#include "text.h"

static struct slice octets(const unsigned char *at, size_t len)
{
    return (struct slice){(const char *)at, len};
}

void acme_jwk(const struct acme_signer *signer, struct bytes *out)
{
    enum { COORDINATE_LEN = (ACME_POINT_LEN - 1) / 2 };
    const unsigned char *x = signer->point + 1;

    bytes_add_text(out, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"");
    base64url_add(out, octets(x, COORDINATE_LEN));
    bytes_add_text(out, "\",\"y\":\"");
    base64url_add(out, octets(x + COORDINATE_LEN, COORDINATE_LEN));
    bytes_add_text(out, "\"}");
}

void acme_thumbprint(const struct acme_signer *signer, struct bytes *out)
{
    unsigned char digest[SHA256_LEN];
    scoped_value(bytes) jwk = {0};

    acme_jwk(signer, &jwk);
    sha256(bytes_slice(&jwk), digest);
    base64url_add(out, octets(digest, sizeof digest));
}

static void add_protected(const struct acme_signer *signer, const struct acme_call *call,
                          struct bytes *out)
{
    scoped_value(bytes) jwk = {0};
    scoped_value(bytes) head = {0};
    struct json json = json_to(&head);

    json_open(&json, NULL);
    json_text(&json, "alg", "ES256");
    if (call->account) {
        json_text(&json, "kid", call->account);
    } else {
        acme_jwk(signer, &jwk);
        json_raw(&json, "jwk", bytes_slice(&jwk));
    }
    json_text(&json, "nonce", call->nonce);
    json_text(&json, "url", call->url);
    json_end(&json);
    base64url_add(out, bytes_slice(&head));
}

void acme_jws(const struct acme_signer *signer, const struct acme_call *call, struct bytes *out)
{
    unsigned char signature[ACME_SIGNATURE_LEN];
    scoped_value(bytes) text = {0};
    scoped_value(bytes) proof = {0};

    add_protected(signer, call, &text);
    size_t dot = text.len;
    bytes_add_char(&text, '.');
    base64url_add(&text, call->payload);
    signer->sign(signer->ctx, bytes_slice(&text), signature);
    base64url_add(&proof, octets(signature, sizeof signature));
    struct json json = json_to(out);
    json_open(&json, NULL);
    json_slice(&json, "protected", slice_first(bytes_slice(&text), dot));
    json_slice(&json, "payload", slice_from(bytes_slice(&text), dot + 1));
    json_slice(&json, "signature", bytes_slice(&proof));
    json_end(&json);
}
