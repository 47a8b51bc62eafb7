/*
 * bridge_activity — what activitypub asks the bridge: what becomes of this activity, what does this post look
 * like, what came of this delivery.
 *
 * Plain values both ways: no JSON here.  activitypub has checked signature, digest, date, origin and owner rules
 * (signer == actor; an embedded object only if its id has the actor's origin and attributedTo == actor)
 * before it calls.
 */
#ifndef NESTBOX_BRIDGE_ACTIVITY_H
#define NESTBOX_BRIDGE_ACTIVITY_H

#include "bridge.h"
#include "store_delivery.h"
#include "store_message.h"
#include "store_move.h"
#include "store_people.h"

/* ---- in ---- */
struct
    actor_facts { /* from an actor document whose handle was confirmed by WebFinger or is its own host's */
    char *id, *type, *user, *host, *name, *url, *inbox, *shared_inbox, *followers;
    char *key_id, *public_pem;
    char *icon; /* where their picture lies; or NULL.  Of a document just read, recorded nowhere */
};
void actor_facts_clear(struct actor_facts *actor);
SCOPED_VALUE(actor_facts, actor_facts_clear)
/* Records actor and key as just read; inside apply().  A key of the same id replaces the old one. */
MUST_CHECK bool bridge_record_actor(struct bridge *bridge, struct store_tx *tx,
                                    const struct actor_facts *actor, int64_t *out_person_id,
                                    struct err *err);
MUST_CHECK bool bridge_record_actor_gone(struct bridge *bridge, struct store_tx *tx,
                                         const char *actor_id, struct err *err);

enum activity_type {
    ACTIVITY_OTHER, /* 202 and dropped */
    ACTIVITY_FOLLOW,
    ACTIVITY_UNDO,
    ACTIVITY_ACCEPT,
    ACTIVITY_REJECT,
    ACTIVITY_CREATE,
    ACTIVITY_UPDATE,
    ACTIVITY_DELETE,
    ACTIVITY_LIKE,
    ACTIVITY_ANNOUNCE,
    ACTIVITY_MOVE,
};
struct mention_facts {
    char *href, *name;
};
enum attached_kind {
    ATTACHED_PICTURE,
    ATTACHED_VIDEO,
    ATTACHED_SOUND,
    ATTACHED_FILE,
    ATTACHED_LINK
};
struct attached {
    enum attached_kind kind;
    char *type, *url, *alt;
    int width, height;
};
struct choice_facts { /* of a poll */
    char *name;
    int64_t votes; /* as its author's server counts them */
};
struct note_facts { /* Note, Question, Article …: what can be shown as a mail */
    char *id, *type, *attributed_to, *name, *html, *warning, *language, *url, *in_reply_to,
        *conversation, *quote_url;
    bool sensitive, is_vote;
    int64_t published_ms, updated_ms;
    char **to, **cc;
    size_t to_count, cc_count;
    struct mention_facts *mentions;
    size_t mention_count;
    struct attached *attached;
    size_t attached_count;
    struct choice_facts *choices; /* of a poll */
    size_t choice_count;
    bool choose_many;
    int64_t closes_ms; /* 0: not said */
    char *place;       /* of an event */
    int64_t begins_ms;
};
void note_facts_clear(struct note_facts *note);
struct activity_facts {
    enum activity_type type;
    char *id, *actor; /* actor: the verified signer */
    char *object_id;  /* of a bare or embedded object; or NULL */
    char *target_id;  /* Move: where to; or NULL */
    enum activity_type
        object_type; /* Undo, Accept, Reject: what is undone or answered; ACTIVITY_OTHER if only an id */
    char *object_actor, *object_object; /* of the embedded one */
    struct note_facts *note;            /* Create, Update of a note */
    struct actor_facts *person;         /* Update of the actor itself */
};
void activity_facts_clear(struct activity_facts *activity);
SCOPED_VALUE(activity_facts, activity_facts_clear)

struct knock_picture { /* of an actor who may not come in unasked */
    /* set by prepare(), whatever anybody here has decided about them: that it is fetched tells nothing */
    bool wanted;
    bool looked;      /* set by activitypub, before it prepares again */
    struct bytes raw; /* as it came; empty: there is none */
};
struct activity_plan;
struct activity_arrival { /* owned by activitypub's errand */
    struct activity_facts activity;
    char *inbox_user, *inbox_domain; /* personal inbox; user NULL: shared inbox of inbox_domain */
    int64_t received_ms;
    char *
        wanted_actor; /* set by prepare(): an actor id mentioned or answered that must be fetched first; or NULL */
    /* Move: the account moved to, read just now, which says that it is the actor too.  NULL: it is one of ours, and the
     * bridge knows what it says. */
    struct actor_facts *target;
    struct knock_picture picture;
    struct activity_plan *plan;
};
/* Is there anybody here whom this could concern?  False for an activity nobody here follows, is named in, or knows: 202 and drop, before any
 * fetch.  QUICK work, by ids alone. */
MUST_CHECK bool bridge_activity_concerns(struct bridge *bridge, struct store_view *view,
                                         const struct activity_arrival *arrival, bool *out,
                                         struct err *err);
MUST_CHECK bool bridge_activity_prepare(struct bridge *bridge, struct activity_arrival *arrival,
                                        struct err *err); /* HEAVY */
MUST_CHECK bool bridge_activity_record(struct bridge *bridge, struct store_tx *tx,
                                       struct activity_arrival *arrival, struct err *err);
void activity_arrival_clear(struct activity_arrival *arrival);

/* ---- out ---- */
struct post_mention {
    char *actor_id, *handle; /* "@bob@social.example" */
    char *page;              /* url for the link in the text */
};
struct post_picture {
    char *type, *url, *alt;
    int width, height;
    int64_t size;
};
struct post { /* one message of an account here, as every face shows it */
    int64_t message_id;
    enum visibility visibility;
    enum message_state state;
    int version;
    char *id, *url, *author_id, *followers_url, *html, *plain, *warning, *language, *in_reply_to,
        *conversation, *ref;
    /* ActivityPub id of the post that it quotes, whose link stands in its texts; or NULL.  quotes_own: it is by the same
     * author, and nobody has to agree. */
    char *quote;
    bool quotes_own;
    bool sensitive;
    int64_t published_ms, updated_ms; /* updated 0: never edited */
    char **to, **cc;                  /* ActivityPub audience, spelt out */
    size_t to_count, cc_count;
    struct post_mention *mentions;
    size_t mention_count;
    char **hashtags; /* without # */
    size_t hashtag_count;
    struct post_picture *pictures;
    size_t picture_count;
    char *account_name, *account_domain;
};
void post_clear(struct post *post);
SCOPED_VALUE(post, post_clear)
/* Unwraps non-public text.  HTML over 12 KiB is cut at a paragraph and ends in "… continues: URL" if `for_peers`. */
MUST_CHECK bool bridge_post(struct bridge *bridge, struct store_view *view,
                            const struct message *message, bool for_peers, struct post *out,
                            struct err *err);

struct shown_answer {     /* an open message of anybody, below what it answers */
    char *name, *handle;  /* "Bob", fit to stand before "@bob@social.example" */
    char *html, *warning; /* clean; warning or NULL */
};
void shown_answer_clear(struct shown_answer *shown);
SCOPED_VALUE(shown_answer, shown_answer_clear)
/* ABSENT: nothing of it is to be shown. */
enum found bridge_answer(struct bridge *bridge, struct store_view *view,
                         const struct message *message, struct shown_answer *out, struct err *err);

/* What an account likes or boosts (docs/reactions.md). */
struct shown_reaction {
    int64_t id, at_ms;
    char *activity_id;
    char *object; /* the post; NULL: it is gone */
    char *author; /* of the post, an actor id; or NULL */
};
/* Newest first, with id below `before` (0: from the newest), at most `limit`. */
MUST_CHECK bool bridge_reactions(struct store_view *view, const struct account *account,
                                 enum reaction kind, int64_t before, int limit,
                                 bool (*each)(void *ctx, const struct shown_reaction *), void *ctx,
                                 struct err *err);

/* Where the owner of an account goes on (docs/moving.md). */
struct moved {
    char *actor_id; /* NULL: here */
    char *handle;   /* "@alice@new.example" */
    char *page;     /* for people; the actor id where none is known */
    int64_t at_ms;
};
void moved_clear(struct moved *moved);
SCOPED_VALUE(moved, moved_clear)
MUST_CHECK bool bridge_moved_to(struct store_view *view, const struct account *account,
                                struct moved *out, struct err *err);

enum outgoing_kind {
    OUTGOING_NOTHING, /* no longer wanted: end the delivery */
    OUTGOING_CREATE,
    OUTGOING_UPDATE,
    OUTGOING_DELETE, /* post; OUTGOING_DELETE uses id and audience alone */
    OUTGOING_ACCEPT,
    OUTGOING_REJECT,
    OUTGOING_FOLLOW,
    OUTGOING_UNDO_FOLLOW, /* follow */
    OUTGOING_UPDATE_ACTOR,
    OUTGOING_DELETE_ACTOR,
    OUTGOING_MOVE, /* account */
    OUTGOING_LIKE,
    OUTGOING_UNDO_LIKE,
    OUTGOING_BOOST,
    OUTGOING_UNDO_BOOST,
    OUTGOING_VOTE, /* reaction */
};
struct outgoing { /* one delivery attempt, before it is JSON */
    enum outgoing_kind kind;
    int version;            /* what bridge_delivery_ended() is told was sent */
    char *actor_id;         /* who speaks */
    struct account account; /* the same: signs with account.actor_key */
    struct aliases
        aliases; /* of an account: who she says she is too, and where she went; or NULL */
    char *moved_to;
    struct post post; /* of a post: its message_id, the rest by bridge_outgoing_post() */
    int64_t follow_id;
    char *follow_activity_id, *follow_actor, *follow_object;
    char *reaction_activity_id, *reaction_object; /* of a reaction: its id, and the post */
    char *reaction_author;                        /* of the post, an actor id; or NULL */
    char *reaction_choice;                        /* of a vote: what it is for */
    int64_t reaction_ms;
    char *inbox; /* where to; NULL: the person must be found first (person_*) */
    int64_t person_id;
    char *person_user, *person_host,
        *person_actor_id; /* with an inbox: by bridge_outgoing_person() */
};
void outgoing_clear(struct outgoing *outgoing);
MUST_CHECK bool bridge_outgoing(struct store_view *view, const struct delivery *delivery,
                                struct outgoing *out, struct err *err); /* DELIVER lane */
/* What only the first of a thousand deliveries needs, and what only one that goes wrong needs.  In the same view. */
MUST_CHECK bool bridge_outgoing_post(struct bridge *bridge, struct store_view *view,
                                     struct outgoing *outgoing, struct err *err);
MUST_CHECK bool bridge_outgoing_person(struct store_view *view, struct outgoing *outgoing,
                                       struct err *err);

enum delivery_end {
    DELIVERED,
    DELIVERY_LATER,   /* by the back-off steps; Retry-After may lengthen */
    DELIVERY_REFUSED, /* 400 403 404 405 410 413 422 501: never again */
    DELIVERY_GONE,    /* confirmed 410 of a personal inbox: the follower goes */
    DELIVERY_NOBODY,  /* the person could not be found: not delivered */
};
enum mail_host_state { HOST_UNSEEN, HOST_SPOKE, HOST_FAILED };
struct delivery_outcome {
    int64_t delivery_id;
    enum delivery_end end;
    int version;
    char reply[200];
    int64_t retry_after_s;
    int scheme_worked;  /* 0, or remembered for the host */
    bool untried;       /* nobody was asked: it says nothing about the host */
    bool silent;        /* DELIVERY_LATER: nobody answered, so the host is left alone for a while */
    int64_t put_off_ms; /* DELIVERY_LATER, untried: not before, as its host is left alone; else 0 */
    /* of mail */
    enum mail_host_state mail_host;
    bool unreporting; /* DELIVERED to a server that makes no reports (RFC 3461) */
};
MUST_CHECK bool bridge_delivery_ended(struct bridge *bridge, struct store_tx *tx,
                                      const struct delivery_outcome *outcome, struct err *err);

#endif
