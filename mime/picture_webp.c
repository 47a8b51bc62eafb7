/* picture_webp — chunks of a WebP (RFC 9649): pixels, transparency, animation and colour profile are copied. */
#include "picture_private.h"

#include "memory.h"
#include "scope.h"

enum {
    RIFF_HEADER = 12,
    CHUNK_HEADER = 8,
    FRAME_HEADER = 16,
    EXTENDED_LEN = 10,
    FLAG_XMP = 0x04,
    FLAG_EXIF = 0x08,
};

static bool is_any(struct slice type, const char *const *types, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is(type, types[i]))
            return true;
    return false;
}

static void put_le32(char *into, size_t value)
{
    for (int i = 0; i < 4; i++)
        into[i] = (char)(value >> (8 * i));
}

static void add_chunk(struct bytes *out, struct slice type, struct slice payload)
{
    char len[4];

    put_le32(len, payload.len);
    bytes_add(out, type);
    bytes_add(out, (struct slice){len, sizeof len});
    bytes_add(out, payload);
    if (payload.len % 2)
        bytes_add_char(out, '\0');
}

struct chunk {
    struct slice type, payload;
};

static bool take_chunk(struct slice *rest, struct chunk *out)
{
    if (rest->len < CHUNK_HEADER || le32(*rest, 4) > rest->len - CHUNK_HEADER)
        return false;
    size_t len = le32(*rest, 4);
    out->type = slice_first(*rest, 4);
    out->payload = piece(*rest, CHUNK_HEADER, len);
    *rest = slice_from(*rest, CHUNK_HEADER + len + len % 2);
    return true;
}

/* The size a lossy or lossless picture tells itself; false if the chunk is neither. */
static bool size_of(const struct chunk *chunk, uint32_t *width, uint32_t *height)
{
    struct slice p = chunk->payload;

    if (slice_is(chunk->type, "VP8 ") && p.len >= 10 &&
        slice_eq(piece(p, 3, 3), SLICE("\x9d\x01\x2a"))) {
        *width = le16(p, 6) & 0x3FFF;
        *height = le16(p, 8) & 0x3FFF;
        return true;
    }
    if (slice_is(chunk->type, "VP8L") && p.len >= 5 && p.at[0] == 0x2f) {
        *width = (le32(p, 1) & 0x3FFF) + 1;
        *height = (le32(p, 1) >> 14 & 0x3FFF) + 1;
        return true;
    }
    return false;
}

/* A frame of an animation holds chunks again. */
static bool add_frame(struct bytes *out, const struct chunk *frame)
{
    static const char *const kept[] = {"ALPH", "VP8 ", "VP8L"};
    scoped_value(bytes) inner = {0};
    struct slice rest = slice_from(frame->payload, FRAME_HEADER);
    struct chunk chunk;

    if (frame->payload.len < FRAME_HEADER)
        return false;
    bytes_add(&inner, slice_first(frame->payload, FRAME_HEADER));
    while (take_chunk(&rest, &chunk))
        if (is_any(chunk.type, kept, COUNT_OF(kept)))
            add_chunk(&inner, chunk.type, chunk.payload);
    add_chunk(out, frame->type, bytes_slice(&inner));
    return true;
}

struct webp {
    struct picture *out;
    bool extended; /* VP8X told the size */
    bool pixels;
};

static bool read_extended(struct webp *webp, const struct chunk *chunk, struct err *err)
{
    char header[EXTENDED_LEN];

    if (chunk->payload.len < EXTENDED_LEN || webp->extended)
        return picture_broken(err, "VP8X");
    memcpy(header, chunk->payload.at, EXTENDED_LEN);
    header[0] = (char)(header[0] & ~(FLAG_XMP | FLAG_EXIF));
    add_chunk(&webp->out->content, chunk->type, (struct slice){header, EXTENDED_LEN});
    webp->extended = true;
    return picture_set_size(webp->out, le24(chunk->payload, 4) + 1, le24(chunk->payload, 7) + 1,
                            err);
}

static bool read_pixels(struct webp *webp, const struct chunk *chunk, struct err *err)
{
    uint32_t width = 0;
    uint32_t height = 0;

    if (!size_of(chunk, &width, &height))
        return picture_broken(err, "VP8");
    webp->pixels = true;
    add_chunk(&webp->out->content, chunk->type, chunk->payload);
    return webp->extended || picture_set_size(webp->out, width, height, err);
}

static bool read_chunk(struct webp *webp, const struct chunk *chunk, struct err *err)
{
    static const char *const kept[] = {"ALPH", "ANIM", "ICCP"};
    struct slice exif = chunk->payload;

    if (slice_is(chunk->type, "VP8X"))
        return read_extended(webp, chunk, err);
    if (slice_is(chunk->type, "VP8 ") || slice_is(chunk->type, "VP8L"))
        return read_pixels(webp, chunk, err);
    if (slice_is(chunk->type, "ANMF")) {
        webp->pixels = true;
        return add_frame(&webp->out->content, chunk) || picture_broken(err, "ANMF");
    }
    if (is_any(chunk->type, kept, COUNT_OF(kept)))
        add_chunk(&webp->out->content, chunk->type, chunk->payload);
    if (slice_starts(exif, SLICE("Exif\0\0")))
        exif = slice_from(exif, 6);
    if (slice_is(chunk->type, "EXIF") && exif_orientation(exif) != 1)
        return picture_turned(err);
    return true;
}

bool webp_clean(struct slice raw, struct picture *out, struct err *err)
{
    struct webp webp = {.out = out};
    struct slice rest = slice_from(raw, RIFF_HEADER);
    struct chunk chunk;

    bytes_add(&out->content, slice_first(raw, RIFF_HEADER));
    while (take_chunk(&rest, &chunk))
        if (!read_chunk(&webp, &chunk, err))
            return false;
    if (!webp.pixels || out->width == 0)
        return picture_broken(err, "no pixels");
    put_le32(out->content.at + 4, out->content.len - 8);
    return true;
}
