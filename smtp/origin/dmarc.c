/* The tree walk, alignment, and the policy that applies (RFC 9989 4.10, 5.3). */
#include "dmarc.h"

#include "memory.h"

#include <stdio.h>

struct step {
    const char *name; /* inside the domain's text */
    bool found;
    struct dmarc_record record;
};
struct walk {
    const char *domain;
    struct step steps[DMARC_STEPS_MAX]; /* longest name first, up to the one that ended it */
    size_t count;
    bool open, failed;
};

static const char *parent_of(const char *name) /* NULL: of a top label */
{
    const char *dot = strchr(name, '.');

    return dot ? dot + 1 : NULL;
}

static size_t count_labels(const char *name)
{
    size_t count = 1;

    while ((name = parent_of(name)))
        count++;
    return count;
}

static bool failed(const struct dns_answer *answer)
{
    return answer->outcome == DNS_FAILED || answer->outcome == DNS_BOGUS;
}

/* Several records at one name are none (4.10). */
static bool one_record(const struct dns_answer *answer, struct dmarc_record *out)
{
    size_t found = 0;

    for (size_t i = 0; i < answer->count; i++) {
        scoped_value(bytes) text = {0};
        struct dmarc_record record;
        dns_text_add(answer->records[i].data, &text);
        if (!dmarc_record_read(bytes_slice(&text), &record))
            continue;
        *out = record;
        found++;
    }
    return found == 1;
}

static void take_step(struct walk *walk, struct dns_facts *facts, const char *name)
{
    struct step *step = &walk->steps[walk->count++];
    scoped_text char *asked = must_print("_dmarc.%s", name);
    const struct dns_answer *answer = dns_facts_ask(facts, DNS_TXT, asked);

    *step = (struct step){.name = name};
    if (!answer)
        walk->open = true;
    else if (failed(answer))
        walk->failed = true;
    else
        step->found = one_record(answer, &step->record);
}

/* The domain; then its parent, or what its last seven labels make; and so on up. */
static void walk_tree(struct walk *walk, struct dns_facts *facts, const char *domain)
{
    const char *name = domain;

    *walk = (struct walk){.domain = domain};
    while (name && walk->count < DMARC_STEPS_MAX) {
        take_step(walk, facts, name);
        const struct step *step = &walk->steps[walk->count - 1];
        if (step->found && step->record.psd != DMARC_PSD_UNSAID)
            return;
        name = parent_of(name);
        while (name && count_labels(name) >= DMARC_STEPS_MAX)
            name = parent_of(name);
    }
}

/* The name in `domain` one label below `above`. */
static const char *label_below(const char *domain, const char *above)
{
    const char *name = domain;

    while (parent_of(name) != above)
        name = parent_of(name);
    return name;
}

static const char *organization_of(const struct walk *walk)
{
    const char *highest = walk->domain;

    for (size_t i = 0; i < walk->count; i++) {
        const struct step *step = &walk->steps[i];
        if (!step->found)
            continue;
        if (step->record.psd == DMARC_PSD_NO)
            return step->name;
        if (step->record.psd == DMARC_PSD_YES && i > 0)
            return label_below(walk->domain, step->name);
        highest = step->name;
    }
    return highest;
}

/* The record that applies: of the author's domain, else of its organization, else of the public suffix above. */
static const struct step *policy_step(const struct walk *walk, const char *organization)
{
    const struct step *last = NULL;

    if (walk->count > 0 && walk->steps[0].found)
        return &walk->steps[0];
    for (size_t i = 0; i < walk->count; i++) {
        if (!walk->steps[i].found)
            continue;
        last = &walk->steps[i];
        if (last->name == organization)
            return last;
    }
    return last;
}

/* ---- alignment ---- */
struct judging {
    const struct dmarc_question *question;
    struct dns_facts *facts;
    struct walk walk;
    const char *organization;
    const struct step *step; /* whose policy; NULL: none */
    bool open, unsure;
};

static bool is_below(const char *name, const char *domain)
{
    size_t len = strlen(name), under = strlen(domain);

    return len > under && slice_is_nocase(slice_of(name + len - under), domain) &&
           name[len - under - 1] == '.';
}

/* Is the identity of the author's organization?  Above or beside it there is nothing to ask. */
static bool is_aligned(struct judging *it, const char *domain, bool strict)
{
    struct walk walk;

    if (!*domain || !dns_name_fits(slice_of(domain)))
        return false;
    if (slice_is_nocase(slice_of(domain), it->question->author))
        return true;
    if (!it->step || strict || it->walk.failed)
        return false;
    if (slice_is_nocase(slice_of(domain), it->organization))
        return true;
    if (!is_below(domain, it->organization))
        return false;
    walk_tree(&walk, it->facts, domain);
    it->open = it->open || walk.open;
    it->unsure = it->unsure || walk.failed;
    return slice_is_nocase(slice_of(organization_of(&walk)), it->organization);
}

/* Passed, and aligned?  What could not be checked may have been. */
static bool speaks_for_author(struct judging *it, const struct dmarc_identity *identity,
                              bool strict)
{
    if (identity->result != AUTH_PASS && identity->result != AUTH_TEMPERROR)
        return false;
    bool aligned = is_aligned(it, identity->domain, strict);
    if (identity->result == AUTH_PASS)
        return aligned;
    it->unsure = it->unsure || aligned;
    return false;
}

static void align(struct judging *it, struct dmarc_verdict *out)
{
    const struct dmarc_question *question = it->question;
    const struct dmarc_record *record = it->step ? &it->step->record : NULL;

    out->spf_aligned = speaks_for_author(it, &question->spf, record && record->strict_spf);
    for (size_t i = 0; i < question->dkim_count; i++) {
        if (!speaks_for_author(it, &question->dkim[i], record && record->strict_dkim))
            continue;
        out->dkim_aligned = true;
        out->key_signed = out->key_signed || question->dkim[i].covers_key;
    }
}

/* ---- policy ---- */
/* No address and no MX: such a domain does not exist (3.2.13).  What cannot be found out may exist. */
static bool exists(struct judging *it)
{
    static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_MX};
    bool any = false;

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        const struct dns_answer *answer = dns_facts_ask(it->facts, types[i], it->question->author);
        it->open = it->open || !answer;
        any = any || (answer && (answer->count > 0 || failed(answer)));
    }
    return any;
}

static enum dmarc_policy milder(enum dmarc_policy policy)
{
    return policy == DMARC_REJECT ? DMARC_QUARANTINE : DMARC_NONE;
}

static enum dmarc_policy policy_of(struct judging *it, bool passed)
{
    const struct dmarc_record *record = &it->step->record;
    enum dmarc_policy policy = record->subdomains;

    if (it->step->name == it->walk.domain)
        policy = record->policy;
    else if (record->has_nobody && !passed && !exists(it))
        policy = record->nobody;
    return record->testing ? milder(policy) : policy;
}

static enum auth_result result_of(const struct judging *it, const struct dmarc_verdict *verdict)
{
    if (it->step && it->step->record.broken)
        return AUTH_PERMERROR;
    if (it->step && (verdict->spf_aligned || verdict->dkim_aligned))
        return AUTH_PASS;
    if (it->walk.failed || (it->step && it->unsure))
        return AUTH_TEMPERROR;
    return it->step ? AUTH_FAIL : AUTH_NONE;
}

void dmarc_judge(const struct dmarc_question *question, struct dns_facts *facts,
                 struct dmarc_verdict *out)
{
    struct judging it = {.question = question, .facts = facts};

    *out = (struct dmarc_verdict){.result = AUTH_NONE};
    if (!dns_name_fits(slice_of(question->author)))
        return;
    walk_tree(&it.walk, facts, question->author);
    it.open = it.walk.open;
    it.organization = organization_of(&it.walk);
    it.step = policy_step(&it.walk, it.organization);
    if (!it.open)
        align(&it, out);
    out->result = result_of(&it, out);
    if (it.walk.failed && !(it.walk.count > 0 && it.walk.steps[0].found))
        out->policy = DMARC_REJECT;
    else if (it.step && !it.open)
        out->policy = policy_of(&it, out->result == AUTH_PASS);
    out->open = it.open;
}
