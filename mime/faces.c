#include "faces.h"

#include "memory.h"
#include "mime_private.h"

enum { PIECE = 16 * 1024, AROUND_MOST = 1024, FIRST_PART_MOST = 256, PHRASE_MOST = 80 };

void mail_faces_clear(struct mail_faces *faces)
{
    bytes_clear(&faces->outer);
    bytes_clear(&faces->inner);
    *faces = (struct mail_faces){0};
}

/* ---- where the header ends ---- */
/* Where the line behind the first empty one begins, looking from `from` on; 0: there is none yet. */
static size_t find_body(struct slice text, size_t from)
{
    if (from == 0 && (slice_starts(text, SLICE("\r\n")) || slice_starts(text, SLICE("\n"))))
        return text.at[0] == '\n' ? 1 : 2; /* a mail without a header */
    for (;;) {
        size_t end = slice_find(slice_from(text, from), '\n');
        if (end == SIZE_MAX)
            return 0;
        from += end + 1;
        struct slice rest = slice_from(text, from);
        if (slice_starts(rest, SLICE("\r\n")))
            return from + 2;
        if (slice_starts(rest, SLICE("\n")))
            return from + 1;
    }
}

/* The header with the empty line behind it; *out_found false if there is none within the limit. */
static bool read_header(struct source *mail, struct bytes *text, bool *out_found, struct err *err)
{
    char piece[PIECE];
    size_t len = 1;

    *out_found = false;
    while (text->len < MAIL_MAX_HEADER && len > 0 && !*out_found) {
        if (!source_read(mail, (int64_t)text->len, piece, sizeof piece, &len, err))
            return false;
        size_t from = text->len > 2 ? text->len - 3 : 0;
        bytes_add(text, (struct slice){piece, len});
        size_t body = find_body(bytes_slice(text), from);
        *out_found = body > 0;
        if (*out_found) {
            explicit_bzero(text->at + body, text->len - body); /* it may be about to be sealed */
            bytes_cut(text, body);
        }
    }
    return true;
}

/* ---- fields ---- */
enum place { OUTSIDE_ALONE, BOTH, INSIDE_ALONE, NOWHERE };

static enum place place_of(struct slice name)
{
    static const struct {
        const char *name;
        enum place place;
    } places[] = {
        {"Return-Path",    OUTSIDE_ALONE},
        {"Delivered-To",   OUTSIDE_ALONE},
        {"Received",       OUTSIDE_ALONE},
        {"MIME-Version",   INSIDE_ALONE },
        {"From",           BOTH         },
        {"Sender",         BOTH         },
        {"To",             BOTH         },
        {"Cc",             BOTH         },
        {"Date",           BOTH         },
        {"Message-ID",     BOTH         },
        {"In-Reply-To",    BOTH         },
        {"References",     BOTH         },
        {"List-Id",        BOTH         },
        {"Auto-Submitted", BOTH         },
        {"Precedence",     BOTH         },
        {"Chat-Version",   BOTH         },
        {"HP-Outer",       NOWHERE      }, /* of somebody else: it would speak for us */
    };

    for (size_t i = 0; i < COUNT_OF(places); i++)
        if (slice_is_nocase(name, places[i].name))
            return places[i].place;
    return INSIDE_ALONE;
}

static void add_field(struct bytes *out, const char *before, struct slice name, struct slice raw)
{
    bytes_print(out, "%s%.*s:", before, SLICE_ARGS(name));
    bytes_add(out, raw);
    bytes_add_text(out, "\r\n");
}

/* From, Sender, To, Cc: as they stand outside. */
static bool has_addresses(struct slice name)
{
    return slice_is_nocase(name, "From") || slice_is_nocase(name, "Sender") ||
           slice_is_nocase(name, "To") || slice_is_nocase(name, "Cc");
}

static void add_outside(struct bytes *out, const char *before, const struct header_field *field)
{
    if (!has_addresses(field->name)) {
        add_field(out, before, field->name, field->raw);
        return;
    }
    scoped_text char *addresses = mail_bare_addresses(field->raw);
    if (addresses)
        bytes_print(out, "%s%.*s: %s\r\n", before, SLICE_ARGS(field->name), addresses);
}

/* ---- Content-Type, marked ---- */
static bool is_mark(struct slice parameter)
{
    struct slice name = slice_trim(slice_first(parameter, slice_find(parameter, '=')));

    if (slice_find(parameter, '=') == SIZE_MAX)
        return false;
    name = slice_first(name, slice_find(name, '*') == SIZE_MAX ? name.len : slice_find(name, '*'));
    return slice_is_nocase(name, "hp") || slice_is_nocase(name, "protected-headers") ||
           slice_is_nocase(name, "hp-legacy-display");
}

/* Up to the next semicolon that stands in no quotes. */
static struct slice cut_parameter(struct slice *rest)
{
    bool quoted = false;

    for (size_t i = 0; i < rest->len; i++) {
        if (quoted && rest->at[i] == '\\')
            i++;
        else if (rest->at[i] == '"')
            quoted = !quoted;
        else if (rest->at[i] == ';' && !quoted) {
            struct slice part = slice_first(*rest, i);
            *rest = slice_from(*rest, i + 1);
            return part;
        }
    }
    struct slice part = *rest;
    *rest = (struct slice){NULL, 0};
    return part;
}

/* "multipart/mixed": a type holds no blank, quote or comment. */
static struct slice cut_type(struct slice *rest)
{
    struct slice type = slice_trim(slice_cut(rest, ';'));
    size_t len = 0;

    while (len < type.len && type.at[len] > ' ' && !strchr("\"(", type.at[len]))
        len++;
    return slice_first(type, len);
}

/* The field as it was but for marks of others, and with ours: first, so that no quote that never closes hides them. */
static void add_content_type(struct bytes *inner, struct slice raw)
{
    struct slice rest = slice_trim(raw);
    struct slice type = cut_type(&rest);

    bytes_add_text(inner, "Content-Type: ");
    bytes_add(inner, slice_find(type, '/') == SIZE_MAX ? SLICE("text/plain") : type);
    bytes_add_text(inner, ";\r\n hp=\"cipher\"; protected-headers=\"v1\"");
    while (rest.at) {
        struct slice parameter = cut_parameter(&rest);
        if (is_mark(parameter) || slice_empty(slice_trim(parameter)))
            continue;
        bytes_add_char(inner, ';');
        bytes_add(inner, parameter);
    }
    bytes_add_text(inner, "\r\n");
}

static void add_subject(struct mail_faces *faces)
{
    bytes_add_text(&faces->outer, "Subject: [...]\r\n");
    bytes_add_text(&faces->inner, "HP-Outer: Subject: [...]\r\n");
}

static void place_fields(const struct header *header, struct mail_faces *out)
{
    const struct header_field *type = header_find(header, "Content-Type", 0);

    for (size_t i = 0; i < header->count; i++) {
        const struct header_field *field = &header->fields[i];
        enum place place = place_of(field->name);
        if (place == OUTSIDE_ALONE || place == BOTH)
            add_outside(&out->outer, "", field);
        if ((place == BOTH || place == INSIDE_ALONE) &&
            !slice_is_nocase(field->name, "Content-Type"))
            add_field(&out->inner, "", field->name, field->raw);
    }
    for (size_t i = 0; i < header->count; i++)
        if (place_of(header->fields[i].name) == BOTH)
            add_outside(&out->inner, "HP-Outer: ", &header->fields[i]);
    if (header_find(header, "Subject", 0))
        add_subject(out);
    add_content_type(&out->inner, type ? type->raw : SLICE("text/plain"));
}

bool mail_faces_of(struct source *mail, struct mail_faces *out, struct err *err)
{
    scoped_value(bytes) text = {0};
    struct header header = {0};
    bool found;

    mail_faces_clear(out);
    if (!read_header(mail, &text, &found, err))
        return false;
    if (found || (int64_t)text.len == mail->size) { /* a mail may be nothing but its header */
        out->body = (int64_t)text.len;
        header_read(&header, &text);
    }
    if (header.count == 0)
        out->body = 0;
    place_fields(&header, out);
    bytes_add_text(&out->inner, "\r\n");
    header_clear(&header);
    return true;
}

/* ---- what calls itself encrypted ---- */
/* Around the parts stand boundaries, and before them the phrase that programs write there.  Nothing else that could be
 * read. */
static bool is_bare_text(struct slice text, struct slice boundary)
{
    while (text.at) {
        struct slice line = slice_trim(slice_line(&text));
        bool marks = slice_starts(line, SLICE("--")) && slice_starts(slice_from(line, 2), boundary);
        if (!slice_empty(line) && !marks &&
            !(line.len < PHRASE_MOST &&
              slice_starts(line, SLICE("This is an OpenPGP/MIME encrypted message"))))
            return false;
    }
    return true;
}

static bool is_bare(struct mail_part *part, int64_t begin, int64_t end, bool *out, struct err *err)
{
    struct slice boundary = slice_of(mail_part_parameter(part, "boundary"));
    scoped(source) around = source_window(part->mail->source, begin, end);
    scoped_value(bytes) text = {0};

    *out = around->size <= AROUND_MOST;
    if (!*out)
        return true;
    if (!source_read_all(around, AROUND_MOST, &text, err))
        return false;
    *out = is_bare_text(bytes_slice(&text), boundary);
    return true;
}

/* Is there nothing to be read but what the two parts hold?  The first one says "Version: 1", and no more fits in it. */
static bool stands_alone(struct mail_part *root, bool *out, struct err *err)
{
    struct mail_part *first = root->children[0].part, *second = root->children[1].part;
    bool bare_before = false, bare_behind = false;

    if (!is_bare(root, root->body, first->begin, &bare_before, err) ||
        !is_bare(root, second->end, root->end, &bare_behind, err))
        return false;
    *out = bare_before && bare_behind && first->end - first->begin <= FIRST_PART_MOST &&
           second->body - second->begin <= AROUND_MOST;
    return true;
}

static bool has_plain_encoding(struct mail_part *part)
{
    const char *encoding = mail_part_field(part, "Content-Transfer-Encoding");

    return !encoding || slice_is_nocase(slice_of(encoding), "7bit") ||
           slice_is_nocase(slice_of(encoding), "8bit");
}

static bool claims_openpgp(struct mail_part *root)
{
    const char *protocol = mail_part_parameter(root, "protocol");

    return mail_part_is(root, "multipart", "encrypted") && mail_part_count(root) == 2 && protocol &&
           slice_is_nocase(slice_of(protocol), "application/pgp-encrypted") &&
           mail_part_is(mail_part_child(root, 0), "application", "pgp-encrypted") &&
           mail_part_is(mail_part_child(root, 1), "application", "octet-stream") &&
           has_plain_encoding(mail_part_child(root, 1));
}

static bool claims_cms(struct mail_part *root)
{
    const char *encoding = mail_part_field(root, "Content-Transfer-Encoding");

    return (mail_part_is(root, "application", "pkcs7-mime") ||
            mail_part_is(root, "application", "x-pkcs7-mime")) &&
           encoding && slice_is_nocase(slice_of(encoding), "base64");
}

bool mail_claims_encryption(struct mail *mail, enum mail_claims *out, struct source **out_part,
                            struct err *err)
{
    struct mail_part *root = mail_root(mail);
    bool bare;

    *out = MAIL_CLAIMS_NOTHING;
    if (mail_is_ambiguous(mail))
        return true;
    if (claims_openpgp(root)) {
        if (!stands_alone(root, &bare, err))
            return false;
        *out = bare ? MAIL_CLAIMS_OPENPGP : MAIL_CLAIMS_NOTHING;
        root = mail_part_child(root, 1);
    } else if (claims_cms(root)) {
        *out = MAIL_CLAIMS_CMS;
    }
    if (*out != MAIL_CLAIMS_NOTHING)
        *out_part = source_window(mail->source, root->body, root->end);
    return true;
}
