#include "own_addresses.h"

#include "route.h"
#include "ssrf.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

static size_t keep(const struct sockaddr *address, char out[][OWN_ADDRESS_SIZE], size_t count,
                   size_t max)
{
    char text[NI_MAXHOST];
    socklen_t len =
        address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

    if (count == max || !address_is_public(address) ||
        getnameinfo(address, len, text, sizeof text, NULL, 0, NI_NUMERICHOST) != 0 ||
        strlen(text) >= OWN_ADDRESS_SIZE)
        return count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(out[i], text) == 0)
            return count;
    memcpy(out[count], text, strlen(text) + 1);
    return count + 1;
}

size_t own_addresses(const struct endpoint *endpoint, char out[][OWN_ADDRESS_SIZE], size_t max)
{
    bool all = strcmp(endpoint->address, "::") == 0;
    bool all_old = all || strcmp(endpoint->address, "0.0.0.0") == 0;
    struct sockaddr_storage one;
    struct ifaddrs *interfaces = NULL;
    size_t count = 0;

    if (endpoint->off)
        return 0;
    if (!all_old)
        return route_address(endpoint->address, 0, &one)
                   ? keep((const struct sockaddr *)&one, out, 0, max)
                   : 0;
    if (getifaddrs(&interfaces) != 0)
        return 0;
    for (const struct ifaddrs *at = interfaces; at; at = at->ifa_next) {
        int family = at->ifa_addr ? at->ifa_addr->sa_family : AF_UNSPEC;
        if ((family == AF_INET && all_old) || (family == AF_INET6 && all))
            count = keep(at->ifa_addr, out, count, max);
    }
    freeifaddrs(interfaces);
    return count;
}
