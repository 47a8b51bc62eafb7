/*
 * One mail after its final dot: which way does it go?
 *
 *   a publishing word  -> publish_mail()   (behaviour.md 3)
 *   a command          -> command_mail()   (6)
 *   a Fediverse person -> direct_mail()    (5)
 *   a copy's sender    -> list_bounce()    (7)
 *   else               -> receive_mail()   mail for mailboxes here, and from accounts here to elsewhere
 */
#include "mail_work.h"

#include "command_mail.h"
#include "config.h"
#include "memory.h"

#include <stdio.h>

size_t work_count(const struct mail_work *work, enum address_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < work->count; i++)
        count += work->recipients[i].address.kind == kind;
    return count;
}

struct recipient *work_first(const struct mail_work *work, enum address_kind kind)
{
    for (size_t i = 0; i < work->count; i++)
        if (work->recipients[i].address.kind == kind)
            return &work->recipients[i];
    return NULL;
}

bool work_is_local_mailbox(const struct mail_work *work, const struct address *address)
{
    return address->kind == ADDRESS_PERSON && !work->publishes &&
           (address->mail_person || config_hosts(work->bridge->config, slice_of(address->host)));
}

bool work_is_self(const struct mail_work *work, const struct address *address)
{
    struct address own;

    if (address->kind != ADDRESS_ACCOUNT || !*work->author.address)
        return false;
    address_read(work->bridge->config, slice_of(work->author.address), &own);
    return own.kind == ADDRESS_ACCOUNT && strcmp(own.user, address->user) == 0 &&
           strcmp(own.domain, address->domain) == 0;
}

bool work_answer(struct mail_work *work, enum verdict verdict, const char *fmt, ...)
{
    char words[sizeof work->arrival->answer.words];
    va_list args;

    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    answer_set(&work->arrival->answer, verdict, "%s", words);
    mail_plan_free(steal(&work->arrival->plan));
    return true;
}

struct mail_plan *work_plan(struct mail_work *work)
{
    struct mail_arrival *arrival = work->arrival;

    if (arrival->plan)
        return arrival->plan;
    struct mail_plan *plan = arrival->plan = must_new(struct mail_plan);
    plan->received_ms = arrival->received_ms;
    plan->mail_from = must_dup(arrival->mail_from);
    plan->terms = mail_terms_copy(&arrival->terms);
    plan->evidence = work->author.origin;
    plan->evidence.class = work->author.evidence;
    plan->arc_chain = bytes_slice(&arrival->arc_chain);
    if (work->author.proof == PROOF_GOOD) {
        plan->account_id = work->author.account.id;
        plan->author_person_id = work->author.account.person_id;
        plan->chats = work->chat && work->author.evidence == EVIDENCE_S4 &&
                      work->author.account.chat == CHAT_UNKNOWN;
    }
    plan->author_address = must_dup(work->author.address);
    plan->author_name = must_dup(work->author.name);
    return plan;
}

static bool go_its_way(struct mail_work *work, struct err *err)
{
    bool done;

    if (!chat_deed(work, &done, err))
        return false;
    if (done)
        return true;
    if (work_count(work, ADDRESS_PUBLISH) > 0)
        return publish_mail(work, err);
    if (work_count(work, ADDRESS_COMMAND) > 0 || work_count(work, ADDRESS_SUBSCRIBE) > 0 ||
        work_count(work, ADDRESS_UNSUBSCRIBE) > 0 || work_count(work, ADDRESS_CLAIM) > 0)
        return command_mail(work, err);
    if (work_count(work, ADDRESS_BOUNCE) > 0)
        return list_bounce(work, err);
    if (work_count(work, ADDRESS_PERSON) > 0)
        return direct_mail(work, err);
    return receive_mail(work, err);
}

static bool opened(struct mail_work *work, struct err *err)
{
    struct mail_arrival *arrival = work->arrival;

    work->chat = mail_field(work->mail, "Chat-Version", 0) != NULL;
    work->recipients = must_alloc_array(arrival->recipient_count, sizeof *work->recipients);
    work->count = arrival->recipient_count;
    for (size_t i = 0; i < work->count; i++) {
        static const struct recipient_terms unsaid;
        work->recipients[i].text = arrival->recipients[i];
        work->recipients[i].wish =
            arrival->recipient_terms ? &arrival->recipient_terms[i] : &unsaid;
        address_read(work->bridge->config, slice_of(arrival->recipients[i]),
                     &work->recipients[i].address);
    }
    if (!author_judge(work, err))
        return false;
    if (!mail_open(work, err))
        return false;
    if (arrival->answer.verdict != VERDICT_TAKEN)
        return true;
    recipients_mark_visible(work);
    if (refuse_by_dmarc(work))
        return true;
    return go_its_way(work, err) && mail_key_learn(work, err);
}

static void work_clear(struct mail_work *work)
{
    free(work->recipients);
    author_clear(&work->author);
    mail_free(work->inner);
    mail_free(work->within);
    own_opened_clear(&work->opened);
    store_view_free(work->view);
}
SCOPED_VALUE(mail_work, work_clear)

bool bridge_mail_prepare(struct bridge *bridge, struct mail_arrival *arrival, struct err *err)
{
    scoped_value(mail_work)
        work = {.bridge = bridge, .arrival = arrival, .now_ms = clock_now(bridge->clock)};

    mail_plan_free(steal(&arrival->plan));
    arrival->records = false;
    answer_set(&arrival->answer, VERDICT_TAKEN, "Taken");
    work.view = store_look(bridge->store, err);
    if (!work.view)
        return false;
    if (arrival->mail || mail_parse(arrival->body, &arrival->mail, err)) {
        work.mail = arrival->mail;
        return opened(&work, err);
    }
    if (err->kind != ERR_MALFORMED && err->kind != ERR_TOO_LARGE)
        return false;
    return work_answer(&work, VERDICT_UNFIT,
                       "Nothing was sent: this mail is not built as mails are. Send it anew.");
}

static bool guards_are_new(struct store_tx *tx, const struct mail_plan *plan, bool *out_new,
                           struct err *err)
{
    *out_new = true;
    for (size_t i = 0; *out_new && i < plan->guard_count; i++)
        if (!store_see(tx, plan->guards[i].kind, plan->guards[i].digest, plan->guards[i].expires_ms,
                       out_new, err))
            return false;
    return true;
}

/* What prepare() relied on: the author still lives here, the parent can still be read by everybody. */
static bool world_is_as_seen(struct store_tx *tx, const struct mail_plan *plan, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    scoped_value(account) account = {0};
    scoped_value(message) parent = {0};

    if (plan->account_id) {
        enum found found = store_account(view, plan->account_id, &account, err);
        if (found == FAILED)
            return false;
        if (found == ABSENT || account.state != ACCOUNT_ACTIVE)
            return err_set(err, ERR_CONFLICT, "Try again");
    }
    if (!plan->parent_id)
        return true;
    enum found found = store_message(view, plan->parent_id, &parent, err);
    if (found == FAILED)
        return false;
    bool still = found == FOUND && !message_is_gone(&parent) &&
                 (visibility_is_open(parent.visibility) ||
                  (plan->parent_own_followers && parent.visibility == VISIBILITY_FOLLOWERS));
    return still || err_set(err, ERR_CONFLICT, "Try again");
}

bool bridge_mail_record(struct bridge *bridge, struct store_tx *tx, struct mail_arrival *arrival,
                        struct err *err)
{
    struct mail_plan *plan = arrival->plan;
    bool is_new;

    if (!plan)
        return true;
    if (!guards_are_new(tx, plan, &is_new, err))
        return false;
    if (!is_new)
        return true;
    if (!world_is_as_seen(tx, plan, err) || !mail_key_record(tx, plan, err) ||
        (plan->chats && !store_account_chats(tx, plan->account_id, err)))
        return false;
    if (plan->deed != DEED_NONE && !record_deed(bridge, tx, plan, err))
        return false;
    if (plan->deed != DEED_NONE && plan->deed != DEED_REACT)
        return true;
    if (plan->note && !record_note(bridge, tx, plan, err))
        return false;
    return record_mail(bridge, tx, plan, err);
}
