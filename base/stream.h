/*
 * stream — bytes too many to hold: a source is read at any offset, a sink is written in order.
 *
 * The kinds are implemented by whoever has the bytes: memory (here), vault's spool, store's bodies.
 */
#ifndef NESTBOX_BASE_STREAM_H
#define NESTBOX_BASE_STREAM_H

#include "bytes.h"
#include "err.h"
#include "scope.h"
#include "slice.h"

struct source;
struct source_kind {
    /* Fills up to `capacity` bytes from `offset`; *out_len 0 only at the end. */
    bool (*read)(struct source *, int64_t offset, char *into, size_t capacity, size_t *out_len,
                 struct err *);
    void (*free)(struct source *);
};
struct source { /* first member of every source */
    const struct source_kind *kind;
    int64_t size;
};

MUST_CHECK bool source_read(struct source *source, int64_t offset, char *into, size_t capacity,
                            size_t *out_len, struct err *err);
void source_free(struct source *source);
SCOPED(source, source_free)

struct source *source_of_slice(struct slice s);  /* keeps a borrow until freed */
struct source *source_of_bytes(struct bytes *b); /* takes the content, leaves *b empty */
/* `prefix` (copied) followed by `rest` (taken): trace headers in front of a spool. */
struct source *source_behind(struct slice prefix, struct source *rest);
/* What stands in `of` from that offset on; keeps a borrow of it. */
struct source *source_from(struct source *of, int64_t offset);
/* All of it, if it has at most `max` bytes; else ERR_TOO_LARGE. */
MUST_CHECK bool source_read_all(struct source *source, size_t max, struct bytes *out,
                                struct err *err);

struct sink;
struct sink_kind {
    bool (*write)(struct sink *, struct slice, struct err *);
};
struct sink { /* first member of every sink */
    const struct sink_kind *kind;
};
MUST_CHECK bool sink_write(struct sink *sink, struct slice s, struct err *err);
MUST_CHECK bool sink_copy(struct sink *sink, struct source *from, struct err *err);

struct memory_sink { /* what is written is found in .bytes, which its holder clears */
    struct sink sink;
    struct bytes bytes;
};
void memory_sink_init(struct memory_sink *m);

#endif
