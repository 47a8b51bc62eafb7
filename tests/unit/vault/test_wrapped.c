#include "temp_dir.h"
#include "test.h"
#include "wrapped.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE = 16 * 1024, TAG = 16, SEALED_PIECE = PIECE + TAG };

static struct temp_dir dir;
static struct vault *vault;
static struct err err;

static int open_vault(void **state)
{
    (void)state;
    temp_dir_make(&dir);
    return vault_open(dir.fd, &vault, &err) ? 0 : -1;
}

static int close_vault(void **state)
{
    (void)state;
    vault_close(vault);
    temp_dir_remove(&dir);
    return 0;
}

static struct bytes text_of(size_t size)
{
    struct bytes text = {0};

    for (size_t i = 0; i < size; i++)
        bytes_add_char(&text, (char)((i * 2654435761U) >> 16 ^ i));
    return text;
}

/* Written in steps of `step`. */
static struct bytes wrap(struct slice text, size_t step, struct bytes *key)
{
    struct memory_sink into;

    memory_sink_init(&into);
    scoped(wrapping) wrapping = wrapping_new(vault, &into.sink, key);
    while (text.len > 0) {
        struct slice part = slice_first(text, step);
        assert_true(sink_write(wrapping_sink(wrapping), part, &err));
        text = slice_from(text, part.len);
    }
    assert_true(wrapping_finish(wrapping, &err));
    return into.bytes;
}

static struct source *unwrap(const struct bytes *wrapped, const struct bytes *key)
{
    return wrapped_source(vault, bytes_slice(key), source_of_slice(bytes_slice(wrapped)), &err);
}

static void what_was_wrapped_is_read_again(void **state)
{
    static const size_t sizes[] = {0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 100000};
    static const size_t steps[] = {977, PIECE, 1 << 20};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes) * COUNT_OF(steps); i++) {
        size_t size = sizes[i / COUNT_OF(steps)];
        scoped_value(bytes) text = text_of(size);
        scoped_value(bytes) key = {0};
        scoped_value(bytes) back = {0};
        scoped_value(bytes) wrapped = wrap(bytes_slice(&text), steps[i % COUNT_OF(steps)], &key);
        assert_int_equal(wrapped.len, wrapped_size((int64_t)size));
        scoped(source) source = unwrap(&wrapped, &key);
        assert_non_null(source);
        assert_int_equal(source->size, size);
        assert_true(source_read_all(source, size + 1, &back, &err));
        assert_true(slice_eq(bytes_slice(&back), bytes_slice(&text)));
    }
}

static void any_offset_may_be_read(void **state)
{
    scoped_value(bytes) text = text_of(3 * PIECE + 500);
    scoped_value(bytes) key = {0};
    scoped_value(bytes) wrapped = wrap(bytes_slice(&text), 4096, &key);

    (void)state;
    scoped(source) source = unwrap(&wrapped, &key);
    for (size_t at = 0; at < text.len + 100; at += 333) {
        char into[700];
        size_t len;
        assert_true(source_read(source, (int64_t)at, into, sizeof into, &len, &err));
        struct slice wanted = slice_first(slice_from(bytes_slice(&text), at), sizeof into);
        assert_true(slice_eq(wanted, (struct slice){into, len}));
    }
}

static bool reads_whole(const struct bytes *wrapped, const struct bytes *key)
{
    scoped_value(bytes) back = {0};
    scoped(source) source = unwrap(wrapped, key);

    return source && source_read_all(source, 1 << 20, &back, &err);
}

static void what_was_altered_is_refused(void **state)
{
    scoped_value(bytes) text = text_of(2 * PIECE + 100);
    scoped_value(bytes) key = {0};
    scoped_value(bytes) wrapped = wrap(bytes_slice(&text), 4096, &key);
    size_t whole = wrapped.len;

    (void)state;
    assert_true(reads_whole(&wrapped, &key));
    for (size_t at = 0; at < whole; at += 111) {
        wrapped.at[at] ^= 1;
        assert_false(reads_whole(&wrapped, &key));
        wrapped.at[at] ^= 1;
    }
    for (size_t len = 0; len < whole; len += len < 40 || len > whole - 200 ? 1 : 997) {
        wrapped.len = len; /* cut, at the ends of pieces too */
        assert_false(reads_whole(&wrapped, &key));
    }
    wrapped.len = SEALED_PIECE;
    assert_false(reads_whole(&wrapped, &key));
    wrapped.len = 2 * SEALED_PIECE;
    assert_false(reads_whole(&wrapped, &key));
    wrapped.len = whole;
    for (size_t i = 0; i < SEALED_PIECE; i++) { /* two pieces changed places */
        char held = wrapped.at[i];
        wrapped.at[i] = wrapped.at[SEALED_PIECE + i];
        wrapped.at[SEALED_PIECE + i] = held;
    }
    assert_false(reads_whole(&wrapped, &key));
    assert_int_equal(err.kind, ERR_TEMPORARY);
}

static void a_body_has_its_own_key(void **state)
{
    scoped_value(bytes) text = text_of(1000);
    scoped_value(bytes) key = {0};
    scoped_value(bytes) other_key = {0};
    scoped_value(bytes) wrapped = wrap(bytes_slice(&text), 4096, &key);
    scoped_value(bytes) other = wrap(bytes_slice(&text), 4096, &other_key);

    (void)state;
    assert_false(slice_eq(bytes_slice(&wrapped), bytes_slice(&other)));
    assert_false(reads_whole(&wrapped, &other_key));
    other_key.at[other_key.len - 1] ^= 1;
    assert_false(reads_whole(&other, &other_key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_wrapped_is_read_again, open_vault, close_vault),
        cmocka_unit_test_setup_teardown(any_offset_may_be_read, open_vault, close_vault),
        cmocka_unit_test_setup_teardown(what_was_altered_is_refused, open_vault, close_vault),
        cmocka_unit_test_setup_teardown(a_body_has_its_own_key, open_vault, close_vault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
