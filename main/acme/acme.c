#include "acme.h"

#include "acme_job.h"
#include "clock.h"
#include "log.h"
#include "memory.h"

#include <string.h>

enum { NAMES_AT_ONCE = DNS_QUESTIONS_MAX / 2, AFTER_FAILURE_MS = 60 * SECOND_MS };

struct acme {
    struct acme_parts parts;
    struct acme_job *job; /* NULL while a worker has it */
    size_t asked;         /* of which names DNS was asked already */
};

static enum next rest(int64_t ms, struct turn *turn)
{
    turn->wake_at_ms = monotonic_ms() + (ms > 0 ? ms : 1);
    return NEXT_READ;
}

static enum next work(struct acme *acme, enum acme_work what, struct turn *turn)
{
    struct acme_job *job = steal(&acme->job);

    job->work = what;
    turn->errand = &job->errand;
    return NEXT_WAIT;
}

/* Names that DNS knows nothing of are not asked for. */
static enum next ask_dns(struct acme *acme, struct turn *turn)
{
    const struct own_names *names = &acme->job->view.wanted;
    struct dns_lookup *lookup = dns_lookup_new();

    for (size_t i = acme->asked; i < names->count && i < acme->asked + NAMES_AT_ONCE; i++) {
        dns_lookup_ask(lookup, DNS_A, names->at[i]);
        dns_lookup_ask(lookup, DNS_AAAA, names->at[i]);
    }
    turn->errand = &lookup->errand;
    return NEXT_WAIT;
}

static bool is_nothing(const struct dns_answer *answer)
{
    return answer->outcome == DNS_NO_NAME || answer->outcome == DNS_NO_DATA;
}

static enum next on_dns(struct acme *acme, struct errand *back, struct turn *turn)
{
    const struct dns_lookup *lookup = container_of(back, struct dns_lookup, errand);

    for (size_t i = 0; i + 1 < lookup->count; i += 2)
        acme->job->without_address[acme->asked + i / 2] =
            back->ok && is_nothing(&lookup->answers[i]) && is_nothing(&lookup->answers[i + 1]);
    acme->asked += lookup->count / 2;
    errand_free(back);
    return acme->asked < acme->job->view.wanted.count ? ask_dns(acme, turn)
                                                      : work(acme, ACME_BEGIN, turn);
}

static enum next fetch(const struct acme_request *request, struct turn *turn)
{
    struct fetch *fetch = fetch_new(request->url);

    fetch->post = request->post;
    fetch->max_bytes = ACME_ANSWER_MAX;
    fetch->wanted[0] = "Location";
    fetch->wanted[1] = "Replay-Nonce";
    bytes_add_text(&fetch->fields, "User-Agent: Nestbox/" NESTBOX_VERSION "\r\n");
    if (request->post)
        bytes_add_text(&fetch->fields, "Content-Type: application/jose+json\r\n");
    bytes_add(&fetch->body, bytes_slice(&request->body));
    turn->errand = &fetch->errand;
    return NEXT_WAIT;
}

static enum next on_worked(struct acme *acme, struct errand *back, struct turn *turn)
{
    struct acme_job *job = acme->job = container_of(back, struct acme_job, errand);

    if (!back->ok) {
        log_error("acme is held up: %s (%s)", back->err.said, back->err.cause);
        acme_job_drop(job);
        return rest(AFTER_FAILURE_MS, turn);
    }
    if (job->asks_dns) {
        acme->asked = 0;
        return ask_dns(acme, turn);
    }
    /* A rest between two steps, however short, is where the session hears that the server stops. */
    return rest(job->has_request ? job->request.wait_ms : job->rest_ms, turn);
}

static enum next on_begin(void *session, const struct peer *peer, struct turn *turn)
{
    struct acme *acme = session;

    (void)peer;
    acme->job = acme_job_new(&acme->parts);
    return work(acme, ACME_LOOK, turn);
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    struct acme *acme = session;

    if (back->lane == LANE_DNS)
        return on_dns(acme, back, turn);
    if (back->lane == LANE_BULK)
        return on_worked(acme, back, turn);
    acme->job->fetched = container_of(back, struct fetch, errand);
    return work(acme, ACME_TAKE, turn);
}

static enum next on_nudged(void *session, enum nudge why, struct turn *turn)
{
    struct acme *acme = session;

    if (why == NUDGE_CLOSING)
        return NEXT_HANG_UP;
    if (acme->job->has_request)
        return fetch(&acme->job->request, turn);
    return work(acme, ACME_LOOK, turn);
}

static void on_free(void *session)
{
    struct acme *acme = session;

    if (acme->job)
        acme_job_free(&acme->job->errand);
    free(acme);
}

const struct session_kind acme_kind = {
    .name = "acme",
    .begin = on_begin,
    .resume = on_resume,
    .nudged = on_nudged,
    .free = on_free,
};

void *acme_new(const struct acme_parts *parts)
{
    struct acme *acme = must_new(struct acme);

    acme->parts = *parts;
    return acme;
}
