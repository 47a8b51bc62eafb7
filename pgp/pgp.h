/*
 * pgp — OpenPGP: read certificates, verify signatures, seal what rests.
 *
 * May use:  base; librnp; GPGME in the judge process alone.
 * Must not: know accounts, or the store.
 *
 * Sealing is what we do most, so librnp does it in this process: 0.16 ms for a small mail.  A certificate that librnp cannot
 * use goes to the judge, where GnuPG does the same in 5 ms.
 *
 * Judgements are made by `nestbox judge`, a small process started at first need (architecture.md 2):
 * GPGME forks for every operation, which is cheap only in a small process.  It dies alone: ERR_TEMPORARY,
 * and the next call starts another; so does ERR_TEMPORARY after 30 s without an answer.  One judgement takes
 * 5 to 20 milliseconds, one at a time: HEAVY lane only.  What GnuPG encrypts, a second judge does, so that no question
 * waits for a large mail.  A judge that left for idleness stays in the process table until the next call or pgp_free().
 */
#ifndef NESTBOX_PGP_H
#define NESTBOX_PGP_H

#include "bytes.h"
#include "err.h"
#include "scope.h"
#include "slice.h"
#include "stream.h"

struct pgp;
/* `judge_argv` starts the judge (its end of a socket pair is descriptor 3); NULL-terminated, borrowed for
 * the life of pgp.  Nothing starts yet. */
struct pgp *pgp_new(const char *const *judge_argv);
/* Before other threads use it: pgp_seal() asks step_aside() when only GnuPG can do it, which takes a while and has others in
 * line.  True: it gives up (ERR_TEMPORARY), and the caller is going to begin anew where waiting is no harm. */
void pgp_when_slow(struct pgp *pgp, bool (*step_aside)(void *ctx), void *ctx);
void pgp_free(struct pgp *pgp); /* ends the judges */

/* The judge's main(): serves descriptor 3 until it closes or 60 s pass without work. */
int pgp_judge_main(void);

enum {
    PGP_FINGERPRINT_SIZE = 41,
    PGP_UIDS_MAX = 8,
    PGP_CERTIFICATE_MAX = 64 * 1024, /* octets of one */
    PGP_CERTIFICATES_MAX = 16,       /* for one judgement */
    PGP_SIGNATURE_MAX = 16 * 1024,
};
struct pgp_key_facts {
    int64_t created_ms, expires_ms; /* expires 0: never */
    int64_t encrypts_until_ms; /* the last part that can encrypt expires; 0: never, or none can */
    size_t uid_count;
    bool revoked, expired;
    bool can_sign, can_encrypt;             /* today */
    char fingerprint[PGP_FINGERPRINT_SIZE]; /* primary key, upper-case hex */
    char uids[PGP_UIDS_MAX][256];           /* the addresses in the user ids, lower case */
};
/* One certificate, armored or binary.  ERR_MALFORMED: not one usable certificate; secret keys refused.
 * ERR_TOO_LARGE: more than 64 KiB. */
MUST_CHECK bool pgp_key_read(struct pgp *pgp, struct slice certificate, struct pgp_key_facts *out,
                             struct err *err);

enum pgp_judgement {
    PGP_GOOD,
    PGP_BAD,       /* the bytes are not what was signed */
    PGP_OTHER_KEY, /* signed, by none of the certificates given */
    PGP_UNFIT,     /* key revoked or expired at signing time, weak hash, no or several signatures */
};
struct pgp_verdict {
    enum pgp_judgement judgement;
    char fingerprint[PGP_FINGERPRINT_SIZE]; /* primary key of the signer, with PGP_GOOD */
    int64_t signed_at_ms;                   /* the signature's own time */
};
/* A detached signature (armored or binary) over `what`, judged with only the given certificates; ones that
 * cannot be used are as if not given.  GnuPG judges by today: a key that has expired since is unfit.  The
 * caller judges signed_at_ms.  Hashes: SHA-256, SHA-384, SHA-512. */
MUST_CHECK bool pgp_verify(struct pgp *pgp, const struct slice *certificates, size_t count,
                           struct source *what, struct slice signature, struct pgp_verdict *out,
                           struct err *err);

/* Does one of the certificates `by` certify (and not take back) that `certificate` belongs to `address`? */
MUST_CHECK bool pgp_key_vouched(struct pgp *pgp, struct slice certificate, const struct slice *by,
                                size_t count, const char *address, bool *out, struct err *err);
/* All that two copies of one certificate say, together: a newer end, a subkey more, a revocation; nothing that one of them
 * says is lost.  Binary.  ERR_REFUSED: not the same key, or librnp cannot read one of them. */
MUST_CHECK bool pgp_key_merge(struct slice one, struct slice other, struct bytes *out,
                              struct err *err);
/* Only the key itself, its subkeys and the user ids of `address`, as it may be shown to everybody.  False: it has no such
 * user id.  Binary; pure. */
MUST_CHECK bool pgp_key_for_address(struct slice certificate, struct slice address,
                                    struct bytes *out);

/* Is what calls itself encrypted encrypted?  Judged by packets, octet for octet: armor and nothing but armor around
 * session keys and integrity protected data, or base64 of a CMS message for recipients.  `part` is the body of the part as
 * it stands in the mail. */
enum pgp_encrypted_as { PGP_AS_OPENPGP, PGP_AS_CMS };
MUST_CHECK bool pgp_is_encrypted(struct source *part, enum pgp_encrypted_as as, bool *out,
                                 struct err *err);

/* What may rest in a mailbox.  Only pgp_seal() makes one. */
enum pgp_form {
    PGP_SEALED = 1,      /* to the owner's key */
    PGP_WAS_ENCRYPTED,   /* came encrypted, left as it was */
    PGP_SERVER_KEY,      /* under the server key: the owner has no key yet */
    PGP_CLEAR_BY_CHOICE, /* the settings say so */
};
struct pgp_pair; /* pgp_pair.h */
struct pgp_orders {
    enum pgp_form form;
    /* For PGP_SEALED: whom to (binary or armored, borrowed), and the fields that stand readable outside, each with its
     * CRLF.  `plain` is then the mail as it is sealed, header and body; what is written is PGP/MIME (RFC 3156 4). */
    const struct slice *certificates;
    size_t count;
    struct slice outer;
    const struct pgp_pair *signer; /* signs what is sealed, by librnp alone; NULL: nobody does */
};
struct pgp_sealed; /* opaque: made here alone */
/* Writes `plain` as ordered into `into` (a store body's sink, borrowed).  The result vouches that what was
 * written to that sink has this form; the store takes it together with the body.  NULL on failure, with part of it
 * written perhaps; ERR_REFUSED: no engine can encrypt to one of the certificates. */
struct pgp_sealed *pgp_seal(struct pgp *pgp, const struct pgp_orders *orders, struct source *plain,
                            struct sink *into, struct err *err);
enum pgp_form pgp_sealed_form(const struct pgp_sealed *sealed);
int64_t pgp_sealed_size(const struct pgp_sealed *sealed); /* bytes written */
const struct sink *
pgp_sealed_sink(const struct pgp_sealed *sealed); /* the store checks it is the body's */
void pgp_sealed_free(struct pgp_sealed *sealed);
SCOPED(pgp_sealed, pgp_sealed_free)

#endif
