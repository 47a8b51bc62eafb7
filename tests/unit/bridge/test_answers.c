/* Open words of others lie wrapped; what answers them reads them all the same: threads, quotations, our pages. */
#include "one_town.h"
#include "row.h"

static const char alices[] = "https://social.example/posts/alice-public@example.org";
static const char bobs[] = "https://social.example/users/bob/1";
static const char dans[] = "https://other.example/users/dan/2";

static void bob_answers_alice(const char *html, const char *warning)
{
    const struct said said = {
        ACTIVITY_CREATE, "bob",         .note = bobs,      .html = html,
        .to = "public",  .cc = "alice", .answers = alices, .warning = warning};

    visitor_says(&town, &said);
}

static void a_thread_keeps_its_name_however_long_it_is(void **state)
{
    const struct said second = {ACTIVITY_CREATE,        "dan",          .note = dans,
                                .html = "<p>And I</p>", .to = "public", .cc = "alice",
                                .answers = bobs};
    const struct said third = {ACTIVITY_CREATE,
                               "bob",
                               .note = "https://social.example/users/bob/3",
                               .html = "<p>All of us</p>",
                               .to = "public",
                               .cc = "alice",
                               .answers = dans};

    (void)state;
    bob_answers_alice("<p>Me too</p>", NULL);
    visitor_says(&town, &second);
    visitor_says(&town, &third);
    scoped_text char *found = mailbox_list(&town, town.alice, MAILBOX_INBOX);
    assert_string_equal(found, "Re: Good morning\nRe: Good morning\nRe: Good morning\n");
}

static void words_of_others_may_be_quoted_in_an_answer(void **state)
{
    bob_answers_alice("<p>The tide is back.</p><p>And the wind?</p>", NULL);
    scoped_value(message) bob = {0};
    assert_true(town_message(&town, bobs, &bob));
    scoped_text char *fields =
        must_print("Subject: Re: Good morning\nIn-Reply-To: <%s>\n", bob.message_id);
    const struct letter_row row = {
        .name = "a passage of Bob's between two of Alice's",
        .recipients = "public@example.org",
        .fields = fields,
        .text = "Yes.\n\n> The tide is back.\n\nSince noon.\n\n> The door code is 1234.\n\nBye.",
        .reply = TAKEN,
        .effects = "public held\nanswers https://social.example/users/bob/1\n"
                   "<p>Yes.</p><blockquote><p>The tide is back.</p></blockquote>"
                   "<p>Since noon.</p><p>Bye.</p>\ncc @bob@social.example\n"
                   "alice in Posts: Public in 60 seconds: Good morning\n"};

    (void)state;
    free(town_effects(&town));
    assert_int_equal(run_row(&town, &row), 0);

    scoped_text char *edit = newest_command(&town, "edit");
    const struct letter_row edited = {.name = "and stays there in an edit",
                                      .recipients = edit,
                                      .text = "No.\n\n> The tide is back.\n\nOr is it?",
                                      .reply = TAKEN,
                                      .effects =
                                          "alice in Posts: Public in 60 seconds: Good morning\n"};
    assert_int_equal(run_row(&town, &edited), 0);
    scoped_value(message) post = {0};
    town_newest(&town, &post);
    scoped_text char *html = must_copy(bytes_slice(&post.html));
    assert_string_equal(html, "<p>No.</p><blockquote><p>The tide is back.</p></blockquote>"
                              "<p>Or is it?</p>");
}

/* ---- on our pages ---- */
static enum found shown(struct shown_answer *out)
{
    struct err err = {0};
    scoped_value(message) bob = {0};
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(town_message(&town, bobs, &bob));
    enum found found = bridge_answer(town.bridge, view, &bob, out, &err);
    assert_int_not_equal(found, FAILED);
    return found;
}

static bool rename_bob(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(person) bob = {0};

    if (store_person(store_tx_view(tx), it->bob, &bob, err) != FOUND)
        return false;
    free(bob.name);
    bob.name = must_dup("\u202e<Alice> @alice@example.org");
    int64_t id;
    return store_put_person(tx, &bob, &id, err);
}

static void a_page_shows_who_answers_and_what(void **state)
{
    scoped_value(shown_answer) answer = {0};

    (void)state;
    town_write(&town, rename_bob);
    bob_answers_alice("<p onclick=x>I made <b>soup</b><script>x</script></p>", " food ");
    assert_int_equal(shown(&answer), FOUND);
    assert_string_equal(answer.name, "Alice aliceexample.org");
    assert_string_equal(answer.handle, "@bob@social.example");
    assert_string_equal(answer.html, "<p>I made <b>soup</b></p>");
    assert_string_equal(answer.warning, "food");
}

static void what_an_edit_took_back_is_not_shown(void **state)
{
    const struct said edit = {ACTIVITY_UPDATE,
                              "bob",
                              .note = bobs,
                              .html = "<p>For you alone</p>",
                              .to = "alice",
                              .answers = alices,
                              .updated_ms = INT64_MAX / 2};
    scoped_value(shown_answer) answer = {0};

    (void)state;
    bob_answers_alice("<p>For all</p>", NULL);
    visitor_says(&town, &edit);
    assert_int_equal(shown(&answer), ABSENT);
}

#define IN_TOWN(test) cmocka_unit_test_setup_teardown(test, open_town, close_town)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_thread_keeps_its_name_however_long_it_is),
        IN_TOWN(words_of_others_may_be_quoted_in_an_answer),
        IN_TOWN(a_page_shows_who_answers_and_what),
        IN_TOWN(what_an_edit_took_back_is_not_shown),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
