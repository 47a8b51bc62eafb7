/*
 * The writer: one thread, and the only one that changes a table.
 *
 *     take of what waits -> BEGIN -> each change -> COMMIT (the fsync) -> news -> done()
 *
 * It takes half of what waits and leaves the rest for the next commit: those who are answered together come back together, and if
 * that were all, the other threads would stand idle while it writes, and it while they talk with their peers.  (Not on a single
 * processor, where nobody could work beside it.)  A commit costs as much as four small changes, whatever it holds; so up to as many
 * are taken in any case.
 *
 * A change whose apply() fails is rolled back; the others do not notice.  Since few fail, and a savepoint copies each
 * page that is touched behind it, a group is first applied without savepoints; when one of several fails, all is rolled
 * back and done again, each change in a savepoint of its own.  If the commit fails,
 * nothing of the group is there, and each change is tried once more, alone: so that one too large for a full
 * disk fails alone.  (Not if there was no transaction to begin with: somebody else holds the lock, and waiting
 * for it once for each change would take too long.)  done(ok) is only ever called behind a commit that SQLite has confirmed.
 *
 * A commit that failed otherwise than for lack of room may still be found in the WAL by a recovery, if the
 * process dies before the next commit writes over it.  Body files such a commit names are therefore not
 * removed: at the next start they either have their row or are swept.
 */
#include "store_private.h"

#include "memory.h"
#include "processors.h"
#include "store_write.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>

struct outcome {
    struct store_change *change;
    struct err *err; /* NULL: went well */
};
struct group {
    struct outcome *outcomes;
    size_t count;
    bool begun;  /* there was a transaction */
    bool broken; /* it failed as a whole: `err` says why */
    struct err err;
};

void store_note(struct store_tx *tx, enum topic topic, int64_t id)
{
    must_make_room(tx->topics, tx->topic_count, tx->topic_capacity);
    tx->topics[tx->topic_count++] = topic_of(topic, id);
}

static int compare_topics(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static void tell_news(struct store_tx *tx)
{
    struct store *store = tx->store;
    size_t kept = 0;

    if (tx->topic_count == 0)
        return;
    qsort(tx->topics, tx->topic_count, sizeof *tx->topics, compare_topics);
    for (size_t i = 0; i < tx->topic_count; i++)
        if (kept == 0 || tx->topics[kept - 1] != tx->topics[i])
            tx->topics[kept++] = tx->topics[i];
    pthread_mutex_lock(&store->lock);
    void (*tell)(void *, const int64_t *, size_t) = store->tell;
    void *ctx = store->tell_ctx;
    pthread_mutex_unlock(&store->lock);
    if (tell)
        tell(ctx, tx->topics, kept);
}

static void keep_bodies(struct store_tx *tx)
{
    for (size_t i = 0; i < tx->taken_count; i++)
        store_body_keep(tx->taken[i].body);
}

static void forget_marks(struct store_tx *tx, size_t topics, size_t taken)
{
    tx->topic_count = topics;
    tx->taken_count = taken;
}

static void fail(struct outcome *outcome, const struct err *err)
{
    if (!outcome->err)
        outcome->err = must_new(struct err);
    *outcome->err = *err;
}

/* False: the transaction itself is broken. */
static bool apply_one(struct store_tx *tx, struct outcome *outcome, bool *out_ok, struct err *err)
{
    struct err why = {0};

    tx->run++;
    *out_ok = outcome->change->apply(outcome->change, tx, &why);
    if (sqlite3_get_autocommit(tx->sql->db)) { /* SQLite gave up the whole transaction */
        *err = why;
        return *out_ok ? err_set(err, ERR_TEMPORARY, "Our store has trouble; try again later")
                       : false;
    }
    if (!*out_ok)
        fail(outcome, &why);
    return true;
}

static bool apply_apart(struct store_tx *tx, struct outcome *outcome, struct err *err)
{
    size_t topics = tx->topic_count, taken = tx->taken_count;
    bool ok;

    if (!sql_run(tx->sql, "SAVEPOINT change", NULL, err) || !apply_one(tx, outcome, &ok, err))
        return false;
    if (!ok) {
        forget_marks(tx, topics, taken);
        if (!sql_run(tx->sql, "ROLLBACK TO change", NULL, err))
            return false;
    }
    return sql_run(tx->sql, "RELEASE change", NULL, err);
}

static void roll_back(struct store_tx *tx)
{
    struct err ignored;

    if (!sqlite3_get_autocommit(tx->sql->db))
        (void)!sql_script(tx->sql, "ROLLBACK", &ignored);
    forget_marks(tx, 0, 0);
}

static bool commit(struct store_tx *tx, struct err *err)
{
    if (sql_run(tx->sql, "COMMIT", NULL, err))
        return true;
    if (err->kind != ERR_FULL)
        keep_bodies(tx);
    return false;
}

/* In one go.  *out_failed: a change failed, and nothing of the group is there. */
static bool apply_together(struct store_tx *tx, struct group *group, bool *out_failed,
                           struct err *err)
{
    bool ok = true;

    group->begun = sql_run(tx->sql, "BEGIN IMMEDIATE", NULL, err);
    if (!group->begun)
        return false;
    for (size_t i = 0; ok && i < group->count; i++)
        if (!apply_one(tx, &group->outcomes[i], &ok, err))
            return false;
    *out_failed = !ok;
    if (ok)
        return commit(tx, err);
    roll_back(tx);
    return true;
}

static bool apply_each(struct store_tx *tx, struct group *group, struct err *err)
{
    if (!sql_run(tx->sql, "BEGIN IMMEDIATE", NULL, err))
        return false;
    for (size_t i = 0; i < group->count; i++) {
        free(steal(&group->outcomes[i].err)); /* of the first try */
        if (!apply_apart(tx, &group->outcomes[i], err))
            return false;
    }
    return commit(tx, err);
}

static void record(struct store_tx *tx, struct group *group)
{
    bool failed = false;

    forget_marks(tx, 0, 0);
    group->broken = !apply_together(tx, group, &failed, &group->err);
    if (failed && group->count > 1)
        group->broken = !apply_each(tx, group, &group->err);
    if (group->broken) {
        roll_back(tx);
        return;
    }
    keep_bodies(tx);
    tell_news(tx);
}

/* After this nothing of the changes may be touched: done() hands them back. */
static void answer(struct group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        struct outcome *outcome = &group->outcomes[i];
        const struct err *err = outcome->err ? outcome->err : group->broken ? &group->err : NULL;
        static const struct err none = {0};

        if (outcome->change->done)
            outcome->change->done(outcome->change, !err, err ? err : &none);
        free(outcome->err);
    }
}

static void record_alone(struct store_tx *tx, struct outcome *outcome)
{
    free(outcome->err); /* what it saw then was never committed */
    outcome->err = NULL;

    struct group alone = {.outcomes = outcome, .count = 1};
    record(tx, &alone);
    answer(&alone);
}

static void record_group(struct store_tx *tx, struct group *group)
{
    record(tx, group);
    if (!group->broken || !group->begun || group->count == 1) {
        answer(group);
        return;
    }
    for (size_t i = 0; i < group->count; i++)
        record_alone(tx, &group->outcomes[i]);
}

/* Behind the answers, so that nobody waits for it.  When readers have kept the WAL from starting anew for
 * long, it waits for them (no longer than the busy timeout, and views are short). */
static void checkpoint(struct store *store)
{
    int mode = store->wal_pages > 16 * CHECKPOINT_PAGES ? SQLITE_CHECKPOINT_RESTART
                                                        : SQLITE_CHECKPOINT_PASSIVE;

    if (store->wal_pages < CHECKPOINT_PAGES)
        return;
    sqlite3_wal_checkpoint_v2(store->tx.sql->db, NULL, mode, NULL, NULL);
    store->wal_pages = 0; /* the next commit tells */
}

static int on_wal(void *ctx, sqlite3 *db, const char *name, int pages)
{
    struct store *store = ctx;

    (void)db;
    (void)name;
    store->wal_pages = pages;
    return SQLITE_OK;
}

/* Inside the lock, which is free meanwhile. */
static void rest(struct store *store)
{
    store->writer_rests = true;
    pthread_mutex_unlock(&store->lock);
    while (sem_wait(&store->bell) < 0 && errno == EINTR)
        ;
    pthread_mutex_lock(&store->lock);
}

/* Inside the lock; gives it up.  The bell is a semaphore, since pthread_cond_signal() waits for who was woken
 * before, and the writer may be long in coming (workers.c). */
static void unlock_and_wake(struct store *store)
{
    bool rests = store->writer_rests;

    store->writer_rests = false;
    pthread_mutex_unlock(&store->lock);
    if (rests) /* outside of the lock: the writer needs it at once */
        sem_post(&store->bell);
}

static size_t share_of(const struct store *store)
{
    size_t share = store->alone ? store->waiting : (store->waiting + 1) / 2;

    return share < GROUP_MIN ? GROUP_MIN : share > GROUP_MAX ? GROUP_MAX : share;
}

/* False when closing and none is left. */
static bool take_waiting(struct store *store, struct group *group)
{
    group->count = 0;
    pthread_mutex_lock(&store->lock);
    while (!store->first && !store->closing)
        rest(store);
    size_t share = share_of(store);
    while (store->first && group->count < share) {
        group->outcomes[group->count++] = (struct outcome){.change = store->first};
        store->first = store->first->link;
    }
    if (!store->first)
        store->last = &store->first;
    store->waiting -= group->count;
    pthread_mutex_unlock(&store->lock);
    return group->count > 0;
}

static void *write_until_closed(void *ctx)
{
    struct store *store = ctx;
    struct outcome outcomes[GROUP_MAX];
    struct group group = {.outcomes = outcomes};

    const struct sched_param none = {0};

    pthread_setname_np(pthread_self(), "writer");
    /* When it is woken it does not push aside who is at work: on a busy core more changes come together. */
    sched_setscheduler(0, SCHED_BATCH, &none);
    while (take_waiting(store, &group)) {
        record_group(&store->tx, &group);
        checkpoint(store);
    }
    return NULL;
}

bool store_writer_start(struct store *store, struct err *err)
{
    sigset_t all, before;

    store->alone = processor_count() == 1;
    sqlite3_wal_hook(store->tx.sql->db, on_wal, store);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the inward loop's */
    int code = pthread_create(&store->thread, NULL, write_until_closed, store);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code == 0 ||
           err_because(err, ERR_TEMPORARY, "No thread for the store", "pthread_create: %d", code);
}

void store_writer_stop(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    store->closing = true;
    unlock_and_wake(store);
    pthread_join(store->thread, NULL);
}

void store_on_news(struct store *store,
                   void (*tell)(void *ctx, const int64_t *topics, size_t count), void *ctx)
{
    pthread_mutex_lock(&store->lock);
    store->tell = tell;
    store->tell_ctx = ctx;
    pthread_mutex_unlock(&store->lock);
}

void store_submit(struct store *store, struct store_change *change)
{
    change->link = NULL;
    pthread_mutex_lock(&store->lock);
    *store->last = change;
    store->last = &change->link;
    store->waiting++;
    unlock_and_wake(store);
}

struct waiting { /* store_commit()'s, on the caller's stack */
    struct store_change change;
    struct store_change *of;
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool done, ok;
    struct err err;
};

static bool apply_waiting(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct waiting *waiting = container_of(change, struct waiting, change);

    return waiting->of->apply(waiting->of, tx, err);
}

static void on_waiting_done(struct store_change *change, bool ok, const struct err *err)
{
    struct waiting *waiting = container_of(change, struct waiting, change);

    pthread_mutex_lock(&waiting->lock);
    waiting->done = true;
    waiting->ok = ok;
    waiting->err = *err;
    pthread_cond_signal(&waiting->told);
    pthread_mutex_unlock(&waiting->lock);
}

bool store_commit(struct store *store, struct store_change *change, struct err *err)
{
    struct waiting waiting = {
        .change = {apply_waiting, on_waiting_done, NULL},
          .of = change
    };

    assert(!pthread_equal(pthread_self(), store->thread));
    pthread_mutex_init(&waiting.lock, NULL);
    pthread_cond_init(&waiting.told, NULL);
    store_submit(store, &waiting.change);
    pthread_mutex_lock(&waiting.lock);
    while (!waiting.done)
        pthread_cond_wait(&waiting.told, &waiting.lock);
    pthread_mutex_unlock(&waiting.lock);
    pthread_cond_destroy(&waiting.told);
    pthread_mutex_destroy(&waiting.lock);
    if (!waiting.ok)
        *err = waiting.err;
    return waiting.ok;
}
