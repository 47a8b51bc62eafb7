#include "carrier.h"

#include "activitypub.h"
#include "dialer.h"
#include "fetcher.h"
#include "loop.h"
#include "memory.h"
#include "resolver.h"
#include "store.h"
#include "workers.h"

enum { TRIES_MAX = 3 };

struct cargo { /* one errand under way */
    struct carrier *carrier;
    struct loop *home;
    struct errand *errand;
    struct store_change change;
};

static void bring_home(struct cargo *cargo)
{
    loop_errand_home(cargo->home, cargo->errand);
    free(cargo);
}

static void worked(void *ctx, struct errand *errand);

/* The first stop, and again after each conflict. */
static void send_off(struct cargo *cargo)
{
    if (cargo->errand->work)
        workers_submit(cargo->carrier->workers, cargo->errand, worked, cargo);
    else
        store_submit(cargo->carrier->store, &cargo->change);
}

static void worked(void *ctx, struct errand *errand)
{
    struct cargo *cargo = ctx;

    if (errand->ok && errand->write && !errand->unwanted)
        store_submit(cargo->carrier->store, &cargo->change);
    else
        bring_home(cargo);
}

static bool apply(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct errand *errand = container_of(change, struct cargo, change)->errand;

    if (errand->unwanted)
        return err_set(err, ERR_TEMPORARY, "The connection ended before the answer");
    return errand->write(errand, tx, err);
}

static void recorded(struct store_change *change, bool ok, const struct err *err)
{
    struct cargo *cargo = container_of(change, struct cargo, change);
    struct errand *errand = cargo->errand;

    errand->ok = ok;
    if (!ok && err->kind == ERR_CONFLICT && ++errand->tries < TRIES_MAX) {
        send_off(cargo);
        return;
    }
    if (!ok && err->kind == ERR_CONFLICT)
        err_set(&errand->err, ERR_TEMPORARY, "Too much happens at once; try again");
    else if (!ok)
        errand->err = *err;
    bring_home(cargo);
}

static void came_back(void *ctx, struct errand *errand)
{
    (void)errand;
    bring_home(ctx);
}

void carrier_carry(void *ctx, struct errand *errand, struct loop *home)
{
    struct carrier *carrier = ctx;
    struct cargo *cargo = must_new(struct cargo);

    *cargo = (struct cargo){.carrier = carrier, .home = home, .errand = errand};
    cargo->change = (struct store_change){.apply = apply, .done = recorded};
    errand->tries = 0;
    switch (errand->lane) {
    case LANE_QUICK:
    case LANE_HEAVY:
    case LANE_DELIVER:
    case LANE_BULK:
    case LANE_SLOW: send_off(cargo); return;
    case LANE_DNS: resolver_submit(carrier->resolver, errand, came_back, cargo); return;
    case LANE_FETCH: fetcher_submit(carrier->fetcher, errand, came_back, cargo); return;
    case LANE_RESOLVE: activitypub_find(carrier->activitypub, errand, came_back, cargo); return;
    case LANE_DIAL: dialer_submit(carrier->dialer, errand, came_back, cargo); return;
    case LANES: break;
    }
    __builtin_unreachable();
}
