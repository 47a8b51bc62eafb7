/*
 * What a listener counts outlives it: its gate stays until the last of its connections has ended.
 */
#include "listen.h"

#include "clock.h"
#include "log.h"
#include "memory.h"
#include "net_private.h"
#include "rate.h"
#include "tally.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 512,
    ACCEPTS_AT_ONCE = 64,
    MAX_CONNECTIONS = 4096,
    PER_BLOCK = 50,
    MAX_BUFFERED = 128 * 1024 * 1024,
    RATE_KEYS = 4096,
};

struct gate {
    struct loop *loop;
    unsigned count, max;
    unsigned max_per_block; /* 0: PER_BLOCK, and any number from loopback */
    unsigned burst_per_block;
    size_t max_buffered;
    bool closed;
    struct tally *blocks;
    struct rate *arrivals; /* of blocks; NULL: not counted */
};
enum welcome { WELCOME, HOUSE_IS_FULL, BLOCK_IS_FULL };

struct listener {
    struct loop *loop;
    struct listen_options options;
    struct gate *gate;
    int fd;
    int port;
    struct event *event;
    struct event *pause; /* while descriptors are short */
};

/* What a proxy in front of us brings comes from there. */
static bool is_loopback(const struct sockaddr_storage *address)
{
    const struct sockaddr_in *in = (const void *)address;
    const struct sockaddr_in6 *in6 = (const void *)address;

    if (address->ss_family == AF_INET)
        return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return address->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static bool block_is_full(const struct gate *gate, const struct peer *peer, uint64_t block)
{
    unsigned max = gate->max_per_block ? gate->max_per_block : PER_BLOCK;

    if (!gate->max_per_block && is_loopback(&peer->address))
        return false;
    return tally_of(gate->blocks, block) >= max ||
           (gate->arrivals &&
            rate_level(gate->arrivals, block, monotonic_ms()) >= gate->burst_per_block);
}

static enum welcome gate_enter(struct gate *gate, const struct peer *peer)
{
    uint64_t block = rate_key_of_block(&peer->address);

    if (block_is_full(gate, peer, block))
        return BLOCK_IS_FULL;
    if (gate->count >= gate->max || gate->loop->buffered > gate->max_buffered)
        return HOUSE_IS_FULL;
    if (gate->arrivals)
        rate_add(gate->arrivals, block, 1, monotonic_ms());
    tally_enter(gate->blocks, block);
    gate->count++;
    return WELCOME;
}

static struct gate *gate_new(struct loop *loop, const struct listen_options *options)
{
    struct gate *gate = must_new(struct gate);

    gate->loop = loop;
    gate->max = options->max_connections ? options->max_connections : MAX_CONNECTIONS;
    gate->max_per_block = options->max_per_block;
    gate->max_buffered = options->max_buffered ? options->max_buffered : MAX_BUFFERED;
    gate->burst_per_block = options->burst_per_block;
    gate->blocks = tally_new();
    if (options->rate_per_block)
        gate->arrivals = rate_new(RATE_KEYS, SECOND_MS / options->rate_per_block);
    return gate;
}

static void gate_drop_if_done(struct gate *gate)
{
    if (!gate->closed || gate->count > 0)
        return;
    tally_free(gate->blocks);
    rate_free(gate->arrivals);
    free(gate);
}

static void gate_leave(void *ctx, const struct peer *peer)
{
    struct gate *gate = ctx;

    gate->count--;
    tally_leave(gate->blocks, rate_key_of_block(&peer->address));
    gate_drop_if_done(gate);
}

/* ::ffff:192.0.2.1 is 192.0.2.1 to everybody behind this. */
static void unmap(struct sockaddr_storage *address)
{
    struct sockaddr_in6 in6;

    memcpy(&in6, address, sizeof in6);
    if (in6.sin6_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
        return;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = in6.sin6_port};
    memcpy(&in.sin_addr, in6.sin6_addr.s6_addr + 12, 4);
    memset(address, 0, sizeof *address);
    memcpy(address, &in, sizeof in);
}

static void fill_peer(struct peer *peer)
{
    unmap(&peer->address);
    if (peer->address.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)&peer->address;
        inet_ntop(AF_INET, &in->sin_addr, peer->text, sizeof peer->text);
        peer->port = ntohs(in->sin_port);
    } else if (peer->address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)&peer->address;
        inet_ntop(AF_INET6, &in6->sin6_addr, peer->text, sizeof peer->text);
        peer->port = ntohs(in6->sin6_port);
    }
}

static struct connection *let_in(struct loop *loop, int fd, const struct peer *peer,
                                 const struct listen_options *options)
{
    void *session = options->new_session(options->ctx, peer);

    if (!session) {
        close(fd);
        return NULL;
    }
    return connection_accept(loop, fd, peer, options, session);
}

/* The words fit into any socket's buffer, so nobody waits for them. */
static void turn_away(const struct listener *listener, int fd, const struct peer *peer,
                      enum welcome why)
{
    bool full = why == HOUSE_IS_FULL;
    const char *words = full ? listener->options.full_words : listener->options.block_words;

    log_debug("service=%s peer=%s turned away: %s", peer->service, peer->text,
              full ? "too many connections" : "too many of its network");
    if (words && !listener->options.implicit_tls)
        send(fd, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(fd, SHUT_WR);
    close(fd);
}

static void admit(struct listener *listener, int fd, struct peer *peer)
{
    peer->service = listener->options.service;
    peer->secured = listener->options.implicit_tls;
    fill_peer(peer);
    enum welcome welcomed = gate_enter(listener->gate, peer);
    if (welcomed != WELCOME) {
        turn_away(listener, fd, peer, welcomed);
        return;
    }
    struct connection *c = let_in(listener->loop, fd, peer, &listener->options);
    if (!c) {
        gate_leave(listener->gate, peer);
        return;
    }
    c->on_end = gate_leave;
    c->on_end_ctx = listener->gate;
    connection_drive(c);
}

void connection_start(struct loop *loop, int fd, const struct listen_options *options)
{
    struct peer peer = {.service = options->service, .secured = options->implicit_tls};
    socklen_t len = sizeof peer.address;

    if (getpeername(fd, (struct sockaddr *)&peer.address, &len) < 0)
        peer.address.ss_family = AF_UNSPEC; /* gone already: reading will tell */
    fill_peer(&peer);
    struct connection *c = let_in(loop, fd, &peer, options);
    if (c)
        connection_drive(c);
}

/* Out of descriptors or memory the socket stays readable; asking at once again would only burn time. */
static void rest_a_second(struct listener *listener)
{
    const struct timeval second = {.tv_sec = 1};

    log_warn("service=%s accepting rests for a second: %m", listener->options.service);
    event_del(listener->event);
    event_add(listener->pause, &second);
}

static void on_pause_over(int fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct listener *listener = arg;

    event_add(listener->event, NULL);
}

static void on_accept(int listening, short what, void *arg)
{
    (void)what;
    struct listener *listener = arg;

    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        struct peer peer = {0};
        socklen_t len = sizeof peer.address;
        int fd = accept4(listening, (struct sockaddr *)&peer.address, &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            admit(listener, fd, &peer);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            rest_a_second(listener);
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

static bool read_address(const struct listen_options *options, struct sockaddr_storage *out,
                         socklen_t *out_len)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options->port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_port = htons((uint16_t)options->port)};

    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, options->address, &in.sin_addr) == 1) {
        memcpy(out, &in, sizeof in);
        *out_len = sizeof in;
        return true;
    }
    if (inet_pton(AF_INET6, options->address, &in6.sin6_addr) == 1) {
        memcpy(out, &in6, sizeof in6);
        *out_len = sizeof in6;
        return true;
    }
    return false;
}

static int port_of(int fd)
{
    struct peer self = {0};
    socklen_t len = sizeof self.address;

    if (getsockname(fd, (struct sockaddr *)&self.address, &len) == 0)
        fill_peer(&self);
    return self.port;
}

MUST_CHECK static bool bind_it(struct listener *listener, struct err *err)
{
    const struct listen_options *o = &listener->options;
    struct sockaddr_storage address;
    socklen_t len;
    const int on = 1, off = 0;

    if (!read_address(o, &address, &len))
        return err_set(err, ERR_MALFORMED, "%s is no IP address to listen on", o->address);
    listener->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return err_system(err, "Cannot listen", "socket for %s", o->service);
    setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* What is accepted has these from here (Linux). */
    setsockopt(listener->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(listener->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (address.ss_family == AF_INET6)
        setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(listener->fd, (struct sockaddr *)&address, len) < 0 ||
        listen(listener->fd, BACKLOG) < 0)
        return err_system(err, "Cannot listen", "%s on %s port %d", o->service, o->address,
                          o->port);
    listener->port = port_of(listener->fd);
    return true;
}

struct listener *listener_open(struct loop *loop, const struct listen_options *options,
                               struct err *err)
{
    scoped(listener) listener = must_new(struct listener);

    listener->loop = loop;
    listener->options = *options;
    listener->fd = -1;
    listener->gate = gate_new(loop, options);
    if (!bind_it(listener, err))
        return NULL;
    listener->event =
        event_new(loop->base, listener->fd, EV_READ | EV_PERSIST, on_accept, listener);
    listener->pause = evtimer_new(loop->base, on_pause_over, listener);
    if (!listener->event || !listener->pause || event_add(listener->event, NULL) < 0) {
        err_system(err, "Cannot listen", "event for %s", options->service);
        return NULL;
    }
    return steal(&listener);
}

int listener_port(const struct listener *listener)
{
    return listener->port;
}

void listener_close(struct listener *listener)
{
    if (!listener)
        return;
    if (listener->event)
        event_free(listener->event);
    if (listener->pause)
        event_free(listener->pause);
    if (listener->fd >= 0)
        close(listener->fd);
    listener->gate->closed = true;
    gate_drop_if_done(listener->gate);
    free(listener);
}
