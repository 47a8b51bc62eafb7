/*
 * http — a request as a value, and the shape of a handler.
 *
 * net's strict reader makes the value; the faces' handlers answer it; main joins their routes into one
 * table.  A handler has no socket: it fills a response, or gives away an errand and goes on in resume().
 */
#ifndef NESTBOX_BASE_HTTP_H
#define NESTBOX_BASE_HTTP_H

#include "session.h"

enum { HTTP_FIELDS_MAX = 100, HTTP_PARTS_MAX = 4 };

struct http_field {
    struct slice name;  /* as sent */
    struct slice value; /* without the space around it, bytes as sent */
};
struct http_request { /* everything borrowed from the session until the response is done */
    struct slice method;
    /* Path and query as sent; of an absolute-form line what stands behind the authority. */
    struct slice target;
    struct slice path;  /* as sent, not decoded */
    struct slice query; /* behind '?', not decoded; at == NULL if there is none */
    struct slice host;  /* of Host, without port, as sent */
    bool secured;       /* came over TLS */
    size_t field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
    struct slice body;
    const struct peer *peer;
};
static inline bool http_is_get_or_head(const struct http_request *request)
{
    return slice_is(request->method, "GET") || slice_is(request->method, "HEAD");
}
/* First field of that name, case ignored; at == NULL if there is none.  *out_count (or NULL) how many. */
struct slice http_field(const struct http_request *request, const char *name, size_t *out_count);
/* The decoded value of `name` in the query (or a form body), heap text; NULL if absent or broken. */
char *http_form_value(struct slice form, const char *name);
/* The first field of that name in a posted form, of either kind, added to *out as it is: a file's octets too.  False:
 * there is none, or the form is broken. */
bool http_form_field(const struct http_request *request, const char *name, struct bytes *out);
/* The same of multipart/form-data (RFC 7578), whose Content-Type is `type`; borrowed from `body`. */
bool http_multipart_field(struct slice type, struct slice body, const char *name,
                          struct slice *out);

struct http_response {
    int status;
    /* "Name: value\r\n" lines; Date, Content-Length, Connection come by themselves. */
    struct bytes fields;
    struct bytes body;
    int64_t length; /* of the whole body when it comes in pieces by NEXT_MORE; else -1 */
};
/* Control bytes in `value` become '?', so nobody's words can add a field. */
void http_add_field(struct http_response *response, const char *name, const char *value);
void http_answer(struct http_response *response, int status, const char *type, struct slice body);
/* text/plain */
void http_answer_text(struct http_response *response, int status, const char *sentence);

struct http_turn { /* lives in the session from the request to the end of its response */
    const struct http_request *request;
    struct slice parts[HTTP_PARTS_MAX]; /* what stood for {} in the route's path, not decoded */
    struct http_response *response;
    struct errand *errand;      /* with NEXT_WAIT: given away */
    void *state;                /* the handler's own between calls, */
    void (*free_state)(void *); /* called at the end if set */
    int64_t watch, wake_at_ms;
};

enum http_accept { ACCEPT_ANY, ACCEPT_ACTIVITY, ACCEPT_PAGE };
struct http_route {
    const char *method; /* "GET" serves HEAD too */
    const char *path;   /* "/users/{}/inbox"; {} is one segment, not empty */
    enum http_accept accept;
    /* NEXT_READ: the response is complete.  NEXT_WAIT: errand.  NEXT_MORE: send, then more(). */
    enum next (*begin)(void *face, struct http_turn *turn);
    enum next (*resume)(void *face, struct http_turn *turn, struct errand *back); /* takes `back` */
    enum next (*more)(void *face, struct http_turn *turn);
};
struct http_face { /* a room's routes, and what its handlers get as `face` */
    const struct http_route *routes;
    size_t count;
    void *face;
};
/* What the Accept fields ask for: ACCEPT_ACTIVITY if they name activity JSON, LD JSON or plain
 * JSON with a q not below that of HTML, else ACCEPT_PAGE; never ACCEPT_ANY. */
enum http_accept http_wanted(const struct http_request *request);

#endif
