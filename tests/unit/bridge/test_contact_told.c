/* How owners are told of requests beyond the one mail: those who read with Delta Chat. */
#include "stranger.h"
#include "visitors.h"

#include "contact_work.h"
#include "store_shelf.h"

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

static void say_in_chat(const char *to, const char *words)
{
    const struct letter_row row = {
        .recipients = to, .fields = "Chat-Version: 1.0\n", .text = words, .reply = TAKEN};
    scoped_text char *text = row_build(&row);
    scoped_text char *reply = row_send(&town, &row, text);

    assert_string_equal(reply, TAKEN);
    free(town_effects(&town));
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

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_is_a_chat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(by_a_mail_program_nothing_is_said_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(arrived_as_soon_as_it_is_let_in, set_up, tear_down),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
