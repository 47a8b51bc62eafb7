#include "stream.h"

#include "memory.h"

enum { PIECE = 16 * 1024 };

bool source_read(struct source *source, int64_t offset, char *into, size_t capacity,
                 size_t *out_len, struct err *err)
{
    return source->kind->read(source, offset, into, capacity, out_len, err);
}

void source_free(struct source *source)
{
    if (source)
        source->kind->free(source);
}

static size_t copy_part(struct slice from, int64_t offset, char *into, size_t capacity)
{
    struct slice part = slice_first(slice_from(from, (size_t)offset), capacity);

    if (part.len)
        memcpy(into, part.at, part.len);
    return part.len;
}

struct memory_source {
    struct source source;
    struct slice slice;
    struct bytes owned; /* empty for a borrow */
};

static bool memory_read(struct source *source, int64_t offset, char *into, size_t capacity,
                        size_t *out_len, struct err *err)
{
    (void)err;
    struct memory_source *m = container_of(source, struct memory_source, source);

    *out_len = copy_part(m->slice, offset, into, capacity);
    return true;
}

static void memory_free(struct source *source)
{
    struct memory_source *m = container_of(source, struct memory_source, source);

    bytes_wipe(&m->owned); /* mostly somebody's mail */
    free(m);
}

static const struct source_kind memory_kind = {memory_read, memory_free};

struct source *source_of_slice(struct slice s)
{
    struct memory_source *m = must_new(struct memory_source);

    m->source = (struct source){&memory_kind, (int64_t)s.len};
    m->slice = s;
    return &m->source;
}

struct source *source_of_bytes(struct bytes *b)
{
    struct source *source = source_of_slice(bytes_slice(b));

    container_of(source, struct memory_source, source)->owned = *b;
    *b = (struct bytes){0};
    return source;
}

struct behind_source {
    struct source source;
    struct bytes prefix;
    struct source *rest;
};

static bool behind_read(struct source *source, int64_t offset, char *into, size_t capacity,
                        size_t *out_len, struct err *err)
{
    struct behind_source *b = container_of(source, struct behind_source, source);

    if (offset >= (int64_t)b->prefix.len)
        return source_read(b->rest, offset - (int64_t)b->prefix.len, into, capacity, out_len, err);
    *out_len = copy_part(bytes_slice(&b->prefix), offset, into, capacity);
    return true;
}

static void behind_free(struct source *source)
{
    struct behind_source *b = container_of(source, struct behind_source, source);

    bytes_clear(&b->prefix);
    source_free(b->rest);
    free(b);
}

static const struct source_kind behind_kind = {behind_read, behind_free};

struct source *source_behind(struct slice prefix, struct source *rest)
{
    struct behind_source *b = must_new(struct behind_source);

    b->source = (struct source){&behind_kind, (int64_t)prefix.len + rest->size};
    bytes_add(&b->prefix, prefix);
    b->rest = rest;
    return &b->source;
}

struct from_source {
    struct source source;
    struct source *of; /* borrowed */
    int64_t offset;
};

static bool from_read(struct source *source, int64_t offset, char *into, size_t capacity,
                      size_t *out_len, struct err *err)
{
    struct from_source *from = container_of(source, struct from_source, source);

    return source_read(from->of, from->offset + offset, into, capacity, out_len, err);
}

static void from_free(struct source *source)
{
    free(container_of(source, struct from_source, source));
}

static const struct source_kind from_kind = {from_read, from_free};

struct source *source_from(struct source *of, int64_t offset)
{
    struct from_source *from = must_new(struct from_source);

    from->source = (struct source){&from_kind, of->size > offset ? of->size - offset : 0};
    from->of = of;
    from->offset = offset;
    return &from->source;
}

/* As much as is expected to come, and one more octet, which tells that it was more than allowed, or the end. */
static size_t piece_size(size_t have, int64_t size, size_t max)
{
    size_t expected = size > (int64_t)have ? (size_t)size - have : 0;
    size_t allowed = max - have;
    size_t piece = (expected < allowed ? expected : allowed) + 1;

    return piece < PIECE ? piece : PIECE;
}

bool source_read_all(struct source *source, size_t max, struct bytes *out, struct err *err)
{
    size_t before = out->len;
    size_t len = 0;

    do {
        size_t have = out->len - before;
        size_t piece = piece_size(have, source->size, max);
        char *into = bytes_reserve(out, piece);
        if (!source_read(source, (int64_t)have, into, piece, &len, err)) {
            bytes_cut(out, before);
            return false;
        }
        out->len += len;
        if (out->len - before > max) {
            bytes_cut(out, before);
            return err_set(err, ERR_TOO_LARGE, "This is larger than %zu bytes", max);
        }
    } while (len > 0);
    return true;
}

bool sink_write(struct sink *sink, struct slice s, struct err *err)
{
    return sink->kind->write(sink, s, err);
}

bool sink_copy(struct sink *sink, struct source *from, struct err *err)
{
    char piece[PIECE];
    size_t len = 0;

    for (int64_t offset = 0;; offset += (int64_t)len) {
        if (!source_read(from, offset, piece, sizeof piece, &len, err))
            return false;
        if (len == 0)
            return true;
        if (!sink_write(sink, (struct slice){piece, len}, err))
            return false;
    }
}

static bool memory_write(struct sink *sink, struct slice s, struct err *err)
{
    (void)err;
    bytes_add(&container_of(sink, struct memory_sink, sink)->bytes, s);
    return true;
}

static const struct sink_kind memory_sink_kind = {memory_write};

void memory_sink_init(struct memory_sink *m)
{
    *m = (struct memory_sink){.sink = {&memory_sink_kind}};
}
