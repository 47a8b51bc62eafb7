/*
 * origin — who sent this mail: SPF, DKIM, DMARC and ARC together, in few rounds of questions to DNS.  Pure.
 *
 *     origin_judge()      until it says that nothing is open: answer origin.facts, call again
 *     origin_evidence()   what was found, as the value that the bridge decides by
 *     origin_field()      the same for people's programs (RFC 8601), to stand above our Received
 *     origin_results()    the same again, out of the store, for an ARC set of ours
 */
#ifndef NESTBOX_SMTP_ORIGIN_H
#define NESTBOX_SMTP_ORIGIN_H

#include "arc.h"
#include "dkim.h"
#include "dmarc.h"
#include "spf.h"

struct origin_question { /* all borrowed until the last call */
    const char *client;  /* its address */
    bool tls;
    const char *helo;
    const char *mail_from; /* "" is the null sender */
    const char *author; /* domain of the one From address, as A-labels; "" where there is not one */
    int64_t now_ms;
    const char *receiver; /* our name */
    struct dkim_prover prover;
    /* Whose ARC seals count; NULL: nobody's. */
    bool (*trusts)(const void *ctx, struct slice domain);
    const void *ctx;
};
struct origin {
    struct origin_question question;
    struct dns_facts facts;
    struct bytes sender; /* what SPF is asked of: MAIL FROM, or postmaster@HELO */
    struct spf_question mail_from, helo;
    struct spf_verdict spf, spf_helo;
    struct dkim dkim;
    struct arc arc;
    struct dmarc_verdict dmarc;
    char explanation[SPF_EXPLANATION_SIZE]; /* of SPF, where the mail is to be refused */
};
/* Takes in what the text says; `text` is not needed any more afterwards. */
void origin_begin(struct origin *origin, const struct origin_question *question,
                  const struct dkim_text *text);
void origin_clear(struct origin *origin);
SCOPED_VALUE(origin, origin_clear)

bool origin_judge(struct origin *origin); /* true: nothing is open */

void origin_evidence(const struct origin *origin, struct evidence *out);
/* "Authentication-Results: …\r\n", folded.  `authority` is our name (authserv-id). */
void origin_field(const struct origin *origin, const char *authority, struct bytes *out);
/* The same of what was kept, "mx.example.org; spf=…", for those to whom the mail's words go on: of its domains only the
 * author's own is named, since others tell where the author has mailboxes. */
void origin_results(const struct evidence *evidence, const char *authority, struct bytes *out);

#endif
