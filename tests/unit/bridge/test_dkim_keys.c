/* Keys that sign mail: made once, rotated in two steps, forgotten when nothing needs them. */
#include "one_town.h"

#include "bridge_dkim.h"
#include "bridge_people.h"
#include "text.h"

static void add_record(void *ctx, const struct dkim_record *record)
{
    static const char *const states[] = {[DKIM_NEXT] = "next",
                                         [DKIM_ACTIVE] = "active",
                                         [DKIM_RETIRED] = "retired",
                                         [DKIM_FORGOTTEN] = "forgotten"};

    bytes_print(ctx, "%s %s", record->name, states[record->state]);
    if (record->keep_until_ms)
        bytes_print(ctx, " for %lld days",
                    (long long)((record->keep_until_ms - record->since_ms) / DAY_MS));
    bytes_add_char(ctx, '\n');
}

static void check_records(const char *domain, const char *expected)
{
    struct err err;
    scoped(store_view) view = store_look(town.store, &err);
    scoped_value(bytes) found = {0};

    assert_true(bridge_dkim_records(town.bridge, view, slice_of(domain), add_record, &found, &err));
    assert_string_equal(found.at ? found.at : "", expected);
}

#define FIRST(state)                                                                               \
    "r26a._domainkey.example.org " state "\n"                                                      \
    "e26a._domainkey.example.org " state "\n"
#define SECOND(state)                                                                              \
    "r26b._domainkey.example.org " state "\n"                                                      \
    "e26b._domainkey.example.org " state "\n"

static void every_domain_has_a_pair(void **state)
{
    struct err err;

    (void)state;
    check_records("example.org", FIRST("active"));
    check_records("second.example",
                  "r26a._domainkey.second.example active\ne26a._domainkey.second.example active\n");
    check_records("elsewhere.example", "");
    assert_true(bridge_make_ready(town.bridge, &err));
    check_records("example.org", FIRST("active"));
}

static void check_value(void *ctx, const struct dkim_record *record)
{
    struct slice rest = slice_of(record->value);
    scoped_value(bytes) key = {0};
    size_t *count = ctx;
    bool rsa = record->kind == DKIM_RSA;

    ++*count;
    assert_true(
        slice_starts(rest, slice_of(rsa ? "v=DKIM1; k=rsa; p=" : "v=DKIM1; k=ed25519; p=")));
    rest = slice_from(rest, slice_find_text(rest, SLICE("p=")) + 2);
    assert_true(base64_read(rest, &key));
    assert_int_equal(key.len, rsa ? 294 : 32); /* SubjectPublicKeyInfo, bare key */
}

static void records_are_ready_to_paste(void **state)
{
    struct err err;
    size_t count = 0;
    scoped(store_view) view = store_look(town.store, &err);

    (void)state;
    assert_true(
        bridge_dkim_records(town.bridge, view, SLICE("example.org"), check_value, &count, &err));
    assert_int_equal(count, 2);
}

static void a_rotation_takes_two_steps(void **state)
{
    const struct slice domain = SLICE("example.org");
    struct err err;

    (void)state;
    assert_false(bridge_dkim_switch(town.bridge, domain, &err));
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_true(bridge_dkim_prepare(town.bridge, domain, &err));
    check_records("example.org", FIRST("active") SECOND("next"));
    assert_false(bridge_dkim_prepare(town.bridge, domain, &err));
    assert_int_equal(err.kind, ERR_REFUSED);
    town_wait(&town, DAY_MS);
    assert_true(bridge_dkim_switch(town.bridge, domain, &err));
    check_records("example.org", FIRST("retired for 8 days") SECOND("active"));
    town_wait(&town, DKIM_KEEP_DAYS * DAY_MS - 1);
    town_chores(&town, NULL);
    check_records("example.org", FIRST("retired for 8 days") SECOND("active"));
    town_wait(&town, 11 * MINUTE_MS); /* chores tidy from time to time */
    town_chores(&town, NULL);
    check_records("example.org", FIRST("forgotten") SECOND("active"));
    assert_true(bridge_dkim_prepare(town.bridge, domain, &err));
    check_records("example.org",
                  FIRST("forgotten") SECOND("active") "r26c._domainkey.example.org next\n"
                                                      "e26c._domainkey.example.org next\n");
    check_records("second.example",
                  "r26a._domainkey.second.example active\ne26a._domainkey.second.example active\n");
}

static void only_domains_of_ours(void **state)
{
    struct err err;

    (void)state;
    assert_false(bridge_dkim_prepare(town.bridge, SLICE("elsewhere.example"), &err));
    assert_int_equal(err.kind, ERR_ABSENT);
    assert_false(bridge_dkim_switch(town.bridge, SLICE("elsewhere.example"), &err));
    assert_int_equal(err.kind, ERR_ABSENT);
}

static void a_year_has_letters_enough(void **state)
{
    const struct slice domain = SLICE("example.org");
    scoped_value(bytes) found = {0};
    struct err err;

    (void)state;
    for (int i = 1; i < 28; i++) {
        assert_true(bridge_dkim_prepare(town.bridge, domain, &err));
        assert_true(bridge_dkim_switch(town.bridge, domain, &err));
    }
    scoped(store_view) view = store_look(town.store, &err);
    assert_true(bridge_dkim_records(town.bridge, view, domain, add_record, &found, &err));
    assert_true(slice_has(bytes_slice(&found), "r26z._domainkey.example.org retired"));
    assert_true(slice_has(bytes_slice(&found), "r26aa._domainkey.example.org retired"));
    assert_true(slice_has(bytes_slice(&found), "e26ab._domainkey.example.org active"));
}

#define IN_TOWN(test) cmocka_unit_test_setup_teardown(test, open_town, close_town)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(every_domain_has_a_pair),    IN_TOWN(records_are_ready_to_paste),
        IN_TOWN(a_rotation_takes_two_steps), IN_TOWN(only_domains_of_ours),
        IN_TOWN(a_year_has_letters_enough),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
