/*
 * mbox — mails one behind the other in one file (RFC 4155): "From " at the head of a line behind an empty one begins the next,
 * with a date if that of the first has one: not every program quotes the sentences that begin so.  Where programs took turns
 * at one file, some marks have dates and some have none: one without is known by two lines of a header below it, the
 * first a field that mails begin with.
 *
 * Pure.  ">From " loses its '>' (mboxrd), Content-Length is not believed.  Bounded by one mail.
 */
#ifndef NESTBOX_MAIN_MBOX_H
#define NESTBOX_MAIN_MBOX_H

#include "bytes.h"
#include "err.h"

struct mbox_mail {
    struct slice content; /* line ends as in the file */
    int64_t date_ms;      /* of the "From " line; 0: it has none that can be read */
    char flags[8];        /* of Status, X-Status and X-Mozilla-Status, as the letters of Maildir */
    bool too_large;       /* then there is no content */
};
struct mbox { /* `{0}` with the first three set */
    bool (*take)(void *ctx, const struct mbox_mail *mail, struct err *err);
    void *ctx;
    size_t max_bytes; /* of a mail */
    struct bytes line, content;
    struct bytes
        doubtful;      /* a "From " line, and the field below it: the next line will tell whether
                              it is a mark; its mail's if not */
    bool inside;       /* of a mail */
    bool in_line;      /* the head of this line is in the mail already */
    bool in_mark;      /* the rest of a "From " line comes */
    bool behind_blank; /* the line before was empty */
    bool too_large;
    bool dates; /* its marks have them */
    int64_t date_ms;
};
/* More bytes, cut anywhere.  ERR_MALFORMED: the file does not begin as an mbox does. */
MUST_CHECK bool mbox_read(struct mbox *mbox, struct slice bytes, struct err *err);
MUST_CHECK bool mbox_end(struct mbox *mbox, struct err *err);
void mbox_clear(struct mbox *mbox);

#endif
