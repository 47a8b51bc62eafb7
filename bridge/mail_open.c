/*
 * What an owner's program encrypted to an address that this server itself reads (own_key.h) is opened, and what was in it goes
 * on as the mail it is.
 *
 * The log-in proves the author; the signature must be theirs as well, by a key of the account.  An account without any learns
 * its first one here: Delta Chat tells it inside of what it encrypts, and nowhere else.
 */
#include "key_change.h"
#include "mail_work.h"

#include "memory.h"

struct certificates {
    struct bytes at[PGP_CERTIFICATES_MAX];
    struct slice slices[PGP_CERTIFICATES_MAX];
    size_t count;
    bool had_keys;
    int64_t now_ms;
};

static void certificates_clear(struct certificates *all)
{
    for (size_t i = 0; i < all->count; i++)
        bytes_clear(&all->at[i]);
}
SCOPED_VALUE(certificates, certificates_clear)

static void add(struct certificates *all, struct slice certificate)
{
    struct bytes *held = &all->at[all->count];

    bytes_add(held, certificate);
    all->slices[all->count++] = bytes_slice(held);
}

static bool collect(void *ctx, const struct account_key *key)
{
    struct certificates *all = ctx;

    all->had_keys |= (key->uses & KEY_ENCRYPTS) != 0;
    if (key_is_in_use(key, all->now_ms))
        add(all, bytes_slice(&key->certificate));
    return all->count < PGP_CERTIFICATES_MAX;
}

/* The first of the recipients that has a key of ours; NULL: none. */
static char *address_of_ours(const struct mail_work *work)
{
    for (size_t i = 0; i < work->count; i++) {
        const struct address *address = &work->recipients[i].address;
        char *text = must_print("%s@%s", address->local, address->domain);
        if (address->kind != ADDRESS_CLAIM && /* claim_mail.c: the key that signed is inside */
            own_key_fits(work->bridge, text))
            return text;
        free(text);
    }
    return NULL;
}

static bool open_with(struct mail_work *work, const char *address, struct source *part,
                      const struct certificates *all, struct own_opened *out, bool *out_ok,
                      struct err *err)
{
    *out_ok = own_key_open(work->bridge, address, all->slices, all->count, part, out, err);
    return *out_ok || err->kind == ERR_REFUSED;
}

static bool is_from_author(const struct mail_work *work, struct mail *inner)
{
    scoped_value(mail_addresses) from = {0};

    mail_addresses(inner, "From", &from);
    return from.count == 1 && mail_field_count(inner, "From") == 1 &&
           slice_is_nocase(slice_of(from.at[0].address), work->author.address);
}

/* From here on what was inside is the mail. */
static void go_inside(struct mail_work *work, struct own_opened *opened, struct mail *inner)
{
    mail_free(work->within);
    work->mail = work->within = inner;
    work->opened = *opened;
    *opened = (struct own_opened){0};
    work->chat = mail_field(work->mail, "Chat-Version", 0) != NULL;
}

/* Nobody's key is known: the one that it tells itself, if it is signed by that. */
static bool learn(struct mail_work *work, const char *address, struct source *part,
                  struct mail *inner, struct own_opened *opened, struct err *err)
{
    scoped_value(certificates) told = {0};
    scoped_value(bytes) certificate = {0};
    scoped_value(own_opened) again = {0};
    bool ok;

    if (!mail_key_told(work, inner, &certificate))
        return true;
    add(&told, bytes_slice(&certificate));
    if (!open_with(work, address, part, &told, &again, &ok, err))
        return false;
    if (!ok || again.verdict.judgement != PGP_GOOD)
        return true;
    if (!mail_key_learn_first(work, bytes_slice(&certificate), &ok, err))
        return false;
    if (ok)
        opened->verdict = again.verdict;
    return true;
}

static bool judge(struct mail_work *work, const char *address, struct source *part,
                  struct certificates *all, struct own_opened *opened, struct err *err)
{
    scoped(mail) inner = NULL;
    struct err broken;

    if (!mail_parse(opened->plain, &inner, &broken) || !is_from_author(work, inner))
        return work_answer(
            work, VERDICT_UNFIT,
            "Nothing was sent: what is encrypted in this mail is not a mail from %s.",
            work->author.address);
    if (opened->verdict.judgement != PGP_GOOD && !all->had_keys &&
        !learn(work, address, part, inner, opened, err))
        return false;
    if (opened->verdict.judgement != PGP_GOOD)
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Nothing was sent: this mail is encrypted, but not signed by the key "
                           "that %s has here. Add the other key (nestbox key add) and send again.",
                           work->author.address);
    go_inside(work, opened, steal(&inner));
    return true;
}

bool mail_open(struct mail_work *work, struct err *err)
{
    scoped_value(certificates) all = {.now_ms = work->now_ms};
    scoped_value(own_opened) opened = {0};
    scoped(source) part = NULL;
    enum mail_claims claims;
    bool ok;

    if (work->author.proof != PROOF_GOOD || work->author.evidence != EVIDENCE_S4)
        return true;
    if (!mail_claims_encryption(work->mail, &claims, &part, err))
        return false;
    scoped_text char *address = claims == MAIL_CLAIMS_OPENPGP ? address_of_ours(work) : NULL;
    if (!address)
        return true;
    if (!store_account_keys(work->view, work->author.account.id, collect, &all, err) ||
        !open_with(work, address, part, &all, &opened, &ok, err))
        return false;
    return !ok || judge(work, address, part, &all, &opened, err);
}
