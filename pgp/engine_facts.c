#include "engine_facts.h"

#include "clock.h"

#include <string.h>

bool engine_fill_fingerprint(const char *fingerprint, char out[PGP_FINGERPRINT_SIZE])
{
    if (!fingerprint || strlen(fingerprint) != PGP_FINGERPRINT_SIZE - 1)
        return false;
    memcpy(out, fingerprint, PGP_FINGERPRINT_SIZE);
    return true;
}

static void add_address(struct pgp_key_facts *facts, const char *address)
{
    size_t len = strlen(address);

    if (facts->uid_count == PGP_UIDS_MAX || len >= sizeof facts->uids[0])
        return;
    char *into = facts->uids[facts->uid_count++];
    memcpy(into, address, len + 1);
    for (size_t i = 0; i < len; i++)
        if (into[i] >= 'A' && into[i] <= 'Z')
            into[i] = (char)(into[i] | 0x20);
}

bool engine_part_is_alive(gpgme_subkey_t part)
{
    return !part->revoked && !part->expired && !part->disabled && !part->invalid;
}

static void note_expiry(gpgme_subkey_t part, struct pgp_key_facts *facts, bool first)
{
    int64_t expires_ms = (int64_t)part->expires * SECOND_MS;

    if (first ||
        (facts->encrypts_until_ms && (!expires_ms || expires_ms > facts->encrypts_until_ms)))
        facts->encrypts_until_ms = expires_ms;
}

/* What the certificate can be used for today. */
static void fill_uses(gpgme_key_t key, struct pgp_key_facts *facts)
{
    if (key->revoked || key->expired || key->disabled || key->invalid)
        return;
    for (gpgme_subkey_t part = key->subkeys; part; part = part->next) {
        if (!engine_part_is_alive(part))
            continue;
        facts->can_sign = facts->can_sign || part->can_sign;
        if (part->can_encrypt)
            note_expiry(part, facts, !facts->can_encrypt);
        facts->can_encrypt = facts->can_encrypt || part->can_encrypt;
    }
    int64_t whole_ms = facts->expires_ms;
    if (facts->can_encrypt && whole_ms &&
        (!facts->encrypts_until_ms || whole_ms < facts->encrypts_until_ms))
        facts->encrypts_until_ms = whole_ms;
}

bool engine_fill_facts(gpgme_key_t key, struct pgp_key_facts *out)
{
    struct pgp_key_facts facts = {0};

    if (!key->subkeys || !engine_fill_fingerprint(key->subkeys->fpr, facts.fingerprint))
        return false;
    facts.created_ms = (int64_t)key->subkeys->timestamp * SECOND_MS;
    facts.expires_ms = (int64_t)key->subkeys->expires * SECOND_MS;
    facts.revoked = key->revoked;
    facts.expired = key->expired;
    fill_uses(key, &facts);
    for (gpgme_user_id_t uid = key->uids; uid; uid = uid->next)
        if (uid->address && !uid->revoked && !uid->invalid)
            add_address(&facts, uid->address);
    *out = facts;
    return true;
}
