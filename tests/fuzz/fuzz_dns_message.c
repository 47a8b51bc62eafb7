/*
 * Answers of DNS, as libunbound hands them on: the first byte chooses the type that was asked for.
 */
#include "dns_message.h"

#include "scope.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum dns_type types[] = {DNS_A,    DNS_CNAME, DNS_MX,  DNS_TXT,
                                          DNS_AAAA, DNS_TLSA,  DNS_SRV, DNS_PTR};
    struct dns_answer answer = {0};

    if (size == 0)
        return 0;
    struct slice packet = {(const char *)data + 1, size - 1};
    dns_message_read(packet, types[data[0] % COUNT_OF(types)], "a.test", &answer);
    assert(answer.outcome == DNS_ANSWER || answer.outcome == DNS_NO_NAME || !answer.count ||
           answer.outcome == DNS_FAILED);
    dns_answer_clear(&answer);
    return 0;
}
