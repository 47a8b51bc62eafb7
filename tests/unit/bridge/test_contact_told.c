/* How owners are told of requests beyond the one mail; and who is asked about like others, or not: neighbours, lists. */
#include "stranger.h"
#include "visitors.h"

#include "contact_work.h"
#include "store_shelf.h"

#include <stdio.h>

static int set_up(void **state)
{
    (void)state;
    town_open(&town);
    town.config.contact = DOOR_ASK;
    town.config.hold = HOLD_DEFER;
    free(town_effects(&town));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

static void check_mailbox(const char *mailbox, const char *expected)
{
    scoped_text char *found = mailbox_list(&town, town.alice, mailbox);

    assert_string_equal(found, expected);
}

/* ---- a chat for each request ---- */
static bool make_chat(struct town *it, struct store_tx *tx, struct err *err)
{
    return store_account_chats(tx, it->alice, err);
}

static char *chat_of_request(void)
{
    scoped_text char *notice = mailbox_newest(&town, town.alice, MAILBOX_INBOX);
    const char *robot = strstr(notice, "+contact@example.org>");

    assert_non_null(robot);
    return must_print("%.*s+contact@example.org", REF_LEN, robot - REF_LEN);
}

static void say_with(const char *fields, const char *to, const char *words)
{
    const struct letter_row row = {
        .recipients = to, .fields = fields, .text = words, .reply = TAKEN};
    scoped_text char *text = row_build(&row);
    scoped_text char *reply = row_send(&town, &row, text);

    assert_string_equal(reply, TAKEN);
    free(town_effects(&town));
}

static void say_in_chat(const char *to, const char *words)
{
    say_with("Chat-Version: 1.0\n", to, words);
}

static void a_request_is_a_chat(void **state)
{
    (void)state;
    town_write(&town, make_chat);
    assert_knock(CAROL, EVIDENCE_S2, LATER,
                 "mail\nalice in INBOX: Carol (" CAROL ") wants to write to you\n");
    scoped_text char *notice = mailbox_newest(&town, town.alice, MAILBOX_INBOX);
    scoped_text char *chat = chat_of_request();
    assert_non_null(strstr(notice, "From: \"Contact request: Carol"));
    assert_non_null(strstr(notice, "Chat-Version: 1.0"));
    assert_non_null(
        strstr(notice, "Carol (" CAROL ") wants to write to you. mail.example confirms"));
    assert_null(strstr(notice, "mailto:"));

    static const struct {
        const char *words, *said, *inbox, *folder;
        enum contact_state state;
    } rows[] = {
        {"welcome",         "arrives with their server's next try", "",  "Contacts/Welcome",
         CONTACT_WELCOME                                                                                    },
        {"undo",            "the request is open again",            "R", "Contacts/New",     CONTACT_ASKED  },
        {"refuse: not now", "Refused, in your words",               "",  "Contacts/Refused", CONTACT_REFUSED},
        {"nein",            "Refused, without a word",              "",  "Contacts/Refused", CONTACT_REFUSED},
        {"ignorar",         "they hear nothing of it",              "",  "Contacts/Ignored", CONTACT_IGNORED},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        say_in_chat(chat, rows[i].words);
        scoped_text char *said = mailbox_newest(&town, town.alice, MAILBOX_INBOX);
        scoped_text char *inbox = mailbox_list(&town, town.alice, MAILBOX_INBOX);
        scoped_text char *folder = mailbox_list(&town, town.alice, rows[i].folder);
        bool open = *rows[i].inbox;
        scoped_text char *newest = open ? must_dup(rows[i].said) : steal(&said);
        assert_non_null(strstr(newest, rows[i].said));
        assert_int_equal(strstr(inbox, "wants to write to you") != NULL, open);
        assert_int_equal(strstr(folder, "wants to write to you") != NULL, !open);
        assert_int_equal(state_of(CAROL), rows[i].state);
    }
}

static void by_a_mail_program_nothing_is_said_back(void **state)
{
    (void)state;
    town_write(&town, make_chat);
    free(knock(CAROL, EVIDENCE_S2));
    scoped_text char *chat = chat_of_request();
    free(town_effects(&town));
    say_to(&town, chat, "welcome", TAKEN, "");
    check_mailbox(MAILBOX_INBOX, "");
}

/* ---- what it announced is here ---- */
static bool keep_keywords(void *ctx, const struct entry_mark *mark)
{
    char **out = ctx;

    *out = must_dup(mark->keywords);
    return false;
}

static char *keywords_in(struct store_view *view, const char *folder)
{
    struct err err;
    scoped_value(mailbox) mailbox = {0};
    char *keywords = NULL;

    assert_int_equal(store_mailbox_named(view, town.alice, slice_of(folder), &mailbox, &err),
                     FOUND);
    assert_true(
        store_entry_marks(view, mailbox.id, 1, UINT32_MAX, 0, keep_keywords, &keywords, &err));
    return keywords;
}

static void arrived_as_soon_as_it_is_let_in(void **state)
{
    struct err err;
    scoped_value(person) carol = {0};
    scoped_value(contact_rows) rows = {0};

    (void)state;
    town.config.hold = HOLD_ACCEPT;
    free(knock(CAROL, EVIDENCE_S2));
    choose(CAROL, CHOICE_WELCOME, NULL);
    scoped(store_view) view = store_look(town.store, &err);
    scoped_text char *keywords = keywords_in(view, MAILBOX_CONTACTS_WELCOME);
    assert_string_equal(keywords, "$ContactArrived");
    assert_int_equal(store_person_by_address(view, SLICE(CAROL), &carol, &err), FOUND);
    assert_true(store_contacts_of(view, town.alice, carol.id, &rows, &err));
    assert_int_equal(rows.at[0].arrived_ms, town_now(&town));
}

/* ---- beyond the day's questions ---- */
static void told_once_a_day_how_many_wait(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        scoped_text char *from = must_print("s%d@one.example", i);
        free(knock(from, EVIDENCE_S2));
    }
    town_chores(&town, NULL);
    free(town_effects(&town));
    town_wait(&town, HOUR_MS + MINUTE_MS);
    town_chores(&town, NULL);
    scoped_text char *said = town_effects(&town);
    assert_string_equal(said, "mail\nalice in Contacts/New: 3 more people want to reach you\n");
    scoped_text char *mail = mailbox_newest(&town, town.alice, MAILBOX_CONTACTS_NEW);
    assert_non_null(strstr(mail, "3 more wait without having been asked about"));
    assert_null(strstr(mail, "one.example"));

    town_wait(&town, 12 * (int64_t)HOUR_MS);
    free(knock("late@one.example", EVIDENCE_S2));
    free(town_effects(&town));
    town_wait(&town, 10 * (int64_t)HOUR_MS);
    town_chores(&town, NULL);
    scoped_text char *nothing = town_effects(&town);
    assert_string_equal(nothing, "");
    town_wait(&town, 3 * (int64_t)HOUR_MS);
    town_chores(&town, NULL);
    scoped_text char *more = town_effects(&town);
    assert_string_equal(more, "mail\nalice in Contacts/New: 4 more people want to reach you\n");
    town_wait(&town, 25 * (int64_t)HOUR_MS);
    town_chores(&town, NULL);
    scoped_text char *calm = town_effects(&town);
    assert_string_equal(calm, "");
}

/* ---- lists that the owner wrote to ---- */
#define FIELDS                                                                                     \
    "List-Id: Birds <birds.lists.example>\nList-Help: "                                            \
    "<https://lists.example/>, <mailto:birds-request@lists.example?subject=help>\n"

static char *by_list(const char *sender, enum auth_result spf, const char *fields)
{
    static int serial;
    const struct evidence evidence = {.client = "192.0.2.9",
                                      .author_domain = "mail.example",
                                      .spf = spf,
                                      .spf_domain = "lists.example"};
    scoped_text char *text =
        must_print("From: Carol <" CAROL ">\nTo: birds@lists.example\n"
                   "Message-ID: <l%d@mail.example>\nSubject: Wrens\n%s\nHello\n",
                   serial++, fields);
    const struct town_mail mail = {
        .door = MAIL_DOOR_MX,
        .mail_from = sender,
        .recipients = ALICE,
        .text = slice_of(text),
        .evidence = &evidence,
    };
    char *said = town_send(&town, &mail);

    free(town_effects(&town));
    return said;
}

static void who_writes_to_a_list_of_hers_is_not_asked_about(void **state)
{
    static const struct {
        const char *name, *sender, *fields;
        enum auth_result spf;
        bool taken;
    } rows[] = {
        {"her list",            "birds-bounces@lists.example",                   FIELDS, AUTH_PASS, true },
        {"with a word of hers", "birds+bounces-alice=example.org@lists.example", FIELDS, AUTH_PASS,
         true                                                                                            },
        {"not proven",          "birds-bounces@lists.example",                   FIELDS, AUTH_NONE, false},
        {"of no list",          "birds-bounces@lists.example",                   "",     AUTH_PASS, false},
        {"of another list",     "fish-bounces@lists.example",                    FIELDS, AUTH_PASS, false},
        {"somebody there",      "carol@lists.example",                           FIELDS, AUTH_PASS, false},
        {"from elsewhere",      "birds-bounces@other.example",                   FIELDS, AUTH_PASS, false},
    };

    (void)state;
    scoped_text char *before = by_list(rows[0].sender, AUTH_PASS, FIELDS);
    assert_string_equal(before, LATER);
    say_to(&town, "birds-request@lists.example", "subscribe", TAKEN,
           "mail\ngoes to birds-request@lists.example\n");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *said = by_list(rows[i].sender, rows[i].spf, rows[i].fields);
        if ((strcmp(said, TAKEN) == 0) != rows[i].taken)
            fail_msg("%s: %s", rows[i].name, said);
    }
    choose(CAROL, CHOICE_REFUSE, "no");
    scoped_text char *refused = by_list(rows[0].sender, AUTH_PASS, FIELDS);
    assert_string_equal(refused, "550 5.7.1 no");
}

static void what_a_list_writes_of_itself(void **state)
{
    static const struct {
        const char *sender, *address;
        bool speaks;
    } rows[] = {
        {"birds-bounces@l.example",    "birds@l.example",      true },
        {"owner-birds@L.example",      "Birds@l.example",      true },
        {"birds-owner@l.example",      "birds-join@l.example", true },
        {"red-birds-return@l.example", "red-birds@l.example",  true },
        {"birds+owner@l.example",      "birds+help@l.example", true },
        {"birds@l.example",            "birds@l.example",      false},
        {"birds-bouncesx@l.example",   "birds@l.example",      false},
        {"birdsbounces@l.example",     "birds@l.example",      false},
        {"birds-bounces@l.example",    "birds@m.example",      false},
        {"",                           "birds@l.example",      false},
        {"-bounces@l.example",         "@l.example",           false},
    };
    struct slice field =
        SLICE("<https://l.example/x>, <mailto:a@l.example?subject=x>,<mailto:b@l.example>, <c@l");
    struct slice at;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (contact_list_speaks(slice_of(rows[i].sender), slice_of(rows[i].address)) !=
            rows[i].speaks)
            fail_msg("%s of %s", rows[i].sender, rows[i].address);
    assert_true(contact_list_next(&field, &at) && slice_is(at, "a@l.example"));
    assert_true(contact_list_next(&field, &at) && slice_is(at, "b@l.example"));
    assert_false(contact_list_next(&field, &at));
}

/* ---- people of one server ---- */
static enum contact_state state_between(int64_t account_id, const char *who)
{
    struct err err;
    scoped_value(person) person = {0};
    scoped_value(contact_rows) rows = {0};
    scoped(store_view) view = store_look(town.store, &err);

    assert_int_equal(
        store_person_by_handle(view, slice_of(who), SLICE("example.org"), &person, &err), FOUND);
    assert_true(store_contacts_of(view, account_id, person.id, &rows, &err));
    return rows.count > 0 ? rows.at[0].state : CONTACT_UNKNOWN;
}

static void answer_of_eve(enum contact_choice choice)
{
    struct err err;

    assert_true(bridge_contact_choose(town.bridge, SLICE(EVE), SLICE(ALICE), choice, NULL, &err));
    free(town_effects(&town));
}

static void a_neighbour_is_asked_about_by_mail_too(void **state)
{
    (void)state;
    say_to(&town, EVE, "Hello Eve", TAKEN,
           "mail\nmail\neve in Contacts/New: @alice@example.org wants to write to you\n");
    assert_int_equal(state_between(town.eve, "alice"), CONTACT_ASKED);
    assert_int_equal(state_between(town.alice, "eve"), CONTACT_WELCOME); /* she may answer */
    answer_of_eve(CHOICE_WELCOME);
    scoped_text char *mail = mailbox_newest(&town, town.eve, MAILBOX_INBOX);
    assert_non_null(strstr(mail, "Hello Eve"));
}

static void post_that_names_eve(void)
{
    say_with(NULL, "public@example.org", "Good morning @eve@example.org");
    town_wait(&town, 2 * (int64_t)MINUTE_MS);
    town_chores(&town, NULL);
    free(town_effects(&town));
}

static bool lies_with_eve(const char *mailbox, const char *words)
{
    scoped_text char *mail = mailbox_newest(&town, town.eve, mailbox);

    return strstr(mail, words) != NULL;
}

static void a_neighbour_who_names_somebody_is_asked_about(void **state)
{
    (void)state;
    post_that_names_eve();
    assert_true(lies_with_eve(MAILBOX_CONTACTS_NEW, "They have an account on this server"));
    assert_false(lies_with_eve(MAILBOX_INBOX, "Good morning"));
    answer_of_eve(CHOICE_WELCOME);
    assert_true(lies_with_eve(MAILBOX_INBOX, "Good morning"));
}

static void what_a_neighbour_takes_back_waits_no_longer(void **state)
{
    (void)state;
    post_that_names_eve();
    assert_int_equal(state_between(town.eve, "alice"), CONTACT_ASKED);
    scoped_text char *robot = newest_command(&town, "delete");
    say_with(NULL, robot, "");
    assert_int_equal(state_between(town.eve, "alice"), CONTACT_UNKNOWN);
    assert_false(lies_with_eve(MAILBOX_INBOX, "Good morning"));
}

/* ---- who is ignored ---- */
static int64_t held_octets(void)
{
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);
    int64_t held = -1;

    assert_true(view && store_held_bytes(view, town.alice, &held, &err));
    return held;
}

/* It is taken in like what waits, so that no time tells, and goes with the next tidying. */
static void what_the_ignored_say_does_not_stay(void **state)
{
    (void)state;
    town.config.hold = HOLD_ACCEPT;
    free(knock(CAROL, EVIDENCE_S2));
    choose(CAROL, CHOICE_IGNORE, NULL);
    assert_int_equal(held_octets(), 0);
    free(knock(CAROL, EVIDENCE_S2));
    assert_true(held_octets() > 0);
    town_wait(&town, 11 * MINUTE_MS);
    town_chores(&town, NULL);
    assert_int_equal(held_octets(), 0);
    free(knock(CAROL, EVIDENCE_S2));
    choose(CAROL, CHOICE_WELCOME, NULL); /* before the next tidying */
    assert_int_equal(held_octets(), 0);
    check_mailbox(MAILBOX_INBOX, "");
}

/* ---- lists of them ---- */
struct leaf {
    int count;
    struct contact_place last;
    char names[200];
};

static bool write_leaf(void *ctx, const struct contact *contact, const struct person *person)
{
    struct leaf *leaf = ctx;
    size_t len = strlen(leaf->names);

    snprintf(leaf->names + len, sizeof leaf->names - len, "%.2s ", person->address);
    leaf->last = (struct contact_place){contact->last_ms, contact->id};
    leaf->count++;
    return true;
}

/* As after an import: nobody is passed over at the foot of a page. */
static void people_of_one_moment_stand_each_on_one_page(void **state)
{
    struct leaf leaf = {0};
    struct err err;

    (void)state;
    for (int i = 1; i <= 7; i++) {
        scoped_text char *who = must_print("p%d@mail.example", i);
        if (i == 7)
            town_wait(&town, 1);
        choose(who, CHOICE_REFUSE, NULL);
    }
    scoped(store_view) view = store_look(town.store, &err);
    for (int pages = 0; pages < 4; pages++) {
        const struct contact_place behind = leaf.last;
        leaf.count = 0;
        assert_true(store_contacts_in(view, town.alice, CONTACT_REFUSED, pages ? &behind : NULL, 2,
                                      write_leaf, &leaf, &err));
        assert_int_equal(leaf.count, pages < 3 ? 2 : 1);
    }
    assert_string_equal(leaf.names, "p7 p6 p5 p4 p3 p2 p1 ");
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_is_a_chat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(by_a_mail_program_nothing_is_said_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(arrived_as_soon_as_it_is_let_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(told_once_a_day_how_many_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_writes_to_a_list_of_hers_is_not_asked_about, set_up,
                                        tear_down),
        cmocka_unit_test(what_a_list_writes_of_itself),
        cmocka_unit_test_setup_teardown(a_neighbour_is_asked_about_by_mail_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_neighbour_who_names_somebody_is_asked_about, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_the_ignored_say_does_not_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_neighbour_takes_back_waits_no_longer, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(people_of_one_moment_stand_each_on_one_page, set_up,
                                        tear_down),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
