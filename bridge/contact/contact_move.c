/*
 * What was decided about somebody who goes on under another account (docs/moving.md).
 *
 * A welcome goes over: it is one, before and after.  What keeps out stays, and goes along.  What the owner decided about
 * the new account, or about its domain, is stronger than either.
 */
#include "contact_work.h"

#include "activity_work.h"
#include "memory.h"

struct decided { /* about one person */
    struct contact_rows rows;
    struct contact domain;
    const struct contact *row; /* what decides: of the two above, or NULL */
};

static void decided_clear(struct decided *it)
{
    contact_rows_clear(&it->rows);
    contact_clear(&it->domain);
}
SCOPED_VALUE(decided, decided_clear)

static enum evidence_class evidence_of(const struct person *person)
{
    return person->kind == PERSON_LOCAL ? EVIDENCE_S4 : EVIDENCE_F1;
}

static bool look(struct bridge *bridge, struct store_view *view, int64_t account_id,
                 const struct person *person, bool with_domain, struct decided *out,
                 struct err *err)
{
    struct contact_verdict verdict;
    struct contact_knock knock = {
        .evidence = evidence_of(person),
        .inside = true,
        .door = DOOR_OPEN,
        .now_ms = clock_now(bridge->clock),
    };

    if (!store_contacts_of(view, account_id, person->id, &out->rows, err))
        return false;
    knock.rows = out->rows.at;
    knock.row_count = out->rows.count;
    if (with_domain) {
        enum found found =
            store_contact_of_domain(view, account_id, person_domain(person), &out->domain, err);
        if (found == FAILED)
            return false;
        knock.domain = found == FOUND ? &out->domain : NULL;
    }
    contact_judge(&knock, &verdict);
    out->row = verdict.row;
    return true;
}

static bool goes_over(const struct decided *here, const struct decided *there)
{
    if (!here->row)
        return false;
    return !there->row ||
           (here->row->state == CONTACT_WELCOME && there->row->state == CONTACT_WELCOME);
}

bool contact_move_look(struct bridge *bridge, struct store_view *view, int64_t account_id,
                       const struct person *here, const struct person *there,
                       struct contact_move *out, struct err *err)
{
    scoped_value(decided) old = {.row = NULL};
    scoped_value(decided) new = {.row = NULL};

    if (!look(bridge, view, account_id, here, false, &old, err) ||
        !look(bridge, view, account_id, there, true, &new, err))
        return false;
    out->welcome = goes_over(&old, &new) && old.row->state == CONTACT_WELCOME;
    out->barred =
        new.row ? new.row->state != CONTACT_WELCOME : old.row &&old.row->state != CONTACT_WELCOME;
    return true;
}

static enum contact_event event_of(enum contact_state state)
{
    if (state == CONTACT_WELCOME)
        return CONTACT_INVITE;
    return state == CONTACT_REFUSED ? CONTACT_REFUSE : CONTACT_IGNORE;
}

/* The request that was answered stays the owner's hand on a welcome. */
static bool add_row(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                    const struct contact *like, const struct person *there, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock), id;
    const struct contact row = {
        .account_id = account->id,
        .person_id = there->id,
        .evidence = evidence_of(there),
        .state = like->state,
        .origin = like->origin,
        .notice_id = like->state == CONTACT_WELCOME ? like->notice_id : 0,
        .words = like->words,
        .first_ms = now_ms,
        .last_ms = now_ms,
        .decided_ms = like->decided_ms,
        .expires_ms = like->expires_ms,
        .wish = like->wish,
        .inside = like->inside,
    };

    return store_put_contact(tx, &row, &id, err) &&
           follow_settle(bridge, tx, account, there, like->state, err);
}

/* Who asked already has the answer. */
static bool decide_there(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                         const struct contact *like, const struct person *there,
                         const struct decided *known, struct err *err)
{
    for (size_t i = 0; i < known->rows.count; i++)
        if (known->rows.at[i].evidence == evidence_of(there))
            return contact_decide(bridge, tx, known->rows.at[i].id, event_of(like->state),
                                  like->words, true, err);
    return add_row(bridge, tx, account, like, there, err);
}

bool contact_move_carry(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                        const struct person *here, const struct person *there, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    scoped_value(decided) old = {.row = NULL};
    scoped_value(decided) new = {.row = NULL};

    if (!look(bridge, view, account->id, here, false, &old, err) ||
        !look(bridge, view, account->id, there, true, &new, err))
        return false;
    if (!goes_over(&old, &new))
        return true;
    return (new.row || decide_there(bridge, tx, account, old.row, there, &new, err)) &&
           (old.row->state != CONTACT_WELCOME || store_forget_contact(tx, old.row, err));
}
