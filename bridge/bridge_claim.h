/*
 * bridge_claim — an address that was asked for by signed mail, and the word by which it is confirmed (docs/claims.md).
 *
 *     prepare() on HEAVY (it makes keys, and seals), record() on the writer
 */
#ifndef NESTBOX_BRIDGE_CLAIM_H
#define NESTBOX_BRIDGE_CLAIM_H

#include "bridge.h"
#include "scope.h"
#include "slice.h"
#include "store_claim.h"

struct store_tx;
struct store_view;

struct claim_page {      /* what the page behind the link shows; owns its texts */
    char *address;       /* alice@example.org */
    char *told;          /* where the password goes */
    const char *refused; /* why it cannot be confirmed as the server is set up now; NULL: it can */
    char fingerprint[41];
    char reference[CLAIM_REFERENCE_LEN + 1];
    bool costs;  /* to press the button is to have to pay */
    bool unpaid; /* it was pressed: the reference goes with the payment */
    int64_t expires_ms;
};
void claim_page_clear(struct claim_page *page);
SCOPED_VALUE(claim_page, claim_page_clear)
/* ABSENT: no such word, or its time is over. */
enum found bridge_claim_page(struct bridge *bridge, struct store_view *view, struct slice word,
                             struct claim_page *out, struct err *err);

/* The claim of that word becomes an account, or waits to be paid for. */
struct claim_confirmation;
void claim_confirmation_free(struct claim_confirmation *it);
SCOPED(claim_confirmation, claim_confirmation_free)
/* ABSENT: as above, or nobody new is taken any more, or the name is somebody's meanwhile. */
enum found bridge_claim_confirm_prepare(struct bridge *bridge, struct store_view *view,
                                        struct slice word, struct claim_confirmation **out,
                                        struct err *err);
/* In apply().  ERR_CONFLICT: prepare() has to run again. */
MUST_CHECK bool bridge_claim_confirm_record(struct bridge *bridge, struct store_tx *tx,
                                            struct claim_confirmation *it, struct err *err);

/* A payment has come: `of` is its reference, or the address that was to be paid.  The account is made, and the password on its
 * way, when it returns; not for QUICK. */
struct claim_payment { /* owns its texts */
    char *address, *told;
    bool again; /* it was paid before: nothing was done, and nobody is told */
};
void claim_payment_clear(struct claim_payment *payment);
SCOPED_VALUE(claim_payment, claim_payment_clear)
/* ERR_ABSENT: nobody waits for it; ERR_REFUSED: too late, too early, or somebody else has the address. */
MUST_CHECK bool bridge_claim_paid(struct bridge *bridge, struct slice of, struct claim_payment *out,
                                  struct err *err);

#endif
