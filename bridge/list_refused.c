/*
 * What came of copies.  An address that is refused for good on two different days takes no mail any more: its reader is
 * suspended, and may ask again.
 */
#include "list_work.h"

/* "550 5.1.1 …": does it speak of the address?  A code alone may; one about the text, its size or our name does not. */
static bool is_about_address(const char *reply)
{
    struct slice words = slice_of(reply);
    struct slice code = slice_cut(&words, ' ');
    struct slice status = slice_cut(&words, ' ');

    if (!slice_starts(code, SLICE("5")))
        return false;
    if (slice_starts(status, SLICE("5.")))
        return slice_starts(status, SLICE("5.1.")) || slice_is(status, "5.2.1");
    return slice_is(code, "550") || slice_is(code, "551") || slice_is(code, "553") ||
           slice_is(code, "556");
}

static bool note_refusal(struct bridge *bridge, struct store_tx *tx, const struct follow *follow,
                         struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock), id;

    if (!follow->refused_ms)
        return store_follow_refused(tx, follow->id, now_ms, err);
    if (follow->refused_ms / DAY_MS == now_ms / DAY_MS)
        return true;
    return store_put_follow(tx, follow->follower_id, follow->followed_id, FOLLOW_SUSPENDED, NULL,
                            &id, err);
}

bool list_copy_ended(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                     bool taken, const char *reply, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    scoped_value(account) account = {0};
    scoped_value(follow) follow = {0};

    if (delivery->target != TARGET_MAIL || delivery->body_id ||
        delivery->subject != SUBJECT_MESSAGE)
        return true;
    enum found found = store_account(view, delivery->account_id, &account, err);
    if (found == FOUND)
        found = store_follow(view, delivery->person_id, account.person_id, &follow, err);
    if (found != FOUND || follow.state != FOLLOW_ACCEPTED)
        return found != FAILED;
    if (taken)
        return !follow.refused_ms || store_follow_refused(tx, follow.id, 0, err);
    return !is_about_address(reply) || note_refusal(bridge, tx, &follow, err);
}
