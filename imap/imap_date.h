/*
 * imap_date — "1-Feb-1994" and "17-Jul-1996 02:44:25 -0700" (RFC 9051 9).  Pure.
 */
#ifndef NESTBOX_IMAP_DATE_H
#define NESTBOX_IMAP_DATE_H

#include "clock.h"
#include "slice.h"

/* Midnight UTC of that day. */
bool imap_date_read(struct slice text, int64_t *out_ms);
bool imap_date_time_read(struct slice text, int64_t *out_ms);
enum { IMAP_DATE_TIME_SIZE = 32 };
void imap_date_time_print(int64_t ms, char out[IMAP_DATE_TIME_SIZE]); /* in UTC, without quotes */

#endif
