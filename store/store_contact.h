/*
 * store_contact — who may write to whom: reading (docs/contact-requests.md).
 *
 * A row is what an account decided, or has to decide, about a person whose mail is proved that well, or about a
 * whole domain.  What a decision means for a message is the bridge's to say (bridge/contact/contact.h).
 */
#ifndef NESTBOX_STORE_CONTACT_H
#define NESTBOX_STORE_CONTACT_H

#include "evidence.h"
#include "store_people.h"

enum contact_state {                  /* the numbers are stored */
                     CONTACT_UNKNOWN, /* no row */
                     CONTACT_TURN, /* the day's questions are spent: it waits for its turn, silently */
                     CONTACT_ASKED, /* the owner has a request */
                     CONTACT_WELCOME,
                     CONTACT_REFUSED,
                     CONTACT_IGNORED,
                     CONTACT_STATES
};
enum contact_origin { CONTACT_KNOCKED, CONTACT_WRITTEN_TO, CONTACT_SET };
enum contact_wish {              /* what they want; the numbers are stored */
                    WISH_WRITE,  /* a mail or a note */
                    WISH_FOLLOW, /* on the Fediverse, or of those who live here */
                    WISH_READ,   /* by mail */
                    WISH_ANSWER, /* in public, a post of the owner */
                    WISH_NAME,   /* the owner, in public */
};

struct contact {
    int64_t id, account_id;
    int64_t person_id; /* 0: `domain` */
    char *domain;      /* or NULL */
    enum evidence_class evidence;
    enum contact_state state;
    enum contact_origin origin;
    int64_t notice_id;   /* the message that asks; 0: none */
    char *words;         /* of a refusal; or NULL */
    int64_t tries, held; /* all; of them those that were taken to wait, or as if */
    int64_t first_ms, last_ms;
    int64_t decided_ms, arrived_ms; /* 0: not yet */
    int64_t expires_ms;             /* 0: never */
    enum contact_wish wish;
    bool inside;                /* cannot come again by themselves */
    int64_t about_id;           /* the post that was answered; 0: none */
    unsigned char envelope[32]; /* digest of who sent a proven try from where; zeros: none */
};
void contact_clear(struct contact *contact);
SCOPED_VALUE(contact, contact_clear)

enum found store_contact(struct store_view *view, int64_t id, struct contact *out, struct err *err);
enum { CONTACT_ROWS_MAX = 8 }; /* of one pair: at most one for each class of evidence */
struct contact_rows {
    struct contact at[CONTACT_ROWS_MAX];
    size_t count;
};
void contact_rows_clear(struct contact_rows *rows);
SCOPED_VALUE(contact_rows, contact_rows_clear)
MUST_CHECK bool store_contacts_of(struct store_view *view, int64_t account_id, int64_t person_id,
                                  struct contact_rows *out, struct err *err);
enum found store_contact_of_domain(struct store_view *view, int64_t account_id, struct slice domain,
                                   struct contact *out, struct err *err);
/* Those with an id above `after`, oldest first; person is all zero for a domain. */
MUST_CHECK bool
store_contacts(struct store_view *view, int64_t account_id, int64_t after, int limit,
               bool (*each)(void *ctx, const struct contact *, const struct person *), void *ctx,
               struct err *err);
/* Those in one state, the latest first, behind the one at that place (NULL: from the latest).  Several may have come in
 * the same millisecond: the id says which of them is the later one. */
struct contact_place {
    int64_t last_ms, id;
};
MUST_CHECK bool
store_contacts_in(struct store_view *view, int64_t account_id, enum contact_state state,
                  const struct contact_place *behind, int limit,
                  bool (*each)(void *ctx, const struct contact *, const struct person *), void *ctx,
                  struct err *err);
/* How many, of each state but CONTACT_TURN. */
MUST_CHECK bool store_contact_counts(struct store_view *view, int64_t account_id,
                                     int64_t out[CONTACT_STATES], struct err *err);
/* Those one request is about, oldest first. */
MUST_CHECK bool store_contacts_of_notice(struct store_view *view, int64_t notice_id,
                                         bool (*each)(void *ctx, const struct contact *), void *ctx,
                                         struct err *err);
/* The open request about those who answer that post. */
enum found store_notice_about(struct store_view *view, int64_t account_id, int64_t about_id,
                              int64_t *out_notice_id, struct err *err);
MUST_CHECK bool store_contacts_of_person(struct store_view *view, int64_t person_id,
                                         bool (*each)(void *ctx, const struct contact *), void *ctx,
                                         struct err *err);
/* Those inside whose turn to be asked about has not come yet, oldest first; account_id 0: the first of each account. */
MUST_CHECK bool store_contacts_in_turn(struct store_view *view, int64_t account_id, int limit,
                                       bool (*each)(void *ctx, const struct contact *), void *ctx,
                                       struct err *err);
/* How many of an account wait without having been asked about, where somebody came between the two moments. */
struct crowd {
    int64_t account_id, count;
};
MUST_CHECK bool store_crowds(struct store_view *view, int64_t from_ms, int64_t to_ms,
                             bool (*each)(void *ctx, const struct crowd *), void *ctx,
                             struct err *err);
/* The request that lies there; ABSENT: what lies there is none. */
enum found store_notice_at(struct store_view *view, int64_t mailbox_id, uint32_t uid,
                           int64_t *out_notice_id, struct err *err);
/* Those whose time has come; at most `max` ids. */
MUST_CHECK bool store_contacts_expired(struct store_view *view, int64_t now_ms, int64_t *out_ids,
                                       size_t max, size_t *out_count, struct err *err);

/* Who is ignored, and what they said is still here; at most `max` ids. */
MUST_CHECK bool store_contacts_ignored(struct store_view *view, int64_t *out_ids, size_t max,
                                       size_t *out_count, struct err *err);

/* What waits, sealed, for the answer; 0 of who is ignored. */
MUST_CHECK bool store_held_of(struct store_view *view, int64_t contact_id, int64_t *out_count,
                              struct err *err);
MUST_CHECK bool store_held_bytes(struct store_view *view, int64_t account_id, int64_t *out,
                                 struct err *err);

/* What changed, for devices (docs/contact-events.md): the account's newest number; and what has one above `after`. */
MUST_CHECK bool store_contact_newest(struct store_view *view, int64_t account_id, int64_t *out,
                                     struct err *err);
typedef void contact_event_teller(void *ctx, int64_t event, const struct contact *,
                                  const struct person *);
MUST_CHECK bool store_contact_events(struct store_view *view, int64_t account_id, int64_t after,
                                     int limit, contact_event_teller *each, void *ctx,
                                     struct err *err);

/* The picture of somebody who asks: cleaned (mime/picture.h). */
struct portrait {
    char *type;
    struct bytes content;
};
void portrait_clear(struct portrait *portrait);
SCOPED_VALUE(portrait, portrait_clear)
enum found store_portrait(struct store_view *view, int64_t person_id, struct portrait *out,
                          struct err *err);
MUST_CHECK bool store_has_portrait(struct store_view *view, int64_t person_id, bool *out,
                                   struct err *err);

/* Until when strangers pass; 0: they do not. */
MUST_CHECK bool store_expecting(struct store_view *view, int64_t account_id, int64_t *out_until_ms,
                                struct err *err);

#endif
