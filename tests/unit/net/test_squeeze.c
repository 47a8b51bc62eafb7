/* DEFLATE both ways: what one end flushes the other opens, and never more than there is room for. */
#include "test.h"

#include "memory.h"
#include "squeeze.h"

#include <zlib.h>

/* Opens all that `out` holds, `room` bytes at a time. */
static void open_all(struct squeeze *reader, struct bytes *out, size_t room, struct bytes *in)
{
    squeeze_take(reader, bytes_slice(out));
    bytes_reset(out);
    while (squeeze_waits(reader)) {
        size_t before = in->len;
        assert_true(squeeze_open(reader, in, room));
        assert_true(in->len - before <= room);
    }
}

static void flushes_are_one_stream_to_the_reader(void **state)
{
    scoped(squeeze) writer = squeeze_new();
    scoped(squeeze) reader = squeeze_new();
    scoped_value(bytes) out = {0};
    scoped_value(bytes) in = {0};
    scoped_value(bytes) all = {0};

    (void)state;
    for (int i = 0; i < 300; i++) {
        struct bytes *plain = squeeze_plain(writer);
        size_t before = plain->len;
        bytes_print(plain, "* %d FETCH (FLAGS (\\Seen) UID %d)\r\n", i, 7 * i);
        bytes_add(&all, slice_from(bytes_slice(plain), before));
        if (i % 3 == 0)
            squeeze_flush(writer, &out);
        if (i % 7 == 0)
            open_all(reader, &out, 5, &in);
    }
    squeeze_flush(writer, &out);
    squeeze_flush(writer, &out); /* nothing to say: nothing is said */
    open_all(reader, &out, 4096, &in);
    assert_true(slice_eq(bytes_slice(&in), bytes_slice(&all)));
}

/* 16 MiB in 16 KiB. */
static void a_bomb_is_opened_as_far_as_there_is_room(void **state)
{
    enum { ROOM = 1000, WHOLE = 16 * 1024 * 1024 };
    scoped(squeeze) writer = squeeze_new();
    scoped(squeeze) reader = squeeze_new();
    scoped_value(bytes) out = {0};
    scoped_value(bytes) in = {0};
    struct bytes *plain = squeeze_plain(writer);
    size_t total = 0;

    (void)state;
    memset(bytes_reserve(plain, WHOLE), 'a', WHOLE);
    plain->len = WHOLE;
    squeeze_flush(writer, &out);
    assert_true(out.len < WHOLE / 100);
    squeeze_take(reader, bytes_slice(&out));
    while (squeeze_waits(reader)) {
        assert_true(squeeze_open(reader, &in, ROOM));
        assert_true(in.len <= ROOM && in.capacity < 16 * ROOM);
        total += in.len;
        bytes_reset(&in);
    }
    assert_int_equal(total, WHOLE);
}

static void what_is_not_deflate_is_refused(void **state)
{
    static const char *const broken[] = {"\xff\xff\xff\xff", "a LOGIN x y\r\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        scoped(squeeze) reader = squeeze_new();
        scoped_value(bytes) in = {0};
        bool good = true;

        squeeze_take(reader, slice_of(broken[i]));
        while (good && squeeze_waits(reader))
            good = squeeze_open(reader, &in, 100);
        assert_false(good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flushes_are_one_stream_to_the_reader),
        cmocka_unit_test(a_bomb_is_opened_as_far_as_there_is_room),
        cmocka_unit_test(what_is_not_deflate_is_refused),
    };
    return cmocka_run_group_tests_name("squeeze", tests, NULL, NULL);
}
