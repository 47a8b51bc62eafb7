/*
 * bridge_list — subscribers by mail (behaviour.md 7; docs/lists.md): what the forms of the web ask, and what smtp
 * sends.
 *
 *     none --ask--> CONFIRMING --yes--> ACCEPTED (or WAITING) --leave--> none
 *
 * A word in a link authorises one thing; whoever has it needs no other proof.  Pages look by bridge_list_ticket()
 * and act only on a POST.
 */
#ifndef NESTBOX_BRIDGE_LIST_H
#define NESTBOX_BRIDGE_LIST_H

#include "bridge.h"
#include "bytes.h"
#include "store_delivery.h"
#include "store_people.h"

struct store_tx;
struct store_view;

/* ---- asking ---- */
enum list_answer {
    LIST_ASKED,       /* whatever came of it: nobody learns who subscribes */
    LIST_NO_LIST,     /* nobody of that name, or takes no followers */
    LIST_NO_ADDRESS,  /* what was typed is no mail address */
    LIST_OWN_ADDRESS, /* one of ours */
};
enum list_came {                 /* what came of it: for the owner's eyes alone */
                 CAME_ASKED,     /* the address gets a mail with a question */
                 CAME_ADDED,     /* reads from now on */
                 CAME_READS,     /* reads already */
                 CAME_WAITS,     /* for the owner's answer */
                 CAME_NEVER,     /* does not want to be asked */
                 CAME_LEFT,      /* left once, or was removed */
                 CAME_TOO_OFTEN, /* this address was asked lately */
                 CAME_TOO_MANY,  /* enough was asked by now; later */
};
struct list_request { /* one form; owned by the caller's errand */
    /* filled by the caller; heap */
    char *user, *domain, *address;
    char *network; /* who asks: an IP address as text */
    /* by prepare() */
    enum list_answer answer;
    int64_t account_id;
    char *canonical; /* of the address */
    unsigned char address_key[32], network_key[32], never_key[32];
    bool network_counts;
    struct token token;
    enum list_came came; /* by record() */
};
void list_request_clear(struct list_request *request);
/* QUICK lane. */
MUST_CHECK bool bridge_list_ask_prepare(struct bridge *bridge, struct store_view *view,
                                        struct list_request *request, struct err *err);
MUST_CHECK bool bridge_list_ask_record(struct bridge *bridge, struct store_tx *tx,
                                       struct list_request *request, struct err *err);

/* ---- by hand: the command line; blocking ---- */
/* `reader` is asked as by the form, with its limits; or, `confirmed`, reads at once, because the owner has their word
 * elsewhere.  ERR_MALFORMED, ERR_REFUSED with words: no such list or address. */
MUST_CHECK bool bridge_list_add(struct bridge *bridge, struct slice address, struct slice reader,
                                bool confirmed, enum list_came *out, struct err *err);
/* Without a goodbye.  ERR_ABSENT: it reads nothing here. */
MUST_CHECK bool bridge_list_remove(struct bridge *bridge, struct slice address, struct slice reader,
                                   struct err *err);

/* ---- words in links ---- */
struct list_ticket { /* what a word stands for, and what acting on it will need */
    enum token_purpose purpose;
    unsigned char digest[TOKEN_DIGEST_LEN];
    int64_t account_id, person_id; /* person 0: they have left already */
    char *name, *user, *domain;    /* whose posts */
    bool closed;                   /* the account sleeps, or lets nobody in */
    bool waits;                    /* after a yes, the owner decides */
    char *leave_word;              /* TOKEN_CONFIRM: takes the yes back */
    struct token leave, bounce;    /* TOKEN_CONFIRM: kept with the yes */
};
void list_ticket_clear(struct list_ticket *ticket);
SCOPED_VALUE(list_ticket, list_ticket_clear)
/* ABSENT: no such word, or it has expired, or was used.  TOKEN_CONFIRM or TOKEN_UNSUBSCRIBE. */
enum found bridge_list_ticket(struct bridge *bridge, struct store_view *view,
                              enum token_purpose purpose, struct slice word,
                              struct list_ticket *out, struct err *err);
/* Each in apply(); ERR_CONFLICT: the ticket is no longer true. */
typedef bool list_deed(struct bridge *, struct store_tx *, const struct list_ticket *,
                       struct err *);
MUST_CHECK list_deed bridge_list_confirm;
MUST_CHECK list_deed bridge_list_never; /* no question to this address any more */
MUST_CHECK list_deed bridge_list_leave; /* left already: nothing */

/* ---- mail ---- */
struct list_mail { /* as it goes out */
    struct bytes content;
    bool secret; /* leaves over TLS alone */
};
void list_mail_clear(struct list_mail *mail);
SCOPED_VALUE(list_mail, list_mail_clear)
/* The text of a TARGET_MAIL row without a body, as things stand now.  DELIVER lane.  ABSENT: there is nothing to be
 * said any more; end the row as delivered. */
enum found bridge_list_mail(struct bridge *bridge, struct store_view *view,
                            const struct delivery *delivery, struct list_mail *out,
                            struct err *err);

#endif
