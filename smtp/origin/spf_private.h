/* What the files of SPF share: the record (spf_record.c), its macros (spf_macro.c), its evaluation (spf.c). */
#ifndef NESTBOX_SMTP_SPF_PRIVATE_H
#define NESTBOX_SMTP_SPF_PRIVATE_H

#include "spf.h"

/* ---- the record, as it is written ---- */
enum spf_kind { SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS };
enum { IP4_LEN = 4, IP6_LEN = 16 };
struct spf_term {
    enum spf_kind kind;
    enum auth_result meaning;       /* of a match */
    struct slice target;            /* domain-spec, macros unread; empty: the domain itself */
    unsigned prefix4, prefix6;      /* in bits */
    unsigned char network[IP6_LEN]; /* ip4, ip6 */
};
struct spf_record { /* its slices point into the text it was read from */
    struct spf_term *terms;
    size_t count, capacity;
    struct slice redirect, explain; /* domain-specs; at NULL: there is none */
};
bool spf_is_record(struct slice text); /* "v=spf1", and a space or nothing behind (4.5) */
/* False: a syntax error somewhere, so all of it counts as nothing (4.6). */
bool spf_record_read(struct slice text, struct spf_record *out);
void spf_record_clear(struct spf_record *record);
SCOPED_VALUE(spf_record, spf_record_clear)

/* ---- who is asked about ---- */
struct spf_client {
    bool ip6;
    unsigned char address[IP6_LEN]; /* IPv4: the first four */
    char text[EVIDENCE_CLIENT_SIZE];
};
bool spf_client_read(const char *text, struct spf_client *out);
struct spf_check {
    const struct spf_question *question;
    struct spf_client client;
    struct dns_facts *facts;
    bool open;
    int terms, voids;
    const char *receiver; /* explanations alone */
    int64_t now_ms;
};

/* ---- macros (7) ---- */
static inline bool spf_is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}
bool spf_macros_fit(struct slice text, bool explaining); /* is the syntax right? */
/* Writes `text` out.  False: open (%{p} asks DNS).  Its syntax was checked before. */
bool spf_expand(struct spf_check *check, struct slice text, const char *domain, struct bytes *out);
/* As a name to ask for: without its last dot, shortened from the left to 253 octets (7.3). */
bool spf_expand_name(struct spf_check *check, struct slice text, const char *domain,
                     struct bytes *out);

/* ---- names of the client (5.5) ---- */
enum spf_names { SPF_NAMES_OPEN, SPF_NAMES_FAILED, SPF_NAMES_ABSENT, SPF_NAMES_FOUND };
/* A name of the client at or under `domain` whose address is the client's. */
enum spf_names spf_own_name(struct spf_check *check, const char *domain, char out[DNS_NAME_SIZE]);
/* Does that address stand among the answers? */
bool spf_has_address(const struct spf_check *check, const struct dns_answer *answer,
                     unsigned prefix4, unsigned prefix6);
bool spf_in_network(const struct spf_client *client, const unsigned char *network, unsigned bits);

#endif
