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
    for (size_t i = 0; i < dial->tlsa_count; i++)
        bytes_clear(&dial->tlsa[i].data);
    for (size_t i = 0; i < dial->name_count; i++)
        free(dial->names[i]);
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

void dial_add_tlsa(struct dial *dial, const struct dial_tlsa *tlsa)
{
    if (dial->tlsa_count == DIAL_TLSA_MAX)
        return;
    struct dial_tlsa *added = &dial->tlsa[dial->tlsa_count++];
    *added = (struct dial_tlsa){tlsa->usage, tlsa->selector, tlsa->matching, {0}};
    bytes_add(&added->data, bytes_slice(&tlsa->data));
}

void dial_add_name(struct dial *dial, const char *name)
{
    if (dial->name_count < DIAL_NAMES_MAX)
        dial->names[dial->name_count++] = must_dup(name);
}
