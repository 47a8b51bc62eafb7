/*
 * listing — what all commands that list share: a view, perhaps the account named first, pages, JSON or lines.
 */
#ifndef NESTBOX_MAIN_LISTING_H
#define NESTBOX_MAIN_LISTING_H

#include "command.h"
#include "json.h"
#include "store_people.h"

enum { LISTING_PAGE = 500 };

struct listing {
    struct command *command;
    struct store_view *view;
    struct account account; /* with WITH_ACCOUNT: the first argument's */
    struct json json;       /* an array is open, with --json */
    int64_t last;           /* id of the row last shown: the next page begins behind it */
    int on_page;
    bool readers_alone; /* of followers: by mail */
};
enum listing_of { LISTING_OF_ALL, LISTING_OF_ACCOUNT };

/* The account that the first argument names. */
MUST_CHECK bool listing_account(const struct command *command, struct store_view *view,
                                struct account *out, struct err *err);
/* Calls page() as long as it shows whole pages of LISTING_PAGE rows; it calls listing_count() for each row. */
int listing_run(struct command *command, enum listing_of of,
                bool (*page)(struct listing *, struct err *));
static inline void listing_count(struct listing *listing, int64_t id)
{
    listing->last = id;
    listing->on_page++;
}

#endif
