/*
 * picture — a picture turned upright and freed of everything but pixels and colour profile
 * (JPEG, PNG, GIF, WebP; behaviour.md 3.1, 10).
 *
 * Lossless: JPEG is rotated in the coefficient domain (libjpeg-turbo), the others lose chunks only (a PNG or
 * WebP with an orientation other than upright is refused as ERR_REFUSED rather than shown turned).
 */
#ifndef NESTBOX_MIME_PICTURE_H
#define NESTBOX_MIME_PICTURE_H

#include "bytes.h"
#include "err.h"
#include "slice.h"

enum { PICTURE_MAX_BYTES = 16 * 1024 * 1024, PICTURE_MAX_PIXELS = 64 * 1000 * 1000 };
struct picture {
    const char *type; /* "image/jpeg" …, by content, never by name */
    int width, height;
    bool tiny;            /* under 32 px on a side: a tracker or spacer */
    struct bytes content; /* cleaned */
};
/* ERR_REFUSED: not one of the four, HEIC, SVG; ERR_TOO_LARGE; ERR_MALFORMED. */
MUST_CHECK bool picture_clean(struct slice raw, struct picture *out, struct err *err);
void picture_clear(struct picture *picture);

#endif
