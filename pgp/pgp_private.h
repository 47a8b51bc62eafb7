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

struct judge {
    const char *const *argv;
    int64_t deadline_ms;  /* for one request */
    pthread_mutex_t lock; /* held for a whole request */
    pid_t pid;            /* 0: none runs */
    struct wire wire;
};

struct pgp {
    struct quick *quick;
    struct crc24 crc24;
    struct judge judges; /* certificates and signatures */
    struct judge seals;  /* encrypts: what takes long keeps no question waiting */
    bool (*step_aside)(void *ctx);
    void *aside;
};

/* judge_process.c; nothing starts yet. */
void judge_init(struct judge *judge, const char *const *argv);
/* With the lock held.  Starts a process if none runs. */
MUST_CHECK bool judge_start(struct judge *judge, struct err *err);
/* With the lock held.  Ends it, gently and then not, and waits for it.  True: it left by itself, in order. */
bool judge_end(struct judge *judge);
/* Ends it, at the end of all. */
void judge_clear(struct judge *judge);

/* judge_process.c: takes the lock, has one request answered.  `what` may be NULL.  ERR_TEMPORARY: judge
 * died, spoke nonsense or was too slow; it has been ended then. */
MUST_CHECK bool judge_ask(struct judge *judge, const struct judge_request *request,
                          struct source *what, struct judge_answer *out, struct err *err);

/* judge_process.c: takes the lock, has `what` encrypted by GnuPG, binary, into `into`. */
MUST_CHECK bool judge_encrypt(struct judge *judge, const struct judge_request *request,
                              struct source *what, struct sink *into, struct err *err);

#endif
