/*
 * err — what went wrong, told to two listeners.
 *
 * An error is a kind (for code), a sentence (for the peer) and a cause (for the log).  Rooms return
 * errors, the edge logs them once, each protocol translates the kind into its own words once.
 */
#ifndef NESTBOX_BASE_ERR_H
#define NESTBOX_BASE_ERR_H

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum err_kind {
    ERR_TEMPORARY = 1, /* our trouble; the same request may work later */
    ERR_MALFORMED,     /* the peer broke the grammar */
    ERR_ABSENT,        /* no such person, message or mailbox */
    ERR_REFUSED,       /* understood, and not allowed */
    ERR_TOO_LARGE,     /* SMTP 552, HTTP 413 */
    ERR_FULL,          /* no room on our disk: SMTP 452 4.3.1, HTTP 503 */
    ERR_CONFLICT,      /* the world moved while we prepared; run again, never told to a peer */
};

struct err { /* on the stack, owns nothing, needs no free; too-long text is cut */
    enum err_kind kind;
    char said[160];  /* fit for a stranger: one line, no paths, no library names */
    char cause[320]; /* for the log only */
};

/* Both return false, so that failing is one line.  Control bytes in either text become '?'. */
bool err_set(struct err *err, enum err_kind kind, const char *said_fmt, ...) PRINTF_LIKE(3, 4);
bool err_because(struct err *err, enum err_kind kind, const char *said, const char *cause_fmt, ...)
    PRINTF_LIKE(4, 5);

/* As err_because() with strerror(errno); ENOSPC and EDQUOT become ERR_FULL, else ERR_TEMPORARY. */
bool err_system(struct err *err, const char *said, const char *doing_fmt, ...) PRINTF_LIKE(3, 4);

/* "temporary", "malformed" …: for logs and JSON. */
const char *err_kind_name(enum err_kind kind);

#endif
