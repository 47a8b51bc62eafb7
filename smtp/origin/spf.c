/*
 * check_host() of RFC 7208 4.
 *
 * It runs from the beginning each time there are new answers; as long as one is missing it goes no further than it
 * must, but asks ahead for what the record names (ask_ahead()), so that a record of ten terms costs a few rounds.
 */
#include "memory.h"
#include "spf_private.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { IP4_BITS = 32, IP6_BITS = 128 };

/* What one term says. */
enum match { MATCH_NO, MATCH_YES, MATCH_OPEN, MATCH_TEMPERROR, MATCH_PERMERROR };

/* ---- the client ---- */
bool spf_client_read(const char *text, struct spf_client *out)
{
    static const unsigned char mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    *out = (struct spf_client){.ip6 = false};
    if (inet_pton(AF_INET, text, out->address) != 1) {
        if (inet_pton(AF_INET6, text, out->address) != 1)
            return false;
        out->ip6 = memcmp(out->address, mapped, sizeof mapped) != 0;
        if (!out->ip6)
            memmove(out->address, out->address + sizeof mapped, IP4_LEN);
    }
    return inet_ntop(out->ip6 ? AF_INET6 : AF_INET, out->address, out->text, sizeof out->text);
}

bool spf_in_network(const struct spf_client *client, const unsigned char *network, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    if (memcmp(client->address, network, whole) != 0)
        return false;
    return rest == 0 || (client->address[whole] ^ network[whole]) >> (8 - rest) == 0;
}

bool spf_has_address(const struct spf_check *check, const struct dns_answer *answer,
                     unsigned prefix4, unsigned prefix6)
{
    const struct spf_client *client = &check->client;
    size_t len = client->ip6 ? IP6_LEN : IP4_LEN;

    for (size_t i = 0; i < answer->count; i++) {
        struct slice data = answer->records[i].data;
        if (data.len == len &&
            spf_in_network(client, (const unsigned char *)data.at, client->ip6 ? prefix6 : prefix4))
            return true;
    }
    return false;
}

static enum dns_type address_type(const struct spf_check *check)
{
    return check->client.ip6 ? DNS_AAAA : DNS_A;
}

static const struct dns_answer *ask(struct spf_check *check, enum dns_type type, const char *name)
{
    const struct dns_answer *answer = dns_facts_ask(check->facts, type, name);

    check->open = check->open || !answer;
    return answer;
}

static bool failed(const struct dns_answer *answer)
{
    return answer->outcome == DNS_FAILED || answer->outcome == DNS_BOGUS;
}

/* One more lookup in vain? (4.6.4) */
static bool is_void_too_many(struct spf_check *check, const struct dns_answer *answer)
{
    return answer->count == 0 && ++check->voids > SPF_VOIDS_MAX;
}

/* ---- terms that ask ---- */
static enum match match_a(struct spf_check *check, const struct spf_term *term, const char *name)
{
    const struct dns_answer *answer = ask(check, address_type(check), name);

    if (!answer)
        return MATCH_OPEN;
    if (failed(answer))
        return MATCH_TEMPERROR;
    if (is_void_too_many(check, answer))
        return MATCH_PERMERROR;
    return spf_has_address(check, answer, term->prefix4, term->prefix6) ? MATCH_YES : MATCH_NO;
}

/* All its names are asked for at once; the first that fails or matches, in their order, decides. */
static enum match match_hosts(struct spf_check *check, const struct spf_term *term,
                              const struct dns_answer *hosts)
{
    enum match match = MATCH_NO;
    char host[DNS_NAME_SIZE];

    for (size_t i = 0; i < hosts->count; i++) {
        if (!dns_name_read(slice_from(hosts->records[i].data, 2), host) || !*host)
            continue;
        const struct dns_answer *answer = ask(check, address_type(check), host);
        if (!answer)
            match = MATCH_OPEN;
        else if (match == MATCH_NO && failed(answer))
            match = MATCH_TEMPERROR;
        else if (match == MATCH_NO && spf_has_address(check, answer, term->prefix4, term->prefix6))
            match = MATCH_YES;
    }
    return match;
}

static enum match match_mx(struct spf_check *check, const struct spf_term *term, const char *name)
{
    const struct dns_answer *answer = ask(check, DNS_MX, name);

    if (!answer)
        return MATCH_OPEN;
    if (failed(answer))
        return MATCH_TEMPERROR;
    if (is_void_too_many(check, answer) || answer->count > SPF_NAMES_MAX)
        return MATCH_PERMERROR;
    return match_hosts(check, term, answer);
}

static enum match match_exists(struct spf_check *check, const char *name)
{
    const struct dns_answer *answer = ask(check, DNS_A, name); /* of IPv4, whoever comes (5.7) */

    if (!answer)
        return MATCH_OPEN;
    if (failed(answer))
        return MATCH_TEMPERROR;
    if (is_void_too_many(check, answer))
        return MATCH_PERMERROR;
    return answer->count > 0 ? MATCH_YES : MATCH_NO;
}

/* ---- names of the client ---- */
static void reverse_name(const struct spf_client *client, char out[DNS_NAME_SIZE])
{
    size_t len = 0;

    if (!client->ip6) {
        const unsigned char *a = client->address;
        snprintf(out, DNS_NAME_SIZE, "%d.%d.%d.%d.in-addr.arpa", a[3], a[2], a[1], a[0]);
        return;
    }
    for (size_t i = IP6_LEN; i-- > 0;)
        len += (size_t)snprintf(out + len, DNS_NAME_SIZE - len, "%x.%x.", client->address[i] & 15,
                                client->address[i] >> 4);
    snprintf(out + len, DNS_NAME_SIZE - len, "ip6.arpa");
}

static bool is_within(struct slice name, struct slice domain)
{
    if (slice_empty(domain) || slice_eq_nocase(name, domain))
        return true;
    return name.len > domain.len &&
           slice_eq_nocase(slice_from(name, name.len - domain.len), domain) &&
           name.at[name.len - domain.len - 1] == '.';
}

/* A name that leads back is the client's; one whose address cannot be asked is passed over. */
static enum spf_names pick_name(struct spf_check *check, const struct dns_answer *names,
                                const char *domain, bool exactly, char out[DNS_NAME_SIZE])
{
    enum spf_names found = SPF_NAMES_ABSENT;
    char name[DNS_NAME_SIZE];

    for (size_t i = 0; i < names->count && i < SPF_NAMES_MAX; i++) {
        if (!dns_name_read(names->records[i].data, name) || !*name ||
            !is_within(slice_of(name), slice_of(domain)) ||
            (exactly && !slice_is_nocase(slice_of(name), domain)))
            continue;
        const struct dns_answer *answer = ask(check, address_type(check), name);
        if (!answer) {
            found = SPF_NAMES_OPEN;
        } else if (found == SPF_NAMES_ABSENT &&
                   spf_has_address(check, answer, IP4_BITS, IP6_BITS)) {
            memcpy(out, name, sizeof name);
            found = SPF_NAMES_FOUND;
        }
    }
    return found;
}

enum spf_names spf_own_name(struct spf_check *check, const char *domain, char out[DNS_NAME_SIZE])
{
    char reverse[DNS_NAME_SIZE];

    reverse_name(&check->client, reverse);
    const struct dns_answer *names = ask(check, DNS_PTR, reverse);
    if (!names)
        return SPF_NAMES_OPEN;
    if (failed(names))
        return SPF_NAMES_FAILED;
    enum spf_names found = pick_name(check, names, domain, true, out); /* itself comes first */
    return found == SPF_NAMES_ABSENT ? pick_name(check, names, domain, false, out) : found;
}

static enum match match_ptr(struct spf_check *check, const char *name)
{
    char own[DNS_NAME_SIZE];

    switch (spf_own_name(check, name, own)) {
    case SPF_NAMES_OPEN: return MATCH_OPEN;
    case SPF_NAMES_FAILED:
    case SPF_NAMES_ABSENT: return MATCH_NO;
    case SPF_NAMES_FOUND: return MATCH_YES;
    }
    __builtin_unreachable();
}

/* ---- one domain's policy ---- */
static enum auth_result check_host(struct spf_check *check, const char *domain, char *out_explain);

/* The verdict about somebody else's domain as a yes or no (5.2). */
static enum match match_include(struct spf_check *check, const char *name)
{
    char ignored[DNS_NAME_SIZE];
    enum auth_result result = check_host(check, name, ignored);

    if (check->open)
        return MATCH_OPEN;
    if (result == AUTH_PASS)
        return MATCH_YES;
    if (result == AUTH_TEMPERROR)
        return MATCH_TEMPERROR;
    return result == AUTH_PERMERROR || result == AUTH_NONE ? MATCH_PERMERROR : MATCH_NO;
}

static enum match match_asking(struct spf_check *check, const struct spf_term *term,
                               const char *domain)
{
    scoped_value(bytes) name = {0};

    if (++check->terms > SPF_TERMS_MAX)
        return MATCH_PERMERROR;
    if (!spf_expand_name(check, term->target, domain, &name))
        return MATCH_OPEN;
    bytes_add_text(&name, "");
    switch (term->kind) {
    case SPF_INCLUDE: return match_include(check, name.at ? name.at : "");
    case SPF_A: return match_a(check, term, name.at ? name.at : "");
    case SPF_MX: return match_mx(check, term, name.at ? name.at : "");
    case SPF_PTR: return match_ptr(check, name.at ? name.at : "");
    case SPF_EXISTS: return match_exists(check, name.at ? name.at : "");
    case SPF_ALL:
    case SPF_IP4:
    case SPF_IP6: break;
    }
    __builtin_unreachable();
}

static enum match match_term(struct spf_check *check, const struct spf_term *term,
                             const char *domain)
{
    const struct spf_client *client = &check->client;

    switch (term->kind) {
    case SPF_ALL: return MATCH_YES;
    case SPF_IP4:
        return !client->ip6 && spf_in_network(client, term->network, term->prefix4) ? MATCH_YES
                                                                                    : MATCH_NO;
    case SPF_IP6:
        return client->ip6 && spf_in_network(client, term->network, term->prefix6) ? MATCH_YES
                                                                                   : MATCH_NO;
    case SPF_INCLUDE:
    case SPF_A:
    case SPF_MX:
    case SPF_PTR:
    case SPF_EXISTS: return match_asking(check, term, domain);
    }
    __builtin_unreachable();
}

/* What will be asked next if no term before it matches.  The limits still count, term by term, later. */
static void ask_ahead(struct spf_check *check, const struct spf_record *record, size_t from,
                      const char *domain)
{
    static const enum dns_type no_type = (enum dns_type)0;
    int allowed = SPF_TERMS_MAX - check->terms;

    for (size_t i = from; i < record->count && allowed > 0; i++) {
        const struct spf_term *term = &record->terms[i];
        enum dns_type type = no_type;
        if (term->kind == SPF_ALL)
            return;
        if (term->kind == SPF_A)
            type = address_type(check);
        else if (term->kind == SPF_EXISTS)
            type = DNS_A;
        else if (term->kind == SPF_MX)
            type = DNS_MX;
        else if (term->kind == SPF_INCLUDE)
            type = DNS_TXT;
        if (type == no_type || slice_has(term->target, "{p") || slice_has(term->target, "{P"))
            continue;
        scoped_value(bytes) name = {0};
        if (spf_expand_name(check, term->target, domain, &name))
            ask(check, type, name.at ? name.at : "");
        allowed--;
    }
}

static enum auth_result redirect(struct spf_check *check, const struct spf_record *record,
                                 const char *domain, char *out_explain)
{
    scoped_value(bytes) name = {0};

    if (++check->terms > SPF_TERMS_MAX)
        return AUTH_PERMERROR;
    if (!spf_expand_name(check, record->redirect, domain, &name))
        return AUTH_NONE; /* open */
    enum auth_result result = check_host(check, name.at ? name.at : "", out_explain);
    return result == AUTH_NONE ? AUTH_PERMERROR : result;
}

static void note_explanation(struct spf_check *check, const struct spf_record *record,
                             const char *domain, char *out)
{
    scoped_value(bytes) name = {0};

    if (record->explain.at && spf_expand_name(check, record->explain, domain, &name))
        snprintf(out, DNS_NAME_SIZE, "%s", name.at ? name.at : "");
}

static enum auth_result evaluate(struct spf_check *check, const struct spf_record *record,
                                 const char *domain, char *out_explain)
{
    for (size_t i = 0; i < record->count; i++) {
        switch (match_term(check, &record->terms[i], domain)) {
        case MATCH_NO: break;
        case MATCH_OPEN:
            check->open = true;
            ask_ahead(check, record, i + 1, domain);
            return AUTH_NONE;
        case MATCH_TEMPERROR: return AUTH_TEMPERROR;
        case MATCH_PERMERROR: return AUTH_PERMERROR;
        case MATCH_YES:
            if (record->terms[i].meaning == AUTH_FAIL)
                note_explanation(check, record, domain, out_explain);
            return record->terms[i].meaning;
        }
    }
    return record->redirect.at ? redirect(check, record, domain, out_explain) : AUTH_NEUTRAL;
}

/* The one SPF record among TXT records (4.5).  False: several. */
static bool select_record(const struct dns_answer *answer, struct bytes *out)
{
    bool found = false;

    for (size_t i = 0; i < answer->count; i++) {
        scoped_value(bytes) text = {0};
        dns_text_add(answer->records[i].data, &text);
        if (!spf_is_record(bytes_slice(&text)))
            continue;
        if (found)
            return false;
        found = true;
        bytes_add(out, bytes_slice(&text));
    }
    return true;
}

static enum auth_result check_host(struct spf_check *check, const char *domain, char *out_explain)
{
    scoped_value(bytes) text = {0};
    scoped_value(spf_record) record = {0};

    out_explain[0] = '\0';
    if (!dns_name_fits(slice_of(domain)))
        return AUTH_NONE;
    const struct dns_answer *answer = ask(check, DNS_TXT, domain);
    if (!answer)
        return AUTH_NONE; /* open */
    if (failed(answer))
        return AUTH_TEMPERROR;
    if (!select_record(answer, &text))
        return AUTH_PERMERROR;
    if (text.len == 0)
        return AUTH_NONE;
    if (!spf_record_read(bytes_slice(&text), &record))
        return AUTH_PERMERROR;
    return evaluate(check, &record, domain, out_explain);
}

/* A domain with a dot in it, not "[192.0.2.1]" (4.3). */
static bool is_domain(struct slice domain)
{
    if (domain.len > 0 && domain.at[domain.len - 1] == '.')
        domain.len--;
    return dns_name_fits(domain) && slice_find(domain, '.') != SIZE_MAX && domain.at[0] != '[';
}

void spf_judge(const struct spf_question *question, struct dns_facts *facts,
               struct spf_verdict *out)
{
    struct spf_check check = {.question = question, .facts = facts};

    *out = (struct spf_verdict){.result = AUTH_NONE};
    if (!spf_client_read(question->client, &check.client) || !is_domain(question->domain))
        return;
    scoped_text char *domain = must_copy(question->domain);
    out->result = check_host(&check, domain, out->explain);
    out->open = check.open;
}

/* ---- exp= (6.2) ---- */
static bool fit_to_show(const struct dns_answer *answer, struct bytes *out)
{
    if (answer->outcome != DNS_ANSWER || answer->count != 1)
        return false;
    dns_text_add(answer->records[0].data, out);
    return spf_macros_fit(bytes_slice(out), true);
}

bool spf_explain(const struct spf_question *question, const struct spf_verdict *verdict,
                 const char *receiver, int64_t now_ms, struct dns_facts *facts,
                 char out[SPF_EXPLANATION_SIZE])
{
    struct spf_check check = {
        .question = question, .facts = facts, .receiver = receiver, .now_ms = now_ms};
    scoped_value(bytes) text = {0};
    scoped_value(bytes) shown = {0};

    out[0] = '\0';
    if (!*verdict->explain || !spf_client_read(question->client, &check.client))
        return true;
    const struct dns_answer *answer = ask(&check, DNS_TXT, verdict->explain);
    if (!answer)
        return false;
    if (!fit_to_show(answer, &text))
        return true;
    scoped_text char *domain = must_copy(question->domain);
    if (!spf_expand(&check, bytes_slice(&text), domain, &shown))
        return false;
    for (size_t i = 0; i < shown.len; i++) /* what a macro brought in was never checked */
        if (shown.at[i] < ' ' || shown.at[i] > '~')
            return true;
    snprintf(out, SPF_EXPLANATION_SIZE, "%s", shown.at ? shown.at : "");
    return true;
}
