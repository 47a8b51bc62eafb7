/*
 * scram — the messages of SCRAM-SHA-256 and -PLUS as a server reads and writes them (RFC 5802, 7677; bindings: RFC 9266,
 * 5929), for every protocol that logs people in.  Pure; keys and proofs are the vault's.
 *
 *     scram_first()  ─ find salt and iterations of `name` ─  scram_challenge()  ─  scram_final()  ─ check the proof
 *
 * A proof over a binding that is not ours says that somebody else's TLS stands between the client and us.
 */
#ifndef NESTBOX_BASE_SCRAM_H
#define NESTBOX_BASE_SCRAM_H

#include "bytes.h"
#include "session.h"

enum scram_verdict {
    SCRAM_FINE,
    SCRAM_MALFORMED,
    SCRAM_UNKNOWN_BINDING, /* neither tls-exporter nor tls-server-end-point */
    SCRAM_SOMEBODY_BETWEEN, /* another binding than ours, or our offer of one did not reach the client */
};
struct scram {  /* one exchange; `{.binds = …}` begins it */
    bool binds; /* the mechanism is SCRAM-SHA-256-PLUS */
    char *name; /* whose keys are asked for; good after scram_first() */
    char *gs2_header, *client_first_bare, *client_nonce, *server_first;
    struct slice binding; /* into the tls_facts of scram_first() */
};
void scram_clear(struct scram *scram);

/* Whether -PLUS can be offered on this connection. */
bool scram_can_bind(const struct tls_facts *tls);
/* The client's first message.  Keeps a borrow of `tls` until scram_final(). */
enum scram_verdict scram_first(struct scram *scram, struct slice message,
                               const struct tls_facts *tls);
/* Our first message, with a nonce of ours. */
void scram_challenge(struct scram *scram, struct slice salt, int iterations, struct bytes *out);
/* The client's final message: what its proof is over, and the proof. */
enum scram_verdict scram_final(const struct scram *scram, struct slice message,
                               struct bytes *out_auth_message, struct bytes *out_proof);
/* Our last word: that we know the password too. */
void scram_last(struct slice server_signature, struct bytes *out);

#endif
