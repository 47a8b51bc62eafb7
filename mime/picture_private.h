/*
 * picture_private — one file a format.  Each reads raw octets by bounds-checked offsets, copies what makes the
 * picture and leaves the rest; only a JPEG that lies on its side is ever given to a library.
 */
#ifndef NESTBOX_MIME_PICTURE_PRIVATE_H
#define NESTBOX_MIME_PICTURE_PRIVATE_H

#include "picture.h"

/* Numbers at an offset that the caller has checked. */
static inline uint32_t be16(struct slice s, size_t at)
{
    return (uint32_t)(unsigned char)s.at[at] << 8 | (unsigned char)s.at[at + 1];
}
static inline uint32_t be32(struct slice s, size_t at)
{
    return be16(s, at) << 16 | be16(s, at + 2);
}
static inline uint32_t le16(struct slice s, size_t at)
{
    return (uint32_t)(unsigned char)s.at[at + 1] << 8 | (unsigned char)s.at[at];
}
static inline uint32_t le24(struct slice s, size_t at)
{
    return (uint32_t)(unsigned char)s.at[at + 2] << 16 | le16(s, at);
}
static inline uint32_t le32(struct slice s, size_t at)
{
    return le16(s, at + 2) << 16 | le16(s, at);
}
static inline struct slice piece(struct slice s, size_t at, size_t len) /* cut to what is there */
{
    return slice_first(slice_from(s, at), len);
}

bool picture_broken(struct err *err, const char *cause); /* false */
bool picture_turned(struct err *err); /* false: not upright, and cannot be turned */
/* Checks the size as well. */
MUST_CHECK bool picture_set_size(struct picture *out, uint32_t width, uint32_t height,
                                 struct err *err);

/* 1 (upright) to 8, of a TIFF block as EXIF holds it; 1 if it says nothing. */
int exif_orientation(struct slice tiff);

/* Each fills everything of *out but `type` and `tiny`. */
MUST_CHECK bool jpeg_clean(struct slice raw, struct picture *out, struct err *err);
MUST_CHECK bool png_clean(struct slice raw, struct picture *out, struct err *err);
MUST_CHECK bool gif_clean(struct slice raw, struct picture *out, struct err *err);
MUST_CHECK bool webp_clean(struct slice raw, struct picture *out, struct err *err);

#endif
