#include "dns_message.h"

#include "bytes.h"
#include "memory.h"

enum {
    HEADER_LEN = 12,
    NAME_MAX_LEN = 255,
    JUMPS_MAX = 64,
    FIXED_LEN = 10, /* type, class, TTL and length of a record */
    CLASS_IN = 1,
    TYPE_SOA = 6,
    SOA_NUMBERS_LEN = 20, /* serial to minimum, behind two names */
    RCODE_NO_NAME = 3,
};

struct name { /* uncompressed, as on the wire */
    unsigned char at[NAME_MAX_LEN];
    size_t len;
};

struct record {
    struct name owner;
    unsigned type, class_;
    uint32_t ttl_s;
    size_t data_at, data_len;
};

static unsigned byte_at(struct slice packet, size_t i)
{
    return (unsigned char)packet.at[i];
}

static unsigned short_at(struct slice packet, size_t i)
{
    return byte_at(packet, i) << 8 | byte_at(packet, i + 1);
}

static bool add_label(struct name *name, struct slice packet, size_t at, size_t len)
{
    if (at + 1 + len > packet.len || name->len + 1 + len > NAME_MAX_LEN)
        return false;
    memcpy(name->at + name->len, packet.at + at, 1 + len);
    name->len += 1 + len;
    return true;
}

static uint32_t long_at(struct slice packet, size_t i)
{
    return (uint32_t)short_at(packet, i) << 16 | short_at(packet, i + 2);
}

/* RFC 1035 4.1.4.  *at moves behind the name where it stands. */
static bool read_name(struct slice packet, size_t *at, struct name *out)
{
    size_t here = *at;
    bool jumped = false;

    out->len = 0;
    for (int jumps = 0; jumps < JUMPS_MAX && here < packet.len;) {
        unsigned len = byte_at(packet, here);
        if (len >= 0xc0 && here + 1 < packet.len) {
            if (!jumped)
                *at = here + 2;
            jumped = true;
            jumps++;
            here = short_at(packet, here) & 0x3fffu;
            continue;
        }
        if (len > 63 || !add_label(out, packet, here, len))
            return false;
        here += 1 + len;
        if (len == 0) {
            if (!jumped)
                *at = here;
            return true;
        }
    }
    return false;
}

static bool read_record(struct slice packet, size_t *at, struct record *out)
{
    if (!read_name(packet, at, &out->owner) || *at + FIXED_LEN > packet.len)
        return false;
    out->type = short_at(packet, *at);
    out->class_ = short_at(packet, *at + 2);
    out->ttl_s = long_at(packet, *at + 4);
    out->data_len = short_at(packet, *at + 8);
    out->data_at = *at + FIXED_LEN;
    *at = out->data_at + out->data_len;
    return *at <= packet.len;
}

static bool is_plain_label_char(unsigned char c)
{
    return c > ' ' && c < 0x7f && c != '.' && c != '\\';
}

/* Lower case, without the last dot; NULL for a name that text cannot hold. */
static char *name_text(const struct name *name)
{
    scoped_value(bytes) text = {0};

    for (size_t at = 0; name->at[at]; at += 1u + name->at[at]) {
        if (at)
            bytes_add_char(&text, '.');
        for (size_t i = 1; i <= name->at[at]; i++) {
            unsigned char c = name->at[at + i];
            if (!is_plain_label_char(c))
                return NULL;
            bytes_add_char(&text, (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
        }
    }
    return bytes_take(&text);
}

static void note_canonical(const struct record *record, const char *asked, struct dns_answer *out)
{
    struct slice name = slice_of(asked);
    char *owner = name_text(&record->owner);

    if (name.len && name.at[name.len - 1] == '.')
        name.len--;
    if (!owner || slice_eq_nocase(slice_of(owner), name)) {
        free(owner);
        return;
    }
    free(out->canonical);
    out->canonical = owner;
}

/* How many bytes stand before the name in the data of this type; SIZE_MAX: there is no name. */
static size_t bytes_before_name(enum dns_type type)
{
    switch (type) {
    case DNS_CNAME:
    case DNS_PTR: return 0;
    case DNS_MX: return 2;
    case DNS_SRV: return 6;
    case DNS_A:
    case DNS_TXT:
    case DNS_AAAA:
    case DNS_TLSA:
    case DNS_CAA: break;
    }
    return SIZE_MAX;
}

static bool add_record(struct slice packet, const struct record *record, enum dns_type type,
                       struct dns_answer *out)
{
    struct slice data = slice_first(slice_from(packet, record->data_at), record->data_len);
    size_t before = bytes_before_name(type), at = record->data_at + before;
    scoped_value(bytes) whole = {0};
    struct name name;

    if (before == SIZE_MAX) {
        dns_answer_add(out, data);
        return true;
    }
    if (data.len <= before || !read_name(packet, &at, &name))
        return false;
    bytes_add(&whole, slice_first(data, before));
    bytes_add(&whole, (struct slice){(const char *)name.at, name.len});
    dns_answer_add(out, bytes_slice(&whole));
    return true;
}

static void shorten_ttl(struct dns_answer *out, uint32_t ttl_s)
{
    if (out->ttl_s < 0 || ttl_s < out->ttl_s)
        out->ttl_s = ttl_s;
}

/* How long "no" is true: the SOA of the zone says so, by its own TTL and by its last number. */
static void read_denial(struct slice packet, size_t at, struct dns_answer *out)
{
    struct record record;

    for (unsigned i = short_at(packet, 8); i > 0 && read_record(packet, &at, &record); i--) {
        if (record.type != TYPE_SOA || record.data_len < SOA_NUMBERS_LEN)
            continue;
        size_t minimum = record.data_at + record.data_len - 4;
        shorten_ttl(out, record.ttl_s);
        shorten_ttl(out, long_at(packet, minimum));
        return;
    }
    out->ttl_s = 0;
}

static bool read_answers(struct slice packet, enum dns_type type, const char *asked,
                         struct dns_answer *out)
{
    size_t at = HEADER_LEN;
    struct name question;
    struct record record;

    for (unsigned i = short_at(packet, 4); i > 0; i--) {
        if (!read_name(packet, &at, &question))
            return false;
        at += 4;
    }
    for (unsigned i = short_at(packet, 6); i > 0; i--) {
        if (!read_record(packet, &at, &record))
            return false;
        if (record.class_ == CLASS_IN && (record.type == type || record.type == DNS_CNAME))
            shorten_ttl(out, record.ttl_s);
        if (record.type != type || record.class_ != CLASS_IN)
            continue;
        if (!add_record(packet, &record, type, out))
            return false;
        note_canonical(&record, asked, out);
    }
    if (out->count == 0)
        read_denial(packet, at, out);
    return true;
}

static enum dns_outcome outcome_of(unsigned rcode, size_t count)
{
    if (rcode == RCODE_NO_NAME)
        return DNS_NO_NAME;
    if (rcode != 0)
        return DNS_FAILED;
    return count ? DNS_ANSWER : DNS_NO_DATA;
}

void dns_message_read(struct slice packet, enum dns_type type, const char *name,
                      struct dns_answer *out)
{
    *out = (struct dns_answer){.outcome = DNS_FAILED};
    if (packet.len < HEADER_LEN)
        return;
    out->ttl_s = -1; /* nothing said yet */
    if (!read_answers(packet, type, name, out)) {
        dns_answer_clear(out);
        out->outcome = DNS_FAILED;
        return;
    }
    out->outcome = outcome_of(byte_at(packet, 3) & 0x0f, out->count);
}
