/* The body in the spool, and the mail after its final dot: prepared on a worker, recorded on the writer. */
#include "resolve.h"
#include "smtp_work.h"
#include "spool.h"
#include "work_heard.h"
#include "work_judge.h"

enum { BULK_ABOVE = 1024 * 1024 };

struct smtp_body {
    struct spool *spool;
};

static enum spool_class class_of(enum smtp_door door)
{
    return door == SMTP_DOOR_MX ? SPOOL_STRANGER : SPOOL_OWN;
}

bool work_has_room(void *ctx, enum smtp_door door, int64_t octets)
{
    const struct smtp *smtp = ctx;

    return spools_have_room(smtp->parts.spools, class_of(door), octets);
}

struct smtp_body *work_body_new(void *ctx, enum smtp_door door)
{
    struct smtp *smtp = ctx;
    struct smtp_body *body = must_new(struct smtp_body);

    body->spool = spool_new(smtp->parts.spools, class_of(door));
    return body;
}

bool work_body_add(struct smtp_body *body, struct slice s)
{
    return spool_add(body->spool, s);
}

void work_body_free(struct smtp_body *body)
{
    if (body)
        spool_free(body->spool);
    free(body);
}

struct flush {
    struct smtp_errand base;
    struct spool *spool; /* borrowed: the session waits for us, dead or alive */
};

static bool flush(struct errand *errand, struct err *err)
{
    return spool_flush(container_of(errand, struct flush, base.errand)->spool, err);
}

static void flush_free(struct errand *errand)
{
    free(container_of(errand, struct flush, base.errand));
}

struct errand *work_body_flush(struct smtp_body *body)
{
    struct flush *it = must_new(struct flush);

    it->base.errand = (struct errand){.lane = LANE_HEAVY, .work = flush, .free = flush_free};
    it->spool = body->spool;
    return &it->base.errand;
}

struct take {
    struct work_errand base;
    struct smtp *smtp;
    struct smtp_body *body;
    struct mail_arrival arrival;
    struct judging judging; /* mail from outside */
    bool judged;
    bool hears; /* a report of TLS */
    struct tls_heard heard;
};

static struct take *take_of(struct errand *errand)
{
    return container_of(errand, struct take, base.base.errand);
}

/* The next person who must be found before the bridge can decide, or NULL. */
static struct handle *next_wanted(struct mail_arrival *arrival)
{
    for (size_t i = 0; i < arrival->wanted_count; i++)
        if (!arrival->wanted[i].asked)
            return &arrival->wanted[i];
    return NULL;
}

static bool record(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct take *take = take_of(errand);

    return bridge_mail_record(take->smtp->parts.bridge, tx, &take->arrival, err) &&
           (!take->hears || work_heard_record(tx, &take->arrival, &take->heard, err));
}

/* What was found stands above our Received (RFC 8601 5). */
static void tell_origin(struct take *take)
{
    struct mail_arrival *arrival = &take->arrival;
    scoped_value(bytes) trace = {0};

    origin_evidence(&take->judging.origin, &arrival->evidence);
    if (arrival->evidence.arc == AUTH_PASS) {
        arrival->arc_chain = take->judging.origin.arc.chain;
        take->judging.origin.arc.chain = (struct bytes){0};
    }
    origin_field(&take->judging.origin, take->smtp->duties.hostname, &trace);
    bytes_add_text(&trace, arrival->received_field);
    free(arrival->received_field);
    arrival->received_field = bytes_take(&trace);
}

/* False *out_ended: DNS is asked first. */
static bool judge(struct take *take, bool *out_ended, struct err *err)
{
    struct dns_lookup *first;

    *out_ended = take->judged;
    if (take->judged)
        return true;
    if (!judging_run(&take->judging, take->smtp, &take->arrival, &first, err))
        return false;
    if (first) {
        take->base.base.first = &first->errand;
        return true;
    }
    take->judged = *out_ended = true;
    tell_origin(take);
    return true;
}

/* Three ends: something must be found out first; refused, and recorded nowhere; taken, once it is recorded. */
static bool prepare(struct errand *errand, struct err *err)
{
    struct take *take = take_of(errand);
    struct mail_arrival *arrival = &take->arrival;
    bool judged;

    errand->write = NULL;
    if (!judge(take, &judged, err))
        return false;
    if (!judged)
        return true;
    if (!next_wanted(arrival) && !bridge_mail_prepare(take->smtp->parts.bridge, arrival, err))
        return false;
    struct handle *wanted = next_wanted(arrival);
    if (wanted) {
        take->base.base.first = &resolve_new(wanted->user, wanted->host, NULL)->errand;
        return true;
    }
    smtp_say(&take->base.base, &arrival->answer, "Taken");
    bool taken = arrival->answer.verdict == VERDICT_TAKEN;
    if (!taken && !arrival->records)
        return true;
    if (taken)
        take->hears = work_hear_tls(take->smtp, arrival, &take->heard);
    errand->write = record;
    return true;
}

static void person_found(struct take *take, struct errand *back)
{
    struct resolve *resolve = container_of(back, struct resolve, errand);
    struct handle *wanted = next_wanted(&take->arrival);

    wanted->asked = true;
    wanted->nobody = resolve->outcome == RESOLVE_NOBODY;
    wanted->silent = resolve->outcome == RESOLVE_SILENT;
}

static void take_fed(struct work_errand *errand, struct errand *back)
{
    struct take *take = container_of(errand, struct take, base);

    if (take->judged)
        person_found(take, back);
    else
        judging_learn(&take->judging, container_of(back, struct dns_lookup, errand));
    errand_free(back);
}

void work_fed(struct smtp_errand *waiting, struct errand *back)
{
    struct work_errand *errand = container_of(waiting, struct work_errand, base);

    errand->fed(errand, back);
}

static void take_free(struct errand *errand)
{
    struct take *take = take_of(errand);

    errand_free(take->base.base.first);
    judging_clear(&take->judging);
    mail_arrival_clear(&take->arrival);
    work_body_free(take->body);
    free(take);
}

/* Who submits does not tell the world where they sit: no client address on that door (mail.md 1.8). */
static char *received_field(const struct smtp *smtp, const struct smtp_mail *mail)
{
    char date[DATE_TEXT_SIZE];
    scoped_value(bytes) field = {0};

    date_rfc5322(clock_now(smtp->parts.clock), date);
    bytes_add_text(&field, "Received: ");
    if (mail->door == SMTP_DOOR_MX)
        bytes_print(&field, "from %s ([%s%s])\r\n\t", mail->ehlo[0] ? mail->ehlo : "unknown",
                    strchr(mail->peer->text, ':') ? "IPv6:" : "", mail->peer->text);
    bytes_print(&field, "by %s (Nestbox) with %s id %s", smtp->duties.hostname, mail->protocol,
                mail->session);
    if (mail->recipient_count == 1)
        bytes_print(&field, "\r\n\tfor <%s>", mail->recipients[0]);
    bytes_print(&field, "; %s\r\n", date);
    return bytes_take(&field);
}

static void fill_arrival(struct mail_arrival *arrival, const struct smtp *smtp,
                         const struct smtp_mail *mail)
{
    arrival->door = mail->door == SMTP_DOOR_MX ? MAIL_DOOR_MX : MAIL_DOOR_SUBMISSION;
    arrival->account_id = mail->account_id;
    arrival->mail_from = must_copy(mail->mail_from);
    arrival->helo = must_dup(mail->ehlo);
    arrival->recipients = must_alloc_array(mail->recipient_count, sizeof arrival->recipients[0]);
    arrival->recipient_terms =
        must_alloc_array(mail->recipient_count, sizeof arrival->recipient_terms[0]);
    arrival->recipient_count = mail->recipient_count;
    for (size_t i = 0; i < mail->recipient_count; i++) {
        arrival->recipients[i] = must_dup(mail->recipients[i]);
        arrival->recipient_terms[i] = recipient_terms_copy(&mail->recipient_terms[i]);
    }
    arrival->terms = mail_terms_copy(mail->terms);
    arrival->body = spool_source(mail->body->spool);
    arrival->received_field = received_field(smtp, mail);
    arrival->received_ms = clock_now(smtp->parts.clock);
}

struct errand *work_take(void *ctx, const struct smtp_mail *mail)
{
    struct smtp *smtp = ctx;
    struct take *take = must_new(struct take);
    bool large = spool_size(mail->body->spool) > BULK_ABOVE;

    take->base.base.errand = (struct errand){.lane = large ? LANE_BULK : LANE_HEAVY,
                                             .work = prepare,
                                             .free = take_free,
                                             .may_move = true};
    take->base.fed = take_fed;
    take->smtp = smtp;
    take->body = mail->body;
    fill_arrival(&take->arrival, smtp, mail);
    take->judged = mail->door != SMTP_DOOR_MX;
    judging_init(&take->judging, mail);
    return &take->base.base.errand;
}
