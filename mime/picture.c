/* picture — which format it is, and what all have in common. */
#include "picture_private.h"

#include "scope.h"

enum { TINY = 32, MAX_SIDE = 65535 };

struct format {
    const char *type;
    size_t offset; /* of its mark */
    struct slice mark;
    bool (*clean)(struct slice raw, struct picture *out, struct err *err);
};

static const struct format formats[] = {
    {"image/jpeg", 0, SLICE("\xFF\xD8\xFF"),      jpeg_clean},
    {"image/png",  0, SLICE("\x89PNG\r\n\x1a\n"), png_clean },
    {"image/gif",  0, SLICE("GIF87a"),            gif_clean },
    {"image/gif",  0, SLICE("GIF89a"),            gif_clean },
    {"image/webp", 8, SLICE("WEBP"),              webp_clean},
};

bool picture_broken(struct err *err, const char *cause)
{
    return err_because(err, ERR_MALFORMED, "The picture is broken", "%s", cause);
}

bool picture_turned(struct err *err)
{
    return err_set(err, ERR_REFUSED, "The picture lies on its side; turn it upright and save it");
}

bool picture_set_size(struct picture *out, uint32_t width, uint32_t height, struct err *err)
{
    if (width == 0 || height == 0)
        return picture_broken(err, "a side of 0 pixels");
    if (width > MAX_SIDE || height > MAX_SIDE || (uint64_t)width * height > PICTURE_MAX_PIXELS)
        return err_set(err, ERR_TOO_LARGE, "The picture has more than %d million pixels",
                       PICTURE_MAX_PIXELS / 1000000);
    out->width = (int)width;
    out->height = (int)height;
    return true;
}

static const struct format *format_of(struct slice raw)
{
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (slice_starts(slice_from(raw, formats[i].offset), formats[i].mark) &&
            (formats[i].offset == 0 || slice_starts(raw, SLICE("RIFF"))))
            return &formats[i];
    return NULL;
}

bool picture_clean(struct slice raw, struct picture *out, struct err *err)
{
    struct picture clean = {0};
    const struct format *format = format_of(raw);

    if (!format)
        return err_set(err, ERR_REFUSED, "This is not a picture (JPEG, PNG, GIF, WebP)");
    if (raw.len > PICTURE_MAX_BYTES)
        return err_set(err, ERR_TOO_LARGE, "The picture has more than %d MiB",
                       PICTURE_MAX_BYTES / 1024 / 1024);
    if (!format->clean(raw, &clean, err)) {
        picture_clear(&clean);
        return false;
    }
    clean.type = format->type;
    clean.tiny = clean.width < TINY || clean.height < TINY;
    *out = clean;
    return true;
}

void picture_clear(struct picture *picture)
{
    bytes_clear(&picture->content);
    *picture = (struct picture){0};
}
