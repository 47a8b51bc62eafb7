/*
 * The kinds of value: how each is written, read and described.
 */
#include "config_private.h"

#include "clock.h"
#include "memory.h"
#include "text.h"

#include <arpa/inet.h>
#include <inttypes.h>

struct unit {
    const char *name;
    int64_t worth;
};

/* The first is what a number without a unit means; names that are shown stand before their synonyms. */
static const struct unit durations[] = {
    {"ms",  1        },
    {"s",   SECOND_MS},
    {"min", MINUTE_MS},
    {"h",   HOUR_MS  },
    {"d",   DAY_MS   },
    {"sec", SECOND_MS},
    {"m",   MINUTE_MS},
    {NULL,  0        },
};
static const struct unit sizes[] = {
    {"B",   1        },
    {"KiB", 1LL << 10},
    {"MiB", 1LL << 20},
    {"GiB", 1LL << 30},
    {"TiB", 1LL << 40},
    {NULL,  0        },
};

static void *place_of(const struct setting *setting, struct config *config)
{
    return (char *)config + setting->offset;
}

/* Copies into a char array of the config, if it fits and is free of control bytes and quotes. */
static bool put_text(char *into, size_t size, struct slice value)
{
    if (value.len >= size)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.at[i] < 0x20 || value.at[i] == 0x7f || value.at[i] == '"')
            return false;
    memcpy(into, value.at, value.len);
    into[value.len] = '\0';
    return true;
}

static bool put_host(char *into, size_t size, struct slice value)
{
    struct err ignored;
    char *name = NULL;

    if (!host_canonical(value, &name, &ignored))
        return false;
    bool fits = put_text(into, size, slice_of(name));
    free(name);
    return fits;
}

/* An IPv4 or IPv6 address without brackets. */
static bool put_address(char *into, size_t size, struct slice value)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char binary[sizeof(struct in6_addr)];

    if (!put_text(text, sizeof text, value))
        return false;
    if (inet_pton(AF_INET, text, binary) != 1 && inet_pton(AF_INET6, text, binary) != 1)
        return false;
    return put_text(into, size, value);
}

static bool read_port(struct slice text, int64_t least, int *out)
{
    int64_t port = 0;

    if (!slice_to_number(text, 65535, &port) || port < least)
        return false;
    *out = (int)port;
    return true;
}

/* 192.0.2.1:25 or [2001:db8::1]:25 */
static bool put_address_port(char *address, size_t size, int64_t least_port, int *port,
                             struct slice value)
{
    size_t colon = slice_find_last(value, ':');
    struct slice host = slice_first(value, colon);

    if (colon == SIZE_MAX || !read_port(slice_from(value, colon + 1), least_port, port))
        return false;
    bool bracketed = slice_starts(host, SLICE("[")) && slice_ends(host, SLICE("]"));
    if (bracketed)
        host = slice_first(slice_from(host, 1), host.len - 2);
    return bracketed == (slice_find(host, ':') != SIZE_MAX) && put_address(address, size, host);
}

/* "10m", "1 min", "0" */
static bool read_amount(struct slice value, const struct unit *units, int64_t *out)
{
    size_t digits = 0;
    int64_t number = 0;

    while (digits < value.len && value.at[digits] >= '0' && value.at[digits] <= '9')
        digits++;
    struct slice unit = slice_trim(slice_from(value, digits));
    if (!slice_to_number(slice_first(value, digits), INT64_MAX, &number))
        return false;
    if (slice_empty(unit) && (number == 0 || units == sizes)) {
        *out = number;
        return true;
    }
    for (; units->name; units++) {
        if (slice_is_nocase(unit, units->name) && number <= INT64_MAX / units->worth) {
            *out = number * units->worth;
            return true;
        }
    }
    return false;
}

/* In the largest unit that divides it. */
static void print_amount(int64_t amount, const struct unit *units, struct bytes *out)
{
    const struct unit *best = units;

    for (; amount && units->name; units++)
        if (amount % units->worth == 0 && units->worth > best->worth)
            best = units;
    if (amount)
        bytes_print(out, "%" PRId64 " %s", amount / best->worth, best->name);
    else
        bytes_add_char(out, '0');
}

static bool read_in_range(const struct setting *setting, struct slice value,
                          const struct unit *units, int64_t *out)
{
    int64_t amount = 0;

    if (!read_amount(value, units, &amount) || amount < setting->min || amount > setting->max)
        return false;
    *out = amount;
    return true;
}

static void right_amount(const struct setting *setting, const char *what, const struct unit *units,
                         const char *such_as, struct bytes *out)
{
    bytes_print(out, "%s from ", what);
    print_amount(setting->min, units, out);
    bytes_add_text(out, " to ");
    print_amount(setting->max, units, out);
    bytes_print(out, ", such as %s", such_as);
}

static bool read_duration(const struct setting *setting, struct slice value, struct config *out)
{
    return read_in_range(setting, value, durations, place_of(setting, out));
}

static void right_duration(const struct setting *setting, struct bytes *out)
{
    right_amount(setting, "a duration", durations, "10 min", out);
}

static bool read_durations(const struct setting *setting, struct slice value, struct config *out)
{
    int64_t steps[COUNT_OF(out->retry_ms)];
    size_t count = 0;

    while (value.at) {
        if (count == COUNT_OF(steps) ||
            !read_in_range(setting, slice_trim(slice_cut(&value, ',')), durations, &steps[count]))
            return false;
        count++;
    }
    memcpy(out->retry_ms, steps, count * sizeof *steps);
    out->retry_count = count;
    return true;
}

static void right_durations(const struct setting *setting, struct bytes *out)
{
    right_amount(setting, "up to 16 durations", durations, "1 min, 2 h, 1 d", out);
}

static bool read_size(const struct setting *setting, struct slice value, struct config *out)
{
    return read_in_range(setting, value, sizes, place_of(setting, out));
}

static void right_size(const struct setting *setting, struct bytes *out)
{
    right_amount(setting, "a size", sizes, "50 MiB", out);
}

static bool read_number(const struct setting *setting, struct slice value, struct config *out)
{
    int64_t number = 0;

    if (!slice_to_number(value, setting->max, &number) || number < setting->min)
        return false;
    *(int *)place_of(setting, out) = (int)number;
    return true;
}

static void right_number(const struct setting *setting, struct bytes *out)
{
    bytes_print(out, "a number from %" PRId64 " to %" PRId64, setting->min, setting->max);
}

static bool read_choice(const struct setting *setting, struct slice value, struct config *out)
{
    for (unsigned i = 0; setting->choices[i]; i++) {
        if (slice_is_nocase(value, setting->choices[i])) {
            *(unsigned *)place_of(setting, out) = i;
            return true;
        }
    }
    return false;
}

static void right_choice(const struct setting *setting, struct bytes *out)
{
    for (size_t i = 0; setting->choices[i]; i++)
        bytes_print(out, "%s%s",
                    i == 0                    ? ""
                    : setting->choices[i + 1] ? ", "
                                              : " or ",
                    setting->choices[i]);
}

static bool read_yes_no(const struct setting *setting, struct slice value, struct config *out)
{
    bool yes = slice_is_nocase(value, "yes");

    if (!yes && !slice_is_nocase(value, "no"))
        return false;
    *(bool *)place_of(setting, out) = yes;
    return true;
}

static void right_yes_no(const struct setting *setting, struct bytes *out)
{
    (void)setting;
    bytes_add_text(out, "yes or no");
}

static bool read_word(const struct setting *setting, struct slice value, struct config *out)
{
    return put_text(place_of(setting, out), setting->size, value);
}

static void right_word(const struct setting *setting, struct bytes *out)
{
    bytes_print(out, "text without quotes, at most %zu bytes", setting->size - 1);
}

static bool read_file(const struct setting *setting, struct slice value, struct config *out)
{
    return slice_starts(value, SLICE("/")) && read_word(setting, value, out);
}

static void right_file(const struct setting *setting, struct bytes *out)
{
    bytes_print(out, "a path that begins with /, without quotes, at most %zu bytes",
                setting->size - 1);
}

static bool read_domains(const struct setting *setting, struct slice value, struct config *out)
{
    char domains[CONFIG_DOMAINS_MAX][sizeof out->domains[0]] = {{0}};
    size_t count = 0;

    while (value.at) {
        struct slice domain = slice_trim(slice_cut(&value, ','));
        if (count == CONFIG_DOMAINS_MAX || !put_host(domains[count], sizeof domains[0], domain))
            return false;
        count++;
    }
    memcpy(place_of(setting, out), domains, sizeof domains);
    if (place_of(setting, out) == out->domains)
        out->domain_count = count;
    return true;
}

static void right_domains(const struct setting *setting, struct bytes *out)
{
    (void)setting;
    bytes_print(out, "up to %d domains, such as example.org, example.net", CONFIG_DOMAINS_MAX);
}

static bool read_host(const struct setting *setting, struct slice value, struct config *out)
{
    return put_host(place_of(setting, out), setting->size, value);
}

static void right_host(const struct setting *setting, struct bytes *out)
{
    (void)setting;
    bytes_add_text(out, "the name of a host, such as mx.example.org");
}

static bool read_relay(const struct setting *setting, struct slice value, struct config *out)
{
    return put_address(place_of(setting, out), setting->size, value) ||
           read_host(setting, value, out);
}

static void right_relay(const struct setting *setting, struct bytes *out)
{
    (void)setting;
    bytes_add_text(out, "the name or address of a host, without a port");
}

static bool read_mailbox(const struct setting *setting, struct slice value, struct config *out)
{
    struct err ignored;
    char *domain = NULL;
    size_t at = slice_find_last(value, '@');

    if (at == SIZE_MAX || at == 0 || slice_find(value, ' ') != SIZE_MAX ||
        !host_canonical(slice_from(value, at + 1), &domain, &ignored))
        return false;
    scoped_text char *whole = must_print("%.*s@%s", SLICE_ARGS(slice_first(value, at)), domain);
    free(domain);
    return put_text(place_of(setting, out), setting->size, slice_of(whole));
}

static void right_mailbox(const struct setting *setting, struct bytes *out)
{
    (void)setting;
    bytes_add_text(out, "a mail address, such as alice@example.org");
}

static bool read_endpoint(const struct setting *setting, struct slice value, struct config *out)
{
    struct endpoint endpoint = {.off = slice_is_nocase(value, "off")};

    if (!endpoint.off &&
        !put_address_port(endpoint.address, sizeof endpoint.address, 0, &endpoint.port, value))
        return false;
    *(struct endpoint *)place_of(setting, out) = endpoint;
    return true;
}

/* The same, and how much TLS that door demands. */
static bool read_mx_endpoint(const struct setting *setting, struct slice value, struct config *out)
{
    struct slice word = value;
    struct slice address = slice_cut(&word, ' ');
    bool required = word.at && slice_is_nocase(slice_trim(word), "tls=required");

    if ((word.at && !required && !slice_is_nocase(slice_trim(word), "tls=optional")) ||
        !read_endpoint(setting, address, out))
        return false;
    if (word.at)
        out->smtp.tls = required ? ENDPOINT_TLS_REQUIRED : ENDPOINT_TLS_OPTIONAL;
    return true;
}

static void right_endpoint(const struct setting *setting, struct bytes *out)
{
    (void)setting;
    bytes_add_text(out, "off or an address and a port, such as 0.0.0.0:25 or [::]:25");
}

static bool read_acme(const struct setting *setting, struct slice value, struct config *out)
{
    struct url url;

    if (slice_is_nocase(value, "off"))
        value = SLICE("");
    else if (!url_read(value, &url) || !url.https)
        return false;
    return read_word(setting, value, out);
}

static void right_acme(const struct setting *setting, struct bytes *out)
{
    (void)setting;
    bytes_add_text(out, "off or the https URL of an ACME directory");
}

static bool read_address(const struct setting *setting, struct slice value, struct config *out)
{
    return put_address(place_of(setting, out), setting->size, value);
}

static void right_address(const struct setting *setting, struct bytes *out)
{
    (void)setting;
    bytes_add_text(out, "an address, such as 192.0.2.1 or 2001:db8::1");
}

static bool read_resolver(const struct setting *setting, struct slice value, struct config *out)
{
    char address[64];
    int port = 0;
    struct slice behind = value;
    struct slice host = slice_cut(&behind, '@');

    if (!put_address(address, sizeof address, host) || (behind.at && !read_port(behind, 1, &port)))
        return false;
    return read_word(setting, value, out);
}

static void right_resolver(const struct setting *setting, struct bytes *out)
{
    (void)setting;
    bytes_add_text(out, "an address with or without a port, such as 192.0.2.1 or 192.0.2.1@5353");
}

static bool read_anchor(const struct setting *setting, struct slice value, struct config *out)
{
    return slice_is_nocase(value, "none") ? read_word(setting, SLICE("none"), out)
                                          : read_file(setting, value, out);
}

static void right_anchor(const struct setting *setting, struct bytes *out)
{
    (void)setting;
    bytes_add_text(out, "none or a path that begins with /");
}

/* name:port=addr:port */
static bool read_redirect(struct slice to, struct connect_to *out)
{
    struct slice from = slice_trim(slice_cut(&to, '='));
    size_t colon = slice_find_last(from, ':');

    return to.at && colon != SIZE_MAX &&
           put_host(out->name, sizeof out->name, slice_first(from, colon)) &&
           read_port(slice_from(from, colon + 1), 1, &out->port) &&
           put_address_port(out->address, sizeof out->address, 1, &out->to_port, slice_trim(to));
}

static bool read_connect_to(const struct setting *setting, struct slice value, struct config *out)
{
    struct connect_to *list = must_alloc_array(CONFIG_CONNECT_TO_MAX, sizeof *list);
    size_t count = 0;
    bool right = true;

    while (right && value.at) {
        struct slice one = slice_trim(slice_cut(&value, ','));
        right = count < CONFIG_CONNECT_TO_MAX && read_redirect(one, &list[count++]);
    }
    if (right) {
        memcpy(place_of(setting, out), list, setting->size);
        out->connect_to_count = count;
    }
    free(list);
    return right;
}

static void right_connect_to(const struct setting *setting, struct bytes *out)
{
    (void)setting;
    bytes_print(out, "up to %d of name:port=addr:port, such as a.test:443=127.0.0.1:8443",
                CONFIG_CONNECT_TO_MAX);
}

const struct value_kind kind_domains = {"DOMAIN[, DOMAIN ...]", read_domains, right_domains};
const struct value_kind kind_host = {"NAME", read_host, right_host};
const struct value_kind kind_mailbox = {"ADDRESS", read_mailbox, right_mailbox};
const struct value_kind kind_file = {"FILE", read_file, right_file};
const struct value_kind kind_endpoint = {"ADDR:PORT|off", read_endpoint, right_endpoint};
const struct value_kind kind_mx_endpoint = {"ADDR:PORT[ tls=required|optional]|off",
                                            read_mx_endpoint, right_endpoint};
const struct value_kind kind_acme = {"off|URL", read_acme, right_acme};
const struct value_kind kind_choice = {NULL, read_choice, right_choice};
const struct value_kind kind_yes_no = {"yes|no", read_yes_no, right_yes_no};
const struct value_kind kind_duration = {"DURATION", read_duration, right_duration};
const struct value_kind kind_durations = {"DURATION[, DURATION ...]", read_durations,
                                          right_durations};
const struct value_kind kind_size = {"SIZE", read_size, right_size};
const struct value_kind kind_number = {"NUMBER", read_number, right_number};
const struct value_kind kind_word = {"TEXT", read_word, right_word};
const struct value_kind kind_relay = {"NAME|ADDR", read_relay, right_relay};
const struct value_kind kind_resolver = {"ADDR[@PORT]", read_resolver, right_resolver};
const struct value_kind kind_anchor = {"FILE|none", read_anchor, right_anchor};
const struct value_kind kind_address = {"ADDR", read_address, right_address};
const struct value_kind kind_connect_to = {"NAME:PORT=ADDR:PORT[, ...]", read_connect_to,
                                           right_connect_to};
