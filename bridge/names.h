/*
 * names — how people and posts are called: addresses, ids and URLs (design.md 4 and 8; contract).
 *
 * Pure functions.  Results are heap text.
 */
#ifndef NESTBOX_BRIDGE_NAMES_H
#define NESTBOX_BRIDGE_NAMES_H

#include "slice.h"
#include "store_message.h"
#include "store_people.h"

char *name_actor(const char *domain, const char *user); /* https://D/users/alice */
char *name_actor_part(const char *domain, const char *user,
                      const char *part); /* …/inbox, outbox, followers, following, featured */
char *name_key(const char *actor_id);    /* …#main-key */
char *name_instance_actor(const char *domain); /* https://D/actor */
char *name_shared_inbox(const char *domain);   /* https://D/inbox */
char *name_post(const char *domain, const char *user,
                const char *ref); /* https://D/users/alice/posts/REF */
char *name_post_page(const char *domain, const char *user,
                     const char *ref);                         /* https://D/@alice/REF */
char *name_profile_page(const char *domain, const char *user); /* https://D/@alice */
char *name_picture(const char *domain, const char *token,
                   const char *type);                    /* https://D/media/TOKEN.jpg */
char *name_hashtag(const char *domain, const char *tag); /* https://D/tags/mail */
char *name_accept(const char *actor_id, int64_t follow_id,
                  int64_t change); /* ids of passing activities */
/* The reverse: is this URL the actor (or post) of somebody here?  Slices point into `url`. */
bool name_is_actor(struct slice url, struct slice *out_domain, struct slice *out_user);
bool name_is_post(struct slice url, struct slice *out_domain, struct slice *out_user,
                  struct slice *out_ref);

#endif
