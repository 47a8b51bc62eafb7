/*
 * Signing what we send.  draft-cavage first: nearly everybody reads it, Misskey nothing else.
 */
#include "clock.h"
#include "digest.h"
#include "memory.h"
#include "signature.h"
#include "text.h"

#define CONTENT_TYPE "application/activity+json"
#define COVERED_POST "(request-target) host date digest content-type"
#define COVERED_GET "(request-target) host date"

static void add_digest(struct bytes *out, const struct signing *signing)
{
    unsigned char own[SHA256_LEN];
    const unsigned char *digest = signing->digest;

    if (!digest) {
        sha256(signing->body, own);
        digest = own;
    }
    base64_add(out, (struct slice){(const char *)digest, SHA256_LEN});
}

static void begin_cavage(const struct signing *signing, const struct url *url, const char *host,
                         struct bytes *fields, struct bytes *base)
{
    char date[DATE_TEXT_SIZE];
    scoped_value(bytes) digest = {0};

    date_http(signing->now_ms, date);
    bytes_print(fields, "Date: %s\r\n", date);
    bytes_print(base, "(request-target): %s %.*s\nhost: %s\ndate: %s",
                signing->post ? "post" : "get", SLICE_ARGS(url->target), host, date);
    if (!signing->post)
        return;
    add_digest(&digest, signing);
    bytes_print(fields, "Digest: SHA-256=%s\r\n", digest.at);
    bytes_print(base, "\ndigest: SHA-256=%s\ncontent-type: " CONTENT_TYPE, digest.at);
}

static void add_parameters(const struct signing *signing, struct bytes *out)
{
    bytes_print(out, "(\"@method\" \"@target-uri\"%s);created=%lld;keyid=\"%s\"",
                signing->post ? " \"content-digest\"" : "",
                (long long)(signing->now_ms / SECOND_MS), signing->key_id);
}

static void begin_rfc9421(const struct signing *signing, const struct url *url, const char *host,
                          struct bytes *fields, struct bytes *base)
{
    char date[DATE_TEXT_SIZE];
    scoped_value(bytes) digest = {0};

    date_http(signing->now_ms, date);
    bytes_print(fields, "Date: %s\r\n", date);
    bytes_print(base, "\"@method\": %s\n\"@target-uri\": https://%s%.*s\n",
                signing->post ? "POST" : "GET", host, SLICE_ARGS(url->target));
    if (signing->post) {
        add_digest(&digest, signing);
        bytes_print(fields, "Content-Digest: sha-256=:%s:\r\n", digest.at);
        bytes_print(base, "\"content-digest\": sha-256=:%s:\n", digest.at);
    }
    bytes_add_text(base, "\"@signature-params\": ");
    add_parameters(signing, base);
    bytes_add_text(fields, "Signature-Input: sig1=");
    add_parameters(signing, fields);
    bytes_add_text(fields, "\r\n");
}

bool signing_begin(const struct signing *signing, struct bytes *fields, struct bytes *out_base,
                   struct err *err)
{
    struct url url;

    if (!url_read(slice_of(signing->url), &url) || !url.https)
        return err_set(err, ERR_MALFORMED, "This is not an https address");
    scoped_text char *host = url.port == 443
                                 ? must_copy(url.host)
                                 : must_print("%.*s:%d", SLICE_ARGS(url.host), url.port);
    if (signing->post)
        bytes_add_text(fields, "Content-Type: " CONTENT_TYPE "\r\n");
    if (signing->form == SIGNATURE_CAVAGE)
        begin_cavage(signing, &url, host, fields, out_base);
    else
        begin_rfc9421(signing, &url, host, fields, out_base);
    return true;
}

void signing_end(const struct signing *signing, struct slice raw_signature, struct bytes *fields)
{
    scoped_value(bytes) text = {0};

    base64_add(&text, raw_signature);
    if (signing->form == SIGNATURE_CAVAGE)
        bytes_print(
            fields,
            "Signature: keyId=\"%s\",algorithm=\"rsa-sha256\",headers=\"%s\",signature=\"%s\"\r\n",
            signing->key_id, signing->post ? COVERED_POST : COVERED_GET, text.at);
    else
        bytes_print(fields, "Signature: sig1=:%s:\r\n", text.at);
}
