/* picture_png — chunks of a PNG (ISO 15948): pixels, palette, transparency, colour and animation are copied. */
#include "picture_private.h"

#include "scope.h"

enum { SIGNATURE = 8, FRAME = 12 /* length, type, checksum */, HEADER_LEN = 13 };

static const char *const kept[] = {"IHDR", "PLTE", "tRNS", "IDAT", "IEND", "iCCP",
                                   "sRGB", "gAMA", "cHRM", "acTL", "fcTL", "fdAT"};

static bool is_kept(struct slice type)
{
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (slice_is(type, kept[i]))
            return true;
    return false;
}

static bool read_header(struct slice rest, struct picture *out, struct err *err)
{
    if (rest.len < FRAME + HEADER_LEN || be32(rest, 0) != HEADER_LEN ||
        !slice_is(piece(rest, 4, 4), "IHDR"))
        return picture_broken(err, "IHDR");
    return picture_set_size(out, be32(rest, 8), be32(rest, 12), err);
}

bool png_clean(struct slice raw, struct picture *out, struct err *err)
{
    struct slice rest = slice_from(raw, SIGNATURE);
    bool pixels = false;

    if (!read_header(rest, out, err))
        return false;
    bytes_add(&out->content, slice_first(raw, SIGNATURE));
    while (rest.len >= FRAME && be32(rest, 0) <= rest.len - FRAME) {
        size_t len = be32(rest, 0);
        struct slice type = piece(rest, 4, 4);

        if (is_kept(type))
            bytes_add(&out->content, slice_first(rest, len + FRAME));
        if (slice_is(type, "eXIf") && exif_orientation(piece(rest, 8, len)) != 1)
            return picture_turned(err);
        pixels |= slice_is(type, "IDAT");
        if (slice_is(type, "IEND"))
            return pixels ? true : picture_broken(err, "no IDAT");
        rest = slice_from(rest, len + FRAME);
    }
    return picture_broken(err, "chunk");
}
