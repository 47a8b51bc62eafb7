/*
 * activity_read — an activity, or a note, of a stranger → the bridge's plain values.
 *
 * Shape alone: who may say what is judged by inbox_rules.c.
 */
#ifndef NESTBOX_ACTIVITYPUB_ACTIVITY_READ_H
#define NESTBOX_ACTIVITYPUB_ACTIVITY_READ_H

#include "bridge_activity.h"

/* out->actor is what the activity claims.  An embedded note or actor is read into note or person if it can be;
 * a type we do not know is ACTIVITY_OTHER and no fault.  ERR_MALFORMED: no activity. */
MUST_CHECK bool activity_read(struct slice text, struct activity_facts *out, struct err *err);

enum note_shape { NOTE_READ, NOTE_TOMBSTONE, NOTE_UNKNOWN };
/* A note fetched from `url`; its id must be that (NOTE_UNKNOWN otherwise). */
enum note_shape note_read(struct slice text, const char *url, struct note_facts **out);
void note_free(struct note_facts *note); /* NULL is fine */

#endif
