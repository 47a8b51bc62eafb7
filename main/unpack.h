/*
 * unpack — a folder that a command makes, in the client: DIR.part until all is there and on the disk, then DIR.
 */
#ifndef NESTBOX_MAIN_UNPACK_H
#define NESTBOX_MAIN_UNPACK_H

#include "stream.h"

struct unpack;
/* DIR must not be there, or be empty.  NULL and `err` otherwise. */
struct unpack *unpack_new(const char *path, struct err *err);
/* What the command says goes here: parcels. */
struct sink *unpack_sink(struct unpack *unpack);
/* All was said: DIR is there. */
MUST_CHECK bool unpack_end(struct unpack *unpack, struct err *err);
/* Without unpack_end() before it nothing stays. */
void unpack_free(struct unpack *unpack);
SCOPED(unpack, unpack_free)

#endif
