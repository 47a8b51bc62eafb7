/* How long what DNS says is true.  What it says is tested with the resolver. */
#include "test.h"

#include "bytes.h"
#include "dns_message.h"
#include "memory.h"

#define QUESTION "\1a\4test\0\0\1\0\1"
#define A_WITH(ttl) "\xc0\x0c\0\1\0\1" ttl "\0\4\1\2\3\4"
#define CNAME_WITH(ttl) "\xc0\x0c\0\5\0\1" ttl "\0\2\xc0\x0c"
#define SOA_WITH(ttl, minimum)                                                                     \
    "\xc0\x0e\0\6\0\1" ttl "\0\x18\xc0\x0e\xc0\x0e"                                                \
    "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4" minimum

static struct dns_answer read_message(int rcode, int answers, int authority, const char *records,
                                      size_t len)
{
    scoped_value(bytes) packet = {0};
    struct dns_answer answer = {0};
    const char header[12] = {
        0, 0, (char)0x81, (char)rcode, 0, 1, 0, (char)answers, 0, (char)authority, 0, 0};

    bytes_add(&packet, (struct slice){header, sizeof header});
    bytes_add(&packet, (struct slice){QUESTION, sizeof QUESTION - 1});
    bytes_add(&packet, (struct slice){records, len});
    dns_message_read(bytes_slice(&packet), DNS_A, "a.test", &answer);
    return answer;
}

#define MESSAGE(rcode, answers, authority, records)                                                \
    {                                                                                              \
        rcode, answers, authority, records, sizeof(records) - 1                                    \
    }

static void each_answer_says_how_long(void **state)
{
    static const struct {
        const char *name;
        struct {
            int rcode, answers, authority;
            const char *records;
            size_t len;
        } message;
        enum dns_outcome outcome;
        int64_t ttl_s;
    } rows[] = {
  /* clang-format off */
        {"a record, its TTL",             MESSAGE(0, 1, 0, A_WITH("\0\0\1\2")), DNS_ANSWER, 258},
        {"several, the shortest",         MESSAGE(0, 2, 0, A_WITH("\0\0\0\7") A_WITH("\0\0\0\5")), DNS_ANSWER, 5},
        {"behind an alias, the alias's",  MESSAGE(0, 2, 0, CNAME_WITH("\0\0\0\3") A_WITH("\0\0\0\5")), DNS_ANSWER, 3},
        {"no such name, the SOA's TTL",   MESSAGE(3, 0, 1, SOA_WITH("\0\0\0\6", "\0\0\0\x9")), DNS_NO_NAME, 6},
        {"no such record, its last number", MESSAGE(0, 0, 1, SOA_WITH("\0\0\0\6", "\0\0\0\4")), DNS_NO_DATA, 4},
        {"an alias that leads nowhere",   MESSAGE(3, 1, 1, CNAME_WITH("\0\0\0\2") SOA_WITH("\0\0\0\6", "\0\0\0\4")), DNS_NO_NAME, 2},
        {"a no without SOA",              MESSAGE(3, 0, 0, ""), DNS_NO_NAME, 0},
        {"an SOA that is cut off",        MESSAGE(3, 0, 1, "\xc0\x0e\0\6\0\1\0\0"), DNS_NO_NAME, 0},
        {"an SOA without its numbers",    MESSAGE(3, 0, 1, "\xc0\x0e\0\6\0\1\0\0\0\5\0\2\xc0\x0e"), DNS_NO_NAME, 0},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_answer answer =
            read_message(rows[i].message.rcode, rows[i].message.answers, rows[i].message.authority,
                         rows[i].message.records, rows[i].message.len);
        if (answer.outcome != rows[i].outcome || answer.ttl_s != rows[i].ttl_s)
            fail_msg("%s: outcome %d, %lld s", rows[i].name, (int)answer.outcome,
                     (long long)answer.ttl_s);
        dns_answer_clear(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_answer_says_how_long)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
