/*
 * webfinger_read — what a stranger's WebFinger (RFC 7033) or host-meta (RFC 6415) says.
 */
#ifndef NESTBOX_ACTIVITYPUB_WEBFINGER_READ_H
#define NESTBOX_ACTIVITYPUB_WEBFINGER_READ_H

#include "err.h"
#include "scope.h"
#include "slice.h"

struct finger {
    char *user, *host; /* of the subject; host canonical */
    char *actor_id;    /* href of the self link */
};
void finger_clear(struct finger *finger);
SCOPED_VALUE(finger, finger_clear)
/* On failure *out is empty. */
MUST_CHECK bool webfinger_read(struct slice text, struct finger *out, struct err *err);

/* "bob@Social.Example", with or without "acct:" or "@" before it: user as written, host canonical.  Heap. */
MUST_CHECK bool handle_read(struct slice text, char **out_user, char **out_host);
/* The portable set: [A-Za-z0-9_]+([.-]+[A-Za-z0-9_]+)*, 64 letters at most. */
bool handle_user_fits(struct slice user);

/* The template of the lrdd link of an XRD, with {uri} in it.  Heap text; NULL if there is none. */
char *host_meta_read(struct slice xml);
/* The template with {uri} filled in; heap. */
char *host_meta_fill(const char *template, const char *resource);

#endif
