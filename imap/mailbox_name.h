/*
 * mailbox_name — modified UTF-7 (RFC 3501 5.1.3) and the wildcards of LIST.  Pure.
 */
#ifndef NESTBOX_IMAP_MAILBOX_NAME_H
#define NESTBOX_IMAP_MAILBOX_NAME_H

#include "bytes.h"

enum { MAILBOX_NAME_MAX = 255, MAILBOX_LEVELS_MAX = 16 };

/* UTF-8 to modified UTF-7 and back.  Reading is false for what is no such text, also where ASCII is encoded. */
void mutf7_add(struct bytes *out, struct slice utf8);
bool mutf7_read(struct slice text, struct bytes *out_utf8);

/* UTF-8, no controls, no wildcard, no empty level, within the limits above. */
bool mailbox_name_good(struct slice name);
/* '*' fits anything, '%' anything but '/'.  INBOX, as first level, in any case. */
bool mailbox_name_fits(struct slice name, struct slice pattern);

#endif
