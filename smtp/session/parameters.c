#include "parameters.h"

#include "memory.h"

#include <stdio.h>

enum { SIZE_DIGITS_MAX = 20 }; /* RFC 1870 4 */

enum verb { OF_MAIL, OF_RCPT };
enum judgement { GOOD, WRONG, UNABLE };

struct reading {
    const struct parameters_offer *offer;
    struct mail_parameters *mail;  /* of MAIL */
    struct recipient_terms *terms; /* of RCPT */
};

static bool xtext_good(struct slice value)
{
    scoped_value(bytes) ignored = {0};

    return xtext_read(value, &ignored);
}

/* More than fits is too much all the same: the caller compares with its limit. */
static enum judgement take_size(struct reading *r, struct slice value)
{
    if (value.len == 0 || value.len > SIZE_DIGITS_MAX)
        return WRONG;
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] < '0' || value.at[i] > '9')
            return WRONG;
    if (!slice_to_number(value, INT64_MAX, &r->mail->size))
        r->mail->size = INT64_MAX;
    return GOOD;
}

static enum judgement take_body(struct reading *r, struct slice value)
{
    if (slice_is_nocase(value, "BINARYMIME"))
        return UNABLE;
    r->mail->terms.eight_bit = slice_is_nocase(value, "8BITMIME");
    return r->mail->terms.eight_bit || slice_is_nocase(value, "7BIT") ? GOOD : WRONG;
}

static enum judgement take_utf8(struct reading *r, struct slice value)
{
    r->mail->terms.utf8 = true;
    return value.at ? WRONG : GOOD;
}

static enum judgement take_require_tls(struct reading *r, struct slice value)
{
    r->mail->terms.require_tls = true;
    return value.at ? WRONG : GOOD;
}

/* RFC 4954 5: whom the client names there is not believed, so nothing is kept. */
static enum judgement take_auth(struct reading *r, struct slice value)
{
    (void)r;
    return value.len > 0 && (slice_is(value, "<>") || xtext_good(value)) ? GOOD : WRONG;
}

static enum judgement take_return(struct reading *r, struct slice value)
{
    bool full = slice_is_nocase(value, "FULL");

    r->mail->terms.dsn_return = full ? DSN_RETURN_FULL : DSN_RETURN_HEADERS;
    return full || slice_is_nocase(value, "HDRS") ? GOOD : WRONG;
}

static enum judgement take_envid(struct reading *r, struct slice value)
{
    if (value.len == 0 || value.len > ENVID_MAX || !xtext_good(value))
        return WRONG;
    r->mail->terms.envid = must_copy(value);
    return GOOD;
}

static unsigned notify_word(struct slice word)
{
    if (slice_is_nocase(word, "SUCCESS"))
        return DSN_NOTIFY_SUCCESS;
    if (slice_is_nocase(word, "FAILURE"))
        return DSN_NOTIFY_FAILURE;
    return slice_is_nocase(word, "DELAY") ? DSN_NOTIFY_DELAY : DSN_NOTIFY_UNSAID;
}

static enum judgement take_notify(struct reading *r, struct slice value)
{
    if (slice_is_nocase(value, "NEVER")) {
        r->terms->notify = DSN_NOTIFY_NEVER;
        return GOOD;
    }
    while (value.at) {
        unsigned word = notify_word(slice_cut(&value, ','));
        if (!word)
            return WRONG;
        r->terms->notify |= word;
    }
    return r->terms->notify ? GOOD : WRONG;
}

static bool is_atom(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-'))
            return false;
    }
    return s.len > 0;
}

/* addr-type ";" xtext; the addresses of "utf-8" (RFC 6533 3) may hold \x{FC}, and UTF-8 where that was agreed on. */
static enum judgement take_orcpt(struct reading *r, struct slice value)
{
    struct slice address = value;
    struct slice type = slice_cut(&address, ';');

    if (value.len > ORCPT_MAX || !is_atom(type) || address.len == 0)
        return WRONG;
    if (!slice_is_nocase(type, "utf-8") && !xtext_good(address))
        return WRONG;
    r->terms->orcpt = must_copy(value);
    return GOOD;
}

static const struct parameter {
    const char *name;
    enum verb verb;
    bool of_dsn;
    enum judgement (*take)(struct reading *, struct slice value); /* value.at NULL: no "=" */
    const char *right;
} table[] = {
    {"SIZE",       OF_MAIL, false, take_size,        "SIZE= and a number of octets"             },
    {"BODY",       OF_MAIL, false, take_body,        "BODY=7BIT or BODY=8BITMIME"               },
    {"SMTPUTF8",   OF_MAIL, false, take_utf8,        "SMTPUTF8 without a value"                 },
    {"REQUIRETLS", OF_MAIL, false, take_require_tls, "REQUIRETLS without a value"               },
    {"AUTH",       OF_MAIL, false, take_auth,        "AUTH= and an address in xtext, or AUTH=<>"},
    {"RET",        OF_MAIL, true,  take_return,      "RET=FULL or RET=HDRS"                     },
    {"ENVID",      OF_MAIL, true,  take_envid,       "ENVID= and up to 100 octets of xtext"     },
    {"NOTIFY",     OF_RCPT, true,  take_notify,      "NOTIFY=NEVER, or of SUCCESS,FAILURE,DELAY"},
    {"ORCPT",      OF_RCPT, true,  take_orcpt,       "ORCPT=rfc822; and the address in xtext"   },
};

static const struct parameter *parameter_named(struct slice name, enum verb verb,
                                               const struct parameters_offer *offer)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (slice_is_nocase(name, table[i].name) && table[i].verb == verb &&
            (offer->dsn || !table[i].of_dsn))
            return &table[i];
    return NULL;
}

static bool refuse(struct parameters_refusal *why, int code, const char *words, const char *what,
                   const char *end)
{
    why->code = code;
    snprintf(why->words, sizeof why->words, "%s%s%s", words, what, end);
    return false;
}

/* esmtp-value: printable, without space and "="; beyond ASCII only as SMTPUTF8 has it (RFC 6531 3.3). */
static bool value_good(struct slice value, bool utf8)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (c <= 0x20 || c == '=' || c == 0x7f || (c > 0x7f && !utf8))
            return false;
    }
    return !value.at || value.len > 0;
}

static bool read_one(struct reading *r, enum verb verb, struct slice text, unsigned *seen,
                     struct parameters_refusal *why)
{
    struct slice value = text;
    struct slice name = slice_cut(&value, '=');
    const struct parameter *parameter = parameter_named(name, verb, r->offer);

    if (!parameter && !is_atom(name))
        return refuse(why, 501, "Write each parameter as KEYWORD or KEYWORD=value", "", "");
    if (!parameter)
        return refuse(why, 555,
                      "This parameter was not offered by EHLO; send the command without it", "",
                      "");
    unsigned bit = 1u << (parameter - table);
    if (*seen & bit)
        return refuse(why, 501, "Say ", parameter->name, " once");
    *seen |= bit;
    switch (value_good(value, r->offer->utf8) ? parameter->take(r, value) : WRONG) {
    case GOOD: return true;
    case WRONG: return refuse(why, 501, "Write ", parameter->right, "");
    case UNABLE: return refuse(why, 555, "This is not taken here; write ", parameter->right, "");
    }
    __builtin_unreachable();
}

static bool read_all(struct reading *r, enum verb verb, struct slice text,
                     struct parameters_refusal *why)
{
    struct slice rest = slice_trim(text);
    unsigned seen = 0;

    while (rest.len > 0) {
        struct slice one = slice_cut(&rest, ' ');
        if (one.len > 0 && !read_one(r, verb, one, &seen, why)) /* else two spaces */
            return false;
    }
    return true;
}

bool mail_parameters_read(struct slice text, const struct parameters_offer *offer,
                          struct mail_parameters *out, struct parameters_refusal *why)
{
    struct reading reading = {.offer = offer, .mail = out};

    *out = (struct mail_parameters){.size = -1};
    if (read_all(&reading, OF_MAIL, text, why))
        return true;
    mail_terms_clear(&out->terms);
    return false;
}

bool recipient_parameters_read(struct slice text, const struct parameters_offer *offer,
                               struct recipient_terms *out, struct parameters_refusal *why)
{
    struct reading reading = {.offer = offer, .terms = out};

    *out = (struct recipient_terms){0};
    if (read_all(&reading, OF_RCPT, text, why))
        return true;
    recipient_terms_clear(out);
    return false;
}
