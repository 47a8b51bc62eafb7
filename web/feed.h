/*
 * feed — what somebody's feeds say, and the three ways to write them (docs/feeds.md).
 *
 * A feed is the first page of a profile for programs: the same posts, in the same order.  The writers are pure: values
 * in, octets out, the same octets for the same values.
 */
#ifndef NESTBOX_WEB_FEED_H
#define NESTBOX_WEB_FEED_H

#include "bridge_activity.h"
#include "web_private.h"

enum { FEED_HTML_MAX = 1024 * 1024 }; /* once the posts have so much, none is added */

struct feed_post {
    struct post post; /* its HTML and plain text are without the title */
    char *page;
    char *title; /* of what has one: its author's, or the content warning; or NULL */
};

struct feed { /* owns everything */
    char *self, *page, *author_id;
    char *author, *title, *about;
    char *language; /* or NULL */
    int64_t updated_ms;
    struct feed_post posts[POSTS_ON_A_PAGE];
    size_t count;
};
void feed_clear(struct feed *feed);
SCOPED_VALUE(feed, feed_clear)

typedef void feed_writer(const struct feed *, struct bytes *out);
feed_writer feed_atom; /* RFC 4287; answers as RFC 4685 has it */
feed_writer feed_rss;  /* RSS 2.0 with content:encoded and Media RSS */
feed_writer feed_json; /* JSON Feed 1.1 */

/* feed_text.c: what they share. */
/* Text as XML 1.0 may hold it: escaped; what is no character there becomes U+FFFD. */
void xml_text_add(struct bytes *out, struct slice text);
/* <name>text</name>, indented; text NULL: nothing. */
void xml_element_add(struct bytes *out, int depth, const char *name, const char *text);
/* ` name="value"`; value NULL: nothing. */
void xml_attribute_add(struct bytes *out, const char *name, const char *value);
/* Makes `title` the post's own: what repeats it at the beginning of the text goes.  Takes `title`. */
void feed_post_name(struct feed_post *it, char *title);
/* What a reader may show in a list: the warning, or else the first words; heap text. */
char *feed_post_summary(const struct feed_post *it, size_t max_chars);

#endif
