/*
 * wire — one non-blocking connection, plain or TLS: bytes in, bytes out, and what to wait for.
 *
 * Private to net.  It knows nothing of sessions; driver.c decides when to fill and flush.  OpenSSL
 * works on the socket directly: the driver must stop reading at an exact byte, look at the socket
 * before a handshake, and hand sessions one contiguous slice, which bufferevents make harder.
 */
#ifndef NESTBOX_NET_WIRE_H
#define NESTBOX_NET_WIRE_H

#include "bytes.h"
#include "session.h"
#include "squeeze.h"

#include <event2/event.h>
#include <openssl/ssl.h>

struct listen_protocol;

enum { WIRE_UNREAD_MAX = 64 * 1024, WIRE_UNSENT_MAX = 64 * 1024 };

enum wire_wait {
    WAIT_READ = 1 << 0,
    WAIT_WRITE = 1 << 1,
    WAIT_GONE =
        1
        << 2, /* that the peer ends or breaks the connection; and its next byte, if that is what was
                                waited for anyway: most peers say nothing while they wait for an answer */
    WAIT_GONE_ONLY =
        1 << 3, /* the same behind that byte: what it sends ahead does not strike again and again */
};
enum wire_shake { SHAKE_DONE, SHAKE_GOES_ON, SHAKE_FAILED };

struct wire {
    int fd;
    SSL *ssl;                /* NULL: plain */
    struct squeeze *squeeze; /* under DEFLATE, within TLS; or NULL */
    struct bytes in;         /* arrived; the session took the first `taken` bytes */
    size_t taken;
    struct bytes out; /* written by the session; the first `sent` bytes are gone */
    size_t sent;
    bool may_read;                             /* the socket, or OpenSSL, may hold more */
    bool ended;                                /* the peer will send no more */
    bool broken;                               /* nothing goes any way */
    bool moved;                                /* bytes went out since the driver last looked */
    bool read_awaits_write, write_awaits_read; /* what OpenSSL asked for */
    struct event *event;
    short armed; /* libevent's flags, 0: not armed */
};

/* Takes fd.  on_event() runs on the loop of `base`. */
void wire_init(struct wire *w, int fd, struct event_base *base,
               void (*on_event)(int fd, short what, void *arg), void *arg);
void wire_clear(struct wire *w); /* closes; what is unsent is lost */

static inline struct slice wire_unread(const struct wire *w)
{
    return slice_from(bytes_slice(&w->in), w->taken);
}
void wire_take(struct wire *w, size_t count); /* the first so many of the unread bytes */
bool wire_fill(struct wire *w);               /* whether anything new came */
void wire_flush(struct wire *w);              /* sends what the socket takes */
/* Where a session writes. */
static inline struct bytes *wire_out(struct wire *w)
{
    return w->squeeze ? squeeze_plain(w->squeeze) : &w->out;
}
static inline size_t wire_unsent(const struct wire *w)
{
    return w->out.len - w->sent + (w->squeeze ? squeeze_plain(w->squeeze)->len : 0);
}
size_t wire_weight(const struct wire *w); /* bytes of memory, about */
void wire_rest(struct wire *w);           /* gives back the memory of empty buffers */

/* ALPN's names are read while the handshake lasts; NULL: ALPN is ignored. */
void wire_start_squeeze(struct wire *w); /* from the next byte on, both ways */
bool wire_start_tls(struct wire *w, SSL_CTX *context, const struct listen_protocol *protocols);
bool wire_take_tls(struct wire *w, SSL *ssl); /* takes one that is ready to connect */
enum wire_shake wire_shake(struct wire *w);
bool wire_holds_early_bytes(const struct wire *w); /* something arrived that nobody read */
bool wire_peer_gone(const struct wire *w);         /* its side is closed, or the connection reset */
void wire_goodbye(struct wire *w);                 /* close_notify and FIN, nothing waits */
bool wire_drained(
    struct wire *w); /* after the goodbye: reads into nothing; true at the peer's end */
void wire_wait(struct wire *w, unsigned flags); /* of enum wire_wait; 0: for nothing */

#endif
