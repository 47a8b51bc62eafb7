/* Which hosts take a domain's mail, in which order. */
#include "test.h"

#include "out_mx.h"
#include "scope.h"
#include "text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

/* "10 a.test" as RDATA */
static void add_mx(struct dns_answer *answer, struct slice text)
{
    struct slice name = text;
    int preference = atoi(text.at);
    scoped_value(bytes) data = {0};

    slice_cut(&name, ' ');
    bytes_add_char(&data, (char)(preference >> 8));
    bytes_add_char(&data, (char)preference);
    while (name.at && name.len > 0 && !slice_is(name, ".")) {
        struct slice label = slice_cut(&name, '.');
        bytes_add_char(&data, (char)label.len);
        bytes_add(&data, label);
    }
    bytes_add_char(&data, '\0');
    dns_answer_add(answer, bytes_slice(&data));
}

static struct dns_answer answer_of(enum dns_outcome outcome, const char *records)
{
    struct dns_answer answer = {.outcome = outcome};
    struct slice rest = slice_of(records);

    while (rest.at && rest.len > 0)
        add_mx(&answer, slice_trim(slice_cut(&rest, ',')));
    return answer;
}

static const char *names_of(const struct mx_choice *choice)
{
    static char text[1500];
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < choice->count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? " " : "",
                                choice->hosts[i].name);
    return text;
}

static void test_choices(void **state)
{
    static const struct {
        const char *name;
        enum dns_outcome outcome;
        const char *records;
        enum mx_verdict verdict;
        const char *hosts; /* or the words' begin */
    } cases[] = {
        {"by preference",                         DNS_ANSWER,  "20 b.test, 10 a.test, 30 c.test", MX_HOSTS,
         "a.test b.test c.test"                                                                                              },
        {"without MX, the domain itself",         DNS_NO_DATA, "",                                MX_HOSTS,   "d.test"       },
        {"no such domain",                        DNS_NO_NAME, "",                                MX_NOWHERE, "550 5.1.2"    },
        {"no answer",                             DNS_FAILED,  "",                                MX_LATER,   "450 4.4.3"    },
        {"a forged answer is no answer",          DNS_BOGUS,   "",                                MX_LATER,   "450 4.4.3"    },
        {"a null MX",                             DNS_ANSWER,  "0 .",                             MX_NOWHERE, "556 5.1.10"   },
        {"a null MX among others is nonsense",    DNS_ANSWER,  "0 ., 10 a.test",                  MX_HOSTS,   "a.test"       },
        {"an address is no host",                 DNS_ANSWER,  "10 192.0.2.1, 20 a.test",         MX_HOSTS,   "a.test"       },
        {"only addresses",                        DNS_ANSWER,  "10 192.0.2.1",                    MX_NOWHERE, "550 5.4.4"    },
        {"we and who is not better are left out", DNS_ANSWER,
         "10 a.test, 20 mx.us.test, 20 b.test, 30 c.test",                                        MX_HOSTS,   "a.test"       },
        {"we are the best",                       DNS_ANSWER,  "10 MX.us.test, 20 b.test",        MX_NOWHERE, "554 5.4.6"    },
        {"one host twice is one host",            DNS_ANSWER,  "10 a.test, 20 A.test, 30 b.test", MX_HOSTS,
         "a.test b.test"                                                                                                     },
        {"five are enough",                       DNS_ANSWER,
         "1 a.test, 2 b.test, 3 c.test, 4 d.test, 5 e.test, 6 f.test",                            MX_HOSTS,
         "a.test b.test c.test d.test e.test"                                                                                },
        {"large preferences",                     DNS_ANSWER,  "65535 b.test, 256 a.test",        MX_HOSTS,   "a.test b.test"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct dns_answer answer = answer_of(cases[i].outcome, cases[i].records);
        struct mx_choice choice;
        mx_choose("d.test", "mx.us.test", &answer, 7, &choice);
        dns_answer_clear(&answer);
        const char *found = choice.verdict == MX_HOSTS ? names_of(&choice) : choice.words;
        size_t len = choice.verdict == MX_HOSTS ? strlen(found) + 1 : strlen(cases[i].hosts);
        if (choice.verdict != cases[i].verdict || strncmp(found, cases[i].hosts, len) != 0)
            fail_msg("%s: %d \"%s\"", cases[i].name, (int)choice.verdict, found);
    }
}

static void test_equals_share_the_load(void **state)
{
    struct dns_answer answer = answer_of(DNS_ANSWER, "10 a.test, 10 b.test, 20 c.test");
    int first[2] = {0, 0};

    (void)state;
    for (uint32_t luck = 0; luck < 200; luck++) {
        struct mx_choice choice;
        mx_choose("d.test", "mx.us.test", &answer, luck * 2654435761u, &choice);
        assert_text(choice.hosts[2].name, "c.test");
        first[choice.hosts[0].name[0] - 'a']++;
    }
    assert_true(first[0] > 50 && first[1] > 50);
    dns_answer_clear(&answer);
}

static void test_names_that_are_broken(void **state)
{
    static const struct slice broken[] = {
        {"\0\1",              2 },
        {"\0\1\5ab",          5 },
        {"\0\1\377",          3 },
        {"\0\1\1a\300\0",     6 },
        {"",                  0 },
        {"\0\1\3a.b\4test\0", 12}
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        struct dns_answer answer = {.outcome = DNS_ANSWER};
        struct mx_choice choice;
        dns_answer_add(&answer, broken[i]);
        mx_choose("d.test", "mx.us.test", &answer, 1, &choice);
        if (choice.verdict == MX_HOSTS && strcmp(choice.hosts[0].name, "a.b.test") != 0)
            fail_msg("row %zu: went to %s", i, choice.hosts[0].name);
        dns_answer_clear(&answer);
    }
}

static void test_one_host(void **state)
{
    static const struct {
        const char *name, *host, *found;
        size_t addresses;
        enum mx_verdict verdict;
    } cases[] = {
        {"a name",              "relay.test",         "relay.test",  0, MX_HOSTS  },
        {"an address",          "192.0.2.1",          "192.0.2.1",   1, MX_HOSTS  },
        {"in brackets",         "[192.0.2.1]",        "192.0.2.1",   1, MX_HOSTS  },
        {"IPv6 in brackets",    "[IPv6:2001:db8::1]", "2001:db8::1", 1, MX_HOSTS  },
        {"nothing in brackets", "[relay.test]",       NULL,          0, MX_NOWHERE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct mx_choice choice;
        mx_only(cases[i].host, &choice);
        if (choice.verdict != cases[i].verdict || choice.count != (cases[i].found ? 1 : 0))
            fail_msg("%s: %d", cases[i].name, (int)choice.verdict);
        if (cases[i].found && (strcmp(choice.hosts[0].name, cases[i].found) != 0 ||
                               choice.hosts[0].address_count != cases[i].addresses))
            fail_msg("%s: %s", cases[i].name, choice.hosts[0].name);
    }
}

static struct dns_lookup *ask_for(struct mx_choice *choice, const char *records)
{
    struct dns_answer answer = answer_of(DNS_ANSWER, records);
    struct dns_lookup *lookup = dns_lookup_new();

    mx_choose("d.test", "mx.us.test", &answer, 1, choice);
    dns_answer_clear(&answer);
    mx_ask(choice, lookup);
    for (size_t i = 0; i < lookup->count; i++)
        lookup->answers[i].outcome = DNS_NO_DATA;
    return lookup;
}

static void answer_with(struct dns_lookup *lookup, size_t i, const char *address)
{
    unsigned char raw[16];
    bool v6 = strchr(address, ':');

    assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, address, raw), 1);
    lookup->answers[i].outcome = DNS_ANSWER;
    dns_answer_add(&lookup->answers[i], (struct slice){(const char *)raw, v6 ? 16 : 4});
}

static void test_addresses(void **state)
{
    struct mx_choice choice;
    struct dns_lookup *lookup = ask_for(&choice, "10 a.test, 20 b.test, 30 c.test");

    (void)state;
    assert_int_equal(lookup->count, 6);
    answer_with(lookup, 1, "2001:db8::1");
    for (int i = 0; i < 4; i++)
        answer_with(lookup, 0, "192.0.2.1");
    answer_with(lookup, 4, "192.0.2.3");
    mx_addresses(lookup, &choice);
    assert_text(names_of(&choice), "a.test c.test");
    assert_int_equal(choice.hosts[0].address_count, 3);
    assert_int_equal(choice.hosts[0].addresses[0].ss_family, AF_INET);
    assert_int_equal(choice.hosts[0].addresses[2].ss_family, AF_INET6);
    assert_int_equal(choice.hosts[1].address_count, 1);
    errand_free(&lookup->errand);
}

static void test_no_address(void **state)
{
    struct mx_choice choice;

    (void)state;
    for (int failed = 0; failed < 2; failed++) {
        struct dns_lookup *lookup = ask_for(&choice, "10 a.test, 20 b.test");
        if (failed)
            lookup->answers[3].outcome = DNS_FAILED;
        mx_addresses(lookup, &choice);
        assert_int_equal(choice.verdict, failed ? MX_LATER : MX_NOWHERE);
        errand_free(&lookup->errand);
    }
}

static void test_a_way_that_was_told_needs_no_address(void **state)
{
    struct mx_choice choice;
    struct dns_lookup *lookup = dns_lookup_new();

    (void)state;
    mx_only("d.test", &choice);
    choice.hosts[0].routed = true;
    mx_ask(&choice, lookup);
    assert_int_equal(lookup->count, 0);
    mx_addresses(lookup, &choice);
    assert_int_equal(choice.verdict, MX_HOSTS);
    assert_int_equal(choice.count, 1);
    errand_free(&lookup->errand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_equals_share_the_load),
        cmocka_unit_test(test_names_that_are_broken),
        cmocka_unit_test(test_one_host),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_no_address),
        cmocka_unit_test(test_a_way_that_was_told_needs_no_address),
    };
    return cmocka_run_group_tests_name("smtp mx", tests, NULL, NULL);
}
