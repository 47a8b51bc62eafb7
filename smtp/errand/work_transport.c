/* What the outgoing half wants remembered of TLS on its way: policies of domains, and how it went. */
#include "bridge_transport.h"
#include "smtp_work.h"

#include <stdio.h>

/* ---- a policy that is kept ---- */
struct recall {
    struct out_recall base;
    struct smtp *smtp;
    char *domain;
};

static void take_row(struct sts_row *row, struct sts_kept *out)
{
    snprintf(out->id, sizeof out->id, "%s", row->policy_id ? row->policy_id : "");
    snprintf(out->failed_id, sizeof out->failed_id, "%s", row->failed_id ? row->failed_id : "");
    out->policy = (struct sts_policy){
        .mode = (enum sts_mode)row->mode,
        .max_age_s = row->max_age_s,
        .patterns = steal(&row->patterns),
    };
    out->fetched_ms = row->fetched_ms;
    out->failed_ms = row->failed_ms;
}

static bool recall_work(struct errand *errand, struct err *err)
{
    struct recall *recall = container_of(errand, struct recall, base.errand);
    scoped(store_view) view = store_look(recall->smtp->parts.store, err);
    scoped_value(sts_row) row = {0};

    if (!view)
        return false;
    enum found found = store_sts(view, recall->domain, &row, err);
    if (found == FOUND)
        take_row(&row, &recall->base.kept);
    return found != FAILED;
}

static void recall_free(struct errand *errand)
{
    struct recall *recall = container_of(errand, struct recall, base.errand);

    sts_kept_clear(&recall->base.kept);
    free(recall->domain);
    free(recall);
}

struct errand *work_recall(void *ctx, const char *domain)
{
    struct recall *recall = must_new(struct recall);

    recall->base.errand =
        (struct errand){.lane = LANE_QUICK, .work = recall_work, .free = recall_free};
    recall->smtp = ctx;
    recall->domain = must_dup(domain);
    return &recall->base.errand;
}

/* ---- a policy to keep ---- */
struct keep {
    struct errand errand;
    struct sts_row row;
};

static bool keep_write(struct errand *errand, struct store_tx *tx, struct err *err)
{
    return bridge_keep_policy(tx, &container_of(errand, struct keep, errand)->row, err);
}

static void keep_free(struct errand *errand)
{
    struct keep *keep = container_of(errand, struct keep, errand);

    sts_row_clear(&keep->row);
    free(keep);
}

static char *dup_or_null(const char *text)
{
    return *text ? must_dup(text) : NULL;
}

struct errand *work_keep(void *ctx, const char *domain, const struct sts_kept *kept)
{
    struct keep *keep = must_new(struct keep);

    (void)ctx;
    keep->errand = (struct errand){.lane = LANE_QUICK, .write = keep_write, .free = keep_free};
    keep->row = (struct sts_row){
        .domain = must_dup(domain),
        .policy_id = dup_or_null(kept->id),
        .mode = (int)kept->policy.mode,
        .max_age_s = kept->policy.max_age_s,
        .patterns = must_dup(kept->policy.patterns ? kept->policy.patterns : ""),
        .fetched_ms = kept->fetched_ms,
        .failed_id = dup_or_null(kept->failed_id),
        .failed_ms = kept->failed_ms,
    };
    return &keep->errand;
}

/* ---- policies that are old ---- */
struct stale {
    struct out_stale base;
    struct smtp *smtp;
    char *after_domain;
};

static bool stale_work(struct errand *errand, struct err *err)
{
    struct stale *stale = container_of(errand, struct stale, base.errand);
    scoped(store_view) view = store_look(stale->smtp->parts.store, err);

    return view && store_sts_stale(view, clock_now(stale->smtp->parts.clock), stale->after_domain,
                                   &stale->base.domain, err) != FAILED;
}

static void stale_free(struct errand *errand)
{
    struct stale *stale = container_of(errand, struct stale, base.errand);

    free(stale->base.domain);
    free(stale->after_domain);
    free(stale);
}

struct errand *work_next_stale(void *ctx, const char *after_domain)
{
    struct stale *stale = must_new(struct stale);

    stale->base.errand =
        (struct errand){.lane = LANE_QUICK, .work = stale_work, .free = stale_free};
    stale->smtp = ctx;
    stale->after_domain = must_dup(after_domain);
    return &stale->base.errand;
}

/* ---- counts ---- */
struct counts {
    struct errand errand;
    struct smtp *smtp;
    struct ledger seen;
};

static bool counts_write(struct errand *errand, struct store_tx *tx, struct err *err)
{
    const struct counts *counts = container_of(errand, struct counts, errand);
    int64_t day = clock_now(counts->smtp->parts.clock) / DAY_MS;
    struct tls_row rows[LEDGER_ROWS_MAX];

    for (size_t i = 0; i < counts->seen.count; i++) {
        const struct ledger_row *row = &counts->seen.rows[i];
        rows[i] = (struct tls_row){
            .day = day,
            .domain = row->texts[LEDGER_DOMAIN],
            .judge = (int)row->seen.judge,
            .result = (int)row->seen.result,
            .host = row->texts[LEDGER_HOST],
            .address = row->texts[LEDGER_ADDRESS],
            .policy = row->texts[LEDGER_POLICY],
            .count = row->count,
        };
    }
    return bridge_count_tls(tx, rows, counts->seen.count, err);
}

static void counts_free(struct errand *errand)
{
    struct counts *counts = container_of(errand, struct counts, errand);

    ledger_clear(&counts->seen);
    free(counts);
}

struct errand *work_tls_count(void *ctx, struct ledger *seen)
{
    struct counts *counts = must_new(struct counts);

    counts->errand =
        (struct errand){.lane = LANE_QUICK, .write = counts_write, .free = counts_free};
    counts->smtp = ctx;
    ledger_take(seen, &counts->seen);
    return &counts->errand;
}
