/* Messages and what hangs on them; guards. */
#include "lab.h"

static bool add(struct lab *lab, const struct message *message, int64_t *out_id)
{
    struct store_tx *tx = lab_begin(lab);

    if (store_add_message(tx, message, out_id, &lab->err)) {
        lab_commit(lab);
        return true;
    }
    struct err why = lab->err;
    lab_abort(lab);
    lab->err = why;
    return false;
}

static void fill(struct bytes *b, const char *text)
{
    bytes_reset(b);
    bytes_add_text(b, text);
}

static void assert_same(const struct message *read, const struct message *given)
{
    assert_text(read->ref, given->ref);
    assert_int_equal(read->author_id, given->author_id);
    assert_int_equal(read->account_id, given->account_id);
    assert_int_equal(read->visibility, given->visibility);
    assert_int_equal(read->state, given->state);
    assert_int_equal(read->version, given->version);
    assert_int_equal(read->parent_id, given->parent_id);
    assert_int_equal(read->quoted_id, given->quoted_id);
    assert_text(read->parent_uri, given->parent_uri);
    assert_text(read->conversation, given->conversation);
    assert_text(read->references, given->references);
    assert_text(read->url, given->url);
    assert_int_equal(read->published_ms, given->published_ms);
    assert_int_equal(read->updated_ms, given->updated_ms);
    assert_int_equal(read->release_ms, given->release_ms);
    assert_text(read->language, given->language);
    assert_true(read->sensitive == given->sensitive && read->wrapped == given->wrapped);
    assert_int_equal(read->evidence, given->evidence);
    assert_text(read->html.at, "<p>");
    assert_int_equal(read->plain.len, 3);
    assert_memory_equal(read->plain.at, "a\0b", 3);
    assert_true(read->warning.at && read->warning.len == 0); /* empty is not missing */
    assert_null(read->subject.at);
}

static void a_message_comes_back_as_it_was_given(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), parent = lab_message(lab, alice, VISIBILITY_PUBLIC),
            id = 0;
    scoped_value(message)
        given = {.ref = must_dup("1abcdefghjkmnp"),
                 .author_id = lab_person_of(lab, alice),
                 .account_id = alice,
                 .visibility = VISIBILITY_FOLLOWERS,
                 .state = MESSAGE_HELD,
                 .version = 1,
                 .activity_id = must_dup("https://example.org/users/alice/posts/1"),
                 .message_id = must_dup("1@example.org"),
                 .url = must_dup("https://example.org/@alice/1"),
                 .parent_id = parent,
                 .quoted_id = parent,
                 .parent_uri = must_dup("https://s/p"),
                 .conversation = must_dup("tag:c"),
                 .references = must_dup("a@b c@d"),
                 .published_ms = 1,
                 .updated_ms = 2,
                 .release_ms = 3,
                 .language = must_dup("de"),
                 .sensitive = true,
                 .wrapped = true,
                 .evidence = 4};
    scoped_value(message) read = {0};

    fill(&given.html, "<p>");
    bytes_add(&given.plain, (struct slice){"a\0b", 3});
    fill(&given.warning, "");
    assert_true(add(lab, &given, &id));
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_message_by_ref(view, SLICE("1ABCDEFGHJKMNP"), &read, &lab->err), FOUND);
    assert_int_equal(read.id, id);
    assert_same(&read, &given);
    message_clear(&read);
    assert_int_equal(store_message_by_activity(view, slice_of(given.activity_id), &read, &lab->err),
                     FOUND);
    message_clear(&read);
    assert_int_equal(store_message_by_message_id(view, SLICE("1@example.org"), &read, &lab->err),
                     FOUND);
    message_clear(&read);
    assert_int_equal(store_message(view, id + 1, &read, &lab->err), ABSENT);
}

static void names_of_messages_are_unique(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), person = lab_person_of(lab, alice), id = 0;
    static const struct {
        const char *name, *ref, *activity_id, *message_id;
        int author; /* beside the person */
        enum err_kind kind;
    } rows[] = {
        {"the first",                      "1a", "https://a/1", "1@a", 0,  0           },
        {"another",                        "1b", "https://a/2", "2@a", 0,  0           },
        {"without names of its own",       "1c", NULL,          NULL,  0,  0           },
        {"one more without",               "1d", NULL,          NULL,  0,  0           },
        {"a known REF, whatever its case", "1A", NULL,          NULL,  0,  ERR_CONFLICT},
        {"a known activity id",            "1e", "https://a/1", NULL,  0,  ERR_CONFLICT},
        {"a known Message-ID",             "1f", NULL,          "2@a", 0,  ERR_CONFLICT},
        {"an author who is not there",     "1g", NULL,          NULL,  99, ERR_ABSENT  },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        print_message("%s\n", rows[i].name);
        scoped_value(message) message = {.ref = must_dup(rows[i].ref),
                                         .author_id = person + rows[i].author,
                                         .visibility = VISIBILITY_PUBLIC,
                                         .state = MESSAGE_SENT,
                                         .activity_id = must_dup(rows[i].activity_id),
                                         .message_id = must_dup(rows[i].message_id)};
        assert_int_equal(add(lab, &message, &id), !rows[i].kind);
        if (rows[i].kind)
            assert_int_equal(lab->err.kind, rows[i].kind);
    }
}

static void an_edit_keeps_the_names(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), id = lab_message(lab, alice, VISIBILITY_PUBLIC);
    scoped_value(message) edit = {.id = id,
                                  .visibility = VISIBILITY_FOLLOWERS,
                                  .state = MESSAGE_SENT,
                                  .version = 2,
                                  .updated_ms = 9};
    scoped_value(message) read = {0};

    fill(&edit.plain, "better");
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_update_message(tx, &edit, &lab->err));
    edit.id = id + 1;
    assert_false(store_update_message(tx, &edit, &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_message(view, id, &read, &lab->err), FOUND);
    assert_int_equal(read.version, 2);
    assert_int_equal(read.updated_ms, 9);
    assert_text(read.plain.at, "better");
    assert_int_equal(read.visibility, VISIBILITY_FOLLOWERS);
    assert_int_equal(strlen(read.ref), 14);
}

struct ids {
    int64_t ids[300];
    int count, stop_at;
};

static bool keep_id(void *ctx, const struct message *message)
{
    struct ids *ids = ctx;

    ids->ids[ids->count++] = message->id;
    return ids->count != ids->stop_at;
}

static void an_accounts_messages_come_newest_first(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), bob = lab_account(lab, "bob"), count = 0;
    int64_t ids[5];
    struct ids found = {0};
    enum {
        PUBLIC = 1 << VISIBILITY_PUBLIC,
        DIRECT = 1 << VISIBILITY_DIRECT,
        SENT = 1 << MESSAGE_SENT
    };

    for (int i = 0; i < 5; i++)
        ids[i] =
            lab_message(lab, i == 3 ? bob : alice, i == 2 ? VISIBILITY_DIRECT : VISIBILITY_PUBLIC);
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_set_message_state(tx, ids[0], MESSAGE_WITHDRAWN, &lab->err));
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_true(store_messages_of(view, alice, SENT, PUBLIC, 0, 10, keep_id, &found, &lab->err));
    assert_int_equal(found.count, 2);
    assert_int_equal(found.ids[0], ids[4]);
    assert_int_equal(found.ids[1], ids[1]);
    found = (struct ids){0};
    assert_true(store_messages_of(view, alice, SENT, PUBLIC | DIRECT, ids[4], 1, keep_id, &found,
                                  &lab->err));
    assert_int_equal(found.count, 1);
    assert_int_equal(found.ids[0], ids[2]);
    assert_true(
        store_message_count(view, alice, SENT | 1 << MESSAGE_WITHDRAWN, PUBLIC, &count, &lab->err));
    assert_int_equal(count, 3);
    found = (struct ids){.stop_at = 1};
    assert_true(store_messages_of(view, alice, SENT, PUBLIC, 0, 10, keep_id, &found, &lab->err));
    assert_int_equal(found.count, 1); /* told enough */
}

static void replies_are_those_everybody_may_read(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), person = lab_person_of(lab, alice);
    int64_t parent = lab_message(lab, alice, VISIBILITY_PUBLIC), id = 0;
    struct ids found = {0};

    struct store_tx *tx = lab_begin(lab);
    for (int i = 0; i < 500; i++) {
        scoped_value(message) reply = {.ref = must_print("2reply%d", i),
                                       .author_id = person,
                                       .parent_id = parent,
                                       .visibility = (enum visibility)(1 + i % 5),
                                       .state = i % 10 == 5 ? MESSAGE_WITHDRAWN : MESSAGE_SENT};
        assert_true(store_add_message(tx, &reply, &id, &lab->err));
    }
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_true(store_replies(view, parent, keep_id, &found, &lab->err));
    assert_int_equal(found.count, 150);
    for (int i = 1; i < found.count; i++)
        assert_true(found.ids[i] > found.ids[i - 1]);
}

static bool gather_audience(void *ctx, const struct audience *audience)
{
    bytes_print(ctx, "%d:%s%s ", (int)audience->person_id,
                audience->field == AUDIENCE_TO ? "to" : "cc", audience->mentioned ? "+m" : "");
    return true;
}

static bool gather_tag(void *ctx, const char *tag)
{
    bytes_print(ctx, "#%s ", tag);
    return true;
}

static void an_edit_writes_tags_anew_and_keeps_the_audience(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), id = lab_message(lab, alice, VISIBILITY_PUBLIC);
    int64_t bob = lab_fediverse_person(lab, "bob"), carol = lab_fediverse_person(lab, "carol");
    struct audience rows[] = {
        {bob,   AUDIENCE_CC, true },
        {carol, AUDIENCE_CC, false},
        {bob,   AUDIENCE_TO, false}
    };
    scoped_value(bytes) found = {0};
    scoped_text char *expected = must_print("%d:to+m %d:cc #Hens #eggs %d:to %d:cc ", (int)bob,
                                            (int)carol, (int)bob, (int)carol);

    struct store_tx *tx = lab_begin(lab);
    struct store_view *view = store_tx_view(tx);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_true(store_add_audience(tx, id, &rows[i], &lab->err));
    assert_true(store_add_hashtag(tx, id, "Hens", &lab->err));
    assert_true(store_add_hashtag(tx, id, "eggs", &lab->err));
    assert_true(store_add_hashtag(tx, id, "hens", &lab->err)); /* the same */
    assert_true(store_audience(view, id, gather_audience, &found, &lab->err));
    assert_true(store_hashtags(view, id, gather_tag, &found, &lab->err));
    assert_true(store_clear_tags(tx, id, &lab->err));
    assert_true(store_audience(view, id, gather_audience, &found, &lab->err));
    assert_true(store_hashtags(view, id, gather_tag, &found, &lab->err));
    lab_commit(lab);
    assert_text(found.at, expected);
}

static bool gather_attachment(void *ctx, const struct attachment *attachment)
{
    bytes_print(ctx, "%d:%s:%s:%d ", attachment->position, attachment->type,
                attachment->alt ? attachment->alt : "-", (int)attachment->size);
    return true;
}

static void add_picture(struct lab *lab, int64_t message_id, int position, const char *token,
                        size_t size)
{
    scoped(store_body) body = lab_body(lab, size, 'j');
    scoped_value(attachment) picture = {.position = position,
                                        .type = must_dup("image/jpeg"),
                                        .width = 640,
                                        .height = 480,
                                        .token = must_dup(token)};

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_add_attachment(tx, message_id, &picture, body, &lab->err));
    lab_commit(lab);
}

static void a_withdrawn_message_forgets_its_words_and_pictures(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), id = lab_message(lab, alice, VISIBILITY_PUBLIC),
            of = 0;
    scoped_value(attachment) remote = {.position = 1,
                                       .type = must_dup("image/png"),
                                       .alt = must_dup("hen"),
                                       .remote_url = must_dup("https://s/1.png"),
                                       .size = 7};
    scoped_value(attachment) read = {0};
    scoped_value(message)
        message = {.id = id, .visibility = VISIBILITY_PUBLIC, .state = MESSAGE_SENT, .version = 1};
    scoped_value(bytes) found = {0};
    bool more = true;

    fill(&message.html, "<p>words");
    add_picture(lab, id, 2, "token2", 100000);
    add_picture(lab, id, 0, "token0", 1000);
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_update_message(tx, &message, &lab->err));
    assert_true(store_add_attachment(tx, id, &remote, NULL, &lab->err));
    assert_true(store_attachments(store_tx_view(tx), id, gather_attachment, &found, &lab->err));
    lab_commit(lab);
    assert_text(found.at, "0:image/jpeg:-:1000 1:image/png:hen:7 2:image/jpeg:-:100000 ");
    struct store_view *view = lab_look(lab);
    assert_int_equal(store_attachment_by_token(view, SLICE("token2"), &read, &of, &lab->err),
                     FOUND);
    assert_int_equal(of, id);
    assert_int_equal(read.width, 640);
    store_view_free(view);
    lab_check_body(lab, read.body_id, 100000, 'j');
    assert_int_equal(lab_files(lab, "bodies"), 1);

    tx = lab_begin(lab);
    assert_true(store_set_message_state(tx, id, MESSAGE_WITHDRAWN, &lab->err));
    lab_commit(lab);
    assert_true(store_tidy(lab->store, &more, &lab->err));
    assert_false(more);
    assert_int_equal(lab_files(lab, "bodies"), 0);
    view = lab_look(lab);
    assert_int_equal(store_attachment_by_token(view, SLICE("token0"), &read, &of, &lab->err),
                     ABSENT);
    message_clear(&message);
    assert_int_equal(store_message(view, id, &message, &lab->err), FOUND);
    assert_int_equal(message.state, MESSAGE_WITHDRAWN);
    assert_null(message.html.at);
    assert_null(store_body_source(view, read.body_id, &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    store_view_free(view);
}

static void reactions_are_counted_once_a_person(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), id = lab_message(lab, alice, VISIBILITY_PUBLIC);
    int64_t bob = lab_fediverse_person(lab, "bob"), carol = lab_fediverse_person(lab, "carol");
    int64_t likes = 0, boosts = 0;

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_put_reaction(tx, id, bob, REACTION_LIKE, "https://s/1", true, &lab->err));
    assert_true(store_put_reaction(tx, id, bob, REACTION_LIKE, "https://s/2", true, &lab->err));
    assert_true(store_put_reaction(tx, id, carol, REACTION_LIKE, NULL, true, &lab->err));
    assert_true(store_put_reaction(tx, id, bob, REACTION_BOOST, NULL, true, &lab->err));
    assert_true(store_put_reaction(tx, id, carol, REACTION_LIKE, NULL, false, &lab->err));
    assert_true(store_put_reaction(tx, id, carol, REACTION_BOOST, NULL, false, &lab->err));
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_true(store_reactions(view, id, &likes, &boosts, &lab->err));
    assert_int_equal(likes, 1);
    assert_int_equal(boosts, 1);
}

static void what_was_seen_is_new_again_once_it_expired(void **state)
{
    struct lab *lab = *state;
    const unsigned char digest[32] = {7};
    static const struct {
        const char *name;
        int64_t now_ms, expires_ms;
        enum seen_kind kind;
        bool is_new;
    } rows[] = {
        {"the first time",               0,   100, SEEN_MAIL,      true },
        {"again",                        99,  300, SEEN_MAIL,      false},
        {"another kind",                 99,  0,   SEEN_SIGNATURE, true },
        {"at its end it is new",         100, 200, SEEN_MAIL,      true },
        {"and counts from there",        199, 300, SEEN_MAIL,      false},
        {"what never expires stays old", 999, 9,   SEEN_SIGNATURE, false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool is_new = false;
        print_message("%s\n", rows[i].name);
        lab->clock.now_ms = LAB_START_MS + rows[i].now_ms;
        int64_t expires_ms = rows[i].expires_ms ? LAB_START_MS + rows[i].expires_ms : 0;
        struct store_tx *tx = lab_begin(lab);
        assert_true(store_see(tx, rows[i].kind, digest, expires_ms, &is_new, &lab->err));
        lab_commit(lab);
        assert_int_equal(is_new, rows[i].is_new);
    }
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_seen(view, SEEN_MAIL, digest, &lab->err), ABSENT);
    assert_int_equal(store_seen(view, SEEN_SIGNATURE, digest, &lab->err), FOUND);
}

static void limits_count_from_a_moment_on(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), count = 0, oldest = 0;

    struct store_tx *tx = lab_begin(lab);
    for (int64_t at_ms = 100; at_ms <= 500; at_ms += 100)
        assert_true(store_count_limited(tx, alice, LIMITED_POST, at_ms, &lab->err));
    assert_true(store_count_limited(tx, alice, LIMITED_FIRST_DIRECT, 50, &lab->err));
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_true(store_limited_count(view, alice, LIMITED_POST, 250, &count, &oldest, &lab->err));
    assert_int_equal(count, 3);
    assert_int_equal(oldest, 300);
    assert_true(store_limited_count(view, alice, LIMITED_POST, 501, &count, &oldest, &lab->err));
    assert_int_equal(count, 0);
    assert_int_equal(oldest, 0);
}

static void tidying_takes_slices_until_nothing_is_left(void **state)
{
    struct lab *lab = *state;
    unsigned char digest[32] = {0};
    bool more = true, is_new;
    int slices = 0;

    struct store_tx *tx = lab_begin(lab);
    for (int i = 0; i < 1200; i++) {
        memcpy(digest, &i, sizeof i);
        assert_true(store_see(tx, SEEN_MAIL, digest, LAB_START_MS + 5, &is_new, &lab->err));
    }
    lab_commit(lab);
    lab->clock.now_ms = LAB_START_MS + 5;
    while (more) {
        assert_true(store_tidy(lab->store, &more, &lab->err));
        slices++;
    }
    assert_int_equal(slices, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_comes_back_as_it_was_given, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(names_of_messages_are_unique, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(an_edit_keeps_the_names, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(an_accounts_messages_come_newest_first, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(replies_are_those_everybody_may_read, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(an_edit_writes_tags_anew_and_keeps_the_audience, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(a_withdrawn_message_forgets_its_words_and_pictures,
                                        lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(reactions_are_counted_once_a_person, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(what_was_seen_is_new_again_once_it_expired, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(limits_count_from_a_moment_on, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(tidying_takes_slices_until_nothing_is_left, lab_setup,
                                        lab_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
