#include "squeeze.h"

#include "memory.h"

#include <assert.h>
#include <zlib.h>

enum {
    OUT_WINDOW = 13, /* bits: 8 KiB of looking back */
    OUT_MEMORY = 6,
    FLUSH_ROOM = 64, /* what Z_SYNC_FLUSH may add, and more */
};

struct squeeze {
    struct bytes plain;
    struct bytes came;
    size_t opened; /* of `came` */
    bool full;     /* zlib holds more than there was room for */
    z_stream in;
};

struct squeeze *squeeze_new(void)
{
    struct squeeze *squeeze = must_new(struct squeeze);

    if (inflateInit2(&squeeze->in, -MAX_WBITS) != Z_OK)
        abort();
    return squeeze;
}

void squeeze_free(struct squeeze *squeeze)
{
    if (!squeeze)
        return;
    inflateEnd(&squeeze->in);
    bytes_clear(&squeeze->plain);
    bytes_clear(&squeeze->came);
    free(squeeze);
}

struct bytes *squeeze_plain(struct squeeze *squeeze)
{
    return &squeeze->plain;
}

/* A flush ends at a whole byte and the next begins a block of its own, so their streams are one to the reader. */
void squeeze_flush(struct squeeze *squeeze, struct bytes *out)
{
    struct slice raw = bytes_slice(&squeeze->plain);
    z_stream stream = {.avail_in = (uInt)raw.len};

    if (raw.len == 0)
        return;
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, -OUT_WINDOW, OUT_MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    size_t room = deflateBound(&stream, (uLong)raw.len) + FLUSH_ROOM;
    memcpy(&stream.next_in, &raw.at, sizeof raw.at); /* not written to, though its type says so */
    stream.next_out = (Bytef *)bytes_reserve(out, room);
    stream.avail_out = (uInt)room;
    int result = deflate(&stream, Z_SYNC_FLUSH);
    assert(result == Z_OK && stream.avail_in == 0 && stream.avail_out > 0);
    out->len += stream.total_out;
    deflateEnd(&stream);
    bytes_clear(&squeeze->plain);
}

void squeeze_take(struct squeeze *squeeze, struct slice came)
{
    bytes_add(&squeeze->came, came);
}

bool squeeze_waits(const struct squeeze *squeeze)
{
    return squeeze->full || squeeze->opened < squeeze->came.len;
}

bool squeeze_open(struct squeeze *squeeze, struct bytes *in, size_t room)
{
    struct slice left = slice_from(bytes_slice(&squeeze->came), squeeze->opened);
    z_stream *stream = &squeeze->in;

    memcpy(&stream->next_in, &left.at, sizeof left.at);
    stream->avail_in = (uInt)left.len;
    stream->next_out = (Bytef *)bytes_reserve(in, room);
    stream->avail_out = (uInt)room;
    int result = inflate(stream, Z_SYNC_FLUSH);
    in->len += room - stream->avail_out;
    squeeze->full = stream->avail_out == 0;
    squeeze->opened = squeeze->came.len - stream->avail_in;
    if (squeeze->opened == squeeze->came.len) {
        bytes_clear(&squeeze->came);
        squeeze->opened = 0;
    }
    return result == Z_OK || result == Z_BUF_ERROR;
}
