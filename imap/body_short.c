#include "body_short.h"

#include "lexer.h"

enum { DEPTH_MAX = 60 };

/* Steps over one value: an atom, a string or a list. */
static bool skip_value(struct lexer *lexer, int depth)
{
    struct slice word;
    bool nil;

    if (depth > DEPTH_MAX)
        return false;
    if (!lex_char(lexer, '('))
        return lex_nstring(lexer, &word, &nil) || lex_atom(lexer, &word);
    while (!lex_char(lexer, ')')) {
        if (!skip_value(lexer, depth + 1))
            return false;
        lex_space(lexer);
    }
    return true;
}

/* Copies one value as it stands; *out_text, or NULL, is where it lies. */
static bool copy_value(struct lexer *lexer, struct bytes *out, struct slice *out_text)
{
    struct slice before = lexer->rest;

    if (!skip_value(lexer, 0))
        return false;
    struct slice text = slice_first(before, before.len - lexer->rest.len);
    if (out_text)
        *out_text = text;
    bytes_add(out, text);
    return true;
}

static bool copy_values(struct lexer *lexer, struct bytes *out, int count)
{
    for (int i = 0; i < count; i++) {
        if (!lex_space(lexer))
            return false;
        bytes_add_char(out, ' ');
        if (!copy_value(lexer, out, NULL))
            return false;
    }
    return true;
}

static bool shorten(struct lexer *lexer, struct bytes *out, int depth);

static bool skip_rest(struct lexer *lexer)
{
    while (lex_space(lexer))
        if (!skip_value(lexer, 0))
            return false;
    return lex_char(lexer, ')');
}

static bool shorten_multipart(struct lexer *lexer, struct bytes *out, int depth)
{
    while (lex_peek(lexer) == '(')
        if (!shorten(lexer, out, depth + 1))
            return false;
    return copy_values(lexer, out, 1) && skip_rest(lexer);
}

/* type, subtype, parameters, id, description, encoding, octets; text has its lines, a mail all of its own. */
static bool shorten_leaf(struct lexer *lexer, struct bytes *out, int depth)
{
    struct slice type, subtype;

    if (!copy_value(lexer, out, &type) || !lex_space(lexer))
        return false;
    bytes_add_char(out, ' ');
    if (!copy_value(lexer, out, &subtype) || !copy_values(lexer, out, 5))
        return false;
    if (slice_is_nocase(type, "\"text\""))
        return copy_values(lexer, out, 1) && skip_rest(lexer);
    if (!slice_is_nocase(type, "\"message\"") || !slice_is_nocase(subtype, "\"rfc822\""))
        return skip_rest(lexer);
    if (!copy_values(lexer, out, 1) || !lex_space(lexer))
        return false;
    bytes_add_char(out, ' ');
    return shorten(lexer, out, depth + 1) && copy_values(lexer, out, 1) && skip_rest(lexer);
}

static bool shorten(struct lexer *lexer, struct bytes *out, int depth)
{
    if (depth > DEPTH_MAX || !lex_char(lexer, '('))
        return false;
    bytes_add_char(out, '(');
    bool good = lex_peek(lexer) == '(' ? shorten_multipart(lexer, out, depth)
                                       : shorten_leaf(lexer, out, depth);
    bytes_add_char(out, ')');
    return good;
}

bool body_short_add(struct bytes *out, struct slice structure)
{
    scoped_value(lexer) lexer = {.rest = structure};
    size_t before = out->len;

    if (shorten(&lexer, out, 0))
        return true;
    bytes_cut(out, before);
    return false;
}
