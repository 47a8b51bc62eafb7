/*
 * privileges — what the server gives up once its ports are bound, and a command that works without it at once.
 */
#ifndef NESTBOX_MAIN_PRIVILEGES_H
#define NESTBOX_MAIN_PRIVILEGES_H

#include "err.h"

/* Started as root with a data folder that belongs to somebody else: becomes that user, for good.  Core dumps
 * are switched off either way: they would hold keys and clear text. */
MUST_CHECK bool privileges_drop(int data_dir, struct err *err);

#endif
