/* The plan as people paste it: as a zone file, as lines for a provider's web form, as JSON. */
#include "dns_plan.h"

#include "json.h"

#include <string.h>

enum { STRING_MAX = 255 }; /* of a TXT record, RFC 1035 3.3 */

const char *dns_type_name(enum dns_type type)
{
    switch (type) {
    case DNS_A: return "A";
    case DNS_CNAME: return "CNAME";
    case DNS_PTR: return "PTR";
    case DNS_MX: return "MX";
    case DNS_TXT: return "TXT";
    case DNS_AAAA: return "AAAA";
    case DNS_SRV: return "SRV";
    case DNS_TLSA: return "TLSA";
    case DNS_CAA: return "CAA";
    }
    return "?";
}

static void add_strings(struct slice text, struct bytes *out)
{
    do {
        struct slice piece = slice_first(text, STRING_MAX);
        text = slice_from(text, STRING_MAX);
        bytes_print(out, "\"%.*s\"%s", SLICE_ARGS(piece), text.len ? " " : "");
    } while (text.len > 0);
}

void dns_wanted_line(const struct dns_wanted *wanted, struct bytes *out)
{
    bytes_print(out, "%s. %d IN %s ", wanted->name, DNS_TTL_S, dns_type_name(wanted->type));
    if (wanted->type == DNS_TXT)
        add_strings(slice_of(wanted->value), out);
    else
        bytes_add_text(out, wanted->value);
}

static bool is_shown(const struct dns_wanted *wanted, size_t domain)
{
    return domain == SIZE_MAX || wanted->domain == domain;
}

static bool begins_part(const struct dns_plan *plan, size_t i)
{
    return i == 0 || plan->at[i].part != plan->at[i - 1].part ||
           plan->at[i].domain != plan->at[i - 1].domain;
}

void dns_print_zone(const struct dns_plan *plan, size_t domain, struct bytes *out)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct dns_wanted *wanted = &plan->at[i];
        if (!is_shown(wanted, domain))
            continue;
        if (begins_part(plan, i))
            bytes_print(out, "; %s: %s\n", wanted->name, dns_part_about(wanted->part));
        if (wanted->guess)
            bytes_print(out, "; put the public address of this machine for %s\n", wanted->value);
        if (wanted->hint)
            bytes_add_text(out, "; ");
        dns_wanted_line(wanted, out);
        bytes_add_char(out, '\n');
    }
}

/* Web forms take names without the last dot and texts without quotation marks. */
static struct slice plain_value(const struct dns_wanted *wanted)
{
    struct slice value = slice_of(wanted->value);

    if (wanted->type != DNS_TXT && value.len > 1 && value.at[value.len - 1] == '.')
        value.len--;
    return value;
}

void dns_print_plain(const struct dns_plan *plan, size_t domain, struct bytes *out)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct dns_wanted *wanted = &plan->at[i];
        if (!is_shown(wanted, domain))
            continue;
        bytes_print(out, "%s\t%s\t%.*s", wanted->name, dns_type_name(wanted->type),
                    SLICE_ARGS(plain_value(wanted)));
        bytes_print(out, "%s\n",
                    wanted->guess  ? "\t(your own address here)"
                    : wanted->hint ? "\t(not in this zone)"
                                   : "");
    }
}

void dns_print_json(const struct dns_plan *plan, size_t domain, struct bytes *out)
{
    struct json json = json_to(out);

    json_array(&json, NULL);
    for (size_t i = 0; i < plan->count; i++) {
        const struct dns_wanted *wanted = &plan->at[i];
        scoped_value(bytes) line = {0};
        if (!is_shown(wanted, domain))
            continue;
        dns_wanted_line(wanted, &line);
        json_open(&json, NULL);
        json_text(&json, "domain", plan->known->config->domains[wanted->domain]);
        json_text(&json, "name", wanted->name);
        json_text(&json, "type", dns_type_name(wanted->type));
        json_number(&json, "ttl", DNS_TTL_S);
        json_slice(&json, "value", plain_value(wanted));
        json_text(&json, "line", line.at);
        json_text(&json, "about", dns_part_about(wanted->part));
        json_bool(&json, "guess", wanted->guess);
        json_bool(&json, "hint", wanted->hint);
        json_end(&json);
    }
    json_end(&json);
    bytes_add_char(out, '\n');
}
