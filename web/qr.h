/*
 * qr — a text as a QR code (ISO/IEC 18004): for pages, for paper, for the terminal.
 *
 * The only part that uses libqrencode.  Pure functions; any thread.
 */
#ifndef NESTBOX_WEB_QR_H
#define NESTBOX_WEB_QR_H

#include "bytes.h"
#include "err.h"
#include "scope.h"

enum { QR_TEXT_MAX = 1024 };

struct qr {
    int side;             /* in modules, without the quiet zone */
    unsigned char *black; /* side * side, 0 or 1 */
};
MUST_CHECK bool qr_make(const char *text, struct qr *out, struct err *err); /* ERR_TOO_LARGE */
void qr_clear(struct qr *qr);
SCOPED_VALUE(qr, qr_clear)

/* Each with the quiet zone of four modules that scanners need. */
void qr_svg(const struct qr *qr, const char *label, struct bytes *out); /* an <svg> element */
void qr_png(const struct qr *qr, struct bytes *out);
void qr_terminal(const struct qr *qr, struct bytes *out); /* UTF-8 half blocks, on white */

#endif
