/*
 * In which form a mail rests (docs/at-rest.md).
 *
 *     it came encrypted, as its packets prove                                -> as it came
 *     not to be sealed (seal = no, or appended with seal_appended = no)      -> in clear
 *     Delta Chat reads the account: it shows only what is signed too         -> signed by the key of its sender and
 *       sealed, where that is an address of ours (own_key.h); else under the server key, as without a key
 *     its owner has keys that encrypt today, and an engine takes them        -> sealed to all of them
 *     the owner never had one                                                -> as seal_without_key says
 *     all are expired, revoked or not usable                                 -> the same, but never in clear
 */
#include "own_key.h"

#include "faces.h"
#include "key_change.h"
#include "key_letter.h"
#include "log.h"
#include "mail.h"
#include "memory.h"

struct sealing {
    struct bridge *bridge;
    struct source *content;
    struct mail *mail; /* NULL: `content` cannot be taken apart */
    struct letter *letter;
    struct slice certificates[PGP_CERTIFICATES_MAX];
    struct bytes held[PGP_CERTIFICATES_MAX];
    size_t count;
    bool had_keys;
    bool chats;
};

static void sealing_clear(struct sealing *sealing)
{
    for (size_t i = 0; i < sealing->count; i++)
        bytes_clear(&sealing->held[i]);
    mail_free(sealing->mail);
}
SCOPED_VALUE(sealing, sealing_clear)

/* ---- whose keys ---- */
/* False: there is no room for another one. */
static bool take_certificate(struct sealing *sealing, struct slice certificate)
{
    struct bytes *held = &sealing->held[sealing->count];

    bytes_add(held, certificate);
    sealing->certificates[sealing->count++] = bytes_slice(held);
    return sealing->count < PGP_CERTIFICATES_MAX;
}

static bool add_key(void *ctx, const struct account_key *key)
{
    struct sealing *sealing = ctx;

    sealing->had_keys |=
        key_ever_encrypted(key) && key->state != KEY_WAITS && key->state != KEY_REFUSED;
    if (!key_encrypts_now(key, clock_now(sealing->bridge->clock)) ||
        (key->told & KEY_NEWS_UNUSABLE) || /* the others go on without it */
        strcmp(key->fingerprint, sealing->letter->without) == 0)
        return true;
    return take_certificate(sealing, bytes_slice(&key->certificate));
}

static bool find_keys(struct sealing *sealing, struct err *err)
{
    scoped(store_view) own = sealing->letter->view ? NULL : store_look(sealing->bridge->store, err);
    struct store_view *view = sealing->letter->view ? sealing->letter->view : own;
    scoped_value(account) account = {0};
    int64_t account_id = sealing->letter->account_id;

    if (!view || store_account(view, account_id, &account, err) == FAILED)
        return false;
    sealing->chats = account_chats(&account);
    if (!slice_empty(sealing->letter->also))
        (void)take_certificate(sealing, sealing->letter->also);
    return store_account_keys(view, account_id, add_key, sealing, err);
}

/* ---- what came encrypted ---- */
static bool came_encrypted(struct sealing *sealing, bool *out, struct err *err)
{
    scoped(source) part = NULL;
    enum mail_claims claims;

    *out = false;
    if (!sealing->mail)
        return true;
    if (!mail_claims_encryption(sealing->mail, &claims, &part, err))
        return false;
    if (claims == MAIL_CLAIMS_NOTHING)
        return true;
    return pgp_is_encrypted(part, claims == MAIL_CLAIMS_OPENPGP ? PGP_AS_OPENPGP : PGP_AS_CMS, out,
                            err);
}

/* ---- writing ---- */
static bool write_body(struct sealing *sealing, const struct pgp_orders *orders,
                       struct source *content, struct err *err)
{
    struct store *store = sealing->bridge->store;
    struct letter *letter = sealing->letter;

    store_body_drop(letter->body);
    letter->body = orders->form == PGP_SERVER_KEY ? store_body_new_wrapped(store, err)
                                                  : store_body_new(store, err);
    if (!letter->body)
        return false;
    letter->sealed =
        pgp_seal(sealing->bridge->pgp, orders, content, store_body_sink(letter->body), err);
    return letter->sealed && store_body_finish(letter->body, err);
}

static bool write_as(struct sealing *sealing, enum pgp_form form, struct err *err)
{
    const struct pgp_orders orders = {.form = form};

    return write_body(sealing, &orders, sealing->content, err);
}

static bool write_without_key(struct sealing *sealing, struct err *err)
{
    switch (sealing->bridge->config->seal_without_key) {
    case WITHOUT_KEY_SERVER: return write_as(sealing, PGP_SERVER_KEY, err);
    case WITHOUT_KEY_CLEAR:
        return write_as(sealing, sealing->had_keys ? PGP_SERVER_KEY : PGP_CLEAR_BY_CHOICE, err);
    case WITHOUT_KEY_DEFER:
        if (sealing->letter->must_rest)
            return write_as(sealing, PGP_SERVER_KEY, err);
        sealing->letter->lacks_key = true;
        return err_because(
            err, ERR_TEMPORARY,
            "This mailbox has no key that mail could be encrypted to; try again later",
            "account %lld has no usable key, and seal_without_key is defer",
            (long long)sealing->letter->account_id);
    }
    __builtin_unreachable();
}

/* The subject goes inside, and names beside addresses: what lists show of them is what anybody may read. */
static void hide_words(struct letter *letter)
{
    char *bare = letter->from ? mail_bare_addresses(slice_of(letter->from)) : NULL;

    free(letter->from);
    letter->from = bare;
    if (!letter->subject)
        return;
    free(letter->subject);
    letter->subject = must_dup(SEALED_SUBJECT);
}

static bool write_sealed(struct sealing *sealing, struct err *err)
{
    scoped_value(mail_faces) faces = {0};

    if (!mail_faces_of(sealing->content, &faces, err))
        return false;
    scoped(source) rest = source_from(sealing->content, faces.body);
    scoped(source) whole = source_behind(bytes_slice(&faces.inner), steal(&rest));
    const struct pgp_orders orders = {
        .form = PGP_SEALED,
        .certificates = sealing->certificates,
        .count = sealing->count,
        .outer = bytes_slice(&faces.outer),
    };
    if (write_body(sealing, &orders, whole, err)) {
        hide_words(sealing->letter);
        return true;
    }
    if (err->kind != ERR_REFUSED)
        return false;
    sealing->bridge->unusable_account = sealing->letter->account_id; /* and its owner hears of it */
    log_warn("seal: no engine takes the keys of account %lld; its mail goes without",
             (long long)sealing->letter->account_id);
    return write_without_key(sealing, err);
}

/* ---- for Delta Chat ---- */
/* "Bob" <bob=social.example@example.org>: what stands in brackets, else all of it. */
static char *address_in(const char *from)
{
    struct slice text = slice_of(from);
    size_t begin = slice_find_last(text, '<');

    if (begin != SIZE_MAX) {
        text = slice_from(text, begin + 1);
        text = slice_first(text, slice_find(text, '>'));
    }
    return must_copy(slice_trim(text));
}

static bool seal_signed(struct sealing *sealing, const char *from, const struct pgp_pair *signer,
                        struct err *err)
{
    scoped_value(mail_faces) faces = {0};
    scoped_value(bytes) inner = {0};

    if (!mail_faces_of(sealing->content, &faces, err))
        return false;
    if (!sealing->letter->tells_key)
        pgp_pair_autocrypt(signer, from, &inner);
    bytes_add(&inner, bytes_slice(&faces.inner));
    scoped(source) rest = source_from(sealing->content, faces.body);
    scoped(source) whole = source_behind(bytes_slice(&inner), steal(&rest));
    const struct pgp_orders orders = {
        .form = PGP_SEALED,
        .certificates = sealing->certificates,
        .count = sealing->count,
        .outer = bytes_slice(&faces.outer),
        .signer = signer,
    };
    return write_body(sealing, &orders, whole, err);
}

static bool write_for_chat(struct sealing *sealing, struct err *err)
{
    scoped_text char *from = address_in(sealing->letter->from);
    scoped_value(pgp_pair) signer = {0};

    if (sealing->count == 0 || !sealing->letter->own || !own_key_fits(sealing->bridge, from))
        return write_as(sealing, PGP_SERVER_KEY, err);
    if (!own_key_get(sealing->bridge, from, &signer, err))
        return false;
    if (seal_signed(sealing, from, &signer, err)) {
        hide_words(sealing->letter);
        return true;
    }
    if (err->kind != ERR_REFUSED)
        return false;
    log_warn("seal: librnp does not take the keys of account %lld; its mail goes without",
             (long long)sealing->letter->account_id);
    return write_as(sealing, PGP_SERVER_KEY, err);
}

static bool write_chosen(struct sealing *sealing, struct err *err)
{
    const struct config *config = sealing->bridge->config;
    bool encrypted;

    if (!came_encrypted(sealing, &encrypted, err))
        return false;
    if (encrypted)
        return write_as(sealing, PGP_WAS_ENCRYPTED, err);
    if (!config->seal || (sealing->letter->appended && !config->seal_appended))
        return write_as(sealing, PGP_CLEAR_BY_CHOICE, err);
    if (!find_keys(sealing, err))
        return false;
    if (sealing->chats)
        return write_for_chat(sealing, err);
    return sealing->count > 0 ? write_sealed(sealing, err) : write_without_key(sealing, err);
}

/* ---- what is told of it ---- */
/* What cannot be taken apart is shown by IMAP as one plain text: no reason not to keep it. */
static bool take_apart(struct source *source, struct mail **out, struct err *err)
{
    struct err broken;

    if (mail_parse(source, out, &broken) || broken.kind == ERR_MALFORMED ||
        broken.kind == ERR_TOO_LARGE)
        return true;
    *err = broken;
    return false;
}

/* Only what was sealed rests otherwise than it came. */
static bool note_structure(struct sealing *sealing, struct err *err)
{
    scoped(source) rests = NULL;
    scoped(mail) sealed = NULL;
    struct letter *letter = sealing->letter;
    struct mail *mail = sealing->mail;

    if (pgp_sealed_form(letter->sealed) == PGP_SEALED) {
        rests = store_body_written(letter->body, err);
        if (!rests || !take_apart(rests, &sealed, err))
            return false;
        mail = sealed;
    }
    return !mail || mail_structure_of(mail, &letter->structure, err);
}

static bool make_rest(struct sealing *sealing, struct err *err)
{
    return take_apart(sealing->content, &sealing->mail, err) && write_chosen(sealing, err) &&
           note_structure(sealing, err);
}

/* Who appends knows how the mailbox is kept. */
static void take_even_time(const struct sealing *sealing, int64_t ns)
{
    struct even_time *even = &sealing->bridge->even;
    int64_t size = sealing->content->size;

    if (sealing->letter->appended)
        return;
    switch (pgp_sealed_form(sealing->letter->sealed)) {
    case PGP_SEALED: even_time_sealed(even, size, ns); return;
    case PGP_SERVER_KEY:
    case PGP_CLEAR_BY_CHOICE: even_time_wait(even_time_lacks_ns(even, size, ns)); return;
    case PGP_WAS_ENCRYPTED: return; /* as in any mailbox */
    }
    __builtin_unreachable();
}

bool letter_seal(struct bridge *bridge, struct source *content, struct letter *letter,
                 struct err *err)
{
    scoped_value(sealing) sealing = {.bridge = bridge, .content = content, .letter = letter};
    int64_t began_ns = even_time_spent_ns();

    if (!make_rest(&sealing, err))
        return false;
    take_even_time(&sealing, even_time_spent_ns() - began_ns);
    return true;
}
