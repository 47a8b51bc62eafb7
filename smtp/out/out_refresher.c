/*
 * Every hour the MTA-STS policies that are a day old are fetched anew, whether mail goes there or not (RFC 8461 5.1):
 * one that is never refreshed runs out, and who then hides the record has stripped it.
 *
 *     STALE ─(none)─> sleep
 *      v                 ^
 *     ANNOUNCED ─> SEARCH ─> STALE, behind that domain
 */
#include "out.h"
#include "out_policy.h"

#include "log.h"
#include "memory.h"

enum { FIRST_LOOK_MS = 2 * SECOND_MS, EVERY_MS = HOUR_MS };
enum stage { REST, STALE, ANNOUNCED, SEARCH };

struct refresher {
    struct out *out;
    enum stage stage;
    char *domain; /* under way, or behind which to look */
    struct policy_search search;
    struct turn *turn;
};

void *out_refresher_new(struct out *out)
{
    struct refresher *it = must_new(struct refresher);

    it->out = out;
    return it;
}

static enum next rest(struct refresher *it, int64_t wait_ms)
{
    it->stage = REST;
    it->turn->wake_at_ms = monotonic_ms() + wait_ms;
    return NEXT_READ;
}

static enum next wait_for(struct refresher *it, enum stage stage, struct errand *errand)
{
    it->stage = stage;
    it->turn->errand = errand;
    return NEXT_WAIT;
}

static enum next look(struct refresher *it)
{
    const struct out_duties *duties = &it->out->duties;

    return wait_for(it, STALE, duties->next_stale(duties->ctx, it->domain));
}

/* ---- what came home; each takes `back` ---- */
static enum next found_stale(struct refresher *it, struct errand *back)
{
    struct out_stale *stale = container_of(back, struct out_stale, errand);
    bool found = back->ok && stale->domain;

    if (!back->ok)
        log_error("what policies are old could not be read: %s (%s)", back->err.said,
                  back->err.cause);
    if (found) {
        free(it->domain);
        it->domain = steal(&stale->domain);
    }
    errand_free(back);
    if (!found)
        return rest(it, EVERY_MS);
    struct dns_lookup *lookup = dns_lookup_new();
    scoped_text char *name = must_print("_mta-sts.%s", it->domain);
    dns_lookup_ask(lookup, DNS_TXT, name);
    return wait_for(it, ANNOUNCED, &lookup->errand);
}

static enum next go_on(struct refresher *it, struct errand *errand)
{
    if (errand)
        return wait_for(it, SEARCH, errand);
    policy_search_clear(&it->search);
    return look(it);
}

static enum next announced(struct refresher *it, struct errand *back)
{
    const struct dns_lookup *lookup = container_of(back, struct dns_lookup, errand);
    struct errand *first =
        policy_search_begin(&it->search, &it->out->duties, it->domain, &lookup->answers[0]);

    errand_free(back);
    return go_on(it, first);
}

/* ---- the session kind ---- */
static enum next on_begin(void *session, const struct peer *peer, struct turn *turn)
{
    struct refresher *it = session;

    (void)peer;
    it->turn = turn;
    return rest(it, FIRST_LOOK_MS);
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    struct refresher *it = session;

    it->turn = turn;
    if (it->out->claims.closing) {
        errand_free(back);
        return NEXT_HANG_UP;
    }
    switch (it->stage) {
    case STALE: return found_stale(it, back);
    case ANNOUNCED: return announced(it, back);
    case SEARCH: return go_on(it, policy_search_go_on(&it->search, back));
    case REST: break;
    }
    __builtin_unreachable();
}

static enum next on_nudge(void *session, enum nudge why, struct turn *turn)
{
    struct refresher *it = session;

    it->turn = turn;
    if (why == NUDGE_CLOSING)
        return NEXT_HANG_UP;
    free(it->domain);
    it->domain = must_dup("");
    return look(it);
}

static void on_free(void *session)
{
    struct refresher *it = session;

    policy_search_clear(&it->search);
    free(it->domain);
    free(it);
}

const struct session_kind out_refresher_kind = {
    .name = "mail-refresher",
    .begin = on_begin,
    .resume = on_resume,
    .nudged = on_nudge,
    .free = on_free,
};
