/*
 * bridge_login — what smtp and imap ask when somebody logs in.
 *
 * With registration = open the first log-in of a name that Delta Chat may have invented makes the account
 * (docs/accounts.md): two that come at the same instant make one.
 *
 * A name nobody has gets keys that fit no password, the same at every call, so that it costs and says what a known
 * one does.  Any worker; a password is slow to check on purpose, so its errand goes one by one (errand.h).
 */
#ifndef NESTBOX_BRIDGE_LOGIN_H
#define NESTBOX_BRIDGE_LOGIN_H

#include "bridge.h"
#include "bytes.h"
#include "vault.h"

struct newcomer;
struct store_tx;

struct login_question { /* owns what it holds */
    char *name;
    struct bytes secret;       /* the password, or SCRAM's proof */
    struct bytes auth_message; /* of SCRAM (RFC 5802 3); empty: `secret` is a password */
    char *network;             /* who asks: an IP address as text; or NULL */
    struct newcomer *newcomer; /* by bridge_login(); or NULL */
};
void login_question_init(struct login_question *question, struct slice name, struct slice secret,
                         struct slice auth_message);
void login_question_clear(struct login_question *question); /* wipes the secret */

struct login_answer {
    int64_t account_id; /* 0: refused */
    bool closed;        /* the secret is right, and the account sleeps */
    bool to_record;     /* bridge_login_record() has something to write, */
    bool is_newcomer;   /* a whole account */
    char address[321];
    unsigned char server_signature[SCRAM_KEY_LEN]; /* of SCRAM */
};
MUST_CHECK bool bridge_login(struct bridge *bridge, struct login_question *question,
                             struct login_answer *out, struct err *err);
/* In apply(), if the answer says so.  ERR_CONFLICT: the question has to be asked again. */
MUST_CHECK bool bridge_login_record(struct bridge *bridge, struct store_tx *tx,
                                    struct login_question *question, struct login_answer *answer,
                                    struct err *err);
/* What SCRAM's challenge says. */
MUST_CHECK bool bridge_login_challenge(struct bridge *bridge, struct slice name,
                                       unsigned char out_salt[SCRAM_SALT_LEN], int *out_iterations,
                                       struct err *err);

/* ---- the same as errands (base/login_errand.h), for sessions ---- */
struct errand;
struct errand *bridge_login_errand(struct bridge *bridge, const char *network, struct slice name,
                                   struct slice password); /* struct login_errand */
struct errand *bridge_proof_errand(struct bridge *bridge, struct slice name,
                                   struct slice auth_message,
                                   struct slice proof); /* struct login_errand */
struct errand *bridge_challenge_errand(struct bridge *bridge,
                                       struct slice name); /* struct challenge_errand */

#endif
