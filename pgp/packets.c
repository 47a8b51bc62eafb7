#include "packets.h"

#include "text.h"

enum {
    TAG_SIGNATURE = 2,
    TAG_SECRET_KEY = 5,
    TAG_PUBLIC_KEY = 6,
    TAG_SECRET_SUBKEY = 7,
    TAG_MARKER = 10,
    TAG_TRUST = 12,
    TAG_USER_ID = 13,
    TAG_PUBLIC_SUBKEY = 14,
    TAG_USER_ATTRIBUTE = 17,
    TAG_PADDING = 21,
};
enum { PACKETS_MOST = 400, KEYS_MOST = 32, USER_IDS_MOST = 64 };

/* --- armor -------------------------------------------------------------------------------------- */

static bool cut_to_block(struct slice *rest)
{
    while (rest->at) {
        struct slice line = slice_trim(slice_line(rest));
        if (slice_starts(line, SLICE("-----BEGIN PGP ")) && slice_ends(line, SLICE("-----")))
            return true;
    }
    return false;
}

/* Headers ("Version: …") end at the first blank line. */
static bool cut_headers(struct slice *rest)
{
    while (rest->at)
        if (slice_empty(slice_trim(slice_line(rest))))
            return true;
    return false;
}

/* The lines up to the end mark; the checksum line is left out (RFC 9580 6.1: it need not be checked). */
static bool cut_base64(struct slice *rest, struct bytes *out)
{
    while (rest->at) {
        struct slice line = slice_trim(slice_line(rest));
        if (slice_starts(line, SLICE("-----END PGP ")))
            return true;
        if (!slice_starts(line, SLICE("=")))
            bytes_add(out, line);
    }
    return false;
}

bool openpgp_binary(struct slice armored_or_binary, struct bytes *out)
{
    struct slice rest = armored_or_binary;
    scoped_value(bytes) base64 = {0};

    if (!slice_empty(rest) && ((unsigned char)rest.at[0] & 0x80)) { /* every packet head has it */
        bytes_add(out, rest);
        return true;
    }
    if (!cut_to_block(&rest) || !cut_headers(&rest) || !cut_base64(&rest, &base64))
        return false;
    return !cut_to_block(&rest) && base64_read(bytes_slice(&base64), out);
}

/* --- packets ------------------------------------------------------------------------------------ */

/* A big-endian number of `width` octets. */
static bool cut_number(struct slice *rest, size_t width, size_t *out)
{
    if (rest->len < width)
        return false;
    *out = 0;
    for (size_t i = 0; i < width; i++)
        *out = *out << 8 | (unsigned char)rest->at[i];
    *rest = slice_from(*rest, width);
    return true;
}

/* RFC 9580 4.2.1 */
static bool cut_length(struct slice *rest, size_t *out)
{
    size_t first = 0;
    size_t second = 0;

    if (!cut_number(rest, 1, &first))
        return false;
    if (first < 192) {
        *out = first;
        return true;
    }
    if (first < 224 && cut_number(rest, 1, &second)) {
        *out = ((first - 192) << 8) + second + 192;
        return true;
    }
    return first == 255 && cut_number(rest, 4, out);
}

/* RFC 9580 4.2.2 */
static bool cut_old_length(struct slice *rest, unsigned head, size_t *out)
{
    static const size_t widths[] = {1, 2, 4};
    unsigned kind = head & 3;

    return kind < COUNT_OF(widths) && cut_number(rest, widths[kind], out);
}

int packet_tag(char head)
{
    unsigned octet = (unsigned char)head;

    if (!(octet & 0x80))
        return -1;
    return octet & 0x40 ? (int)(octet & 0x3f) : (int)(octet >> 2 & 0x0f);
}

enum packet_step packet_cut(struct slice *rest, struct packet *out)
{
    size_t head = 0;
    size_t len = 0;

    if (slice_empty(*rest))
        return PACKET_END;
    int tag = packet_tag(rest->at[0]);
    if (!cut_number(rest, 1, &head) || tag < 0)
        return PACKET_BROKEN;
    bool new_format = (head & 0x40) != 0;
    if (new_format ? !cut_length(rest, &len) : !cut_old_length(rest, (unsigned)head, &len))
        return PACKET_BROKEN;
    if (len > rest->len)
        return PACKET_BROKEN;
    out->tag = tag;
    out->body = slice_first(*rest, len);
    *rest = slice_from(*rest, len);
    return PACKET_NEXT;
}

/* --- what may be in a certificate --------------------------------------------------------------- */

struct parts {
    size_t packets, keys, user_ids;
};

static bool count_part(struct parts *parts, int tag, struct err *err)
{
    parts->packets++;
    if (tag == TAG_SECRET_KEY || tag == TAG_SECRET_SUBKEY)
        return err_set(err, ERR_MALFORMED,
                       "This is a secret key; send only its public certificate, and think of the "
                       "secret one as known to others");
    if ((parts->packets == 1) != (tag == TAG_PUBLIC_KEY))
        return err_set(err, ERR_MALFORMED, "This is not one OpenPGP certificate");
    switch (tag) {
    case TAG_PUBLIC_KEY:
    case TAG_PUBLIC_SUBKEY: parts->keys++; break;
    case TAG_USER_ID:
    case TAG_USER_ATTRIBUTE: parts->user_ids++; break;
    case TAG_SIGNATURE:
    case TAG_TRUST:
    case TAG_MARKER:
    case TAG_PADDING: break;
    default:
        return err_set(err, ERR_MALFORMED,
                       "This certificate holds a part that does not belong there");
    }
    if (parts->packets > PACKETS_MOST || parts->keys > KEYS_MOST || parts->user_ids > USER_IDS_MOST)
        return err_set(err, ERR_MALFORMED,
                       "This certificate has too many parts; export it minimal");
    return true;
}

bool certificate_is_fit(struct slice binary, struct err *err)
{
    struct packet packet;
    struct parts parts = {0};
    struct slice rest = binary;
    enum packet_step step;

    while ((step = packet_cut(&rest, &packet)) == PACKET_NEXT)
        if (!count_part(&parts, packet.tag, err))
            return false;
    if (step == PACKET_BROKEN || parts.packets == 0)
        return err_set(err, ERR_MALFORMED, "This is not one OpenPGP certificate");
    return true;
}

/* --- what its owner can read -------------------------------------------------------------------- */

enum { SIGNATURE_HEAD = 4, PREFERRED_CIPHERS = 11, AES_256 = 9 };

/* Goes through the hashed subpackets of one signature (RFC 9580 5.2.3.7). */
static void look_for_ciphers(struct slice signature, bool *listed, bool *everywhere)
{
    struct slice rest = slice_from(signature, SIGNATURE_HEAD);
    size_t len = 0;

    if (slice_empty(signature) || signature.at[0] != 4 || !cut_number(&rest, 2, &len))
        return;
    rest = slice_first(rest, len);
    while (cut_length(&rest, &len) && len > 0 && len <= rest.len) {
        if ((rest.at[0] & 0x7f) == PREFERRED_CIPHERS) {
            *listed = true;
            *everywhere &= slice_find(slice_from(slice_first(rest, len), 1), AES_256) != SIZE_MAX;
        }
        rest = slice_from(rest, len);
    }
}

bool certificate_reads_aes256(struct slice binary)
{
    struct slice rest = binary;
    struct packet packet;
    bool listed = false, everywhere = true;

    while (packet_cut(&rest, &packet) == PACKET_NEXT)
        if (packet.tag == TAG_SIGNATURE)
            look_for_ciphers(packet.body, &listed, &everywhere);
    return listed && everywhere;
}

/* --- what everybody may see of it --------------------------------------------------------------- */

/* "Alice <alice@example.org>", or the bare address. */
static bool user_id_is(struct slice user_id, struct slice address)
{
    size_t open = slice_find(user_id, '<');

    if (open != SIZE_MAX) {
        user_id = slice_from(user_id, open + 1);
        size_t close = slice_find(user_id, '>');
        if (close == SIZE_MAX)
            return false;
        user_id = slice_first(user_id, close);
    }
    return slice_eq_nocase(slice_trim(user_id), address);
}

bool certificate_for_address(struct slice binary, struct slice address, struct bytes *out)
{
    scoped_value(bytes) kept = {0};
    struct slice rest = binary, from = binary;
    struct packet packet;
    bool keep = true, named = false; /* keep: what the signatures that follow belong to */

    while (packet_cut(&rest, &packet) == PACKET_NEXT) {
        bool is_named = packet.tag == TAG_USER_ID && user_id_is(packet.body, address);
        if (packet.tag == TAG_USER_ID || packet.tag == TAG_USER_ATTRIBUTE)
            keep = is_named;
        else if (packet.tag == TAG_PUBLIC_KEY || packet.tag == TAG_PUBLIC_SUBKEY)
            keep = true;
        named |= is_named;
        if (keep && packet.tag != TAG_TRUST && packet.tag != TAG_MARKER &&
            packet.tag != TAG_PADDING)
            bytes_add(&kept, slice_first(from, from.len - rest.len));
        from = rest;
    }
    if (named)
        bytes_add(out, bytes_slice(&kept));
    return named;
}

size_t signatures_count(struct slice binary)
{
    struct packet packet;
    struct slice rest = binary;
    enum packet_step step;
    size_t count = 0;

    while ((step = packet_cut(&rest, &packet)) == PACKET_NEXT) {
        if (packet.tag != TAG_SIGNATURE)
            return 0;
        count++;
    }
    return step == PACKET_END ? count : 0;
}
