/*
 * own_names — the names by which this server is called under TLS: what its certificate should hold.
 */
#ifndef NESTBOX_MAIN_OWN_NAMES_H
#define NESTBOX_MAIN_OWN_NAMES_H

#include "config.h"
#include "scope.h"

enum { OWN_NAMES_MAX = 4 * CONFIG_DOMAINS_MAX + 1 };
struct own_names { /* the host's, the domains', then those below the domains */
    char *at[OWN_NAMES_MAX];
    size_t count;
};
void own_names_make(const struct config *config, struct own_names *out);
void own_names_clear(struct own_names *names);
SCOPED_VALUE(own_names, own_names_clear)

#endif
