/* RSS 2.0 (rssboard.org), as its readers have come to want it: all of a post in content:encoded, pictures with their
 * descriptions as Media RSS, and the one enclosure that an item may have. */
#include "feed.h"

#include "clock.h"
#include "memory.h"
#include "text.h"

enum { DESCRIPTION_CHARS = 280 };

static void add_time(struct bytes *out, int depth, const char *name, int64_t ms)
{
    char date[DATE_TEXT_SIZE];

    date_rfc5322(ms, date);
    xml_element_add(out, depth, name, date);
}

static void add_enclosure(struct bytes *out, const struct post_picture *picture)
{
    bytes_add_text(out, "      <enclosure");
    xml_attribute_add(out, "url", picture->url);
    bytes_print(out, " length=\"%lld\"", (long long)picture->size);
    xml_attribute_add(out, "type", picture->type);
    bytes_add_text(out, "/>\n");
}

static void add_picture(struct bytes *out, const struct post_picture *picture)
{
    bytes_add_text(out, "      <media:content");
    xml_attribute_add(out, "url", picture->url);
    xml_attribute_add(out, "type", picture->type);
    bytes_print(out, " fileSize=\"%lld\" medium=\"image\"", (long long)picture->size);
    if (picture->width > 0)
        bytes_print(out, " width=\"%d\" height=\"%d\"", picture->width, picture->height);
    bytes_add_text(out, ">\n");
    if (picture->alt) {
        bytes_add_text(out, "        <media:description type=\"plain\">");
        xml_text_add(out, slice_of(picture->alt));
        bytes_add_text(out, "</media:description>\n");
    }
    bytes_add_text(out, "      </media:content>\n");
}

/* Readers take it for HTML, whatever it is: plain words are escaped once more. */
static void add_description(struct bytes *out, const struct feed_post *it)
{
    scoped_value(bytes) html = {0};
    scoped_text char *words = feed_post_summary(it, DESCRIPTION_CHARS);

    html_escape_add(&html, slice_of(words));
    scoped_text char *escaped = bytes_take(&html);
    xml_element_add(out, 3, "description", escaped);
}

static void add_content(struct bytes *out, const struct post *post)
{
    scoped_value(bytes) html = {0};

    post_content(&html, post);
    bytes_add_text(out, "      <content:encoded>");
    xml_text_add(out, bytes_slice(&html));
    bytes_add_text(out, "</content:encoded>\n");
}

static void add_item(struct bytes *out, const struct feed_post *it)
{
    const struct post *post = &it->post;

    bytes_add_text(out, "    <item>\n");
    xml_element_add(out, 3, "title", it->title);
    xml_element_add(out, 3, "link", it->page);
    bytes_add_text(out, "      <guid isPermaLink=\"false\">");
    xml_text_add(out, slice_of(post->id));
    bytes_add_text(out, "</guid>\n");
    add_time(out, 3, "pubDate", post->published_ms);
    add_description(out, it);
    add_content(out, post);
    if (post->picture_count > 0)
        add_enclosure(out, &post->pictures[0]);
    for (size_t i = 0; i < post->picture_count; i++)
        add_picture(out, &post->pictures[i]);
    for (size_t i = 0; i < post->hashtag_count; i++)
        xml_element_add(out, 3, "category", post->hashtags[i]);
    bytes_add_text(out, "    </item>\n");
}

void feed_rss(const struct feed *feed, struct bytes *out)
{
    bytes_add_text(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" "
                        "xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" "
                        "xmlns:media=\"http://search.yahoo.com/mrss/\">\n"
                        "  <channel>\n");
    xml_element_add(out, 2, "title", feed->title);
    xml_element_add(out, 2, "link", feed->page);
    xml_element_add(out, 2, "description", feed->about);
    xml_element_add(out, 2, "language", feed->language);
    add_time(out, 2, "lastBuildDate", feed->updated_ms);
    bytes_add_text(out, "    <atom:link rel=\"self\" type=\"application/rss+xml\"");
    xml_attribute_add(out, "href", feed->self);
    bytes_add_text(out, "/>\n");
    for (size_t i = 0; i < feed->count; i++)
        add_item(out, &feed->posts[i]);
    bytes_add_text(out, "  </channel>\n</rss>\n");
}
