#include "bridge_private.h"

#include "claim_tries.h"
#include "memory.h"
#include "name_hashes.h"

struct bridge *bridge_new(const struct bridge_parts *parts)
{
    struct bridge *bridge = must_new(struct bridge);

    bridge->config = parts->config;
    bridge->clock = parts->clock;
    bridge->store = parts->store;
    bridge->vault = parts->vault;
    bridge->pgp = parts->pgp;
    bridge->names = name_hashes_new();
    bridge->claim_tries = claim_tries_new();
    if (parts->store) /* one that only shows needs none */
        store_wrap_with(parts->store, parts->vault);
    return bridge;
}

void bridge_free(struct bridge *bridge)
{
    if (!bridge)
        return;
    name_hashes_free(bridge->names);
    claim_tries_free(bridge->claim_tries);
    free(bridge);
}
