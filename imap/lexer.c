#include "lexer.h"

#include <string.h>

static const int64_t literal_most = INT64_C(0xffffffff);

void lexer_clear(struct lexer *lexer)
{
    bytes_clear(&lexer->unquoted);
    lexer->rest = SLICE("");
}

bool lexer_at_end(const struct lexer *lexer)
{
    return lexer->rest.len == 0;
}

char lex_peek(const struct lexer *lexer)
{
    if (lexer->rest.len == 0)
        return '\0';
    return lexer->rest.at[0];
}

static void step(struct lexer *lexer, size_t count)
{
    lexer->rest = slice_from(lexer->rest, count);
}

bool lex_char(struct lexer *lexer, char c)
{
    if (lexer->rest.len == 0 || lexer->rest.at[0] != c)
        return false;
    step(lexer, 1);
    return true;
}

bool lex_space(struct lexer *lexer)
{
    if (!lex_char(lexer, ' '))
        return false;
    while (lex_char(lexer, ' '))
        ;
    return true;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool is_atom_char(char c)
{
    return !is_control(c) && !strchr("(){ %*\"\\]", c) && (unsigned char)c < 0x80;
}

static bool is_astring_char(char c)
{
    return is_atom_char(c) || c == ']' || (unsigned char)c >= 0x80;
}

static bool is_list_char(char c)
{
    return is_astring_char(c) || c == '%' || c == '*';
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr(".-_=", c));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_set_char(char c)
{
    return is_digit(c) || (c && strchr(":,*", c));
}

static bool take_while(struct lexer *lexer, bool (*fits)(char), struct slice *out)
{
    size_t len = 0;

    while (len < lexer->rest.len && fits(lexer->rest.at[len]))
        len++;
    if (len == 0)
        return false;
    *out = slice_first(lexer->rest, len);
    step(lexer, len);
    return true;
}

bool lex_atom(struct lexer *lexer, struct slice *out)
{
    return take_while(lexer, is_atom_char, out);
}

bool lex_word(struct lexer *lexer, struct slice *out)
{
    return take_while(lexer, is_word_char, out);
}

bool lex_set(struct lexer *lexer, struct slice *out)
{
    if (lex_peek(lexer) == '$') {
        *out = slice_first(lexer->rest, 1);
        step(lexer, 1);
        return true;
    }
    return take_while(lexer, is_set_char, out);
}

bool lex_number(struct lexer *lexer, int64_t max, int64_t *out)
{
    struct slice before = lexer->rest;
    struct slice digits;

    if (take_while(lexer, is_digit, &digits) && slice_to_number(digits, max, out))
        return true;
    lexer->rest = before;
    return false;
}

bool lex_is(struct lexer *lexer, const char *word)
{
    size_t len = strlen(word);

    if (!slice_starts_nocase(lexer->rest, word))
        return false;
    if (lexer->rest.len > len && is_word_char(lexer->rest.at[len]))
        return false;
    step(lexer, len);
    return true;
}

bool lex_flag(struct lexer *lexer, struct slice *out)
{
    struct slice whole = lexer->rest;
    struct slice name;

    lex_char(lexer, '\\');
    if (!lex_atom(lexer, &name)) {
        lexer->rest = whole;
        return false;
    }
    *out = slice_first(whole, whole.len - lexer->rest.len);
    return true;
}

/* ---- strings ---- */

/* Where the closing quote stands; SIZE_MAX: nowhere. */
static size_t find_quote(struct slice text, bool *out_escaped)
{
    *out_escaped = false;
    for (size_t i = 1; i < text.len; i++) {
        if (text.at[i] == '"')
            return i;
        if (text.at[i] == '\\') {
            *out_escaped = true;
            i++;
            if (i >= text.len || (text.at[i] != '"' && text.at[i] != '\\'))
                return SIZE_MAX;
        } else if (text.at[i] == '\r' || text.at[i] == '\n' || text.at[i] == '\0') {
            return SIZE_MAX;
        }
    }
    return SIZE_MAX;
}

static bool take_quoted(struct lexer *lexer, struct slice *out)
{
    bool escaped;
    size_t end = find_quote(lexer->rest, &escaped);

    if (end == SIZE_MAX)
        return false;
    *out = slice_from(slice_first(lexer->rest, end), 1);
    if (escaped) {
        bytes_reset(&lexer->unquoted);
        for (size_t i = 0; i < out->len; i++) {
            i += out->at[i] == '\\';
            bytes_add_char(&lexer->unquoted, out->at[i]);
        }
        *out = bytes_slice(&lexer->unquoted);
    }
    step(lexer, end + 1);
    return true;
}

static bool take_literal(struct lexer *lexer, struct slice *out)
{
    size_t end = slice_find(lexer->rest, '\n');
    struct literal literal;

    if (end == SIZE_MAX || end == 0 || lexer->rest.at[end - 1] != '\r')
        return false;
    struct slice marker = slice_first(lexer->rest, end - 1);
    struct slice content = slice_from(lexer->rest, end + 1);
    if (slice_find(marker, '}') != marker.len - 1 || !literal_ends(marker, &literal) ||
        (size_t)literal.size > content.len)
        return false;
    *out = slice_first(content, (size_t)literal.size);
    if (slice_find(*out, '\0') != SIZE_MAX && !literal.binary)
        return false;
    lexer->rest = slice_from(content, (size_t)literal.size);
    return true;
}

bool lex_string(struct lexer *lexer, struct slice *out)
{
    switch (lex_peek(lexer)) {
    case '"': return take_quoted(lexer, out);
    case '{':
    case '~': return take_literal(lexer, out);
    default: return false;
    }
}

bool lex_astring(struct lexer *lexer, struct slice *out)
{
    return lex_string(lexer, out) || take_while(lexer, is_astring_char, out);
}

bool lex_list_mailbox(struct lexer *lexer, struct slice *out)
{
    return lex_string(lexer, out) || take_while(lexer, is_list_char, out);
}

bool lex_nstring(struct lexer *lexer, struct slice *out, bool *out_nil)
{
    *out_nil = false;
    if (lex_string(lexer, out))
        return true;
    *out_nil = lex_is(lexer, "NIL");
    *out = SLICE("");
    return *out_nil;
}

bool literal_ends(struct slice line, struct literal *out)
{
    size_t open = slice_find_last(line, '{');

    if (line.len < 3 || line.at[line.len - 1] != '}' || open == SIZE_MAX)
        return false;
    struct slice inside = slice_from(slice_first(line, line.len - 1), open + 1);
    *out = (struct literal){.binary = open > 0 && line.at[open - 1] == '~'};
    if (inside.len > 0 && inside.at[inside.len - 1] == '+') {
        out->at_once = true;
        inside.len--;
    }
    return slice_to_number(inside, literal_most, &out->size);
}
