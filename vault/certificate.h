/*
 * certificate — a self-signed certificate for the first hour, until a real one is there.
 */
#ifndef NESTBOX_VAULT_CERTIFICATE_H
#define NESTBOX_VAULT_CERTIFICATE_H

#include "bytes.h"
#include "err.h"

/* P-256, ten years, all names as subjectAltName, the first as CN.  Both PEM; the key is PKCS#8. */
MUST_CHECK bool certificate_self_signed(const char *const *names, size_t count,
                                        struct bytes *out_certificate, struct bytes *out_key,
                                        struct err *err);

#endif
