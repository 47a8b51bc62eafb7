/*
 * Keys asked for in vain, and asks on their way.
 */
#include "test.h"

#include "ask.h"
#include "clock.h"
#include "key_memory.h"
#include "memory.h"
#include "request.h"
#include "request_copy.h"

static void a_key_asked_for_in_vain_is_remembered(void **state)
{
    struct key_memory *memory = must_new(struct key_memory);
    const struct slice key = SLICE("https://m.example/k");

    (void)state;
    key_memory_init(memory);
    assert_int_equal(key_memory_look(memory, key, 1000), KEY_NO_TROUBLE);
    key_memory_put(memory, key, KEY_SILENT, 1000, 300);
    assert_int_equal(key_memory_look(memory, key, 1299), KEY_SILENT);
    assert_int_equal(key_memory_look(memory, key, 1300), KEY_NO_TROUBLE);
    assert_int_equal(key_memory_look(memory, SLICE("https://m.example/l"), 1000), KEY_NO_TROUBLE);
    key_memory_put(memory, key, KEY_UNFIT, 1400, 300);
    assert_int_equal(key_memory_look(memory, key, 1500), KEY_UNFIT);
    key_memory_clear(memory);
    free(memory);
}

struct test_ask {
    struct ask ask;
    int *freed;
};

static void free_test_ask(struct errand *errand)
{
    struct test_ask *it = container_of(errand, struct test_ask, ask.errand);

    ask_clear(&it->ask);
    ++*it->freed;
    free(it);
}

static struct test_ask *new_ask(int *freed)
{
    struct test_ask *it = must_new(struct test_ask);

    it->ask.errand.free = free_test_ask;
    it->freed = freed;
    return it;
}

static void an_ask_goes_out_until_it_is_done(void **state)
{
    int freed = 0;
    struct asking asking = {0};
    struct test_ask *it = new_ask(&freed), *wanted = new_ask(&freed);

    (void)state;
    assert_ptr_equal(asking_begin(&asking, &it->ask), &it->ask.errand);
    it->ask.errand.ok = true;
    it->ask.want = &wanted->ask.errand;
    assert_ptr_equal(asking_next(&asking, &it->ask.errand), &wanted->ask.errand);
    assert_ptr_equal(asking.held, &it->ask); /* held while what it wants is out */
    assert_ptr_equal(asking_next(&asking, &wanted->ask.errand), &it->ask.errand);
    assert_null(asking.held);
    assert_ptr_equal(it->ask.got, &wanted->ask.errand);
    it->ask.again = true;
    assert_ptr_equal(asking_next(&asking, &it->ask.errand), &it->ask.errand);
    it->ask.again = false;
    assert_null(asking_next(&asking, &it->ask.errand));
    asking_clear(&asking);
    assert_int_equal(freed, 2);
}

static void an_ask_that_failed_wants_nothing(void **state)
{
    int freed = 0;
    struct asking asking = {0};
    struct test_ask *it = new_ask(&freed);

    (void)state;
    asking_begin(&asking, &it->ask);
    it->ask.want = &new_ask(&freed)->ask.errand;
    assert_null(asking_next(&asking, &it->ask.errand));
    asking_clear(&asking);
    assert_int_equal(freed, 2);
}

static void a_request_is_copied_whole(void **state)
{
    scoped_text char *text = must_dup("POST /a?b=c HTTP/1.1\nHost: example.org\nX: y\n\nbody");
    struct http_request request;

    (void)state;
    request_read(text, &request);
    struct http_request *copy = request_copy(&request);
    memset(text, '#', strlen(text));
    assert_true(slice_is(copy->method, "POST"));
    assert_true(slice_is(copy->target, "/a?b=c"));
    assert_true(slice_is(copy->path, "/a"));
    assert_true(slice_is(copy->query, "b=c"));
    assert_true(slice_is(copy->host, "example.org"));
    assert_true(slice_is(copy->body, "body"));
    assert_true(slice_is(http_field(copy, "x", NULL), "y"));
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_asked_for_in_vain_is_remembered),
        cmocka_unit_test(an_ask_goes_out_until_it_is_done),
        cmocka_unit_test(an_ask_that_failed_wants_nothing),
        cmocka_unit_test(a_request_is_copied_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
