/*
 * home — GnuPG's folder: private, temporary, empty but for its settings.  Judge only.
 */
#ifndef NESTBOX_PGP_HOME_H
#define NESTBOX_PGP_HOME_H

#include "err.h"

/* Makes it below XDG_RUNTIME_DIR, TMPDIR or /tmp.  *out_path is heap text. */
MUST_CHECK bool home_make(char **out_path, struct err *err);
/* Removes everything but the settings: nothing of one request is there for the next. */
MUST_CHECK bool home_wipe(const char *path, struct err *err);
void home_remove(const char *path);

#endif
