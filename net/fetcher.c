/*
 * curl's multi handle on the loop: curl says which sockets and which time it waits for, the loop tells it
 * when they are there.  Transfers beyond IN_FLIGHT_MAX wait in order.
 *
 * In a burst for one host (a post for a thousand followers there) its addresses are asked for once each ADDRESSES_S,
 * and no more often than their TTL says, as far as that is ADDRESSES_MOST_S at most.
 */
#include "fetcher.h"

#include "clock.h"
#include "fetch_private.h"
#include "log.h"
#include "memory.h"
#include "net_private.h"

#include <unistd.h>

enum {
    IN_FLIGHT_MAX = 512,
    KEPT_CONNECTIONS = 128,
    PLACES = 256,
    WAYS = 4,
    ADDRESSES_S = 2,
    ADDRESSES_MOST_S = 60
};

struct place { /* what DNS said of a host a moment ago, judged by the guard, as curl is told it */
    char *host;
    int port;
    char *entry;
    int64_t until_ms;
};

struct fetcher {
    struct loop *loop;
    struct resolver *resolver;
    const struct config *config;
    CURLM *multi;
    struct event *timer;
    struct watch **watches; /* by socket */
    size_t watch_count;
    struct idle_handles idle;
    struct transfer *running; /* from the DNS question to the result */
    size_t running_count;
    struct transfer *waiting, **waiting_end;
    struct place places[PLACES]; /* a host's is one of the WAYS that its digest names */
};

/* Of one of curl's sockets.  One that rests between two transfers stays known to the kernel, as the next one is likely
 * to want the same of it. */
struct watch {
    struct event *event;
    short events;
    bool rests;
};

static void start_waiting(struct fetcher *f);
static void collect(struct fetcher *f);

static void on_socket_ready(int fd, short what, void *arg)
{
    struct fetcher *f = arg;
    int flags = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
    struct watch *watch = f->watches[fd];
    int running;

    if (watch->rests) { /* the peer has closed it: curl sees that when it would use it */
        event_del(watch->event);
        watch->events = 0;
        return;
    }
    curl_multi_socket_action(f->multi, fd, flags, &running);
    collect(f);
}

static void on_time(int fd, short what, void *arg)
{
    struct fetcher *f = arg;
    int running;

    (void)fd;
    (void)what;
    curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(f);
}

static struct watch *watch_of(struct fetcher *f, curl_socket_t fd)
{
    return (size_t)fd < f->watch_count ? f->watches[fd] : NULL;
}

static struct watch *watch_new(struct fetcher *f, curl_socket_t fd)
{
    if ((size_t)fd >= f->watch_count) {
        size_t count = (size_t)fd * 2 + 1;
        struct watch **larger = must_alloc_array(count, sizeof(struct watch *));
        if (f->watch_count)
            memcpy(larger, f->watches, f->watch_count * sizeof(struct watch *));
        free(f->watches);
        f->watches = larger;
        f->watch_count = count;
    }
    f->watches[fd] = must_new(struct watch);
    f->watches[fd]->event = event_new(f->loop->base, fd, 0, on_socket_ready, f);
    if (!f->watches[fd]->event)
        abort();
    return f->watches[fd];
}

static int on_watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct fetcher *f = arg;
    struct watch *watch = watch_of(f, fd);
    short events = EV_PERSIST;

    (void)easy;
    (void)socket_arg;
    if (what == CURL_POLL_REMOVE) {
        if (watch)
            watch->rests = true;
        return 0;
    }
    if (what & CURL_POLL_IN)
        events |= EV_READ;
    if (what & CURL_POLL_OUT)
        events |= EV_WRITE;
    if (!watch)
        watch = watch_new(f, fd);
    watch->rests = false;
    if (watch->events == events)
        return 0;
    event_del(watch->event);
    event_assign(watch->event, f->loop->base, fd, events, on_socket_ready, f);
    if (event_add(watch->event, NULL) < 0)
        abort();
    watch->events = events;
    return 0;
}

/* curl closes each socket that it opened by this. */
static int on_close_socket(void *arg, curl_socket_t fd)
{
    struct fetcher *f = arg;
    struct watch *watch = watch_of(f, fd);

    if (watch) {
        event_free(watch->event);
        free(watch);
        f->watches[fd] = NULL;
    }
    return close(fd);
}

static int on_timer_wish(CURLM *multi, long wait_ms, void *arg)
{
    struct fetcher *f = arg;
    struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};

    (void)multi;
    if (wait_ms < 0)
        event_del(f->timer);
    else
        event_add(f->timer, &wait);
    return 0;
}

static void enlist(struct transfer *t, struct transfer **list)
{
    t->next = *list;
    t->slot = list;
    if (t->next)
        t->next->slot = &t->next;
    *list = t;
}

static void delist(struct transfer *t)
{
    *t->slot = t->next;
    if (t->next)
        t->next->slot = t->slot;
}

static struct place *its_places(const struct transfer *t)
{
    uint64_t mixed = (uint64_t)t->port;

    for (const char *c = t->host; *c; c++)
        mixed = (mixed ^ (unsigned char)*c) * 0x100000001b3u;
    return &t->fetcher->places[(mixed >> 32) % (PLACES / WAYS) * WAYS];
}

/* NULL: nothing is known. */
static struct place *known_place(const struct transfer *t)
{
    struct place *first = its_places(t);

    for (struct place *place = first; place < first + WAYS; place++)
        if (place->host && place->port == t->port && strcmp(place->host, t->host) == 0)
            return place;
    return NULL;
}

static void place_clear(struct place *place)
{
    free(place->host);
    free(place->entry);
    *place = (struct place){0};
}

static bool knows_addresses(struct transfer *t)
{
    const struct place *place = known_place(t);

    if (!place || place->until_ms <= monotonic_ms())
        return false;
    t->resolved = curl_slist_append(NULL, place->entry);
    return true;
}

static int64_t true_for_s(const struct dns_lookup *lookup)
{
    int64_t ttl_s = ADDRESSES_MOST_S;

    for (size_t i = 0; i < lookup->count; i++)
        if (lookup->answers[i].ttl_s < ttl_s)
            ttl_s = lookup->answers[i].ttl_s;
    return ttl_s > ADDRESSES_S ? ttl_s : ADDRESSES_S;
}

static void remember_addresses(const struct transfer *t, const struct dns_lookup *lookup)
{
    struct place *place = known_place(t);

    if (!place) { /* that which is free, or true for the shortest time */
        struct place *first = its_places(t);
        place = first;
        for (struct place *other = first; other < first + WAYS; other++)
            if (other->until_ms < place->until_ms)
                place = other;
    }
    place_clear(place);
    *place = (struct place){must_dup(t->host), t->port, must_dup(t->resolved->data),
                            monotonic_ms() + true_for_s(lookup) * SECOND_MS};
}

static void forget_addresses(const struct transfer *t)
{
    struct place *place = known_place(t);

    if (place)
        place_clear(place);
}

/* Hands the errand back; the transfer is no more. */
static void end(struct transfer *t)
{
    struct errand *errand = &t->fetch->errand;
    struct fetcher *f = t->fetcher;
    void (*done)(void *ctx, struct errand *errand) = t->done;
    void *ctx = t->ctx;

    log_debug("fetch host=%s outcome=%d status=%d", t->host ? t->host : "?", (int)t->fetch->outcome,
              t->fetch->status);
    if (t->easy)
        curl_multi_remove_handle(f->multi, t->easy);
    if (t->asking)
        t->asking->transfer = NULL;
    delist(t);
    f->running_count--;
    transfer_free(t);
    done(ctx, errand);
}

static void fail(struct transfer *t, enum fetch_outcome outcome, const char *cause)
{
    t->fetch->outcome = outcome;
    err_because(&t->fetch->errand.err, ERR_TEMPORARY, "The other server could not be reached",
                "%s: %s", t->host ? t->host : "no host", cause);
    end(t);
}

static void collect(struct fetcher *f)
{
    struct CURLMsg *message;
    struct transfer *t;
    int left;

    while ((message = curl_multi_info_read(f->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        transfer_read_result(t, message->data.result);
        if (t->fetch->outcome != FETCH_ANSWERED)
            forget_addresses(t);
        end(t);
    }
    start_waiting(f);
}

static void connect_now(struct transfer *t)
{
    CURL *easy = transfer_easy(t);

    if (!easy || curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, t->fetcher) != CURLE_OK ||
        curl_multi_add_handle(t->fetcher->multi, easy) != CURLM_OK)
        abort(); /* out of memory, or our own mistake */
}

static bool name_exists(const struct dns_lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++) {
        enum dns_outcome outcome = lookup->answers[i].outcome;
        if (outcome != DNS_NO_NAME && outcome != DNS_NO_DATA)
            return true;
    }
    return false;
}

static bool has_addresses(const struct dns_lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++) {
        if (lookup->answers[i].count)
            return true;
    }
    return false;
}

static void go_on(struct transfer *t, struct errand *errand)
{
    const struct dns_lookup *lookup = container_of(errand, struct dns_lookup, errand);

    if (!errand->ok)
        fail(t, FETCH_SILENT, "the name was not looked up");
    else if (!name_exists(lookup))
        fail(t, FETCH_NO_HOST, "no such name");
    else if (!has_addresses(lookup))
        fail(t, FETCH_SILENT, "DNS gives no answer");
    else if (!transfer_resolved(t, lookup))
        fail(t, FETCH_BLOCKED, "its addresses are not public");
    else {
        remember_addresses(t, lookup);
        connect_now(t);
    }
}

static void on_resolved(void *ctx, struct errand *errand)
{
    struct asking *asking = ctx;
    struct transfer *t = asking->transfer;

    free(asking);
    if (t) {
        struct fetcher *f = t->fetcher;
        t->asking = NULL;
        go_on(t, errand);
        start_waiting(f);
    }
    errand_free(errand);
}

static void resolve(struct transfer *t)
{
    struct dns_lookup *lookup = dns_lookup_new();

    dns_lookup_ask(lookup, DNS_A, t->host);
    dns_lookup_ask(lookup, DNS_AAAA, t->host);
    t->asking = must_new(struct asking);
    t->asking->transfer = t;
    resolver_submit(t->fetcher->resolver, &lookup->errand, on_resolved, t->asking);
}

static bool is_late(const struct errand *errand)
{
    return errand->deadline_ms && errand->deadline_ms <= monotonic_ms();
}

static void begin(struct transfer *t)
{
    struct errand *errand = &t->fetch->errand;

    t->started_ms = monotonic_ms();
    enlist(t, &t->fetcher->running);
    t->fetcher->running_count++;
    if (atomic_load(&errand->unwanted) || is_late(errand))
        fail(t, FETCH_SILENT, "nobody waits for it any more");
    else if (!transfer_aim(t))
        fail(t, FETCH_BLOCKED, "scheme, host or port not allowed");
    else if (transfer_knows_address(t) || knows_addresses(t))
        connect_now(t);
    else
        resolve(t);
}

static void start_waiting(struct fetcher *f)
{
    while (f->waiting && f->running_count < IN_FLIGHT_MAX) {
        struct transfer *t = f->waiting;
        f->waiting = t->next;
        if (!f->waiting)
            f->waiting_end = &f->waiting;
        begin(t);
    }
}

static void queue(void *arg)
{
    struct transfer *t = arg;
    struct fetcher *f = t->fetcher;

    t->next = NULL;
    *f->waiting_end = t;
    f->waiting_end = &t->next;
    start_waiting(f);
}

void fetcher_submit(struct fetcher *fetcher, struct errand *errand,
                    void (*done)(void *ctx, struct errand *errand), void *ctx)
{
    struct transfer *t = must_new(struct transfer);

    t->fetcher = fetcher;
    t->config = fetcher->config;
    t->idle = &fetcher->idle;
    t->fetch = container_of(errand, struct fetch, errand);
    t->done = done;
    t->ctx = ctx;
    errand->ok = false;
    loop_post(fetcher->loop, queue, t);
}

struct fetcher *fetcher_new(struct loop *loop, struct resolver *resolver,
                            const struct config *config, struct err *err)
{
    scoped(fetcher) f = must_new(struct fetcher);

    f->loop = loop;
    f->resolver = resolver;
    f->config = config;
    f->waiting_end = &f->waiting;
    f->multi = curl_multi_init();
    f->timer = evtimer_new(loop->base, on_time, f);
    if (!f->multi || !f->timer) {
        err_because(err, ERR_TEMPORARY, "The HTTP client cannot start", "curl_multi_init");
        return NULL;
    }
    curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_watch);
    curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
    curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
    curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
    curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
    return steal(&f);
}

static void end_all(struct fetcher *f)
{
    for (struct transfer *t = f->waiting, *next; t; t = next) {
        next = t->next;
        f->running_count++;
        enlist(t, &f->running);
    }
    f->waiting = NULL;
    f->waiting_end = &f->waiting;
    while (f->running)
        fail(f->running, FETCH_SILENT, "the server is closing");
}

void fetcher_free(struct fetcher *fetcher)
{
    if (!fetcher)
        return;
    loop_run_posts(fetcher->loop);
    end_all(fetcher);
    idle_handles_clear(&fetcher->idle);
    if (fetcher->multi)
        curl_multi_cleanup(fetcher->multi);
    if (fetcher->timer)
        event_free(fetcher->timer);
    free(fetcher->watches);
    for (size_t i = 0; i < PLACES; i++)
        place_clear(&fetcher->places[i]);
    free(fetcher);
}
