/*
 * certificate — a self-signed certificate for a test, in files of a folder of its own.
 */
#ifndef NESTBOX_TEST_CERTIFICATE_H
#define NESTBOX_TEST_CERTIFICATE_H

struct certificate {
    char folder[64];
    char file[96], key[96];
};
void certificate_make(struct certificate *c, const char *host, long serial);
void certificate_replace(struct certificate *c, const char *host, long serial); /* by rename */
/* For a TLSA record 3 1 1. */
void certificate_key_digest(const struct certificate *c, unsigned char out[32]);
void certificate_remove(struct certificate *c);

#endif
