/*
 * spf — may this host send for that domain? (RFC 7208)  Pure: (answers so far) → verdict, or questions still open.
 *
 * Every limit of 4.6.4 holds: 10 terms that ask DNS, two of them in vain, 10 names of an mx, 10 of a ptr.  A record above
 * SPF_RECORD_MAX octets is an error of its publisher.
 */
#ifndef NESTBOX_SMTP_SPF_H
#define NESTBOX_SMTP_SPF_H

#include "auth.h"
#include "dns_facts.h"

enum { SPF_RECORD_MAX = 8 * 1024, SPF_TERMS_MAX = 10, SPF_VOIDS_MAX = 2, SPF_NAMES_MAX = 10 };

struct spf_question {
    const char *client;  /* "192.0.2.1", "2001:db8::1"; "::ffff:192.0.2.1" is IPv4 (5) */
    struct slice helo;   /* as it was said */
    struct slice sender; /* MAIL FROM, or "postmaster@HELO" if that is empty (2.4) */
    struct slice domain; /* whose policy: that of MAIL FROM, or HELO (2.3) */
};
struct spf_verdict {
    bool open; /* facts have new questions; nothing else here counts */
    enum auth_result result;
    char explain[DNS_NAME_SIZE]; /* FAIL: where the domain says why (6.2), or "" */
};
void spf_judge(const struct spf_question *question, struct dns_facts *facts,
               struct spf_verdict *out);

/* Where the domain of a FAIL explains itself: one line of printable ASCII, cut at 200 octets; "" if it says nothing fit
 * to be shown.  These are a stranger's words: whoever shows them says whose they are.  `receiver`, `now_ms`: for the
 * macros r and t.  False: open. */
enum { SPF_EXPLANATION_SIZE = EVIDENCE_EXPLANATION_SIZE };
bool spf_explain(const struct spf_question *question, const struct spf_verdict *verdict,
                 const char *receiver, int64_t now_ms, struct dns_facts *facts,
                 char out[SPF_EXPLANATION_SIZE]);

#endif
