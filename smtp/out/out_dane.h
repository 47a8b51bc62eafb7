/*
 * out_dane — what the TLSA records of a mail host demand (RFC 7672 2.2, 3.1).  Pure.
 *
 * They count where DNSSEC proves all of the way: from the domain to the host, from the host to its address, and the
 * records.  A lookup that fails makes the host unreachable; "no records" is never guessed.
 */
#ifndef NESTBOX_SMTP_OUT_DANE_H
#define NESTBOX_SMTP_OUT_DANE_H

#include "dial.h"
#include "out_mx.h"

enum dane_verdict {
    DANE_SILENT,   /* no records that count */
    DANE_DECIDES,  /* the certificate must fit one of them */
    DANE_UNUSABLE, /* none of them is of a kind that we can use: TLS, with any certificate (3.1.3) */
    DANE_UNKNOWN,  /* the lookup failed: nothing may be said to this host now */
};
struct dane {
    enum dane_verdict verdict;
    char base[256]; /* the name the records were found under, without _25._tcp */
    struct dial_tlsa tlsa[DIAL_TLSA_MAX];
    size_t count;
};
void dane_clear(struct dane *dane);

/* Asks for the records of every host for which they would count: up to two questions each. */
void dane_ask(const struct mx_choice *choice, int port, struct dns_lookup *lookup);
/* What was found for `host`, whose records were asked for, or were not. */
void dane_read(const struct mx_host *host, int port, const struct dns_lookup *lookup,
               struct dane *out);
/* Has the dialer judge the certificate by them (DANE_DECIDES). */
void dane_apply(const struct dane *dane, const char *domain, const struct mx_choice *choice,
                struct dial *dial);
/* As in a zone file, a line each. */
void dane_print(const struct dane *dane, int port, struct bytes *out);

#endif
