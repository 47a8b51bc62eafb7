/*
 * acme_jws — requests to a certificate authority, signed by the account's key: RFC 8555 6.2, RFC 7515, ES256.
 */
#ifndef NESTBOX_MAIN_ACME_JWS_H
#define NESTBOX_MAIN_ACME_JWS_H

#include "bytes.h"

enum { ACME_POINT_LEN = 65, ACME_SIGNATURE_LEN = 64 };

struct acme_signer {                     /* the account's key, which is somebody else's to keep */
    unsigned char point[ACME_POINT_LEN]; /* of P-256, uncompressed */
    void (*sign)(void *ctx, struct slice data, unsigned char out[ACME_SIGNATURE_LEN]);
    void *ctx;
};
void acme_jwk(const struct acme_signer *signer, struct bytes *out); /* as RFC 7638 3 wants it */
void acme_thumbprint(const struct acme_signer *signer, struct bytes *out); /* base64url */

struct acme_call {
    const char *url, *nonce;
    const char *account;  /* its URL; NULL: not known yet, the key itself is sent */
    struct slice payload; /* JSON; empty: POST-as-GET (RFC 8555 6.3) */
};
void acme_jws(const struct acme_signer *signer, const struct acme_call *call, struct bytes *out);

#endif
