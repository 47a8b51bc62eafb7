/*
 * export — everything of one account as files that other programs read (docs/export.md); what its files share.
 *
 * The server writes parcels (parcel.h), the client makes the folder of them.  No view is held while somebody takes what
 * was written: each page and each mail is looked at anew.
 */
#ifndef NESTBOX_MAIN_EXPORT_H
#define NESTBOX_MAIN_EXPORT_H

#include "clock.h"
#include "command.h"
#include "store_contact.h"

struct export
{
    struct command *command;
    struct account account;
    int64_t done, all; /* octets of mail */
    int64_t tell_at_ms;
    int64_t mails, posts, left; /* how many; `left`: out, as they cannot be read */
};

/* The next piece of a file; modified_ms 0: now.  False: nobody takes it any more. */
MUST_CHECK bool export_put(struct export *it, const char *name, int64_t modified_ms,
                           struct slice piece, struct err *err);
/* A body as the file `name`, whole or not at all: one that is damaged is said, counted and left out, as one is that went
 * meanwhile. */
enum export_lines { EXPORT_AS_IS, EXPORT_LF /* CRLF becomes LF */ };
enum export_came { EXPORT_PUT, EXPORT_LEFT, EXPORT_FAILED };
MUST_CHECK enum export_came export_body(struct export *it, const char *name, int64_t modified_ms,
                                        int64_t body_id, enum export_lines lines, struct err *err);

MUST_CHECK bool export_mail(struct export *it, struct err *err);   /* export_mail.c */
MUST_CHECK bool export_posts(struct export *it, struct err *err);  /* export_posts.c */
MUST_CHECK bool export_people(struct export *it, struct err *err); /* export_people.c */

/* A mailbox as a folder of Maildir++: "mail/" for INBOX, "mail/.Fediverse.Home/" for Fediverse/Home.  Heap. */
char *export_folder(const char *mailbox, int64_t mailbox_id);
/* A line as `contact export` prints it; nothing for what is not decided. */
void contact_export_line(const struct contact *contact, const struct person *person,
                         struct bytes *out);

#endif
