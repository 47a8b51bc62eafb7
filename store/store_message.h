/*
 * store_message — what was said: reading.
 *
 * A message has two names, a Message-ID (without <>) and an ActivityPub id, and a REF that people can write.
 * Its text is kept only if the server must read it: public posts in clear, other outgoing ones wrapped under
 * the server key (`wrapped`; the bridge unwraps), incoming non-public ones not at all (they rest in a copy).
 */
#ifndef NESTBOX_STORE_MESSAGE_H
#define NESTBOX_STORE_MESSAGE_H

#include "evidence.h"
#include "store.h"

enum visibility {
    VISIBILITY_PUBLIC = 1,
    VISIBILITY_UNLISTED,
    VISIBILITY_FOLLOWERS,
    VISIBILITY_DIRECT,
    VISIBILITY_MAIL
};
enum message_state {
    MESSAGE_HELD =
        1, /* waits for release_ms (undo), or for its author's answer (ask once): release_ms 0 */
    MESSAGE_SENT,     /* published, or received */
    MESSAGE_UNDONE,   /* taken back before it left: nobody ever saw it */
    MESSAGE_WITHDRAWN /* deleted after it left: 410 */
};
struct message {
    int64_t id;
    char *ref;
    int64_t author_id;  /* person */
    int64_t account_id; /* whose it is when the author lives here; else 0 */
    enum visibility visibility;
    enum message_state state;
    int version;                          /* 1, then +1 with each edit */
    char *activity_id, *message_id, *url; /* or NULL */
    int64_t parent_id;                    /* 0: none known */
    int64_t quoted_id;                    /* the open post that a post from here quotes; 0: none */
    char *parent_uri;   /* ActivityPub id of the parent even if we do not have it; or NULL */
    char *conversation; /* as the peer names it; or NULL */
    char *references;   /* Message-IDs of the thread, space between, oldest first; or NULL */
    int64_t published_ms, updated_ms, release_ms;
    char *language;
    bool sensitive;
    bool wrapped; /* the four texts below are under the server key */
    struct bytes html, plain, warning, subject;
    int evidence; /* enum evidence_class */
};
void message_clear(struct message *message);
SCOPED_VALUE(message, message_clear)
enum found store_message(struct store_view *view, int64_t id, struct message *out, struct err *err);
enum found store_message_by_ref(struct store_view *view, struct slice ref, struct message *out,
                                struct err *err); /* case ignored */
enum found store_message_by_activity(struct store_view *view, struct slice activity_id,
                                     struct message *out, struct err *err);
enum found store_message_by_message_id(struct store_view *view, struct slice message_id,
                                       struct message *out, struct err *err);
/* An account's own messages in the given states and visibilities (bit masks 1 << value), newest first, with
 * id below `before` (0: from the newest), at most `limit`. */
MUST_CHECK bool store_messages_of(struct store_view *view, int64_t account_id, unsigned states,
                                  unsigned visibilities, int64_t before, int limit,
                                  bool (*each)(void *ctx, const struct message *), void *ctx,
                                  struct err *err);
MUST_CHECK bool store_message_count(struct store_view *view, int64_t account_id, unsigned states,
                                    unsigned visibilities, int64_t *out, struct err *err);
MUST_CHECK bool store_replies(struct store_view *view, int64_t message_id,
                              bool (*each)(void *ctx, const struct message *), void *ctx,
                              struct err *err); /* public and unlisted, oldest first, at most 200 */

enum audience_field { AUDIENCE_TO = 1, AUDIENCE_CC };
struct audience { /* one person addressed or mentioned */
    int64_t person_id;
    enum audience_field field;
    bool mentioned; /* stands in the tag list */
};
MUST_CHECK bool store_audience(struct store_view *view, int64_t message_id,
                               bool (*each)(void *ctx, const struct audience *), void *ctx,
                               struct err *err);

struct attachment {
    int64_t id;
    int position;
    char *type;        /* image/jpeg */
    int width, height; /* 0 unknown */
    char *alt;         /* or NULL */
    char *token;       /* our own: the unguessable part of its address; NULL for remote ones */
    char *remote_url;  /* remote ones */
    int64_t body_id, size;
};
void attachment_clear(struct attachment *attachment);
SCOPED_VALUE(attachment, attachment_clear)
MUST_CHECK bool store_attachments(struct store_view *view, int64_t message_id,
                                  bool (*each)(void *ctx, const struct attachment *), void *ctx,
                                  struct err *err);
enum found store_attachment_by_token(struct store_view *view, struct slice token,
                                     struct attachment *out, int64_t *out_message_id,
                                     struct err *err);
MUST_CHECK bool store_hashtags(struct store_view *view, int64_t message_id,
                               bool (*each)(void *ctx, const char *tag), void *ctx,
                               struct err *err);

/* What others did to a message: likes and boosts, counted. */
enum reaction { REACTION_LIKE = 1, REACTION_BOOST, REACTION_VOTE /* store_poll.h */ };
MUST_CHECK bool store_reactions(struct store_view *view, int64_t message_id, int64_t *out_likes,
                                int64_t *out_boosts, struct err *err);
/* What somebody here did.  The row stays when it is taken back: who was told of it is still to be told that. */
struct own_reaction {
    int64_t id, message_id, person_id;
    enum reaction kind;
    int version; /* +1 each time: odd, it stands; even, it was taken back */
    int64_t at_ms;
};
static inline bool reaction_stands(const struct own_reaction *reaction)
{
    return reaction->version % 2 == 1;
}
enum found store_own_reaction(struct store_view *view, int64_t id, struct own_reaction *out,
                              struct err *err);
enum found store_own_reaction_to(struct store_view *view, int64_t message_id, int64_t person_id,
                                 enum reaction kind, struct own_reaction *out, struct err *err);
/* All of one person, newest first, with id below `before` (0: from the newest), at most `limit`: those that stand. */
MUST_CHECK bool store_own_reactions(struct store_view *view, int64_t person_id, enum reaction kind,
                                    int64_t before, int limit,
                                    bool (*each)(void *ctx, const struct own_reaction *), void *ctx,
                                    struct err *err);
/* Those that stand, of messages that do. */
MUST_CHECK bool store_own_reaction_count(struct store_view *view, int64_t person_id,
                                         enum reaction kind, int64_t *out, struct err *err);

/* What proves where it came from; of a message that is no mail from outside the class alone. */
enum found store_evidence(struct store_view *view, int64_t message_id, struct evidence *out,
                          struct err *err);

/* The sets of ARC that came with it, if evidence.arc is a pass; else ABSENT. */
enum found store_arc_chain(struct store_view *view, int64_t message_id, struct bytes *out,
                           struct err *err);

/* Replay and repeat guard: ABSENT once it has expired. */
enum seen_kind {
    SEEN_ACTIVITY = 1,
    SEEN_MAIL,
    SEEN_SIGNATURE,
    SEEN_TOMBSTONE,
    SEEN_NEVER_ASK, /* an address that wants no question from us, ever */
    SEEN_LEFT,      /* an address that left a list */
    SEEN_FORM,      /* that a form was sent: nothing but a write */
    SEEN_IMPORTED,  /* a mail that was taken over into a mailbox */
};
enum found store_seen(struct store_view *view, enum seen_kind kind, const unsigned char digest[32],
                      struct err *err);
/* How many times since `since_ms` an account did something that is limited (P14). */
enum limited {
    LIMITED_POST = 1,
    LIMITED_FIRST_DIRECT,
    LIMITED_QUESTION,
    LIMITED_CLAIM,
    LIMITED_CROWD,
    LIMITED_LIKE
};
MUST_CHECK bool store_limited_count(struct store_view *view, int64_t account_id, enum limited what,
                                    int64_t since_ms, int64_t *out, int64_t *out_oldest_ms,
                                    struct err *err);

#endif
