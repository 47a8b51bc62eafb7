/* The header of a mail that stays here or goes on: trace fields in front, private ones out. */
#include "mail_work.h"

#include "memory.h"
#include "text.h"

enum { HEADER_MAX = 256 * 1024, PIECE = 16 * 1024 };

/* ---- a source that begins somewhere in another ---- */
struct tail {
    struct source source;
    struct source *of; /* borrowed */
    int64_t from;
};

static bool tail_read(struct source *source, int64_t offset, char *into, size_t capacity,
                      size_t *out_len, struct err *err)
{
    struct tail *tail = container_of(source, struct tail, source);

    return source_read(tail->of, tail->from + offset, into, capacity, out_len, err);
}

static void tail_free(struct source *source)
{
    free(container_of(source, struct tail, source));
}

static struct source *tail_of(struct source *of, int64_t from)
{
    static const struct source_kind kind = {tail_read, tail_free};
    struct tail *tail = must_new(struct tail);

    tail->source = (struct source){.kind = &kind, .size = of->size - from};
    tail->of = of;
    tail->from = from;
    return &tail->source;
}

/* ---- header and body ---- */
/* How long the header is with its blank line; the whole if there is none yet. */
static bool header_ends(struct slice text, size_t *out_len)
{
    struct slice rest = text;

    while (rest.at && rest.len > 0) {
        struct slice line = slice_line(&rest);
        if (!slice_empty(line) || !rest.at)
            continue;
        *out_len = text.len - rest.len;
        return true;
    }
    return false;
}

static bool read_header(struct source *mail, struct bytes *out, int64_t *out_body_at,
                        struct err *err)
{
    size_t len = 0, ends;

    while (out->len < HEADER_MAX) {
        char *room = bytes_reserve(out, PIECE);
        if (!source_read(mail, (int64_t)out->len, room, PIECE, &len, err))
            return false;
        out->len += len;
        if (header_ends(bytes_slice(out), &ends)) {
            bytes_cut(out, ends);
            break;
        }
        if (len == 0)
            break;
    }
    *out_body_at = (int64_t)out->len;
    return true;
}

static bool is_dropped(struct slice line, const char *const *drop)
{
    struct slice name = slice_trim(slice_first(line, slice_find(line, ':')));

    for (; *drop; drop++)
        if (slice_is_nocase(name, *drop))
            return true;
    return false;
}

static void keep_fields(struct slice header, const char *const *drop, struct bytes *out)
{
    bool dropping = false;

    while (header.at && header.len > 0) {
        struct slice line = slice_line(&header);
        bool continues = line.len > 0 && (*line.at == ' ' || *line.at == '\t');
        if (slice_empty(line))
            break;
        if (!continues)
            dropping = is_dropped(line, drop);
        if (dropping)
            continue;
        bytes_add(out, line);
        bytes_add_text(out, "\r\n");
    }
    bytes_add_text(out, "\r\n");
}

struct source *mail_rewritten(struct source *mail, struct slice prefix, const char *const *drop,
                              struct err *err)
{
    scoped_value(bytes) header = {0};
    scoped_value(bytes) front = {0};
    int64_t body_at;

    if (!read_header(mail, &header, &body_at, err))
        return NULL;
    bytes_add(&front, prefix);
    keep_fields(bytes_slice(&header), drop, &front);
    return source_behind(bytes_slice(&front), tail_of(mail, body_at));
}

bool mail_body_digest(struct source *mail, char out[2 * SHA256_LEN + 1], struct err *err)
{
    scoped_value(bytes) header = {0};
    scoped_value(bytes) hex = {0};
    unsigned char digest[SHA256_LEN];
    char piece[PIECE];
    size_t len;
    int64_t at;

    if (!read_header(mail, &header, &at, err))
        return false;
    struct sha256_run *run = sha256_start();
    bool ok;
    while ((ok = source_read(mail, at, piece, sizeof piece, &len, err)) && len > 0) {
        sha256_add(run, (struct slice){piece, len});
        at += (int64_t)len;
    }
    sha256_end(run, digest);
    hex_add(&hex, (struct slice){(const char *)digest, sizeof digest});
    memcpy(out, hex.at, 2 * SHA256_LEN + 1);
    return ok;
}

bool mail_header_read(struct source *mail, struct bytes *out, struct err *err)
{
    int64_t body_at;

    return read_header(mail, out, &body_at, err);
}
