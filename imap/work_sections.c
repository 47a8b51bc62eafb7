/*
 * Sections of a mail, by the offsets that were noted when it was stored: no mail is taken apart for FETCH.
 *
 * A section is a range of the body, or text made here (chosen header fields, what BINARY decoded).  Its beginning is read
 * at once; the rest of a range is fetched in pieces.
 */
#include "imap_work.h"
#include "text.h"

enum { HEADER_MOST = 256 * 1024, BINARY_MOST = 16 * 1024 * 1024 };

struct place { /* one line of `parts` */
    int64_t begin, body, end, inner;
    struct slice encoding;
};

static bool read_number(struct slice *rest, int64_t *out)
{
    return rest->at && slice_to_number(slice_cut(rest, ' '), INT64_MAX, out);
}

static bool find_place(const char *parts, const char *number, struct place *out)
{
    struct slice rest = slice_of(parts);

    while (rest.at && rest.len > 0) {
        struct slice line = slice_line(&rest);
        if (!slice_is(slice_cut(&line, ' '), number))
            continue;
        if (!read_number(&line, &out->begin) || !read_number(&line, &out->body) ||
            !read_number(&line, &out->end) || !read_number(&line, &out->inner))
            return false;
        out->encoding = line.at ? line : SLICE("7bit");
        return true;
    }
    return false;
}

struct range {
    int64_t begin, end;
};

/* What a section is of a place; the mail itself is a place whose inner mail it is. */
static bool range_of(const struct place *place, const struct imap_section_wish *wish,
                     struct range *out)
{
    bool whole = wish->part[0] == '\0';
    int64_t inner_begin = whole ? 0 : place->body;
    int64_t inner_body = whole ? place->body : place->inner;

    switch (wish->kind) {
    case SECTION_ALL:
    case SECTION_BINARY:
    case SECTION_BINARY_SIZE: *out = (struct range){inner_begin, place->end}; return true;
    case SECTION_MIME: *out = (struct range){place->begin, place->body}; return true;
    case SECTION_HEADER:
    case SECTION_FIELDS:
    case SECTION_FIELDS_NOT: *out = (struct range){inner_begin, inner_body}; break;
    case SECTION_TEXT: *out = (struct range){inner_body, place->end}; break;
    }
    return inner_body > 0 || whole; /* these are of mails alone */
}

static bool read_range(struct source *source, struct range range, struct bytes *out,
                       struct err *err)
{
    size_t got = 1;

    while (range.begin < range.end && got > 0) {
        size_t wanted = (size_t)(range.end - range.begin);
        char *into = bytes_reserve(out, wanted);
        if (!source_read(source, range.begin, into, wanted, &got, err))
            return false;
        out->len += got;
        range.begin += (int64_t)got;
    }
    return true;
}

/* ---- chosen fields ---- */

static bool is_wished(struct slice name, const struct imap_section_wish *wish)
{
    for (size_t i = 0; i < wish->field_count; i++)
        if (slice_is_nocase(name, wish->fields[i]))
            return wish->kind == SECTION_FIELDS;
    return wish->kind == SECTION_FIELDS_NOT;
}

static void choose_fields(struct slice header, const struct imap_section_wish *wish,
                          struct bytes *out)
{
    bool wished = false;

    while (header.len > 0) {
        size_t end = slice_find(header, '\n');
        struct slice line = slice_first(header, end == SIZE_MAX ? header.len : end + 1);
        header = slice_from(header, line.len);
        if (slice_trim(line).len == 0)
            break;
        if (line.at[0] != ' ' && line.at[0] != '\t') {
            size_t colon = slice_find(line, ':');
            wished = colon != SIZE_MAX && is_wished(slice_trim(slice_first(line, colon)), wish);
        }
        if (wished)
            bytes_add(out, line);
    }
    bytes_add_text(out, "\r\n");
}

/* ---- BINARY ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "=3D" at the head of `text`; false: it is none. */
static bool read_escape(struct slice text, char *out)
{
    if (text.len < 3 || text.at[0] != '=')
        return false;
    int high = hex_digit(text.at[1]);
    int low = hex_digit(text.at[2]);
    *out = (char)(unsigned char)(high * 16 + low);
    return high >= 0 && low >= 0;
}

static void decode_line(struct slice line, struct bytes *out)
{
    while (line.len > 0) {
        char c;
        bool escaped = read_escape(line, &c);
        if (!escaped)
            c = line.at[0];
        bytes_add_char(out, c);
        line = slice_from(line, escaped ? 3 : 1);
    }
}

/* A '=' at the end of a line joins it to the next (RFC 2045 6.7). */
static void decode_quoted(struct slice text, struct bytes *out)
{
    while (text.at && text.len > 0) {
        bool ends = slice_find(text, '\n') != SIZE_MAX;
        struct slice line = slice_line(&text);
        while (line.len > 0 && (line.at[line.len - 1] == ' ' || line.at[line.len - 1] == '\t'))
            line.len--;
        bool soft = line.len > 0 && line.at[line.len - 1] == '=';
        line.len -= soft;
        decode_line(line, out);
        if (ends && !soft)
            bytes_add_text(out, "\r\n");
    }
}

static bool decode_base64(struct slice text, struct bytes *out)
{
    scoped_value(bytes) dense = {0};

    for (size_t i = 0; i < text.len; i++)
        if (!strchr(" \t\r\n", text.at[i]))
            bytes_add_char(&dense, text.at[i]);
    return base64_read(bytes_slice(&dense), out);
}

/* False: nothing that can be decoded here. */
static bool decode(struct slice encoding, struct slice text, struct bytes *out)
{
    if (slice_is(encoding, "base64"))
        return decode_base64(text, out);
    if (slice_is(encoding, "quoted-printable"))
        decode_quoted(text, out);
    else if (slice_is(encoding, "7bit") || slice_is(encoding, "8bit") ||
             slice_is(encoding, "binary"))
        bytes_add(out, text);
    else
        return false;
    return true;
}

/* ---- sections ---- */

static void cut_partial(struct bytes *text, const struct imap_section_wish *wish)
{
    if (!wish->partial)
        return;
    size_t offset = (int64_t)text->len < wish->offset ? text->len : (size_t)wish->offset;
    bytes_drop_front(text, offset);
    if ((int64_t)text->len > wish->length)
        bytes_cut(text, (size_t)wish->length);
}

static bool read_made(struct source *source, const struct place *place, struct range range,
                      const struct imap_section_wish *wish, struct imap_section *out,
                      struct err *err)
{
    bool binary = wish->kind == SECTION_BINARY || wish->kind == SECTION_BINARY_SIZE;
    scoped_value(bytes) raw = {0};

    if (range.end - range.begin > (binary ? BINARY_MOST : HEADER_MOST)) {
        out->too_large = binary;
        out->absent = true;
        return true;
    }
    if (!read_range(source, range, &raw, err))
        return false;
    if (!binary)
        choose_fields(bytes_slice(&raw), wish, &out->text);
    else if (!decode(place->encoding, bytes_slice(&raw), &out->text))
        out->unknown_coding = out->absent = true;
    if (wish->kind == SECTION_BINARY_SIZE) {
        out->end = (int64_t)out->text.len;
        bytes_reset(&out->text);
    } else {
        cut_partial(&out->text, wish);
    }
    return true;
}

bool section_read(struct source *source, const char *parts, const struct imap_section_wish *wish,
                  size_t room, struct imap_section *out, struct err *err)
{
    struct place place;
    struct range range;

    *out = (struct imap_section){0};
    if (!find_place(parts, wish->part[0] ? wish->part : "0", &place) ||
        !range_of(&place, wish, &range)) {
        out->absent = true;
        return true;
    }
    if (wish->kind == SECTION_FIELDS || wish->kind == SECTION_FIELDS_NOT ||
        wish->kind == SECTION_BINARY || wish->kind == SECTION_BINARY_SIZE)
        return read_made(source, &place, range, wish, out, err);
    if (wish->partial) {
        int64_t length = range.end - range.begin;
        range.begin += wish->offset < length ? wish->offset : length;
        if (range.end - range.begin > wish->length)
            range.end = range.begin + wish->length;
    }
    struct range now = range;
    if (now.end - now.begin > (int64_t)room)
        now.end = now.begin + (int64_t)room;
    out->begin = now.end;
    out->end = range.end;
    return read_range(source, now, &out->text, err);
}
