/* Bytes packed by others: whole, cut, damaged, and far larger than they look. */
#include "test.h"

#include "gzip.h"
#include "memory.h"

static void what_is_packed_comes_back(void **state)
{
    struct err err;

    (void)state;
    for (size_t size = 0; size < 300000; size = size * 3 + 1) {
        scoped_value(bytes) raw = {0};
        scoped_value(bytes) packed = {0};
        scoped_value(bytes) again = {0};
        for (size_t i = 0; i < size; i++)
            bytes_add_char(&raw, (char)((i * i) >> 3));
        gzip_add(&packed, bytes_slice(&raw));
        assert_true(gzip_read(bytes_slice(&packed), size, &again, &err));
        assert_true(slice_eq(bytes_slice(&raw), bytes_slice(&again)));
        if (size > 0) {
            bytes_reset(&again);
            assert_false(gzip_read(bytes_slice(&packed), size - 1, &again, &err));
            assert_int_equal(err.kind, ERR_TOO_LARGE);
        }
    }
}

/* 100 MiB in 100 KiB: no more than was allowed is ever made. */
static void a_bomb_does_not_go_off(void **state)
{
    enum { LARGE = 100 * 1024 * 1024, MOST = 100 * 1024 };
    scoped_value(bytes) packed = {0};
    scoped_value(bytes) out = {0};
    struct err err;
    char *zeros = must_alloc(LARGE);

    (void)state;
    memset(zeros, 0, LARGE);
    gzip_add(&packed, (struct slice){zeros, LARGE});
    free(zeros);
    assert_true(packed.len < LARGE / 500);
    assert_false(gzip_read(bytes_slice(&packed), MOST, &out, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    assert_true(out.len < 2 * MOST);
}

static void what_is_damaged_is_told(void **state)
{
    scoped_value(bytes) packed = {0};
    struct err err;

    (void)state;
    gzip_add(&packed, SLICE("a report of which every byte counts"));
    for (size_t len = 0; len < packed.len; len++) {
        scoped_value(bytes) out = {0};
        assert_false(gzip_read(slice_first(bytes_slice(&packed), len), 1000, &out, &err));
        assert_int_equal(err.kind, ERR_MALFORMED);
    }
    packed.at[packed.len - 6] ^= 1; /* of the checksum */
    scoped_value(bytes) out = {0};
    assert_false(gzip_read(bytes_slice(&packed), 1000, &out, &err));
    assert_false(gzip_read(SLICE("{}"), 1000, &out, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_back),
        cmocka_unit_test(a_bomb_does_not_go_off),
        cmocka_unit_test(what_is_damaged_is_told),
    };
    return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
