/* Atom (RFC 4287). */
#include "feed.h"

#include "clock.h"
#include "memory.h"

enum { TITLE_CHARS = 60 };

static void add_time(struct bytes *out, int depth, const char *name, int64_t ms)
{
    char date[DATE_TEXT_SIZE];

    date_rfc3339(ms, date);
    xml_element_add(out, depth, name, date);
}

static void add_link(struct bytes *out, int depth, const char *rel, const char *type,
                     const char *href)
{
    bytes_print(out, "%*s<link rel=\"%s\" type=\"%s\"", depth * 2, "", rel, type);
    xml_attribute_add(out, "href", href);
    bytes_add_text(out, "/>\n");
}

static void add_picture(struct bytes *out, const struct post_picture *picture)
{
    bytes_add_text(out, "    <link rel=\"enclosure\"");
    xml_attribute_add(out, "type", picture->type);
    bytes_print(out, " length=\"%lld\"", (long long)picture->size);
    xml_attribute_add(out, "title", picture->alt);
    xml_attribute_add(out, "href", picture->url);
    bytes_add_text(out, "/>\n");
}

static void add_hashtag(struct bytes *out, const char *tag)
{
    bytes_add_text(out, "    <category");
    xml_attribute_add(out, "term", tag);
    bytes_add_text(out, "/>\n");
}

static void add_content(struct bytes *out, const struct post *post)
{
    scoped_value(bytes) html = {0};

    post_content(&html, post);
    bytes_add_text(out, "    <content type=\"html\"");
    xml_attribute_add(out, "xml:lang", post->language);
    bytes_add_text(out, ">");
    xml_text_add(out, bytes_slice(&html));
    bytes_add_text(out, "</content>\n");
}

/* An entry must have a title, RFC 4287 4.1.2: without one it is called by its first words. */
static void add_title(struct bytes *out, const struct feed_post *it)
{
    scoped_text char *words = it->title ? NULL : feed_post_summary(it, TITLE_CHARS);

    xml_element_add(out, 2, "title", it->title ? it->title : words);
}

static void add_entry(struct bytes *out, const struct feed_post *it)
{
    const struct post *post = &it->post;

    bytes_add_text(out, "  <entry>\n");
    xml_element_add(out, 2, "id", post->id);
    add_title(out, it);
    add_time(out, 2, "published", post->published_ms);
    add_time(out, 2, "updated", post->updated_ms ? post->updated_ms : post->published_ms);
    add_link(out, 2, "alternate", "text/html", it->page);
    add_link(out, 2, "alternate", "application/activity+json", post->id);
    if (post->in_reply_to) {
        bytes_add_text(out, "    <thr:in-reply-to");
        xml_attribute_add(out, "ref", post->in_reply_to);
        xml_attribute_add(out, "href", post->in_reply_to);
        bytes_add_text(out, "/>\n");
    }
    for (size_t i = 0; i < post->picture_count; i++)
        add_picture(out, &post->pictures[i]);
    for (size_t i = 0; i < post->hashtag_count; i++)
        add_hashtag(out, post->hashtags[i]);
    xml_element_add(out, 2, "summary", post->warning);
    add_content(out, post);
    bytes_add_text(out, "  </entry>\n");
}

void feed_atom(const struct feed *feed, struct bytes *out)
{
    bytes_add_text(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                        "<feed xmlns=\"http://www.w3.org/2005/Atom\" "
                        "xmlns:thr=\"http://purl.org/syndication/thread/1.0\"");
    xml_attribute_add(out, "xml:lang", feed->language);
    bytes_add_text(out, ">\n");
    xml_element_add(out, 1, "id", feed->author_id);
    xml_element_add(out, 1, "title", feed->title);
    xml_element_add(out, 1, "subtitle", feed->about);
    add_time(out, 1, "updated", feed->updated_ms);
    add_link(out, 1, "self", "application/atom+xml", feed->self);
    add_link(out, 1, "alternate", "text/html", feed->page);
    bytes_add_text(out, "  <author>\n");
    xml_element_add(out, 2, "name", feed->author);
    xml_element_add(out, 2, "uri", feed->page);
    bytes_add_text(out, "  </author>\n");
    for (size_t i = 0; i < feed->count; i++)
        add_entry(out, &feed->posts[i]);
    bytes_add_text(out, "</feed>\n");
}
