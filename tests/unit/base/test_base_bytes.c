/* bytes, memory, scope, err. */
#include "test.h"

#include "bytes.h"
#include "err.h"
#include "memory.h"

#include <errno.h>

static void a_nul_stands_behind_whatever_was_added(void **state)
{
    (void)state;
    scoped_value(bytes) b = {0};

    assert_null(b.at);
    bytes_add(&b, (struct slice){NULL, 0});
    assert_string_equal(b.at, "");
    for (int i = 0; i < 1000; i++) {
        bytes_print(&b, "%d ", i);
        assert_int_equal(b.at[b.len], 0);
        assert_true(b.len < b.capacity);
    }
    char *room = bytes_reserve(&b, 100);
    memcpy(room, "abc", 3);
    b.len += 3;
    assert_int_equal(b.at[b.len], 0);
    assert_true(slice_ends(bytes_slice(&b), SLICE("999 abc")));
}

static void shortening(void **state)
{
    (void)state;
    scoped_value(bytes) b = {0};

    bytes_cut(&b, 0);
    bytes_reset(&b);
    bytes_drop_front(&b, 0);
    bytes_add_text(&b, "hello world");
    bytes_drop_front(&b, 6);
    assert_string_equal(b.at, "world");
    bytes_cut(&b, 2);
    assert_string_equal(b.at, "wo");
    bytes_drop_front(&b, 2);
    assert_string_equal(b.at, "");
    bytes_add_char(&b, 'x');
    bytes_reset(&b);
    assert_int_equal(b.len, 0);
    assert_true(b.capacity > 0);
}

static void taking_leaves_an_empty_one(void **state)
{
    (void)state;
    struct bytes b = {0};

    scoped_text char *nothing = bytes_take(&b);
    assert_string_equal(nothing, "");
    bytes_add_text(&b, "x");
    scoped_text char *text = bytes_take(&b);
    assert_string_equal(text, "x");
    assert_null(b.at);
    assert_string_equal(bytes_slice(&b).at, "");
}

static void memory_comes_zeroed_and_copied(void **state)
{
    (void)state;
    scoped_text char *zeroed = must_alloc_array(3, 5);
    scoped_text char *copy = must_copy((struct slice){"abc", 2});
    scoped_text char *empty = must_copy((struct slice){NULL, 0});
    scoped_text char *printed = must_print("%s-%d", "a", 7);
    int *numbers = NULL;
    size_t count = 0, capacity = 0;

    assert_memory_equal(zeroed, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
    assert_string_equal(copy, "ab");
    assert_string_equal(empty, "");
    assert_string_equal(printed, "a-7");
    assert_null(must_dup(NULL));
    for (int i = 0; i < 100; i++) {
        must_make_room(numbers, count, capacity);
        numbers[count++] = i;
    }
    assert_int_equal(numbers[99], 99);
    free(numbers);
    char *stolen = steal(&printed);
    assert_null(printed);
    free(stolen);
}

static void errors_are_one_line_and_fit(void **state)
{
    (void)state;
    struct err err = {.cause = "older"};

    assert_false(err_set(&err, ERR_ABSENT, "No %s\r\n250 here\x7f", "mailbox"));
    assert_int_equal(err.kind, ERR_ABSENT);
    assert_string_equal(err.said, "No mailbox??250 here?");
    assert_string_equal(err.cause, "");
    assert_false(err_because(&err, ERR_TEMPORARY, "Try %s again", "at %d\n", 7));
    assert_string_equal(err.said, "Try %s again"); /* a sentence, not a format */
    assert_string_equal(err.cause, "at 7?");
    assert_false(err_because(&err, ERR_REFUSED, err.said, "then %s", err.cause));
    assert_string_equal(err.cause, "then at 7?");
    assert_false(err_set(&err, ERR_MALFORMED, "%0500d", 1));
    assert_int_equal(strlen(err.said), sizeof err.said - 1);
}

static void errors_of_the_system_tell_a_full_disk_apart(void **state)
{
    (void)state;
    struct err err;

    errno = ENOSPC;
    assert_false(err_system(&err, "The disk is full", "write %s", "spool"));
    assert_int_equal(err.kind, ERR_FULL);
    assert_string_equal(err.cause, "write spool: No space left on device");
    errno = EIO;
    assert_false(err_system(&err, "Try again", "fsync"));
    assert_int_equal(err.kind, ERR_TEMPORARY);
    for (enum err_kind kind = ERR_TEMPORARY; kind <= ERR_CONFLICT; kind++)
        assert_string_not_equal(err_kind_name(kind), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nul_stands_behind_whatever_was_added),
        cmocka_unit_test(shortening),
        cmocka_unit_test(taking_leaves_an_empty_one),
        cmocka_unit_test(memory_comes_zeroed_and_copied),
        cmocka_unit_test(errors_are_one_line_and_fit),
        cmocka_unit_test(errors_of_the_system_tell_a_full_disk_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
