/* What prepare() planned, written: on the writer, short, and perhaps twice. */
#include "mail_work.h"

#include "bridge_peer.h"
#include "claim_work.h"
#include "config.h"
#include "list_work.h"
#include "memory.h"
#include "own_letter.h"

static bool conflict(struct err *err)
{
    return err_set(err, ERR_CONFLICT, "Try again");
}

/* ---- notes ---- */
/* A hundred mails at once are each prepared below the limit; here they stand in line. */
static bool within_limits(struct store_tx *tx, const struct planned_note *note, int64_t now_ms,
                          struct err *err)
{
    int64_t count, oldest;

    if (note->message.visibility == VISIBILITY_DIRECT)
        return true;
    if (!store_limited_count(store_tx_view(tx), note->message.account_id, LIMITED_POST,
                             now_ms - HOUR_MS, &count, &oldest, err))
        return false;
    if (count >= POSTS_AN_HOUR)
        return conflict(err);
    return store_count_limited(tx, note->message.account_id, LIMITED_POST, now_ms, err);
}

static bool count_first_directs(struct store_tx *tx, const struct planned_note *note,
                                int64_t now_ms, struct err *err)
{
    for (size_t i = 0; i < note->first_direct_count; i++) {
        const struct guard *guard = &note->first_directs[i];
        bool is_new;
        if (!store_see(tx, guard->kind, guard->digest, guard->expires_ms, &is_new, err))
            return false;
        if (is_new &&
            !store_count_limited(tx, note->message.account_id, LIMITED_FIRST_DIRECT, now_ms, err))
            return false;
    }
    return true;
}

static bool add_addressees(struct bridge *bridge, struct store_tx *tx, int64_t message_id,
                           const struct planned_note *note, struct err *err)
{
    for (size_t i = 0; i < note->addressee_count; i++) {
        const struct addressee *one = &note->addressees[i];
        struct audience audience = {
            .person_id = one->person_id, .field = one->field, .mentioned = one->mentioned};
        if (!audience.person_id &&
            !person_for_handle(bridge, tx, slice_of(one->user), slice_of(one->host),
                               &audience.person_id, err))
            return false;
        if (!store_add_audience(tx, message_id, &audience, err))
            return false;
        if (note->message.visibility == VISIBILITY_DIRECT &&
            !contact_written_to(bridge, tx, note->message.account_id, audience.person_id,
                                EVIDENCE_F1, err))
            return false;
    }
    return true;
}

static bool add_tags(struct store_tx *tx, int64_t message_id, const struct planned_note *note,
                     struct err *err)
{
    for (size_t i = 0; i < note->hashtag_count; i++)
        if (!store_add_hashtag(tx, message_id, note->hashtags[i], err))
            return false;
    return true;
}

static bool add_pictures(struct store_tx *tx, int64_t message_id, const struct planned_note *note,
                         struct err *err)
{
    for (size_t i = 0; i < note->picture_count; i++)
        if (!store_add_attachment(tx, message_id, &note->pictures[i].facts, note->pictures[i].body,
                                  err))
            return false;
    return true;
}

/* A direct message keeps its program's Message-ID, unless somebody used that before. */
static bool add_message(struct store_tx *tx, const struct message *planned, struct message *out,
                        struct err *err)
{
    scoped_value(message) other = {0};

    *out = *planned; /* borrows its texts */
    enum found found =
        store_message_by_message_id(store_tx_view(tx), slice_of(planned->message_id), &other, err);
    if (found == FOUND)
        out->message_id = NULL;
    return found != FAILED && store_add_message(tx, out, &out->id, err);
}

/* What was found of a mail from outside goes out with its post (smtp/errand/work_seal.c). */
static bool add_evidence(struct store_tx *tx, int64_t message_id, const struct mail_plan *plan,
                         struct err *err)
{
    if (!*plan->evidence.client)
        return true;
    return store_add_evidence(tx, message_id, &plan->evidence, err) &&
           (plan->arc_chain.len == 0 || store_add_arc_chain(tx, message_id, plan->arc_chain, err));
}

bool record_note(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                 struct err *err)
{
    const struct planned_note *note = plan->note;
    int64_t now_ms = clock_now(bridge->clock);
    struct message planned = note->message, message;

    if (planned.state == MESSAGE_HELD)
        planned.release_ms = note->asks ? 0 : now_ms + bridge->config->undo_ms;
    if (!within_limits(tx, note, now_ms, err) || !count_first_directs(tx, note, now_ms, err) ||
        !add_message(tx, &planned, &message, err) ||
        !add_addressees(bridge, tx, message.id, note, err) ||
        !add_tags(tx, message.id, note, err) || !add_pictures(tx, message.id, note, err) ||
        !add_evidence(tx, message.id, plan, err))
        return false;
    if (note->copy.body && !letter_file(tx, &plan->note->copy, message.id, err))
        return false;
    store_note(tx, TOPIC_DELIVERIES, 0);
    return message.state != MESSAGE_SENT || message_send(bridge, tx, &message, err);
}

/* ---- mail ---- */
static bool mail_author(struct store_tx *tx, const struct mail_plan *plan, int64_t *out_id,
                        struct err *err)
{
    static char robot[] = "MAILER-DAEMON"; /* who writes without From and without sender */
    struct person person = {
        .kind = PERSON_MAIL, .name = plan->author_name, .address = plan->author_address};

    if (plan->author_person_id) {
        *out_id = plan->author_person_id;
        return true;
    }
    if (!person.address || !*person.address)
        person.address = plan->mail_from;
    if (!person.address || !*person.address)
        person.address = robot;
    return store_put_person(tx, &person, out_id, err);
}

/* A mail to two people here is one message with two copies; a Message-ID in somebody else's use stays theirs, and
 * so does that of a mail that was proved otherwise. */
static bool mail_message(struct store_tx *tx, const struct mail_plan *plan, int64_t author_id,
                         int64_t *out_id, struct err *err)
{
    scoped_value(message) known = {0};
    char ref[REF_LEN + 1];
    enum found found = ABSENT;

    if (plan->message_id)
        found =
            store_message_by_message_id(store_tx_view(tx), slice_of(plan->message_id), &known, err);
    if (found == FAILED)
        return false;
    if (found == FOUND && known.visibility == VISIBILITY_MAIL && known.author_id == author_id &&
        known.evidence == (int)plan->evidence.class) {
        *out_id = known.id;
        return true;
    }
    ref_new(ref);
    struct message message = {
        .ref = ref,
        .author_id = author_id,
        .account_id = plan->account_id,
        .visibility = VISIBILITY_MAIL,
        .state = MESSAGE_SENT,
        .version = 1,
        .message_id = found == FOUND ? NULL : plan->message_id,
        .parent_id = plan->mail_parent_id,
        .references = plan->references,
        .published_ms = plan->received_ms,
        .evidence = (int)plan->evidence.class,
    };
    if (!store_add_message(tx, &message, out_id, err))
        return false;
    return !*plan->evidence.client || store_add_evidence(tx, *out_id, &plan->evidence, err);
}

static const struct planned_visit *visit_of(const struct mail_plan *plan, size_t copy)
{
    for (size_t i = 0; i < plan->visit_count; i++)
        if (plan->visits[i].copy == copy)
            return &plan->visits[i];
    return NULL;
}

/* For who is ignored all is done, so that no time tells; tidying takes it away again. */
static bool file_copy(struct store_tx *tx, struct planned_copy *copy,
                      const struct planned_visit *visit, int64_t message_id, struct err *err)
{
    if (!visit || visit->visit.act == CONTACT_TAKE)
        return letter_file(tx, &copy->letter, message_id, err) &&
               (!copy->peer.address || bridge_peer_record(tx, &copy->peer, err));
    return !contact_visit_is_held(&visit->visit) ||
           letter_hold(tx, &copy->letter, message_id, visit->contact_id, err);
}

static bool file_copies(struct store_tx *tx, struct mail_plan *plan, int64_t message_id,
                        struct err *err)
{
    for (size_t i = 0; i < plan->copy_count; i++) {
        struct planned_copy *copy = &plan->copies[i];
        const struct planned_visit *visit = visit_of(plan, i);
        bool is_new = true;
        if (copy->guarded && !store_see(tx, copy->guard.kind, copy->guard.digest,
                                        copy->guard.expires_ms, &is_new, err))
            return false;
        if (is_new && !file_copy(tx, copy, visit, message_id, err))
            return false;
    }
    return true;
}

/* Those who live here were written to as well; a neighbour proves who they are by their log-in. */
static bool note_written_to(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                            struct err *err)
{
    for (size_t i = 0; plan->by_hand && i < plan->copy_count; i++) {
        const struct planned_copy *copy = &plan->copies[i];
        scoped_value(account) account = {0};
        if (!copy->by_name || copy->letter.account_id == plan->account_id)
            continue;
        enum found found = store_account(store_tx_view(tx), copy->letter.account_id, &account, err);
        if (found == FAILED ||
            (found == FOUND && !contact_written_to(bridge, tx, plan->account_id, account.person_id,
                                                   EVIDENCE_S4, err)))
            return false;
    }
    return true;
}

static bool want_sendings(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                          int64_t message_id, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);

    for (size_t i = 0; i < plan->sending_count; i++) {
        struct planned_sending *sending = &plan->sendings[i];
        struct person person = {.kind = PERSON_MAIL, .address = sending->rcpt_to};
        struct delivery delivery = {
            .subject = SUBJECT_MESSAGE,
            .subject_id = message_id,
            .account_id = plan->account_id,
            .target = TARGET_MAIL,
            .host = sending->host,
            .wanted = 1,
            .due_ms = now_ms,
            .first_ms = now_ms,
            .mail_from = plan->mail_from,
            .rcpt_to = sending->rcpt_to,
            .terms = plan->terms,
            .wish = sending->wish,
            .cipher = plan->sending_cipher,
        };
        if (!store_put_person(tx, &person, &delivery.person_id, err) ||
            !store_want_mail(tx, &delivery, plan->sending_body, err))
            return false;
        if (plan->by_hand &&
            !contact_written_to(bridge, tx, plan->account_id, delivery.person_id, EVIDENCE_S1, err))
            return false;
    }
    return true;
}

bool record_mail(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                 struct err *err)
{
    int64_t message_id, author_id;

    if (plan->visit_count + plan->copy_count + plan->sending_count == 0)
        return true;
    if (!mail_author(tx, plan, &author_id, err) || !record_visits(bridge, tx, plan, author_id, err))
        return false;
    if (plan->copy_count + plan->sending_count == 0)
        return true;
    return mail_message(tx, plan, author_id, &message_id, err) &&
           file_copies(tx, plan, message_id, err) && note_written_to(bridge, tx, plan, err) &&
           want_sendings(bridge, tx, plan, message_id, err);
}

/* ---- commands ---- */
static bool edit(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                 const struct message *target, struct err *err)
{
    const struct planned_note *note = plan->note;
    struct message edited = *target; /* borrows */
    int64_t now_ms = clock_now(bridge->clock);

    edited.html = note->message.html;
    edited.plain = note->message.plain;
    edited.warning = note->message.warning;
    edited.subject = note->message.subject;
    edited.wrapped = note->message.wrapped;
    edited.sensitive = note->message.sensitive;
    edited.language = note->message.language;
    if (target->state == MESSAGE_SENT) { /* before that nobody saw the first text */
        edited.version++;
        edited.updated_ms = now_ms;
    }
    if (!store_update_message(tx, &edited, err) || !store_clear_tags(tx, target->id, err) ||
        !add_addressees(bridge, tx, target->id, note, err) || !add_tags(tx, target->id, note, err))
        return false;
    if (note->copy.body &&
        (!store_move_copies(tx, target->id, target->account_id, MAILBOX_TRASH, err) ||
         !letter_file(tx, &plan->note->copy, target->id, err)))
        return false;
    if (target->state != MESSAGE_SENT)
        return true;
    return store_want_version(tx, SUBJECT_MESSAGE, target->id, edited.version, now_ms, err) &&
           message_want_at_audience(bridge, tx, &edited, err);
}

static bool remember_reply_all(struct store_tx *tx, int64_t account_id, enum reply_all choice,
                               struct err *err)
{
    scoped_value(account) account = {0};

    if (store_account(store_tx_view(tx), account_id, &account, err) != FOUND)
        return conflict(err);
    account.reply_all = choice;
    return store_update_account(tx, &account, err);
}

/* "Yes" was the second thought: what it lets go leaves with the next round of chores. */
static bool publish_held(struct bridge *bridge, struct store_tx *tx, const struct message *target,
                         struct err *err)
{
    struct message released = *target; /* borrows */

    released.release_ms = clock_now(bridge->clock);
    released.published_ms = released.release_ms;
    store_note(tx, TOPIC_DELIVERIES, 0);
    return store_update_message(tx, &released, err) &&
           remember_reply_all(tx, target->account_id, REPLY_ALL_PUBLIC, err);
}

static bool keep_held(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                      const struct message *target, struct err *err)
{
    bool done;

    return message_take_back(bridge, tx, target, &done, err) &&
           letter_file(tx, &plan->copies[0].letter, target->id, err) &&
           remember_reply_all(tx, target->account_id, REPLY_ALL_PEOPLE, err);
}

static bool record_follow_deed(struct bridge *bridge, struct store_tx *tx,
                               const struct mail_plan *plan, struct err *err)
{
    scoped_value(account) account = {0};

    if (store_account(store_tx_view(tx), plan->account_id, &account, err) != FOUND)
        return conflict(err);
    if (follow_record(bridge, tx, &account, slice_of(plan->user), slice_of(plan->host),
                      plan->deed == DEED_FOLLOW, err))
        return true;
    return err->kind == ERR_ABSENT ? conflict(err) : false;
}

static enum contact_choice choice_of(int event)
{
    switch ((enum contact_event)event) {
    case CONTACT_REFUSE: return CHOICE_REFUSE;
    case CONTACT_IGNORE: return CHOICE_IGNORE;
    case CONTACT_REOPEN: return CHOICE_ASK_AGAIN;
    default: return CHOICE_WELCOME;
    }
}

/* Over meanwhile: there is nothing to answer any more. */
static bool record_contact_deed(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                                struct err *err)
{
    if (!bridge_contact_answer(bridge, tx, plan->target_id, choice_of(plan->contact_event),
                               plan->contact_words, err))
        return err->kind == ERR_ABSENT;
    for (size_t i = 0; i < plan->copy_count; i++)
        if (!own_letter_file(tx, &plan->copies[i].letter, NULL, err))
            return false;
    return true;
}

static bool record_at_target(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                             struct err *err)
{
    scoped_value(message) target = {0};
    bool done;

    switch (store_message(store_tx_view(tx), plan->target_id, &target, err)) {
    case FAILED: return false;
    case ABSENT: return conflict(err);
    case FOUND: break;
    }
    if (target.state != plan->target_state || target.version != plan->target_version)
        return conflict(err);
    switch (plan->deed) {
    case DEED_TAKE_BACK: return message_take_back(bridge, tx, &target, &done, err);
    case DEED_EDIT: return edit(bridge, tx, plan, &target, err);
    case DEED_PUBLISH: return publish_held(bridge, tx, &target, err);
    case DEED_KEEP: return keep_held(bridge, tx, plan, &target, err);
    case DEED_REACT: return record_reaction(bridge, tx, plan, &target, err);
    case DEED_NONE:
    case DEED_FOLLOW:
    case DEED_UNFOLLOW:
    case DEED_LEAVE:
    case DEED_BOUNCE:
    case DEED_ASK:
    case DEED_CONFIRM:
    case DEED_CONTACT:
    case DEED_CLAIM:
    case DEED_REFUSE_KEY:
    case DEED_WISH:
    case DEED_ACCOUNT: break;
    }
    __builtin_unreachable();
}

bool record_deed(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                 struct err *err)
{
    if (plan->deed == DEED_FOLLOW || plan->deed == DEED_UNFOLLOW)
        return record_follow_deed(bridge, tx, plan, err);
    if (plan->deed == DEED_LEAVE)
        return list_leave_by(bridge, tx, plan->word, err);
    if (plan->deed == DEED_BOUNCE)
        return list_copy_reported(bridge, tx, plan->word, &plan->report, err);
    if (plan->deed == DEED_ASK)
        return bridge_list_ask_record(bridge, tx, plan->request, err);
    if (plan->deed == DEED_CONTACT)
        return record_contact_deed(bridge, tx, plan, err);
    if (plan->deed == DEED_CLAIM)
        return record_claim(bridge, tx, plan, err);
    if (plan->deed == DEED_REFUSE_KEY)
        return record_key_deed(bridge, tx, plan, err);
    if (plan->deed == DEED_WISH)
        return claim_wish_record(bridge, tx, plan->wish, err);
    if (plan->deed == DEED_ACCOUNT)
        return bridge_claim_confirm_record(bridge, tx, plan->confirmation, err);
    if (plan->deed == DEED_CONFIRM)
        return bridge_list_confirm(bridge, tx, plan->ticket, err);
    return record_at_target(bridge, tx, plan, err);
}
