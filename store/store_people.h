/*
 * store_people — domains, accounts, people, keys, follows: reading.
 *
 * Everybody is a person: who lives here (with an account), who has a mail address elsewhere, who is on the
 * Fediverse.  Strings in results are the caller's (released by the _clear function); ids are never reused.
 */
#ifndef NESTBOX_STORE_PEOPLE_H
#define NESTBOX_STORE_PEOPLE_H

#include "store.h"

enum account_state { ACCOUNT_ACTIVE, ACCOUNT_ASLEEP, ACCOUNT_REMOVED };
enum reply_all { REPLY_ALL_ASK, REPLY_ALL_PUBLIC, REPLY_ALL_PEOPLE };
/* Does a chat program (Delta Chat) read the mailbox?  Then everything goes to INBOX. */
enum chat { CHAT_UNKNOWN, CHAT_YES, CHAT_NO };
/* Is mail to others encrypted to them, where their keys are known? */
enum encrypt_outgoing { ENCRYPT_NO, ENCRYPT_WHEN_POSSIBLE };
struct account {
    int64_t id, person_id;
    enum account_state state;
    char *name, *domain; /* alice, example.org */
    char *display_name;  /* or NULL */
    char *summary;       /* profile text, plain; or NULL */
    char *language;      /* BCP 47; or NULL */
    char *maildir;       /* copies of the mailbox go here too; or NULL */
    enum reply_all reply_all;
    char *actor_public_pem;
    struct bytes actor_key; /* wrapped by vault */
    int64_t created_ms, asleep_since_ms;
    bool self_made;  /* by its owner, not by the administrator */
    int64_t used_ms; /* last log-in, to a day; 0 never */
    int64_t ends_ms; /* then it is put to sleep; 0 never */
    enum chat chat;
    enum encrypt_outgoing encrypt_outgoing;
};
void account_clear(struct account *account);
SCOPED_VALUE(account, account_clear)
enum found store_account(struct store_view *view, int64_t id, struct account *out, struct err *err);
enum found store_account_named(struct store_view *view, struct slice name, struct slice domain,
                               struct account *out, struct err *err); /* case ignored */
enum found store_account_of_person(struct store_view *view, int64_t person_id, struct account *out,
                                   struct err *err);
/* Calls `each` in order of name, removed accounts included; false from it ends the walk early without failing. */
MUST_CHECK bool store_accounts(struct store_view *view,
                               bool (*each)(void *ctx, const struct account *), void *ctx,
                               struct err *err);

/* How many active accounts a domain has. */
MUST_CHECK bool store_account_count(struct store_view *view, struct slice domain, int64_t *out,
                                    struct err *err);
/* Names of the accounts with numbers above `after_id`, in their order, in whatever domain and state; false from `each` ends
 * the walk early without failing. */
MUST_CHECK bool store_account_names(struct store_view *view, int64_t after_id,
                                    bool (*each)(void *ctx, int64_t id, const char *name),
                                    void *ctx, struct err *err);

struct credential { /* SCRAM-SHA-256 keys, RFC 5802; the same layout as vault's scram_keys */
    unsigned char salt[16], stored_key[32], server_key[32];
    int iterations;
};
enum found store_credential(struct store_view *view, int64_t account_id, struct credential *out,
                            struct err *err);

enum key_use {
    KEY_SIGNS = 1,
    KEY_ENCRYPTS = 2
}; /* the account posts by it; what rests is sealed to it */
enum key_learnt { KEY_BY_ADMINISTRATOR = 1, KEY_BY_AUTOCRYPT, KEY_BY_CLAIM, KEY_BY_WEB };
enum key_state {
    KEY_IN_USE = 1,
    KEY_WAITS, /* until due_ms, so that its owner can object; then it is in use */
    KEY_REVOKED,
    KEY_REFUSED /* its owner said no: kept, so that it is not learnt again */
};
enum { KEY_NOTICE_SIZE = 32 };
struct account_key { /* an OpenPGP certificate of the account */
    int64_t id, account_id;
    char fingerprint[41];
    struct bytes certificate;
    int64_t added_ms, expires_ms; /* expires 0: never */
    unsigned uses;                /* of enum key_use, when it was added */
    int64_t encrypts_until_ms;    /* 0: for ever */
    enum key_learnt learnt;       /* 0 is taken as KEY_BY_ADMINISTRATOR, */
    enum key_state state;         /* and 0 as KEY_IN_USE */
    int64_t due_ms;
    int64_t seen_ms; /* the newest date at which its owner's program told it; 0: none did */
    unsigned told;   /* what the owner was told of it */
    char notice[KEY_NOTICE_SIZE]; /* REF of the letter that asks about it, or "" */
};
void account_key_clear(struct account_key *key);
SCOPED_VALUE(account_key, account_key_clear)
/* Is mail sealed to it then? */
bool key_encrypts_now(const struct account_key *key, int64_t now_ms);
MUST_CHECK bool store_account_keys(struct store_view *view, int64_t account_id,
                                   bool (*each)(void *ctx, const struct account_key *), void *ctx,
                                   struct err *err);
enum found store_account_key(struct store_view *view, int64_t account_id, struct slice fingerprint,
                             struct account_key *out, struct err *err);
/* By the REF of the letter that asks about it. */
enum found store_key_of_notice(struct store_view *view, struct slice ref, struct account_key *out,
                               struct err *err);
/* Keys in use, or due to be, whose owner may have to be told something by then; without their certificates. */
MUST_CHECK bool store_keys_ending(struct store_view *view, int64_t until_ms,
                                  bool (*each)(void *ctx, const struct account_key *), void *ctx,
                                  struct err *err);

/* The keys of the domain's instance actor (https://D/actor), made with the domain. */
struct domain {
    int64_t id;
    char *name;
    char *actor_public_pem;
    struct bytes actor_key;
};
void domain_clear(struct domain *domain);
SCOPED_VALUE(domain, domain_clear)
enum found store_domain(struct store_view *view, struct slice name, struct domain *out,
                        struct err *err);

enum person_kind { PERSON_LOCAL = 1, PERSON_MAIL, PERSON_FEDIVERSE };
struct person {
    int64_t id;
    enum person_kind kind;
    int64_t account_id; /* PERSON_LOCAL */
    char *address;      /* PERSON_MAIL: canonical; else NULL */
    char *user, *host;  /* the handle without @; NULL for mail people */
    char *
        word; /* local part that names them at our domains: bob=social.example or a short form; Fediverse only */
    char *name;                                   /* display name as given; or NULL */
    char *actor_id;                               /* NULL while a handle was never resolved */
    char *url, *inbox, *shared_inbox, *followers; /* or NULL */
    bool gone;                                    /* 410, or deleted itself */
    int64_t fetched_ms;                           /* when the actor document was last read */
};
void person_clear(struct person *person);
SCOPED_VALUE(person, person_clear)
enum found store_person(struct store_view *view, int64_t id, struct person *out, struct err *err);
enum found store_person_by_actor(struct store_view *view, struct slice actor_id, struct person *out,
                                 struct err *err);
enum found store_person_by_handle(struct store_view *view, struct slice user, struct slice host,
                                  struct person *out, struct err *err);
enum found store_person_by_word(struct store_view *view, struct slice word, struct person *out,
                                struct err *err);
enum found store_person_by_address(struct store_view *view, struct slice address,
                                   struct person *out, struct err *err);

struct person_key { /* a signing key of a Fediverse person */
    int64_t person_id;
    char *key_id, *public_pem;
    int64_t fetched_ms;
};
void person_key_clear(struct person_key *key);
SCOPED_VALUE(person_key, person_key_clear)
enum found store_person_key(struct store_view *view, struct slice key_id, struct person_key *out,
                            struct err *err);

enum follow_state {
    FOLLOW_WAITING = 1,
    FOLLOW_ACCEPTED,
    FOLLOW_REFUSED,
    FOLLOW_LEFT,
    FOLLOW_CONFIRMING, /* by mail: somebody asked, the address has not said yes */
    FOLLOW_SUSPENDED,  /* by mail: the address takes no mail any more */
};
/* Active accounts whose actor document was told otherwise; at most `max` ids. */
MUST_CHECK bool store_accounts_told_otherwise(struct store_view *view, bool approves,
                                              int64_t *out_ids, size_t max, size_t *out_count,
                                              struct err *err);
struct follow {
    int64_t id, follower_id, followed_id; /* people */
    enum follow_state state;
    char *activity_id; /* of the Follow, verbatim; NULL for subscribers by mail */
    int64_t since_ms;
    /* How the address of a reader by mail fares; each 0 or NULL: well */
    int64_t refused_ms;  /* when a copy was first refused for good since one was taken */
    int64_t reported_ms; /* when a report first said that the address is dead */
    int64_t soft_ms;     /* since when soft_count troubles that may pass are counted */
    int soft_count;
    char *trouble; /* the last words about it */
    bool untold;   /* suspended, and the owner has not heard of it */
};
void follow_clear(struct follow *follow);
SCOPED_VALUE(follow, follow_clear)
enum found store_follow(struct store_view *view, int64_t follower_id, int64_t followed_id,
                        struct follow *out, struct err *err);
enum found store_follow_by_id(struct store_view *view, int64_t id, struct follow *out,
                              struct err *err);
/* Readers by mail who were suspended and whose owner has not heard of it; by owner. */
MUST_CHECK bool store_follows_untold(struct store_view *view, int limit,
                                     bool (*each)(void *ctx, const struct follow *,
                                                  const struct person *follower),
                                     void *ctx, struct err *err);
/* Followers (accepted alone, or all states) with id above `after`, oldest first, at most `limit`. */
MUST_CHECK bool store_followers(struct store_view *view, int64_t followed_id, bool accepted_only,
                                int64_t after, int limit,
                                bool (*each)(void *ctx, const struct follow *,
                                             const struct person *follower),
                                void *ctx, struct err *err);
MUST_CHECK bool
store_following(struct store_view *view, int64_t follower_id, int64_t after, int limit,
                bool (*each)(void *ctx, const struct follow *, const struct person *followed),
                void *ctx, struct err *err);
/* Messages that wait for the evening of that day, or an earlier one, to go to a reader by mail together: oldest first. */
MUST_CHECK bool store_gathered(struct store_view *view, int64_t follow_id, int64_t day,
                               int64_t *out_ids, size_t max, size_t *out_count, struct err *err);
MUST_CHECK bool store_follower_counts(struct store_view *view, int64_t person_id,
                                      int64_t *out_followers_fediverse, int64_t *out_followers_mail,
                                      int64_t *out_following, struct err *err);

/* Words in links and addresses that authorise one thing.  Kept are a digest, to find them by, and the seed of which
 * the bridge makes the word again. */
enum token_purpose { TOKEN_CONFIRM = 1, TOKEN_UNSUBSCRIBE, TOKEN_BOUNCE };
enum { TOKEN_SEED_LEN = 16, TOKEN_DIGEST_LEN = 32 };
struct token {
    int64_t id;
    enum token_purpose purpose;
    unsigned char digest[TOKEN_DIGEST_LEN], seed[TOKEN_SEED_LEN];
    int64_t account_id;
    int64_t person_id;  /* 0: whom it was for has left, and is forgotten */
    int64_t expires_ms; /* 0: never */
};
/* ABSENT once it has expired. */
enum found store_token(struct store_view *view, enum token_purpose purpose,
                       const unsigned char digest[TOKEN_DIGEST_LEN], struct token *out,
                       struct err *err);
/* The newest of that purpose for the pair. */
enum found store_token_of(struct store_view *view, enum token_purpose purpose, int64_t account_id,
                          int64_t person_id, struct token *out, struct err *err);

/* How often since `since_ms` a stranger asked for something that is limited. */
enum asked_for {
    ASKED_ADDRESS = 1,
    ASKED_SERVER,
    ASKED_NETWORK,
    ASKED_CONTACT,
    ASKED_ACCOUNT_SERVER = 11, /* to make accounts */
    ASKED_ACCOUNT_NETWORK,
    ASKED_SIGN_IN_SERVER = 21, /* links to sign in with */
    ASKED_SIGN_IN_NETWORK,
    ASKED_SIGN_IN_ACCOUNT,
    ASKED_CLAIM_SERVER = 31, /* for an address, by signed mail */
    ASKED_CLAIM_NETWORK,
    ASKED_CLAIM_DOMAIN,
    ASKED_CLAIM_ADDRESS, /* answers to it */
};
MUST_CHECK bool store_asked_count(struct store_view *view, enum asked_for what,
                                  const unsigned char digest[32], int64_t since_ms, int64_t *out,
                                  struct err *err);

#endif
