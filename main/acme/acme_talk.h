/*
 * acme_talk — one request after the other to a certificate authority: nonces, signatures, repetitions (RFC 8555 6).
 *
 * A refused nonce and a passing failure are repeated here, so that acme_order sees what it asked for, or a problem.
 */
#ifndef NESTBOX_MAIN_ACME_TALK_H
#define NESTBOX_MAIN_ACME_TALK_H

#include "acme_order.h"

struct acme_talk {
    struct acme_signer signer;
    char *new_nonce; /* where nonces are had; NULL: not known yet */
    char *account;   /* NULL: not known yet, requests carry the key */
    char *nonce;     /* for the next request, or NULL */
    bool asks_nonce; /* what is out is a question for one; then comes `url` */
    bool plain;      /* `url` is for a GET */
    char *url;
    struct bytes payload;
    int nonces_refused, stumbles;
};
void acme_talk_clear(struct acme_talk *talk);

void acme_talk_get(struct acme_talk *talk, const char *url, struct acme_request *out);
/* Signed; an empty payload is POST-as-GET. */
void acme_talk_ask(struct acme_talk *talk, const char *url, struct slice payload,
                   struct acme_request *out);
/* What was asked last once more, after a while. */
void acme_talk_repeat(struct acme_talk *talk, int64_t wait_ms, struct acme_request *out);

enum acme_heard {
    ACME_HEARD,   /* what was asked for */
    ACME_REPEATS, /* *out is to be sent */
    ACME_PROBLEM, /* the body may say which */
    ACME_SILENCE, /* `err` says why */
};
enum acme_heard acme_talk_take(struct acme_talk *talk, const struct acme_answer *answer,
                               struct acme_request *out, struct err *err);

/* The field Location, taken over into *place.  False: it is no URL. */
MUST_CHECK bool acme_location(const struct acme_answer *answer, char **place);

#endif
