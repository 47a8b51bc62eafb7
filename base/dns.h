/*
 * dns — the value of a DNS errand (LANE_DNS): up to 16 questions at once.
 *
 * Every answer carries whether DNSSEC proved it.  Bogus is a temporary failure, never "no such record".
 */
#ifndef NESTBOX_BASE_DNS_H
#define NESTBOX_BASE_DNS_H

#include "errand.h"
#include "slice.h"

#include <netinet/in.h>

enum dns_type {
    DNS_A = 1,
    DNS_CNAME = 5,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_SRV = 33,
    DNS_TLSA = 52,
    DNS_CAA = 257
};
enum dns_outcome { DNS_ANSWER, DNS_NO_DATA, DNS_NO_NAME, DNS_FAILED, DNS_BOGUS };

struct dns_record {
    struct slice data; /* RDATA as on the wire */
    char *bytes; /* where it lies, the answer's own; NULL: somewhere that outlives the answer */
};
struct dns_answer {
    enum dns_outcome outcome;
    bool secure;
    int64_t
        ttl_s; /* of what stands here; of NO_DATA and NO_NAME too (RFC 2308 5), 0 where nobody says */
    char *canonical; /* the name behind CNAMEs, or NULL */
    struct dns_record *records;
    size_t count;
};
struct dns_question {
    enum dns_type type;
    char name[256];
};
enum { DNS_QUESTIONS_MAX = 16 };
struct dns_lookup {
    struct errand errand;
    size_t count;
    struct dns_question questions[DNS_QUESTIONS_MAX];
    struct dns_answer answers[DNS_QUESTIONS_MAX];
};
struct dns_lookup *dns_lookup_new(void); /* errand.ok tells whether it was asked at all */
/* A name that cannot exist (over 253 bytes) is asked as "invalid", which no zone has. */
void dns_lookup_ask(struct dns_lookup *lookup, enum dns_type type, const char *name);
void dns_lookup_free(struct errand *errand);
void dns_answer_add(struct dns_answer *answer, struct slice rdata); /* copies */
void dns_answer_clear(struct dns_answer *answer);
/* What an A or AAAA record says; false: it is neither, or broken. */
bool dns_address(enum dns_type type, struct slice data, struct sockaddr_storage *out);

#endif
