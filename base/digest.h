/*
 * digest — SHA-256 (and, for names, SHA-1) without a key.  (With a key: vault.)
 */
#ifndef NESTBOX_BASE_DIGEST_H
#define NESTBOX_BASE_DIGEST_H

#include "slice.h"

enum { SHA256_LEN = 32 };
void sha256(struct slice s, unsigned char out[SHA256_LEN]);

/* For names that others make of it; proves nothing. */
enum { SHA1_LEN = 20 };
void sha1(struct slice s, unsigned char out[SHA1_LEN]);

struct sha256_run; /* over a stream */
struct sha256_run *sha256_start(void);
void sha256_add(struct sha256_run *run, struct slice s);
void sha256_end(struct sha256_run *run, unsigned char out[SHA256_LEN]); /* frees the run */

#endif
