/*
 * out_sts — the policy of a domain about its mail hosts (MTA-STS, RFC 8461 3).  Pure.
 */
#ifndef NESTBOX_SMTP_OUT_STS_H
#define NESTBOX_SMTP_OUT_STS_H

#include "bytes.h"
#include "dns.h"

enum {
    STS_ID_MAX = 32,
    STS_PATTERNS_MAX = 100,
    STS_TEXT_MAX = 64 * 1024,
    STS_AGE_MAX_S = 31557600, /* a year */
};
enum sts_mode { STS_NONE, STS_TESTING, STS_ENFORCE }; /* kept in the store by number */
struct sts_policy {
    enum sts_mode mode;
    int64_t max_age_s;
    char *patterns; /* canonical, a space between: "mx.a.test *.b.test"; "" : none */
};
void sts_policy_clear(struct sts_policy *policy);
SCOPED_VALUE(sts_policy, sts_policy_clear)

/* The id in the answer to _mta-sts.D TXT.  False: the domain announces no policy. */
bool sts_record_read(const struct dns_answer *answer, char out_id[STS_ID_MAX + 1]);
/* What stands at https://mta-sts.D/.well-known/mta-sts.txt.  False: it is no policy. */
bool sts_policy_read(struct slice text, struct sts_policy *out);
/* "*." stands for one label. */
bool sts_policy_names(const struct sts_policy *policy, const char *host);
/* The policy's own lines, as TLS reports quote it. */
void sts_policy_print(const struct sts_policy *policy, struct bytes *out);

/* What is known of a domain's policy from before. */
struct sts_kept {
    char id[STS_ID_MAX + 1]; /* "" : never had one */
    struct sts_policy policy;
    int64_t fetched_ms;
    char failed_id[STS_ID_MAX + 1]; /* that could not be fetched at failed_ms */
    int64_t failed_ms;
};
void sts_kept_clear(struct sts_kept *kept);
SCOPED_VALUE(sts_kept, sts_kept_clear)

/* Whether what is kept still holds. */
bool sts_kept_holds(const struct sts_kept *kept, int64_t now_ms);
/* Whether a policy announced under `id` should be fetched now: it is new, or a day has passed, and it did not fail
 * within five minutes. */
bool sts_should_fetch(const struct sts_kept *kept, const char *id, int64_t now_ms);

#endif
