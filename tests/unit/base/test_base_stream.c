#include "test.h"

#include "memory.h"
#include "stream.h"

/* A source that fails from `fails_at` on, and counts how often it was freed. */
struct faulty {
    struct source source;
    int64_t fails_at;
    int *freed;
};

static bool faulty_read(struct source *source, int64_t offset, char *into, size_t capacity,
                        size_t *out_len, struct err *err)
{
    struct faulty *f = container_of(source, struct faulty, source);

    if (offset >= f->fails_at)
        return err_set(err, ERR_TEMPORARY, "The disk is tired");
    *out_len = capacity < 7 ? capacity : 7;
    memset(into, 'f', *out_len);
    return true;
}

static void faulty_free(struct source *source)
{
    struct faulty *f = container_of(source, struct faulty, source);

    ++*f->freed;
    free(f);
}

static struct source *faulty_new(int64_t fails_at, int *freed)
{
    static const struct source_kind kind = {faulty_read, faulty_free};
    struct faulty *f = must_new(struct faulty);

    *f = (struct faulty){
        {&kind, 1000},
        fails_at, freed
    };
    return &f->source;
}

static void memory_is_read_at_any_offset(void **state)
{
    (void)state;
    struct err err;
    char into[4];
    size_t len = 99;
    scoped(source) source = source_of_slice(SLICE("hello"));

    assert_int_equal(source->size, 5);
    assert_true(source_read(source, 3, into, sizeof into, &len, &err));
    assert_int_equal(len, 2);
    assert_memory_equal(into, "lo", 2);
    assert_true(source_read(source, 5, into, sizeof into, &len, &err));
    assert_int_equal(len, 0);
    assert_true(source_read(source, 500, into, sizeof into, &len, &err));
    assert_int_equal(len, 0);
    source_free(NULL);
}

static void a_prefix_stands_in_front_of_the_rest(void **state)
{
    (void)state;
    struct err err;
    struct bytes body = {0};
    scoped_value(bytes) out = {0};

    bytes_add_text(&body, "body");
    scoped(source) source = source_behind(SLICE("Received: x\r\n"), source_of_bytes(&body));
    assert_null(body.at);
    assert_int_equal(source->size, 17);
    assert_true(source_read_all(source, 17, &out, &err));
    assert_string_equal(out.at, "Received: x\r\nbody");
}

static void reading_all_keeps_to_its_bound(void **state)
{
    (void)state;
    struct err err;
    scoped_value(bytes) large = {0};
    scoped_value(bytes) out = {0};

    memset(bytes_reserve(&large, 100000), 'x', 100000);
    large.len = 100000;
    scoped(source) source = source_of_slice(bytes_slice(&large));
    bytes_add_text(&out, "kept");
    assert_false(source_read_all(source, 99999, &out, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    assert_string_equal(out.at, "kept");
    assert_true(source_read_all(source, 100000, &out, &err));
    assert_int_equal(out.len, 100004);
    bytes_reset(&out);
    scoped(source) empty = source_of_slice(SLICE(""));
    assert_true(source_read_all(empty, 0, &out, &err));
    assert_int_equal(out.len, 0);
}

static void a_failing_source_adds_nothing_and_is_freed_once(void **state)
{
    (void)state;
    struct err err = {0};
    int freed = 0;
    scoped_value(bytes) out = {0};
    struct source *source = source_behind(SLICE("head"), faulty_new(14, &freed));

    bytes_add_text(&out, "kept");
    assert_false(source_read_all(source, 1000, &out, &err));
    assert_string_equal(err.said, "The disk is tired");
    assert_string_equal(out.at, "kept");
    struct memory_sink sink;
    memory_sink_init(&sink);
    assert_false(sink_copy(&sink.sink, source, &err));
    assert_string_equal(sink.bytes.at, "headffffffffffffff");
    bytes_clear(&sink.bytes);
    source_free(source);
    assert_int_equal(freed, 1);
}

static void copying_moves_everything(void **state)
{
    (void)state;
    struct err err;
    scoped_value(bytes) large = {0};
    struct memory_sink sink;

    for (int i = 0; i < 10000; i++)
        bytes_print(&large, "%d,", i);
    scoped(source) source = source_of_slice(bytes_slice(&large));
    memory_sink_init(&sink);
    assert_true(sink_copy(&sink.sink, source, &err));
    assert_true(slice_eq(bytes_slice(&sink.bytes), bytes_slice(&large)));
    bytes_clear(&sink.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_read_at_any_offset),
        cmocka_unit_test(a_prefix_stands_in_front_of_the_rest),
        cmocka_unit_test(reading_all_keeps_to_its_bound),
        cmocka_unit_test(a_failing_source_adds_nothing_and_is_freed_once),
        cmocka_unit_test(copying_moves_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
