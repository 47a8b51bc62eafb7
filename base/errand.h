/*
 * errand — work a session sends away, and the only thing that crosses threads (architecture.md 4).
 *
 * An errand owns its inputs and results; its code sees no session and no socket.  One owner at a time:
 * session, carrier, session.  `work` looks and prepares on a worker; `write` records on the store's writer
 * inside a transaction, checks again what the preparation relied on, and answers ERR_CONFLICT if that
 * changed: then the whole errand runs again, three times at most.
 */
#ifndef NESTBOX_BASE_ERRAND_H
#define NESTBOX_BASE_ERRAND_H

#include "err.h"

#include <stdint.h>

struct store_tx;

enum lane {
    LANE_QUICK,   /* lookups of one to a few rows */
    LANE_HEAVY,   /* spool pieces, MIME, sealing, passwords, inbox signatures; bodies up to 1 MiB */
    LANE_DELIVER, /* rendering and signing what goes out */
    LANE_BULK,    /* bodies above 1 MiB, slices of long work */
    LANE_SLOW,    /* what waits for GnuPG to encrypt: errands that HEAVY or BULK began (may_move) */
    LANE_DNS,     /* struct dns_lookup (base/dns.h), on the outward loop */
    LANE_FETCH,   /* struct fetch (base/fetch.h), on the outward loop */
    LANE_RESOLVE, /* struct resolve (base/resolve.h), on the outward loop */
    LANE_DIAL,    /* struct dial (base/dial.h), on the outward loop */
    LANES,
};

struct errand { /* first member of every errand */
    enum lane lane;
    bool (*work)(struct errand *, struct err *);
    /* Or NULL.  May run twice, so it fills only its own outputs. */
    bool (*write)(struct errand *, struct store_tx *, struct err *);
    void (*free)(struct errand *); /* releases inputs and results */
    int64_t deadline_ms;           /* monotonic; 0 none.  A lane drops what comes too late */
    bool one_by_one;               /* of those in its lane one runs at a time: passwords */
    bool
        may_move; /* its work may give up half-way, and is begun anew on LANE_SLOW (net/workers.h) */
    bool ok;      /* where there is a write: true only after the commit */
    struct err err;        /* why not */
    _Atomic bool unwanted; /* the session is gone: do not record */
    void *home;            /* the driver's own, untouched by others */
    struct errand *link;   /* the carrier's own */
    int tries;             /* the carrier's own */
};

static inline void errand_free(struct errand *errand)
{
    if (errand)
        errand->free(errand);
}

#endif
