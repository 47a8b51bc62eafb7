/*
 * report — what another server's report of delivery says (RFC 3464, 6533): reading.
 *
 * Reports are forged and mangled like any mail: what does not fit is left out, and nothing of it is believed but
 * that whoever made it had the address it was sent to.
 */
#ifndef NESTBOX_MIME_REPORT_H
#define NESTBOX_MIME_REPORT_H

#include "mail.h"

enum report_action {
    REPORT_NOTHING, /* it is no report, or tells of no recipient */
    REPORT_OTHER,   /* delayed, delivered, relayed, expanded */
    REPORT_FAILED,
};
enum { REPORT_CODE_LEN = 3, REPORT_STATUS_SIZE = 12, REPORT_WORDS_SIZE = 200 };
struct report {
    enum report_action action;       /* FAILED if any recipient failed; the rest is that one's */
    char code[REPORT_CODE_LEN + 1];  /* "550", of the Diagnostic-Code; or "" */
    char status[REPORT_STATUS_SIZE]; /* "5.1.1"; or "" */
    char words[REPORT_WORDS_SIZE];   /* of the Diagnostic-Code: printable ASCII, one line; or "" */
};
/* The report that this mail is, if it is one.  False: it could not be read. */
MUST_CHECK bool mail_report(struct mail *mail, struct report *out, struct err *err);
/* The body of message/delivery-status; pure. */
void report_read(struct slice status, struct report *out);

#endif
