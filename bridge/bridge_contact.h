/*
 * bridge_contact — contact requests (behaviour.md 8; docs/contact-requests.md): what imap, web and the command line ask.
 *
 * Whoever answers says which request, by its message, its word or its person; what an answer does is the same by every
 * way, and each can be taken back by every other.
 */
#ifndef NESTBOX_BRIDGE_CONTACT_H
#define NESTBOX_BRIDGE_CONTACT_H

#include "bridge.h"
#include "store_contact.h"

struct store_tx;
struct store_view;

enum contact_choice { CHOICE_WELCOME, CHOICE_REFUSE, CHOICE_IGNORE, CHOICE_ASK_AGAIN };

/* "welcome", "refused" …, as the command line and JSON say it. */
const char *bridge_contact_state_word(enum contact_state state);

/* ---- web: the page of a request ---- */
struct contact_page {                         /* strings are heap */
    int64_t notice_id, account_id, person_id; /* person_id 0: a domain */
    bool portrait;                            /* there is a picture of theirs */
    char *owner;                              /* alice@example.org */
    char *who;                                /* "Carol (carol@mail.example)" */
    char *sureness;
    char *domain; /* theirs; or NULL */
    enum contact_origin origin;
    size_t others; /* asked about by the same request */
    enum contact_state state;
    char *words; /* of a refusal; or NULL */
    int64_t tries, first_ms, last_ms, arrived_ms, expires_ms, held;
};
void contact_page_clear(struct contact_page *page);
SCOPED_VALUE(contact_page, contact_page_clear)
/* ABSENT: no such word, or the request is forgotten. */
enum found bridge_contact_page(struct bridge *bridge, struct store_view *view, struct slice word,
                               struct contact_page *out, struct err *err);
/* In apply(). */
MUST_CHECK bool bridge_contact_answer(struct bridge *bridge, struct store_tx *tx, int64_t notice_id,
                                      enum contact_choice choice, const char *words,
                                      struct err *err);

/* ---- web: the list of an owner who is signed in, and IMAP's notes ---- */
/* The same of one row; ABSENT: it is not one of this account. */
enum found bridge_contact_row_page(struct store_view *view, int64_t account_id, int64_t contact_id,
                                   struct contact_page *out, struct err *err);
/* "Carol (carol@mail.example)", "everybody at mail.example"; and how sure it is that it was them.  Heap. */
char *bridge_contact_label(const struct contact *contact, const struct person *person);
char *bridge_contact_sureness(const struct contact *contact, const struct person *person);
/* All in apply(). */
MUST_CHECK bool bridge_contact_answer_row(struct bridge *bridge, struct store_tx *tx,
                                          int64_t account_id, int64_t contact_id,
                                          enum contact_choice choice, const char *words,
                                          struct err *err);
MUST_CHECK bool bridge_contact_choose_in(struct bridge *bridge, struct store_tx *tx,
                                         int64_t account_id, struct slice person,
                                         enum contact_choice choice, const char *words,
                                         struct err *err);
/* By a word, as in a reply: "refuse: not now"; NULL takes the answer back. */
MUST_CHECK bool bridge_contact_answer_person(struct bridge *bridge, struct store_tx *tx,
                                             int64_t account_id, struct slice person,
                                             const char *answer, struct err *err);
MUST_CHECK bool bridge_contact_expect_in(struct store_tx *tx, int64_t account_id, int64_t until_ms,
                                         struct err *err);

/* ---- what is told of a contact (docs/contact-events.md) ---- */
struct json;
/* An object, at the top or in an array. */
void bridge_contact_json(struct json *json, const struct contact *contact,
                         const struct person *person);
/* Adds the next events behind `*after` as text/event-stream, and moves it on; nothing is added once there are none.
 * *after below 0: begins with who waits now. */
MUST_CHECK bool bridge_contact_events(struct store_view *view, int64_t account_id, int64_t *after,
                                      struct bytes *out, struct err *err);

/* ---- command line: look, prepare and commit by themselves ---- */
/* PERSON: a mail address, @bob@social.example, bob=social.example@D, or @mail.example for a whole domain. */
MUST_CHECK bool bridge_contact_choose(struct bridge *bridge, struct slice address,
                                      struct slice person, enum contact_choice choice,
                                      const char *words, struct err *err);
/* Strangers pass until then; 0: no longer. */
MUST_CHECK bool bridge_contact_expect(struct bridge *bridge, struct slice address, int64_t until_ms,
                                      struct err *err);
/* One line of an export: "welcome<TAB>carol@mail.example<TAB>S2<TAB>words". */
MUST_CHECK bool bridge_contact_import(struct bridge *bridge, struct slice address,
                                      struct slice line, struct err *err);
/* The pair's rows by PERSON, through `each`; ERR_ABSENT in words fit for the terminal. */
MUST_CHECK bool bridge_contact_find(struct bridge *bridge, struct store_view *view,
                                    int64_t account_id, struct slice person,
                                    bool (*each)(void *ctx, const struct contact *,
                                                 const struct person *),
                                    void *ctx, struct err *err);
/* "carol@mail.example", "@bob@social.example", "@mail.example".  Heap. */
char *bridge_contact_name(const struct contact *contact, const struct person *person);
const char *bridge_evidence_word(enum evidence_class evidence); /* "S2" */
/* Makes Contacts/ for everybody here, if people are asked about: at each start, and with each account. */
MUST_CHECK bool bridge_contact_make_ready(struct bridge *bridge, struct err *err);

#endif
