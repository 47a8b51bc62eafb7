/* encode_private — text made fit for a 7-bit mail. */
#ifndef NESTBOX_MIME_ENCODE_PRIVATE_H
#define NESTBOX_MIME_ENCODE_PRIVATE_H

#include "bytes.h"
#include "slice.h"

/* Header text: controls become blanks, folded at 76 columns, as encoded words (RFC 2047) where ASCII will not
 * do.  `column` is where the line stands; returned is where it stands afterwards. */
size_t encode_header_text(struct bytes *out, struct slice text, size_t column);
/* A display name: atoms, a quoted string or encoded words. */
size_t encode_phrase(struct bytes *out, struct slice text, size_t column);
/* One word that must not be broken; folded before if the line would get too long. */
size_t encode_word(struct bytes *out, struct slice word, size_t column);

/* Can it go as it is: ASCII, lines up to 78, none with a blank at its end, none like "From " or "--x"? */
bool encode_is_plain(struct slice text);
void encode_lines(struct bytes *out, struct slice text); /* LF to CRLF, nothing else */
void encode_quoted_printable(struct bytes *out,
                             struct slice text); /* RFC 2045 6.7, canonical CRLF */
void encode_base64_lines(struct bytes *out, struct slice raw);

#endif
