/*
 * Percent and HTML escapes, lines for a terminal, strings of IMAP.
 */
#include "text.h"

enum { LINE_MAX_CHARS = 78 };

static bool unreserved(char c) /* RFC 3986 2.3 */
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void percent_add(struct bytes *out, struct slice raw)
{
    for (size_t i = 0; i < raw.len; i++) {
        if (unreserved(raw.at[i]))
            bytes_add_char(out, raw.at[i]);
        else
            bytes_print(out, "%%%02X", (unsigned char)raw.at[i]);
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte that `text` begins with, escaped or not, and how many bytes it took; 0 if broken. */
static size_t next_byte(struct slice text, char *out)
{
    *out = text.at[0];
    if (text.at[0] != '%')
        return text.at[0] ? 1 : 0;
    int high = text.len > 2 ? hex_value(text.at[1]) : -1;
    int low = text.len > 2 ? hex_value(text.at[2]) : -1;
    if (high < 0 || low < 0 || (high == 0 && low == 0))
        return 0;
    *out = (char)(high << 4 | low);
    return 3;
}

bool percent_read(struct slice text, struct bytes *out)
{
    size_t before = out->len;

    while (text.len > 0) {
        char c = 0;
        size_t used = next_byte(text, &c);
        if (used == 0) {
            bytes_cut(out, before);
            return false;
        }
        bytes_add_char(out, c);
        text = slice_from(text, used);
    }
    return true;
}

static const char *html_name(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void html_escape_add(struct bytes *out, struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        const char *name = html_name(s.at[i]);
        if (name)
            bytes_add_text(out, name);
        else
            bytes_add_char(out, s.at[i]);
    }
}

void html_paragraph_add(struct bytes *out, struct slice words)
{
    bytes_add_text(out, "<p>");
    html_escape_add(out, words);
    bytes_add_text(out, "</p>\n");
}

void html_link_add(struct bytes *out, const char *href, const char *words)
{
    bytes_add_text(out, "<a rel=\"nofollow noopener noreferrer\" href=\"");
    html_escape_add(out, slice_of(href));
    bytes_add_text(out, "\">");
    html_escape_add(out, slice_of(words));
    bytes_add_text(out, "</a>");
}

void quoted_add(struct bytes *out, struct slice text)
{
    bytes_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            bytes_add_char(out, '\\');
        bytes_add_char(out, text.at[i]);
    }
    bytes_add_char(out, '"');
}

void imap_string_add(struct bytes *out, struct slice text)
{
    bool plain = text.len <= 1000;

    for (size_t i = 0; plain && i < text.len; i++)
        plain = (unsigned char)text.at[i] >= 0x20 && (unsigned char)text.at[i] < 0x7f;
    if (!plain) {
        bytes_print(out, "{%zu}\r\n", text.len);
        bytes_add(out, text);
        return;
    }
    quoted_add(out, text);
}

void text_wrap(struct bytes *out, const char *margin, const char *text)
{
    struct slice rest = slice_of(text);
    size_t column = 0;

    while (rest.at) {
        struct slice word = slice_cut(&rest, ' ');
        if (column > 0 && column + 1 + word.len > LINE_MAX_CHARS) {
            bytes_add_char(out, '\n');
            column = 0;
        }
        bytes_add_text(out, column == 0 ? margin : " ");
        column += (column == 0 ? strlen(margin) : 1) + word.len;
        bytes_add(out, word);
    }
    bytes_add_char(out, '\n');
}
