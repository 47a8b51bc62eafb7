/*
 * acme_json — what a certificate authority answers (RFC 8555), and the note that we keep of it: JSON, read here alone.
 *
 * Strangers' text: every length and count is bounded, every URL is https, a token is base64url, a name is a host's.
 * What is read is the caller's to clear, also after a failure.  Any thread.
 */
#ifndef NESTBOX_MAIN_ACME_JSON_H
#define NESTBOX_MAIN_ACME_JSON_H

#include "bytes.h"
#include "err.h"
#include "scope.h"

enum {
    ACME_ANSWER_MAX = 128 * 1024,
    ACME_NAMES_MAX = 100, /* in one certificate: what Let's Encrypt allows */
    ACME_URL_MAX = 1024,
    ACME_TOKEN_MAX = 256,
    ACME_NAME_SIZE = 256,
};

struct acme_directory {
    char *new_nonce, *new_account, *new_order; /* https URLs */
};
MUST_CHECK bool acme_directory_read(struct slice json, struct acme_directory *out, struct err *err);
void acme_directory_clear(struct acme_directory *directory);
SCOPED_VALUE(acme_directory, acme_directory_clear)

struct acme_problem { /* RFC 8555 6.7 */
    char type[64]; /* "badNonce": behind urn:ietf:params:acme:error:, letters alone; "" unknown */
    char detail[200];     /* one line of printable ASCII */
    struct bytes refused; /* the names that its subproblems are about: "a.example b.example" */
};
/* Never fails: what is no problem document is a problem without words. */
void acme_problem_read(struct slice json, struct acme_problem *out);
void acme_problem_clear(struct acme_problem *problem);
SCOPED_VALUE(acme_problem, acme_problem_clear)

/* Of an order or an authorization; what ended any other way than well is invalid. */
enum acme_status { ACME_PENDING, ACME_READY, ACME_PROCESSING, ACME_VALID, ACME_INVALID };

struct acme_order_state {
    enum acme_status status;
    char *authorizations[ACME_NAMES_MAX];
    size_t count;
    char *finalize;
    char *certificate; /* NULL until valid */
    struct acme_problem problem;
};
MUST_CHECK bool acme_order_state_read(struct slice json, struct acme_order_state *out,
                                      struct err *err);
void acme_order_state_clear(struct acme_order_state *state);
SCOPED_VALUE(acme_order_state, acme_order_state_clear)

struct acme_authorization {
    enum acme_status status;
    char name[ACME_NAME_SIZE];
    char *url, *token;           /* of the http-01 challenge; NULL: it is not offered */
    bool answered;               /* that challenge is being looked at already */
    struct acme_problem problem; /* of the challenge that failed */
};
MUST_CHECK bool acme_authorization_read(struct slice json, struct acme_authorization *out,
                                        struct err *err);
void acme_authorization_clear(struct acme_authorization *authorization);
SCOPED_VALUE(acme_authorization, acme_authorization_clear)

/* tls/acme.json: what was tried, and what came of it. */
struct acme_note {
    char asked[512];   /* the directory that was asked last */
    char issued[512];  /* that from which the certificate comes; "" none */
    int64_t tried_ms;  /* wall time of the last try; 0 none */
    int64_t next_ms;   /* not before; 0 any time */
    int64_t failures;  /* since it last went well */
    int64_t begun;     /* and not ended, since a try last did */
    char trouble[400]; /* of the last try; "" none */
};
void acme_note_read(struct slice json, struct acme_note *out); /* what cannot be read is empty */

#endif
