/*
 * delivery_letter — the mail that tells its author what became of a message (behaviour.md 13 E; RFC 3464).
 *
 * It goes into a mailbox here and never over the wire, so nobody else can be made to get one.
 */
#ifndef NESTBOX_BRIDGE_DELIVERY_LETTER_H
#define NESTBOX_BRIDGE_DELIVERY_LETTER_H

#include "bridge_private.h"

enum delivery_news {
    NEWS_DELAYED,
    NEWS_FAILED,
    NEWS_RELAYED,   /* to a server that makes no reports */
    NEWS_DELIVERED, /* into a mailbox here */
};
struct delivery_report { /* all borrowed */
    enum delivery_news news;
    const struct account *account; /* who hears of it */
    const char *name, *host;       /* of whom it was for, and where */
    const char *reply;             /* their last words, or NULL */
    const char *about;             /* the Message-ID, or NULL */
    int64_t first_ms, until_ms;
    /* A direct message has none of these, and its letter no part for programs. */
    const char *rcpt_to;
    const char *orcpt, *envid; /* xtext, or NULL */
    struct source *mail;       /* as it went out */
    bool whole;                /* all of it is wanted back, if it failed and is no giant */
};
/* HEAVY or BULK lane. */
MUST_CHECK bool delivery_letter(struct bridge *bridge, const struct delivery_report *report,
                                struct letter *out, struct err *err);
/* delivery_status.c: the fields of message/delivery-status. */
void delivery_status_add(const struct bridge *bridge, const struct delivery_report *report,
                         struct bytes *out);

#endif
