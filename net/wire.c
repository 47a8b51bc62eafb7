#include "wire.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_AT_ONCE = 16 * 1024,
    DRAIN_ROUNDS = 16,
    TLS_WEIGHT = 14 * 1024,         /* of a connection at rest, as measured */
    TLS_SHAKING_WEIGHT = 64 * 1024, /* while it shakes hands */
};

void wire_init(struct wire *w, int fd, struct event_base *base,
               void (*on_event)(int fd, short what, void *arg), void *arg)
{
    *w = (struct wire){.fd = fd, .may_read = true};
    w->event = event_new(base, fd, EV_READ | EV_PERSIST, on_event, arg);
    if (!w->event)
        abort();
}

void wire_clear(struct wire *w)
{
    if (w->event)
        event_free(w->event);
    SSL_free(w->ssl);
    if (w->fd >= 0)
        close(w->fd);
    squeeze_free(w->squeeze);
    bytes_clear(&w->in);
    bytes_clear(&w->out);
    *w = (struct wire){.fd = -1, .broken = true};
}

/* What an SSL call that did not move bytes means.  `awaits_other` is the flag of the call's own. */
static void judge_ssl(struct wire *w, int result, int own_direction, bool *awaits_other)
{
    int error = SSL_get_error(w->ssl, result);

    *awaits_other = false;
    if (error == SSL_ERROR_ZERO_RETURN)
        w->ended = true;
    else if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        *awaits_other = error != own_direction;
    else
        w->broken = true;
    ERR_clear_error();
}

static size_t read_tls(struct wire *w, char *into, size_t room)
{
    size_t got = 0;

    ERR_clear_error();
    int result = SSL_read_ex(w->ssl, into, room, &got);
    if (result == 1) {
        w->read_awaits_write = false;
        return got;
    }
    judge_ssl(w, result, SSL_ERROR_WANT_READ, &w->read_awaits_write);
    w->may_read = false;
    return 0;
}

static size_t read_plain(struct wire *w, char *into, size_t room)
{
    ssize_t got = recv(w->fd, into, room, 0);

    if (got > 0) {
        w->may_read = (size_t)got == room;
        return (size_t)got;
    }
    w->may_read = got < 0 && errno == EINTR;
    if (got == 0)
        w->ended = true;
    else if (errno != EAGAIN && errno != EINTR)
        w->broken = true;
    return 0;
}

/* The bytes stay where they are until more is read: a burst of short commands is not moved for each. */
void wire_take(struct wire *w, size_t count)
{
    w->taken += count;
    if (w->taken < w->in.len)
        return;
    bytes_reset(&w->in);
    w->taken = 0;
}

/* One read of the connection, or what of an earlier one is still to be opened; false: there is nothing. */
static bool fill_some(struct wire *w, size_t room)
{
    char piece[READ_AT_ONCE]; /* most of what comes is one short line: only that is kept */

    if (w->squeeze && squeeze_waits(w->squeeze)) {
        w->broken = !squeeze_open(w->squeeze, &w->in, room < sizeof piece ? room : sizeof piece);
        return !w->broken;
    }
    if (!w->may_read || w->ended)
        return false;
    if (w->squeeze || room > sizeof piece)
        room = sizeof piece;
    size_t got = w->ssl ? read_tls(w, piece, room) : read_plain(w, piece, room);
    struct slice came = {piece, got};
    if (got > 0 && w->squeeze)
        squeeze_take(w->squeeze, came);
    else if (got > 0)
        bytes_add(&w->in, came);
    return true;
}

bool wire_fill(struct wire *w)
{
    bool squeezed = w->squeeze && squeeze_waits(w->squeeze);

    if (w->broken || (!squeezed && (!w->may_read || w->ended)))
        return false;
    bytes_drop_front(&w->in, w->taken);
    w->taken = 0;
    size_t before = w->in.len;
    while (!w->broken && w->in.len < WIRE_UNREAD_MAX && fill_some(w, WIRE_UNREAD_MAX - w->in.len))
        ;
    return w->in.len > before;
}

static size_t write_tls(struct wire *w, struct slice s)
{
    size_t sent = 0;

    ERR_clear_error();
    int result = SSL_write_ex(w->ssl, s.at, s.len, &sent);
    if (result == 1) {
        w->write_awaits_read = false;
        return sent;
    }
    bool had_ended = w->ended;
    judge_ssl(w, result, SSL_ERROR_WANT_WRITE, &w->write_awaits_read);
    w->ended = had_ended; /* a close_notify of ours, never the peer's */
    return 0;
}

static size_t write_plain(struct wire *w, struct slice s)
{
    ssize_t sent = send(w->fd, s.at, s.len, MSG_NOSIGNAL);

    if (sent >= 0)
        return (size_t)sent;
    if (errno != EAGAIN && errno != EINTR)
        w->broken = true;
    return 0;
}

void wire_flush(struct wire *w)
{
    if (w->squeeze)
        squeeze_flush(w->squeeze, &w->out);
    while (!w->broken && wire_unsent(w) > 0) {
        struct slice s = slice_from(bytes_slice(&w->out), w->sent);
        size_t sent = w->ssl ? write_tls(w, s) : write_plain(w, s);
        if (sent == 0)
            break;
        w->sent += sent;
        w->moved = true;
    }
    if (w->sent == w->out.len) {
        bytes_reset(&w->out);
        w->sent = 0;
    } else if (w->sent >= WIRE_UNSENT_MAX) {
        bytes_drop_front(&w->out, w->sent);
        w->sent = 0;
    }
}

size_t wire_weight(const struct wire *w)
{
    size_t tls = !w->ssl ? 0 : SSL_is_init_finished(w->ssl) ? TLS_WEIGHT : TLS_SHAKING_WEIGHT;

    return w->in.capacity + w->out.capacity + tls + (w->squeeze ? SQUEEZE_WEIGHT : 0);
}

void wire_rest(struct wire *w)
{
    if (w->in.len == 0)
        bytes_clear(&w->in);
    if (w->out.len == 0)
        bytes_clear(&w->out);
}

void wire_start_squeeze(struct wire *w)
{
    w->squeeze = squeeze_new();
}

bool wire_start_tls(struct wire *w, SSL_CTX *context, const struct listen_protocol *protocols)
{
    void *kept; /* read by tls.c, which keeps it const */

    memcpy(&kept, &protocols, sizeof kept);
    w->ssl = SSL_new(context);
    if (!w->ssl || SSL_set_fd(w->ssl, w->fd) != 1) {
        ERR_clear_error();
        return false;
    }
    SSL_set_app_data(w->ssl, kept);
    SSL_set_accept_state(w->ssl);
    w->may_read = true;
    return true;
}

bool wire_take_tls(struct wire *w, SSL *ssl)
{
    w->ssl = ssl;
    w->may_read = true;
    return SSL_set_fd(ssl, w->fd) == 1;
}

enum wire_shake wire_shake(struct wire *w)
{
    ERR_clear_error();
    int result = SSL_do_handshake(w->ssl);
    if (result == 1) {
        w->read_awaits_write = w->write_awaits_read = false;
        w->may_read = true;
        return SHAKE_DONE;
    }
    int error = SSL_get_error(w->ssl, result);
    w->read_awaits_write = error == SSL_ERROR_WANT_WRITE;
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? SHAKE_GOES_ON
                                                                         : SHAKE_FAILED;
}

bool wire_holds_early_bytes(const struct wire *w)
{
    char byte;

    return w->in.len > 0 || recv(w->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool wire_peer_gone(const struct wire *w)
{
    struct pollfd look = {.fd = w->fd, .events = POLLRDHUP};

    return poll(&look, 1, 0) > 0;
}

void wire_goodbye(struct wire *w)
{
    if (w->ssl && SSL_is_init_finished(w->ssl) && !w->broken) {
        SSL_shutdown(w->ssl);
        ERR_clear_error();
    }
    shutdown(w->fd, SHUT_WR);
}

/* Closing with unread bytes would make the kernel send a reset, which can overtake our last words. */
bool wire_drained(struct wire *w)
{
    char nothing[4096];

    for (int i = 0; i < DRAIN_ROUNDS; i++) {
        ssize_t got = recv(w->fd, nothing, sizeof nothing, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return true;
        if (got < 0)
            return false;
    }
    return false;
}

static short events_for(const struct wire *w, unsigned flags)
{
    bool read = flags & WAIT_READ, write = flags & WAIT_WRITE;
    bool also_write = read && w->read_awaits_write, also_read = write && w->write_awaits_read;
    short events = 0;

    if ((read && !w->read_awaits_write) || also_read)
        events |= EV_READ;
    if ((write && !w->write_awaits_read) || also_write)
        events |= EV_WRITE;
    /* Edges, since what a peer sends ahead would strike again and again.  EV_READ with EV_CLOSED:
     * libevent reports a broken connection as readable, never as closed. */
    if (flags & (WAIT_GONE | WAIT_GONE_ONLY))
        events |= EV_READ | EV_CLOSED | EV_ET;
    return events;
}

void wire_wait(struct wire *w, unsigned flags)
{
    short events = events_for(w, flags);

    if (events == w->armed || (flags == WAIT_GONE && w->armed == EV_READ))
        return;
    event_callback_fn on_event = event_get_callback(w->event);
    void *arg = event_get_callback_arg(w->event);
    struct event_base *base = event_get_base(w->event);
    if (w->armed)
        event_del(w->event);
    w->armed = 0;
    if (!events)
        return;
    event_assign(w->event, base, w->fd, (short)(events | EV_PERSIST), on_event, arg);
    if (event_add(w->event, NULL) == 0)
        w->armed = events;
    else
        w->broken = true;
}
