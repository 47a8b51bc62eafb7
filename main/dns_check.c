/* Addresses, hosts, services, certificates.  What is TXT stands in dns_check_text.c. */
#include "dns_check_private.h"

#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void dns_complaints_clear(struct dns_complaints *complaints)
{
    for (size_t i = 0; i < complaints->count; i++) {
        free(complaints->at[i].about);
        free(complaints->at[i].said);
    }
    free(complaints->at);
    *complaints = (struct dns_complaints){0};
}

/* What was said already is not said again: many parts stand on one name. */
static void add(struct dns_complaints *out, struct dns_complaint complaint)
{
    for (size_t i = 0; i < out->count; i++) {
        if (strcmp(out->at[i].about, complaint.about) != 0 ||
            strcmp(out->at[i].said, complaint.said) != 0)
            continue;
        free(complaint.about);
        free(complaint.said);
        return;
    }
    must_make_room(out->at, out->count, out->capacity);
    out->at[out->count++] = complaint;
}

void dns_complain(struct dns_complaints *complaints, bool advice, char *about, const char *fmt, ...)
{
    scoped_value(bytes) said = {0};
    va_list args;

    va_start(args, fmt);
    bytes_vprint(&said, fmt, args);
    va_end(args);
    add(complaints, (struct dns_complaint){advice, false, about, bytes_take(&said)});
}

/* Without these everything works, for some less comfortably. */
static bool is_advice(enum dns_part part)
{
    return part == PART_AUTOCONFIG || part == PART_OPENPGPKEY || part == PART_CAA ||
           part == PART_SRV;
}

static char *about(const struct dns_wanted *wanted)
{
    return must_print("%s %s", dns_type_name(wanted->type), wanted->name);
}

void check_say(struct check *check, const struct dns_wanted *wanted, const char *fmt, ...)
{
    scoped_value(bytes) said = {0};
    va_list args;

    va_start(args, fmt);
    bytes_vprint(&said, fmt, args);
    va_end(args);
    add(check->out,
        (struct dns_complaint){is_advice(wanted->part), false, about(wanted), bytes_take(&said)});
}

void check_publish(struct check *check, const struct dns_wanted *wanted, const char *fmt, ...)
{
    scoped_value(bytes) said = {0};
    va_list args;

    va_start(args, fmt);
    bytes_vprint(&said, fmt, args);
    va_end(args);
    bytes_add_text(&said,
                   wanted->guess ? "; publish the address of this machine: " : "; publish: ");
    dns_wanted_line(wanted, &said);
    add(check->out,
        (struct dns_complaint){is_advice(wanted->part), true, about(wanted), bytes_take(&said)});
}

const struct dns_answer *check_ask(struct check *check, const struct dns_wanted *wanted,
                                   enum dns_type type, const char *name)
{
    const struct dns_answer *answer = dns_facts_ask(check->facts, type, name);

    if (!answer) {
        check->open = true;
        return NULL;
    }
    if (answer->outcome == DNS_FAILED)
        check_say(check, wanted,
                  "no name server answered for %s; see that those of the domain can be reached",
                  name);
    else if (answer->outcome == DNS_BOGUS)
        check_say(check, wanted,
                  "the DNSSEC signature of %s is false; sign the zone anew, or take its DS record "
                  "out of the zone above",
                  name);
    else
        return answer;
    return NULL;
}

/* Whether the address as text is one of this machine, as far as that is known: else of its host name. */
static bool is_ours(struct check *check, enum dns_type type, const char *text)
{
    const struct dns_known *known = check->plan->known;

    for (size_t i = 0; i < known->address_count; i++)
        if (strcmp(known->addresses[i], text) == 0)
            return true;
    if (known->address_count > 0)
        return false;
    const struct dns_answer *host =
        dns_facts_ask(check->facts, type, check->plan->known->config->hostname);
    check->open |= host == NULL;
    for (size_t i = 0; host && i < host->count; i++) {
        scoped_value(bytes) at = {0};
        dns_data_text(type, host->records[i].data, &at);
        if (slice_is(bytes_slice(&at), text))
            return true;
    }
    return !host || host->count == 0;
}

/* The first address in the answer that is none of ours, or NULL. */
static char *foreign_address(struct check *check, enum dns_type type,
                             const struct dns_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        scoped_value(bytes) text = {0};
        dns_data_text(type, answer->records[i].data, &text);
        if (!is_ours(check, type, text.at))
            return bytes_take(&text);
    }
    return NULL;
}

static bool answer_has(enum dns_type type, const struct dns_answer *answer, const char *value)
{
    for (size_t i = 0; i < answer->count; i++) {
        scoped_value(bytes) text = {0};
        dns_data_text(type, answer->records[i].data, &text);
        if (slice_is_nocase(bytes_slice(&text), value))
            return true;
    }
    return false;
}

static void check_address(struct check *check, const struct dns_wanted *wanted)
{
    const struct dns_answer *answer = check_ask(check, wanted, wanted->type, wanted->name);

    if (!answer)
        return;
    if (wanted->guess && answer->count == 0)
        /* an IPv6-only machine has none either */
        answer = check_ask(check, wanted, DNS_AAAA, wanted->name);
    if (!answer)
        return;
    scoped_text char *foreign = wanted->guess ? NULL : foreign_address(check, wanted->type, answer);
    if (answer->count == 0)
        check_publish(check, wanted, "there is none");
    else if (answer->canonical && wanted->part == PART_HOST)
        check_publish(check, wanted, "%s is an alias (CNAME), which a mail host must not be",
                      wanted->name);
    else if (foreign)
        check_publish(check, wanted, "it says %s, which is not this machine", foreign);
    else if (!wanted->guess && !answer_has(wanted->type, answer, wanted->value))
        check_publish(check, wanted, "%s is missing", wanted->value);
}

static bool has_family(const struct dns_known *known, enum dns_type type)
{
    for (size_t i = 0; i < known->address_count; i++)
        if ((strchr(known->addresses[i], ':') != NULL) == (type == DNS_AAAA))
            return true;
    return false;
}

/* An address of a kind that this machine has not: connections there come to nothing. */
static void check_other_family(struct check *check, const struct dns_wanted *wanted)
{
    struct dns_wanted other = *wanted;

    other.type = wanted->type == DNS_A ? DNS_AAAA : DNS_A;
    if (wanted->guess || has_family(check->plan->known, other.type))
        return;
    const struct dns_answer *answer = check_ask(check, &other, other.type, wanted->name);
    scoped_text char *foreign = answer ? foreign_address(check, other.type, answer) : NULL;
    if (foreign)
        check_say(check, &other, "it says %s, where this server does not listen; take it away",
                  foreign);
}

static void check_mx(struct check *check, const struct dns_wanted *wanted)
{
    const char *host = check->plan->known->config->hostname;
    const struct dns_answer *answer = check_ask(check, wanted, DNS_MX, wanted->name);
    bool is_null = false, is_here = false;

    if (!answer)
        return;
    for (size_t i = 0; i < answer->count; i++) {
        char name[DNS_NAME_SIZE];
        bool read = dns_name_read(slice_from(answer->records[i].data, 2), name);
        is_null |= read && name[0] == '\0';
        is_here |= read && slice_is_nocase(slice_of(name), host);
    }
    if (answer->count == 0)
        check_publish(check, wanted, "there is none");
    else if (is_null)
        check_publish(check, wanted, "it says that the domain takes no mail");
    else if (!is_here)
        check_publish(check, wanted, "it does not name %s", host);
    if (!answer->secure && strcmp(check->plan->known->config->trust_anchor, "none") != 0)
        dns_complain(check->out, true, must_print("DNSSEC %s", wanted->name),
                     "the zone is not signed, so that others cannot rely on MX and TLSA; switch "
                     "DNSSEC on where the domain is registered");
}

static void check_alias(struct check *check, const struct dns_wanted *wanted)
{
    const struct dns_answer *answer = check_ask(check, wanted, DNS_A, wanted->name);
    enum dns_type type = DNS_A;

    if (answer && answer->count == 0) {
        type = DNS_AAAA;
        answer = check_ask(check, wanted, type, wanted->name);
    }
    if (!answer)
        return;
    scoped_text char *foreign = foreign_address(check, type, answer);
    if (answer->count == 0)
        check_publish(check, wanted, "there is none");
    else if (foreign)
        check_publish(check, wanted, "it leads to %s, which is not this machine", foreign);
}

/* Port and target as in "0 1 465 mx.example.org."; priority and weight are the administrator's. */
static struct slice port_and_target(struct slice value)
{
    slice_cut(&value, ' ');
    slice_cut(&value, ' ');
    return value;
}

static void check_service(struct check *check, const struct dns_wanted *wanted)
{
    const struct dns_answer *answer = check_ask(check, wanted, DNS_SRV, wanted->name);
    struct slice ours = port_and_target(slice_of(wanted->value));

    if (!answer)
        return;
    for (size_t i = 0; i < answer->count; i++) {
        scoped_value(bytes) text = {0};
        dns_data_text(DNS_SRV, answer->records[i].data, &text);
        if (slice_eq_nocase(port_and_target(bytes_slice(&text)), ours))
            return;
    }
    check_publish(check, wanted, answer->count ? "it leads elsewhere" : "there is none");
}

static void check_authority(struct check *check, const struct dns_wanted *wanted)
{
    const struct dns_answer *answer =
        wanted->hint ? NULL : check_ask(check, wanted, DNS_CAA, wanted->name);
    struct slice authority = slice_of(wanted->value);

    if (!answer)
        return;
    slice_cut(&authority, '"');
    authority = slice_cut(&authority, '"');
    for (size_t i = 0; i < answer->count; i++) {
        struct slice data = slice_from(answer->records[i].data, 2);
        struct slice value = slice_from(data, 5);
        if (slice_starts_nocase(data, "issue") &&
            slice_eq_nocase(slice_trim(slice_cut(&value, ';')), authority))
            return;
    }
    check_publish(check, wanted,
                  answer->count ? "it does not allow %.*s, so that no certificate can be renewed"
                                : "there is none, so that anybody may issue certificates and not "
                                  "%.*s alone",
                  SLICE_ARGS(authority));
}

/* Is this the first of several keys: the one that is used now? */
static bool is_key_of_now(const struct check *check, const struct dns_wanted *wanted)
{
    for (size_t i = 0; i < check->plan->count; i++)
        if (check->plan->at[i].part == PART_TLSA)
            return &check->plan->at[i] == wanted;
    return false;
}

static void check_tlsa(struct check *check, const struct dns_wanted *wanted)
{
    const struct dns_answer *answer = check_ask(check, wanted, DNS_TLSA, wanted->name);

    if (!answer)
        return;
    bool fits = answer_has(DNS_TLSA, answer, wanted->value);
    if (!answer->secure && answer->count > 0)
        check_say(
            check, wanted,
            "the zone is not signed with DNSSEC, so that it counts for nobody; sign the zone, or "
            "take the record away");
    else if (!answer->secure || fits)
        return;
    else if (!is_key_of_now(check, wanted))
        check_publish(
            check, wanted,
            "the key that comes next is not there; wait a day behind it before you use the key");
    else
        check_publish(
            check, wanted,
            answer->count
                ? "it is of another key than ours, so that servers with DANE bring no mail"
                : "there is none");
}

static void check_reverse(struct check *check, const struct dns_wanted *wanted)
{
    const struct dns_answer *answer = check_ask(check, wanted, DNS_PTR, wanted->name);

    if (!answer || answer_has(DNS_PTR, answer, wanted->value))
        return;
    scoped_value(bytes) other = {0};
    if (answer->count > 0)
        dns_data_text(DNS_PTR, answer->records[0].data, &other);
    check_say(check, wanted, "%s%s; ask whoever gave you the address to set it to %s",
              answer->count ? "it says " : "there is none", other.at ? other.at : "",
              wanted->value);
}

static void check_host(struct check *check, const struct dns_wanted *wanted)
{
    check_address(check, wanted);
    check_other_family(check, wanted);
}

static void (*const judges[DNS_PARTS])(struct check *, const struct dns_wanted *) = {
    [PART_ADDRESS] = check_host,     [PART_MX] = check_mx,
    [PART_SPF] = check_spf,          [PART_DKIM] = check_dkim,
    [PART_DMARC] = check_dmarc,      [PART_STS] = check_sts,
    [PART_STS_HOST] = check_alias,   [PART_TLSRPT] = check_tlsrpt,
    [PART_SRV] = check_service,      [PART_AUTOCONFIG] = check_alias,
    [PART_OPENPGPKEY] = check_alias, [PART_CAA] = check_authority,
    [PART_HOST] = check_host,        [PART_HELO] = check_spf,
    [PART_TLSA] = check_tlsa,        [PART_PTR] = check_reverse,
};

/* Of all that was asked nothing could be verified: then it is not each zone that is wrong. */
static bool verifies_nothing(const struct dns_facts *facts)
{
    size_t bogus = 0, failed = 0;

    for (size_t i = 0; i < facts->count; i++) {
        bogus += facts->at[i]->answer.outcome == DNS_BOGUS;
        failed += facts->at[i]->answer.outcome == DNS_FAILED;
    }
    return bogus > 1 && bogus + failed == facts->count;
}

bool dns_check(const struct dns_plan *plan, size_t domain, struct dns_facts *facts,
               struct dns_complaints *out)
{
    struct check check = {.plan = plan, .facts = facts, .out = out};

    *out = (struct dns_complaints){0};
    for (size_t i = 0; i < plan->count; i++)
        if (plan->at[i].domain == domain)
            judges[plan->at[i].part](&check, &plan->at[i]);
    if (!check.open && verifies_nothing(facts))
        dns_complain(
            out, false, must_dup("DNSSEC"),
            "no answer at all could be verified; see whether the DNS server that is asked "
            "passes signatures on (dns_server in [network]), and whether the clock is right");
    if (check.open)
        dns_complaints_clear(out);
    return !check.open;
}
