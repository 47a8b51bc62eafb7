/* The life of a key (docs/at-rest.md): learnt, changed, refused, renewed, ended; on a clock that the test moves. */
#include "key_owner.h"

#include "bridge_people.h"
#include "pgp.h"
#include "store_mailbox.h"
#include "town_private.h"

#include <stdio.h>

/* ---- change ---- */
static void the_first_is_in_use_at_once(void **state)
{
    (void)state;
    tell_key("first");
    assert_int_equal(state_of("first"), KEY_IN_USE);
    scoped_text char *told = letter();
    assert_non_null(strstr(told, "Your mail is encrypted to your key from now on"));
    tell_key("first");
    assert_int_equal(letters(), 1);
}

static void another_waits_for_seven_days(void **state)
{
    (void)state;
    tell_key("first");
    tell_key("second");
    assert_int_equal(state_of("second"), KEY_WAITS);
    scoped_text char *asked = letter();
    assert_true(is_sealed(asked)); /* to the old key, which the new one's owner may not have */
    tell_key("second");
    assert_int_equal(letters(), 2);
    town_wait(&town, KEY_NOTICE_DAYS * DAY_MS - 1);
    town_chores(&town, NULL);
    assert_false(encrypts("second"));
    town_wait(&town, 1);
    assert_true(encrypts("second"));
    town_wait(&town, HOUR_MS);
    town_chores(&town, NULL);
    assert_int_equal(state_of("second"), KEY_IN_USE);
    assert_int_equal(letters(), 3);
    assert_true(encrypts("first"));
    town_chores(&town, NULL);
    assert_int_equal(letters(), 3);
}

static void any_answer_refuses_it_for_good(void **state)
{
    char ref[REF_LEN + 1];

    (void)state;
    tell_key("first");
    tell_key("second");
    scoped_text char *asked = letter();
    ref_of(asked, ref);
    scoped_text char *robot = must_print("%s+refuse@example.org", ref);
    submit(robot, "", "\nWhat is this?\n");
    assert_int_equal(state_of("second"), KEY_REFUSED);
    tell_key("second");
    assert_int_equal(state_of("second"), KEY_REFUSED);
    town_wait(&town, 8 * DAY_MS);
    town_chores(&town, NULL);
    assert_false(encrypts("second"));
    add_by_hand("second"); /* the administrator's word counts more */
    assert_true(encrypts("second"));
}

static void a_key_in_use_is_not_ended_by_a_mail(void **state)
{
    char ref[REF_LEN + 1];

    (void)state;
    tell_key("first");
    tell_key("second");
    scoped_text char *asked = letter();
    ref_of(asked, ref);
    town_wait(&town, 7 * DAY_MS);
    scoped_text char *robot = must_print("%s+refuse@example.org", ref);
    submit(robot, "", "\nno\n");
    press(KEY_WORD_NO, ref, false);
    assert_true(encrypts("second"));
}

static void the_link_of_a_sealed_letter_says_yes(void **state)
{
    char ref[REF_LEN + 1];

    (void)state;
    tell_key("first");
    tell_key("second");
    scoped_text char *asked = letter();
    ref_of(asked, ref);
    press(KEY_WORD_NO, ref, true);
    assert_int_equal(state_of("second"), KEY_WAITS);
    press(KEY_WORD_YES, ref, true);
    assert_int_equal(state_of("second"), KEY_IN_USE);
}

static void a_letter_that_all_can_read_says_only_no(void **state)
{
    char ref[REF_LEN + 1], word[KEY_WORD_LEN + 1];

    (void)state;
    tell_key("ending");
    town_wait(&town,
              end_of("ending") -
                  town_now(&town)); /* it has expired: the letter rests under the server key */
    tell_key("second");
    assert_int_equal(state_of("second"), KEY_WAITS);
    scoped_text char *asked = letter();
    assert_false(is_sealed(asked));
    ref_of(asked, ref);
    key_word_make(town.bridge, KEY_WORD_YES, ref, word);
    assert_null(strstr(asked, word));
    key_word_make(town.bridge, KEY_WORD_NO, ref, word);
    assert_non_null(strstr(asked, word));
    press(KEY_WORD_NO, ref, false);
    assert_int_equal(state_of("second"), KEY_REFUSED);
}

static void a_word_is_found_by_its_owner_alone(void **state)
{
    char ref[REF_LEN + 1];
    struct err err;
    scoped_value(key_page) page = {0};

    (void)state;
    tell_key("first");
    tell_key("second");
    scoped_text char *asked = letter();
    ref_of(asked, ref);
    key_word_make(town.bridge, KEY_WORD_YES, ref, answer_word);
    scoped(store_view) view = store_look(town.store, &err);
    assert_int_equal(bridge_key_page(town.bridge, view, slice_of(answer_word), &page, &err), FOUND);
    assert_string_equal(page.owner, EVE);
    assert_true(page.may_say_yes && page.state == KEY_WAITS);
    answer_word[KEY_WORD_LEN - 1] = answer_word[KEY_WORD_LEN - 1] == '0' ? '1' : '0';
    assert_int_equal(bridge_key_page(town.bridge, view, slice_of(answer_word), &page, &err),
                     ABSENT);
}

/* The part that tells the second key, signed; in front of it a field that tells `told`. */
static void submit_signed(const char *to, const char *told, const char *signature)
{
    scoped_value(bytes) part = {0};
    scoped_value(bytes) armor = {0};
    scoped_text char *field = field_of(told);

    read_file("part", &part);
    read_file(signature, &armor);
    scoped_text char *rest =
        must_print("MIME-Version: 1.0\nContent-Type: multipart/signed; micalg=pgp-sha512; "
                   "boundary=s;\n protocol=\"application/pgp-signature\"\n\n--s\n%s\n--s\n"
                   "Content-Type: application/pgp-signature\n\n%s\n--s--\n",
                   part.at, armor.at);
    submit(to, field, rest);
}

static void what_the_old_key_signed_brings_the_new_one_at_once(void **state)
{
    static const struct {
        const char *signature;
        enum key_state state;
    } rows[] = {
        {"part-third.asc", KEY_WAITS }, /* by another key than the old one */
        {"part.asc",       KEY_IN_USE},
    };

    (void)state;
    tell_key("first");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        submit_signed("alice@example.org", "second", rows[i].signature);
        assert_int_equal(state_of("second"), rows[i].state);
    }
}

/* Who has the password has what the owner signed lately, and can put a field before it. */
static void the_old_key_says_nothing_of_what_stands_outside(void **state)
{
    static const char *const readers[] = {"alice@example.org", "claim@example.org"};

    (void)state;
    tell_key("first");
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        submit_signed(readers[i], "third", "part.asc");
        assert_int_equal(state_of("third"), KEY_WAITS);
        assert_int_equal(state_of("second"), 0);
    }
    submit_signed("claim@example.org", "second", "part.asc");
    assert_int_equal(state_of("second"), KEY_IN_USE);
}

static void what_the_old_key_certified_is_in_use_at_once(void **state)
{
    (void)state;
    tell_key("third");
    tell_key("vouched"); /* certified, by a key that is not hers here */
    assert_int_equal(state_of("vouched"), KEY_WAITS);
    add_by_hand("first");
    struct err err;
    scoped_value(account_keys) keys = {0};
    read_keys(&keys);
    for (size_t i = 0; i < keys.count; i++)
        if (is_named(&keys.at[i], "vouched"))
            assert_true(
                bridge_key_remove(town.bridge, SLICE(EVE), slice_of(keys.at[i].fingerprint), &err));
    tell_key("vouched");
    assert_int_equal(state_of("vouched"), KEY_IN_USE);
}

static void an_older_mail_changes_nothing(void **state)
{
    (void)state;
    scoped_text char *first = field_of("first");
    scoped_text char *second = field_of("second");
    scoped_text char *late = must_print("Date: Sat, 28 Feb 2026 12:00:00 +0000\n%s", first);
    scoped_text char *early = must_print("Date: Fri, 27 Feb 2026 12:00:00 +0000\n%s", second);

    submit("alice@example.org", late, "\nHello\n");
    submit("alice@example.org", early, "\nFrom the outbox\n");
    assert_int_equal(state_of("first"), KEY_IN_USE);
    assert_int_equal(state_of("second"), 0);
    scoped_text char *ahead = must_print("Date: Fri, 27 Feb 2032 12:00:00 +0000\n%s", first);
    submit("alice@example.org", ahead, "\nFrom the future\n"); /* which came now */
    town_wait(&town, 1000);
    tell_key("second");
    assert_int_equal(state_of("second"), KEY_WAITS);
}

static void only_so_many_wait(void **state)
{
    (void)state;
    tell_key("first");
    tell_key("second");
    tell_key("third");
    tell_key("fourth");
    tell_key("fifth");
    assert_int_equal(state_of("fourth"), KEY_WAITS);
    assert_int_equal(state_of("fifth"), 0);
    assert_int_equal(letters(), 4);
}

/* ---- renewing and ending ---- */
static void a_copy_says_a_later_end(void **state)
{
    (void)state;
    tell_key("ending");
    int64_t before = end_of("ending");
    tell_key("extended");
    int64_t after = end_of("ending");
    assert_true(before > town_now(&town) && after > before);
    tell_key("ending"); /* an older copy takes nothing away */
    assert_int_equal(end_of("ending"), after);
    assert_int_equal(letters(), 1);
}

static void the_end_is_told_in_time(void **state)
{
    static const struct {
        int64_t before_ms; /* the end */
        size_t letters;
    } rows[] = {
        {31 * DAY_MS,  1},
        {30 * DAY_MS,  2},
        {8 * DAY_MS,   2},
        {7 * DAY_MS,   3},
        {1 * DAY_MS,   3},
        {0,            4},
        {-30 * DAY_MS, 4},
    };

    (void)state;
    tell_key("ending");
    int64_t end = end_of("ending");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        town_wait(&town, end - rows[i].before_ms - town_now(&town));
        town_chores(&town, NULL);
        if (letters() != rows[i].letters)
            fail_msg("%lld days before: %zu letters", (long long)(rows[i].before_ms / DAY_MS),
                     letters());
    }
    scoped_text char *told = letter();
    assert_false(is_sealed(told));
    assert_non_null(strstr(told, "Your key has expired"));
    tell_key("extended"); /* the cause ends: the next mail is sealed, the next end told again */
    assert_true(encrypts("ending"));
    town_wait(&town, end_of("ending") - 20 * DAY_MS - town_now(&town));
    town_chores(&town, NULL);
    assert_int_equal(letters(), 5);
    told = (free(told), letter());
    assert_true(is_sealed(told));
}

static void a_server_that_was_off_tells_the_end_alone(void **state)
{
    (void)state;
    tell_key("ending");
    town_wait(&town, end_of("ending") - town_now(&town) + DAY_MS);
    town_chores(&town, NULL);
    town_wait(&town, DAY_MS);
    town_chores(&town, NULL);
    assert_int_equal(letters(), 2);
}

static void a_revocation_is_told(void **state)
{
    (void)state;
    tell_key("before");
    assert_true(encrypts("revoked"));
    tell_key("after");
    assert_int_equal(state_of("revoked"), KEY_REVOKED);
    scoped_text char *told = letter();
    assert_non_null(strstr(told, "Your key was revoked"));
    tell_key("before"); /* a copy from before does not wake it */
    assert_int_equal(state_of("revoked"), KEY_REVOKED);
    tell_key("second"); /* no old key could say that it is hers */
    assert_int_equal(state_of("second"), KEY_WAITS);
}

static int newest_form;
static bool note_form(void *ctx, const struct entry *entry)
{
    (void)ctx;
    newest_form = entry->form;
    return true;
}

/* The part of it that encrypted is revoked: what comes rests as without a key, but never in clear, and the next key is no
 * first one. */
static void a_key_that_encrypts_no_more_is_still_a_key(void **state)
{
    struct err err;

    (void)state;
    town.config.seal_without_key = WITHOUT_KEY_CLEAR;
    tell_key("full");
    assert_true(encrypts("full"));
    tell_key("emptied");
    assert_false(encrypts("full"));
    assert_int_equal(state_of("full"), KEY_IN_USE);
    scoped_text char *told = letter();
    assert_non_null(strstr(told, "The server cannot encrypt to your OpenPGP key"));
    submit(EVE, "", "\nA note to herself\n");
    scoped(store_view) view = store_look(town.store, &err);
    assert_true(store_entries(view, town.eve, 0, 0, 100, note_form, NULL, &err));
    assert_int_equal(newest_form, PGP_SERVER_KEY);
    tell_key("second");
    assert_int_equal(state_of("second"), KEY_WAITS);
}

static void the_administrators_revocation_is_told_too(void **state)
{
    (void)state;
    tell_key("before");
    add_by_hand("after");
    scoped_text char *told = letter();
    assert_non_null(strstr(told, "Your key was revoked"));
}

int main(int argc, char **argv)
{
#define TOWN_TEST(name) cmocka_unit_test_setup_teardown(name, open_town, close_town)
    const struct CMUnitTest tests[] = {
        TOWN_TEST(the_first_is_in_use_at_once),
        TOWN_TEST(another_waits_for_seven_days),
        TOWN_TEST(any_answer_refuses_it_for_good),
        TOWN_TEST(a_key_in_use_is_not_ended_by_a_mail),
        TOWN_TEST(the_link_of_a_sealed_letter_says_yes),
        TOWN_TEST(a_letter_that_all_can_read_says_only_no),
        TOWN_TEST(a_word_is_found_by_its_owner_alone),
        TOWN_TEST(what_the_old_key_signed_brings_the_new_one_at_once),
        TOWN_TEST(the_old_key_says_nothing_of_what_stands_outside),
        TOWN_TEST(what_the_old_key_certified_is_in_use_at_once),
        TOWN_TEST(an_older_mail_changes_nothing),
        TOWN_TEST(only_so_many_wait),
        TOWN_TEST(a_copy_says_a_later_end),
        TOWN_TEST(the_end_is_told_in_time),
        TOWN_TEST(a_server_that_was_off_tells_the_end_alone),
        TOWN_TEST(a_revocation_is_told),
        TOWN_TEST(the_administrators_revocation_is_told_too),
        TOWN_TEST(a_key_that_encrypts_no_more_is_still_a_key),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, make_keys, remove_keys);
}
