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

    all->had_keys |= key_ever_encrypted(key);
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

/* ---- as a mail ---- */
static const char *const of_content[] = {"Content-*", "MIME-Version", "HP-Outer"};
static const char *const of_mails[] = {"From",       "To",       "Cc",          "Subject",
                                       "Reply-To",   "Date",     "In-Reply-To", "Message-ID",
                                       "References", "Autocrypt"};

/* The fields of `of`, but those that stand in `mail`, or in `part` (NULL: none). */
static bool add_fields(struct mail_work *work, struct source *of, struct mail *mail,
                       struct mail_part *part, struct bytes *out, struct err *err)
{
    const char *drop[COUNT_OF(of_content) + COUNT_OF(of_mails) + 1] = {NULL};
    scoped_value(bytes) header = {0};
    size_t count = COUNT_OF(of_content);

    memcpy(drop, of_content, sizeof of_content);
    for (size_t i = 0; i < COUNT_OF(of_mails); i++)
        if (mail_field(mail, of_mails[i], 0) || (part && mail_part_field(part, of_mails[i])))
            drop[count++] = of_mails[i];
    scoped(source) fields = mail_rewritten(work->bridge->config, of, SLICE(""), drop, err);
    if (!fields || !mail_header_read(fields, &header, err))
        return false;
    if (slice_ends(bytes_slice(&header), SLICE("\r\n")))
        bytes_cut(&header, header.len - strlen("\r\n")); /* the empty line */
    bytes_add(out, bytes_slice(&header));
    return true;
}

bool mail_of_opened(struct mail_work *work, struct own_opened *opened, struct mail **out,
                    struct err *err)
{
    scoped(mail) inner = NULL;
    scoped_value(bytes) fields = {0};

    if (!mail_parse(opened->plain, &inner, err))
        return false;
    if (mail_field(inner, "From", 0)) {
        *out = steal(&inner);
        return true;
    }
    struct mail_part *root = mail_root(inner), *part = NULL;
    if (root && mail_part_is(root, "multipart", "signed") && mail_part_count(root) > 0)
        part = mail_part_child(root, 0);
    scoped(source) exact = part ? mail_part_exact(part) : NULL;
    bytes_add_text(&fields, "MIME-Version: 1.0\r\n");
    if (exact && !add_fields(work, exact, inner, NULL, &fields, err))
        return false;
    if (!(part && mail_part_field(part, "From")) &&
        !add_fields(work, work->arrival->body, inner, part, &fields, err))
        return false;
    opened->plain = source_behind(bytes_slice(&fields), steal(&opened->plain));
    return mail_parse(opened->plain, out, err);
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
                  struct mail *inner, bool *out_signed, struct err *err)
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
    bool by_itself = ok && again.verdict.judgement == PGP_GOOD;
    if (!by_itself && !mail_signed_with(work, inner, bytes_slice(&certificate), &by_itself, err))
        return false;
    if (!by_itself)
        return true;
    if (!mail_key_learn_first(work, bytes_slice(&certificate), &ok, err))
        return false;
    *out_signed = ok;
    return true;
}

/* In one with the encryption, beside what it signs, or by a key that is learnt from it. */
static bool is_signed(struct mail_work *work, const char *address, struct source *part,
                      const struct certificates *all, const struct own_opened *opened,
                      struct mail *inner, bool *out, struct err *err)
{
    *out = opened->verdict.judgement == PGP_GOOD;
    if (!*out && !mail_signed_by(work, inner, key_is_in_use, out, err))
        return false;
    return *out || all->had_keys || learn(work, address, part, inner, out, err);
}

static bool judge(struct mail_work *work, const char *address, struct source *part,
                  struct certificates *all, struct own_opened *opened, struct err *err)
{
    scoped(mail) inner = NULL;
    struct err broken;
    bool by_author;

    if (!mail_of_opened(work, opened, &inner, &broken) || !is_from_author(work, inner))
        return work_answer(
            work, VERDICT_UNFIT,
            "Nothing was sent: what is encrypted in this mail is not a mail from %s.",
            work->author.address);
    if (!is_signed(work, address, part, all, opened, inner, &by_author, err))
        return false;
    if (!by_author)
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
