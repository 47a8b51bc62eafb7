/*
 * html_private — HTML of strangers as a tree that cannot hurt.
 *
 * libxml2 compares every attribute of a tag with all before it (a tag of 256 KiB cost 12 s), so html_parse()
 * first rewrites the text: comments, scripts and unknown attributes go, each tag keeps a handful of attributes.
 */
#ifndef NESTBOX_MIME_HTML_PRIVATE_H
#define NESTBOX_MIME_HTML_PRIVATE_H

#include "bytes.h"
#include "err.h"
#include "scope.h"
#include "slice.h"

#include <libxml/HTMLparser.h>

enum { HTML_MAX_BYTES = 1024 * 1024, HTML_MAX_DEPTH = 200 };

struct html_tree {
    htmlDocPtr doc;
};
/* ERR_TOO_LARGE above the limits.  html_tree_clear() is needed only after success. */
MUST_CHECK bool html_parse(struct slice html, struct html_tree *out, struct err *err);
void html_tree_clear(struct html_tree *tree);
SCOPED_VALUE(html_tree, html_tree_clear)

/* html_tidy.c: the rewriting. */
void html_tidy(struct slice html, struct bytes *out);

bool html_is(const xmlNode *node, const char *name);
/* Heap, "" if absent. */
char *html_attribute(xmlNode *node, const char *name);
bool html_is_cell(const xmlNode *node);                   /* of a table: parted by a blank */
bool html_has_token(const char *list, const char *token); /* blank-separated, case ignored */
bool html_has_class(xmlNode *node, const char *token);
/* http(s) with a host, or mailto: the only addresses that leave this room. */
bool html_link_allowed(struct slice href);
/* html_text.c: does a link show its address cut short, as Mastodon does? */
bool html_is_shortened(xmlNode *node);
struct slice html_node_text(const xmlNode *node);

/* How an element is laid out, as far as text cares. */
enum html_layout {
    LAYOUT_INLINE,
    LAYOUT_LINE,      /* div, li, tr: on lines of its own */
    LAYOUT_PARAGRAPH, /* p, blockquote, lists: parted by an empty line */
    LAYOUT_HIDDEN,    /* head, script, style: nothing of it is text */
};
enum html_layout html_layout_of(const xmlNode *node);

#endif
