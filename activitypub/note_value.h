/*
 * note_value — a note already parsed.  Inside of this room's readers.
 */
#ifndef NESTBOX_ACTIVITYPUB_NOTE_VALUE_H
#define NESTBOX_ACTIVITYPUB_NOTE_VALUE_H

#include "bridge_activity.h"
#include "doc.h"

/* NULL: nothing that could be shown as a mail. */
struct note_facts *note_value_read(const json_t *note);
/* The ids of to or cc, Public in its full spelling; heap. */
char **note_addresses(const json_t *object, const char *name, size_t *out_count);

#endif
