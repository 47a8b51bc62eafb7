/*
 * out_tls — how much TLS a connection to another server needs (facts: RFC 3207, 7672, 8461).  Pure.
 *
 * The one place where that is decided: what DNSSEC (DANE) and a domain's policy (MTA-STS) demand belongs into the
 * circumstances.
 */
#ifndef NESTBOX_SMTP_OUT_TLS_H
#define NESTBOX_SMTP_OUT_TLS_H

#include <stdbool.h>

enum tls_demand {
    TLS_CLEAR,      /* not even asked for */
    TLS_IF_OFFERED, /* and then with any certificate */
    TLS_ALWAYS,     /* or nothing is said; with any certificate */
    TLS_PROVED,     /* or nothing is said; and the certificate must be right */
};
struct tls_circumstances {
    bool login;            /* a password will be said */
    bool secret;           /* the mail itself may not be read on its way */
    bool at_once;          /* TLS before the greeting, as on port 465 */
    bool handshake_failed; /* at this address, a moment ago */
};
enum tls_demand tls_decide(const struct tls_circumstances *circumstances);

#endif
