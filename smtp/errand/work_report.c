/* Reports of TLS (RFC 8460): what is due, written as JSON, and as a mail to those who want it so. */
#include "bridge_transport.h"
#include "compose.h"
#include "gzip.h"
#include "smtp_work.h"

/* ---- what is due ---- */
struct next_report {
    struct out_next_report base;
    struct smtp *smtp;
    int64_t after_day;
    char *after_domain;
};

static bool next_work(struct errand *errand, struct err *err)
{
    struct next_report *next = container_of(errand, struct next_report, base.errand);
    int64_t today = clock_now(next->smtp->parts.clock) / DAY_MS;
    scoped(store_view) view = store_look(next->smtp->parts.store, err);

    if (!view)
        return false;
    enum found found = store_tls_next(view, today, next->after_day, next->after_domain,
                                      &next->base.day, &next->base.domain, err);
    next->base.found = found == FOUND;
    return found != FAILED;
}

static void next_free(struct errand *errand)
{
    struct next_report *next = container_of(errand, struct next_report, base.errand);

    free(next->base.domain);
    free(next->after_domain);
    free(next);
}

struct errand *work_next_report(void *ctx, int64_t after_day, const char *after_domain)
{
    struct next_report *next = must_new(struct next_report);

    next->base.errand = (struct errand){.lane = LANE_QUICK, .work = next_work, .free = next_free};
    next->smtp = ctx;
    next->after_day = after_day;
    next->after_domain = must_dup(after_domain);
    return &next->base.errand;
}

/* ---- one report ---- */
struct write_report {
    struct out_report base;
    struct smtp *smtp;
    int64_t day;
    char *domain;
    struct report_targets targets;
    struct store_body *mail; /* NULL: nobody wants one */
};

static bool add_row(void *ctx, const struct tls_row *row)
{
    struct ledger *ledger = ctx;
    const struct tls_sight seen = {
        .domain = row->domain,
        .judge = (enum tls_judge)row->judge,
        .result = (enum tls_result)row->result,
        .host = row->host,
        .address = row->address,
        .policy = row->policy,
    };

    if (ledger->count == LEDGER_ROWS_MAX)
        return false;
    ledger_note(ledger, &seen);
    ledger->rows[ledger->count - 1].count = row->count;
    return true;
}

static bool write_json(struct write_report *it, const struct tls_report *report, struct err *err)
{
    scoped(store_view) view = store_look(it->smtp->parts.store, err);
    struct ledger *ledger = must_new(struct ledger);
    scoped_value(bytes) json = {0};
    bool ok = view && store_tls_counts(view, it->day, it->domain, add_row, ledger, err);

    if (ok) {
        tls_report_write(report, ledger->rows, ledger->count, &json);
        bytes_reset(&it->base.gzip);
        gzip_add(&it->base.gzip, bytes_slice(&json));
    }
    ledger_clear(ledger);
    free(ledger);
    return ok;
}

static void add_fields(const struct write_report *it, const struct tls_report *report,
                       struct compose *mail)
{
    scoped_text char *from = must_print("postmaster@%s", report->submitter);
    scoped_text char *subject = must_print("Report Domain: %s Submitter: %s Report-ID: <%s>",
                                           report->domain, report->submitter, report->id);
    scoped_text char *message_id = must_print("%s.tls@%s", report->id, report->submitter);

    compose_address(mail, "From", NULL, from);
    for (size_t i = 0; i < it->targets.mail_count; i++)
        compose_address(mail, "To", NULL, it->targets.mails[i]);
    compose_field(mail, "Subject", subject);
    compose_date(mail, clock_now(it->smtp->parts.clock));
    compose_ids(mail, "Message-ID", (char *const[]){message_id}, 1);
    compose_field(mail, "TLS-Report-Domain", report->domain);
    compose_field(mail, "TLS-Report-Submitter", report->submitter);
    compose_field(mail, "TLS-Required", "No"); /* what it tells of may be what would stop it */
    compose_field(mail, "Auto-Submitted", "auto-generated");
}

static bool write_mail(struct write_report *it, const struct tls_report *report, struct err *err)
{
    scoped(compose) mail = compose_new();
    scoped_text char *file = tls_report_file(report);
    scoped_text char *words =
        must_print("This is a report of how TLS fared when %s delivered mail to %s, for "
                   "programs to read (RFC 8460).\n",
                   report->submitter, report->domain);

    it->mail = store_body_new_wrapped(it->smtp->parts.store, err);
    if (!it->mail)
        return false;
    add_fields(it, report, mail);
    compose_text(mail, slice_of(words), NULL);
    compose_tls_report(mail);
    compose_attach(mail, "application/tlsrpt+gzip", file, NULL, bytes_slice(&it->base.gzip));
    return compose_write(mail, store_body_sink(it->mail), err) && store_body_finish(it->mail, err);
}

/* A mail to ourselves would come back. */
static void leave_out_ours(const struct config *config, struct report_targets *targets)
{
    size_t kept = 0;

    for (size_t i = 0; i < targets->mail_count; i++) {
        struct slice address = slice_of(targets->mails[i]);
        if (config_hosts(config, slice_from(address, slice_find_last(address, '@') + 1)))
            free(targets->mails[i]);
        else
            targets->mails[kept++] = targets->mails[i];
    }
    targets->mail_count = kept;
}

static bool write_work(struct errand *errand, struct err *err)
{
    struct write_report *it = container_of(errand, struct write_report, base.errand);
    const struct config *config = it->smtp->parts.config;
    struct tls_report report = {
        .domain = it->domain,
        .submitter = config->domains[0],
        .address = config->source_address,
        .day = it->day,
    };

    store_body_drop(steal(&it->mail)); /* of an earlier run */
    tls_report_name(&report);
    leave_out_ours(config, &it->targets);
    return write_json(it, &report, err) &&
           (it->targets.mail_count == 0 || write_mail(it, &report, err));
}

static bool write_write(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct write_report *it = container_of(errand, struct write_report, base.errand);
    const struct report_mail mail = {
        .day = it->day,
        .domain = it->domain,
        .to = it->targets.mails,
        .count = it->targets.mail_count,
        .body = it->mail,
    };

    it->base.mailed = it->mail != NULL;
    return !it->mail || bridge_send_report(it->smtp->parts.bridge, tx, &mail, err);
}

static void write_free(struct errand *errand)
{
    struct write_report *it = container_of(errand, struct write_report, base.errand);

    store_body_drop(it->mail);
    report_targets_clear(&it->targets);
    bytes_clear(&it->base.gzip);
    free(it->domain);
    free(it);
}

struct errand *work_write_report(void *ctx, int64_t day, const char *domain,
                                 const struct report_targets *targets)
{
    struct write_report *it = must_new(struct write_report);

    it->base.errand = (struct errand){
        .lane = LANE_DELIVER, .work = write_work, .write = write_write, .free = write_free};
    it->smtp = ctx;
    it->day = day;
    it->domain = must_dup(domain);
    for (size_t i = 0; i < targets->mail_count; i++)
        it->targets.mails[it->targets.mail_count++] = must_dup(targets->mails[i]);
    return &it->base.errand;
}

/* ---- the end of one ---- */
struct end_report {
    struct errand errand;
    int64_t day;
    char *domain;
};

static bool end_write(struct errand *errand, struct store_tx *tx, struct err *err)
{
    const struct end_report *end = container_of(errand, struct end_report, errand);

    return bridge_end_report(tx, end->day, end->domain, err);
}

static void end_free(struct errand *errand)
{
    struct end_report *end = container_of(errand, struct end_report, errand);

    free(end->domain);
    free(end);
}

struct errand *work_end_report(void *ctx, int64_t day, const char *domain)
{
    struct end_report *end = must_new(struct end_report);

    (void)ctx;
    end->errand = (struct errand){.lane = LANE_QUICK, .write = end_write, .free = end_free};
    end->day = day;
    end->domain = must_dup(domain);
    return &end->errand;
}
