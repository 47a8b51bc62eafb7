/* A mail as it leaves encrypted: PGP/MIME with its header inside (RFC 3156 4, RFC 9788), for one recipient. */
#include "peer.h"

#include "autocrypt.h"
#include "config.h"
#include "faces.h"
#include "mail.h"
#include "memory.h"

/* Who answers needs its author's key, and looks for it outside. */
static bool add_autocrypt(struct source *plain, struct bytes *outer, struct err *err)
{
    scoped(mail) mail = NULL;
    struct err broken;

    if (!mail_parse(plain, &mail, &broken)) {
        *err = broken;
        return broken.kind == ERR_MALFORMED || broken.kind == ERR_TOO_LARGE;
    }
    const char *field = mail_field(mail, "Autocrypt", 0);
    if (field && mail_field_count(mail, "Autocrypt") == 1)
        autocrypt_print(slice_of(field), outer);
    return true;
}

/* What programs say before they have keys goes in clear there too. */
static bool is_taken(struct source *plain, bool *out, struct err *err)
{
    scoped(mail) mail = NULL;
    scoped(source) part = NULL;
    enum mail_claims claims = MAIL_CLAIMS_NOTHING;

    if (!mail_parse(plain, &mail, err) || !mail_claims_encryption(mail, &claims, &part, err))
        return false;
    *out = claims == MAIL_CLAIMS_OPENPGP || mail_field(mail, "Secure-Join", 0) ||
           mail_part_is(mail_root(mail), "multipart", "report");
    return true;
}

bool bridge_needs_cipher(struct bridge *bridge, struct store_view *view,
                         const struct delivery *delivery, struct source *plain, bool *out,
                         struct err *err)
{
    bool taken;

    *out = false;
    if (!delivery->host || delivery->cipher == CIPHER_ALL || bridge->config->relay_host[0])
        return true;
    if (!store_encrypted_only(view, delivery->host, clock_now(bridge->clock), out, err))
        return false;
    if (!*out)
        return true;
    *out = is_taken(plain, &taken, err) && !taken;
    return true;
}

bool bridge_cipher_write(struct bridge *bridge, struct store_view *view,
                         const struct delivery *delivery, struct source *plain, struct sink *into,
                         struct err *err)
{
    scoped_value(peer_key) key = {0};
    scoped_value(mail_faces) faces = {0};

    switch (peer_key_of(view, delivery->account_id, slice_of(delivery->rcpt_to),
                        clock_now(bridge->clock), &key, err)) {
    case FAILED: return false;
    case ABSENT:
        return err_set(err, ERR_REFUSED, "The OpenPGP key of its recipient has ended meanwhile");
    case FOUND: break;
    }
    if (!mail_faces_of(plain, &faces, err) || !add_autocrypt(plain, &faces.outer, err))
        return false;
    const struct slice certificate = bytes_slice(&key.certificate);
    scoped(source) rest = source_from(plain, faces.body);
    scoped(source) whole = source_behind(bytes_slice(&faces.inner), steal(&rest));
    const struct pgp_orders orders = {
        .form = PGP_SEALED,
        .certificates = &certificate,
        .count = 1,
        .outer = bytes_slice(&faces.outer),
    };
    scoped(pgp_sealed) sealed = pgp_seal(bridge->pgp, &orders, whole, into, err);
    return sealed != NULL;
}
