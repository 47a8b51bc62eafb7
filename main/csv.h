/*
 * csv — tables as text (RFC 4180): what other servers export.  Pure.
 */
#ifndef NESTBOX_MAIN_CSV_H
#define NESTBOX_MAIN_CSV_H

#include "bytes.h"

/* The next row's first column, without its quotes; false: there is none left.  Rows without anything are skipped.
 * *line counts the lines that were read: it is the row's last one. */
bool csv_first_column(struct slice *rest, struct bytes *out, int64_t *line);

#endif
