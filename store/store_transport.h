/*
 * store_transport — TLS on the way to others: policies of mail domains (RFC 8461), and how it went (RFC 8460): reading.
 */
#ifndef NESTBOX_STORE_TRANSPORT_H
#define NESTBOX_STORE_TRANSPORT_H

#include "store.h"

struct sts_row {
    char *domain;
    char *policy_id; /* NULL: none was ever had */
    int mode;        /* smtp's enum sts_mode */
    int64_t max_age_s;
    char *patterns;
    int64_t fetched_ms;
    char *failed_id; /* or NULL */
    int64_t failed_ms;
};
void sts_row_clear(struct sts_row *row);
SCOPED_VALUE(sts_row, sts_row_clear)
enum found store_sts(struct store_view *view, const char *domain, struct sts_row *out,
                     struct err *err);

/* The first domain behind `after` whose policy holds and was fetched more than a day before.  *out is heap. */
enum found store_sts_stale(struct store_view *view, int64_t now_ms, const char *after, char **out,
                           struct err *err);

struct tls_row {
    int64_t day; /* UTC, since 1970 */
    char *domain;
    int judge, result; /* smtp's enum tls_judge, enum tls_result */
    char *host, *address, *policy;
    int64_t count;
};
void tls_row_clear(struct tls_row *row);
SCOPED_VALUE(tls_row, tls_row_clear)
/* In order of day, domain and policy. `day` and `domain` name one report; domain NULL: all there is. */
MUST_CHECK bool store_tls_counts(struct store_view *view, int64_t day, const char *domain,
                                 bool (*each)(void *ctx, const struct tls_row *), void *ctx,
                                 struct err *err);
/* A number that no other report has or will have. */
enum found store_tls_number(struct store_view *view, int64_t day, const char *domain, int64_t *out,
                            struct err *err);
/* The first day and domain behind these two, of days before `end_day`.  *out_domain is heap. */
enum found store_tls_next(struct store_view *view, int64_t end_day, int64_t after_day,
                          const char *after_domain, int64_t *out_day, char **out_domain,
                          struct err *err);

struct tls_heard_row { /* what somebody else told of TLS on the way to us */
    int64_t day;
    char *domain, *reporter;
    int64_t good, bad;
    char *trouble; /* "" : none */
};
void tls_heard_row_clear(struct tls_heard_row *row);
SCOPED_VALUE(tls_heard_row, tls_heard_row_clear)
/* Of that day and later, newest first. */
MUST_CHECK bool store_tls_heard(struct store_view *view, int64_t from_day,
                                bool (*each)(void *ctx, const struct tls_heard_row *), void *ctx,
                                struct err *err);

#endif
