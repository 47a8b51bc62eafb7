/*
 * work — what the errands of this room share.  Every function runs on a worker.
 */
#ifndef NESTBOX_ACTIVITYPUB_WORK_H
#define NESTBOX_ACTIVITYPUB_WORK_H

#include "ask.h"
#include "clock.h"
#include "config.h"
#include "fetch.h"
#include "key_memory.h"
#include "said.h"
#include "signature.h"
#include "store_people.h"

struct activitypub_work {
    const struct config *config;
    const struct clock *clock;
    const struct clock *timer; /* loop time, for deadlines; NULL: monotonic_ms() */
    struct bridge *bridge;
    struct store *store;
    struct vault *vault;
    const char *version;
    struct key_memory keys;     /* which keys need not be asked for again just now */
    struct key_memory pictures; /* whose picture was fetched lately, and from where just now */
    struct key_memory moves;    /* whose move was looked at just now */
    struct said said;           /* the post that is being sent */
};

bool work_show(struct errand *errand, struct err *err);
bool work_judge(struct errand *errand, struct err *err);
bool work_find(struct errand *errand, struct err *err);
bool work_look_due(struct errand *errand, struct err *err);
bool work_deliver(struct errand *errand, struct err *err);

/* Now, in loop time. */
int64_t work_timer(const struct activitypub_work *work);
/* The canonical form of one of our domains, heap; NULL if it is not ours. */
char *work_domain(const struct activitypub_work *work, struct slice host);
/* Is this URL on one of our domains? */
bool work_is_ours(const struct activitypub_work *work, const char *url);

/* A document from elsewhere: asked for by a GET signed by an instance actor of ours, redirects followed by hand
 * (3 at most), each hop signed anew. */
enum document_kind { DOCUMENT_ACTIVITY, DOCUMENT_JRD, DOCUMENT_XRD };
struct document {
    enum document_kind kind;
    char *url; /* where it was found in the end */
    int hops, fetches;
    int64_t until_ms; /* loop time; 0: no limit but a fetch's own */
    struct bytes text;
};
enum document_step {
    STEP_HERE,
    STEP_WANTS,  /* ask->want is set: come again */
    STEP_GONE,   /* 410 */
    STEP_ABSENT, /* 404 and other refusals, no such host, not of the kind asked for */
    STEP_SILENT, /* may work later */
};
void document_aim(struct document *document, enum document_kind kind, const char *url);
void document_clear(struct document *document);
/* `domain`: whose instance actor signs. */
enum document_step document_step(struct activitypub_work *work, struct ask *ask,
                                 struct document *document, const char *domain, struct err *err);

/* Adds the fields of a signed request, as `key_id`. */
MUST_CHECK bool work_sign(struct activitypub_work *work, const struct signing *signing,
                          struct slice wrapped_key, struct bytes *fields, struct err *err);
char *work_user_agent(const struct activitypub_work *work);

#endif
