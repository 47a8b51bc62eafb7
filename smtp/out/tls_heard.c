#include "tls_heard.h"

#include "clock.h"
#include "text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { POLICIES_MAX = 32, FAILURES_MAX = 1000 };

struct reading {
    struct tls_heard *out;
    int64_t by_trouble[TLS_RESULTS];
};

static struct slice text_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_string(value))
        return (struct slice){"", 0};
    return (struct slice){json_string_value(value), json_string_length(value)};
}

/* What is no count is none. */
static int64_t count_of(const json_t *object, const char *name)
{
    int64_t count = json_integer_value(json_object_get(object, name));

    return count < 0 ? 0 : count > TLS_HEARD_COUNT_MAX ? TLS_HEARD_COUNT_MAX : count;
}

static bool no_report(struct err *err, const char *why)
{
    return err_because(err, ERR_MALFORMED, "This is no report of TLS", "%s", why);
}

/* The policies of one report are of one domain (RFC 8460 4.4). */
static bool read_domain(struct reading *reading, const json_t *policy, struct err *err)
{
    scoped_text char *domain = NULL;

    if (!host_canonical(text_of(json_object_get(policy, "policy"), "policy-domain"), &domain, err))
        return no_report(err, "no domain");
    if (reading->out->domain[0] && strcmp(reading->out->domain, domain) != 0)
        return no_report(err, "of several domains");
    snprintf(reading->out->domain, sizeof reading->out->domain, "%s", domain);
    return true;
}

static void read_failure(struct reading *reading, const json_t *failure)
{
    struct slice word = text_of(failure, "result-type");

    for (size_t i = TLS_GOOD + 1; i < TLS_RESULTS; i++)
        if (slice_is_nocase(word, tls_result_name((enum tls_result)i)))
            reading->by_trouble[i] += count_of(failure, "failed-session-count");
}

static bool read_policy(struct reading *reading, const json_t *policy, struct err *err)
{
    const json_t *summary = json_object_get(policy, "summary");
    const json_t *failures = json_object_get(policy, "failure-details");
    size_t count = json_array_size(failures);

    if (!read_domain(reading, policy, err))
        return false;
    reading->out->good += count_of(summary, "total-successful-session-count");
    reading->out->bad += count_of(summary, "total-failure-session-count");
    for (size_t i = 0; i < count && i < FAILURES_MAX; i++)
        read_failure(reading, json_array_get(failures, i));
    return true;
}

static void name_trouble(struct reading *reading)
{
    size_t worst = TLS_GOOD;

    for (size_t i = TLS_GOOD + 1; i < TLS_RESULTS; i++)
        if (reading->by_trouble[i] > reading->by_trouble[worst])
            worst = i;
    snprintf(reading->out->trouble, sizeof reading->out->trouble, "%s",
             tls_result_name((enum tls_result)worst));
}

static bool read_root(const json_t *root, struct tls_heard *out, struct err *err)
{
    struct reading reading = {.out = out};
    const json_t *policies = json_object_get(root, "policies");
    size_t count = json_array_size(policies);
    int64_t begin_ms;

    if (count == 0 || count > POLICIES_MAX)
        return no_report(err, "no policies, or too many");
    if (!date_from_rfc3339(text_of(json_object_get(root, "date-range"), "start-datetime"),
                           &begin_ms) ||
        begin_ms < 0)
        return no_report(err, "no day");
    out->day = begin_ms / DAY_MS;
    for (size_t i = 0; i < count; i++)
        if (!read_policy(&reading, json_array_get(policies, i), err))
            return false;
    name_trouble(&reading);
    return true;
}

bool tls_heard_read(struct slice json, struct tls_heard *out, struct err *err)
{
    json_error_t ignored;

    *out = (struct tls_heard){.day = 0};
    if (json.len > TLS_HEARD_MAX)
        return no_report(err, "too long");
    json_t *root = json_loadb(json.at, json.len, JSON_REJECT_DUPLICATES, &ignored);
    bool ok = root ? read_root(root, out, err) : no_report(err, "no JSON");
    json_decref(root);
    return ok;
}
