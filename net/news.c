/*
 * The change feed on one loop: topic to sessions, one "look again" flag each, nothing queued.  A thousand
 * commits while a session is away cost it one look.
 *
 * News that nobody listens for does not cross to the loop at all: `listening` is read by the store's writer after
 * each commit.  Who begins to listen does so before it looks, and so sees what was committed before that reading.
 */
#include "net_private.h"

#include "memory.h"

static size_t bucket_of(int64_t topic)
{
    uint64_t mixed = (uint64_t)topic * 0x9e3779b97f4a7c15u;

    return mixed >> 56;
}
_Static_assert(NEWS_BUCKETS == 256, "bucket_of() takes the upper 8 bits");

static void listen_for(struct connection *c)
{
    atomic_fetch_add(&c->loop->listening[bucket_of(c->watch)], 1);
}

static void listen_no_more(struct connection *c)
{
    atomic_fetch_sub(&c->loop->listening[bucket_of(c->watch)], 1);
}

bool news_waits(struct connection *c)
{
    if (!c->look_again)
        return false;
    c->look_again = false;
    listen_for(c);
    return true;
}

static void unwatch(struct connection *c)
{
    if (!c->watch)
        return;
    if (!c->look_again)
        listen_no_more(c);
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
    struct connection **bucket = &c->loop->watchers[bucket_of(topic)];
    c->watch = topic;
    c->next_watcher = *bucket;
    c->watch_slot = bucket;
    if (c->next_watcher)
        c->next_watcher->watch_slot = &c->next_watcher;
    *bucket = c;
    listen_for(c);
}

void news_heard(struct loop *loop, int64_t topic)
{
    for (struct connection *c = loop->watchers[bucket_of(topic)]; c; c = c->next_watcher) {
        if (c->watch != topic || c->look_again)
            continue;
        c->look_again = true;
        listen_no_more(c);
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
    struct news *news = NULL;

    for (size_t i = 0; i < count; i++) {
        if (atomic_load(&loop->listening[bucket_of(topics[i])]) == 0)
            continue;
        if (!news)
            news = must_alloc(sizeof *news + count * sizeof *topics);
        news->topics[news->count++] = topics[i];
    }
    if (!news)
        return;
    news->loop = loop;
    loop_post(loop, hear, news);
}
