/*
 * session — one shape for every protocol (architecture.md 3).
 *
 * A session takes bytes and yields replies and a named next step; net carries the steps out.  Protocol code
 * has no sockets, so it can be unit-tested and fuzzed as a function.
 */
#ifndef NESTBOX_BASE_SESSION_H
#define NESTBOX_BASE_SESSION_H

#include "bytes.h"
#include "errand.h"
#include "slice.h"

#include <netinet/in.h>

/* Always: send what I wrote, then … */
enum next {
    NEXT_READ,      /* bring bytes */
    NEXT_WAIT,      /* turn->errand is out; bring nothing until resume() */
    NEXT_MORE,      /* call more() when the peer has taken it */
    NEXT_START_TLS, /* shake hands, then secured(); bytes that came early end the connection */
    NEXT_COMPRESS, /* DEFLATE both ways from now on (RFC 4978), then read; bytes that came early end it */
    NEXT_HANG_UP,
};
enum nudge { NUDGE_TIMER, NUDGE_CHANGE, NUDGE_CLOSING };

/* Topics of the change feed (architecture.md 6): what a session may watch. */
enum topic {
    TOPIC_NONE,
    TOPIC_MAILBOX,
    TOPIC_ACCOUNT,
    TOPIC_DELIVERIES,
    TOPIC_PERSON,
    TOPIC_PUSH,
    TOPIC_LOGIN, /* of an account: whoever is logged in is not any more */
};
static inline int64_t topic_of(enum topic topic, int64_t id)
{
    return (int64_t)topic << 56 | id;
}

struct turn {        /* one call into a session; lives on the driver's stack */
    struct slice in; /* borrowed for the call */
    size_t used;     /* how much the session took; the rest is brought again with more behind it */
    struct bytes *out; /* replies; the driver calls no session whose peer leaves 64 KiB unread */
    struct errand *errand; /* with NEXT_WAIT: given away */
    int64_t watch;         /* with NEXT_READ, NEXT_MORE: news topic to be nudged about, 0 none */
    int64_t wake_at_ms;    /* monotonic: nudge me then, 0 never: keep-alives and deadlines */
    bool early;            /* begin(): the peer spoke before it was greeted */
    bool
        at_home; /* set by the session: its peer is known, and no part of a crowd, however long it waits */
    bool crowded; /* so many connections are here that those who do nothing should go sooner */
};

struct peer {
    struct sockaddr_storage address;
    char text[INET6_ADDRSTRLEN]; /* "192.0.2.1", mapped IPv4 un-mapped */
    int port;
    /* The listener's name: "smtp", "submission", "submissions", "https", "http". */
    const char *service;
    bool secured; /* TLS from the first byte */
};
/* What is known of the certificate of a peer that we called. */
enum tls_trust {
    TRUST_NONE,       /* nothing: there was none, or the handshake failed for another reason */
    TRUST_PROVED,     /* right name and a chain we trust, or DANE */
    TRUST_EXPIRED,    /* or not valid yet */
    TRUST_OTHER_NAME, /* it is somebody else's */
    TRUST_NO_CHAIN,   /* nobody whom we trust vouches for it */
    TRUST_NO_RECORD,  /* DANE: no TLSA record fits */
};
struct tls_facts {
    char version[12]; /* "TLSv1.3" */
    char cipher[48];
    char server_name[256]; /* SNI or "" */
    enum tls_trust trust;
    unsigned char channel_binding[64]; /* tls-exporter, RFC 9266 */
    size_t channel_binding_len;
    unsigned char
        end_point[64]; /* tls-server-end-point, RFC 5929 4: of our certificate, or theirs */
    size_t end_point_len;
};

struct session_kind { /* static const, one per protocol; the driver in net/ is written once */
    const char *name;
    enum next (*begin)(void *session, const struct peer *peer, struct turn *turn);
    enum next (*read)(void *session, struct turn *turn);
    enum next (*resume)(void *session, struct errand *back, struct turn *turn); /* takes `back` */
    enum next (*more)(void *session, struct turn *turn);
    enum next (*secured)(void *session, const struct tls_facts *tls, struct turn *turn);
    enum next (*nudged)(void *session, enum nudge why, struct turn *turn); /* never during WAIT */
    void (*free)(void *session);
};

#endif
