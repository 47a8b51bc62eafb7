#include "roll.h"

#include <stddef.h>

void roll_enter(struct roll *roll, struct seat *seat, int64_t account_id)
{
    seat->account_id = account_id;
    seat->next = roll->first;
    seat->slot = &roll->first;
    if (seat->next)
        seat->next->slot = &seat->next;
    roll->first = seat;
}

void roll_leave(struct seat *seat)
{
    if (!seat->slot)
        return;
    *seat->slot = seat->next;
    if (seat->next)
        seat->next->slot = seat->slot;
    seat->slot = NULL;
}

void roll_end(struct roll *roll, int64_t account_id, void (*nudge)(void *ctx, int64_t topic),
              void *ctx)
{
    roll->endings++;
    for (struct seat *seat = roll->first; seat; seat = seat->next) {
        if (seat->account_id != account_id)
            continue;
        seat->dismissed = true;
        nudge(ctx, seat->watch);
    }
}
