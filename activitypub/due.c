#include "duties.h"
#include "memory.h"
#include "store_delivery.h"
#include "work.h"

enum { LOOK_BACK = 64 };

static bool add_due(void *ctx, const struct due_row *row)
{
    struct due_ask *ask = ctx;

    must_make_room(ask->due, ask->count, ask->capacity);
    ask->due[ask->count++] = (struct due){.id = row->id, .host = must_dup(row->host)};
    return true;
}

/* What was found out of the same host for one shortly before. */
static const struct due *same_host_before(const struct due_ask *ask, size_t at)
{
    for (size_t i = at; i > 0 && at - i < LOOK_BACK; i--)
        if (strcmp(ask->due[i - 1].host, ask->due[at].host) == 0)
            return &ask->due[i - 1];
    return NULL;
}

/* What is due for one host stands near each other more often than not. */
static bool note_doubts(struct store_view *view, struct due_ask *ask, struct err *err)
{
    for (size_t i = 0; i < ask->count; i++) {
        scoped_value(host) host = {0};
        struct due *due = &ask->due[i];
        const struct due *before = same_host_before(ask, i);
        if (before) {
            due->doubtful = before->doubtful;
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
