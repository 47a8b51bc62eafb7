/* Data of records as text for people.  Anybody may have written it. */
#include "dns_check.h"

#include "text.h"

#include <arpa/inet.h>

enum { TEXT_MAX = 300 };

static unsigned octet(struct slice data, size_t i)
{
    return i < data.len ? (unsigned char)data.at[i] : 0;
}

static unsigned two(struct slice data, size_t i)
{
    return octet(data, i) << 8 | octet(data, i + 1);
}

static void add_name(struct slice wire, struct bytes *out)
{
    char name[DNS_NAME_SIZE];

    if (dns_name_read(wire, name))
        bytes_print(out, "%s.", name);
    else
        bytes_add_char(out, '?');
}

static void add_address(int family, size_t len, struct slice data, struct bytes *out)
{
    char text[INET6_ADDRSTRLEN];

    if (data.len == len && inet_ntop(family, data.at, text, sizeof text))
        bytes_add_text(out, text);
    else
        bytes_add_char(out, '?');
}

static void add_authority(struct slice data, struct bytes *out)
{
    size_t tag = octet(data, 1);

    bytes_print(out, "%u %.*s \"%.*s\"", octet(data, 0),
                SLICE_ARGS(slice_first(slice_from(data, 2), tag)),
                SLICE_ARGS(slice_from(data, 2 + tag)));
}

static void add_data(enum dns_type type, struct slice data, struct bytes *out)
{
    switch (type) {
    case DNS_A: add_address(AF_INET, 4, data, out); break;
    case DNS_AAAA: add_address(AF_INET6, 16, data, out); break;
    case DNS_CNAME:
    case DNS_PTR: add_name(data, out); break;
    case DNS_MX:
        bytes_print(out, "%u ", two(data, 0));
        add_name(slice_from(data, 2), out);
        break;
    case DNS_SRV:
        bytes_print(out, "%u %u %u ", two(data, 0), two(data, 2), two(data, 4));
        add_name(slice_from(data, 6), out);
        break;
    case DNS_TLSA:
        bytes_print(out, "%u %u %u ", octet(data, 0), octet(data, 1), octet(data, 2));
        hex_add(out, slice_first(slice_from(data, 3), TEXT_MAX / 2));
        break;
    case DNS_TXT: dns_text_add(data, out); break;
    case DNS_CAA: add_authority(data, out); break;
    }
}

void dns_data_text(enum dns_type type, struct slice data, struct bytes *out)
{
    size_t from = out->len;

    add_data(type, data, out);
    if (out->len > from + TEXT_MAX)
        bytes_cut(out, from + TEXT_MAX);
    for (size_t i = from; i < out->len; i++) {
        unsigned char c = (unsigned char)out->at[i];
        if (c < ' ' || c >= 0x7f)
            out->at[i] = '?';
    }
}
