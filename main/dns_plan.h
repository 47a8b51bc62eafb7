/*
 * dns_plan — every DNS record that the domains of a server want, made from settings and keys.  Pure.
 *
 * One list serves all: what `nestbox dns` prints and what `nestbox dns --check` compares the world with.
 */
#ifndef NESTBOX_MAIN_DNS_PLAN_H
#define NESTBOX_MAIN_DNS_PLAN_H

#include "bytes.h"
#include "config.h"
#include "dns.h"

enum { DNS_ADDRESSES_MAX = 8, DNS_SPKI_LEN = 32, DNS_TTL_S = 3600 };

struct dns_signer { /* one DKIM key */
    size_t domain;
    char *name, *text; /* "r26a._domainkey.example.org", "v=DKIM1; k=rsa; p=…" */
};
struct dns_known { /* what the records are made of, all borrowed */
    const struct config *config;
    char addresses[DNS_ADDRESSES_MAX][64]; /* of this machine, public ones; none: unknown */
    size_t address_count;
    unsigned char spki[2]
                      [DNS_SPKI_LEN]; /* SHA-256 of the TLS key, and of the one that comes next */
    size_t spki_count;
    const struct dns_signer *signers;
    size_t signer_count;
};

enum dns_part {
    PART_ADDRESS, /* of a hosted domain */
    PART_MX,
    PART_SPF,
    PART_DKIM,
    PART_DMARC,
    PART_STS,
    PART_STS_HOST,
    PART_TLSRPT,
    PART_SRV,
    PART_AUTOCONFIG,
    PART_OPENPGPKEY,
    PART_CAA,
    PART_HOST, /* addresses of [server] hostname */
    PART_HELO, /* its SPF */
    PART_TLSA,
    PART_PTR,
    DNS_PARTS,
};
/* What this part is good for, one line. */
const char *dns_part_about(enum dns_part part);

struct dns_wanted {
    enum dns_part part;
    size_t
        domain; /* index of config->domains whose part it is; of the hostname's parts the first */
    char *name; /* without the last dot */
    enum dns_type type;
    char *value; /* as in a zone file, names absolute; TXT without quotation marks */
    bool guess;  /* an address to be put in by the administrator */
    bool hint;   /* not for this zone: said as a comment */
};
struct dns_plan {
    const struct dns_known *known;
    size_t home; /* the domain whose zone the host name lies in; the first, if in none of them */
    struct dns_wanted *at;
    size_t count, capacity;
};
void dns_plan_make(const struct dns_known *known, struct dns_plan *out);
void dns_plan_clear(struct dns_plan *plan);
SCOPED_VALUE(dns_plan, dns_plan_clear)
void dns_plan_keep(struct dns_plan *plan, enum dns_part part); /* of that part alone */

/* The record as a line of a zone file, without a line end; TXT in strings of at most 255 octets. */
void dns_wanted_line(const struct dns_wanted *wanted, struct bytes *out);
const char *dns_type_name(enum dns_type type);

/* All records; `domain` is an index, or SIZE_MAX for all domains. */
void dns_print_zone(const struct dns_plan *plan, size_t domain, struct bytes *out);
void dns_print_plain(const struct dns_plan *plan, size_t domain, struct bytes *out);
void dns_print_json(const struct dns_plan *plan, size_t domain, struct bytes *out);

#endif
