/* SPF, DKIM, DMARC, MTA-STS, TLS-RPT. */
#include "dns_check_private.h"

#include "memory.h"
#include "out_sts.h"
#include "spf.h"

#include <string.h>

#define SOMEBODY_ELSE "203.0.113.77" /* for documentation: in nobody's policy */

/* The texts of an answer that begin with `version`, up to a space, a semicolon or the end. */
struct texts {
    size_t count;
    struct bytes first;
};
static void texts_clear(struct texts *texts)
{
    bytes_clear(&texts->first);
}
SCOPED_VALUE(texts, texts_clear)

static bool is_version(struct slice text, const char *version)
{
    struct slice rest = slice_from(text, strlen(version));

    return slice_starts_nocase(text, version) &&
           (rest.len == 0 || rest.at[0] == ' ' || rest.at[0] == ';');
}

/* False: open, or complained about: DNS failed, there is none, there are several. */
static bool only_text(struct check *check, const struct dns_wanted *wanted, const char *version,
                      struct texts *out)
{
    const struct dns_answer *answer = check_ask(check, wanted, DNS_TXT, wanted->name);

    if (!answer)
        return false;
    for (size_t i = 0; i < answer->count; i++) {
        scoped_value(bytes) text = {0};
        dns_text_add(answer->records[i].data, &text);
        if (!is_version(bytes_slice(&text), version))
            continue;
        if (out->count++ == 0)
            bytes_add(&out->first, bytes_slice(&text));
    }
    if (out->count == 0)
        check_publish(check, wanted, "there is none");
    else if (out->count > 1)
        check_publish(check, wanted, "there are %zu, and with more than one none counts; keep one",
                      out->count);
    return out->count == 1;
}

/* The value of a tag in "v=…; tag=value; …"; at is NULL if it is not there. */
static struct slice tag_of(struct slice list, const char *tag)
{
    while (list.at) {
        struct slice value = slice_cut(&list, ';');
        struct slice name = slice_trim(slice_cut(&value, '='));
        if (value.at && slice_is_nocase(name, tag))
            return slice_trim(value);
    }
    return (struct slice){NULL, 0};
}

/* Does the policy let `client` send?  False: open. */
static bool spf_says(struct check *check, const struct dns_wanted *wanted, const char *client,
                     enum auth_result *out)
{
    scoped_text char *sender = must_print("postmaster@%s", wanted->name);
    const struct spf_question question = {
        .client = client,
        .helo = slice_of(check->plan->known->config->hostname),
        .sender = slice_of(sender),
        .domain = slice_of(wanted->name),
    };
    struct spf_verdict verdict;

    spf_judge(&question, check->facts, &verdict);
    check->open |= verdict.open;
    *out = verdict.result;
    return !verdict.open;
}

/* An address of ours that the policy does not let send, or NULL. */
static const char *unwelcome_address(struct check *check, const struct dns_wanted *wanted)
{
    const struct dns_known *known = check->plan->known;
    enum auth_result result;

    for (size_t i = 0; i < known->address_count; i++)
        if (spf_says(check, wanted, known->addresses[i], &result) && result != AUTH_PASS)
            return known->addresses[i];
    return NULL;
}

void check_spf(struct check *check, const struct dns_wanted *wanted)
{
    scoped_value(texts) texts = {0};
    enum auth_result strangers;

    if (!only_text(check, wanted, "v=spf1", &texts) ||
        !spf_says(check, wanted, SOMEBODY_ELSE, &strangers))
        return;
    const char *ours = unwelcome_address(check, wanted);
    if (strangers == AUTH_PERMERROR)
        check_publish(check, wanted, "it has a mistake, so that it counts for nobody");
    else if (ours)
        check_publish(check, wanted, "it does not allow %s to send", ours);
    else if (strangers != AUTH_FAIL && strangers != AUTH_SOFTFAIL)
        check_publish(check, wanted, "it allows everybody to send, or forbids nobody");
}

void check_dkim(struct check *check, const struct dns_wanted *wanted)
{
    const struct dns_answer *answer = check_ask(check, wanted, DNS_TXT, wanted->name);
    struct slice key = tag_of(slice_of(wanted->value), "p");

    if (!answer)
        return;
    for (size_t i = 0; i < answer->count; i++) {
        scoped_value(bytes) text = {0};
        dns_text_add(answer->records[i].data, &text);
        struct slice there = tag_of(bytes_slice(&text), "p");
        if (there.at && slice_eq(there, key) && answer->count == 1)
            return;
    }
    check_publish(check, wanted,
                  answer->count > 1 ? "there are several, of which none counts; keep one"
                  : answer->count ? "it is another key than ours, so that our signatures are false"
                                  : "there is none, so that our signatures count for nothing");
}

void check_dmarc(struct check *check, const struct dns_wanted *wanted)
{
    scoped_value(texts) texts = {0};

    if (!only_text(check, wanted, "v=DMARC1", &texts))
        return;
    struct slice policy = tag_of(bytes_slice(&texts.first), "p");
    if (slice_is_nocase(policy, "none"))
        check_publish(check, wanted, "p=none asks nobody to refuse forgeries");
    else if (!slice_is_nocase(policy, "reject") && !slice_is_nocase(policy, "quarantine"))
        check_publish(check, wanted, "it has no p=reject or p=quarantine");
}

void check_sts(struct check *check, const struct dns_wanted *wanted)
{
    scoped_value(texts) texts = {0};
    char id[STS_ID_MAX + 1];

    if (!only_text(check, wanted, "v=STSv1", &texts))
        return;
    const struct dns_answer *answer = check_ask(check, wanted, DNS_TXT, wanted->name);
    if (!answer || !sts_record_read(answer, id))
        check_publish(check, wanted,
                      "its id is not 1 to 32 letters and digits, so that it counts for nobody");
    else if (!slice_is(tag_of(slice_of(wanted->value), "id"), id))
        check_publish(check, wanted,
                      "its id is that of another policy, so that others keep the old one");
}

void check_tlsrpt(struct check *check, const struct dns_wanted *wanted)
{
    scoped_value(texts) texts = {0};

    if (!only_text(check, wanted, "v=TLSRPTv1", &texts))
        return;
    struct slice to = tag_of(bytes_slice(&texts.first), "rua");
    if (!slice_starts_nocase(to, "mailto:") && !slice_starts_nocase(to, "https:"))
        check_publish(check, wanted, "it says nobody to report to");
}
