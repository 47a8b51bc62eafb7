#include "dial.h"

#include "memory.h"

#include <stdio.h>

struct dial *dial_new(const char *host, int port, const struct session_kind *kind, void *session)
{
    struct dial *dial = must_new(struct dial);

    dial->errand.lane = LANE_DIAL;
    dial->errand.free = dial_free;
    snprintf(dial->host, sizeof dial->host, "%s", host);
    dial->port = port;
    dial->service = kind->name;
    dial->kind = kind;
    dial->session = session;
    dial->outcome = DIAL_SILENT;
    return dial;
}

void dial_free(struct errand *errand)
{
    struct dial *dial = container_of(errand, struct dial, errand);

    if (dial->session)
        dial->kind->free(dial->session);
    free(dial);
}

bool dial_add(struct dial *dial, const struct sockaddr_storage *address)
{
    if (dial->address_count == DIAL_ADDRESSES_MAX ||
        (address->ss_family != AF_INET && address->ss_family != AF_INET6))
        return false;
    dial->addresses[dial->address_count++] = *address;
    return true;
}
