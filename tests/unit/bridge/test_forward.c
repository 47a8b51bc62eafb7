/*
 * Forwards to public@ and unlisted@ (docs/reactions.md): what boosts, what quotes, and what is refused.  Whatever comes of
 * one, no word of the other mail does: CANARY stands in all of them.
 */
#include "forwarding.h"

/* ---- as programs write them ---- */
#define LINKS(ref)                                                                                 \
    "-- \nPublic. Open: https://social.example/1 · Like: mailto:" ref "%2Blike@example.org · "    \
    "Boost: mailto:" ref "%2bboost@example.org\n"
#define K9 "\n-------- Original Message --------\n" BLOCK(FROM_BOB) WORDS
#define MUTT                                                                                       \
    "----- Forwarded message from \"Bob (@bob@social.example)\" "                                  \
    "<bob=social.example@example.org> -----\n\n" BLOCK(FROM_BOB) WORDS
#define MUTT_END "\n----- End forwarded message -----\n"
#define GMAIL "\n---------- Forwarded message ---------\n" BLOCK(FROM_BOB) WORDS
#define OUTLOOK                                                                                    \
    "\n________________________________\n" FROM_BOB "Sent: Sunday, March 1, 2026 10:00\n"          \
    "To: alice@example.org\nSubject: Good CANARY\n\n" WORDS
#define APPLE                                                                                      \
    "\n> Begin forwarded message:\n> \n> From: \"Bob (@bob@social.example)\" "                     \
    "<bob=social.example@example.org>\n> Subject: Good CANARY\n> Date: 1 March 2026 at 10:00:00 "  \
    "CET\n> To: alice@example.org\n> \n> " WORDS
#define ATTACHED(own, header)                                                                      \
    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"                        \
    "Content-Type: text/plain\n\n" own "\n--b\nContent-Type: message/rfc822\n"                     \
    "Content-Disposition: attachment; filename=\"CANARY.eml\"\n\n" header                          \
    "Subject: CANARY\n" FROM_BOB "\n" WORDS "\n--b--\n"
#define PLAIN "\n"
#define EML "Message-ID: <" PUBLIC_ID ">\n"
#define BESIDE(type, own, other_type, other)                                                       \
    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: " type     \
    "\n\n" own "\n--b\nContent-Type: " other_type "\n\n" other "\n--b--\n"
#define PERSIAN                                                                                            \
    "از: Carol <carol@mail.example>\nفرستاده شده: ۱ مارس ۲۰۲۶ ۱۰:۰۰:۰۰\nبه: " \
    "alice@example.org\nموضوع: "                                                                      \
    "lunch\n\n"
#define MUTT_SAYS "Subject: [bob=social.example@example.org: CANARY]\n"
#define TO_ALL "bob=social.example@example.org, unlisted@example.org"
#define HTML_GMAIL(own)                                                                            \
    "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n<div dir=\"ltr\">" own           \
    "<br><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">---------- "         \
    "Forwarded message ---------<br>From: <strong class=\"gmail_sendername\" dir=\"auto\">Bob "    \
    "(@bob@social.example)</strong> <span dir=\"auto\">&lt;<a href=\"mailto:bob%3D"                \
    "social.example@example.org\">bob=social.example@example.org</a>&gt;</span><br>Date: Sun, "    \
    "Mar 1, 2026 at 10:00 AM<br>Subject: Good CANARY<br>To:  &lt;<a "                              \
    "href=\"mailto:alice@example.org\">alice@example.org</a>&gt;<br></div><br><br>" WORDS          \
    "</div></div>\n"
#define HTML_APPLE(own)                                                                            \
    "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n<html><body>" own                \
    "<br><div><br><blockquote type=\"cite\"><div>Begin forwarded message:</div><br><div>"          \
    "<span><b>From: </b></span><span>\"Bob (@bob@social.example)\" &lt;<a "                        \
    "href=\"mailto:x\">bob=social.example@example.org</a>&gt;<br></span></div><div><span><b>"      \
    "Subject: </b></span><span><b>Good CANARY</b><br></span></div><div><span><b>Date: </b>"        \
    "</span><span>1 March 2026 at 10:00:00 CET<br></span></div><div><span><b>To: </b></span>"      \
    "<span>alice@example.org<br></span></div><br><div><p>" WORDS "</p><p>-- <br>Public. <a "       \
    "href=\"mailto:{bob}%2Blike@example.org\">Like</a> · <a "                                     \
    "href=\"mailto:{bob}%2Bboost@example.org\">Boost</a></p></div></blockquote></div></body>\n"

enum comes { BOOST, QUOTE, REFUSED, EMPTY };

/* clang-format off */
static const struct forward_row {
    const char *name, *fields, *text;
    enum comes comes;
    const char *to; /* NULL: public@ */
} rows[] = {
    {"Thunderbird, nothing above", FWD NAMES(PUBLIC_ID), PLAIN THUNDERBIRD, BOOST, NULL},
    {"Thunderbird, own words", FWD NAMES(PUBLIC_ID), PLAIN "So true\n" THUNDERBIRD, QUOTE, NULL},
    {"Thunderbird, a signature is no word", FWD NAMES(PUBLIC_ID), PLAIN "-- \nAlice\n" THUNDERBIRD, BOOST, NULL},
    {"Thunderbird, to unlisted@", FWD NAMES(PUBLIC_ID), PLAIN THUNDERBIRD, BOOST, "unlisted@example.org"},
    {"Thunderbird, to followers@", FWD NAMES(PUBLIC_ID), PLAIN THUNDERBIRD, REFUSED, "followers@example.org"},
    {"Thunderbird, as an answer to another post", FWD NAMES(PUBLIC_ID), PLAIN "So true\n" THUNDERBIRD, REFUSED,
     "{alice}+public@example.org"},
    {"Thunderbird, to somebody, nothing above", FWD NAMES(PUBLIC_ID), PLAIN THUNDERBIRD, EMPTY,
     "public@example.org, dan=other.example@example.org"},
    {"Thunderbird attaches it", FWD NAMES(PUBLIC_ID), ATTACHED("", "Message-ID: <" PUBLIC_ID ">\n"), BOOST, NULL},
    {"Thunderbird attaches it to words", FWD NAMES(PUBLIC_ID), ATTACHED("So true", "Message-ID: <" PUBLIC_ID ">\n"), QUOTE,
     NULL},
    {"mutt attaches it", MUTT_SAYS, ATTACHED("", "Message-ID: <" PUBLIC_ID ">\n"), BOOST, NULL},
    {"mutt attaches it to words", MUTT_SAYS, ATTACHED("So true", "Message-ID: <" PUBLIC_ID ">\n"), REFUSED, NULL},
    {"mutt, nothing above", MUTT_SAYS, PLAIN MUTT LINKS("{bob}") MUTT_END, BOOST, NULL},
    {"mutt, own words", MUTT_SAYS, PLAIN "So true\n\n" MUTT LINKS("{bob}") MUTT_END, REFUSED, NULL},
    {"mutt that names it, own words", MUTT_SAYS ANSWERS(PUBLIC_ID), PLAIN "So true\n\n" MUTT MUTT_END, QUOTE, NULL},
    {"Gmail, nothing above", FWD ANSWERS(PUBLIC_ID), HTML_GMAIL(""), BOOST, NULL},
    {"Gmail, own words", FWD ANSWERS(PUBLIC_ID), HTML_GMAIL("So true"), QUOTE, NULL},
    {"Gmail, plain", FWD ANSWERS(PUBLIC_ID), PLAIN "So true\n" GMAIL, QUOTE, NULL},
    {"Outlook, own words", "Subject: WG: CANARY\n" ANSWERS(PUBLIC_ID), PLAIN "So true\n" OUTLOOK, QUOTE, NULL},
    {"Outlook, nothing above", "Subject: FW: CANARY\n" ANSWERS(PUBLIC_ID), PLAIN OUTLOOK, BOOST, NULL},
    {"Apple Mail, own words", FWD ANSWERS(PUBLIC_ID), HTML_APPLE("So true"), QUOTE, NULL},
    {"Apple Mail, nothing above", FWD, HTML_APPLE(""), BOOST, NULL},
    {"Apple Mail, plain", FWD ANSWERS(PUBLIC_ID), PLAIN "So true\n" APPLE "> " LINKS("{bob}"), QUOTE, NULL},
    {"K-9, own words", FWD ANSWERS(PUBLIC_ID), PLAIN "So true\n" K9 LINKS("{bob}"), QUOTE, NULL},
    {"K-9, nothing above", FWD ANSWERS(PUBLIC_ID), PLAIN K9 LINKS("{bob}"), BOOST, NULL},
    {"of what only its links name, nothing above", FWD, PLAIN K9 LINKS("{bob}"), BOOST, NULL},
    {"a long name breaks the row of its From", FWD NAMES(PUBLIC_ID),
     PLAIN "So true\n-------- Forwarded Message --------\nSubject: CANARY\nFrom: \"Bob (@bob@social.example)\"\n"
     "<bob=social.example@example.org>\nDate: CANARY\n\n" WORDS, QUOTE, NULL},
    /* not to be told, or of something else */
    {"of a followers-only post", FWD NAMES("bob-followers@example.org"), PLAIN "So true\n" THUNDERBIRD, REFUSED, NULL},
    {"of a direct note, nothing above", FWD NAMES("bob-direct@example.org"), PLAIN THUNDERBIRD, REFUSED, NULL},
    {"of one's own followers-only post", FWD NAMES("alice-followers@example.org"), PLAIN THUNDERBIRD, REFUSED, NULL},
    {"of a mail", FWD NAMES("carol-mail@mail.example"), PLAIN THUNDERBIRD, REFUSED, NULL},
    {"of what nobody knows", FWD NAMES("unknown@example.org"), PLAIN THUNDERBIRD, REFUSED, NULL},
    {"of nothing that is named", FWD, PLAIN THUNDERBIRD, REFUSED, NULL},
    {"a name that cannot be read", FWD "X-Forwarded-Message-Id: bob\n", PLAIN THUNDERBIRD LINKS("{bob}"), REFUSED, NULL},
    {"of two posts", FWD "X-Forwarded-Message-Id: <" PUBLIC_ID "> <alice-public@example.org>\n", PLAIN THUNDERBIRD, REFUSED,
     NULL},
    {"of one, answering another", FWD "X-Forwarded-Message-Id: <" PUBLIC_ID ">\nIn-Reply-To: <alice-public@example.org>\n",
     PLAIN THUNDERBIRD, REFUSED, NULL},
    {"a direct note that links a public post", FWD NAMES("bob-direct@example.org"), PLAIN THUNDERBIRD LINKS("{bob}"), REFUSED,
     NULL},
    {"the same where no field names it", FWD, PLAIN K9 LINKS("{bob}") LINKS("{direct}"), REFUSED, NULL},
    {"two REFs", FWD, PLAIN K9 LINKS("{bob}") LINKS("{alice}"), REFUSED, NULL},
    {"a REF of nothing", FWD, PLAIN K9 LINKS("9zzzzzzzzzzzz"), REFUSED, NULL},
    {"a public post that links a direct note", FWD NAMES(PUBLIC_ID), PLAIN THUNDERBIRD LINKS("{direct}"), REFUSED, NULL},
    {"a REF in one's own words", FWD, PLAIN "See mailto:{bob}%2Blike@example.org\n" K9, REFUSED, NULL},
    {"Carol's mail that holds the links", FWD, PLAIN "-------- Original Message --------\n" BLOCK(
     "From: Carol <carol@mail.example>\n") WORDS LINKS("{bob}"), REFUSED, NULL},
    {"Carol's forward of it", FWD, PLAIN "-------- Original Message --------\n" BLOCK("From: Carol <carol@mail.example>\n")
     WORDS THUNDERBIRD LINKS("{bob}"), REFUSED, NULL},
    {"Carol's forward of it, by its id", FWD NAMES(PUBLIC_ID), PLAIN "-------- Original Message --------\n" BLOCK(
     "From: Carol <carol@mail.example>\n") WORDS THUNDERBIRD, REFUSED, NULL},
    {"Carol's words stand above, unmarked", "Subject: Fwd: Fwd: Good CANARY\n", PLAIN "CANARY of Carol's\n" THUNDERBIRD LINKS(
     "{bob}"), REFUSED, NULL},
    {"the same, with no word of forwarding", "Subject: CANARY\n", PLAIN "CANARY of Carol's\n" THUNDERBIRD LINKS("{bob}"),
     REFUSED, NULL},
    {"Carol's words above, her subject", "Subject: Fwd: Re: lunch\n", PLAIN "CANARY of Carol's\n" THUNDERBIRD LINKS("{bob}"),
     REFUSED, NULL},
    {"mutt of somebody else, unmarked", "Subject: [carol@mail.example: CANARY]\n", PLAIN "CANARY of Carol's\n" MUTT LINKS(
     "{bob}"), REFUSED, NULL},
    {"nobody is named in the block", FWD NAMES(PUBLIC_ID), PLAIN "-------- Forwarded Message --------\nSubject: CANARY\n" WORDS,
     REFUSED, NULL},
    {"the subject alone says so", FWD NAMES(PUBLIC_ID), PLAIN WORDS, REFUSED, NULL},
    {"an answer with a forward in it", "Subject: Re: CANARY\n" ANSWERS(PUBLIC_ID), PLAIN "CANARY\n" GMAIL, REFUSED, NULL},
    {"bounced", FWD NAMES(PUBLIC_ID) "Resent-From: alice@example.org\n", PLAIN THUNDERBIRD, REFUSED, NULL},
    {"redirected by a rule", FWD NAMES(PUBLIC_ID) "X-Forwarded-To: alice@example.org\n", PLAIN THUNDERBIRD, REFUSED, NULL},
    {"attached, a followers-only post", FWD, ATTACHED("So true","Message-ID: <bob-followers@example.org>\n"), REFUSED, NULL},
    {"attached, without a name", FWD, ATTACHED("So true", ""), REFUSED, NULL},
    {"attached, with two names", FWD, ATTACHED("So true","Message-ID: <" PUBLIC_ID ">\nMessage-ID: <bob-direct@example.org>\n"),
     REFUSED, NULL},
    {"attached, another is named", FWD NAMES("bob-direct@example.org"), ATTACHED("So true", "Message-ID: <" PUBLIC_ID ">\n"),
     REFUSED, NULL},
    {"attached, and a forward in the text", FWD NAMES(PUBLIC_ID), ATTACHED("CANARY" THUNDERBIRD, "Message-ID: <" PUBLIC_ID ">\n"
     ), REFUSED, NULL},
    {"two attached", FWD NAMES(PUBLIC_ID), "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
     "text/plain\n\nSo true\n" "--b\nContent-Type: message/rfc822\n\nMessage-ID: <" PUBLIC_ID ">\n\n" WORDS
     "\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <" PUBLIC_ID ">\n\n" WORDS "\n--b--\n", REFUSED, NULL},
    {"words of the other mail in a second part", FWD NAMES(PUBLIC_ID),
     "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: " "text/plain\n\nSo true\n" THUNDERBIRD
     "\n--b\nContent-Type: text/plain\n\nCANARY below\n--b--\n", REFUSED, NULL},
    /* whose words stand above */
    {"Carol's mail with the post attached", FWD, ATTACHED("CANARY of Carol's", EML), REFUSED, NULL},
    {"the same, whose header block nobody knows", FWD NAMES(PUBLIC_ID), ATTACHED(PERSIAN "CANARY of Carol's", EML), REFUSED, NULL},
    {"attached, an indented passage", FWD NAMES(PUBLIC_ID),
     BESIDE("text/html", "<div>look</div><blockquote>CANARY of Carol's</blockquote>", "message/rfc822", EML WORDS), REFUSED, NULL},
    {"attached, a quotation", FWD NAMES(PUBLIC_ID), ATTACHED("look\n\n> CANARY of Carol's\n\nsee", EML), REFUSED, NULL},
    {"attached, words behind it", FWD NAMES(PUBLIC_ID),
     BESIDE("text/plain", "look\n--b\nContent-Type: message/rfc822\n\n" EML WORDS, "text/plain", "CANARY of Carol's"),
     REFUSED, NULL},
    {"a REF, unmarked words", "Subject: Fwd: Good CANARY\n", PLAIN "CANARY of Carol's\n" THUNDERBIRD LINKS("{bob}"), REFUSED, NULL},
    {"a REF, a short subject", "Subject: Fwd: e\n", PLAIN "CANARY of Carol's\n" THUNDERBIRD LINKS("{bob}"), REFUSED, NULL},
    {"words of the post, whose mark nobody knows", FWD NAMES(PUBLIC_ID),
     PLAIN "So true\nThe tide is out.\nOn Sun, 1 Mar 2026 at 09:00, Bob <bob=social.example@example.org> wrote:\nyes\n", REFUSED, NULL},
    {"the same above a mark", FWD NAMES(PUBLIC_ID), PLAIN "So true\nThe tide is out.\n" THUNDERBIRD, REFUSED, NULL},
    {"a header block that nobody knows", FWD NAMES(PUBLIC_ID), PLAIN "So true\n" PERSIAN "CANARY\n" THUNDERBIRD, REFUSED, NULL},
    {"three labels that nobody knows", FWD NAMES(PUBLIC_ID), PLAIN "Foo: Carol\nBar: me\nBaz: lunch\nCANARY\n" THUNDERBIRD, REFUSED, NULL},
    {"a mark that nobody knows", FWD NAMES(PUBLIC_ID), PLAIN "---------- Gibberish ---------\nCANARY\n" THUNDERBIRD, REFUSED, NULL},
    {"who wrote what stands above", FWD NAMES(PUBLIC_ID), PLAIN "Carol wrote:\nCANARY\n" THUNDERBIRD, REFUSED, NULL},
    {"an indented passage above the mark", FWD NAMES(PUBLIC_ID),
     HTML_GMAIL("So true<blockquote>CANARY of Carol's</blockquote>"), REFUSED, NULL},
    {"From without brackets", FWD, PLAIN "-------- Original Message --------\n" BLOCK("From: carol@mail.example\n")
     "CANARY\n" THUNDERBIRD LINKS("{bob}"), REFUSED, NULL},
    {"the same below words", FWD NAMES(PUBLIC_ID), PLAIN "So true\n-------- Original Message --------\n"
     BLOCK("From: carol@mail.example\n") "CANARY\n" THUNDERBIRD, REFUSED, NULL},
    {"Carol's mail to the author", FWD NAMES(PUBLIC_ID), PLAIN "So true\n-------- Original Message --------\n"
     "To: <bob=social.example@example.org>\nFrom: Carol <carol@mail.example>\n\nCANARY\n", REFUSED, NULL},
    {"Carol's name is the author's address", FWD NAMES(PUBLIC_ID), PLAIN "So true\n-------- Original Message --------\n"
     "From: \"<bob=social.example@example.org>\" <carol@mail.example>\nTo: b\nSubject: CANARY\n\nCANARY\n", REFUSED, NULL},
    {"a From in a language nobody knows", FWD NAMES(PUBLIC_ID), PLAIN "So true\n-------- Original Message --------\n"
     "Foo: Carol <carol@mail.example>\n" FROM_BOB "\nCANARY\n", REFUSED, NULL},
    /* answers are none */
    {"Reply all to a post called Fwd", "Subject: Re: Fwd: Good CANARY\n" ANSWERS(PUBLIC_ID), PLAIN "So true\n" OUTLOOK, REFUSED, TO_ALL},
    {"in Italian", "Subject: R: I: CANARY\n" ANSWERS(PUBLIC_ID), PLAIN "So true\n" OUTLOOK, REFUSED, TO_ALL},
    {"without words", "Subject: Re: Fwd: CANARY\n" ANSWERS(PUBLIC_ID), PLAIN OUTLOOK, REFUSED, "unlisted@example.org"},
    {"an answer to a post called PD", "Subject: Re: PD: CANARY\n" ANSWERS(PUBLIC_ID), PLAIN "So true\n" OUTLOOK, REFUSED, NULL},
    {"an answer with the post attached", "Subject: Re: CANARY\n" ANSWERS(PUBLIC_ID), ATTACHED("So true", EML), REFUSED, NULL},
    {"two subjects", "Subject: Re: CANARY\n" FWD ANSWERS(PUBLIC_ID), PLAIN "So true\n" OUTLOOK, REFUSED, NULL},
    /* own words are not dropped */
    {"a content warning for a subject", "Subject: CW: food\n" NAMES(PUBLIC_ID), PLAIN "ok\n" THUNDERBIRD, REFUSED, NULL},
    {"a subject of one's own", "Subject: Read this, all of you\n" NAMES(PUBLIC_ID), PLAIN THUNDERBIRD, REFUSED, NULL},
    {"words behind mutt's end", MUTT_SAYS, PLAIN MUTT LINKS("{bob}") MUTT_END "\nSo true\n", REFUSED, NULL},
    {"a signature behind mutt's end", MUTT_SAYS, PLAIN MUTT LINKS("{bob}") MUTT_END "\n-- \nAlice\n", BOOST, NULL},
    {"words as a quotation", FWD NAMES(PUBLIC_ID), PLAIN "> So true\n\n" THUNDERBIRD, REFUSED, NULL},
    /* names that are no names */
    {"an id without brackets", FWD "X-Forwarded-Message-Id: <" PUBLIC_ID "> bob-direct@example.org\n",
     PLAIN "So true\n" THUNDERBIRD, REFUSED, NULL},
    {"an empty field", FWD "X-Forwarded-Message-Id: \n", PLAIN "So true\n" THUNDERBIRD LINKS("{bob}"), REFUSED, NULL},
};
/* clang-format on */

static void check_clean(const char *name, const char *what)
{
    if (what && strstr(what, "CANARY"))
        fail_msg("%s: %s", name, what);
}

/* What everybody sees, and the copy. */
static void look_at_quote(const char *name, const char *html, const char *plain)
{
    scoped_value(message) message = {0};
    scoped_value(post) post = {0};
    struct err err = {0};

    town_newest(&town, &message);
    scoped(store_view) view = store_look(town.store, &err);
    assert_true(bridge_post(town.bridge, view, &message, true, &post, &err));
    scoped_text char *copy = mailbox_newest(&town, town.alice, MAILBOX_POSTS);
    const char *const all[] = {
        post.html,          post.plain,         post.warning,       copy,
        message.subject.at, message.references, message.parent_uri, post.in_reply_to};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        check_clean(name, all[i]);
    if (strcmp(post.html, html) != 0 || strcmp(post.plain, plain) != 0)
        fail_msg("%s: %s / %s", name, post.html, post.plain);
    assert_string_equal(post.quote, BOBS);
    assert_false(post.quotes_own);
    assert_null(post.in_reply_to);
    assert_non_null(strstr(copy, "Quoting: " BOBS));
}

static int run_forward(const struct forward_row *row)
{
    static const char *const replies[] = {
        [BOOST] = TAKEN, [QUOTE] = TAKEN, [REFUSED] = P8, [EMPTY] = P12};
    static const char *const effects[] = {[BOOST] = "goes to https://social.example/inbox\n",
                                          [QUOTE] = QUOTED_EFFECTS,
                                          [REFUSED] = "",
                                          [EMPTY] = ""};
    scoped_text char *reply =
        forward_mail(row->to ? row->to : "public@example.org", "one", row->fields, row->text);
    scoped_text char *came = town_effects(&town);

    check_clean(row->name, came);
    if (strcmp(reply, replies[row->comes]) != 0 || strcmp(came, effects[row->comes]) != 0) {
        print_error("%s: %s\n%s", row->name, reply, came);
        return 1;
    }
    if (row->comes == QUOTE)
        look_at_quote(row->name, QUOTED, "So true\n\nRE: " BOBS);
    if (row->comes == BOOST)
        check_queue(row->name, BOOSTED("1"));
    return 0;
}

/* Bob wrote the first thousand, and what stands behind them is read by nobody. */
static void more_names_than_are_read_are_refused(void **state)
{
    scoped_value(bytes) fields = {0};

    (void)state;
    bytes_add_text(&fields, FWD "X-Forwarded-Message-Id:");
    for (int i = 0; i < 1000; i++)
        bytes_add_text(&fields, " <" PUBLIC_ID ">\n");
    bytes_add_text(&fields, " <bob-direct@example.org>\n");
    scoped_text char *reply =
        forward_mail("public@example.org", "one", fields.at, "\nSo true\n" THUNDERBIRD);
    assert_string_equal(reply, P8);
}

static void each_form_of_a_forward(void **state)
{
    int failures = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        visitors_open(&town);
        failures += run_forward(&rows[i]);
        town_close(&town);
    }
    assert_int_equal(failures, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_of_a_forward),
        IN_TOWN(more_names_than_are_read_are_refused),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
