/*
 * The fields of a posted form, of the two kinds that browsers send: application/x-www-form-urlencoded, and, where a file is
 * in it, multipart/form-data (RFC 7578, RFC 2046 5.1).
 */
#include "http.h"

#include "memory.h"
#include "text.h"

enum { PARTS_MAX = 16, LINES_MAX = 8, BOUNDARY_MAX = 70 };

/* Up to the next ';' outside of quotes; rest->at == NULL: it was the last. */
static struct slice cut_parameter(struct slice *rest)
{
    struct slice text = *rest;
    bool quoted = false;
    size_t at = 0;

    for (; at < text.len && (quoted || text.at[at] != ';'); at++) {
        if (text.at[at] == '"')
            quoted = !quoted;
        else if (quoted && text.at[at] == '\\')
            at++;
    }
    *rest = at < text.len ? slice_from(text, at + 1) : (struct slice){NULL, 0};
    return slice_trim(slice_first(text, at));
}

/* "form-data; name=\"key\"": at == NULL if it has no such parameter. */
static struct slice parameter(struct slice value, const char *name)
{
    (void)cut_parameter(&value);
    while (value.at) {
        struct slice said = cut_parameter(&value);
        struct slice key = slice_cut(&said, '=');
        if (!said.at || !slice_is_nocase(slice_trim(key), name))
            continue;
        said = slice_trim(said);
        bool quoted = said.len >= 2 && said.at[0] == '"' && said.at[said.len - 1] == '"';
        return quoted ? slice_first(slice_from(said, 1), said.len - 2) : said;
    }
    return (struct slice){NULL, 0};
}

static bool is_boundary(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~' || text.at[i] == '"' || text.at[i] == '\\')
            return false;
    return text.len > 0 && text.len <= BOUNDARY_MAX;
}

/* Its header without the empty line; false if none ends it soon. */
static bool cut_header(struct slice *part, struct slice *out)
{
    struct slice rest = *part;

    for (size_t lines = 0; lines < LINES_MAX; lines++) {
        size_t end = slice_find_text(rest, SLICE("\r\n"));
        if (end == SIZE_MAX)
            return false;
        if (end == 0) {
            *out = slice_first(*part, part->len - rest.len);
            *part = slice_from(rest, strlen("\r\n"));
            return true;
        }
        rest = slice_from(rest, end + strlen("\r\n"));
    }
    return false;
}

static bool is_called(struct slice header, const char *name)
{
    while (header.at && header.len > 0) {
        struct slice value = slice_line(&header), field = slice_cut(&value, ':');
        if (slice_is_nocase(slice_trim(field), "Content-Disposition") && value.at)
            return slice_is(parameter(slice_trim(value), "name"), name);
    }
    return false;
}

/* `body` begins behind a boundary: the part up to the next one, behind which the body then begins.  False at the end, or
 * where it is broken. */
static bool cut_part(struct slice *body, struct slice boundary, struct slice *out)
{
    size_t end;

    if (!slice_starts(*body, SLICE("\r\n")))
        return false; /* "--" */
    *body = slice_from(*body, strlen("\r\n"));
    end = slice_find_text(*body, boundary);
    if (end == SIZE_MAX)
        return false;
    *out = slice_first(*body, end);
    *body = slice_from(*body, end + boundary.len);
    return true;
}

bool http_multipart_field(struct slice type, struct slice body, const char *name, struct slice *out)
{
    scoped_value(bytes) mark = {0};
    struct slice boundary = parameter(type, "boundary"), part, header;

    if (!slice_starts_nocase(type, "multipart/form-data") || !is_boundary(boundary))
        return false;
    bytes_add_text(&mark, "\r\n--");
    bytes_add(&mark, boundary);
    const struct slice between = bytes_slice(&mark), first = slice_from(between, strlen("\r\n"));
    if (!slice_starts(body, first))
        return false; /* browsers write nothing in front */
    body = slice_from(body, first.len);
    for (size_t i = 0; i < PARTS_MAX && cut_part(&body, between, &part); i++) {
        if (!cut_header(&part, &header))
            return false;
        if (is_called(header, name)) {
            *out = part;
            return true;
        }
    }
    return false;
}

bool http_form_field(const struct http_request *request, const char *name, struct bytes *out)
{
    size_t count;
    struct slice type = http_field(request, "Content-Type", &count), value;

    if (count == 1 && slice_starts_nocase(type, "multipart/")) {
        if (!http_multipart_field(type, request->body, name, &value))
            return false;
        bytes_add(out, value);
        return true;
    }
    scoped_text char *text = http_form_value(request->body, name);
    if (text)
        bytes_add_text(out, text);
    return text != NULL;
}
