/*
 * engine — GnuPG through GPGME.  Judge only, one thread; gpgme.h is known to engine.c and engine_facts.c alone.
 *
 * Every question is asked of an empty key ring into which just the given certificates go, offline and
 * without an agent.  What comes in is binary and was looked at by packets.h.
 */
#ifndef NESTBOX_PGP_ENGINE_H
#define NESTBOX_PGP_ENGINE_H

#include "bytes.h"
#include "err.h"
#include "pgp.h"
#include "scope.h"

struct engine;
MUST_CHECK bool engine_open(struct engine **out, struct err *err);
void engine_close(struct engine *engine); /* removes its home */
SCOPED(engine, engine_close)

/* ERR_MALFORMED: GnuPG finds nothing usable in it. */
MUST_CHECK bool engine_read_key(struct engine *engine, struct slice certificate,
                                struct pgp_key_facts *out, struct err *err);

/* The signed octets, pulled: up to `size` of them, 0 at the end, -1 if they stop coming. */
struct engine_text {
    ssize_t (*read)(struct engine_text *, void *into, size_t size);
};
/* Certificates that GnuPG cannot use are as if not given. */
MUST_CHECK bool engine_verify(struct engine *engine, const struct bytes *certificates, size_t count,
                              struct slice signature, struct engine_text *text,
                              struct pgp_verdict *out, struct err *err);

/* Does one of the others certify that the first belongs to `address`?  PGP_GOOD with who did, or PGP_OTHER_KEY. */
MUST_CHECK bool engine_vouched(struct engine *engine, const struct bytes *certificates,
                               size_t count, const char *address, struct pgp_verdict *out,
                               struct err *err);

/* Where the encrypted octets go: false, if they cannot. */
struct engine_result {
    bool (*write)(struct engine_result *, struct slice s);
};
/* One message to all of them, binary, neither signed nor compressed.  ERR_REFUSED: GnuPG cannot encrypt to one of them. */
MUST_CHECK bool engine_encrypt(struct engine *engine, const struct bytes *certificates,
                               size_t count, struct engine_text *text, struct engine_result *result,
                               struct err *err);

#endif
