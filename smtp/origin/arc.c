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

struct reading {
    const struct dkim_text *text;
    int64_t now_ms;
    struct arc_sets sets;
    struct arc *out;
};

static bool fails(struct arc *arc, const char *why)
{
    arc->result = AUTH_FAIL;
    arc->why = why;
    return false;
}

/* ---- the sets ---- */

static bool part_of(const struct dkim_field *field, enum arc_part *out)
{
    static const char *const names[ARC_PARTS] = {"ARC-Authentication-Results",
                                                 "ARC-Message-Signature", "ARC-Seal"};

    for (size_t i = 0; i < ARC_PARTS; i++)
        if (dkim_field_is(field, names[i])) {
            *out = (enum arc_part)i;
            return true;
        }
    return false;
}

/* "i=1; …" at the head, or among the tags. */
static bool read_number(const struct dkim_field *field, enum arc_part part, int64_t *out)
{
    struct slice rest = field->value;
    struct dkim_tags tags;

    if (part == ARC_RESULTS)
        rest = slice_cut(&rest, ';');
    return dkim_tags_read(rest, &tags) &&
           slice_to_number(dkim_tag_or(&tags, "i", ""), ARC_NUMBER_MAX, out) && *out > 0;
}

bool arc_sets_read(const struct dkim_text *text, struct arc_sets *out)
{
    enum arc_part part;

    *out = (struct arc_sets){.count = 0};
    for (size_t i = 0; i < text->count; i++) {
        const struct dkim_field *field = &text->fields[i];
        int64_t number;
        if (!part_of(field, &part))
            continue;
        if (!read_number(field, part, &number) || out->at[number][part])
            return false;
        out->at[number][part] = field;
        if ((size_t)number > out->count)
            out->count = (size_t)number;
    }
    return true;
}

bool arc_sets_whole(const struct arc_sets *sets)
{
    for (size_t i = 1; i <= sets->count; i++)
        for (size_t part = 0; part < ARC_PARTS; part++)
            if (!sets->at[i][part])
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

void arc_cover_sets(const struct arc_sets *sets, size_t number, struct bytes *out)
{
    for (size_t i = 1; i <= number; i++)
        for (size_t part = 0; part < ARC_PARTS; part++)
            if (i < number || part != ARC_SEAL)
                dkim_canon_field(DKIM_RELAXED, sets->at[i][part]->text, out);
}

static bool read_seal(struct reading *reading, size_t number)
{
    struct dkim_signature *seal = &reading->out->seals[number - 1];
    const char *expected = number == 1 ? "none" : "pass";
    scoped_value(bytes) covered = {0};
    struct dkim_tags tags;

    *seal = (struct dkim_signature){.result = AUTH_NONE, .why = ""};
    if (!read_tags(reading->sets.at[number][ARC_SEAL], &tags) ||
        !dkim_signature_begin(seal, &tags, reading->now_ms) || dkim_tag(&tags, "h"))
        return fails(reading->out, "a seal cannot be read");
    if (!slice_is_nocase(dkim_tag_or(&tags, "cv", ""), expected))
        return fails(reading->out, "a sealer found the chain broken");
    arc_cover_sets(&reading->sets, number, &covered);
    dkim_canon_self(DKIM_RELAXED, reading->sets.at[number][ARC_SEAL], &tags, &covered);
    sha256(bytes_slice(&covered), seal->digest);
    return true;
}

/* ---- what the first of them saw ---- */

/* Without comments and what stands in quotes: both may say anything, as the local part of a stranger's address does. */
static void add_plain(struct slice text, struct bytes *out)
{
    int depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '\\' && (quoted || depth > 0)) {
            i++; /* what it takes the meaning from */
        } else if (c == '"' && depth == 0) {
            quoted = !quoted;
            bytes_add_char(out, c);
        } else if (c == '(' && !quoted) {
            depth++;
        } else if (c == ')' && depth > 0) {
            depth--;
        } else if (depth == 0 && !quoted) {
            bytes_add(out, c == '\r' || c == '\n' || c == '\t'
                               ? SLICE(" ")
                               : slice_first(slice_from(text, i), 1));
        }
    }
}

/* The domain in "METHOD … NAME=example.org", or behind the last @ there. */
static bool read_result(struct slice said, const char *method, const char *name,
                        char out[DKIM_DOMAIN_SIZE])
{
    struct slice rest = slice_trim(said);
    scoped_text char *domain = NULL;
    struct err ignored;

    if (!slice_is_nocase(slice_cut(&rest, ' '), method))
        return false;
    while (rest.at) {
        struct slice word = slice_cut(&rest, ' ');
        if (!slice_starts_nocase(word, name))
            continue;
        struct slice value = slice_from(word, strlen(name));
        size_t at = slice_find_last(value, '@');
        if (!host_canonical(at == SIZE_MAX ? value : slice_from(value, at + 1), &domain,
                            &ignored) ||
            strlen(domain) >= DKIM_DOMAIN_SIZE)
            return false;
        snprintf(out, DKIM_DOMAIN_SIZE, "%s", domain);
        return true;
    }
    return false;
}

/* Who has the author's log-in knows better than DMARC; but only for accounts of its own. */
static bool read_account(struct slice said, const char *sealer, char out[DKIM_DOMAIN_SIZE])
{
    char domain[DKIM_DOMAIN_SIZE];

    if (!read_result(said, "auth=pass", "smtp.auth=", domain) || strcmp(domain, sealer) != 0)
        return false;
    memcpy(out, domain, sizeof domain);
    return true;
}

static void read_results(const struct dkim_field *field, const char *sealer,
                         char out[DKIM_DOMAIN_SIZE])
{
    scoped_value(bytes) plain = {0};

    add_plain(field->value, &plain);
    struct slice rest = bytes_slice(&plain);
    while (rest.at) {
        struct slice said = slice_cut(&rest, ';');
        if (read_result(said, "dmarc=pass", "header.from=", out) || read_account(said, sealer, out))
            return;
    }
}

static void keep_chain(const struct arc_sets *sets, struct bytes *out)
{
    for (size_t i = sets->count; i > 0; i--)
        for (size_t part = ARC_PARTS; part > 0; part--) {
            bytes_add(out, sets->at[i][part - 1]->text);
            bytes_add_text(out, "\r\n");
        }
}

/* ---- all of it ---- */

static bool read_chain(struct reading *reading,
                       bool (*trusts)(const void *ctx, struct slice domain), const void *ctx)
{
    const struct arc_sets *sets = &reading->sets;
    struct arc *out = reading->out;

    if (!arc_sets_whole(sets))
        return fails(out, "a part of a set is missing");
    if (sets->count > ARC_SETS_MAX)
        return fails(out, "too many hands");
    for (size_t i = 1; i <= sets->count; i++)
        if (!sealer_is_trusted(sets->at[i][ARC_SEAL], trusts, ctx)) {
            out->why = "sealed by somebody who is not trusted here";
            return false;
        }
    keep_chain(sets, &out->chain);
    if (out->chain.len > ARC_CHAIN_MAX)
        return fails(out, "its sets are too long");
    out->count = sets->count;
    for (size_t i = 1; i <= sets->count; i++)
        if (!read_seal(reading, i))
            return false;
    dkim_signature_read(reading->text, sets->at[sets->count][ARC_MESSAGE], DKIM_ARC_MESSAGE,
                        reading->now_ms, &out->message);
    if (out->message.result != AUTH_NONE)
        return fails(out, out->message.why);
    read_results(sets->at[1][ARC_RESULTS], out->seals[0].domain, out->author);
    return true;
}

void arc_read(const struct dkim_text *text, int64_t now_ms,
              bool (*trusts)(const void *ctx, struct slice domain), const void *ctx,
              struct arc *out)
{
    struct reading reading = {.text = text, .now_ms = now_ms, .out = out};

    *out = (struct arc){.result = AUTH_NONE, .why = ""};
    if (!arc_sets_read(text, &reading.sets))
        fails(out, "a set is broken, or there twice");
    else if (reading.sets.count > 0)
        out->waiting = read_chain(&reading, trusts, ctx);
}

void arc_clear(struct arc *arc)
{
    for (size_t i = 0; i < arc->count; i++)
        bytes_clear(&arc->seals[i].value);
    bytes_clear(&arc->message.value);
    bytes_clear(&arc->chain);
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
