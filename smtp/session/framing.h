/*
 * framing — the bytes of a mail as DATA (RFC 5321 4.1.1.4, 4.5.2) and BDAT (RFC 3030) bring them.
 *
 * Only CR LF . CR LF ends DATA; chunks end where their command said, and dots are nothing special in them.  A bare LF inside the text becomes CRLF; a bare CR, in DATA a bare LF beside a
 * dot line, and a NUL are remembered, and the mail is refused when it has ended: what two servers could read as two different
 * mails is no mail (SMTP smuggling).
 */
#ifndef NESTBOX_SMTP_FRAMING_H
#define NESTBOX_SMTP_FRAMING_H

#include "bytes.h"

enum framing_state {
    FRAMING_LINE,       /* inside a line */
    FRAMING_CR,         /* a CR came */
    FRAMING_START,      /* at the start of a line, behind CRLF */
    FRAMING_SOFT_START, /* behind a bare LF: a dot here is text, and suspect */
    FRAMING_DOT,        /* a dot at the start of a line */
    FRAMING_DOT_CR,     /* and a CR behind it */
    FRAMING_END,
};
struct framing {
    enum framing_state state;
    bool smuggling; /* a bare CR, or a bare LF beside a dot line */
    bool nul;
    bool chunked; /* BDAT */
};
void framing_init(struct framing *framing, bool chunked);
/* Appends the text of `in` to `out`; returns how many bytes of `in` were taken: all, unless the end was met. */
size_t framing_feed(struct framing *framing, struct slice in, struct bytes *out);
/* Behind the last chunk: a text that does not end its last line gets a CRLF. */
void framing_finish(struct framing *framing, struct bytes *out);

#endif
