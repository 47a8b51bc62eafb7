/*
 * out_tls — how much TLS a connection to another server needs, and what came of it (RFC 3207, 7672, 8461, 8689).
 *
 * Pure, and the one place where that is decided.
 */
#ifndef NESTBOX_SMTP_OUT_TLS_H
#define NESTBOX_SMTP_OUT_TLS_H

#include "out_dane.h"
#include "out_sts.h"
#include "session.h"

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
    bool
        proved_names; /* the host's name is not a stranger's word: DNSSEC, or the administrator's */
    enum dane_verdict dane; /* of this host */
    enum sts_mode sts;      /* of the domain */
    bool sts_names;         /* that policy names this host */
    bool require_tls;       /* of the mail: its MAIL had REQUIRETLS (RFC 8689 2) */
    bool tls_optional;      /* its header has "TLS-Required: No" (RFC 8689 5) */
};
enum tls_judge { JUDGE_NOBODY, JUDGE_DANE, JUDGE_STS }; /* whose policy is applied */
struct tls_orders {
    enum tls_demand demand;
    enum tls_judge judge;
    bool by_dane;       /* TLSA records judge the certificate, else authorities */
    bool barred;        /* nothing may be said to this host */
    bool for_ever;      /* and that will not pass */
    const char *reason; /* as a reply */
};
struct tls_orders tls_decide(const struct tls_circumstances *circumstances);

/* What came of it, in the words of RFC 8460 4.3; kept in the store by number. */
enum tls_result {
    TLS_GOOD,
    TLS_NOT_OFFERED,
    TLS_OTHER_HOST,
    TLS_EXPIRED,
    TLS_NOT_TRUSTED,
    TLS_INVALID,
    TLS_TLSA_INVALID,
    TLS_DNSSEC_INVALID,
    TLS_STS_UNFETCHED,
    TLS_STS_INVALID,
    TLS_STS_WEBPKI,
    TLS_RESULTS,
    TLS_UNSEEN = TLS_RESULTS, /* the conversation ended before TLS could come up */
};
const char *tls_result_name(enum tls_result result); /* "starttls-not-supported"; TLS_GOOD: "" */

struct tls_outcome {
    bool asked;           /* demand was more than TLS_CLEAR */
    bool heard;           /* EHLO was answered */
    bool offered;         /* STARTTLS, or TLS at once */
    bool tried, secured;  /* the handshake */
    enum tls_trust trust; /* the certificate, as it was judged */
};
enum tls_result tls_result_of(const struct tls_orders *orders, bool sts_names,
                              const struct tls_outcome *outcome);

#endif
