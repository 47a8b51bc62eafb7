#include "ends.h"

#include <stdio.h>

struct town town;
struct delivery_outcome outcome;

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

struct mail_terms terms;
struct recipient_terms wish;

void send_mail(const char *to)
{
    scoped_text char *text = must_print("From: alice@example.org\nTo: %s\nSubject: Tide\n"
                                        "Message-ID: <tide@here>\n\nHello\n",
                                        to);
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = "alice@example.org",
                                   .mail_from = "alice@example.org",
                                   .recipients = to,
                                   .text = slice_of(text),
                                   .terms = terms,
                                   .wish = wish};
    scoped_text char *reply = town_send(&town, &mail);

    if (strncmp(reply, "250", 3) != 0)
        fail_msg("%s", reply);
}

static bool keep_delivery(void *ctx, const struct delivery *delivery)
{
    struct delivery *out = ctx;

    out->id = delivery->id;
    out->due_ms = delivery->due_ms;
    out->tries = delivery->tries;
    out->wanted = delivery->wanted;
    out->delivered = delivery->delivered;
    out->withdrawn = delivery->withdrawn;
    return false;
}

/* The only one in the queue; id 0: none. */
struct delivery queued(void)
{
    struct delivery delivery = {0};
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(store_queue(view, 0, 10, keep_delivery, &delivery, &err));
    return delivery;
}

bool record_end(struct town *it, struct store_tx *tx, struct err *err)
{
    return bridge_delivery_ended(it->bridge, tx, &outcome, err);
}

void end(enum delivery_end how, const char *reply)
{
    outcome = (struct delivery_outcome){
        .delivery_id = queued().id,
        .end = how,
        .version = how == DELIVERED || how == DELIVERY_REFUSED ? queued().wanted : 0};
    strncpy(outcome.reply, reply, sizeof outcome.reply - 1);
    town_write(&town, record_end);
}

void check_mailbox(const char *row, const char *mailbox, const char *expected)
{
    scoped_text char *found = mailbox_list(&town, town.alice, mailbox);

    if (strcmp(found, expected) != 0)
        fail_msg("%s: %s holds\n%s", row, mailbox, found);
}

char *without_cr(const char *mail)
{
    scoped_value(bytes) text = {0};

    for (; *mail; mail++)
        if (*mail != '\r')
            bytes_add_char(&text, *mail);
    return bytes_take(&text);
}

void check_has(const char *row, const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("%s: no \"%s\" in\n%s", row, words, text);
}
