/*
 * bridge_private — what the files of this room share.
 *
 * The order of reading: address.c and policy_post.c (pure), receive_mail.c and publish_*.c (mail
 * in), direct_*.c and command_*.c, render_*.c and people_*.c (the other side), send.c (what
 * leaves).
 */
#ifndef NESTBOX_BRIDGE_PRIVATE_H
#define NESTBOX_BRIDGE_PRIVATE_H

#include "address.h"
#include "bridge.h"
#include "bytes.h"
#include "even_time.h"
#include "evidence.h"
#include "names.h"
#include "pgp.h"
#include "store_message.h"
#include "store_people.h"
#include "store_write.h"
#include "stream.h"
#include "structure.h"
#include "vault.h"

struct secrets_walk { /* how far it is (secrets.c) */
    size_t place;
    int64_t after;
    size_t changed, broken;
};

struct name_hashes;
struct bridge { /* read-only after bridge_new(), but for the last: every thread may use it */
    const struct config *config;
    const struct clock *clock;
    struct store *store;
    struct vault *vault;
    struct pgp *pgp;
    /* Hints for chores, lost with the process: when to look again (wall time, 0: now). */
    _Atomic int64_t tidy_ms, undelivered_ms, suspended_ms, turns_ms, keys_ms, broadcast_ms;
    _Atomic int64_t unusable_account; /* whose key no engine took; 0: nobody's */
    _Atomic int64_t key_changed_ms, key_look_ms;
    struct even_time even;     /* of answers */
    struct name_hashes *names; /* of the key directory */
    struct claim_tries *claim_tries;
    struct secrets_walk secrets; /* of the chore alone */
};

/* Whether it is too early for a chore; what lies further away than it is ever put off is of a clock that was set back. */
static inline bool chore_rests(int64_t again_ms, int64_t most_ms, int64_t now_ms)
{
    return now_ms < again_ms && again_ms - now_ms <= most_ms;
}

/* Mailboxes that we file into (behaviour.md 4, 11). */
#define MAILBOX_INBOX "INBOX"
#define MAILBOX_POSTS "Posts"
#define MAILBOX_DRAFTS "Drafts"
#define MAILBOX_TRASH "Trash"
#define MAILBOX_HOME "Fediverse/Home"
#define MAILBOX_NOTIFICATIONS "Fediverse/Notifications"

/* Delta Chat looks at INBOX alone: there everything goes, each mail from one person to the owner alone, for else it would
 * show a group whose every answer goes to all of it (behaviour.md 4). */
static inline bool account_chats(const struct account *account)
{
    return account->chat == CHAT_YES;
}
/* Where what belongs into `mailbox` goes. */
static inline const char *mailbox_for(const struct account *account, const char *mailbox)
{
    return account_chats(account) ? MAILBOX_INBOX : mailbox;
}

/* What a vault key is derived for; a purpose never serves two things. */
#define PURPOSE_ACTOR_KEY "actor key"
#define PURPOSE_MESSAGE_ID "message id"
#define PURPOSE_PERSON_WORD "person word"

/* ---- addresses and people ---- */
/* Parts "alice@example.org" at the last @; false without one, or with an empty side. */
bool address_split(struct slice address, struct slice *out_local, struct slice *out_domain);
/* "@bob@social.example" or "bob@social.example"; false if it is no handle. */
bool handle_split(struct slice handle, struct slice *out_user, struct slice *out_host);
/* The account whose address this is (no +detail). */
enum found account_at(struct store_view *view, struct slice address, struct account *out,
                      struct err *err);
char *account_address(const struct account *account); /* alice@example.org */
char *account_actor(const struct account *account);   /* https://example.org/users/alice */
/* The local part that names a Fediverse person: the word of their row, else made
 * ("bob=social.example"). Heap. */
char *bridge_person_word(struct bridge *bridge, struct slice user, struct slice host);
/* bob=social.example@D for Fediverse people, the address for others. */
char *person_address(struct bridge *bridge, const struct person *person, const char *domain);
/* "Bob (@bob@social.example)": the chosen name freed of @ < > " , controls and bidi marks, cut at
 * 60 characters, and the handle always behind it (behaviour.md 4); "@bob@social.example" if nothing
 * is left.  Mail people: name or NULL. */
char *person_label(const struct person *person);
char *person_handle(const struct person *person); /* "@bob@social.example" */
char *person_short_name(
    const struct person *person); /* "Bob", as in running text; the handle if there is no name */
/* A person row for a handle that may never have been resolved: found, or added with its word.  In
 * apply(). */
MUST_CHECK bool person_for_handle(struct bridge *bridge, struct store_tx *tx, struct slice user,
                                  struct slice host, int64_t *out_id, struct err *err);

/* Did that person move there (docs/moving.md)?  Then they are one. */
MUST_CHECK bool person_moved_to(struct store_view *view, int64_t person_id, int64_t to_id,
                                bool *out, struct err *err);

/* The account follows the person, or no longer (people_follow.c).  ERR_ABSENT: gone for good. */
MUST_CHECK bool follow_record(struct bridge *bridge, struct store_tx *tx,
                              const struct account *account, struct slice user, struct slice host,
                              bool follow, struct err *err);

/* ---- messages ---- */
const char *visibility_word(enum visibility visibility);          /* as X-Nestbox-Audience has it */
static inline bool visibility_is_open(enum visibility visibility) /* anybody may read it */
{
    return visibility == VISIBILITY_PUBLIC || visibility == VISIBILITY_UNLISTED;
}
/* The four texts of a message under the server key, and back; sets and reads message->wrapped. */
void message_wrap(struct bridge *bridge, struct message *message);
MUST_CHECK bool message_unwrap(struct bridge *bridge, struct message *message, struct err *err);
/* Message-IDs without <>: a random one, and the one that an ActivityPub object always has (keyed
 * hash: same object, same ID, no address in it). */
char *message_id_new(const char *domain);
char *message_id_of_object(struct bridge *bridge, const char *object_id, const char *domain);
/* References of an answer to `parent`: those of the parent and its own Message-ID, cut from the
 * middle beyond 20. NULL if the parent has none. */
char *references_below(const struct message *parent);
/* Is this message one's own public or unlisted post that a reader may be sent to? */
static inline bool message_is_gone(const struct message *message)
{
    return message->state == MESSAGE_UNDONE || message->state == MESSAGE_WITHDRAWN;
}

/* ---- a mail on its way into a mailbox ---- */
struct letter { /* prepared on a worker, filed on the writer */
    int64_t account_id;
    const char *mailbox; /* one of the names above */
    unsigned flags;
    bool appended;  /* by a mail program */
    bool must_rest; /* under the server key, where there is no other and seal_without_key = defer */
    char without
        [41];       /* fingerprint of a key that it tells the end of, and is not sealed to; or "" */
    bool lacks_key; /* why letter_seal() failed */
    bool own;       /* the server itself wrote it, so the key of `from` may sign it */
    bool tells_key; /* the Autocrypt field of `from` stands in it */
    struct store_view
        *view; /* borrowed while it is sealed: where keys are read; NULL: a view of its own */
    struct slice
        also; /* borrowed while it is sealed: a certificate in use once it is filed; or empty */
    char *from, *subject,
        *message_id; /* header facts; message_id without <>.  What is sealed hides its subject */
    int64_t received_ms;
    char *keywords;                  /* or NULL */
    struct mail_structure structure; /* of what rests; empty if it cannot be read as a mail */
    struct store_body *body;
    struct pgp_sealed *sealed;
};
#define SEALED_SUBJECT "[...]"
/* Seals `content` (borrowed) for its owner into a store body, synced.  In which form: docs/at-rest.md (letter_seal.c).
 * ERR_TEMPORARY: no engine could, or the owner has no key and nothing shall rest without. */
MUST_CHECK bool letter_seal(struct bridge *bridge, struct source *content, struct letter *letter,
                            struct err *err);
/* What the store is told of it. */
struct new_copy letter_copy(const struct letter *letter, int64_t message_id);
/* Files it as a copy of the message; may run twice, the letter stays its maker's. */
MUST_CHECK bool letter_file(struct store_tx *tx, struct letter *letter, int64_t message_id,
                            struct err *err);
/* The same, unseen, until the contact's answer. */
MUST_CHECK bool letter_hold(struct store_tx *tx, struct letter *letter, int64_t message_id,
                            int64_t contact_id, struct err *err);
void letter_clear(struct letter *letter);
SCOPED_VALUE(letter, letter_clear)

/* ---- what leaves (send.c) ---- */
/* Wants the present version of a SENT message of ours at everybody in its audience (inbox if known,
 * else the person to be found) and, unless it is direct or mail, at the followers: one broadcast
 * row.  People who live here are left to chores, which render for them. */
MUST_CHECK bool message_send(struct bridge *bridge, struct store_tx *tx,
                             const struct message *message, struct err *err);
/* The first half of it: everybody in its audience who lives elsewhere. */
MUST_CHECK bool message_want_at_audience(struct bridge *bridge, struct store_tx *tx,
                                         const struct message *message, struct err *err);
/* The account likes or boosts that message, or no longer; false *out_changed: it was so already. */
MUST_CHECK bool reaction_set(struct bridge *bridge, struct store_tx *tx,
                             const struct account *account, const struct message *message,
                             enum reaction kind, bool present, bool *out_changed, struct err *err);
/* Chores: what was asked (behaviour.md 5.2) and not answered for 7 days goes back to Drafts. */
MUST_CHECK bool expire_questions(struct bridge *bridge, struct err *err);
/* At each start: a pair that signs, made if there is none.  Chores: retired pairs that signed nothing which may still be
 * under way (dkim_keys.c). */
MUST_CHECK bool dkim_make_ready(struct bridge *bridge, struct slice domain, struct err *err);
MUST_CHECK bool forget_dkim_keys(struct bridge *bridge, struct err *err);
/* One person's delivery of a subject. */
MUST_CHECK bool person_want(struct store_tx *tx, const struct person *person,
                            enum delivery_subject subject, int64_t subject_id, int64_t account_id,
                            int wanted, bool shared_inbox, int64_t now_ms, struct err *err);
/* Their server was shown where this post of an account here is, so it hears of edits and of its end. */
MUST_CHECK bool person_may_have(struct store_tx *tx, const struct person *person,
                                const struct message *message, struct err *err);
/* `mail`, of which subject, account_id, person_id, wanted and rcpt_to are given, from the null sender: who cannot be told
 * has nobody to send the report to.  An address that is none, or NULL, is not told. */
MUST_CHECK bool mail_want(struct store_tx *tx, struct delivery mail, int64_t now_ms,
                          struct err *err);
/* Takes a post of one's own back: UNDONE while held, WITHDRAWN after (Delete to all who got it),
 * all copies of it go to Trash, those of readers here too.  False *out_done: there was nothing to take back. */
MUST_CHECK bool message_take_back(struct bridge *bridge, struct store_tx *tx,
                                  const struct message *message, bool *out_done, struct err *err);

#endif
