/*
 * store_invitation — words that let somebody make an account, and accounts whose time is over: reading.
 */
#ifndef NESTBOX_STORE_INVITATION_H
#define NESTBOX_STORE_INVITATION_H

#include "store_people.h"

struct invitation {
    int64_t id;
    char *name; /* what the administrator calls it */
    unsigned char digest[TOKEN_DIGEST_LEN], seed[TOKEN_SEED_LEN];
    int64_t uses, uses_max;      /* 0: any number */
    int64_t made_ms, expires_ms; /* 0: never */
    int64_t account_life_ms;     /* of accounts made by it; 0: for ever */
};
void invitation_clear(struct invitation *invitation);
SCOPED_VALUE(invitation, invitation_clear)
/* ABSENT too when it was used up or has expired. */
enum found store_invitation(struct store_view *view, const unsigned char digest[TOKEN_DIGEST_LEN],
                            struct invitation *out, struct err *err);
/* There, and not expired; it may be used up. */
enum found store_invitation_holds(struct store_view *view, int64_t id, struct err *err);
enum found store_invitation_named(struct store_view *view, struct slice name,
                                  struct invitation *out, struct err *err); /* whatever its state */
/* With ids above `after`, at most `limit`. */
MUST_CHECK bool store_invitations(struct store_view *view, int64_t after, int limit,
                                  bool (*each)(void *ctx, const struct invitation *), void *ctx,
                                  struct err *err);

/* Active accounts whose end has come, or that their owners made and did not use: never since never_before_ms, not any more
 * since unused_before_ms.  At most `max` ids. */
MUST_CHECK bool store_accounts_over(struct store_view *view, int64_t never_before_ms,
                                    int64_t unused_before_ms, int64_t *out_ids, size_t max,
                                    size_t *out_count, struct err *err);
/* An active account whose end is near, and whose owner was not told: a week away, or half of a short life. */
enum found store_account_end_near(struct store_view *view, int64_t *out_id, struct err *err);
/* An account that its owner made and that sleeps since before then; or one that was removed and is not empty. */
enum found store_account_to_end(struct store_view *view, int64_t asleep_before_ms, int64_t *out_id,
                                bool *out_removed, struct err *err);

#endif
