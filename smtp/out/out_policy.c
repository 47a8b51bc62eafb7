#include "out_policy.h"

#include "fetch.h"
#include "log.h"
#include "memory.h"
#include "out.h"

#include <stdio.h>

struct errand *policy_search_begin(struct policy_search *it, const struct out_duties *duties,
                                   const char *domain, const struct dns_answer *txt)
{
    *it = (struct policy_search){.duties = duties, .domain = domain, .trouble = TLS_UNSEEN};
    if (!sts_record_read(txt, it->announced))
        it->announced[0] = '\0';
    it->step = POLICY_RECALL;
    return duties->recall(duties->ctx, domain);
}

static struct errand *known(struct policy_search *it)
{
    it->step = POLICY_KNOWN;
    return NULL;
}

static struct errand *fetch_it(struct policy_search *it)
{
    scoped_text char *url = must_print("https://mta-sts.%s/.well-known/mta-sts.txt", it->domain);
    struct fetch *fetch = fetch_new(url);

    fetch->max_bytes = STS_TEXT_MAX;
    fetch->total_ms = MINUTE_MS;
    it->step = POLICY_FETCH;
    return &fetch->errand;
}

static struct errand *recalled(struct policy_search *it, struct errand *back)
{
    struct out_recall *recall = container_of(back, struct out_recall, errand);

    if (back->ok) {
        it->kept = recall->kept;
        recall->kept = (struct sts_kept){.fetched_ms = 0};
    } else {
        log_error("the policy kept of %s could not be read: %s (%s)", it->domain, back->err.said,
                  back->err.cause);
    }
    errand_free(back);
    bool due = it->announced[0] &&
               sts_should_fetch(&it->kept, it->announced, clock_now(it->duties->clock));
    return due ? fetch_it(it) : known(it);
}

/* RFC 8461 3.3: 200 alone, no redirect, text/plain. */
enum tls_result policy_read(const struct fetch *fetch, struct sts_policy *out)
{
    struct slice type = slice_of(fetch->content_type);

    if (fetch->outcome == FETCH_TLS)
        return TLS_STS_WEBPKI;
    if (fetch->outcome == FETCH_TOO_LARGE)
        return TLS_STS_INVALID;
    if (fetch->outcome != FETCH_ANSWERED || fetch->status != 200)
        return TLS_STS_UNFETCHED;
    type = slice_trim(slice_cut(&type, ';'));
    if (!slice_is_nocase(type, "text/plain") || !sts_policy_read(bytes_slice(&fetch->answer), out))
        return TLS_STS_INVALID;
    return TLS_GOOD;
}

static struct errand *fetched(struct policy_search *it, struct errand *back)
{
    const struct fetch *fetch = container_of(back, struct fetch, errand);
    struct sts_policy policy = {.mode = STS_NONE};
    enum tls_result result = policy_read(fetch, &policy);
    int64_t now_ms = clock_now(it->duties->clock);

    errand_free(back);
    if (result == TLS_GOOD) {
        sts_kept_clear(&it->kept);
        it->kept.policy = policy;
        it->kept.fetched_ms = now_ms;
        snprintf(it->kept.id, sizeof it->kept.id, "%s", it->announced);
    } else {
        log_info("domain=%s its MTA-STS policy could not be had: %s", it->domain,
                 tls_result_name(result));
        it->trouble = result;
        it->kept.failed_ms = now_ms;
        snprintf(it->kept.failed_id, sizeof it->kept.failed_id, "%s", it->announced);
    }
    it->step = POLICY_KEEP;
    return it->duties->keep(it->duties->ctx, it->domain, &it->kept);
}

static struct errand *was_kept(struct policy_search *it, struct errand *back)
{
    if (!back->ok)
        log_error("the policy of %s could not be kept: %s (%s)", it->domain, back->err.said,
                  back->err.cause);
    errand_free(back);
    return known(it);
}

struct errand *policy_search_go_on(struct policy_search *it, struct errand *back)
{
    switch (it->step) {
    case POLICY_RECALL: return recalled(it, back);
    case POLICY_FETCH: return fetched(it, back);
    case POLICY_KEEP: return was_kept(it, back);
    case POLICY_KNOWN: break;
    }
    __builtin_unreachable();
}

const struct sts_policy *policy_found(const struct policy_search *it)
{
    bool holds = it->step == POLICY_KNOWN && it->duties &&
                 sts_kept_holds(&it->kept, clock_now(it->duties->clock));

    return holds ? &it->kept.policy : NULL;
}

void policy_search_clear(struct policy_search *it)
{
    sts_kept_clear(&it->kept);
}
