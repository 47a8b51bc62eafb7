/* What an answer does: one function for every way of answering, and for taking it back. */
#include "commit.h"
#include "contact_work.h"

#include "activity_work.h"
#include "memory.h"
#include "text.h"

enum { EXPIRED_AT_ONCE = 200, IGNORED_AT_ONCE = 10 /* up to 20 letters each */ };

/* ---- the folders ---- */
static const struct {
    const char *name;
    enum contact_event event;
} folders[] = {
    {MAILBOX_CONTACTS_NEW,     CONTACT_REOPEN},
    {MAILBOX_CONTACTS_WELCOME, CONTACT_INVITE},
    {MAILBOX_CONTACTS_REFUSED, CONTACT_REFUSE},
    {MAILBOX_CONTACTS_IGNORED, CONTACT_IGNORE},
};

bool contact_event_of_mailbox(struct slice name, enum contact_event *out)
{
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        if (slice_is(name, folders[i].name)) {
            *out = folders[i].event;
            return true;
        }
    return false;
}

bool contact_make_mailboxes(struct store_tx *tx, int64_t account_id, struct err *err)
{
    int64_t id;

    for (size_t i = 0; i < COUNT_OF(folders); i++)
        if (!store_make_mailbox(tx, account_id, folders[i].name, 0, &id, err))
            return false;
    return true;
}

static const char *folder_of(enum contact_state state)
{
    switch (state) {
    case CONTACT_WELCOME: return MAILBOX_CONTACTS_WELCOME;
    case CONTACT_REFUSED: return MAILBOX_CONTACTS_REFUSED;
    case CONTACT_IGNORED: return MAILBOX_CONTACTS_IGNORED;
    case CONTACT_UNKNOWN:
    case CONTACT_TURN:
    case CONTACT_ASKED:
    case CONTACT_STATES: break;
    }
    return MAILBOX_CONTACTS_NEW;
}

/* ---- the words, to somebody whose server took the message long ago ---- */
static bool say_words(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                      const struct person *person, const char *words, struct err *err)
{
    const struct audience to = {.person_id = person->id, .field = AUDIENCE_TO, .mentioned = true};
    char ref[REF_LEN + 1];

    ref_new(ref);
    scoped_value(message) message = {
        .author_id = account->person_id,
        .account_id = account->id,
        .visibility = VISIBILITY_DIRECT,
        .state = MESSAGE_SENT,
        .version = 1,
        .published_ms = clock_now(bridge->clock),
        .evidence = EVIDENCE_S4,
    };
    message.ref = must_dup(ref);
    message.activity_id = name_post(account->domain, account->name, ref);
    message.message_id = message_id_new(account->domain);
    bytes_add_text(&message.plain, words);
    bytes_add_text(&message.html, "<p>");
    html_escape_add(&message.html, slice_of(words));
    bytes_add_text(&message.html, "</p>\n");
    message_wrap(bridge, &message);
    return store_add_message(tx, &message, &message.id, err) &&
           store_add_audience(tx, message.id, &to, err) && message_send(bridge, tx, &message, err);
}

static bool tell_person(struct bridge *bridge, struct store_tx *tx, const struct contact *row,
                        enum contact_state before, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    scoped_value(account) account = {0};
    scoped_value(person) person = {0};

    if (!row->person_id)
        return true;
    if (store_account(view, row->account_id, &account, err) != FOUND ||
        store_person(view, row->person_id, &person, err) != FOUND)
        return false;
    /* what nothing proves says nothing of who reads */
    if (row->evidence != EVIDENCE_S0 &&
        !follow_settle(bridge, tx, &account, &person, row->state, err))
        return false;
    bool speaks = row->state == CONTACT_REFUSED && before != CONTACT_REFUSED && row->words &&
                  *row->words && person.kind == PERSON_FEDIVERSE && !person.gone;
    return !speaks || say_words(bridge, tx, &account, &person, row->words, err);
}

/* ---- one row ---- */
static bool settle_held(struct store_tx *tx, const struct contact *row, struct err *err)
{
    switch (row->state) {
    case CONTACT_WELCOME: return store_release_held(tx, row->id, MAILBOX_INBOX, err);
    case CONTACT_REFUSED:
    case CONTACT_IGNORED: return store_drop_held(tx, row->id, err);
    case CONTACT_UNKNOWN:
    case CONTACT_TURN:
    case CONTACT_ASKED:
    case CONTACT_STATES: break;
    }
    return true;
}

/* Open again it lies where a new one would. */
static bool settle_notice(struct store_tx *tx, const struct contact *row, struct err *err)
{
    scoped_value(account) account = {0};

    if (!row->notice_id)
        return true;
    if (store_account(store_tx_view(tx), row->account_id, &account, err) != FOUND)
        return false;
    const char *folder = row->state == CONTACT_ASKED ? mailbox_for(&account, MAILBOX_CONTACTS_NEW)
                                                     : folder_of(row->state);
    return store_move_copies(tx, row->notice_id, row->account_id, folder, err);
}

/* What was said by name before, and reached further, gives way. */
static bool drop_older_bars(struct store_tx *tx, const struct contact *row, struct err *err)
{
    scoped_value(contact_rows) rows = {0};

    if (!row->person_id || row->state == CONTACT_REFUSED || row->state == CONTACT_IGNORED)
        return true;
    if (!store_contacts_of(store_tx_view(tx), row->account_id, row->person_id, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const struct contact *other = &rows.at[i];
        bool bars = other->state == CONTACT_REFUSED || other->state == CONTACT_IGNORED;
        if (bars && other->id != row->id && other->origin == CONTACT_SET &&
            !store_forget_contact(tx, other, err))
            return false;
    }
    return true;
}

static bool decide_row(struct bridge *bridge, struct store_tx *tx, struct contact *row,
                       enum contact_event event, const char *words, struct err *err)
{
    enum contact_state before = row->state;
    int64_t now_ms = clock_now(bridge->clock), count = 0, id;

    row->state = contact_step(before, event);
    row->decided_ms = event == CONTACT_REOPEN ? 0 : now_ms;
    int64_t lasts = contact_lasts_ms(row->state);
    row->expires_ms = lasts ? now_ms + lasts : 0;
    if (event == CONTACT_REOPEN)
        row->first_ms = now_ms;
    free(row->words);
    row->words = row->state == CONTACT_REFUSED ? must_dup(words ? words : "") : NULL;
    if (row->state == CONTACT_WELCOME && !row->arrived_ms) {
        if (!store_held_of(store_tx_view(tx), row->id, &count, err))
            return false;
        row->arrived_ms = count > 0 ? now_ms : 0;
    }
    if (row->state == CONTACT_ASKED || row->state == CONTACT_WELCOME)
        row->held = 0;
    if (before == CONTACT_IGNORED && !store_drop_held(tx, row->id, err))
        return false; /* what the tidying has left */
    return drop_older_bars(tx, row, err) && settle_held(tx, row, err) &&
           (count == 0 || contact_mark_arrived(tx, row, err)) &&
           store_put_contact(tx, row, &id, err) && tell_person(bridge, tx, row, before, err);
}

/* ---- by name ---- */
enum evidence_class contact_evidence_by_name(bool fediverse, enum contact_event event)
{
    if (fediverse)
        return EVIDENCE_F1;
    return event == CONTACT_INVITE || event == CONTACT_WRITE ? EVIDENCE_S1 : EVIDENCE_S4;
}

/* The row of that pair for that proof, made if there is none. */
static bool row_with(struct store_tx *tx, const struct contact *like, enum evidence_class evidence,
                     struct contact *out, struct err *err)
{
    scoped_value(contact_rows) rows = {0};

    if (!store_contacts_of(store_tx_view(tx), like->account_id, like->person_id, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        if (rows.at[i].evidence == evidence) {
            *out = rows.at[i];
            rows.at[i] = (struct contact){.id = 0};
            return true;
        }
    *out = (struct contact){.account_id = like->account_id,
                            .person_id = like->person_id,
                            .evidence = evidence,
                            .state = CONTACT_ASKED,
                            .origin = CONTACT_SET,
                            .first_ms = like->first_ms,
                            .last_ms = like->last_ms};
    return store_put_contact(tx, out, &out->id, err);
}

/* What was said of somebody without a knock holds for the proof that such an answer needs: another answer, another row. */
static bool decide_anew(struct bridge *bridge, struct store_tx *tx, struct contact *row,
                        enum contact_event event, const char *words, struct err *err)
{
    enum evidence_class evidence = contact_evidence_by_name(row->evidence == EVIDENCE_F1, event);
    scoped_value(contact) other = {0};
    bool was_said = row->person_id && row->origin != CONTACT_KNOCKED && row->decided_ms;

    if (!was_said || event == CONTACT_REOPEN || evidence == row->evidence)
        return decide_row(bridge, tx, row, event, words, err);
    return row_with(tx, row, evidence, &other, err) &&
           decide_row(bridge, tx, &other, event, words, err) && store_forget_contact(tx, row, err);
}

/* Taken back, and there is no request that would be open again: the next knock asks. */
static bool forget_answer(struct bridge *bridge, struct store_tx *tx, struct contact *row,
                          struct err *err)
{
    enum contact_state before = row->state;

    row->state = contact_step(before, CONTACT_REOPEN);
    return tell_person(bridge, tx, row, before, err) && store_forget_contact(tx, row, err);
}

bool contact_decide(struct bridge *bridge, struct store_tx *tx, int64_t contact_id,
                    enum contact_event event, const char *words, bool move, struct err *err)
{
    scoped_value(contact) row = {0};
    enum found found = store_contact(store_tx_view(tx), contact_id, &row, err);

    if (found == ABSENT)
        return err_set(err, ERR_ABSENT, "This request is over");
    if (found == FOUND && event == CONTACT_REOPEN && row.decided_ms && !row.notice_id)
        return forget_answer(bridge, tx, &row, err);
    return found == FOUND && decide_anew(bridge, tx, &row, event, words, err) &&
           (!move || settle_notice(tx, &row, err));
}

/* ---- all rows of one request ---- */
struct rows_of_notice {
    int64_t *ids;
    size_t count, capacity;
};

static bool keep_id(void *ctx, const struct contact *contact)
{
    struct rows_of_notice *rows = ctx;

    must_make_room(rows->ids, rows->count, rows->capacity);
    rows->ids[rows->count++] = contact->id;
    return true;
}

static bool decide_notice(struct bridge *bridge, struct store_tx *tx, int64_t notice_id,
                          enum contact_event event, const char *words, bool move, struct err *err)
{
    struct rows_of_notice rows = {.count = 0};
    bool good = store_contacts_of_notice(store_tx_view(tx), notice_id, keep_id, &rows, err);

    if (good && rows.count == 0)
        good = err_set(err, ERR_ABSENT, "This request is over");
    for (size_t i = 0; good && i < rows.count; i++)
        good = contact_decide(bridge, tx, rows.ids[i], event, words, move, err);
    free(rows.ids);
    return good;
}

enum contact_event contact_event_of(enum contact_choice choice)
{
    switch (choice) {
    case CHOICE_WELCOME: break;
    case CHOICE_REFUSE: return CONTACT_REFUSE;
    case CHOICE_IGNORE: return CONTACT_IGNORE;
    case CHOICE_ASK_AGAIN: return CONTACT_REOPEN;
    }
    return CONTACT_INVITE;
}

bool bridge_contact_answer(struct bridge *bridge, struct store_tx *tx, int64_t notice_id,
                           enum contact_choice choice, const char *words, struct err *err)
{
    scoped_text char *clean = words ? contact_refusal_words(slice_of(words)) : NULL;

    return decide_notice(bridge, tx, notice_id, contact_event_of(choice), clean, true, err);
}

bool bridge_contact_answer_row(struct bridge *bridge, struct store_tx *tx, int64_t account_id,
                               int64_t contact_id, enum contact_choice choice, const char *words,
                               struct err *err)
{
    scoped_text char *clean = words ? contact_refusal_words(slice_of(words)) : NULL;
    scoped_value(contact) row = {0};
    enum found found = store_contact(store_tx_view(tx), contact_id, &row, err);

    if (found == ABSENT || (found == FOUND && row.account_id != account_id))
        return err_set(err, ERR_ABSENT, "This request is over");
    return found == FOUND &&
           contact_decide(bridge, tx, contact_id, contact_event_of(choice), clean, true, err);
}

/* Copied there and not yet gone from here is moved already: programs without MOVE do it in two steps. */
bool contact_moved(struct bridge *bridge, struct store_tx *tx, const struct mailbox *mailbox,
                   uint32_t uid, struct err *err)
{
    enum contact_event event;
    int64_t notice_id;

    if (!contact_event_of_mailbox(slice_of(mailbox->name), &event))
        return true;
    enum found found = store_notice_at(store_tx_view(tx), mailbox->id, uid, &notice_id, err);
    if (found != FOUND)
        return found == ABSENT; /* any other mail can lie there too */
    return decide_notice(bridge, tx, notice_id, event, NULL, false, err);
}

/* ---- whom the owner writes to ---- */
bool contact_written_to(struct bridge *bridge, struct store_tx *tx, int64_t account_id,
                        int64_t person_id, enum evidence_class evidence, struct err *err)
{
    scoped_value(contact_rows) rows = {0};
    bool known = false;
    int64_t now_ms = clock_now(bridge->clock), id;

    if (!store_contacts_of(store_tx_view(tx), account_id, person_id, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        struct contact *row = &rows.at[i];
        known |= row->evidence <= evidence && row->evidence != EVIDENCE_S0;
        if (row->state == CONTACT_WELCOME || row->evidence == EVIDENCE_S0)
            continue;
        known |= row->origin != CONTACT_KNOCKED; /* said anew, as it must be proven for a welcome */
        if (!decide_anew(bridge, tx, row, CONTACT_WRITE, NULL, err) || !settle_notice(tx, row, err))
            return false;
    }
    const struct contact fresh = {
        .account_id = account_id,
        .person_id = person_id,
        .evidence = evidence,
        .state = CONTACT_WELCOME,
        .origin = CONTACT_WRITTEN_TO,
        .first_ms = now_ms,
        .last_ms = now_ms,
        .decided_ms = now_ms,
    };
    return known || store_put_contact(tx, &fresh, &id, err);
}

/* ---- what is over ---- */
struct expiring {
    int64_t ids[EXPIRED_AT_ONCE];
    size_t count;
};

static bool expire_one(struct store_tx *tx, int64_t id, int64_t now_ms, struct err *err)
{
    scoped_value(contact) row = {0};
    enum found found = store_contact(store_tx_view(tx), id, &row, err);

    if (found != FOUND)
        return found == ABSENT;
    if (row.expires_ms == 0 || row.expires_ms > now_ms)
        return true;
    return contact_end_request(tx, &row, err);
}

static bool record_expiry(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct expiring *expiring = ctx;
    int64_t now_ms = clock_now(bridge->clock);

    for (size_t i = 0; i < expiring->count; i++)
        if (!expire_one(tx, expiring->ids[i], now_ms, err))
            return false;
    return true;
}

static bool record_drop(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct expiring *ignored = ctx;

    (void)bridge;
    for (size_t i = 0; i < ignored->count; i++)
        if (!store_drop_held(tx, ignored->ids[i], err))
            return false;
    return true;
}

bool drop_ignored(struct bridge *bridge, struct err *err)
{
    struct expiring ignored = {.count = IGNORED_AT_ONCE};

    while (ignored.count == IGNORED_AT_ONCE) {
        scoped(store_view) view = store_look(bridge->store, err);
        if (!view ||
            !store_contacts_ignored(view, ignored.ids, IGNORED_AT_ONCE, &ignored.count, err))
            return false;
        store_view_free(steal(&view));
        if (ignored.count > 0 && !bridge_commit(bridge, record_drop, &ignored, err))
            return false;
    }
    return true;
}

bool expire_contacts(struct bridge *bridge, struct err *err)
{
    struct expiring expiring = {.count = EXPIRED_AT_ONCE};

    while (expiring.count == EXPIRED_AT_ONCE) {
        scoped(store_view) view = store_look(bridge->store, err);
        if (!view || !store_contacts_expired(view, clock_now(bridge->clock), expiring.ids,
                                             EXPIRED_AT_ONCE, &expiring.count, err))
            return false;
        store_view_free(steal(&view));
        if (expiring.count > 0 && !bridge_commit(bridge, record_expiry, &expiring, err))
            return false;
    }
    return true;
}
