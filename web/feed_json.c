/* JSON Feed 1.1 (jsonfeed.org). */
#include "feed.h"

#include "clock.h"
#include "json.h"

static void add_time(struct json *json, const char *name, int64_t ms)
{
    char date[DATE_TEXT_SIZE];

    date_rfc3339(ms, date);
    json_text(json, name, date);
}

static void add_pictures(struct json *json, const struct post *post)
{
    if (post->picture_count == 0)
        return;
    json_array(json, "attachments");
    for (size_t i = 0; i < post->picture_count; i++) {
        const struct post_picture *picture = &post->pictures[i];
        json_open(json, NULL);
        json_text(json, "url", picture->url);
        json_text(json, "mime_type", picture->type);
        json_text(json, "title", picture->alt);
        json_number(json, "size_in_bytes", picture->size);
        json_end(json);
    }
    json_end(json);
}

static void add_item(struct json *json, const struct feed_post *it)
{
    scoped_value(bytes) html = {0};
    const struct post *post = &it->post;

    post_content(&html, post);
    json_open(json, NULL);
    json_text(json, "id", post->id);
    json_text(json, "url", it->page);
    json_text(json, "title", it->title);
    json_slice(json, "content_html", bytes_slice(&html));
    json_text(json, "summary", post->warning);
    add_time(json, "date_published", post->published_ms);
    if (post->updated_ms)
        add_time(json, "date_modified", post->updated_ms);
    json_text(json, "language", post->language);
    if (post->hashtag_count > 0) {
        json_array(json, "tags");
        for (size_t i = 0; i < post->hashtag_count; i++)
            json_text(json, NULL, post->hashtags[i]);
        json_end(json);
    }
    add_pictures(json, post);
    json_end(json);
}

void feed_json(const struct feed *feed, struct bytes *out)
{
    struct json json = json_to(out);

    json_open(&json, NULL);
    json_text(&json, "version", "https://jsonfeed.org/version/1.1");
    json_text(&json, "title", feed->title);
    json_text(&json, "home_page_url", feed->page);
    json_text(&json, "feed_url", feed->self);
    json_text(&json, "description", feed->about);
    json_text(&json, "language", feed->language);
    json_array(&json, "authors");
    json_open(&json, NULL);
    json_text(&json, "name", feed->author);
    json_text(&json, "url", feed->page);
    json_end(&json);
    json_end(&json);
    json_array(&json, "items");
    for (size_t i = 0; i < feed->count; i++)
        add_item(&json, &feed->posts[i]);
    json_end(&json);
    json_end(&json);
    bytes_add_char(out, '\n');
}
