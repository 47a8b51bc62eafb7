#include "finder.h"

#include "clock.h"
#include "memory.h"

struct finder {
    const struct activitypub_duties *duties; /* of the room's object */
    struct resolve *resolve;
    void (*done)(void *ctx, struct errand *errand);
    void *ctx;
    struct asking asking;
};

void *finder_new(const struct activitypub_duties *duties, struct errand *errand,
                 void (*done)(void *ctx, struct errand *errand), void *ctx)
{
    struct finder *finder = must_new(struct finder);

    *finder = (struct finder){.duties = duties, .done = done, .ctx = ctx};
    finder->resolve = container_of(errand, struct resolve, errand);
    finder->resolve->outcome = RESOLVE_SILENT;
    finder->resolve->errand.ok = false;
    err_set(&finder->resolve->errand.err, ERR_TEMPORARY, "Their server did not answer");
    return finder;
}

static enum next finder_begin(void *session, const struct peer *peer, struct turn *turn)
{
    struct finder *finder = session;
    struct find_ask *find = find_ask_new(finder->duties, finder->resolve);

    (void)peer;
    find->until_ms = monotonic_ms() + finder->resolve->total_ms;
    turn->errand = asking_begin(&finder->asking, &find->ask);
    return NEXT_WAIT;
}

static enum next finder_resume(void *session, struct errand *back, struct turn *turn)
{
    struct finder *finder = session;
    struct resolve *resolve = finder->resolve;

    turn->errand = asking_next(&finder->asking, back);
    if (turn->errand)
        return NEXT_WAIT;
    struct find_ask *find = container_of(finder->asking.held, struct find_ask, ask);
    if (!find->ask.errand.ok) {
        resolve->errand.err = find->ask.errand.err;
        return NEXT_HANG_UP;
    }
    resolve->outcome = find->outcome;
    resolve->person_id = find->person_id;
    resolve->names_alias = find->names_alias;
    resolve->errand.ok = find->outcome == RESOLVE_FOUND;
    if (find->outcome == RESOLVE_NOBODY)
        err_set(&resolve->errand.err, ERR_ABSENT, "There is nobody of that name");
    return NEXT_HANG_UP;
}

static enum next finder_nudged(void *session, enum nudge why, struct turn *turn)
{
    (void)session, (void)why, (void)turn;
    return NEXT_HANG_UP;
}

static void finder_free(void *session)
{
    struct finder *finder = session;

    asking_clear(&finder->asking);
    finder->done(finder->ctx, &finder->resolve->errand);
    free(finder);
}

const struct session_kind finder_kind = {
    .name = "finder",
    .begin = finder_begin,
    .resume = finder_resume,
    .nudged = finder_nudged,
    .free = finder_free,
};
