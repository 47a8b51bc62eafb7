/* What the header says about a mail: robot, group, secret, answer, seen before. */
#include "mail_work.h"

#include "memory.h"

#include <stdio.h>

/* How mail programs begin the subject of an automatic reply, in their languages. */
static const char *const automatic_subjects[] = {
    "Automatic reply:",
    "Auto-reply:",
    "Autoreply:",
    "Auto reply:",
    "Auto:",
    "Out of Office:",
    "Out of office reply:",
    "Automatische Antwort:",
    "Abwesenheitsnotiz:",
    "Abwesend:",
    "Réponse automatique",
    "Respuesta automática:",
    "Resposta automática:",
    "Risposta automatica:",
    "Automatisch antwoord:",
    "Autosvar:",
    "Automatiskt svar:",
    "Automatisk svar:",
    "Automaattinen vastaus:",
    "Odpowiedź automatyczna:",
    "Automatická odpověď:",
    "Automatikus válasz:",
    "Otomatik Yanıt:",
    "Răspuns automat:",
    "Автоматический ответ:",
    "自動応答",
    "自动回复",
    "自動回覆",
};

/* A fact that refuses counts wherever it stands, outside or inside. */
static const char *any_field(const struct mail_work *work, const char *name)
{
    const char *value = work->inner ? mail_field(work->inner, name, 0) : NULL;

    return value ? value : mail_field(work->mail, name, 0);
}

static bool has_automatic_subject(const struct mail_work *work)
{
    struct slice subject = slice_trim(slice_of(any_field(work, "Subject")));

    for (size_t i = 0; i < COUNT_OF(automatic_subjects); i++)
        if (slice_starts_nocase(subject, automatic_subjects[i]))
            return true;
    return false;
}

static bool is_auto_submitted(const struct mail_work *work)
{
    struct slice value = slice_of(any_field(work, "Auto-Submitted"));

    return !slice_empty(value) && !slice_is_nocase(slice_trim(slice_cut(&value, ';')), "no");
}

static bool is_bulk(const struct mail_work *work)
{
    struct slice value = slice_trim(slice_of(any_field(work, "Precedence")));

    return slice_is_nocase(value, "bulk") || slice_is_nocase(value, "junk") ||
           slice_is_nocase(value, "auto_reply");
}

/* Delta Chat's own messages: everything with a Chat-Content but what people send by hand. */
static bool is_chat_system(const struct mail_work *work)
{
    const char *content = any_field(work, "Chat-Content");

    return any_field(work, "Secure-Join") || any_field(work, "Autocrypt-Setup-Message") ||
           any_field(work, "Chat-Delete") ||
           (content && !slice_is_nocase(slice_of(content), "sticker"));
}

bool mail_is_automatic(const struct mail_work *work)
{
    return !*work->arrival->mail_from || is_auto_submitted(work) || is_bulk(work) ||
           any_field(work, "X-Autoreply") || any_field(work, "X-Auto-Response-Suppress") ||
           has_automatic_subject(work) || is_chat_system(work) ||
           mail_part_is(mail_root(work->mail), "multipart", "report");
}

bool mail_is_group_chat(const struct mail_work *work)
{
    return any_field(work, "Chat-Group-ID") != NULL;
}

bool mail_is_confidential(const struct mail_work *work)
{
    struct slice value = slice_trim(slice_of(any_field(work, "Sensitivity")));

    return slice_is_nocase(value, "private") || slice_is_nocase(value, "personal") ||
           slice_is_nocase(value, "company-confidential");
}

bool mail_is_resent(const struct mail_work *work)
{
    return any_field(work, "Resent-From") || any_field(work, "Resent-To") ||
           any_field(work, "Resent-Date") || any_field(work, "Resent-Message-ID") ||
           any_field(work, "Resent-Cc") || any_field(work, "Resent-Sender") ||
           any_field(work, "Resent-Bcc") || any_field(work, "X-Forwarded-Message-Id");
}

/* The mail whose To and Cc tell who was meant; NULL: nobody was told in a way that counts. */
static struct mail *visible_header(const struct mail_work *work)
{
    scoped_value(mail_addresses) to = {0};
    scoped_value(mail_addresses) cc = {0};

    if (work->author.evidence == EVIDENCE_S3 || !work->inner_has_headers)
        return said_header(work);
    mail_addresses(work->inner, "To", &to);
    mail_addresses(work->inner, "Cc", &cc);
    return to.count + cc.count > 0 ? work->inner : work->mail;
}

static bool same_address(const struct address *a, const struct address *b)
{
    return strcmp(a->local, b->local) == 0 && strcmp(a->domain, b->domain) == 0;
}

static bool stands_in(struct mail_work *work, struct mail *header, const char *field,
                      const struct address *address)
{
    scoped_value(mail_addresses) all = {0};
    struct address one;

    mail_addresses(header, field, &all);
    for (size_t i = 0; i < all.count; i++) {
        address_read(work->bridge->config, slice_of(all.at[i].address), &one);
        if (same_address(&one, address))
            return true;
    }
    return false;
}

void recipients_mark_visible(struct mail_work *work)
{
    struct mail *header = visible_header(work);

    for (size_t i = 0; header && i < work->count; i++) {
        struct recipient *recipient = &work->recipients[i];
        recipient->visible = stands_in(work, header, "To", &recipient->address) ||
                             stands_in(work, header, "Cc", &recipient->address);
    }
}

static bool is_mailbox(const struct mail_work *work, const struct address *address)
{
    switch (address->kind) {
    case ADDRESS_PUBLISH:
    case ADDRESS_PERSON: return address->mail_person;
    case ADDRESS_ACCOUNT: return !work_is_self(work, address);
    case ADDRESS_FOREIGN:
    case ADDRESS_MALFORMED:
    case ADDRESS_SUBSCRIBE:
    case ADDRESS_UNSUBSCRIBE:
    case ADDRESS_COMMAND:
    case ADDRESS_CLAIM:
    case ADDRESS_HELP:
    case ADDRESS_OFFICE: return true;
    }
    __builtin_unreachable();
}

static char *mailbox_in(struct mail_work const *work, struct mail *header, const char *field)
{
    scoped_value(mail_addresses) all = {0};
    struct address address;

    mail_addresses(header, field, &all);
    for (size_t i = 0; i < all.count; i++) {
        address_read(work->bridge->config, slice_of(all.at[i].address), &address);
        if (is_mailbox(work, &address))
            return must_dup(all.at[i].address);
    }
    return NULL;
}

char *mail_other_mailbox(const struct mail_work *work)
{
    for (size_t i = 0; i < work->count; i++)
        if (is_mailbox(work, &work->recipients[i].address))
            return must_dup(work->recipients[i].text);
    char *found = mailbox_in(work, work->mail, "To");
    if (!found)
        found = mailbox_in(work, work->mail, "Cc");
    if (!found && work->inner_has_headers)
        found = mailbox_in(work, work->inner, "To");
    if (!found && work->inner_has_headers)
        found = mailbox_in(work, work->inner, "Cc");
    return found;
}

void parent_clear(struct parent *parent)
{
    message_clear(&parent->message);
    *parent = (struct parent){0};
}

static enum parent_kind kind_of(const struct mail_work *work, const struct message *message)
{
    bool asked = message->state == MESSAGE_HELD && message->release_ms == 0;

    if (message_is_gone(message) || asked) /* nobody else can see it */
        return PARENT_CLOSED;
    if (visibility_is_open(message->visibility))
        return PARENT_OPEN;
    if (message->visibility == VISIBILITY_FOLLOWERS && work->author.has_account &&
        message->account_id == work->author.account.id)
        return PARENT_OWN_FOLLOWERS;
    return PARENT_CLOSED;
}

/* One more message it answers: the first that is known is the parent, the most private decides. */
static bool parent_add(struct mail_work *work, const char *message_id, bool may_be_parent,
                       struct parent *out, struct err *err)
{
    scoped_value(message) message = {0};
    enum parent_kind kind = PARENT_CLOSED;

    switch (store_message_by_message_id(work->view, slice_of(message_id), &message, err)) {
    case FAILED: return false;
    case FOUND: kind = kind_of(work, &message); break;
    case ABSENT: break;
    }
    if (kind > out->kind)
        out->kind = kind;
    if (!may_be_parent || out->found || message.id == 0)
        return true;
    out->found = true;
    out->message = message;
    message = (struct message){0};
    return true;
}

static bool parents_named_in(struct mail_work *work, struct mail *header, bool may_be_parent,
                             struct parent *out, struct err *err)
{
    scoped_value(mail_ids) replied = {0};
    scoped_value(mail_ids) references = {0};

    mail_ids(header, "In-Reply-To", &replied);
    mail_ids(header, "References", &references);
    for (size_t i = 0; i < replied.count; i++)
        if (!parent_add(work, replied.at[i], may_be_parent, out, err))
            return false;
    if (references.count == 0)
        return true;
    return parent_add(work, references.at[references.count - 1], may_be_parent, out, err);
}

bool parent_find(struct mail_work *work, struct parent *out, struct err *err)
{
    struct mail *said = said_header(work);

    *out = (struct parent){0};
    if (!parents_named_in(work, work->mail, said == work->mail, out, err))
        return false;
    return !work->inner || parents_named_in(work, work->inner, said == work->inner, out, err);
}

bool parent_by_ref(struct mail_work *work, const char *ref, struct parent *out, struct err *err)
{
    *out = (struct parent){.kind = PARENT_CLOSED};
    switch (store_message_by_ref(work->view, slice_of(ref), &out->message, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    out->found = true;
    out->kind = kind_of(work, &out->message);
    return true;
}

bool mail_guard(const struct mail_work *work, const char *label, struct slice text,
                struct guard *out)
{
    const char *id = mail_field(work->mail, "Message-ID", 0);

    if (!id || slice_empty(slice_trim(slice_of(id))))
        return false;
    struct sha256_run *run = sha256_start();
    const struct slice zero = {"", 1};
    char account[24];
    snprintf(account, sizeof account, "%lld", (long long)work->author.account.id);
    sha256_add(run, slice_of(label));
    sha256_add(run, zero);
    sha256_add(run, slice_of(account));
    sha256_add(run, zero);
    sha256_add(run, slice_of(work->arrival->mail_from));
    sha256_add(run, zero);
    sha256_add(run, slice_trim(slice_of(id)));
    sha256_add(run, zero);
    sha256_add(run, text);
    sha256_end(run, out->digest);
    out->kind = SEEN_MAIL;
    out->expires_ms = work->now_ms + MAIL_GUARD_MS_DAYS * (int64_t)DAY_MS;
    return true;
}

void signature_guard(const struct mail_work *work, struct guard *out)
{
    out->kind = SEEN_SIGNATURE;
    memcpy(out->digest, work->author.signature, sizeof out->digest);
    out->expires_ms = work->now_ms + 2 * (int64_t)SIGNATURE_PAST_MS;
}

bool guard_seen(struct mail_work *work, const struct guard *guard, bool *out, struct err *err)
{
    enum found found = store_seen(work->view, guard->kind, guard->digest, err);

    *out = found == FOUND;
    return found != FAILED;
}
