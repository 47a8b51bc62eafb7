#include "acme_job.h"

#include "challenges.h"
#include "clock.h"
#include "log.h"
#include "memory.h"
#include "vault.h"

#include <stdio.h>

#define ACCOUNT_KEY "acme account key"

static struct acme_job *job_of(struct errand *errand)
{
    return container_of(errand, struct acme_job, errand);
}

static int64_t now(void)
{
    return clock_now(&system_clock);
}

static void rest_until(struct acme_job *job, int64_t wall_ms)
{
    int64_t rest_ms = wall_ms - now();

    if (rest_ms > ACME_LOOK_S * SECOND_MS)
        rest_ms = ACME_LOOK_S * SECOND_MS; /* files and clocks may change meanwhile */
    job->rest_ms = rest_ms > 1 ? rest_ms : 1;
}

/* ---- whether it is time ---- */

static bool lacks_names(const struct acme_view *view)
{
    for (size_t i = 0; i < view->wanted.count; i++)
        if (!certificate_has_name(&view->facts, view->wanted.at[i]))
            return true;
    return false;
}

/* Once, behind a start. */
static void tell_plan(struct acme_job *job, int64_t from_ms)
{
    char date[DATE_TEXT_SIZE];

    date_rfc3339(from_ms > now() ? from_ms : now(), date);
    if (!job->told)
        log_info("acme asks %s from %s on", job->view.directory, date);
    job->told = true;
}

static void look(struct acme_job *job)
{
    struct acme_view *view = &job->view;

    acme_view_clear(view);
    acme_view_read(job->parts.dir, job->parts.config, view);
    int64_t due_ms = acme_due_ms(view), from_ms = acme_not_before_ms(view, job->fresh, now());
    job->asks_dns = now() >= from_ms && (now() >= due_ms || lacks_names(view));
    if (!lacks_names(view) && due_ms > from_ms)
        from_ms = due_ms;
    tell_plan(job, from_ms);
    rest_until(job, from_ms);
}

/* ---- what came of it ---- */

static bool keep_note(struct acme_job *job)
{
    struct err err;

    job->fresh = false;
    job->rest_ms = 1; /* the next look reads it */
    if (acme_note_keep(job->parts.dir, &job->view.note, &err))
        return true;
    log_error("acme cannot write tls/acme.json, and waits an hour: %s (%s)", err.said, err.cause);
    rest_until(job, INT64_MAX);
    return false;
}

static void end_in_failure(struct acme_job *job, const char *trouble, int64_t rest_s)
{
    char date[DATE_TEXT_SIZE];

    acme_note_failure(&job->view, trouble, rest_s, now());
    date_rfc3339(job->view.note.next_ms, date);
    log_warn("acme no new certificate: %s; asks again from %s on", job->view.note.trouble, date);
    (void)keep_note(job);
}

void acme_job_drop(struct acme_job *job)
{
    challenges_close_all(job->parts.challenges);
    acme_order_free(job->order);
    job->order = NULL;
    acme_request_clear(&job->request);
    job->has_request = false;
    if (job->fetched)
        fetch_free(&job->fetched->errand);
    job->fetched = NULL;
}

static void end_in_success(struct acme_job *job)
{
    const char *trouble = acme_order_trouble(job->order);
    char date[DATE_TEXT_SIZE];
    struct err err;

    if (!acme_chain_keep(job->parts.dir, acme_order_chain(job->order), now(), &job->view, &err)) {
        end_in_failure(job, err.said, 0);
        return;
    }
    date_rfc3339(job->view.facts.until_ms, date);
    log_info("acme new certificate until %s for %s", date, job->view.facts.names.at);
    if (trouble[0])
        log_warn("acme the certificate lacks names: %s; tried again in a day", trouble);
    acme_note_success(&job->view, trouble, now());
    (void)keep_note(job);
}

static void go_on(struct acme_job *job, enum acme_next next)
{
    switch (next) {
    case ACME_ASK: job->has_request = true; return;
    case ACME_DONE: end_in_success(job); break;
    case ACME_GAVE_UP:
        end_in_failure(job, acme_order_trouble(job->order), acme_order_rest_s(job->order));
        break;
    }
    acme_job_drop(job);
}

/* ---- the order ---- */

static bool open_challenge(void *ctx, const char *token, const char *proof)
{
    struct acme_job *job = ctx;

    return challenges_open(job->parts.challenges, token, proof);
}

static void close_challenges(void *ctx)
{
    struct acme_job *job = ctx;

    challenges_close_all(job->parts.challenges);
}

static bool make_request(void *ctx, const char *const *names, size_t count, struct bytes *out,
                         struct err *err)
{
    struct acme_job *job = ctx;

    return acme_request_make(job->parts.dir, names, count, out, err);
}

static bool is_worth(void *ctx, const char *const *names, size_t count)
{
    struct acme_job *job = ctx;

    return acme_is_worth(&job->view, names, count, now());
}

static void sign(void *ctx, struct slice data, unsigned char out[ACME_SIGNATURE_LEN])
{
    vault_es256_sign(ctx, ACCOUNT_KEY, data, out);
}

static void begin(struct acme_job *job)
{
    const struct own_names *wanted = &job->view.wanted;
    const char *names[ACME_NAMES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < wanted->count && count < COUNT_OF(names); i++)
        if (!job->without_address[i])
            names[count++] = wanted->at[i];
    if (!is_worth(job, names, count)) {
        if (now() >= acme_due_ms(&job->view))
            end_in_failure(
                job, "names of this server have no address in DNS: see nestbox dns --check", 0);
        else
            rest_until(job, INT64_MAX); /* only what has no address is missing */
        return;
    }
    acme_note_begin(&job->view, now());
    if (!keep_note(job))
        return;
    const struct acme_duties duties = {open_challenge, close_challenges, make_request, is_worth,
                                       job};
    struct acme_signer signer = {.sign = sign, .ctx = job->parts.vault};
    vault_es256_point(job->parts.vault, ACCOUNT_KEY, signer.point);
    job->order = acme_order_new(job->view.directory, names, count, &signer, &duties);
    go_on(job, acme_order_begin(job->order, &job->request));
}

static void take(struct acme_job *job)
{
    struct fetch *fetched = steal(&job->fetched);
    const struct acme_answer answer = {
        .came = fetched->errand.ok,
        .why = fetched->errand.err.cause,
        .status = fetched->status,
        .body = bytes_slice(&fetched->answer),
        .location = fetched->found[0],
        .nonce = fetched->found[1],
        .retry_after_s = fetched->retry_after_s,
    };

    acme_request_clear(&job->request);
    enum acme_next next = acme_order_take(job->order, &answer, &job->request);
    fetch_free(&fetched->errand);
    go_on(job, next);
}

static bool do_job(struct errand *errand, struct err *err)
{
    struct acme_job *job = job_of(errand);

    (void)err;
    job->asks_dns = job->has_request = false;
    switch (job->work) {
    case ACME_LOOK: look(job); break;
    case ACME_BEGIN: begin(job); break;
    case ACME_TAKE: take(job); break;
    }
    return true;
}

struct acme_job *acme_job_new(const struct acme_parts *parts)
{
    struct acme_job *job = must_new(struct acme_job);

    job->errand = (struct errand){.lane = LANE_BULK, .work = do_job, .free = acme_job_free};
    job->parts = *parts;
    job->fresh = true;
    return job;
}

void acme_job_free(struct errand *errand)
{
    struct acme_job *job = job_of(errand);

    acme_job_drop(job);
    acme_view_clear(&job->view);
    free(job);
}
