/* A key that changes: who certifies the new one, two copies of one, and what everybody may see of it. */
#include "fixtures.h"
#include "memory.h"
#include "pgp.h"
#include "test.h"

static struct judge_argv judge;
static struct pgp *pgp;
static struct err err;

static int start(void **state)
{
    (void)state;
    fixtures_make();
    judge = judge_like("judge", NULL);
    pgp = pgp_new(judge.each);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    pgp_free(pgp);
    fixtures_remove();
    return 0;
}

static void the_old_key_vouches_for_the_new_one(void **state)
{
    static const struct {
        const char *name, *certificate, *by, *address;
        bool vouched;
    } rows[] = {
        {"certified",                   "new-vouched.bin", "nora-two.bin",          "nora-new@example.org", true },
        {"an older copy of who did",    "new-vouched.bin", "nora-bare.bin",         "nora-new@example.org",
         true                                                                                                    },
        {"in other letters",            "new-vouched.bin", "nora-two.bin",          "NORA-new@example.org", true },
        {"not certified",               "new-alone.bin",   "nora-two.bin",          "nora-new@example.org", false},
        {"for another address",         "new-vouched.bin", "nora-two.bin",          "nora@work.test",       false},
        {"for an address it has not",   "new-vouched.bin", "nora-two.bin",          "eve@example.org",      false},
        {"by somebody else",            "new-by-two.bin",  "alice@example.org.bin", "nora-new@example.org",
         false                                                                                                   },
        {"by itself",                   "new-vouched.bin", "new-vouched.bin",       "nora-new@example.org", false},
        {"by nothing that can be read", "new-vouched.bin", "garbage",               "nora-new@example.org",
         false                                                                                                   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct slice by[] = {fixture("bob@example.org.bin"), fixture(rows[i].by)};
        bool vouched;
        if (!pgp_key_vouched(pgp, fixture(rows[i].certificate), by, COUNT_OF(by), rows[i].address,
                             &vouched, &err))
            fail_msg("%s: %s (%s)", rows[i].name, err.said, err.cause);
        if (vouched != rows[i].vouched)
            fail_msg("%s: %d", rows[i].name, vouched);
    }
}

static void what_is_no_certificate_is_vouched_for_by_nobody(void **state)
{
    const struct slice by[] = {fixture("bob@example.org.bin")};
    bool vouched;

    (void)state;
    assert_false(pgp_key_vouched(pgp, SLICE("garbage"), by, 1, "a@b.test", &vouched, &err));
    assert_int_equal(err.kind, ERR_MALFORMED);
    assert_false(pgp_key_vouched(pgp, fixture("secret.bin"), by, 1, "a@b.test", &vouched, &err));
}

static struct pgp_key_facts facts_of(struct slice certificate)
{
    struct pgp_key_facts facts;

    if (!pgp_key_read(pgp, certificate, &facts, &err))
        fail_msg("%s (%s)", err.said, err.cause);
    return facts;
}

static void two_copies_say_together_what_either_says(void **state)
{
    static const char *const copies[] = {"nora-bare.bin", "nora-year.bin", "nora-two.bin"};

    (void)state;
    int64_t latest = facts_of(fixture("nora-two.bin")).expires_ms;
    assert_true(latest > 0);
    for (size_t i = 0; i < COUNT_OF(copies); i++) {
        scoped_value(bytes) merged = {0};
        if (!pgp_key_merge(fixture(copies[i]), fixture("nora-two.bin"), &merged, &err))
            fail_msg("%s (%s)", err.said, err.cause);
        struct pgp_key_facts facts = facts_of(bytes_slice(&merged));
        assert_true(facts.can_encrypt);
        assert_int_equal(facts.expires_ms, latest);
        scoped_value(bytes) turned = {0}; /* an older copy that comes later takes nothing away */
        assert_true(pgp_key_merge(bytes_slice(&merged), fixture(copies[i]), &turned, &err));
        facts = facts_of(bytes_slice(&turned));
        assert_true(facts.can_encrypt);
        assert_int_equal(facts.expires_ms, latest);
    }
}

static void others_are_not_merged(void **state)
{
    static const char *const others[] = {"bob@example.org.bin", "garbage", "secret.bin",
                                         "both.bin"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        scoped_value(bytes) merged = {0};
        assert_false(pgp_key_merge(fixture("nora-two.bin"), fixture(others[i]), &merged, &err));
        assert_int_equal(err.kind, ERR_REFUSED);
    }
}

static void everybody_sees_the_user_id_of_the_address_alone(void **state)
{
    static const struct {
        const char *certificate, *address, *uid; /* NULL: nothing is shown */
    } rows[] = {
        {"alice@example.org.bin", "alice@example.org",    "alice@example.org"   },
        {"alice@example.org.asc", "ALICE@example.org",    "alice@example.org"   },
        {"alice@example.org.bin", "alice@work.test",      "alice@work.test"     },
        {"new-by-two.bin",        "nora-new@example.org", "nora-new@example.org"},
        {"alice@example.org.bin", "alice@example.or",     NULL                  },
        {"alice@example.org.bin", "bob@example.org",      NULL                  },
        {"garbage",               "alice@example.org",    NULL                  },
        {"secret.bin",            "alice@example.org",    NULL                  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) shown = {0};
        bool named =
            pgp_key_for_address(fixture(rows[i].certificate), slice_of(rows[i].address), &shown);
        if (named != (rows[i].uid != NULL) || named != (shown.len > 0))
            fail_msg("%s for %s: %d", rows[i].certificate, rows[i].address, named);
        if (!named)
            continue;
        struct pgp_key_facts whole = facts_of(fixture(rows[i].certificate));
        struct pgp_key_facts facts = facts_of(bytes_slice(&shown));
        assert_int_equal(facts.uid_count, 1);
        assert_string_equal(facts.uids[0], rows[i].uid);
        assert_string_equal(facts.fingerprint, whole.fingerprint);
        assert_int_equal(facts.can_encrypt, whole.can_encrypt);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_old_key_vouches_for_the_new_one),
        cmocka_unit_test(what_is_no_certificate_is_vouched_for_by_nobody),
        cmocka_unit_test(two_copies_say_together_what_either_says),
        cmocka_unit_test(others_are_not_merged),
        cmocka_unit_test(everybody_sees_the_user_id_of_the_address_alone),
    };

    if (argc > 1)
        return pgp_judge_main();
    (void)argv;
    return cmocka_run_group_tests(tests, start, stop);
}
