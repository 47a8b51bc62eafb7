/*
 * Mail beside the examples: direct messages, commands, mail for mailboxes and for elsewhere, limits, repeats.
 * Each test starts with a row's mail, built from its parts, and tells what came of it.
 */
#include "town.h"

#include "bridge_people.h"

#include <stdio.h>

static struct town town;

static int set_up(void **state)
{
    (void)state;
    town_open(&town);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

#define ALICE "alice@example.org"
#define TAKEN "250 2.0.0 Taken"
#define BOB "bob=social.example@example.org"
#define BOB_INBOX "goes to https://social.example/users/bob/inbox\n"

static int mail_number;

struct letter_row {
    const char *name;
    const char *from;       /* header From; NULL: alice */
    const char *recipients; /* in To too, unless `to` says otherwise */
    const char *to, *fields, *text;
    bool outside;          /* port 25 */
    const char *mail_from; /* NULL: as from */
    const char *reply, *effects;
};

static char *build(const struct letter_row *row)
{
    return must_print("From: %s\nTo: %s\nMessage-ID: <m%d@example.org>\n%s"
                      "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n%s\n",
                      row->from ? row->from : ALICE, row->to ? row->to : row->recipients,
                      mail_number++, row->fields ? row->fields : "Subject: \n",
                      row->text ? row->text : "Hello");
}

static char *send_text(const struct letter_row *row, const char *text)
{
    const struct town_mail mail = {
        .door = row->outside ? MAIL_DOOR_MX : MAIL_DOOR_SUBMISSION,
        .login = row->outside ? NULL : ALICE,
        .mail_from = row->mail_from ? row->mail_from
                     : row->from    ? row->from
                                    : ALICE,
        .recipients = row->recipients,
        .text = slice_of(text),
    };

    return town_send(&town, &mail);
}

static int check(const struct letter_row *row, const char *reply)
{
    scoped_text char *effects = town_effects(&town);

    if (strcmp(reply, row->reply) == 0 && strcmp(effects, row->effects) == 0)
        return 0;
    print_error("%s\n  reply:  %s\n  wanted: %s\n  effects:\n%s  wanted:\n%s\n", row->name, reply,
                row->reply, effects, row->effects);
    return 1;
}

static int run_row(const struct letter_row *row)
{
    scoped_text char *text = build(row);
    scoped_text char *reply = send_text(row, text);

    town_wait(&town, 3 * MINUTE_MS);
    return check(row, reply);
}

static void run_rows(const struct letter_row *rows, size_t count)
{
    int failures = 0;

    for (size_t i = 0; i < count; i++)
        failures += run_row(&rows[i]);
    assert_int_equal(failures, 0);
}

/* "REF+delete@example.org" for the newest post. */
static char *command(const char *word)
{
    scoped_text char *ref = town_ref(&town);

    return must_print("%s+%s@example.org", ref, word);
}

static void say_to(const char *recipient, const char *text, const char *reply, const char *effects)
{
    const struct letter_row row = {.name = recipient,
                                   .recipients = recipient,
                                   .text = text,
                                   .reply = reply,
                                   .effects = effects};

    assert_int_equal(run_row(&row), 0);
}

static void test_direct_messages(void **state)
{
    // clang-format off
    static const struct letter_row rows[] = {
        {.name = "a direct message",
         .recipients = BOB,
         .reply = TAKEN,
         .effects = "direct sent\n<p>Hello</p>\nto @bob@social.example\n" BOB_INBOX},
        {.name = "Reply to a public post is private",
         .recipients = BOB,
         .fields = "Subject: Re: Good morning\nIn-Reply-To: <bob-public@example.org>\n",
         .reply = TAKEN,
         .effects = "direct sent\nanswers https://social.example/posts/bob-public@example.org\n"
                    "<p>Hello</p>\nto @bob@social.example\n" BOB_INBOX},
        {.name = "Reply to a direct message continues it",
         .recipients = BOB,
         .fields = "Subject: Re: Good morning\nIn-Reply-To: <bob-direct@example.org>\n",
         .reply = TAKEN,
         .effects = "direct sent\nanswers https://social.example/posts/bob-direct@example.org\n"
                    "<p>Hello</p>\nto @bob@social.example\n" BOB_INBOX},
        {.name = "Dan does not learn of Bob's direct message",
         .recipients = "dan=other.example@example.org",
         .fields = "Subject: Re: Good morning\nIn-Reply-To: <bob-direct@example.org>\n",
         .reply = TAKEN,
         .effects = "direct sent\n<p>Hello</p>\nto @dan@other.example\n"
                    "goes to https://other.example/users/dan/inbox\n"},
        {.name = "nor Bob of Carol's mail",
         .recipients = BOB,
         .fields = "Subject: Re: Friday\nIn-Reply-To: <carol-mail@mail.example>\n",
         .reply = TAKEN,
         .effects = "direct sent\n<p>Hello</p>\nto @bob@social.example\n" BOB_INBOX},
        {.name = "two people get one note",
         .recipients = BOB ", dan=other.example@example.org",
         .reply = TAKEN,
         .effects = "direct sent\n<p>Hello</p>\nto @bob@social.example\nto @dan@other.example\n"
                    BOB_INBOX "goes to https://other.example/users/dan/inbox\n"},
        {.name = "one of two in Bcc would be seen",
         .recipients = BOB ", dan=other.example@example.org",
         .to = BOB,
         .reply = "550 5.7.1 Nothing was sent: dan=other.example@example.org stands in Bcc, but "
                  "all who get a direct message see one another. Use To or Cc, or send two mails.",
         .effects = ""},
        {.name = "nobody of that name",
         .recipients = "bob=social.exmaple@example.org",
         .reply = "550 5.1.1 Nothing was sent: @bob@social.exmaple was not found. Is it spelt "
                  "right?",
         .effects = ""},
        {.name = "their server is silent",
         .recipients = "kim=silent.example@example.org",
         .reply = TAKEN,
         .effects = "direct sent\n<p>Hello</p>\nto @kim@silent.example\ngoes to silent.example\n"},
        {.name = "somebody new is found",
         .recipients = "zoe=new.example@example.org",
         .reply = TAKEN,
         .effects = "direct sent\n<p>Hello</p>\nto @zoe@new.example\n"
                    "goes to https://new.example/users/zoe/inbox\n"},
        {.name = "one is missing: nobody gets anything",
         .recipients = BOB ", bob=social.exmaple@example.org, carol@mail.example",
         .reply = "550 5.1.1 Nothing was sent: @bob@social.exmaple was not found. Is it spelt "
                  "right?",
         .effects = ""},
        {.name = "Bob's followers are Bob's",
         .recipients = "bob=social.example+followers@example.org",
         .reply = "550 5.7.1 Bob's followers can be reached by Bob alone.",
         .effects = ""},
        {.name = "people of this server have mailboxes",
         .recipients = "eve=example.org@example.org",
         .fields = "Subject: Tea\n",
         .reply = TAKEN,
         .effects = "mail\neve in INBOX: Tea\n"},
        {.name = "a mail person is written to directly",
         .recipients = "carol=mail.example+mail@example.org",
         .reply = "550 5.1.1 Nothing was sent: write to carol@mail.example itself.",
         .effects = ""},
        {.name = "nobody outside can write to Bob",
         .recipients = BOB,
         .from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.7.1 bob=social.example@example.org can be written to only by people with "
                  "an account here.",
         .effects = ""},
        {.name = "nor in Alice's name",
         .recipients = BOB,
         .outside = true,
         .reply = "550 5.7.1 bob=social.example@example.org can be written to only by people with "
                  "an account here.",
         .effects = ""},
        {.name = "nor a robot",
         .recipients = BOB,
         .from = "carol@mail.example",
         .mail_from = "",
         .outside = true,
         .reply = "550 5.7.1 bob=social.example@example.org can be written to only by people with "
                  "an account here.",
         .effects = ""},
        {.name = "a log-in does not write as another",
         .from = "eve@example.org",
         .mail_from = ALICE,
         .recipients = BOB,
         .reply = "550 5.7.1 Not posted: this could not be proven to come from eve@example.org. "
                  "Send it through your account (submission, with password) or sign it with your "
                  "OpenPGP key.",
         .effects = ""},
    };
    // clang-format on

    (void)state;
    run_rows(rows, COUNT_OF(rows));
}

static void test_posts(void **state)
{
    // clang-format off
    static const struct letter_row rows[] = {
        {.name = "the word of another domain",
         .recipients = "public@second.example",
         .reply = "550 5.7.1 Not posted: you write as alice@example.org, so use "
                  "public@example.org.",
         .effects = ""},
        {.name = "followers@ answers one's own followers-only post",
         .recipients = "followers@example.org",
         .fields = "Subject: Re: x\nIn-Reply-To: <alice-followers@example.org>\n",
         .reply = TAKEN,
         .effects = "followers held\n"
                    "answers https://social.example/posts/alice-followers@example.org\n"
                    "<p>Hello</p>\nalice in Posts: To my followers in 60 seconds: x\n"},
        {.name = "public@ does not",
         .recipients = "public@example.org",
         .fields = "Subject: Re: x\nIn-Reply-To: <alice-followers@example.org>\n",
         .reply = "550 5.7.1 Not posted: this answers a mail that is not public. Start a new mail "
                  "to post it.",
         .effects = ""},
        {.name = "an unknown parent is private",
         .recipients = "public@example.org",
         .fields = "Subject: Re: x\nReferences: <unknown@mail.example>\n",
         .reply = "550 5.7.1 Not posted: this answers a mail that is not public. Start a new mail "
                  "to post it.",
         .effects = ""},
        {.name = "one private parent among public ones is enough",
         .recipients = "public@example.org",
         .fields = "Subject: Re: x\nIn-Reply-To: <bob-public@example.org>\n"
                   "References: <bob-public@example.org> <carol-mail@mail.example>\n",
         .reply = "550 5.7.1 Not posted: this answers a mail that is not public. Start a new mail "
                  "to post it.",
         .effects = ""},
        {.name = "answer in public by reference: Bob hears of it",
         .recipients = "9aaaaaaaaaa00+public@example.org",
         .reply = TAKEN,
         .effects = "public held\nanswers https://social.example/posts/bob-public@example.org\n"
                    "<p>Hello</p>\ncc @bob@social.example\n"
                    "alice in Posts: Public in 60 seconds: Good morning\n"},
        {.name = "a direct message cannot be answered in public by reference",
         .recipients = "9aaaaaaaaaa02+public@example.org",
         .reply = "550 5.7.1 Not posted: this answers a mail that is not public. Start a new mail "
                  "to post it.",
         .effects = ""},
        {.name = "a person in Bcc of a post",
         .recipients = "public@example.org, " BOB,
         .to = "public@example.org",
         .reply = "550 5.7.1 Nothing was sent: bob=social.example@example.org stands in Bcc, and a "
                  "post would name that person. Use To or Cc, or send two mails.",
         .effects = ""},
        {.name = "an encrypted mail",
         .recipients = "public@example.org",
         .text = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----",
         .reply = "550 5.6.0 Not posted: this mail is encrypted in a way the server cannot open.",
         .effects = ""},
        {.name = "a confidential mail",
         .recipients = "public@example.org",
         .fields = "Subject: x\nSensitivity: Company-Confidential\n",
         .reply = "550 5.7.1 Not posted: your mail program marked this as confidential.",
         .effects = ""},
        {.name = "nothing but a signature",
         .recipients = "public@example.org",
         .text = "-- \nAlice",
         .reply = "550 5.6.0 Not posted: no text and no picture were left after removing quotes "
                  "and signature.",
         .effects = ""},
        {.name = "a redirected mail",
         .recipients = "public@example.org",
         .fields = "Subject: x\nResent-From: alice@example.org\n",
         .reply = "550 5.7.1 Not posted: this looks like a forwarded mail, and forwarded words are "
                  "never published. Copy what you mean into a new mail.",
         .effects = ""},
        {.name = "eleven names",
         .recipients = "public@example.org",
         .text = "@a@x.example @b@x.example @c@x.example @d@x.example @e@x.example @f@x.example "
                 "@g@x.example @h@x.example @i@x.example @j@x.example @k@x.example",
         .reply = "450 4.7.1 Not posted yet: 10 mentions a post is the limit. Name fewer people.",
         .effects = ""},
        {.name = "markup is text",
         .recipients = "public@example.org",
         .text = "1 < 2 & \"3\" <script>alert(1)</script>",
         .reply = TAKEN,
         .effects = "public held\n<p>1 &lt; 2 &amp; &quot;3&quot; &lt;script&gt;alert(1)&lt;/"
                    "script&gt;</p>\n"
                    "alice in Posts: Public in 60 seconds: 1 < 2 & \"3\" <script>alert(1)</script>\n"},
        {.name = "a content warning as first line",
         .recipients = "unlisted@example.org",
         .text = "CW: spiders\nEight legs\n\nand eyes",
         .reply = TAKEN,
         .effects = "unlisted held\nwarning: spiders\n<p>Eight legs</p><p>and eyes</p>\n"
                    "alice in Posts: Public, quiet in 60 seconds: spiders\n"},
    };
    // clang-format on

    (void)state;
    run_rows(rows, COUNT_OF(rows));
}

static void test_repeats(void **state)
{
    static const struct letter_row post = {
        .name = "a post", .recipients = "public@example.org", .text = "Only once"};
    scoped_text char *text = build(&post);

    (void)state;
    scoped_text char *first = send_text(&post, text);
    scoped_text char *effects = town_effects(&town);
    assert_string_equal(first, TAKEN);
    assert_non_null(strstr(effects, "Only once"));
    scoped_text char *second = send_text(&post, text);
    scoped_text char *nothing = town_effects(&town);
    assert_string_equal(second, "250 2.0.0 Taken already");
    assert_string_equal(nothing, "");
}

static void test_thirty_posts_an_hour(void **state)
{
    static const struct letter_row post = {
        .name = "a post", .recipients = "public@example.org", .text = "One of many"};

    (void)state;
    town_wait(&town, 2 * HOUR_MS);
    for (int i = 0; i < 30; i++) {
        scoped_text char *text = build(&post);
        scoped_text char *reply = send_text(&post, text);
        assert_string_equal(reply, TAKEN);
        if (i == 0)
            town_wait(&town, 40 * MINUTE_MS);
    }
    scoped_text char *text = build(&post);
    scoped_text char *reply = send_text(&post, text);
    assert_string_equal(reply, "450 4.7.1 Not posted yet: 30 posts an hour is the limit. Try again "
                               "in 20 minutes.");
    town_wait(&town, 21 * MINUTE_MS);
    scoped_text char *later = send_text(&post, text);
    assert_string_equal(later, TAKEN);
    town_wait(&town, 2 * HOUR_MS);
    free(town_effects(&town));
}

static bool lies_in(const char *mailbox, const char *words)
{
    scoped_text char *mail = town_newest_mail(&town, town.alice, mailbox);

    return strstr(mail, words) != NULL;
}

static void test_delete_and_undo(void **state)
{
    (void)state;
    say_to("public@example.org", "Take me back", TAKEN,
           "public held\n<p>Take me back</p>\n"
           "alice in Posts: Public in 60 seconds: Take me back\n");
    scoped_text char *undo = command("undo");
    scoped_text char *delete = command("delete");
    scoped_text char *beside = must_print("%s, %s", delete, BOB);
    say_to(beside, "", "550 5.7.1 Nothing was done: send a command alone, to one address.", "");
    say_to(undo, "", TAKEN, "");
    assert_true(lies_in("Trash", "Take me back"));
    assert_false(lies_in("Posts", "Take me back"));
    scoped_value(message) message = {0};
    town_newest(&town, &message);
    assert_int_equal(message.state, MESSAGE_UNDONE);
    say_to(undo, "", TAKEN, "");
    say_to(delete, "", TAKEN, "");
}

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

static void test_delete_after_it_left(void **state)
{
    scoped_value(message) message = {0};

    (void)state;
    say_to("public@example.org", "Too late", TAKEN,
           "public held\n<p>Too late</p>\nalice in Posts: Public in 60 seconds: Too late\n");
    town_write(&town, release);
    scoped_text char *ref = town_ref(&town);
    scoped_text char *undo = command("undo");
    scoped_text char *delete = command("delete");
    scoped_text char *told = must_print(
        "550 5.7.1 Not done: %s has left already. Delete it with %s+delete@example.org.", ref, ref);
    say_to(undo, "", told, "");
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
    assert_int_equal(run_row(&eves), 0);
    say_to(delete, "", TAKEN, "");
    assert_true(lies_in("Trash", "Too late"));
    town_newest(&town, &message);
    assert_int_equal(message.state, MESSAGE_WITHDRAWN);
    assert_int_equal(message.plain.len, 0);
    say_to("9aaaaaaaaaa00+delete@example.org", "",
           "550 5.7.1 Not done: 9aaaaaaaaaa00 is not a post of yours.", "");
    say_to("9zzzzzzzzzzzz+delete@example.org", "",
           "550 5.7.1 Not done: 9zzzzzzzzzzzz is not a post of yours.", "");
    say_to("9aaaaaaaaaa00+like@example.org", "",
           "550 5.7.1 Not done: this server cannot like, boost or vote yet.", "");
    say_to("9aaaaaaaaaa00+welcome@example.org", "",
           "550 5.7.1 Not done: 9aaaaaaaaaa00 is not a contact request to you.", "");
}

static void check_newest(int version, const char *html)
{
    scoped_value(message) message = {0};

    town_newest(&town, &message);
    assert_int_equal(message.version, version);
    assert_int_equal(message.html.len, strlen(html));
    assert_memory_equal(message.html.at, html, message.html.len);
}

static void test_edit(void **state)
{
    (void)state;
    say_to("public@example.org", "Frist words #one", TAKEN,
           "public held\n<p>Frist words <a href=\"https://example.org/tags/one\" "
           "class=\"mention hashtag\" rel=\"tag\">#<span>one</span></a></p>\n#one\n"
           "alice in Posts: Public in 60 seconds: Frist words #one\n");
    scoped_text char *edit = command("edit");
    say_to(edit, "First words", TAKEN, "alice in Posts: Public in 60 seconds: First words\n");
    assert_true(lies_in("Trash", "Frist words"));
    check_newest(1, "<p>First words</p>");
    town_write(&town, release);
    say_to(edit, "Second words", TAKEN, "alice in Posts: Public: Second words\n");
    assert_true(lies_in("Trash", "First words"));
    check_newest(2, "<p>Second words</p>");
    say_to(edit, "> cut",
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
    town_reply_all(&town, REPLY_ALL_ASK);
    assert_int_equal(run_row(&answer), 0);
    scoped_text char *question = town_newest_mail(&town, town.alice, "INBOX");
    assert_non_null(strstr(question, "You pressed Reply all."));
    assert_non_null(strstr(question, "Auto-Submitted: auto-generated"));
    assert_non_null(strstr(question, "To all of you"));
    scoped_text char *contact = command("contact");
    say_to(contact, "maybe", "550 5.7.1 Not done: the first word must be yes or no.", "");
    say_to(contact, "No, please not.\n\n> yes", TAKEN, "alice in Drafts: Re: Good morning\n");
    assert_true(lies_in("Trash", "You pressed Reply all."));
    scoped_text char *draft = town_newest_mail(&town, town.alice, "Drafts");
    assert_non_null(strstr(draft, "To all of you"));
    scoped_text char *told = must_print("550 5.7.1 Not done: %.*s is not a question to you.",
                                        (int)strcspn(contact, "+"), contact);
    say_to(contact, "yes", told, "");
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
    assert_int_equal(run_row(&private_answer), 0);
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
    town_reply_all(&town, REPLY_ALL_ASK);
    assert_int_equal(run_row(&answer), 0);
    scoped_text char *contact = command("contact");
    say_to(contact, "Ja.", TAKEN, "");
    town_newest(&town, &message);
    assert_int_equal(message.state, MESSAGE_HELD);
    assert_true(message.release_ms > 0 && message.release_ms <= town_now(&town));
    scoped(store_view) view = store_look(town.store, &err);
    assert_int_equal(store_account(view, town.alice, &account, &err), FOUND);
    assert_int_equal(account.reply_all, REPLY_ALL_PUBLIC);
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
        {.name = "posts by mail are not built yet",
         .recipients = "alice+subscribe@example.org",
         .from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.7.1 Not done: this server sends no posts by mail yet. Follow "
                  "@alice@example.org, or read https://example.org/@alice instead.",
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
         .reply = "550 5.7.1 Not done: this server takes keys on its command line only (nestbox "
                  "key add).",
         .effects = ""},
    };
    // clang-format on

    (void)state;
    run_rows(rows, COUNT_OF(rows));
}

static void test_mail_from_outside(void **state)
{
    // clang-format off
    static const struct letter_row rows[] = {
        {.name = "a mail to Alice",
         .recipients = ALICE,
         .from = "Carol <carol@mail.example>",
         .mail_from = "carol@mail.example",
         .fields = "Subject: Friday\nReturn-Path: <old@mail.example>\n",
         .outside = true,
         .reply = TAKEN,
         .effects = "mail\nalice in INBOX: Friday\n"},
        {.name = "to two people here: one mail, two copies",
         .recipients = "alice+news@example.org, eve@example.org",
         .from = "carol@mail.example",
         .fields = "Subject: Saturday\n",
         .outside = true,
         .reply = TAKEN,
         .effects = "mail\nalice in INBOX: Saturday\neve in INBOX: Saturday\n"},
        {.name = "to nobody",
         .recipients = "nobody@example.org",
         .from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.1.1 There is no nobody@example.org here.",
         .effects = ""},
        {.name = "we are no relay",
         .recipients = "dave@mail.example",
         .from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.7.1 This server takes mail for its own people only.",
         .effects = ""},
        {.name = "in our people's name",
         .recipients = ALICE,
         .from = "eve@example.org",
         .outside = true,
         .reply = "550 5.7.1 Only example.org itself sends mail with this From address.",
         .effects = ""},
        {.name = "in one of our words' name",
         .recipients = ALICE,
         .from = "public@second.example",
         .outside = true,
         .reply = "550 5.7.1 Only second.example itself sends mail with this From address.",
         .effects = ""},
        {.name = "in two names, one of them ours",
         .recipients = ALICE,
         .from = "carol@mail.example, eve@example.org",
         .mail_from = "carol@mail.example",
         .outside = true,
         .reply = "550 5.7.1 Only example.org itself sends mail with this From address.",
         .effects = ""},
        {.name = "the postmaster hears everybody",
         .recipients = "postmaster@example.org",
         .from = "eve@example.org",
         .mail_from = "",
         .fields = "Subject: Complaint\n",
         .outside = true,
         .reply = TAKEN,
         .effects = "mail\nalice in INBOX: Complaint\n"},
        {.name = "help for strangers is a person",
         .recipients = "help@example.org",
         .from = "carol@mail.example",
         .fields = "Subject: How?\n",
         .outside = true,
         .reply = TAKEN,
         .effects = "mail\nalice in INBOX: How?\n"},
        {.name = "help for us is a text",
         .recipients = "help@example.org",
         .reply = TAKEN,
         .effects = "mail\nalice in INBOX: How to post, answer and follow by mail\n"},
        {.name = "a loop by our own mark",
         .recipients = ALICE,
         .from = "carol@mail.example",
         .fields = "Subject: Round\nDelivered-To: alice@example.org\n",
         .outside = true,
         .reply = "554 5.4.6 This mail has been delivered to alice@example.org before: it runs in "
                  "a circle.",
         .effects = ""},
    };
    // clang-format on

    (void)state;
    run_rows(rows, COUNT_OF(rows));
}

static void test_traces(void **state)
{
    static const struct letter_row row = {.name = "a mail",
                                          .recipients = ALICE,
                                          .from = "carol@mail.example",
                                          .fields = "Subject: x\nReturn-Path: <old@mail.example>\n"
                                                    "Received: by old.example\n",
                                          .outside = true,
                                          .reply = TAKEN,
                                          .effects = "mail\nalice in INBOX: x\n"};

    (void)state;
    assert_int_equal(run_row(&row), 0);
    scoped_text char *mail = town_newest_mail(&town, town.alice, "INBOX");
    static const char begins[] = "Return-Path: <carol@mail.example>\r\n"
                                 "Delivered-To: alice@example.org\r\n"
                                 "Received: by example.org; Sun, 1 Mar 2026 12:00:00 +0000\r\n"
                                 "From: carol@mail.example\r\n";
    assert_memory_equal(mail, begins, sizeof begins - 1);
    assert_null(strstr(mail, "old@mail.example"));
    assert_non_null(strstr(mail, "Received: by old.example\r\n"));
}

static void test_fifty_servers(void **state)
{
    scoped_value(bytes) fields = {0};

    (void)state;
    bytes_add_text(&fields, "Subject: x\n");
    for (int i = 0; i < 50; i++)
        bytes_add_text(&fields, "Received: by relay.example\n");
    const struct letter_row row = {.name = "fifty servers",
                                   .recipients = ALICE,
                                   .from = "carol@mail.example",
                                   .fields = fields.at,
                                   .outside = true,
                                   .reply = "554 5.4.6 This mail has passed 50 servers: it runs in "
                                            "a circle.",
                                   .effects = ""};
    assert_int_equal(run_row(&row), 0);
}

static void test_a_retry_is_filed_once(void **state)
{
    static const struct letter_row row = {.name = "a mail",
                                          .recipients = ALICE,
                                          .from = "carol@mail.example",
                                          .fields = "Subject: Once\n",
                                          .outside = true};
    scoped_text char *text = build(&row);

    (void)state;
    scoped_text char *first = send_text(&row, text);
    scoped_text char *second = send_text(&row, text);
    scoped_text char *effects = town_effects(&town);
    assert_string_equal(first, TAKEN);
    assert_string_equal(second, TAKEN);
    assert_string_equal(effects, "mail\nalice in INBOX: Once\n");
}

static void test_mail_to_elsewhere(void **state)
{
    static const struct letter_row row = {
        .name = "a mail to Carol",
        .recipients = "carol@mail.example, dave@far.example",
        .to = "carol@mail.example",
        .fields = "Subject: Friday\nBcc: dave@far.example,\n eve@example.org\n"
                  "User-Agent: Thunderbird\nX-Mailer: x\nX-Originating-IP: 192.0.2.1\n"
                  "Received: from laptop by home\n",
        .reply = TAKEN,
        .effects = "mail\ngoes to carol@mail.example\ngoes to dave@far.example\n"};

    (void)state;
    assert_int_equal(run_row(&row), 0);
    scoped_text char *mail = town_newest_sending(&town);
    assert_null(strstr(mail, "dave"));
    assert_null(strstr(mail, "eve@"));
    assert_null(strstr(mail, "Thunderbird"));
    assert_null(strstr(mail, "192.0.2.1"));
    assert_null(strstr(mail, "laptop"));
    assert_non_null(strstr(mail, "\r\nDate: "));
    assert_non_null(strstr(mail, "Subject: Friday\r\n"));
}

static void test_mail_in_another_name(void **state)
{
    static const struct letter_row row = {
        .name = "a log-in in Eve's name",
        .from = "eve@example.org",
        .mail_from = ALICE,
        .recipients = "carol@mail.example",
        .reply = "550 5.7.1 Nothing was sent: your account does not own the From address "
                 "eve@example.org.",
        .effects = ""};

    (void)state;
    assert_int_equal(run_row(&row), 0);
}

static void test_senders(void **state)
{
    static const struct {
        const char *name, *mail_from;
        enum verdict verdict;
    } rows[] = {
        {"one's own address",       ALICE,                    VERDICT_TAKEN      },
        {"in capitals",             "Alice@Example.org",      VERDICT_TAKEN      },
        {"with a detail",           "alice+news@example.org", VERDICT_TAKEN      },
        {"nobody",                  "",                       VERDICT_TAKEN      },
        {"somebody else",           "eve@example.org",        VERDICT_NOT_ALLOWED},
        {"the same name elsewhere", "alice@second.example",   VERDICT_NOT_ALLOWED},
        {"a stranger",              "carol@mail.example",     VERDICT_NOT_ALLOWED},
        {"a word",                  "public@example.org",     VERDICT_NOT_ALLOWED},
    };
    struct err err;

    (void)state;
    scoped(store_view) view = store_look(town.store, &err);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct answer answer;
        assert_true(bridge_sender(town.bridge, view, town.alice, slice_of(rows[i].mail_from),
                                  &answer, &err));
        if (answer.verdict != rows[i].verdict)
            fail_msg("%s: %s", rows[i].name, answer.words);
    }
}

static void test_copy_of_a_post(void **state)
{
    static const struct letter_row row = {.name = "a post with Bob",
                                          .recipients = "public@example.org, " BOB,
                                          .fields = "Subject: Good evening\n",
                                          .text = "The tide is back.",
                                          .reply = TAKEN,
                                          .effects = "public held\n<p><strong>Good evening</strong>"
                                                     "</p><p>The tide is back.</p>\n"
                                                     "cc @bob@social.example\nalice in Posts: "
                                                     "Public in 60 seconds: Good evening\n"};

    (void)state;
    assert_int_equal(run_row(&row), 0);
    scoped_text char *copy = town_newest_mail(&town, town.alice, "Posts");
    scoped_text char *ref = town_ref(&town);
    scoped_text char *stop = must_print("Stop it: mailto:%s%%2Bundo@example.org", ref);
    scoped_text char *page = must_print("Later: https://example.org/@alice/%s", ref);
    assert_non_null(strstr(copy, "This is what everybody will see:"));
    assert_non_null(strstr(copy, "The tide is back."));
    assert_non_null(strstr(copy, "Goes to Bob."));
    assert_non_null(strstr(copy, "\"PUBLIC post\" <public@example.org>"));
    if (!strstr(copy, stop) || !strstr(copy, page))
        fail_msg("%s", copy);
}

static void test_full_mailbox(void **state)
{
    static const struct letter_row row = {.name = "a full mailbox",
                                          .recipients = ALICE,
                                          .from = "carol@mail.example",
                                          .outside = true,
                                          .reply = "452 4.2.2 The mailbox of alice@example.org is "
                                                   "full. Your server tries again by itself.",
                                          .effects = ""};
    static const struct letter_row later = {.name = "full for three days",
                                            .recipients = ALICE,
                                            .from = "carol@mail.example",
                                            .outside = true,
                                            .reply =
                                                "552 5.2.2 The mailbox of alice@example.org is "
                                                "full.",
                                            .effects = ""};

    (void)state;
    int64_t quota = town.config.quota;
    town.config.quota = 1000;
    assert_int_equal(run_row(&row), 0);
    town_wait(&town, 4 * (int64_t)DAY_MS);
    assert_int_equal(run_row(&later), 0);
    town.config.quota = quota;
}

static void test_closed_account(void **state)
{
    static const struct letter_row row = {.name = "an account asleep",
                                          .recipients = "eve@example.org",
                                          .from = "carol@mail.example",
                                          .outside = true,
                                          .reply = "550 5.2.1 This address is closed.",
                                          .effects = ""};
    struct err err;

    (void)state;
    assert_true(bridge_account_remove(town.bridge, SLICE("eve@example.org"), &err));
    assert_int_equal(run_row(&row), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_direct_messages),
        cmocka_unit_test(test_posts),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_thirty_posts_an_hour),
        cmocka_unit_test(test_delete_and_undo),
        cmocka_unit_test(test_delete_after_it_left),
        cmocka_unit_test(test_edit),
        cmocka_unit_test(test_ask_once),
        cmocka_unit_test(test_reply_all_after_no),
        cmocka_unit_test(test_ask_once_yes),
        cmocka_unit_test(test_following),
        cmocka_unit_test(test_mail_from_outside),
        cmocka_unit_test(test_traces),
        cmocka_unit_test(test_fifty_servers),
        cmocka_unit_test(test_a_retry_is_filed_once),
        cmocka_unit_test(test_mail_to_elsewhere),
        cmocka_unit_test(test_mail_in_another_name),
        cmocka_unit_test(test_senders),
        cmocka_unit_test(test_copy_of_a_post),
        cmocka_unit_test(test_full_mailbox),
        cmocka_unit_test(test_closed_account),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
