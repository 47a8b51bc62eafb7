#include "qr.h"

#include "memory.h"
#include "text.h"

#include <arpa/inet.h>
#include <qrencode.h>

enum { QUIET = 4, PNG_SCALE = 8 };

bool qr_make(const char *text, struct qr *out, struct err *err)
{
    QRcode *code = strlen(text) > QR_TEXT_MAX
                       ? NULL
                       : QRcode_encodeString8bit(text, 0 /* as small as it fits */, QR_ECLEVEL_M);

    if (!code)
        return err_set(err, ERR_TOO_LARGE, "This is too long for a QR code");
    size_t count = (size_t)code->width * (size_t)code->width;
    *out = (struct qr){.side = code->width, .black = must_alloc(count)};
    for (size_t i = 0; i < count; i++)
        out->black[i] = code->data[i] & 1;
    QRcode_free(code);
    return true;
}

void qr_clear(struct qr *qr)
{
    free(qr->black);
    *qr = (struct qr){0};
}

/* Around the code all is white. */
static bool is_black(const struct qr *qr, int x, int y)
{
    return x >= 0 && y >= 0 && x < qr->side && y < qr->side && qr->black[y * qr->side + x];
}

void qr_svg(const struct qr *qr, const char *label, struct bytes *out)
{
    int whole = qr->side + 2 * QUIET;

    bytes_print(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"qr\" role=\"img\" "
                "viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\"><title>",
                whole, whole);
    html_escape_add(out, slice_of(label));
    bytes_print(out, "</title><path fill=\"#fff\" d=\"M0 0h%dv%dh-%dz\"/><path fill=\"#000\" d=\"",
                whole, whole, whole);
    for (int y = 0; y < qr->side; y++)
        for (int x = 0; x < qr->side; x++) {
            int from = x;
            while (is_black(qr, x, y))
                x++;
            if (x > from)
                bytes_print(out, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET, x - from, x - from);
        }
    bytes_add_text(out, "\"/></svg>\n");
}

/* ---- PNG (RFC 2083): one bit a dot, not compressed ---- */

static uint32_t crc_of(struct slice bytes)
{
    uint32_t crc = 0xffffffffu;

    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (unsigned char)bytes.at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

static uint32_t adler_of(struct slice bytes)
{
    enum { BASE = 65521 };
    uint32_t a = 1, b = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        a = (a + (unsigned char)bytes.at[i]) % BASE;
        b = (b + a) % BASE;
    }
    return b << 16 | a;
}

static void add_number(struct bytes *out, uint32_t number)
{
    uint32_t big = htonl(number);

    bytes_add(out, (struct slice){(const char *)&big, sizeof big});
}

static void add_chunk(struct bytes *out, struct slice kind, struct slice content)
{
    scoped_value(bytes) checked = {0};

    bytes_add(&checked, kind);
    bytes_add(&checked, content);
    add_number(out, (uint32_t)content.len);
    bytes_add(out, bytes_slice(&checked));
    add_number(out, crc_of(bytes_slice(&checked)));
}

static void add_rows(const struct qr *qr, struct bytes *out)
{
    int dots = (qr->side + 2 * QUIET) * PNG_SCALE;

    for (int y = 0; y < dots; y++) {
        bytes_add_char(out, 0);           /* no filter */
        for (int x = 0; x < dots; x += 8) /* PNG_SCALE is 8: one module is one octet of a row */
            bytes_add_char(
                out, (char)(is_black(qr, x / PNG_SCALE - QUIET, y / PNG_SCALE - QUIET) ? 0 : 0xff));
    }
}

/* zlib's frame around stored blocks (RFC 1950, RFC 1951 3.2.4). */
static void add_stored(struct slice raw, struct bytes *out)
{
    enum { BLOCK_MAX = 65535 };
    struct slice rest = raw;

    bytes_add(out, SLICE("\x78\x01"));
    while (rest.len > 0) {
        struct slice block = slice_first(rest, BLOCK_MAX);
        rest = slice_from(rest, block.len);
        const unsigned char head[] = {rest.len == 0, block.len & 0xff,
                                      (unsigned char)(block.len >> 8), ~block.len & 0xff,
                                      (unsigned char)(~block.len >> 8 & 0xff)};
        bytes_add(out, (struct slice){(const char *)head, sizeof head});
        bytes_add(out, block);
    }
    add_number(out, adler_of(raw));
}

void qr_png(const struct qr *qr, struct bytes *out)
{
    scoped_value(bytes) head = {0};
    scoped_value(bytes) rows = {0};
    scoped_value(bytes) data = {0};
    uint32_t dots = (uint32_t)(qr->side + 2 * QUIET) * PNG_SCALE;

    add_number(&head, dots);
    add_number(&head, dots);
    bytes_add(&head, (struct slice){"\x01\0\0\0\0", 5}); /* one bit, grey */
    add_rows(qr, &rows);
    add_stored(bytes_slice(&rows), &data);
    bytes_add(out, SLICE("\x89PNG\r\n\x1a\n"));
    add_chunk(out, SLICE("IHDR"), bytes_slice(&head));
    add_chunk(out, SLICE("IDAT"), bytes_slice(&data));
    add_chunk(out, SLICE("IEND"), SLICE(""));
}

/* Two modules a letter, black on white whatever the terminal's colours are. */
void qr_terminal(const struct qr *qr, struct bytes *out)
{
    static const char *const letters[] = {" ", "▄", "▀", "█"};

    for (int y = -QUIET; y < qr->side + QUIET; y += 2) {
        bytes_add_text(out, "\033[30;107m");
        for (int x = -QUIET; x < qr->side + QUIET; x++)
            bytes_add_text(out, letters[is_black(qr, x, y) << 1 | is_black(qr, x, y + 1)]);
        bytes_add_text(out, "\033[0m\n");
    }
}
