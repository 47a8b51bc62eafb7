/*
 * duties — what the sessions of this room have others do (architecture.md 3).
 *
 * Every duty is the work() of one kind of ask below; an ask owns its inputs and results.  Tests give fakes.
 */
#ifndef NESTBOX_ACTIVITYPUB_DUTIES_H
#define NESTBOX_ACTIVITYPUB_DUTIES_H

#include "ask.h"
#include "bytes.h"
#include "claims.h"
#include "http.h"
#include "resolve.h"

struct activitypub_duties {
    void *ctx;
    bool (*show)(struct errand *, struct err *);     /* struct show_ask */
    bool (*judge)(struct errand *, struct err *);    /* struct inbox_ask */
    bool (*find)(struct errand *, struct err *);     /* struct find_ask */
    bool (*look_due)(struct errand *, struct err *); /* struct due_ask */
    bool (*deliver)(struct errand *, struct err *);  /* struct courier_ask */
};

enum shown {
    SHOW_WEBFINGER,
    SHOW_HOST_META,
    SHOW_HOST_META_JSON,
    SHOW_NODEINFO,
    SHOW_NODEINFO_2_0,
    SHOW_NODEINFO_2_1,
    SHOW_ACTOR,
    SHOW_INSTANCE_ACTOR,
    SHOW_INSTANCE_OUTBOX,
    SHOW_OUTBOX,
    SHOW_FOLLOWERS,
    SHOW_FOLLOWING,
    SHOW_FEATURED,
    SHOW_POST,
    SHOW_POST_ACTIVITY, /* the Create around it */
    SHOW_REPLIES,
};
struct show_ask { /* a document of ours; QUICK, or HEAVY with a signature to verify */
    struct ask ask;
    enum shown what;
    char *host;       /* of the request, as sent */
    char *user, *ref; /* or NULL */
    char *resource;   /* of WebFinger; or NULL */
    bool page; /* a page of a collection: what is older than message `before` (0: the newest) */
    int64_t before;
    int64_t boosts_before; /* of the outbox, the same for boosts, which have numbers of their own */
    struct http_request *request; /* kept if it is signed: posts for some alone; else NULL */
    /* results */
    int status;
    const char *type;
    struct bytes body;
    bool for_signer; /* the answer depends on who signed */
    char why[160];   /* said with a status above 399 */
};
struct show_ask *show_ask_new(const struct activitypub_duties *duties, enum shown what);

struct inbox_ask { /* an activity that arrived; HEAVY */
    struct ask ask;
    struct http_request *request; /* a copy */
    char *user;                   /* whose inbox; NULL: the shared one */
    /* results */
    int status; /* 202 only after the commit */
    char why[160];
};
struct inbox_ask *inbox_ask_new(const struct activitypub_duties *duties,
                                const struct http_request *request);

struct find_ask { /* a Fediverse person; DELIVER */
    struct ask ask;
    char *user, *host, *actor_id, *alias; /* as in struct resolve */
    int64_t until_ms;                     /* monotonic */
    /* results */
    enum resolve_outcome outcome;
    int64_t person_id;
    bool names_alias;
};
struct find_ask *find_ask_new(const struct activitypub_duties *duties,
                              const struct resolve *resolve);

struct due { /* one delivery that should be tried */
    int64_t id;
    char *host;
    bool doubtful; /* it did not answer the last time */
};
struct due_ask { /* what is due; QUICK */
    struct ask ask;
    struct claims_held held; /* not to be named */
    int limit;
    /* results */
    struct due *due;
    size_t count, capacity;
    int64_t next_due_ms; /* wall time of the next one that is not yet due; INT64_MAX: none */
};
struct due_ask *due_ask_new(const struct activitypub_duties *duties);

struct courier_ask { /* one attempt at one delivery; DELIVER */
    struct ask ask;
    int64_t delivery_id;
};
struct courier_ask *courier_ask_new(const struct activitypub_duties *duties, int64_t delivery_id);

#endif
