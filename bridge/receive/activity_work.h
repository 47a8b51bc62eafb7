/*
 * activity_work — what the files of the Fediverse half share.
 *
 * The order of reading: activity.c (what an activity is to us), receive_*.c and note_look.c (what becomes of
 * it), render_mail.c (a note as a mail), render_post.c and outgoing.c (a post as others see it), delivery_end.c, chores.c with its
 * slices (broadcast.c, local.c, maildir.c, undelivered.c with delivery_report.c).
 */
#ifndef NESTBOX_BRIDGE_ACTIVITY_WORK_H
#define NESTBOX_BRIDGE_ACTIVITY_WORK_H

#include "bridge_activity.h"
#include "bridge_private.h"
#include "clock.h"
#include "config.h"
#include "digest.h"
#include "store_contact.h"

struct compose;
struct contact_visit;
struct note_knocks;
SCOPED_VALUE(activity_arrival, activity_arrival_clear)

enum {
    PEOPLE_MAX = 50,    /* named in one note, as far as we look */
    STRANGERS_MAX = 40, /* of them elsewhere, so that nobody here is crowded out */
    READERS_MAX = 1000, /* here, of one note */
};
#define ACTIVITY_PUBLIC "https://www.w3.org/ns/activitystreams#Public"

/* ---- who is meant (people_here.c) ---- */
/* The active account here that this actor id names. */
enum found account_of_actor(struct bridge *bridge, struct store_view *view, const char *actor_id,
                            struct account *out, struct err *err);
/* The same of a personal inbox; ABSENT for a shared one. */
enum found account_of_inbox(struct store_view *view, const struct activity_arrival *arrival,
                            struct account *out, struct err *err);
/* Does anybody here follow that person? */
MUST_CHECK bool followed_here(struct store_view *view, int64_t person_id, bool *out,
                              struct err *err);
enum visibility note_visibility(const struct note_facts *note, const struct person *author);

/* Whom a note names: the people in to, cc and the mentions, without its author. */
struct named_people {
    struct person at[PEOPLE_MAX]; /* id 0: known by their handle alone */
    bool mentioned[PEOPLE_MAX];
    enum audience_field field[PEOPLE_MAX];
    size_t count;
};
void named_people_clear(struct named_people *people);
MUST_CHECK bool named_people_find(struct bridge *bridge, struct store_view *view,
                                  const struct note_facts *note, const struct person *author,
                                  struct named_people *out, struct err *err);

struct reader { /* an account here that gets a note as a mail */
    int64_t account_id;
    bool addressed; /* named, or answered: INBOX; else it follows the author, or who boosted */
};
struct readers {
    struct reader *at;
    size_t count, capacity;
};
void readers_clear(struct readers *readers);
SCOPED_VALUE(readers, readers_clear)
void readers_add(struct readers *readers, int64_t account_id, bool addressed);
/* Everybody here who follows that person. */
MUST_CHECK bool readers_add_followers(struct store_view *view, int64_t person_id,
                                      struct readers *readers, struct err *err);

/* ---- copies that are there already (copies.c) ---- */
struct held_copy { /* one account's present mail of a message */
    int64_t account_id;
    char *mailbox;
    unsigned flags;
    bool trashed; /* lies in Trash alone */
};
struct held_copies {
    struct held_copy *at;
    size_t count, capacity;
};
void held_copies_clear(struct held_copies *copies);
SCOPED_VALUE(held_copies, held_copies_clear)
MUST_CHECK bool held_copies_find(struct store_view *view, int64_t message_id,
                                 struct held_copies *out, struct err *err);
const struct held_copy *held_copy_of(const struct held_copies *copies, int64_t account_id);
/* Every account's copies of a message go to Trash. */
MUST_CHECK bool copies_to_trash(struct store_tx *tx, int64_t message_id, struct err *err);

/* ---- a note as a mail (render_mail.c, render_parts.c) ---- */
struct showing { /* one note, the same for all its readers; everything borrowed */
    const struct person *author;
    enum visibility visibility;
    const char *ref, *message_id, *url; /* url: where people read it */
    const char *language, *warning;     /* or NULL */
    const char *references;             /* of the thread; or NULL */
    int64_t published_ms;
    struct slice html, plain; /* html: clean */
    const struct attached *attached;
    size_t attached_count;
    const struct choice_facts *choices; /* of a poll */
    size_t choice_count;
    bool choose_many;
    int64_t closes_ms;
    bool closed;
    int64_t begins_ms;           /* of an event; 0 */
    const char *place;           /* of an event; or NULL */
    const char *quote_url;       /* or NULL */
    const struct person *people; /* whom it names */
    size_t people_count;
    const struct person *booster; /* row 8; or NULL */
};
struct shown_to {
    const struct account *account;
    bool addressed;
    const char *thread; /* subject of the thread it answers; or NULL */
};
/* A mail as it rests.  Outputs are heap. */
struct rendered {
    struct bytes content;
    char *from, *subject; /* for lists */
};
void rendered_clear(struct rendered *rendered);
SCOPED_VALUE(rendered, rendered_clear)
MUST_CHECK bool render_mail(struct bridge *bridge, const struct showing *showing,
                            const struct shown_to *reader, struct rendered *out, struct err *err);
/* The same, sealed for its owner; `letter` keeps a borrow of `mailbox`. */
MUST_CHECK bool render_letter(struct bridge *bridge, const struct showing *showing,
                              const struct shown_to *reader, const char *mailbox,
                              int64_t received_ms, struct letter *letter, struct err *err);
/* Both bodies (render_parts.c). */
const char *attached_word(const struct attached *attached); /* "Picture" */
void render_plain(const struct showing *showing, const struct shown_to *reader, struct bytes *out);
void render_html(const struct showing *showing, const struct shown_to *reader, struct bytes *out);
/* bob=social.example@D, also for people who live here: to a reader they are people like others. */
char *shown_address(struct bridge *bridge, const struct person *person, const char *domain);
char *first_words(struct slice plain, size_t max_chars); /* one line; "" if there are none */

/* What answers to `parent` are called in that account's mailbox, without Re:; NULL if we cannot tell, or must
 * not: words of a message that is not open are told to nobody who does not have it. */
MUST_CHECK bool thread_subject(struct bridge *bridge, struct store_view *view,
                               const struct message *parent, const struct account *account,
                               char **out, struct err *err);

/* ---- letters of one note (letters.c) ---- */
struct planned_letter {
    struct letter letter;
    char *mailbox; /* the letter's */
    bool replaces; /* an older mail of the same note goes to Trash */
    enum { LETTER_ARRIVES, LETTER_WAITS, LETTER_DROPPED } fate;
    int64_t contact_id; /* LETTER_WAITS: for whose answer */
};
struct letters {
    struct planned_letter *at;
    size_t count, capacity;
    bool full; /* somebody who is addressed has no room for theirs */
};
void letters_clear(struct letters *letters);
SCOPED_VALUE(letters, letters_clear)
struct letters_orders {
    struct bridge *bridge;
    struct store_view *view;
    const struct showing *showing;
    const struct message *parent;   /* or NULL */
    const struct held_copies *held; /* who has it: with `edit` a new one, else none */
    bool edit;
    int64_t received_ms;
};
MUST_CHECK bool letters_make(const struct letters_orders *orders, const struct readers *readers,
                             struct letters *out, struct err *err);
/* Accounts that fell asleep meanwhile get none. */
MUST_CHECK bool letters_file(struct store_tx *tx, struct letters *letters, int64_t message_id,
                             struct err *err);

/* ---- an activity between prepare() and record() ---- */
struct activity_plan {
    /* Of a note: as it will be; id 0: new.  Of a poll's end: the id alone. */
    struct message message;
    enum message_state seen_state; /* as it was looked at */
    int seen_version;
    int64_t parent_id;
    enum message_state parent_state;
    struct named_people people;
    struct letters letters;
    struct note_knocks *knocks; /* whom it knocks at, by `author_id`; or NULL */
    int64_t author_id;
    struct contact_visit *visit; /* of a Follow; or NULL */
    int voters;                  /* `poll_ended`: so many had voted */
    bool poll_ended;             /* the letters tell who voted */
    bool fits;                   /* there is something to record */
};
void activity_plan_free(struct activity_plan *plan);
void activity_digest(const char *what, const char *id, const char *actor,
                     unsigned char out[SHA256_LEN]);

typedef bool prepare_step(struct bridge *, struct store_view *, struct activity_arrival *,
                          struct err *);
typedef bool record_step(struct bridge *, struct store_tx *, struct activity_arrival *,
                         struct err *);
prepare_step prepare_note, prepare_announce, prepare_like, prepare_follow;
record_step record_note_in, record_note_deleted, record_announce, record_like, record_follow_in,
    record_undo, record_follow_answer, record_move_in;
/* Undo of a Like or a boost. */
MUST_CHECK bool record_reaction_undone(struct bridge *bridge, struct store_tx *tx,
                                       const struct activity_facts *activity,
                                       enum reaction reaction, struct err *err);
/* Polls (receive_poll.c): the choices of a note that was recorded; and who voted hears of the end, by the arrival's plan. */
struct note_look;
MUST_CHECK bool record_poll(struct store_tx *tx, const struct activity_plan *plan,
                            const struct note_facts *note, int64_t message_id, struct err *err);
MUST_CHECK bool prepare_poll_end(struct note_look *look, struct err *err);
MUST_CHECK bool record_poll_end(struct bridge *bridge, struct store_tx *tx,
                                struct activity_plan *plan, struct err *err);
/* What somebody here hears of the reaction of another here; *out NULL: nothing.  And it is filed, `told` may be NULL. */
MUST_CHECK bool reaction_tell_neighbour(struct bridge *bridge, struct store_view *view,
                                        const struct message *post, const struct person *person,
                                        bool boost, struct activity_plan **out, struct err *err);
MUST_CHECK bool reaction_told_file(struct bridge *bridge, struct store_tx *tx,
                                   struct activity_plan *told, int64_t message_id,
                                   int64_t person_id, struct err *err);
/* ---- moves (receive_move.c, move_carry.c) ---- */
enum { MOVE_REST_MS = 7 * DAY_MS };           /* one move in that time, as elsewhere */
static inline int move_version(int64_t at_ms) /* of a profile: its time, as with each change */
{
    return (int)(at_ms / SECOND_MS);
}
/* Chores: a page of the followers of one of ours who moved is told.  In slices, as the row says. */
MUST_CHECK bool tell_of_move(struct bridge *bridge, const struct move *move, struct err *err);
/* Is there anybody here to whom it could be carried, and is it time? */
MUST_CHECK bool move_concerns(struct bridge *bridge, struct store_view *view,
                              const struct activity_facts *activity, bool *out, struct err *err);
/* Chores: what the move of one person means for one account here. */
MUST_CHECK bool carry_moves(struct bridge *bridge, bool *out_more, struct err *err);

/* ---- notices (notice.c) ---- */
struct notice {
    const struct account *account;
    const struct person *person; /* whose doing it is */
    const char *about;           /* Message-ID of the post; or NULL */
    char *subject;
    struct bytes text;
};
void notice_clear(struct notice *notice);
SCOPED_VALUE(notice, notice_clear)
/* Nothing was told of (what, id) within the hour. */
MUST_CHECK bool notice_due(struct store_view *view, const char *what, int64_t id, bool *out,
                           struct err *err);
/* Its letter, behind those in the arrival's plan. */
MUST_CHECK bool notice_plan(struct bridge *bridge, const struct notice *notice,
                            struct activity_arrival *arrival, struct err *err);
/* Those letters, of what that person did, as copies of a message of their own: what becomes of a post (an edit, its end)
 * does not move what was told of it.  They belong together by their References alone. */
MUST_CHECK bool notice_file(struct bridge *bridge, struct store_tx *tx, struct letters *letters,
                            int64_t person_id, struct err *err);
/* Claims the hour; false *out: somebody was faster. */
MUST_CHECK bool notice_first(struct bridge *bridge, struct store_tx *tx, const char *what,
                             int64_t id, bool *out, struct err *err);

/* The note of an Announce, for those here who follow who boosted it. */
MUST_CHECK bool prepare_boosted(struct bridge *bridge, struct store_view *view,
                                struct activity_arrival *arrival, struct err *err);
/* The two halves of a new note, shared by Create and Announce. */
struct note_look { /* one note being looked at */
    struct bridge *bridge;
    struct store_view *view;
    struct activity_arrival *arrival;
    const struct note_facts *note;
    struct person author;
    bool has_parent, parent_is_shared; /* with all who will read this */
    struct message parent;
    bool known; /* `message` is in the store */
    struct message message;
    struct held_copies held;
    struct named_people people;
};
void note_look_clear(struct note_look *look);
SCOPED_VALUE(note_look, note_look_clear)
/* False *out_go_on: not for us, or arrival->wanted_actor must be found first. */
MUST_CHECK bool note_look_begin(struct note_look *look, bool *out_go_on, struct err *err);
/* Message, people and letters into the arrival's plan. */
MUST_CHECK bool note_look_plan(struct note_look *look, const struct readers *readers, bool edit,
                               const struct person *booster, struct err *err);
/* Deleted before it came, not long ago? */
enum found note_was_deleted(struct store_view *view, const struct note_facts *note,
                            struct err *err);
/* ---- knocks of notes (contact_note.c) ---- */
/* Each reader's verdict; those who get no mail of it are taken out. */
/* What knocks: a note from elsewhere, or of somebody here.  Everything borrowed. */
struct knocking_note {
    struct bridge *bridge;
    struct store_view *view;
    const struct person *author;
    enum evidence_class evidence;
    enum visibility visibility;
    const struct message *parent;   /* what it answers; or NULL */
    const struct held_copies *held; /* who has it already */
    struct knock_picture *picture;  /* of its author; or NULL: none is shown */
    int64_t size, received_ms;
};
/* Whoever does not take it now and will not later is no reader any more. */
MUST_CHECK bool note_knocks_look(const struct knocking_note *note, struct readers *readers,
                                 struct note_knocks **out, struct err *err);
MUST_CHECK bool readers_drop_barred(const struct note_look *look, const struct person *booster,
                                    struct readers *readers, struct err *err);
/* And what becomes of each letter; `open`: anybody may read the note. */
MUST_CHECK bool note_knocks_record(struct bridge *bridge, struct store_tx *tx,
                                   struct note_knocks *knocks, int64_t author_id, bool open,
                                   struct letters *letters, struct err *err);
void note_knocks_free(struct note_knocks *knocks);

MUST_CHECK bool record_planned_note(struct bridge *bridge, struct store_tx *tx,
                                    struct activity_arrival *arrival, struct err *err);

SCOPED_VALUE(outgoing, outgoing_clear)

/* ---- follows ---- */
/* What the owner decided about somebody who follows, or waits to: Accept, Reject, or nothing.  In apply(). */
MUST_CHECK bool follow_settle(struct bridge *bridge, struct store_tx *tx,
                              const struct account *account, const struct person *follower,
                              enum contact_state decision, struct err *err);
/* The account follows a person elsewhere, or no longer.  In apply(). */
MUST_CHECK bool follow_person(struct bridge *bridge, struct store_tx *tx,
                              const struct account *account, const struct person *person,
                              bool follow, struct err *err);
/* Somebody here follows another here, or no longer: no network.  ERR_ABSENT: nobody of that name. */
MUST_CHECK bool follow_neighbour(struct bridge *bridge, struct store_tx *tx,
                                 const struct account *follower, struct slice user,
                                 struct slice host, bool follow, struct err *err);
char *follow_activity_id(const char *actor_id, int64_t follow_id); /* ACTOR#follows/7 */

/* ---- likes and boosts by accounts here (reaction.c) ---- */
MUST_CHECK bool say_reaction(struct store_view *view, const struct delivery *delivery,
                             struct outgoing *out, struct err *err);
/* (render_reaction.c) ACTOR#likes/7/1: each time it is liked anew has an id of its own. */
char *reaction_activity_id(const char *actor_id, const struct own_reaction *reaction, int version);
/* Is it still to be shown to others? */
bool may_stand(const struct own_reaction *reaction, const struct message *message);

/* ---- a post as others see it (render_post.c, render_cut.c) ---- */
enum { POST_HTML_MAX = 12 * 1024 };
/* HTML of ours, cut before `max` octets, best behind a paragraph; open elements are closed.  False: it is short
 * enough and `out` is untouched. */
/* render_quote.c: what a post from here quotes; nothing, once that is gone or no longer open. */
struct quoted {
    char *uri, *page; /* its ActivityPub id, and where people read it; NULL: nothing */
    bool own;         /* by the same author */
};
void quoted_clear(struct quoted *quoted);
SCOPED_VALUE(quoted, quoted_clear)
MUST_CHECK bool quoted_find(struct store_view *view, const struct message *message,
                            struct quoted *out, struct err *err);
void quoted_html(const char *page, struct bytes *out);
void quoted_plain(const char *page, struct bytes *out);
bool html_cut(struct slice html, size_t max, struct bytes *out);

/* ---- slices of recurring work ---- */
enum { BROADCAST_PAGE = 500 };
MUST_CHECK bool release_held(struct bridge *bridge, int64_t *out_next_ms, struct err *err);
MUST_CHECK bool expand_broadcast(struct bridge *bridge, bool *out_more, struct err *err);
MUST_CHECK bool fill_maildirs(struct bridge *bridge, bool *out_more, struct err *err);
/* How long after that many failed tries it is tried again. */
int64_t delivery_step_ms(const struct config *config, enum delivery_target target, int tries);
/* How long a delivery is tried (facts of mail: queues keep one for five days). */
static inline int64_t delivery_patience_ms(enum delivery_target target)
{
    return (target == TARGET_MAIL ? 5 : 7) * DAY_MS;
}
MUST_CHECK bool tell_undelivered(struct bridge *bridge, struct err *err);
/* It is not tried again; its author hears of it if they want.  In apply() (delivery_end.c). */
MUST_CHECK bool delivery_give_up(struct bridge *bridge, struct store_tx *tx,
                                 const struct delivery *delivery, const char *reply,
                                 struct err *err);
/* Nobody waits to hear of it any more: its row goes, or turns silent where an older version was taken. */
MUST_CHECK bool delivery_let_go(struct store_tx *tx, const struct delivery *delivery,
                                const char *reply, struct err *err);
/* Letters for readers here of a message by somebody here. */
MUST_CHECK bool local_letters(struct bridge *bridge, struct store_view *view,
                              const struct account *author, const struct message *message,
                              struct readers *readers, struct letters *out,
                              struct note_knocks **out_knocks, struct err *err);

#endif
