/*
 * Recurring work, in slices: what was held, audiences, Maildirs, what did not arrive, tidying.  Each slice is
 * short and commits by itself; after a crash the rows say what is left to do.
 */
#include "account_work.h"
#include "activity_work.h"
#include "commit.h"
#include "contact_work.h"
#include "key_tell.h"
#include "list_work.h"
#include "secrets.h"

enum { SLICES_A_ROUND = 20, TIDY_EVERY_MS = 10 * MINUTE_MS };

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool run_slices(struct bridge *bridge, bool (*slice)(struct bridge *, bool *, struct err *),
                       bool *out_more, struct err *err)
{
    bool more = true;

    for (int i = 0; more && i < SLICES_A_ROUND; i++)
        if (!slice(bridge, &more, err))
            return false;
    *out_more |= more;
    return true;
}

static bool record_change(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    (void)bridge, (void)ctx;
    return store_change_go_on(tx, err);
}

/* Edits and withdrawals of what many have. */
static bool change_deliveries(struct bridge *bridge, bool *out_more, struct err *err)
{
    {
        scoped(store_view) view = store_look(bridge->store, err);
        if (!view || !store_changes_wait(view, out_more, err))
            return false;
    }
    return !*out_more || bridge_commit(bridge, record_change, NULL, err);
}

static bool record_lapse(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    enum { LAPSED_MAX = 10000 };

    (void)bridge;
    return store_lapse_claims(tx, LAPSED_MAX, ctx, err);
}

/* Claims that nobody confirmed, and names that are free again. */
static bool lapse_claims(struct bridge *bridge, bool *out_more, struct err *err)
{
    {
        scoped(store_view) view = store_look(bridge->store, err);
        if (!view || !store_claims_over(view, out_more, err))
            return false;
    }
    return !*out_more || bridge_commit(bridge, record_lapse, out_more, err);
}

static bool tidy(struct bridge *bridge, bool *out_more, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);
    bool more = false;

    if (chore_rests(bridge->tidy_ms, TIDY_EVERY_MS, now_ms))
        return true;
    if (!store_tidy(bridge->store, &more, err) || !expire_questions(bridge, err) ||
        !expire_contacts(bridge, err) || !drop_ignored(bridge, err) ||
        !tell_of_crowds(bridge, err) || !forget_dkim_keys(bridge, err) ||
        !run_slices(bridge, lapse_claims, &more, err) || !sleep_accounts(bridge, &more, err) ||
        !run_slices(bridge, end_accounts, &more, err) ||
        !run_slices(bridge, tell_of_end, &more, err))
        return false;
    if (!more)
        bridge->tidy_ms = now_ms + TIDY_EVERY_MS;
    *out_more |= more;
    return true;
}

/* One that fails keeps the others from nothing; the first trouble is told. */
struct trouble {
    bool any;
    struct err first, now;
};

static void note(struct trouble *trouble, bool good)
{
    if (!good && !trouble->any)
        trouble->first = trouble->now;
    trouble->any |= !good;
}

static bool do_chores(struct bridge *bridge, int64_t *held_ms, bool *more, struct err *err)
{
    static bool (*const slices[])(struct bridge *, bool *, struct err *) = {
        expand_broadcast, change_deliveries, carry_moves, fill_maildirs, renew_secrets};
    static bool (*const others[])(struct bridge *, struct err *) = {
        tell_undelivered, tell_suspended, ask_in_turn, tell_of_keys};
    struct trouble trouble = {.any = false};

    note(&trouble, release_held(bridge, held_ms, &trouble.now));
    for (size_t i = 0; i < COUNT_OF(slices); i++)
        note(&trouble, run_slices(bridge, slices[i], more, &trouble.now));
    for (size_t i = 0; i < COUNT_OF(others); i++)
        note(&trouble, others[i](bridge, &trouble.now));
    note(&trouble, tidy(bridge, more, &trouble.now));
    if (trouble.any)
        *err = trouble.first;
    return !trouble.any;
}

bool bridge_chores(struct bridge *bridge, int64_t *out_next_ms, struct err *err)
{
    int64_t next_ms = INT64_MAX;
    bool more = false;

    if (!do_chores(bridge, &next_ms, &more, err))
        return false;
    next_ms = sooner(next_ms, bridge->broadcast_ms);
    next_ms = sooner(next_ms, sooner(bridge->tidy_ms, bridge->undelivered_ms));
    next_ms = sooner(next_ms, sooner(bridge->suspended_ms, bridge->keys_ms));
    if (bridge->turns_ms > 0)
        next_ms = sooner(next_ms, bridge->turns_ms);
    next_ms = sooner(next_ms, secrets_due_ms(bridge));
    *out_next_ms = more ? clock_now(bridge->clock) : next_ms;
    return true;
}
