/*
 * certificate — a self-signed certificate for the first hour, until a real one is there.
 */
#ifndef NESTBOX_VAULT_CERTIFICATE_H
#define NESTBOX_VAULT_CERTIFICATE_H

#include "bytes.h"
#include "digest.h"
#include "err.h"

/* P-256, ten years, all names as subjectAltName, the first as CN.  Both PEM; the key is PKCS#8. */
MUST_CHECK bool certificate_self_signed(const char *const *names, size_t count,
                                        struct bytes *out_certificate, struct bytes *out_key,
                                        struct err *err);

/* SHA-256 of the public key (SubjectPublicKeyInfo) of the first certificate in `pem`, or else of its private key: what a
 * TLSA record "3 1 1" holds (RFC 6698 2.1).  False: there is neither. */
MUST_CHECK bool certificate_key_digest(struct slice pem, unsigned char out[SHA256_LEN]);

#endif
