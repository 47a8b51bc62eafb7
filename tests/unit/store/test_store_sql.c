/* The statement cache and the mapping of errors. */
#include "lab.h"

#include "store_sql.h"

#include <stdio.h>

static int setup(void **state)
{
    struct err err;
    struct sql *sql = sql_open(":memory:", 256, &err);

    assert_non_null(sql);
    assert_true(sql_script(
        sql,
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);"
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent);"
        "INSERT INTO parent VALUES (1, 'one'), (2, 'two'), (3, 'three');",
        &err));
    *state = sql;
    return 0;
}

static int teardown(void **state)
{
    sql_close(*state);
    return 0;
}

static void errors_become_kinds(void **state)
{
    struct sql *sql = *state;
    static const struct {
        const char *name, *text;
        enum err_kind kind;
    } rows[] = {
        {"what must be new and is not", "INSERT INTO parent VALUES (9, 'one')",                ERR_CONFLICT },
        {"a number that is taken",      "INSERT INTO parent VALUES (1, 'nine')",               ERR_CONFLICT },
        {"what it hangs on is missing", "INSERT INTO child VALUES (1, 77)",                    ERR_ABSENT   },
        {"our own mistake",             "INSERT INTO parent VALUES (9, NULL)",                 ERR_TEMPORARY},
        {"our own bad grammar",         "INSERT PARENT",                                       ERR_TEMPORARY},
        {"more than fits a value",      "INSERT INTO parent VALUES (9, zeroblob(2000000000))",
         ERR_TOO_LARGE                                                                                      },
        {"no page left",                "INSERT INTO parent VALUES (9, zeroblob(900000))",     ERR_FULL     },
    };
    struct err err;

    assert_true(sql_script(sql, "PRAGMA max_page_count = 50", &err));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        print_message("%s\n", rows[i].name);
        assert_false(sql_run(sql, rows[i].text, NULL, &err));
        assert_int_equal(err.kind, rows[i].kind);
        assert_null(strstr(err.said, "sqlite")); /* strangers are not told our library */
    }
    assert_false(sql_change(sql, "DELETE FROM parent WHERE id = ?", with(as_number(9)),
                            "No such parent", &err));
    assert_int_equal(err.kind, ERR_ABSENT);
    assert_text(err.said, "No such parent");
}

static const char by_id[] = "SELECT name FROM parent WHERE id >= ? ORDER BY id";

static void a_walk_may_ask_the_same_again(void **state)
{
    struct sql *sql = *state;
    scoped_value(bytes) found = {0};
    struct err err;

    scoped_value(sql_rows) outer = {0};
    assert_true(sql_ask(&outer, sql, by_id, with(as_number(1)), &err));
    while (sql_next(&outer, &err) == FOUND) {
        scoped_text char *name = take_text(&outer);
        scoped_value(sql_rows) inner = {0};
        assert_true(sql_ask(&inner, sql, by_id, with(as_number(3)), &err));
        assert_int_equal(sql_next(&inner, &err), FOUND);
        scoped_text char *last = take_text(&inner);
        bytes_print(&found, "%s-%s ", name, last);
    }
    assert_text(found.at, "one-three two-three three-three ");
    assert_int_equal(sql->count, 1); /* the second one was thrown away */
}

static void more_statements_than_the_cache_holds(void **state)
{
    struct sql *sql = *state;
    static char texts[SQL_CACHE * 2][48];
    int64_t number = 0;
    struct err err;

    scoped_value(sql_rows) busy = {0};
    assert_true(sql_ask(&busy, sql, by_id, with(as_number(1)), &err));
    assert_int_equal(sql_next(&busy, &err), FOUND);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        snprintf(texts[i], sizeof texts[i], "SELECT %d + ?", (int)i);
        assert_true(sql_count(sql, texts[i], with(as_number(1)), &number, &err));
        assert_int_equal(number, (int)i + 1);
    }
    assert_int_equal(sql->count, SQL_CACHE);
    assert_true(sql_count(sql, texts[0], with(as_number(5)), &number, &err));
    assert_int_equal(number, 5);
    assert_int_equal(sql_next(&busy, &err), FOUND); /* one in use is not thrown out */
    scoped_text char *name = take_text(&busy);
    assert_text(name, "two");
}

static void values_come_back_as_they_were_bound(void **state)
{
    struct sql *sql = *state;
    struct err err;
    struct bytes empty = {0};
    const struct slice odd = {"a\0b", 3};
    char exact[3], other[4] = "xxx";

    scoped_value(sql_rows) rows = {0};
    assert_true(
        sql_ask(&rows, sql, "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?",
                with(as_number(INT64_MIN), as_text(NULL), as_text(""), as_slice(odd), as_blob(odd),
                     as_bytes(&empty), as_blob((struct slice){NULL, 0}), as_id(0), as_blob(odd)),
                &err));
    assert_int_equal(sql_next(&rows, &err), FOUND);
    assert_true(take_number(&rows) == INT64_MIN);
    assert_null(take_text(&rows));
    scoped_text char *nothing = take_text(&rows);
    assert_text(nothing, "");
    scoped_text char *text = take_text(&rows);
    assert_memory_equal(text, "a\0b", 4);
    take_exactly(&rows, exact, sizeof exact);
    assert_memory_equal(exact, "a\0b", 3);
    struct bytes missing = take_bytes(&rows);
    assert_null(missing.at);
    scoped_value(bytes) blank = take_bytes(&rows);
    assert_true(blank.at && blank.len == 0);
    assert_int_equal(take_number(&rows), 0);
    take_exactly(&rows, other, sizeof other); /* not that size: zeros */
    assert_memory_equal(other, "\0\0\0\0", 4);
    assert_int_equal(sql_next(&rows, &err), ABSENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(errors_become_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(a_walk_may_ask_the_same_again, setup, teardown),
        cmocka_unit_test_setup_teardown(more_statements_than_the_cache_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(values_come_back_as_they_were_bound, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
