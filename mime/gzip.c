#include "gzip.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_FRAME = 16 /* added to the window's bits: RFC 1952 around it */, MEMORY_LEVEL = 8 };

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
