/*
 * sender — can the domain of MAIL FROM be answered at all? (RFC 5321 4.1.1.2, RFC 7505)  Pure, as spf.h is.
 */
#ifndef NESTBOX_SMTP_SENDER_H
#define NESTBOX_SMTP_SENDER_H

#include "dns_facts.h"

enum sender_verdict {
    SENDER_OPEN,
    SENDER_FINE,
    SENDER_TAKES_NO_MAIL, /* 550 5.7.27: it says so itself (null MX) */
    SENDER_NOWHERE,       /* 550 5.1.8: there is no such domain */
    SENDER_UNSURE,        /* 451 4.4.3: DNS does not answer */
};
enum sender_verdict sender_judge(const char *domain, struct dns_facts *facts);

#endif
