/*
 * What an engine writes goes through the writers of a sealed message, in pieces whose sizes the input chooses, and is read
 * back: armor gives the same octets, and reframed packets are the same packets in the new format.
 */
#include "armor.h"
#include "memory.h"
#include "packets.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* False: the writer refused. */
static bool write_pieces(struct sink *sink, struct slice text, struct slice sizes)
{
    struct err err;

    for (size_t i = 0; text.len > 0; i++) {
        size_t len = sizes.len > 0 ? (unsigned char)sizes.at[i % sizes.len] + 1U : text.len;
        struct slice piece = slice_first(text, len);
        if (!sink_write(sink, piece, &err))
            return false;
        text = slice_from(text, piece.len);
    }
    return true;
}

static void check_armor(struct slice text, struct slice sizes)
{
    scoped_value(bytes) back = {0};
    struct memory_sink out;
    struct armor armor;
    struct crc24 crc24;
    struct err err;

    memory_sink_init(&out);
    crc24_init(&crc24);
    armor_begin(&armor, &crc24, &out.sink);
    assert(write_pieces(&armor.sink, text, sizes) && armor_end(&armor, &err));
    armor_clear(&armor);
    assert(openpgp_binary(bytes_slice(&out.bytes), &back));
    assert(slice_eq(bytes_slice(&back), text));
    bytes_clear(&out.bytes);
}

static bool is_new(struct slice packet)
{
    return packet.len > 0 && ((unsigned char)packet.at[0] & 0xC0) == 0xC0;
}

/* The session key packets at the front of both are the same; behind them nothing was changed. */
static void check_packets(struct slice before, struct slice after)
{
    struct packet was, is;

    while (before.len > 0 && packet_tag(before.at[0]) == PACKET_SESSION_KEY) {
        bool both = packet_cut(&before, &was) == PACKET_NEXT && is_new(after) &&
                    packet_cut(&after, &is) == PACKET_NEXT;
        assert(both && is.tag == was.tag && slice_eq(is.body, was.body));
    }
    assert(slice_eq(before, after));
}

static void check_reframe(struct slice text, struct slice sizes)
{
    struct memory_sink out;
    struct reframe reframe;
    struct err err;

    memory_sink_init(&out);
    reframe_begin(&reframe, &out.sink);
    bool ok = write_pieces(&reframe.sink, text, sizes) && reframe_end(&reframe, &err);
    reframe_clear(&reframe);
    if (ok)
        check_packets(text, bytes_slice(&out.bytes));
    bytes_clear(&out.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { SIZES = 4 };
    struct slice text = {(const char *)data, size};
    struct slice sizes = slice_first(text, SIZES);

    text = slice_from(text, sizes.len);
    check_armor(text, sizes);
    check_reframe(text, sizes);
    return 0;
}
