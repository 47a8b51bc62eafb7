/*
 * acme_job — the pieces of work between two fetches: what a worker does, with the order that goes from one to the next.
 */
#ifndef NESTBOX_MAIN_ACME_JOB_H
#define NESTBOX_MAIN_ACME_JOB_H

#include "acme.h"
#include "acme_certificate.h"
#include "acme_order.h"
#include "dns.h"
#include "fetch.h"

enum acme_work { ACME_LOOK, ACME_BEGIN, ACME_TAKE };

struct acme_job { /* the session's, and the worker's while it works */
    struct errand errand;
    struct acme_parts parts;
    enum acme_work work;
    bool fresh; /* nothing was tried since the start */
    bool told;  /* when it will ask */
    struct acme_view view;
    bool without_address[OWN_NAMES_MAX]; /* ACME_BEGIN: of view.wanted, DNS says so for certain */
    struct fetch *fetched;               /* ACME_TAKE: the answer; goes there */
    struct acme_order *order;
    /* results */
    bool asks_dns; /* then comes ACME_BEGIN */
    bool
        has_request; /* `request` is to be fetched, then comes ACME_TAKE; else ACME_LOOK after rest_ms */
    struct acme_request request;
    int64_t rest_ms;
};
struct acme_job *acme_job_new(const struct acme_parts *parts);
void acme_job_drop(struct acme_job *job); /* the order, and what was on its way for it */
void acme_job_free(struct errand *errand);

#endif
