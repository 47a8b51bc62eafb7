#include "workers.h"

#include "clock.h"
#include "memory.h"
#include "thread.h"

#include <sched.h>
#include <stdatomic.h>

struct job {
    struct errand *errand;
    void (*done)(void *ctx, struct errand *errand);
    void *ctx;
    struct job *next;
};

struct crew {              /* one lane */
    pthread_mutex_t mutex; /* guards the four below */
    pthread_cond_t work_came;
    struct job *first, **end;
    bool closing;
    _Atomic size_t waiting; /* counted inside the mutex, read outside */
    size_t busy_at;
    size_t thread_count;
    struct thread *threads;
};

struct workers {
    struct crew crews[WORKER_LANES];
};

static const struct lane_facts {
    const char *name;
    unsigned threads; /* 0: one a core */
    int nice;
    size_t busy_at;
} lane_facts[WORKER_LANES] = {
    {"quick",   2, 0,  2000},
    {"heavy",   0, 5,  256 },
    {"deliver", 0, 10, 1024},
    {"bulk",    1, 10, 64  },
};
_Static_assert(LANE_QUICK == 0 && LANE_HEAVY == 1 && LANE_DELIVER == 2 && LANE_BULK == 3,
               "lane_facts is in the lanes' order");

static unsigned core_count(void)
{
    cpu_set_t cores;

    if (sched_getaffinity(0, sizeof cores, &cores) < 0)
        return 1;
    return (unsigned)CPU_COUNT(&cores);
}

static bool do_work(struct errand *errand)
{
    if (atomic_load(&errand->unwanted))
        return err_set(&errand->err, ERR_TEMPORARY, "Nobody waits for it");
    if (errand->deadline_ms && errand->deadline_ms <= monotonic_ms())
        return err_because(&errand->err, ERR_TEMPORARY, "The server is busy; try again later",
                           "its deadline passed in the queue");
    return !errand->work || errand->work(errand, &errand->err);
}

static struct job *take(struct crew *crew)
{
    pthread_mutex_lock(&crew->mutex);
    while (!crew->first && !crew->closing)
        pthread_cond_wait(&crew->work_came, &crew->mutex);
    struct job *job = crew->first;
    if (job) {
        crew->first = job->next;
        if (!crew->first)
            crew->end = &crew->first;
        atomic_fetch_sub(&crew->waiting, 1);
    }
    pthread_mutex_unlock(&crew->mutex);
    return job;
}

static void serve(void *arg)
{
    struct crew *crew = arg;
    struct job *job;

    while ((job = take(crew))) {
        job->errand->ok = do_work(job->errand);
        job->done(job->ctx, job->errand);
        free(job);
    }
}

static bool crew_start(struct crew *crew, const struct lane_facts *facts, unsigned threads,
                       struct err *err)
{
    size_t count = threads ? threads : facts->threads ? facts->threads : core_count();

    crew->threads = must_alloc_array(count, sizeof *crew->threads);
    for (; crew->thread_count < count; crew->thread_count++) {
        if (!thread_start(&crew->threads[crew->thread_count], facts->name, facts->nice, serve, crew,
                          err))
            return false;
    }
    return true;
}

struct workers *workers_new(const struct workers_options *options, struct err *err)
{
    static const struct workers_options usual;
    scoped(workers) workers = must_new(struct workers);

    if (!options)
        options = &usual;
    for (size_t i = 0; i < WORKER_LANES; i++) {
        struct crew *crew = &workers->crews[i];
        pthread_mutex_init(&crew->mutex, NULL);
        pthread_cond_init(&crew->work_came, NULL);
        crew->end = &crew->first;
        crew->busy_at = options->busy_at[i] ? options->busy_at[i] : lane_facts[i].busy_at;
    }
    for (size_t i = 0; i < WORKER_LANES; i++) {
        if (!crew_start(&workers->crews[i], &lane_facts[i], options->threads[i], err))
            return NULL;
    }
    return steal(&workers);
}

/* False after the lane closed: nobody would take it. */
static bool queue(struct crew *crew, struct job *job)
{
    pthread_mutex_lock(&crew->mutex);
    bool open = !crew->closing;
    if (open) {
        *crew->end = job;
        crew->end = &job->next;
        atomic_fetch_add(&crew->waiting, 1);
        pthread_cond_signal(&crew->work_came);
    }
    pthread_mutex_unlock(&crew->mutex);
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

bool workers_busy(const struct workers *workers, enum lane lane)
{
    const struct crew *crew = &workers->crews[lane];

    return atomic_load(&crew->waiting) >= crew->busy_at;
}

static void crew_join(struct crew *crew)
{
    pthread_mutex_lock(&crew->mutex);
    crew->closing = true;
    pthread_cond_broadcast(&crew->work_came);
    pthread_mutex_unlock(&crew->mutex);
    for (size_t i = 0; i < crew->thread_count; i++)
        thread_join(&crew->threads[i]);
}

void workers_join(struct workers *workers)
{
    for (size_t i = 0; i < WORKER_LANES; i++)
        crew_join(&workers->crews[i]);
}

void workers_free(struct workers *workers)
{
    if (!workers)
        return;
    workers_join(workers);
    for (size_t i = 0; i < WORKER_LANES; i++) {
        free(workers->crews[i].threads);
        pthread_cond_destroy(&workers->crews[i].work_came);
        pthread_mutex_destroy(&workers->crews[i].mutex);
    }
    free(workers);
}
