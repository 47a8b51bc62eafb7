/*
 * signature — HTTP signatures, draft-cavage-12 and RFC 9421: reading and writing.
 *
 * Pure: the cryptography is vault's.  signature_read() believes nothing yet; it demands everything that can be
 * demanded before a key is at hand (docs/federation.md), recomputes the digest, and leaves the bytes that
 * must have been signed.
 */
#ifndef NESTBOX_ACTIVITYPUB_SIGNATURE_H
#define NESTBOX_ACTIVITYPUB_SIGNATURE_H

#include "http.h"
#include "scope.h"

enum signature_form {
    SIGNATURE_CAVAGE = 1,
    SIGNATURE_RFC9421 = 2
}; /* the numbers of struct host.scheme */

struct signature {
    enum signature_form form;
    char *key_id;
    struct bytes value; /* raw */
    struct bytes base;  /* what must have been signed */
    /* draft-cavage with a query: some sign the target without it.  Else empty. */
    struct bytes base_without_query;
};
void signature_clear(struct signature *signature);
SCOPED_VALUE(signature, signature_clear)

/* Is there something that calls itself a signature? */
bool signature_is_there(const struct http_request *request);
/* ERR_REFUSED: 401, with the reason in `said`.  On failure *out is cleared. */
MUST_CHECK bool signature_read(const struct http_request *request, int64_t now_ms,
                               struct signature *out, struct err *err);
/* The digest alone, of a request with a body; what costs least is asked first. */
MUST_CHECK bool signature_digest_fits(const struct http_request *request, struct err *err);

/* A request of ours.  signing_begin() adds the fields to be sent (Host comes by itself) and gives the bytes to
 * sign, signing_end() adds the signature. */
struct signing {
    enum signature_form form;
    const char *url, *key_id;
    bool post;
    struct slice body;
    const unsigned char *digest; /* SHA-256 of the body, if it is at hand; else NULL */
    int64_t now_ms;
};
MUST_CHECK bool signing_begin(const struct signing *signing, struct bytes *fields,
                              struct bytes *out_base, struct err *err);
void signing_end(const struct signing *signing, struct slice raw_signature, struct bytes *fields);

#endif
