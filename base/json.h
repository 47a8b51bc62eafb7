/*
 * json — writing only (reading is jansson's, in the rooms that design.md names).
 *
 *     struct json j = json_to(&out);
 *     json_open(&j, NULL);  json_text(&j, "id", id);  json_array(&j, "to"); json_text(&j, NULL, x); json_end(&j);  json_end(&j);
 *
 * Commas and escapes are its business.  Invalid UTF-8 becomes U+FFFD, so the result is always JSON.
 */
#ifndef NESTBOX_BASE_JSON_H
#define NESTBOX_BASE_JSON_H

#include "bytes.h"

struct json {
    struct bytes *out;
    unsigned depth;
    uint64_t object_at; /* bit per level: 1 object, 0 array */
    uint64_t more_at;   /* bit per level: something stands there already */
};
static inline struct json json_to(struct bytes *out)
{
    return (struct json){.out = out};
}
/* name is NULL inside arrays and at the top. */
void json_open(struct json *j, const char *name);  /* { */
void json_array(struct json *j, const char *name); /* [ */
void json_end(struct json *j);                     /* the matching } or ] */
/* NULL text: nothing is written, no name either. */
void json_text(struct json *j, const char *name, const char *text);
void json_slice(struct json *j, const char *name, struct slice text);
void json_number(struct json *j, const char *name, int64_t number);
void json_bool(struct json *j, const char *name, bool value);
void json_null(struct json *j, const char *name);
void json_raw(struct json *j, const char *name, struct slice json); /* already JSON */

#endif
