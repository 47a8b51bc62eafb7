/*
 * bridge_owner — who is signed in on the web (docs/signed-in.md).
 *
 * An owner signs in by a link in a mail of their own mailbox: it is good once and for a quarter of an hour.  Then their
 * browser has a word, in a cookie, that is good for 30 days.  Both are 130 random bits of which only digests are kept.
 */
#ifndef NESTBOX_BRIDGE_OWNER_H
#define NESTBOX_BRIDGE_OWNER_H

#include "bridge.h"
#include "id.h"

struct account;
struct letter;
struct store_tx;
struct store_view;

enum { OWNER_LINK_MINUTES = 15, OWNER_SESSION_DAYS = 30 };

/* ---- asking for a link ---- */
struct owner_request {
    char *address; /* as typed */
    char *network; /* whence: an IP address as text */
    /* by bridge_owner_ask(): */
    int64_t account_id; /* 0: nobody here has that address, and no mail is sent */
    char word[TOKEN_LEN + 1];
    unsigned char network_key[32];
    bool network_counts;
    struct letter *letter;
};
void owner_request_clear(struct owner_request *request);
/* Writes and seals the mail: HEAVY. */
MUST_CHECK bool bridge_owner_ask(struct bridge *bridge, struct store_view *view,
                                 struct owner_request *request, struct err *err);
/* In apply().  Beyond the limits nothing is sent, and nobody is told. */
MUST_CHECK bool bridge_owner_ask_record(struct bridge *bridge, struct store_tx *tx,
                                        struct owner_request *request, struct err *err);

/* ---- words; ABSENT: spent, expired, never ours, or the account is closed ---- */
struct owner_pass {
    int64_t pass_id, account_id;
};
enum found bridge_owner_link(struct store_view *view, struct slice word, struct owner_pass *out,
                             struct err *err);
enum found bridge_owner_session(struct store_view *view, struct slice word, struct owner_pass *out,
                                struct err *err);
/* In apply(): the link is spent, and `session_word` is good.  ERR_CONFLICT: somebody was faster. */
MUST_CHECK bool bridge_owner_enter(struct bridge *bridge, struct store_tx *tx,
                                   const struct owner_pass *link, const char *session_word,
                                   struct err *err);
MUST_CHECK bool bridge_owner_leave(struct store_tx *tx, const struct owner_pass *session,
                                   struct err *err);

/* ---- devices: a word for programs that have the account's password, good until that is changed ---- */
enum { DEVICE_WORD_MAX = 20 + 1 + TOKEN_LEN }; /* "17-…" */
/* ABSENT: the account has no password. */
enum found bridge_owner_device_word(struct bridge *bridge, struct store_view *view,
                                    int64_t account_id, char out[DEVICE_WORD_MAX + 1],
                                    struct err *err);
enum found bridge_owner_device(struct bridge *bridge, struct store_view *view, struct slice word,
                               int64_t *out_account_id, struct err *err);

/* ---- forms: what no other site can know, so what a button sends was pressed on a page of ours ---- */
void bridge_owner_form_word(struct bridge *bridge, struct slice session_word,
                            char out[TOKEN_LEN + 1]);
bool bridge_owner_form_word_is(struct bridge *bridge, struct slice session_word, struct slice word);

#endif
