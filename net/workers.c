/*
 * A worker that finds nothing to do rests at its crew's bell, a semaphore.  A condition variable would not do:
 * in glibc of Debian 12 pthread_cond_signal() waits until all who were woken before have come, and workers are niced, so a
 * loop that has work for them would stand still until they were given a processor.
 */
#include "workers.h"

#include "clock.h"
#include "memory.h"
#include "processors.h"
#include "thread.h"

#include <assert.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { ONE_BY_ONE_BUSY_AT = 32 };

struct job {
    struct errand *errand;
    void (*done)(void *ctx, struct errand *errand);
    void *ctx;
    struct job *next;
};

struct line {
    struct job *first, **end;
    _Atomic size_t waiting; /* counted inside the crew's mutex, read outside */
    size_t busy_at;
};

/* Two lines: what goes one by one keeps one thread busy at most, and lets somebody else pass before the next. */
struct crew { /* one lane */
    struct workers *workers;
    pthread_mutex_t mutex; /* guards all but the threads and the bell */
    sem_t bell;            /* rung once for each of those who rest and are wanted */
    size_t resting;        /* who waits at the bell and was not yet rung for */
    pthread_cond_t over;   /* the lane is closing, and somebody is done */
    struct line many, single;
    bool single_runs, many_are_next;
    bool closing;
    size_t running;
    size_t thread_count;
    struct thread *threads;
};

struct workers {
    struct crew crews[WORKER_LANES];
    pthread_key_t seat; /* of each worker's thread */
};

struct seat { /* what a worker's thread has in hand */
    struct errand *errand;
    bool steps_aside;
};

static const struct lane_facts {
    const char *name;
    unsigned threads; /* 0: one a processor */
    int nice;
    size_t busy_at;
} lane_facts[WORKER_LANES] = {
    {"quick",   2, 0,  2000},
    {"heavy",   0, 5,  256 },
    {"deliver", 0, 10, 1024},
    {"bulk",    2, 10, 64  },
    {"slow",    1, 10, 64  },
};
_Static_assert(LANE_QUICK == 0 && LANE_HEAVY == 1 && LANE_DELIVER == 2 && LANE_BULK == 3 &&
                   LANE_SLOW == 4,
               "lane_facts is in the lanes' order");

static bool do_work(struct errand *errand)
{
    if (atomic_load(&errand->unwanted))
        return err_set(&errand->err, ERR_TEMPORARY, "Nobody waits for it");
    if (errand->deadline_ms && errand->deadline_ms <= monotonic_ms())
        return err_because(&errand->err, ERR_TEMPORARY, "The server is busy; try again later",
                           "its deadline passed in the queue");
    return !errand->work || errand->work(errand, &errand->err);
}

static struct line *next_line(struct crew *crew)
{
    bool single = crew->single.first && !crew->single_runs;

    if (single && !(crew->many_are_next && crew->many.first))
        return &crew->single;
    return crew->many.first ? &crew->many : NULL;
}

static bool is_over(const struct crew *crew)
{
    return crew->closing && !crew->many.first && !crew->single.first;
}

/* Inside the mutex, which is free meanwhile. */
static void rest(struct crew *crew)
{
    crew->resting++;
    pthread_mutex_unlock(&crew->mutex);
    while (sem_wait(&crew->bell) < 0 && errno == EINTR)
        ;
    pthread_mutex_lock(&crew->mutex);
}

/* Inside the mutex: how often the bell is to be rung for so many. */
static size_t call_up(struct crew *crew, size_t wanted)
{
    size_t count = wanted < crew->resting ? wanted : crew->resting;

    crew->resting -= count;
    return count;
}

/* Outside of it: who wakes up needs it at once. */
static void ring(struct crew *crew, size_t count)
{
    while (count-- > 0)
        sem_post(&crew->bell);
}

/* NULL: the lane has closed. */
static struct job *take(struct crew *crew)
{
    struct job *job = NULL;
    struct line *line;

    pthread_mutex_lock(&crew->mutex);
    while (!(line = next_line(crew)) && !is_over(crew))
        rest(crew);
    if (line) {
        job = line->first;
        line->first = job->next;
        if (!line->first)
            line->end = &line->first;
        atomic_fetch_sub(&line->waiting, 1);
        crew->single_runs |= line == &crew->single;
        crew->many_are_next = line == &crew->single;
        crew->running++;
    }
    pthread_mutex_unlock(&crew->mutex);
    return job;
}

static void end(struct crew *crew, bool single)
{
    pthread_mutex_lock(&crew->mutex);
    crew->running--;
    if (single)
        crew->single_runs = false;
    /* The next one by one may be for somebody else: here it is the turn of the many. */
    size_t wanted = is_over(crew) ? crew->resting : single && crew->single.first ? 1 : 0;
    wanted = call_up(crew, wanted);
    if (crew->closing)
        pthread_cond_broadcast(&crew->over);
    pthread_mutex_unlock(&crew->mutex);
    ring(crew, wanted);
}

bool workers_step_aside(struct workers *workers)
{
    struct seat *seat = pthread_getspecific(workers->seat);

    if (!seat || !seat->errand->may_move || seat->errand->lane == LANE_SLOW)
        return false;
    seat->steps_aside = true;
    return true;
}

static void serve(void *arg)
{
    struct crew *crew = arg;
    struct seat seat = {0};
    struct job *job;

    pthread_setspecific(crew->workers->seat, &seat);
    while ((job = take(crew))) {
        bool single = job->errand->one_by_one;
        seat = (struct seat){.errand = job->errand};
        job->errand->ok = do_work(job->errand);
        if (seat.steps_aside) {
            job->errand->lane = LANE_SLOW;
            workers_submit(crew->workers, job->errand, job->done, job->ctx);
        } else {
            job->done(job->ctx, job->errand);
        }
        free(job);
        end(crew, single);
    }
}

static bool crew_start(struct crew *crew, const struct lane_facts *facts, unsigned threads,
                       struct err *err)
{
    size_t count = threads ? threads : facts->threads ? facts->threads : processor_count();

    crew->threads = must_alloc_array(count, sizeof *crew->threads);
    for (; crew->thread_count < count; crew->thread_count++) {
        if (!thread_start(&crew->threads[crew->thread_count], facts->name, facts->nice, serve, crew,
                          err))
            return false;
    }
    return true;
}

static void crew_init(struct crew *crew, struct workers *workers, size_t busy_at,
                      size_t single_busy_at)
{
    pthread_condattr_t attributes;

    crew->workers = workers;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&crew->mutex, NULL);
    pthread_cond_init(&crew->over, &attributes);
    sem_init(&crew->bell, 0, 0);
    pthread_condattr_destroy(&attributes);
    crew->many.end = &crew->many.first;
    crew->many.busy_at = busy_at;
    crew->single.end = &crew->single.first;
    crew->single.busy_at = single_busy_at;
}

struct workers *workers_new(const struct workers_options *options, struct err *err)
{
    static const struct workers_options usual;
    scoped(workers) workers = must_new(struct workers);

    int no_key = pthread_key_create(&workers->seat, NULL);
    assert(!no_key); /* a process may have 1024 */
    if (!options)
        options = &usual;
    for (size_t i = 0; i < WORKER_LANES; i++)
        crew_init(&workers->crews[i], workers,
                  options->busy_at[i] ? options->busy_at[i] : lane_facts[i].busy_at,
                  options->one_by_one_busy_at ? options->one_by_one_busy_at : ONE_BY_ONE_BUSY_AT);
    for (size_t i = 0; i < WORKER_LANES; i++) {
        if (!crew_start(&workers->crews[i], &lane_facts[i], options->threads[i], err))
            return NULL;
    }
    return steal(&workers);
}

/* False after the lane closed: nobody would take it. */
static bool queue(struct crew *crew, struct job *job)
{
    struct line *line = job->errand->one_by_one ? &crew->single : &crew->many;

    pthread_mutex_lock(&crew->mutex);
    bool open = !crew->closing;
    size_t wanted = open ? call_up(crew, 1) : 0;
    if (open) {
        *line->end = job;
        line->end = &job->next;
        atomic_fetch_add(&line->waiting, 1);
    }
    pthread_mutex_unlock(&crew->mutex);
    ring(crew, wanted);
    return open;
}

void workers_submit(struct workers *workers, struct errand *errand,
                    void (*done)(void *ctx, struct errand *errand), void *ctx)
{
    struct job *job = must_new(struct job);

    *job = (struct job){errand, done, ctx, NULL};
    if (queue(&workers->crews[errand->lane], job))
        return;
    free(job);
    errand->ok = err_set(&errand->err, ERR_TEMPORARY, "The server is closing; try again later");
    done(ctx, errand);
}

static bool is_busy(const struct line *line)
{
    return atomic_load(&line->waiting) >= line->busy_at;
}

bool workers_busy(const struct workers *workers, enum lane lane)
{
    return is_busy(&workers->crews[lane].many);
}

bool workers_busy_one_by_one(const struct workers *workers, enum lane lane)
{
    return is_busy(&workers->crews[lane].single);
}

static void crew_close(struct crew *crew)
{
    pthread_mutex_lock(&crew->mutex);
    crew->closing = true;
    size_t wanted = call_up(crew, crew->resting);
    pthread_cond_broadcast(&crew->over);
    pthread_mutex_unlock(&crew->mutex);
    ring(crew, wanted);
}

static void crew_join(struct crew *crew)
{
    for (size_t i = 0; i < crew->thread_count; i++)
        thread_join(&crew->threads[i]);
}

/* Until the lane is empty and nobody works. */
static bool crew_rests(struct crew *crew, int64_t until_ms)
{
    const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int trouble = 0;

    pthread_mutex_lock(&crew->mutex);
    while (!trouble && !(is_over(crew) && crew->running == 0))
        trouble = pthread_cond_timedwait(&crew->over, &crew->mutex, &until);
    bool rests = is_over(crew) && crew->running == 0;
    pthread_mutex_unlock(&crew->mutex);
    return rests;
}

void workers_join(struct workers *workers)
{
    for (size_t i = 0; i < WORKER_LANES; i++)
        crew_close(&workers->crews[i]);
    for (size_t i = 0; i < WORKER_LANES; i++)
        crew_join(&workers->crews[i]);
}

bool workers_join_until(struct workers *workers, int64_t until_ms, struct err *err)
{
    for (size_t i = 0; i < WORKER_LANES; i++)
        crew_close(&workers->crews[i]);
    for (size_t i = 0; i < WORKER_LANES; i++)
        if (!crew_rests(&workers->crews[i], until_ms))
            return err_because(err, ERR_TEMPORARY, "Some work does not end", "lane %s",
                               lane_facts[i].name);
    workers_join(workers);
    return true;
}

void workers_free(struct workers *workers)
{
    if (!workers)
        return;
    workers_join(workers);
    for (size_t i = 0; i < WORKER_LANES; i++) {
        free(workers->crews[i].threads);
        pthread_cond_destroy(&workers->crews[i].over);
        sem_destroy(&workers->crews[i].bell);
        pthread_mutex_destroy(&workers->crews[i].mutex);
    }
    pthread_key_delete(workers->seat);
    free(workers);
}
