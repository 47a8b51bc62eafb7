/*
 * What reaches the disk in which order, and what happens when the disk does not take it.
 *
 * The calls are seen by standing in for them: symbols of a program win over those of the C library, for SQLite too.
 */
#include "lab.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct bytes events; /* words with spaces between; NULL lab: not listening */
static const struct lab *listening;
static const char *failing; /* syncs of files whose name ends so fail */

/* incoming/NAME, ab/NAME and ab become the same words in every run. */
static void tell(const char *verb, const char *name)
{
    struct slice last = slice_of(name);

    if (last.len > 20)
        last = SLICE("BODY");
    else if (last.len == 2)
        last = SLICE("ab");
    bytes_print(&events, "%s:%.*s ", verb, SLICE_ARGS(last));
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static int sync_file(int file, long number)
{
    char link[64], path[256] = {0};
    bool fails = false;

    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    pthread_mutex_lock(&lock);
    if (listening && readlink(link, path, sizeof path - 1) > 0) {
        fails = failing && slice_ends(slice_of(path), slice_of(failing));
        tell(fails ? "failed" : "sync", last_part(path));
    }
    pthread_mutex_unlock(&lock);
    if (fails) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(number, file);
}

__attribute__((visibility("default"))) int fsync(int file)
{
    return sync_file(file, SYS_fsync);
}

__attribute__((visibility("default"))) int fdatasync(int file)
{
    return sync_file(file, SYS_fdatasync);
}

__attribute__((visibility("default"))) int renameat2(int from, const char *old, int to,
                                                     const char *new, unsigned flags)
{
    pthread_mutex_lock(&lock);
    if (listening)
        tell("rename", new);
    pthread_mutex_unlock(&lock);
    return (int)syscall(SYS_renameat2, from, old, to, new, flags);
}

static void listen_to(const struct lab *lab, const char *fail)
{
    pthread_mutex_lock(&lock);
    listening = lab;
    failing = fail;
    bytes_reset(&events);
    bytes_add_text(&events, "");
    pthread_mutex_unlock(&lock);
}

static int setup(void **state)
{
    struct lab *lab = must_new(struct lab);

    lab_open(lab);
    *state = lab;
    return 0;
}

static int teardown(void **state)
{
    listen_to(NULL, NULL);
    bytes_clear(&events);
    lab_close(*state);
    free(*state);
    return 0;
}

/* A message of alice's with a picture: one change that takes a body. */
struct post {
    struct store_change change;
    bool last; /* once it has its answer, the disk is well again */
    struct store_body *picture;
    int64_t message_id;
    int applied;
    bool done, ok;
    struct err err;
};

static bool apply_post(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct post *post = container_of(change, struct post, change);
    char type[] = "image/jpeg";
    struct attachment picture = {.type = type};

    post->applied++;
    return store_add_attachment(tx, post->message_id, &picture, post->picture, err);
}

static void done_post(struct store_change *change, bool ok, const struct err *err)
{
    struct post *post = container_of(change, struct post, change);

    post->ok = ok;
    post->err = *err;
    post->done = true;
    pthread_mutex_lock(&lock);
    if (post->last)
        failing = NULL;
    bytes_add_text(&events, ok ? "told:well " : "told:failed ");
    pthread_mutex_unlock(&lock);
}

static void a_body_is_on_the_disk_before_its_row_and_both_before_the_answer(void **state)
{
    struct lab *lab = *state;
    struct post post = {
        .change = {apply_post, done_post, NULL},
        .message_id = lab_message(lab, lab_account(lab, "alice"), VISIBILITY_PUBLIC)
    };

    listen_to(lab, NULL);
    post.picture = lab_body(lab, 100000, 'p');
    store_submit(lab->store, &post.change);
    (void)lab_begin(lab);
    lab_commit(lab); /* behind it, and changes nothing: no sync */
    assert_true(post.ok);
    assert_string_equal(events.at,
                        "sync:BODY sync:bodies rename:BODY sync:ab sync:nestbox.db-wal told:well ");
    store_body_drop(post.picture);
}

static void what_the_disk_did_not_take_is_not_confirmed(void **state)
{
    struct lab *lab = *state;
    int64_t message_id = lab_message(lab, lab_account(lab, "alice"), VISIBILITY_PUBLIC);
    struct post posts[] = {
        {.change = {apply_post, done_post, NULL}, .message_id = message_id},
        { .change = {apply_post, done_post, NULL},               .message_id = message_id,             .last = true}
    };

    for (size_t i = 0; i < COUNT_OF(posts); i++)
        posts[i].picture = lab_body(lab, 100000, 'p');
    (void)lab_begin(lab); /* both wait and are one group */
    for (size_t i = 0; i < COUNT_OF(posts); i++)
        store_submit(lab->store, &posts[i].change);
    listen_to(lab, "-wal");
    lab_commit(lab);      /* changes nothing */
    (void)lab_begin(lab); /* behind them */
    lab_commit(lab);
    for (size_t i = 0; i < COUNT_OF(posts); i++) {
        assert_true(posts[i].done && !posts[i].ok);
        assert_int_equal(posts[i].applied, 2); /* together, then alone */
        assert_int_equal(posts[i].err.kind, ERR_TEMPORARY);
        store_body_drop(posts[i].picture);
    }
    /* A recovery might find their rows in the WAL: the files wait for the next start, which knows. */
    assert_int_equal(lab_files(lab, "bodies"), 2);
    lab_reopen(lab);
    assert_int_equal(lab_files(lab, "bodies"), 0);
    assert_true(lab_message(lab, 1, VISIBILITY_PUBLIC) > message_id); /* and it goes on */
}

static void a_body_the_disk_did_not_take_cannot_be_finished(void **state)
{
    struct lab *lab = *state;
    static const struct {
        const char *name, *failing;
    } rows[] = {
        {"the folder of all bodies", "/bodies"},
        {"any file",                 ""       },
    };
    scoped_text char *much = must_alloc(100000);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        print_message("%s\n", rows[i].name);
        struct store_body *body = store_body_new(lab->store, &lab->err);
        assert_true(sink_write(store_body_sink(body), (struct slice){much, 100000}, &lab->err));
        listen_to(lab, rows[i].failing);
        assert_false(store_body_finish(body, &lab->err));
        listen_to(lab, NULL);
        assert_int_equal(lab->err.kind, ERR_TEMPORARY);
        store_body_drop(body);
        assert_int_equal(lab_files(lab, "bodies"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_body_is_on_the_disk_before_its_row_and_both_before_the_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_disk_did_not_take_is_not_confirmed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_body_the_disk_did_not_take_cannot_be_finished, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
