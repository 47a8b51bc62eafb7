/* Reports of TLS that others send to tlsrpt@ (RFC 8460 5.3): what they say is remembered, for `nestbox status`.  The mail
 * itself goes where mail to that office goes, whatever is in it. */
#include "work_heard.h"
#include "bridge_transport.h"
#include "gzip.h"
#include "log.h"
#include "mail.h"

enum { PARTS_MAX = 8 };

static bool is_for_reports(const struct smtp *smtp, const char *recipient)
{
    struct slice local = slice_of(recipient);
    struct slice domain = slice_of(recipient);
    size_t at = slice_find_last(domain, '@');

    return at != SIZE_MAX && slice_is_nocase(slice_first(local, at), "tlsrpt") &&
           config_hosts(smtp->parts.config, slice_from(domain, at + 1));
}

/* Anybody can write in anybody's name: only a domain that the mail proves to be from is quoted. */
static bool may_tell(const struct mail_arrival *arrival)
{
    return evidence_of_domain(&arrival->evidence) >= EVIDENCE_S1;
}

static bool read_part(struct mail_part *part, struct tls_heard *out, struct err *err)
{
    scoped_value(bytes) content = {0};
    scoped_value(bytes) json = {0};
    bool packed = mail_part_is(part, "application", "tlsrpt+gzip");

    if (!mail_part_content(part, TLS_HEARD_PACKED_MAX, &content, err) ||
        (packed && !gzip_read(bytes_slice(&content), TLS_HEARD_MAX, &json, err)))
        return false;
    return tls_heard_read(bytes_slice(packed ? &json : &content), out, err);
}

static bool is_report(const struct mail_part *part)
{
    return mail_part_is(part, "application", "tlsrpt+gzip") ||
           mail_part_is(part, "application", "tlsrpt+json");
}

/* Alone, or beside words for people. */
static bool read_mail(struct source *body, struct tls_heard *out, struct err *err)
{
    scoped(mail) mail = NULL;

    if (!mail_parse(body, &mail, err))
        return false;
    struct mail_part *root = mail_root(mail);
    if (is_report(root))
        return read_part(root, out, err);
    for (size_t i = 0; i < mail_part_count(root) && i < PARTS_MAX; i++)
        if (is_report(mail_part_child(root, i)))
            return read_part(mail_part_child(root, i), out, err);
    return err_set(err, ERR_ABSENT, "There is no report in it");
}

bool work_hear_tls(struct smtp *smtp, const struct mail_arrival *arrival, struct tls_heard *out)
{
    struct err err;
    bool for_reports = false;

    for (size_t i = 0; i < arrival->recipient_count; i++)
        for_reports |= is_for_reports(smtp, arrival->recipients[i]);
    if (!for_reports || !may_tell(arrival))
        return false;
    if (!read_mail(arrival->body, out, &err)) {
        log_info("a report of TLS from %s could not be read: %s (%s)",
                 arrival->evidence.author_domain, err.said, err.cause);
        return false;
    }
    return config_hosts(smtp->parts.config, slice_of(out->domain));
}

bool work_heard_record(struct store_tx *tx, const struct mail_arrival *arrival,
                       const struct tls_heard *heard, struct err *err)
{
    scoped_value(tls_heard_row) row = {
        .day = heard->day,
        .domain = must_dup(heard->domain),
        .reporter = must_dup(arrival->evidence.author_domain),
        .good = heard->good,
        .bad = heard->bad,
        .trouble = must_dup(heard->trouble),
    };

    return bridge_hear_tls(tx, &row, err);
}
