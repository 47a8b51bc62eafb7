/* Readers by mail, added and removed by the owner's hand. */
#include "readers.h"

#define ALICE SLICE("alice@example.org")
#define NOT_DONE ((enum list_came) - 1)

static enum list_came add(const char *address, bool confirmed)
{
    struct err err = {0};
    enum list_came came;

    return bridge_list_add(town.bridge, ALICE, slice_of(address), confirmed, &came, &err)
               ? came
               : NOT_DONE;
}

static bool removed(const char *address)
{
    struct err err = {0};
    bool done = bridge_list_remove(town.bridge, ALICE, slice_of(address), &err);

    assert_true(done || err.kind == ERR_ABSENT || err.kind == ERR_MALFORMED);
    return done;
}

static void leaves(const char *address)
{
    scoped_text char *mail = mail_taken(address);
    scoped_text char *word = word_behind(mail, "https://example.org/unsubscribe/");

    assert_int_equal(reader_presses(TOKEN_UNSUBSCRIBE, word, bridge_list_leave, NULL), FOUND);
}

static void whoever_is_added_is_asked(void **state)
{
    (void)state;
    assert_int_equal(add(CAROL, false), CAME_ASKED);
    assert_string_equal(reader_state(CAROL), "confirming");
    assert_int_equal(add(CAROL, false), CAME_TOO_OFTEN);
    assert_int_equal(mails_waiting(CAROL, NULL), 1);
    scoped_text char *mail = mail_taken(CAROL);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    assert_int_equal(reader_presses(TOKEN_CONFIRM, word, bridge_list_confirm, NULL), FOUND);
    assert_int_equal(add(CAROL, false), CAME_READS);
    assert_int_equal(add(CAROL, true), CAME_READS);
    assert_int_equal(mails_waiting(CAROL, NULL), 0);
}

static void the_server_asks_twenty_an_hour(void **state)
{
    (void)state;
    for (int i = 0; i < 22; i++) {
        scoped_text char *address = must_print("reader%d@mail.example", i);
        assert_int_equal(add(address, false), i < 20 ? CAME_ASKED : CAME_TOO_MANY);
    }
    assert_int_equal(add("more@mail.example", true), CAME_ADDED); /* asks nobody */
    town_wait(&town, HOUR_MS);
    assert_int_equal(add("more2@mail.example", false), CAME_ASKED);
}

static void whose_consent_the_owner_has_reads_at_once(void **state)
{
    (void)state;
    assert_int_equal(add(CAROL, false), CAME_ASKED);
    assert_int_equal(add(CAROL, true), CAME_ADDED); /* the question is answered by it */
    assert_string_equal(reader_state(CAROL), "accepted");
    town.config.follow = DOOR_ASK;
    assert_int_equal(add(DORA, true), CAME_ADDED); /* the owner opens the door himself */
    alice_publishes("public@example.org", "Subject: Tide\n", "High at nine.");
    scoped_text char *mail = mail_taken(DORA);
    assert_non_null(strstr(mail, "High at nine."));
    leaves(CAROL);
    assert_string_equal(reader_state(CAROL), "none");
}

static void a_no_of_theirs_is_stronger(void **state)
{
    (void)state;
    assert_int_equal(add(CAROL, true), CAME_ADDED);
    alice_publishes("public@example.org", "Subject: Tide\n", "High at nine.");
    leaves(CAROL);
    assert_int_equal(add(CAROL, true), CAME_LEFT);
    assert_int_equal(add(CAROL, false), CAME_ASKED);

    assert_int_equal(add(DORA, false), CAME_ASKED);
    scoped_text char *mail = mail_taken(DORA);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    assert_int_equal(reader_presses(TOKEN_CONFIRM, word, bridge_list_never, NULL), FOUND);
    assert_int_equal(add(DORA, true), CAME_NEVER);
    assert_int_equal(add(DORA, false), CAME_NEVER);
    assert_string_equal(reader_state(DORA), "unknown");
}

static void who_is_removed_is_not_told(void **state)
{
    (void)state;
    free(reader_subscribes(CAROL, "192.0.2.1"));
    alice_publishes("public@example.org", "Subject: Tide\n", "High at nine.");
    assert_true(removed(CAROL));
    assert_int_equal(mails_waiting(CAROL, NULL), 0);
    assert_string_equal(reader_state(CAROL), "none");
    assert_false(removed(CAROL));
    assert_int_equal(add(DORA, false), CAME_ASKED);
    assert_true(removed(DORA)); /* the question too */
    assert_int_equal(mails_waiting(DORA, NULL), 0);
    assert_string_equal(reader_state(DORA), "unknown");
    assert_int_equal(add(DORA, true), CAME_ADDED); /* they never left: they had not come */
}

static void what_cannot_be_added(void **state)
{
    struct err err = {0};
    enum list_came came;

    (void)state;
    assert_int_equal(add("carol", true), NOT_DONE);
    assert_int_equal(add("a@mail.example\nb@mail.example", true), NOT_DONE);
    assert_int_equal(add("eve@example.org", true), NOT_DONE);
    assert_false(removed("carol"));
    assert_false(
        bridge_list_add(town.bridge, SLICE("nobody@example.org"), SLICE(CAROL), true, &came, &err));
    assert_int_equal(err.kind, ERR_ABSENT);
    town.config.follow = DOOR_CLOSED;
    assert_int_equal(add(CAROL, true), NOT_DONE);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_LIST(whoever_is_added_is_asked),
        IN_LIST(the_server_asks_twenty_an_hour),
        IN_LIST(whose_consent_the_owner_has_reads_at_once),
        IN_LIST(a_no_of_theirs_is_stronger),
        IN_LIST(who_is_removed_is_not_told),
        IN_LIST(what_cannot_be_added),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
