/*
 * request — a request value from its text, as net's reader would make it.
 *
 * "POST /inbox HTTP/1.1\nHost: …\n\nbody": lines end in \n, the text is borrowed.
 */
#ifndef NESTBOX_TEST_REQUEST_H
#define NESTBOX_TEST_REQUEST_H

#include "http.h"

void request_read(const char *text, struct http_request *out);
/* The same of any bytes; fields above the reader's own number are left out. */
void request_read_slice(struct slice text, struct http_request *out);

#endif
