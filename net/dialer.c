/*
 * A dialing is one errand, from its first address to the end of its session.  While it connects it waits for its
 * socket; when that stands, connection_accept() makes a connection of it like any other, whose end brings the errand
 * home.
 */
#include "dialer.h"

#include "clock.h"
#include "log.h"
#include "memory.h"
#include "net_private.h"
#include "route.h"
#include "ssrf.h"
#include "tls_client.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

enum { CONNECT_S = 30, BLOCK_MS = 3 * MINUTE_MS /* RFC 5321 4.5.3.2.5 */ };

struct dialing {
    struct dialer *dialer; /* NULL: freed, while the session lived on */
    struct dial *dial;
    void (*done)(void *ctx, struct errand *errand);
    void *ctx;
    struct dialing *next, **slot;
    const struct connect_to *route;
    bool blocked, reached; /* an address was closed to us; one was tried */
    int fd;
    struct event *event;           /* while it connects */
    struct connection *connection; /* while it talks */
};

struct dialer {
    struct loop *loop;
    const struct config *config;
    SSL_CTX *tls;
    struct dialing *dialings;
};

struct dialer *dialer_new(struct loop *loop, const struct config *config, struct err *err)
{
    scoped(dialer) dialer = must_new(struct dialer);

    dialer->loop = loop;
    dialer->config = config;
    dialer->tls = tls_client_context(config, err);
    return dialer->tls ? steal(&dialer) : NULL;
}

static void delist(struct dialing *it)
{
    if (!it->dialer)
        return;
    *it->slot = it->next;
    if (it->next)
        it->next->slot = it->slot;
    it->dialer = NULL;
}

/* Hands the errand back; the dialing is no more. */
static void end(struct dialing *it)
{
    struct errand *errand = &it->dial->errand;
    void (*done)(void *ctx, struct errand *errand) = it->done;
    void *ctx = it->ctx;

    delist(it);
    free(it);
    done(ctx, errand);
}

static void fail(struct dialing *it)
{
    struct dial *dial = it->dial;
    bool blocked = it->blocked && !it->reached;

    dial->outcome = blocked ? DIAL_BLOCKED : DIAL_SILENT;
    err_because(&dial->errand.err, ERR_TEMPORARY, "The other server could not be reached", "%s: %s",
                dial->host, blocked ? "its addresses are not public" : "no connection");
    end(it);
}

/* The session has ended and was freed. */
static void on_freed(void *ctx)
{
    struct dialing *it = ctx;

    it->dial->trust = it->connection->trust;
    end(it);
}

static void fill_peer(struct peer *peer, const struct dial *dial, int fd)
{
    socklen_t len = sizeof peer->address;

    *peer = (struct peer){.service = dial->service, .port = dial->port};
    peer->secured = dial->tls_at_once;
    if (getpeername(fd, (struct sockaddr *)&peer->address, &len) < 0)
        peer->address.ss_family = AF_UNSPEC; /* gone already: reading will tell */
    const void *raw = &((const struct sockaddr_in *)(const void *)&peer->address)->sin_addr;
    if (peer->address.ss_family == AF_INET6)
        raw = &((const struct sockaddr_in6 *)(const void *)&peer->address)->sin6_addr;
    if (peer->address.ss_family != AF_UNSPEC)
        inet_ntop(peer->address.ss_family, raw, peer->text, sizeof peer->text);
}

static void talk(struct dialing *it)
{
    struct dial *dial = it->dial;
    struct peer peer;
    const int on = 1;

    setsockopt(it->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(it->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    fill_peer(&peer, dial, it->fd);
    dial->outcome = DIAL_TALKED;
    dial->errand.ok = true;
    const struct listen_options options = {.kind = dial->kind};
    it->connection =
        connection_accept(it->dialer->loop, it->fd, &peer, &options, steal(&dial->session));
    it->connection->client_tls = tls_client_new(it->dialer->tls, dial);
    it->connection->stalled_ms = BLOCK_MS;
    it->connection->on_freed = on_freed;
    it->connection->on_freed_ctx = it;
    if (!it->connection->client_tls)
        connection_end(it->connection);
    else
        connection_drive(it->connection);
}

static void try_next(struct dialing *it);

static void on_connected(int fd, short what, void *arg)
{
    struct dialing *it = arg;
    int problem = ETIMEDOUT;
    socklen_t len = sizeof problem;

    event_free(it->event);
    it->event = NULL;
    if (!(what & EV_TIMEOUT) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &len) < 0)
        problem = errno;
    if (problem == 0) {
        talk(it);
        return;
    }
    errno = problem;
    log_debug("dial host=%s port=%d address=%zu: %m", it->dial->host, it->dial->port,
              it->dial->tried);
    close(fd);
    try_next(it);
}

static bool may_reach(const struct dialing *it, const struct sockaddr_storage *address)
{
    return it->route || it->dial->named_by_admin || it->dialer->config->allow_private ||
           address_is_public((const struct sockaddr *)address);
}

/* Begins to connect; false: not even that. */
static bool reach(struct dialing *it, const struct sockaddr_storage *address)
{
    const struct timeval patience = {.tv_sec = CONNECT_S};

    it->reached = true;
    it->fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (it->fd < 0)
        return false;
    bool begun = route_bind(it->dialer->config, it->fd, address->ss_family) &&
                 (connect(it->fd, (const struct sockaddr *)address, route_len(address)) == 0 ||
                  errno == EINPROGRESS);
    if (begun) {
        it->event = event_new(it->dialer->loop->base, it->fd, EV_WRITE, on_connected, it);
        if (!it->event || event_add(it->event, &patience) < 0)
            abort();
        return true;
    }
    close(it->fd);
    return false;
}

/* The addresses in turn; what `connect_to` says stands for all of them. */
static bool next_address(struct dialing *it, struct sockaddr_storage *out)
{
    struct dial *dial = it->dial;
    size_t count = it->route ? 1 : dial->address_count;

    if (dial->tried >= count)
        return false;
    if (it->route) {
        dial->tried++;
        return route_address(it->route->address, it->route->to_port, out);
    }
    *out = dial->addresses[dial->tried++];
    route_set_port(out, dial->port);
    return true;
}

static void try_next(struct dialing *it)
{
    struct sockaddr_storage address;

    while (next_address(it, &address)) {
        if (!may_reach(it, &address))
            it->blocked = true;
        else if (reach(it, &address))
            return;
    }
    fail(it);
}

void dialer_submit(struct dialer *dialer, struct errand *errand,
                   void (*done)(void *ctx, struct errand *errand), void *ctx)
{
    struct dialing *it = must_new(struct dialing);

    assert(loop_is_mine(dialer->loop));
    *it = (struct dialing){.dialer = dialer, .done = done, .ctx = ctx};
    it->dial = container_of(errand, struct dial, errand);
    it->route = route_find(dialer->config, it->dial->host, it->dial->port);
    it->next = dialer->dialings;
    it->slot = &dialer->dialings;
    if (it->next)
        it->next->slot = &it->next;
    dialer->dialings = it;
    errand->ok = false;
    try_next(it);
}

static void give_up(struct dialing *it)
{
    struct connection *connection = it->connection;

    if (connection) {
        delist(it); /* loop_free() ends it, and on_freed() brings it home */
        connection_end(connection);
        return;
    }
    event_free(it->event);
    close(it->fd);
    fail(it);
}

void dialer_free(struct dialer *dialer)
{
    if (!dialer)
        return;
    while (dialer->dialings)
        give_up(dialer->dialings);
    SSL_CTX_free(dialer->tls);
    free(dialer);
}
