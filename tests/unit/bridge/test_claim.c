/* Claims in time: what is asked, confirmed, and over (docs/claims.md). */
#include "bridge_activity.h"
#include "bridge_people.h"
#include "bridge_register.h"
#include "claim_work.h"
#include "claimant.h"
#include "commit.h"
#include "store_claim.h"

#define NOT_NOW                                                                                    \
    "550 5.7.1 Not done: the signature was not made now. Is your clock right? Sign it again."
#define UNINVITED                                                                                  \
    "550 5.7.1 Not done: This server takes only people who were invited. Ask for a code or a "     \
    "link."

/* ---- tests ---- */
static void a_claim_is_fresh_by_ten_minutes(void **state)
{
    (void)state;
    assert_said(11 * MINUTE_MS, "claim una@example.org", NOT_NOW);
    assert_said(-11 * (int64_t)MINUTE_MS, "claim una@example.org", NOT_NOW);
    assert_said(9 * MINUTE_MS, "claim una@example.org", "250 2.0.0 Taken");
    assert_said(-9 * (int64_t)MINUTE_MS, "claim una@example.org", "250 2.0.0 Taken");
}

static void a_confirmation_is_signed_within_the_week_and_counts_once(void **state)
{
    (void)state;
    claim("una");
    scoped_text char *old = confirm(8 * DAY_MS);
    assert_text(old, NOBODY_WAITS);
    assert_int_equal(account_there("una"), ABSENT);
    scoped_text char *good = confirm(6 * DAY_MS);
    assert_text(good, "250 2.0.0 Taken");
    assert_int_equal(account_there("una"), FOUND);
    scoped_text char *letter = opened_letter();
    assert_non_null(strstr(letter, "The address una@example.org is yours."));
    assert_int_equal(page_there(), ABSENT);
    scoped_text char *again = confirm(0);
    assert_text(again, NOBODY_WAITS);
}

static void it_lapses_after_a_week_and_its_name_is_free_after_thirty_days(void **state)
{
    (void)state;
    claim("una");
    town_wait(&town, WEEK_MS - 1);
    town_chores(&town, NULL);
    assert_int_equal(page_there(), FOUND);
    town_wait(&town, 1);
    assert_int_equal(page_there(), ABSENT); /* before any chore */
    town_wait(&town, 10 * MINUTE_MS);
    town_chores(&town, NULL);
    scoped_text char *late = confirm(0);
    assert_text(late, NOBODY_WAITS);
    struct err err;
    scoped(store_view) view = store_look(town.store, &err);
    scoped_value(name_claim) lapsed = {0};
    assert_int_equal(store_claim_named(view, SLICE("una"), SLICE("example.org"), &lapsed, &err),
                     FOUND);
    assert_int_equal(lapsed.state, NAME_CLAIM_LAPSED);
    assert_int_equal(lapsed.certificate.len, 0);
    assert_string_equal(lapsed.address, "");
    store_view_free(steal(&view));
    claim_signer = "eda";
    assert_said(0, "claim una@example.org",
                "550 5.7.1 Not done: somebody else has asked for una@example.org. Choose another "
                "name.");
    town_wait(&town, 23 * (int64_t)DAY_MS - 10 * MINUTE_MS - 1);
    assert_said(0, "claim una@example.org",
                "550 5.7.1 Not done: somebody else has asked for una@example.org. Choose another "
                "name.");
    town_wait(&town, 1);
    assert_said(0, "claim una@example.org", "250 2.0.0 Taken");
}

static void the_same_key_may_have_it_before(void **state)
{
    (void)state;
    claim("una");
    town_wait(&town, WEEK_MS + 1);
    town_chores(&town, NULL);
    claim("una");
    scoped_text char *good = confirm(0);
    assert_text(good, "250 2.0.0 Taken");
}

/* ---- who else gives the name away ---- */
static char *invited_claim(const char *invitation)
{
    const struct new_invitation wish = {.name = invitation, .life_ms = 2 * DAY_MS};
    scoped_value(invitation) made = {0};
    char invite[INVITATION_WORD_LEN + 1];
    struct err err;

    assert_true(bridge_invitation_add(town.bridge, &wish, &err));
    scoped(store_view) view = store_look(town.store, &err);
    assert_int_equal(store_invitation_named(view, slice_of(invitation), &made, &err), FOUND);
    bridge_invitation_word(town.bridge, &made, invite);
    return must_print("claim una@example.org\ninvite %s", invite);
}

static void an_invitation_that_ended_invites_nobody(void **state)
{
    struct err err;

    (void)state;
    town.config.registration = REGISTRATION_INVITE;
    scoped_text char *asked = invited_claim("family");
    assert_said(0, asked, "250 2.0.0 Taken");
    assert_said(0, "claim una@example.org", "250 2.0.0 Taken");
    read_word();
    town_wait(&town, SECOND_MS);
    assert_true(bridge_invitation_remove(town.bridge, "family", &err));
    assert_said(0, "claim una@example.org", UNINVITED);
    scoped_text char *removed = confirm(0);
    assert_text(removed, NOBODY_WAITS);
    scoped_text char *anew = invited_claim("friends");
    assert_said(0, anew, "250 2.0.0 Taken");
    read_word();
    town_wait(&town, 2 * DAY_MS);
    assert_said(0, "claim una@example.org", UNINVITED);
    scoped_text char *expired = confirm(0);
    assert_text(expired, NOBODY_WAITS);
    assert_int_equal(account_there("una"), ABSENT);
}

static bool record_newcomer(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    int64_t id;

    return bridge_register_record(bridge, tx, ctx, &id, err);
}

static void a_first_log_in_takes_no_name_that_waits(void **state)
{
    scoped_value(newcomer) early = {.domain = must_dup("example.org"),
                                    .user = must_dup("una456789"),
                                    .network = must_dup("192.0.2.7")};
    scoped_value(newcomer) late = {.domain = must_dup("example.org"),
                                   .user = must_dup("una456789"),
                                   .network = must_dup("192.0.2.7")};
    struct err err;

    (void)state;
    bytes_add_text(&early.password, "secret of una");
    bytes_add_text(&late.password, "secret of una");
    assert_true(bridge_register_prepare(town.bridge, &early, &err));
    assert_int_equal(early.answer, REGISTER_DONE);
    claim("una456789");
    assert_false(bridge_commit(town.bridge, record_newcomer, &early, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_true(bridge_register_prepare(town.bridge, &late, &err));
    assert_int_equal(late.answer, REGISTER_CLAIMED);
    scoped_text char *good = confirm(0);
    assert_text(good, "250 2.0.0 Taken");
}

/* ---- by whom, and to whom ---- */
static void who_sends_it_first_in_her_own_name_takes_nothing(void **state)
{
    static const char *const line = "claim una@example.org";

    (void)state;
    scoped_text char *caught = say_from("eve@else.example", "198.51.100.9", 0, line);
    assert_text(caught, "250 2.0.0 Taken");
    assert_said(0, line,
                "550 5.7.1 Not done: what you signed came from another address before. Sign it "
                "again.");
    town_wait(&town, SECOND_MS);
    assert_said(0, line, "250 2.0.0 Taken");
    assert_said(0, line, "250 2.0.0 Taken already");
    read_word();
    scoped_text char *good = confirm(0);
    assert_text(good, "250 2.0.0 Taken");
}

static bool keep_newest(void *ctx, const struct delivery *delivery)
{
    struct delivery_outcome *outcome = ctx;

    outcome->delivery_id = delivery->id;
    outcome->version = delivery->wanted;
    return true;
}

static bool record_end(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    return bridge_delivery_ended(bridge, tx, ctx, err);
}

static enum found una_known(void)
{
    struct err err;
    scoped_value(person) una = {0};
    scoped(store_view) view = store_look(town.store, &err);

    return store_person_by_address(view, SLICE(UNA), &una, &err);
}

static void who_claimed_is_forgotten_with_the_letter(void **state)
{
    static const enum delivery_end ends[] = {DELIVERED, DELIVERY_REFUSED};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct delivery_outcome outcome = {.end = ends[i]};
        struct err err;
        claim("una");
        assert_int_equal(una_known(), FOUND);
        scoped(store_view) view = store_look(town.store, &err);
        assert_true(store_queue(view, 0, 10, keep_newest, &outcome, &err));
        store_view_free(steal(&view));
        assert_true(bridge_commit(town.bridge, record_end, &outcome, &err));
        assert_int_equal(una_known(), ABSENT);
        town_wait(&town, SECOND_MS);
    }
}

static void a_name_given_away_meanwhile_is_not_given_twice(void **state)
{
    (void)state;
    claim("una");
    const struct new_account given = {.address = SLICE("una@example.org")};
    struct err err;
    assert_true(bridge_account_add(town.bridge, &given, &err));
    assert_int_equal(page_there(), FOUND);
    scoped_text char *late = confirm(0);
    assert_text(late, NOBODY_WAITS);
}

/* What the page says instead of its question. */
static void assert_page_refuses(const char *words)
{
    struct err err;
    scoped_value(claim_page) page = {0};
    scoped(claim_confirmation) confirmation = NULL;
    scoped(store_view) view = store_look(town.store, &err);

    assert_int_equal(bridge_claim_page(town.bridge, view, slice_of(claim_word), &page, &err),
                     FOUND);
    assert_text(page.refused, words);
    assert_int_equal(
        bridge_claim_confirm_prepare(town.bridge, view, slice_of(claim_word), &confirmation, &err),
        ABSENT);
}

static void a_server_that_takes_only_the_invited_meanwhile_makes_none(void **state)
{
    (void)state;
    claim("una");
    town.config.registration = REGISTRATION_INVITE;
    assert_page_refuses(register_words(REGISTER_UNINVITED));
    scoped_text char *late = confirm(0);
    assert_text(late, UNINVITED);
    assert_int_equal(account_there("una"), ABSENT);
    town.config.registration = REGISTRATION_OPEN;
    scoped_text char *good = confirm(0);
    assert_text(good, "250 2.0.0 Taken");
}

static void an_invitation_outlasts_a_change_of_policy(void **state)
{
    (void)state;
    town.config.registration = REGISTRATION_INVITE;
    scoped_text char *asked = invited_claim("family");
    assert_said(0, asked, "250 2.0.0 Taken");
    read_word();
    town.config.registration = REGISTRATION_OPEN;
    assert_int_equal(page_there(), FOUND);
    town.config.registration = REGISTRATION_INVITE;
    scoped_text char *good = confirm(0);
    assert_text(good, "250 2.0.0 Taken");
}

static void a_server_that_closes_makes_none(void **state)
{
    (void)state;
    claim("una");
    town.config.registration = REGISTRATION_CLOSED;
    assert_page_refuses(register_words(REGISTER_CLOSED));
    scoped_text char *late = confirm(0);
    assert_text(late, "550 5.7.1 Not done: the key desk takes mail that is sent through an account "
                      "here. This server takes nobody new.");
}

static void what_is_free_at_once_is_not_said_to_be_claimed_again(void **state)
{
    static char name[] = "una", domain[] = "example.org";
    struct name_claim claim = {.name = name, .domain = domain, .expires_ms = DAY_MS};

    (void)state;
    for (int later = 0; later < 2; later++) {
        scoped_value(bytes) text = {0};

        claim.free_ms = claim.expires_ms + later;
        claim_price_words(town.bridge, &claim, &text);
        assert_int_equal(slice_has(bytes_slice(&text), "can claim it again until "), later);
    }
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        IN_CLAIMS(a_claim_is_fresh_by_ten_minutes),
        IN_CLAIMS(a_confirmation_is_signed_within_the_week_and_counts_once),
        IN_CLAIMS(it_lapses_after_a_week_and_its_name_is_free_after_thirty_days),
        IN_CLAIMS(the_same_key_may_have_it_before),
        IN_CLAIMS(an_invitation_that_ended_invites_nobody),
        IN_CLAIMS(a_first_log_in_takes_no_name_that_waits),
        IN_CLAIMS(who_sends_it_first_in_her_own_name_takes_nothing),
        IN_CLAIMS(who_claimed_is_forgotten_with_the_letter),
        IN_CLAIMS(a_name_given_away_meanwhile_is_not_given_twice),
        IN_CLAIMS(a_server_that_takes_only_the_invited_meanwhile_makes_none),
        IN_CLAIMS(an_invitation_outlasts_a_change_of_policy),
        IN_CLAIMS(a_server_that_closes_makes_none),
        IN_CLAIMS(what_is_free_at_once_is_not_said_to_be_claimed_again),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
