/* picture_exif — the one thing in EXIF that must be obeyed before it is thrown away (TIFF 6.0, tag 0x0112). */
#include "picture_private.h"

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY = 12, MAX_ENTRIES = 512 };

struct tiff {
    struct slice bytes;
    bool little;
};

static uint32_t tiff16(const struct tiff *tiff, size_t at)
{
    return tiff->little ? le16(tiff->bytes, at) : be16(tiff->bytes, at);
}

static uint32_t tiff32(const struct tiff *tiff, size_t at)
{
    return tiff->little ? le32(tiff->bytes, at) : be32(tiff->bytes, at);
}

int exif_orientation(struct slice bytes)
{
    struct tiff tiff = {bytes, slice_starts(bytes, SLICE("II"))};

    if (bytes.len < 10 || !(tiff.little || slice_starts(bytes, SLICE("MM"))))
        return 1;
    size_t directory = tiff32(&tiff, 4);
    if (directory > bytes.len - 2)
        return 1;
    uint32_t entries = tiff16(&tiff, directory);
    for (uint32_t i = 0; i < entries && i < MAX_ENTRIES; i++) {
        size_t entry = directory + 2 + (size_t)i * ENTRY;

        if (entry + ENTRY > bytes.len)
            return 1;
        if (tiff16(&tiff, entry) != TAG_ORIENTATION || tiff16(&tiff, entry + 2) != TYPE_SHORT)
            continue;
        uint32_t orientation = tiff16(&tiff, entry + 8);
        return orientation >= 1 && orientation <= 8 ? (int)orientation : 1;
    }
    return 1;
}
