/*
 * doc — JSON of strangers, taken apart with tolerance: a string, an object or an array may stand where one of
 * the three is meant.  The readers of each document (webfinger_read, actor_read, activity_read) use it.
 */
#ifndef NESTBOX_ACTIVITYPUB_DOC_H
#define NESTBOX_ACTIVITYPUB_DOC_H

#include "err.h"
#include "scope.h"
#include "slice.h"

#include <jansson.h>

enum {
    DOC_DEPTH_MAX = 32,
    DOC_BYTES_MAX = 1024 * 1024,
    DOC_TEXT_MAX = 256 * 1024,
    DOC_LIST_MAX = 1000,
    DOC_ID_MAX = 2048
};
#define AS2 "https://www.w3.org/ns/activitystreams"
#define AS2_PUBLIC AS2 "#Public"

struct doc { /* a parsed document; its values are borrowed from it */
    json_t *root;
};
void doc_clear(struct doc *doc);
SCOPED_VALUE(doc, doc_clear)
/* An object; no member twice, depth and size bounded before the parser sees it.  ERR_MALFORMED. */
MUST_CHECK bool doc_read(struct slice text, struct doc *out, struct err *err);

const json_t *doc_member(const json_t *object, const char *name); /* NULL: absent or null */
const char *doc_text(const json_t *object, const char *name);     /* NULL: no string, or too long */
const json_t *doc_first(const json_t *value);                     /* of an array, else itself */
/* The id that stands for `value`: a string, or the id (href) of an object, or of the first entry. */
const char *doc_id(const json_t *value);
/* A member whose one value names something; NULL if it names two different things. */
const char *doc_sole_id(const json_t *object, const char *name);
bool doc_is_type(const json_t *object, const char *type);
const char *doc_type(const json_t *object);                 /* the first; NULL if none */
bool doc_lists_text(const json_t *value, const char *text); /* is it, or an entry of it */
/* Entries of an array, or the value itself as the only one; at most DOC_LIST_MAX. */
size_t doc_count(const json_t *value);
const json_t *doc_entry(const json_t *value, size_t i);

/* May this name something on the Fediverse?  https, a canonical public-looking host, no fragment unless
 * `fragment` is allowed, bounded. */
bool doc_is_name(const char *id, bool fragment);
bool doc_same_origin(const char *a, const char *b); /* false if one is NULL */

#endif
