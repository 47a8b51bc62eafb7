/*
 * dns_knock — the session that looks at one port of ours: does somebody answer, is there TLS, for which name?
 *
 * Says no more than is needed, and QUIT.  Private to dns_world.
 */
#ifndef NESTBOX_MAIN_DNS_KNOCK_H
#define NESTBOX_MAIN_DNS_KNOCK_H

#include "dial.h"

enum knock_language {
    KNOCK_TLS /* from the first byte, and nothing else */,
    KNOCK_SMTP,
    KNOCK_IMAP
};
enum knock_result {
    KNOCK_SILENT,  /* no connection */
    KNOCK_STRANGE, /* it speaks something else, or hung up */
    KNOCK_NO_TLS,  /* STARTTLS is not offered, or the handshake failed */
    KNOCK_SECURED,
};
struct knock { /* one port; lives until its errand is home */
    char about[320];
    enum knock_language language;
    enum knock_result result;
    enum tls_trust trust; /* KNOCK_SECURED */
    const char *hello;    /* the name we say */
};
/* An errand for the dialer; keeps a borrow of `knock`. */
struct dial *knock_new(struct knock *knock, const char *host, int port);

#endif
