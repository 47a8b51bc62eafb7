/*
 * compose — a mail built: header fields encoded and folded, multipart/alternative with the plain text
 * first, pictures behind it, or a report of delivery.  Always canonical CRLF, lines under 998 octets, 7-bit but
 * for a mail that comes back whole.
 */
#ifndef NESTBOX_MIME_COMPOSE_H
#define NESTBOX_MIME_COMPOSE_H

#include "err.h"
#include "slice.h"
#include "stream.h"

struct compose;
struct compose *compose_new(void);
void compose_free(struct compose *c);
SCOPED(compose, compose_free)

/* A field with free text (encoded words where needed). Control bytes become spaces: no field can be injected. */
void compose_field(struct compose *c, const char *name, const char *text);
/* Adds to an address field: "Name" <address>; repeated calls join by comma.  name NULL: address alone. */
void compose_address(struct compose *c, const char *field, const char *name, const char *address);
void compose_date(struct compose *c, int64_t ms);
void compose_ids(struct compose *c, const char *field, char *const *ids,
                 size_t count); /* adds <> */
/* In-Reply-To and References of an answer; `references` without <>, parted by spaces, the last is answered; or NULL. */
void compose_thread(struct compose *c, const char *references);
void compose_language(struct compose *c, const char *tag);
/* The picture by which Delta Chat shows who wrote (Chat-User-Avatar).  It stands in the header, so it is bounded. */
enum { COMPOSE_FACE_MAX = 128 * 1024 };
void compose_face(struct compose *c, struct slice picture);
/* Bodies; plain is needed, html (a fragment; wrapped into a small document) may be NULL. */
void compose_text(struct compose *c, struct slice plain, const char *html);
/* An attached file, taken from a slice (copied).  description (alt text) may be NULL. */
void compose_attach(struct compose *c, const char *type, const char *file_name,
                    const char *description, struct slice content);
/* A picture that the html shows as <img src="cid:ID">; comes with the mail, is not fetched. */
void compose_inline(struct compose *c, const char *type, const char *id, const char *description,
                    struct slice content);
/* Makes it a report on what became of a mail (RFC 3464): the plain text, `status` (ASCII, LF; the fields of
 * message/delivery-status), `mail` (the one it is about: its header, or `whole` with CRLF).  Copied.  Not together with
 * attachments. */
void compose_delivery_report(struct compose *c, struct slice status, struct slice mail, bool whole);
/* Makes it a report of TLS (RFC 8460 5.3): the plain text, and the one attachment. */
void compose_tls_report(struct compose *c);
MUST_CHECK bool compose_write(struct compose *c, struct sink *into, struct err *err);

#endif
