/* The writer: groups, savepoints, news, waiting; and views beside it. */
#include "lab.h"

#include "processors.h"

/* A change that records one digest as seen, and what became of it. */
struct see {
    struct store_change change;
    unsigned char digest[32];
    enum err_kind refuse; /* fail with this after writing; 0: go well */
    int applied;
    _Atomic int done;
    bool ok;
    struct err err;
};

static bool apply_see(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct see *see = container_of(change, struct see, change);
    bool is_new;

    see->applied++;
    if (!store_see(tx, SEEN_MAIL, see->digest, 0, &is_new, err))
        return false;
    store_note(tx, TOPIC_MAILBOX, see->digest[0]);
    return see->refuse ? err_set(err, see->refuse, "The test wants it") : true;
}

static void done_see(struct store_change *change, bool ok, const struct err *err)
{
    struct see *see = container_of(change, struct see, change);

    see->ok = ok;
    see->err = *err;
    see->done++;
}

static struct see see_of(int number, enum err_kind refuse)
{
    struct see see = {
        .change = {apply_see, done_see, NULL},
          .refuse = refuse
    };

    memcpy(see.digest, &number, sizeof number);
    return see;
}

static bool was_seen(struct lab *lab, const struct see *see)
{
    scoped(store_view) view = lab_look(lab);
    enum found found = store_seen(view, SEEN_MAIL, see->digest, &lab->err);

    assert_int_not_equal(found, FAILED);
    return found == FOUND;
}

static void a_failing_change_falls_alone(void **state)
{
    struct lab *lab = *state;
    static const struct {
        const char *name;
        enum err_kind refuse;
    } rows[] = {
        {"goes well",                               0           },
        {"refused",                                 ERR_REFUSED },
        {"goes well behind a refused one",          0           },
        {"a conflict passes through to the caller", ERR_CONFLICT},
        {"goes well at the end",                    0           },
    };
    struct see changes[COUNT_OF(rows)];

    (void)lab_begin(lab); /* the writer is busy: all of them will wait and be one group */
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        changes[i] = see_of((int)i, rows[i].refuse);
        store_submit(lab->store, &changes[i].change);
    }
    lab_commit(lab);
    (void)lab_begin(lab); /* behind them */
    lab_commit(lab);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        print_message("%s\n", rows[i].name);
        assert_in_range(changes[i].applied, 1, 2); /* alone once more, if one beside it failed */
        assert_int_equal(changes[i].done, 1);
        assert_int_equal(changes[i].ok, !rows[i].refuse);
        assert_int_equal(was_seen(lab, &changes[i]), !rows[i].refuse);
        if (rows[i].refuse)
            assert_int_equal(changes[i].err.kind, rows[i].refuse);
    }
}

static void waiting_for_a_commit_tells_how_it_went(void **state)
{
    struct lab *lab = *state;
    struct see good = see_of(1, 0), bad = see_of(2, ERR_REFUSED);

    assert_true(store_commit(lab->store, &good.change, &lab->err));
    assert_int_equal(good.done, 0); /* unused */
    assert_true(was_seen(lab, &good));
    assert_false(store_commit(lab->store, &bad.change, &lab->err));
    assert_int_equal(lab->err.kind, ERR_REFUSED);
    assert_false(was_seen(lab, &bad));
}

struct reporter {
    int calls, topics;
    int64_t last[16];
    struct see *watched; /* not yet answered when the news came */
};

static void report(void *ctx, const int64_t *topics, size_t count)
{
    struct reporter *reporter = ctx;

    reporter->calls++;
    reporter->topics = (int)count;
    for (size_t i = 0; i < count && i < COUNT_OF(reporter->last); i++)
        reporter->last[i] = topics[i];
    if (reporter->watched)
        assert_int_equal(reporter->watched->done, 0);
}

static void news_are_merged_and_come_before_the_answer(void **state)
{
    struct lab *lab = *state;
    struct see changes[] = {see_of(3, 0), see_of(1, 0), see_of(2, ERR_REFUSED), see_of(3, 0)};
    struct reporter reporter = {.watched = &changes[0]};

    (void)lab_begin(lab); /* notes nothing, tells nothing */
    for (size_t i = 0; i < COUNT_OF(changes); i++)
        store_submit(lab->store, &changes[i].change);
    store_on_news(lab->store, report, &reporter);
    lab_commit(lab);
    (void)lab_begin(lab); /* behind them */
    lab_commit(lab);
    store_on_news(lab->store, NULL, NULL);
    assert_int_equal(reporter.calls, 1);
    assert_int_equal(reporter.topics, 2);
    assert_int_equal(reporter.last[0], topic_of(TOPIC_MAILBOX, 1));
    assert_int_equal(reporter.last[1], topic_of(TOPIC_MAILBOX, 3));
}

/* Who is answered early works while the others are written; on a single processor nobody could. */
static void half_of_those_who_wait_are_taken_at_a_time(void **state)
{
    struct lab *lab = *state;
    struct see changes[16];
    struct reporter reporter = {0};

    (void)lab_begin(lab);
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        changes[i] = see_of((int)i, 0);
        store_submit(lab->store, &changes[i].change);
    }
    store_on_news(lab->store, report, &reporter);
    lab_commit(lab);
    (void)lab_begin(lab); /* behind them */
    lab_commit(lab);
    store_on_news(lab->store, NULL, NULL);
    assert_int_equal(reporter.calls, processor_count() == 1
                                         ? 1
                                         : 3); /* 8, 4, and the last 4 with the one behind them */
}

static void a_view_does_not_see_what_came_later(void **state)
{
    struct lab *lab = *state;
    struct see change = see_of(1, 0);

    scoped(store_view) before = lab_look(lab);
    assert_true(store_commit(lab->store, &change.change, &lab->err));
    assert_int_equal(store_seen(before, SEEN_MAIL, change.digest, &lab->err), ABSENT);
    scoped(store_view) after = lab_look(lab);
    assert_int_equal(store_seen(after, SEEN_MAIL, change.digest, &lab->err), FOUND);
}

static void a_transaction_sees_itself_and_others_do_not(void **state)
{
    struct lab *lab = *state;
    struct see change = see_of(1, 0);
    bool is_new = false;

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_see(tx, SEEN_MAIL, change.digest, 0, &is_new, &lab->err));
    assert_true(is_new);
    assert_int_equal(store_seen(store_tx_view(tx), SEEN_MAIL, change.digest, &lab->err), FOUND);
    assert_false(was_seen(lab, &change));
    lab_abort(lab);
    assert_false(was_seen(lab, &change));
}

static void closing_empties_the_queue(void **state)
{
    struct lab *lab = *state;
    enum { MANY = 1000 }; /* more than a group */
    struct see *changes = must_alloc_array(MANY, sizeof *changes);

    for (int i = 0; i < MANY; i++) {
        changes[i] = see_of(i, 0);
        store_submit(lab->store, &changes[i].change);
    }
    lab_reopen(lab);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(changes[i].done, 1);
        assert_true(changes[i].ok && was_seen(lab, &changes[i]));
    }
    free(changes);
}

enum { THREADS = 64, EACH = 40 };

struct producer {
    struct lab *lab;
    int number, failures;
};

static void *produce(void *ctx)
{
    struct producer *producer = ctx;
    struct err err;

    for (int i = 0; i < EACH; i++) {
        bool odd = i % 8 == 7;
        struct see change = see_of(producer->number * EACH + i, odd ? ERR_REFUSED : 0);
        bool ok = store_commit(producer->lab->store, &change.change, &err);
        scoped(store_view) view = store_look(producer->lab->store, &err);
        enum found found = view ? store_seen(view, SEEN_MAIL, change.digest, &err) : FAILED;
        /* what was confirmed is there for whoever looks now; what failed is not */
        producer->failures += ok == odd || found != (odd ? ABSENT : FOUND);
    }
    return NULL;
}

static void count_commits(void *ctx, const int64_t *topics, size_t count)
{
    (void)topics;
    (void)count;
    ++*(int *)ctx;
}

static void sixty_four_threads_share_commits(void **state)
{
    struct lab *lab = *state;
    struct producer producers[THREADS];
    pthread_t threads[THREADS];
    int commits = 0;

    store_on_news(lab->store, count_commits, &commits);
    for (int i = 0; i < THREADS; i++) {
        producers[i] = (struct producer){lab, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(producers[i].failures, 0);
    }
    store_on_news(lab->store, NULL, NULL);
    print_message("%d changes in %d commits\n", THREADS * EACH, commits);
    assert_true(commits < THREADS * EACH * 7 / 8);
}

struct balance { /* accounts whose limited counts always have the same sum */
    struct lab *lab;
    int64_t account_id;
    _Atomic bool stop;
    _Atomic int looks, broken;
};

struct pair_change {
    struct store_change change;
    int64_t account_id, at_ms;
};

static bool apply_pair(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct pair_change *pair = container_of(change, struct pair_change, change);

    return store_count_limited(tx, pair->account_id, LIMITED_POST, pair->at_ms, err) &&
           store_count_limited(tx, pair->account_id, LIMITED_FIRST_DIRECT, pair->at_ms, err);
}

static void *watch_balance(void *ctx)
{
    struct balance *balance = ctx;
    struct err err;

    while (!balance->stop) {
        int64_t posts = 0, directs = 0, oldest;
        scoped(store_view) view = store_look(balance->lab->store, &err);
        bool ok = view &&
                  store_limited_count(view, balance->account_id, LIMITED_POST, 0, &posts, &oldest,
                                      &err) &&
                  store_limited_count(view, balance->account_id, LIMITED_FIRST_DIRECT, 0, &directs,
                                      &oldest, &err);
        balance->broken += !ok || posts != directs;
        balance->looks++;
    }
    return NULL;
}

static void readers_see_whole_changes_while_the_writer_writes(void **state)
{
    struct lab *lab = *state;
    struct balance balance = {.lab = lab, .account_id = lab_account(lab, "alice")};
    pthread_t readers[4];

    for (size_t i = 0; i < COUNT_OF(readers); i++)
        assert_int_equal(pthread_create(&readers[i], NULL, watch_balance, &balance), 0);
    for (int i = 0; i < 1000 || balance.looks < 1000; i++) {
        struct pair_change pair = {
            {apply_pair, NULL, NULL},
            balance.account_id, i
        };
        assert_true(store_commit(lab->store, &pair.change, &lab->err));
    }
    balance.stop = true;
    for (size_t i = 0; i < COUNT_OF(readers); i++)
        pthread_join(readers[i], NULL);
    assert_int_equal(balance.broken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failing_change_falls_alone, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(waiting_for_a_commit_tells_how_it_went, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(news_are_merged_and_come_before_the_answer, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(half_of_those_who_wait_are_taken_at_a_time, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(a_view_does_not_see_what_came_later, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(a_transaction_sees_itself_and_others_do_not, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(closing_empties_the_queue, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(sixty_four_threads_share_commits, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(readers_see_whole_changes_while_the_writer_writes,
                                        lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
