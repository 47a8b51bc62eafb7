/* The log that is written in one go: whatever SQLite does with it, others read what was committed and nothing else. */
#include "test.h"

#include "memory.h"
#include "store_sql.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ROWS = 400,
    ROW_OCTETS = 2000
}; /* far more than the smallest cache: pages go out before the commit */

struct two {
    char folder[32];
    struct sql *writer, *reader;
};

static struct err err;

/* x.db, or what SQLite puts beside it. */
static char *path_of(const struct two *two, const char *beside)
{
    return must_print("%s/x.db%s", two->folder, beside);
}

static struct sql *opened(const struct two *two)
{
    scoped_text char *path = path_of(two, "");
    struct sql *sql = sql_open(path, 4, &err);

    assert_non_null(sql);
    return sql;
}

static int setup(void **state)
{
    struct two *two = must_new(struct two);

    snprintf(two->folder, sizeof two->folder, "/tmp/nestbox-log-XXXXXX");
    assert_non_null(mkdtemp(two->folder));
    scoped_text char *path = path_of(two, "");
    int made = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(made >= 0);
    close(made);
    two->writer = opened(two);
    assert_true(sql_script(two->writer,
                           "PRAGMA journal_mode = WAL; PRAGMA cache_spill = 1;"
                           "CREATE TABLE t (id INTEGER PRIMARY KEY, round INTEGER, b BLOB);",
                           &err));
    two->reader = opened(two);
    *state = two;
    return 0;
}

static int teardown(void **state)
{
    struct two *two = *state;
    static const char *const beside[] = {"", "-wal", "-shm"};

    sql_close(two->reader);
    sql_close(two->writer);
    for (size_t i = 0; i < COUNT_OF(beside); i++) {
        scoped_text char *path = path_of(two, beside[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(two->folder), 0);
    free(two);
    return 0;
}

static void fill(struct two *two, int round)
{
    for (int i = 0; i < ROWS; i++)
        assert_true(sql_run(two->writer, "INSERT OR REPLACE INTO t VALUES (?, ?, randomblob(?))",
                            with(as_number(i), as_number(round), as_number(ROW_OCTETS)), &err));
}

static int64_t rows_of(struct sql *sql, int round)
{
    int64_t count = 0;

    assert_true(sql_count(sql, "SELECT count(*) FROM t WHERE round = ? AND length(b) = 2000",
                          with(as_number(round)), &count, &err));
    return count;
}

static void assert_whole(struct sql *sql)
{
    int64_t whole = 0;

    assert_true(sql_count(sql, "SELECT integrity_check = 'ok' FROM pragma_integrity_check", NULL,
                          &whole, &err));
    assert_int_equal(whole, 1);
}

static void what_goes_out_before_the_commit_is_read_by_its_writer_alone(void **state)
{
    struct two *two = *state;

    assert_true(sql_script(two->writer, "BEGIN", &err));
    fill(two, 1);
    assert_int_equal(rows_of(two->writer, 1), ROWS);
    assert_int_equal(rows_of(two->reader, 1), 0);
    assert_true(sql_script(two->writer, "COMMIT", &err));
    assert_int_equal(rows_of(two->reader, 1), ROWS);
    assert_whole(two->reader);
}

static void what_was_rolled_back_is_written_over(void **state)
{
    struct two *two = *state;

    for (int round = 1; round <= 4; round++) {
        assert_true(sql_script(two->writer, "BEGIN", &err));
        fill(two, round);
        assert_true(sql_script(two->writer, round % 2 ? "ROLLBACK" : "COMMIT", &err));
        assert_int_equal(rows_of(two->reader, round), round % 2 ? 0 : ROWS);
        if (round == 2)
            assert_true(sql_script(two->writer, "PRAGMA wal_checkpoint(RESTART)", &err));
    }
    assert_whole(two->reader);
    assert_true(sql_script(two->writer, "PRAGMA wal_checkpoint(TRUNCATE)", &err));
    assert_int_equal(rows_of(two->reader, 4), ROWS);
    assert_whole(two->reader);
}

/* When a commit returns, the file has it. */
static void a_commit_leaves_nothing_waiting(void **state)
{
    struct two *two = *state;
    scoped_text char *path = path_of(two, "-wal");
    struct stat before, after;

    assert_int_equal(stat(path, &before), 0);
    assert_true(sql_script(two->writer, "INSERT INTO t VALUES (7, 7, zeroblob(2000))", &err));
    assert_int_equal(stat(path, &after), 0);
    assert_true(after.st_size >= before.st_size + 4096);
}

int main(void)
{
#define WITH_TWO(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_TWO(what_goes_out_before_the_commit_is_read_by_its_writer_alone),
        WITH_TWO(what_was_rolled_back_is_written_over),
        WITH_TWO(a_commit_leaves_nothing_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
