#include "row.h"

#include <stdio.h>

static int mail_number;

char *row_build(const struct letter_row *row)
{
    return must_print("From: %s\nTo: %s\nMessage-ID: <m%d@example.org>\n%s"
                      "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n%s\n",
                      row->from ? row->from : ALICE, row->to ? row->to : row->recipients,
                      mail_number++, row->fields ? row->fields : "Subject: \n",
                      row->text ? row->text : "Hello");
}

char *row_send(struct town *town, const struct letter_row *row, const char *text)
{
    const struct town_mail mail = {
        .door = row->outside ? MAIL_DOOR_MX : MAIL_DOOR_SUBMISSION,
        .login = row->outside ? NULL : ALICE,
        .mail_from = row->mail_from ? row->mail_from
                     : row->from    ? row->from
                                    : ALICE,
        .recipients = row->recipients,
        .text = slice_of(text),
    };

    return town_send(town, &mail);
}

static int check(struct town *town, const struct letter_row *row, const char *reply)
{
    scoped_text char *effects = town_effects(town);

    if (strcmp(reply, row->reply) == 0 && strcmp(effects, row->effects) == 0)
        return 0;
    print_error("%s\n  reply:  %s\n  wanted: %s\n  effects:\n%s  wanted:\n%s\n", row->name, reply,
                row->reply, effects, row->effects);
    return 1;
}

int run_row(struct town *town, const struct letter_row *row)
{
    scoped_text char *text = row_build(row);
    scoped_text char *reply = row_send(town, row, text);

    town_wait(town, 3 * MINUTE_MS);
    return check(town, row, reply);
}

void run_rows(struct town *town, const struct letter_row *rows, size_t count)
{
    int failures = 0;

    for (size_t i = 0; i < count; i++)
        failures += run_row(town, &rows[i]);
    assert_int_equal(failures, 0);
}

/* "REF+delete@example.org" for the newest post. */
char *newest_command(struct town *town, const char *word)
{
    scoped_text char *ref = town_ref(town);

    return must_print("%s+%s@example.org", ref, word);
}

void say_to(struct town *town, const char *recipient, const char *text, const char *reply,
            const char *effects)
{
    const struct letter_row row = {.name = recipient,
                                   .recipients = recipient,
                                   .text = text,
                                   .reply = reply,
                                   .effects = effects};

    assert_int_equal(run_row(town, &row), 0);
}

bool lies_in(struct town *town, const char *mailbox, const char *words)
{
    scoped_text char *mail = town_newest_mail(town, town->alice, mailbox);

    return strstr(mail, words) != NULL;
}
