/*
 * contact — who may come in (behaviour.md 8, docs/contact-requests.md): facts in, verdict out.
 *
 * Pure: no store, no clock.  The state machine of one pair (account, person) is a table; the verdict on one knock is a
 * function of the rows of that pair, the settings, and what else is known of the two.
 *
 *                        knock, the day's questions are spent
 *              UNKNOWN ----------------------------------------> TURN
 *                 |  ^                                            |
 *           knock |  | 14 days without an answer,    knock, there | is a question left,
 *                 v  | or they take it back         or joins  | one that is open
 *               ASKED <-------------------------------------------+
 *                 |  ^
 *      the owner  |  | the owner takes the answer back
 *                 v  |
 *       WELCOME | REFUSED (words) | IGNORED       each can become each other by another answer
 *
 * An answer that was given by name, and not to a request, is forgotten when it is taken back.
 *
 * A decision holds for what is at least as well proven as what it was made for if it lets in, and for what is at most
 * as well proven if it keeps out.  So a forger neither uses a welcome nor spoils one.
 */
#ifndef NESTBOX_BRIDGE_CONTACT_POLICY_H
#define NESTBOX_BRIDGE_CONTACT_POLICY_H

#include "clock.h"
#include "config.h"
#include "store_contact.h"

enum {
    QUESTIONS_A_DAY = 20,          /* of one account */
    QUESTIONS_A_DAY_OF_DOMAIN = 5, /* of them about people of one domain */
    CONTACT_PATIENCE_DAYS = 14,    /* a request ends */
    CONTACT_MEMORY_DAYS = 400,     /* who was kept out and does not come back is forgotten */
    CONTACT_HELD_MAX = 20,         /* letters of one stranger that wait sealed */
    CONTACT_WORDS_MAX = 200,       /* characters of a refusal */
    CONTACT_ANSWERERS_MAX = 20,    /* people of one question about who answers a post */
};

/* ---- the diagram ---- */
enum contact_event {
    CONTACT_KNOCK,  /* somebody comes, and may be asked about */
    CONTACT_CROWD,  /* somebody comes, and there are no questions left today */
    CONTACT_INVITE, /* the owner: welcome */
    CONTACT_REFUSE, /* the owner: no, with words */
    CONTACT_IGNORE, /* the owner: silence */
    CONTACT_REOPEN, /* the owner takes the answer back */
    CONTACT_WRITE,  /* the owner writes to them, by hand and by name */
    CONTACT_EXPIRE, /* nobody answered, nobody came back, or they took back what they wanted */
    CONTACT_EVENTS
};
enum contact_state contact_step(enum contact_state state, enum contact_event event);
/* How long a row is kept after this; 0: for ever. */
int64_t contact_lasts_ms(enum contact_state state);
const char *contact_state_word(enum contact_state state); /* "welcome" */

/* ---- one knock ---- */
struct contact_knock {
    enum evidence_class evidence; /* of this mail or note */
    const struct contact *rows;   /* of the pair */
    size_t row_count;
    const struct contact *domain; /* what was decided about their whole domain; or NULL */
    bool known;      /* the owner follows them, or they answer what was written to them alone */
    bool expected;   /* the owner expects mail from somebody new */
    bool inside;     /* cannot wait outside (Fediverse, people of this server): held instead */
    bool joins;      /* they answer a post, and a question about those who do is open */
    bool post_asked; /* likewise, and the day's one question about that post is spent */
    enum door door;
    enum hold hold;
    int64_t gives_up_ms; /* how long their server tries; 0: not known */
    int64_t asked_today, asked_today_of_domain;
    int64_t now_ms;
};
enum contact_act {
    CONTACT_TAKE,  /* in */
    CONTACT_LATER, /* come again: said to those who wait and to those who are ignored */
    CONTACT_HOLD,  /* taken, and rests sealed and unseen until the answer */
    CONTACT_DROP,  /* said the same as CONTACT_HOLD, and forgotten: ignored */
    CONTACT_DENY,  /* no, with the words of `row` */
    CONTACT_SHUT,  /* no: the account takes nothing from people it does not know */
};
struct contact_verdict {
    enum contact_act act;
    const struct contact *row; /* what it rests on; NULL: nothing yet */
    enum contact_event event; /* CONTACT_KNOCK or CONTACT_CROWD: what the pair's row goes through */
    bool counts;              /* the row is written: a try more */
    bool asks;                /* the owner must be told */
    bool joins;               /* by the question that is open */
};
void contact_judge(const struct contact_knock *knock, struct contact_verdict *out);
/* What need not be found out, since the verdict cannot hang on it.  Is it decided by the rows, the domain and the door alone, so
 * that neither what ties the two nor the questions of the day count?  And if not, can a question come of it? */
bool contact_is_decided(const struct contact_knock *knock);
bool contact_may_ask(const struct contact_knock *knock);

/* ---- how long others try (contact_hold.c) ---- */
/* By the end of their server's name, or of a domain that signed the mail; 0: not known. */
int64_t contact_sender_gives_up_ms(struct slice name);
/* Must it be taken in now, since its sender may not come again?  `first_ms`, `last_ms`: of the tries before. */
bool contact_is_urgent(const struct contact_knock *knock, int64_t first_ms, int64_t last_ms);

/* ---- mailing lists (contact_listed.c) ---- */
/* Does the list of that address send with this envelope sender?  birds+bounces-carol=mail.example@lists.example is one of
 * birds@lists.example, and of birds-request@lists.example. */
bool contact_list_speaks(struct slice sender, struct slice address);
/* The mail addresses of a field as RFC 2369 writes it, one after the other; false: no more. */
bool contact_list_next(struct slice *field, struct slice *out);

/* ---- an answer in words (contact_words.c) ---- */
/* "Welcome!", "ablehnen: bitte ins Büro", "ignore": false: none of them.  *out_words: what stands behind it, cleaned as
 * a refusal can say it (heap; "" if nothing). */
bool contact_answer_read(struct slice line, enum contact_event *out, char **out_words);
/* One line, no links, printable ASCII (others are spelt out or dropped), at most CONTACT_WORDS_MAX.  Heap. */
char *contact_refusal_words(struct slice said);

#endif
