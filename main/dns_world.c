#include "dns_world.h"

#include "dial.h"
#include "dialer.h"
#include "dns_knock.h"
#include "fetch.h"
#include "fetcher.h"
#include "memory.h"
#include "out_sts.h"
#include "resolver.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { ADDRESSES_MAX = 4, KNOCKS_MAX = ADDRESSES_MAX * 5 + 1 };

struct dns_world {
    const struct config *config;
    struct loop *loop;
    struct resolver *resolver;
    struct fetcher *fetcher;
    struct dialer *dialer;
    size_t out; /* errands that are not home */
};

struct dns_world *dns_world_open(const struct config *config, struct err *err)
{
    scoped(dns_world) world = must_new(struct dns_world);

    world->config = config;
    world->loop = loop_new("check", err);
    if (!world->loop)
        return NULL;
    world->resolver = resolver_new(world->loop, config, err);
    if (!world->resolver)
        return NULL;
    world->fetcher = fetcher_new(world->loop, world->resolver, config, err);
    world->dialer = world->fetcher ? dialer_new(world->loop, config, err) : NULL;
    return world->dialer ? steal(&world) : NULL;
}

void dns_world_close(struct dns_world *world)
{
    if (!world)
        return;
    dialer_free(world->dialer);
    fetcher_free(world->fetcher);
    resolver_free(world->resolver);
    loop_free(world->loop);
    free(world);
}

static void on_home(void *ctx, struct errand *errand)
{
    struct dns_world *world = ctx;

    (void)errand;
    if (--world->out == 0)
        loop_stop(world->loop);
}

void dns_world_ask(struct dns_world *world, struct dns_facts *facts)
{
    struct dns_lookup *lookup;

    while ((lookup = dns_facts_open(facts)) != NULL) {
        world->out = 1;
        resolver_submit(world->resolver, &lookup->errand, on_home, world);
        loop_run(world->loop);
        dns_facts_learn(facts, lookup);
        errand_free(&lookup->errand);
    }
}

/* A port that others knock at. */
struct entrance {
    const struct endpoint *endpoint;
    const char *service;
    enum knock_language language;
};

struct round { /* knocks under way */
    struct dns_world *world;
    struct knock knocks[KNOCKS_MAX];
    struct dial *dials[KNOCKS_MAX];
    size_t count;
};

static void knock_at(struct round *round, const char *host, const struct sockaddr_storage *address,
                     const struct entrance *door)
{
    char text[INET6_ADDRSTRLEN] = "?";
    struct knock *knock = &round->knocks[round->count];
    const void *raw =
        address->ss_family == AF_INET6
            ? (const void *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr
            : (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;

    if (round->count == KNOCKS_MAX || door->endpoint->off || door->endpoint->port == 0)
        return;
    inet_ntop(address->ss_family, raw, text, sizeof text);
    *knock = (struct knock){.language = door->language, .hello = round->world->config->hostname};
    snprintf(knock->about, sizeof knock->about, "port %d (%s) of %s at %s", door->endpoint->port,
             door->service, host, text);
    struct dial *dial = knock_new(knock, host, door->endpoint->port);
    if (!dial_add(dial, address)) {
        errand_free(&dial->errand);
        return;
    }
    round->dials[round->count++] = dial;
}

static void begin_dials(void *arg)
{
    struct round *round = arg;

    for (size_t i = 0; i < round->count; i++)
        dialer_submit(round->world->dialer, &round->dials[i]->errand, on_home, round->world);
}

static void complain_of(const struct knock *knock, struct dns_complaints *out)
{
    static const char *const words[] = {
        [KNOCK_SILENT] = ("nobody answers; let it through the firewall, and ask the provider "
                          "whether the port is closed on the way"),
        [KNOCK_STRANGE] = "what answers is not this server; see which program listens there",
        [KNOCK_NO_TLS] = "there is no TLS; see [tls] in the settings and the server's log",
    };
    static const char *const certificates[] = {
        [TRUST_NONE] = "it shows no certificate; see [tls]",
        [TRUST_EXPIRED] = "its certificate has expired; put a new one into [tls]",
        [TRUST_OTHER_NAME] = "its certificate has another name; get one for this name too",
        [TRUST_NO_CHAIN] = ("nobody whom others trust vouches for its certificate; get one from an "
                            "authority, and put it with its chain into [tls]"),
        [TRUST_NO_RECORD] = "its certificate does not fit the TLSA record",
    };

    if (knock->result != KNOCK_SECURED)
        dns_complain(out, false, must_dup(knock->about), "%s", words[knock->result]);
    else if (knock->trust != TRUST_PROVED)
        dns_complain(out, false, must_dup(knock->about), "%s", certificates[knock->trust]);
}

static void run_round(struct round *round, struct dns_complaints *out)
{
    if (round->count == 0)
        return;
    round->world->out = round->count;
    loop_post(round->world->loop, begin_dials, round);
    loop_run(round->world->loop);
    for (size_t i = 0; i < round->count; i++) {
        struct knock *knock = &round->knocks[i];
        if (knock->result == KNOCK_SILENT && round->dials[i]->outcome == DIAL_TALKED)
            knock->result = KNOCK_NO_TLS; /* the handshake failed before a word was said */
        complain_of(knock, out);
        errand_free(&round->dials[i]->errand);
    }
}

static size_t addresses_of(struct dns_world *world, struct dns_facts *facts, const char *host,
                           struct sockaddr_storage out[ADDRESSES_MAX])
{
    static const enum dns_type types[] = {DNS_A, DNS_AAAA};
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        const struct dns_answer *answer = dns_facts_ask(facts, types[i], host);
        if (!answer) {
            dns_world_ask(world, facts);
            answer = dns_facts_ask(facts, types[i], host);
        }
        for (size_t k = 0; answer && k < answer->count && count < ADDRESSES_MAX; k++)
            if (dns_address(types[i], answer->records[k].data, &out[count]))
                count++;
    }
    return count;
}

static void knock_at_host(struct dns_world *world, struct dns_facts *facts,
                          struct dns_complaints *out)
{
    const struct config *config = world->config;
    const struct entrance doors[] = {
        {&config->smtp,        "smtp",        KNOCK_SMTP},
        {&config->submission,  "submission",  KNOCK_SMTP},
        {&config->submissions, "submissions", KNOCK_TLS },
        {&config->imap,        "imap",        KNOCK_IMAP},
        {&config->imaps,       "imaps",       KNOCK_TLS },
    };
    struct sockaddr_storage addresses[ADDRESSES_MAX];
    size_t count = addresses_of(world, facts, config->hostname, addresses);
    struct round *round = must_new(struct round);

    round->world = world;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < COUNT_OF(doors); k++)
            knock_at(round, config->hostname, &addresses[i], &doors[k]);
    run_round(round, out);
    free(round);
}

static void knock_at_pages(struct dns_world *world, const char *domain, struct dns_facts *facts,
                           struct dns_complaints *out)
{
    const struct entrance door = {&world->config->https, "https", KNOCK_TLS};
    struct sockaddr_storage addresses[ADDRESSES_MAX];
    size_t count = addresses_of(world, facts, domain, addresses);
    struct round *round = must_new(struct round);

    round->world = world;
    for (size_t i = 0; i < count; i++)
        knock_at(round, domain, &addresses[i], &door);
    run_round(round, out);
    free(round);
}

static void judge_policy(const struct dns_world *world, const char *domain, const char *url,
                         const struct fetch *fetch, struct dns_complaints *out)
{
    const char *host = world->config->hostname;
    scoped_value(sts_policy) policy = {0};

    if (fetch->outcome == FETCH_TLS)
        dns_complain(out, false, must_dup(url),
                     "the certificate is not for mta-sts.%s; get one that has this name too",
                     domain);
    else if (fetch->outcome != FETCH_ANSWERED)
        dns_complain(out, false, must_dup(url),
                     "the policy cannot be read; see that port 443 of mta-sts.%s leads here",
                     domain);
    else if (fetch->status != 200 || !sts_policy_read(bytes_slice(&fetch->answer), &policy))
        dns_complain(out, false, must_dup(url),
                     "there is no policy (status %d); see that the name leads to this server",
                     fetch->status);
    else if (!sts_policy_names(&policy, host))
        dns_complain(out, false, must_dup(url),
                     "the policy does not name %s; see that the name leads to this server", host);
}

static void read_policy(struct dns_world *world, const char *domain, struct dns_complaints *out)
{
    scoped_text char *url = must_print("https://mta-sts.%s/.well-known/mta-sts.txt", domain);
    struct fetch *fetch = fetch_new(url);

    fetch->max_bytes = STS_TEXT_MAX;
    world->out = 1;
    fetcher_submit(world->fetcher, &fetch->errand, on_home, world);
    loop_run(world->loop);
    judge_policy(world, domain, url, fetch, out);
    errand_free(&fetch->errand);
}

void dns_world_knock(struct dns_world *world, const struct dns_plan *plan, size_t domain,
                     struct dns_facts *facts, struct dns_complaints *out)
{
    const char *name = world->config->domains[domain];
    scoped_text char *sts = must_print("mta-sts.%s", name);

    if (plan->home == domain)
        knock_at_host(world, facts, out);
    knock_at_pages(world, name, facts, out);
    struct sockaddr_storage addresses[ADDRESSES_MAX];
    if (addresses_of(world, facts, sts, addresses) > 0) /* else its record is complained about */
        read_policy(world, name, out);
}
