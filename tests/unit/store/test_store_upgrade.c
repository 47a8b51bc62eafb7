/*
 * Upgrades: a database of each older step, with rows in every table (old_rows.c), is opened.  What was there before is
 * compared with what is there after, column by column.
 */
#include "lab.h"

#include "old_rows.h"
#include "store_backup.h"
#include "store_contact.h"
#include "store_delivery.h"
#include "store_mailbox.h"
#include "store_message.h"
#include "store_people.h"
#include "store_private.h"
#include "store_shelf.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern const char *const store_schema[];
extern const size_t store_schema_steps;

static void run(struct sql *sql, const char *script)
{
    struct err err;

    if (!sql_script(sql, script, &err))
        fail_msg("%s\n%s", err.cause, script);
}

static int64_t count(struct sql *sql, const char *text)
{
    int64_t answer = -1;
    struct err err;

    if (!sql_count(sql, text, NULL, &answer, &err))
        fail_msg("%s\n%s", err.cause, text);
    return answer;
}

/* ---- a database of that step ---- */
static struct sql *open_beside(struct lab *lab, const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", lab->path, name);
    struct sql *sql = sql_open(path, 256, &lab->err);
    assert_non_null(sql);
    return sql;
}

static void write_bodies(struct lab *lab)
{
    scoped_text char *content = must_alloc(OLD_BODY_SIZE);

    memset(content, 'o', OLD_BODY_SIZE);
    mkdirat(lab->dir, "bodies", 0700);
    mkdirat(lab->dir, "bodies/ab", 0700);
    int file = openat(lab->dir, "bodies/ab/" OLD_BODY_FILE,
                      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, content, OLD_BODY_SIZE), OLD_BODY_SIZE);
    close(file);
}

static void vacuum_into(struct lab *lab, struct sql *sql, const char *name)
{
    scoped_text char *copy = must_print("VACUUM INTO '%s/%s'", lab->path, name);

    unlinkat(lab->dir, name, 0);
    run(sql, copy);
}

/* empty.db, brought to that step by the real ones; each test goes forward. */
static void step_to(struct lab *lab, int step)
{
    int file = openat(lab->dir, "empty.db", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    assert_true(file >= 0);
    scoped(sql) sql = open_beside(lab, "empty.db");
    assert_true(store_migrate_steps(sql, store_schema, (size_t)step, &lab->err));
    close(file);
    vacuum_into(lab, sql, "nestbox.db");
}

/* In nestbox.db, and once more in old.db. */
static void make_old(struct lab *lab, int step)
{
    store_close(lab->store);
    lab->store = NULL;
    step_to(lab, step);
    write_bodies(lab);
    scoped(sql) sql = open_beside(lab, "nestbox.db");
    run(sql, "PRAGMA journal_mode = WAL; BEGIN");
    for (int i = 0; i < old_rows_count; i++)
        if (step >= old_rows[i].from && step <= old_rows[i].until)
            run(sql, old_rows[i].script);
    run(sql, "COMMIT");
    assert_int_equal(count(sql, "SELECT user_version FROM pragma_user_version"), step);
    assert_int_equal(count(sql, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    vacuum_into(lab, sql, "old.db");
}

static struct sql *open_both(struct lab *lab)
{
    scoped_text char *attach = must_print("ATTACH '%s/old.db' AS old", lab->path);
    struct sql *sql = open_beside(lab, "nestbox.db");

    run(sql, attach);
    return sql;
}

#define TABLES_OF_OLD                                                                              \
    "SELECT name FROM old.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"

static char *text_of(struct sql *sql, const char *text, const char *name)
{
    scoped_value(sql_rows) rows = {0};
    struct err err;

    assert_true(sql_ask(&rows, sql, text, name ? with(as_text(name)) : NULL, &err));
    return sql_next(&rows, &err) == FOUND ? take_text(&rows) : NULL;
}

/* Calls `check` for each table of the old database, with its columns of then. */
static void each_table(struct sql *sql, int step,
                       void (*check)(struct sql *, int step, const char *table,
                                     const char *columns))
{
    static const char next[] = TABLES_OF_OLD " AND name > ? ORDER BY name LIMIT 1";
    int tables = 0;

    for (char *table = text_of(sql, next, ""), *after; table; table = after, tables++) {
        scoped_text char *columns = text_of(
            sql, "SELECT group_concat('\"' || name || '\"') FROM pragma_table_xinfo(?, 'old')",
            table);
        check(sql, step, table, columns);
        after = text_of(sql, next, table);
        free(table);
    }
    assert_true(tables >= 24);
}

/* ---- is anything left out? ---- */
static void check_filled(struct sql *sql, int step, const char *table, const char *columns)
{
    scoped_value(sql_rows) rows = {0};
    struct err err;
    scoped_text char *all = must_print("SELECT count(*) FROM old.\"%s\"", table);

    (void)columns;
    if (count(sql, all) < 2)
        fail_msg("step %d: %s has not two rows (old_rows.c)", step, table);
    assert_true(sql_ask(
        &rows, sql, "SELECT name, coalesce(dflt_value, 'NULL') FROM pragma_table_xinfo(?, 'old')",
        with(as_text(table)), &err));
    while (sql_next(&rows, &err) == FOUND) {
        scoped_text char *name = take_text(&rows);
        scoped_text char *usual = take_text(&rows);
        scoped_text char *unusual = must_print(
            "SELECT EXISTS (SELECT 1 FROM old.\"%s\" WHERE \"%s\" IS NOT %s)", table, name, usual);
        if (!count(sql, unusual))
            fail_msg("step %d: %s.%s is never anything but %s (old_rows.c)", step, table, name,
                     usual);
    }
}

/* ---- nothing is lost ---- */
/* What the steps say of themselves. */
static int64_t added(int step, const char *table)
{
    if (strcmp(table, "mailbox") == 0 && step < 8)
        return 9; /* five that every mail program expects, where they are not */
    return 0;
}

static bool dropped(int step, const char *table)
{
    return strcmp(table, "push") == 0 && step < 29; /* devices register again */
}

static void check_kept(struct sql *sql, int step, const char *table, const char *columns)
{
    scoped_text char *missing = must_print("SELECT count(*) FROM (SELECT %s FROM old.\"%s\" EXCEPT"
                                           " SELECT %s FROM main.\"%s\")",
                                           columns, table, columns, table);
    scoped_text char *more =
        must_print("SELECT (SELECT count(*) FROM main.\"%s\") - (SELECT count(*) FROM old.\"%s\")",
                   table, table);

    if (dropped(step, table))
        return;
    if (count(sql, missing) != 0)
        fail_msg("step %d: rows of %s are not what they were", step, table);
    if (count(sql, more) != added(step, table))
        fail_msg("step %d: %s has %d more rows than it had", step, table, (int)count(sql, more));
}

/* What the code of today reads in columns that the old database did not have. */
static void check_values(struct sql *sql, int step)
{
    static const struct {
        const char *name;
        int before; /* holds for databases from before that step */
        const char *question;
    } rows[] = {
        {"who is to hear that a mail was given up",     EVER,
         "SELECT group_concat(id) = '5' FROM delivery WHERE tell = 1"                                               },
        {"both accounts have what programs expect",     8,
         "SELECT count(DISTINCT account_id * 10 + special) = 10 FROM mailbox WHERE special > 0"                     },
        {"and are subscribed to it",                    8,    "SELECT min(subscribed) = 1 FROM mailbox"             },
        {"keys encrypt as long as they are good",       17,
         "SELECT min(uses = 3 AND learnt = 1 AND state = 1 AND encrypts_until_ms = expires_ms"
         " AND due_ms = 0) FROM account_key"                                                                        },
        {"who asked wants to write",                    21,   "SELECT coalesce(max(wish), 0) = 0 FROM contact"      },
        {"notes have numbers",                          25,   "SELECT count(*) = count(DISTINCT id) FROM annotation"},
        {"numbers that were given are not given again", EVER,
         "SELECT count(*) = 2 AND min(seq >= 8) FROM sqlite_sequence WHERE name IN ('delivery', "
         "'follow')"                                                                                                },
        {"each counter is a table's",                   EVER,
         "SELECT count(*) = 0 FROM sqlite_sequence WHERE name NOT IN"
         " (SELECT name FROM sqlite_schema)"                                                                        },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (step < rows[i].before && count(sql, rows[i].question) != 1)
            fail_msg("step %d: not so: %s", step, rows[i].name);
}

static void check_sound(struct sql *sql, int step)
{
    assert_int_equal(count(sql, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    scoped_text char *sound =
        text_of(sql, "SELECT integrity_check FROM pragma_integrity_check", NULL);
    assert_text(sound, "ok");
    assert_int_equal(count(sql, "SELECT user_version FROM pragma_user_version"),
                     store_schema_steps);
    each_table(sql, step, check_kept);
    check_values(sql, step);
}

/* ---- read by the code of today ---- */
struct told {
    int mailboxes, entries, queued, followers, contacts, accounts;
};

static bool tell_mailbox(void *ctx, const struct mailbox *mailbox)
{
    ((struct told *)ctx)->mailboxes++;
    return *mailbox->name != '\0';
}

static bool tell_entry(void *ctx, const struct entry *entry)
{
    ((struct told *)ctx)->entries++;
    return entry->uid == 4 || entry->uid == 8;
}

static bool tell_delivery(void *ctx, const struct delivery *delivery)
{
    ((struct told *)ctx)->queued++;
    return delivery->due_ms > 0;
}

static bool tell_follower(void *ctx, const struct follow *follow, const struct person *person)
{
    ((struct told *)ctx)->followers++;
    return follow->id > 0 && person->id > 0;
}

static bool tell_contact(void *ctx, const struct contact *contact, const struct person *person)
{
    ((struct told *)ctx)->contacts++;
    return contact->id > 0 && person;
}

static bool tell_account(void *ctx, const struct account *account)
{
    ((struct told *)ctx)->accounts++;
    return account->encrypt_outgoing == ENCRYPT_NO || account->id == 1;
}

static void read_all(struct lab *lab, int step)
{
    struct told told = {0};
    struct credential credential;
    scoped_value(message) post = {0};
    struct mailbox_counts counts;
    scoped(store_view) view = lab_look(lab);
    struct err *err = &lab->err;

    assert_true(store_accounts(view, tell_account, &told, err));
    assert_int_equal(told.accounts, 2);
    assert_true(store_mailboxes(view, 1, tell_mailbox, &told, err));
    assert_int_equal(told.mailboxes, step < 8 ? 7 : 3);
    assert_true(store_entries(view, 1, 0, 0, 10, tell_entry, &told, err));
    assert_int_equal(told.entries, 2);
    assert_true(store_mailbox_counts(view, 1, &counts, err));
    assert_true(store_queue(view, 0, 10, tell_delivery, &told, err));
    assert_int_equal(told.queued, step < 9 ? 4 : step < 40 ? 5 : 6);
    assert_true(store_followers(view, 1, true, 0, 10, tell_follower, &told, err));
    assert_int_equal(told.followers, 2);
    assert_true(store_contacts(view, 1, 0, 10, tell_contact, &told, err));
    assert_int_equal(told.contacts, step < 18 ? 0 : 3);
    assert_int_equal(store_credential(view, 1, &credential, err), FOUND);
    assert_memory_equal(credential.stored_key, "thirty-two octets of a digest..1", 32);
    assert_int_equal(store_message_by_ref(view, SLICE("1aaaaaaaaaaa"), &post, err), FOUND);
    assert_int_equal(post.version, 2);
    lab_check_body(lab, 2, OLD_BODY_SIZE, 'o');
}

/* ---- broken off ---- */
/* Dies in the middle of the step behind `step`, with its pages on their way to the disk. */
static void die_in_a_step(struct lab *lab, int step)
{
    struct sql *sql = open_beside(lab, "nestbox.db");

    run(sql, "BEGIN IMMEDIATE");
    run(sql, store_schema[step]);
    sqlite3_db_cacheflush(sql->db);
    raise(SIGKILL);
}

static void kill_in_a_step(struct lab *lab, int step)
{
    int how = 0;
    pid_t child = fork();

    if (child == 0)
        die_in_a_step(lab, step);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    assert_int_equal(WTERMSIG(how), SIGKILL);
}

static void each_step_keeps_what_it_finds_also_if_it_was_broken_off(void **state)
{
    struct lab *lab = *state;

    for (int step = 1; step < (int)store_schema_steps; step++) {
        make_old(lab, step);
        kill_in_a_step(lab, step);
        assert_true(store_open(lab->dir, &lab->clock.clock, &lab->store, &lab->err));
        read_all(lab, step);
        store_close(lab->store);
        lab->store = NULL;
        scoped(sql) sql = open_both(lab);
        each_table(sql, step, check_filled);
        check_sound(sql, step);
    }
}

/* ---- the other way ---- */
static char *content_of(struct lab *lab, size_t *out_size)
{
    struct stat stat;
    int file = openat(lab->dir, "nestbox.db", O_RDONLY | O_CLOEXEC);

    assert_true(file >= 0);
    assert_int_equal(fstat(file, &stat), 0);
    *out_size = (size_t)stat.st_size;
    char *content = must_alloc(*out_size);
    assert_int_equal(read(file, content, *out_size), *out_size);
    close(file);
    return content;
}

static void a_newer_database_is_refused_and_stays_as_it_is(void **state)
{
    struct lab *lab = *state;
    size_t before = 0, after = 0;
    scoped_text char *newer =
        must_print("PRAGMA user_version = %zu; CREATE TABLE later (x);", store_schema_steps + 1);

    make_old(lab, (int)store_schema_steps);
    struct sql *sql = open_beside(lab, "nestbox.db");
    run(sql, newer);
    sql_close(sql);
    scoped_text char *was = content_of(lab, &before);
    assert_false(store_open(lab->dir, &lab->clock.clock, &lab->store, &lab->err));
    assert_int_equal(lab->err.kind, ERR_REFUSED);
    assert_text(lab->err.said, "nestbox.db was made by a newer Nestbox; install that one");
    assert_false(store_restored(lab->dir, false, &lab->err)); /* from a backup */
    assert_int_equal(lab->err.kind, ERR_REFUSED);
    scoped_text char *is = content_of(lab, &after);
    assert_int_equal(before, after);
    assert_memory_equal(was, is, before);
}

static void backups_of_older_steps_are_restored(void **state)
{
    struct lab *lab = *state;

    for (int step = 1; step <= (int)store_schema_steps; step += 5) {
        make_old(lab, step);
        if (!store_restored(lab->dir, true, &lab->err))
            fail_msg("step %d: %s (%s)", step, lab->err.said, lab->err.cause);
        assert_true(store_open(lab->dir, &lab->clock.clock, &lab->store, &lab->err));
        read_all(lab, step);
        store_close(lab->store);
        lab->store = NULL;
    }
}

/* What was given between the backup and the loss is known to others. */
static void a_restored_database_gives_no_number_again(void **state)
{
    struct lab *lab = *state;

    make_old(lab, (int)store_schema_steps);
    struct sql *sql = open_both(lab);
    run(sql, "DELETE FROM broadcast; DELETE FROM sqlite_sequence WHERE name = 'broadcast'");
    sql_close(sql);
    assert_true(store_restored(lab->dir, false, &lab->err));
    sql = open_both(lab);
    run(sql, "INSERT INTO broadcast (message_id, account_id, cursor) VALUES (1, 1, 0);"
             "INSERT INTO inbox (url) VALUES ('https://new.example/inbox')");
    assert_int_equal(count(sql, "SELECT min(id) >= 1000000 FROM broadcast"), 1);
    assert_int_equal(count(sql, "SELECT max(id) >= 1000000 FROM inbox"), 1);
    sql_close(sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_step_keeps_what_it_finds_also_if_it_was_broken_off,
                                        lab_setup_in_memory, lab_teardown),
        cmocka_unit_test_setup_teardown(a_newer_database_is_refused_and_stays_as_it_is,
                                        lab_setup_in_memory, lab_teardown),
        cmocka_unit_test_setup_teardown(a_restored_database_gives_no_number_again,
                                        lab_setup_in_memory, lab_teardown),
        cmocka_unit_test_setup_teardown(backups_of_older_steps_are_restored, lab_setup_in_memory,
                                        lab_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
