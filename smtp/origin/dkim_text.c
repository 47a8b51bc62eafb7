/* A mail's header fields, and its body hashed while it passes by. */
#include "dkim_private.h"

#include "memory.h"

enum { PIECE = 16 * 1024, FIELDS_MAX = 4096 };

struct dkim_text *dkim_text_new(enum dkim_use use)
{
    struct dkim_text *text = must_new(struct dkim_text);

    text->use = use;
    return text;
}

void dkim_text_free(struct dkim_text *text)
{
    unsigned char unused[SHA256_LEN];

    if (!text)
        return;
    for (size_t i = 0; i < DKIM_CANONS; i++)
        if (text->bodies[i].run.hash)
            dkim_body_end(&text->bodies[i].run, unused);
    bytes_clear(&text->header);
    free(text->fields);
    free(text);
}

bool dkim_field_is(const struct dkim_field *field, const char *name)
{
    return slice_is_nocase(field->name, name);
}

const struct dkim_field *dkim_field_up(const struct dkim_text *text, struct slice name, size_t nth)
{
    for (size_t i = text->count; i > 0; i--)
        if (slice_eq_nocase(text->fields[i - 1].name, name) && nth-- == 0)
            return &text->fields[i - 1];
    return NULL;
}

/* ---- the header ---- */

static bool continues(struct slice rest)
{
    return rest.len > 0 && (rest.at[0] == ' ' || rest.at[0] == '\t');
}

/* Cuts the next field with its folded lines off; the last line end is not part of it. */
static struct slice cut_field(struct slice *rest)
{
    const char *start = rest->at;
    struct slice line;

    do
        line = slice_line(rest);
    while (rest->at && continues(*rest));
    return (struct slice){start, (size_t)(line.at + line.len - start)};
}

static void find_fields(struct dkim_text *text)
{
    struct slice rest = bytes_slice(&text->header);

    while (rest.at && rest.len > 0 && text->count < FIELDS_MAX) {
        struct dkim_field field = {.text = cut_field(&rest)};
        struct slice value = field.text;
        field.name = slice_trim(slice_cut(&value, ':'));
        field.value = value;
        if (!value.at) /* no field at all */
            continue;
        must_make_room(text->fields, text->count, text->capacity);
        text->fields[text->count++] = field;
    }
    text->too_long = rest.at && rest.len > 0;
}

static void want_body(struct dkim_text *text, enum dkim_canon canon)
{
    struct dkim_body *body = &text->bodies[canon];

    if (body->wanted)
        return;
    body->wanted = true;
    body->run = (struct dkim_body_run){.canon = canon, .hash = sha256_start()};
}

static void want_bodies(struct dkim_text *text)
{
    size_t looked_at = 0;
    enum dkim_canon canon;

    if (text->use == DKIM_TO_SIGN)
        want_body(text, DKIM_RELAXED);
    for (size_t i = 0; i < text->count && text->use == DKIM_TO_VERIFY; i++) {
        const struct dkim_field *field = &text->fields[i];
        bool signs = dkim_field_is(field, "DKIM-Signature") && looked_at++ < DKIM_SIGNATURES_MAX;
        if ((signs || dkim_field_is(field, "ARC-Message-Signature")) &&
            dkim_signature_body(field->value, &canon))
            want_body(text, canon);
    }
}

static void end_header(struct dkim_text *text)
{
    text->in_body = true;
    if (!text->too_long)
        find_fields(text);
    if (text->too_long) {
        text->count = 0;
        bytes_clear(&text->header);
        return;
    }
    want_bodies(text);
}

/* How much of the piece belongs to the header; the blank line is left out of it, and taken. */
static size_t add_header(struct dkim_text *text, struct slice piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        if (piece.at[i] != '\n') {
            text->line_len += piece.at[i] != '\r';
            continue;
        }
        bool blank = text->line_len == 0;
        text->line_len = 0;
        if (!blank)
            continue;
        bytes_add(&text->header, slice_first(piece, i + 1));
        bytes_cut(&text->header, text->header.len - 1);
        if (text->header.len > 0 && text->header.at[text->header.len - 1] == '\r')
            bytes_cut(&text->header, text->header.len - 1);
        end_header(text);
        return i + 1;
    }
    bytes_add(&text->header, piece);
    if (text->header.len > DKIM_HEADER_MAX) {
        text->too_long = true;
        end_header(text);
    }
    return piece.len;
}

/* ---- all of it ---- */

void dkim_text_add(struct dkim_text *text, struct slice piece)
{
    if (!text->in_body)
        piece = slice_from(piece, add_header(text, piece));
    for (size_t i = 0; i < DKIM_CANONS && piece.len > 0; i++)
        if (text->bodies[i].wanted)
            dkim_body_add(&text->bodies[i].run, piece);
}

void dkim_text_end(struct dkim_text *text)
{
    if (!text->in_body)
        end_header(text);
    for (size_t i = 0; i < DKIM_CANONS; i++) {
        struct dkim_body *body = &text->bodies[i];
        if (!body->wanted)
            continue;
        dkim_body_end(&body->run, body->digest);
        body->len = body->run.len;
    }
}

static bool hashes(const struct dkim_text *text)
{
    return !text->in_body || text->bodies[DKIM_SIMPLE].wanted || text->bodies[DKIM_RELAXED].wanted;
}

struct dkim_text *dkim_text_read(struct source *mail, struct err *err)
{
    scoped(dkim_text) text = dkim_text_new(DKIM_TO_VERIFY);
    char piece[PIECE];
    int64_t offset = 0;
    size_t len;

    do {
        if (!source_read(mail, offset, piece, sizeof piece, &len, err))
            return NULL;
        dkim_text_add(text, (struct slice){piece, len});
        offset += (int64_t)len;
    } while (len > 0 && hashes(text)); /* a body that nobody signed is not read */
    dkim_text_end(text);
    return steal(&text);
}
