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
void certificate_remove(struct certificate *c);

#endif
