#include "own_names.h"

#include "memory.h"

static void add(struct own_names *names, const char *start, const char *domain)
{
    names->at[names->count++] = must_print("%s%s", start, domain);
}

void own_names_make(const struct config *config, struct own_names *out)
{
    static const char *const starts[] = {"", "mta-sts.", "openpgpkey.", "autoconfig."};

    *out = (struct own_names){.count = 0};
    if (!config_hosts(config, slice_of(config->hostname)))
        add(out, "", config->hostname);
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        for (size_t j = 0; j < config->domain_count; j++)
            add(out, starts[i], config->domains[j]);
}

void own_names_clear(struct own_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->at[i]);
    names->count = 0;
}
