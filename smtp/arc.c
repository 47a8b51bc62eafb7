/*
 * Chains of hands a mail went through (RFC 8617).
 *
 * Each hand adds a set of three fields with its number: what it saw (ARC-Authentication-Results), a signature over the
 * mail as it left (ARC-Message-Signature), and a seal over all sets up to its own (ARC-Seal).  Of the message
 * signatures only the newest can still fit.
 */
#include "dkim_private.h"

#include "text.h"

#include <stdio.h>

enum part { RESULTS, MESSAGE, SEAL, PARTS };
enum { NUMBER_MAX = 50 }; /* RFC 8617 4.2.1 */

struct set {
    const struct dkim_field *parts[PARTS];
};

struct reading {
    const struct dkim_text *text;
    int64_t now_ms;
    struct set sets[NUMBER_MAX + 1]; /* by number; 0 is unused */
    size_t count;
    struct arc *out;
};

static bool fails(struct arc *arc, const char *why)
{
    arc->result = AUTH_FAIL;
    arc->why = why;
    return false;
}

/* ---- the sets ---- */

static bool part_of(const struct dkim_field *field, enum part *out)
{
    static const char *const names[PARTS] = {"ARC-Authentication-Results", "ARC-Message-Signature",
                                             "ARC-Seal"};

    for (size_t i = 0; i < PARTS; i++)
        if (dkim_field_is(field, names[i])) {
            *out = (enum part)i;
            return true;
        }
    return false;
}

/* "i=1; …" at the head, or among the tags. */
static bool read_number(const struct dkim_field *field, enum part part, int64_t *out)
{
    struct slice rest = field->value;
    struct dkim_tags tags;

    if (part == RESULTS)
        rest = slice_cut(&rest, ';');
    return dkim_tags_read(rest, &tags) &&
           slice_to_number(dkim_tag_or(&tags, "i", ""), NUMBER_MAX, out) && *out > 0;
}

static bool collect(struct reading *reading)
{
    enum part part;

    for (size_t i = 0; i < reading->text->count; i++) {
        const struct dkim_field *field = &reading->text->fields[i];
        int64_t number;
        if (!part_of(field, &part))
            continue;
        if (!read_number(field, part, &number) || reading->sets[number].parts[part])
            return fails(reading->out, "a set is broken, or there twice");
        reading->sets[number].parts[part] = field;
        if ((size_t)number > reading->count)
            reading->count = (size_t)number;
    }
    return reading->count > 0;
}

static bool is_whole(const struct reading *reading)
{
    for (size_t i = 1; i <= reading->count; i++)
        for (size_t part = 0; part < PARTS; part++)
            if (!reading->sets[i].parts[part])
                return false;
    return true;
}

/* ---- seals ---- */

static bool read_tags(const struct dkim_field *field, struct dkim_tags *out)
{
    return dkim_tags_read(field->value, out);
}

static bool sealer_is_trusted(const struct dkim_field *seal,
                              bool (*trusts)(const void *ctx, struct slice domain), const void *ctx)
{
    struct dkim_tags tags;

    return read_tags(seal, &tags) && trusts(ctx, dkim_tag_or(&tags, "d", ""));
}

/* What a seal covers: all sets up to its own, and itself last without its signature (RFC 8617 5.1.1). */
static void hash_seal(const struct reading *reading, size_t number, const struct dkim_tags *tags,
                      unsigned char out[SHA256_LEN])
{
    struct sha256_run *hash = sha256_start();
    scoped_value(bytes) line = {0};

    for (size_t i = 1; i <= number; i++)
        for (size_t part = 0; part < PARTS; part++) {
            const struct dkim_field *field = reading->sets[i].parts[part];
            bytes_reset(&line);
            if (i == number && part == SEAL)
                dkim_canon_self(DKIM_RELAXED, field, tags, &line);
            else
                dkim_canon_field(DKIM_RELAXED, field->text, &line);
            sha256_add(hash, bytes_slice(&line));
        }
    sha256_end(hash, out);
}

static bool read_seal(struct reading *reading, size_t number)
{
    struct dkim_signature *seal = &reading->out->seals[number - 1];
    const char *expected = number == 1 ? "none" : "pass";
    struct dkim_tags tags;

    *seal = (struct dkim_signature){.result = AUTH_NONE, .why = ""};
    if (!read_tags(reading->sets[number].parts[SEAL], &tags) ||
        !dkim_signature_begin(seal, &tags, reading->now_ms) || dkim_tag(&tags, "h"))
        return fails(reading->out, "a seal cannot be read");
    if (!slice_is_nocase(dkim_tag_or(&tags, "cv", ""), expected))
        return fails(reading->out, "a sealer found the chain broken");
    hash_seal(reading, number, &tags, seal->digest);
    return true;
}

/* ---- what the first of them saw ---- */

/* Without comments, which may say anything. */
static void add_plain(struct slice text, struct bytes *out)
{
    int depth = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '(')
            depth++;
        if (depth == 0)
            bytes_add(out, c == '\r' || c == '\n' || c == '\t' ? SLICE(" ")
                                                               : (struct slice){&text.at[i], 1});
        if (c == ')' && depth > 0)
            depth--;
    }
}

/* "dmarc=pass … header.from=example.org" */
static bool read_dmarc(struct slice said, char out[DKIM_DOMAIN_SIZE])
{
    struct slice rest = slice_trim(said);
    struct slice method = slice_cut(&rest, ' ');
    scoped_text char *domain = NULL;
    struct err ignored;

    if (!slice_is_nocase(method, "dmarc=pass"))
        return false;
    while (rest.at) {
        struct slice word = slice_cut(&rest, ' ');
        if (!slice_starts_nocase(word, "header.from="))
            continue;
        if (!host_canonical(slice_from(word, strlen("header.from=")), &domain, &ignored) ||
            strlen(domain) >= DKIM_DOMAIN_SIZE)
            return false;
        snprintf(out, DKIM_DOMAIN_SIZE, "%s", domain);
        return true;
    }
    return false;
}

static void read_results(const struct dkim_field *field, char out[DKIM_DOMAIN_SIZE])
{
    scoped_value(bytes) plain = {0};

    add_plain(field->value, &plain);
    struct slice rest = bytes_slice(&plain);
    while (rest.at)
        if (read_dmarc(slice_cut(&rest, ';'), out))
            return;
}

/* ---- all of it ---- */

static bool read_chain(struct reading *reading,
                       bool (*trusts)(const void *ctx, struct slice domain), const void *ctx)
{
    struct arc *out = reading->out;

    if (!is_whole(reading))
        return fails(out, "a part of a set is missing");
    if (reading->count > ARC_SETS_MAX)
        return fails(out, "too many hands");
    for (size_t i = 1; i <= reading->count; i++)
        if (!sealer_is_trusted(reading->sets[i].parts[SEAL], trusts, ctx)) {
            out->why = "sealed by somebody who is not trusted here";
            return false;
        }
    out->count = reading->count;
    for (size_t i = 1; i <= reading->count; i++)
        if (!read_seal(reading, i))
            return false;
    dkim_signature_read(reading->text, reading->sets[reading->count].parts[MESSAGE],
                        DKIM_ARC_MESSAGE, reading->now_ms, &out->message);
    if (out->message.result != AUTH_NONE)
        return fails(out, out->message.why);
    read_results(reading->sets[1].parts[RESULTS], out->author);
    return true;
}

void arc_read(const struct dkim_text *text, int64_t now_ms,
              bool (*trusts)(const void *ctx, struct slice domain), const void *ctx,
              struct arc *out)
{
    struct reading reading = {.text = text, .now_ms = now_ms, .out = out};

    *out = (struct arc){.result = AUTH_NONE, .why = ""};
    out->waiting = collect(&reading) && read_chain(&reading, trusts, ctx);
}

void arc_clear(struct arc *arc)
{
    for (size_t i = 0; i < arc->count; i++)
        bytes_clear(&arc->seals[i].value);
    bytes_clear(&arc->message.value);
    *arc = (struct arc){.result = AUTH_NONE, .why = ""};
}

static void conclude(struct arc *arc)
{
    arc->result = AUTH_PASS;
    for (size_t i = 0; i <= arc->count && arc->result != AUTH_FAIL; i++) {
        const struct dkim_signature *signature = i < arc->count ? &arc->seals[i] : &arc->message;
        if (signature->result == AUTH_PASS)
            continue;
        arc->result = signature->result == AUTH_TEMPERROR ? AUTH_TEMPERROR : AUTH_FAIL;
        arc->why = signature->why;
    }
}

bool arc_judge(struct arc *arc, struct dns_facts *facts, const struct dkim_prover *prover)
{
    if (!arc->waiting)
        return true;
    bool done = dkim_signature_judge(&arc->message, facts, prover);
    for (size_t i = 0; i < arc->count; i++)
        done &= dkim_signature_judge(&arc->seals[i], facts, prover);
    arc->waiting = !done;
    if (done)
        conclude(arc);
    return done;
}

bool arc_vouches(const struct arc *arc, struct slice author_domain)
{
    return arc->result == AUTH_PASS && *arc->author && slice_is_nocase(author_domain, arc->author);
}
