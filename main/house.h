/*
 * house — everything that works on the data, opened in order: folder, lock, certificate, vault, store, pgp,
 * bridge (architecture.md 11).  `serve` and commands without a server open the same.
 */
#ifndef NESTBOX_MAIN_HOUSE_H
#define NESTBOX_MAIN_HOUSE_H

#include "command.h"
#include "data_dir.h"
#include "pgp.h"
#include "vault.h"

struct key_place {
    struct vault_place place;
    char path[1024]; /* "" : below data_dir */
};
struct household { /* the owner of what a struct house points at */
    struct data_dir dir;
    struct key_place key; /* stays where it is: the place points into it */
    struct vault *vault;
    struct store *store;
    struct pgp *pgp;
    struct bridge *bridge;
};
/* ERR_REFUSED if another process owns the data.  Root becomes the owner of the data folder, for good: what it wrote would
 * be closed to the server. */
MUST_CHECK bool household_open(const struct config *config, struct household *out, struct err *err);
/* In two steps, for a server that binds its ports and drops its privileges between them. */
MUST_CHECK bool household_enter(const struct config *config, struct household *out,
                                struct err *err);
MUST_CHECK bool household_furnish(const struct config *config, struct household *it,
                                  struct err *err);
void household_close(struct household *it); /* closes what is open */

#endif
