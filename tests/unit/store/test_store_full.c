/*
 * A full disk: a small file system in memory, mounted over /tmp in a mount namespace of this program's own.
 */
#include "lab.h"

#include "store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

static int setup(void **state)
{
    struct lab *lab = must_new(struct lab);

    assert_int_equal(mount("tmpfs", "/tmp", "tmpfs", 0, "size=3m"), 0);
    lab_open(lab);
    *state = lab;
    return 0;
}

static int teardown(void **state)
{
    lab_close(*state);
    free(*state);
    return umount("/tmp");
}

/* Takes all room but `leave` bytes. */
static void fill_disk(size_t leave)
{
    static const char page[4096];
    int file = open("/tmp/filler", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    off_t size = 0;

    assert_true(file >= 0);
    while (write(file, page, sizeof page) == (ssize_t)sizeof page)
        size += (off_t)sizeof page;
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(ftruncate(file, size > (off_t)leave ? size - (off_t)leave : 0), 0);
    close(file);
}

struct weigh { /* a change that needs `pieces` times 60 KB */
    struct store_change change;
    int pieces, number, applied;
    bool done, ok;
    struct err err;
};

static bool apply_weigh(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct weigh *weigh = container_of(change, struct weigh, change);
    unsigned char digest[32] = {0};
    bool is_new;

    weigh->applied++;
    memcpy(digest, &weigh->number, sizeof weigh->number);
    if (!store_see(tx, SEEN_MAIL, digest, 0, &is_new, err))
        return false;
    for (int i = 0; i < weigh->pieces; i++)
        if (!sql_run(tx->sql, "INSERT INTO body (size, bytes) VALUES (60000, zeroblob(60000))",
                     NULL, err))
            return false;
    return true;
}

static void done_weigh(struct store_change *change, bool ok, const struct err *err)
{
    struct weigh *weigh = container_of(change, struct weigh, change);

    weigh->done = true;
    weigh->ok = ok;
    weigh->err = *err;
}

static struct weigh weigh_of(int number, int pieces)
{
    return (struct weigh){
        .change = {apply_weigh, done_weigh, NULL},
          .number = number, .pieces = pieces
    };
}

static bool is_there(struct lab *lab, int number)
{
    unsigned char digest[32] = {0};
    scoped(store_view) view = lab_look(lab);

    memcpy(digest, &number, sizeof number);
    enum found found = store_seen(view, SEEN_MAIL, digest, &lab->err);
    assert_int_not_equal(found, FAILED);
    return found == FOUND;
}

static void the_one_too_large_for_the_disk_fails_alone(void **state)
{
    struct lab *lab = *state;
    static const struct {
        const char *name;
        int pieces;
        bool ok;
    } rows[] = {
        {"small",                              0,  true },
        {"too large, noticed when it commits", 15, false},
        {"too large, noticed while it writes", 60, false},
        {"small behind them",                  0,  true },
        {"fits",                               1,  true },
    };
    struct weigh changes[COUNT_OF(rows)];

    fill_disk(600000);
    (void)lab_begin(lab); /* all of them wait and are one group */
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        changes[i] = weigh_of((int)i, rows[i].pieces);
        store_submit(lab->store, &changes[i].change);
    }
    lab_commit(lab);
    (void)lab_begin(lab);
    lab_commit(lab);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        print_message("%s\n", rows[i].name);
        assert_true(changes[i].done);
        assert_int_equal(changes[i].ok, rows[i].ok);
        assert_int_equal(is_there(lab, (int)i), rows[i].ok);
        assert_in_range(changes[i].applied, i < 3 ? 2 : 1,
                        2); /* together until it broke, then alone */
        if (!rows[i].ok)
            assert_int_equal(changes[i].err.kind, ERR_FULL);
    }
}

static void what_was_confirmed_before_the_disk_was_full_is_there(void **state)
{
    struct lab *lab = *state;
    int confirmed = 0;
    bool ok = true;

    fill_disk(500000);
    while (ok) {
        struct weigh change = weigh_of(confirmed, 1);
        ok = store_commit(lab->store, &change.change, &lab->err);
        confirmed += ok;
    }
    assert_int_equal(lab->err.kind, ERR_FULL);
    assert_true(confirmed > 0);
    for (int i = 0; i <= confirmed; i++)
        assert_int_equal(is_there(lab, i), i < confirmed);
    unlink("/tmp/filler");
    struct weigh change = weigh_of(confirmed, 1);
    assert_true(
        store_commit(lab->store, &change.change, &lab->err)); /* it goes on when there is room */
    lab_reopen(lab);
    for (int i = 0; i <= confirmed; i++)
        assert_true(is_there(lab, i));
}

static void a_body_that_does_not_fit_leaves_nothing(void **state)
{
    struct lab *lab = *state;
    static const char piece[4096] = {1};
    bool ok = true;

    fill_disk(300000);
    struct store_body *body = store_body_new(lab->store, &lab->err);
    while (ok)
        ok = sink_write(store_body_sink(body), (struct slice){piece, sizeof piece}, &lab->err);
    assert_int_equal(lab->err.kind, ERR_FULL);
    assert_int_equal(lab_files(lab, "bodies/incoming"), 1);
    store_body_drop(body);
    assert_int_equal(lab_files(lab, "bodies"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_one_too_large_for_the_disk_fails_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_was_confirmed_before_the_disk_was_full_is_there, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_body_that_does_not_fit_leaves_nothing, setup, teardown),
    };

    if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        perror("a mount namespace of our own");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
