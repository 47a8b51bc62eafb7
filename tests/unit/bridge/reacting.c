#include "reacting.h"

struct town town;

int open_town(void **state)
{
    (void)state;
    visitors_open(&town);
    return 0;
}

int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

/* REF+word@example.org of that post.  Heap. */
char *command(const char *post, const char *word)
{
    scoped_value(message) message = {0};

    assert_true(town_message(&town, post, &message));
    return must_print("%s+%s@example.org", message.ref, word);
}

void writes_words(const char *who, const char *post, const char *word, const char *words,
                  const char *reply)
{
    scoped_text char *to = command(post, word);
    scoped_text char *text = must_print("From: %s\nTo: %s\nMessage-ID: <%s.%s@here>\n"
                                        "Subject: \n\n%s\n",
                                        who, to, word, to, words);
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = who,
                                   .mail_from = who,
                                   .recipients = to,
                                   .text = slice_of(text)};
    scoped_text char *said = town_send(&town, &mail);

    assert_string_equal(said, reply);
}

void writes(const char *who, const char *post, const char *word, const char *reply)
{
    writes_words(who, post, word, "", reply);
}

void says(const char *post, const char *word)
{
    writes(ALICE, post, word, TAKEN);
}

void check_queue(const char *when, const char *wanted)
{
    scoped_text char *found = town_queue(&town);

    if (strcmp(found, wanted) != 0)
        fail_msg("%s: %s", when, found);
}

bool bobs_withdrawn(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(message) message = {0};

    (void)it;
    return store_message_by_activity(store_tx_view(tx), slice_of(BOBS), &message, err) == FOUND &&
           store_set_message_state(tx, message.id, MESSAGE_WITHDRAWN, err);
}

bool bobs_narrowed(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(message) message = {0};

    (void)it;
    if (store_message_by_activity(store_tx_view(tx), slice_of(BOBS), &message, err) != FOUND)
        return false;
    message.visibility = VISIBILITY_FOLLOWERS;
    return store_update_message(tx, &message, err);
}

bool dan_follows(struct town *it, struct store_tx *tx, struct err *err)
{
    int64_t id;

    return store_put_follow(tx, it->dan, it->alice_person, FOLLOW_ACCEPTED, NULL, &id, err);
}
