/* An SPF record taken apart (RFC 7208 4.5, 4.6, 12): every error in it is found before any of it counts. */
#include "memory.h"
#include "spf_private.h"

#include <arpa/inet.h>

enum { IP4_BITS = 32, IP6_BITS = 128 };

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool spf_is_record(struct slice text)
{
    static const char version[] = "v=spf1";

    return slice_starts_nocase(text, version) &&
           (text.len == strlen(version) || text.at[strlen(version)] == ' ');
}

void spf_record_clear(struct spf_record *record)
{
    free(record->terms);
    *record = (struct spf_record){0};
}

/* ---- domain-spec ---- */
static bool is_top_label(struct slice label)
{
    bool digits = true;

    if (label.len == 0 || label.at[0] == '-' || label.at[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        char c = label.at[i];
        if (!is_alpha(c) && !is_digit(c) && c != '-')
            return false;
        digits = digits && is_digit(c);
    }
    return !digits;
}

/* Does it end in macro-expand?  Macros are known to be well formed. */
static bool ends_in_macro(struct slice text)
{
    size_t i = 0;
    bool macro = false;

    while (i < text.len) {
        macro = text.at[i] == '%';
        if (!macro)
            i++;
        else if (text.at[i + 1] == '{')
            i += slice_find(slice_from(text, i), '}') + 1;
        else
            i += 2;
    }
    return macro;
}

static bool is_domain_spec(struct slice text)
{
    if (text.len == 0 || !spf_macros_fit(text, false))
        return false;
    if (ends_in_macro(text))
        return true;
    if (text.at[text.len - 1] == '.')
        text.len--;
    size_t dot = slice_find_last(text, '.');
    return dot != SIZE_MAX && is_top_label(slice_from(text, dot + 1));
}

/* ---- lengths of networks ---- */
/* "/24" at the end of *text, taken off; `most` if there is none.  No zero in front. */
static bool take_prefix(struct slice *text, const char *mark, unsigned most, unsigned *out)
{
    size_t at = text->len, mark_len = strlen(mark);
    int64_t bits;

    *out = most;
    while (at > 0 && is_digit(text->at[at - 1]))
        at--;
    struct slice digits = slice_from(*text, at);
    if (digits.len == 0 || !slice_ends(slice_first(*text, at), slice_of(mark)))
        return true;
    if (!slice_to_number(digits, most, &bits) || (digits.len > 1 && digits.at[0] == '0'))
        return false;
    *out = (unsigned)bits;
    text->len = at - mark_len;
    return true;
}

/* [ip4-cidr-length] ["/" ip6-cidr-length] */
static bool take_prefixes(struct slice *text, struct spf_term *term)
{
    return take_prefix(text, "//", IP6_BITS, &term->prefix6) &&
           take_prefix(text, "/", IP4_BITS, &term->prefix4);
}

/* ---- mechanisms: `rest` is what stands behind the name ---- */
static bool read_target(struct slice rest, bool needed, struct spf_term *term)
{
    if (rest.len == 0)
        return !needed;
    if (rest.at[0] != ':')
        return false;
    term->target = slice_from(rest, 1);
    return is_domain_spec(term->target);
}

static bool read_all(struct slice rest, struct spf_term *term)
{
    (void)term;
    return rest.len == 0;
}

static bool read_needed(struct slice rest, struct spf_term *term)
{
    return read_target(rest, true, term);
}

static bool read_ptr(struct slice rest, struct spf_term *term)
{
    return read_target(rest, false, term);
}

static bool read_hosts(struct slice rest, struct spf_term *term)
{
    return take_prefixes(&rest, term) && read_target(rest, false, term);
}

static bool read_network(struct slice rest, int family, unsigned bits, unsigned *out_prefix,
                         struct spf_term *term)
{
    if (rest.len < 2 || rest.at[0] != ':' || !take_prefix(&rest, "/", bits, out_prefix))
        return false;
    scoped_text char *text = must_copy(slice_from(rest, 1));
    return inet_pton(family, text, term->network) == 1;
}

static bool read_ip4(struct slice rest, struct spf_term *term)
{
    return read_network(rest, AF_INET, IP4_BITS, &term->prefix4, term);
}

static bool read_ip6(struct slice rest, struct spf_term *term)
{
    return read_network(rest, AF_INET6, IP6_BITS, &term->prefix6, term);
}

static const struct mechanism {
    const char *name;
    enum spf_kind kind;
    bool (*read)(struct slice rest, struct spf_term *term);
} mechanisms[] = {
    {"all",     SPF_ALL,     read_all   },
    {"include", SPF_INCLUDE, read_needed},
    {"a",       SPF_A,       read_hosts },
    {"mx",      SPF_MX,      read_hosts },
    {"ptr",     SPF_PTR,     read_ptr   },
    {"ip4",     SPF_IP4,     read_ip4   },
    {"ip6",     SPF_IP6,     read_ip6   },
    {"exists",  SPF_EXISTS,  read_needed},
};

/* What a match means, by the sign in front, which is taken off. */
static enum auth_result take_qualifier(struct slice *text)
{
    static const char signs[] = "+-~?";
    static const enum auth_result meanings[] = {AUTH_PASS, AUTH_FAIL, AUTH_SOFTFAIL, AUTH_NEUTRAL};
    const char *sign = text->len > 0 ? strchr(signs, text->at[0]) : NULL;

    if (!sign || !*sign)
        return AUTH_PASS;
    *text = slice_from(*text, 1);
    return meanings[sign - signs];
}

static bool read_mechanism(struct slice text, struct spf_record *out)
{
    struct spf_term term = {.meaning = take_qualifier(&text)};
    size_t len = 0;

    while (len < text.len && text.at[len] != ':' && text.at[len] != '/')
        len++;
    for (size_t i = 0; i < COUNT_OF(mechanisms); i++) {
        if (!slice_is_nocase(slice_first(text, len), mechanisms[i].name))
            continue;
        term.kind = mechanisms[i].kind;
        if (!mechanisms[i].read(slice_from(text, len), &term))
            return false;
        must_make_room(out->terms, out->count, out->capacity);
        out->terms[out->count++] = term;
        return true;
    }
    return false;
}

/* ---- modifiers ---- */
static bool is_modifier_name(struct slice name)
{
    if (name.len == 0 || !is_alpha(name.at[0]))
        return false;
    for (size_t i = 1; i < name.len; i++)
        if (!is_alpha(name.at[i]) && !is_digit(name.at[i]) && !spf_is_one_of(name.at[i], "-_."))
            return false;
    return true;
}

static bool keep_once(struct slice value, struct slice *out)
{
    if (out->at || !is_domain_spec(value))
        return false;
    *out = value;
    return true;
}

static bool read_modifier(struct slice name, struct slice value, struct spf_record *out)
{
    if (!is_modifier_name(name))
        return false;
    if (slice_is_nocase(name, "redirect"))
        return keep_once(value, &out->redirect);
    if (slice_is_nocase(name, "exp"))
        return keep_once(value, &out->explain);
    return spf_macros_fit(value, false);
}

static bool read_term(struct slice text, struct spf_record *out)
{
    size_t at = 0;

    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~')
            return false;
    while (at < text.len && text.at[at] != ':' && text.at[at] != '/' && text.at[at] != '=')
        at++;
    if (at < text.len && text.at[at] == '=')
        return read_modifier(slice_first(text, at), slice_from(text, at + 1), out);
    return read_mechanism(text, out);
}

bool spf_record_read(struct slice text, struct spf_record *out)
{
    if (text.len > SPF_RECORD_MAX || !spf_is_record(text))
        return false;
    slice_cut(&text, ' ');
    while (text.at) {
        struct slice term = slice_cut(&text, ' ');
        if (term.len > 0 && !read_term(term, out))
            return false;
    }
    return true;
}
