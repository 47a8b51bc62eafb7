/*
 * words_html — HTML of a mail to lines, with what mail programs say by class and id.
 *
 * A new program's habit is a new row in `habits`.
 */
#include "html_private.h"
#include "memory.h"
#include "mime_private.h"
#include "text.h"
#include "words_private.h"

enum role {
    ROLE_NONE,
    ROLE_QUOTE,       /* what another wrote */
    ROLE_ATTRIBUTION, /* who wrote it */
    ROLE_SIGNATURE,
    ROLE_FORWARD, /* a forwarded mail begins */
    ROLE_TAIL,    /* what follows, to the end, is the other mail */
};

enum attribute { CLASS, ID, NAME, DATA_MARKER, ATTRIBUTES };
static const char *const attribute_names[ATTRIBUTES] = {"class", "id", "name", "data-marker"};

struct habit { // NOLINT(clang-analyzer-optin.performance.Padding): the order in which a row reads
    enum attribute attribute;
    const char *token;
    enum role role;
};

static const struct habit habits[] = {
    {CLASS,       "gmail_attr",                              ROLE_ATTRIBUTION},
    {CLASS,       "moz-cite-prefix",                         ROLE_ATTRIBUTION},
    {ID,          "reply-intro",                             ROLE_ATTRIBUTION}, /* Roundcube */
    {CLASS,       "gmail_quote",                             ROLE_QUOTE      },
    {CLASS,       "yahoo_quoted",                            ROLE_QUOTE      },
    {CLASS,       "protonmail_quote",                        ROLE_QUOTE      },
    {CLASS,       "tutanota_quote",                          ROLE_QUOTE      },
    {CLASS,       "zmail_extra",                             ROLE_QUOTE      },
    {CLASS,       "elided-text",                             ROLE_QUOTE      },
    {ID,          "qt",                                      ROLE_QUOTE      }, /* Fastmail */
    {ID,          "OLK_SRC_BODY_SECTION",                    ROLE_QUOTE      },
    {NAME,        "quote",                                   ROLE_QUOTE      }, /* GMX, web.de */
    {NAME,        "messageReplySection",                     ROLE_QUOTE      }, /* Spark */
    {NAME,        "messageSignatureSection",                 ROLE_SIGNATURE  },
    {CLASS,       "moz-forward-container",                   ROLE_FORWARD    },
    {ID,          "isForwardContent",                        ROLE_FORWARD    }, /* NetEase */
    {ID,          "isReplyContent",                          ROLE_QUOTE      },
    {ID,          "divRplyFwdMsg",                           ROLE_TAIL       }, /* Outlook */
    {ID,          "appendonsend",                            ROLE_TAIL       },
    {ID,          "mail-editor-reference-message-container", ROLE_TAIL       },
    {ID,          "zwchr",                                   ROLE_TAIL       }, /* Zimbra */
    {DATA_MARKER, "__DIVIDER__",                             ROLE_TAIL       },
    {CLASS,       "gmail_signature_prefix",                  ROLE_SIGNATURE  },
    {CLASS,       "protonmail_signature_block",              ROLE_SIGNATURE  },
};

struct reader {
    struct lines *lines;
    struct line now;
    bool blank;         /* a blank line was met: the next one breaks */
    bool space;         /* white space waits for a letter behind it ... */
    bool space_outside; /* ... and stood outside of a link */
    bool hard;          /* the line was filled by a blank that stands for one (&nbsp;) */
    bool bullet;        /* the next line is an item of a list */
    bool too_many;
    bool introduces; /* in a gmail_quote, before the quotation: who wrote it */
    bool tail;       /* the next line is the first of the other mail */
    bool forward;
    int quote, own_quote, attribution, signature, pre;
    char *href; /* of the link we are in, or NULL */
};

static void read_nodes(struct reader *reader, xmlNode *first);

static void forget_line(struct reader *reader)
{
    struct lines one = {.at = must_new(struct line), .count = 1};

    *one.at = reader->now;
    lines_clear(&one);
    reader->now = (struct line){0};
}

/* Ends the line we are on; `broken` by a <br>, which makes an empty one a blank line. */
static void end_line(struct reader *reader, bool broken)
{
    bool empty = reader->now.count == 0 && reader->now.picture_count == 0;

    if (empty) {
        reader->blank |= broken || reader->hard;
    } else if (reader->lines->count >= WORDS_MAX_LINES) {
        reader->too_many = true;
        forget_line(reader);
    } else {
        struct line *line = lines_add(reader->lines);
        *line = reader->now;
        line->breaks = reader->blank;
        line->quote = reader->quote;
        line->own_quote = reader->own_quote > 0;
        line->attribution = reader->attribution > 0 || reader->introduces;
        line->signature = reader->signature > 0;
        line->tail = reader->tail;
        line->forward = reader->forward;
        line_finish(line);
        reader->tail = reader->forward = reader->blank = false;
    }
    reader->now = (struct line){0};
    reader->space = reader->space_outside = reader->hard = false;
}

static void begin_word(struct reader *reader)
{
    struct line *line = &reader->now;

    if (reader->bullet && line->count == 0)
        line_add_text(line, SLICE("- "), NULL);
    else if (reader->space && line->count > 0)
        line_add_text(line, SLICE(" "),
                      reader->space_outside ? NULL : line->pieces[line->count - 1].href);
    reader->bullet = reader->space = reader->space_outside = false;
}

static void add_text(struct reader *reader, struct slice text)
{
    struct slice from = text;

    while (from.len > 0) {
        uint32_t code = 0;
        size_t len = utf8_read(from, &code);

        len = len ? len : 1;
        if (reader->pre > 0 && code == '\n') {
            end_line(reader, true);
        } else if (is_space_code(code)) {
            reader->space = true;
            reader->space_outside |= !reader->href;
            reader->hard |= code == 0xA0;
        } else {
            begin_word(reader);
            line_add_text(&reader->now, slice_first(from, len), reader->href);
        }
        from = slice_from(from, len);
    }
}

static void add_picture(struct reader *reader, xmlNode *node)
{
    scoped_text char *src = html_attribute(node, "src");

    if (!slice_starts_nocase(slice_of(src), "cid:"))
        return;
    struct line *line = &reader->now;
    must_make_room(line->pictures, line->picture_count, line->picture_capacity);
    line->pictures[line->picture_count++] =
        (struct picture_ref){.content_id = must_dup(src + 4), .alt = html_attribute(node, "alt")};
}

static bool holds_gmail_blockquote(xmlNode *node)
{
    for (xmlNode *child = node->children; child; child = child->next)
        if (html_is(child, "blockquote") && html_has_class(child, "gmail_quote"))
            return true;
    return false;
}

/* A mark without anything in it is an empty place that a program keeps for one. */
static bool holds_something(const xmlNode *node)
{
    for (const xmlNode *child = node->children; child; child = child->next) {
        scoped_value(bytes) text = {0};

        if (html_is(child, "img") || holds_something(child))
            return true;
        if (child->type == XML_TEXT_NODE)
            squeeze_add(&text, html_node_text(child));
        if (text.len > 0)
            return true;
    }
    return false;
}

static bool is_marked_blockquote(xmlNode *node)
{
    scoped_text char *type = html_attribute(node, "type");
    scoped_text char *style = html_attribute(node, "style");

    return slice_is_nocase(slice_of(type), "cite") || xmlHasProp(node, (const xmlChar *)"cite") ||
           xmlHasProp(node, (const xmlChar *)"class") || slice_has(slice_of(style), "border-left:");
}

/* "gmail_signature", "Signature", "ms-outlook-mobile-signature", "k9mail-signature": all end so. */
static bool names_signature(const char *list)
{
    struct slice rest = slice_of(list);

    while (rest.at)
        if (slice_ends_nocase(slice_cut(&rest, ' '), "signature"))
            return true;
    return false;
}

static enum role role_by_habit(xmlNode *node)
{
    enum role role = ROLE_NONE;
    char *values[ATTRIBUTES];

    for (size_t i = 0; i < ATTRIBUTES; i++)
        values[i] = html_attribute(node, attribute_names[i]);
    for (size_t i = 0; i < COUNT_OF(habits) && role == ROLE_NONE; i++)
        if (html_has_token(values[habits[i].attribute], habits[i].token))
            role = habits[i].role;
    if (role == ROLE_NONE && (names_signature(values[CLASS]) || names_signature(values[ID])))
        role = ROLE_SIGNATURE;
    for (size_t i = 0; i < ATTRIBUTES; i++)
        free(values[i]);
    return role;
}

/* What the buttons "indent" of Gmail and Apple Mail make. */
static bool is_indented(xmlNode *node)
{
    scoped_text char *style = html_attribute(node, "style");

    return slice_has(slice_of(style), "border:none") || slice_has(slice_of(style), "border: none");
}

static enum role role_of(xmlNode *node)
{
    bool blockquote = html_is(node, "blockquote");

    if (!node->properties || (blockquote && is_indented(node)))
        return ROLE_NONE;
    enum role role = role_by_habit(node);
    if (role == ROLE_NONE && blockquote && is_marked_blockquote(node))
        return ROLE_QUOTE;
    if (role == ROLE_SIGNATURE && !holds_something(node))
        return ROLE_NONE;
    return role;
}

static bool is_hidden(xmlNode *node)
{
    scoped_text char *style = html_attribute(node, "style");

    return html_layout_of(node) == LAYOUT_HIDDEN || slice_has(slice_of(style), "display:none") ||
           slice_has(slice_of(style), "display: none");
}

/* Outlook's paragraphs are lines: an empty one parts them. */
static enum html_layout layout_of(xmlNode *node)
{
    enum html_layout layout = html_layout_of(node);

    return html_is(node, "p") && html_has_class(node, "MsoNormal") ? LAYOUT_LINE : layout;
}

static void edge(struct reader *reader, enum html_layout layout)
{
    if (layout == LAYOUT_INLINE)
        return;
    end_line(reader, false);
    reader->blank |= layout == LAYOUT_PARAGRAPH;
}

/* Everything a role changes for what is inside; `by` is 1 on the way in and -1 on the way out. */
static void change_role(struct reader *reader, enum role role, int by)
{
    switch (role) {
    case ROLE_NONE: break;
    case ROLE_QUOTE: reader->quote += by; break;
    case ROLE_ATTRIBUTION: reader->attribution += by; break;
    case ROLE_SIGNATURE: reader->signature += by; break;
    case ROLE_FORWARD: reader->forward |= by > 0; break;
    case ROLE_TAIL: reader->tail |= by > 0; break;
    }
}

static void read_link(struct reader *reader, xmlNode *node)
{
    scoped_text char *href = html_attribute(node, "href");
    char *outer = reader->href;

    reader->href = html_link_allowed(slice_of(href)) ? href : NULL;
    read_nodes(reader, node->children);
    reader->href = outer;
}

static void read_inside(struct reader *reader, xmlNode *node)
{
    if (html_is(node, "a")) {
        read_link(reader, node);
        return;
    }
    reader->bullet |= html_is(node, "li");
    reader->pre += html_is(node, "pre");
    read_nodes(reader, node->children);
    reader->pre -= html_is(node, "pre");
}

static void read_element(struct reader *reader, xmlNode *node)
{
    enum html_layout layout = layout_of(node);
    enum role role = role_of(node);
    bool own_quote = html_is(node, "blockquote") && role == ROLE_NONE;

    if (role == ROLE_QUOTE && html_is(node, "div") && holds_gmail_blockquote(node)) {
        role = ROLE_NONE; /* Gmail puts words of one's own between the quotations in it */
        reader->introduces = true;
    } else if (role == ROLE_QUOTE) {
        reader->introduces = false;
    }
    if (role != ROLE_NONE && layout == LAYOUT_INLINE)
        layout = LAYOUT_LINE;
    edge(reader, layout);
    change_role(reader, role, 1);
    reader->own_quote += own_quote;
    read_inside(reader, node);
    edge(reader, layout);
    change_role(reader, role, -1);
    reader->own_quote -= own_quote;
}

static void read_node(struct reader *reader, xmlNode *node)
{
    if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
        add_text(reader, html_node_text(node));
        return;
    }
    if (node->type != XML_ELEMENT_NODE || is_hidden(node))
        return;
    if (html_is(node, "br"))
        end_line(reader, true);
    else if (html_is(node, "img"))
        add_picture(reader, node);
    else
        read_element(reader, node);
    if (html_is_cell(node))
        reader->space = reader->space_outside = true;
}

static void read_nodes(struct reader *reader, xmlNode *first)
{
    for (xmlNode *node = first; node; node = node->next)
        read_node(reader, node);
}

bool words_from_html(struct slice html, const struct words_orders *orders, struct words *out,
                     struct err *err)
{
    scoped_value(html_tree) tree = {0};
    scoped_value(lines) lines = {0};
    struct reader reader = {.lines = &lines};

    if (!html_parse(html, &tree, err))
        return false;
    read_nodes(&reader, xmlDocGetRootElement(tree.doc));
    end_line(&reader, false);
    if (reader.too_many)
        return err_set(err, ERR_TOO_LARGE, "The text has too many lines");
    words_cut(&lines, orders, out);
    words_build(&lines, out);
    return true;
}
