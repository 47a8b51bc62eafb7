/*
 * visitors — what people elsewhere send to the town, in few words, and what is found in its mailboxes.
 *
 *   bob, dan   as in town.h, with followers addresses; both known
 *   "alice", "eve" as addressees are the accounts; "public" and "followers" (of who speaks) the collections
 */
#ifndef NESTBOX_TESTS_BRIDGE_VISITORS_H
#define NESTBOX_TESTS_BRIDGE_VISITORS_H

#include "activity_work.h"
#include "town.h"

struct said {
    enum activity_type type;
    const char *who;    /* bob */
    const char *id;     /* activity; NULL: made of the note's */
    const char *object; /* an id; or NULL */
    const char *target; /* of a Move: "dan", "alice"; or NULL */
    enum activity_type object_type;
    const char *object_actor, *object_object;
    /* a note, if it has an id */
    const char *note, *author /* NULL: who */, *html, *to, *cc, *warning, *answers;
    const char *mentions, *type_of_note; /* "HREF NAME,HREF NAME"; Note unless said */
    const char *poll; /* "Tea 3,Coffee 1": one of them; "+Tea 3,Coffee 1": many */
    int64_t closes_ms;
    int64_t updated_ms, published_ms;
    const char *inbox;    /* "alice": her own; NULL: the shared one */
    struct slice picture; /* of the actor, as if it was fetched */
};
void visitors_open(struct town *town); /* town_open(), and bob and dan as their documents say */
/* prepare() and record(), as activitypub calls them; it must be recorded. */
void visitor_says(struct town *town, const struct said *said);
bool visitor_concerns(struct town *town, const struct said *said);
/* Prepared now, recorded by visitor_records(): for what happens in between. */
struct activity_arrival *visitor_prepares(struct town *town, const struct said *said);
/* prepare() alone: whether it gives a verdict. */
bool visitor_is_taken(struct town *town, const struct said *said, struct err *err);
bool visitor_records(struct town *town, struct activity_arrival *arrival); /* false: lost a race */

/* "Re: Good morning\nHello\n": the subjects in that mailbox, oldest first; flags behind, if any. */
char *mailbox_list(struct town *town, int64_t account_id, const char *mailbox);
/* The newest mail in it: its header as it stands, an empty line, the plain text.  "" if there is none. */
char *mailbox_newest(struct town *town, int64_t account_id, const char *mailbox);
/* All of it, as its reader gets it. */
void mailbox_newest_content(struct town *town, int64_t account_id, const char *mailbox,
                            struct bytes *out);
/* The same of a mail's bytes; `type` "text/html" for the other body. */
char *mail_shown(struct slice content, const char *type);
/* Runs the chores until nothing is left to do now; *out_next_ms may be NULL. */
void town_chores(struct town *town, int64_t *out_next_ms);
void town_reopen(
    struct town *town); /* the store closed and opened: what a crash leaves, and no more */
/* alice follows bob, as if it was accepted. */
void town_follow(struct town *town, const char *account, const char *person);
int64_t town_person(struct town *town, const char *name); /* alice, eve, bob, dan */
bool town_message(struct town *town, const char *activity_id, struct message *out);
/* One line a delivery: subject, where to, wanted, delivered. */
char *town_queue(struct town *town);

#endif
