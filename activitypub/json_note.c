#include "clock.h"
#include "json_write.h"
#include "memory.h"
#include "names.h"

#define AS2 "https://www.w3.org/ns/activitystreams"

void json_list(struct json *j, const char *name, char *const *texts, size_t count)
{
    json_array(j, name);
    for (size_t i = 0; i < count; i++)
        json_text(j, NULL, texts[i]);
    json_end(j);
}

void json_time(struct json *j, const char *name, int64_t ms)
{
    char text[DATE_TEXT_SIZE];

    if (ms == 0)
        return;
    date_rfc3339(ms, text);
    json_text(j, name, text);
}

void json_context_note(struct json *j)
{
    json_array(j, "@context");
    json_text(j, NULL, AS2);
    json_open(j, NULL);
    json_text(j, "sensitive", "as:sensitive");
    json_text(j, "Hashtag", "as:Hashtag");
    json_text(j, "ostatus", "http://ostatus.org#");
    json_text(j, "conversation", "ostatus:conversation");
    json_text(j, "quoteUrl", "as:quoteUrl");
    json_text(j, "quoteUri", "http://fedibird.com/ns#quoteUri");
    json_text(j, "_misskey_quote", "https://misskey-hub.net/ns#_misskey_quote");
    json_open(j, "quote");
    json_text(j, "@id", "https://w3id.org/fep/044f#quote");
    json_text(j, "@type", "@id");
    json_end(j);
    json_end(j);
    json_end(j);
}

static void tags(struct json *j, const struct post *post)
{
    json_array(j, "tag");
    for (size_t i = 0; i < post->mention_count; i++) {
        json_open(j, NULL);
        json_text(j, "type", "Mention");
        json_text(j, "href", post->mentions[i].actor_id);
        json_text(j, "name", post->mentions[i].handle);
        json_end(j);
    }
    for (size_t i = 0; i < post->hashtag_count; i++) {
        scoped_text char *href = name_hashtag(post->account_domain, post->hashtags[i]);
        scoped_text char *name = must_print("#%s", post->hashtags[i]);
        json_open(j, NULL);
        json_text(j, "type", "Hashtag");
        json_text(j, "href", href);
        json_text(j, "name", name);
        json_end(j);
    }
    json_end(j);
}

/* The description in both places: Mastodon and GoToSocial read `summary`, others `name`. */
static void pictures(struct json *j, const struct post *post)
{
    json_array(j, "attachment");
    for (size_t i = 0; i < post->picture_count; i++) {
        const struct post_picture *picture = &post->pictures[i];
        json_open(j, NULL);
        json_text(j, "type", "Document");
        json_text(j, "mediaType", picture->type);
        json_text(j, "url", picture->url);
        json_text(j, "name", picture->alt);
        json_text(j, "summary", picture->alt);
        if (picture->width > 0 && picture->height > 0) {
            json_number(j, "width", picture->width);
            json_number(j, "height", picture->height);
        }
        json_end(j);
    }
    json_end(j);
}

/* The text again, by language and as written; left out where it would make the document too long. */
static void repeats(struct json *j, const struct post *post)
{
    if (post->language) {
        json_open(j, "contentMap");
        json_text(j, post->language, post->html);
        json_end(j);
    }
    if (!post->plain)
        return;
    json_open(j, "source");
    json_text(j, "content", post->plain);
    json_text(j, "mediaType", "text/plain");
    json_end(j);
}

static void replies(struct json *j, const struct post *post)
{
    scoped_text char *id = must_print("%s/replies", post->id);
    scoped_text char *next = must_print("%s?page=true", id);

    json_open(j, "replies");
    json_text(j, "id", id);
    json_text(j, "type", "Collection");
    json_open(j, "first");
    json_text(j, "type", "CollectionPage");
    json_text(j, "partOf", id);
    json_text(j, "next", next);
    json_list(j, "items", NULL, 0);
    json_end(j);
    json_end(j);
}

/* FEP-044f's `quote` says that whom it quotes agreed, or is asked; without, Mastodon shows the link in the text. */
static void quote(struct json *j, const struct post *post)
{
    json_text(j, "quote", post->quotes_own ? post->quote : NULL);
    json_text(j, "quoteUrl", post->quote);
    json_text(j, "quoteUri", post->quote);
    json_text(j, "_misskey_quote", post->quote);
}

void json_note_members(struct json *j, const struct post *post, bool with_repeats)
{
    json_text(j, "id", post->id);
    json_text(j, "type", "Note");
    json_text(j, "attributedTo", post->author_id);
    json_time(j, "published", post->published_ms);
    json_time(j, "updated", post->updated_ms);
    json_text(j, "url", post->url);
    json_list(j, "to", post->to, post->to_count);
    json_list(j, "cc", post->cc, post->cc_count);
    json_text(j, "summary", post->warning);
    json_bool(j, "sensitive", post->sensitive);
    json_text(j, "inReplyTo", post->in_reply_to);
    json_text(j, "conversation", post->conversation);
    quote(j, post);
    json_text(j, "content", post->html ? post->html : "");
    if (with_repeats)
        repeats(j, post);
    tags(j, post);
    pictures(j, post);
    if (post->visibility == VISIBILITY_PUBLIC || post->visibility == VISIBILITY_UNLISTED)
        replies(j, post);
}

static void write_note(const struct post *post, bool with_repeats, struct bytes *out)
{
    struct json j = json_to(out);

    json_open(&j, NULL);
    json_context_note(&j);
    json_note_members(&j, post, with_repeats);
    json_end(&j);
}

void json_note(const struct post *post, struct bytes *out)
{
    write_note(post, true, out);
    if (out->len <= JSON_BYTES_MAX)
        return;
    bytes_reset(out);
    write_note(post, false, out);
}

static void create_members(struct json *j, const struct post *post, bool with_repeats)
{
    scoped_text char *id = must_print("%s/activity", post->id);

    json_text(j, "id", id);
    json_text(j, "type", "Create");
    json_text(j, "actor", post->author_id);
    json_time(j, "published", post->published_ms);
    json_list(j, "to", post->to, post->to_count);
    json_list(j, "cc", post->cc, post->cc_count);
    json_open(j, "object");
    json_note_members(j, post, with_repeats);
    json_end(j);
}

void json_create_item(struct json *j, const struct post *post, bool with_repeats)
{
    json_open(j, NULL);
    create_members(j, post, with_repeats);
    json_end(j);
}

static void write_create(const struct post *post, bool with_repeats, struct bytes *out)
{
    struct json j = json_to(out);

    json_open(&j, NULL);
    json_context_note(&j);
    create_members(&j, post, with_repeats);
    json_end(&j);
}

void json_create(const struct post *post, struct bytes *out)
{
    write_create(post, true, out);
    if (out->len <= JSON_BYTES_MAX)
        return;
    bytes_reset(out);
    write_create(post, false, out);
}

void json_tombstone(const char *id, struct bytes *out)
{
    struct json j = json_to(out);

    json_open(&j, NULL);
    json_text(&j, "@context", AS2);
    json_text(&j, "id", id);
    json_text(&j, "type", "Tombstone");
    json_end(&j);
}
