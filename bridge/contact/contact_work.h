/*
 * contact_work — what the files of contact requests share (docs/contact-requests.md).
 *
 * The order of reading: contact.c (who may come in; pure), contact_hold.c and contact_words.c (pure), contact_look.c
 * (the facts of one knock), contact_notice.c (how the owner is told), contact_record.c (what is kept of a knock),
 * contact_decide.c (what an answer does), contact_mail.c (knocks by mail), contact_note.c and
 * contact_inside.c (of the Fediverse, and whose turn comes by itself), contact_answer.c (answers by mail),
 * contact_crowd.c (how many wait unasked), contact_list.c (answers of the command line), contact_page.c (words in links).
 */
#ifndef NESTBOX_BRIDGE_CONTACT_WORK_H
#define NESTBOX_BRIDGE_CONTACT_WORK_H

#include "bridge_activity.h"
#include "bridge_contact.h"
#include "bridge_mail.h"
#include "bridge_private.h"
#include "contact.h"
#include "digest.h"
#include "id.h"

#define MAILBOX_CONTACTS_NEW "Contacts/New"
#define MAILBOX_CONTACTS_WELCOME "Contacts/Welcome"
#define MAILBOX_CONTACTS_REFUSED "Contacts/Refused"
#define MAILBOX_CONTACTS_IGNORED "Contacts/Ignored"

/* ---- one knock ---- */
struct contact_visitor {         /* who knocks; everything borrowed */
    const struct person *person; /* id 0: not in the store yet */
    struct slice domain;         /* theirs */
    enum evidence_class evidence;
    enum contact_wish wish;
    bool answers; /* what the owner wrote to somebody, by a name that only readers know */
    bool inside;  /* as in struct contact_knock */
    bool known;   /* let in already, so that no question is left */
    bool in_turn; /* nobody came: their turn to be asked about has */
    const struct message *about;   /* WISH_ANSWER: the owner's post; else NULL */
    int64_t gives_up_ms;           /* likewise */
    const char *subject;           /* of a mail; or NULL */
    const unsigned char *envelope; /* by which a later try is known before its DATA; or NULL */
    int64_t size;                  /* of what would be held */
    struct knock_picture *picture; /* of theirs; or NULL: none is shown */
    int64_t received_ms;
};
struct contact_visit { /* between look and record */
    int64_t account_id;
    enum contact_act act;
    enum contact_event event;
    bool counts, asks, joins, is_new; /* is_new: it rests on no row */
    bool inside, in_turn;
    enum contact_wish wish;
    int64_t about_id;
    enum evidence_class evidence;
    struct contact row; /* what it rests on, as it was seen; id 0: nothing */
    int64_t person_id;  /* as it was seen */
    char *words;        /* CONTACT_DENY */
    char ref[REF_LEN + 1];
    int64_t owner_person_id;
    unsigned char envelope[SHA256_LEN]; /* zeros: none */
    unsigned char domain_key[SHA256_LEN], post_key[SHA256_LEN];
    int64_t notice_id; /* with `joins`: the request, and how many it is about without this one */
    size_t on_notice;
    struct letter notice;     /* with `asks` or `joins` */
    struct portrait portrait; /* with `asks`; content empty: none */
    bool box_full;            /* nothing more can be taken to wait */
};
/* What they want is to say something: it can be held. */
static inline bool wish_is_word(enum contact_wish wish)
{
    return wish != WISH_FOLLOW && wish != WISH_READ;
}
/* What they said is kept for now: until the owner answers, or, of who is ignored, until chores tidy, so that its
 * answer takes as long. */
static inline bool contact_visit_is_held(const struct contact_visit *visit)
{
    return visit->act == CONTACT_HOLD ||
           (visit->act == CONTACT_DROP && visit->row.state == CONTACT_IGNORED);
}
void contact_visit_clear(struct contact_visit *visit);
SCOPED_VALUE(contact_visit, contact_visit_clear)
/* QUICK but for the notice, which is sealed: HEAVY. */
MUST_CHECK bool contact_look(struct bridge *bridge, struct store_view *view,
                             const struct account *account, const struct contact_visitor *visitor,
                             struct contact_visit *out, struct err *err);
/* Fills box_full, where something would be held. */
MUST_CHECK bool contact_measure_box(struct bridge *bridge, struct store_view *view, int64_t size,
                                    struct contact_visit *visit, struct err *err);
/* In apply().  ERR_CONFLICT: it is not as it was seen.  *out_contact_id: where a copy would be held; or 0. */
MUST_CHECK bool contact_record(struct bridge *bridge, struct store_tx *tx,
                               struct contact_visit *visit, int64_t person_id,
                               int64_t *out_contact_id, struct err *err);

/* The request, wherever it lies, says that what it announced is in INBOX.  In apply(). */
MUST_CHECK bool contact_mark_arrived(struct store_tx *tx, const struct contact *row,
                                     struct err *err);

/* ---- contact_early.c ---- */
struct asked_recipient;
/* At RCPT, for an account that takes mail (bridge_recipient()). */
MUST_CHECK bool contact_early(struct bridge *bridge, struct store_view *view,
                              const struct account *account, const struct asked_recipient *asked,
                              struct answer *answer, struct contact_visit **out, struct err *err);
void contact_envelope(struct bridge *bridge, struct slice mail_from, struct slice client,
                      unsigned char out[SHA256_LEN]);
/* What who must come again hears, and who is refused: the same at RCPT and after DATA. */
void contact_say_later(struct answer *answer, const struct account *account);
void contact_say_denied(struct answer *answer, const struct account *account, const char *words);

/* ---- contact_notice.c ---- */
struct contact_news { /* what a request tells; everything borrowed */
    const struct contact_visitor *visitor;
    const struct contact_rows *rows; /* of the pair, as they were */
    const struct person *others;     /* who answered the same post before */
    size_t other_count;
    const char *ref;
    const struct portrait *portrait; /* content empty: none */
    int64_t now_ms;
};
MUST_CHECK bool contact_notice(struct bridge *bridge, const struct account *account,
                               const struct contact_news *news, struct letter *out,
                               struct err *err);
struct contact_deed { /* an answer that was given in a chat; everything borrowed */
    enum contact_event event;
    const char *ref;           /* of the request */
    const struct person *whom; /* who asked last */
    size_t other_count;
    bool speaks; /* words go with a refusal */
    bool here;   /* nobody's next try is waited for */
};
/* What it did, as a message of that chat. */
MUST_CHECK bool contact_deed_letter(struct bridge *bridge, const struct account *account,
                                    const struct contact_deed *deed, struct letter *out,
                                    struct err *err);
struct slice person_domain(const struct person *person);
/* "Carol (carol@mail.example)", "Bob (@bob@social.example)".  Heap. */
char *contact_label(const struct person *person);
/* "mail.example confirms the address."  Heap. */
char *contact_sureness(const struct person *person, enum evidence_class evidence,
                       enum contact_wish wish);

/* ---- contact_portrait.c ---- */
enum { PORTRAIT_SIDE_MAX = 2048, PORTRAITS_MOST = 500 };
/* The picture freed of all but its pixels, or else the one that came with an older request; content empty: none. */
MUST_CHECK bool contact_portrait(struct store_view *view, const struct contact_visitor *visitor,
                                 struct portrait *out, struct err *err);

/* ---- contact_inside.c ---- */
/* The Fediverse is followed and read with one question for each person. */
MUST_CHECK bool contact_follow_look(struct bridge *bridge, struct store_view *view,
                                    const struct account *account, const struct person *follower,
                                    enum follow_state before, struct knock_picture *picture,
                                    struct contact_visit *out, struct err *err);
/* What the door says to somebody who wants to follow, given what is known of them. */
enum follow_state contact_follow_state(enum contact_act act);
struct contact_reader { /* who wants to hear of an account: by mail, or from here */
    const struct person *person;
    enum evidence_class evidence;
    enum contact_wish wish;
};
/* What the door says to them; who must wait is asked about by chores.  In apply(). */
MUST_CHECK bool contact_follows(struct bridge *bridge, struct store_tx *tx,
                                const struct account *followed, const struct contact_reader *reader,
                                enum follow_state before, enum follow_state *out, struct err *err);
/* Nobody comes in any more: refused or ignored, by name or by domain. */
MUST_CHECK bool contact_is_barred(struct bridge *bridge, struct store_view *view,
                                  int64_t account_id, const struct person *person, bool *out,
                                  struct err *err);
/* They took back what they asked for: a request about nothing ends.  In apply(). */
MUST_CHECK bool contact_withdraw(struct store_tx *tx, int64_t account_id, int64_t person_id,
                                 struct err *err);
/* What they said is taken back: it waits no longer, and a request about nothing else ends.  In apply(). */
MUST_CHECK bool contact_end_held(struct store_tx *tx, int64_t message_id, int64_t author_id,
                                 struct err *err);
/* The row goes; the request too, unless it is about others as well.  In apply(). */
MUST_CHECK bool contact_end_request(struct store_tx *tx, const struct contact *row,
                                    struct err *err);
/* They are gone for good, for everybody here.  In apply(). */
MUST_CHECK bool contact_person_gone(struct store_tx *tx, int64_t person_id, struct err *err);

/* ---- contact_decide.c ---- */
/* What is said about a person at once lets in from where providers confirm, and keeps out whatever they prove. */
enum evidence_class contact_evidence_by_name(bool fediverse, enum contact_event event);
/* What an answer does to one row, in apply(): what waits comes in or is dropped, a waiting follow is answered, the
 * request goes where it belongs if `move`. */
MUST_CHECK bool contact_decide(struct bridge *bridge, struct store_tx *tx, int64_t contact_id,
                               enum contact_event event, const char *words, bool move,
                               struct err *err);
enum contact_event contact_event_of(enum contact_choice choice);
/* The owner wrote to them, by hand and by name: they are welcome as far as they prove who they are. */
MUST_CHECK bool contact_written_to(struct bridge *bridge, struct store_tx *tx, int64_t account_id,
                                   int64_t person_id, enum evidence_class evidence,
                                   struct err *err);
MUST_CHECK bool contact_make_mailboxes(struct store_tx *tx, int64_t account_id, struct err *err);
/* The folders' names say what is meant; false: it is none of them. */
bool contact_event_of_mailbox(struct slice name, enum contact_event *out);
/* What now lies there, if it is a request and that one of the folders: the owner has answered.  In apply(). */
MUST_CHECK bool contact_moved(struct bridge *bridge, struct store_tx *tx,
                              const struct mailbox *mailbox, uint32_t uid, struct err *err);
/* Chores: who waits inside and was not asked about for want of a question. */
MUST_CHECK bool ask_in_turn(struct bridge *bridge, struct err *err);
/* Chores: once a day, how many wait beyond the day's questions (contact_crowd.c). */
MUST_CHECK bool tell_of_crowds(struct bridge *bridge, struct err *err);
/* Chores: what came from people who are ignored. */
MUST_CHECK bool drop_ignored(struct bridge *bridge, struct err *err);
/* Chores: requests and decisions whose time is over. */
MUST_CHECK bool expire_contacts(struct bridge *bridge, struct err *err);

/* ---- contact_move.c ---- */
struct contact_move { /* somebody goes on as somebody else: what of it one account would see */
    bool welcome;     /* goes over */
    bool
        barred; /* the new account may not come in, or would not: refused or ignored, here or there */
};
MUST_CHECK bool contact_move_look(struct bridge *bridge, struct store_view *view,
                                  int64_t account_id, const struct person *here,
                                  const struct person *there, struct contact_move *out,
                                  struct err *err);
/* In apply(). */
MUST_CHECK bool contact_move_carry(struct bridge *bridge, struct store_tx *tx,
                                   const struct account *account, const struct person *here,
                                   const struct person *there, struct err *err);

/* ---- contact_page.c ---- */
/* The word in the link of a request: its REF, and a proof that we wrote it. */
enum { CONTACT_WORD_LEN = REF_LEN + 20 };
void contact_word(struct bridge *bridge, const char *ref, char out[CONTACT_WORD_LEN + 1]);

#endif
