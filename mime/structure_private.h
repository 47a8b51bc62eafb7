/* What envelope.c and structure.c share. */
#ifndef NESTBOX_MIME_STRUCTURE_PRIVATE_H
#define NESTBOX_MIME_STRUCTURE_PRIVATE_H

#include "mime_private.h"
#include "text.h"

/* The first field of that name, unfolded and trimmed, as it stands. */
void header_raw_add(const struct header *header, const char *name, struct bytes *out, bool *found);
void header_nstring_add(const struct header *header, const char *name, struct bytes *out);
void envelope_add(const struct header *header, struct bytes *out);

#endif
