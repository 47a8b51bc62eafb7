/*
 * The 25 examples of behaviour.md 3.3 as one table: the mail as its program writes it, the exact reply, and
 * everything that came of it.
 */
#include "made.h"
#include "shared_town.h"

/* ---- the table ---- */
#define ALICE "alice@example.org"
#define P7                                                                                         \
    "550 5.7.1 Not posted: this answers a mail that is not public. Start a new mail to post it."
#define P8                                                                                         \
    "550 5.7.1 Not posted: this looks like a forwarded mail, and forwarded words are never "       \
    "published. Copy what you mean into a new mail."
#define P1                                                                                         \
    "550 5.7.1 Not posted: this could not be proven to come from alice@example.org. Send it "      \
    "through your account (submission, with password) or sign it with your OpenPGP key."
#define P5 "550 5.7.1 Nothing was sent: a public address must stand in To or Cc, not in Bcc."
#define P2 "550 5.7.1 Not posted: automatic mail is never published."
#define TAKEN "250 2.0.0 Taken"
#define FOUR "A post takes up to 4 pictures (JPEG, PNG, GIF, WebP)."
#define LINK(url, text) "<a href=\"" url "\" rel=\"nofollow noopener\">" text "</a>"
#define MENTION(url, user)                                                                         \
    "<span class=\"h-card\"><a href=\"" url "\" class=\"u-url mention\">@<span>" user              \
    "</span></a></span>"
#define TAG(tag)                                                                                   \
    "<a href=\"https://example.org/tags/" tag                                                      \
    "\" class=\"mention hashtag\" rel=\"tag\">#<span>" tag "</span></a>"

// clang-format off
static const struct example {
    const char *name;
    const char *file;     /* of mails/ */
    char *(*make)(struct town *town);  /* or made here */
    const char *login;    /* NULL: port 25 */
    const char *recipients;
    enum reply_all reply_all;
    const char *reply, *effects;
} examples[] = {
    {.name = "1 Thunderbird, subject, two paragraphs, signature",
     .file = "01-thunderbird.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = TAKEN,
     .effects = "public held\n"
                "<p><strong>Good morning</strong></p>"
                "<p>The harbour is quiet today, and the ferry waits for the fog to lift before it "
                "leaves.</p><p>Coffee at nine?</p>\n"
                "alice in Posts: Public in 60 seconds: Good morning\n"},
    {.name = "2 Delta Chat invents a subject and names its last message",
     .file = "02-delta-chat.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = TAKEN,
     .effects = "public held\n<p>Coffee at nine</p>\n"
                "alice in Posts: Public in 60 seconds: Coffee at nine\n"},
    {.name = "3 Gmail breaks the plain part, the HTML is whole",
     .file = "03-gmail.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = TAKEN,
     .effects = "public held\n<p><strong>On ferries</strong></p>"
                "<p>A ferry is a bridge that moves: it needs no pillars, closes at night, and asks "
                "you to wait. More at " LINK("https://ferry.example/times",
                                             "https://ferry.example/times") ".</p>\n"
                "alice in Posts: Public in 60 seconds: On ferries\n"},
    {.name = "4 Outlook, a photo and a logo in an unmarked signature",
     .file = "04-outlook.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = TAKEN,
     .effects = "public held\n<p><strong>Low tide</strong></p>"
                "<p>Mud as far as one can see.</p><p>Alice Example</p>\n"
                "picture image/jpeg 64x48: (no description)\n"
                "picture image/png 40x40: (no description)\n"
                "alice in Posts: Public in 60 seconds: Low tide\n"},
    {.name = "4 Outlook, the signature is marked: its logo goes",
     .file = "04-outlook-marked.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = TAKEN,
     .effects = "public held\n<p><strong>Low tide</strong></p><p>Mud as far as one can see.</p>\n"
                "picture image/jpeg 64x48: (no description)\n"
                "alice in Posts: Public in 60 seconds: Low tide\n"},
    {.name = "5 iPhone photo with a place, subject alone, Alt line",
     .file = "05-iphone.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = TAKEN,
     .effects = "public held\n<p>Harbour at dawn</p>\n"
                "picture image/jpeg 48x64: red boats in mist\n"
                "alice in Posts: Public in 60 seconds: Harbour at dawn\n"},
    {.name = "6 a content warning as subject",
     .file = "06-warning.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = TAKEN,
     .effects = "public held\nwarning: food\n<p>I made soup</p>\n"
                "alice in Posts: Public in 60 seconds: food\n"},
    {.name = "7 an answer keeps the warning and has no bold line",
     .file = "07-warning-answer.eml",
     .login = ALICE,
     .recipients = "bob=social.example@example.org, unlisted@example.org",
     .reply_all = REPLY_ALL_PUBLIC,
     .reply = TAKEN,
     .effects = "unlisted held\nanswers https://social.example/posts/bob-public@example.org\n"
                "warning: food\n<p>I had bread with it</p>\ncc @bob@social.example\n"
                "alice in Posts: Public, quiet in 60 seconds: food\n"},
    {.name = "8 a mention, a person to be found, nobody, and a hashtag",
     .file = "08-mention.eml",
     .login = ALICE,
     .recipients = "public@example.org, bob=social.example@example.org",
     .reply = TAKEN,
     .effects = "public held\n<p>Have you seen the " TAG("mail") " that " MENTION(
         "https://new.example/@zoe", "zoe") " wrote about, " MENTION("https://social.example/@bob",
                                                                      "Bob") " and "
                "@nobody@nowhere.example?</p>\n"
                "cc @bob@social.example\ncc @zoe@new.example\n#mail\n"
                "alice in Posts: Public in 60 seconds: Have you seen the #mail that "
                "@zoe@new.example wrote about, @\n"},
    {.name = "9 naming Dan to Bob tells Dan nothing",
     .file = "09-direct.eml",
     .login = ALICE,
     .recipients = "bob=social.example@example.org",
     .reply = TAKEN,
     .effects = "direct sent\n<p>what is wrong with " LINK("https://other.example/@dan",
                                                           "@dan@other.example") "?</p>\n"
                "to @bob@social.example\n"
                "goes to https://social.example/users/bob/inbox\n"},
    {.name = "9 nor does naming him to followers",
     .file = "09-followers.eml",
     .login = ALICE,
     .recipients = "followers@example.org",
     .reply = TAKEN,
     .effects = "followers held\n<p>what is wrong with " LINK("https://other.example/@dan",
                                                              "@dan@other.example") "?</p>\n"
                "alice in Posts: To my followers in 60 seconds: what is wrong with "
                "@dan@other.example?\n"},
    {.name = "10 Bob gets a note, Carol the mail",
     .file = "10-both.eml",
     .login = ALICE,
     .recipients = "bob=social.example@example.org, carol@mail.example",
     .reply = TAKEN,
     .effects = "direct sent\n<p><strong>Dinner</strong></p><p>On Friday at eight?</p>\n"
                "to @bob@social.example\nmail\n"
                "goes to https://social.example/users/bob/inbox\ngoes to carol@mail.example\n"},
    {.name = "11 public@ beside Carol",
     .file = "11-beside.eml",
     .login = ALICE,
     .recipients = "public@example.org, carol@mail.example",
     .reply = "550 5.7.1 Nothing was sent: public@example.org is public and carol@mail.example is "
              "a person. Send two mails.",
     .effects = ""},
    {.name = "12 to Carol with public@ in Bcc",
     .file = "12-hidden.eml",
     .login = ALICE,
     .recipients = "carol@mail.example, public@example.org",
     .reply = P5,
     .effects = ""},
    {.name = "13 two publishing words",
     .file = "13-two-words.eml",
     .login = ALICE,
     .recipients = "public@example.org, followers@example.org",
     .reply = "550 5.7.1 Nothing was sent: choose one of public@, unlisted@, followers@.",
     .effects = ""},
    {.name = "14 mutt, an answer to Carol's private mail",
     .file = "14-mutt.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = P7,
     .effects = ""},
    {.name = "15 Thunderbird forwards a doctor's letter",
     .file = "15-thunderbird-forward.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = P8,
     .effects = ""},
    {.name = "15 Gmail forwards it",
     .file = "15-gmail-forward.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = P8,
     .effects = ""},
    {.name = "15 Outlook forwards it, in German",
     .file = "15-outlook-forward.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = P8,
     .effects = ""},
    {.name = "16 Bob's public post forwarded without words",
     .file = "16-boost.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = TAKEN,
     .effects = "goes to https://social.example/inbox\n"},
    {.name = "16 Bob's public post forwarded with own words",
     .file = "16-quote.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = TAKEN,
     .effects = "public held\n<p>So true</p>\ncc @bob@social.example (not mentioned)\n"
                "alice in Posts: Public in 60 seconds: So true\n"},
    {.name = "16 Bob's followers-only post forwarded",
     .file = "16-followers.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = P8,
     .effects = ""},
    {.name = "17 an out-of-office answer",
     .file = "17-vacation.eml",
     .login = ALICE,
     .recipients = "bob=social.example@example.org",
     .reply = P2,
     .effects = ""},
    {.name = "18 signed, port 25, protected To",
     .make = signed_post,
     .recipients = "public@example.org",
     .reply = TAKEN,
     .effects = "public held\n<p><strong>From afar</strong></p><p>The train has wifi.</p>\n"
                "alice in Posts: Public in 60 seconds: From afar\n"},
    {.name = "18 the same bytes again",
     .make = same_bytes,
     .recipients = "public@example.org",
     .reply = "250 2.0.0 Taken already",
     .effects = ""},
    {.name = "18 the same signature under another Message-ID",
     .make = same_signature,
     .recipients = "public@example.org",
     .reply = "250 2.0.0 Taken already",
     .effects = ""},
    {.name = "18 the target as first line of the signed text",
     .make = signed_first_line,
     .recipients = "public@example.org",
     .reply = TAKEN,
     .effects = "public held\n<p>The target is signed, the header is not.</p>\n"
                "alice in Posts: Public in 60 seconds: The target is signed, the header is not.\n"},
    {.name = "18 no target signed",
     .make = signed_without_target,
     .recipients = "public@example.org",
     .reply = P5,
     .effects = ""},
    {.name = "18 a stale signature",
     .make = signed_three_days_ago,
     .recipients = "public@example.org",
     .reply = "550 5.7.1 Not posted: signed 3 days ago; a signature is good for 24 hours. Sign and "
              "send again.",
     .effects = ""},
    {.name = "18 another's key",
     .make = signed_by_eve,
     .recipients = "public@example.org",
     .reply = P1,
     .effects = ""},
    {.name = "18 changed on the way",
     .make = signed_and_changed,
     .recipients = "public@example.org",
     .reply = P1,
     .effects = ""},
    {.name = "18 with words beside the signed part",
     .make = signed_with_footer,
     .recipients = "public@example.org",
     .reply = P1,
     .effects = ""},
    {.name = "18 somebody else's mail, signed",
     .make = signed_forward,
     .recipients = "public@example.org",
     .reply = P1,
     .effects = ""},
    {.name = "18 a signed direct message",
     .make = signed_to_bob,
     .recipients = "bob=social.example@example.org",
     .reply = TAKEN,
     .effects = "direct sent\n<p><strong>From afar</strong></p><p>The train has wifi.</p>\n"
                "to @bob@social.example\ngoes to https://social.example/users/bob/inbox\n"},
    {.name = "19 signed to Carol, resent to public@",
     .make = signed_to_carol,
     .recipients = "public@example.org",
     .reply = P5,
     .effects = ""},
    {.name = "19 signed to two words, the outer To changed on the way",
     .make = signed_to_two_words,
     .recipients = "public@example.org",
     .reply = "550 5.7.1 Nothing was sent: choose one of public@, unlisted@, followers@.",
     .effects = ""},
    {.name = "20 unsigned, port 25",
     .file = "20-unsigned.eml",
     .recipients = "public@example.org",
     .reply = P1,
     .effects = ""},
    {.name = "21 K-9 Reply all, the first time",
     .file = "21-k9-first.eml",
     .login = ALICE,
     .recipients = "bob=social.example@example.org, alice@example.org, unlisted@example.org",
     .reply_all = REPLY_ALL_ASK,
     .reply = TAKEN,
     .effects = "unlisted asked\nanswers https://social.example/posts/bob-public@example.org\n"
                "<p>It comes back at five.</p>\ncc @bob@social.example\nmail\n"
                "alice in INBOX: Publish your answer to Bob?\nin INBOX: Re: Good morning\n"},
    {.name = "21 K-9 Reply all, later",
     .file = "21-k9-later.eml",
     .login = ALICE,
     .recipients = "bob=social.example@example.org, unlisted@example.org",
     .reply_all = REPLY_ALL_PUBLIC,
     .reply = TAKEN,
     .effects = "unlisted held\nanswers https://social.example/posts/bob-public@example.org\n"
                "<p>It comes back at five.</p>\ncc @bob@social.example\n"
                "alice in Posts: Public, quiet in 60 seconds: Good morning\n"},
    {.name = "22 five photos",
     .file = "22-five-photos.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = "550 5.6.0 Not posted: 5 pictures are too many. " FOUR,
     .effects = ""},
    {.name = "22 a report",
     .file = "22-report.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = "550 5.6.0 Not posted: report.pdf is not a picture. " FOUR,
     .effects = ""},
    {.name = "22 an invitation",
     .file = "22-invitation.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = "550 5.6.0 Not posted: invite.ics is not a picture. " FOUR,
     .effects = ""},
    {.name = "22 an invitation answered by a program",
     .file = "22-accepted.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = P2,
     .effects = ""},
    {.name = "23 an essay of 300,000 letters",
     .make = essay_of_300000,
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = "552 5.3.4 Not posted: the text is longer than 256 KiB.",
     .effects = ""},
    {.name = "24 a Delta Chat group with Eve",
     .file = "24-group.eml",
     .login = ALICE,
     .recipients = "public@example.org, eve@example.org, alice@example.org",
     .reply = "550 5.7.1 Nothing was sent: public@example.org is public and eve@example.org is a "
              "person. Send two mails.",
     .effects = ""},
    {.name = "24 a Delta Chat group with Bob",
     .file = "24-group-of-two.eml",
     .login = ALICE,
     .recipients = "public@example.org, bob=social.example@example.org",
     .reply = "550 5.7.1 Not posted: a group chat cannot contain a public address. Write in the "
              "chat \"PUBLIC post\" instead.",
     .effects = ""},
    {.name = "24 always a copy to oneself",
     .file = "24-bcc-self.eml",
     .login = ALICE,
     .recipients = "public@example.org, alice@example.org",
     .reply = TAKEN,
     .effects = "public held\n<p>Who comes along?</p>\nmail\n"
                "alice in Posts: Public in 60 seconds: Who comes along?\n"
                "in INBOX: Weekend\n"},
    {.name = "25 Thunderbird answers the copy in Posts",
     .file = "25-thread.eml",
     .login = ALICE,
     .recipients = "public@example.org",
     .reply = TAKEN,
     .effects = "public held\nanswers https://social.example/posts/alice-public@example.org\n"
                "<p>And now the fog is gone.</p>\n"
                "alice in Posts: Public in 60 seconds: Good morning\n"},
};
// clang-format on

static char *send_example(const struct example *example)
{
    scoped_text char *made = example->make ? example->make(&town) : NULL;
    const struct town_mail mail = {
        .door = example->login ? MAIL_DOOR_SUBMISSION : MAIL_DOOR_MX,
        .login = example->login,
        .mail_from = example->login ? example->login : "mallory@elsewhere.example",
        .recipients = example->recipients,
        .text = made ? slice_of(made) : town_file(example->file),
    };

    return town_send(&town, &mail);
}

static void test_examples(void **state)
{
    int failures = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(examples); i++) {
        const struct example *example = &examples[i];
        town_wait(&town, 3 * MINUTE_MS);
        town_choose(&town, example->reply_all);
        scoped_text char *reply = send_example(example);
        scoped_text char *effects = town_effects(&town);
        if (strcmp(reply, example->reply) == 0 && strcmp(effects, example->effects) == 0)
            continue;
        failures++;
        print_error("%s\n  reply:   %s\n  wanted:  %s\n  effects:\n%s  wanted:\n%s\n",
                    example->name, reply, example->reply, effects, example->effects);
    }
    made_forget();
    assert_int_equal(failures, 0);
}

/* 23: all of it is kept for the page; what peers get is cut when it is sent. */
static void test_a_long_essay_is_posted_whole(void **state)
{
    const struct example essay_row = {.name = "23 an essay of 40,000 letters",
                                      .make = essay_of_40000,
                                      .login = ALICE,
                                      .recipients = "public@example.org"};

    (void)state;
    town_wait(&town, HOUR_MS);
    scoped_text char *reply = send_example(&essay_row);
    assert_string_equal(reply, TAKEN);
    scoped_text char *effects = town_effects(&town);
    assert_non_null(strstr(effects, "<p>000 A hundred letters"));
    assert_non_null(strstr(effects, "<p>399 A hundred letters"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_a_long_essay_is_posted_whole),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
