/* What pages with words and buttons are made of; such a page tells what was done, or asks. */
#include "web_private.h"

void words_begin(struct page *page, const char *title)
{
    bytes_reset(&page->html); /* of a first run */
    page->status = 200;
    page_begin(page, title, "en");
    bytes_add_text(&page->html, "<header><h1>");
    page_text(page, title);
    bytes_add_text(&page->html, "</h1></header>\n<main>\n");
}

void words_end(struct page *page)
{
    bytes_add_text(&page->html, "</main>\n");
    page_end(page);
}

void words_say(struct page *page, const char *words)
{
    bytes_add_text(&page->html, "<p>");
    page_text(page, words);
    bytes_add_text(&page->html, "</p>\n");
}

static void open_form(struct page *page, const char *action, const char *kind)
{
    bytes_print(&page->html, "<form method=\"post\"%s", kind);
    if (action)
        bytes_print(&page->html, " action=\"%s\"", action);
    bytes_add_text(&page->html, ">");
    if (page->form_word[0])
        bytes_print(&page->html, "<input type=\"hidden\" name=\"form\" value=\"%s\">",
                    page->form_word);
}

void words_form(struct page *page, const char *action)
{
    open_form(page, action, "");
}

void words_file_form(struct page *page, const char *action)
{
    open_form(page, action, " enctype=\"multipart/form-data\"");
}

void words_button(struct page *page, const char *answer, const char *words, const char *kind)
{
    words_form(page, NULL);
    bytes_print(&page->html, "<button class=\"%s\" name=\"answer\" value=\"%s\">", kind, answer);
    page_text(page, words);
    bytes_add_text(&page->html, "</button></form>\n");
}

bool words_alone(struct page *page, int status, const char *title, const char *words)
{
    words_begin(page, title);
    page->status = status;
    words_say(page, words);
    words_end(page);
    return true;
}
