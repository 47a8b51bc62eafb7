#include "duties.h"
#include "memory.h"
#include "store_delivery.h"
#include "work.h"

static bool add_due(void *ctx, const struct delivery *delivery)
{
    struct due_ask *ask = ctx;

    must_make_room(ask->due, ask->count, ask->capacity);
    ask->due[ask->count++] = (struct due){
        .id = delivery->id,
        .host = must_dup(delivery->host ? delivery->host : ""),
    };
    return true;
}

/* What is due for one host stands together more often than not. */
static bool note_doubts(struct store_view *view, struct due_ask *ask, struct err *err)
{
    for (size_t i = 0; i < ask->count; i++) {
        scoped_value(host) host = {0};
        struct due *due = &ask->due[i];
        if (i > 0 && strcmp(due->host, due[-1].host) == 0) {
            due->doubtful = due[-1].doubtful;
            continue;
        }
        if (store_host(view, slice_of(due->host), &host, err) == FAILED)
            return false;
        due->doubtful = host.silences > 0;
    }
    return true;
}

bool work_look_due(struct errand *errand, struct err *err)
{
    struct due_ask *ask = container_of(errand, struct due_ask, ask.errand);
    struct activitypub_work *work = ask->ask.work;
    const unsigned targets = 1u << TARGET_INBOX | 1u << TARGET_PERSON;
    scoped(store_view) view = store_look(work->store, err);

    if (!view)
        return false;
    int64_t now_ms = clock_now(work->clock);
    return store_deliveries_due(view, targets, now_ms, &ask->held, ask->limit, add_due, ask, err) &&
           note_doubts(view, ask, err) &&
           store_delivery_next_due(view, targets, now_ms, &ask->next_due_ms, err);
}
