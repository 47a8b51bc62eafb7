#include "commit.h"

#include "memory.h"

struct waiting {
    struct store_change change;
    struct bridge *bridge;
    commit_step *step;
    void *ctx;
};

static bool apply(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct waiting *waiting = container_of(change, struct waiting, change);

    return waiting->step(waiting->bridge, tx, waiting->ctx, err);
}

bool bridge_commit(struct bridge *bridge, commit_step *step, void *ctx, struct err *err)
{
    struct waiting waiting = {
        .change = {.apply = apply}, .bridge = bridge, .step = step, .ctx = ctx};

    return store_commit(bridge->store, &waiting.change, err);
}

static bool nothing(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    (void)bridge;
    (void)tx;
    (void)ctx;
    (void)err;
    return true;
}

bool bridge_commit_all(struct bridge *bridge, struct err *err)
{
    return bridge_commit(bridge, nothing, NULL, err);
}
