/* picture_gif — blocks of a GIF89a: frames, their timing and the loop count are copied. */
#include "picture_private.h"

enum {
    SCREEN = 13,
    HAS_TABLE = 0x80,
    EXTENSION = 0x21,
    CONTROL = 0xF9,
    APPLICATION = 0xFF,
    FRAME = 0x2C,
    TRAILER = 0x3B,
    LOOP_LEN = 3,
};

struct gif {
    struct slice rest;
    struct bytes *out;
    bool frames;
};

static size_t table_size(unsigned flags)
{
    return flags & HAS_TABLE ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Length of a chain of sub-blocks with its end mark, SIZE_MAX if it has none. */
static size_t blocks_len(struct slice rest)
{
    size_t at = 0;

    while (at < rest.len) {
        size_t len = (unsigned char)rest.at[at];
        at += len + 1;
        if (len == 0)
            return at;
    }
    return SIZE_MAX;
}

static bool take(struct gif *gif, size_t len)
{
    if (len > gif->rest.len)
        return false;
    bytes_add(gif->out, slice_first(gif->rest, len));
    gif->rest = slice_from(gif->rest, len);
    return true;
}

/* How often it plays, the only extension of an application that shows; its first sub-block is the count. */
static void keep_loop(struct gif *gif, struct slice blocks)
{
    bool loops = slice_starts(blocks, SLICE("\x0BNETSCAPE2.0\x03\x01")) ||
                 slice_starts(blocks, SLICE("\x0B"
                                            "ANIMEXTS1.0\x03\x01"));

    if (!loops || blocks.len < 12 + 1 + LOOP_LEN)
        return;
    bytes_add(gif->out, SLICE("\x21\xFF"));
    bytes_add(gif->out, slice_first(blocks, 12 + 1 + LOOP_LEN));
    bytes_add_char(gif->out, '\0');
}

static bool read_extension(struct gif *gif)
{
    if (gif->rest.len < 2)
        return false;
    int label = (unsigned char)gif->rest.at[1];
    size_t len = blocks_len(slice_from(gif->rest, 2));
    if (len == SIZE_MAX)
        return false;
    if (label == CONTROL)
        return take(gif, len + 2);
    if (label == APPLICATION)
        keep_loop(gif, piece(gif->rest, 2, len));
    gif->rest = slice_from(gif->rest, len + 2);
    return true;
}

static bool read_frame(struct gif *gif)
{
    if (gif->rest.len < 10)
        return false;
    if (!take(gif, 10 + table_size((unsigned char)gif->rest.at[9])) || !take(gif, 1))
        return false;
    size_t len = blocks_len(gif->rest);
    gif->frames = true;
    return len != SIZE_MAX && take(gif, len);
}

static bool read_blocks(struct gif *gif)
{
    while (gif->rest.len > 0) {
        switch ((unsigned char)gif->rest.at[0]) {
        case EXTENSION:
            if (!read_extension(gif))
                return false;
            break;
        case FRAME:
            if (!read_frame(gif))
                return false;
            break;
        case TRAILER: return gif->frames && take(gif, 1);
        default: return false;
        }
    }
    return false;
}

bool gif_clean(struct slice raw, struct picture *out, struct err *err)
{
    struct gif gif = {.rest = raw, .out = &out->content};

    if (raw.len < SCREEN)
        return picture_broken(err, "screen");
    if (!picture_set_size(out, le16(raw, 6), le16(raw, 8), err))
        return false;
    if (!take(&gif, SCREEN + table_size((unsigned char)raw.at[10])) || !read_blocks(&gif))
        return picture_broken(err, "block");
    return true;
}
