/* mail_content — what a part holds: transfer encoding undone, text as UTF-8, or the octets as they stand. */
#include "mime_private.h"

#include "memory.h"

enum { PIECE = 16 * 1024 };

struct window {
    struct source source;
    struct source *of; /* borrowed */
    int64_t begin;
};

static bool read_window(struct source *source, int64_t offset, char *into, size_t capacity,
                        size_t *out_len, struct err *err)
{
    struct window *window = container_of(source, struct window, source);
    int64_t left = offset < source->size ? source->size - offset : 0;

    if ((int64_t)capacity > left)
        capacity = (size_t)left;
    if (capacity == 0) {
        *out_len = 0;
        return true;
    }
    return source_read(window->of, window->begin + offset, into, capacity, out_len, err);
}

static void free_window(struct source *source)
{
    free(container_of(source, struct window, source));
}

static const struct source_kind window_kind = {read_window, free_window};

struct source *source_window(struct source *of, int64_t begin, int64_t end)
{
    struct window *window = must_new(struct window);

    window->source = (struct source){&window_kind, end - begin};
    window->of = of;
    window->begin = begin;
    return &window->source;
}

struct source *mail_part_exact(struct mail_part *part)
{
    return source_window(part->mail->source, part->begin, part->end);
}

static GMimeContentEncoding encoding_of(struct mail_part *part)
{
    struct header_field *field = header_find(&part->header, "Content-Transfer-Encoding", 0);
    struct slice name = field ? slice_trim(slice_of(field_plain(field))) : SLICE("");

    if (slice_is_nocase(name, "base64"))
        return GMIME_CONTENT_ENCODING_BASE64;
    if (slice_is_nocase(name, "quoted-printable"))
        return GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
    return GMIME_CONTENT_ENCODING_BINARY;
}

static void add_decoded(GMimeEncoding *state, struct slice piece, struct bytes *out)
{
    if (state->encoding == GMIME_CONTENT_ENCODING_BINARY) {
        bytes_add(out, piece);
        return;
    }
    char *into = bytes_reserve(out, g_mime_encoding_outlen(state, piece.len));
    out->len += g_mime_encoding_step(state, piece.at, piece.len, into);
}

bool mail_part_content(struct mail_part *part, size_t max, struct bytes *out, struct err *err)
{
    scoped(source) body = source_window(part->mail->source, part->body, part->end);
    scoped_value(bytes) content = {0};
    GMimeEncoding state;
    char piece[PIECE];
    size_t got = 1;

    g_mime_encoding_init_decode(&state, encoding_of(part));
    for (int64_t at = 0; at < body->size && got > 0; at += (int64_t)got) {
        if (!source_read(body, at, piece, sizeof piece, &got, err))
            return false;
        add_decoded(&state, (struct slice){piece, got}, &content);
        if (content.len > max)
            return err_set(err, ERR_TOO_LARGE, "A part of this mail is too long");
    }
    bytes_add(out, bytes_slice(&content));
    return true;
}

bool mail_part_text(struct mail_part *part, size_t max, struct bytes *out, struct err *err)
{
    scoped_value(bytes) content = {0}, utf8 = {0}, clean = {0};

    if (!mail_part_content(part, max, &content, err))
        return false;
    charset_to_utf8(bytes_slice(&content),
                    slice_of(mail_parameter_find(&part->parameters, "charset")), &utf8);
    clean_add(&clean, bytes_slice(&utf8), CLEAN_TEXT);
    if (clean.len > max)
        return err_set(err, ERR_TOO_LARGE, "A part of this mail is too long");
    bytes_add(out, bytes_slice(&clean));
    return true;
}

/* The mail that a message/rfc822 holds (RFC 2046 5.2.1 allows it no encoding, programs do it). */
static struct source *embedded(struct mail_part *part, struct err *err)
{
    scoped_value(bytes) content = {0};

    if (encoding_of(part) == GMIME_CONTENT_ENCODING_BINARY)
        return source_window(part->mail->source, part->body, part->end);
    if (!mail_part_content(part, MAIL_MAX_EMBEDDED, &content, err))
        return NULL;
    return source_of_bytes(&content);
}

bool mail_of_part(struct mail_part *part, struct mail **out, struct err *err)
{
    bool is_mail =
        mail_part_is(part, "message", "rfc822") || mail_part_is(part, "message", "global");
    scoped(source) source = is_mail ? embedded(part, err) : mail_part_exact(part);
    struct mail *mail = NULL;

    if (!source || !mail_parse(source, &mail, err))
        return false;
    mail->owned = steal(&source);
    *out = mail;
    return true;
}
