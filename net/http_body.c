/*
 * The body: by length, or in chunks (RFC 9112 7.1).  Extensions and trailers are read over, but bounded,
 * since each byte of data could carry a line of them.
 */
#include "http_private.h"

enum { CHUNK_LINE_MAX = 256, OVERHEAD_MAX = 16 * 1024, SIZE_DIGITS_MAX = 8 };

static const struct http_verdict fine;
static const struct http_verdict bad_chunk = {400, "The chunked body is malformed."};
static const struct http_verdict too_large = {413, "The body is too large."};

void http_body_init(struct http_body *body, const struct http_head *head, size_t max)
{
    *body = (struct http_body){.framing = head->framing, .left = head->length, .max = max};
    body->done =
        head->framing == FRAMING_NONE || (head->framing == FRAMING_LENGTH && head->length == 0);
}

void http_body_clear(struct http_body *body)
{
    bytes_clear(&body->data);
}

static size_t take_data(struct http_body *body, struct slice in)
{
    struct slice piece = slice_first(in, (size_t)body->left);

    bytes_add(&body->data, piece);
    body->left -= (int64_t)piece.len;
    return piece.len;
}

enum line { LINE_FOUND, LINE_OPEN, LINE_BAD };

/* A line of a chunked body: ended by CR LF, nothing but text in it. */
static enum line find_line(struct slice in, struct slice *out)
{
    for (size_t i = 0; i < in.len && i < CHUNK_LINE_MAX; i++) {
        unsigned char c = (unsigned char)in.at[i];
        if (c == '\n') {
            *out = slice_first(in, i ? i - 1 : 0);
            return i > 0 && in.at[i - 1] == '\r' ? LINE_FOUND : LINE_BAD;
        }
        if (i > 0 && in.at[i - 1] == '\r')
            return LINE_BAD;
        if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7f)
            return LINE_BAD;
    }
    return in.len >= CHUNK_LINE_MAX ? LINE_BAD : LINE_OPEN;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Hex digits, then nothing or an extension. */
static bool read_size(struct slice line, int64_t *out, size_t *out_extension)
{
    size_t digits = 0;
    int64_t size = 0;

    for (; digits < line.len && hex_digit(line.at[digits]) >= 0; digits++) {
        if (digits == SIZE_DIGITS_MAX)
            return false;
        size = size * 16 + hex_digit(line.at[digits]);
    }
    if (digits == 0 || (digits < line.len && line.at[digits] != ';'))
        return false;
    *out = size;
    *out_extension = line.len - digits;
    return true;
}

static struct http_verdict on_size_line(struct http_body *body, struct slice line)
{
    size_t extension;

    if (!read_size(line, &body->left, &extension))
        return bad_chunk;
    body->overhead += extension;
    if (body->overhead > OVERHEAD_MAX)
        return bad_chunk;
    if ((uint64_t)body->left > body->max - body->data.len)
        return too_large;
    body->step = body->left ? CHUNK_DATA : CHUNK_TRAILER;
    return fine;
}

static struct http_verdict on_trailer_line(struct http_body *body, struct slice line)
{
    struct http_field dropped;

    body->overhead += line.len;
    body->done = line.len == 0;
    if (!body->done && (body->overhead > OVERHEAD_MAX || !http_field_read(line, &dropped)))
        return bad_chunk;
    return fine;
}

static struct http_verdict on_line(struct http_body *body, struct slice line)
{
    if (body->step == CHUNK_SIZE)
        return on_size_line(body, line);
    if (body->step == CHUNK_TRAILER)
        return on_trailer_line(body, line);
    body->step = CHUNK_SIZE; /* behind the data */
    return line.len ? bad_chunk : fine;
}

static struct http_verdict take_chunks(struct http_body *body, struct slice in, size_t *used)
{
    while (!body->done && *used < in.len) {
        struct slice rest = slice_from(in, *used), line;
        if (body->step == CHUNK_DATA) {
            *used += take_data(body, rest);
            if (body->left == 0)
                body->step = CHUNK_END;
            continue;
        }
        switch (find_line(rest, &line)) {
        case LINE_OPEN: return fine;
        case LINE_BAD: return bad_chunk;
        case LINE_FOUND: break;
        }
        *used += line.len + 2;
        struct http_verdict verdict = on_line(body, line);
        if (verdict.status)
            return verdict;
    }
    return fine;
}

struct http_verdict http_body_take(struct http_body *body, struct slice in, size_t *out_used)
{
    *out_used = 0;
    if (body->framing == FRAMING_CHUNKED)
        return take_chunks(body, in, out_used);
    if ((uint64_t)body->left > body->max)
        return too_large;
    if (body->framing == FRAMING_LENGTH) {
        *out_used = take_data(body, in);
        body->done = body->left == 0;
    }
    return fine;
}
