/*
 * picture_jpeg — segments of a JPEG (ISO 10918-1 B): those that make the picture are copied, JFIF is written
 * anew without its thumbnail, the colour profile and Adobe's colour transform stay, all else goes, and so does
 * what some cameras hang on behind the end.  One that lies on its side is turned by libjpeg-turbo without
 * decoding to pixels; where its size does not allow that, up to 15 pixels are cut at an edge.
 */
#include "picture_private.h"

#include "scope.h"

#include <turbojpeg.h>

enum {
    SOF0 = 0xC0,
    DHT = 0xC4,
    SOF2 = 0xC2,
    DAC = 0xCC,
    RST0 = 0xD0,
    RST7 = 0xD7,
    EOI = 0xD9,
    SOS = 0xDA,
    DQT = 0xDB,
    DNL = 0xDC,
    DRI = 0xDD,
    APP0 = 0xE0,
    APP1 = 0xE1,
    APP2 = 0xE2,
    APP14 = 0xEE,
    APP15 = 0xEF,
    JPG0 = 0xF0,
    COM = 0xFE,
    ADOBE_LEN = 12,
    MAX_SCANS = 100, /* more are an attack on whoever shows it */
};

struct jpeg {
    struct slice rest;
    struct bytes *out;
    uint32_t width, height;
    int orientation, scans;
    bool jfif_written;
};

static void add_marker(struct jpeg *jpeg, int marker)
{
    bytes_add_char(jpeg->out, '\xFF');
    bytes_add_char(jpeg->out, (char)marker);
}

static void add_segment(struct jpeg *jpeg, int marker, struct slice payload)
{
    add_marker(jpeg, marker);
    bytes_add_char(jpeg->out, (char)((payload.len + 2) >> 8));
    bytes_add_char(jpeg->out, (char)((payload.len + 2) & 0xFF));
    bytes_add(jpeg->out, payload);
}

/* Version, density and no thumbnail. */
static void add_jfif(struct jpeg *jpeg, struct slice payload)
{
    char jfif[14];

    if (jpeg->jfif_written || payload.len < sizeof jfif || !slice_starts(payload, SLICE("JFIF\0")))
        return;
    memcpy(jfif, payload.at, sizeof jfif);
    jfif[12] = jfif[13] = 0;
    add_segment(jpeg, APP0, (struct slice){jfif, sizeof jfif});
    jpeg->jfif_written = true;
}

static void read_application(struct jpeg *jpeg, int marker, struct slice payload)
{
    if (marker == APP0)
        add_jfif(jpeg, payload);
    else if (marker == APP1 && slice_starts(payload, SLICE("Exif\0")) && jpeg->orientation == 1)
        jpeg->orientation = exif_orientation(slice_from(payload, 6));
    else if (marker == APP2 && slice_starts(payload, SLICE("ICC_PROFILE\0")))
        add_segment(jpeg, marker, payload);
    else if (marker == APP14 && slice_starts(payload, SLICE("Adobe")) && payload.len >= ADOBE_LEN)
        add_segment(jpeg, marker, slice_first(payload, ADOBE_LEN));
}

static bool read_frame(struct jpeg *jpeg, int marker, struct slice payload, struct err *err)
{
    if (marker > SOF2)
        return err_set(err, ERR_REFUSED, "This kind of JPEG is not shown by most programs");
    if (jpeg->width || payload.len < 6)
        return picture_broken(err, "SOF");
    jpeg->height = be16(payload, 1);
    jpeg->width = be16(payload, 3);
    add_segment(jpeg, marker, payload);
    return true;
}

/* The coded data behind SOS: up to the next marker that is neither stuffed nor a restart. */
static bool read_scan(struct jpeg *jpeg, struct slice payload, struct err *err)
{
    size_t end = 0;

    if (++jpeg->scans > MAX_SCANS || !jpeg->width)
        return picture_broken(err, "SOS");
    add_segment(jpeg, SOS, payload);
    for (;; end += 2) {
        size_t found = slice_find(slice_from(jpeg->rest, end), '\xFF');
        if (found == SIZE_MAX || end + found + 1 >= jpeg->rest.len)
            return picture_broken(err, "no EOI");
        end += found;
        int code = (unsigned char)jpeg->rest.at[end + 1];
        if (code == 0xFF)
            end--; /* fill: look at the second one next */
        else if (code != 0 && (code < RST0 || code > RST7))
            break;
    }
    bytes_add(jpeg->out, slice_first(jpeg->rest, end));
    jpeg->rest = slice_from(jpeg->rest, end);
    return true;
}

static bool read_segment(struct jpeg *jpeg, int marker, struct slice payload, struct err *err)
{
    if (marker >= APP0 && marker <= APP15) {
        read_application(jpeg, marker, payload);
        return true;
    }
    if (marker >= JPG0)
        return true; /* comments and reserved ones */
    switch (marker) {
    case SOS: return read_scan(jpeg, payload, err);
    case DHT:
    case DQT:
    case DRI:
    case DNL: add_segment(jpeg, marker, payload); return true;
    default: break;
    }
    if (marker < SOF0 || marker >= RST0 || marker == DAC)
        return picture_broken(err, "marker");
    return read_frame(jpeg, marker, payload, err);
}

/* The next marker's code, or -1. */
static int take_marker(struct jpeg *jpeg)
{
    if (jpeg->rest.len < 2 || jpeg->rest.at[0] != '\xFF')
        return -1;
    while (jpeg->rest.len > 1 && jpeg->rest.at[1] == '\xFF')
        jpeg->rest = slice_from(jpeg->rest, 1);
    if (jpeg->rest.len < 2)
        return -1;
    int marker = (unsigned char)jpeg->rest.at[1];
    jpeg->rest = slice_from(jpeg->rest, 2);
    return marker;
}

static bool strip(struct slice raw, struct jpeg *jpeg, struct err *err)
{
    jpeg->rest = slice_from(raw, 2);
    jpeg->orientation = 1;
    bytes_add(jpeg->out, slice_first(raw, 2));
    for (;;) {
        int marker = take_marker(jpeg);

        if (marker == EOI && jpeg->scans > 0) {
            add_marker(jpeg, EOI);
            return true;
        }
        if (marker < 0 || jpeg->rest.len < 2)
            return picture_broken(err, "segment");
        size_t len = be16(jpeg->rest, 0);
        if (len < 2 || len > jpeg->rest.len)
            return picture_broken(err, "segment length");
        struct slice payload = piece(jpeg->rest, 2, len - 2);
        jpeg->rest = slice_from(jpeg->rest, len);
        if (!read_segment(jpeg, marker, payload, err))
            return false;
    }
}

static bool transform(struct slice from, int operation, int options, struct bytes *out)
{
    tjhandle handle = tjInitTransform();
    tjtransform order = {.op = operation, .options = options};
    unsigned char *made = NULL;
    unsigned long made_len = 0;

    if (!handle)
        return false;
    int failed = tjTransform(handle, (const unsigned char *)from.at, from.len, 1, &made, &made_len,
                             &order, TJFLAG_LIMITSCANS);
    if (failed && tjGetErrorCode(handle) == TJERR_WARNING)
        failed = 0; /* a flaw that every viewer passes over */
    if (!failed && made)
        bytes_add(out, (struct slice){(const char *)made, made_len});
    tjFree(made);
    tjDestroy(handle);
    return !failed && out->len > 0;
}

static bool turn(struct slice upside, int orientation, struct bytes *out)
{
    static const int operations[] = {
        [2] = TJXOP_HFLIP, [3] = TJXOP_ROT180,     [4] = TJXOP_VFLIP, [5] = TJXOP_TRANSPOSE,
        [6] = TJXOP_ROT90, [7] = TJXOP_TRANSVERSE, [8] = TJXOP_ROT270};
    static const int options[] = {TJXOPT_PERFECT, TJXOPT_TRIM, 0};

    for (size_t i = 0; i < COUNT_OF(options); i++)
        if (transform(upside, operations[orientation], options[i], out))
            return true;
    return false;
}

bool jpeg_clean(struct slice raw, struct picture *out, struct err *err)
{
    scoped_value(bytes) stripped = {0}, turned = {0};
    struct jpeg jpeg = {.out = &stripped};

    if (!strip(raw, &jpeg, err) || !picture_set_size(out, jpeg.width, jpeg.height, err))
        return false;
    if (jpeg.orientation == 1) {
        out->content = stripped;
        stripped = (struct bytes){0};
        return true;
    }
    if (!turn(bytes_slice(&stripped), jpeg.orientation, &turned))
        return picture_broken(err, "could not be turned");
    jpeg = (struct jpeg){.out = &out->content};
    return strip(bytes_slice(&turned), &jpeg, err) &&
           picture_set_size(out, jpeg.width, jpeg.height, err);
}
