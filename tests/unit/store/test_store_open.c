/* Opening: a new folder, an old one, one a crash left; bodies and their way to the disk. */
#include "lab.h"

#include "store_private.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sql *open_beside(struct lab *lab)
{
    char path[128];
    snprintf(path, sizeof path, "%s/nestbox.db", lab->path);
    struct sql *sql = sql_open(path, 256, &lab->err);

    assert_non_null(sql);
    return sql;
}

static void write_file(struct lab *lab, const char *path)
{
    int file = openat(lab->dir, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(file >= 0);
    assert_int_equal(write(file, "left", 4), 4);
    close(file);
}

static void the_database_is_its_owners_alone(void **state)
{
    struct lab *lab = *state;
    static const char *const names[] = {"nestbox.db", "nestbox.db-wal", "nestbox.db-shm"};
    struct stat stat;

    lab_account(lab, "alice");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        print_message("%s\n", names[i]);
        assert_int_equal(fstatat(lab->dir, names[i], &stat, 0), 0);
        assert_int_equal(stat.st_mode & 0777, 0600);
    }
    assert_int_equal(fstatat(lab->dir, "bodies/incoming", &stat, 0), 0);
    assert_int_equal(stat.st_mode & 0777, 0700);
}

static void settings_are_those_that_keep_promises(void **state)
{
    struct lab *lab = *state;
    static const struct {
        const char *name, *question;
        int64_t answer;
    } rows[] = {
        {"a commit waits for the disk",        "SELECT synchronous FROM pragma_synchronous",           2 },
        {"references are checked",             "SELECT foreign_keys FROM pragma_foreign_keys",         1 },
        {"what is deleted is overwritten",     "SELECT secure_delete FROM pragma_secure_delete",       1 },
        {"the WAL is on",                      "SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1 },
        {"every step of the tables was taken", "SELECT user_version FROM pragma_user_version",         44},
        {"no reference is broken",             "SELECT count(*) FROM pragma_foreign_key_check",        0 },
    };

    lab_account(lab, "alice");
    scoped(store_view) view = lab_look(lab);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t answer = -1;
        print_message("%s\n", rows[i].name);
        assert_true(sql_count(view->sql, rows[i].question, NULL, &answer, &lab->err));
        assert_int_equal(answer, rows[i].answer);
    }
}

static void what_was_committed_is_there_after_reopening(void **state)
{
    struct lab *lab = *state;
    int64_t id = lab_account(lab, "alice");
    struct stat stat;

    lab_reopen(lab);
    scoped_value(account) account = {0};
    struct store_view *view = lab_look(lab);
    assert_int_equal(store_account(view, id, &account, &lab->err), FOUND);
    store_view_free(view);
    store_close(lab->store);
    lab->store = NULL;
    /* the last one out leaves one file */
    assert_true(fstatat(lab->dir, "nestbox.db-wal", &stat, 0) != 0 || stat.st_size == 0);
}

static void a_folder_with_a_relative_name_will_do(void **state)
{
    struct lab *lab = *state;
    int was = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct store *store = NULL;

    assert_int_equal(mkdirat(lab->dir, "below", 0700), 0);
    assert_int_equal(fchdir(lab->dir), 0);
    int below = open("below", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = store_open(below, &lab->clock.clock, &store, &lab->err);
    assert_int_equal(fchdir(was), 0); /* later connections must find it from anywhere */
    assert_true(ok);
    struct store_view *view = store_look(store, &lab->err);
    assert_non_null(view);
    store_view_free(view);
    store_close(store);
    close(below);
    close(was);
}

static bool try_reopen(struct lab *lab)
{
    store_close(lab->store);
    lab->store = NULL;
    return store_open(lab->dir, &lab->clock.clock, &lab->store, &lab->err);
}

static void strange_databases_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *script;
        enum err_kind kind;
    } rows[] = {
        {"made by a newer Nestbox",      "PRAGMA user_version = 999",                           ERR_REFUSED},
        {"with a version nobody gives",  "PRAGMA user_version = -1",                            ERR_REFUSED},
        {"somebody else's",              "PRAGMA application_id = 7",                           ERR_REFUSED},
        {"somebody else's, unversioned", "PRAGMA application_id = 0; PRAGMA user_version = 0;",
         ERR_REFUSED                                                                                       },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct lab lab;
        print_message("%s\n", rows[i].name);
        lab_open(&lab);
        struct sql *beside = open_beside(&lab);
        assert_true(sql_script(beside, rows[i].script, &lab.err));
        sql_close(beside);
        assert_false(try_reopen(&lab));
        assert_int_equal(lab.err.kind, rows[i].kind);
        lab_close(&lab);
    }
}

static void a_file_that_is_no_database_is_left_alone(void **state)
{
    struct lab *lab = *state;
    char content[8] = {0};

    store_close(lab->store);
    lab->store = NULL;
    assert_int_equal(unlinkat(lab->dir, "nestbox.db", 0), 0);
    write_file(lab, "nestbox.db");
    assert_false(store_open(lab->dir, &lab->clock.clock, &lab->store, &lab->err));
    int file = openat(lab->dir, "nestbox.db", O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(file, content, sizeof content, 0), 4);
    assert_string_equal(content, "left");
    close(file);
}

static int64_t number(struct lab *lab, struct sql *sql, const char *question)
{
    int64_t answer = -1;

    assert_true(sql_count(sql, question, NULL, &answer, &lab->err));
    return answer;
}

static const char VERSION[] = "SELECT user_version FROM pragma_user_version";
static const char TABLES[] = "SELECT count(*) FROM sqlite_schema";

static void an_upgrade_takes_every_step_or_none(void **state)
{
    struct lab *lab = *state;
    static const char *const broken[] = {"CREATE TABLE a (x)", "CREATE TABLE b (x)",
                                         "CREATE TABLE c (x); CREATE TABLE a (x);"};
    static const char *const whole[] = {"CREATE TABLE a (x)", "CREATE TABLE b (x)", "DROP TABLE a"};

    scoped(sql) sql = sql_open(":memory:", 256, &lab->err);
    assert_non_null(sql);
    for (int steps = 0; steps < 2; steps++) { /* a new database, and an older one */
        print_message("%d\n", steps);
        assert_true(store_migrate_steps(sql, broken, (size_t)steps, &lab->err));
        assert_false(store_migrate_steps(sql, broken, COUNT_OF(broken), &lab->err));
        assert_int_equal(number(lab, sql, VERSION), steps);
        assert_int_equal(number(lab, sql, TABLES), steps);
    }
    assert_true(store_migrate_steps(sql, whole, COUNT_OF(whole), &lab->err));
    assert_true(store_migrate_steps(sql, whole, COUNT_OF(whole), &lab->err)); /* nothing to do */
    assert_int_equal(number(lab, sql, VERSION), 3);
    assert_int_equal(number(lab, sql, TABLES), 1);
}

extern const char *const store_schema[];

static void the_later_steps_keep_who_follows_whom(void **state)
{
    struct lab *lab = *state;
    static const char follow[] =
        "INSERT INTO person (id, kind, user, host, gone, fetched_ms) VALUES (1, 1, 'a', 'h', 0, 0),"
        " (2, 3, 'b', 'h', 0, 0);"
        "INSERT INTO follow (id, follower_id, followed_id, follower_kind, state, since_ms)"
        " VALUES (5, 2, 1, 3, 2, 70), (9, 1, 2, 1, 4, 80);"
        "DELETE FROM follow WHERE id = 9;";
    static const struct {
        const char *name, *question;
        int64_t answer;
    } rows[] = {
        {"the row",               "SELECT count(*) FROM follow WHERE id = 5 AND state = 2 AND since_ms = 70", 1},
        {"nothing else",          "SELECT count(*) FROM follow",                                              1},
        {"no refusal",            "SELECT refused_ms FROM follow",                                            0},
        {"the last number given", "SELECT seq FROM sqlite_sequence WHERE name = 'follow'",                    9},
        {"one counter",           "SELECT count(*) FROM sqlite_sequence WHERE name LIKE 'follow%'",           1},
        {"its indexes",
         "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'follow\\__%' ESCAPE '\\'"
         " AND type = 'index'",                                                                               4},
    };

    scoped(sql) sql = sql_open(":memory:", 256, &lab->err);
    assert_non_null(sql);
    assert_true(store_migrate_steps(sql, store_schema, 1, &lab->err));
    assert_true(sql_script(sql, follow, &lab->err));
    assert_true(store_migrate(sql, &lab->err));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t answer = -1;
        print_message("%s\n", rows[i].name);
        assert_true(sql_count(sql, rows[i].question, NULL, &answer, &lab->err));
        assert_int_equal(answer, rows[i].answer);
    }
}

/* Bodies */

static int64_t take(struct lab *lab, struct store_body *body)
{
    int64_t id = 0;

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_body_take(tx, body, &id, &lab->err));
    lab_commit(lab);
    return id;
}

static void bodies_lie_in_the_row_or_in_a_file(void **state)
{
    struct lab *lab = *state;
    static const struct {
        const char *name;
        size_t size;
        int files;
    } rows[] = {
        {"nothing",              0,       0},
        {"one byte",             1,       0},
        {"the last for the row", 65536,   0},
        {"the first for a file", 65537,   1},
        {"three mebibyte",       3145728, 1},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        print_message("%s\n", rows[i].name);
        int before = lab_files(lab, "bodies");
        struct store_body *body = lab_body(lab, rows[i].size, 'b');
        int64_t id = take(lab, body);
        store_body_drop(body);
        assert_int_equal(lab_files(lab, "bodies") - before, rows[i].files);
        assert_int_equal(lab_files(lab, "bodies/incoming"), 0);
        lab_check_body(lab, id, rows[i].size, 'b');
        lab_reopen(lab);
        lab_check_body(lab, id, rows[i].size, 'b');
    }
}

static void what_no_row_took_is_forgotten_when_dropped(void **state)
{
    struct lab *lab = *state;
    struct store_body *unfinished = store_body_new(lab->store, &lab->err);
    struct store_body *finished = lab_body(lab, 100000, 'f'), *aborted = lab_body(lab, 100000, 'a');
    scoped_text char *much = must_alloc(100000);
    int64_t id;

    assert_true(sink_write(store_body_sink(unfinished), (struct slice){much, 100000}, &lab->err));
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_body_take(tx, aborted, &id, &lab->err));
    lab_abort(lab);
    assert_int_equal(lab_files(lab, "bodies/incoming"), 1);
    assert_int_equal(lab_files(lab, "bodies"), 3);
    store_body_drop(unfinished);
    store_body_drop(finished);
    store_body_drop(aborted);
    store_body_drop(NULL);
    assert_int_equal(lab_files(lab, "bodies"), 0);
}

static void a_body_survives_a_run_that_was_rolled_back(void **state)
{
    struct lab *lab = *state;
    struct store_body *body = lab_body(lab, 100000, 'r');
    int64_t id;

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_body_take(tx, body, &id, &lab->err));
    lab_abort(lab);
    id = take(lab, body); /* the second run */
    store_body_drop(body);
    lab_check_body(lab, id, 100000, 'r');
}

static void an_open_body_can_be_read_though_it_is_gone(void **state)
{
    struct lab *lab = *state;
    struct store_body *body = lab_body(lab, 100000, 'o');
    int64_t id = take(lab, body);
    bool more;
    char last = 0;
    size_t len = 0;

    store_body_drop(body);
    struct store_view *view = lab_look(lab);
    scoped(source) source = store_body_source(view, id, &lab->err);
    store_view_free(view);
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_body_release(tx, id, &lab->err));
    lab_commit(lab);
    assert_true(store_tidy(lab->store, &more, &lab->err));
    assert_int_equal(lab_files(lab, "bodies"), 0);
    assert_true(source_read(source, 99999, &last, 1, &len, &lab->err));
    assert_int_equal(last, 'o');
    assert_true(source_read(source, 100000, &last, 1, &len, &lab->err));
    assert_int_equal(len, 0);
}

static int cut_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)ftw;
    return type == FTW_F ? truncate(path, 5) : 0;
}

static void a_damaged_body_file_is_an_error(void **state)
{
    struct lab *lab = *state;
    struct store_body *body = lab_body(lab, 100000, 'd');
    int64_t id = take(lab, body);
    char path[128];

    store_body_drop(body);
    snprintf(path, sizeof path, "%s/bodies", lab->path);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody else walks */
    assert_int_equal(nftw(path, cut_one, 8, FTW_PHYS), 0);
    scoped(store_view) view = lab_look(lab);
    assert_null(store_body_source(view, id, &lab->err));
    assert_int_equal(lab->err.kind, ERR_TEMPORARY);
}

static void opening_sweeps_what_a_crash_left(void **state)
{
    struct lab *lab = *state;
    struct store_body *kept = lab_body(lab, 100000, 'k'), *garbage = lab_body(lab, 100000, 'g');
    int64_t kept_id = take(lab, kept), garbage_id = take(lab, garbage);
    struct timespec ahead[2] = {{.tv_sec = 4000000000}, {.tv_sec = 4000000000}};

    store_body_drop(kept);
    store_body_drop(garbage);
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_body_release(tx, garbage_id, &lab->err));
    lab_commit(lab);
    /* No name that is drawn has a u: neither of the two bodies lies there by chance. */
    mkdirat(lab->dir, "bodies/uu", 0700);
    write_file(lab, "bodies/incoming/half");         /* written */
    write_file(lab, "bodies/uu/uu0000000000orphan"); /* named, no row */
    write_file(lab, "bodies/uu/uu0000000000future"); /* younger than the start */
    assert_int_equal(utimensat(lab->dir, "bodies/uu/uu0000000000future", ahead, 0), 0);
    lab_reopen(lab);
    assert_int_equal(lab_files(lab, "bodies/incoming"), 0);
    assert_int_equal(lab_files(lab, "bodies/uu"), 1);
    assert_int_equal(lab_files(lab, "bodies"),
                     3); /* kept, garbage not yet tidied, the younger one */
    lab_check_body(lab, kept_id, 100000, 'k');
}

/* A child commits bodies until it is killed; whatever it was told is durable must be there. */
enum { KILLS = 12, CHILD_BODY = 70000 };

struct take_change {
    struct store_change change;
    struct store_body *body;
    int64_t id;
};

static bool apply_take(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct take_change *take = container_of(change, struct take_change, change);

    return store_body_take(tx, take->body, &take->id, err);
}

static void commit_until_killed(struct lab *lab, int answers)
{
    struct store *store;
    struct err err;

    if (!store_open(lab->dir, &lab->clock.clock, &store, &err))
        _exit(1);
    for (;;) {
        struct take_change take = {
            .change = {apply_take, NULL, NULL}
        };
        take.body = lab_body(&(struct lab){.store = store}, CHILD_BODY, 'c');
        if (!store_commit(store, &take.change, &err) ||
            write(answers, &take.id, sizeof take.id) < 0)
            _exit(1);
        store_body_drop(take.body);
    }
}

static void what_was_answered_survives_kill_9(void **state)
{
    struct lab *lab = *state;
    int64_t ids[64];

    store_close(lab->store);
    lab->store = NULL;
    for (int round = 0; round < KILLS; round++) {
        int answers[2], count = 0;
        assert_int_equal(pipe(answers), 0);
        pid_t child = fork();
        if (child == 0)
            commit_until_killed(lab, answers[1]);
        close(answers[1]);
        while (count <= round && read(answers[0], &ids[count], sizeof *ids) == (ssize_t)sizeof *ids)
            count++; /* killed behind the first, the second … answer */
        kill(child, SIGKILL);
        while (count < 64 && read(answers[0], &ids[count], sizeof *ids) == (ssize_t)sizeof *ids)
            count++;
        waitpid(child, NULL, 0);
        close(answers[0]);
        assert_true(count > round);
        assert_true(store_open(lab->dir, &lab->clock.clock, &lab->store, &lab->err));
        for (int i = 0; i < count; i++)
            lab_check_body(lab, ids[i], CHILD_BODY, 'c');
        int64_t rows = 0;
        struct store_view *view = lab_look(lab);
        assert_true(sql_count(view->sql, "SELECT count(*) FROM body", NULL, &rows, &lab->err));
        store_view_free(view);
        assert_int_equal(lab_files(lab, "bodies"),
                         rows); /* every row its file, every file its row */
        store_close(lab->store);
        lab->store = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_database_is_its_owners_alone, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(settings_are_those_that_keep_promises, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(what_was_committed_is_there_after_reopening, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(a_folder_with_a_relative_name_will_do, lab_setup,
                                        lab_teardown),
        cmocka_unit_test(strange_databases_are_refused),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_database_is_left_alone, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(an_upgrade_takes_every_step_or_none, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(the_later_steps_keep_who_follows_whom, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(bodies_lie_in_the_row_or_in_a_file, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(what_no_row_took_is_forgotten_when_dropped, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(a_body_survives_a_run_that_was_rolled_back, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(an_open_body_can_be_read_though_it_is_gone, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_body_file_is_an_error, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(opening_sweeps_what_a_crash_left, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(what_was_answered_survives_kill_9, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
