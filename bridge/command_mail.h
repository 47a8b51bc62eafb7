/* command_mail — commands that have a file of their own. */
#ifndef NESTBOX_BRIDGE_COMMAND_MAIL_H
#define NESTBOX_BRIDGE_COMMAND_MAIL_H

#include "mail_work.h"

/* The mail's text instead of the post's, by the same rules; pictures stay (behaviour.md 6, 11). */
MUST_CHECK bool edit_post(struct mail_work *work, struct message *target, struct err *err);

#endif
