/*
 * arc — what somebody who passed a mail on saw of it (RFC 8617).  Pure.
 *
 * A chain proves who wrote it down, never that it is true: everybody can write one.  So it counts only when every
 * sealer in it is one that the administrator trusts, and nobody else's chain costs a question or a signature check.
 *
 * The steps are those of dkim.h: arc_read(), then arc_judge() until nothing is open.
 */
#ifndef NESTBOX_SMTP_ARC_H
#define NESTBOX_SMTP_ARC_H

#include "dkim.h"

enum { ARC_SETS_MAX = 10 };

struct arc {
    enum auth_result
        result; /* NONE: no chain, or not one of sealers we trust; else PASS, FAIL, TEMPERROR */
    const char *why;
    size_t count; /* sets, if each of their sealers is trusted; else 0 */
    bool waiting; /* for keys */
    struct dkim_signature seals[ARC_SETS_MAX]; /* oldest first */
    struct dkim_signature message;             /* the newest ARC-Message-Signature */
    char author
        [DKIM_DOMAIN_SIZE]; /* header.from of a dmarc=pass the first sealer saw, lower case; or "" */
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

#endif
