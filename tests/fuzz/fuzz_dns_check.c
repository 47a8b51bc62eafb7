/*
 * The check of `nestbox dns` against any world: the lines of the input are records ("a.test MX 10 mx.a.test"), or, when
 * it begins with '!', data as on the wire, for one question after the other.
 */
#include "../unit/smtp/zone.h"
#include "dns_check.h"
#include "memory.h"

#include <assert.h>
#include <stdio.h>

enum { ROUNDS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_plan(struct dns_plan *plan)
{
    static struct config config;
    static char selector[] = "s._domainkey.a.test", key[] = "v=DKIM1; k=ed25519; p=BBBB";
    static struct dns_signer signer = {0, selector, key};
    static struct dns_known known;

    config_defaults(&config);
    config.domain_count = 1;
    snprintf(config.domains[0], sizeof config.domains[0], "a.test");
    snprintf(config.hostname, sizeof config.hostname, "mx.a.test");
    snprintf(config.acme, sizeof config.acme, "https://ca.example/directory");
    known = (struct dns_known){.config = &config,
                               .addresses = {"20.0.0.10"},
                               .address_count = 1,
                               .spki_count = 1,
                               .signers = &signer,
                               .signer_count = 1};
    dns_plan_make(&known, plan);
}

static void show(struct slice data)
{
    static const enum dns_type types[] = {DNS_A,    DNS_CNAME, DNS_MX,   DNS_TXT,
                                          DNS_AAAA, DNS_SRV,   DNS_TLSA, DNS_CAA};

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        scoped_value(bytes) out = {0};
        dns_data_text(types[i], data, &out);
        for (size_t k = 0; k < out.len; k++)
            assert(out.at[k] >= ' ' && out.at[k] <= '~');
    }
}

/* Each question gets the next line, as it is. */
static void answer_raw(struct slice *rest, struct dns_facts *facts)
{
    struct dns_lookup *lookup = dns_facts_open(facts);

    assert(lookup);
    lookup->errand.ok = true;
    for (size_t i = 0; i < lookup->count; i++) {
        struct slice line = rest->at ? slice_cut(rest, '\n') : SLICE("");
        struct dns_answer *answer = &lookup->answers[i];
        answer->secure = line.len % 2;
        answer->outcome = line.len ? DNS_ANSWER : DNS_NO_NAME;
        show(line);
        if (line.len == 1)
            answer->outcome = line.at[0] & 1 ? DNS_FAILED : DNS_BOGUS;
        else if (line.len > 0)
            dns_answer_add(answer, line);
    }
    dns_facts_learn(facts, lookup);
    errand_free(&lookup->errand);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = {(const char *)data, size};
    bool raw = size > 0 && data[0] == '!';
    scoped_text char *zone = must_copy(rest);
    scoped_value(dns_plan) plan = {0};
    scoped_value(dns_facts) facts = {0};
    scoped_value(dns_complaints) out = {0};
    int rounds = 0;

    make_plan(&plan);
    rest = slice_from(rest, 1);
    while (!dns_check(&plan, 0, &facts, &out)) {
        assert(out.count == 0 && ++rounds < ROUNDS_MAX);
        if (raw)
            answer_raw(&rest, &facts);
        else
            zone_answer(zone, &facts);
    }
    assert(out.count <= 4 * plan.count);
    for (size_t i = 0; i < out.count; i++)
        for (const char *c = out.at[i].said; *c; c++)
            assert(*c >= ' ' && *c <= '~');
    return 0;
}
