#include "route.h"

#include <arpa/inet.h>
#include <netinet/in.h>

const struct connect_to *route_find(const struct config *config, const char *host, int port)
{
    for (size_t i = 0; i < config->connect_to_count; i++) {
        const struct connect_to *route = &config->connect_to[i];
        if (route->port == port && slice_eq_nocase(slice_of(route->name), slice_of(host)))
            return route;
    }
    return NULL;
}

bool route_address(const char *text, int port, struct sockaddr_storage *out)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};

    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        memcpy(out, &in, sizeof in);
    else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
        memcpy(out, &in6, sizeof in6);
    else
        return false;
    return true;
}

void route_set_port(struct sockaddr_storage *address, int port)
{
    if (address->ss_family == AF_INET)
        ((struct sockaddr_in *)(void *)address)->sin_port = htons((uint16_t)port);
    else if (address->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)address)->sin6_port = htons((uint16_t)port);
}

socklen_t route_len(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

bool route_bind(const struct config *config, int fd, int family)
{
    struct sockaddr_storage source;

    if (!config->source_address[0])
        return true;
    return route_address(config->source_address, 0, &source) && source.ss_family == family &&
           bind(fd, (const struct sockaddr *)&source, route_len(&source)) == 0;
}
