/*
 * quick — librnp, in this process: encrypts to certificates.  (What speaks to librnp includes rnp_scope.h.)
 *
 * A context with its certificates loaded costs three times what one small mail costs, so some are kept, each for an
 * hour: whether its certificates can be used, and until when, is asked when it is made.  Several threads may seal at once, each with a context of its own.
 */
#ifndef NESTBOX_PGP_QUICK_H
#define NESTBOX_PGP_QUICK_H

#include "bytes.h"
#include "err.h"
#include "scope.h"
#include "stream.h"

struct clock;
struct pgp_pair;
struct quick;
struct quick *quick_new(const struct clock *timer); /* loop time; NULL: monotonic_ms() */
void quick_free(struct quick *quick);

enum quick_fit {
    QUICK_FITS,
    QUICK_UNFIT,  /* librnp cannot encrypt to one of the certificates today: ask GnuPG */
    QUICK_FAILED, /* librnp has trouble of its own */
};
struct quick_context;
/* Takes a context that knows these certificates (binary, looked at by packets.h), or makes one.  `signer` signs what is
 * encrypted; NULL: nobody does. */
enum quick_fit quick_take(struct quick *quick, const struct slice *certificates, size_t count,
                          const struct pgp_pair *signer, struct quick_context **out,
                          struct err *err);
/* One OpenPGP message, binary: an integrity protected packet (RFC 9580 5.13) behind one session key packet for each
 * certificate, not compressed, packets in the new format. */
MUST_CHECK bool quick_encrypt(struct quick_context *context, struct source *plain,
                              struct sink *into, struct err *err);
/* Two copies of one certificate (binary, looked at by packets.h) as one.  ERR_REFUSED: see pgp_key_merge(). */
MUST_CHECK bool quick_merge(struct slice one, struct slice other, struct bytes *out,
                            struct err *err);
/* Keeps it for the next, or forgets it. */
void quick_give_back(struct quick *quick, struct quick_context *context);
size_t quick_made(struct quick *quick); /* contexts, since the beginning: for tests */

#endif
