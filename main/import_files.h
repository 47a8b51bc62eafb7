/*
 * import_files — nestbox import, in the client: FILE is read with its caller's rights and goes to the server in parcels of whole
 * files, each a call of its own, so that neither side holds more than one parcel.
 */
#ifndef NESTBOX_MAIN_IMPORT_FILES_H
#define NESTBOX_MAIN_IMPORT_FILES_H

#include "command.h"

#define IMPORT_FOLLOWING "following_accounts.csv"
#define IMPORT_CONTACTS "contacts.txt"
#define IMPORT_MBOX "mbox/" /* NUMBER:2,FLAGS; its mailbox is that of --mailbox */

struct import_counts {
    int64_t mails, repeats, followed, decisions, left;
};
/* The server's answer to one call, and its reading: false if it is none. */
void import_counts_say(const struct import_counts *counts, struct bytes *out);
MUST_CHECK bool import_counts_add(struct slice answer, struct import_counts *counts);

typedef int import_ask(struct command *, const struct command_row *, const struct config *,
                       struct err *);
/* The whole command: its exit code. */
int import_files(struct command *command, const struct command_row *row,
                 const struct config *config, import_ask *ask, struct err *err);

#endif
