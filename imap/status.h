/* status — the items of STATUS (RFC 9051 6.3.11, RFC 7162, 8438), for STATUS and LIST-STATUS. */
#ifndef NESTBOX_IMAP_STATUS_H
#define NESTBOX_IMAP_STATUS_H

#include "imap_private.h"

/* "(MESSAGES UIDNEXT)" as bits.  False: broken. */
bool read_status_items(struct lexer *lexer, unsigned *out_items);
void tell_status(struct imap_session *s, const struct imap_mailbox *mailbox, unsigned items);

#endif
