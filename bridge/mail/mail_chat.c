/*
 * Ordinary mail and chat accounts (behaviour.md 4): Delta Chat shows only what is signed by a key of whom it comes from, and
 * nobody's key is invented.  So Carol's mail comes from carol=mail.example+mail@D, "Carol (carol@mail.example, not
 * encrypted)", an address of ours with a key of ours; what is written there goes to her as the ordinary mail it must be.
 */
#include "mail_work.h"

#include "compose.h"
#include "config.h"
#include "memory.h"

/* What only the address itself could mean, and what Delta Chat takes for the word of a program it trusts. */
static const char *const shown_drop[] = {"Return-Path",
                                         "From",
                                         "Sender",
                                         "Reply-To",
                                         "To",
                                         "Cc",
                                         "Disposition-Notification-To",
                                         "Autocrypt*",
                                         "Chat-*",
                                         "Ephemeral-*",
                                         "Secure-Join*",
                                         NULL};
static const char *const sent_drop[] = {
    "Bcc",      "Return-Path", "Received",     "X-Originating-IP", "User-Agent",
    "X-Mailer", "To",          "Cc",           "HP-Outer",         "Delivered-To",
    "Chat-*",   "Ephemeral-*", "Secure-Join*", "Autocrypt-Gossip", NULL};

/* ---- as a chat account is shown it ---- */
static bool has_usable_key(void *ctx, const struct account_key *key)
{
    struct mail_work *work = ctx;

    work->sealed_for = work->sealed_for || key_encrypts_now(key, work->now_ms);
    return !work->sealed_for;
}

/* Reports and what programs tell each other before they have keys mean nothing under another name. */
static bool is_shown_as_it_came(struct mail_work *work, bool *out, struct err *err)
{
    struct mail *mail = work->arrival->mail;
    scoped(source) part = NULL;
    enum mail_claims claims;

    if (!mail_claims_encryption(mail, &claims, &part, err))
        return false;
    *out = claims != MAIL_CLAIMS_NOTHING || !*work->author.address ||
           mail_part_is(mail_root(mail), "multipart", "report") ||
           mail_field(mail, "Secure-Join", 0) || mail_field(mail, "Autocrypt-Setup-Message", 0);
    return true;
}

static bool add_faces(const struct account *account, const char *label, const char *from,
                      struct bytes *prefix, struct err *err)
{
    scoped(compose) c = compose_new();
    scoped_text char *own = account_address(account);
    struct memory_sink sink;

    compose_address(c, "From", label, from);
    compose_address(c, "To", NULL, own);
    compose_text(c, SLICE(""), NULL);
    memory_sink_init(&sink);
    bool ok = compose_write(c, &sink.sink, err);
    struct slice written = bytes_slice(&sink.bytes);
    size_t begin = slice_find_text(written, SLICE("From:")),
           end = slice_find_text(written, SLICE("MIME-Version:"));
    if (ok && begin != SIZE_MAX && end != SIZE_MAX && begin < end)
        bytes_add(prefix, slice_first(slice_from(written, begin), end - begin));
    bytes_clear(&sink.bytes);
    return ok;
}

bool chat_face(struct mail_work *work, const struct account *account, struct bytes *prefix,
               char **out_from, const char *const **out_drop, struct err *err)
{
    const struct author *author = &work->author;
    struct slice user, host;
    bool as_it_came;

    work->sealed_for = false;
    if (!account_chats(account) || !work->bridge->config->seal)
        return true;
    if (!store_account_keys(work->view, account->id, has_usable_key, work, err) ||
        !is_shown_as_it_came(work, &as_it_came, err))
        return false;
    if (!work->sealed_for || as_it_came || !address_split(slice_of(author->address), &user, &host))
        return true;
    struct person person = {.kind = PERSON_MAIL, .name = author->name, .address = author->address};
    scoped_text char *name = person_label(&person);
    scoped_text char *label = name ? must_print("%s (%s, not encrypted)", name, author->address)
                                   : must_print("%s (not encrypted)", author->address);
    scoped_text char *word = bridge_person_word(work->bridge, user, host);
    *out_from = must_print("%s+mail@%s", word, account->domain);
    *out_drop = shown_drop;
    return add_faces(account, label, *out_from, prefix, err);
}

/* ---- what is answered ---- */
bool refuse_mail_person_beside(struct mail_work *work)
{
    const char *who = NULL;
    size_t others = 0;

    for (size_t i = 0; i < work->count; i++) {
        const struct recipient *one = &work->recipients[i];
        if (one->address.mail_person)
            who = one->text;
        others += !work_is_self(work, &one->address);
    }
    return who && others > 1 &&
           work_answer(work, VERDICT_NOT_ALLOWED,
                       "Nothing was sent: %s reads ordinary mail, which nobody encrypts. Write to "
                       "this person alone.",
                       who);
}

struct source *chat_answer(struct mail_work *work, const char *to, struct slice prefix,
                           struct err *err)
{
    scoped_value(bytes) front = {0};
    struct source *said = work->within ? work->opened.plain : work->arrival->body;

    bytes_add(&front, prefix);
    bytes_print(&front, "To: %s\r\n", to);
    return mail_rewritten(work->bridge->config, said, bytes_slice(&front), sent_drop, err);
}
