/* Commands by mail: take back, change, answer a question, follow. */
#include "row.h"
#include "shared_town.h"

#include "bridge_people.h"

static bool release(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(message) message = {0};

    (void)it;
    for (int64_t id = 1; store_message(store_tx_view(tx), id, &message, err) == FOUND; id++) {
        bool held = message.state == MESSAGE_HELD && message.release_ms > 0;
        if (held && !store_set_message_state(tx, id, MESSAGE_SENT, err))
            return false;
        message_clear(&message);
    }
    return true;
}

static void check_newest(int version, const char *html)
{
    scoped_value(message) message = {0};

    town_newest(&town, &message);
    assert_int_equal(message.version, version);
    assert_int_equal(message.html.len, strlen(html));
    assert_memory_equal(message.html.at, html, message.html.len);
}

static void test_delete_and_undo(void **state)
{
    (void)state;
    say_to(&town, "public@example.org", "Take me back", TAKEN,
           "public held\n<p>Take me back</p>\n"
           "alice in Posts: Public in 60 seconds: Take me back\n");
    scoped_text char *undo = newest_command(&town, "undo");
    scoped_text char *delete = newest_command(&town, "delete");
    scoped_text char *beside = must_print("%s, %s", delete, BOB);
    say_to(&town, beside, "", "550 5.7.1 Nothing was done: send a command alone, to one address.",
           "");
    say_to(&town, undo, "", TAKEN, "");
    assert_true(lies_in(&town, "Trash", "Take me back"));
    assert_false(lies_in(&town, "Posts", "Take me back"));
    scoped_value(message) message = {0};
    town_newest(&town, &message);
    assert_int_equal(message.state, MESSAGE_UNDONE);
    say_to(&town, undo, "", TAKEN, "");
    say_to(&town, delete, "", TAKEN, "");
}

static void test_delete_after_it_left(void **state)
{
    scoped_value(message) message = {0};

    (void)state;
    say_to(&town, "public@example.org", "Too late", TAKEN,
           "public held\n<p>Too late</p>\nalice in Posts: Public in 60 seconds: Too late\n");
    town_write(&town, release);
    scoped_text char *ref = town_ref(&town);
    scoped_text char *undo = newest_command(&town, "undo");
    scoped_text char *delete = newest_command(&town, "delete");
    scoped_text char *told = must_print(
        "550 5.7.1 Not done: %s has left already. Delete it with %s+delete@example.org.", ref, ref);
    say_to(&town, undo, "", told, "");
    const struct letter_row eves = {.name = "eve deletes alice's post",
                                    .recipients = delete,
                                    .from = "eve@example.org",
                                    .mail_from = ALICE,
                                    .outside = true,
                                    .reply = "550 5.7.1 Not posted: this could not be proven to "
                                             "come from eve@example.org. Send it through your "
                                             "account (submission, with password) or sign it with "
                                             "your OpenPGP key.",
                                    .effects = ""};
    assert_int_equal(run_row(&town, &eves), 0);
    say_to(&town, delete, "", TAKEN, "");
    assert_true(lies_in(&town, "Trash", "Too late"));
    town_newest(&town, &message);
    assert_int_equal(message.state, MESSAGE_WITHDRAWN);
    assert_int_equal(message.plain.len, 0);
    say_to(&town, "9aaaaaaaaaa00+delete@example.org", "",
           "550 5.7.1 Not done: 9aaaaaaaaaa00 is not a post of yours.", "");
    say_to(&town, "9zzzzzzzzzzzz+delete@example.org", "",
           "550 5.7.1 Not done: 9zzzzzzzzzzzz is not a post of yours.", "");
    say_to(&town, "9aaaaaaaaaa00+vote-1@example.org", "",
           "550 5.7.1 Not done: 9aaaaaaaaaa00 is not a poll that you can see.", "");
    say_to(&town, "9aaaaaaaaaa00+welcome@example.org", "",
           "550 5.7.1 Not done: 9aaaaaaaaaa00 is not a contact request to you.", "");
}

static void test_edit(void **state)
{
    (void)state;
    say_to(&town, "public@example.org", "Frist words #one", TAKEN,
           "public held\n<p>Frist words <a href=\"https://example.org/tags/one\" "
           "class=\"mention hashtag\" rel=\"tag\">#<span>one</span></a></p>\n#one\n"
           "alice in Posts: Public in 60 seconds: Frist words #one\n");
    scoped_text char *edit = newest_command(&town, "edit");
    say_to(&town, edit, "First words", TAKEN,
           "alice in Posts: Public in 60 seconds: First words\n");
    assert_true(lies_in(&town, "Trash", "Frist words"));
    check_newest(1, "<p>First words</p>");
    town_write(&town, release);
    say_to(&town, edit, "Second words", TAKEN, "alice in Posts: Public: Second words\n");
    assert_true(lies_in(&town, "Trash", "First words"));
    check_newest(2, "<p>Second words</p>");
    say_to(&town, edit, "> cut",
           "550 5.6.0 Not posted: no text and no picture were left after removing "
           "quotes and signature.",
           "");
    check_newest(2, "<p>Second words</p>");
}

static void test_ask_once(void **state)
{
    static const struct letter_row answer = {
        .name = "the first Reply all",
        .recipients = BOB ", unlisted@example.org",
        .fields = "Subject: Re: Good morning\nIn-Reply-To: <bob-public@example.org>\n",
        .text = "To all of you",
        .reply = TAKEN,
        .effects = "unlisted asked\nanswers https://social.example/posts/bob-public@example.org\n"
                   "<p>To all of you</p>\ncc @bob@social.example\n"
                   "alice in INBOX: Publish your answer to Bob?\n"};

    (void)state;
    town_choose(&town, REPLY_ALL_ASK);
    assert_int_equal(run_row(&town, &answer), 0);
    scoped_text char *question = town_newest_mail(&town, town.alice, "INBOX");
    assert_non_null(strstr(question, "You pressed Reply all."));
    assert_non_null(strstr(question, "Auto-Submitted: auto-generated"));
    assert_non_null(strstr(question, "To all of you"));
    scoped_text char *contact = newest_command(&town, "contact");
    say_to(&town, contact, "maybe", "550 5.7.1 Not done: the first word must be yes or no.", "");
    say_to(&town, contact, "No, please not.\n\n> yes", TAKEN,
           "alice in Drafts: Re: Good morning\n");
    assert_true(lies_in(&town, "Trash", "You pressed Reply all."));
    scoped_text char *draft = town_newest_mail(&town, town.alice, "Drafts");
    assert_non_null(strstr(draft, "To all of you"));
    scoped_text char *told = must_print("550 5.7.1 Not done: %.*s is not a question to you.",
                                        (int)strcspn(contact, "+"), contact);
    say_to(&town, contact, "yes", told, "");
}

static void test_reply_all_after_no(void **state)
{
    static const struct letter_row private_answer = {
        .name = "Reply all is private for who said no",
        .recipients = BOB ", unlisted@example.org",
        .fields = "Subject: Re: Good morning\nIn-Reply-To: <bob-public@example.org>\n",
        .reply = TAKEN,
        .effects = "direct sent\nanswers https://social.example/posts/bob-public@example.org\n"
                   "<p>Hello</p>\nto @bob@social.example\n" BOB_INBOX};

    (void)state;
    assert_int_equal(run_row(&town, &private_answer), 0);
}

static void test_ask_once_yes(void **state)
{
    static const struct letter_row answer = {
        .name = "asked again",
        .recipients = BOB ", unlisted@example.org",
        .fields = "Subject: Re: Good morning\nIn-Reply-To: <bob-public@example.org>\n",
        .reply = TAKEN,
        .effects = "unlisted asked\nanswers https://social.example/posts/bob-public@example.org\n"
                   "<p>Hello</p>\ncc @bob@social.example\n"
                   "alice in INBOX: Publish your answer to Bob?\n"};
    scoped_value(message) message = {0};
    scoped_value(account) account = {0};
    struct err err;

    (void)state;
    town_choose(&town, REPLY_ALL_ASK);
    assert_int_equal(run_row(&town, &answer), 0);
    scoped_text char *contact = newest_command(&town, "contact");
    say_to(&town, contact, "Ja.", TAKEN, "");
    town_newest(&town, &message);
    assert_int_equal(message.state, MESSAGE_HELD);
    assert_true(message.release_ms > 0 && message.release_ms <= town_now(&town));
    scoped(store_view) view = store_look(town.store, &err);
    assert_int_equal(store_account(view, town.alice, &account, &err), FOUND);
    assert_int_equal(account.reply_all, REPLY_ALL_PUBLIC);
}

static void test_a_question_unanswered(void **state)
{
    static const struct letter_row answer = {
        .name = "asked, and forgotten",
        .recipients = BOB ", unlisted@example.org",
        .fields = "Subject: Re: Good morning\nIn-Reply-To: <bob-public@example.org>\n",
        .text = "Left lying",
        .reply = TAKEN,
        .effects = "unlisted asked\nanswers https://social.example/posts/bob-public@example.org\n"
                   "<p>Left lying</p>\ncc @bob@social.example\n"
                   "alice in INBOX: Publish your answer to Bob?\n"};
    scoped_value(message) message = {0};
    struct err err;

    (void)state;
    town_choose(&town, REPLY_ALL_ASK);
    assert_int_equal(run_row(&town, &answer), 0);
    town_wait(&town, 6 * (int64_t)DAY_MS);
    assert_true(expire_questions(town.bridge, &err));
    town_newest(&town, &message);
    assert_int_equal(message.state, MESSAGE_HELD);
    town_wait(&town, DAY_MS);
    assert_true(expire_questions(town.bridge, &err));
    town_newest(&town, &message);
    assert_int_equal(message.state, MESSAGE_UNDONE);
    assert_true(lies_in(&town, "Drafts", "Left lying"));
    free(town_effects(&town));
}

static void test_following(void **state)
{
    // clang-format off
    static const struct letter_row rows[] = {
        {.name = "following Bob",
         .recipients = "bob=social.example+subscribe@example.org",
         .reply = TAKEN,
         .effects = BOB_INBOX},
        {.name = "following Bob twice",
         .recipients = "bob=social.example+subscribe@example.org",
         .reply = TAKEN,
         .effects = ""},
        {.name = "following nobody",
         .recipients = "bob=social.exmaple+subscribe@example.org",
         .reply = "550 5.1.1 Nothing was sent: @bob@social.exmaple was not found. Is it spelt "
                  "right?",
         .effects = ""},
        {.name = "posts by mail, asked by nobody knows whom",
         .recipients = "alice+subscribe@example.org",
         .from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.7.1 Could not verify that this mail is from carol@mail.example. Subscribe "
                  "on https://example.org/@alice instead.",
         .effects = ""},
        {.name = "posts by mail, with a word nobody gave",
         .recipients = "alice+subscribe-0123456789abcdefghjk@example.org",
         .from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.7.1 Could not verify that this mail is from carol@mail.example. Subscribe "
                  "on https://example.org/@alice instead.",
         .effects = ""},
        {.name = "leaving with a word nobody gave",
         .recipients = "alice+unsubscribe-0123456789abcdefghjk@example.org",
         .from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.7.1 Please use the unsubscribe link in any mail you got.",
         .effects = ""},
        {.name = "a report about a copy nobody sent",
         .recipients = "alice+bounces-0123456789abcdefghjk@example.org",
         .from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.1.1 There is no alice+bounces-0123456789abcdefghjk@example.org here.",
         .effects = ""},
        {.name = "one's own posts by mail",
         .recipients = "alice+subscribe@example.org",
         .reply = "550 5.7.1 Not done: these are your own posts.",
         .effects = ""},
        {.name = "leaving what was never sent",
         .recipients = "alice+unsubscribe@example.org",
         .from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.7.1 Please use the unsubscribe link in any mail you got.",
         .effects = ""},
        {.name = "posts of nobody",
         .recipients = "nobody+subscribe@example.org",
         .from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.1.1 There is no nobody+subscribe@example.org here.",
         .effects = ""},
        {.name = "the key desk",
         .recipients = "claim@example.org",
         .reply = "550 5.7.1 Not done: there is no key in it. Attach your public OpenPGP key.",
         .effects = ""},
        {.name = "the key desk, from outside",
         .recipients = "claim@example.org",
         .from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.7.1 Not done: the key desk takes mail that is sent through an account "
                  "here. This server takes nobody new.",
         .effects = ""},
    };
    // clang-format on

    (void)state;
    run_rows(&town, rows, COUNT_OF(rows));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delete_and_undo),
        cmocka_unit_test(test_delete_after_it_left),
        cmocka_unit_test(test_edit),
        cmocka_unit_test(test_ask_once),
        cmocka_unit_test(test_reply_all_after_no),
        cmocka_unit_test(test_ask_once_yes),
        cmocka_unit_test(test_a_question_unanswered),
        cmocka_unit_test(test_following),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
