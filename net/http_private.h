/*
 * http_private — the parts of the HTTP reader, each a function of bytes: head, body, route, answer.
 */
#ifndef NESTBOX_NET_HTTP_PRIVATE_H
#define NESTBOX_NET_HTTP_PRIVATE_H

#include "http_server.h"

struct http_server { /* all defaults filled in */
    struct http_options options;
    struct http_face *faces;
    size_t bodies; /* octets of bodies held now */
};

enum { HTTP_LINE_MAX = 8 * 1024 }; /* of the request line: 414 beyond */

struct http_verdict { /* status 0: fine.  Else what the peer hears, and the end of the connection */
    int status;
    const char *sentence;
};

enum http_framing { FRAMING_NONE, FRAMING_LENGTH, FRAMING_CHUNKED };
struct http_head {
    enum http_framing framing;
    int64_t length;      /* with FRAMING_LENGTH */
    bool old;            /* HTTP/1.0 */
    bool keep;           /* the peer wants the connection kept */
    bool wants_continue; /* Expect: 100-continue */
    char *made_target;   /* heap, where the sent bytes hold no target in one piece; or NULL */
};
/* Looks at in[*at...] for the end of the head.  *out_len is its length with the empty line, 0 if it is
 * not all there; *at moves to where the next look begins.  Bare CR, bare LF and NUL are refused here, as
 * soon as they come. */
struct http_verdict http_head_find(struct slice in, size_t max, size_t *at, size_t *out_len);
/* Reads a whole head.  The request borrows from `text`, and from *out. */
struct http_verdict http_head_read(struct slice text, struct http_request *request,
                                   struct http_head *out);
void http_head_clear(struct http_head *head);
/* One "Name: value" line without its CRLF. */
MUST_CHECK bool http_field_read(struct slice line, struct http_field *out);

enum http_chunk_step { CHUNK_SIZE, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER };
struct http_body {
    enum http_framing framing;
    enum http_chunk_step step;
    int64_t left;    /* of the body, or of this chunk */
    size_t overhead; /* chunk extensions and trailers so far */
    size_t max;
    bool done;
    struct bytes data;
};
void http_body_init(struct http_body *body, const struct http_head *head, size_t max);
/* Takes what it can; *out_used is always set. */
struct http_verdict http_body_take(struct http_body *body, struct slice in, size_t *out_used);
void http_body_clear(struct http_body *body);

struct http_match {
    const struct http_route *route; /* NULL: see verdict */
    void *face;
    struct slice parts[HTTP_PARTS_MAX];
    struct http_verdict verdict; /* 404 or 405 */
    char allow[64];              /* the methods, with 405 */
};
void http_find_route(const struct http_face *faces, size_t count,
                     const struct http_request *request, struct http_match *out);

enum http_pieces { PIECES_NONE, PIECES_LENGTH, PIECES_CHUNKED, PIECES_UNTIL_CLOSE };
struct http_manner { /* how a response goes out */
    enum http_pieces pieces;
    bool keep;
    bool head_only; /* HEAD */
};
/* Status line and fields.  A response with no status becomes 500. */
void http_write_head(struct bytes *out, const struct http_response *response,
                     const struct http_manner *manner, int64_t now_ms);
void http_write_piece(struct bytes *out, struct slice piece, const struct http_manner *manner);
void http_write_end(struct bytes *out, const struct http_manner *manner);
bool http_status_has_body(int status);

#endif
