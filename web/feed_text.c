/* Pieces of feeds: XML, titles, first words. */
#include "feed.h"

#include "memory.h"
#include "text.h"

void feed_clear(struct feed *feed)
{
    char *texts[] = {feed->self,  feed->page,  feed->author_id, feed->author,
                     feed->title, feed->about, feed->language};

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        free(texts[i]);
    for (size_t i = 0; i < feed->count; i++) {
        post_clear(&feed->posts[i].post);
        free(feed->posts[i].page);
        free(feed->posts[i].title);
    }
    *feed = (struct feed){0};
}

/* ---- XML ---- */

/* XML 1.0 2.2.  No escape helps: a form feed, or U+FFFF, ends the reading of the whole document. */
static bool is_xml_char(uint32_t code)
{
    if (code < 0x20)
        return code == '\t' || code == '\n' || code == '\r';
    return code != 0xfffe && code != 0xffff;
}

void xml_text_add(struct bytes *out, struct slice text)
{
    while (text.len > 0) {
        uint32_t code = 0;
        size_t len = utf8_read(text, &code);
        if (len > 0 && is_xml_char(code))
            html_escape_add(out, slice_first(text, len));
        else
            utf8_add(out, 0xfffd);
        text = slice_from(text, len ? len : 1);
    }
}

void xml_element_add(struct bytes *out, int depth, const char *name, const char *text)
{
    if (!text)
        return;
    bytes_print(out, "%*s<%s>", depth * 2, "", name);
    xml_text_add(out, slice_of(text));
    bytes_print(out, "</%s>\n", name);
}

void xml_attribute_add(struct bytes *out, const char *name, const char *value)
{
    if (!value)
        return;
    bytes_print(out, " %s=\"", name);
    xml_text_add(out, slice_of(value));
    bytes_add_char(out, '"');
}

/* ---- titles ---- */

static void drop_beginning(char *text, struct slice what)
{
    if (slice_starts(slice_of(text), what))
        memmove(text, text + what.len, strlen(text) - what.len + 1);
}

void feed_post_name(struct feed_post *it, char *title)
{
    scoped_value(bytes) html = {0}, plain = {0};

    bytes_add_text(&html, "<p><strong>");
    html_escape_add(&html, slice_of(title));
    bytes_add_text(&html, "</strong></p>");
    bytes_print(&plain, "%s\n\n", title);
    drop_beginning(it->post.html, bytes_slice(&html));
    drop_beginning(it->post.plain, bytes_slice(&plain));
    free(it->title);
    it->title = title;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* On one line, cut between two words where there is a gap in the second half. */
static char *first_words_of(struct slice text, size_t max_chars)
{
    scoped_value(bytes) line = {0};

    for (size_t i = 0; i < text.len && line.len <= max_chars * 4; i++)
        if (!is_blank(text.at[i]))
            bytes_add_char(&line, text.at[i]);
        else if (line.len > 0 && line.at[line.len - 1] != ' ')
            bytes_add_char(&line, ' ');
    struct slice all = slice_trim(bytes_slice(&line));
    if (utf8_count(all) <= max_chars)
        return must_copy(all);
    struct slice cut = utf8_first(all, max_chars - 1);
    size_t gap = slice_find_last(cut, ' ');
    if (gap != SIZE_MAX && gap > cut.len / 2)
        cut = slice_first(cut, gap);
    return must_print("%.*s…", SLICE_ARGS(cut));
}

char *feed_post_summary(const struct feed_post *it, size_t max_chars)
{
    const struct post *post = &it->post;

    if (post->warning)
        return must_print("Content warning: %s", post->warning);
    scoped_text char *words = first_words_of(slice_of(post->plain), max_chars);
    if (!*words && post->picture_count > 0 && post->pictures[0].alt)
        return first_words_of(slice_of(post->pictures[0].alt), max_chars);
    return *words ? steal(&words) : must_dup(post->picture_count > 0 ? "A picture" : "");
}
