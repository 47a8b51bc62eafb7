/*
 * json_write — our documents: pure functions from the bridge's plain values to JSON.
 */
#ifndef NESTBOX_ACTIVITYPUB_JSON_WRITE_H
#define NESTBOX_ACTIVITYPUB_JSON_WRITE_H

#include "bridge_activity.h"
#include "json.h"

enum { JSON_BYTES_MAX = 48 * 1024 }; /* Misskey's inbox takes 64 KiB */

/* Notes.  Above JSON_BYTES_MAX what repeats the text is left out. */
void json_note(const struct post *post, struct bytes *out);
void json_create(const struct post *post, struct bytes *out);
void json_tombstone(const char *id, struct bytes *out);
/* The same inside of a collection: without @context. */
void json_create_item(struct json *j, const struct post *post, bool with_repeats);

/* Actors */
struct actor_words { /* what stands in the actor of an account */
    const struct account *account;
    bool approves_followers; /* follow requests may wait for the owner */
    const struct aliases *aliases;
    const char *moved_to; /* or NULL */
};
void json_actor(const struct actor_words *words, struct bytes *out);
void json_actor_gone(const char *domain, const char *user, struct bytes *out);
void json_instance_actor(const struct domain *domain, struct bytes *out);

/* What goes out.  False: OUTGOING_NOTHING. */
bool json_outgoing(const struct outgoing *outgoing, bool approves_followers, struct bytes *out);

/* What an account here does to a post. */
struct reaction_words {
    bool boost; /* an Announce; else a Like */
    const char *id, *actor, *object;
    const char *author;    /* of the post; or NULL */
    const char *followers; /* of a boost: whose they are */
    int64_t at_ms;
};
void json_reaction_item(struct json *j, const struct reaction_words *words);
/* OUTGOING_LIKE, OUTGOING_BOOST and their Undo. */
void json_reaction(const struct outgoing *outgoing, struct bytes *out);
void json_vote(const struct outgoing *outgoing, struct bytes *out);

/* Parts the writers share. */
void json_context_note(struct json *j);
void json_note_members(struct json *j, const struct post *post, bool with_repeats);
void json_actor_members(struct json *j, const struct actor_words *words);
void json_context_actor(struct json *j);
void json_list(struct json *j, const char *name, char *const *texts, size_t count);
void json_time(struct json *j, const char *name, int64_t ms); /* 0: nothing */

#endif
