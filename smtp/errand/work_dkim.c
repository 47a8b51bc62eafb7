/*
 * Signatures of mail, with the vault's keys (docs/dkim.md).
 *
 * A mail is signed when it is loaded to be sent, not when it is stored: what lies in the queue for days is signed by the
 * keys of the day and not by retired ones, t= and x= count from when it goes, and copies for subscribers are only
 * written then anyway.  What is hashed is the text as it leaves (out_text.h), in pieces.
 */
#include "out_text.h"
#include "smtp_work.h"
#include "store_dkim.h"

#include "log.h"

#include <stdio.h>

enum { PIECE = 64 * 1024, NAME_SIZE = 600 };

static struct dkim_text *read_text(struct source *body, struct err *err)
{
    scoped(dkim_text) text = dkim_text_new(DKIM_TO_SIGN);
    struct out_text wire = {.at_start = true, .as_read = true};
    scoped_value(bytes) piece = {0};
    scoped_value(bytes) sent = {0};
    int64_t offset = 0;
    size_t len;

    bytes_reserve(&piece, PIECE);
    do {
        if (!source_read(body, offset, piece.at, PIECE, &len, err))
            return NULL;
        offset += (int64_t)len;
        bytes_reset(&sent);
        out_text_add(&wire, (struct slice){piece.at, len}, &sent);
        dkim_text_add(text, bytes_slice(&sent));
    } while (len > 0);
    bytes_reset(&sent);
    out_text_end(&wire, &sent);
    dkim_text_add(text, bytes_slice(&sent));
    dkim_text_end(text);
    return steal(&text);
}

/* Who answers for the mail: the domain of its author, else of its sender; false: neither is ours. */
static bool signing_domain(const struct smtp *smtp, const struct dkim_text *text,
                           const char *mail_from, char out[DKIM_DOMAIN_SIZE])
{
    const struct config *config = smtp->parts.config;
    const char *at = strrchr(mail_from, '@');

    if (dkim_author_domain(text, out) && config_hosts(config, slice_of(out)))
        return true;
    return at && config_hosts(config, slice_of(at + 1)) &&
           snprintf(out, DKIM_DOMAIN_SIZE, "%s", at + 1) < DKIM_DOMAIN_SIZE;
}

struct signing {
    struct smtp *smtp;
    const struct dkim_text *text;
    struct bytes fields;
    bool failed;
    struct err *err;
};

/* RSA signs the text, whose hash it makes itself; Ed25519 the hash (RFC 8463 3). */
bool work_sign_with(struct smtp *smtp, const struct dkim_key *key, struct slice data,
                    struct bytes *out, struct err *err)
{
    char name[NAME_SIZE];
    unsigned char digest[SHA256_LEN];

    snprintf(name, sizeof name, "dkim %s.%s", key->selector, key->domain);
    if (key->kind == DKIM_ED25519) {
        sha256(data, digest);
        data = (struct slice){(const char *)digest, sizeof digest};
    }
    return vault_sign(smtp->parts.vault, name, bytes_slice(&key->private_key), data, out, err);
}

static bool add_signature(void *ctx, const struct dkim_key *key)
{
    struct signing *signing = ctx;
    const struct dkim_orders orders = {
        .domain = key->domain,
        .selector = key->selector,
        .scheme = key->kind == DKIM_ED25519 ? DKIM_ED25519_SHA256 : DKIM_RSA_SHA256,
        .now_ms = clock_now(signing->smtp->parts.clock),
    };
    scoped_value(bytes) field = {0};
    scoped_value(bytes) data = {0};
    scoped_value(bytes) signature = {0};

    if (key->state != DKIM_ACTIVE || !dkim_sign_begin(signing->text, &orders, &field, &data))
        return true;
    signing->failed =
        !work_sign_with(signing->smtp, key, bytes_slice(&data), &signature, signing->err);
    if (signing->failed)
        return false;
    dkim_sign_end(&field, bytes_slice(&signature));
    bytes_add(&signing->fields, bytes_slice(&field));
    return true;
}

bool work_dkim_sign(struct smtp *smtp, struct store_view *view, const struct delivery *delivery,
                    struct out_mail *mail, struct err *err)
{
    char domain[DKIM_DOMAIN_SIZE];
    scoped(dkim_text) text = read_text(mail->body, err);
    struct signing signing = {.smtp = smtp, .text = text, .err = err};

    if (!text)
        return false;
    if (!signing_domain(smtp, text, mail->mail_from, domain))
        return true;
    bool done =
        store_dkim_keys(view, slice_of(domain), add_signature, &signing, err) && !signing.failed;
    if (done && signing.fields.len > 0)
        done = work_seal(smtp, view, delivery, text, slice_of(domain), &signing.fields, err);
    if (done && signing.fields.len > 0)
        mail->body = source_behind(bytes_slice(&signing.fields), mail->body);
    else if (done)
        log_warn("a mail from %s could not be signed", domain);
    bytes_clear(&signing.fields);
    return done;
}
