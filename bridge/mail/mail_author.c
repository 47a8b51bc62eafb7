/*
 * Who wrote this mail, and what proves it (behaviour.md 3.2, facts S3 and S4).
 *
 * S0 to S2: as smtp found where it comes from (mail_origin.c).  S4: the log-in owns the From.  S3: the whole body is a multipart/signed whose signature a key of the From's
 * account made lately; then only what was signed counts: its text, and its header if it is protected.
 */
#include "mail_work.h"

#include "config.h"
#include "memory.h"

struct certificates {
    struct bytes *at;
    size_t count, capacity;
    key_test *fits;
    int64_t now_ms;
};

/* Those that may post: one that was learnt encrypts and does no more. */
static bool may_post(const struct account_key *key, int64_t now_ms)
{
    (void)now_ms;
    return (key->uses & KEY_SIGNS) && (key->state == KEY_IN_USE || key->state == KEY_REVOKED);
}

static bool collect_certificate(void *ctx, const struct account_key *key)
{
    struct certificates *all = ctx;

    if (!all->fits(key, all->now_ms))
        return true;
    if (all->count == PGP_CERTIFICATES_MAX)
        return false;
    must_make_room(all->at, all->count, all->capacity);
    all->at[all->count] = (struct bytes){0};
    bytes_add(&all->at[all->count++], bytes_slice(&key->certificate));
    return true;
}

static void certificates_clear(struct certificates *all)
{
    for (size_t i = 0; i < all->count; i++)
        bytes_clear(&all->at[i]);
    free(all->at);
}
SCOPED_VALUE(certificates, certificates_clear)

static bool parameter_is(const struct mail_part *part, const char *name, const char *value)
{
    return slice_is_nocase(slice_of(mail_part_parameter(part, name)), value);
}

bool mail_is_pgp_signed(struct mail_part *root)
{
    return root && mail_part_is(root, "multipart", "signed") && mail_part_count(root) == 2 &&
           parameter_is(root, "protocol", "application/pgp-signature") &&
           mail_part_is(mail_part_child(root, 1), "application", "pgp-signature");
}

/* Protected header fields: the old way (v1) and RFC 9788. */
static bool header_is_protected(const struct mail_part *part)
{
    return parameter_is(part, "protected-headers", "v1") || parameter_is(part, "hp", "clear") ||
           parameter_is(part, "hp", "cipher");
}

/* The same signature over the same words, however either was re-coded on the way: armor, line ends and spaces
 * can be changed without breaking it, so they do not count. */
bool mail_signature_digest(const struct pgp_verdict *verdict, struct source *what,
                           unsigned char out[SHA256_LEN], struct err *err)
{
    char piece[4096];
    size_t len;
    struct sha256_run *run = sha256_start();

    sha256_add(run, slice_of(verdict->fingerprint));
    sha256_add(run,
               (struct slice){(const char *)&verdict->signed_at_ms, sizeof verdict->signed_at_ms});
    for (int64_t at = 0;; at += (int64_t)len) {
        if (!source_read(what, at, piece, sizeof piece, &len, err)) {
            sha256_end(run, out);
            return false;
        }
        if (len == 0)
            break;
        size_t kept = 0;
        for (size_t i = 0; i < len; i++)
            if ((unsigned char)piece[i] > ' ')
                piece[kept++] = piece[i];
        sha256_add(run, (struct slice){piece, kept});
    }
    sha256_end(run, out);
    return true;
}

static void date_signature(struct mail_work *work, const struct pgp_verdict *verdict)
{
    struct author *author = &work->author;

    author->signed_ago_ms = work->now_ms - verdict->signed_at_ms;
    bool fresh =
        author->signed_ago_ms <= SIGNATURE_PAST_MS && author->signed_ago_ms >= -SIGNATURE_AHEAD_MS;
    author->proof = fresh ? PROOF_GOOD : PROOF_STALE;
    if (fresh)
        author->evidence = EVIDENCE_S3;
}

/* A From inside that differs from the one outside proves neither. */
static bool from_inside_agrees(struct mail_work *work)
{
    scoped_value(mail_addresses) from = {0};

    if (!work->inner_has_headers)
        return true;
    mail_addresses(work->inner, "From", &from);
    if (from.count == 0)
        return true;
    return from.count == 1 && slice_is_nocase(slice_of(from.at[0].address), work->author.address);
}

static bool verify_with(struct mail_work *work, struct mail_part *root, const struct slice *by,
                        size_t count, struct pgp_verdict *out, struct source *what,
                        bool *out_judged, struct err *err)
{
    scoped_value(bytes) signature = {0};
    struct err unfit;

    *out_judged = false;
    if (count == 0 ||
        !mail_part_content(mail_part_child(root, 1), PGP_SIGNATURE_MAX, &signature, &unfit))
        return true;
    if (pgp_verify(work->bridge->pgp, by, count, what, bytes_slice(&signature), out, &unfit)) {
        *out_judged = true;
        return true;
    }
    if (unfit.kind != ERR_TEMPORARY)
        return true;
    *err = unfit;
    return false;
}

static bool verify(struct mail_work *work, struct mail_part *root, key_test *fits,
                   struct pgp_verdict *out, struct source *what, bool *out_judged, struct err *err)
{
    scoped_value(certificates) all = {.fits = fits, .now_ms = work->now_ms};
    struct slice slices[PGP_CERTIFICATES_MAX];

    if (!store_account_keys(work->view, work->author.account.id, collect_certificate, &all, err))
        return false;
    for (size_t i = 0; i < all.count; i++)
        slices[i] = bytes_slice(&all.at[i]);
    return verify_with(work, root, slices, all.count, out, what, out_judged, err);
}

/* The signed part as a mail; none if it cannot be read as one, or holds somebody else's (a forward). */
static bool open_inner(struct mail_work *work, struct mail_part *part, struct err *err)
{
    struct err unfit;

    if (mail_part_is(part, "message", "*"))
        return true;
    if (mail_of_part(part, &work->inner, &unfit)) {
        work->inner_has_headers = header_is_protected(part);
        return true;
    }
    if (unfit.kind == ERR_MALFORMED || unfit.kind == ERR_TOO_LARGE)
        return true;
    *err = unfit;
    return false;
}

static bool judge_signature(struct mail_work *work, struct err *err)
{
    struct mail_part *root = mail_root(work->mail);
    struct pgp_verdict verdict;
    bool judged;

    if (!mail_is_pgp_signed(root))
        return true;
    struct mail_part *part = mail_part_child(root, 0);
    scoped(source) what = mail_part_exact(part);
    if (!verify(work, root, may_post, &verdict, what, &judged, err))
        return false;
    if (!judged || verdict.judgement != PGP_GOOD)
        return true;
    if (!mail_signature_digest(&verdict, what, work->author.signature, err) ||
        !open_inner(work, part, err))
        return false;
    if (work->inner && from_inside_agrees(work))
        date_signature(work, &verdict);
    return true;
}

/* By the certificate, or else by the keys that fit. */
static bool signed_lately(struct mail_work *work, struct mail *mail, key_test *fits,
                          const struct slice *certificate, bool *out, struct err *err)
{
    struct mail_part *root = mail_root(mail);
    struct pgp_verdict verdict = {0};
    bool judged;

    *out = false;
    if (!mail_is_pgp_signed(root))
        return true;
    scoped(source) what = mail_part_exact(mail_part_child(root, 0));
    if (!(certificate ? verify_with(work, root, certificate, 1, &verdict, what, &judged, err)
                      : verify(work, root, fits, &verdict, what, &judged, err)))
        return false;
    int64_t ago_ms = work->now_ms - verdict.signed_at_ms;
    *out = judged && verdict.judgement == PGP_GOOD && ago_ms <= SIGNATURE_PAST_MS &&
           ago_ms >= -SIGNATURE_AHEAD_MS;
    return true;
}

bool mail_signed_by(struct mail_work *work, struct mail *mail, key_test *fits, bool *out,
                    struct err *err)
{
    return signed_lately(work, mail, fits, NULL, out, err);
}

bool mail_signed_with(struct mail_work *work, struct mail *mail, struct slice certificate,
                      bool *out, struct err *err)
{
    return signed_lately(work, mail, NULL, &certificate, out, err);
}

/* Signed by whomever, sent by the log-in: the header inside is the one its author saw. */
static bool look_inside(struct mail_work *work, struct err *err)
{
    struct mail_part *root = mail_root(work->mail);

    if (!root || !mail_part_is(root, "multipart", "signed") || mail_part_count(root) == 0)
        return true;
    struct mail_part *part = mail_part_child(root, 0);
    return !header_is_protected(part) || open_inner(work, part, err);
}

static bool find_account(struct mail_work *work, struct err *err)
{
    struct author *author = &work->author;
    struct address address;
    scoped_text char *plain = NULL;

    address_read(work->bridge->config, slice_of(author->address), &address);
    if (address.kind != ADDRESS_ACCOUNT)
        return true;
    plain = must_print("%s@%s", address.user, address.domain);
    switch (account_at(work->view, slice_of(plain), &author->account, err)) {
    case FAILED: return false;
    case FOUND: author->has_account = author->account.state == ACCOUNT_ACTIVE; return true;
    case ABSENT: return true;
    }
    __builtin_unreachable();
}

/* One of several From addresses is enough to pose as somebody here. */
static bool any_is_ours(struct mail_work *work, const struct mail_addresses *from)
{
    struct address address;

    for (size_t i = 0; i < from->count; i++) {
        address_read(work->bridge->config, slice_of(from->at[i].address), &address);
        if (address.kind != ADDRESS_FOREIGN && slice_has(slice_of(from->at[i].address), "@"))
            return true;
    }
    return false;
}

bool author_judge(struct mail_work *work, struct err *err)
{
    struct author *author = &work->author;
    scoped_value(mail_addresses) from = {0};

    mail_addresses(work->mail, "From", &from);
    bool one = from.count == 1 && mail_field_count(work->mail, "From") == 1;
    author->address = must_dup(one ? from.at[0].address : "");
    author->name = one ? must_dup(from.at[0].name) : NULL;
    author->ours = any_is_ours(work, &from);
    if (work->arrival->door == MAIL_DOOR_MX)
        author_take_origin(work);
    if (!find_account(work, err))
        return false;
    if (!author->has_account)
        return true;
    if (work->arrival->door == MAIL_DOOR_MX)
        return judge_signature(work, err);
    if (author->account.id != work->arrival->account_id)
        return true;
    author->proof = PROOF_GOOD;
    author->evidence = EVIDENCE_S4;
    return look_inside(work, err);
}

void author_clear(struct author *author)
{
    free(author->address);
    free(author->name);
    account_clear(&author->account);
}

struct mail *said_header(const struct mail_work *work)
{
    if (work->author.evidence != EVIDENCE_S3)
        return work->mail;
    return work->inner_has_headers ? work->inner : NULL;
}

struct mail_part *said_root(const struct mail_work *work)
{
    if (work->author.evidence == EVIDENCE_S3)
        return mail_root(work->inner);
    return mail_root(work->mail);
}
