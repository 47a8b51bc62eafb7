/*
 * push — Web Push: what a device's push service carries and cannot read (RFC 8291), and who sends it (VAPID, RFC 8292).
 *
 * The key that says who sends is made of the server key: there is nothing to keep, and with another server key devices
 * register anew.  Any worker; needs no lock.
 */
#ifndef NESTBOX_VAULT_PUSH_H
#define NESTBOX_VAULT_PUSH_H

#include "vault.h"

enum {
    PUSH_POINT_LEN = P256_POINT_LEN,
    PUSH_SCALAR_LEN = P256_SCALAR_LEN,
    PUSH_AUTH_LEN = 16,
    PUSH_SALT_LEN = 16,
    PUSH_SIGNATURE_LEN = ES256_LEN,
    PUSH_PLAIN_MAX = 3072,
};

void push_public_key(struct vault *vault, unsigned char out[PUSH_POINT_LEN]);
/* ES256 (RFC 7518 3.4): r and s. */
void push_sign(struct vault *vault, struct slice data, unsigned char out[PUSH_SIGNATURE_LEN]);

struct push_device {
    unsigned char point[PUSH_POINT_LEN], auth[PUSH_AUTH_LEN];
};
bool push_point_is_good(const unsigned char point[PUSH_POINT_LEN]); /* it lies on the curve */
/* One aes128gcm record (RFC 8188).  False: the device's point is none. */
MUST_CHECK bool push_seal(const struct push_device *device, struct slice plain, struct bytes *out,
                          struct err *err);
/* The same with a known key and salt: for the example of RFC 8291 5. */
MUST_CHECK bool push_seal_with(const struct push_device *device,
                               const unsigned char scalar[PUSH_SCALAR_LEN],
                               const unsigned char salt[PUSH_SALT_LEN], struct slice plain,
                               struct bytes *out, struct err *err);

#endif
