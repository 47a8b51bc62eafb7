/*
 * challenges — what certificate authorities find at http://NAME/.well-known/acme-challenge/TOKEN (RFC 8555 8.3).
 *
 * Filled by main's ACME client while it proves names, empty at other times.  Threads: any.
 */
#ifndef NESTBOX_NET_CHALLENGES_H
#define NESTBOX_NET_CHALLENGES_H

#include "http.h"
#include "scope.h"

enum { CHALLENGES_MAX = 128 };

struct challenges;
struct challenges *challenges_new(void);
void challenges_free(struct challenges *challenges);
SCOPED(challenges, challenges_free)

/* From now on `token` is answered with `proof`.  False: there are CHALLENGES_MAX.  Copies. */
bool challenges_open(struct challenges *challenges, const char *token, const char *proof);
void challenges_close_all(struct challenges *challenges);
/* Answers a GET of an open token, whatever the host: the authority asks by the name that it shall certify.  False: it is
 * something else. */
bool challenges_answer(struct challenges *challenges, const struct http_request *request,
                       struct http_response *response);

#endif
