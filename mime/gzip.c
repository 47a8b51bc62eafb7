#include "gzip.h"

#include <assert.h>
#include <stdlib.h>
#include <zlib.h>

enum {
    GZIP_FRAME = 16 /* added to the window's bits: RFC 1952 around it */,
    MEMORY_LEVEL = 8,
    PIECE = 16 * 1024
};

void gzip_add(struct bytes *out, struct slice raw)
{
    z_stream stream = {.avail_in = (uInt)raw.len};

    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP_FRAME, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    size_t room = deflateBound(&stream, (uLong)raw.len);
    memcpy(&stream.next_in, &raw.at, sizeof raw.at); /* not written to, though its type says so */
    stream.next_out = (Bytef *)bytes_reserve(out, room);
    stream.avail_out = (uInt)room;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
        abort();
    out->len += stream.total_out;
    deflateEnd(&stream);
}

/* Piece by piece: how much it becomes is known only when it is there. */
static bool inflate_all(z_stream *stream, size_t max, struct bytes *out, struct err *err)
{
    size_t begin = out->len;

    for (int result = Z_OK; result != Z_STREAM_END;) {
        stream->next_out = (Bytef *)bytes_reserve(out, PIECE);
        stream->avail_out = PIECE;
        result = inflate(stream, Z_NO_FLUSH);
        out->len += PIECE - stream->avail_out;
        if (out->len - begin > max)
            return err_set(err, ERR_TOO_LARGE, "What was packed is too large");
        if (result != Z_STREAM_END && (result != Z_OK || stream->avail_out == PIECE))
            return err_set(err, ERR_MALFORMED, "What was packed is damaged");
    }
    return true;
}

bool gzip_read(struct slice packed, size_t max, struct bytes *out, struct err *err)
{
    z_stream stream = {.avail_in = (uInt)packed.len};

    assert(packed.len <= INT32_MAX);
    if (inflateInit2(&stream, MAX_WBITS + GZIP_FRAME) != Z_OK)
        abort();
    memcpy(&stream.next_in, &packed.at, sizeof packed.at); /* as above */
    bool ok = inflate_all(&stream, max, out, err);
    inflateEnd(&stream);
    return ok;
}
