#include "out_sts.h"

#include "clock.h"
#include "dns_txt.h"
#include "memory.h"
#include "text.h"

#include <stdio.h>

enum { REFRESH_MS = DAY_MS, FAILED_REST_MS = 5 * MINUTE_MS };

void sts_policy_clear(struct sts_policy *policy)
{
    free(policy->patterns);
    *policy = (struct sts_policy){.mode = STS_NONE};
}

void sts_kept_clear(struct sts_kept *kept)
{
    sts_policy_clear(&kept->policy);
    *kept = (struct sts_kept){.fetched_ms = 0};
}

/* ---- the record ---- */
static bool is_id(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
    }
    return text.len > 0 && text.len <= STS_ID_MAX;
}

bool sts_record_read(const struct dns_answer *answer, char out_id[STS_ID_MAX + 1])
{
    scoped_value(bytes) text = {0};
    struct slice tag, value;

    if (!dns_txt_only(answer, "v=STSv1", &text))
        return false;
    struct slice rest = bytes_slice(&text);
    while (dns_txt_field(&rest, &tag, &value)) {
        if (!slice_is(tag, "id"))
            continue;
        if (is_id(value))
            snprintf(out_id, STS_ID_MAX + 1, "%.*s", SLICE_ARGS(value));
        return is_id(value);
    }
    return false;
}

/* ---- the policy ---- */
struct reading {
    bool version, mode, age; /* each counts once: the first */
    size_t pattern_count;
    struct bytes patterns;
    struct sts_policy policy;
};

static bool read_mode(struct slice value, enum sts_mode *out)
{
    static const char *const names[] = {
        [STS_NONE] = "none", [STS_TESTING] = "testing", [STS_ENFORCE] = "enforce"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!slice_is(value, names[i]))
            continue;
        *out = (enum sts_mode)i;
        return true;
    }
    return false;
}

/* Up to ten digits (RFC 8461 3.2); what is longer than a year counts as a year. */
static bool read_age(struct slice value, int64_t *out)
{
    if (!slice_to_number(value, 9999999999, out))
        return false;
    if (*out > STS_AGE_MAX_S)
        *out = STS_AGE_MAX_S;
    return true;
}

static bool read_pattern(struct slice value, struct reading *it)
{
    bool any = slice_starts(value, SLICE("*."));
    struct err ignored;
    scoped_text char *name = NULL;

    if (it->pattern_count++ == STS_PATTERNS_MAX ||
        !host_canonical(any ? slice_from(value, 2) : value, &name, &ignored))
        return false;
    bytes_print(&it->patterns, "%s%s%s", it->patterns.len ? " " : "", any ? "*." : "", name);
    return true;
}

static bool read_line(struct slice line, struct reading *it)
{
    size_t colon = slice_find(line, ':');

    if (slice_trim(line).len == 0)
        return true;
    if (colon == SIZE_MAX)
        return false;
    struct slice key = slice_trim(slice_first(line, colon));
    struct slice value = slice_trim(slice_from(line, colon + 1));
    if (slice_is(key, "mx"))
        return read_pattern(value, it);
    if (slice_is(key, "version") && !it->version)
        return it->version = slice_is(value, "STSv1");
    if (slice_is(key, "mode") && !it->mode)
        return it->mode = read_mode(value, &it->policy.mode);
    if (slice_is(key, "max_age") && !it->age)
        return it->age = read_age(value, &it->policy.max_age_s);
    return true;
}

bool sts_policy_read(struct slice text, struct sts_policy *out)
{
    struct reading it = {.version = false};
    bool good = text.len <= STS_TEXT_MAX;

    while (good && text.at)
        good = read_line(slice_line(&text), &it);
    good = good && it.version && it.mode && it.age &&
           (it.patterns.len > 0 || it.policy.mode == STS_NONE);
    it.policy.patterns = bytes_take(&it.patterns);
    if (good)
        *out = it.policy;
    else
        sts_policy_clear(&it.policy);
    return good;
}

static bool fits(struct slice pattern, struct slice host)
{
    if (!slice_starts(pattern, SLICE("*.")))
        return slice_eq_nocase(pattern, host);
    size_t dot = slice_find(host, '.');
    return dot != SIZE_MAX && dot > 0 &&
           slice_eq_nocase(slice_from(pattern, 1), slice_from(host, dot));
}

bool sts_policy_names(const struct sts_policy *policy, const char *host)
{
    struct slice rest = slice_of(policy->patterns);

    while (rest.at)
        if (fits(slice_cut(&rest, ' '), slice_of(host)))
            return true;
    return false;
}

void sts_policy_print(const struct sts_policy *policy, struct bytes *out)
{
    static const char *const modes[] = {"none", "testing", "enforce"};
    struct slice rest = slice_of(policy->patterns);

    bytes_print(out, "version: STSv1\nmode: %s", modes[policy->mode]);
    while (rest.at && rest.len > 0) {
        struct slice pattern = slice_cut(&rest, ' ');
        bytes_print(out, "\nmx: %.*s", SLICE_ARGS(pattern));
    }
    bytes_print(out, "\nmax_age: %lld", (long long)policy->max_age_s);
}

/* ---- what is kept ---- */
bool sts_kept_holds(const struct sts_kept *kept, int64_t now_ms)
{
    return kept->id[0] && now_ms < kept->fetched_ms + kept->policy.max_age_s * SECOND_MS;
}

bool sts_should_fetch(const struct sts_kept *kept, const char *id, int64_t now_ms)
{
    bool known = strcmp(kept->id, id) == 0 && sts_kept_holds(kept, now_ms);

    if (known && now_ms < kept->fetched_ms + REFRESH_MS)
        return false;
    return strcmp(kept->failed_id, id) != 0 || now_ms >= kept->failed_ms + FAILED_REST_MS ||
           now_ms < kept->failed_ms;
}
