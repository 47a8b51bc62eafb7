/*
 * What a move means here, carried to one account after the other (docs/moving.md): a slice for each, in a transaction of its
 * own, so that it does not matter how many there are, nor when we are interrupted.
 *
 * Mutual: who moved said so with their key, and the account moved to lists them.  So it is the same person, and what the
 * owner wanted of the one holds for the other; with what they decided about the other themselves before it.
 */
#include "activity_work.h"
#include "commit.h"
#include "contact_work.h"
#include "own_letter.h"

#include "memory.h"

struct carrying { /* one move, one account */
    struct move move;
    struct person here, there;
    struct account account; /* id 0: there are no more */
    struct contact_move contact;
    bool follows;         /* them, so far */
    struct letter letter; /* with something to tell */
};

static void carrying_clear(struct carrying *it)
{
    person_clear(&it->here);
    person_clear(&it->there);
    account_clear(&it->account);
    letter_clear(&it->letter);
}
SCOPED_VALUE(carrying, carrying_clear)

static bool follow_goes_over(const struct carrying *it)
{
    return it->follows && !it->contact.barred;
}

/* Who is kept out has no way to make themselves heard. */
static bool is_told(const struct carrying *it)
{
    return it->account.state == ACCOUNT_ACTIVE && (it->contact.welcome || follow_goes_over(it));
}

/* ---- the facts, before and again in the transaction ---- */
static bool look_at_account(struct bridge *bridge, struct store_view *view, struct carrying *it,
                            struct err *err)
{
    scoped_value(follow) follow = {0};
    enum found found = store_follow(view, it->account.person_id, it->here.id, &follow, err);

    it->follows =
        found == FOUND && (follow.state == FOLLOW_WAITING || follow.state == FOLLOW_ACCEPTED);
    return found != FAILED && contact_move_look(bridge, view, it->account.id, &it->here, &it->there,
                                                &it->contact, err);
}

/* False *out: taken back, or they went meanwhile. */
static bool look_at_people(struct store_view *view, struct carrying *it, bool *out, struct err *err)
{
    enum found here = store_person(view, it->move.person_id, &it->here, err);
    enum found there = here == FOUND ? store_person(view, it->move.to_id, &it->there, err) : here;

    *out = there == FOUND && !it->there.gone;
    return there != FAILED;
}

/* ---- the notice ---- */
static void add_words(const struct carrying *it, struct bytes *out)
{
    scoped_text char *old = person_handle(&it->here);
    scoped_text char *new = person_handle(&it->there);
    scoped_text char *name = person_short_name(&it->here);

    bytes_print(out, "%s, known to you as %s, goes on as %s. Both accounts say so.\n\n", name, old,
                new);
    if (follow_goes_over(it))
        bytes_print(out, "You follow %s now, and %s no longer.\n", new, old);
    if (it->contact.welcome)
        bytes_print(out, "They are welcome from there now, and no longer from %s.\n", old);
    bytes_add_text(out, "Nothing to do.\n");
    if (it->there.url)
        bytes_print(out, "\n-- \nOpen: %s\n", it->there.url);
}

static bool write_letter(struct bridge *bridge, struct carrying *it, struct err *err)
{
    scoped_value(bytes) text = {0};
    scoped_text char *label = person_label(&it->there);
    scoped_text char *name = person_short_name(&it->here);
    scoped_text char *subject = must_print("%s has moved", name);
    scoped_text char *word =
        bridge_person_word(bridge, slice_of(it->there.user), slice_of(it->there.host));

    add_words(it, &text);
    const struct own_letter own = {
        .name = label,
        .from = word,
        .mailbox = mailbox_for(&it->account, MAILBOX_NOTIFICATIONS),
        .subject = subject,
        .text = bytes_slice(&text),
        .must_rest = true,
    };
    return own_letter_write(bridge, &it->account, &own, &it->letter, err);
}

/* ---- doing ---- */
static bool follow_one(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                       const struct person *person, bool follow, struct err *err)
{
    if (person->kind != PERSON_LOCAL)
        return follow_person(bridge, tx, account, person, follow, err);
    if (person->id == account->person_id)
        return true; /* somebody went on as who followed them */
    bool done = follow_neighbour(bridge, tx, account, slice_of(person->user),
                                 slice_of(person->host), follow, err);
    return done || err->kind == ERR_ABSENT; /* asleep */
}

static bool carry(struct bridge *bridge, struct store_tx *tx, const struct carrying *it,
                  struct err *err)
{
    if (follow_goes_over(it) && (!follow_one(bridge, tx, &it->account, &it->there, true, err) ||
                                 !follow_one(bridge, tx, &it->account, &it->here, false, err)))
        return false;
    return it->there.id == it->account.person_id ||
           contact_move_carry(bridge, tx, &it->account, &it->here, &it->there, err);
}

static bool record(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct carrying *it = ctx;
    struct store_view *view = store_tx_view(tx);
    struct move move = {0};
    bool told = is_told(it);
    enum found found = store_move(view, it->move.person_id, &move, err);

    if (found != FOUND || !move.open || move.to_id != it->move.to_id ||
        move.account_after != it->move.account_after)
        return found != FAILED; /* changed meanwhile: looked at again */
    move.account_after = it->account.id;
    move.open = it->account.id != 0;
    if (!move.open)
        return store_put_move(tx, &move, err);
    if (!look_at_account(bridge, view, it, err))
        return false;
    if (is_told(it) != told)
        return err_set(err, ERR_CONFLICT, "Try again");
    return (it->account.state == ACCOUNT_REMOVED || carry(bridge, tx, it, err)) &&
           (!told || own_letter_file(tx, &it->letter, NULL, err)) && store_put_move(tx, &move, err);
}

/* *out false: no move is open.  Without an account this one is carried to everybody. */
static bool look(struct bridge *bridge, struct carrying *it, bool *out, struct err *err)
{
    bool there = false;
    int64_t id = 0;
    scoped(store_view) view = store_look(bridge->store, err);
    enum found found = view ? store_move_open(view, &it->move, err) : FAILED;

    *out = found == FOUND;
    if (found != FOUND)
        return found == ABSENT;
    if (!look_at_people(view, it, &there, err))
        return false;
    found =
        there ? store_account_tied(view, it->here.id, it->move.account_after, &id, err) : ABSENT;
    if (found == FOUND)
        found = store_account(view, id, &it->account, err);
    if (found != FOUND)
        return found == ABSENT;
    return look_at_account(bridge, view, it, err) &&
           (!is_told(it) || write_letter(bridge, it, err));
}

bool carry_moves(struct bridge *bridge, bool *out_more, struct err *err)
{
    scoped_value(carrying) it = {.follows = false};

    if (!look(bridge, &it, out_more, err))
        return false;
    if (*out_more && it.here.kind == PERSON_LOCAL && !it.account.id && it.there.id)
        return tell_of_move(bridge, &it.move, err);
    return !*out_more || bridge_commit(bridge, record, &it, err);
}
