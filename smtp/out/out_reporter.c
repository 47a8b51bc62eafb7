/*
 * Once a day what was counted of each domain goes to whom its record names (RFC 8460 3, 5):
 *
 *     NEXT ─(none)─> sleep until tomorrow
 *      v
 *     TARGETS ─(nobody wants it)──────────────────────> END ─> NEXT
 *      v                                                 ^
 *     WRITE ─> POST, to each URL ─(somebody has it)──────┘
 *
 * Mails are deliveries like others, in the same commit that forgets the counts.  A report that nobody took over HTTPS
 * stays, and is tried again each hour for two days.
 */
#include "out.h"

#include "fetch.h"
#include "id.h"
#include "log.h"
#include "memory.h"
#include "tls_report.h"

enum {
    FIRST_LOOK_MS = SECOND_MS,
    AGAIN_MS = HOUR_MS,
    SPREAD_MS = 4 * HOUR_MS, /* not all the world at midnight */
    KEEP_DAYS = 2,
};

enum stage { REST, NEXT, TARGETS, WRITE, POST, END };

struct reporter {
    struct out *out;
    enum stage stage;
    int64_t day; /* of the report under way, or behind which to look */
    char *domain;
    struct report_targets targets;
    size_t posted; /* urls that were tried */
    struct bytes gzip;
    bool taken, left; /* somebody has this one; some report of this round must be tried again */
    struct turn *turn;
};

void *out_reporter_new(struct out *out)
{
    struct reporter *it = must_new(struct reporter);

    it->out = out;
    return it;
}

static int64_t today(const struct reporter *it)
{
    return clock_now(it->out->duties.clock) / DAY_MS;
}

static enum next rest(struct reporter *it, int64_t wait_ms)
{
    it->stage = REST;
    it->turn->wake_at_ms = monotonic_ms() + wait_ms;
    return NEXT_READ;
}

static enum next wait_for(struct reporter *it, enum stage stage, struct errand *errand)
{
    it->stage = stage;
    it->turn->errand = errand;
    return NEXT_WAIT;
}

static enum next look(struct reporter *it)
{
    const struct out_duties *duties = &it->out->duties;

    report_targets_clear(&it->targets);
    bytes_reset(&it->gzip);
    it->posted = 0;
    it->taken = false;
    return wait_for(it, NEXT, duties->next_report(duties->ctx, it->day, it->domain));
}

static enum next begin_round(struct reporter *it)
{
    it->day = 0;
    free(it->domain);
    it->domain = must_dup("");
    it->left = false;
    return look(it);
}

static enum next end_round(struct reporter *it)
{
    uint32_t luck;

    if (it->left)
        return rest(it, AGAIN_MS);
    random_bytes(&luck, sizeof luck);
    int64_t tomorrow_ms = (today(it) + 1) * DAY_MS - clock_now(it->out->duties.clock);
    return rest(it, tomorrow_ms + luck % SPREAD_MS);
}

static enum next forget(struct reporter *it)
{
    const struct out_duties *duties = &it->out->duties;

    return wait_for(it, END, duties->end_report(duties->ctx, it->day, it->domain));
}

/* Nobody took it now. */
static enum next leave(struct reporter *it)
{
    if (it->day + KEEP_DAYS < today(it))
        return forget(it);
    it->left = true;
    return look(it);
}

/* ---- what came home; each takes `back` ---- */
static enum next found_next(struct reporter *it, struct errand *back)
{
    struct out_next_report *next = container_of(back, struct out_next_report, errand);
    bool found = back->ok && next->found;

    if (!back->ok)
        log_error("what TLS reports are due could not be read: %s (%s)", back->err.said,
                  back->err.cause);
    if (found) {
        free(it->domain);
        it->domain = steal(&next->domain);
        it->day = next->day;
    }
    errand_free(back);
    if (!found)
        return end_round(it);
    struct dns_lookup *lookup = dns_lookup_new();
    scoped_text char *name = must_print("_smtp._tls.%s", it->domain);
    dns_lookup_ask(lookup, DNS_TXT, name);
    return wait_for(it, TARGETS, &lookup->errand);
}

static enum next found_targets(struct reporter *it, struct errand *back)
{
    const struct out_duties *duties = &it->out->duties;
    const struct dns_lookup *lookup = container_of(back, struct dns_lookup, errand);
    enum dns_outcome outcome = lookup->answers[0].outcome;
    bool known = back->ok && outcome != DNS_FAILED && outcome != DNS_BOGUS;
    bool wanted = known && report_targets_read(&lookup->answers[0], &it->targets);

    errand_free(back);
    if (!known)
        return leave(it);
    if (!wanted)
        return forget(it);
    return wait_for(it, WRITE,
                    duties->write_report(duties->ctx, it->day, it->domain, &it->targets));
}

static enum next post_next(struct reporter *it)
{
    if (it->posted == it->targets.url_count)
        return it->taken ? forget(it) : leave(it);
    struct fetch *fetch = fetch_new(it->targets.urls[it->posted++]);
    fetch->post = true;
    bytes_add_text(&fetch->fields, "Content-Type: application/tlsrpt+gzip\r\n");
    bytes_add(&fetch->body, bytes_slice(&it->gzip));
    return wait_for(it, POST, &fetch->errand);
}

static enum next written(struct reporter *it, struct errand *back)
{
    struct out_report *report = container_of(back, struct out_report, errand);
    bool ok = back->ok;

    if (ok) {
        bytes_add(&it->gzip, bytes_slice(&report->gzip));
        it->taken = report->mailed;
    } else {
        log_error("the TLS report to %s could not be written: %s (%s)", it->domain, back->err.said,
                  back->err.cause);
    }
    errand_free(back);
    return ok ? post_next(it) : leave(it);
}

static enum next posted(struct reporter *it, struct errand *back)
{
    const struct fetch *fetch = container_of(back, struct fetch, errand);
    bool taken = fetch->outcome == FETCH_ANSWERED && fetch->status / 100 == 2;

    log_info("tls report domain=%s %s", it->domain, taken ? "was taken" : "was not taken by HTTPS");
    it->taken |= taken;
    errand_free(back);
    return post_next(it);
}

static enum next forgot(struct reporter *it, struct errand *back)
{
    if (!back->ok)
        log_error("the TLS report to %s could not be forgotten: %s (%s)", it->domain,
                  back->err.said, back->err.cause);
    errand_free(back);
    return look(it);
}

/* ---- the session kind ---- */
static enum next on_begin(void *session, const struct peer *peer, struct turn *turn)
{
    struct reporter *it = session;

    (void)peer;
    it->turn = turn;
    return rest(it, FIRST_LOOK_MS);
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    struct reporter *it = session;

    it->turn = turn;
    if (it->out->claims.closing) {
        errand_free(back);
        return NEXT_HANG_UP;
    }
    switch (it->stage) {
    case NEXT: return found_next(it, back);
    case TARGETS: return found_targets(it, back);
    case WRITE: return written(it, back);
    case POST: return posted(it, back);
    case END: return forgot(it, back);
    case REST: break;
    }
    __builtin_unreachable();
}

static enum next on_nudge(void *session, enum nudge why, struct turn *turn)
{
    struct reporter *it = session;

    it->turn = turn;
    return why == NUDGE_CLOSING ? NEXT_HANG_UP : begin_round(it);
}

static void on_free(void *session)
{
    struct reporter *it = session;

    report_targets_clear(&it->targets);
    bytes_clear(&it->gzip);
    free(it->domain);
    free(it);
}

const struct session_kind out_reporter_kind = {
    .name = "mail-reporter",
    .begin = on_begin,
    .resume = on_resume,
    .nudged = on_nudge,
    .free = on_free,
};
