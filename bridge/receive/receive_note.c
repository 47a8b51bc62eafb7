/*
 * Create and Update: a note from elsewhere becomes mail for whom it concerns here: who is named, whose post it
 * answers, who follows its author (behaviour.md 4).
 */
#include "activity_work.h"

#include "memory.h"

enum { LATE_UPDATE_MS = DAY_MS, CREATE_GUARD_MS_DAYS = 30 };

static void add_named(const struct note_look *look, struct readers *readers)
{
    for (size_t i = 0; i < look->people.count; i++)
        if (look->people.at[i].kind == PERSON_LOCAL && look->people.at[i].account_id)
            readers_add(readers, look->people.at[i].account_id, true);
}

/* A direct note that names nobody here came to somebody's own inbox: it is meant for them. */
static bool add_inbox_owner(const struct note_look *look, struct readers *readers, struct err *err)
{
    scoped_value(account) account = {0};

    if (readers->count > 0 || note_visibility(look->note, &look->author) != VISIBILITY_DIRECT)
        return true;
    enum found found = account_of_inbox(look->view, look->arrival, &account, err);
    if (found == FOUND)
        readers_add(readers, account.id, true);
    return found != FAILED;
}

static bool find_readers(const struct note_look *look, struct readers *readers, struct err *err)
{
    enum visibility visibility = note_visibility(look->note, &look->author);

    add_named(look, readers);
    if (visibility_is_open(visibility) && look->has_parent && look->parent.account_id)
        readers_add(readers, look->parent.account_id, true);
    if (visibility != VISIBILITY_DIRECT)
        return readers_add_followers(look->view, look->author.id, readers, err);
    return add_inbox_owner(look, readers, err);
}

/* An Update that changes nothing new, or that comes late and unknown, is none. */
static bool update_counts(const struct note_look *look)
{
    const struct note_facts *note = look->note;
    int64_t now_ms = look->arrival->received_ms;

    if (!look->known)
        return note->published_ms == 0 || note->published_ms > now_ms - LATE_UPDATE_MS;
    if (note->updated_ms == 0) /* the counts of a poll */
        return strcmp(note->type, "Question") != 0;
    return note->updated_ms > look->message.updated_ms &&
           note->updated_ms > look->message.published_ms;
}

static void add_holders(const struct note_look *look, struct readers *readers)
{
    for (size_t i = 0; i < look->held.count; i++)
        readers_add(readers, look->held.at[i].account_id, false);
}

/* Whom it knocks at; then what it becomes for those who get it, now or perhaps later. */
static bool knock_and_plan(struct note_look *look, struct readers *readers, bool edit,
                           struct err *err)
{
    struct note_knocks *knocks = NULL;
    const struct knocking_note knocking = {
        .bridge = look->bridge,
        .view = look->view,
        .author = &look->author,
        .evidence = EVIDENCE_F1,
        .visibility = note_visibility(look->note, &look->author),
        .parent = look->has_parent ? &look->parent : NULL,
        .held = &look->held,
        .picture = &look->arrival->picture,
        .size = (int64_t)slice_of(look->note->html).len,
        .received_ms = look->arrival->received_ms,
    };
    bool good = note_knocks_look(&knocking, readers, &knocks, err) &&
                ((readers->count == 0 && !edit) || note_look_plan(look, readers, edit, NULL, err));
    struct activity_arrival *arrival = look->arrival;

    if (good && !arrival->plan)
        arrival->plan = must_new(struct activity_plan);
    if (!good || !arrival->plan) {
        note_knocks_free(knocks);
        return good;
    }
    arrival->plan->knocks = knocks;
    arrival->plan->author_id = look->author.id;
    return true;
}

bool prepare_note(struct bridge *bridge, struct store_view *view, struct activity_arrival *arrival,
                  struct err *err)
{
    bool update = arrival->activity.type == ACTIVITY_UPDATE, go_on;
    scoped_value(note_look)
        look = {.bridge = bridge, .view = view, .arrival = arrival, .note = arrival->activity.note};
    scoped_value(readers) readers = {0};

    if (!look.note)
        return true;
    if (!note_look_begin(&look, &go_on, err))
        return false;
    if (!go_on)
        return true;
    if (update && !update_counts(&look))
        return prepare_poll_end(&look, err);
    bool edit = update && look.known;
    if (edit) {
        add_named(&look, &readers);
        add_holders(&look, &readers);
    } else if (!find_readers(&look, &readers, err)) {
        return false;
    }
    return (readers.count == 0 && !edit) || knock_and_plan(&look, &readers, edit, err);
}

/* ---- recording ---- */
static bool conflict(struct err *err)
{
    return err_set(err, ERR_CONFLICT, "Try again");
}

static bool still_as_seen(struct store_tx *tx, const struct activity_plan *plan, struct err *err)
{
    scoped_value(message) message = {0};
    scoped_value(message) parent = {0};
    enum found found;

    if (plan->message.id) {
        found = store_message(store_tx_view(tx), plan->message.id, &message, err);
        if (found == FAILED)
            return false;
        if (found == ABSENT || message.state != plan->seen_state ||
            message.version != plan->seen_version)
            return conflict(err);
    }
    if (!plan->parent_id)
        return true;
    found = store_message(store_tx_view(tx), plan->parent_id, &parent, err);
    if (found == FAILED)
        return false;
    return (found == FOUND && parent.state == plan->parent_state) || conflict(err);
}

static bool record_people(struct bridge *bridge, struct store_tx *tx, struct activity_plan *plan,
                          int64_t message_id, struct err *err)
{
    for (size_t i = 0; i < plan->people.count; i++) {
        const struct person *person = &plan->people.at[i];
        struct audience audience = {person->id, plan->people.field[i], plan->people.mentioned[i]};
        if (!person->id && !person_for_handle(bridge, tx, slice_of(person->user),
                                              slice_of(person->host), &audience.person_id, err))
            return false;
        if (!store_add_audience(tx, message_id, &audience, err))
            return false;
    }
    return true;
}

/* A note that is dropped for all its readers leaves nothing. */
static bool is_kept(const struct activity_plan *plan)
{
    bool kept = plan->message.id || plan->letters.count == 0;

    for (size_t i = 0; i < plan->letters.count; i++)
        kept |= plan->letters.at[i].fate != LETTER_DROPPED;
    return plan->fits && kept;
}

static bool record_message(struct store_tx *tx, const struct activity_plan *plan, int64_t *out_id,
                           struct err *err)
{
    const struct message *message = &plan->message;

    *out_id = message->id;
    if (!message->id)
        return store_add_message(tx, message, out_id, err);
    if (message->version == plan->seen_version)
        return true;
    return store_clear_tags(tx, message->id, err) && store_update_message(tx, message, err);
}

bool record_planned_note(struct bridge *bridge, struct store_tx *tx,
                         struct activity_arrival *arrival, struct err *err)
{
    struct activity_plan *plan = arrival->plan;
    int64_t id;

    if (!plan)
        return true;
    if (!still_as_seen(tx, plan, err) ||
        !note_knocks_record(bridge, tx, plan->knocks, plan->author_id,
                            visibility_is_open(plan->message.visibility), &plan->letters, err))
        return false;
    if (!is_kept(plan))
        return true;
    return record_message(tx, plan, &id, err) &&
           record_poll(tx, plan, arrival->activity.note, id, err) &&
           record_people(bridge, tx, plan, id, err) && letters_file(tx, &plan->letters, id, err);
}

/* The same Create once for each way it comes: a shared inbox, and one's own. */
static bool first_time(struct store_tx *tx, const struct activity_arrival *arrival, bool *out,
                       struct err *err)
{
    const struct activity_facts *activity = &arrival->activity;
    unsigned char digest[SHA256_LEN];
    scoped_text char *who =
        must_print("%s %s@%s", activity->actor, arrival->inbox_user ? arrival->inbox_user : "",
                   arrival->inbox_domain ? arrival->inbox_domain : "");

    *out = true;
    if (activity->type != ACTIVITY_CREATE)
        return true;
    activity_digest("create", activity->id, who, digest);
    return store_see(tx, SEEN_ACTIVITY, digest,
                     arrival->received_ms + CREATE_GUARD_MS_DAYS * DAY_MS, out, err);
}

bool record_note_in(struct bridge *bridge, struct store_tx *tx, struct activity_arrival *arrival,
                    struct err *err)
{
    const struct note_facts *note = arrival->activity.note;
    bool first;

    if (!note || !arrival->plan)
        return true;
    enum found deleted = note_was_deleted(store_tx_view(tx), note, err);
    if (deleted != ABSENT)
        return deleted == FOUND;
    if (arrival->plan->poll_ended)
        return still_as_seen(tx, arrival->plan, err) &&
               record_poll_end(bridge, tx, arrival->plan, err);
    if (!first_time(tx, arrival, &first, err))
        return false;
    return !first || record_planned_note(bridge, tx, arrival, err);
}
