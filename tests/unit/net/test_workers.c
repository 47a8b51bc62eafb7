#include "clock.h"
#include "memory.h"
#include "test.h"
#include "workers.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

struct task {
    struct errand errand;
    sem_t *begun, *may_go; /* or NULL */
    bool fails, worked;
    sem_t done;
};

static bool work(struct errand *errand, struct err *err)
{
    struct task *task = container_of(errand, struct task, errand);

    task->worked = true;
    if (task->begun)
        sem_post(task->begun);
    if (task->may_go)
        sem_wait(task->may_go);
    if (task->fails)
        return err_set(err, ERR_REFUSED, "No");
    return true;
}

static void done(void *ctx, struct errand *errand)
{
    struct task *task = container_of(errand, struct task, errand);

    assert_ptr_equal(ctx, task);
    sem_post(&task->done);
}

static void task_init(struct task *task, enum lane lane)
{
    *task = (struct task){
        .errand = {.lane = lane, .work = work}
    };
    sem_init(&task->done, 0, 0);
}

static void submit(struct workers *workers, struct task *task)
{
    workers_submit(workers, &task->errand, done, task);
}

static struct workers *open_workers(const struct workers_options *options)
{
    struct err err;
    struct workers *workers = workers_new(options, &err);

    assert_non_null(workers);
    return workers;
}

static void each_lane_works_and_tells_how_it_went(void **state)
{
    struct workers *workers = open_workers(NULL);

    (void)state;
    for (enum lane lane = LANE_QUICK; lane <= LANE_SLOW; lane++) {
        struct task good, bad;
        task_init(&good, lane);
        task_init(&bad, lane);
        bad.fails = true;
        submit(workers, &good);
        submit(workers, &bad);
        sem_wait(&good.done);
        sem_wait(&bad.done);
        assert_true(good.errand.ok);
        assert_false(bad.errand.ok);
        assert_int_equal(bad.errand.err.kind, ERR_REFUSED);
    }
    workers_free(workers);
}

static void a_slow_lane_holds_up_no_other(void **state)
{
    struct workers *workers = open_workers(NULL);
    struct task slow, quick;
    sem_t may_go;

    (void)state;
    sem_init(&may_go, 0, 0);
    task_init(&slow, LANE_BULK);
    slow.may_go = &may_go;
    task_init(&quick, LANE_QUICK);
    submit(workers, &slow);
    submit(workers, &quick);
    sem_wait(&quick.done);
    sem_post(&may_go);
    sem_wait(&slow.done);
    workers_free(workers);
}

/* What waits for something slow: it goes on only where nobody stands behind it. */
struct waiting_task {
    struct task task;
    struct workers *workers;
    int begun, moved;
};

static bool work_slowly(struct errand *errand, struct err *err)
{
    struct waiting_task *it = container_of(errand, struct waiting_task, task.errand);

    it->begun++;
    if (workers_step_aside(it->workers)) {
        it->moved++;
        return err_set(err, ERR_TEMPORARY, "Not here");
    }
    return work(errand, err);
}

static void what_waits_long_steps_aside(void **state)
{
    const struct workers_options options = {.threads = {[LANE_HEAVY] = 1}};
    struct workers *workers = open_workers(&options);
    struct waiting_task slow[3];
    struct task other;
    sem_t may_go;

    (void)state;
    assert_false(workers_step_aside(workers)); /* no worker */
    sem_init(&may_go, 0, 0);
    for (size_t i = 0; i < COUNT_OF(slow); i++) {
        task_init(&slow[i].task, LANE_HEAVY);
        slow[i] = (struct waiting_task){.task = slow[i].task, .workers = workers};
        slow[i].task.errand.work = work_slowly;
        slow[i].task.errand.may_move = true;
        slow[i].task.may_go = &may_go;
        submit(workers, &slow[i].task);
    }
    task_init(&other, LANE_HEAVY);
    submit(workers, &other);
    sem_wait(&other.done); /* though there is one thread, and three wait */
    for (size_t i = 0; i < COUNT_OF(slow); i++) {
        sem_post(&may_go);
        sem_wait(&slow[i].task.done);
        assert_true(slow[i].task.errand.ok);
        assert_int_equal(slow[i].begun, 2);
        assert_int_equal(slow[i].moved, 1);
    }
    task_init(&slow[0].task, LANE_HEAVY);
    slow[0].task.errand.work = work_slowly; /* may not move */
    submit(workers, &slow[0].task);
    sem_wait(&slow[0].task.done);
    assert_int_equal(slow[0].moved, 1);
    workers_free(workers);
}

static void nobody_works_for_who_is_gone_or_too_late(void **state)
{
    struct workers *workers = open_workers(NULL);
    struct task unwanted, late;

    (void)state;
    task_init(&unwanted, LANE_HEAVY);
    atomic_store(&unwanted.errand.unwanted, true);
    task_init(&late, LANE_HEAVY);
    late.errand.deadline_ms = monotonic_ms() - 1;
    submit(workers, &unwanted);
    submit(workers, &late);
    sem_wait(&unwanted.done);
    sem_wait(&late.done);
    assert_false(unwanted.worked || unwanted.errand.ok || late.worked || late.errand.ok);
    assert_int_equal(late.errand.err.kind, ERR_TEMPORARY);
    workers_free(workers);
}

static void a_long_queue_says_so_and_is_worked_off(void **state)
{
    enum { TASKS = 4 };
    const struct workers_options options = {.threads = {[LANE_BULK] = 1},
                                            .busy_at = {[LANE_BULK] = TASKS}};
    struct workers *workers = open_workers(&options);
    struct task first, tasks[TASKS];
    sem_t begun, may_go;

    (void)state;
    sem_init(&begun, 0, 0);
    sem_init(&may_go, 0, 0);
    task_init(&first, LANE_BULK);
    first.begun = &begun;
    first.may_go = &may_go;
    submit(workers, &first);
    sem_wait(&begun);
    for (int i = 0; i < TASKS; i++) {
        assert_false(workers_busy(workers, LANE_BULK));
        task_init(&tasks[i], LANE_BULK);
        submit(workers, &tasks[i]);
    }
    assert_true(workers_busy(workers, LANE_BULK));
    assert_false(workers_busy(workers, LANE_QUICK));
    sem_post(&may_go);
    workers_join(workers); /* does what is queued */
    for (int i = 0; i < TASKS; i++) {
        sem_wait(&tasks[i].done);
        assert_true(tasks[i].errand.ok);
    }
    assert_false(workers_busy(workers, LANE_BULK));
    workers_free(workers);
}

static void after_the_join_an_errand_comes_back_at_once(void **state)
{
    struct workers *workers = open_workers(NULL);
    struct task task;

    (void)state;
    workers_join(workers);
    task_init(&task, LANE_QUICK);
    submit(workers, &task);
    sem_wait(&task.done);
    assert_false(task.errand.ok || task.worked);
    workers_free(workers);
}

/* How many of its kind run at this moment. */
static _Atomic int together, most_together;

static bool work_alone(struct errand *errand, struct err *err)
{
    int now = atomic_fetch_add(&together, 1) + 1;

    if (now > most_together)
        most_together = now;
    bool ok = work(errand, err);
    atomic_fetch_sub(&together, 1);
    return ok;
}

static void what_goes_one_by_one_leaves_the_other_workers_to_others(void **state)
{
    enum { SINGLES = 8 };
    const struct workers_options options = {.threads = {[LANE_HEAVY] = 4},
                                            .one_by_one_busy_at = SINGLES - 1};
    struct workers *workers = open_workers(&options);
    struct task singles[SINGLES], other;
    sem_t may_go, begun;

    (void)state;
    sem_init(&may_go, 0, 0);
    sem_init(&begun, 0, 0);
    for (int i = 0; i < SINGLES; i++) {
        assert_false(workers_busy_one_by_one(workers, LANE_HEAVY));
        task_init(&singles[i], LANE_HEAVY);
        singles[i].errand.work = work_alone;
        singles[i].errand.one_by_one = true;
        singles[i].may_go = &may_go;
        singles[i].begun = i == 0 ? &begun : NULL;
        submit(workers, &singles[i]);
        if (i == 0)
            sem_wait(&begun);
    }
    assert_true(workers_busy_one_by_one(workers, LANE_HEAVY));
    assert_false(workers_busy(workers, LANE_HEAVY));
    task_init(&other, LANE_HEAVY);
    submit(workers, &other);
    sem_wait(&other.done); /* though the one in front has not ended */
    for (int i = 0; i < SINGLES; i++)
        sem_post(&may_go);
    workers_join(workers);
    for (int i = 0; i < SINGLES; i++)
        assert_true(singles[i].errand.ok);
    assert_int_equal(most_together, 1);
    workers_free(workers);
}

struct giver { /* a thread that has work done, again and again */
    struct workers *workers;
    int rounds;
    pthread_t thread;
};

static void *give(void *arg)
{
    enum { TASKS = 3 };
    const struct giver *giver = arg;
    struct task tasks[TASKS];

    for (int round = 0; round < giver->rounds; round++) {
        for (int i = 0; i < TASKS; i++) {
            task_init(&tasks[i], LANE_HEAVY);
            tasks[i].errand.one_by_one = i == round % TASKS;
            submit(giver->workers, &tasks[i]);
        }
        for (int i = 0; i < TASKS; i++)
            sem_wait(&tasks[i].done);
    }
    return NULL;
}

/* A worker that lay down to rest in the wrong moment would leave somebody waiting for ever. */
static void whoever_rests_is_woken(void **state)
{
    enum { GIVERS = 3, ROUNDS = 2000 };
    const struct workers_options options = {.threads = {[LANE_HEAVY] = 3}};
    struct workers *workers = open_workers(&options);
    struct giver givers[GIVERS];

    (void)state;
    for (int i = 0; i < GIVERS; i++) {
        givers[i] = (struct giver){.workers = workers, .rounds = ROUNDS};
        assert_int_equal(pthread_create(&givers[i].thread, NULL, give, &givers[i]), 0);
    }
    for (int i = 0; i < GIVERS; i++)
        pthread_join(givers[i].thread, NULL);
    workers_free(workers);
}

static void one_worker_alone_lets_others_pass_between(void **state)
{
    const struct workers_options options = {.threads = {[LANE_HEAVY] = 1}};
    struct workers *workers = open_workers(&options);
    struct task singles[3], other;
    sem_t begun, may_go;

    (void)state;
    sem_init(&begun, 0, 0);
    sem_init(&may_go, 0, 0);
    for (int i = 0; i < 3; i++) {
        task_init(&singles[i], LANE_HEAVY);
        singles[i].errand.one_by_one = true;
        singles[i].may_go = &may_go;
        singles[i].begun = &begun;
        submit(workers, &singles[i]);
    }
    task_init(&other, LANE_HEAVY);
    sem_wait(&begun);
    submit(workers, &other);
    sem_post(&may_go); /* the first ends */
    sem_wait(&other.done);
    assert_false(singles[2].worked);
    sem_post(&may_go);
    sem_post(&may_go);
    workers_free(workers);
    assert_true(singles[2].errand.ok);
}

static void a_join_with_an_end_does_not_wait_for_ever(void **state)
{
    struct workers *workers = open_workers(NULL);
    struct task endless, task;
    sem_t begun, may_go;
    struct err err;

    (void)state;
    sem_init(&begun, 0, 0);
    sem_init(&may_go, 0, 0);
    task_init(&endless, LANE_HEAVY);
    endless.begun = &begun;
    endless.may_go = &may_go;
    submit(workers, &endless);
    sem_wait(&begun);
    assert_false(workers_join_until(workers, monotonic_ms() + 20, &err));
    assert_string_equal(err.cause, "lane heavy");
    task_init(&task, LANE_QUICK);
    submit(workers, &task);
    sem_wait(&task.done);
    assert_false(task.errand.ok);
    sem_post(&may_go);
    assert_true(workers_join_until(workers, monotonic_ms() + 20 * SECOND_MS, &err));
    assert_true(endless.errand.ok);
    workers_free(workers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lane_works_and_tells_how_it_went),
        cmocka_unit_test(a_slow_lane_holds_up_no_other),
        cmocka_unit_test(what_waits_long_steps_aside),
        cmocka_unit_test(nobody_works_for_who_is_gone_or_too_late),
        cmocka_unit_test(a_long_queue_says_so_and_is_worked_off),
        cmocka_unit_test(what_goes_one_by_one_leaves_the_other_workers_to_others),
        cmocka_unit_test(whoever_rests_is_woken),
        cmocka_unit_test(one_worker_alone_lets_others_pass_between),
        cmocka_unit_test(a_join_with_an_end_does_not_wait_for_ever),
        cmocka_unit_test(after_the_join_an_errand_comes_back_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
