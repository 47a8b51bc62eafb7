#include "evidence.h"

const char *auth_result_word(enum auth_result result)
{
    static const char *const words[AUTH_RESULTS] = {
        [AUTH_NONE] = "none",           [AUTH_PASS] = "pass",           [AUTH_FAIL] = "fail",
        [AUTH_SOFTFAIL] = "softfail",   [AUTH_POLICY] = "policy",       [AUTH_NEUTRAL] = "neutral",
        [AUTH_TEMPERROR] = "temperror", [AUTH_PERMERROR] = "permerror",
    };

    return result < AUTH_RESULTS ? words[result] : words[AUTH_NONE];
}

const char *dmarc_policy_word(enum dmarc_policy policy)
{
    switch (policy) {
    case DMARC_NONE: return "none";
    case DMARC_QUARANTINE: return "quarantine";
    case DMARC_REJECT: return "reject";
    }
    return "none";
}

enum evidence_class evidence_of_domain(const struct evidence *evidence)
{
    if (evidence->dmarc == AUTH_PASS && evidence->dkim_aligned)
        return EVIDENCE_S2;
    if (evidence->spf_aligned || evidence->dkim_aligned)
        return EVIDENCE_S1;
    return EVIDENCE_S0;
}

static void say_author(const struct evidence *evidence, struct bytes *out)
{
    const char *domain = evidence->author_domain;

    switch (evidence->class) {
    case EVIDENCE_S4: bytes_add_text(out, "Sent by log-in (S4)."); return;
    case EVIDENCE_S3: bytes_add_text(out, "Signed with the author's OpenPGP key (S3)."); return;
    case EVIDENCE_F1:
        bytes_add_text(out, "Signed by the author's server, for the author (F1).");
        return;
    case EVIDENCE_S2:
        bytes_print(out, "%s confirms that this mail is its own, by its signature (S2).", domain);
        return;
    case EVIDENCE_S1:
        bytes_print(out, "%s confirms that this mail is its own, %s (S1).", domain,
                    evidence->dkim_aligned ? "by its signature" : "by the server it came from");
        return;
    case EVIDENCE_S0: break;
    }
    if (*domain)
        bytes_print(out, "Nothing proves that this mail comes from %s (S0).", domain);
    else
        bytes_add_text(out, "Nothing proves who wrote this mail (S0).");
}

void evidence_sentence(const struct evidence *evidence, struct bytes *out)
{
    say_author(evidence, out);
    if (!*evidence->client)
        return;
    bytes_print(out, " It came from %s %s; SPF %s", evidence->client,
                evidence->tls ? "over TLS" : "in clear", auth_result_word(evidence->spf));
    if (*evidence->spf_domain)
        bytes_print(out, " of %s", evidence->spf_domain);
    bytes_add_text(out, ", DKIM ");
    for (size_t i = 0; i < evidence->dkim_count; i++)
        bytes_print(out, "%s%s of %s", i ? " and " : "", auth_result_word(evidence->dkim[i].result),
                    evidence->dkim[i].domain);
    if (evidence->dkim_count == 0)
        bytes_add_text(out, "none");
    bytes_print(out, ", DMARC %s", auth_result_word(evidence->dmarc));
    if (evidence->dmarc == AUTH_FAIL)
        bytes_print(out, " (policy %s)", dmarc_policy_word(evidence->policy));
    bytes_add_text(out, evidence->vouched ? ", vouched for by a forwarder you trust." : ".");
}
