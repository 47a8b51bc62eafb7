/*
 * show_private — what the files that show our documents share.
 */
#ifndef NESTBOX_ACTIVITYPUB_SHOW_PRIVATE_H
#define NESTBOX_ACTIVITYPUB_SHOW_PRIVATE_H

#include "duties.h"
#include "json_write.h"
#include "work.h"

#define TYPE_ACTIVITY "application/activity+json"
enum { PAGE_ITEMS = 20, OPEN_VISIBILITIES = 1 << VISIBILITY_PUBLIC | 1 << VISIBILITY_UNLISTED };

struct showing {
    struct activitypub_work *work;
    struct show_ask *ask;
    struct store_view *view;
    char *domain; /* ours, canonical */
};

/* Both true, as a work() returns: that something is not there is no failure of ours. */
bool show_status(struct show_ask *ask, int status, const char *why);
bool show_json(struct show_ask *ask, const char *type);
/* The account of ask->user; otherwise the answer is given (404, 410) and ABSENT returned. */
enum found show_account(struct showing *showing, struct account *out, struct err *err);

bool show_webfinger(struct showing *showing, struct err *err);
bool show_host_meta(struct showing *showing, struct err *err);
bool show_nodeinfo(struct showing *showing, struct err *err);
bool show_actor(struct showing *showing, struct err *err);
bool show_instance_actor(struct showing *showing, struct err *err);
bool show_instance_outbox(struct showing *showing, struct err *err);
bool show_outbox(struct showing *showing, struct err *err);
bool show_people(struct showing *showing, struct err *err); /* followers, following: a number */
bool show_featured(struct showing *showing, struct err *err);
bool show_replies(struct showing *showing, struct err *err);
bool show_post(struct showing *showing, struct err *err);

/* An own post by REF that was published; what is not for everybody included. */
enum found show_message(struct showing *showing, const struct account *account, struct message *out,
                        struct err *err);

#endif
