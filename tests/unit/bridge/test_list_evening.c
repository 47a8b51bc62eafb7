/* Readers by mail: what is said beyond the fifth time a day comes as one mail in the evening. */
#include "readers.h"

enum { UNTIL_EVENING_MS = 6 * HOUR_MS }; /* the town's clock stands at noon */

static void alice_posts(const char *first, int count, const char *to)
{
    for (int i = 0; i < count; i++) {
        scoped_text char *text = must_print("%s %d.", first, i + 1);
        alice_publishes(to, "", text);
    }
}

/* Everything but what waits for the evening; gives how many that were. */
static int take_what_is_due(const char *address)
{
    int taken = 0;

    for (;;) {
        scoped_value(delivery) delivery = {0};
        scoped_value(list_mail) mail = {.secret = false};
        if (mails_waiting(address, &delivery) == 0 || list_is_evening(&delivery))
            return taken;
        assert_int_equal(mail_rendered(&delivery, &mail), FOUND);
        mail_ended(&delivery, DELIVERED, "250 2.0.0 taken");
        taken++;
    }
}

static void five_come_at_once_and_the_rest_in_the_evening(void **state)
{
    scoped_value(delivery) evening = {0};
    scoped_value(list_mail) mail = {.secret = false};

    (void)state;
    scoped_text char *word = reader_subscribes(CAROL, "192.0.2.1");
    alice_posts("Thought", 5, "public@example.org");
    assert_int_equal(take_what_is_due(CAROL), 5);
    alice_publishes("public@example.org", "Subject: Tide\n", "High at nine.");
    alice_publishes("public@example.org", "Subject: CW: food\n", "I made soup.");
    alice_publishes("unlisted@example.org", "", "Quietly.");
    assert_int_equal(mails_waiting(CAROL, &evening), 1);
    assert_int_equal(evening.due_ms, town_now(&town) + UNTIL_EVENING_MS);
    town_wait(&town, UNTIL_EVENING_MS);
    assert_int_equal(mail_rendered(&evening, &mail), FOUND);
    assert_false(mail.secret);
    scoped_text char *content = must_copy(bytes_slice(&mail.content));
    scoped_text char *stop =
        must_print("List-Unsubscribe: <https://example.org/unsubscribe/%s>,", word);
    const char *const parts[] = {"From: \"Alice\" <alice@example.org>\r\n",
                                 "To: \"Alice's posts\" <alice@example.org>\r\n",
                                 "Subject: 3 more posts from Alice today\r\n",
                                 "Date: Sun, 01 Mar 2026 18:00:00 +0000\r\n",
                                 "List-Id: \"Alice's posts\" <alice.example.org>\r\n",
                                 "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
                                 "List-Post: NO\r\n",
                                 stop};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (!strstr(content, parts[i]))
            fail_msg("no %s in\n%s", parts[i], content);
    scoped_text char *text = mail_shown(slice_of(content), "text/plain");
    static const char *const said[] = {"Alice posted 3 more times today.",
                                       "Tide",
                                       "High at nine.",
                                       "Content warning: food.",
                                       "Quietly.",
                                       "On the web: https://example.org/@alice/",
                                       "Sun, 01 Mar 2026 12:00:00 UTC",
                                       "Stop: https://example.org/unsubscribe/"};
    for (size_t i = 0; i < COUNT_OF(said); i++)
        if (!strstr(text, said[i]))
            fail_msg("no %s in\n%s", said[i], text);
    static const char *const absent[] = {"Thought", "I made soup", CAROL};
    for (size_t i = 0; i < COUNT_OF(absent); i++)
        if (strstr(content, absent[i]))
            fail_msg("%s in\n%s", absent[i], content);
    mail_ended(&evening, DELIVERED, "250 2.0.0 taken");
    assert_int_equal(mails_waiting(CAROL, NULL), 0);
}

static void a_new_day_begins_with_the_evening(void **state)
{
    (void)state;
    free(reader_subscribes(CAROL, "192.0.2.1"));
    alice_posts("Early", 6, "public@example.org");
    assert_int_equal(mails_waiting(CAROL, NULL), 6);
    town_wait(&town, UNTIL_EVENING_MS);
    scoped_text char *mail = mail_taken(CAROL);
    assert_non_null(strstr(mail, "Subject: 1 more post from Alice today\r\n"));
    assert_int_equal(take_what_is_due(CAROL), 5);
    alice_posts("Late", 5, "public@example.org");
    assert_int_equal(take_what_is_due(CAROL), 5);
}

static void a_second_try_is_the_same_mail(void **state)
{
    scoped_value(delivery) evening = {0};

    (void)state;
    free(reader_subscribes(CAROL, "192.0.2.1"));
    alice_posts("Thought", 6, "public@example.org");
    take_what_is_due(CAROL);
    assert_int_equal(mails_waiting(CAROL, &evening), 6);
    scoped_value(list_mail) first = {.secret = false};
    scoped_value(list_mail) second = {.secret = false};
    assert_int_equal(mail_rendered(&evening, &first), FOUND);
    town_wait(&town, HOUR_MS);
    assert_int_equal(mail_rendered(&evening, &second), FOUND);
    scoped_text char *one = must_copy(bytes_slice(&first.content));
    scoped_text char *two = must_copy(bytes_slice(&second.content));
    scoped_text char *id = word_behind(one, "Message-ID: <");
    if (!strstr(two, id))
        fail_msg("no %s in\n%s", id, two);
}

static bool withdraw(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(message) message = {0};
    bool done;

    town_newest(it, &message);
    return message_take_back(it->bridge, tx, &message, &done, err);
}

static void what_was_taken_back_is_not_in_it(void **state)
{
    scoped_value(delivery) evening = {0};
    scoped_value(list_mail) mail = {.secret = false};

    (void)state;
    free(reader_subscribes(CAROL, "192.0.2.1"));
    alice_posts("Thought", 6, "public@example.org");
    town_write(&town, withdraw);
    assert_int_equal(mails_waiting(CAROL, &evening), 6);
    assert_true(list_is_evening(&evening));
    assert_int_equal(mail_rendered(&evening, &mail), ABSENT);
    mail_ended(&evening, DELIVERED, "no longer wanted");
    assert_int_equal(take_what_is_due(CAROL), 5);
}

static void who_left_gets_none(void **state)
{
    (void)state;
    scoped_text char *word = reader_subscribes(DORA, "192.0.2.1");
    alice_posts("Thought", 7, "public@example.org");
    assert_int_equal(reader_presses(TOKEN_UNSUBSCRIBE, word, bridge_list_leave, NULL), FOUND);
    assert_int_equal(mails_waiting(DORA, NULL), 1);
    scoped_text char *mail = mail_taken(DORA);
    assert_non_null(strstr(mail, "Subject: You will get no more posts from Alice\r\n"));
}

static void one_for_followers_makes_it_secret_and_is_whole(void **state)
{
    scoped_value(delivery) evening = {0};
    scoped_value(list_mail) mail = {.secret = false};

    (void)state;
    free(reader_subscribes(CAROL, "192.0.2.1"));
    alice_posts("Thought", 6, "public@example.org");
    alice_publishes("followers@example.org", "Subject: CW: food\n", "I made soup.");
    assert_int_equal(mails_waiting(CAROL, &evening), 6);
    assert_int_equal(mail_rendered(&evening, &mail), FOUND);
    assert_true(mail.secret);
    scoped_text char *content = must_copy(bytes_slice(&mail.content));
    assert_non_null(strstr(content, "Subject: 2 more posts from Alice today\r\n"));
    assert_non_null(strstr(content, "I made soup."));
}

static void what_is_late_goes_with_the_next_evening(void **state)
{
    scoped_value(delivery) first = {0};
    scoped_value(delivery) second = {0};
    scoped_value(list_mail) mail = {.secret = false};

    (void)state;
    free(reader_subscribes(CAROL, "192.0.2.1"));
    alice_posts("Monday", 5, "public@example.org");
    assert_int_equal(take_what_is_due(CAROL), 5);
    alice_posts("Monday evening", 1, "public@example.org");
    assert_int_equal(mails_waiting(CAROL, &first), 1);
    town_wait(&town, UNTIL_EVENING_MS + HOUR_MS); /* their server is silent */
    alice_posts("Tuesday", 6, "public@example.org");
    mail_ended(&first, DELIVERED, "250 2.0.0 taken"); /* what was under way meanwhile */
    assert_int_equal(take_what_is_due(CAROL), 5);
    alice_publishes("public@example.org", "", "Tuesday 7.");
    assert_int_equal(mails_waiting(CAROL, &second), 1);
    assert_true(list_is_evening(&second));
    assert_int_equal(mail_rendered(&second, &mail), FOUND);
    scoped_text char *content = must_copy(bytes_slice(&mail.content));
    assert_non_null(strstr(content, "Tuesday 6."));
    assert_non_null(strstr(content, "Tuesday 7."));
    assert_null(strstr(content, "Monday"));
    mail_ended(&second, DELIVERED, "250 2.0.0 taken");
    assert_int_equal(mails_waiting(CAROL, NULL), 0);
}

static void an_address_that_refuses_it_is_counted(void **state)
{
    (void)state;
    free(reader_subscribes(DORA, "192.0.2.1"));
    for (int day = 0; day < 2; day++) {
        scoped_value(delivery) evening = {0};
        alice_posts("Thought", 5, "public@example.org");
        assert_int_equal(take_what_is_due(DORA), 5);
        alice_posts("More", 1, "public@example.org");
        assert_int_equal(mails_waiting(DORA, &evening), 1);
        if (day == 0)
            mail_ended(&evening, DELIVERED, "250 2.0.0 taken");
        else
            mail_ended(&evening, DELIVERY_REFUSED, "550 5.1.1 no such person");
        town_wait(&town, DAY_MS);
    }
    alice_posts("Thought", 1, "public@example.org");
    scoped_value(delivery) copy = {0};
    assert_int_equal(mails_waiting(DORA, &copy), 1);
    mail_ended(&copy, DELIVERY_REFUSED, "550 5.1.1 no such person");
    assert_string_equal(reader_state(DORA), "suspended");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_LIST(five_come_at_once_and_the_rest_in_the_evening),
        IN_LIST(a_new_day_begins_with_the_evening),
        IN_LIST(a_second_try_is_the_same_mail),
        IN_LIST(what_was_taken_back_is_not_in_it),
        IN_LIST(who_left_gets_none),
        IN_LIST(one_for_followers_makes_it_secret_and_is_whole),
        IN_LIST(what_is_late_goes_with_the_next_evening),
        IN_LIST(an_address_that_refuses_it_is_counted),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
