/*
 * words_private — how a mail becomes text: lines with what is known of each, cut by marks, then passages.
 *
 *   words_plain.c  text  ─┐
 *                         ├─> lines ──words_cut.c──> lines ──words_build.c──> passages
 *   words_html.c   HTML  ─┘        (words_marks.c knows the marks of all languages)
 */
#ifndef NESTBOX_MIME_WORDS_PRIVATE_H
#define NESTBOX_MIME_WORDS_PRIVATE_H

#include "words.h"

enum { WORDS_MAX_BYTES = 1024 * 1024, WORDS_MAX_LINES = 50000 };

struct picture_ref {
    char *content_id, *alt; /* alt: "" if none */
};

struct piece {
    struct bytes text;
    char *href; /* or NULL */
};

struct line {             /* never blank: a blank one is the next one's `breaks` */
    struct piece *pieces; /* one or more; none if there are only pictures */
    size_t count, capacity;
    struct picture_ref *pictures;
    size_t picture_count, picture_capacity;
    char *text;       /* the pieces, squeezed: what the marks are looked for in */
    size_t columns;   /* as written, plain only */
    int quote;        /* depth of quotation, 0 is one's own */
    bool breaks;      /* a paragraph begins */
    bool own_quote;   /* in a blockquote that no program marked as a quotation */
    bool attribution; /* the program says so */
    bool signature;   /* the program says so */
    bool forward;     /* the program says that a forwarded mail begins */
    bool tail;        /* the program says that all from here on is the other mail */
    bool cut;
};
struct lines {
    struct line *at;
    size_t count, capacity;
    bool wrapped; /* hard-wrapped plain text: paragraphs of 60 to 78 columns are to be joined */
};
struct line *lines_add(struct lines *lines);
void lines_clear(struct lines *lines);
SCOPED_VALUE(lines, lines_clear)
/* `href` is copied or NULL.  Joins the last piece if it has the same link. */
void line_add_text(struct line *line, struct slice text, const char *href);
void line_finish(struct line *line); /* makes `text` */

/* words_cut.c: sets `cut` and the facts of `out`. */
void words_cut(struct lines *lines, const struct words_orders *orders, struct words *out);
/* words_build.c: what is not cut becomes passages and pictures. */
void words_build(struct lines *lines, struct words *out);

/* words_marks.c.  Text is squeezed. */
enum mark {
    MARK_NONE,
    MARK_FORWARD,  /* "Forwarded message": a forward whatever else is known */
    MARK_ORIGINAL, /* "Original message": above a quotation as well as above a forward */
};
enum mark mark_of(struct slice text);
bool mark_is_rule(struct slice text);      /* ____ or ---- */
bool mark_is_framed(struct slice text);    /* ---- words ----, in any language */
bool mark_is_signature(struct slice text); /* -- */
bool mark_is_sent_from(struct slice text); /* words_sent_from.c */
bool mark_starts_with_any(struct slice text, const char *const *words, size_t count);
bool mark_has_any(struct slice text, const char *const *words, size_t count);
bool mark_has_date(struct slice text);
bool mark_has_moment(struct slice text);          /* day and time */
bool mark_has_bracket_address(struct slice text); /* <a@b.example> */
bool mark_is_label(struct slice text);            /* "Word: something", whatever the language */
/* "On … wrote:" of many languages: what may stand in front of a quotation. */
bool mark_is_attribution(struct slice text);
/* The same with day and time in it: believed even where no quotation follows. */
bool mark_is_full_attribution(struct slice text);
bool mark_opens_attribution(struct slice text); /* begins with On, Am, Le, … and holds a date */
/* Which field of a mail's header a line shows, 0 if none: a bit per meaning. */
enum { SHOWS_FROM = 1, SHOWS_DATE = 2, SHOWS_TO = 4, SHOWS_SUBJECT = 8, SHOWS_OTHER = 16 };
unsigned mark_header_field(struct slice text);
/* "Bob <bob@b.example>", "[mailto:bob@b.example]", and where that is all, "bob@b.example"; heap, or NULL */
char *mark_address(struct slice text);

#endif
