/* A note as a mail: the rows of behaviour.md 4, and long posts cut short. */
#include "one_town.h"

#include "html.h"

static const char alices[] = "https://social.example/posts/alice-public@example.org";
static const char bobs_direct[] = "https://social.example/posts/bob-direct@example.org";

/* What is random, or made of a key that is new in each town, is named. */
static char *with_names(const char *text)
{
    struct bytes out = {0};
    struct slice rest = slice_of(text);

    while (rest.at) {
        struct slice line = slice_line(&rest);
        if (slice_starts(line, SLICE("Message-ID: <")))
            line = SLICE("Message-ID: <KEYED@example.org>");
        size_t link;
        while ((link = slice_find_text(line, SLICE("mailto:"))) != SIZE_MAX) {
            struct slice behind = slice_from(line, link);
            size_t end = slice_find(behind, '%');
            bytes_add(&out, slice_first(line, link));
            bytes_add_text(&out, "mailto:REF");
            line = slice_from(behind, end);
        }
        bytes_add(&out, line);
        if (rest.at)
            bytes_add_char(&out, '\n');
    }
    return bytes_take(&out);
}

static bool is_same(const char *row, const char *found, const char *expected)
{
    scoped_text char *named = with_names(found);

    if (strcmp(named, expected) == 0)
        return true;
    print_error("%s:\n", row);
    print_error("%s\n", named);
    print_error("where should be\n");
    print_error("%s\n", expected);
    return false;
}

#define DATED "Date: Sun, 01 Mar 2026 12:00:00 +0000\nMessage-ID: <KEYED@example.org>\n"
#define FROM_BOB "From: \"Bob (@bob@social.example)\" <bob=social.example@example.org>\n"
#define PAGE(n) "https://social.example/users/bob/" #n "/page"
#define ARCHIVED(n, audience)                                                                      \
    "Archived-At: <" PAGE(n) ">\nContent-Language: en\nX-Nestbox-Audience: " audience "\n"
#define TIMELINE "Precedence: list\nX-Auto-Response-Suppress: All\n"
#define OPEN_FOOT(n, what)                                                                         \
    "-- \n" what " Open: " PAGE(n) " · Like: mailto:REF%2Blike@example.org"                       \
                                   " · Boost: mailto:REF%2Bboost@example.org"                     \
                                   " · Answer in public: mailto:REF%2Bpublic@example.org\n"

/* clang-format never comes to rest over this table. */
/* clang-format off */
static const struct {
    const char *name;
    struct said said;
    const char *mailbox, *expected;
} rows[] = {
    {"row 1: a public answer, as in the example",
     {.note = "https://social.example/users/bob/1",
      .to = "public",
      .cc = "followers alice dan",
      .html = "<p>Good morning to <a href=\"https://example.org/@alice\" "
      "class=\"u-url mention\">@<span>alice</span></a></p><p>The harbour is <b>quiet</b>"
      "</p>",
      .answers = alices},
     MAILBOX_INBOX, FROM_BOB
     "To: alice@example.org\n"
     "Cc: \"PUBLIC, quiet\" <unlisted@example.org>, \"Dan (@dan@other.example)\"\n"
     " <dan=other.example@example.org>\n"
     "Subject: Re: Good morning\n" DATED "In-Reply-To: <alice-public@example.org>\n"
     "References: <alice-public@example.org>\n" ARCHIVED(1, "public") "\n"
      "Good morning to @alice\n\nThe harbour is quiet\n\n" OPEN_FOOT(1, "Public.")},
    {"row 2: a post of somebody followed",
     {.note = "https://social.example/users/bob/2",
      .to = "public",
      .cc = "followers",
      .html = "<p>A long first line that goes on and on until it can no longer be a subject of a "
      "mail</p>"},
     MAILBOX_HOME, FROM_BOB "To: \"Bob's followers\" <bob=social.example+followers@example.org>\n"
      "Cc: \"PUBLIC, quiet\" <unlisted@example.org>\n"
      "Subject: A long first line that goes on and on until it can no ...\n" DATED ARCHIVED(2, "public") TIMELINE
     "\nA long first line that goes on and on until it can no longer be a subject of a "
     "mail\n\n" OPEN_FOOT(2, "Public.")},
    {"row 3: a direct note to two",
     {.note = "https://social.example/users/bob/3",
      .to = "alice dan",
      .html = "<p>See you at nine</p>"},
     MAILBOX_INBOX, FROM_BOB
     "To: alice@example.org, \"Dan (@dan@other.example)\"\n"
     " <dan=other.example@example.org>\n"
     "Subject: See you at nine\n" DATED ARCHIVED(3, "direct") "\n"
      "See you at nine\n\nOnly for: alice, Dan. Not end-to-end encrypted.\n\n"
      "-- \nDirect. Open: " PAGE(3) " · Like: mailto:REF%2Blike@example.org\n"},
    {"row 4: a followers-only post names no publishing word",
     {.note = "https://social.example/users/bob/4",
      .to = "followers",
      .cc = "dan",
      .html = "<p>Closed today</p>"},
     MAILBOX_HOME, FROM_BOB "To: \"Bob's followers\" <bob=social.example+followers@example.org>\n"
      "Cc: \"Dan (@dan@other.example)\" <dan=other.example@example.org>\n"
      "Subject: Closed today\n" DATED ARCHIVED(4, "followers") TIMELINE
     "\n"
     "Closed today\n\n-- \nFor Bob's followers. Open: " PAGE(4) " · Like: mailto:REF%2Blike@example.org\n"},
    {"row 5: a content warning",
     {.note = "https://social.example/users/bob/5",
      .to = "public",
      .cc = "alice",
      .warning = "food",
      .html = "<p>I made soup</p>"},
     MAILBOX_INBOX, FROM_BOB "To: alice@example.org\n"
      "Cc: \"PUBLIC, quiet\" <unlisted@example.org>\n"
      "Subject: CW: food\n" DATED ARCHIVED(5, "public") "\n"
      "Content warning: food. Bob asks you to decide first whether to "
      "read on. The post "
      "begins below the line; lists, notifications and watches show only "
      "these sentences. "
      "If you would rather not see it, stop here and delete this mail.\n\n"
      "________\n\nI made soup\n\n" OPEN_FOOT(5, "Public.")},
    {"a direct answer to what Bob wrote",
     {.note = "https://social.example/users/bob/6",
      .to = "alice",
      .html = "<p>And at ten?</p>",
      .answers = bobs_direct},
     MAILBOX_INBOX, FROM_BOB "To: alice@example.org\n"
      "Subject: And at ten?\n" DATED "In-Reply-To: <bob-direct@example.org>\n"
      "References: <bob-direct@example.org>\n" ARCHIVED(6, "direct") "\n"
      "And at ten?\n\nOnly for: alice. Not end-to-end encrypted.\n\n"
      "-- \nDirect. Open: " PAGE(6) " · Like: mailto:REF%2Blike@example.org\n"},
    {"an unlisted post that names her",
     {.note = "https://social.example/users/bob/7",
      .to = "followers",
      .cc = "public alice",
      .html = "<p>Quietly</p>"},
     MAILBOX_INBOX, FROM_BOB "To: alice@example.org\n"
      "Cc: \"PUBLIC, quiet\" <unlisted@example.org>\n"
      "Subject: Quietly\n" DATED ARCHIVED(7, "unlisted") "\n"
      "Quietly\n\n" OPEN_FOOT(7, "Public, quiet.")},
};
/* clang-format on */

static void notes_are_shown_as_mails(void **state)
{
    bool all = true;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct said said = rows[i].said;
        visitors_open(&town);
        town_follow(&town, "alice", "bob");
        said.type = ACTIVITY_CREATE;
        said.who = "bob";
        visitor_says(&town, &said);
        scoped_text char *mail = mailbox_newest(&town, town.alice, rows[i].mailbox);
        all &= is_same(rows[i].name, mail, rows[i].expected);
        town_close(&town);
    }
    assert_true(all);
}

/* ---- what an activity of visitors.h cannot say ---- */
struct scene {
    struct person author, booster;
    struct account owner;
    struct showing showing;
    struct shown_to reader;
};

static void set_scene(struct scene *scene)
{
    static char bob[] = "bob", host[] = "social.example", name[] = "Bob", carl[] = "carl";
    static char alice[] = "alice", domain[] = "example.org", shown[] = "Alice";

    *scene = (struct scene){
        .author = {.kind = PERSON_FEDIVERSE, .user = bob, .host = host,             .name = name},
        .booster = {.kind = PERSON_FEDIVERSE,                        .user = carl,            .host = host},
        .owner = {.name = alice,                        .domain = domain,                       .display_name = shown       },
    };
    scene->showing = (struct showing){
        .author = &scene->author,
        .visibility = VISIBILITY_PUBLIC,
        .ref = "9aaaaaaaaaaaa",
        .message_id = "abc@example.org",
        .url = "https://social.example/@bob/1",
        .published_ms = 1772366400000,
        .html = SLICE("<p>Which one?</p>"),
        .plain = SLICE("Which one?\n"),
    };
    scene->reader = (struct shown_to){.account = &scene->owner, .addressed = true};
}

static char *plain_of(struct scene *scene, const char *type, char **out_subject)
{
    scoped_value(rendered) mail = {0};
    struct err err = {0};

    assert_true(render_mail(town.bridge, &scene->showing, &scene->reader, &mail, &err));
    if (out_subject)
        *out_subject = must_dup(mail.subject);
    char *shown = mail_shown(bytes_slice(&mail.content), type);
    char *body = strstr(shown, "\n\n");
    char *text = must_dup(strcmp(type, "text/plain") == 0 && body ? body + 2 : shown);
    free(shown);
    return text;
}

#define FOOT                                                                                       \
    "-- \nPublic. Open: https://social.example/@bob/1"                                             \
    " · Like: mailto:9aaaaaaaaaaaa%2Blike@example.org"                                            \
    " · Boost: mailto:9aaaaaaaaaaaa%2Bboost@example.org"                                          \
    " · Answer in public: mailto:9aaaaaaaaaaaa%2Bpublic@example.org\n"

static void pictures_are_linked_with_their_words(void **state)
{
    static char url[] = "https://social.example/m/1.jpg", alt[] = "red boats in mist";
    const struct attached pictures[] = {
        {.url = url, .alt = alt},
        {.url = url         }
    };
    struct scene scene;

    (void)state;
    set_scene(&scene);
    scene.showing.attached = pictures;
    scene.showing.attached_count = COUNT_OF(pictures);
    scoped_text char *text = plain_of(&scene, "text/plain", NULL);
    assert_string_equal(text,
                        "Which one?\n\n"
                        "Picture: red boats in mist\n<https://social.example/m/1.jpg>\n\n"
                        "Picture: without description\n<https://social.example/m/1.jpg>\n\n" FOOT);
    scene.showing.plain = SLICE("");
    scene.showing.html = SLICE("");
    char *subject = NULL;
    scoped_text char *bare = plain_of(&scene, "text/plain", &subject);
    assert_non_null(strstr(bare, "Picture: red boats in mist"));
    assert_string_equal(subject, "Picture: red boats in mist");
    free(subject);
}

static char *poll_of(int64_t closes_ms, bool closed)
{
    static char yes[] = "Yes", no[] = "No";
    static const struct choice_facts choices[] = {{.name = yes}, {.name = no}};
    struct scene scene;

    set_scene(&scene);
    scene.showing.choices = choices;
    scene.showing.choice_count = COUNT_OF(choices);
    scene.showing.closes_ms = closes_ms;
    scene.showing.closed = scene.showing.choose_many = closed;
    return plain_of(&scene, "text/plain", NULL);
}

static void choices_of_a_poll_are_numbered(void **state)
{
    scoped_text char *text = poll_of(1772366400000 + DAY_MS, false);

    (void)state;
    assert_string_equal(text,
                        "Which one?\n\n1. Yes · Vote: mailto:9aaaaaaaaaaaa%2Bvote-1@example.org\n"
                        "2. No · Vote: mailto:9aaaaaaaaaaaa%2Bvote-2@example.org\n"
                        "The poll is open until Mon, 02 Mar 2026 12:00:00 UTC.\n\n" FOOT);
}

static void a_poll_that_ended_says_so(void **state)
{
    scoped_text char *text = poll_of(1772366400000, true);

    (void)state;
    assert_non_null(strstr(text, "\n1. Yes\n2. No\nSeveral may be chosen. The poll was open until "
                                 "Sun, 01 Mar 2026 12:00:00 UTC."));
}

static void an_event_says_when_and_where(void **state)
{
    struct scene scene;

    (void)state;
    set_scene(&scene);
    scene.showing.begins_ms = 1772366400000;
    scene.showing.place = "Hall <1>, Kiel";
    scoped_text char *text = plain_of(&scene, "text/plain", NULL);
    scoped_text char *html = plain_of(&scene, "text/html", NULL);
    assert_string_equal(text, "Which one?\n\nBegins: Sun, 01 Mar 2026 12:00:00 UTC\n"
                              "Place: Hall <1>, Kiel\n\n" FOOT);
    assert_non_null(strstr(html, "12:00:00 UTC<br>Place: Hall &lt;1&gt;, Kiel</p>"));
}

static void a_video_alone_is_no_empty_mail(void **state)
{
    static char url[] = "https://social.example/m/1.mp4";
    const struct attached video = {.kind = ATTACHED_VIDEO, .url = url};
    struct scene scene;
    char *subject = NULL;

    (void)state;
    set_scene(&scene);
    scene.showing.plain = scene.showing.html = SLICE("");
    scene.showing.attached = &video;
    scene.showing.attached_count = 1;
    scoped_text char *text = plain_of(&scene, "text/plain", &subject);
    assert_string_equal(text,
                        "Video: without description\n<https://social.example/m/1.mp4>\n\n" FOOT);
    assert_string_equal(subject, "Video");
    free(subject);
}

static void a_boost_says_who_boosted(void **state)
{
    struct scene scene;
    char *subject = NULL;

    (void)state;
    set_scene(&scene);
    scene.showing.booster = &scene.booster;
    scene.reader.addressed = false;
    scoped_text char *text = plain_of(&scene, "text/plain", &subject);
    assert_string_equal(text, "boosted by @carl@social.example\n\nWhich one?\n\n" FOOT);
    assert_string_equal(subject, "Boost: Which one?");
    free(subject);
}

static void a_quote_is_a_link(void **state)
{
    struct scene scene;

    (void)state;
    set_scene(&scene);
    scene.showing.quote_url = "https://other.example/@eve/3";
    scoped_text char *text = plain_of(&scene, "text/plain", NULL);
    assert_string_equal(text, "Which one?\n\nQuoting: https://other.example/@eve/3\n\n" FOOT);
}

static void html_says_the_same(void **state)
{
    struct scene scene;

    (void)state;
    set_scene(&scene);
    scene.showing.warning = "a <b>";
    scoped_text char *html = plain_of(&scene, "text/html", NULL);
    assert_non_null(strstr(html, "<p>Content warning: a &lt;b&gt;. Bob asks you"));
    assert_non_null(strstr(html, "<hr>\n<p>Which one?</p>"));
    assert_non_null(strstr(html, "<p>-- <br>Public. <a rel=\"nofollow noopener noreferrer\" "
                                 "href=\"https://social.example/@bob/1\">Open</a> · "));
    assert_non_null(strstr(html, "href=\"mailto:9aaaaaaaaaaaa%2Bpublic@example.org\">"
                                 "Answer in public</a></p>"));
}

static void a_warning_fills_every_preview(void **state)
{
    struct scene scene;

    (void)state;
    set_scene(&scene);
    scene.showing.warning = "x";
    scoped_text char *text = plain_of(&scene, "text/plain", NULL);
    assert_true(strstr(text, "________") - text >= 200);
}

static void nothing_of_a_stranger_breaks_the_header(void **state)
{
    static char name[] = "Bob\r\nBcc: all@example.org, \"<x@y.example>";
    scoped_value(rendered) mail = {0};
    struct err err = {0};
    struct scene scene;

    (void)state;
    set_scene(&scene);
    scene.author.name = name;
    scene.showing.warning = "soup\r\nBcc: all@example.org";
    scene.showing.url = "https://social.example/\r\nBcc:x";
    scene.showing.language = "en\r\nBcc: x";
    assert_true(render_mail(town.bridge, &scene.showing, &scene.reader, &mail, &err));
    scoped_text char *header =
        must_copy(slice_first(bytes_slice(&mail.content),
                              slice_find_text(bytes_slice(&mail.content), SLICE("\r\n\r\n"))));
    assert_null(strstr(header, "\nBcc:"));
    assert_non_null(strstr(mail.content.at, "<bob=social.example@example.org>\r\nTo: "));
}

static void a_long_address_is_not_torn_in_the_header(void **state)
{
    scoped_value(bytes) url = {0};
    scoped_value(rendered) mail = {0};
    struct err err = {0};
    struct scene scene;

    (void)state;
    set_scene(&scene);
    bytes_add_text(&url, "https://social.example/");
    while (url.len < 1500)
        bytes_add_char(&url, 'a');
    scene.showing.url = url.at;
    assert_true(render_mail(town.bridge, &scene.showing, &scene.reader, &mail, &err));
    bytes_add_char(&mail.content, '\0');
    assert_null(strstr(mail.content.at, "Archived-At"));
    assert_null(strstr(mail.content.at, "=?"));
}

static void nobody_learns_a_subject_from_anothers_private_post(void **state)
{
    static const char private_post[] = "https://social.example/posts/alice-followers@example.org";
    const struct said said = {
        ACTIVITY_CREATE,     "bob",       .note = "https://social.example/n/1",
        .html = "<p>Hm</p>", .to = "eve", .answers = private_post};

    (void)state;
    visitor_says(&town, &said);
    scoped_text char *found = mailbox_list(&town, town.eve, MAILBOX_INBOX);
    assert_string_equal(found, "Hm\n");
}

/* ---- long posts ---- */
static void long_html_is_cut_at_a_paragraph(void **state)
{
    static const struct {
        const char *name, *html;
        size_t max;
        const char *expected; /* NULL: left whole */
    } cuts[] = {
        {"short enough",                         "<p>one</p><p>two</p>",                            100, NULL              },
        {"behind a paragraph",                   "<p>one two</p><p>three</p>",                      20,  "<p>one two</p>"  },
        {"between words if a paragraph is long", "<p>one two three four</p>",                       15,  "<p>one two</p>"  },
        {"open elements are closed",             "<blockquote><p>one two three</p></blockquote>",   24,
         "<blockquote><p>one two</p></blockquote>"                                                                         },
        {"a stretch without a blank",            "<p>aaaaaaaaaaaaaaaaaaaaaaaa</p>",                 12,  "<p>aaaaaaaaa</p>"},
        {"never within an escape",               "<p>aaaaaaaa&amp;aaaaaaaaaa</p>",                  14,  "<p>aaaaaaaa</p>" },
        {"never within a character",             "<p>\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4</p>", 8,
         "<p>\xc3\xa4\xc3\xa4</p>"                                                                                         },
        {"never within a tag",                   "aaaa<a href=\"https://x.example/\">b</a>",        12,  "aaaa"            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        scoped_value(bytes) out = {0};
        bool cut = html_cut(slice_of(cuts[i].html), cuts[i].max, &out);
        if (cut != (cuts[i].expected != NULL) || (cut && strcmp(out.at, cuts[i].expected) != 0))
            fail_msg("%s: %s", cuts[i].name, cut ? out.at : "(whole)");
    }
}

static void first_words_are_one_line(void **state)
{
    static const struct {
        const char *name, *text;
        size_t max;
        const char *expected;
    } texts[] = {
        {"lines join",                   "one\n\ntwo  three\n", 60, "one two three"},
        {"cut between words",            "one two three four",  12, "one two ..."  },
        {"one long word",                "aaaaaaaaaaaaaaaa",    10, "aaaaaa ..."   },
        {"characters count, not octets", "ää ää",           5,  "ää ää"    },
        {"nothing",                      " \n",                 60, ""             },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        scoped_text char *words = first_words(slice_of(texts[i].text), texts[i].max);
        if (strcmp(words, texts[i].expected) != 0)
            fail_msg("%s: %s", texts[i].name, words);
    }
}

#define IN_TOWN(test) cmocka_unit_test_setup_teardown(test, open_town, close_town)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_are_shown_as_mails),
        IN_TOWN(pictures_are_linked_with_their_words),
        IN_TOWN(choices_of_a_poll_are_numbered),
        IN_TOWN(a_poll_that_ended_says_so),
        IN_TOWN(an_event_says_when_and_where),
        IN_TOWN(a_video_alone_is_no_empty_mail),
        IN_TOWN(a_boost_says_who_boosted),
        IN_TOWN(a_quote_is_a_link),
        IN_TOWN(html_says_the_same),
        IN_TOWN(a_warning_fills_every_preview),
        IN_TOWN(nothing_of_a_stranger_breaks_the_header),
        IN_TOWN(a_long_address_is_not_torn_in_the_header),
        IN_TOWN(nobody_learns_a_subject_from_anothers_private_post),
        cmocka_unit_test(long_html_is_cut_at_a_paragraph),
        cmocka_unit_test(first_words_are_one_line),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
