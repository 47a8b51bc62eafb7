/* One post as <article> (microformats h-entry), and the answers below it. */
#include "web_private.h"

#include "text.h"

static void add_escaped(struct bytes *out, const char *text)
{
    html_escape_add(out, slice_of(text));
}

static void write_picture(struct bytes *out, const struct post_picture *picture)
{
    bytes_add_text(out, "<figure><img src=\"");
    add_escaped(out, picture->url);
    bytes_add_text(out, "\" alt=\"");
    add_escaped(out, picture->alt);
    bytes_add_text(out, "\"");
    if (picture->width > 0)
        bytes_print(out, " width=\"%d\" height=\"%d\"", picture->width, picture->height);
    bytes_add_text(out, " loading=\"lazy\"></figure>\n");
}

static void write_language(struct page *page, const char *language)
{
    if (!language)
        return;
    bytes_add_text(&page->html, " lang=\"");
    page_text(page, language);
    bytes_add_text(&page->html, "\"");
}

static void open_fold(struct bytes *out, const char *warning)
{
    if (!warning)
        return;
    bytes_add_text(out, "<details><summary><span lang=\"en\">Content warning:</span> ");
    add_escaped(out, warning);
    bytes_add_text(out, "</summary>\n");
}

static void close_fold(struct bytes *out, const char *warning)
{
    if (warning)
        bytes_add_text(out, "</details>\n");
}

void post_content(struct bytes *out, const struct post *post)
{
    open_fold(out, post->warning);
    bytes_add_text(out, "<div class=\"e-content\">");
    bytes_add_text(out, post->html); /* made by us from plain runs: no foreign markup */
    bytes_add_text(out, "</div>\n");
    for (size_t i = 0; i < post->picture_count; i++)
        write_picture(out, &post->pictures[i]);
    close_fold(out, post->warning);
}

static void write_foot(struct page *page, const struct post *post, const struct message *message)
{
    bytes_add_text(&page->html, "<p class=\"quiet\" lang=\"en\"><a class=\"u-url\" href=\"");
    page_text(page, post->url);
    bytes_add_text(&page->html, "\">");
    page_time(page, message->published_ms);
    bytes_add_text(&page->html, "</a>");
    if (message->visibility == VISIBILITY_UNLISTED)
        bytes_add_text(&page->html, " · public, quiet");
    if (post->updated_ms > 0)
        bytes_add_text(&page->html, " · edited");
    if (post->in_reply_to) {
        bytes_add_text(&page->html,
                       " · <a class=\"u-in-reply-to\" rel=\"nofollow noopener\" href=\"");
        page_text(page, post->in_reply_to);
        bytes_add_text(&page->html, "\">answers this</a>");
    }
    bytes_add_text(&page->html, "</p>");
}

bool post_article(struct page *page, struct store_view *view, const struct message *message,
                  bool alone, struct err *err)
{
    scoped_value(post) post = {0};

    if (!bridge_post(page->web->parts.bridge, view, message, false, &post, err))
        return false;
    bytes_add_text(&page->html, "<article class=\"h-entry\"");
    if (!alone) /* alone, the page has its language */
        write_language(page, post.language);
    bytes_add_text(&page->html, ">\n");
    post_content(&page->html, &post);
    write_foot(page, &post, message);
    bytes_add_text(&page->html, "</article>\n");
    return true;
}

struct answers {
    struct page *page;
    struct store_view *view;
    struct err *err;
    int count;
    bool failed;
};

/* Another server's words: public ones alone come here, cleaned when they arrived. */
static bool add_answer(void *ctx, const struct message *message)
{
    struct answers *answers = ctx;
    struct page *page = answers->page;
    scoped_value(shown_answer) shown = {0};

    enum found found =
        bridge_answer(page->web->parts.bridge, answers->view, message, &shown, answers->err);
    answers->failed = found == FAILED;
    if (found != FOUND)
        return !answers->failed;
    if (answers->count++ == 0)
        bytes_add_text(&page->html, "<h2 lang=\"en\">Answers</h2>\n");
    bytes_add_text(&page->html, "<article class=\"h-cite\"");
    write_language(page, message->language);
    bytes_add_text(&page->html, "><p class=\"p-author\"><strong>");
    page_text(page, shown.name);
    bytes_add_text(&page->html, "</strong> <span class=\"quiet\">");
    page_text(page, shown.handle);
    bytes_add_text(&page->html, "</span></p>\n");
    open_fold(&page->html, shown.warning);
    bytes_add_text(&page->html, "<div class=\"e-content\">");
    bytes_add_text(&page->html, shown.html);
    bytes_add_text(&page->html, "</div>\n");
    close_fold(&page->html, shown.warning);
    bytes_add_text(&page->html, "<p class=\"quiet\" lang=\"en\">");
    page_time(page, message->published_ms);
    bytes_add_text(&page->html, "</p></article>\n");
    return true;
}

bool post_replies(struct page *page, struct store_view *view, int64_t message_id, struct err *err)
{
    struct answers answers = {.page = page, .view = view, .err = err};

    return store_replies(view, message_id, add_answer, &answers, err) && !answers.failed;
}
