/*
 * acme_order — one certificate ordered from an authority by http-01 (RFC 8555 7), as a machine without a socket.
 *
 *   DIRECTORY → ACCOUNT → ORDER → LOOK at each authorization, open and answer its challenge → PROVE: wait for each
 *                           ^                                                                     |
 *                           +------ some were refused: again without these, if that is worth it --+
 *                                                          READY → FINALIZE → READY → CERTIFICATE ┘
 *
 * acme_order_begin() and then acme_order_take() of each answer yield the next request, until it is done or given up.
 * A refused nonce and a passing failure are repeated; requests, waits and rounds have a limit.  Threads: any, one at a
 * time.
 */
#ifndef NESTBOX_MAIN_ACME_ORDER_H
#define NESTBOX_MAIN_ACME_ORDER_H

#include "acme_json.h"
#include "acme_jws.h"

struct acme_duties { /* what it asks of its owner */
    /* `token` is to be answered with `proof` from now on; false: there is no room. */
    bool (*open_challenge)(void *ctx, const char *token, const char *proof);
    /* None of them is asked for any more. */
    void (*close_challenges)(void *ctx);
    /* The certificate signing request, DER. */
    bool (*request)(void *ctx, const char *const *names, size_t count, struct bytes *out,
                    struct err *err);
    /* Whether a certificate of these names alone is better than what is there. */
    bool (*is_worth)(void *ctx, const char *const *names, size_t count);
    void *ctx;
};

struct acme_order;
/* Copies directory and names; signer and duties are copied, their ctx kept by borrow.  1 to ACME_NAMES_MAX names. */
struct acme_order *acme_order_new(const char *directory, const char *const *names, size_t count,
                                  const struct acme_signer *signer,
                                  const struct acme_duties *duties);
void acme_order_free(struct acme_order *order);
SCOPED(acme_order, acme_order_free)

struct acme_request { /* the next one; made anew each time */
    int64_t wait_ms;  /* before it */
    bool post;        /* with Content-Type: application/jose+json */
    char *url;
    struct bytes body;
};
void acme_request_clear(struct acme_request *request);

struct acme_answer { /* all borrowed */
    bool came;       /* false: nobody answered, `why` */
    const char *why;
    int status;
    struct slice body;
    const char *location, *nonce; /* the fields Location and Replay-Nonce, or NULL */
    int64_t retry_after_s;        /* 0 none */
};

enum acme_next { ACME_ASK, ACME_DONE, ACME_GAVE_UP };
enum acme_next acme_order_begin(struct acme_order *order, struct acme_request *out);
enum acme_next acme_order_take(struct acme_order *order, const struct acme_answer *answer,
                               struct acme_request *out);

/* After ACME_DONE: PEM, the server's certificate first. */
struct slice acme_order_chain(const struct acme_order *order);
/* Why it was given up, or which names are not in it; "" nothing.  One line for people. */
const char *acme_order_trouble(const struct acme_order *order);
/* How long the authority wants to be left alone after ACME_GAVE_UP; 0: it does not say. */
int64_t acme_order_rest_s(const struct acme_order *order);

#endif
