#include "dns_plan.h"

#include "memory.h"
#include "own_policy.h"
#include "text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define UNKNOWN_ADDRESS "192.0.2.1"

/* As it stands in a record of ours; what else may stand there is judged by dns_check. */
static void add(struct dns_plan *plan, enum dns_part part, size_t domain, enum dns_type type,
                char *name, char *value)
{
    must_make_room(plan->at, plan->count, plan->capacity);
    plan->at[plan->count++] = (struct dns_wanted){
        .part = part, .domain = domain, .type = type, .name = name, .value = value};
}

static void add_addresses(struct dns_plan *plan, enum dns_part part, size_t domain,
                          const char *name)
{
    const struct dns_known *known = plan->known;

    for (size_t i = 0; i < known->address_count; i++) {
        bool old = strchr(known->addresses[i], ':') == NULL;
        add(plan, part, domain, old ? DNS_A : DNS_AAAA, must_dup(name),
            must_dup(known->addresses[i]));
    }
    if (known->address_count > 0)
        return;
    add(plan, part, domain, DNS_A, must_dup(name), must_dup(UNKNOWN_ADDRESS));
    plan->at[plan->count - 1].guess = true;
}

/* Where mail goes out by another server, that one must be allowed as well. */
static char *spf_of(const struct config *config)
{
    if (config->relay_host[0])
        return must_print("v=spf1 mx a:%s ~all", config->relay_host);
    return must_dup("v=spf1 mx -all");
}

static char *sts_value(const struct config *config)
{
    char id[OWN_POLICY_ID_SIZE];

    own_policy_id(config, id);
    return must_print("v=STSv1; id=%s;", id);
}

static void add_text_records(struct dns_plan *plan, size_t domain, const char *d)
{
    const struct dns_known *known = plan->known;
    const struct config *config = known->config;

    add(plan, PART_SPF, domain, DNS_TXT, must_dup(d), spf_of(config));
    for (size_t i = 0; i < known->signer_count; i++)
        if (known->signers[i].domain == domain)
            add(plan, PART_DKIM, domain, DNS_TXT, must_dup(known->signers[i].name),
                must_dup(known->signers[i].text));
    add(plan, PART_DMARC, domain, DNS_TXT, must_print("_dmarc.%s", d),
        must_print("v=DMARC1; p=reject; adkim=s; aspf=s; rua=mailto:dmarc@%s", d));
    add(plan, PART_STS, domain, DNS_TXT, must_print("_mta-sts.%s", d), sts_value(config));
    add(plan, PART_STS_HOST, domain, DNS_CNAME, must_print("mta-sts.%s", d),
        must_print("%s.", config->hostname));
    add(plan, PART_TLSRPT, domain, DNS_TXT, must_print("_smtp._tls.%s", d),
        must_print("v=TLSRPTv1; rua=mailto:tlsrpt@%s", d));
}

static void add_services(struct dns_plan *plan, size_t domain, const char *d)
{
    const struct config *config = plan->known->config;
    const struct {
        const char *service;
        const struct endpoint *endpoint;
        int port;
    } services[] = {
        {"_submissions", &config->submissions, 465},
        {"_submission",  &config->submission,  587},
        {"_imaps",       &config->imaps,       993},
        {"_imap",        &config->imap,        143},
    };

    for (size_t i = 0; i < COUNT_OF(services); i++) {
        if (services[i].endpoint->off)
            continue;
        int port = services[i].endpoint->port ? services[i].endpoint->port : services[i].port;
        add(plan, PART_SRV, domain, DNS_SRV, must_print("%s._tcp.%s", services[i].service, d),
            must_print("0 1 %d %s.", port, config->hostname));
    }
    add(plan, PART_AUTOCONFIG, domain, DNS_CNAME, must_print("autoconfig.%s", d),
        must_print("%s.", config->hostname));
    add(plan, PART_OPENPGPKEY, domain, DNS_CNAME, must_print("openpgpkey.%s", d),
        must_print("%s.", config->hostname));
}

/* The name by which an authority calls itself in CAA: the last two labels of where its ACME lives. */
static char *authority_of(const struct config *config)
{
    struct url url;

    if (!url_read(slice_of(config->acme), &url))
        return NULL;
    size_t last = slice_find_last(url.host, '.');
    size_t before = last == SIZE_MAX ? SIZE_MAX : slice_find_last(slice_first(url.host, last), '.');
    return must_copy(before == SIZE_MAX ? url.host : slice_from(url.host, before + 1));
}

static void add_authority(struct dns_plan *plan, size_t domain, const char *d)
{
    scoped_text char *authority = authority_of(plan->known->config);

    add(plan, PART_CAA, domain, DNS_CAA, must_dup(d),
        must_print("0 issue \"%s\"", authority ? authority : "your certificate authority"));
    plan->at[plan->count - 1].hint = authority == NULL;
}

static char *reverse_name(const char *address)
{
    unsigned char raw[16];
    scoped_value(bytes) name = {0};

    if (inet_pton(AF_INET, address, raw) == 1)
        return must_print("%d.%d.%d.%d.in-addr.arpa", raw[3], raw[2], raw[1], raw[0]);
    if (inet_pton(AF_INET6, address, raw) != 1)
        return NULL;
    for (int i = 15; i >= 0; i--)
        bytes_print(&name, "%x.%x.", raw[i] & 0xfu, (unsigned)raw[i] >> 4);
    bytes_add_text(&name, "ip6.arpa");
    return bytes_take(&name);
}

/* The hosted domain in whose zone the host's name lies; SIZE_MAX: none. */
static size_t home_of(const struct config *config, const char *host)
{
    size_t home = SIZE_MAX;

    for (size_t i = 0; i < config->domain_count; i++) {
        scoped_text char *below = must_print(".%s", config->domains[i]);
        if (slice_is(slice_of(host), config->domains[i]) ||
            slice_ends(slice_of(host), slice_of(below)))
            home = i;
    }
    return home;
}

static void add_host(struct dns_plan *plan)
{
    const struct dns_known *known = plan->known;
    const char *host = known->config->hostname;
    size_t first = plan->count, zone = home_of(known->config, host);
    size_t home = plan->home = zone == SIZE_MAX ? 0 : zone;

    if (!config_hosts(known->config, slice_of(host))) {
        add_addresses(plan, PART_HOST, home, host);
        add(plan, PART_HELO, home, DNS_TXT, must_dup(host), must_dup("v=spf1 a -all"));
    }
    for (size_t i = 0; i < known->spki_count; i++) {
        scoped_value(bytes) hex = {0};
        hex_add(&hex, (struct slice){(const char *)known->spki[i], DNS_SPKI_LEN});
        add(plan, PART_TLSA, home, DNS_TLSA, must_print("_25._tcp.%s", host),
            must_print("3 1 1 %s", hex.at));
    }
    for (size_t i = 0; i < known->address_count; i++) {
        add(plan, PART_PTR, home, DNS_PTR, reverse_name(known->addresses[i]),
            must_print("%s.", host));
        plan->at[plan->count - 1].hint = true;
    }
    for (size_t i = first; zone == SIZE_MAX && i < plan->count; i++)
        plan->at[i].hint = true; /* it belongs to somebody else's zone */
}

void dns_plan_make(const struct dns_known *known, struct dns_plan *out)
{
    const struct config *config = known->config;

    *out = (struct dns_plan){.known = known};
    for (size_t i = 0; i < config->domain_count; i++) {
        const char *d = config->domains[i];
        add_addresses(out, PART_ADDRESS, i, d);
        add(out, PART_MX, i, DNS_MX, must_dup(d), must_print("10 %s.", config->hostname));
        add_text_records(out, i, d);
        add_services(out, i, d);
        add_authority(out, i, d);
    }
    add_host(out);
}

static void wanted_clear(struct dns_wanted *wanted)
{
    free(wanted->name);
    free(wanted->value);
}

void dns_plan_keep(struct dns_plan *plan, enum dns_part part)
{
    size_t kept = 0;

    for (size_t i = 0; i < plan->count; i++) {
        if (plan->at[i].part == part)
            plan->at[kept++] = plan->at[i];
        else
            wanted_clear(&plan->at[i]);
    }
    plan->count = kept;
}

void dns_plan_clear(struct dns_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        wanted_clear(&plan->at[i]);
    free(plan->at);
    *plan = (struct dns_plan){0};
}

const char *dns_part_about(enum dns_part part)
{
    static const char *const abouts[DNS_PARTS] = {
        [PART_ADDRESS] = "pages, profiles and the Fediverse",
        [PART_MX] = "where mail is brought",
        [PART_SPF] = "which machines send mail of this domain",
        [PART_DKIM] = "keys that our signatures are verified with",
        [PART_DMARC] = "what others do with mail that only pretends to be yours",
        [PART_STS] = "there is a policy that mail comes by verified TLS; the id changes with it",
        [PART_STS_HOST] = "where that policy is read",
        [PART_TLSRPT] = "who is told when TLS fails",
        [PART_SRV] = "where mail programs log in",
        [PART_AUTOCONFIG] = "settings of mail programs",
        [PART_OPENPGPKEY] = "OpenPGP keys of the people here",
        [PART_CAA] = "who may issue certificates",
        [PART_HOST] = "the address of this machine",
        [PART_HELO] = "mail without a sender (reports of delivery) comes from this machine alone",
        [PART_TLSA] = "the TLS key of port 25; only in a zone that is signed with DNSSEC",
        [PART_PTR] = "the name of the address: set by whoever gave you the address",
    };
    return abouts[part];
}
