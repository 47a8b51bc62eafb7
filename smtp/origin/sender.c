#include "sender.h"

static bool failed(const struct dns_answer *answer)
{
    return answer->outcome == DNS_FAILED || answer->outcome == DNS_BOGUS;
}

/* "0 ." alone (RFC 7505 3) */
static bool is_null_mx(const struct dns_answer *answer)
{
    char host[DNS_NAME_SIZE];

    return answer->count == 1 && answer->records[0].data.len == 3 &&
           dns_name_read(slice_from(answer->records[0].data, 2), host) && !*host;
}

static enum sender_verdict judge_address(const char *domain, struct dns_facts *facts)
{
    const struct dns_answer *a = dns_facts_ask(facts, DNS_A, domain);
    const struct dns_answer *aaaa = dns_facts_ask(facts, DNS_AAAA, domain);

    if (!a || !aaaa)
        return SENDER_OPEN;
    if (a->count > 0 || aaaa->count > 0)
        return SENDER_FINE;
    return failed(a) || failed(aaaa) ? SENDER_UNSURE : SENDER_NOWHERE;
}

enum sender_verdict sender_judge(const char *domain, struct dns_facts *facts)
{
    const struct dns_answer *mx = dns_facts_ask(facts, DNS_MX, domain);

    if (!mx)
        return SENDER_OPEN;
    if (failed(mx))
        return SENDER_UNSURE;
    if (is_null_mx(mx))
        return SENDER_TAKES_NO_MAIL;
    return mx->count > 0 ? SENDER_FINE : judge_address(domain, facts);
}
