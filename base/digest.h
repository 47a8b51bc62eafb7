/*
 * digest — SHA-256 without a key.  (With a key: vault.)
 */
#ifndef NESTBOX_BASE_DIGEST_H
#define NESTBOX_BASE_DIGEST_H

#include "slice.h"

enum { SHA256_LEN = 32 };
void sha256(struct slice s, unsigned char out[SHA256_LEN]);

struct sha256_run; /* over a stream */
struct sha256_run *sha256_start(void);
void sha256_add(struct sha256_run *run, struct slice s);
void sha256_end(struct sha256_run *run, unsigned char out[SHA256_LEN]); /* frees the run */

#endif
