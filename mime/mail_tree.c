/*
 * mail_tree — where the parts of a mail begin and end (RFC 2046 5.1).
 *
 * One pass over the source by lines.  A line that equals an open boundary, the innermost or any around it,
 * ends what is being read; the line end before it belongs to the boundary.  Nothing is kept but offsets and
 * headers, so a mail of any size costs one buffer.
 */
#include "mime_private.h"

#include "memory.h"

enum {
    BUFFER_SIZE = 64 * 1024,
    MAX_BOUNDARY = 200, /* RFC 2046 says 70; some programs do not count */
    NO_LEVEL = -1,
};

struct boundary {
    struct slice text; /* borrowed from the part's parameters */
};

struct scan {
    struct mail *mail;
    int64_t offset; /* of buffer[0] in the source */
    size_t used, at;
    int last_end_len; /* of the line before the current one: 0, 1 or 2 octets */
    int end_len;      /* of the current one */
    struct boundary open[MAIL_MAX_DEPTH + 1];
    int open_count;
    char *buffer; /* of BUFFER_SIZE octets */
};

/* A line without its end; of one longer than the buffer only the beginning. */
struct scan_line {
    int64_t begin, next;
    struct slice text;
};

enum line_found { LINE_FOUND, LINE_END, LINE_FAILED };

/* Why the reading of a part stopped. */
struct stop {
    int level;   /* index of the boundary met, or NO_LEVEL at the end of the mail */
    bool closes; /* "--boundary--" */
    int64_t end; /* of the content before it */
    int64_t next;
};

/* Drops what was read and fills the buffer as far as the source goes. */
static bool refill(struct scan *scan, struct err *err)
{
    size_t got = 1;

    memmove(scan->buffer, scan->buffer + scan->at, scan->used - scan->at);
    scan->offset += (int64_t)scan->at;
    scan->used -= scan->at;
    scan->at = 0;
    while (got > 0 && scan->used < BUFFER_SIZE) {
        if (!source_read(scan->mail->source, scan->offset + (int64_t)scan->used,
                         scan->buffer + scan->used, BUFFER_SIZE - scan->used, &got, err))
            return false;
        scan->used += got;
    }
    return true;
}

/* Steps over the rest of a line longer than the buffer. */
static bool skip_to_line_end(struct scan *scan, struct err *err)
{
    for (bool cr = false;; cr = scan->buffer[BUFFER_SIZE - 1] == '\r') {
        char *end = memchr(scan->buffer, '\n', scan->used);

        if (end) {
            scan->end_len = (end > scan->buffer ? end[-1] == '\r' : cr) ? 2 : 1;
            scan->at = (size_t)(end - scan->buffer) + 1;
            return true;
        }
        scan->end_len = 0;
        scan->at = scan->used;
        if (scan->used < BUFFER_SIZE)
            return true;
        if (!refill(scan, err))
            return false;
    }
}

static void cut_line_end(struct scan *scan, struct scan_line *line)
{
    size_t len = line->text.len;

    scan->end_len = 0;
    if (len > 0 && line->text.at[len - 1] == '\n')
        scan->end_len = len > 1 && line->text.at[len - 2] == '\r' ? 2 : 1;
    line->text.len -= (size_t)scan->end_len;
}

static enum line_found next_line(struct scan *scan, struct scan_line *out, struct err *err)
{
    char *end = memchr(scan->buffer + scan->at, '\n', scan->used - scan->at);

    if (!end) {
        if (!refill(scan, err))
            return LINE_FAILED;
        end = memchr(scan->buffer, '\n', scan->used);
    }
    if (scan->used == scan->at)
        return LINE_END;
    scan->last_end_len = scan->end_len;
    out->begin = scan->offset + (int64_t)scan->at;
    size_t stop = end ? (size_t)(end - scan->buffer) + 1 : scan->used;
    out->text = (struct slice){scan->buffer + scan->at, stop - scan->at};
    cut_line_end(scan, out);
    if (!end && scan->used == BUFFER_SIZE) {
        out->text = (struct slice){"", 0};
        if (!skip_to_line_end(scan, err))
            return LINE_FAILED;
    } else {
        scan->at = stop;
    }
    out->next = scan->offset + (int64_t)scan->at;
    return LINE_FOUND;
}

/* Does the line end something?  *out is filled if so. */
static bool is_boundary(const struct scan *scan, const struct scan_line *line, struct stop *out)
{
    if (line->text.len < 3 || line->text.at[0] != '-' || line->text.at[1] != '-')
        return false;
    struct slice text = slice_trim(slice_from(line->text, 2));
    if (line->text.at[2] == ' ' || line->text.at[2] == '\t')
        return false;
    for (int level = scan->open_count - 1; level >= 0; level--) {
        struct slice boundary = scan->open[level].text;

        if (!slice_starts(text, boundary))
            continue;
        struct slice rest = slice_from(text, boundary.len);
        if (rest.len > 0 && !slice_is(rest, "--"))
            continue;
        *out = (struct stop){.level = level,
                             .closes = rest.len > 0,
                             .end = line->begin - scan->last_end_len,
                             .next = line->next};
        return true;
    }
    return false;
}

static struct stop stop_at_end(const struct scan *scan)
{
    int64_t end = scan->offset + (int64_t)scan->used;
    return (struct stop){.level = NO_LEVEL, .closes = true, .end = end, .next = end};
}

/* Reads on until a boundary or the end. */
static bool skip_to_boundary(struct scan *scan, struct stop *out, struct err *err)
{
    struct scan_line line;

    for (;;) {
        switch (next_line(scan, &line, err)) {
        case LINE_FAILED: return false;
        case LINE_END: *out = stop_at_end(scan); return true;
        case LINE_FOUND: break;
        }
        if (is_boundary(scan, &line, out))
            return true;
    }
}

/* Finds where the header ends.  *stopped: a boundary or the end came before the empty line. */
static bool find_header_end(struct scan *scan, struct mail_part *part, bool *stopped,
                            struct stop *stop, struct err *err)
{
    struct scan_line line;

    for (;;) {
        switch (next_line(scan, &line, err)) {
        case LINE_FAILED: return false;
        case LINE_END:
            *stop = stop_at_end(scan);
            *stopped = true;
            return true;
        case LINE_FOUND: break;
        }
        *stopped = is_boundary(scan, &line, stop);
        part->body = line.next;
        if (*stopped || (line.text.len == 0 && line.next - line.begin <= 2))
            return true;
        if (line.next - part->begin > MAIL_MAX_HEADER)
            return err_set(err, ERR_MALFORMED, "The header of this mail is too long");
    }
}

static bool load_header(struct scan *scan, struct mail_part *part, int64_t end, struct err *err)
{
    struct mail *mail = scan->mail;
    scoped(source) window = source_window(mail->source, part->begin, end);
    scoped_value(bytes) text = {0};

    mail->header_octets += (size_t)window->size;
    if (mail->header_octets > MAIL_MAX_HEADER)
        return err_set(err, ERR_MALFORMED, "The headers of this mail are too long");
    if (!source_read_all(window, MAIL_MAX_HEADER, &text, err))
        return false;
    header_read(&part->header, &text);
    mail->field_count += part->header.count;
    if (mail->field_count > MAIL_MAX_FIELDS)
        return err_set(err, ERR_MALFORMED, "This mail has more than %d header fields",
                       MAIL_MAX_FIELDS);
    return true;
}

static const char *plain_of(struct mail_part *part, const char *name)
{
    struct header_field *field = header_find(&part->header, name, 0);
    return field ? field_plain(field) : NULL;
}

static char *copy_if_text(const char *text)
{
    return text && *text ? must_dup(text) : NULL;
}

static char *content_id_of(struct mail_part *part)
{
    const char *plain = plain_of(part, "Content-ID");
    struct slice id = slice_trim(slice_of(plain));

    if (id.len > 1 && id.at[0] == '<' && id.at[id.len - 1] == '>')
        id = (struct slice){id.at + 1, id.len - 2};
    return id.len > 0 ? clean_line(id) : NULL;
}

/* What the header says of the part; `otherwise` is the type without Content-Type (RFC 2045 5.2). */
static void describe(struct mail_part *part, const char *otherwise)
{
    GMimeParserOptions *options = part->mail->options;

    part->mail->ambiguous |= header_find(&part->header, "Content-Type", 1) != NULL ||
                             header_find(&part->header, "Content-Transfer-Encoding", 1) != NULL;
    part->type =
        header_content_type(plain_of(part, "Content-Type"), options, otherwise, &part->parameters);
    char *disposition =
        header_content_type(plain_of(part, "Content-Disposition"), options, "", &part->disposition);
    part->attachment = slice_is(slice_of(disposition), "attachment");
    free(disposition);
    part->file_name = copy_if_text(mail_parameter_find(&part->disposition, "filename"));
    if (!part->file_name)
        part->file_name = copy_if_text(mail_parameter_find(&part->parameters, "name"));
    part->content_id = content_id_of(part);
}

static bool read_part(struct scan *scan, struct mail_part *part, const char *otherwise,
                      struct stop *stop, struct err *err);

static struct mail_part *add_child(struct mail_part *parent, int64_t begin)
{
    struct mail_part *child = must_new(struct mail_part);

    *child = (struct mail_part){.mail = parent->mail, .begin = begin, .body = begin, .end = begin};
    must_make_room(parent->children, parent->count, parent->capacity);
    parent->children[parent->count++].part = child;
    return child;
}

/* One boundary line was met: read the children behind it until this multipart ends. */
static bool read_children(struct scan *scan, struct mail_part *part, struct stop *stop,
                          struct err *err)
{
    int own = scan->open_count - 1;
    const char *otherwise =
        strcmp(part->type, "multipart/digest") == 0 ? "message/rfc822" : "text/plain";

    while (stop->level == own && !stop->closes) {
        if (++scan->mail->part_count > MAIL_MAX_PARTS)
            return err_set(err, ERR_MALFORMED, "This mail has more than %d parts", MAIL_MAX_PARTS);
        struct mail_part *child = add_child(part, stop->next);
        if (!read_part(scan, child, otherwise, stop, err))
            return false;
    }
    return true;
}

static bool read_multipart(struct scan *scan, struct mail_part *part, struct slice boundary,
                           struct stop *stop, struct err *err)
{
    if (scan->open_count >= MAIL_MAX_DEPTH)
        return err_set(err, ERR_MALFORMED, "The parts of this mail are nested too deeply");
    int own = scan->open_count;
    scan->open[scan->open_count++] = (struct boundary){boundary};
    bool ok = skip_to_boundary(scan, stop, err) && read_children(scan, part, stop, err);
    scan->open_count--;
    if (!ok)
        return false;
    if (stop->level ==
        own) /* closed: what follows, up to the next boundary around it, is epilogue */
        return skip_to_boundary(scan, stop, err);
    return true;
}

static struct slice boundary_of(const struct mail_part *part)
{
    struct slice boundary = slice_of(mail_parameter_find(&part->parameters, "boundary"));
    bool usable = slice_starts(slice_of(part->type), SLICE("multipart/")) && boundary.len > 0 &&
                  boundary.len <= MAX_BOUNDARY;
    return usable ? boundary : (struct slice){"", 0};
}

static bool read_body(struct scan *scan, struct mail_part *part, struct stop *stop, struct err *err)
{
    struct slice boundary = boundary_of(part);

    return boundary.len > 0 ? read_multipart(scan, part, boundary, stop, err)
                            : skip_to_boundary(scan, stop, err);
}

static bool read_part(struct scan *scan, struct mail_part *part, const char *otherwise,
                      struct stop *stop, struct err *err)
{
    bool stopped = false;

    if (!find_header_end(scan, part, &stopped, stop, err))
        return false;
    int64_t header_end = stopped && stop->end < part->body ? stop->end : part->body;
    if (header_end < part->begin)
        header_end = part->begin;
    if (!load_header(scan, part, header_end, err))
        return false;
    describe(part, otherwise);
    if (stopped)
        part->body = header_end;
    else if (!read_body(scan, part, stop, err))
        return false;
    /* An empty part's boundary shares its line end with the header's. */
    part->end = stop->end < part->begin ? part->begin : stop->end;
    if (part->body > part->end)
        part->body = part->end;
    return true;
}

bool mail_tree_read(struct mail *mail, struct err *err)
{
    struct scan scan = {.mail = mail, .buffer = must_grow(NULL, BUFFER_SIZE, 1)};
    struct stop stop = {0};

    mail->part_count = 1;
    mail->root = must_new(struct mail_part);
    mail->root->mail = mail;
    bool ok = read_part(&scan, mail->root, "text/plain", &stop, err);
    free(scan.buffer);
    return ok;
}

void mail_part_free(struct mail_part *part)
{
    if (!part)
        return;
    for (size_t i = 0; i < part->count; i++)
        mail_part_free(part->children[i].part);
    free(part->children);
    header_clear(&part->header);
    mail_parameters_clear(&part->parameters);
    mail_parameters_clear(&part->disposition);
    free(part->type);
    free(part->file_name);
    free(part->content_id);
    free(part);
}
