#include "dns.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>

struct dns_lookup *dns_lookup_new(void)
{
    struct dns_lookup *lookup = must_new(struct dns_lookup);

    lookup->errand.lane = LANE_DNS;
    lookup->errand.free = dns_lookup_free;
    return lookup;
}

void dns_lookup_ask(struct dns_lookup *lookup, enum dns_type type, const char *name)
{
    assert(lookup->count < DNS_QUESTIONS_MAX);
    struct dns_question *question = &lookup->questions[lookup->count++];
    struct slice wanted = slice_of(name);

    if (wanted.len > 254) /* 253 and a dot at the end */
        wanted = SLICE("invalid");
    question->type = type;
    memcpy(question->name, wanted.at, wanted.len);
    question->name[wanted.len] = '\0';
}

void dns_lookup_free(struct errand *errand)
{
    struct dns_lookup *lookup = container_of(errand, struct dns_lookup, errand);

    for (size_t i = 0; i < lookup->count; i++)
        dns_answer_clear(&lookup->answers[i]);
    free(lookup);
}

void dns_answer_add(struct dns_answer *answer, struct slice rdata)
{
    answer->records = must_grow(answer->records, answer->count + 1, sizeof *answer->records);
    struct dns_record *record = &answer->records[answer->count++];
    record->bytes = must_copy(rdata);
    record->data = (struct slice){record->bytes, rdata.len};
}

void dns_answer_clear(struct dns_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++)
        free(answer->records[i].bytes);
    free(answer->records);
    free(answer->canonical);
    *answer = (struct dns_answer){0};
}

bool dns_address(enum dns_type type, struct slice data, struct sockaddr_storage *out)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    *out = (struct sockaddr_storage){0};
    if (type == DNS_A && data.len == sizeof in.sin_addr) {
        memcpy(&in.sin_addr, data.at, data.len);
        memcpy(out, &in, sizeof in);
        return true;
    }
    if (type == DNS_AAAA && data.len == sizeof in6.sin6_addr) {
        memcpy(&in6.sin6_addr, data.at, data.len);
        memcpy(out, &in6, sizeof in6);
        return true;
    }
    return false;
}
