#include "scope.h"
#include "ssrf.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

static const struct {
    const char *name, *address;
    bool is_public;
} rows[] = {
    {"an ordinary IPv4 address is public",        "8.8.8.8",          true },
    {"1.0.0.0 is the first",                      "1.0.0.0",          true },
    {"this network is closed",                    "0.0.0.0",          false},
    {"to its end",                                "0.255.255.255",    false},
    {"below 10/8 is public",                      "9.255.255.255",    true },
    {"10/8 is closed",                            "10.0.0.0",         false},
    {"to its end",                                "10.255.255.255",   false},
    {"above 10/8 is public",                      "11.0.0.0",         true },
    {"below 100.64/10 is public",                 "100.63.255.255",   true },
    {"100.64/10 is closed",                       "100.64.0.0",       false},
    {"to its end",                                "100.127.255.255",  false},
    {"above it is public",                        "100.128.0.0",      true },
    {"loopback is closed",                        "127.0.0.1",        false},
    {"to its end",                                "127.255.255.255",  false},
    {"above it is public",                        "128.0.0.1",        true },
    {"link-local is closed",                      "169.254.169.254",  false},
    {"beside it is public",                       "169.253.255.255",  true },
    {"172.16/12 is closed",                       "172.16.0.1",       false},
    {"to its end",                                "172.31.255.255",   false},
    {"above it is public",                        "172.32.0.0",       true },
    {"below it is public",                        "172.15.255.255",   true },
    {"192.0.0/24 is closed",                      "192.0.0.10",       false},
    {"192.0.1/24 is public",                      "192.0.1.1",        true },
    {"192.0.2/24 is closed",                      "192.0.2.1",        false},
    {"192.31.196/24 is closed",                   "192.31.196.1",     false},
    {"192.52.193/24 is closed",                   "192.52.193.1",     false},
    {"192.88.99/24 is closed",                    "192.88.99.1",      false},
    {"192.168/16 is closed",                      "192.168.255.255",  false},
    {"above it is public",                        "192.169.0.0",      true },
    {"192.175.48/24 is closed",                   "192.175.48.1",     false},
    {"198.18/15 is closed",                       "198.18.0.1",       false},
    {"to its end",                                "198.19.255.255",   false},
    {"above it is public",                        "198.20.0.0",       true },
    {"198.51.100/24 is closed",                   "198.51.100.1",     false},
    {"203.0.113/24 is closed",                    "203.0.113.255",    false},
    {"beside it is public",                       "203.0.114.0",      true },
    {"223.255.255.255 is the last",               "223.255.255.255",  true },
    {"multicast is closed",                       "224.0.0.1",        false},
    {"240/4 is closed",                           "240.0.0.1",        false},
    {"broadcast is closed",                       "255.255.255.255",  false},

    {"an ordinary IPv6 address is public",        "2a00:1450::1",     true },
    {"2000:: is the first",                       "2000::1",          true },
    {"below 2000::/3 is closed",                  "1fff:ffff::1",     false},
    {"above it is closed",                        "4000::1",          false},
    {"the unspecified address is closed",         "::",               false},
    {"loopback is closed",                        "::1",              false},
    {"IPv4-compatible is closed",                 "::8.8.8.8",        false},
    {"mapped loopback is closed",                 "::ffff:127.0.0.1", false},
    {"a mapped private address is closed",        "::ffff:10.1.2.3",  false},
    {"a mapped public address is what is inside", "::ffff:8.8.8.8",   true },
    {"NAT64 is closed",                           "64:ff9b::8.8.8.8", false},
    {"local NAT64 is closed",                     "64:ff9b:1::1",     false},
    {"the discard prefix is closed",              "100::1",           false},
    {"Teredo is closed",                          "2001::1",          false},
    {"ORCHID is closed",                          "2001:20::1",       false},
    {"2001::/23 is closed to its end",            "2001:1ff:ffff::1", false},
    {"above it is public",                        "2001:200::1",      true },
    {"documentation is closed",                   "2001:db8::1",      false},
    {"beside it is public",                       "2001:db9::1",      true },
    {"6to4 is closed",                            "2002:808:808::1",  false},
    {"beside it is public",                       "2003::1",          true },
    {"2620:4f:8000::/48 is closed",               "2620:4f:8000::1",  false},
    {"beside it is public",                       "2620:4f:8001::1",  true },
    {"3fff::/20 is closed",                       "3fff:fff:ffff::1", false},
    {"above it is public",                        "3fff:1000::1",     true },
    {"unique local is closed",                    "fc00::1",          false},
    {"to its end",                                "fdff::1",          false},
    {"link-local is closed",                      "fe80::1",          false},
    {"site-local is closed",                      "fec0::1",          false},
    {"multicast is closed",                       "ff02::1",          false},
};

static void each_address_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sockaddr_in in = {.sin_family = AF_INET};
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
        const struct sockaddr *address = (const void *)&in;
        if (inet_pton(AF_INET, rows[i].address, &in.sin_addr) != 1) {
            assert_int_equal(inet_pton(AF_INET6, rows[i].address, &in6.sin6_addr), 1);
            address = (const void *)&in6;
        }
        if (address_is_public(address) != rows[i].is_public)
            fail_msg("%s: %s", rows[i].name, rows[i].address);
    }
}

static void other_families_are_closed(void **state)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};

    (void)state;
    assert_false(address_is_public((const void *)&un));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address_is_judged),
        cmocka_unit_test(other_families_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
