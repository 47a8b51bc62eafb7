/*
 * store_private — what the files of store/ share: the connections, the transaction, the body's handle.
 */
#ifndef NESTBOX_STORE_PRIVATE_H
#define NESTBOX_STORE_PRIVATE_H

#include "store.h"
#include "store_sql.h"

#include <pthread.h>
#include <semaphore.h>

enum {
    WRITER_CACHE_KIB = 4096,
    READER_CACHE_KIB = 256,
    IDLE_VIEWS = 8,         /* connections kept for the next errand */
    GROUP_MIN = 4,          /* changes in one commit, if as many wait */
    GROUP_MAX = 256,        /* their callers wait for all of them */
    CHECKPOINT_PAGES = 2000 /* of the WAL, before it is copied back */
};

struct store_view {
    struct store *store;
    struct sql *sql;
    struct store_view *link; /* while idle */
};

struct store_tx {
    struct store *store;
    struct sql *sql;
    struct store_view view; /* the same connection, for reading */
    uint64_t run;           /* one number for each call of apply() */
    int64_t *topics;
    size_t topic_count, topic_capacity;
    struct taken_body {
        struct store_body *body;
    } * taken; /* by rows of this transaction */
    size_t taken_count, taken_capacity;
};

struct store {
    const struct clock *clock;
    struct vault *vault;            /* or NULL */
    int data_dir, bodies, incoming; /* folders */
    char path[64];                  /* of the database, through data_dir */

    sem_t bell;                         /* wakes the writer */
    pthread_mutex_t lock;               /* of all below it */
    bool writer_rests;                  /* at the bell, and was not yet rung for */
    struct store_change *first, **last; /* who wait */
    size_t waiting;                     /* how many they are */
    bool alone;                         /* on the only processor */
    bool closing;
    bool copied; /* a backup is being made: no body file may go */
    void (*tell)(void *ctx, const int64_t *topics, size_t count);
    void *tell_ctx;
    struct store_view *idle;
    size_t idle_count;

    pthread_t thread;
    struct store_tx tx;               /* the writer's own */
    int wal_pages;                    /* the writer's own */
    int64_t strangers_at, people_max; /* store_strangers.c's, on the writer */
};

/* store_migrate.c: brings the tables to the newest step. */
MUST_CHECK bool store_migrate(struct sql *sql, struct err *err);
/* The same with a table of steps, for its tests. */
MUST_CHECK bool store_migrate_steps(struct sql *sql, const char *const *steps, size_t count,
                                    struct err *err);

/* store_view.c */
void store_views_close(struct store *store);

/* store_writer.c: starts and ends the thread. */
MUST_CHECK bool store_writer_start(struct store *store, struct err *err);
void store_writer_stop(struct store *store); /* after what waits was done */

/* store_body.c */
enum { BODY_INLINE_MAX = 64 * 1024, BODY_NAME_SIZE = 32 };
/* A row for what was written, one a run however often it is taken. */
MUST_CHECK bool store_body_take(struct store_tx *tx, struct store_body *body, int64_t *out_id,
                                struct err *err);
/* The commit went through, or may have (then an orphan is better than a row without its file). */
void store_body_keep(struct store_body *body);
/* Forgets the row if nothing names it any more; 0 is nothing. */
MUST_CHECK bool store_body_release(struct store_tx *tx, int64_t body_id, struct err *err);
/* "ab/ID" for the name of a file; `out` has BODY_NAME_SIZE + 4. */
void store_body_path(const char *file, char *out);

/* store_mailbox_write.c: the mailbox of that name, made if it is missing. */
MUST_CHECK bool store_mailbox_make(struct store_tx *tx, int64_t account_id, const char *name,
                                   int64_t *out_id, struct err *err);

/* store_delivery_write.c: the row goes, and its body and inbox if nothing else names them. */
MUST_CHECK bool store_delivery_end(struct store_tx *tx, int64_t id, struct err *err);
/* All rows that `next` finds, asked with `of_id` and the id before. */
MUST_CHECK bool store_deliveries_end(struct store_tx *tx, const char *next, int64_t of_id,
                                     struct err *err);

/* store_token.c: at most `limit` expired tokens go, with the follows that were never confirmed; *more: there may be
 * further ones. */
MUST_CHECK bool store_expire_tokens(struct store_tx *tx, int64_t now_ms, int limit, bool *more,
                                    struct err *err);

/* store_contact_feed.c: whether devices are told of it, asked before it is written; and its number, after. */
struct contact;
MUST_CHECK bool store_contact_is_news(struct store_tx *tx, const struct contact *contact, bool *out,
                                      struct err *err);
MUST_CHECK bool store_number_contact(struct store_tx *tx, int64_t account_id, int64_t id,
                                     struct err *err);

/* store_strangers.c: when a person was added. */
enum { PEOPLE_MAX = 100000 };
MUST_CHECK bool store_forget_strangers(struct store_tx *tx, int64_t new_id, struct err *err);

/* store_sweep.c: at open. */
MUST_CHECK bool store_sweep(struct store *store, struct err *err);

static inline int64_t tx_now(const struct store_tx *tx)
{
    return clock_now(tx->store->clock);
}

/* Subjects whose newest wish is the truth, also a lower number: Accept after Reject, Follow after Undo. */
#define IS_FOLLOW "subject IN (2, 3)"
/* A like whose answer was lost counts as heard once it is no longer wanted: its Undo has to be said, also before a new one. */
#define HEARD_PERHAPS                                                                              \
    "CASE WHEN subject = 6 AND tries > 0 AND delivered % 2 = 0 AND wanted % 2 = 1"                 \
    " THEN wanted ELSE delivered END"
/* Counting starts anew; but a first attempt that failed may have arrived all the same, which is not forgotten:
 * it decides whether a withdrawal must be said. */
#define TRIES_ANEW "CASE WHEN delivered = 0 THEN min(tries, 1) ELSE 0 END"

#endif
