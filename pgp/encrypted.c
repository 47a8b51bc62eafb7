#include "encrypted.h"

#include "memory.h"
#include "packets.h"
#include "pgp.h"

enum {
    PIECE = 16 * 1024,
    LINE_MOST = 1000,
    ARMOR_HEADERS_MOST = 8,
    CMS_HEAD_MOST = 64 * 1024,
    SESSION_KEYS_MOST = 2000,
};

/* ---- packets ---- */
static void wrong(struct packet_watch *watch)
{
    watch->state = WATCH_WRONG;
}

static bool carries_data(int tag)
{
    return tag == PACKET_ENCRYPTED || tag == PACKET_ENCRYPTED_AEAD;
}

static bool may_follow(struct packet_watch *watch)
{
    if (carries_data(watch->tag))
        return watch->session_keys > 0 && !watch->data_came;
    return (watch->tag == PACKET_SESSION_KEY || watch->tag == PACKET_SESSION_KEY_BY_PASSWORD) &&
           !watch->data_came && ++watch->session_keys <= SESSION_KEYS_MOST;
}

static void begin_packet(struct packet_watch *watch, unsigned char octet)
{
    static const size_t widths[] = {1, 2, 4, 0};

    watch->tag = packet_tag((char)octet);
    watch->width = octet & 0x40 ? 0 : widths[octet & 3];
    watch->length_len = 0;
    watch->at = 0;
    watch->state = WATCH_LENGTH;
    bool endless = !(octet & 0x40) && watch->width == 0;
    if (endless || !may_follow(watch))
        wrong(watch);
    watch->data_came |= carries_data(watch->tag);
}

static void begin_body(struct packet_watch *watch, size_t len, bool partial)
{
    watch->left = len;
    watch->partial = partial;
    watch->state = len > 0 ? WATCH_BODY : WATCH_HEAD;
    bool empty = len == 0 && watch->at == 0;
    if (empty || (partial && !carries_data(watch->tag))) /* RFC 9580 4.2.1.4: data packets alone */
        wrong(watch);
}

static size_t number(const unsigned char *at, size_t width)
{
    size_t value = 0;

    for (size_t i = 0; i < width; i++)
        value = value << 8 | at[i];
    return value;
}

/* RFC 9580 4.2.1 and 4.2.2 */
static void add_length(struct packet_watch *watch, unsigned char octet)
{
    const unsigned char *length = watch->length;

    watch->length[watch->length_len++] = octet;
    if (watch->width > 0) {
        if (watch->length_len == watch->width)
            begin_body(watch, number(length, watch->width), false);
    } else if (length[0] < 192) {
        begin_body(watch, length[0], false);
    } else if (length[0] >= 224 && length[0] < 255) {
        begin_body(watch, (size_t)1 << (length[0] & 0x1f), true);
    } else if (length[0] < 224 && watch->length_len == 2) {
        begin_body(watch, number(length, 2) - ((size_t)192 << 8) + 192, false);
    } else if (watch->length_len == sizeof watch->length) {
        begin_body(watch, number(length + 1, 4), false);
    }
}

/* Versions that exist: session keys 3 to 6, integrity protected data 1 and 2. */
static bool is_version(int tag, unsigned char octet)
{
    return carries_data(tag) ? octet == 1 || octet == 2 : octet >= 3 && octet <= 6;
}

static void add_body(struct packet_watch *watch, unsigned char octet)
{
    if (watch->at++ == 0 && !is_version(watch->tag, octet))
        wrong(watch);
    else if (--watch->left == 0)
        watch->state = watch->partial ? WATCH_LENGTH : WATCH_HEAD;
    watch->length_len = 0;
}

void packet_watch_add(struct packet_watch *watch, unsigned char octet)
{
    switch (watch->state) {
    case WATCH_HEAD: begin_packet(watch, octet); return;
    case WATCH_LENGTH: add_length(watch, octet); return;
    case WATCH_BODY: add_body(watch, octet); return;
    case WATCH_WRONG: return;
    }
}

bool packet_watch_ends_well(const struct packet_watch *watch)
{
    return watch->state == WATCH_HEAD && watch->data_came;
}

/* ---- base64, in lines ---- */
struct base64_run {
    uint32_t bits;
    int count;
    bool padded, wrong;
};

static int sextet(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

/* True: *out is the next octet. */
static bool base64_take(struct base64_run *run, char c, unsigned char *out)
{
    int value = sextet(c);

    if (c == '=') {
        run->padded = true;
        return false;
    }
    if (value < 0 || run->padded) {
        run->wrong = true;
        return false;
    }
    run->bits = run->bits << 6 | (uint32_t)value;
    run->count += 6;
    if (run->count < 8)
        return false;
    run->count -= 8;
    *out = (unsigned char)(run->bits >> run->count);
    return true;
}

/* ---- armor ---- */
struct armored { /* how far we are in it */
    enum { BEFORE, HEADERS, TEXT, BEHIND, NOT_ARMORED } where;
    size_t headers;
    struct base64_run base64;
    struct packet_watch packets;
};

/* What programs write there; anything else is words of somebody. */
static bool is_armor_header(struct slice line)
{
    return slice_starts(line, SLICE("Version: ")) || slice_starts(line, SLICE("Comment: ")) ||
           slice_starts(line, SLICE("Charset: ")) || slice_starts(line, SLICE("MessageID: ")) ||
           slice_starts(line, SLICE("Hash: "));
}

static void take_text(struct armored *armored, struct slice line)
{
    unsigned char octet;

    if (slice_is(line, "-----END PGP MESSAGE-----")) {
        armored->where = BEHIND;
        return;
    }
    if (line.len == 5 && line.at[0] == '=') /* the checksum */
        return;
    for (size_t i = 0; i < line.len; i++)
        if (base64_take(&armored->base64, line.at[i], &octet))
            packet_watch_add(&armored->packets, octet);
    if (armored->base64.wrong)
        armored->where = NOT_ARMORED;
}

static void take_line(struct armored *armored, struct slice raw)
{
    struct slice line = slice_trim(raw);

    switch (armored->where) {
    case BEFORE:
        if (!slice_empty(line))
            armored->where = slice_is(line, "-----BEGIN PGP MESSAGE-----") ? HEADERS : NOT_ARMORED;
        return;
    case HEADERS:
        if (slice_empty(line))
            armored->where = TEXT;
        else if (!is_armor_header(line) || line.len > 200 ||
                 ++armored->headers > ARMOR_HEADERS_MOST)
            armored->where = NOT_ARMORED;
        return;
    case TEXT: take_text(armored, line); return;
    case BEHIND:
        if (!slice_empty(line))
            armored->where = NOT_ARMORED;
        return;
    case NOT_ARMORED: return;
    }
}

/* Fills `line` to its end, which may be the end of all; *out_more false then. */
struct lines {
    struct source *source;
    int64_t offset;
    char piece[PIECE];
    struct slice rest;
};

static bool refill(struct lines *lines, struct err *err)
{
    size_t len = 0;

    if (!source_read(lines->source, lines->offset, lines->piece, sizeof lines->piece, &len, err))
        return false;
    lines->offset += (int64_t)len;
    lines->rest = (struct slice){lines->piece, len};
    return true;
}

/* False with *out_end: there is no more.  A line longer than LINE_MOST is cut there, and so is not armor. */
static bool next_line(struct lines *lines, struct bytes *line, bool *out_end, struct err *err)
{
    bytes_reset(line);
    *out_end = false;
    for (;;) {
        if (slice_empty(lines->rest) && !refill(lines, err))
            return false;
        if (slice_empty(lines->rest)) {
            *out_end = line->len == 0;
            return true;
        }
        size_t end = slice_find(lines->rest, '\n');
        size_t len = end == SIZE_MAX ? lines->rest.len : end + 1;
        bytes_add(line, slice_first(lines->rest, len));
        lines->rest = slice_from(lines->rest, len);
        if (end != SIZE_MAX || line->len > LINE_MOST)
            return true;
    }
}

static bool look_at_armor(struct source *part, bool *out, struct err *err)
{
    struct armored armored = {.where = BEFORE};
    scoped_text char *memory = must_alloc(sizeof(struct lines));
    struct lines *lines = (struct lines *)(void *)memory;
    scoped_value(bytes) line = {0};
    bool end = false;

    lines->source = part;
    while (armored.where != NOT_ARMORED && armored.packets.state != WATCH_WRONG) {
        if (!next_line(lines, &line, &end, err))
            return false;
        if (end)
            break;
        if (line.len > LINE_MOST)
            armored.where = NOT_ARMORED;
        take_line(&armored, bytes_slice(&line));
    }
    *out = armored.where == BEHIND && packet_watch_ends_well(&armored.packets);
    return true;
}

/* ---- CMS ---- */
enum { DER_SEQUENCE = 0x30, DER_SET = 0x31, DER_OID = 6, DER_INTEGER = 2, DER_CONTEXT_0 = 0xA0 };

struct der {
    int tag;
    bool endless; /* BER's indefinite length: the content is what follows */
    struct slice content;
};

/* Cuts the next element's head, and its content where the length is known and all there. */
static bool der_cut(struct slice *rest, struct der *out)
{
    size_t len = 0;

    if (rest->len < 2)
        return false;
    out->tag = (unsigned char)rest->at[0];
    len = (unsigned char)rest->at[1];
    struct slice content = slice_from(*rest, 2);
    out->endless = len == 0x80;
    if (len > 0x80) {
        size_t width = len & 0x7f;
        if (width > 4 || width > content.len)
            return false;
        len = number((const unsigned char *)content.at, width);
        content = slice_from(content, width);
    }
    out->content = out->endless ? content : slice_first(content, len);
    *rest = out->endless || len > content.len ? (struct slice){"", 0} : slice_from(content, len);
    return true;
}

static bool der_is(struct slice *rest, int tag, struct der *out)
{
    return der_cut(rest, out) && out->tag == tag;
}

/* id-envelopedData and id-ct-authEnvelopedData (RFC 5652 6.1, RFC 5083 2.1) */
static bool is_enveloped(struct slice oid)
{
    return slice_eq(oid, SLICE("\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03")) ||
           slice_eq(oid, SLICE("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x17"));
}

/* SET of recipients with at least one, then SEQUENCE { OID, SEQUENCE (cipher), [0] … } */
static bool has_recipients_and_content(struct slice rest)
{
    struct der element, inside;

    if (!der_cut(&rest, &element))
        return false;
    if (element.tag == DER_CONTEXT_0 && !der_cut(&rest, &element)) /* originatorInfo */
        return false;
    struct slice recipients = element.content;
    if (element.tag != DER_SET || element.endless || !der_cut(&recipients, &inside))
        return false;
    struct slice content = {"", 0};
    if (!der_is(&rest, DER_SEQUENCE, &element))
        return false;
    content = element.content;
    return der_is(&content, DER_OID, &inside) && der_is(&content, DER_SEQUENCE, &inside) &&
           der_cut(&content, &inside) && (inside.tag | 0x20) == DER_CONTEXT_0;
}

bool cms_is_encrypted(struct slice head, bool whole)
{
    struct der all, element;
    struct slice rest = head;

    if (!der_is(&rest, DER_SEQUENCE, &all) || (whole && rest.len > 0))
        return false;
    rest = all.content;
    if (!der_is(&rest, DER_OID, &element) || !is_enveloped(element.content) ||
        !der_is(&rest, DER_CONTEXT_0, &element))
        return false;
    rest = element.content;
    if (!der_is(&rest, DER_SEQUENCE, &element))
        return false;
    rest = element.content;
    return der_is(&rest, DER_INTEGER, &element) && element.content.len == 1 &&
           has_recipients_and_content(rest);
}

/* In base64, as mail carries it; more than the head is not read, but for what can only be base64. */
static bool look_at_cms(struct source *part, bool *out, struct err *err)
{
    struct base64_run run = {0};
    scoped_value(bytes) head = {0};
    char piece[PIECE];
    size_t len = 1;
    unsigned char octet;

    for (int64_t at = 0; len > 0 && !run.wrong; at += (int64_t)len) {
        if (!source_read(part, at, piece, sizeof piece, &len, err))
            return false;
        for (size_t i = 0; i < len && !run.wrong; i++)
            if (piece[i] != '\r' && piece[i] != '\n' && base64_take(&run, piece[i], &octet) &&
                head.len <= CMS_HEAD_MOST)
                bytes_add_char(&head, (char)octet);
    }
    *out = !run.wrong && cms_is_encrypted(bytes_slice(&head), head.len <= CMS_HEAD_MOST);
    return true;
}

bool pgp_is_encrypted(struct source *part, enum pgp_encrypted_as as, bool *out, struct err *err)
{
    return as == PGP_AS_OPENPGP ? look_at_armor(part, out, err) : look_at_cms(part, out, err);
}
