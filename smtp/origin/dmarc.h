/*
 * dmarc — does the author's domain answer for this mail, and if not, what does it ask for? (RFC 9989)  Pure: (answers so
 * far) → verdict, or questions still open.
 *
 * Policies and organizational domains are found by the tree walk (4.10), at most 8 questions a domain; no list of public
 * suffixes is used.  The steps of a walk are asked all at once: it costs one round.
 */
#ifndef NESTBOX_SMTP_DMARC_H
#define NESTBOX_SMTP_DMARC_H

#include "auth.h"
#include "dns_facts.h"

enum { DMARC_STEPS_MAX = 8, DMARC_RECORD_MAX = 8 * 1024 };

/* ---- a record (4.7) ---- */
enum dmarc_psd { DMARC_PSD_UNSAID, DMARC_PSD_YES, DMARC_PSD_NO };
struct dmarc_record {
    enum dmarc_policy policy, subdomains,
        nobody;      /* p, sp, np: each as it counts, defaults filled in */
    bool has_nobody; /* np differs from sp */
    bool strict_dkim, strict_spf;
    bool testing;
    bool broken; /* p, sp or np is not valid, and no report is wanted: no processing (4.10.1) */
    enum dmarc_psd psd;
};
/* False: this is no DMARC record. */
bool dmarc_record_read(struct slice text, struct dmarc_record *out);

/* ---- a mail ---- */
struct dmarc_identity { /* somebody who was checked, by SPF or DKIM */
    const char *domain; /* "" is nobody */
    enum auth_result result;
    bool covers_key; /* a signature under the Autocrypt field */
};
struct dmarc_question {
    const char *author; /* domain of the one From address, as A-labels; "" where there is not one */
    struct dmarc_identity spf;
    const struct dmarc_identity *dkim;
    size_t dkim_count;
};
struct dmarc_verdict {
    bool open; /* facts have new questions; nothing else here counts */
    /* NONE: DMARC does not apply; PERMERROR: its record is broken; TEMPERROR: DNS or a check did not answer. */
    enum auth_result result;
    /* What the author's domain asks for mail that fails, test mode counted in; REJECT where DNS would not say. */
    enum dmarc_policy policy;
    /* Who passed and speaks for the author; without a record, by the very same domain. */
    bool spf_aligned, dkim_aligned;
    bool key_signed; /* such a signature covers the Autocrypt field */
};
void dmarc_judge(const struct dmarc_question *question, struct dns_facts *facts,
                 struct dmarc_verdict *out);

#endif
