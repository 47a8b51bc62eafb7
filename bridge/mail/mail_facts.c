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

/* ---- facts that refuse: they count wherever they stand, outside or inside, first or last ---- */
typedef bool judge(struct slice value);

static bool header_says(struct mail *header, const char *name, judge *says)
{
    const char *value;

    for (size_t i = 0; header && (value = mail_field(header, name, i)) != NULL; i++)
        if (says(slice_trim(slice_of(value))))
            return true;
    return false;
}

static bool any_says(const struct mail_work *work, const char *name, judge *says)
{
    return header_says(work->mail, name, says) || header_says(work->inner, name, says);
}

static bool has_field(const struct mail_work *work, const char *name)
{
    return mail_field_count(work->mail, name) > 0 ||
           (work->inner && mail_field_count(work->inner, name) > 0);
}

static bool is_automatic_subject(struct slice subject)
{
    for (size_t i = 0; i < COUNT_OF(automatic_subjects); i++)
        if (slice_starts_nocase(subject, automatic_subjects[i]))
            return true;
    return false;
}

/* "(so it is) private (x); y": the word without comments (RFC 5322 3.2.2) and what follows it. */
static struct slice first_word(struct slice value)
{
    int depth = 0;
    size_t len = 0;

    for (; value.len > 0; value = slice_from(value, 1)) {
        char c = value.at[0];
        if (c == '\\' && depth > 0 && value.len > 1)
            value = slice_from(value, 1);
        else if (c == '(' || (c == ')' && depth > 0))
            depth += c == '(' ? 1 : -1;
        else if (depth == 0 && c != ' ' && c != '\t')
            break;
    }
    while (len < value.len && !strchr(" \t(;", value.at[len]))
        len++;
    return slice_first(value, len);
}

static bool is_submitted_by_robot(struct slice value)
{
    struct slice word = first_word(value);

    return !slice_empty(word) && !slice_is_nocase(word, "no");
}

static bool is_bulk(struct slice value)
{
    struct slice precedence = first_word(value);

    return slice_is_nocase(precedence, "bulk") || slice_is_nocase(precedence, "junk") ||
           slice_is_nocase(precedence, "auto_reply");
}

/* Delta Chat's own messages: everything with a Chat-Content but what people send by hand. */
static bool is_chat_matter(struct slice content)
{
    return !slice_is_nocase(content, "sticker");
}

static bool is_chat_system(const struct mail_work *work)
{
    return has_field(work, "Secure-Join") || has_field(work, "Autocrypt-Setup-Message") ||
           has_field(work, "Chat-Delete") || any_says(work, "Chat-Content", is_chat_matter);
}

bool mail_is_automatic(const struct mail_work *work)
{
    return !*work->arrival->mail_from || any_says(work, "Auto-Submitted", is_submitted_by_robot) ||
           any_says(work, "Precedence", is_bulk) || has_field(work, "X-Autoreply") ||
           has_field(work, "X-Auto-Response-Suppress") ||
           any_says(work, "Subject", is_automatic_subject) || is_chat_system(work) ||
           mail_part_is(mail_root(work->mail), "multipart", "report");
}

bool mail_is_group_chat(const struct mail_work *work)
{
    return has_field(work, "Chat-Group-ID");
}

static bool is_secret(struct slice value)
{
    struct slice sensitivity = first_word(value);

    return slice_is_nocase(sensitivity, "private") || slice_is_nocase(sensitivity, "personal") ||
           slice_is_nocase(sensitivity, "company-confidential");
}

bool mail_is_confidential(const struct mail_work *work)
{
    return any_says(work, "Sensitivity", is_secret);
}

static bool names_mailboxes(struct slice value)
{
    return slice_has(value, "@");
}

bool mail_is_redirected(const struct mail_work *work)
{
    static const char *const marks[] = {"Resent-From",       "Resent-To",      "Resent-Date",
                                        "Resent-Message-ID", "Resent-Cc",      "Resent-Sender",
                                        "Resent-Bcc",        "Resent-Reply-To"};

    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (has_field(work, marks[i]))
            return true;
    return any_says(work, "X-Forwarded-For", names_mailboxes) || /* redirected by a rule */
           any_says(work, "X-Forwarded-To", names_mailboxes);
}

bool mail_is_resent(const struct mail_work *work)
{
    return mail_is_redirected(work) || has_field(work, "X-Forwarded-Message-Id");
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
    case ADDRESS_OFFICE:
    case ADDRESS_BOUNCE: return true;
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
    /* whoever that is: other servers may read it, and deliver there */
    return all.unread > 0 ? must_dup("somebody whose address cannot be read") : NULL;
}

char *mail_other_mailbox(const struct mail_work *work)
{
    for (size_t i = 0; i < work->count; i++)
        if (is_mailbox(work, &work->recipients[i].address))
            return must_dup(work->recipients[i].text);
    char *found = mailbox_in(work, work->mail, "To");
    if (!found)
        found = mailbox_in(work, work->mail, "Cc");
    if (!found)
        found = mailbox_in(work, work->mail, "Bcc");
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

/* Words of open messages may be read for what answers them. */
static bool take_parent(struct mail_work *work, struct message *message, struct parent *out,
                        struct err *err)
{
    if (visibility_is_open(message->visibility) && !message_unwrap(work->bridge, message, err))
        return false;
    out->found = true;
    out->message = *message;
    *message = (struct message){0};
    return true;
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
    return take_parent(work, &message, out, err);
}

/* It says that it answers something, in words nobody can look up. */
static bool names_nothing(struct mail *header, const char *field, const struct mail_ids *ids)
{
    const char *value;

    for (size_t i = 0; ids->count == 0 && (value = mail_field(header, field, i)) != NULL; i++)
        if (!slice_empty(slice_trim(slice_of(value))))
            return true;
    return false;
}

static bool holds_ids_alone(struct slice value)
{
    while (!slice_empty(value = slice_trim(value))) {
        size_t end = slice_find(value, '>');
        if (value.at[0] != '<' || end == SIZE_MAX)
            return false;
        value = slice_from(value, end + 1);
    }
    return true;
}

bool mail_names_more(struct mail *header, const char *field, const struct mail_ids *ids)
{
    const char *value;

    for (size_t i = 0; (value = mail_field(header, field, i)) != NULL; i++)
        if (!holds_ids_alone(slice_of(value)))
            return true;
    return ids->count >= MAIL_MAX_LIST;
}

static bool parents_named_in(struct mail_work *work, struct mail *header, bool may_be_parent,
                             struct parent *out, struct err *err)
{
    scoped_value(mail_ids) replied = {0};
    scoped_value(mail_ids) references = {0};

    mail_ids(header, "In-Reply-To", &replied);
    mail_ids(header, "References", &references);
    if (names_nothing(header, "In-Reply-To", &replied) ||
        names_nothing(header, "References", &references))
        out->kind = PARENT_CLOSED;
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

static bool parent_is(struct mail_work *work, enum found found, struct message *message,
                      struct parent *out, struct err *err)
{
    *out = (struct parent){.kind = PARENT_CLOSED};
    if (found != FOUND)
        return found == ABSENT;
    out->kind = kind_of(work, message);
    return take_parent(work, message, out, err);
}

bool parent_by_ref(struct mail_work *work, const char *ref, struct parent *out, struct err *err)
{
    scoped_value(message) message = {0};
    enum found found = store_message_by_ref(work->view, slice_of(ref), &message, err);

    return parent_is(work, found, &message, out, err);
}

bool parent_by_id(struct mail_work *work, int64_t message_id, struct parent *out, struct err *err)
{
    scoped_value(message) message = {0};
    enum found found = store_message(work->view, message_id, &message, err);

    return parent_is(work, found, &message, out, err);
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

bool mail_guard_submitted(struct mail_work *work, bool *out_seen, struct err *err)
{
    scoped_value(bytes) text = {0};
    char digest[2 * SHA256_LEN + 1];

    *out_seen = false;
    if (work->arrival->door == MAIL_DOOR_MX)
        return true;
    if (!mail_body_digest(work->arrival->body, digest, err))
        return false;
    for (size_t i = 0; i < work->count; i++)
        bytes_print(&text, "to %s\n", work->recipients[i].text);
    bytes_add_text(&text, digest);
    struct mail_plan *plan = work_plan(work);
    if (!mail_guard(work, "mail", bytes_slice(&text), &plan->guards[0]))
        return true;
    plan->guard_count = 1;
    return guard_seen(work, &plan->guards[0], out_seen, err);
}
