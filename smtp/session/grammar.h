/*
 * grammar — paths of MAIL and RCPT (RFC 5321 4.1.2, 6531).
 */
#ifndef NESTBOX_SMTP_GRAMMAR_H
#define NESTBOX_SMTP_GRAMMAR_H

#include "slice.h"

enum { ADDRESS_SIZE = 321 }; /* 64 @ 255 and a NUL */

enum path_result {
    PATH_GOOD,
    PATH_MALFORMED,
    PATH_LOCAL_TOO_LONG,
    PATH_NEEDS_UTF8, /* not ASCII: only with SMTPUTF8 */
};
/* Reads "<path>" at the head of *rest and leaves what follows it.  `out` gets local@domain: the local part unquoted,
 * the domain as written, "" for the null path, "postmaster" alone for <Postmaster>.  Source routes are
 * skipped (appendix C). */
enum path_result path_read(struct slice *rest, char out[ADDRESS_SIZE]);

#endif
