/* A list of addresses, each in the form in which the peer of a connection is written. */
#include "config_private.h"

#include <arpa/inet.h>

static bool canonical(struct slice value, char out[INET6_ADDRSTRLEN])
{
    char text[INET6_ADDRSTRLEN];
    unsigned char binary[sizeof(struct in6_addr)];

    if (value.len >= sizeof text)
        return false;
    memcpy(text, value.at, value.len);
    text[value.len] = '\0';
    int family = slice_find(value, ':') == SIZE_MAX ? AF_INET : AF_INET6;
    return strlen(text) == value.len && inet_pton(family, text, binary) == 1 &&
           inet_ntop(family, binary, out, INET6_ADDRSTRLEN) != NULL;
}

static bool read_addresses(const struct setting *setting, struct slice value, struct config *out)
{
    char addresses[CONFIG_MONITORS_MAX][64] = {{0}};
    size_t count = 0;

    while (value.at) {
        struct slice address = slice_trim(slice_cut(&value, ','));
        if (count == CONFIG_MONITORS_MAX || !canonical(address, addresses[count]))
            return false;
        count++;
    }
    memcpy((char *)out + setting->offset, addresses, sizeof addresses);
    return true;
}

static void right_addresses(const struct setting *setting, struct bytes *out)
{
    (void)setting;
    bytes_print(out, "up to %d addresses with commas between them, such as 192.0.2.1, 2001:db8::1",
                CONFIG_MONITORS_MAX);
}

const struct value_kind kind_addresses = {"ADDR[, ...]", read_addresses, right_addresses};
