/*
 * out_ledger — how TLS fared on the way to others, gathered for TLS reports (RFC 8460).  Pure.
 *
 * Rows wait in memory for a moment, so that a hundred mails to one host are one transaction; a crash loses that
 * moment's counts and nothing else.
 */
#ifndef NESTBOX_SMTP_OUT_LEDGER_H
#define NESTBOX_SMTP_OUT_LEDGER_H

#include "out_tls.h"

enum { LEDGER_ROWS_MAX = 500, LEDGER_TEXT_MAX = 2000 };

struct tls_sight {
    const char *domain;   /* whose policy, if there is one */
    enum tls_judge judge; /* JUDGE_NOBODY: there is none */
    enum tls_result result;
    const char *host, *address; /* of the mail host that was asked, "" where none was */
    const char *policy;         /* its lines, "" none */
};
enum ledger_text { LEDGER_DOMAIN, LEDGER_HOST, LEDGER_ADDRESS, LEDGER_POLICY, LEDGER_TEXTS };
struct ledger_row {
    struct tls_sight seen;
    char *texts[LEDGER_TEXTS]; /* what `seen` points to */
    int64_t count;
};
struct ledger {
    struct ledger_row rows[LEDGER_ROWS_MAX];
    size_t count;
    bool waited_for; /* a session is about to carry it to the store */
};
/* Copies.  What finds no room is not counted. */
void ledger_note(struct ledger *ledger, const struct tls_sight *seen);
/* Moves what is there into `out`. */
void ledger_take(struct ledger *ledger, struct ledger *out);
void ledger_clear(struct ledger *ledger);

#endif
