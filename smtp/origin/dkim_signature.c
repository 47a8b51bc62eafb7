/* One signature field: read, hashed, and judged once its key has come (RFC 6376 3.5, 6.1). */
#include "dkim_private.h"

#include "clock.h"
#include "memory.h"
#include "text.h"

#include <stdio.h>

enum {
    SECONDS_MAX_DIGITS = 12,
    SKEW_S = 10 * 60, /* how far ahead of ours their clock may be */
    VALUE_LEAST = 64,
    VALUE_MOST = 1024, /* octets: Ed25519, RSA of 8192 bits */
};

bool dkim_refuse(struct dkim_signature *out, enum auth_result result, const char *why)
{
    out->result = result;
    out->why = why;
    return false;
}

const char *dkim_scheme_name(enum dkim_scheme scheme)
{
    return scheme == DKIM_ED25519_SHA256 ? "ed25519-sha256" : "rsa-sha256";
}

/* ---- tags that every kind has ---- */

static bool read_scheme(struct dkim_signature *out, struct slice name)
{
    if (slice_is_nocase(name, "rsa-sha1"))
        return dkim_refuse(out, AUTH_POLICY, "rsa-sha1 proves nothing"); /* RFC 8301 3.1 */
    if (slice_is_nocase(name, "ed25519-sha256"))
        out->scheme = DKIM_ED25519_SHA256;
    else if (!slice_is_nocase(name, "rsa-sha256"))
        return dkim_refuse(out, AUTH_PERMERROR, "unknown algorithm");
    return true;
}

static bool read_domain(struct slice text, char out[DKIM_DOMAIN_SIZE])
{
    scoped_text char *canonical = NULL;
    struct err ignored;

    if (!host_canonical(text, &canonical, &ignored) || strlen(canonical) >= DKIM_DOMAIN_SIZE)
        return false;
    snprintf(out, DKIM_DOMAIN_SIZE, "%s", canonical);
    return true;
}

static bool is_selector_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

static bool read_selector(struct slice text, char out[DKIM_DOMAIN_SIZE])
{
    if (slice_empty(text) || text.len >= DKIM_DOMAIN_SIZE || text.at[0] == '.' ||
        text.at[text.len - 1] == '.' || slice_has(text, ".."))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_selector_char(text.at[i]))
            return false;
    memcpy(out, text.at, text.len);
    out[text.len] = '\0';
    return true;
}

static bool read_value(struct dkim_signature *out, struct slice text)
{
    scoped_value(bytes) again = {0};

    if (!dkim_base64(text, &out->value) || out->value.len < VALUE_LEAST ||
        out->value.len > VALUE_MOST)
        return dkim_refuse(out, AUTH_PERMERROR, "b= is no signature");
    base64_add(&again, bytes_slice(&out->value));
    snprintf(out->b, sizeof out->b, "%.8s", again.at);
    return true;
}

/* Seconds since 1970, or 0 without that tag; false: no number. */
static bool read_time(const struct dkim_tags *tags, const char *name, int64_t *out)
{
    const struct dkim_tag *tag = dkim_tag(tags, name);

    *out = 0;
    return !tag ||
           (tag->value.len <= SECONDS_MAX_DIGITS && slice_to_number(tag->value, INT64_MAX, out));
}

static bool check_times(struct dkim_signature *out, const struct dkim_tags *tags, int64_t now_ms)
{
    int64_t now_s = now_ms / SECOND_MS, signed_s, ends_s;

    if (!read_time(tags, "t", &signed_s) || !read_time(tags, "x", &ends_s) ||
        (ends_s && ends_s <= signed_s))
        return dkim_refuse(out, AUTH_PERMERROR, "t= or x= makes no sense");
    if (signed_s > now_s + SKEW_S)
        return dkim_refuse(out, AUTH_POLICY, "signed in the future");
    if (ends_s && ends_s < now_s)
        return dkim_refuse(out, AUTH_POLICY, "signature expired");
    return true;
}

bool dkim_signature_begin(struct dkim_signature *out, const struct dkim_tags *tags, int64_t now_ms)
{
    bool named = read_domain(dkim_tag_or(tags, "d", ""), out->domain);
    bool selected = read_selector(dkim_tag_or(tags, "s", ""), out->selector);

    if (!named || !selected)
        return dkim_refuse(out, AUTH_PERMERROR, "d= or s= is no name");
    return read_scheme(out, dkim_tag_or(tags, "a", "")) &&
           read_value(out, dkim_tag_or(tags, "b", "")) && check_times(out, tags, now_ms);
}

/* ---- what it covers ---- */

static bool read_canon(struct slice text, enum dkim_canon *out_header, enum dkim_canon *out_body)
{
    struct slice body = text;
    struct slice header = slice_cut(&body, '/');

    if (!body.at)
        body = SLICE("simple");
    *out_header = slice_is_nocase(header, "relaxed") ? DKIM_RELAXED : DKIM_SIMPLE;
    *out_body = slice_is_nocase(body, "relaxed") ? DKIM_RELAXED : DKIM_SIMPLE;
    return (*out_header == DKIM_RELAXED || slice_is_nocase(header, "simple")) &&
           (*out_body == DKIM_RELAXED || slice_is_nocase(body, "simple"));
}

bool dkim_signature_body(struct slice value, enum dkim_canon *out)
{
    struct dkim_tags tags;
    enum dkim_canon header;

    return dkim_tags_read(value, &tags) &&
           read_canon(dkim_tag_or(&tags, "c", "simple/simple"), &header, out);
}

/* i= must be of d= or of a subdomain (RFC 6376 3.5). */
static bool check_identity(struct dkim_signature *out, const struct dkim_tags *tags)
{
    const struct dkim_tag *identity = dkim_tag(tags, "i");
    char domain[DKIM_DOMAIN_SIZE];

    if (!identity)
        return true;
    size_t at = slice_find_last(identity->value, '@');
    if (at == SIZE_MAX || !read_domain(slice_from(identity->value, at + 1), domain))
        return dkim_refuse(out, AUTH_PERMERROR, "i= is no identity");
    struct slice whole = slice_of(domain), own = slice_of(out->domain);
    out->own_domain_only = !slice_eq(whole, own);
    if (out->own_domain_only &&
        !(slice_ends(whole, own) && whole.at[whole.len - own.len - 1] == '.'))
        return dkim_refuse(out, AUTH_PERMERROR, "i= is not within d=");
    return true;
}

/* Part of the body signed is none of it signed: what was added behind would pass for the author's. */
static bool check_length(struct dkim_signature *out, const struct dkim_tags *tags,
                         const struct dkim_body *body)
{
    const struct dkim_tag *tag = dkim_tag(tags, "l");
    int64_t len;

    if (!tag)
        return true;
    if (!slice_to_number(tag->value, INT64_MAX, &len) || len > body->len)
        return dkim_refuse(out, AUTH_PERMERROR, "l= makes no sense");
    return len == body->len ||
           dkim_refuse(out, AUTH_POLICY, "l= leaves a part of the body unsigned");
}

static bool check_body(struct dkim_signature *out, const struct dkim_tags *tags,
                       const struct dkim_body *body)
{
    scoped_value(bytes) said = {0};

    if (!dkim_base64(dkim_tag_or(tags, "bh", ""), &said) || said.len != SHA256_LEN)
        return dkim_refuse(out, AUTH_PERMERROR, "bh= is no digest");
    if (!check_length(out, tags, body))
        return false;
    return memcmp(said.at, body->digest, SHA256_LEN) == 0 ||
           dkim_refuse(out, AUTH_FAIL, "the body was changed");
}

/* ---- hashing the header ---- */

void dkim_canon_self(enum dkim_canon canon, const struct dkim_field *field,
                     const struct dkim_tags *tags, struct bytes *out)
{
    const struct dkim_tag *b = dkim_tag(tags, "b");
    scoped_value(bytes) without = {0};

    bytes_add(&without, (struct slice){field->text.at, (size_t)(b->whole.at - field->text.at)});
    const char *behind = b->whole.at + b->whole.len;
    bytes_add(&without,
              (struct slice){behind, (size_t)(field->text.at + field->text.len - behind)});
    dkim_canon_field(canon, bytes_slice(&without), out);
    bytes_cut(out, out->len - 2);
}

/* Fields of one name are taken from the bottom up; one that is not there is hashed as nothing (RFC 6376 5.4.2). */
static bool hash_named(const struct dkim_text *text, enum dkim_canon canon, struct slice names,
                       struct sha256_run *hash, bool *out_from)
{
    scoped_value(bytes) line = {0};
    struct slice seen[DKIM_NAMES_MAX];
    size_t count = 0;

    while (names.at) {
        struct slice name = dkim_list_next(&names);
        if (slice_empty(name) || count == DKIM_NAMES_MAX)
            return false;
        size_t nth = 0;
        for (size_t i = 0; i < count; i++)
            nth += slice_eq_nocase(seen[i], name);
        seen[count++] = name;
        const struct dkim_field *field = dkim_field_up(text, name, nth);
        *out_from |= slice_is_nocase(name, "From");
        if (!field)
            continue;
        bytes_reset(&line);
        dkim_canon_field(canon, field->text, &line);
        sha256_add(hash, bytes_slice(&line));
    }
    return true;
}

/* Named as often as it is there; a field that nobody signed may be put in by whoever sends the mail once more. */
static bool covers_all(const struct dkim_text *text, struct slice names, struct slice field)
{
    size_t named = 0;

    while (names.at)
        named += slice_eq_nocase(dkim_list_next(&names), field);
    return !dkim_field_up(text, field, named);
}

static bool hash_header(const struct dkim_text *text, const struct dkim_field *field,
                        const struct dkim_tags *tags, enum dkim_canon canon,
                        struct dkim_signature *out)
{
    scoped_value(bytes) self = {0};
    bool has_from = false;
    struct sha256_run *hash = sha256_start();
    struct slice names = dkim_tag_or(tags, "h", "");
    bool named = hash_named(text, canon, names, hash, &has_from);

    out->covers_key = named && covers_all(text, names, SLICE("Autocrypt"));

    dkim_canon_self(canon, field, tags, &self);
    sha256_add(hash, bytes_slice(&self));
    sha256_end(hash, out->digest);
    if (!named)
        return dkim_refuse(out, AUTH_PERMERROR, "h= is no list of names, or too long");
    return has_from || dkim_refuse(out, AUTH_PERMERROR, "From is not signed");
}

/* What a DKIM-Signature has and an ARC-Message-Signature has not. */
static bool check_own(struct dkim_signature *out, const struct dkim_tags *tags)
{
    struct slice query = dkim_tag_or(tags, "q", "dns/txt");

    if (!slice_is(dkim_tag_or(tags, "v", ""), "1"))
        return dkim_refuse(out, AUTH_PERMERROR, "v= is not 1");
    if (!dkim_list_has(query, "dns/txt"))
        return dkim_refuse(out, AUTH_PERMERROR, "q= names no way to the key");
    return check_identity(out, tags);
}

void dkim_signature_read(const struct dkim_text *text, const struct dkim_field *field,
                         enum dkim_form form, int64_t now_ms, struct dkim_signature *out)
{
    struct dkim_tags tags;
    enum dkim_canon header, body;

    *out = (struct dkim_signature){.result = AUTH_NONE, .why = ""};
    if (!dkim_tags_read(field->value, &tags)) {
        dkim_refuse(out, AUTH_PERMERROR, "not a list of tags");
        return;
    }
    if (!dkim_signature_begin(out, &tags, now_ms) || (form == DKIM_FIELD && !check_own(out, &tags)))
        return;
    if (!read_canon(dkim_tag_or(&tags, "c", "simple/simple"), &header, &body)) {
        dkim_refuse(out, AUTH_PERMERROR, "c= names an unknown form");
        return;
    }
    if (hash_header(text, field, &tags, header, out))
        (void)check_body(out, &tags, &text->bodies[body]);
}

/* ---- with its key ---- */

/* Exactly one record may be a key (RFC 6376 3.6.2.2); others at that name are somebody else's business. */
static bool find_key(struct dkim_signature *signature, const struct dns_answer *answer,
                     struct dkim_key_record *out)
{
    size_t count = 0;

    for (size_t i = 0; i < answer->count && count < 2; i++) {
        scoped_value(bytes) text = {0};
        scoped_value(dkim_key_record) record = {0};
        dns_text_add(answer->records[i].data, &text);
        if (!dkim_key_record_read(bytes_slice(&text), &record))
            continue;
        count++;
        dkim_key_record_clear(out);
        *out = record;
        record = (struct dkim_key_record){0};
    }
    if (count == 1)
        return true;
    return dkim_refuse(signature, AUTH_PERMERROR,
                       count ? "more than one key record" : "no key record that can be read");
}

static bool key_fits(struct dkim_signature *signature, const struct dkim_key_record *record)
{
    if (record->key.len == 0)
        return dkim_refuse(signature, AUTH_PERMERROR, "the key was revoked");
    if (record->scheme != signature->scheme)
        return dkim_refuse(signature, AUTH_PERMERROR, "the key is of another kind");
    if (!record->for_mail || !record->sha256)
        return dkim_refuse(signature, AUTH_PERMERROR, "the key is not for this");
    if (record->own_domain_only && signature->own_domain_only)
        return dkim_refuse(signature, AUTH_PERMERROR, "the key is not for subdomains");
    return true;
}

static void judge_with(struct dkim_signature *signature, const struct dkim_key_record *record,
                       const struct dkim_prover *prover)
{
    switch (prover->prove(prover->ctx, record->scheme, bytes_slice(&record->key), signature->digest,
                          bytes_slice(&signature->value))) {
    case DKIM_PROVED: signature->result = AUTH_PASS; return;
    case DKIM_DISPROVED: dkim_refuse(signature, AUTH_FAIL, "the signature does not fit"); return;
    case DKIM_KEY_WEAK: dkim_refuse(signature, AUTH_POLICY, "the key is too short"); return;
    case DKIM_KEY_BROKEN: dkim_refuse(signature, AUTH_PERMERROR, "the key cannot be read"); return;
    }
    __builtin_unreachable();
}

static void judge(struct dkim_signature *signature, const struct dns_answer *answer,
                  const struct dkim_prover *prover)
{
    scoped_value(dkim_key_record) record = {0};

    switch (answer->outcome) {
    case DNS_FAILED: dkim_refuse(signature, AUTH_TEMPERROR, "DNS did not answer"); return;
    case DNS_BOGUS: dkim_refuse(signature, AUTH_TEMPERROR, "the key record is not genuine"); return;
    case DNS_NO_DATA:
    case DNS_NO_NAME: dkim_refuse(signature, AUTH_PERMERROR, "there is no key record"); return;
    case DNS_ANSWER: break;
    }
    if (!find_key(signature, answer, &record))
        return;
    signature->testing = record.testing;
    if (key_fits(signature, &record))
        judge_with(signature, &record, prover);
    /* Who only tries is not held to it; a pass is a pass, as everybody counts it (RFC 6376 3.6.1). */
    if (signature->testing && signature->result == AUTH_FAIL)
        signature->result = AUTH_NEUTRAL;
}

bool dkim_signature_judge(struct dkim_signature *signature, struct dns_facts *facts,
                          const struct dkim_prover *prover)
{
    if (signature->result != AUTH_NONE)
        return true;
    scoped_text char *name = must_print("%s._domainkey.%s", signature->selector, signature->domain);
    const struct dns_answer *answer = dns_facts_ask(facts, DNS_TXT, name);
    if (answer)
        judge(signature, answer, prover);
    return answer != NULL;
}
