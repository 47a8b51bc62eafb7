#include "out_tls.h"

/* ---- before ---- */
static struct tls_orders bar(struct tls_orders orders, bool for_ever, const char *reason)
{
    orders.barred = true;
    orders.for_ever = for_ever;
    orders.reason = reason;
    return orders;
}

/* Whose policy it is.  Where TLSA records decide they do so alone: what fails by them is not mended by MTA-STS
 * (RFC 8461 2).  Where none can be used, MTA-STS still may. */
static enum tls_judge judge_of(const struct tls_circumstances *c, bool heeded)
{
    if (!heeded)
        return JUDGE_NOBODY;
    if (c->dane == DANE_DECIDES || c->dane == DANE_UNKNOWN)
        return JUDGE_DANE;
    if (c->sts != STS_NONE)
        return JUDGE_STS;
    return c->dane == DANE_UNUSABLE ? JUDGE_DANE : JUDGE_NOBODY;
}

static enum tls_demand demand_of(const struct tls_circumstances *c, const struct tls_orders *orders)
{
    bool enforced = orders->judge == JUDGE_STS && c->sts == STS_ENFORCE;

    if (c->login || c->require_tls || orders->by_dane || enforced)
        return TLS_PROVED;
    if (c->at_once || c->secret || orders->judge == JUDGE_DANE)
        return TLS_ALWAYS;
    /* Encryption that a stranger may strip anyway: better in clear than not at all. */
    return c->handshake_failed ? TLS_CLEAR : TLS_IF_OFFERED;
}

struct tls_orders tls_decide(const struct tls_circumstances *c)
{
    bool heeded = c->require_tls || !c->tls_optional;
    struct tls_orders orders = {.judge = judge_of(c, heeded), .reason = ""};
    bool enforced = orders.judge == JUDGE_STS && c->sts == STS_ENFORCE;

    orders.by_dane = orders.judge == JUDGE_DANE && c->dane == DANE_DECIDES;
    orders.demand = demand_of(c, &orders);
    if (orders.judge == JUDGE_DANE && c->dane == DANE_UNKNOWN)
        return bar(orders, false, "450 4.7.5 DNS gives no proved TLSA records of their mail host");
    if (enforced && !c->sts_names)
        return bar(orders, false, "450 4.7.5 Their MTA-STS policy does not name their mail host");
    if (c->require_tls && !c->proved_names && !enforced)
        return bar(orders, true,
                   "550 5.7.10 REQUIRETLS: neither DNSSEC nor MTA-STS proves where this domain's "
                   "mail goes");
    return orders;
}

/* ---- afterwards ---- */
const char *tls_result_name(enum tls_result result)
{
    static const char *const names[] = {
        [TLS_GOOD] = "",
        [TLS_NOT_OFFERED] = "starttls-not-supported",
        [TLS_OTHER_HOST] = "certificate-host-mismatch",
        [TLS_EXPIRED] = "certificate-expired",
        [TLS_NOT_TRUSTED] = "certificate-not-trusted",
        [TLS_INVALID] = "validation-failure",
        [TLS_TLSA_INVALID] = "tlsa-invalid",
        [TLS_DNSSEC_INVALID] = "dnssec-invalid",
        [TLS_STS_UNFETCHED] = "sts-policy-fetch-error",
        [TLS_STS_INVALID] = "sts-policy-invalid",
        [TLS_STS_WEBPKI] = "sts-webpki-invalid",
    };

    return result < TLS_RESULTS ? names[result] : "";
}

static enum tls_result result_of_trust(enum tls_trust trust)
{
    switch (trust) {
    case TRUST_PROVED: return TLS_GOOD;
    case TRUST_EXPIRED: return TLS_EXPIRED;
    case TRUST_OTHER_NAME: return TLS_OTHER_HOST;
    case TRUST_NO_CHAIN: return TLS_NOT_TRUSTED;
    case TRUST_NO_RECORD:
    case TRUST_NONE: break;
    }
    return TLS_INVALID;
}

/* Where no certificate was demanded, it is not what failed. */
static enum tls_result result_of_failure(const struct tls_orders *orders, enum tls_trust trust)
{
    if (orders->demand != TLS_PROVED || trust == TRUST_PROVED)
        return TLS_INVALID;
    return result_of_trust(trust);
}

enum tls_result tls_result_of(const struct tls_orders *orders, bool sts_names,
                              const struct tls_outcome *outcome)
{
    if (!outcome->asked || !outcome->heard)
        return TLS_UNSEEN;
    if (!outcome->offered)
        return TLS_NOT_OFFERED;
    if (!outcome->secured)
        return outcome->tried ? result_of_failure(orders, outcome->trust) : TLS_UNSEEN;
    if (orders->judge == JUDGE_DANE)
        return orders->by_dane ? result_of_trust(outcome->trust) : TLS_TLSA_INVALID;
    if (orders->judge == JUDGE_NOBODY)
        return TLS_GOOD;
    return sts_names ? result_of_trust(outcome->trust) : TLS_INVALID;
}
