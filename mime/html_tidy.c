/*
 * html_tidy — see html_private.h.
 *
 * Reads tags as HTML does (WHATWG 13.2.5: a quote counts only behind "=", a comment ends at "-->") and writes
 * them again with at most one of each attribute somebody here asks for.
 */
#include "html_private.h"

#include "memory.h"

enum {
    MAX_NAME = 16,
    MAX_VALUE = 4096, /* a longer one is a picture in the address; nobody here wants it */
};

static const char *const wanted[] = {"href", "class", "id",    "type", "src",
                                     "alt",  "name",  "style", "cite", "data-marker"};

/* Elements whose content is not markup; none of it is wanted. */
static const char *const raw_elements[] = {"script", "style",   "title",    "textarea", "xmp",
                                           "iframe", "noembed", "noframes", "template"};
/* Tags that only move text about in the tree. */
static const char *const dropped[] = {"html", "head", "body", "plaintext", "frameset", "form"};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char letter_at(struct slice s, size_t at) /* NUL behind the end */
{
    if (at < s.len)
        return s.at[at];
    return '\0';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(struct slice name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is_nocase(name, list[i]))
            return true;
    return false;
}

static struct slice skip_blanks(struct slice s)
{
    while (s.len > 0 && (is_blank(s.at[0]) || s.at[0] == '/'))
        s = slice_from(s, 1);
    return s;
}

static struct slice take_while_name(struct slice *rest, const char *ends)
{
    struct slice name = {rest->at, 0};

    while (name.len < rest->len && !is_blank(rest->at[name.len]) &&
           !strchr(ends, rest->at[name.len]))
        name.len++;
    *rest = slice_from(*rest, name.len);
    return name;
}

static struct slice take_value(struct slice *rest)
{
    char quote = letter_at(*rest, 0);

    if (quote != '"' && quote != '\'')
        return take_while_name(rest, ">");
    *rest = slice_from(*rest, 1);
    return slice_cut(rest, quote);
}

static void add_attribute(struct bytes *out, struct slice name, struct slice value)
{
    bytes_add_char(out, ' ');
    for (size_t i = 0; i < name.len; i++)
        bytes_add_char(out, (char)(name.at[i] | 0x20));
    bytes_add_text(out, "=\"");
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] == '"')
            bytes_add_text(out, "&quot;");
        else if (value.at[i] == '<')
            bytes_add_text(out, "&lt;");
        else
            bytes_add_char(out, value.at[i]);
    }
    bytes_add_char(out, '"');
}

static unsigned attribute_bit(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        if (slice_is_nocase(name, wanted[i]))
            return 1u << i;
    return 0;
}

/* "= x" behind a name; empty if there is none. */
static struct slice take_assigned(struct slice *rest)
{
    struct slice after = skip_blanks(*rest);

    if (letter_at(after, 0) != '=')
        return (struct slice){"", 0};
    *rest = slice_from(after, 1);
    while (rest->len > 0 && is_blank(rest->at[0]))
        *rest = slice_from(*rest, 1);
    return take_value(rest);
}

static void take_attribute(struct slice *rest, unsigned *seen, struct bytes *out)
{
    bool stray = rest->at[0] == '='; /* "=x" is a name that begins with "=" */

    if (stray)
        *rest = slice_from(*rest, 1);
    struct slice name = take_while_name(rest, stray ? "/>" : "=/>");
    struct slice value = take_assigned(rest);
    unsigned bit = stray ? 0 : attribute_bit(name);
    if (bit && !(*seen & bit) && value.len <= MAX_VALUE)
        add_attribute(out, name, value);
    *seen |= bit;
}

/* Reads attributes up to and with '>'.  False: the text ended first, so there is no tag. */
static bool take_attributes(struct slice *rest, struct bytes *out)
{
    unsigned seen = 0;

    for (;;) {
        *rest = skip_blanks(*rest);
        if (!rest->at || rest->len == 0)
            return false;
        if (rest->at[0] == '>') {
            *rest = slice_from(*rest, 1);
            return true;
        }
        take_attribute(rest, &seen, out);
    }
}

/* Behind the content of a raw element: at its end tag, or at the end. */
static struct slice skip_raw(struct slice rest, struct slice name)
{
    while (rest.len > 0) {
        size_t at = slice_find_text(rest, SLICE("</"));
        if (at == SIZE_MAX)
            break;
        rest = slice_from(rest, at + 2);
        if (slice_eq_nocase(slice_first(rest, name.len), name)) {
            rest = slice_from(rest, name.len);
            (void)slice_cut(&rest, '>');
            return rest.at ? rest : (struct slice){"", 0};
        }
    }
    return (struct slice){"", 0};
}

static struct slice tidy_tag(struct slice rest, struct bytes *out)
{
    bool closes = rest.at[1] == '/';
    scoped_value(bytes) attributes = {0};

    rest = slice_from(rest, closes ? 2 : 1);
    struct slice name = take_while_name(&rest, "/>");
    if (!take_attributes(&rest, &attributes))
        return (struct slice){"", 0};
    if (!closes && is_one_of(name, raw_elements, COUNT_OF(raw_elements)))
        return skip_raw(rest, name);
    if (name.len > MAX_NAME || is_one_of(name, dropped, COUNT_OF(dropped)))
        return rest;
    for (size_t i = 0; i < name.len; i++)
        if (!is_letter(name.at[i]) && !(name.at[i] >= '0' && name.at[i] <= '9'))
            return rest; /* o:p and its like are no elements of HTML */
    bytes_add_text(out, closes ? "</" : "<");
    bytes_add(out, name);
    if (!closes)
        bytes_add(out, bytes_slice(&attributes));
    bytes_add_char(out, '>');
    return rest;
}

static struct slice skip_comment(struct slice rest)
{
    rest = slice_from(rest, 4);
    if (slice_starts(rest, SLICE(">")))
        return slice_from(rest, 1);
    if (slice_starts(rest, SLICE("->")))
        return slice_from(rest, 2);
    size_t end = slice_find_text(rest, SLICE("--"));
    while (end != SIZE_MAX) {
        rest = slice_from(rest, end + 2);
        while (rest.len > 0 && rest.at[0] == '-')
            rest = slice_from(rest, 1);
        if (slice_starts(rest, SLICE("!>")))
            return slice_from(rest, 2);
        if (slice_starts(rest, SLICE(">")))
            return slice_from(rest, 1);
        end = slice_find_text(rest, SLICE("--"));
    }
    return (struct slice){"", 0};
}

/* `rest` begins with '<'. */
static struct slice tidy_markup(struct slice rest, struct bytes *out)
{
    char second = letter_at(rest, 1);
    char third = letter_at(rest, 2);

    if (is_letter(second) || (second == '/' && is_letter(third)))
        return tidy_tag(rest, out);
    if (slice_starts(rest, SLICE("<!--")))
        return skip_comment(rest);
    if (second == '!' || second == '?' || (second == '/' && third)) {
        (void)slice_cut(&rest, '>');
        return rest.at ? rest : (struct slice){"", 0};
    }
    bytes_add_text(out, "&lt;");
    return slice_from(rest, 1);
}

void html_tidy(struct slice html, struct bytes *out)
{
    while (html.len > 0) {
        size_t at = slice_find(html, '<');

        if (at == SIZE_MAX) {
            bytes_add(out, html);
            return;
        }
        bytes_add(out, slice_first(html, at));
        html = tidy_markup(slice_from(html, at), out);
    }
}
