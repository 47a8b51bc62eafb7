/*
 * html_clean — a stranger's HTML made clean (html.h; facts/activitypub.md 4.12).
 *
 * Nothing is filtered out of the stranger's text: a new text is written from the tree, of the few elements
 * below and escaped words, so what is not in the table cannot come through.
 */
#include "html.h"

#include "html_private.h"
#include "memory.h"
#include "text.h"

enum kind {
    KIND_DROP, /* the tags go, the words stay */
    KIND_KEEP,
    KIND_BLOCK, /* becomes a paragraph where it holds words itself */
    KIND_TITLE, /* becomes a bold paragraph */
    KIND_LINK,
    KIND_BREAK,
    KIND_REMOVE, /* with all that is in it */
};

static const struct {
    const char *name;
    enum kind kind;
} elements[] = {
    {"p",          KIND_KEEP },
    {"blockquote", KIND_KEEP },
    {"pre",        KIND_KEEP },
    {"code",       KIND_KEEP },
    {"b",          KIND_KEEP },
    {"strong",     KIND_KEEP },
    {"i",          KIND_KEEP },
    {"em",         KIND_KEEP },
    {"u",          KIND_KEEP },
    {"s",          KIND_KEEP },
    {"del",        KIND_KEEP },
    {"ul",         KIND_KEEP },
    {"ol",         KIND_KEEP },
    {"li",         KIND_KEEP },
    {"a",          KIND_LINK },
    {"br",         KIND_BREAK},
    {"h1",         KIND_TITLE},
    {"h2",         KIND_TITLE},
    {"h3",         KIND_TITLE},
    {"h4",         KIND_TITLE},
    {"h5",         KIND_TITLE},
    {"h6",         KIND_TITLE},
};

struct cleaner {
    struct bytes *out;
    bool in_paragraph, in_link;
    bool begun, due; /* words stand in the line; what comes next is to stand in another one */
};

static void clean_nodes(struct cleaner *cleaner, xmlNode *first);

static enum kind kind_of(xmlNode *node)
{
    if (html_layout_of(node) == LAYOUT_HIDDEN || html_has_class(node, "quote-inline"))
        return KIND_REMOVE;
    for (size_t i = 0; i < COUNT_OF(elements); i++)
        if (html_is(node, elements[i].name))
            return elements[i].kind;
    return html_layout_of(node) == LAYOUT_INLINE ? KIND_DROP : KIND_BLOCK;
}

static bool is_blank(struct slice text)
{
    return slice_trim(text).len == 0;
}

static bool holds_words(const xmlNode *node)
{
    for (const xmlNode *child = node->children; child; child = child->next)
        if (html_layout_of(child) == LAYOUT_INLINE &&
            (child->type == XML_ELEMENT_NODE || !is_blank(html_node_text(child))))
            return true;
    return false;
}

static void new_line(struct cleaner *cleaner)
{
    cleaner->begun = cleaner->due = false;
}

static void begin_words(struct cleaner *cleaner)
{
    if (cleaner->due && cleaner->begun)
        bytes_add_text(cleaner->out, "<br>");
    cleaner->due = false;
    cleaner->begun = true;
}

/* One in another is a line of it. */
static void clean_paragraph(struct cleaner *cleaner, xmlNode *node, const char *open,
                            const char *close)
{
    if (cleaner->in_paragraph) {
        cleaner->due = true;
        clean_nodes(cleaner, node->children);
        cleaner->due = true;
        return;
    }
    new_line(cleaner);
    cleaner->in_paragraph = true;
    bytes_add_text(cleaner->out, open);
    clean_nodes(cleaner, node->children);
    bytes_add_text(cleaner->out, close);
    cleaner->in_paragraph = false;
    new_line(cleaner);
}

static void clean_kept(struct cleaner *cleaner, xmlNode *node)
{
    const char *name = (const char *)node->name;

    if (strcmp(name, "p") == 0) {
        clean_paragraph(cleaner, node, "<p>", "</p>");
        return;
    }
    bool before = cleaner->in_paragraph, block = html_layout_of(node) != LAYOUT_INLINE;
    if (block) { /* a paragraph may stand in these again */
        cleaner->in_paragraph = strcmp(name, "pre") == 0;
        new_line(cleaner);
    }
    bytes_print(cleaner->out, "<%s>", name);
    clean_nodes(cleaner, node->children);
    bytes_print(cleaner->out, "</%s>", name);
    cleaner->in_paragraph = before;
    if (block)
        new_line(cleaner);
}

static void clean_link(struct cleaner *cleaner, xmlNode *node)
{
    scoped_text char *href = html_attribute(node, "href");

    if (cleaner->in_link || !html_link_allowed(slice_of(href))) {
        clean_nodes(cleaner, node->children);
        return;
    }
    begin_words(cleaner);
    bytes_add_text(cleaner->out, "<a href=\"");
    html_escape_add(cleaner->out, slice_of(href));
    bytes_add_text(cleaner->out, "\" rel=\"nofollow noopener noreferrer\">");
    cleaner->in_link = true;
    if (html_is_shortened(node))
        html_escape_add(cleaner->out, slice_of(href));
    else
        clean_nodes(cleaner, node->children);
    cleaner->in_link = false;
    bytes_add_text(cleaner->out, "</a>");
}

static void clean_element(struct cleaner *cleaner, xmlNode *node)
{
    switch (kind_of(node)) {
    case KIND_REMOVE: return;
    case KIND_BREAK:
        new_line(cleaner);
        bytes_add_text(cleaner->out, "<br>");
        return;
    case KIND_LINK: clean_link(cleaner, node); return;
    case KIND_KEEP: clean_kept(cleaner, node); return;
    case KIND_TITLE: clean_paragraph(cleaner, node, "<p><strong>", "</strong></p>"); return;
    case KIND_BLOCK:
        if (holds_words(node)) {
            clean_paragraph(cleaner, node, "<p>", "</p>");
            return;
        }
        break;
    case KIND_DROP: break;
    }
    clean_nodes(cleaner, node->children);
    if (html_is_cell(node))
        bytes_add_char(cleaner->out, ' ');
}

static void clean_nodes(struct cleaner *cleaner, xmlNode *first)
{
    for (xmlNode *node = first; node; node = node->next) {
        if (node->type == XML_ELEMENT_NODE)
            clean_element(cleaner, node);
        if (node->type != XML_TEXT_NODE && node->type != XML_CDATA_SECTION_NODE)
            continue;
        if (!is_blank(html_node_text(node)))
            begin_words(cleaner);
        html_escape_add(cleaner->out, html_node_text(node));
    }
}

bool html_clean(struct slice html, struct bytes *out, struct err *err)
{
    scoped_value(html_tree) tree = {0};
    scoped_value(bytes) clean = {0};
    struct cleaner cleaner = {.out = &clean};

    if (!html_parse(html, &tree, err))
        return false;
    clean_nodes(&cleaner, xmlDocGetRootElement(tree.doc));
    if (clean.len > HTML_MAX_BYTES)
        return err_set(err, ERR_TOO_LARGE, "The HTML is too long");
    bytes_add(out, slice_trim(bytes_slice(&clean)));
    return true;
}
