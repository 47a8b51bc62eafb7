/* html_tree — parse, and small questions about nodes. */
#include "html_private.h"

#include "memory.h"
#include "mime_private.h"
#include "text.h"

/* Iterative, since the limit is what makes recursion safe everywhere else. */
static bool too_deep(const xmlNode *root)
{
    int depth = 0;

    for (const xmlNode *node = root; node;) {
        if (node->children && node->type == XML_ELEMENT_NODE) {
            if (++depth > HTML_MAX_DEPTH)
                return true;
            node = node->children;
            continue;
        }
        while (node != root && !node->next) {
            node = node->parent;
            depth--;
        }
        if (node == root)
            return false;
        node = node->next;
    }
    return false;
}

bool html_parse(struct slice html, struct html_tree *out, struct err *err)
{
    scoped_value(bytes) clean = {0}, tidy = {0};

    if (html.len > HTML_MAX_BYTES)
        return err_set(err, ERR_TOO_LARGE, "The HTML is too long");
    clean_add(&clean, html, CLEAN_TEXT);
    bytes_add_text(&tidy, "<html><body>");
    html_tidy(bytes_slice(&clean), &tidy);
    bytes_add_text(&tidy, "</body></html>");
    htmlDocPtr doc = htmlReadMemory(tidy.at, (int)tidy.len, NULL, "UTF-8",
                                    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                        HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
    if (!doc)
        return err_set(err, ERR_MALFORMED, "The HTML could not be read");
    if (too_deep(xmlDocGetRootElement(doc))) {
        xmlFreeDoc(doc);
        return err_set(err, ERR_TOO_LARGE, "The HTML is nested too deeply");
    }
    out->doc = doc;
    return true;
}

void html_tree_clear(struct html_tree *tree)
{
    xmlFreeDoc(tree->doc);
    tree->doc = NULL;
}

bool html_is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->name &&
           strcmp((const char *)node->name, name) == 0;
}

bool html_is_cell(const xmlNode *node)
{
    return html_is(node, "td") || html_is(node, "th");
}

char *html_attribute(xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
    char *copy = clean_line(slice_of((const char *)value));

    xmlFree(value);
    return copy;
}

bool html_has_token(const char *list, const char *token)
{
    struct slice rest = slice_of(list);

    while (rest.at)
        if (slice_is_nocase(slice_cut(&rest, ' '), token))
            return true;
    return false;
}

bool html_has_class(xmlNode *node, const char *token)
{
    scoped_text char *classes = html_attribute(node, "class");
    return html_has_token(classes, token);
}

bool html_link_allowed(struct slice href)
{
    struct url url;

    for (size_t i = 0; i < href.len; i++)
        if ((unsigned char)href.at[i] <= ' ')
            return false;
    return href.len <= 2048 &&
           (url_read(href, &url) || (slice_starts_nocase(href, "mailto:") && href.len > 7));
}

struct slice html_node_text(const xmlNode *node)
{
    return slice_of((const char *)node->content);
}

static const struct {
    const char *name;
    enum html_layout layout;
} layouts[] = {
    {"p",          LAYOUT_PARAGRAPH},
    {"blockquote", LAYOUT_PARAGRAPH},
    {"ul",         LAYOUT_PARAGRAPH},
    {"ol",         LAYOUT_PARAGRAPH},
    {"pre",        LAYOUT_PARAGRAPH},
    {"h1",         LAYOUT_PARAGRAPH},
    {"h2",         LAYOUT_PARAGRAPH},
    {"h3",         LAYOUT_PARAGRAPH},
    {"h4",         LAYOUT_PARAGRAPH},
    {"h5",         LAYOUT_PARAGRAPH},
    {"h6",         LAYOUT_PARAGRAPH},
    {"hr",         LAYOUT_PARAGRAPH},
    {"table",      LAYOUT_PARAGRAPH},
    {"dl",         LAYOUT_PARAGRAPH},
    {"figure",     LAYOUT_PARAGRAPH},
    {"div",        LAYOUT_LINE     },
    {"li",         LAYOUT_LINE     },
    {"tr",         LAYOUT_LINE     },
    {"section",    LAYOUT_LINE     },
    {"article",    LAYOUT_LINE     },
    {"header",     LAYOUT_LINE     },
    {"footer",     LAYOUT_LINE     },
    {"main",       LAYOUT_LINE     },
    {"aside",      LAYOUT_LINE     },
    {"nav",        LAYOUT_LINE     },
    {"dt",         LAYOUT_LINE     },
    {"dd",         LAYOUT_LINE     },
    {"caption",    LAYOUT_LINE     },
    {"figcaption", LAYOUT_LINE     },
    {"center",     LAYOUT_LINE     },
    {"address",    LAYOUT_LINE     },
    {"fieldset",   LAYOUT_LINE     },
    {"details",    LAYOUT_LINE     },
    {"summary",    LAYOUT_LINE     },
    {"head",       LAYOUT_HIDDEN   },
    {"script",     LAYOUT_HIDDEN   },
    {"style",      LAYOUT_HIDDEN   },
    {"title",      LAYOUT_HIDDEN   },
    {"object",     LAYOUT_HIDDEN   },
    {"select",     LAYOUT_HIDDEN   },
    {"audio",      LAYOUT_HIDDEN   },
    {"video",      LAYOUT_HIDDEN   },
    {"template",   LAYOUT_HIDDEN   },
    {"canvas",     LAYOUT_HIDDEN   },
};

enum html_layout html_layout_of(const xmlNode *node)
{
    if (node->type != XML_ELEMENT_NODE)
        return LAYOUT_INLINE;
    for (size_t i = 0; i < COUNT_OF(layouts); i++)
        if (html_is(node, layouts[i].name))
            return layouts[i].layout;
    return LAYOUT_INLINE;
}
