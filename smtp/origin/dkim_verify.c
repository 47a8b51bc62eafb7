/* The signatures of a mail, from the top, as many as count. */
#include "dkim_private.h"

void dkim_read(const struct dkim_text *text, int64_t now_ms, struct dkim *out)
{
    *out = (struct dkim){.count = 0};
    for (size_t i = 0; i < text->count; i++) {
        if (!dkim_field_is(&text->fields[i], "DKIM-Signature"))
            continue;
        if (out->count == DKIM_SIGNATURES_MAX)
            out->passed_over++;
        else
            dkim_signature_read(text, &text->fields[i], DKIM_FIELD, now_ms,
                                &out->signatures[out->count++]);
    }
}

void dkim_clear(struct dkim *dkim)
{
    for (size_t i = 0; i < dkim->count; i++)
        bytes_clear(&dkim->signatures[i].value);
    *dkim = (struct dkim){.count = 0};
}

bool dkim_judge(struct dkim *dkim, struct dns_facts *facts, const struct dkim_prover *prover)
{
    bool done = true;

    for (size_t i = 0; i < dkim->count; i++)
        done &= dkim_signature_judge(&dkim->signatures[i], facts, prover);
    return done;
}

bool dkim_passed(const struct dkim *dkim, struct slice domain)
{
    for (size_t i = 0; i < dkim->count; i++)
        if (dkim->signatures[i].result == AUTH_PASS &&
            slice_is_nocase(domain, dkim->signatures[i].domain))
            return true;
    return false;
}
