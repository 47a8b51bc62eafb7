/*
 * Those who cannot come again by themselves: people of the Fediverse and of this server, and readers by mail who have
 * confirmed.  What they sent waits here, what they asked for waits too, and their turn to be asked about comes by itself.
 */
#include "commit.h"
#include "contact_work.h"

#include "memory.h"

enum { TURNS_AT_ONCE = 100, TURN_SOON_MS = 2 * SECOND_MS, TURN_LATER_MS = MINUTE_MS };

/* ---- follows ---- */
bool contact_follow_look(struct bridge *bridge, struct store_view *view,
                         const struct account *account, const struct person *follower,
                         enum follow_state before, struct knock_picture *picture,
                         struct contact_visit *out, struct err *err)
{
    const struct contact_visitor visitor = {
        .person = follower,
        .domain = slice_of(follower->host),
        .evidence = EVIDENCE_F1,
        .wish = WISH_FOLLOW,
        .inside = true,
        .known = before == FOLLOW_ACCEPTED,
        .picture = picture,
        .received_ms = clock_now(bridge->clock),
    };

    return contact_look(bridge, view, account, &visitor, out, err);
}

enum follow_state contact_follow_state(enum contact_act act)
{
    switch (act) {
    case CONTACT_TAKE: return FOLLOW_ACCEPTED;
    case CONTACT_LATER:
    case CONTACT_HOLD:
    case CONTACT_DROP: return FOLLOW_WAITING;
    case CONTACT_DENY:
    case CONTACT_SHUT: break;
    }
    return FOLLOW_REFUSED;
}

/* Once for each person, whatever else they want. */
static bool wait_in_turn(struct bridge *bridge, struct store_tx *tx, int64_t account_id,
                         const struct contact_reader *reader, const struct contact_rows *rows,
                         struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock), id;
    const struct contact row = {
        .account_id = account_id,
        .person_id = reader->person->id,
        .evidence = reader->evidence,
        .state = CONTACT_TURN,
        .origin = CONTACT_KNOCKED,
        .tries = 1,
        .first_ms = now_ms,
        .last_ms = now_ms,
        .expires_ms = now_ms + contact_lasts_ms(CONTACT_TURN),
        .wish = reader->wish,
        .inside = true,
    };

    for (size_t i = 0; i < rows->count; i++) {
        const struct contact *known = &rows->at[i];
        if (known->evidence == reader->evidence ||
            (known->state == CONTACT_ASKED && known->evidence != EVIDENCE_S0))
            return true;
    }
    return store_put_contact(tx, &row, &id, err);
}

/* What the door says where no request can be made ready: its question comes in turn. */
bool contact_follows(struct bridge *bridge, struct store_tx *tx, const struct account *followed,
                     const struct contact_reader *reader, enum follow_state before,
                     enum follow_state *out, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    scoped_value(contact_rows) rows = {0};
    scoped_value(contact) domain = {0};
    scoped_value(follow) back = {0};
    struct contact_verdict verdict;
    struct contact_knock knock = {
        .evidence = reader->evidence,
        .inside = true,
        .door = bridge->config->follow,
        .now_ms = clock_now(bridge->clock),
    };

    if (!store_contacts_of(view, followed->id, reader->person->id, &rows, err))
        return false;
    enum found found = store_follow(view, followed->person_id, reader->person->id, &back, err);
    knock.known = before == FOLLOW_ACCEPTED || (found == FOUND && back.state == FOLLOW_ACCEPTED);
    if (found != FAILED)
        found = store_contact_of_domain(view, followed->id, person_domain(reader->person), &domain,
                                        err);
    if (found == FAILED)
        return false;
    knock.domain = found == FOUND ? &domain : NULL;
    knock.rows = rows.at;
    knock.row_count = rows.count;
    contact_judge(&knock, &verdict);
    *out = contact_follow_state(verdict.act);
    return *out != FOLLOW_WAITING || wait_in_turn(bridge, tx, followed->id, reader, &rows, err);
}

/* ---- who is kept out ---- */
bool contact_is_barred(struct bridge *bridge, struct store_view *view, int64_t account_id,
                       const struct person *person, bool *out, struct err *err)
{
    scoped_value(contact_rows) rows = {0};
    scoped_value(contact) domain = {0};
    struct contact_verdict verdict;
    struct contact_knock knock = {
        .evidence = person->kind == PERSON_LOCAL ? EVIDENCE_S4 : EVIDENCE_F1,
        .inside = true,
        .door = DOOR_OPEN,
        .now_ms = clock_now(bridge->clock),
    };

    *out = false;
    if (!store_contacts_of(view, account_id, person->id, &rows, err))
        return false;
    enum found found =
        store_contact_of_domain(view, account_id, slice_of(person->host), &domain, err);
    knock.rows = rows.at;
    knock.row_count = rows.count;
    knock.domain = found == FOUND ? &domain : NULL;
    contact_judge(&knock, &verdict);
    *out = verdict.act != CONTACT_TAKE;
    return found != FAILED;
}

/* ---- what was asked for is taken back ---- */
static bool count_one(void *ctx, const struct contact *contact)
{
    size_t *count = ctx;

    (void)contact;
    ++*count;
    return true;
}

bool contact_end_request(struct store_tx *tx, const struct contact *row, struct err *err)
{
    size_t count = 0;

    if (row->notice_id && row->state == CONTACT_ASKED) {
        if (!store_contacts_of_notice(store_tx_view(tx), row->notice_id, count_one, &count, err) ||
            (count == 1 &&
             !store_move_copies(tx, row->notice_id, row->account_id, MAILBOX_TRASH, err)))
            return false;
    }
    return store_forget_contact(tx, row, err);
}

static bool wants_nothing(struct store_tx *tx, const struct contact *row, bool *out,
                          struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    scoped_value(account) account = {0};
    scoped_value(follow) follow = {0};
    int64_t held;

    *out = false;
    if (!row->inside || (row->state != CONTACT_ASKED && row->state != CONTACT_TURN))
        return true;
    if (!store_held_of(view, row->id, &held, err) ||
        store_account(view, row->account_id, &account, err) != FOUND)
        return false;
    enum found found = store_follow(view, row->person_id, account.person_id, &follow, err);
    *out = held == 0 && (found == ABSENT || follow.state != FOLLOW_WAITING);
    return found != FAILED;
}

bool contact_withdraw(struct store_tx *tx, int64_t account_id, int64_t person_id, struct err *err)
{
    scoped_value(contact_rows) rows = {0};

    if (!store_contacts_of(store_tx_view(tx), account_id, person_id, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        bool nothing;
        if (!wants_nothing(tx, &rows.at[i], &nothing, err) ||
            (nothing && !contact_end_request(tx, &rows.at[i], err)))
            return false;
    }
    return true;
}

struct holders { /* who was asked about its author because of it */
    int64_t *ids;
    size_t count, capacity;
};

static bool keep_holder(void *ctx, const struct contact *contact)
{
    struct holders *holders = ctx;

    must_make_room(holders->ids, holders->count, holders->capacity);
    holders->ids[holders->count++] = contact->account_id;
    return true;
}

bool contact_end_held(struct store_tx *tx, int64_t message_id, int64_t author_id, struct err *err)
{
    struct holders holders = {.count = 0};
    bool good = store_drop_held_of(tx, message_id, err) &&
                store_contacts_of_person(store_tx_view(tx), author_id, keep_holder, &holders, err);

    for (size_t i = 0; good && i < holders.count; i++)
        good = contact_withdraw(tx, holders.ids[i], author_id, err);
    free(holders.ids);
    return good;
}

struct of_person {
    int64_t *ids;
    size_t count, capacity;
};

static bool keep_id(void *ctx, const struct contact *contact)
{
    struct of_person *all = ctx;

    must_make_room(all->ids, all->count, all->capacity);
    all->ids[all->count++] = contact->id;
    return true;
}

static bool end_row(struct store_tx *tx, int64_t id, struct err *err)
{
    scoped_value(contact) row = {0};
    enum found found = store_contact(store_tx_view(tx), id, &row, err);

    return found == FOUND ? contact_end_request(tx, &row, err) : found == ABSENT;
}

bool contact_person_gone(struct store_tx *tx, int64_t person_id, struct err *err)
{
    struct of_person all = {.count = 0};
    bool good = store_contacts_of_person(store_tx_view(tx), person_id, keep_id, &all, err);

    for (size_t i = 0; good && i < all.count; i++)
        good = end_row(tx, all.ids[i], err);
    free(all.ids);
    return good;
}

/* ---- their turn ---- */
struct their_turn {
    const struct contact *row;
    struct contact_visit visit;
};

static void their_turn_clear(struct their_turn *turn)
{
    contact_visit_clear(&turn->visit);
}
SCOPED_VALUE(their_turn, their_turn_clear)

static bool waits_still(struct store_tx *tx, int64_t contact_id, struct err *err)
{
    scoped_value(contact) now = {0};
    enum found found = store_contact(store_tx_view(tx), contact_id, &now, err);

    if (found == FAILED)
        return false;
    return (found == FOUND && now.state == CONTACT_TURN) || err_set(err, ERR_CONFLICT, "Try again");
}

/* Welcome by now: the owner wrote to them or follows them.  Else the question, if one is left. */
static bool record_turn(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct their_turn *turn = ctx;
    int64_t id;

    if (turn->visit.act == CONTACT_TAKE)
        return waits_still(tx, turn->row->id, err) &&
               contact_decide(bridge, tx, turn->row->id, CONTACT_INVITE, NULL, true, err);
    return contact_record(bridge, tx, &turn->visit, turn->row->person_id, &id, err);
}

static bool look_at_turn(struct bridge *bridge, struct their_turn *turn, struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);
    scoped_value(account) account = {0};
    scoped_value(person) person = {0};
    scoped_value(message) about = {0};
    const struct contact *row = turn->row;

    if (!view || store_account(view, row->account_id, &account, err) != FOUND ||
        store_person(view, row->person_id, &person, err) != FOUND ||
        (row->about_id && store_message(view, row->about_id, &about, err) != FOUND))
        return false;
    const struct contact_visitor visitor = {
        .person = &person,
        .domain = person_domain(&person),
        .evidence = row->evidence,
        .wish = row->wish,
        .inside = true,
        .in_turn = true,
        .about = row->about_id ? &about : NULL,
        .received_ms = row->first_ms,
    };
    return contact_look(bridge, view, &account, &visitor, &turn->visit, err);
}

static bool take_turn(struct bridge *bridge, const struct contact *row, bool *out_any,
                      struct err *err)
{
    scoped_value(their_turn) turn = {.row = row};

    if (!look_at_turn(bridge, &turn, err))
        return false;
    if (!turn.visit.asks && !turn.visit.joins && turn.visit.act != CONTACT_TAKE)
        return true;
    *out_any = true;
    return bridge_commit(bridge, record_turn, &turn, err) || err->kind == ERR_CONFLICT ||
           err->kind == ERR_ABSENT; /* they came meanwhile, or were answered */
}

struct turns {
    struct contact at[TURNS_AT_ONCE];
    size_t count;
};

static bool keep_turn(void *ctx, const struct contact *contact)
{
    struct turns *turns = ctx;
    struct contact *row = &turns->at[turns->count++];

    *row = *contact;
    row->domain = row->words = NULL; /* those who wait have none */
    return turns->count < TURNS_AT_ONCE;
}

static bool find_turns(struct bridge *bridge, int64_t account_id, struct turns *out,
                       struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);

    return view && store_contacts_in_turn(view, account_id, TURNS_AT_ONCE, keep_turn, out, err);
}

static bool take_turns(struct bridge *bridge, int64_t account_id, bool *out_any, struct err *err)
{
    struct turns turns = {.count = 0};

    if (!find_turns(bridge, account_id, &turns, err))
        return false;
    for (size_t i = 0; i < turns.count; i++)
        if (!take_turn(bridge, &turns.at[i], out_any, err))
            return false;
    return true;
}

bool ask_in_turn(struct bridge *bridge, struct err *err)
{
    struct turns firsts = {.count = 0};
    int64_t now_ms = clock_now(bridge->clock);
    bool any = false;

    if (chore_rests(bridge->turns_ms, TURN_LATER_MS, now_ms))
        return true;
    if (!find_turns(bridge, 0, &firsts, err))
        return false;
    for (size_t i = 0; i < firsts.count; i++)
        if (!take_turns(bridge, firsts.at[i].account_id, &any, err))
            return false;
    bridge->turns_ms = firsts.count == 0 ? 0 : now_ms + (any ? TURN_SOON_MS : TURN_LATER_MS);
    return true;
}
