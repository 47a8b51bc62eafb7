/*
 * fetch — the value of a FETCH errand (LANE_FETCH): one HTTPS exchange with a foreign server.
 *
 * No redirect is followed here: a signed request is signed anew for every hop, so the asker follows
 * (3 hops at most).  The carrier resolves the name itself, refuses every address of the SSRF list before
 * connecting and again on the connected socket, and allows https on port 443 only, unless `[network]`
 * says otherwise.
 */
#ifndef NESTBOX_BASE_FETCH_H
#define NESTBOX_BASE_FETCH_H

#include "bytes.h"
#include "errand.h"

enum fetch_outcome {
    FETCH_ANSWERED, /* status says what */
    FETCH_NO_HOST,  /* the name does not exist */
    FETCH_BLOCKED,  /* scheme, port or address not allowed: the SSRF guard */
    FETCH_TLS,      /* certificate or handshake */
    FETCH_SILENT,   /* no connection, time-out, reset, DNS trouble: may work later */
    FETCH_TOO_LARGE,
};
enum { FETCH_WANTED_MAX = 2 };
struct fetch {
    struct errand errand; /* errand.ok: FETCH_ANSWERED, whatever the status */
    /* inputs */
    bool post;
    char *url;
    struct bytes fields; /* "Name: value\r\n" lines; Host, Content-Length come by themselves */
    struct bytes body;
    size_t max_bytes; /* of the answer, after decoding; 1 MiB unless set */
    const char
        *wanted[FETCH_WANTED_MAX]; /* names of fields that the asker reads too, kept by borrow */
    int64_t total_ms; /* connect 5 s, 10 s without a byte, and this in all; 30 s unless set */
    /* results */
    enum fetch_outcome outcome;
    int status;
    struct bytes answer;
    char *content_type;            /* or NULL */
    char *location;                /* absolute, or NULL */
    char *found[FETCH_WANTED_MAX]; /* what the wanted fields say (the first of several), or NULL */
    int64_t retry_after_s;         /* 0 none */
};
struct fetch *fetch_new(const char *url);
void fetch_free(struct errand *errand);

#endif
