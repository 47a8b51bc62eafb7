/*
 * The end of accounts that their owners made: 30 days after one fell asleep it is removed (behaviour.md 9).
 *
 *   asleep --30 days--> its posts, likes and boosts are taken back --> removed; followers and the followed hear Delete --> emptied
 *
 * Slices, each a transaction of its own; what is left to do stands in the rows.  The row of the account stays, so that
 * its address is never given to anybody else, and with it the key by which Delete is signed.
 */
#include "account_work.h"
#include "bridge_mailbox.h"
#include "commit.h"
#include "store_contact.h"
#include "store_invitation.h"

enum { SLEEP_DAYS = 30, POSTS_A_SLICE = 20, ROWS_A_SLICE = 100 };

struct ids {
    int64_t at[ROWS_A_SLICE];
    size_t count, most;
};

static bool keep_id(struct ids *ids, int64_t id)
{
    ids->at[ids->count++] = id;
    return ids->count < ids->most;
}

/* ---- taken back, and removed ---- */

static bool keep_post(void *ctx, const struct message *message)
{
    return keep_id(ctx, message->id);
}

static bool take_back(struct bridge *bridge, struct store_tx *tx, int64_t id, struct err *err)
{
    scoped_value(message) message = {0};
    bool done;

    return store_message(store_tx_view(tx), id, &message, err) == FOUND &&
           message_take_back(bridge, tx, &message, &done, err);
}

static bool keep_reacted(void *ctx, const struct own_reaction *reaction)
{
    return keep_id(ctx, reaction->message_id);
}

/* Who is told of a like need not be told of the account's end: so it is taken back. */
static bool take_back_reactions(struct bridge *bridge, struct store_tx *tx,
                                const struct account *account, enum reaction kind, bool *out_some,
                                struct err *err)
{
    struct ids ids = {.most = POSTS_A_SLICE};
    bool changed;

    if (!store_own_reactions(store_tx_view(tx), account->person_id, kind, 0, POSTS_A_SLICE,
                             keep_reacted, &ids, err))
        return false;
    for (size_t i = 0; i < ids.count; i++) {
        const struct message message = {.id = ids.at[i]};
        if (!reaction_set(bridge, tx, account, &message, kind, false, &changed, err))
            return false;
    }
    *out_some = ids.count > 0;
    return true;
}

static bool remove_account(struct bridge *bridge, struct store_tx *tx, struct account *account,
                           struct err *err)
{
    account->state = ACCOUNT_REMOVED;
    return store_update_account(tx, account, err) &&
           store_forget_votes_of(tx, account->person_id, err) &&
           actor_ended(bridge, tx, account, err);
}

/* Looked for anew: the administrator may have woken it meanwhile. */
static bool record_removal(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const int64_t *id = ctx;
    const unsigned there = 1U << MESSAGE_HELD | 1U << MESSAGE_SENT;
    struct ids posts = {.most = POSTS_A_SLICE};
    scoped_value(account) account = {0};
    bool some = false;
    enum found found = store_account(store_tx_view(tx), *id, &account, err);

    if (found != FOUND || account.state != ACCOUNT_ASLEEP)
        return found != FAILED;
    if (!store_messages_of(store_tx_view(tx), account.id, there, ~0U, 0, POSTS_A_SLICE, keep_post,
                           &posts, err))
        return false;
    for (size_t i = 0; i < posts.count; i++)
        if (!take_back(bridge, tx, posts.at[i], err))
            return false;
    if (posts.count > 0)
        return true;
    if (!take_back_reactions(bridge, tx, &account, REACTION_LIKE, &some, err) ||
        (!some && !take_back_reactions(bridge, tx, &account, REACTION_BOOST, &some, err)))
        return false;
    return some || remove_account(bridge, tx, &account, err);
}

/* ---- emptied ---- */

static bool keep_contact(void *ctx, const struct contact *contact, const struct person *person)
{
    (void)person;
    return keep_id(ctx, contact->id);
}

static bool keep_follow(void *ctx, const struct follow *follow, const struct person *person)
{
    (void)person;
    return keep_id(ctx, follow->id);
}

static bool keep_mailbox(void *ctx, const struct mailbox *mailbox)
{
    return keep_id(ctx, mailbox->id);
}

static bool forget_contacts(struct store_tx *tx, int64_t account_id, bool *out_some,
                            struct err *err)
{
    struct ids ids = {.most = ROWS_A_SLICE};

    if (!store_contacts(store_tx_view(tx), account_id, 0, ROWS_A_SLICE, keep_contact, &ids, err))
        return false;
    for (size_t i = 0; i < ids.count; i++) {
        scoped_value(contact) contact = {0};
        if (store_contact(store_tx_view(tx), ids.at[i], &contact, err) != FOUND ||
            !store_forget_contact(tx, &contact, err))
            return false;
    }
    *out_some = ids.count > 0;
    return true;
}

static bool forget_follows(struct store_tx *tx, int64_t person_id, bool *out_some, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    struct ids ids = {.most = ROWS_A_SLICE};

    if (!store_followers(view, person_id, false, 0, ROWS_A_SLICE, keep_follow, &ids, err) ||
        (ids.count == 0 &&
         !store_following(view, person_id, 0, ROWS_A_SLICE, keep_follow, &ids, err)))
        return false;
    for (size_t i = 0; i < ids.count; i++)
        if (!store_forget_follow(tx, ids.at[i], err))
            return false;
    *out_some = ids.count > 0;
    return true;
}

static bool empty_mailbox(struct store_tx *tx, int64_t account_id, struct err *err)
{
    static const struct uid_range all = {1, UINT32_MAX};
    struct ids ids = {.most = 1};
    struct mailbox_outcome outcome = {0};

    if (!store_mailboxes(store_tx_view(tx), account_id, keep_mailbox, &ids, err))
        return false;
    if (ids.count == 0)
        return true;
    bool good =
        bridge_mailbox_take_out(tx, ids.at[0], (struct uid_ranges){&all, 1, 0}, &outcome, err) &&
        (outcome.more || store_delete_mailbox(tx, ids.at[0], err));
    mailbox_outcome_clear(&outcome);
    return good;
}

/* Its mailboxes go last: an account without any is empty. */
static bool record_emptying(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const int64_t *id = ctx;
    scoped_value(account) account = {0};
    bool some = false;

    (void)bridge;
    return store_account(store_tx_view(tx), *id, &account, err) == FOUND &&
           forget_contacts(tx, account.id, &some, err) &&
           (some || forget_follows(tx, account.person_id, &some, err)) &&
           (some || empty_mailbox(tx, account.id, err));
}

/* ---- the chore ---- */

bool end_accounts(struct bridge *bridge, bool *out_more, struct err *err)
{
    int64_t before_ms = clock_now(bridge->clock) - SLEEP_DAYS * DAY_MS;
    int64_t id = 0;
    bool removed = false;

    {
        scoped(store_view) view = store_look(bridge->store, err);
        enum found found =
            view ? store_account_to_end(view, before_ms, &id, &removed, err) : FAILED;
        *out_more = found == FOUND;
        if (found != FOUND)
            return found == ABSENT;
    }
    return bridge_commit(bridge, removed ? record_emptying : record_removal, &id, err);
}
