/*
 * acme_certificate — the certificate, its key and our note of it, in data_dir/tls.  Files: for workers.
 */
#ifndef NESTBOX_MAIN_ACME_CERTIFICATE_H
#define NESTBOX_MAIN_ACME_CERTIFICATE_H

#include "acme_state.h"
#include "data_dir.h"

/* What is there; what cannot be read is not there. */
void acme_view_read(const struct data_dir *dir, const struct config *config, struct acme_view *out);
MUST_CHECK bool acme_note_keep(const struct data_dir *dir, const struct acme_note *note,
                               struct err *err);
/* The request for these names by the key that is there, which stays. */
MUST_CHECK bool acme_request_make(const struct data_dir *dir, const char *const *names,
                                  size_t count, struct bytes *out, struct err *err);
/* Checks a chain and puts it in the place of the certificate, where listeners notice it; view->facts are its.  ERR_MALFORMED:
 * it is for another key or other names, or not valid now. */
MUST_CHECK bool acme_chain_keep(const struct data_dir *dir, struct slice chain, int64_t now_ms,
                                struct acme_view *view, struct err *err);

#endif
