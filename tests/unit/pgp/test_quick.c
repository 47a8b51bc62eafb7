/* How long contexts of librnp are kept, on a clock that the test moves. */
#include "clock.h"
#include "fixtures.h"
#include "quick.h"
#include "test.h"

static struct test_clock timer;
static struct quick *quick;
static struct err err;

static enum quick_fit use(const char *certificate)
{
    const struct slice certificates[] = {fixture(certificate)};
    struct quick_context *context = NULL;
    enum quick_fit fit = quick_take(quick, certificates, 1, NULL, &context, &err);

    quick_give_back(quick, context);
    return fit;
}

static int begin(void **state)
{
    (void)state;
    test_clock_init(&timer, 5000000);
    quick = quick_new(&timer.clock);
    return 0;
}

static int end(void **state)
{
    (void)state;
    quick_free(quick);
    return 0;
}

static void a_context_is_kept_for_an_hour(void **state)
{
    (void)state;
    assert_int_equal(use("alice@example.org.bin"), QUICK_FITS);
    timer.now_ms += HOUR_MS - 1;
    assert_int_equal(use("alice@example.org.bin"), QUICK_FITS);
    assert_int_equal(quick_made(quick), 1);
    timer.now_ms += 1; /* however lately it was used */
    assert_int_equal(use("alice@example.org.bin"), QUICK_FITS);
    assert_int_equal(quick_made(quick), 2);
    assert_int_equal(use("alice@example.org.bin"), QUICK_FITS);
    assert_int_equal(quick_made(quick), 2);
}

/* What is no use today may be one later: librnp learns, and a key's time begins. */
static void that_one_is_unfit_is_known_for_an_hour(void **state)
{
    (void)state;
    assert_int_equal(use("old@example.org.bin"), QUICK_UNFIT);
    timer.now_ms += HOUR_MS - 1;
    assert_int_equal(use("old@example.org.bin"), QUICK_UNFIT);
    assert_int_equal(quick_made(quick), 1);
    timer.now_ms += 1;
    assert_int_equal(use("old@example.org.bin"), QUICK_UNFIT);
    assert_int_equal(quick_made(quick), 2);
}

/* It grew old while it was in use. */
static void one_that_comes_back_old_is_not_used_again(void **state)
{
    const struct slice certificates[] = {fixture("alice@example.org.bin")};
    struct quick_context *context = NULL;

    (void)state;
    assert_int_equal(quick_take(quick, certificates, 1, NULL, &context, &err), QUICK_FITS);
    timer.now_ms += 2 * HOUR_MS;
    quick_give_back(quick, context);
    assert_int_equal(use("alice@example.org.bin"), QUICK_FITS);
    assert_int_equal(quick_made(quick), 2);
}

static int set_up(void **state)
{
    (void)state;
    fixtures_make();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixtures_remove();
    return 0;
}

int main(void)
{
#define WITH_QUICK(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH_QUICK(a_context_is_kept_for_an_hour),
        WITH_QUICK(that_one_is_unfit_is_known_for_an_hour),
        WITH_QUICK(one_that_comes_back_old_is_not_used_again),
    };
    return cmocka_run_group_tests_name("quick", tests, set_up, tear_down);
}
