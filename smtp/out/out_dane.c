#include "out_dane.h"

#include "text.h"

#include <stdio.h>

enum {
    TLSA_FIXED = 3, /* usage, selector, matching type */
    USAGE_TRUST_ANCHOR = 2,
    USAGE_END_ENTITY = 3,
    SELECTOR_KEY = 1,
    MATCHING_FULL = 0,
    MATCHING_SHA256,
    MATCHING_SHA512,
    DER_SEQUENCE = 0x30,
};

void dane_clear(struct dane *dane)
{
    for (size_t i = 0; i < dane->count; i++)
        bytes_clear(&dane->tlsa[i].data);
    *dane = (struct dane){.verdict = DANE_SILENT};
}

/* ---- asking ---- */
static void tlsa_name(const char *host, int port, char out[300])
{
    snprintf(out, 300, "_%d._tcp.%s", port, host);
}

static bool counts(const struct mx_choice *choice, const struct mx_host *host)
{
    return choice->secure && host->secure;
}

void dane_ask(const struct mx_choice *choice, int port, struct dns_lookup *lookup)
{
    char name[300];

    for (size_t i = 0; i < choice->count; i++) {
        const struct mx_host *host = &choice->hosts[i];
        if (!counts(choice, host))
            continue;
        if (host->canonical[0]) {
            tlsa_name(host->canonical, port, name);
            dns_lookup_ask(lookup, DNS_TLSA, name);
        }
        tlsa_name(host->name, port, name);
        dns_lookup_ask(lookup, DNS_TLSA, name);
    }
}

/* ---- records ---- */
/* A whole certificate or key: its outermost length is right.  OpenSSL reads the rest. */
static bool is_der(struct slice data)
{
    const unsigned char *at = (const unsigned char *)data.at;
    size_t len = data.len >= 2 ? at[1] : 0, head = 2;

    if (data.len < 2 || at[0] != DER_SEQUENCE)
        return false;
    if (len >= 0x80) {
        size_t octets = len & 0x7fu;
        if (octets == 0 || octets > 3 || data.len < 2 + octets)
            return false;
        len = 0;
        for (size_t i = 0; i < octets; i++)
            len = len << 8 | at[2 + i];
        head += octets;
    }
    return head + len == data.len;
}

/* RFC 7672 3.1.3: usages 0 and 1 mean authorities, on which two mail servers agree in nothing. */
static bool is_usable(const struct dial_tlsa *tlsa, struct slice data)
{
    if (tlsa->usage != USAGE_TRUST_ANCHOR && tlsa->usage != USAGE_END_ENTITY)
        return false;
    if (tlsa->selector > SELECTOR_KEY)
        return false;
    switch (tlsa->matching) {
    case MATCHING_FULL: return is_der(data);
    case MATCHING_SHA256: return data.len == 32;
    case MATCHING_SHA512: return data.len == 64;
    default: return false;
    }
}

static void take_record(struct slice rdata, struct dane *out)
{
    if (rdata.len <= TLSA_FIXED || out->count == DIAL_TLSA_MAX)
        return;
    struct dial_tlsa tlsa = {
        (unsigned char)rdata.at[0], (unsigned char)rdata.at[1], (unsigned char)rdata.at[2], {0}};
    struct slice data = slice_from(rdata, TLSA_FIXED);
    if (!is_usable(&tlsa, data))
        return;
    bytes_add(&tlsa.data, data);
    out->tlsa[out->count++] = tlsa;
}

static const struct dns_answer *answer_for(const struct dns_lookup *lookup, const char *host,
                                           int port)
{
    char name[300];

    tlsa_name(host, port, name);
    for (size_t i = 0; i < lookup->count; i++)
        if (lookup->questions[i].type == DNS_TLSA && strcmp(lookup->questions[i].name, name) == 0)
            return &lookup->answers[i];
    return NULL;
}

/* True if that settles it; false: another base may have records. */
static bool read_base(const char *base, const struct dns_answer *answer, struct dane *out)
{
    if (!answer)
        return false;
    switch (answer->outcome) {
    case DNS_FAILED:
    case DNS_BOGUS: out->verdict = DANE_UNKNOWN; return true;
    case DNS_NO_DATA:
    case DNS_NO_NAME: return false;
    case DNS_ANSWER: break;
    }
    if (!answer->secure)
        return false;
    snprintf(out->base, sizeof out->base, "%s", base);
    for (size_t i = 0; i < answer->count; i++)
        take_record(answer->records[i].data, out);
    out->verdict = out->count > 0 ? DANE_DECIDES : DANE_UNUSABLE;
    return true;
}

void dane_read(const struct mx_host *host, int port, const struct dns_lookup *lookup,
               struct dane *out)
{
    *out = (struct dane){.verdict = DANE_SILENT};
    if (host->canonical[0] &&
        read_base(host->canonical, answer_for(lookup, host->canonical, port), out))
        return;
    read_base(host->name, answer_for(lookup, host->name, port), out);
}

/* ---- using them ---- */
void dane_apply(const struct dane *dane, const char *domain, const struct mx_choice *choice,
                struct dial *dial)
{
    dial_add_name(dial, dane->base);
    dial_add_name(dial, domain);
    if (choice->canonical[0])
        dial_add_name(dial, choice->canonical);
    for (size_t i = 0; i < dane->count; i++)
        dial_add_tlsa(dial, &dane->tlsa[i]);
}

void dane_print(const struct dane *dane, int port, struct bytes *out)
{
    for (size_t i = 0; i < dane->count; i++) {
        const struct dial_tlsa *tlsa = &dane->tlsa[i];
        bytes_print(out, "%s_%d._tcp.%s. IN TLSA %d %d %d ", i ? "\n" : "", port, dane->base,
                    tlsa->usage, tlsa->selector, tlsa->matching);
        hex_add(out, bytes_slice(&tlsa->data));
    }
}
