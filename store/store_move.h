/*
 * store_move — people who have moved to another account, and who an account here says it is too: reading
 * (docs/moving.md).
 */
#ifndef NESTBOX_STORE_MOVE_H
#define NESTBOX_STORE_MOVE_H

#include "store_people.h"

enum { ALIASES_MAX = 10 }; /* of one account */

struct move {
    int64_t person_id; /* who moved */
    int64_t to_id;     /* 0: taken back */
    int64_t at_ms;
    bool open;             /* not carried to everybody yet */
    int64_t account_after; /* the account to whom it was carried last */
    int64_t follow_after;  /* the follow of the follower who was told last */
};
/* The last move of that person. */
enum found store_move(struct store_view *view, int64_t person_id, struct move *out,
                      struct err *err);
/* The oldest that is open. */
enum found store_move_open(struct store_view *view, struct move *out, struct err *err);
/* The next account, by id, that follows the person, asked to, or has a row of contacts about them. */
enum found store_account_tied(struct store_view *view, int64_t person_id, int64_t after,
                              int64_t *out_account_id, struct err *err);

struct aliases { /* actor ids */
    char *at[ALIASES_MAX];
    size_t count;
};
void aliases_clear(struct aliases *aliases);
SCOPED_VALUE(aliases, aliases_clear)
MUST_CHECK bool store_aliases(struct store_view *view, int64_t account_id, struct aliases *out,
                              struct err *err);

#endif
