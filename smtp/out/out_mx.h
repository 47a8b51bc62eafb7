/*
 * out_mx — to which hosts a domain's mail goes, in which order (RFC 5321 5.1, RFC 7505).  Pure.
 */
#ifndef NESTBOX_SMTP_OUT_MX_H
#define NESTBOX_SMTP_OUT_MX_H

#include "dns.h"

#include <netinet/in.h>

enum {
    MX_HOSTS_MAX = 5,
    MX_PER_HOST_MAX = 3, /* addresses */
};
enum mx_verdict {
    MX_HOSTS,
    MX_LATER,   /* DNS did not answer, or what it said was not proved */
    MX_NOWHERE, /* there is no such place, ever */
};
struct mx_host {
    char name[256];
    struct sockaddr_storage addresses[MX_PER_HOST_MAX];
    size_t address_count;
    bool routed;         /* `connect_to` says the way: no address is asked for */
    bool secure;         /* DNSSEC proved its addresses */
    char canonical[256]; /* the name behind CNAMEs, "" if it is the same */
};
struct mx_choice {
    enum mx_verdict verdict;
    char words[200]; /* of the verdict, as a reply: "556 5.1.10 …"; MX_HOSTS: "" */
    bool secure;     /* the names of the hosts: proved by DNSSEC, or said by the administrator */
    bool bogus;      /* DNSSEC proved the answer false */
    char canonical[256]; /* of the domain, as of a host */
    struct mx_host hosts[MX_HOSTS_MAX];
    size_t count;
};
/* From the answer to the MX question.  `ourselves`: our name as a host; from it on, mail would come back.  `luck`
 * orders hosts of one preference. */
void mx_choose(const char *domain, const char *ourselves, const struct dns_answer *answer,
               uint32_t luck, struct mx_choice *out);
/* One host, known without an MX question: a smarthost, "[192.0.2.1]", or one that `connect_to` names. */
void mx_only(const char *host, struct mx_choice *out);

/* Asks for the addresses of every host that has none. */
void mx_ask(const struct mx_choice *choice, struct dns_lookup *lookup);
/* Puts in what was found, IPv4 first.  Hosts without an address go; if all do, the verdict changes. */
void mx_addresses(const struct dns_lookup *lookup, struct mx_choice *choice);

#endif
