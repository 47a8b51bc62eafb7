/*
 * arc — what somebody who passed a mail on saw of it (RFC 8617).  Pure.
 *
 * A chain proves who wrote it down, never that it is true: everybody can write one.  So it counts only when every
 * sealer in it is one that the administrator trusts, and nobody else's chain costs a question or a signature check.
 *
 * The steps are those of dkim.h: arc_read(), then arc_judge() until nothing is open.  arc_seal() adds a set of our own.
 */
#ifndef NESTBOX_SMTP_ARC_H
#define NESTBOX_SMTP_ARC_H

#include "dkim.h"

enum { ARC_SETS_MAX = 10, ARC_CHAIN_MAX = 32 * 1024 };

struct arc {
    enum auth_result
        result; /* NONE: no chain, or not one of sealers we trust; else PASS, FAIL, TEMPERROR */
    const char *why;
    size_t count; /* sets, if each of their sealers is trusted; else 0 */
    bool waiting; /* for keys */
    struct dkim_signature seals[ARC_SETS_MAX]; /* oldest first */
    struct dkim_signature message;             /* the newest ARC-Message-Signature */
    /* Lower case; whose author's mail the first sealer saw pass (dmarc=pass, header.from), or for whose account it
     * answers itself (auth=pass, smtp.auth at its own domain); or "". */
    char author[DKIM_DOMAIN_SIZE];
    struct bytes
        chain; /* the sets as they stand, newest first, CRLF behind each field: to be carried on */
};
/* `trusts` says whether that sealer's word counts. */
void arc_read(const struct dkim_text *text, int64_t now_ms,
              bool (*trusts)(const void *ctx, struct slice domain), const void *ctx,
              struct arc *out);
void arc_clear(struct arc *arc);
SCOPED_VALUE(arc, arc_clear)

bool arc_judge(struct arc *arc, struct dns_facts *facts,
               const struct dkim_prover *prover); /* as dkim_judge() */

/* Did trusted hands see this author's mail pass DMARC before they changed it? */
bool arc_vouches(const struct arc *arc, struct slice author_domain);

/* ---- our own set ---- */
struct arc_orders { /* all borrowed */
    const char *domain, *selector;
    int64_t now_ms;
    struct slice
        results; /* "mx.example.org; auth=pass …": our name, and what was found when the mail came */
    struct slice chain; /* sets that came with it and passed, as in `struct arc`; empty: none */
};
struct arc_signer { /* RSA with SHA-256, over the data themselves */
    bool (*sign)(void *ctx, struct slice data, struct bytes *out_signature, struct err *err);
    void *ctx;
};
/* Appends our set and the chain it goes on, to stand in front of all else.  `text` is the mail, `signatures` the
 * DKIM-Signature fields in front of it.  Nothing is appended to a text that cannot be signed, or to a chain that is full or
 * broken: it is over then (RFC 8617 5.1.3).  False: the signer failed. */
MUST_CHECK bool arc_seal(const struct dkim_text *text, struct slice signatures,
                         const struct arc_orders *orders, const struct arc_signer *signer,
                         struct bytes *out, struct err *err);

#endif
