#include "armor.h"

#include "memory.h"
#include "packets.h"
#include "text.h"

enum {
    LINE_OCTETS = 48, /* 64 characters */
    TEXT_PIECE = 16 * 1024,
    SESSION_KEYS_MAX = 64 * 1024
};

/* ---- armor ---- */
static void add_line(struct armor *armor, struct slice octets)
{
    base64_add(&armor->text, octets);
    bytes_add_text(&armor->text, "\r\n");
}

static bool hand_on(struct armor *armor, size_t unless_below, struct err *err)
{
    if (armor->text.len < unless_below)
        return true;
    bool ok = sink_write(armor->into, bytes_slice(&armor->text), err);
    bytes_reset(&armor->text);
    return ok;
}

/* Fills the line that is not full; false: it still is not. */
static bool fill_line(struct armor *armor, struct slice *s)
{
    struct slice part = slice_first(*s, LINE_OCTETS - armor->rest_len);

    if (part.len > 0)
        memcpy(armor->rest + armor->rest_len, part.at, part.len);
    armor->rest_len += part.len;
    *s = slice_from(*s, part.len);
    return armor->rest_len == LINE_OCTETS;
}

static bool armor_write(struct sink *sink, struct slice s, struct err *err)
{
    struct armor *armor = container_of(sink, struct armor, sink);

    armor->sum = crc24_count(armor->crc24, armor->sum, s);
    while (fill_line(armor, &s)) {
        add_line(armor, (struct slice){(const char *)armor->rest, LINE_OCTETS});
        armor->rest_len = 0;
        if (!hand_on(armor, TEXT_PIECE, err))
            return false;
    }
    return true;
}

static const struct sink_kind armor_kind = {armor_write};

void armor_begin(struct armor *armor, const struct crc24 *crc24, struct sink *into)
{
    *armor =
        (struct armor){.sink = {&armor_kind}, .into = into, .crc24 = crc24, .sum = CRC24_START};
    bytes_add_text(&armor->text, "-----BEGIN PGP MESSAGE-----\r\n\r\n");
}

bool armor_end(struct armor *armor, struct err *err)
{
    uint32_t sum = crc24_value(armor->sum);
    const char crc[] = {(char)(sum >> 16), (char)(sum >> 8), (char)sum};

    if (armor->rest_len > 0)
        add_line(armor, (struct slice){(const char *)armor->rest, armor->rest_len});
    bytes_add_char(&armor->text, '=');
    add_line(armor, (struct slice){crc, sizeof crc});
    bytes_add_text(&armor->text, "-----END PGP MESSAGE-----\r\n");
    return hand_on(armor, 0, err);
}

void armor_clear(struct armor *armor)
{
    bytes_clear(&armor->text);
}

/* ---- packet heads ---- */
static void add_new_head(struct bytes *out, const struct packet *packet)
{
    size_t len = packet->body.len;

    bytes_add_char(out, (char)(0xC0 | packet->tag));
    if (len >= 192) {
        bytes_add_char(out, (char)((len - 192) / 256 + 192));
        bytes_add_char(out, (char)((len - 192) % 256));
    } else {
        bytes_add_char(out, (char)len);
    }
    bytes_add(out, packet->body);
}

static bool pass(struct reframe *reframe, struct err *err)
{
    reframe->passing = true;
    bool ok = sink_write(reframe->into, bytes_slice(&reframe->head), err);
    bytes_clear(&reframe->head);
    return ok;
}

static bool too_long(struct err *err)
{
    return err_because(err, ERR_TEMPORARY, "Mail cannot be encrypted at the moment",
                       "session key packets of more than %d octets", SESSION_KEYS_MAX);
}

/* Rewrites the session key packets that are whole; the first other packet ends it. */
static bool rewrite(struct reframe *reframe, struct err *err)
{
    enum { LONGEST_SHORT = 8383 };
    struct slice rest = bytes_slice(&reframe->head);
    struct packet packet;
    scoped_value(bytes) out = {0};

    while (rest.len > 0 && packet_tag(rest.at[0]) == PACKET_SESSION_KEY) {
        struct slice before = rest;
        if (packet_cut(&rest, &packet) != PACKET_NEXT || packet.body.len > LONGEST_SHORT) {
            rest = before;
            break;
        }
        add_new_head(&out, &packet);
    }
    bool data = rest.len > 0 && packet_tag(rest.at[0]) != PACKET_SESSION_KEY;
    bool ok = sink_write(reframe->into, bytes_slice(&out), err);
    bytes_drop_front(&reframe->head, reframe->head.len - rest.len);
    return ok && (!data || pass(reframe, err));
}

static bool reframe_write(struct sink *sink, struct slice s, struct err *err)
{
    struct reframe *reframe = container_of(sink, struct reframe, sink);

    if (reframe->passing)
        return sink_write(reframe->into, s, err);
    bytes_add(&reframe->head, s);
    return rewrite(reframe, err) &&
           (reframe->head.len <= SESSION_KEYS_MAX + s.len || too_long(err));
}

static const struct sink_kind reframe_kind = {reframe_write};

void reframe_begin(struct reframe *reframe, struct sink *into)
{
    *reframe = (struct reframe){.sink = {&reframe_kind}, .into = into};
}

bool reframe_end(struct reframe *reframe, struct err *err)
{
    return reframe->passing ||
           err_because(err, ERR_TEMPORARY, "Mail cannot be encrypted at the moment",
                       "no encrypted data packet came");
}

void reframe_clear(struct reframe *reframe)
{
    bytes_clear(&reframe->head);
}
