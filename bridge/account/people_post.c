/* One's own posts and the queue, from the command line. */
#include "bridge_people.h"
#include "commit.h"

struct post_step {
    struct slice address, ref;
    bool only_held;
};

static bool find_own(struct bridge *bridge, struct store_tx *tx, const struct post_step *step,
                     struct message *out, struct err *err)
{
    scoped_value(account) account = {0};
    struct store_view *view = store_tx_view(tx);

    if (!bridge_account_find(bridge, view, step->address, &account, err))
        return false;
    enum found found = store_message_by_ref(view, step->ref, out, err);
    if (found == FOUND && out->account_id == account.id)
        return true;
    return found != FAILED && err_set(err, ERR_ABSENT, "%.*s is not a post of %.*s",
                                      SLICE_ARGS(step->ref), SLICE_ARGS(step->address));
}

static bool record_take_back(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct post_step *step = ctx;
    bool done;
    scoped_value(message) message = {0};

    if (!find_own(bridge, tx, step, &message, err))
        return false;
    if (step->only_held && message.state == MESSAGE_SENT)
        return err_set(err, ERR_REFUSED,
                       "It left already; nestbox post delete deletes it everywhere");
    if (!message_take_back(bridge, tx, &message, &done, err))
        return false;
    return done || err_set(err, ERR_REFUSED, "It was taken back before");
}

bool bridge_post_undo(struct bridge *bridge, struct slice address, struct slice ref,
                      struct err *err)
{
    struct post_step step = {.address = address, .ref = ref, .only_held = true};

    return bridge_commit(bridge, record_take_back, &step, err);
}

bool bridge_post_delete(struct bridge *bridge, struct slice address, struct slice ref,
                        struct err *err)
{
    struct post_step step = {.address = address, .ref = ref};

    return bridge_commit(bridge, record_take_back, &step, err);
}

enum { RETRY_SLICE = 500 };

static bool record_retry(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const int64_t *id = ctx;

    (void)bridge;
    return store_delivery_due_now(tx, *id, err);
}

static bool record_retries(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    int64_t *after = ctx, last;

    (void)bridge;
    if (!store_deliveries_due_now(tx, *after, RETRY_SLICE, &last, err))
        return false;
    *after = last;
    return true;
}

static bool record_drop(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const int64_t *id = ctx;

    (void)bridge;
    return store_delivery_drop(tx, *id, "dropped from the command line", err);
}

bool bridge_queue_retry(struct bridge *bridge, int64_t id, struct err *err)
{
    int64_t after = 0;

    if (id)
        return bridge_commit(bridge, record_retry, &id, err);
    do {
        if (!bridge_commit(bridge, record_retries, &after, err))
            return false;
    } while (after);
    return true;
}

bool bridge_queue_drop(struct bridge *bridge, int64_t id, struct err *err)
{
    return bridge_commit(bridge, record_drop, &id, err);
}
