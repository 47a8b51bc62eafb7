/*
 * bridge_peer — OpenPGP keys of those whom an account writes to, and mail that leaves encrypted to them
 * (docs/encrypt-outgoing.md): what smtp and the command line ask.
 */
#ifndef NESTBOX_BRIDGE_PEER_H
#define NESTBOX_BRIDGE_PEER_H

#include "bridge.h"
#include "store_delivery.h"
#include "store_peer.h"
#include "stream.h"

struct store_tx;
struct store_view;

/* ---- a mail whose cipher is open ---- */
struct cipher_question { /* `{0}` is an empty one */
    bool settled;        /* it is known how it leaves: bridge_cipher_settle() */
    int64_t account_id;
    char *address, *domain; /* else whose key must be looked for first */
};
void cipher_question_clear(struct cipher_question *question);
SCOPED_VALUE(cipher_question, cipher_question_clear)
/* QUICK.  One text is encrypted for all whom it goes to elsewhere, or for nobody. */
MUST_CHECK bool bridge_cipher_look(struct bridge *bridge, struct store_view *view, int64_t body_id,
                                   struct cipher_question *out, struct err *err);
/* In apply(). */
MUST_CHECK bool bridge_cipher_settle(struct bridge *bridge, struct store_tx *tx, int64_t body_id,
                                     struct err *err);

/* ---- whether an account's mail leaves so ---- */
/* In apply(): as its owner says, `value` is "no" or "when_possible".  ERR_MALFORMED: neither. */
MUST_CHECK bool bridge_encrypt_outgoing(struct store_tx *tx, int64_t account_id, struct slice value,
                                        struct err *err);

/* ---- what a key directory said ---- */
enum directory_answer {
    DIRECTORY_KEY,
    DIRECTORY_NOTHING, /* it says that there is none, or what it gives is no key */
    DIRECTORY_SILENT,
};
/* HEAVY.  What is known of them then. */
MUST_CHECK bool bridge_peer_found(struct bridge *bridge, struct store_view *view,
                                  int64_t account_id, const char *address,
                                  enum directory_answer answer, struct slice certificate,
                                  struct peer_key *out, struct err *err);
/* In apply(). */
MUST_CHECK bool bridge_peer_record(struct store_tx *tx, const struct peer_key *key,
                                   struct err *err);

/* ---- domains that take encrypted mail only: chatmail relays ---- */
#define REPLY_ENCRYPTED_ONLY "523 " /* Encryption needed */
/* Would it be refused there, as far as is known?  Borrows `plain`. */
MUST_CHECK bool bridge_needs_cipher(struct bridge *bridge, struct store_view *view,
                                    const struct delivery *delivery, struct source *plain,
                                    bool *out, struct err *err);

/* ---- a mail that leaves encrypted ---- */
/* Writes `plain` as PGP/MIME for this delivery's recipient.  ERR_REFUSED: their key is gone, or fits no more. */
MUST_CHECK bool bridge_cipher_write(struct bridge *bridge, struct store_view *view,
                                    const struct delivery *delivery, struct source *plain,
                                    struct sink *into, struct err *err);

#endif
