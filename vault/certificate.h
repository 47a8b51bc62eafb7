/*
 * certificate — a self-signed certificate for the first hour, the request for a real one, and what a certificate says.
 */
#ifndef NESTBOX_VAULT_CERTIFICATE_H
#define NESTBOX_VAULT_CERTIFICATE_H

#include "bytes.h"
#include "digest.h"
#include "err.h"
#include "scope.h"

/* P-256, ten years, all names as subjectAltName, the first as CN.  Both PEM; the key is PKCS#8. */
MUST_CHECK bool certificate_self_signed(const char *const *names, size_t count,
                                        struct bytes *out_certificate, struct bytes *out_key,
                                        struct err *err);

/* The request for a certificate of these names by the key of `key_pem` (PKCS#10, DER; RFC 8555 7.4). */
MUST_CHECK bool certificate_request(struct slice key_pem, const char *const *names, size_t count,
                                    struct bytes *out, struct err *err);

/* What the first certificate in a PEM file says. */
struct certificate_facts {
    int64_t from_ms, until_ms; /* wall time */
    bool self_signed;          /* nobody else vouches for it */
    struct bytes names;        /* DNS names, lower case, "a.example b.example" */
};
MUST_CHECK bool certificate_read(struct slice pem, struct certificate_facts *out); /* false: none */
bool certificate_has_name(const struct certificate_facts *facts, const char *name); /* literally */
void certificate_facts_clear(struct certificate_facts *facts);
SCOPED_VALUE(certificate_facts, certificate_facts_clear)

/* SHA-256 of the public key (SubjectPublicKeyInfo) of the first certificate in `pem`, or else of its private key: what a
 * TLSA record "3 1 1" holds (RFC 6698 2.1).  False: there is neither. */
MUST_CHECK bool certificate_key_digest(struct slice pem, unsigned char out[SHA256_LEN]);

#endif
