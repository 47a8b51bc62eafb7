/*
 * pgp_pair — keys whose secret part is ours: those of the addresses that this server itself writes from.
 *
 * By librnp, in this process.  The secret part is not locked by a password: it rests under the server key (store), and lives
 * in memory only while it is used.
 */
#ifndef NESTBOX_PGP_PAIR_H
#define NESTBOX_PGP_PAIR_H

#include "bytes.h"
#include "pgp.h"

struct pgp_pair { /* `{0}` is an empty one */
    char fingerprint[PGP_FINGERPRINT_SIZE];
    struct bytes certificate; /* binary */
    struct bytes secret;      /* armored; with the certificate in it */
};
void pgp_pair_clear(struct pgp_pair *pair); /* overwrites the secret part */
SCOPED_VALUE(pgp_pair, pgp_pair_clear)
static inline struct slice pgp_pair_certificate(const struct pgp_pair *pair)
{
    return bytes_slice(&pair->certificate);
}

/* A new one, Curve25519, version 4, without end, its one user id is `address`; it says that it reads integrity protected
 * data of version 1, as all that answers to it then is.  Half a millisecond. */
MUST_CHECK bool pgp_pair_make(const char *address, struct pgp_pair *out, struct err *err);

/* The address and the certificate as a field of a mail, folded, with its CRLF (Autocrypt Level 1 2.1). */
void pgp_pair_autocrypt(const struct pgp_pair *pair, const char *address, struct bytes *out);

/* Opens `message`, armor that pgp_is_encrypted(), with `own`'s secret part into `into`; session keys that do not say for whom
 * they are count too.  Who signed what was in it is judged with `signers` alone (librnp's judgement: for where a log-in
 * proves the author already); PGP_UNFIT if nobody did.  ERR_REFUSED: it is not for this key, or was altered; then what
 * is in `into` already must not be used. */
MUST_CHECK bool pgp_open(const struct pgp_pair *own, const struct slice *signers, size_t count,
                         struct source *message, struct sink *into, struct pgp_verdict *out,
                         struct err *err);

#endif
