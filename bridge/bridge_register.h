/*
 * bridge_register — accounts that people make themselves (docs/accounts.md): by a code that Delta Chat scans, which asks
 * https://D/new, or by the first log-in of a name that nobody has.
 *
 *     prepare() on HEAVY (it makes keys), record() on the writer
 */
#ifndef NESTBOX_BRIDGE_REGISTER_H
#define NESTBOX_BRIDGE_REGISTER_H

#include "bridge.h"
#include "bytes.h"
#include "store_invitation.h"

struct store_tx;
struct store_view;

enum register_answer {
    REGISTER_DONE,
    REGISTER_CLOSED,    /* the setting says so */
    REGISTER_UNINVITED, /* only with an invitation */
    REGISTER_SPENT,     /* an invitation that nobody made, that is used up or has expired */
    REGISTER_TOO_MANY,  /* from that network, or at all, within the hour */
    REGISTER_FEE,       /* only with an invitation, or by a claim that is paid for */
    REGISTER_CLAIMED,   /* somebody asked for the name by signed mail (docs/claims.md) */
};
const char *register_words(enum register_answer answer); /* for whoever asked: what to do */

struct newcomer { /* one wish; owned by the caller's errand */
    /* filled by the caller; heap */
    char *domain;          /* one of ours */
    char *word;            /* of an invitation, or NULL */
    char *network;         /* who asks: an IP address as text */
    char *user;            /* NULL: a name is invented */
    struct bytes password; /* empty: it is invented */
    /* by prepare(); what the person needs to know is in `user`, `password` and ends_ms */
    enum register_answer answer;
    bool invented;
    struct account account;
    struct credential credential;
    int64_t invitation_id;
    unsigned char network_key[32];
    bool network_counts;
};
void newcomer_clear(struct newcomer *it); /* wipes the password */
SCOPED_VALUE(newcomer, newcomer_clear)
MUST_CHECK bool bridge_register_prepare(struct bridge *bridge, struct newcomer *it,
                                        struct err *err);
/* In apply(); only when prepare() said REGISTER_DONE.  ERR_CONFLICT: prepare() has to run again. */
MUST_CHECK bool bridge_register_record(struct bridge *bridge, struct store_tx *tx,
                                       struct newcomer *it, int64_t *out_account_id,
                                       struct err *err);
/* Whether somebody would be let in who comes with that word (or NULL). */
MUST_CHECK bool bridge_register_look(struct bridge *bridge, struct store_view *view,
                                     const char *word, enum register_answer *out, struct err *err);

/* May a first log-in make this account?  Delta Chat invents such names and passwords; what people think of is longer
 * or shorter, and a mistyped name makes no account. */
bool register_by_login_fits(const struct bridge *bridge, struct slice user, struct slice password);

/* own_card.c: vCards of public@, unlisted@, followers@ and claim@ at that domain of ours, with their keys, which are made if
 * need be: HEAVY lane. */
MUST_CHECK bool bridge_own_cards(struct bridge *bridge, const char *domain, struct bytes *out,
                                 struct err *err);

/* ---- invitations, for the command line ---- */
enum { INVITATION_WORD_LEN = 20 };
struct new_invitation {
    const char *name;
    int64_t uses_max, life_ms, account_life_ms; /* 0: any number, for ever, for ever */
};
MUST_CHECK bool bridge_invitation_add(struct bridge *bridge, const struct new_invitation *wish,
                                      struct err *err);
MUST_CHECK bool bridge_invitation_remove(struct bridge *bridge, const char *name, struct err *err);
void bridge_invitation_word(struct bridge *bridge, const struct invitation *invitation,
                            char out[INVITATION_WORD_LEN + 1]);
/* https://D/new?t=WORD; word NULL: without */
char *register_link(const char *domain, const char *word);

#endif
