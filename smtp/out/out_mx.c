#include "out_mx.h"

#include "memory.h"
#include "text.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { MX_RECORDS_MAX = 64, PREFERENCE_LEN = 2, LABEL_MAX = 63 };

struct record {
    int preference;
    char *name; /* canonical */
};

static void end(struct mx_choice *out, enum mx_verdict verdict, const char *words)
{
    out->verdict = verdict;
    out->count = 0;
    snprintf(out->words, sizeof out->words, "%s", words);
}

/* A name as in DNS messages, without compression, as text; "" is the root.  NULL: not a name of a host. */
static char *read_name(struct slice wire)
{
    scoped_value(bytes) text = {0};
    struct err ignored;
    char *name = NULL;

    while (wire.len > 0 && wire.at[0] != 0) {
        size_t len = (unsigned char)wire.at[0];
        if (len > LABEL_MAX || len >= wire.len)
            return NULL;
        if (text.len > 0)
            bytes_add_char(&text, '.');
        bytes_add(&text, (struct slice){wire.at + 1, len});
        wire = slice_from(wire, len + 1);
    }
    if (wire.len != 1)
        return NULL;
    if (text.len == 0)
        return must_dup("");
    return host_canonical(bytes_slice(&text), &name, &ignored) ? name : NULL;
}

static size_t read_records(const struct dns_answer *answer, struct record *out, bool *out_null)
{
    size_t count = 0;

    *out_null = false;
    for (size_t i = 0; i < answer->count && count < MX_RECORDS_MAX; i++) {
        struct slice data = answer->records[i].data;
        char *name = data.len > PREFERENCE_LEN ? read_name(slice_from(data, PREFERENCE_LEN)) : NULL;
        if (name && *name) {
            int preference = (unsigned char)data.at[0] << 8 | (unsigned char)data.at[1];
            out[count++] = (struct record){preference, name};
            continue;
        }
        *out_null |= name != NULL;
        free(name);
    }
    return count;
}

static uint32_t next_luck(uint32_t *luck)
{
    *luck = *luck * 1664525u + 1013904223u; /* only to spread load: no secret */
    return *luck >> 16;
}

static void shuffle(struct record *records, size_t count, uint32_t luck)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = next_luck(&luck) % i;
        struct record record = records[i - 1];
        records[i - 1] = records[other];
        records[other] = record;
    }
}

/* Stable, so that the shuffled order stays among equals. */
static void sort(struct record *records, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct record record = records[i];
        size_t at = i;
        for (; at > 0 && records[at - 1].preference > record.preference; at--)
            records[at] = records[at - 1];
        records[at] = record;
    }
}

/* Our own level and all worse ones go: who is better than us is asked, nobody else. */
static size_t better_than(const struct record *records, size_t count, const char *ourselves)
{
    int limit = INT32_MAX;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (slice_is_nocase(slice_of(records[i].name), ourselves) && records[i].preference < limit)
            limit = records[i].preference;
    while (kept < count && records[kept].preference < limit)
        kept++;
    return kept;
}

static void add_host(struct mx_choice *out, const char *name)
{
    for (size_t i = 0; i < out->count; i++)
        if (strcmp(out->hosts[i].name, name) == 0)
            return;
    if (out->count < MX_HOSTS_MAX)
        snprintf(out->hosts[out->count++].name, sizeof out->hosts[0].name, "%s", name);
}

static void choose_among(const char *ourselves, const struct dns_answer *answer, uint32_t luck,
                         struct mx_choice *out)
{
    struct record records[MX_RECORDS_MAX];
    bool null_mx;
    size_t count = read_records(answer, records, &null_mx);

    shuffle(records, count, luck);
    sort(records, count);
    size_t kept = better_than(records, count, ourselves);
    for (size_t i = 0; i < kept; i++)
        add_host(out, records[i].name);
    if (count == 0 && null_mx)
        end(out, MX_NOWHERE, "556 5.1.10 This domain takes no mail");
    else if (count == 0)
        end(out, MX_NOWHERE, "550 5.4.4 The MX of this domain name no host");
    else if (kept == 0)
        end(out, MX_NOWHERE,
            "554 5.4.6 This mail would come back to us: we are its domain's best MX");
    for (size_t i = 0; i < count; i++)
        free(records[i].name);
}

static void note_canonical(const struct dns_answer *answer, char out[256])
{
    if (answer->canonical)
        snprintf(out, 256, "%s", answer->canonical);
}

void mx_choose(const char *domain, const char *ourselves, const struct dns_answer *answer,
               uint32_t luck, struct mx_choice *out)
{
    *out = (struct mx_choice){.verdict = MX_HOSTS, .secure = answer->secure};
    note_canonical(answer, out->canonical);
    switch (answer->outcome) {
    case DNS_ANSWER: choose_among(ourselves, answer, luck, out); return;
    case DNS_NO_DATA: add_host(out, domain); return; /* the implicit MX */
    case DNS_NO_NAME: end(out, MX_NOWHERE, "550 5.1.2 There is no such domain"); return;
    case DNS_FAILED: end(out, MX_LATER, "450 4.4.3 DNS gives no answer for this domain"); return;
    case DNS_BOGUS:
        out->bogus = true;
        end(out, MX_LATER, "450 4.4.3 DNSSEC does not prove this domain's MX");
        return;
    }
}

/* "192.0.2.1", "[192.0.2.1]", "[IPv6:2001:db8::1]" */
static bool read_literal(struct slice text, struct mx_host *out)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (text.len > 2 && text.at[0] == '[' && text.at[text.len - 1] == ']')
        text = slice_first(slice_from(text, 1), text.len - 2);
    if (slice_starts_nocase(text, "IPv6:"))
        text = slice_from(text, strlen("IPv6:"));
    scoped_text char *address = must_copy(text);
    if (inet_pton(AF_INET, address, &in.sin_addr) == 1)
        memcpy(&out->addresses[0], &in, sizeof in);
    else if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1)
        memcpy(&out->addresses[0], &in6, sizeof in6);
    else
        return false;
    out->address_count = 1;
    snprintf(out->name, sizeof out->name, "%s", address);
    return true;
}

void mx_only(const char *host, struct mx_choice *out)
{
    *out = (struct mx_choice){.verdict = MX_HOSTS, .secure = true};
    add_host(out, host);
    if (!read_literal(slice_of(host), &out->hosts[0]) && host[0] == '[')
        end(out, MX_NOWHERE, "501 5.1.3 The brackets of this address hold no IP address");
}

void mx_ask(const struct mx_choice *choice, struct dns_lookup *lookup)
{
    for (size_t i = 0; i < choice->count; i++) {
        if (choice->hosts[i].address_count > 0 || choice->hosts[i].routed)
            continue;
        dns_lookup_ask(lookup, DNS_A, choice->hosts[i].name);
        dns_lookup_ask(lookup, DNS_AAAA, choice->hosts[i].name);
    }
}

/* Up to `max` in all; a place is kept for the other family by whoever calls. */
static void add_addresses(const struct dns_lookup *lookup, enum dns_type type, size_t max,
                          struct mx_host *host)
{
    for (size_t i = 0; i < lookup->count; i++) {
        const struct dns_answer *answer = &lookup->answers[i];
        if (lookup->questions[i].type != type || strcmp(lookup->questions[i].name, host->name) != 0)
            continue;
        if (answer->count > 0)
            host->secure = answer->secure && (host->address_count == 0 || host->secure);
        note_canonical(answer, host->canonical);
        for (size_t at = 0; at < answer->count && host->address_count < max; at++)
            host->address_count +=
                dns_address(type, answer->records[at].data, &host->addresses[host->address_count]);
    }
}

/* Whether every question was answered, be it with nothing. */
static bool all_answered(const struct dns_lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++)
        if (lookup->answers[i].outcome == DNS_FAILED || lookup->answers[i].outcome == DNS_BOGUS)
            return false;
    return true;
}

static void note_bogus(const struct dns_lookup *lookup, struct mx_choice *choice)
{
    for (size_t i = 0; i < lookup->count; i++)
        choice->bogus |= lookup->answers[i].outcome == DNS_BOGUS;
}

void mx_addresses(const struct dns_lookup *lookup, struct mx_choice *choice)
{
    size_t kept = 0;

    for (size_t i = 0; i < choice->count; i++) {
        struct mx_host *host = &choice->hosts[i];
        add_addresses(lookup, DNS_A, MX_PER_HOST_MAX - 1, host);
        add_addresses(lookup, DNS_AAAA, MX_PER_HOST_MAX, host);
        if (host->address_count > 0 || host->routed)
            choice->hosts[kept++] = *host;
    }
    choice->count = kept;
    if (kept > 0)
        return;
    note_bogus(lookup, choice);
    if (all_answered(lookup))
        end(choice, MX_NOWHERE, "550 5.4.4 The mail hosts of this domain have no address");
    else
        end(choice, MX_LATER, "450 4.4.3 DNS gives no address for this domain's mail hosts");
}
