#include "dns_facts.h"

#include "memory.h"

enum { LABEL_MAX = 63, NAME_MAX_LEN = 253 };

void dns_facts_clear(struct dns_facts *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        dns_answer_clear(&facts->at[i]->answer);
        free(facts->at[i]);
    }
    *facts = (struct dns_facts){0};
}

bool dns_name_fits(struct slice name)
{
    if (name.len > 0 && name.at[name.len - 1] == '.')
        name.len--;
    if (name.len == 0 || name.len > NAME_MAX_LEN || slice_find(name, '\\') != SIZE_MAX ||
        slice_find(name, '\0') != SIZE_MAX)
        return false;
    while (name.at) {
        struct slice label = slice_cut(&name, '.');
        if (label.len == 0 || label.len > LABEL_MAX)
            return false;
    }
    return true;
}

static struct dns_fact *find(struct dns_facts *facts, enum dns_type type, struct slice name)
{
    for (size_t i = 0; i < facts->count; i++)
        if (facts->at[i]->question.type == type &&
            slice_is_nocase(name, facts->at[i]->question.name))
            return facts->at[i];
    return NULL;
}

static struct dns_fact *add(struct dns_facts *facts, enum dns_type type, struct slice name)
{
    struct dns_fact *fact = facts->at[facts->count++] = must_new(struct dns_fact);
    fact->question.type = type;
    memcpy(fact->question.name, name.at, name.len);
    fact->answered =
        facts->memory && dns_memory_recall(facts->memory, &fact->question, &fact->answer);
    return fact;
}

const struct dns_answer *dns_facts_ask(struct dns_facts *facts, enum dns_type type,
                                       const char *name)
{
    static const struct dns_answer nobody = {.outcome = DNS_NO_NAME};
    static const struct dns_answer failed = {.outcome = DNS_FAILED};
    struct slice text = slice_of(name);

    if (!dns_name_fits(text))
        return &nobody;
    if (text.at[text.len - 1] == '.')
        text.len--;
    struct dns_fact *fact = find(facts, type, text);
    if (!fact && !facts->closed && facts->count < DNS_FACTS_MAX)
        fact = add(facts, type, text);
    if (fact && fact->answered)
        return &fact->answer;
    return fact ? NULL : &failed;
}

struct dns_lookup *dns_facts_open(struct dns_facts *facts)
{
    struct dns_lookup *lookup = NULL;

    for (size_t i = 0; i < facts->count; i++) {
        const struct dns_fact *fact = facts->at[i];
        if (fact->answered || (lookup && lookup->count == DNS_QUESTIONS_MAX))
            continue;
        if (!lookup)
            lookup = dns_lookup_new();
        dns_lookup_ask(lookup, fact->question.type, fact->question.name);
    }
    return lookup;
}

void dns_facts_learn(struct dns_facts *facts, struct dns_lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++) {
        const struct dns_question *question = &lookup->questions[i];
        struct dns_fact *fact = find(facts, question->type, slice_of(question->name));
        if (!fact || fact->answered)
            continue;
        fact->answered = true;
        if (facts->memory && lookup->errand.ok)
            dns_memory_keep(facts->memory, question, &lookup->answers[i]);
        fact->answer = lookup->answers[i];
        lookup->answers[i] = (struct dns_answer){0};
        if (!lookup->errand.ok)
            fact->answer.outcome = DNS_FAILED;
    }
}

void dns_facts_close(struct dns_facts *facts)
{
    facts->closed = true;
    for (size_t i = 0; i < facts->count; i++) {
        struct dns_fact *fact = facts->at[i];
        if (!fact->answered)
            fact->answer.outcome = DNS_FAILED;
        fact->answered = true;
    }
}

bool dns_name_read(struct slice wire, char out[DNS_NAME_SIZE])
{
    size_t len = 0;

    while (wire.len > 0 && wire.at[0] != 0) {
        size_t label = (unsigned char)wire.at[0];
        struct slice text = slice_first(slice_from(wire, 1), label);
        if (label > LABEL_MAX || label >= wire.len || len + label + 1 > NAME_MAX_LEN ||
            slice_find(text, '.') != SIZE_MAX || slice_find(text, '\\') != SIZE_MAX ||
            slice_find(text, '\0') != SIZE_MAX)
            return false;
        if (len > 0)
            out[len++] = '.';
        memcpy(out + len, text.at, label);
        len += label;
        wire = slice_from(wire, label + 1);
    }
    out[len] = '\0';
    return wire.len == 1;
}

void dns_text_add(struct slice rdata, struct bytes *out)
{
    while (rdata.len > 0) {
        size_t len = (unsigned char)rdata.at[0];
        bytes_add(out, slice_first(slice_from(rdata, 1), len));
        rdata = slice_from(rdata, len + 1);
    }
}
