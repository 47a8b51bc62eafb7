/*
 * import_name — where a file of a Maildir comes from: "mail/.Fediverse.Home/cur/17.N3.host:2,FS".  Pure.
 */
#ifndef NESTBOX_MAIN_IMPORT_NAME_H
#define NESTBOX_MAIN_IMPORT_NAME_H

#include "bytes.h"

/* Its mailbox ("Fediverse/Home", "INBOX") and flags (enum entry_flag).  False: no mail lies there, or in a mailbox of
 * no good name. */
bool import_name(struct slice name, struct bytes *out_mailbox, unsigned *out_flags);
/* Those behind ":2,". */
unsigned import_flags(struct slice name);

#endif
