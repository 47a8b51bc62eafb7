/* html_text — HTML of the Fediverse as plain text (html.h). */
#include "html.h"

#include "html_private.h"
#include "memory.h"
#include "mime_private.h"
#include "text.h"

enum { MAX_MARKS = 10 }; /* of quotation in a line: depth must not multiply length */

struct writer {
    struct bytes *out;
    size_t line_begin; /* in out, behind the quote marks */
    bool blank;        /* an empty line is due before the next word */
    bool space;
    bool bullet;
    int quote, pre, list;
};

static void write_nodes(struct writer *writer, xmlNode *first);

static bool line_empty(const struct writer *writer)
{
    return writer->out->len == writer->line_begin;
}

static void begin_line(struct writer *writer)
{
    for (int i = 0; i < writer->quote && i < MAX_MARKS; i++)
        bytes_add_text(writer->out, "> ");
    writer->line_begin = writer->out->len;
}

static void end_line(struct writer *writer)
{
    writer->space = false;
    if (!line_empty(writer)) {
        bytes_add_char(writer->out, '\n');
        writer->line_begin = writer->out->len;
    }
}

/* Before the first word of a line: the empty line that is due, quote marks, the dash of a list. */
static void begin_word(struct writer *writer)
{
    if (line_empty(writer)) {
        if (writer->blank && writer->out->len > 0) {
            begin_line(writer);
            while (writer->out->len > 0 && writer->out->at[writer->out->len - 1] == ' ')
                bytes_cut(writer->out, writer->out->len - 1);
            bytes_add_char(writer->out, '\n');
        }
        begin_line(writer);
        if (writer->bullet)
            bytes_add_text(writer->out, "- ");
    } else if (writer->space) {
        bytes_add_char(writer->out, ' ');
    }
    writer->blank = writer->space = writer->bullet = false;
}

static void write_text(struct writer *writer, struct slice text)
{
    while (text.len > 0) {
        uint32_t code = 0;
        size_t len = utf8_read(text, &code);

        len = len ? len : 1;
        if (writer->pre > 0 && code == '\n') {
            end_line(writer);
        } else if (is_space_code(code) && writer->pre == 0) {
            writer->space = true;
        } else {
            begin_word(writer);
            bytes_add(writer->out, slice_first(text, len));
        }
        text = slice_from(text, len);
    }
}

static void gather_text(const xmlNode *node, struct bytes *out)
{
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type == XML_TEXT_NODE)
            bytes_add(out, html_node_text(child));
        gather_text(child, out);
    }
}

bool html_is_shortened(xmlNode *node)
{
    for (xmlNode *child = node->children; child; child = child->next)
        if (html_is(child, "span") &&
            (html_has_class(child, "invisible") || html_has_class(child, "ellipsis")))
            return true;
    return false;
}

/* "https://a.example/x" says as much as "a.example/x". */
static bool says_address(struct slice text, struct slice href)
{
    struct slice bare = href;
    size_t scheme = slice_find_text(href, SLICE("://"));

    if (scheme != SIZE_MAX)
        bare = slice_from(href, scheme + 3);
    else if (slice_starts_nocase(href, "mailto:"))
        bare = slice_from(href, 7);
    if (slice_ends(bare, SLICE("/")) && !slice_ends(text, SLICE("/")))
        bare.len--;
    return slice_eq(text, href) || slice_eq(text, bare) ||
           (slice_ends(href, SLICE("/")) && slice_eq(text, slice_first(href, href.len - 1)));
}

static void write_link(struct writer *writer, xmlNode *node)
{
    scoped_text char *href = html_attribute(node, "href");
    scoped_value(bytes) raw = {0}, text = {0};
    bool named = html_has_class(node, "mention") || html_has_class(node, "hashtag");

    gather_text(node, &raw);
    squeeze_add(&text, bytes_slice(&raw));
    if (html_is_shortened(node) && html_link_allowed(slice_of(href))) {
        write_text(writer, slice_of(href));
        return;
    }
    write_nodes(writer, node->children);
    if (named || !html_link_allowed(slice_of(href)) ||
        says_address(bytes_slice(&text), slice_of(href)))
        return;
    writer->space = true;
    begin_word(writer);
    bytes_print(writer->out, "<%s>", href);
}

static void write_element(struct writer *writer, xmlNode *node)
{
    enum html_layout layout = html_layout_of(node);
    bool quote = html_is(node, "blockquote");
    bool list = html_is(node, "ul") || html_is(node, "ol");

    if (layout != LAYOUT_INLINE)
        end_line(writer);
    writer->blank |= layout == LAYOUT_PARAGRAPH && !(list && writer->list > 0);
    writer->quote += quote;
    writer->list += list;
    writer->pre += html_is(node, "pre");
    writer->bullet |= html_is(node, "li");
    if (html_is(node, "a"))
        write_link(writer, node);
    else
        write_nodes(writer, node->children);
    if (layout != LAYOUT_INLINE)
        end_line(writer);
    writer->quote -= quote;
    writer->list -= list;
    writer->pre -= html_is(node, "pre");
    writer->blank |= layout == LAYOUT_PARAGRAPH && !(list && writer->list > 0);
}

static void write_nodes(struct writer *writer, xmlNode *first)
{
    for (xmlNode *node = first; node; node = node->next) {
        if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE)
            write_text(writer, html_node_text(node));
        else if (html_is(node, "br"))
            end_line(writer);
        else if (node->type == XML_ELEMENT_NODE && html_layout_of(node) != LAYOUT_HIDDEN &&
                 !html_has_class(node, "quote-inline"))
            write_element(writer, node);
        writer->space |= html_is_cell(node);
    }
}

bool html_to_text(struct slice html, struct bytes *out, struct err *err)
{
    scoped_value(html_tree) tree = {0};
    scoped_value(bytes) text = {0};
    struct writer writer = {.out = &text};

    if (!html_parse(html, &tree, err))
        return false;
    write_nodes(&writer, xmlDocGetRootElement(tree.doc));
    bytes_add(out, slice_trim(bytes_slice(&text)));
    return true;
}
