#include "zone.h"

#include "memory.h"

#include <arpa/inet.h>

enum { STRING_MAX = 255 };

static void add_name(struct bytes *out, struct slice name)
{
    while (name.at && name.len > 0) {
        struct slice label = slice_cut(&name, '.');
        bytes_add_char(out, (char)label.len);
        bytes_add(out, label);
    }
    bytes_add_char(out, '\0');
}

static void add_strings(struct bytes *out, struct slice text)
{
    do {
        struct slice piece = slice_first(text, STRING_MAX);
        bytes_add_char(out, (char)piece.len);
        bytes_add(out, piece);
        text = slice_from(text, piece.len);
    } while (text.len > 0);
}

/* The first `count` words of `text` as numbers of `octets` each. */
static void add_numbers(struct bytes *out, struct slice *text, int count, int octets)
{
    while (count-- > 0) {
        int64_t number = 0;
        slice_to_number(slice_cut(text, ' '), 65535, &number);
        if (octets == 2)
            bytes_add_char(out, (char)(number >> 8));
        bytes_add_char(out, (char)number);
    }
}

static void add_hex(struct bytes *out, struct slice hex)
{
    for (size_t i = 0; i + 1 < hex.len; i += 2) {
        const char two[3] = {hex.at[i], hex.at[i + 1], '\0'};
        bytes_add_char(out, (char)strtol(two, NULL, 16));
    }
}

/* "0 issue ca.example" */
static void add_authority(struct bytes *out, struct slice text)
{
    add_numbers(out, &text, 1, 1);
    struct slice tag = slice_cut(&text, ' ');
    bytes_add_char(out, (char)tag.len);
    bytes_add(out, tag);
    bytes_add(out, text);
}

static void add_record(enum dns_type type, struct slice text, struct dns_answer *answer)
{
    scoped_value(bytes) data = {0};
    scoped_text char *words = must_copy(text);
    unsigned char address[16];

    if (type == DNS_A && inet_pton(AF_INET, words, address) == 1)
        bytes_add(&data, (struct slice){(char *)address, 4});
    if (type == DNS_AAAA && inet_pton(AF_INET6, words, address) == 1)
        bytes_add(&data, (struct slice){(char *)address, 16});
    if (type == DNS_MX || type == DNS_SRV)
        add_numbers(&data, &text, type == DNS_MX ? 1 : 3, 2);
    if (type == DNS_TLSA) {
        add_numbers(&data, &text, 3, 1);
        add_hex(&data, text);
    }
    if (type == DNS_CAA)
        add_authority(&data, text);
    if (type == DNS_MX || type == DNS_PTR || type == DNS_CNAME || type == DNS_SRV)
        add_name(&data, text);
    if (type == DNS_TXT)
        add_strings(&data, text);
    dns_answer_add(answer, bytes_slice(&data));
}

static const char *type_name(enum dns_type type)
{
    switch (type) {
    case DNS_A: return "A";
    case DNS_PTR: return "PTR";
    case DNS_MX: return "MX";
    case DNS_TXT: return "TXT";
    case DNS_AAAA: return "AAAA";
    case DNS_CNAME: return "CNAME";
    case DNS_SRV: return "SRV";
    case DNS_TLSA: return "TLSA";
    case DNS_CAA: return "CAA";
    }
    return "?";
}

static void answer_one(const char *zone, const struct dns_question *question,
                       struct dns_answer *out)
{
    struct slice rest = slice_of(zone);

    out->outcome = DNS_NO_NAME;
    while (rest.at && rest.len > 0) {
        struct slice line = slice_line(&rest);
        if (!slice_is_nocase(slice_cut(&line, ' '), question->name))
            continue;
        struct slice type = slice_cut(&line, ' ');
        if (out->outcome == DNS_NO_NAME)
            out->outcome = DNS_NO_DATA;
        if (slice_is(type, "FAIL"))
            out->outcome = DNS_FAILED;
        if (!slice_is(type, type_name(question->type)))
            continue;
        out->outcome = DNS_ANSWER;
        add_record(question->type, line, out);
    }
}

size_t zone_answer(const char *zone, struct dns_facts *facts)
{
    struct dns_lookup *lookup;
    size_t count = 0;

    while ((lookup = dns_facts_open(facts))) {
        lookup->errand.ok = true;
        for (size_t i = 0; i < lookup->count; i++)
            answer_one(zone, &lookup->questions[i], &lookup->answers[i]);
        count += lookup->count;
        dns_facts_learn(facts, lookup);
        errand_free(&lookup->errand);
    }
    return count;
}
