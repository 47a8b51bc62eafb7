/* A mailbox that is deleted while it is open: its session says so and ends (RFC 2180 3.3), whatever it is asked. */
#include "test.h"

#include "fake.h"

#include <stdio.h>

#define OPEN "a LOGIN alice@home.test secret\r\n|b SELECT INBOX\r\n"
#define BYE "* BYE The mailbox that you had open was deleted\r\n"

static void check_heard(const struct fake *fake, const char *heard)
{
    struct slice out = bytes_slice(&fake->out);

    if (!slice_is(out, heard))
        fail_msg("heard \"%.*s\"\nand not \"%s\"", SLICE_ARGS(out), heard);
}

static void check_said(struct fake *fake, const char *said, const char *heard, bool over)
{
    bytes_reset(&fake->out);
    fake_say(fake, said);
    check_heard(fake, heard);
    assert_int_equal(fake->over, over);
}

static void whatever_it_asks_it_is_sent_away(void **state)
{
    static const char *const asked[] = {
        "c FETCH 1:* FLAGS\r\n",
        "c FETCH 1 BODY[]\r\n",
        "c FETCH 1:* FLAGS (CHANGEDSINCE 1)\r\n",
        "c FETCH 1 BODY[] (CHANGEDSINCE 1)\r\n",
        "c SEARCH ALL\r\n",
        "c SORT (DATE) UTF-8 ALL\r\n",
        "c STORE 1 +FLAGS (\\Seen)\r\n",
        "c EXPUNGE\r\n",
        "c COPY 1 Work/Old\r\n",
        "c MOVE 1 Work/Old\r\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        struct fake fake;

        fake_begin(&fake, true, 3);
        fake_say(&fake, OPEN);
        fake.inbox_gone = true; /* and the nudge about it is still on its way */
        check_said(&fake, asked[i], "c NO [NONEXISTENT] This mailbox is gone\r\n" BYE, true);
        fake_end(&fake);
    }
}

static void who_waits_is_told_at_once(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 3);
    fake_say(&fake, OPEN "|c IDLE\r\n");
    bytes_reset(&fake.out);
    fake.inbox_gone = true;
    fake_nudge(&fake, NUDGE_CHANGE);
    check_heard(&fake, BYE);
    assert_true(fake.over);
    fake_end(&fake);
}

/* What was done is said before it. */
static void what_it_asked_otherwise_is_answered(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 3);
    fake_say(&fake, OPEN);
    fake.inbox_gone = true;
    fake_nudge(&fake, NUDGE_CHANGE);
    check_said(&fake, "c NOOP\r\n", "c OK Nothing done\r\n" BYE, true);
    fake_end(&fake);
}

static void who_leaves_it_stays(void **state)
{
    static const char *const asked[] = {"CLOSE", "UNSELECT"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        struct fake fake;
        char said[40];

        fake_begin(&fake, true, 3);
        fake_say(&fake, OPEN);
        fake.inbox_gone = true;
        fake_nudge(&fake, NUDGE_CHANGE);
        snprintf(said, sizeof said, "c %s\r\n", asked[i]);
        check_said(&fake, said, "c OK Closed\r\n", false);
        fake_end(&fake);
    }
}

/* It knows: what it had open is closed, and it goes on. */
static void who_deleted_it_stays(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 3);
    fake_say(&fake, OPEN);
    check_said(&fake, "c DELETE Work/Old\r\n", "c OK Done\r\n", false);
    check_said(&fake, "d FETCH 1 UID\r\n", "* 1 FETCH (UID 10)\r\nd OK Fetched\r\n", false);
    fake.inbox_gone = true;
    check_said(&fake, "e DELETE Work/New\r\n", "e OK Done\r\n", false);
    check_said(&fake, "f FETCH 1 UID\r\n", "f BAD Select a mailbox first\r\n", false);
    fake_end(&fake);
}

static void who_deleted_another_is_sent_away(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 3);
    fake_say(&fake, OPEN);
    fake.inbox_gone = true;
    fake_nudge(&fake, NUDGE_CHANGE);
    check_said(&fake, "c DELETE Work/Old\r\n", "c OK Done\r\n" BYE, true);
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_it_asks_it_is_sent_away),
        cmocka_unit_test(who_waits_is_told_at_once),
        cmocka_unit_test(what_it_asked_otherwise_is_answered),
        cmocka_unit_test(who_leaves_it_stays),
        cmocka_unit_test(who_deleted_it_stays),
        cmocka_unit_test(who_deleted_another_is_sent_away),
    };
    return cmocka_run_group_tests_name("imap gone", tests, NULL, NULL);
}
