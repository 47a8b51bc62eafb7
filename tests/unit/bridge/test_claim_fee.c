/* Addresses that are to be paid for (docs/claims.md, "For a fee"). */
#include "bridge_mail.h"
#include "bridge_people.h"
#include "bridge_register.h"
#include "claim_work.h"
#include "claimant.h"
#include "commit.h"
#include "store_delivery.h"

#include <ctype.h>
#include <stdio.h>

#define UNPAID_YET "una@example.org is no address yet: it waits to be paid for."
#define NEVER_PAID "una@example.org is no address: it was never paid for."

static char reference[CLAIM_REFERENCE_LEN + 1]; /* of the newest price */

static int open_fee(void **state)
{
    open_claims(state);
    town.config.registration = REGISTRATION_FEE;
    snprintf(town.config.fee, sizeof town.config.fee, "12 \xe2\x82\xac a year");
    snprintf(town.config.fee_pay, sizeof town.config.fee_pay, "https://pay.example/?to=1");
    return 0;
}
#define FOR_A_FEE(test) cmocka_unit_test_setup_teardown(test, open_fee, close_claims)

/* ---- what there is ---- */
static int64_t under_way(void)
{
    int64_t count;
    struct err err;
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(store_queue_count(view, &count, &err));
    return count;
}

static void assert_rcpt(enum verdict verdict, const char *words)
{
    const struct asked_recipient asked = {.door = MAIL_DOOR_MX,
                                          .mail_from = SLICE("bob@mail.example"),
                                          .recipient = SLICE("Una@Example.org")};
    struct answer answer;
    struct err err;
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(bridge_recipient(town.bridge, view, &asked, &answer, NULL, &err));
    assert_string_equal(answer.words, words);
    assert_int_equal(answer.verdict, verdict);
}

static bool count_one(void *ctx, const struct name_claim *claim)
{
    int *count = ctx;

    assert_string_equal(claim->reference, reference);
    assert_string_equal(claim->address, UNA);
    ++*count;
    return true;
}

static int listed(void)
{
    struct err err;
    int64_t counted;
    int count = 0;
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(store_claims_unpaid(view, count_one, &count, &err));
    assert_true(store_claim_count_unpaid(view, &counted, &err) && counted == count);
    return count;
}

static void take_reference(const char *text)
{
    const char *line = strstr(text, "    Reference  ");

    assert_non_null(line);
    snprintf(reference, sizeof reference, "%s", line + strlen("    Reference  "));
}

static void claim_and_confirm(void)
{
    claim("una");
    scoped_text char *good = confirm(0);
    assert_text(good, "250 2.0.0 Taken");
    scoped_text char *price = opened_letter();
    take_reference(price);
}

/* ---- payments ---- */
static void assert_paid(const char *of, bool again)
{
    scoped_value(claim_payment) payment = {0};
    struct err err;

    if (!bridge_claim_paid(town.bridge, slice_of(of), &payment, &err))
        fail_msg("%s: %s: %s", of, err.said, err.cause);
    assert_string_equal(payment.address, "una@example.org");
    assert_string_equal(payment.told, again ? "" : UNA);
    assert_int_equal(payment.again, again);
}

static void assert_unpaid(const char *of, enum err_kind kind, const char *said)
{
    scoped_value(claim_payment) payment = {0};
    struct err err;

    assert_false(bridge_claim_paid(town.bridge, slice_of(of), &payment, &err));
    assert_int_equal(err.kind, kind);
    if (!strstr(err.said, said))
        fail_msg("%s: %s", of, err.said);
    assert_null(payment.address);
}

/* ---- tests ---- */
static void what_is_confirmed_waits_to_be_paid_and_is_an_account_then(void **state)
{
    (void)state;
    assert_said(0, "claim una@example.org", "250 2.0.0 Taken");
    scoped_text char *question = opened_letter();
    assert_non_null(strstr(question, "It costs:"));
    read_word();
    assert_rcpt(VERDICT_NOBODY, "There is no Una@Example.org here.");
    assert_unpaid("una@example.org", ERR_REFUSED, "not confirmed yet by who asked for it");
    assert_int_equal(listed(), 0);
    scoped_text char *good = confirm(0);
    assert_text(good, "250 2.0.0 Taken");
    scoped_text char *price = opened_letter();
    take_reference(price);
    assert_non_null(strstr(price, "Pay        https://pay.example/"));
    assert_int_equal(strspn(reference, "0123456789abcdefghjkmnpqrstvwxyz"), CLAIM_REFERENCE_LEN);
    assert_int_equal(account_there("una"), ABSENT);
    assert_rcpt(VERDICT_CLOSED, UNPAID_YET);
    assert_int_equal(listed(), 1);
    int64_t before = under_way();
    assert_paid(reference, false);
    assert_int_equal(account_there("una"), FOUND);
    assert_rcpt(VERDICT_TAKEN, "Taken");
    assert_int_equal(listed(), 0);
    assert_int_equal(under_way(), before + 1);
    scoped_text char *letter = opened_letter();
    assert_non_null(strstr(letter, "The address una@example.org is yours."));
    assert_null(strstr(letter, "goes to sleep"));
    assert_int_equal(page_there(), ABSENT);
    /* once more, however it is named */
    assert_paid(reference, true);
    assert_paid("UNA@example.org", true);
    assert_int_equal(under_way(), before + 1);
}

static void a_reference_is_read_as_people_copy_it(void **state)
{
    (void)state;
    claim_and_confirm();
    char copied[sizeof reference];
    for (size_t i = 0; i < sizeof copied; i++)
        copied[i] = (char)toupper(reference[i] == '0'   ? 'o'
                                  : reference[i] == '1' ? 'l'
                                                        : reference[i]);
    assert_unpaid("k7q2m9qd4f", ERR_ABSENT, "Nobody waits to pay for k7q2m9qd4f");
    assert_unpaid("", ERR_ABSENT, "Nobody waits");
    assert_unpaid("ada@example.org", ERR_ABSENT, "Nobody waits");
    assert_unpaid("una@else.example", ERR_ABSENT, "Nobody waits");
    assert_unpaid("public@example.org", ERR_ABSENT, "Nobody waits");
    assert_paid(copied, false);
}

static void the_page_and_the_word_say_so_too(void **state)
{
    struct err err;
    scoped_value(claim_page) asks = {0};
    scoped_value(claim_page) unpaid = {0};

    (void)state;
    claim("una");
    scoped(store_view) before = store_look(town.store, &err);
    assert_int_equal(bridge_claim_page(town.bridge, before, slice_of(claim_word), &asks, &err),
                     FOUND);
    assert_true(asks.costs && !asks.unpaid);
    store_view_free(steal(&before));
    scoped_text char *good = confirm(0);
    assert_text(good, "250 2.0.0 Taken");
    scoped_text char *price = opened_letter();
    take_reference(price);
    scoped(store_view) view = store_look(town.store, &err);
    assert_int_equal(bridge_claim_page(town.bridge, view, slice_of(claim_word), &unpaid, &err),
                     FOUND);
    assert_true(unpaid.unpaid);
    assert_string_equal(unpaid.reference, reference);
    store_view_free(steal(&view));
    town_wait(&town, SECOND_MS);
    scoped_text char *again = confirm(0);
    assert_text(again, "550 5.7.1 Not done: that is confirmed already. A mail to who asked for it "
                       "says how it is paid.");
    assert_int_equal(listed(), 1);
}

static void it_lapses_after_a_week_and_the_same_key_has_it_anew(void **state)
{
    char first[sizeof reference];

    (void)state;
    claim_and_confirm();
    memcpy(first, reference, sizeof first);
    town_wait(&town, SECOND_MS);
    assert_said(
        0, "claim una@example.org",
        "550 5.7.1 Not done: una@example.org waits to be paid for. The mail that came when it "
        "was confirmed says how.");
    town_wait(&town, WEEK_MS - SECOND_MS - 1);
    town_chores(&town, NULL);
    assert_rcpt(VERDICT_CLOSED, UNPAID_YET);
    town_wait(&town, 1);
    assert_int_equal(listed(), 0); /* before any chore */
    assert_rcpt(VERDICT_CLOSED, NEVER_PAID);
    assert_unpaid(reference, ERR_REFUSED, "Its week is over");
    town_wait(&town, 10 * MINUTE_MS);
    town_chores(&town, NULL);
    assert_rcpt(VERDICT_CLOSED, NEVER_PAID);
    assert_unpaid(reference, ERR_REFUSED, "Its week is over");
    assert_unpaid("una@example.org", ERR_REFUSED, "Its week is over");
    claim_signer = "eda";
    assert_said(0, "claim una@example.org",
                "550 5.7.1 Not done: somebody else has asked for una@example.org. Choose another "
                "name.");
    claim_signer = "una";
    claim("una");
    assert_unpaid(reference, ERR_REFUSED, "or it is not confirmed yet");
    assert_rcpt(VERDICT_CLOSED, NEVER_PAID);
    scoped_text char *good = confirm(0);
    assert_text(good, "250 2.0.0 Taken");
    scoped_text char *price = opened_letter();
    take_reference(price);
    assert_string_equal(reference, first);
    assert_paid(first, false);
    assert_int_equal(account_there("una"), FOUND);
}

static void its_name_is_free_after_thirty_days_and_its_payment_nobodys(void **state)
{
    (void)state;
    claim_and_confirm();
    for (int day = 0; day < 30; day++) {
        town_wait(&town, DAY_MS);
        town_chores(&town, NULL);
    }
    assert_rcpt(VERDICT_NOBODY, "There is no Una@Example.org here.");
    assert_unpaid(reference, ERR_ABSENT, "Nobody waits");
    claim_signer = "eda";
    claim_and_confirm();
    assert_paid(reference, false);
}

/* ---- when the name is free ---- */
static int64_t free_ms(void)
{
    struct err err;
    scoped_value(name_claim) it = {0};
    scoped(store_view) view = store_look(town.store, &err);

    assert_int_equal(store_claim_named(view, SLICE("una"), SLICE("example.org"), &it, &err), FOUND);
    return it.free_ms - town_now(&town);
}

static void who_confirms_late_has_a_week_all_the_same_and_once(void **state)
{
    (void)state;
    claim("una");
    town_wait(&town, 29 * (int64_t)DAY_MS);
    town_chores(&town, NULL);
    claim("una");
    assert_true(free_ms() <= DAY_MS);
    town_wait(&town, DAY_MS - HOUR_MS);
    scoped_text char *good = confirm(0);
    assert_text(good, "250 2.0.0 Taken");
    assert_int_equal(free_ms(), WEEK_MS);
    town_wait(&town, 6 * (int64_t)DAY_MS);
    town_chores(&town, NULL);
    assert_rcpt(VERDICT_CLOSED, UNPAID_YET);
    town_wait(&town, DAY_MS);
    assert_rcpt(VERDICT_NOBODY, "There is no Una@Example.org here.");
    town_chores(&town, NULL);
    claim_signer = "eda";
    claim("una");
}

/* ---- who pays nothing ---- */
static void invitation_word(char out[INVITATION_WORD_LEN + 1])
{
    scoped_value(invitation) made = {0};
    struct err err;
    scoped(store_view) view = store_look(town.store, &err);

    assert_int_equal(store_invitation_named(view, SLICE("family"), &made, &err), FOUND);
    bridge_invitation_word(town.bridge, &made, out);
}

static void who_was_invited_pays_nothing(void **state)
{
    const struct new_invitation wish = {.name = "family", .uses_max = 1};
    char invite[INVITATION_WORD_LEN + 1];
    enum register_answer answer;
    struct err err;

    (void)state;
    assert_true(bridge_invitation_add(town.bridge, &wish, &err));
    invitation_word(invite);
    scoped(store_view) view = store_look(town.store, &err);
    assert_true(bridge_register_look(town.bridge, view, NULL, &answer, &err));
    assert_int_equal(answer, REGISTER_FEE);
    assert_true(bridge_register_look(town.bridge, view, invite, &answer, &err));
    assert_int_equal(answer, REGISTER_DONE);
    assert_true(bridge_register_look(town.bridge, view, "0123456789abcdefghjk", &answer, &err));
    assert_int_equal(answer, REGISTER_SPENT);
    store_view_free(steal(&view));
    assert_false(register_by_login_fits(town.bridge, SLICE("una456789"), SLICE("secret of una")));
    scoped_text char *line = must_print("claim una@example.org\ninvite %s", invite);
    assert_said(0, line, "250 2.0.0 Taken");
    scoped_text char *question = opened_letter();
    assert_null(strstr(question, "It costs"));
    read_word();
    scoped_text char *good = confirm(0);
    assert_text(good, "250 2.0.0 Taken");
    assert_int_equal(account_there("una"), FOUND);
    assert_unpaid("una@example.org", ERR_ABSENT, "Nobody waits");
}

static void what_it_costs_is_said_by_the_setting_when_it_is_confirmed(void **state)
{
    (void)state;
    town.config.registration = REGISTRATION_OPEN;
    claim("una");
    town.config.registration = REGISTRATION_FEE;
    scoped_text char *good = confirm(0);
    assert_text(good, "250 2.0.0 Taken");
    assert_int_equal(account_there("una"), ABSENT);
    town.config.registration = REGISTRATION_CLOSED; /* a payment is a payment */
    assert_paid("una@example.org", false);
    assert_int_equal(account_there("una"), FOUND);
}

/* ---- who else gives the name away ---- */
static void a_name_given_away_meanwhile_cannot_be_paid_for(void **state)
{
    const struct new_account given = {.address = SLICE("una@example.org")};
    struct err err;

    (void)state;
    claim_and_confirm();
    assert_true(bridge_account_add(town.bridge, &given, &err));
    assert_rcpt(VERDICT_TAKEN, "Taken");
    assert_int_equal(listed(), 0);
    assert_unpaid(reference, ERR_REFUSED, "That address was given away meanwhile");
    assert_int_equal(page_there(), ABSENT); /* nobody is told to pay for it */
}

static void the_domain_is_of_this_server_still(void **state)
{
    char was[sizeof town.config.domains[0]];

    (void)state;
    claim_and_confirm();
    memcpy(was, town.config.domains[0], sizeof was);
    snprintf(town.config.domains[0], sizeof was, "else.example");
    assert_unpaid(reference, ERR_REFUSED, "example.org is not a domain of this server");
    memcpy(town.config.domains[0], was, sizeof was);
    assert_paid(reference, false);
}

static void who_pays_after_an_invitation_is_gone_is_too_late_alone(void **state)
{
    const struct new_invitation wish = {.name = "family", .uses_max = 1};
    char invite[INVITATION_WORD_LEN + 1];
    struct err err;

    (void)state;
    claim_and_confirm();
    town_wait(&town, WEEK_MS);
    assert_true(bridge_invitation_add(town.bridge, &wish, &err));
    invitation_word(invite);
    scoped_text char *line = must_print("claim una@example.org\ninvite %s", invite);
    assert_said(0, line, "250 2.0.0 Taken");
    assert_true(bridge_invitation_remove(town.bridge, "family", &err));
    assert_unpaid(reference, ERR_REFUSED, "Its week is over, or it is not confirmed yet");
}

static bool record_account(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    return bridge_claim_confirm_record(bridge, tx, ctx, err);
}

static struct claim_confirmation *prepared(void)
{
    struct err err;
    scoped_value(name_claim) it = {0};
    struct claim_confirmation *account = NULL;
    scoped(store_view) view = store_look(town.store, &err);

    assert_int_equal(store_claim_of_payment(view, slice_of(reference), &it, &err), FOUND);
    assert_int_equal(claim_account_prepare(town.bridge, view, &it, &account, &err), FOUND);
    return account;
}

static void of_two_payments_at_once_one_makes_the_account(void **state)
{
    struct err err;

    (void)state;
    claim_and_confirm();
    scoped(claim_confirmation) one = prepared();
    scoped(claim_confirmation) other = prepared();
    int64_t before = under_way();
    assert_true(bridge_commit(town.bridge, record_account, one, &err));
    assert_false(bridge_commit(town.bridge, record_account, other, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_int_equal(under_way(), before + 1);
}

static enum account_state state_of_una(void)
{
    struct err err;
    scoped_value(account) una = {0};
    scoped(store_view) view = store_look(town.store, &err);

    assert_int_equal(store_account_named(view, SLICE("una"), SLICE("example.org"), &una, &err),
                     FOUND);
    return una.state;
}

static void who_paid_has_it_used_or_not(void **state)
{
    (void)state;
    claim_and_confirm();
    assert_paid(reference, false);
    town.config.unused_account_ms = 90 * (int64_t)DAY_MS;
    town_wait(&town, 91 * (int64_t)DAY_MS);
    town_chores(&town, NULL);
    assert_int_equal(state_of_una(), ACCOUNT_ACTIVE);
}

static void a_payment_in_the_last_moment_is_too_late_behind_it(void **state)
{
    struct err err;

    (void)state;
    claim_and_confirm();
    town_wait(&town, WEEK_MS - 1);
    scoped(claim_confirmation) late = prepared();
    town_wait(&town, 1);
    assert_false(bridge_commit(town.bridge, record_account, late, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_int_equal(account_there("una"), ABSENT);
}

static void what_waits_to_be_paid_counts_as_what_waits(void **state)
{
    int64_t waiting, of_domain;
    struct err err;

    (void)state;
    claim_and_confirm();
    scoped(store_view) view = store_look(town.store, &err);
    assert_true(store_claim_count(view, &waiting, &err));
    assert_true(store_claim_count_from(view, "@mail.example", &of_domain, &err));
    assert_true(waiting == 1 && of_domain == 1);
    store_view_free(steal(&view));
    assert_paid(reference, false);
    scoped(store_view) paid = store_look(town.store, &err);
    assert_true(store_claim_count(paid, &waiting, &err));
    assert_int_equal(waiting, 0);
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        FOR_A_FEE(what_is_confirmed_waits_to_be_paid_and_is_an_account_then),
        FOR_A_FEE(a_reference_is_read_as_people_copy_it),
        FOR_A_FEE(the_page_and_the_word_say_so_too),
        FOR_A_FEE(it_lapses_after_a_week_and_the_same_key_has_it_anew),
        FOR_A_FEE(its_name_is_free_after_thirty_days_and_its_payment_nobodys),
        FOR_A_FEE(who_confirms_late_has_a_week_all_the_same_and_once),
        FOR_A_FEE(who_was_invited_pays_nothing),
        FOR_A_FEE(what_it_costs_is_said_by_the_setting_when_it_is_confirmed),
        FOR_A_FEE(a_name_given_away_meanwhile_cannot_be_paid_for),
        FOR_A_FEE(the_domain_is_of_this_server_still),
        FOR_A_FEE(who_pays_after_an_invitation_is_gone_is_too_late_alone),
        FOR_A_FEE(of_two_payments_at_once_one_makes_the_account),
        FOR_A_FEE(who_paid_has_it_used_or_not),
        FOR_A_FEE(a_payment_in_the_last_moment_is_too_late_behind_it),
        FOR_A_FEE(what_waits_to_be_paid_counts_as_what_waits),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
