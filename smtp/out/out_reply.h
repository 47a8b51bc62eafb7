/*
 * out_reply — what another server answers (RFC 5321 4.2), read strictly.
 *
 * A line has at most 512 octets with its CRLF, a reply at most 100 lines of one code.
 */
#ifndef NESTBOX_SMTP_OUT_REPLY_H
#define NESTBOX_SMTP_OUT_REPLY_H

#include "slice.h"

enum { REPLY_LINE_MAX = 512, REPLY_LINES_MAX = 100 };

enum reply_result {
    REPLY_WHOLE,
    REPLY_PART,   /* more must come */
    REPLY_BROKEN, /* this is no SMTP */
};
struct smtp_reply {
    int code;
    struct slice lines; /* borrowed: whole lines, codes and all */
};
/* Takes one reply from the head of *rest, if all of it is there. */
enum reply_result smtp_reply_read(struct slice *rest, struct smtp_reply *out);
/* The text of the next line, without code and CRLF; *lines is at first reply->lines, empty at the end. */
struct slice smtp_reply_text(struct slice *lines);
/* All on one line, "550 5.1.1 No such person", cut to `size`; what is not printable ASCII becomes '?'. */
void smtp_reply_print(const struct smtp_reply *reply, char *out, size_t size);

struct smtp_limits { /* RFC 9422; 0: none said, or not as it should be */
    int recipients;  /* RCPTs of a transaction */
    int mails;       /* MAILs of a connection */
    int domains;     /* that the recipients of a connection are of */
};
/* What EHLO offers. */
struct smtp_offers {
    bool pipelining, eight_bit, utf8, starttls, plain, sized, dsn, require_tls;
    int64_t size; /* the largest mail; 0: no limit said */
    struct smtp_limits limits;
};
void smtp_offers_read(const struct smtp_reply *reply, struct smtp_offers *out);

#endif
