#include "ssrf.h"

#include "scope.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

/* facts: IANA's special-purpose registries, what other Fediverse servers block, 2001::/23 as a whole
 * (Teredo, ORCHID and the rest of IETF's own). */
static const struct range4 {
    uint32_t start;
    int bits;
} closed4[] = {
    {0x00000000, 8 }, /* 0.0.0.0 */
    {0x0a000000, 8 }, /* 10 */
    {0x64400000, 10}, /* 100.64 */
    {0x7f000000, 8 }, /* 127 */
    {0xa9fe0000, 16}, /* 169.254 */
    {0xac100000, 12}, /* 172.16 */
    {0xc0000000, 24}, /* 192.0.0 */
    {0xc0000200, 24}, /* 192.0.2 */
    {0xc01fc400, 24}, /* 192.31.196 */
    {0xc034c100, 24}, /* 192.52.193 */
    {0xc0586300, 24}, /* 192.88.99 */
    {0xc0a80000, 16}, /* 192.168 */
    {0xc0af3000, 24}, /* 192.175.48 */
    {0xc6120000, 15}, /* 198.18 */
    {0xc6336400, 24}, /* 198.51.100 */
    {0xcb007100, 24}, /* 203.0.113 */
    {0xe0000000, 4 }, /* 224 */
    {0xf0000000, 4 }, /* 240, 255.255.255.255 */
};

static const struct range6 {
    unsigned char start[6];
    int bits;
} closed6[] = {
  /* inside of 2000::/3; all else is closed */
    {{0x20, 0x01},                         23}, /* 2001:: */
    {{0x20, 0x01, 0x0d, 0xb8},             32}, /* 2001:db8:: */
    {{0x20, 0x02},                         16}, /* 2002:: */
    {{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48}, /* 2620:4f:8000:: */
    {{0x3f, 0xff},                         20}, /* 3fff:: */
};

static bool v4_is_public(uint32_t address)
{
    for (size_t i = 0; i < COUNT_OF(closed4); i++) {
        uint32_t mask = ~(uint32_t)0 << (32 - closed4[i].bits);
        if ((address & mask) == closed4[i].start)
            return false;
    }
    return true;
}

static bool starts_with(const unsigned char *address, const struct range6 *range)
{
    int whole = range->bits / 8, rest = range->bits % 8;

    if (memcmp(address, range->start, (size_t)whole) != 0)
        return false;
    return rest == 0 || ((address[whole] ^ range->start[whole]) >> (8 - rest)) == 0;
}

static bool v6_is_public(const struct in6_addr *address)
{
    const unsigned char *at = address->s6_addr;
    uint32_t inside;

    if (IN6_IS_ADDR_V4MAPPED(address)) {
        memcpy(&inside, at + 12, sizeof inside);
        return v4_is_public(ntohl(inside));
    }
    if (at[0] >> 5 != 1) /* not in 2000::/3 */
        return false;
    for (size_t i = 0; i < COUNT_OF(closed6); i++) {
        if (starts_with(at, &closed6[i]))
            return false;
    }
    return true;
}

bool address_is_public(const struct sockaddr *address)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    if (address->sa_family == AF_INET) {
        memcpy(&in, address, sizeof in);
        return v4_is_public(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof in6);
        return v6_is_public(&in6.sin6_addr);
    }
    return false;
}
