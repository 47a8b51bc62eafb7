/*
 * What a listener counts outlives it: its gate stays until the last of its connections has ended.
 */
#include "listen.h"

#include "clock.h"
#include "log.h"
#include "memory.h"
#include "net_private.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 512, ACCEPTS_AT_ONCE = 64, BLOCK_BUCKETS = 256, PER_BLOCK = 50 };

struct block { /* connections of one /24 or /56 */
    uint64_t key;
    unsigned count;
    struct block *next;
};

struct gate {
    unsigned count, max;
    unsigned max_per_block; /* 0: PER_BLOCK, and any number from loopback */
    bool closed;
    struct block *blocks[BLOCK_BUCKETS];
};

struct listener {
    struct loop *loop;
    struct listen_options options;
    struct gate *gate;
    int fd;
    int port;
    struct event *event;
    struct event *pause; /* while descriptors are short */
};

/* IPv4 /24 and IPv6 /56 in one number; mapped IPv4 was un-mapped before. */
static uint64_t block_of(const struct sockaddr_storage *address)
{
    uint64_t key = 0;

    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        return ntohl(in->sin_addr.s_addr) >> 8;
    }
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)address;
        for (int i = 0; i < 7; i++)
            key = key << 8 | in6->sin6_addr.s6_addr[i];
        return key | 1ull << 63;
    }
    return UINT64_MAX;
}

/* What a proxy in front of us brings comes from there. */
static bool is_loopback(const struct sockaddr_storage *address)
{
    const struct sockaddr_in *in = (const void *)address;
    const struct sockaddr_in6 *in6 = (const void *)address;

    if (address->ss_family == AF_INET)
        return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return address->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static bool block_is_full(const struct gate *gate, const struct block *block,
                          const struct peer *peer)
{
    if (!block || (!gate->max_per_block && is_loopback(&peer->address)))
        return false;
    return block->count >= (gate->max_per_block ? gate->max_per_block : PER_BLOCK);
}

static struct block **find_block(struct gate *gate, uint64_t key)
{
    uint64_t mixed = key * 0x9e3779b97f4a7c15u;
    struct block **at = &gate->blocks[mixed >> 56];

    while (*at && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

static bool gate_enter(struct gate *gate, const struct peer *peer)
{
    uint64_t key = block_of(&peer->address);
    struct block **at = find_block(gate, key);

    if (gate->count >= gate->max || block_is_full(gate, *at, peer))
        return false;
    if (!*at) {
        *at = must_new(struct block);
        (*at)->key = key;
    }
    (*at)->count++;
    gate->count++;
    return true;
}

static void gate_drop_if_done(struct gate *gate)
{
    if (gate->closed && gate->count == 0)
        free(gate);
}

static void gate_leave(void *ctx, const struct peer *peer)
{
    struct gate *gate = ctx;
    struct block **at = find_block(gate, block_of(&peer->address));
    struct block *block = *at;

    assert(block); /* since gate_enter() */
    gate->count--;
    if (--block->count == 0) {
        *at = block->next;
        free(block);
    }
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

static struct connection *welcome(struct loop *loop, int fd, const struct peer *peer,
                                  const struct listen_options *options)
{
    void *session = options->new_session(options->ctx, peer);

    if (!session) {
        close(fd);
        return NULL;
    }
    return connection_accept(loop, fd, peer, options, session);
}

static void admit(struct listener *listener, int fd, struct peer *peer)
{
    const int on = 1;

    peer->service = listener->options.service;
    peer->secured = listener->options.implicit_tls;
    fill_peer(peer);
    if (!gate_enter(listener->gate, peer)) {
        log_debug("service=%s peer=%s turned away: too many connections", peer->service,
                  peer->text);
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    struct connection *c = welcome(listener->loop, fd, peer, &listener->options);
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
    struct connection *c = welcome(loop, fd, &peer, options);
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
    listener->gate = must_new(struct gate);
    listener->gate->max = options->max_connections ? options->max_connections : 4096;
    listener->gate->max_per_block = options->max_per_block;
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
