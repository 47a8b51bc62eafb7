/*
 * Mail as mail: into mailboxes here, and from accounts here to elsewhere (facts/mail.md 1.8).
 */
#include "mail_work.h"

#include "config.h"
#include "delivery_letter.h"
#include "memory.h"

enum { RECEIVED_MAX = 50 };

/* What a log-in's program tells about itself stays here (behaviour.md 10), Bcc above all. */
static const char *const private_fields[] = {
    "Bcc",        "Return-Path", "Received",     "X-Originating-IP",
    "User-Agent", "X-Mailer",    "Delivered-To", NULL};
static const char *const private_and_name[] = {
    "Bcc",          "Return-Path", "Received", "X-Originating-IP", "User-Agent", "X-Mailer",
    "Delivered-To", "Message-ID",  NULL};
static const char *const arrived_fields[] = {"Return-Path", NULL};
static const char *const renamed_fields[] = {"Return-Path", "Message-ID", NULL};

static const char *const *dropped_fields(const struct mail_work *work)
{
    if (work->arrival->door != MAIL_DOOR_MX)
        return work->renamed ? private_and_name : private_fields;
    return work->renamed ? renamed_fields : arrived_fields;
}

/* A program may leave out what a mail must have (RFC 6409 8). */
static void add_missing_fields(struct mail_work *work, struct bytes *prefix)
{
    char date[DATE_TEXT_SIZE];

    if (work->renamed)
        bytes_print(prefix, "Message-ID: <%s>\r\n", work_plan(work)->message_id);
    if (work->arrival->door == MAIL_DOOR_MX)
        return;
    if (!work->renamed && !mail_field(work->mail, "Message-ID", 0)) {
        struct mail_plan *plan = work_plan(work);
        if (!plan->message_id)
            plan->message_id = message_id_new(work->author.account.domain);
        bytes_print(prefix, "Message-ID: <%s>\r\n", plan->message_id);
    }
    if (!mail_field(work->mail, "Date", 0)) {
        date_rfc5322(work->arrival->received_ms, date);
        bytes_print(prefix, "Date: %s\r\n", date);
    }
}

static const char *received_field(const struct mail_work *work)
{
    return work->arrival->received_field ? work->arrival->received_field : "";
}

/* ---- mailboxes here ---- */
static bool planned_already(const struct mail_plan *plan, int64_t account_id)
{
    for (size_t i = 0; i < plan->visit_count; i++)
        if (plan->visits[i].visit.account_id == account_id)
            return true;
    for (size_t i = 0; i < plan->copy_count; i++)
        if (plan->copies[i].letter.account_id == account_id && !plan->copies[i].report)
            return true;
    return false;
}

static void copy_facts(struct mail_work *work, char *shown_from, struct letter *letter)
{
    struct mail *mail = work->opens ? work->mail : work->arrival->mail;

    letter->mailbox = MAILBOX_INBOX;
    letter->received_ms = work->arrival->received_ms;
    letter->own = shown_from != NULL;
    letter->from = shown_from ? shown_from : must_dup(mail_field(mail, "From", 0));
    letter->subject = must_dup(mail_field(mail, "Subject", 0));
    letter->message_id = must_dup(work_plan(work)->message_id);
}

static struct planned_copy *new_copy(struct mail_plan *plan)
{
    must_make_room(plan->copies, plan->copy_count, plan->copy_capacity);
    struct planned_copy *copy = &plan->copies[plan->copy_count++];
    *copy = (struct planned_copy){0};
    return copy;
}

/* Taken once, however often the sender tries (its 250 may have been lost); a forgery that came first does not count as
 * the mail itself. */
static bool guard_copy(struct mail_work *work, const char *digest, struct planned_copy *copy)
{
    scoped_text char *text = must_print("%lld %d %s", (long long)copy->letter.account_id,
                                        (int)work->author.evidence, digest);

    return work->arrival->door == MAIL_DOOR_MX &&
           mail_guard(work, "copy", slice_of(text), &copy->guard);
}

bool mail_plan_copy(struct mail_work *work, const struct account *account, size_t *out_index,
                    struct err *err)
{
    scoped_value(bytes) prefix = {0};
    scoped_text char *address = account_address(account);
    const char *const *drop = dropped_fields(work);
    char digest[2 * SHA256_LEN + 1];
    char *shown_from = NULL;

    bytes_print(&prefix, "Return-Path: <%s>\r\nDelivered-To: %s\r\n", work->arrival->mail_from,
                address);
    bytes_add_text(&prefix, received_field(work));
    add_missing_fields(work, &prefix);
    if (!mail_body_digest(work->arrival->body, digest, err) ||
        !chat_face(work, account, &prefix, &shown_from, &drop, err))
        return false;
    struct planned_copy *copy = new_copy(work_plan(work));
    *out_index = (size_t)(copy - work_plan(work)->copies);
    copy->letter.account_id = account->id;
    copy->letter.view = work->view;
    copy_facts(work, shown_from, &copy->letter);
    copy->guarded = guard_copy(work, digest, copy);
    if (!peer_learn(work, account, &copy->peer, err))
        return false;
    struct source *body = work->opens ? work->opened.plain : work->arrival->body;
    scoped(source) content =
        mail_rewritten(work->bridge->config, body, bytes_slice(&prefix), drop, err);
    return content && letter_seal(work->bridge, content, &copy->letter, err);
}

/* Who asked to hear of success hears it (RFC 3461 5.2.6); of mail from outside nobody does. */
static bool plan_report(struct mail_work *work, const struct recipient *recipient, struct err *err)
{
    const struct mail_arrival *arrival = work->arrival;

    if (arrival->door == MAIL_DOOR_MX || !*arrival->mail_from ||
        !dsn_wanted(recipient->wish->notify, DSN_NOTIFY_SUCCESS))
        return true;
    const struct delivery_report report = {
        .news = NEWS_DELIVERED,
        .account = &work->author.account,
        .name = recipient->text,
        .host = work->bridge->config->hostname,
        .about = work_plan(work)->message_id,
        .first_ms = arrival->received_ms,
        .rcpt_to = recipient->text,
        .orcpt = recipient->wish->orcpt,
        .envid = arrival->terms.envid,
        .mail = arrival->body,
    };
    struct planned_copy *copy = new_copy(work_plan(work));
    copy->report = true;
    return delivery_letter(work->bridge, &report, &copy->letter, err);
}

static bool plan_copy(struct mail_work *work, const struct account *account, bool by_name,
                      struct err *err)
{
    size_t index;

    if (!mail_plan_copy(work, account, &index, err))
        return false;
    work_plan(work)->copies[index].by_name = by_name;
    return true;
}

static bool runs_in_circle(struct mail_work *work, const char *address)
{
    for (size_t i = 0; i < mail_field_count(work->mail, "Delivered-To"); i++)
        if (slice_is_nocase(slice_trim(slice_of(mail_field(work->mail, "Delivered-To", i))),
                            address))
            return true;
    return false;
}

/* Did the copy planned last fail because nothing may rest without a key? */
static bool lacks_key(struct mail_work *work)
{
    const struct mail_plan *plan = work_plan(work);

    return plan->copy_count > 0 && plan->copies[plan->copy_count - 1].letter.lacks_key;
}

/* Whoever reads for the postmaster decides nothing first. */
static bool take_in(struct mail_work *work, const struct recipient *recipient,
                    const struct account *account, struct err *err)
{
    bool takes = true;

    if (planned_already(work_plan(work), account->id))
        return plan_report(work, recipient, err);
    bool by_name =
        recipient->address.kind != ADDRESS_OFFICE && recipient->address.kind != ADDRESS_HELP;
    if (by_name && !contact_of_mail(work, account, &takes, err))
        return false;
    return !takes || (plan_copy(work, account, by_name, err) && plan_report(work, recipient, err));
}

static bool to_account(struct mail_work *work, const struct recipient *recipient,
                       const struct account *account, bool *out_ok, struct err *err)
{
    scoped_text char *address = account_address(account);

    *out_ok = false;
    if (work->arrival->door == MAIL_DOOR_MX && runs_in_circle(work, address))
        return work_answer(work, VERDICT_LOOP,
                           "This mail has been delivered to %s before: it runs in a circle.",
                           address);
    if (recipient->address.kind == ADDRESS_OFFICE)
        *out_ok = true; /* whoever reads for the postmaster, and however full (RFC 5321 4.5.1) */
    else if (!account_takes(work->bridge, work->view, account, work->arrival->body->size, out_ok,
                            &work->arrival->answer, err))
        return false;
    if (*out_ok && take_in(work, recipient, account, err))
        return true;
    if (*out_ok && !lacks_key(work))
        return false;
    if (*out_ok)
        work_answer(
            work, VERDICT_LATER,
            "%s has no key that mail could be encrypted to. Your server tries again by itself.",
            address);
    *out_ok = false;
    mail_plan_free(steal(&work->arrival->plan));
    return true;
}

static bool to_named(struct mail_work *work, const struct recipient *recipient, struct slice user,
                     struct slice domain, bool *out_ok, struct err *err)
{
    scoped_value(account) account = {0};

    *out_ok = false;
    switch (store_account_named(work->view, user, domain, &account, err)) {
    case FAILED: return false;
    case ABSENT: return work_answer(work, VERDICT_NOBODY, "There is no %s here.", recipient->text);
    case FOUND: return to_account(work, recipient, &account, out_ok, err);
    }
    __builtin_unreachable();
}

static bool to_office(struct mail_work *work, const struct recipient *recipient, bool *out_ok,
                      struct err *err)
{
    scoped_value(account) account = {0};

    *out_ok = false;
    switch (postmaster_account(work->bridge, work->view, &account, err)) {
    case FAILED: return false;
    case ABSENT: return work_answer(work, VERDICT_NOBODY, "There is no %s here.", recipient->text);
    case FOUND: break;
    }
    work->opens = work->within != NULL;
    bool ok = to_account(work, recipient, &account, out_ok, err);
    work->opens = false;
    return ok;
}

static bool to_help(struct mail_work *work, const struct recipient *recipient, bool *out_ok,
                    struct err *err)
{
    *out_ok = true;
    if (work->author.evidence != EVIDENCE_S4)
        return to_office(work, recipient, out_ok, err);
    if (mail_is_automatic(work))
        return true;
    return help_letter(work->bridge, &work->author.account, &new_copy(work_plan(work))->letter,
                       err);
}

/* ---- elsewhere ---- */
/* As it goes out, once for everybody; `to` is whom an address of ours stands for, or NULL. */
static bool write_sending(struct mail_work *work, const char *to, struct err *err)
{
    scoped_value(bytes) prefix = {0};

    bytes_add_text(&prefix, received_field(work));
    add_missing_fields(work, &prefix);
    scoped(source) content = to ? chat_answer(work, to, bytes_slice(&prefix), err)
                                : mail_rewritten(work->bridge->config, work->arrival->body,
                                                 bytes_slice(&prefix), dropped_fields(work), err);
    scoped(store_body) body = content ? store_body_new_wrapped(work->bridge->store, err) : NULL;
    if (!body || !sink_copy(store_body_sink(body), content, err) || !store_body_finish(body, err))
        return false;
    work_plan(work)->sending_body = steal(&body);
    return true;
}

/* Does anybody get it who cannot get it encrypted?  Fediverse people are beside it only in clear. */
static bool goes_to_fediverse(const struct mail_work *work)
{
    for (size_t i = 0; i < work->count; i++)
        if (work->recipients[i].address.kind == ADDRESS_PERSON &&
            !work->recipients[i].address.mail_person &&
            !work_is_local_mailbox(work, &work->recipients[i].address))
            return true;
    return false;
}

/* What its author encrypted leaves as it is. */
static bool choose_cipher(struct mail_work *work, enum cipher *out, struct err *err)
{
    scoped(source) part = NULL;
    enum mail_claims claims;

    *out = CIPHER_NONE;
    if (work->arrival->door == MAIL_DOOR_MX || work->author.proof != PROOF_GOOD ||
        work->author.account.encrypt_outgoing == ENCRYPT_NO || goes_to_fediverse(work))
        return true;
    if (!mail_claims_encryption(work->mail, &claims, &part, err))
        return false;
    if (claims == MAIL_CLAIMS_NOTHING)
        *out = CIPHER_OPEN;
    return true;
}

static bool to_foreign(struct mail_work *work, const struct recipient *recipient, struct err *err)
{
    struct mail_plan *plan = work_plan(work);

    const struct address *address = &recipient->address;
    scoped_text char *to =
        address->mail_person ? must_print("%s@%s", address->user, address->host) : NULL;

    if (!plan->sending_body &&
        (!write_sending(work, to, err) || !choose_cipher(work, &plan->sending_cipher, err)))
        return false;
    must_make_room(plan->sendings, plan->sending_count, plan->sending_capacity);
    plan->sendings[plan->sending_count++] = (struct planned_sending){
        .rcpt_to = must_dup(to ? to : recipient->text),
        .host = must_dup(to ? address->host : address->domain),
        .wish = recipient_terms_copy(recipient->wish),
    };
    return true;
}

/* carol=mail.example+mail@D stands for carol@mail.example. */
static bool to_mail_person(struct mail_work *work, const struct recipient *recipient, bool *out_ok,
                           struct err *err)
{
    const struct address *address = &recipient->address;

    if (!config_hosts(work->bridge->config, slice_of(address->host)))
        return to_foreign(work, recipient, err);
    work->opens = work->within != NULL;
    bool ok =
        to_named(work, recipient, slice_of(address->user), slice_of(address->host), out_ok, err);
    work->opens = false;
    return ok;
}

/* ---- together ---- */
static bool to_recipient(struct mail_work *work, const struct recipient *recipient, bool *out_ok,
                         struct err *err)
{
    const struct address *address = &recipient->address;

    *out_ok = true;
    switch (address->kind) {
    case ADDRESS_ACCOUNT:
        return to_named(work, recipient, slice_of(address->user), slice_of(address->domain), out_ok,
                        err);
    case ADDRESS_PERSON: /* carol=example.org is carol@example.org when that is us */
        if (address->mail_person)
            return to_mail_person(work, recipient, out_ok, err);
        return !work_is_local_mailbox(work, address) ||
               to_named(work, recipient, slice_of(address->user), slice_of(address->host), out_ok,
                        err);
    case ADDRESS_OFFICE: return to_office(work, recipient, out_ok, err);
    case ADDRESS_HELP: return to_help(work, recipient, out_ok, err);
    case ADDRESS_FOREIGN: return to_foreign(work, recipient, err);
    case ADDRESS_MALFORMED:
        *out_ok = false;
        return work_answer(work, VERDICT_NOBODY, "There is no %s here.", recipient->text);
    case ADDRESS_PUBLISH:
    case ADDRESS_SUBSCRIBE:
    case ADDRESS_UNSUBSCRIBE:
    case ADDRESS_COMMAND:
    case ADDRESS_CLAIM:
    case ADDRESS_BOUNCE: return true; /* not mailboxes: gone their way before */
    }
    __builtin_unreachable();
}

/* The mail's own names, for its row and for those who answer it. */
static bool plan_thread(struct mail_work *work, struct err *err)
{
    struct mail_plan *plan = work_plan(work);
    scoped_value(mail_ids) ids = {0};
    scoped_value(parent) parent = {0};

    mail_ids(work->mail, "Message-ID", &ids);
    if (!plan->message_id && ids.count == 1)
        plan->message_id = must_dup(ids.at[0]);
    if (!parent_find(work, &parent, err))
        return false;
    if (!parent.found)
        return true;
    plan->mail_parent_id = parent.message.id;
    free(plan->references);
    plan->references = references_below(&parent.message);
    return true;
}

bool mail_as_mail(struct mail_work *work, bool *out_ok, struct err *err)
{
    *out_ok = true;
    if (!plan_thread(work, err))
        return false;
    for (size_t i = 0; *out_ok && i < work->count; i++)
        if (!to_recipient(work, &work->recipients[i], out_ok, err))
            return false;
    work_plan(work)->by_hand = work->author.proof == PROOF_GOOD && !mail_is_automatic(work);
    return !*out_ok || contact_settle_mail(work, err);
}

/* Someone else's server in our people's name; or a log-in in another's.  What we signed may come back, by a list. */
static bool refuse_posing(struct mail_work *work)
{
    if (work->author.proof == PROOF_GOOD || work_only_offices(work))
        return false;
    if (work->arrival->door == MAIL_DOOR_SUBMISSION)
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Nothing was sent: your account does not own the From address %s.",
                           work->author.address);
    if (!work->author.ours || work->author.origin.signed_by_author_domain)
        return false;
    struct slice local, domain;
    if (!address_split(slice_of(work->author.address), &local, &domain))
        domain = slice_of(work->bridge->config->domains[0]);
    return work_answer(work, VERDICT_NOT_ALLOWED,
                       "Only %.*s itself sends mail with this From address.", SLICE_ARGS(domain));
}

static bool refuse_loop(struct mail_work *work)
{
    if (mail_field_count(work->mail, "Received") < RECEIVED_MAX)
        return false;
    return work_answer(work, VERDICT_LOOP, "This mail has passed %d servers: it runs in a circle.",
                       RECEIVED_MAX);
}

bool mail_keep_own(struct mail_work *work, struct err *err)
{
    bool beside = false, seen = false, ok;

    for (size_t i = 0; i < work->count; i++)
        beside |= work_is_self(work, &work->recipients[i].address);
    if (!beside || work->arrival->answer.verdict != VERDICT_TAKEN)
        return true;
    if (work_plan(work)->guard_count == 0 && !mail_guard_submitted(work, &seen, err))
        return false;
    if (!seen)
        return mail_as_mail(work, &ok, err);
    work_plan(work)->guard_count = 0; /* the word counts all the same */
    return true;
}

/* Nobody's mail, a neighbour's neither, turns its answer into something else. */
static bool refuse_snare(struct mail_work *work)
{
    return !work_only_offices(work) && mail_is_snare(work);
}

static bool name_anew(struct mail_work *work, struct err *err)
{
    const struct author *author = &work->author;
    const char *domain =
        author->proof == PROOF_GOOD ? author->account.domain : work->bridge->config->domains[0];

    if (!mail_needs_name(work, &work->renamed, err))
        return false;
    if (work->renamed)
        work_plan(work)->message_id = message_id_new(domain);
    return true;
}

bool receive_mail(struct mail_work *work, struct err *err)
{
    bool ok, seen;

    if (refuse_loop(work) || refuse_posing(work) || refuse_snare(work) ||
        refuse_mail_person_beside(work))
        return true;
    if (!name_anew(work, err))
        return false;
    if (!mail_guard_submitted(work, &seen, err))
        return false;
    if (seen)
        return work_answer(work, VERDICT_TAKEN, "Taken already");
    return mail_as_mail(work, &ok, err);
}
