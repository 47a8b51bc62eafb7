#include "tls_report.h"

#include "clock.h"
#include "dns_txt.h"
#include "json.h"
#include "memory.h"
#include "text.h"

#include <stdio.h>

/* ---- who wants one ---- */
void report_targets_clear(struct report_targets *targets)
{
    for (size_t i = 0; i < targets->mail_count; i++)
        free(targets->mails[i]);
    for (size_t i = 0; i < targets->url_count; i++)
        free(targets->urls[i]);
    *targets = (struct report_targets){.mail_count = 0};
}

static bool is_plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] >= 0x7f || strchr("<>\"\\(),;:", text.at[i]))
            return false;
    return text.len > 0;
}

/* "mailto:reports@a.test", perhaps with fields behind '?', which a report does not heed. */
static void take_mail(struct slice text, struct report_targets *out)
{
    scoped_value(bytes) decoded = {0};
    scoped_text char *domain = NULL;
    struct err ignored;

    if (!percent_read(slice_cut(&text, '?'), &decoded))
        return;
    struct slice address = bytes_slice(&decoded);
    size_t at = slice_find_last(address, '@');
    if (at == SIZE_MAX || at == 0 || at > 64 || address.len > 254 || !is_plain(address) ||
        slice_find(address, '@') != at ||
        !host_canonical(slice_from(address, at + 1), &domain, &ignored))
        return;
    out->mails[out->mail_count++] = must_print("%.*s@%s", (int)at, address.at, domain);
}

static void take_url(struct slice text, struct report_targets *out)
{
    struct url url;

    if (url_read(text, &url) && url.https && text.len < 1000)
        out->urls[out->url_count++] = must_copy(text);
}

static void take_targets(struct slice list, struct report_targets *out)
{
    while (list.at && out->mail_count + out->url_count < REPORT_TARGETS_MAX) {
        struct slice uri = slice_trim(slice_cut(&list, ','));
        if (slice_starts_nocase(uri, "mailto:"))
            take_mail(slice_from(uri, strlen("mailto:")), out);
        else
            take_url(uri, out);
    }
}

bool report_targets_read(const struct dns_answer *answer, struct report_targets *out)
{
    scoped_value(bytes) text = {0};
    struct slice tag, value;

    *out = (struct report_targets){.mail_count = 0};
    if (!dns_txt_only(answer, "v=TLSRPTv1", &text))
        return false;
    struct slice rest = bytes_slice(&text);
    while (dns_txt_field(&rest, &tag, &value))
        if (slice_is(tag, "rua"))
            take_targets(value, out);
    return out->mail_count + out->url_count > 0;
}

/* ---- what it says ---- */
void tls_report_name(struct tls_report *report)
{
    snprintf(report->id, sizeof report->id, "%lld.%.50s", (long long)report->day, report->domain);
}

char *tls_report_file(const struct tls_report *report)
{
    int64_t begin_s = report->day * (DAY_MS / SECOND_MS);

    return must_print("%s!%s!%lld!%lld.json.gz", report->submitter, report->domain,
                      (long long)begin_s, (long long)begin_s + DAY_MS / SECOND_MS - 1);
}

static void write_times(const struct tls_report *report, struct json *json)
{
    char begin[DATE_TEXT_SIZE], end[DATE_TEXT_SIZE];

    date_rfc3339(report->day * DAY_MS, begin);
    date_rfc3339((report->day + 1) * DAY_MS - SECOND_MS, end);
    json_open(json, "date-range");
    json_text(json, "start-datetime", begin);
    json_text(json, "end-datetime", end);
    json_end(json);
}

static void write_lines(struct json *json, const char *name, struct slice lines, const char *prefix)
{
    json_array(json, name);
    while (lines.at && lines.len > 0) {
        struct slice line = slice_line(&lines);
        if (slice_starts(line, slice_of(prefix)))
            json_slice(json, NULL, slice_from(line, strlen(prefix)));
    }
    json_end(json);
}

/* Records and policies may change within a day; the first of them is quoted. */
static void write_policy(const struct tls_report *report, const struct tls_sight *seen,
                         struct json *json)
{
    static const char *const types[] = {
        [JUDGE_NOBODY] = "no-policy-found", [JUDGE_DANE] = "tlsa", [JUDGE_STS] = "sts"};
    struct slice lines = slice_of(seen->policy);

    json_open(json, "policy");
    json_text(json, "policy-type", types[seen->judge]);
    if (lines.len > 0)
        write_lines(json, "policy-string", lines, "");
    json_text(json, "policy-domain", report->domain);
    if (seen->judge == JUDGE_STS)
        write_lines(json, "mx-host", lines, "mx: ");
    json_end(json);
}

static void write_summary(const struct ledger_row *rows, size_t count, struct json *json)
{
    int64_t good = 0, bad = 0;

    for (size_t i = 0; i < count; i++)
        *(rows[i].seen.result == TLS_GOOD ? &good : &bad) += rows[i].count;
    json_open(json, "summary");
    json_number(json, "total-successful-session-count", good);
    json_number(json, "total-failure-session-count", bad);
    json_end(json);
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static void write_failures(const struct tls_report *report, const struct ledger_row *rows,
                           size_t count, struct json *json)
{
    json_array(json, "failure-details");
    for (size_t i = 0; i < count; i++) {
        const struct tls_sight *seen = &rows[i].seen;
        if (seen->result == TLS_GOOD)
            continue;
        json_open(json, NULL);
        json_text(json, "result-type", tls_result_name(seen->result));
        json_text(json, "sending-mta-ip", or_null(report->address));
        json_text(json, "receiving-mx-hostname", or_null(seen->host));
        json_text(json, "receiving-ip", or_null(seen->address));
        json_number(json, "failed-session-count", rows[i].count);
        json_end(json);
    }
    json_end(json);
}

void tls_report_write(const struct tls_report *report, const struct ledger_row *rows, size_t count,
                      struct bytes *out)
{
    struct json json = json_to(out);
    scoped_text char *contact = must_print("postmaster@%s", report->submitter);

    json_open(&json, NULL);
    json_text(&json, "organization-name", report->submitter);
    write_times(report, &json);
    json_text(&json, "contact-info", contact);
    json_text(&json, "report-id", report->id);
    json_array(&json, "policies");
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i; end < count && rows[end].seen.judge == rows[i].seen.judge; end++)
            continue;
        json_open(&json, NULL);
        write_policy(report, &rows[i].seen, &json);
        write_summary(rows + i, end - i, &json);
        write_failures(report, rows + i, end - i, &json);
        json_end(&json);
    }
    json_end(&json);
    json_end(&json);
}
