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

struct store_tx;
struct store_view;

struct claim_page {      /* what the page behind the link shows; owns its texts */
    char *address;       /* alice@example.org */
    char *told;          /* where the password goes */
    const char *refused; /* why it cannot be confirmed as the server is set up now; NULL: it can */
    char fingerprint[41];
    int64_t expires_ms;
};
void claim_page_clear(struct claim_page *page);
SCOPED_VALUE(claim_page, claim_page_clear)
/* ABSENT: no such word, or its time is over. */
enum found bridge_claim_page(struct bridge *bridge, struct store_view *view, struct slice word,
                             struct claim_page *out, struct err *err);

/* The claim of that word becomes an account. */
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

#endif
