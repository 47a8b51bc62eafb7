/*
 * actor_read — an actor document of a stranger → struct actor_facts.
 */
#ifndef NESTBOX_ACTIVITYPUB_ACTOR_READ_H
#define NESTBOX_ACTIVITYPUB_ACTOR_READ_H

#include "bridge_activity.h"

/* `url`: where the document was found; its id must be that.  `wanted_key`: that key must be listed (NULL: the
 * first).  user and host are the handle it claims: `webfinger` (FEP-2c59) on its own host's word, else
 * preferredUsername and the host of the id; who needs more than that confirms it by WebFinger.
 * ERR_MALFORMED: no actor that we could use; ERR_ABSENT: the key is not listed. */
MUST_CHECK bool actor_read(struct slice text, const char *url, const char *wanted_key,
                           struct actor_facts *out, struct err *err);
/* The id a document gives itself (heap), for the one refetch of a document found elsewhere; NULL if none. */
char *document_id_read(struct slice text);
/* A key that lies at an address of its own: whose is it?  (GoToSocial: a stub of its owner.)  Heap; the owner's
 * document must list the key.  NULL: no key of that id. */
char *key_owner_read(struct slice text, const char *key_id);
/* What an actor says of where it was and where it went: does it list `alias` (an actor id) in alsoKnownAs, and has it
 * moved on itself? */
struct actor_moves {
    bool names_alias, has_moved;
};
struct actor_moves actor_moves_read(struct slice text, const char *alias);
/* An actor's own "webfinger" member, heap; NULL if it has none. */
char *actor_webfinger_read(struct slice text);

#endif
