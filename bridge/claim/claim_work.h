/*
 * claim_work — what the files of claims share.
 *
 * The order of reading: claim_text.c (pure), claim_signed.c (what a mail says and who signed it), claim_ask.c (a claim), claim_say.c (a word),
 * claim_tries.c and claim_limits.c (how many), claim_confirm.c (its account, or what is to be paid), claim_pay.c (its
 * payment), claim_letter.c (the mails).
 */
#ifndef NESTBOX_BRIDGE_CLAIM_WORK_H
#define NESTBOX_BRIDGE_CLAIM_WORK_H

#include "bridge_claim.h"
#include "bridge_register.h"
#include "claim_text.h"
#include "mail_work.h"
#include "store_claim.h"

enum {
    CLAIM_WAITS_MS = 7 * DAY_MS,
    CLAIM_FRESH_MS = 10 * MINUTE_MS, /* of what holds no word of ours (facts: replay guards) */
    CLAIM_KEY_MAX = 16 * 1024,       /* of the key that a claim brings, as it came */
};
#define CLAIM_BLOCKS_MS (30 * (int64_t)DAY_MS)

/* claim_confirm.c: may somebody have an account by signed mail?  Else only those who have one are heard. */
bool claims_are_taken(const struct bridge *bridge);
/* It waits for a week, and another policy may hold by now: without an invitation nobody is let in who could not claim
 * now.  What waits to be paid for is not asked about. */
MUST_CHECK bool claim_let_in(struct bridge *bridge, struct store_view *view,
                             const struct name_claim *claim, enum register_answer *out,
                             struct err *err);
/* Will an account by it wait to be paid? */
bool claim_costs(const struct bridge *bridge, const struct name_claim *claim);
/* Does the invitation hold by which it was made, if any?  Its use is this claim's, so how often it was used is nothing. */
enum found claim_is_invited(struct store_view *view, const struct name_claim *claim,
                            struct err *err);

/* The name is nobody's, and the claim invited as before if it was; ABSENT: not so. */
enum found claim_is_free(struct store_view *view, const struct name_claim *claim, struct err *err);
/* Its account, with the mail that brings the password; takes what `claim` holds.  ABSENT: its key can be used no more, or
 * as claim_is_free(). */
enum found claim_account_prepare(struct bridge *bridge, struct store_view *view,
                                 struct name_claim *claim, struct claim_confirmation **out,
                                 struct err *err);

/* ---- claim_pay.c ---- */
/* Confirmed, and its week is not over. */
bool claim_is_unpaid(const struct bridge *bridge, const struct name_claim *claim);
/* Who writes to a name that nobody has: an answer, if it was to be paid for. */
MUST_CHECK bool claim_answer_unpaid(struct bridge *bridge, struct store_view *view,
                                    const struct address *to, struct answer *out, struct err *err);

/* ---- claim_signed.c ---- */
struct claim_signed { /* the signed part of a mail */
    struct claim_text text;
    struct source *what; /* octets that were signed; NULL: nothing is */
    struct bytes signature;
    struct clear_signed clear; /* lends `what` its octets */
    struct mail *inner;        /* the part as a mail, where it has a header */
};
void claim_signed_clear(struct claim_signed *it);
SCOPED_VALUE(claim_signed, claim_signed_clear)
MUST_CHECK bool claim_signed_read(struct mail_work *work, struct claim_signed *out,
                                  struct err *err);
/* By that certificate and no other?  *out_digest names the signature, however it was re-coded. */
MUST_CHECK bool claim_signed_verify(struct mail_work *work, struct claim_signed *it,
                                    struct slice certificate, struct pgp_verdict *out,
                                    unsigned char out_digest[SHA256_LEN], struct err *err);

/* ---- claim_letter.c ---- */
struct claim_letter { /* a mail to who asked, on its way out */
    const struct name_claim *claim;
    const char *subject;
    const char *answers; /* a Message-ID with its <>, or NULL */
    struct slice text;
};
/* Encrypted to the key of the claim, and signed by that of claim@D where librnp can do both. */
MUST_CHECK bool claim_letter_write(struct bridge *bridge, const struct claim_letter *letter,
                                   struct store_body **out, struct err *err);
/* `price` NULL: it costs nothing. */
void claim_question_words(const struct name_claim *claim, const char *word, const char *price,
                          struct bytes *out);
void claim_price_words(const struct bridge *bridge, const struct name_claim *claim,
                       struct bytes *out);
void claim_welcome_words(const struct bridge *bridge, const struct name_claim *claim,
                         const char *password, struct bytes *out);
enum claim_answer { CLAIM_QUESTION, CLAIM_WELCOME, CLAIM_PRICE };
MUST_CHECK bool claim_letter_send(struct bridge *bridge, struct store_tx *tx,
                                  const struct name_claim *claim, enum claim_answer which,
                                  struct store_body *body, struct err *err);

/* ---- claim_limits.c: what a mail asks, as it is to be written ---- */
struct claim_wish {
    struct name_claim claim;
    struct store_body *letter;
    unsigned char network_key[32], domain_key[32], address_key[32];
    bool network_counts;
    bool renews; /* it waits already */
};
void claim_wish_free(struct claim_wish *wish); /* or NULL */
void claim_wish_keys(const struct mail_work *work,
                     struct claim_wish *wish); /* claim.address is there */
enum claim_limit { CLAIM_WITHIN, CLAIM_TOO_OFTEN, CLAIM_DESK_FULL };
MUST_CHECK bool claim_within_limits(struct bridge *bridge, struct store_view *view,
                                    const struct claim_wish *wish, enum claim_limit *out,
                                    struct err *err);
MUST_CHECK bool claim_wish_record(struct bridge *bridge, struct store_tx *tx,
                                  const struct claim_wish *wish, struct err *err);

/* ---- claim_ask.c ---- */
struct asking { /* one mail to the desk */
    struct mail_work *work;
    const struct recipient *desk;
    struct claim_signed is_signed;
    struct bytes key;
    struct pgp_verdict verdict;
    unsigned char digest[SHA256_LEN];
    struct claim_wish *wish;
};
bool asking_refuse(struct asking *it, const char *words); /* true */
/* *out_seen: that signature had its effect already. */
MUST_CHECK bool asking_guard(struct asking *it, int64_t valid_ms, bool *out_seen, struct err *err);
bool asking_is_of_now(const struct asking *it, int64_t valid_ms);
/* *out: it was answered so. */
MUST_CHECK bool asking_is_too_much(struct asking *it, bool *out, struct err *err);
/* claim_say.c: the mail says the word of a claim. */
MUST_CHECK bool asking_confirm(struct asking *it, struct err *err);
/* A mail from outside to the key desk. */
MUST_CHECK bool claim_by_mail(struct mail_work *work, const struct recipient *desk,
                              struct err *err);

#endif
