/* town_private — what the files of the town share. */
#ifndef NESTBOX_TESTS_BRIDGE_TOWN_PRIVATE_H
#define NESTBOX_TESTS_BRIDGE_TOWN_PRIVATE_H

#include "town.h"

void town_run(const char *command); /* by the shell; fails the test if that fails */
void town_crlf(struct slice text, struct bytes *out);
void town_add_key(struct town *town, const char *who);
void town_files_forget(void);
bool town_add_fediverse(struct store_tx *tx, const char *user, const char *host, int64_t *out,
                        struct err *err);

#endif
