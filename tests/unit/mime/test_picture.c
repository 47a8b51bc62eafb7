/* Pictures: upright, and nothing left in them but pixels and colour profile. */
#include "test.h"

#include "memory.h"
#include "picture.h"

#include <stdio.h>
#include <turbojpeg.h>

static struct bytes load(const char *name)
{
    scoped_text char *path = must_print("%s/%s", PICTURES, name);
    struct bytes out = {0};
    FILE *file = fopen(path, "rb");
    char piece[4096];
    size_t got;

    assert_non_null(file);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        bytes_add(&out, (struct slice){piece, got});
    assert_int_equal(fclose(file), 0);
    return out;
}

#define PICTURE __attribute__((cleanup(picture_clear))) struct picture

static const char *const leaks[] = {
    "Secret", "Exif", "GPS", "http://ns.adobe.com", "Photoshop", "xmpmeta", "tEXt", "eXIf", "iTXt",
    "zTXt",   "tIME", "XMP", "ImageMagick",         "8BIM",      "EXIF"};

static void nothing_but_the_picture_is_left(void **state)
{
    static const struct {
        const char *file, *type;
        int width, height;
        bool tiny;
        const char *keeps; /* or NULL */
    } rows[] = {
        {"place.jpg",       "image/jpeg", 48, 64, false, "ICC_PROFILE"},
        {"odd.jpg",         "image/jpeg", 48, 70, false, NULL         },
        {"progressive.jpg", "image/jpeg", 64, 48, false, NULL         },
        {"text.png",        "image/png",  40, 40, false, "IDAT"       },
        {"loop.gif",        "image/gif",  40, 40, false, "NETSCAPE2.0"},
        {"spacer.gif",      "image/gif",  8,  8,  true,  NULL         },
        {"place.webp",      "image/webp", 40, 40, false, "VP8X"       },
        {"lossless.webp",   "image/webp", 40, 40, false, "VP8L"       },
        {"loop.webp",       "image/webp", 40, 40, false, "ANMF"       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) raw = load(rows[i].file);
        PICTURE picture = {0};
        struct err err;

        if (!picture_clean(bytes_slice(&raw), &picture, &err))
            fail_msg("%s: %s (%s)", rows[i].file, err.said, err.cause);
        assert_text(picture.type, rows[i].type);
        if (picture.width != rows[i].width || picture.height != rows[i].height)
            fail_msg("%s: %d x %d", rows[i].file, picture.width, picture.height);
        assert_int_equal(picture.tiny, rows[i].tiny);
        for (size_t k = 0; k < COUNT_OF(leaks); k++)
            if (slice_find_text(bytes_slice(&picture.content), slice_of(leaks[k])) != SIZE_MAX)
                fail_msg("%s still holds %s", rows[i].file, leaks[k]);
        if (rows[i].keeps &&
            slice_find_text(bytes_slice(&picture.content), slice_of(rows[i].keeps)) == SIZE_MAX)
            fail_msg("%s lost %s", rows[i].file, rows[i].keeps);
    }
}

static void cleaning_twice_changes_nothing(void **state)
{
    static const char *const files[] = {"place.jpg", "odd.jpg",    "progressive.jpg", "text.png",
                                        "loop.gif",  "place.webp", "lossless.webp",   "loop.webp"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        scoped_value(bytes) raw = load(files[i]);
        PICTURE once = {0};
        PICTURE twice = {0};
        struct err err;

        assert_true(picture_clean(bytes_slice(&raw), &once, &err));
        assert_true(picture_clean(bytes_slice(&once.content), &twice, &err));
        assert_true(slice_eq(bytes_slice(&once.content), bytes_slice(&twice.content)));
    }
}

/* The colour at a corner: R, G, B or W. */
static char colour_at(const unsigned char *pixels, int width, int x, int y)
{
    const unsigned char *p = pixels + 3 * ((size_t)y * (size_t)width + (size_t)x);

    if (p[0] > 127 && p[1] > 127 && p[2] > 127)
        return 'W';
    if (p[0] > 127)
        return 'R';
    if (p[1] > 127)
        return 'G';
    return 'B';
}

static void corners(const struct picture *picture, char out[5])
{
    int w = picture->width;
    int h = picture->height;
    unsigned char *pixels = must_alloc_array((size_t)w * (size_t)h, 3);
    tjhandle handle = tjInitDecompress();

    assert_int_equal(tjDecompress2(handle, (const unsigned char *)picture->content.at,
                                   picture->content.len, pixels, w, 0, h, TJPF_RGB, 0),
                     0);
    out[0] = colour_at(pixels, w, 4, 4);
    out[1] = colour_at(pixels, w, w - 5, 4);
    out[2] = colour_at(pixels, w, 4, h - 5);
    out[3] = colour_at(pixels, w, w - 5, h - 5);
    out[4] = '\0';
    tjDestroy(handle);
    free(pixels);
}

/* Writes the orientation into the EXIF that exiftool made: a SHORT in a big-endian TIFF. */
static void set_orientation(struct bytes *raw, int orientation)
{
    size_t at =
        slice_find_text(bytes_slice(raw), SLICE("\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06"));

    assert_true(at != SIZE_MAX);
    raw->at[at + 9] = (char)orientation;
}

static void every_orientation_is_turned_upright(void **state)
{
    static const struct {
        int orientation;
        const char *corners;
    } rows[] = {
        {1, "RGBW"},
        {2, "GRWB"},
        {3, "WBGR"},
        {4, "BWRG"},
        {5, "RBGW"},
        {6, "BRWG"},
        {7, "WGBR"},
        {8, "GWRB"}
    };
    static const char *const files[] = {"place.jpg", "odd.jpg"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows) * COUNT_OF(files); i++) {
        scoped_value(bytes) raw = load(files[i % 2]);
        PICTURE picture = {0};
        struct err err;
        char found[5];

        set_orientation(&raw, rows[i / 2].orientation);
        assert_true(picture_clean(bytes_slice(&raw), &picture, &err));
        corners(&picture, found);
        if (strcmp(found, rows[i / 2].corners) != 0)
            fail_msg("%s by %d: %s", files[i % 2], rows[i / 2].orientation, found);
    }
}

static const struct {
    const char *name;
    struct slice raw;
    enum err_kind kind;
} no_pictures[] = {
    {"HEIC",
     SLICE("\0\0\0\x18"
           "ftypheic\0\0\0\0mif1heic"),
     ERR_REFUSED                                                                                                    },
    {"SVG",                                 SLICE("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),      ERR_REFUSED  },
    {"PDF",                                 SLICE("%PDF-1.7"),                                         ERR_REFUSED  },
    {"BMP",                                 SLICE("BM\0\0\0\0"),                                       ERR_REFUSED  },
    {"nothing",                             SLICE(""),                                                 ERR_REFUSED  },
    {"another RIFF",                        SLICE("RIFF\0\0\0\0WAVEfmt "),                             ERR_REFUSED  },
    {"a JPEG that only begins",             SLICE("\xFF\xD8\xFF"),                                     ERR_MALFORMED},
    {"a JPEG without pixels",               SLICE("\xFF\xD8\xFF\xD9"),                                 ERR_MALFORMED},
    {"a JPEG whose frame is too short",     SLICE("\xFF\xD8\xFF\xC0\0\x04\x08\0\xFF\xD9"),
     ERR_MALFORMED                                                                                                  },
    {"a JPEG of two frames",
     SLICE("\xFF\xD8\xFF\xC0\0\x08\x08\0\x10\0\x10\0\xFF\xC0\0\x08\x08\0\x10\0\x10\0\xFF\xD9"),
     ERR_MALFORMED                                                                                                  },
    {"a JPEG with a scan before its frame", SLICE("\xFF\xD8\xFF\xDA\0\x02xx\xFF\xD9"),
     ERR_MALFORMED                                                                                                  },
    {"a lossless JPEG",                     SLICE("\xFF\xD8\xFF\xC3\0\x08\x08\0\x10\0\x10\0\xFF\xD9"), ERR_REFUSED  },
    {"a JPEG with a segment past its end",
     SLICE("\xFF\xD8\xFF\xE1\xFF\xFF"
           "Exif"),
     ERR_MALFORMED                                                                                                  },
    {"a JPEG of 65,000 by 65,000",
     SLICE("\xFF\xD8\xFF\xFF\xC2\0\x08\x08\xFD\xE8\xFD\xE8\0\xFF\xDA\0\x02"
           "a\xFF\0\xFF\xFF\xFF\xD0"
           "b\xFF\xD9"),
     ERR_TOO_LARGE                                                                                                  },
    {"a PNG that only begins",              SLICE("\x89PNG\r\n\x1a\n"),                                ERR_MALFORMED},
    {"a PNG of 65,000 by 65,000",
     SLICE("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xfd\xe8\0\0\xfd\xe8\x08\x02\0\0\0abcd"),
     ERR_TOO_LARGE                                                                                                  },
    {"a PNG of nothing",
     SLICE("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\0\0\0\0\x01\x08\x02\0\0\0abcd"),                     ERR_MALFORMED},
    {"a GIF that only begins",              SLICE("GIF89a"),                                           ERR_MALFORMED},
    {"a GIF without frames",                SLICE("GIF89a\x01\0\x01\0\0\0\0;"),                        ERR_MALFORMED},
    {"a GIF with an unknown block",         SLICE("GIF89a\x01\0\x01\0\0\0\0?"),                        ERR_MALFORMED},
    {"a WebP whose pixels are none",        SLICE("RIFF\x10\0\0\0WEBPVP8 \x04\0\0\0abcd"),             ERR_MALFORMED},
    {"a WebP that says its size twice",
     SLICE("RIFF\0\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0\x09\0\0\x09\0\0VP8X\x0A\0\0\0\0\0\0\0\x09\0"
           "\0\x09\0\0"),
     ERR_MALFORMED                                                                                                  },
    {"a WebP whose frame is too short",     SLICE("RIFF\0\0\0\0WEBPANMF\x02\0\0\0ab"),                 ERR_MALFORMED},
    {"a WebP without pixels",               SLICE("RIFF\x04\0\0\0WEBP"),                               ERR_MALFORMED},
};

static void what_is_no_picture_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(no_pictures); i++) {
        PICTURE picture = {0};
        struct err err = {0};

        assert_false(picture_clean(no_pictures[i].raw, &picture, &err));
        if (err.kind != no_pictures[i].kind)
            fail_msg("%s: %s", no_pictures[i].name, err_kind_name(err.kind));
    }
}

static void a_format_that_cannot_be_turned_is_refused(void **state)
{
    static const char *const files[] = {"turned.png", "turned.webp"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        scoped_value(bytes) raw = load(files[i]);
        PICTURE picture = {0};
        struct err err = {0};

        assert_false(picture_clean(bytes_slice(&raw), &picture, &err));
        assert_int_equal(err.kind, ERR_REFUSED);
    }
}

static void what_hangs_behind_the_end_is_cut(void **state)
{
    static const char *const files[] = {"place.jpg", "progressive.jpg", "text.png", "loop.gif",
                                        "place.webp"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        scoped_value(bytes) raw = load(files[i]);
        PICTURE picture = {0};
        struct err err;

        bytes_add_text(&raw, "ftypmp42 SecretFilm");
        assert_true(picture_clean(bytes_slice(&raw), &picture, &err));
        assert_true(slice_find_text(bytes_slice(&picture.content), SLICE("SecretFilm")) ==
                    SIZE_MAX);
    }
}

/* Cut anywhere, a file is refused or cleaned, never read past its end (the sanitizers watch). */
static void every_beginning_of_a_file_is_survived(void **state)
{
    static const char *const files[] = {"odd.jpg",    "progressive.jpg", "text.png",  "loop.gif",
                                        "spacer.gif", "lossless.webp",   "place.webp"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        scoped_value(bytes) raw = load(files[i]);

        for (size_t len = 0; len < raw.len; len++) {
            char *cut = must_copy(slice_first(bytes_slice(&raw), len));
            PICTURE picture = {0};
            struct err err;

            cut = must_grow(cut, len ? len : 1, 1); /* without the NUL behind it */
            if (picture_clean((struct slice){cut, len}, &picture, &err))
                assert_true(picture.content.len > 0);
            free(cut);
        }
    }
}

static void a_file_too_large_is_refused(void **state)
{
    scoped_value(bytes) raw = load("progressive.jpg");
    PICTURE picture = {0};
    struct err err = {0};

    (void)state;
    memset(bytes_reserve(&raw, PICTURE_MAX_BYTES), 0, PICTURE_MAX_BYTES);
    raw.len += PICTURE_MAX_BYTES;
    assert_false(picture_clean(bytes_slice(&raw), &picture, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_the_picture_is_left),
        cmocka_unit_test(cleaning_twice_changes_nothing),
        cmocka_unit_test(every_orientation_is_turned_upright),
        cmocka_unit_test(what_is_no_picture_is_refused),
        cmocka_unit_test(a_format_that_cannot_be_turned_is_refused),
        cmocka_unit_test(what_hangs_behind_the_end_is_cut),
        cmocka_unit_test(every_beginning_of_a_file_is_survived),
        cmocka_unit_test(a_file_too_large_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
