/*
 * roll — who is logged in, at every entrance, so that a new password or the end of an account ends their sessions.
 *
 * A seat is a member of its session.  Who proved a password before somebody's sessions were ended may have proved the
 * old one: a session keeps `endings` when it asks, and asks again if they are others when the answer comes.
 * Threads: the loop of the sessions alone.
 */
#ifndef NESTBOX_BASE_ROLL_H
#define NESTBOX_BASE_ROLL_H

#include <stdbool.h>
#include <stdint.h>

#define LOGGED_OUT "The password was changed, or the account closed. Please log in again"

struct seat {
    struct seat *next, **slot;
    int64_t account_id;
    int64_t watch;  /* the topic its session watches; the session keeps it so */
    bool dismissed; /* not logged in any more: the session ends as soon as it decently can */
};
struct roll {
    struct seat *first;
    unsigned endings; /* times that sessions were ended */
};

void roll_enter(struct roll *roll, struct seat *seat, int64_t account_id);
void roll_leave(struct seat *seat); /* also one that never entered */
/* nudge() is given what each that is dismissed watches; it must not free sessions. */
void roll_end(struct roll *roll, int64_t account_id, void (*nudge)(void *ctx, int64_t topic),
              void *ctx);

#endif
