/* What comes of a forwarded post later: a boost is one like any other, and a quote a post. */
#include "forwarding.h"

/* ---- a boost like one by REF+boost ---- */
static void a_second_forward_boosts_nothing_twice(void **state)
{
    (void)state;
    forwards("one", "", TAKEN);
    forwards("one", "", "250 2.0.0 Taken already");
    forwards("two", "", TAKEN);
    says(BOBS, "boost");
    check_queue("boosted once", BOOSTED("1"));
    says(BOBS, "undo");
    check_queue("taken back", BOOSTED("2"));
    forwards("one", "", "250 2.0.0 Taken already");
    forwards("three", "", TAKEN);
    check_queue("boosted anew", BOOSTED("3"));
}

static void boosts_by_forward_count_as_posts(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        scoped_text char *id = must_print("m%d", i);
        forwards(id, "", TAKEN);
        says(BOBS, "undo");
    }
    forwards("one more", "",
             "450 4.7.1 Not posted yet: 30 posts an hour is the limit. Try again in 60 minutes.");
    forwards("and one", "So true\n",
             "450 4.7.1 Not posted yet: 30 posts an hour is the limit. Try again in 60 minutes.");
}

/* Programs that always send themselves a copy. */
static void check_own_copy(const char *to)
{
    visitors_open(&town);
    for (int i = 0; i < 2; i++) {
        scoped_text char *reply = forward_mail(to, "one", FWD NAMES(PUBLIC_ID), THUNDERBIRD);
        assert_int_equal(strncmp(reply, TAKEN, strlen("250 2.0.0 Taken")), 0);
    }
    scoped_text char *came = town_effects(&town);
    assert_string_equal(
        came, "mail\nalice in INBOX: Fwd: Good CANARY\ngoes to https://social.example/inbox\n");
    check_queue(to, BOOSTED("1"));
    town_close(&town);
}

static void a_boost_keeps_ones_own_copy(void **state)
{
    (void)state;
    check_own_copy("public@example.org, alice@example.org");
    check_own_copy("{bob}+boost@example.org, alice@example.org");
}

/* ---- what may no longer be quoted ---- */
static void newest_post(bool for_peers, struct post *out)
{
    scoped_value(message) message = {0};
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);

    town_newest(&town, &message);
    assert_true(bridge_post(town.bridge, view, &message, for_peers, out, &err));
}

static void check_gone(bool (*step)(struct town *, struct store_tx *, struct err *))
{
    scoped_value(post) before = {0}, after = {0};

    visitors_open(&town);
    forwards("one", "So true\n", TAKEN);
    newest_post(true, &before);
    assert_string_equal(before.html, QUOTED);
    town_write(&town, step);
    newest_post(true, &after);
    assert_string_equal(after.html, "<p>So true</p>");
    assert_null(after.quote);
    forwards("two", "", P8);
    forwards("three", "So true\n", P8);
    town_close(&town);
}

static void what_is_gone_or_narrowed_is_not_linked(void **state)
{
    (void)state;
    check_gone(bobs_withdrawn);
    check_gone(bobs_narrowed);
}

/* ---- a quote is a post ---- */
static void a_quote_is_changed_and_deleted_like_any_post(void **state)
{
    scoped_value(post) edited = {0};
    scoped_value(message) message = {0};

    (void)state;
    forwards("one", "So true\n", TAKEN);
    scoped_text char *edit = newest_command(&town, "edit");
    scoped_text char *delete = newest_command(&town, "delete");
    scoped_text char *copy = mailbox_newest(&town, town.alice, MAILBOX_POSTS);
    assert_non_null(strstr(copy, "%2Bedit@example.org?body=So%20true\n"));
    scoped_text char *before = town_effects(&town);
    assert_string_equal(before, QUOTED_EFFECTS);
    say_to(&town, edit, "So very true", TAKEN,
           "alice in Posts: Public in 60 seconds: So very true\n");
    newest_post(false, &edited);
    assert_string_equal(edited.html, "<p>So very true</p>" RE(BOBS));
    scoped_text char *changed = mailbox_newest(&town, town.alice, MAILBOX_POSTS);
    assert_non_null(strstr(changed, "So very true\n\nQuoting: " BOBS "\n\n"));
    say_to(&town, delete, "", TAKEN, "");
    town_newest(&town, &message);
    assert_int_equal(message.state, MESSAGE_UNDONE);
}

/* Whom it quotes gets it, and is not named in its text. */
static void who_is_quoted_hears_of_it(void **state)
{
    scoped_value(post) post = {0};

    (void)state;
    forwards("one", "So true\n", TAKEN);
    town_wait(&town, 2 * MINUTE_MS);
    town_chores(&town, NULL);
    check_queue("left", "message to https://social.example/inbox wanted 1 delivered 0\n");
    newest_post(true, &post);
    assert_int_equal(post.mention_count, 0);
    assert_int_equal(post.cc_count, 2);
    assert_string_equal(post.cc[1], "https://social.example/users/bob");
}

static void ones_own_post_is_quoted_too(void **state)
{
    static const char text[] = "\nAs I said\n\n-------- Forwarded Message --------\n"
                               "Subject: Public: CANARY\nDate: Sun, 1 Mar 2026 09:00:00 +0000\n"
                               "From: Alice <alice@example.org>\n"
                               "To: PUBLIC post <public@example.org>\n\nCANARY\n";
    scoped_value(post) post = {0};

    (void)state;
    scoped_text char *reply =
        forward_mail("unlisted@example.org", "one", FWD NAMES("alice-public@example.org"), text);
    assert_string_equal(reply, TAKEN);
    newest_post(true, &post);
    assert_string_equal(post.html, "<p>As I said</p>" RE(ALICES));
    assert_string_equal(post.quote, ALICES);
    assert_true(post.quotes_own);
}

static void a_post_that_is_held_is_not_quoted(void **state)
{
    (void)state;
    say_to(&town, "public@example.org", "Take me back", TAKEN,
           "public held\n<p>Take me back</p>\n"
           "alice in Posts: Public in 60 seconds: Take me back\n");
    scoped_value(message) held = {0};
    town_newest(&town, &held);
    scoped_text char *fields = must_print(FWD NAMES("%s"), held.message_id, held.message_id);
    scoped_text char *reply = forward_mail("public@example.org", "one", fields, THUNDERBIRD);
    assert_string_equal(reply, P8);
}

static void a_content_warning_is_ones_own(void **state)
{
    scoped_value(post) post = {0};

    (void)state;
    forwards("one", "CW: tides\n", P12);
    forwards("two", "CW: tides\nSo true\n", TAKEN);
    newest_post(true, &post);
    assert_string_equal(post.warning, "tides");
    assert_string_equal(post.html, QUOTED);
}

static void a_picture_beside_a_forward_is_refused(void **state)
{
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = ALICE,
                                   .mail_from = ALICE,
                                   .recipients = "public@example.org",
                                   .text = town_file("16-picture.eml")};

    (void)state;
    scoped_text char *reply = town_send(&town, &mail);
    assert_string_equal(reply, P8);
}

/* The link outlives the cut of a long text. */
static void a_long_quote_keeps_its_link(void **state)
{
    scoped_value(bytes) own = {0};
    scoped_value(post) post = {0};

    (void)state;
    for (int i = 0; i < 400; i++)
        bytes_print(&own, "This is paragraph number %d, and it says what it must.\n\n", i);
    forwards("one", own.at, TAKEN);
    newest_post(true, &post);
    assert_true(strlen(post.html) < POST_HTML_MAX + 600);
    assert_true(slice_ends(slice_of(post.html), SLICE(RE(BOBS))));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_second_forward_boosts_nothing_twice),
        IN_TOWN(boosts_by_forward_count_as_posts),
        cmocka_unit_test(a_boost_keeps_ones_own_copy),
        cmocka_unit_test(what_is_gone_or_narrowed_is_not_linked),
        IN_TOWN(a_quote_is_changed_and_deleted_like_any_post),
        IN_TOWN(who_is_quoted_hears_of_it),
        IN_TOWN(ones_own_post_is_quoted_too),
        IN_TOWN(a_post_that_is_held_is_not_quoted),
        IN_TOWN(a_content_warning_is_ones_own),
        IN_TOWN(a_picture_beside_a_forward_is_refused),
        IN_TOWN(a_long_quote_keeps_its_link),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
