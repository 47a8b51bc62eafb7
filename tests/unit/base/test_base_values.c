/* The values of errands, and digests. */
#include "test.h"

#include "digest.h"
#include "dns.h"
#include "fetch.h"
#include "resolve.h"
#include "text.h"

static void digests_of_fips_180(void **state)
{
    (void)state;
    unsigned char digest[SHA256_LEN];
    scoped_value(bytes) hex = {0};

    sha256(SLICE("abc"), digest);
    hex_add(&hex, (struct slice){(const char *)digest, SHA256_LEN});
    assert_string_equal(hex.at, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct sha256_run *run = sha256_start();
    sha256_add(run, SLICE("a"));
    sha256_add(run, (struct slice){NULL, 0});
    sha256_add(run, SLICE("bc"));
    unsigned char again[SHA256_LEN];
    sha256_end(run, again);
    assert_memory_equal(digest, again, SHA256_LEN);
    sha256((struct slice){NULL, 0}, digest);
    bytes_reset(&hex);
    hex_add(&hex, (struct slice){(const char *)digest, 4});
    assert_string_equal(hex.at, "e3b0c442");
}

static void a_lookup_owns_its_answers(void **state)
{
    (void)state;
    struct dns_lookup *lookup = dns_lookup_new();
    char too_long[400];

    memset(too_long, 'x', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    dns_lookup_ask(lookup, DNS_MX, "a.test");
    dns_lookup_ask(lookup, DNS_TXT, too_long);
    assert_int_equal(lookup->count, 2);
    assert_int_equal(lookup->errand.lane, LANE_DNS);
    assert_string_equal(lookup->questions[0].name, "a.test");
    assert_string_equal(lookup->questions[1].name, "invalid");
    dns_answer_add(&lookup->answers[0], SLICE("\0\x0a\0"));
    dns_answer_add(&lookup->answers[0], SLICE("second"));
    assert_int_equal(lookup->answers[0].count, 2);
    assert_true(slice_is(lookup->answers[0].records[1].data, "second"));
    errand_free(&lookup->errand); /* LeakSanitizer watches */
    errand_free(NULL);
}

static void fetches_have_limits_from_the_start(void **state)
{
    (void)state;
    struct fetch *fetch = fetch_new("https://a.test/");
    struct resolve *resolve = resolve_new("bob", "social.example", NULL);

    assert_int_equal(fetch->errand.lane, LANE_FETCH);
    assert_int_equal(fetch->max_bytes, 1024 * 1024);
    assert_int_equal(fetch->total_ms, 30000);
    bytes_add_text(&fetch->answer, "x");
    errand_free(&fetch->errand);
    assert_int_equal(resolve->errand.lane, LANE_RESOLVE);
    assert_null(resolve->actor_id);
    errand_free(&resolve->errand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_of_fips_180),
        cmocka_unit_test(a_lookup_owns_its_answers),
        cmocka_unit_test(fetches_have_limits_from_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
