/* Strangers knock by mail: what they hear, what the owner sees, what an answer does. */
#include "stranger.h"

#include "bridge_contact.h"
#include "bridge_mailbox.h"
#include "contact_work.h"
#include "store_mailbox.h"

static int set_up(void **state)
{
    (void)state;
    town_open(&town);
    town.config.contact = DOOR_ASK;
    town.config.hold = HOLD_DEFER;
    town.asks_early = true;
    town.answered_early = 0;
    free(town_effects(&town));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

#define REQUEST "mail\nalice in Contacts/New: Carol (" CAROL ") wants to write to you\n"
#define ARRIVES "mail\nalice in INBOX: Meeting on Friday\n"

static void test_asked_once(void **state)
{
    (void)state;
    assert_knock(CAROL, EVIDENCE_S2, LATER, REQUEST);
    for (int i = 0; i < 3; i++) {
        town_wait(&town, 5 * MINUTE_MS);
        assert_knock(CAROL, EVIDENCE_S2, LATER, "");
    }
    scoped_text char *notice = town_newest_mail(&town, town.alice, MAILBOX_CONTACTS_NEW);
    assert_non_null(strstr(notice, "From: \"Contact request\" <"));
    assert_non_null(strstr(notice, "+contact@example.org>"));
    assert_non_null(strstr(notice, "mail.example confirms the address"));
    assert_non_null(strstr(notice, "'Meeting on Friday'"));
    assert_non_null(strstr(notice, "%2Bwelcome@example.org"));
    assert_null(strstr(notice, "Hello"));
    assert_int_equal(state_of(CAROL), CONTACT_ASKED);
}

static void test_welcomed_by_reply(void **state)
{
    (void)state;
    assert_knock(CAROL, EVIDENCE_S2, LATER, REQUEST);
    scoped_text char *robot = request_word("contact");
    say_to(&town, robot, "Perhaps",
           "550 5.7.1 Not done: the first word must be welcome, refuse or "
           "ignore.",
           "");
    say_to(&town, robot, "Willkommen!\n\n> words", TAKEN, "");
    assert_true(lies_in(&town, MAILBOX_CONTACTS_WELCOME, "wants to write to you"));
    assert_knock(CAROL, EVIDENCE_S2, TAKEN, ARRIVES);
    /* what is proven less does not use her welcome, and does not spoil it */
    scoped_text char *forged = knock(CAROL, EVIDENCE_S0);
    scoped_text char *done = town_effects(&town);
    assert_string_equal(forged, LATER);
    assert_non_null(strstr(done, "wants to write to you"));
    scoped_text char *notice = town_newest_mail(&town, town.alice, MAILBOX_CONTACTS_NEW);
    assert_non_null(strstr(notice, "Nothing confirms the address"));
    assert_non_null(strstr(notice, "when it was confirmed better"));
    assert_knock(CAROL, EVIDENCE_S2, TAKEN, ARRIVES);
}

static void test_refused_with_words(void **state)
{
    (void)state;
    assert_knock(CAROL, EVIDENCE_S2, LATER, REQUEST);
    scoped_text char *robot = request_word("contact");
    say_to(&town, robot, "refuse: please write to my B\xc3\xbcro, https://x.example/y", TAKEN, "");
    assert_true(lies_in(&town, MAILBOX_CONTACTS_REFUSED, "wants to write to you"));
    assert_knock(CAROL, EVIDENCE_S2, "550 5.7.1 please write to my Buero,", "");
    assert_knock(CAROL, EVIDENCE_S0, "550 5.7.1 please write to my Buero,", "");
    choose(CAROL, CHOICE_REFUSE, NULL);
    assert_knock(CAROL, EVIDENCE_S2,
                 "550 5.7.1 alice@example.org does not take mail from you. Nothing to do.", "");
}

static void test_ignored_looks_like_waiting(void **state)
{
    (void)state;
    assert_knock(CAROL, EVIDENCE_S2, LATER, REQUEST);
    scoped_text char *robot = request_word("ignore");
    say_to(&town, robot, "", TAKEN, "");
    assert_true(lies_in(&town, MAILBOX_CONTACTS_IGNORED, "wants to write to you"));
    for (int i = 0; i < 20; i++) {
        town_wait(&town, 40 * MINUTE_MS);
        assert_knock(CAROL, EVIDENCE_S2, LATER, "");
    }
}

/* At RCPT, in the words of after DATA; and the tries are counted. */
static void test_known_by_their_envelope(void **state)
{
    (void)state;
    assert_knock(CAROL, EVIDENCE_S2, LATER, REQUEST);
    assert_int_equal(town.answered_early, 0);
    assert_knock(CAROL, EVIDENCE_S2, LATER, "");
    assert_int_equal(town.answered_early, 1);
    choose(CAROL, CHOICE_IGNORE, NULL);
    assert_knock(CAROL, EVIDENCE_S2, LATER, "");
    assert_int_equal(town.answered_early, 2);
    choose(CAROL, CHOICE_REFUSE, "not now");
    assert_knock(CAROL, EVIDENCE_S2, "550 5.7.1 not now", "");
    assert_int_equal(town.answered_early, 3);
    choose(CAROL, CHOICE_WELCOME, NULL);
    assert_knock(CAROL, EVIDENCE_S2, TAKEN, ARRIVES);
    assert_int_equal(town.answered_early, 3);

    struct err err = {0};
    scoped_value(person) carol = {0};
    scoped_value(contact_rows) rows = {0};
    scoped(store_view) view = store_look(town.store, &err);
    assert_int_equal(store_person_by_address(view, SLICE(CAROL), &carol, &err), FOUND);
    assert_true(store_contacts_of(view, town.alice, carol.id, &rows, &err));
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.at[0].tries, 5);
}

static void test_what_was_not_proven_is_read_to_its_end(void **state)
{
    (void)state;
    free(knock(CAROL, EVIDENCE_S0));
    free(knock(CAROL, EVIDENCE_S0));
    assert_int_equal(town.answered_early, 0);
    free(knock(CAROL, EVIDENCE_S1));
    choose(CAROL, CHOICE_WELCOME, NULL); /* all of hers */
    free(knock(CAROL, EVIDENCE_S1));
    assert_int_equal(town.answered_early, 0);
}

/* Each way of answering, each answer, and each taken back by the same way. */
static void answer_by_word(enum contact_choice choice, const char *robot_ref)
{
    static const char *const words[] = {"welcome", "refuse", "ignore"};
    scoped_text char *to = must_print("%s+%s@example.org", robot_ref,
                                      choice == CHOICE_ASK_AGAIN ? "contact" : words[choice]);

    say_to(&town, to, choice == CHOICE_ASK_AGAIN ? "undo" : "", TAKEN, "");
}

static void answer_by_reply(enum contact_choice choice, const char *robot_ref)
{
    static const char *const words[] = {"bienvenue", "nein: so nicht", "ignorar", "later"};
    scoped_text char *to = must_print("%s+contact@example.org", robot_ref);

    say_to(&town, to, words[choice], TAKEN, "");
}

struct shift {
    struct store_change change;
    const char *from, *to;
    bool copy_only;
};

static bool apply_move(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct shift *it = container_of(change, struct shift, change);
    scoped_value(mailbox) from = {0};
    const struct uid_range all = {1, UINT32_MAX};
    struct mailbox_outcome outcome = {0};

    if (store_mailbox_named(store_tx_view(tx), town.alice, slice_of(it->from), &from, err) != FOUND)
        return false;
    const struct mail_copy order = {.account_id = town.alice,
                                    .mailbox_id = from.id,
                                    .to = slice_of(it->to),
                                    .move = !it->copy_only,
                                    .bridge = town.bridge};
    bool good = bridge_mailbox_copy(tx, &order, (struct uid_ranges){&all, 1, 0}, &outcome, err);
    mailbox_outcome_clear(&outcome);
    return good;
}

static const char *lies_where(void)
{
    static const char *const folders[] = {MAILBOX_CONTACTS_NEW, MAILBOX_CONTACTS_WELCOME,
                                          MAILBOX_CONTACTS_REFUSED, MAILBOX_CONTACTS_IGNORED};

    for (size_t i = 0; i < COUNT_OF(folders); i++)
        if (lies_in(&town, folders[i], "wants to write to you"))
            return folders[i];
    return "";
}

static const char *const folder_of[] = {MAILBOX_CONTACTS_WELCOME, MAILBOX_CONTACTS_REFUSED,
                                        MAILBOX_CONTACTS_IGNORED, MAILBOX_CONTACTS_NEW};

static void answer_by_move(enum contact_choice choice, const char *ref)
{
    struct shift it = {.change.apply = apply_move, .from = lies_where(), .to = folder_of[choice]};
    struct err err;

    (void)ref;
    if (!store_commit(town.store, &it.change, &err))
        fail_msg("%s", err.said);
    free(town_effects(&town));
}

static void answer_by_command(enum contact_choice choice, const char *ref)
{
    (void)ref;
    choose(CAROL, choice, "so nicht");
}

struct answering {
    struct store_change change;
    int64_t notice_id;
    enum contact_choice choice;
};

static bool apply_answer(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct answering *it = container_of(change, struct answering, change);

    return bridge_contact_answer(town.bridge, tx, it->notice_id, it->choice, "so nicht", err);
}

static void answer_by_page(enum contact_choice choice, const char *ref)
{
    char word[CONTACT_WORD_LEN + 1];
    scoped_value(contact_page) page = {0};
    struct err err;
    struct answering it = {.change.apply = apply_answer, .choice = choice};

    contact_word(town.bridge, ref, word);
    scoped(store_view) view = store_look(town.store, &err);
    assert_int_equal(bridge_contact_page(town.bridge, view, slice_of(word), &page, &err), FOUND);
    assert_string_equal(page.who, "Carol (" CAROL ")");
    it.notice_id = page.notice_id;
    assert_true(store_commit(town.store, &it.change, &err));
    free(town_effects(&town));
}

static void test_every_way(void **state)
{
    static const struct {
        const char *name;
        void (*answer)(enum contact_choice, const char *ref);
    } ways[] = {
        {"a link's word",    answer_by_word   },
        {"a reply",          answer_by_reply  },
        {"a folder",         answer_by_move   },
        {"the command line", answer_by_command},
        {"the page",         answer_by_page   },
    };
    static const enum contact_state after[] = {CONTACT_WELCOME, CONTACT_REFUSED, CONTACT_IGNORED,
                                               CONTACT_ASKED};
    static const char *const replies[] = {TAKEN, "550 5.7.1 ", LATER, LATER};

    (void)state;
    assert_knock(CAROL, EVIDENCE_S2, LATER, REQUEST);
    scoped_text char *ref = request_ref();
    for (size_t way = 0; way < COUNT_OF(ways); way++)
        for (int choice = CHOICE_WELCOME; choice <= CHOICE_IGNORE; choice++)
            for (int undo = 0; undo < 2; undo++) {
                enum contact_choice what = undo ? CHOICE_ASK_AGAIN : (enum contact_choice)choice;
                ways[way].answer(what, ref);
                assert_int_equal(state_of(CAROL), after[what]);
                assert_string_equal(lies_where(), folder_of[what]);
                scoped_text char *said = knock(CAROL, EVIDENCE_S2);
                assert_memory_equal(said, replies[what], strlen(replies[what]));
                free(town_effects(&town));
            }
}

static void test_two_steps_of_programs_without_move(void **state)
{
    struct shift it = {.change.apply = apply_move,
                       .from = MAILBOX_CONTACTS_NEW,
                       .to = MAILBOX_CONTACTS_WELCOME,
                       .copy_only = true};
    struct err err;

    (void)state;
    assert_knock(CAROL, EVIDENCE_S2, LATER, REQUEST);
    assert_true(store_commit(town.store, &it.change, &err));
    assert_int_equal(state_of(CAROL), CONTACT_WELCOME);
}

static void test_different_verdicts(void **state)
{
    static const char both[] = ALICE ", " EVE;

    (void)state;
    choose(CAROL, CHOICE_WELCOME, NULL);
    scoped_text char *said = knock_with(CAROL, both, EVIDENCE_S2, "");
    scoped_text char *done = town_effects(&town);
    assert_string_equal(said, TAKEN);
    assert_non_null(strstr(done, "alice in INBOX: Meeting on Friday"));
    assert_non_null(strstr(done, "eve in Contacts/New: Carol"));
    assert_null(strstr(done, "eve in INBOX"));
    struct err err;
    assert_true(
        bridge_contact_choose(town.bridge, SLICE(EVE), SLICE(CAROL), CHOICE_WELCOME, NULL, &err));
    scoped_text char *mail = town_newest_mail(&town, town.eve, "INBOX");
    assert_non_null(strstr(mail, "Meeting on Friday"));
    /* refused here, asked there: 250, and dropped here */
    free(town_effects(&town));
    choose(CAROL, CHOICE_REFUSE, "no");
    scoped_text char *again = knock_with(CAROL, both, EVIDENCE_S2, "");
    scoped_text char *then = town_effects(&town);
    assert_string_equal(again, TAKEN);
    assert_null(strstr(then, "alice in"));
    assert_non_null(strstr(then, "eve in INBOX"));
}

static void test_hold_accept(void **state)
{
    (void)state;
    town.config.hold = HOLD_ACCEPT;
    assert_knock(CAROL, EVIDENCE_S2, TAKEN, "mail\n" REQUEST);
    assert_knock(CAROL, EVIDENCE_S2, TAKEN, "mail\n");
    choose(CAROL, CHOICE_WELCOME, NULL);
    scoped_text char *mail = town_newest_mail(&town, town.alice, "INBOX");
    assert_non_null(strstr(mail, "Meeting on Friday"));
    choose(CAROL, CHOICE_IGNORE, NULL);
    assert_knock(CAROL, EVIDENCE_S2, TAKEN, "mail\n");
}

static void test_hold_auto(void **state)
{
    (void)state;
    town.config.hold = HOLD_AUTO;
    assert_knock(CAROL, EVIDENCE_S2, LATER, REQUEST);
    town_wait(&town, HOUR_MS);
    assert_knock(CAROL, EVIDENCE_S2, LATER, "");
    town_wait(&town, 3 * (int64_t)HOUR_MS); /* it tries ever less often */
    assert_knock(CAROL, EVIDENCE_S2, TAKEN, "mail\n");
}

static void test_no_answer(void **state)
{
    struct err err;

    (void)state;
    town.config.hold = HOLD_ACCEPT;
    assert_knock(CAROL, EVIDENCE_S2, TAKEN, "mail\n" REQUEST);
    town_wait(&town, 13 * (int64_t)DAY_MS);
    assert_true(expire_contacts(town.bridge, &err));
    assert_int_equal(state_of(CAROL), CONTACT_ASKED);
    town_wait(&town, 2 * (int64_t)DAY_MS);
    assert_true(expire_contacts(town.bridge, &err));
    assert_int_equal(state_of(CAROL), CONTACT_UNKNOWN);
    assert_true(lies_in(&town, "Trash", "wants to write to you"));
    free(town_effects(&town));
    assert_knock(CAROL, EVIDENCE_S2, TAKEN, "mail\n" REQUEST);
}

static void test_limits(void **state)
{
    int asked = 0;

    (void)state;
    for (int i = 0; i < 60; i++) {
        scoped_text char *from = must_print("s%d@host%d.example", i, i % 10);
        scoped_text char *said = knock(from, EVIDENCE_S2);
        scoped_text char *done = town_effects(&town);
        assert_string_equal(said, LATER);
        asked += strstr(done, "Contacts/New") != NULL;
        if (i == 55)
            assert_int_equal(state_of(from), CONTACT_TURN);
    }
    assert_int_equal(asked, QUESTIONS_A_DAY);
    town_wait(&town, DAY_MS + MINUTE_MS);
    for (int i = 0; i < 6; i++) {
        scoped_text char *from = must_print("t%d@one.example", i);
        free(knock(from, EVIDENCE_S2));
        scoped_text char *done = town_effects(&town);
        assert_int_equal(strstr(done, "Contacts/New") != NULL, i < QUESTIONS_A_DAY_OF_DOMAIN);
    }
    scoped_text char *late = knock("s55@host5.example", EVIDENCE_S2); /* its turn has come */
    scoped_text char *done = town_effects(&town);
    assert_non_null(strstr(done, "s55@host5.example"));
}

static void test_whom_the_owner_wrote_to(void **state)
{
    (void)state;
    say_to(&town, CAROL, "Hello Carol", TAKEN, "mail\ngoes to carol@mail.example\n");
    assert_knock(CAROL, EVIDENCE_S1, TAKEN, ARRIVES);
    scoped_text char *forged = knock(CAROL, EVIDENCE_S0);
    assert_string_equal(forged, LATER);
}

static void test_an_hour_for_a_code(void **state)
{
    struct err err;

    (void)state;
    assert_true(bridge_contact_expect(town.bridge, SLICE(ALICE), town_now(&town) + HOUR_MS, &err));
    assert_knock("code@shop.example", EVIDENCE_S2, TAKEN, ARRIVES);
    town_wait(&town, HOUR_MS + 1);
    scoped_text char *said = knock("code@shop.example", EVIDENCE_S2);
    assert_string_equal(said, LATER);
}

static void test_whole_domains(void **state)
{
    (void)state;
    assert_knock(CAROL, EVIDENCE_S2, LATER, REQUEST);
    choose("@mail.example", CHOICE_WELCOME, NULL);
    assert_int_equal(state_of(CAROL), CONTACT_WELCOME);
    scoped_text char *said = knock("dave@mail.example", EVIDENCE_S1);
    assert_string_equal(said, TAKEN);
    scoped_text char *unproven = knock("dave@mail.example", EVIDENCE_S0);
    assert_string_equal(unproven, LATER);
    choose("@bad.example", CHOICE_REFUSE, "not from there");
    scoped_text char *refused = knock("x@bad.example", EVIDENCE_S0);
    assert_string_equal(refused, "550 5.7.1 not from there");
    choose("@bad.example", CHOICE_ASK_AGAIN, NULL);
    scoped_text char *asked = knock("x@bad.example", EVIDENCE_S0);
    assert_string_equal(asked, LATER);
}

static void test_doors(void **state)
{
    (void)state;
    town.config.contact = DOOR_CLOSED;
    assert_knock(CAROL, EVIDENCE_S2,
                 "550 5.7.1 alice@example.org takes mail only from people who were written to "
                 "first.",
                 "");
    town.config.contact = DOOR_OPEN;
    assert_knock(CAROL, EVIDENCE_S0, TAKEN, ARRIVES);
    choose(CAROL, CHOICE_IGNORE, NULL);
    town.config.hold = HOLD_DEFER;
    assert_knock(CAROL, EVIDENCE_S0, LATER, "");
    scoped_text char *office = knock_with(CAROL, "postmaster@example.org", EVIDENCE_S0, "");
    assert_string_equal(office, TAKEN);
}

static void test_export_and_import(void **state)
{
    static const char *const lines[] = {"welcome\tcarol@mail.example\tS2\t",
                                        "refused\t@bob@social.example\tF1\tnot now",
                                        "ignored\t@bad.example\tS0\t"};
    struct err err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        if (!bridge_contact_import(town.bridge, SLICE(ALICE), slice_of(lines[i]), &err))
            fail_msg("%s: %s", lines[i], err.said);
    free(town_effects(&town));
    assert_knock(CAROL, EVIDENCE_S2, TAKEN, ARRIVES);
    scoped_text char *weaker = knock(CAROL, EVIDENCE_S1);
    assert_string_equal(weaker, LATER);
    assert_false(
        bridge_contact_import(town.bridge, SLICE(ALICE), SLICE("friend\tx@y.example\tS2"), &err));
    assert_false(
        bridge_contact_import(town.bridge, SLICE(ALICE), SLICE("welcome\tx@y.example\tS9"), &err));
    assert_false(
        bridge_contact_import(town.bridge, SLICE(ALICE), SLICE("welcome\tnobody\tS2"), &err));
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_asked_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_welcomed_by_reply, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_with_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ignored_looks_like_waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_known_by_their_envelope, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_not_proven_is_read_to_its_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_every_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_steps_of_programs_without_move, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_different_verdicts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hold_accept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hold_auto, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_whom_the_owner_wrote_to, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_hour_for_a_code, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_whole_domains, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_doors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_export_and_import, set_up, tear_down),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
