/* row — a mail built from its parts, and what must come of it. */
#ifndef NESTBOX_TESTS_BRIDGE_ROW_H
#define NESTBOX_TESTS_BRIDGE_ROW_H

#include "town.h"

#define ALICE "alice@example.org"
#define TAKEN "250 2.0.0 Taken"
#define BOB "bob=social.example@example.org"
#define BOB_INBOX "goes to https://social.example/users/bob/inbox\n"

struct letter_row {
    const char *name;
    const char *from;       /* header From; NULL: alice */
    const char *recipients; /* in To too, unless `to` says otherwise */
    const char *to, *fields, *text;
    bool outside;          /* port 25 */
    const char *mail_from; /* NULL: as from */
    const char *reply, *effects;
};

/* The mail of a row as text, with a Message-ID of its own.  Heap. */
char *row_build(const struct letter_row *row);
/* Sends that text as the row says.  The reply, heap. */
char *row_send(struct town *town, const struct letter_row *row, const char *text);
/* 1 and a printed difference if anything is not as the row says; three minutes pass. */
int run_row(struct town *town, const struct letter_row *row);
void run_rows(struct town *town, const struct letter_row *rows, size_t count);
/* "REF+word@example.org" for the newest post.  Heap. */
char *newest_command(struct town *town, const char *word);
/* Alice writes to one address. */
void say_to(struct town *town, const char *recipient, const char *text, const char *reply,
            const char *effects);
/* Has the newest mail in that mailbox of hers these words? */
bool lies_in(struct town *town, const char *mailbox, const char *words);

#endif
