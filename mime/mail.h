/*
 * mail — a mail taken apart (RFC 5322, 2045–2047, 2231).
 *
 * Room mime: mail taken apart and built, HTML to text and to clean HTML, pictures cleaned.
 * May use:  base; GMime (and its GLib), libxml2, libjpeg-turbo.  Nobody else does.
 * Must not: know who may post what.
 *
 * GLib aborts when memory ends, so GMime gets bounded pieces only: 256 KiB of header in 2,000 fields, 100
 * parts, 20 levels (else ERR_MALFORMED), counted before it sees any.  Every text handed out is valid UTF-8 without control
 * bytes but tab and newline.
 */
#ifndef NESTBOX_MIME_MAIL_H
#define NESTBOX_MIME_MAIL_H

#include "bytes.h"
#include "err.h"
#include "scope.h"
#include "stream.h"

struct mail;
struct mail_part;

void mime_set_up(void); /* once, on one thread, before any other */

/* Keeps a borrow of `source` until mail_free(). */
MUST_CHECK bool mail_parse(struct source *source, struct mail **out, struct err *err);
void mail_free(struct mail *mail);
SCOPED(mail, mail_free)

/* Header fields of the mail itself, name case ignored; `index` counts from the top.  Decoded (RFC 2047) and
 * unfolded; NULL if absent.  Borrowed until mail_free(). */
const char *mail_field(struct mail *mail, const char *name, size_t index);
size_t mail_field_count(struct mail *mail, const char *name);

struct mail_address {
    char *name;    /* display name or NULL */
    char *address; /* addr-spec; domain lower case and as A-labels */
};
struct mail_addresses {
    struct mail_address *at;
    size_t count, capacity;
    size_t unread; /* somebody is named there in a way that is no address, or beyond the 1,000 */
};
/* Addresses of all fields of that name, groups flattened; at most 1,000. */
void mail_addresses(struct mail *mail, const char *name, struct mail_addresses *out);
void mail_addresses_clear(struct mail_addresses *addresses);
SCOPED_VALUE(mail_addresses, mail_addresses_clear)
/* Addresses or ids from the fields of one name; what is more is left out. */
enum { MAIL_MAX_LIST = 1000 };
/* Message-IDs of In-Reply-To, References …, without <>, oldest first. */
struct mail_ids {
    char **at;
    size_t count, capacity;
};
void mail_ids(struct mail *mail, const char *name, struct mail_ids *out);
void mail_ids_clear(struct mail_ids *ids);
SCOPED_VALUE(mail_ids, mail_ids_clear)
/* The Date field, or 0. */
int64_t mail_date_ms(struct mail *mail);

/* Whether some part says more than once what it is (Content-Type, Content-Transfer-Encoding), so that programs may
 * read it differently. */
bool mail_is_ambiguous(const struct mail *mail);

/* The tree.  Parts live as long as their mail. */
struct mail_part *mail_root(struct mail *mail);
size_t mail_part_count(const struct mail_part *part); /* children; 0 for a leaf */
struct mail_part *mail_part_child(struct mail_part *part, size_t index);
bool mail_part_is(const struct mail_part *part, const char *type,
                  const char *subtype);                   /* "*" is any */
const char *mail_part_type(const struct mail_part *part); /* "text/plain" lower case */
const char *mail_part_parameter(const struct mail_part *part,
                                const char *name); /* of Content-Type, or NULL */
const char *mail_part_field(const struct mail_part *part,
                            const char *name); /* of the part's header, or NULL */
const char *
mail_part_file_name(const struct mail_part *part); /* or NULL; for words to the author only */
bool mail_part_is_attachment(const struct mail_part *part); /* Content-Disposition: attachment */
const char *mail_part_content_id(const struct mail_part *part); /* without <>, or NULL */

/* Transfer encoding undone, charset to UTF-8, CRLF to LF.  ERR_TOO_LARGE above `max` bytes. */
MUST_CHECK bool mail_part_text(struct mail_part *part, size_t max, struct bytes *out,
                               struct err *err);
/* Transfer encoding undone. */
MUST_CHECK bool mail_part_content(struct mail_part *part, size_t max, struct bytes *out,
                                  struct err *err);
/* The exact octets of the part, header and body, as they stand in the source: what a multipart/signed
 * signature covers (RFC 3156 5; the CRLF before the boundary is not part of it).  Keeps a borrow of the mail's
 * source until the caller's source_free(). */
struct source *mail_part_exact(struct mail_part *part);
/* A leaf's or container's part as a mail of its own (protected headers of a signed part); of a message/rfc822,
 * which is a leaf in the tree, the mail inside.  Keeps a borrow of the part's mail and its source. */
MUST_CHECK bool mail_of_part(struct mail_part *part, struct mail **out, struct err *err);

#endif
