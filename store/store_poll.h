/* store_poll.h — polls of others, as they were brought here, and what accounts here voted for (docs/reactions.md). */
#ifndef NESTBOX_STORE_POLL_H
#define NESTBOX_STORE_POLL_H

#include "store.h"
#include "store_message.h"

#include <stddef.h>

enum { POLL_CHOICES_MAX = 20 };

/* A vote is a reaction of its own kind for each choice; they are counted from 1. */
static inline enum reaction vote_for(int choice)
{
    return (enum reaction)(REACTION_VOTE + choice - 1);
}
static inline int vote_choice(enum reaction kind) /* 0: it is no vote */
{
    return kind < REACTION_VOTE ? 0 : (int)kind - REACTION_VOTE + 1;
}

struct poll {
    int64_t message_id;
    bool many;         /* several choices may be taken */
    int64_t closes_ms; /* 0: not said */
    bool told;         /* that it ended */
    char *choices[POLL_CHOICES_MAX];
    int choice_count;
};
void poll_clear(struct poll *poll);
SCOPED_VALUE(poll, poll_clear)
enum found store_poll(struct store_view *view, int64_t message_id, struct poll *out,
                      struct err *err);
/* What that person voted for: 1 << choice. */
MUST_CHECK bool store_votes(struct store_view *view, int64_t message_id, int64_t person_id,
                            unsigned *out, struct err *err);
/* Who voted in it here, each once, at most `limit`. */
struct voter {
    int64_t person_id;
};
MUST_CHECK bool store_voters(struct store_view *view, int64_t message_id, int limit,
                             bool (*each)(void *ctx, const struct voter *), void *ctx,
                             struct err *err);

#endif
