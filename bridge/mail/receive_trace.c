/* The header of a mail that stays here or goes on: trace fields in front, private ones out. */
#include "mail_work.h"

#include "config.h"
#include "memory.h"
#include "text.h"

enum { HEADER_MAX = 256 * 1024, HEADER_PIECE = 4 * 1024, PIECE = 16 * 1024 };

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
        char *room = bytes_reserve(out, HEADER_PIECE);
        if (!source_read(mail, (int64_t)out->len, room, HEADER_PIECE, &len, err))
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

static struct slice field_name(struct slice line)
{
    return slice_trim(slice_first(line, slice_find(line, ':')));
}

static bool is_dropped(struct slice name, const char *const *drop)
{
    for (; *drop; drop++) {
        struct slice one = slice_of(*drop);
        bool family = slice_ends(one, SLICE("*")); /* all that begin so */
        if (family && one.len <= name.len + 1)
            one.len--;
        if (slice_eq_nocase(family ? slice_first(name, one.len) : name, one))
            return true;
    }
    return false;
}

/* ---- what others wrote about a mail's origin (RFC 8601 5) ---- */
static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Spaces and comments in front, nested ones and quoted pairs in them too (RFC 5322 3.2.2). */
static struct slice skip_comments(struct slice text)
{
    size_t at = 0;
    int depth = 0;

    for (; at < text.len && (depth > 0 || is_space(text.at[at]) || text.at[at] == '('); at++) {
        if (text.at[at] == '(')
            depth++;
        else if (text.at[at] == ')')
            depth--;
        else if (text.at[at] == '\\')
            at++;
    }
    return slice_from(text, at);
}

/* The server that a field says to come from: a word, quoted or not. */
static struct slice results_authority(struct slice value)
{
    size_t len = 0;

    value = skip_comments(value);
    if (value.len > 0 && value.at[0] == '"') {
        value = slice_from(value, 1);
        return slice_first(value, slice_find(value, '"'));
    }
    while (len < value.len && !is_space(value.at[len]) && value.at[len] != ';' &&
           value.at[len] != '(')
        len++;
    return slice_first(value, len);
}

/* One that poses as ours goes; others' words stay under a name that nobody takes for ours. */
static void keep_results(const struct config *config, struct slice field, struct bytes *out)
{
    size_t colon = slice_find(field, ':');
    struct slice value = slice_from(field, colon == SIZE_MAX ? field.len : colon + 1);
    struct slice authority = results_authority(value);

    if (!slice_empty(authority) &&
        (slice_is_nocase(authority, config->hostname) || config_hosts(config, authority)))
        return;
    bytes_add_text(out, "X-Foreign-Authentication-Results:");
    bytes_add(out, value);
}

/* ---- fields ---- */
/* The next field with the lines that continue it, each with CRLF; false: the header has ended. */
static bool take_field(struct slice *header, struct bytes *out)
{
    bytes_reset(out);
    while (header->at && header->len > 0) {
        struct slice after = *header;
        struct slice line = slice_line(&after);
        bool continues = line.len > 0 && (*line.at == ' ' || *line.at == '\t');
        if (slice_empty(line) || (out->len > 0 && !continues))
            break;
        bytes_add(out, line);
        bytes_add_text(out, "\r\n");
        *header = after;
    }
    return out->len > 0;
}

static void keep_fields(const struct config *config, struct slice header, const char *const *drop,
                        struct bytes *out)
{
    scoped_value(bytes) field = {0};

    while (take_field(&header, &field)) {
        struct slice name = field_name(bytes_slice(&field));
        if (slice_is_nocase(name, "Authentication-Results"))
            keep_results(config, bytes_slice(&field), out);
        else if (!is_dropped(name, drop))
            bytes_add(out, bytes_slice(&field));
    }
    bytes_add_text(out, "\r\n");
}

struct source *mail_rewritten(const struct config *config, struct source *mail, struct slice prefix,
                              const char *const *drop, struct err *err)
{
    scoped_value(bytes) header = {0};
    scoped_value(bytes) front = {0};
    int64_t body_at;

    if (!read_header(mail, &header, &body_at, err))
        return NULL;
    bytes_add(&front, prefix);
    keep_fields(config, bytes_slice(&header), drop, &front);
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
