/*
 * evidence — who a mail is from, as far as anything proves it: a value that smtp finds, the bridge decides by, and the
 * store keeps with the message (docs/authentication.md).
 *
 * The words of a header field are never evidence.
 */
#ifndef NESTBOX_BASE_EVIDENCE_H
#define NESTBOX_BASE_EVIDENCE_H

#include "bytes.h"

/* What a check found (RFC 8601 2.7), SPF, DKIM, DMARC and ARC alike. */
enum auth_result {
    AUTH_NONE,
    AUTH_PASS,
    AUTH_FAIL,
    AUTH_SOFTFAIL,
    AUTH_POLICY, /* it would pass, but not by our rules */
    AUTH_NEUTRAL,
    AUTH_TEMPERROR,
    AUTH_PERMERROR,
    AUTH_RESULTS,
};
const char *auth_result_word(enum auth_result result); /* "softfail" */

/* What the author's domain asks to be done with mail that fails DMARC. */
enum dmarc_policy { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };
const char *dmarc_policy_word(enum dmarc_policy policy);

/* How sure we are, weakest first; the numbers are stored. */
enum evidence_class {
    EVIDENCE_S0,      /* nothing */
    EVIDENCE_S1,      /* aligned SPF, or an aligned signature of a domain without DMARC */
    EVIDENCE_S2,      /* DMARC pass by an aligned signature */
    EVIDENCE_S3,      /* an OpenPGP signature of the account */
    EVIDENCE_S4,      /* the account's own log-in */
    EVIDENCE_F1 = 11, /* the actor's HTTP signature */
};

enum {
    EVIDENCE_DOMAIN_SIZE = 256,
    EVIDENCE_SIGNATURES_MAX = 4,
    EVIDENCE_CLIENT_SIZE = 46,
    EVIDENCE_EXPLANATION_SIZE = 201
};
struct evidence_signature {
    enum auth_result result;
    char domain[EVIDENCE_DOMAIN_SIZE];
};
struct evidence { /* all zero: nothing was looked at */
    enum evidence_class class;
    char client[EVIDENCE_CLIENT_SIZE]; /* the address it came from; "" is not told (submission) */
    bool tls;
    enum auth_result spf;
    char spf_domain[EVIDENCE_DOMAIN_SIZE];
    struct evidence_signature dkim[EVIDENCE_SIGNATURES_MAX]; /* those that pass first */
    size_t dkim_count;
    enum auth_result dmarc;
    enum dmarc_policy policy;                 /* that applies to this mail */
    char author_domain[EVIDENCE_DOMAIN_SIZE]; /* of the one From address; "" if there is not one */
    bool spf_aligned, dkim_aligned;           /* passes, and speaks for the author's domain */
    bool key_signed; /* what makes dkim_aligned true covers the Autocrypt field.  Not stored */
    bool signed_by_author_domain; /* DKIM by that very domain */
    /* What the author's domain says of mail that SPF fails; printable ASCII, its words; "" mostly.  Not stored. */
    char explanation[EVIDENCE_EXPLANATION_SIZE];
    enum auth_result arc; /* of a chain of sealers that the administrator trusts */
    bool vouched;         /* trusted forwarders saw it pass before they changed it (ARC) */
};

/* S0, S1 or S2. */
enum evidence_class evidence_of_domain(const struct evidence *evidence);
/* One plain sentence for the owner: "mail.example confirms this mail, by its signature (S2).  …". */
void evidence_sentence(const struct evidence *evidence, struct bytes *out);

#endif
