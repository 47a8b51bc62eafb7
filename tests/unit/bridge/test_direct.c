/* Direct messages and posts beside the examples: who is meant, limits, repeats. */
#include "row.h"
#include "shared_town.h"

#include "activity_work.h"

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
        {.name = "a mail person gets ordinary mail",
         .recipients = "carol=mail.example+mail@example.org",
         .reply = TAKEN,
         .effects = "mail\ngoes to carol@mail.example\n"},
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
    run_rows(&town, rows, COUNT_OF(rows));
}

#define TAG(path, word)                                                                            \
    "<a href=\"https://example.org/tags/" path                                                     \
    "\" class=\"mention hashtag\" rel=\"tag\">#<span>" word "</span></a>"

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
        {.name = "somebody of this server is named, not written to",
         .recipients = "public@example.org, eve=example.org@example.org",
         .reply = TAKEN,
         .effects = "public held\n<p>Hello</p>\ncc @eve@example.org\n"
                    "alice in Posts: Public in 60 seconds: Hello\n"},
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
        {.name = "names and hashtags end where words end, in any script",
         .recipients = "public@example.org",
         .text = "\u201c@bob@social.example\u201d \u201e#Gr\u00f6\u00dfe\u201c #\u6d77\u3002 "
                 "#one\u00b7two\u00b7 #1 #wave\U0001f30a",
         .reply = TAKEN,
         .effects = "public held\n<p>\u201c<span class=\"h-card\"><a href=\"https://social.example/@bob\" "
                    "class=\"u-url mention\">@<span>bob</span></a></span>\u201d \u201e"
                    TAG("Gr%C3%B6%C3%9Fe", "Gr\u00f6\u00dfe") "\u201c " TAG("%E6%B5%B7", "\u6d77")
                    "\u3002 " TAG("one%C2%B7two", "one\u00b7two") "\u00b7 #1 " TAG("wave", "wave")
                    "\U0001f30a</p>\ncc @bob@social.example\n#Gr\u00f6\u00dfe\n#\u6d77\n#one\u00b7two\n"
                    "#wave\nalice in Posts: Public in 60 seconds: \u201c@bob@social.example\u201d "
                    "\u201e#Gr\u00f6\u00dfe\u201c #\u6d77\u3002 #one\u00b7two\u00b7 #1 #wave\U0001f30a\n"},
    };
    // clang-format on

    (void)state;
    run_rows(&town, rows, COUNT_OF(rows));
}

static void test_repeats(void **state)
{
    static const struct letter_row post = {
        .name = "a post", .recipients = "public@example.org", .text = "Only once"};
    scoped_text char *text = row_build(&post);

    (void)state;
    scoped_text char *first = row_send(&town, &post, text);
    scoped_text char *effects = town_effects(&town);
    assert_string_equal(first, TAKEN);
    assert_non_null(strstr(effects, "Only once"));
    scoped_text char *second = row_send(&town, &post, text);
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
        scoped_text char *text = row_build(&post);
        scoped_text char *reply = row_send(&town, &post, text);
        assert_string_equal(reply, TAKEN);
        if (i == 0)
            town_wait(&town, 40 * MINUTE_MS);
    }
    scoped_text char *text = row_build(&post);
    scoped_text char *reply = row_send(&town, &post, text);
    assert_string_equal(reply, "450 4.7.1 Not posted yet: 30 posts an hour is the limit. Try again "
                               "in 20 minutes.");
    town_wait(&town, 21 * MINUTE_MS);
    scoped_text char *later = row_send(&town, &post, text);
    assert_string_equal(later, TAKEN);
    town_wait(&town, 2 * HOUR_MS);
    free(town_effects(&town));
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
    assert_int_equal(run_row(&town, &row), 0);
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

/* ---- a handle that names another account now ---- */
static bool record_other_bob(struct town *it, struct store_tx *tx, struct err *err)
{
    const struct actor_facts actor = {.id = (char[]){"https://social.example/users/bob2"},
                                      .user = (char[]){"bob"},
                                      .host = (char[]){"social.example"},
                                      .inbox = (char[]){"https://social.example/users/bob2/inbox"}};
    int64_t id;

    return bridge_record_actor(it->bridge, tx, &actor, &id, err);
}

static bool record_move_to_other_bob(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(person) other = {0};

    if (store_person_by_actor(store_tx_view(tx), SLICE("https://social.example/users/bob2"), &other,
                              err) != FOUND)
        return false;
    const struct move move = {.person_id = it->bob, .to_id = other.id, .at_ms = town_now(it)};
    return store_put_move(tx, &move, err);
}

static void test_a_handle_that_passed_on(void **state)
{
    // clang-format off
    static const struct letter_row stranger[] = {
        {.name = "an answer does not reach who has the handle now",
         .recipients = BOB,
         .fields = "Subject: Re: Good morning\nIn-Reply-To: <bob-direct@example.org>\n",
         .reply = "550 5.7.1 Not sent: @bob@social.example is now a different account from the one "
                  "you wrote with. Write a new mail to reach the new one.",
         .effects = ""},
        {.name = "nor an answer to what was public",
         .recipients = BOB,
         .fields = "Subject: Re: Good morning\nIn-Reply-To: <bob-public@example.org>\n",
         .reply = "550 5.7.1 Not sent: @bob@social.example is now a different account from the one "
                  "you wrote with. Write a new mail to reach the new one.",
         .effects = ""},
        {.name = "a new mail does",
         .recipients = BOB,
         .reply = TAKEN,
         .effects = "direct sent\n<p>Hello</p>\nto @bob@social.example\n"
                    "goes to https://social.example/users/bob2/inbox\n"},
    };
    static const struct letter_row moved[] = {
        {.name = "who moved there with a Move is the same person",
         .recipients = BOB,
         .fields = "Subject: Re: Good morning\nIn-Reply-To: <bob-public@example.org>\n",
         .reply = TAKEN,
         .effects = "direct sent\nanswers https://social.example/posts/bob-public@example.org\n"
                    "<p>Hello</p>\nto @bob@social.example\n"
                    "goes to https://social.example/users/bob2/inbox\n"},
    };
    // clang-format on

    (void)state;
    town_write(&town, record_other_bob);
    run_rows(&town, stranger, COUNT_OF(stranger));
    town_write(&town, record_move_to_other_bob);
    run_rows(&town, moved, COUNT_OF(moved));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_direct_messages), cmocka_unit_test(test_posts),
        cmocka_unit_test(test_repeats),         cmocka_unit_test(test_thirty_posts_an_hour),
        cmocka_unit_test(test_copy_of_a_post),  cmocka_unit_test(test_a_handle_that_passed_on),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
