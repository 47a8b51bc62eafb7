/*
 * Inside of the room `pgp` and its tests alone.
 */
#ifndef NESTBOX_PGP_PRIVATE_H
#define NESTBOX_PGP_PRIVATE_H

#include "crc24.h"
#include "judge_frame.h"
#include "pgp.h"
#include "quick.h"
#include "wire.h"

#include <pthread.h>
#include <sys/types.h>

struct pgp {
    struct quick *quick;
    struct crc24 crc24;
    const char *const *judge_argv;
    int64_t deadline_ms;  /* for one request */
    pthread_mutex_t lock; /* over the judge; held for a whole request */
    pid_t judge;          /* 0: none runs */
    struct wire wire;
};

/* judge_process.c; all with the lock held.  Starts a judge if none runs. */
MUST_CHECK bool judge_start(struct pgp *pgp, struct err *err);
/* Ends it, gently and then not, and waits for it.  True: it left by itself, in order. */
bool judge_end(struct pgp *pgp);

/* judge_process.c: takes the lock, has one request answered.  `what` may be NULL.  ERR_TEMPORARY: judge
 * died, spoke nonsense or was too slow; it has been ended then. */
MUST_CHECK bool judge_ask(struct pgp *pgp, const struct judge_request *request, struct source *what,
                          struct judge_answer *out, struct err *err);

/* judge_process.c: takes the lock, has `what` encrypted by GnuPG, binary, into `into`. */
MUST_CHECK bool judge_encrypt(struct pgp *pgp, const struct judge_request *request,
                              struct source *what, struct sink *into, struct err *err);

#endif
