/* What a mail to the key desk says under a signature, and whether a key made that. */
#include "claim_work.h"

#include "memory.h"

enum { DEEPEST = 4 };

void claim_signed_clear(struct claim_signed *it)
{
    source_free(it->what);
    bytes_clear(&it->signature);
    clear_signed_clear(&it->clear);
    mail_free(it->inner);
    *it = (struct claim_signed){.text = {.says = CLAIM_SAYS_NOTHING}};
}

static struct mail_part *first_text(struct mail_part *part, int depth)
{
    if (!part || mail_part_is_attachment(part))
        return NULL;
    if (mail_part_is(part, "text", "plain"))
        return part;
    for (size_t i = 0; i < mail_part_count(part) && depth < DEEPEST; i++) {
        struct mail_part *found = first_text(mail_part_child(part, i), depth + 1);
        if (found)
            return found;
    }
    return NULL;
}

/* What cannot be read says nothing; only our own trouble is a failure. */
static bool is_our_trouble(const struct err *err)
{
    return err->kind == ERR_TEMPORARY || err->kind == ERR_FULL;
}

static bool read_mime(struct mail_part *root, struct claim_signed *out, struct err *err)
{
    struct mail_part *part = mail_part_child(root, 0);
    struct mail_part *text_part = first_text(part, 0);
    scoped_value(bytes) text = {0};
    struct err unfit;

    if (!text_part || mail_part_is(part, "message", "*"))
        return true;
    if (!mail_part_content(mail_part_child(root, 1), PGP_SIGNATURE_MAX, &out->signature, &unfit) ||
        !mail_part_text(text_part, CLAIM_TEXT_MAX, &text, &unfit) ||
        !mail_of_part(part, &out->inner, &unfit)) {
        *err = unfit;
        return !is_our_trouble(&unfit);
    }
    claim_text_read(bytes_slice(&text), &out->text);
    out->what = mail_part_exact(part);
    return true;
}

/* The octets as they came: a change of charset would be no longer what was signed. */
static bool read_clear(struct mail_part *root, struct claim_signed *out, struct err *err)
{
    struct mail_part *part = first_text(root, 0);
    scoped_value(bytes) content = {0};
    struct err unfit;

    if (!part)
        return true;
    if (!mail_part_content(part, CLAIM_TEXT_MAX + PGP_SIGNATURE_MAX, &content, &unfit)) {
        *err = unfit;
        return !is_our_trouble(&unfit);
    }
    if (!clear_signed_read(bytes_slice(&content), &out->clear))
        return true;
    bytes_add(&out->signature, out->clear.armor);
    claim_text_read(bytes_slice(&out->clear.text), &out->text);
    out->what = source_of_slice(bytes_slice(&out->clear.text));
    return true;
}

bool claim_signed_read(struct mail_work *work, struct claim_signed *out, struct err *err)
{
    struct mail_part *root = mail_root(work->mail);

    if (!root)
        return true;
    return mail_is_pgp_signed(root) ? read_mime(root, out, err) : read_clear(root, out, err);
}

bool claim_signed_verify(struct mail_work *work, struct claim_signed *it, struct slice certificate,
                         struct pgp_verdict *out, unsigned char out_digest[SHA256_LEN],
                         struct err *err)
{
    struct err unfit;

    *out = (struct pgp_verdict){.judgement = PGP_UNFIT};
    if (!pgp_verify(work->bridge->pgp, &certificate, 1, it->what, bytes_slice(&it->signature), out,
                    &unfit)) {
        *err = unfit;
        return !is_our_trouble(&unfit);
    }
    return out->judgement != PGP_GOOD || mail_signature_digest(out, it->what, out_digest, err);
}
