/*
 * The change feed on one loop: topic to sessions, one "look again" flag each, nothing queued.  A thousand
 * commits while a session is away cost it one look.
 */
#include "net_private.h"

#include "memory.h"

static struct connection **bucket_of(struct loop *loop, int64_t topic)
{
    uint64_t mixed = (uint64_t)topic * 0x9e3779b97f4a7c15u;

    return &loop->watchers[mixed >> 56];
}
_Static_assert(NEWS_BUCKETS == 256, "bucket_of() takes the upper 8 bits");

static void unwatch(struct connection *c)
{
    if (!c->watch)
        return;
    *c->watch_slot = c->next_watcher;
    if (c->next_watcher)
        c->next_watcher->watch_slot = c->watch_slot;
    c->watch = 0;
    c->look_again = false;
}

void news_watch(struct connection *c, int64_t topic)
{
    if (topic == c->watch)
        return;
    unwatch(c);
    if (!topic)
        return;
    struct connection **bucket = bucket_of(c->loop, topic);
    c->watch = topic;
    c->next_watcher = *bucket;
    c->watch_slot = bucket;
    if (c->next_watcher)
        c->next_watcher->watch_slot = &c->next_watcher;
    *bucket = c;
}

void news_heard(struct loop *loop, int64_t topic)
{
    for (struct connection *c = *bucket_of(loop, topic); c; c = c->next_watcher) {
        if (c->watch != topic || c->look_again)
            continue;
        c->look_again = true;
        connection_soon(c);
    }
}

struct news {
    struct loop *loop;
    size_t count;
    int64_t topics[];
};

static void hear(void *arg)
{
    struct news *news = arg;

    for (size_t i = 0; i < news->count; i++)
        news_heard(news->loop, news->topics[i]);
    free(news);
}

void loop_news(struct loop *loop, const int64_t *topics, size_t count)
{
    if (count == 0)
        return;
    struct news *news = must_alloc(sizeof *news + count * sizeof *topics);
    news->loop = loop;
    news->count = count;
    memcpy(news->topics, topics, count * sizeof *topics);
    loop_post(loop, hear, news);
}
