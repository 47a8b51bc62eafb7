/*
 * out_text — the text of a mail as it goes over the wire (RFC 5321 4.5.2), whatever it looked like in the store.
 *
 * Lines end with CRLF and nothing else: a bare LF becomes CRLF, a bare CR and a NUL become a space.  What two servers
 * could read as two different mails never leaves here (SMTP smuggling).
 */
#ifndef NESTBOX_SMTP_OUT_TEXT_H
#define NESTBOX_SMTP_OUT_TEXT_H

#include "bytes.h"
#include "stream.h"

struct out_text {  /* {.at_start = true} before the first piece */
    bool at_start; /* of a line */
    bool cr;       /* a CR came and waits for what follows it */
    bool
        as_read; /* as the other side reads it, which is what a signature covers: no dot is doubled */
};
/* Appends the piece with dots stuffed. */
void out_text_add(struct out_text *text, struct slice piece, struct bytes *out);
/* Ends the last line, if need be, and the text: the final dot (but not `as_read`). */
void out_text_end(struct out_text *text, struct bytes *out);

struct out_facts {
    int64_t
        size; /* with CRLFs and stuffed dots, without the final dot: never less than RFC 1870 counts */
    bool eight_bit, utf8_header;
    bool tls_optional; /* "TLS-Required: No" (RFC 8689 5) */
};
/* Reads all of it. */
MUST_CHECK bool out_text_facts(struct source *body, struct out_facts *out, struct err *err);

#endif
