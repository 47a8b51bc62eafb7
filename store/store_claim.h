/*
 * store_claim — addresses that somebody asked for by signed mail, and that nobody has yet (docs/claims.md): reading.
 */
#ifndef NESTBOX_STORE_CLAIM_H
#define NESTBOX_STORE_CLAIM_H

#include "store_people.h"

enum { CLAIM_REFERENCE_LEN = 10 };
enum name_claim_state { /* the numbers are stored */
                        NAME_CLAIM_WAITS = 1,
                        NAME_CLAIM_LAPSED,
                        NAME_CLAIM_UNPAID, /* confirmed */
                        NAME_CLAIM_PAID,   /* it was, and is an account */
};
struct name_claim {
    int64_t id;
    char *name, *domain;
    enum name_claim_state state;
    char fingerprint[41];
    char reference[CLAIM_REFERENCE_LEN + 1]; /* of its payment; "": there was none to make so far */
    struct bytes certificate;                /* empty once it lapsed or is paid, as `address` */
    char *address;                           /* who asked, and is answered */
    unsigned char digest[TOKEN_DIGEST_LEN];  /* of the word that confirms it */
    int64_t invitation_id;                   /* one use of it is this claim's; 0: none */
    int64_t account_life_ms;                 /* 0: for ever */
    int64_t made_ms, expires_ms;             /* the latter of its word, and then of its payment */
    int64_t free_ms;                         /* when anybody may ask for the name again */
};
void name_claim_clear(struct name_claim *claim);
SCOPED_VALUE(name_claim, name_claim_clear)
/* One that waits to be confirmed or paid, by the digest of its word; ABSENT too once it has expired. */
enum found store_claim(struct store_view *view, const unsigned char digest[TOKEN_DIGEST_LEN],
                       struct name_claim *out, struct err *err);
/* Whatever its state; ABSENT once its name is free. */
enum found store_claim_named(struct store_view *view, struct slice name, struct slice domain,
                             struct name_claim *out, struct err *err);
/* The same by its reference, in lower case. */
enum found store_claim_of_payment(struct store_view *view, struct slice reference,
                                  struct name_claim *out, struct err *err);
/* Those that wait to be paid now, and whose address nobody was given meanwhile: the next to end first. */
MUST_CHECK bool store_claims_unpaid(struct store_view *view,
                                    bool (*each)(void *ctx, const struct name_claim *), void *ctx,
                                    struct err *err);
/* How many those are, which reads none of their keys. */
MUST_CHECK bool store_claim_count_unpaid(struct store_view *view, int64_t *out, struct err *err);
/* How many wait, for their word or payment: at all, by one invitation, and without any from addresses that end with "@example.org". */
MUST_CHECK bool store_claim_count(struct store_view *view, int64_t *out, struct err *err);
MUST_CHECK bool store_claim_count_invited(struct store_view *view, int64_t invitation_id,
                                          int64_t *out, struct err *err);
MUST_CHECK bool store_claim_count_from(struct store_view *view, const char *domain, int64_t *out,
                                       struct err *err);
/* Is there something for store_lapse_claims() to do? */
MUST_CHECK bool store_claims_over(struct store_view *view, bool *out, struct err *err);

#endif
