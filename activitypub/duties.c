#include "duties.h"

#include "memory.h"
#include "request_copy.h"

#include <stdlib.h>

static void set(struct ask *ask, const struct activitypub_duties *duties, enum lane lane,
                bool (*work)(struct errand *, struct err *), void (*free_ask)(struct errand *))
{
    ask->errand.lane = lane;
    ask->errand.work = work;
    ask->errand.free = free_ask;
    ask->work = duties->ctx;
}

static void show_ask_free(struct errand *errand)
{
    struct show_ask *show = container_of(errand, struct show_ask, ask.errand);

    ask_clear(&show->ask);
    free(show->host);
    free(show->user);
    free(show->ref);
    free(show->resource);
    free(show->request);
    bytes_clear(&show->body);
    free(show);
}

struct show_ask *show_ask_new(const struct activitypub_duties *duties, enum shown what)
{
    struct show_ask *show = must_new(struct show_ask);

    set(&show->ask, duties, LANE_QUICK, duties->show, show_ask_free);
    show->what = what;
    return show;
}

static void inbox_ask_free(struct errand *errand)
{
    struct inbox_ask *inbox = container_of(errand, struct inbox_ask, ask.errand);

    ask_clear(&inbox->ask);
    free(inbox->request);
    free(inbox->user);
    free(inbox);
}

struct inbox_ask *inbox_ask_new(const struct activitypub_duties *duties,
                                const struct http_request *request)
{
    struct inbox_ask *inbox = must_new(struct inbox_ask);

    set(&inbox->ask, duties, LANE_HEAVY, duties->judge, inbox_ask_free);
    inbox->ask.errand.may_move = true;
    inbox->request = request_copy(request);
    return inbox;
}

static void find_ask_free(struct errand *errand)
{
    struct find_ask *find = container_of(errand, struct find_ask, ask.errand);

    ask_clear(&find->ask);
    free(find->user);
    free(find->host);
    free(find->actor_id);
    free(find->alias);
    free(find);
}

struct find_ask *find_ask_new(const struct activitypub_duties *duties,
                              const struct resolve *resolve)
{
    struct find_ask *find = must_new(struct find_ask);

    set(&find->ask, duties, LANE_DELIVER, duties->find, find_ask_free);
    find->user = must_dup(resolve->user);
    find->host = must_dup(resolve->host);
    find->actor_id = must_dup(resolve->actor_id);
    find->alias = must_dup(resolve->alias);
    find->outcome = RESOLVE_SILENT;
    return find;
}

static void due_ask_free(struct errand *errand)
{
    struct due_ask *due = container_of(errand, struct due_ask, ask.errand);

    ask_clear(&due->ask);
    for (size_t i = 0; i < due->count; i++)
        free(due->due[i].host);
    free(due->due);
    claims_held_clear(&due->held);
    free(due);
}

struct due_ask *due_ask_new(const struct activitypub_duties *duties)
{
    struct due_ask *due = must_new(struct due_ask);

    set(&due->ask, duties, LANE_QUICK, duties->look_due, due_ask_free);
    due->next_due_ms = INT64_MAX;
    return due;
}

static void courier_ask_free(struct errand *errand)
{
    struct courier_ask *courier = container_of(errand, struct courier_ask, ask.errand);

    ask_clear(&courier->ask);
    free(courier);
}

struct courier_ask *courier_ask_new(const struct activitypub_duties *duties, int64_t delivery_id)
{
    struct courier_ask *courier = must_new(struct courier_ask);

    set(&courier->ask, duties, LANE_DELIVER, duties->deliver, courier_ask_free);
    courier->delivery_id = delivery_id;
    return courier;
}
