/*
 * fetch_private — one transfer of the fetcher: what curl is told, what the guard lets through.
 */
#ifndef NESTBOX_NET_FETCH_PRIVATE_H
#define NESTBOX_NET_FETCH_PRIVATE_H

#include "fetcher.h"

#include <curl/curl.h>

struct asking { /* a DNS question of a transfer, which may end before the answer comes */
    struct transfer *transfer;
};

/* Easy handles that rest between transfers: what they are told is forgotten, what curl allocated stays. */
enum { IDLE_MAX = 32 };
struct idle_handles {
    CURL *at[IDLE_MAX];
    size_t count;
};
void idle_handles_clear(struct idle_handles *idle);

struct transfer {
    struct fetcher *fetcher;
    const struct config *config;
    struct idle_handles *idle; /* borrowed: where its handle comes from and goes back to */
    struct fetch *fetch;
    void (*done)(void *ctx, struct errand *errand);
    void *ctx;
    struct transfer *next, **slot; /* of those that run, or wait */
    int64_t started_ms;
    char *host; /* canonical, or an IP address */
    int port;
    struct slice target;
    const struct connect_to *route; /* NULL: by DNS */
    struct asking *asking;          /* NULL: no question is out */
    CURL *easy;
    struct curl_slist *fields, *resolved, *connect_to;
    char error[CURL_ERROR_SIZE];
    size_t head_bytes;
    bool blocked, too_large;
};

/* Where the transfer goes.  False: it may not go anywhere. */
MUST_CHECK bool transfer_aim(struct transfer *t);
/* Whether it goes there without asking DNS. */
bool transfer_knows_address(const struct transfer *t);
/* Keeps the addresses that are allowed, in t->resolved.  False: there are none. */
MUST_CHECK bool transfer_resolved(struct transfer *t, const struct dns_lookup *lookup);
/* The easy handle, ready to run; NULL without memory. */
CURL *transfer_easy(struct transfer *t);
void transfer_read_result(struct transfer *t, CURLcode code);
void transfer_free(struct transfer *t); /* not the fetch */

#endif
