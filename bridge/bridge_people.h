/*
 * bridge_people — what the command line asks: accounts, passwords, keys, follows, posts, the queue.
 *
 * Plain blocking functions for control threads: each looks, prepares and commits by itself.  ADDRESS is a mail
 * address of an account here; PERSON is a mail address, bob=social.example@D or @bob@social.example.
 */
#ifndef NESTBOX_BRIDGE_PEOPLE_H
#define NESTBOX_BRIDGE_PEOPLE_H

#include "bridge.h"
#include "store_people.h"

/* The hosted domains of the settings, each with the key of its instance actor and a pair that signs its mail: called
 * once at each start. */
MUST_CHECK bool bridge_make_ready(struct bridge *bridge, struct err *err);

struct new_account {
    struct slice address;
    const char *display_name; /* or NULL */
    const char *maildir;      /* or NULL */
    struct slice password;    /* empty: none, no log-in until `account password` */
};
MUST_CHECK bool bridge_account_add(struct bridge *bridge, const struct new_account *account,
                                   struct err *err); /* wakes a sleeping one */
MUST_CHECK bool bridge_account_remove(struct bridge *bridge, struct slice address,
                                      struct err *err); /* to sleep, behaviour.md 9 */
MUST_CHECK bool bridge_account_set(struct bridge *bridge, struct slice address, struct slice name,
                                   struct slice value, struct err *err);
/* name, summary, language, reply_all, maildir; tells followers where they show it */
MUST_CHECK bool bridge_account_password(struct bridge *bridge, struct slice address,
                                        struct slice password, struct err *err);
/* Who the account says it is too (docs/moving.md): a person elsewhere, or here, whose actor id is known; and no longer
 * (ERR_ABSENT: it did not). */
MUST_CHECK bool bridge_account_alias(struct bridge *bridge, struct slice address, int64_t person_id,
                                     struct err *err);
MUST_CHECK bool bridge_account_unalias(struct bridge *bridge, struct slice address,
                                       const char *actor_id, struct err *err);
/* It goes on as that person.  `lists_it`: their document, read just now, lists it; of somebody who lives here the bridge
 * looks itself.  ERR_REFUSED with words. */
MUST_CHECK bool bridge_account_move(struct bridge *bridge, struct slice address, int64_t person_id,
                                    bool lists_it, struct err *err);
/* It did not: nobody is told to follow there any more.  ERR_ABSENT: it has not moved. */
MUST_CHECK bool bridge_account_stay(struct bridge *bridge, struct slice address, struct err *err);
/* Finds an account by address; ERR_ABSENT in words fit for the terminal. */
MUST_CHECK bool bridge_account_find(struct bridge *bridge, struct store_view *view,
                                    struct slice address, struct account *out, struct err *err);

struct key_added {
    char fingerprint[41];
    bool signs,
        encrypts; /* the account may post by it; what comes to rest is sealed to it from now on */
    bool revoked; /* it says that one of the account's keys is not to be used any more */
};
/* Added by the administrator, which counts as the second proof that a change of key needs (docs/at-rest.md): in use at
 * once.  ERR_REFUSED with words: expired, revoked and not known, of no use. */
MUST_CHECK bool bridge_key_add(struct bridge *bridge, struct slice address,
                               struct slice certificate, struct key_added *out, struct err *err);
/* `nestbox seal`: what rests already.  One mail after the other, each in a transaction of its own, so that it can be
 * interrupted anywhere and begun again. */
struct resealing {
    int64_t account_id, last; /* id of the copy looked at last */
    int64_t mail;             /* as `nestbox mail list` names it, 0: it lies in no mailbox yet */
    int64_t left;             /* how many there were at the beginning */
    int64_t sealed;
};
/* ERR_REFUSED: there is no key to seal to. */
MUST_CHECK bool bridge_reseal_begin(struct bridge *bridge, struct slice address,
                                    struct resealing *out, struct err *err);
enum resealed {
    RESEALED_ALL,     /* there is no other */
    RESEALED_ONE,     /* looked at, and sealed if that could be */
    RESEALED_DAMAGED, /* it cannot be read, and rests as it was: `err` */
    RESEALED_FAILED,  /* nor would the others be: `err` */
};
enum resealed bridge_reseal_next(struct bridge *bridge, struct resealing *resealing,
                                 struct err *err);
MUST_CHECK bool bridge_key_remove(struct bridge *bridge, struct slice address,
                                  struct slice fingerprint, struct err *err);

/* Another server key, and all that the old one wrapped under it; `tell` hears after each slice how many that are, and says
 * whether to go on.  `alone`: nobody else works on the data, so the old key is forgotten at once; else chores do it ten
 * minutes later.  May be broken off at any moment: the next call, or chores, go on. */
struct server_key_change {
    bool went_on; /* with a change that had begun before: there is no third key */
    size_t changed, broken;
    bool forgotten;
    bool broken_off; /* by `tell` */
};
MUST_CHECK bool bridge_change_server_key(struct bridge *bridge, bool alone,
                                         bool (*tell)(void *ctx, size_t changed), void *ctx,
                                         struct server_key_change *out, struct err *err);

/* PERSON as written on the command line, to an actor that may still have to be found by delivery. */
MUST_CHECK bool bridge_follow(struct bridge *bridge, struct slice address, struct slice person,
                              bool follow, struct err *err);

MUST_CHECK bool bridge_post_undo(struct bridge *bridge, struct slice address, struct slice ref,
                                 struct err *err); /* while held */
MUST_CHECK bool bridge_post_delete(struct bridge *bridge, struct slice address, struct slice ref,
                                   struct err *err);

MUST_CHECK bool bridge_queue_retry(struct bridge *bridge, int64_t id /* 0: all */, struct err *err);
MUST_CHECK bool bridge_queue_drop(struct bridge *bridge, int64_t id, struct err *err);

#endif
