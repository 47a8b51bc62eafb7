/* The ACME client without network: what it signs, what it reads, when it orders. */
#include "test.h"

#include "acme_jws.h"
#include "acme_state.h"
#include "acme_words.h"
#include "clock.h"
#include "memory.h"

#include <stdio.h>

/* ---- requests ---- */

/* The key of RFC 7515 A.3. */
static const unsigned char point[] = {
    4,    0x7f, 0xcd, 0xce, 0x27, 0x70, 0xf6, 0xc4, 0x5d, 0x41, 0x83, 0xcb, 0xee,
    0x6f, 0xdb, 0x4b, 0x7b, 0x58, 0x07, 0x33, 0x35, 0x7b, 0xe9, 0xef, 0x13, 0xba,
    0xcf, 0x6e, 0x3c, 0x7b, 0xd1, 0x54, 0x45, 0xc7, 0xf1, 0x44, 0xcd, 0x1b, 0xbd,
    0x9b, 0x7e, 0x87, 0x2c, 0xdf, 0xed, 0xb9, 0xee, 0xb9, 0xf4, 0xb3, 0x69, 0x5d,
    0x6e, 0xa9, 0x0b, 0x24, 0xad, 0x8a, 0x46, 0x23, 0x28, 0x85, 0x88, 0xe5, 0xad};
static char signed_text[4096];

static void sign(void *ctx, struct slice data, unsigned char out[ACME_SIGNATURE_LEN])
{
    (void)ctx;
    snprintf(signed_text, sizeof signed_text, "%.*s", SLICE_ARGS(data));
    for (size_t i = 0; i < ACME_SIGNATURE_LEN; i++)
        out[i] = (unsigned char)i;
}

static struct acme_signer signer_of_the_example(void)
{
    struct acme_signer signer = {.sign = sign};

    memcpy(signer.point, point, sizeof point);
    return signer;
}

static void the_thumbprint_is_the_known_one(void **state)
{
    const struct acme_signer signer = signer_of_the_example();
    scoped_value(bytes) text = {0};

    (void)state;
    acme_thumbprint(&signer, &text);
    assert_string_equal(text.at, "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}

#define PAYLOAD "eyJ0ZXJtc09mU2VydmljZUFncmVlZCI6dHJ1ZX0"
#define WITH_KEY                                                                                   \
    "eyJhbGciOiJFUzI1NiIsImp3ayI6eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImY4M09KM0QyeEYxQmc4dnVi" \
    "OXRMZTFnSE16Vjc2ZThUdXM5dVBIdlJWRVUiLCJ5IjoieF9GRXpSdTltMzZITE5fdHVlNjU5TE5wWFc2cEN5U3Rpa1lq" \
    "S0lXSTVhMCJ9LCJub25jZSI6Im4xIiwidXJsIjoiaHR0cHM6Ly9jYS50ZXN0L25ldy1hY2NvdW50In0"
#define WITH_ACCOUNT                                                                               \
    "eyJhbGciOiJFUzI1NiIsImtpZCI6Imh0dHBzOi8vY2EudGVzdC9hY2N0LzEiLCJub25jZSI6Im4yIiwidXJsIjoiaHR0" \
    "cHM6Ly9jYS50ZXN0L29yZGVyLzcifQ"
#define SIGNATURE                                                                                  \
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-Pw"

/* What Python's json and base64 make of the same. */
static void a_request_is_what_the_standard_wants(void **state)
{
    const struct acme_signer signer = signer_of_the_example();
    scoped_value(bytes) first = {0};
    scoped_value(bytes) later = {0};

    (void)state;
    acme_jws(&signer,
             &(struct acme_call){.url = "https://ca.test/new-account",
                                 .nonce = "n1",
                                 .payload = SLICE("{\"termsOfServiceAgreed\":true}")},
             &first);
    assert_string_equal(first.at, "{\"protected\":\"" WITH_KEY "\",\"payload\":\"" PAYLOAD
                                  "\",\"signature\":\"" SIGNATURE "\"}");
    assert_string_equal(signed_text, WITH_KEY "." PAYLOAD);
    acme_jws(&signer,
             &(struct acme_call){.url = "https://ca.test/order/7",
                                 .nonce = "n2",
                                 .account = "https://ca.test/acct/1",
                                 .payload = SLICE("")},
             &later);
    assert_string_equal(later.at, "{\"protected\":\"" WITH_ACCOUNT
                                  "\",\"payload\":\"\",\"signature\":\"" SIGNATURE "\"}");
}

/* ---- answers ---- */

static void answers_are_read_or_refused(void **state)
{
    static const struct {
        const char *name, *json;
        bool good;
    } orders[] = {
  /* clang-format off */
        {"an order",              "{\"status\":\"pending\",\"authorizations\":[\"https://ca.test/a/1\"],\"finalize\":\"https://ca.test/f\"}", true},
        {"a valid one",           "{\"status\":\"valid\",\"authorizations\":[],\"finalize\":\"https://ca.test/f\",\"certificate\":\"https://ca.test/c\"}", true},
        {"valid without a place", "{\"status\":\"valid\",\"authorizations\":[],\"finalize\":\"https://ca.test/f\"}", false},
        {"no finalize",           "{\"status\":\"pending\",\"authorizations\":[]}", false},
        {"in clear",              "{\"status\":\"pending\",\"authorizations\":[\"http://ca.test/a/1\"],\"finalize\":\"https://ca.test/f\"}", false},
        {"unknown status",        "{\"status\":\"merry\",\"authorizations\":[],\"finalize\":\"https://ca.test/f\"}", false},
        {"a list",                "[]", false},
        {"nothing",               "", false},
        {"twice the same",        "{\"status\":\"pending\",\"status\":\"valid\",\"finalize\":\"https://ca.test/f\"}", false},
  /* clang-format on */
    };
    struct err err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        scoped_value(acme_order_state) it = {0};
        if (acme_order_state_read(slice_of(orders[i].json), &it, &err) != orders[i].good)
            fail_msg("%s", orders[i].name);
    }
}

#define AUTHORIZATION(name, token)                                                                 \
    "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"" name                   \
    "\"},\"challenges\":[{\"type\":\"dns-01\",\"token\":\"x\",\"url\":\"https://ca.test/d\"},"     \
    "{\"type\":\"http-01\",\"status\":\"pending\",\"token\":\"" token                              \
    "\",\"url\":\"https://ca.test/h\"}]}"

static void a_token_leads_nowhere_else(void **state)
{
    static const struct {
        const char *json;
        const char *token;
    } rows[] = {
        {AUTHORIZATION("a.test", "ab-c_9"),      "ab-c_9"},
        {AUTHORIZATION("a.test", "../secret"),   NULL    },
        {AUTHORIZATION("a.test", ""),            NULL    },
        {AUTHORIZATION("a.test", "a\\u0000b"),   NULL    },
        {AUTHORIZATION("a.test", "a b"),         NULL    },
        {AUTHORIZATION("a.test", "a\\r\\nB: c"), NULL    },
    };
    struct err err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(acme_authorization) it = {0};
        bool read = acme_authorization_read(slice_of(rows[i].json), &it, &err);
        if (!rows[i].token) {
            assert_true(!read || !it.token);
            continue;
        }
        assert_true(read);
        assert_string_equal(it.name, "a.test");
        assert_string_equal(it.token, rows[i].token);
        assert_string_equal(it.url, "https://ca.test/h");
    }
}

static void a_problem_is_said_in_words(void **state)
{
    static const struct {
        const char *json, *name, *said;
    } rows[] = {
  /* clang-format off */
        {"{\"type\":\"urn:ietf:params:acme:error:connection\",\"detail\":\"x\"}", "a.test", "the authority could not reach http://a.test/: is port 80 open to the world, and led to this machine?"},
        {"{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"until 8\"}", NULL, "the authority has had enough of us for now, and is asked again later (it says: rateLimited: until 8)"},
        {"{\"type\":\"urn:ietf:params:acme:error:odd\",\"detail\":\"a\\nb\"}", NULL, "the authority refused (it says: odd: a?b)"},
        {"{\"type\":\"urn:ietf:params:acme:error:a b\"}", NULL, "the authority refused"},
        {"not JSON", "a.test", "the authority refused a.test"},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(acme_problem) problem = {0};
        scoped_value(bytes) words = {0};
        acme_problem_read(slice_of(rows[i].json), &problem);
        acme_words(&problem, rows[i].name, &words);
        assert_string_equal(words.at, rows[i].said);
    }
}

/* ---- when ---- */

#define CA "https://ca.test/dir"

static struct acme_view view_of(const char *names, int64_t from_ms, int64_t until_ms)
{
    static const char *const wanted[] = {"a.test", "b.test"};
    struct acme_view view = {
        .directory = CA, .fits = true, .facts = {.from_ms = from_ms, .until_ms = until_ms}
    };

    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        view.wanted.at[view.wanted.count++] = must_dup(wanted[i]);
    bytes_add_text(&view.facts.names, names);
    snprintf(view.note.asked, sizeof view.note.asked, CA);
    snprintf(view.note.issued, sizeof view.note.issued, CA);
    return view;
}

static void it_is_renewed_when_two_thirds_are_over(void **state)
{
    scoped_value(acme_view) view = view_of("a.test b.test", 1000 * DAY_MS, 1090 * DAY_MS);

    (void)state;
    assert_int_equal(acme_due_ms(&view), 1060 * DAY_MS);
    snprintf(view.note.issued, sizeof view.note.issued, "https://staging.test/dir");
    assert_int_equal(acme_due_ms(&view), 0);
    view.note.issued[0] = '\0'; /* one that somebody put there */
    assert_int_equal(acme_due_ms(&view), 1060 * DAY_MS);
    view.fits = false;
    assert_int_equal(acme_due_ms(&view), 0);
}

static void a_lesser_certificate_takes_no_place(void **state)
{
    static const char *const both[] = {"a.test", "b.test"};
    static const struct {
        const char *name, *has;
        size_t count; /* of both */
        int64_t day;
        bool worth;
    } rows[] = {
        {"nothing new",                    "a.test b.test", 2, 1010, false},
        {"a name more",                    "a.test",        2, 1010, true },
        {"due",                            "a.test b.test", 2, 1061, true },
        {"due, and one lost",              "a.test b.test", 1, 1061, false},
        {"soon over, and one lost",        "a.test b.test", 1, 1076, true },
        {"due, what was lacking is still", "a.test",        1, 1061, true },
        {"no name at all",                 "a.test",        0, 1085, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(acme_view) view = view_of(rows[i].has, 1000 * DAY_MS, 1090 * DAY_MS);
        if (acme_is_worth(&view, both, rows[i].count, rows[i].day * DAY_MS) != rows[i].worth)
            fail_msg("%s", rows[i].name);
    }
}

static void failures_are_further_and_further_apart(void **state)
{
    static const int64_t minutes[] = {15, 30, 60, 120, 240, 480, 720, 720};
    scoped_value(acme_view) view = view_of("", 0, 0);
    int64_t now = 1000 * DAY_MS;

    (void)state;
    view.fits = false;
    for (size_t i = 0; i < COUNT_OF(minutes); i++) {
        acme_note_failure(&view, "no", 0, now);
        assert_int_equal(acme_not_before_ms(&view, false, now), now + minutes[i] * MINUTE_MS);
        assert_int_equal(acme_not_before_ms(&view, true, now), now + 15 * MINUTE_MS);
    }
    acme_note_failure(&view, "no", 23 * 3600, now);
    assert_int_equal(acme_not_before_ms(&view, false, now), now + 23 * HOUR_MS);
    acme_note_failure(&view, "no", 99 * 3600, now);
    assert_int_equal(acme_not_before_ms(&view, false, now), now + DAY_MS);
    assert_int_equal(acme_not_before_ms(&view, false, now - HOUR_MS), 0); /* the clock went back */
    view.directory = "https://other.test/dir";
    assert_int_equal(acme_not_before_ms(&view, false, now), 0);
    acme_note_failure(&view, "no", 0, now);
    assert_int_equal(view.note.failures, 1);
}

static void what_is_broken_off_again_and_again_is_not_begun_at_each_start(void **state)
{
    scoped_value(acme_view) view = view_of("", 0, 0);
    int64_t now = 1000 * DAY_MS;

    (void)state;
    view.fits = false;
    acme_note_failure(&view, "no", 0, now - DAY_MS);
    for (int i = 0; i < 2; i++) {
        acme_note_begin(&view, now);
        assert_true(acme_not_before_ms(&view, true, now) <= now);
    }
    acme_note_begin(&view, now);
    assert_int_equal(acme_not_before_ms(&view, true, now), now + 15 * MINUTE_MS);
    assert_int_equal(acme_not_before_ms(&view, false, now), now + 15 * MINUTE_MS);
    assert_true(acme_not_before_ms(&view, true, now - MINUTE_MS) <= now); /* the clock went back */
    acme_note_failure(&view, "no", 0, now);
    assert_int_equal(view.note.begun, 0);
    assert_int_equal(view.note.failures, 2);
    view.directory = "https://other.test/dir";
    acme_note_begin(&view, now);
    assert_int_equal(acme_not_before_ms(&view, true, now), 0);
    assert_int_equal(view.note.failures, 0);
}

static void a_certificate_for_other_names_is_not_taken(void **state)
{
    static const struct {
        const char *has, *gets;
        int64_t day;
        bool better;
    } rows[] = {
        {"",              "a.test b.test", 1010, true },
        {"",              "b.test",        1010, true },
        {"",              "c.test",        1010, false},
        {"",              "",              1010, false},
        {"a.test",        "b.test",        1010, false},
        {"a.test",        "a.test b.test", 1010, true },
        {"a.test b.test", "b.test",        1061, false},
        {"a.test b.test", "b.test c.test", 1076, true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(acme_view) view = view_of(rows[i].has, 1000 * DAY_MS, 1090 * DAY_MS);
        scoped_value(acme_view) other = view_of(rows[i].gets, 1010 * DAY_MS, 1100 * DAY_MS);
        view.fits = rows[i].has[0];
        if (acme_is_better(&view, &other.facts, rows[i].day * DAY_MS) != rows[i].better)
            fail_msg("row %zu", i);
    }
}

static void a_name_that_lacks_is_tried_daily(void **state)
{
    scoped_value(acme_view) view = view_of("a.test", 1000 * DAY_MS, 1090 * DAY_MS);

    (void)state;
    acme_note_success(&view, "b.test: no", 1001 * DAY_MS);
    assert_int_equal(view.note.next_ms, 1002 * DAY_MS);
    acme_note_failure(&view, "b.test: no", 0, 1002 * DAY_MS);
    assert_int_equal(view.note.next_ms, 1003 * DAY_MS);
    acme_note_success(&view, "", 1003 * DAY_MS);
    assert_int_equal(view.note.next_ms, 1003 * DAY_MS + HOUR_MS);

    view.facts.until_ms = view.facts.from_ms + 15 * MINUTE_MS; /* one that is soon due */
    acme_note_success(&view, "b.test: no", 1000 * DAY_MS);
    assert_int_equal(view.note.next_ms, 1000 * DAY_MS + 10 * MINUTE_MS);
    acme_note_success(&view, "", 1000 * DAY_MS);
    assert_int_equal(view.note.next_ms, 1000 * DAY_MS + 5 * MINUTE_MS);
}

static void a_note_is_read_as_it_was_written(void **state)
{
    struct acme_note again, note = {.asked = CA,
                                    .issued = "https://b.test/",
                                    .tried_ms = 5,
                                    .next_ms = 7,
                                    .failures = 2,
                                    .begun = 3,
                                    .trouble = "a \"word\""};
    scoped_value(bytes) text = {0};

    (void)state;
    acme_note_write(&note, &text);
    acme_note_read(bytes_slice(&text), &again);
    assert_memory_equal(&note, &again, sizeof note);
    acme_note_read(SLICE("{"), &again);
    assert_int_equal(again.next_ms, 0);
    assert_string_equal(again.trouble, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_thumbprint_is_the_known_one),
        cmocka_unit_test(a_request_is_what_the_standard_wants),
        cmocka_unit_test(answers_are_read_or_refused),
        cmocka_unit_test(a_token_leads_nowhere_else),
        cmocka_unit_test(a_problem_is_said_in_words),
        cmocka_unit_test(it_is_renewed_when_two_thirds_are_over),
        cmocka_unit_test(a_lesser_certificate_takes_no_place),
        cmocka_unit_test(failures_are_further_and_further_apart),
        cmocka_unit_test(what_is_broken_off_again_and_again_is_not_begun_at_each_start),
        cmocka_unit_test(a_certificate_for_other_names_is_not_taken),
        cmocka_unit_test(a_name_that_lacks_is_tried_daily),
        cmocka_unit_test(a_note_is_read_as_it_was_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
