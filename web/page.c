/* The frame of every page, and the words for what is not there. */
#include "web_private.h"

#include "text.h"

#include <stdio.h>
#include <time.h>

const char page_style[] =
    ":root{color-scheme:light dark;--ink:#1d1d1f;--paper:#fdfcf9;--quiet:#5c5c63;--line:#d9d5cc;"
    "--link:#0b5cad;--card:#fff}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#ececec;--paper:#17181a;--quiet:#a9abb2;"
    "--line:#3a3c42;--link:#8ab8f5;--card:#1f2024}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:1.0625rem/1.6 "
    "system-ui,sans-serif;overflow-wrap:anywhere}\n"
    "header,main,footer{max-width:40rem;margin:0 auto;padding:1rem 1.25rem}\n"
    "header{padding-top:2rem}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0}\n"
    "h2{font-size:1.15rem;margin:2rem 0 .5rem}\n"
    "a{color:var(--link);text-underline-offset:.15em}\n"
    "a:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}\n"
    ".quiet,footer{color:var(--quiet);font-size:.9375rem}\n"
    ".handle{margin:.25rem 0 1rem}\n"
    ".follow{background:var(--card);border:1px solid var(--line);border-radius:.5rem;"
    "padding:.75rem 1rem}\n"
    ".follow p{margin:.5rem 0 0}\n"
    ".follow p:first-child{margin-top:0}\n"
    ".follow code{font-size:1.0625rem;user-select:all}\n"
    "article{background:var(--card);border:1px solid var(--line);border-radius:.5rem;"
    "padding:1rem 1.25rem;margin:1rem 0}\n"
    "article p{margin:.5rem 0}\n"
    "article img{display:block;max-width:100%;height:auto;border-radius:.25rem;margin:.75rem 0 "
    ".25rem}\n"
    "img.face{float:right;width:4.5rem;height:4.5rem;object-fit:cover;border-radius:50%;"
    "margin:0 0 .5rem 1rem}\n"
    "dt{font-weight:600}\n"
    "dd{margin:0 0 .5rem}\n"
    "figure{margin:0}\n"
    "figcaption{color:var(--quiet);font-size:.9375rem}\n"
    "blockquote{margin:.5rem 0;padding-left:1rem;border-left:3px solid var(--line)}\n"
    "summary{cursor:pointer;font-weight:600;padding:.25rem 0}\n"
    "form{margin:1rem 0}\n"
    "label{display:block;font-weight:600}\n"
    "input,textarea,button{font:inherit;padding:.5rem .75rem;border:1px solid var(--quiet);"
    "border-radius:.375rem;margin:.25rem .25rem .25rem 0;max-width:100%}\n"
    "input,textarea{background:var(--paper);color:var(--ink);width:20rem}\n"
    "textarea{display:block;width:100%;box-sizing:border-box;font-family:monospace}\n"
    "button{background:var(--link);border-color:var(--link);color:var(--paper);"
    "font-weight:600;cursor:pointer}\n"
    "button.plain{background:none;color:var(--link)}\n"
    "input:focus-visible,textarea:focus-visible,button:focus-visible{outline:3px solid var(--link);"
    "outline-offset:2px}\n"
    "nav{margin:1.5rem 0}\n"
    ".row{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;margin:.5rem "
    "0}\n"
    ".row [aria-current]{color:var(--ink);font-weight:700;text-decoration:none}\n"
    ".people{list-style:none;padding:0}\n"
    "article h2,article h3{font-size:1.0625rem;margin:0}\n"
    "article form{margin:.5rem 0 0}\n"
    "hr{border:0;border-top:1px solid var(--line);margin:2rem 0 0}\n"
    ".qr{display:block;width:100%;max-width:20rem;height:auto;border-radius:.5rem}\n"
    ".button{display:inline-block;font-weight:600;text-decoration:none;padding:.5rem .75rem;"
    "border-radius:.375rem;background:var(--link);color:var(--paper)}\n"
    "footer{border-top:1px solid var(--line);margin-top:2rem}\n";

void page_text(struct page *page, const char *text)
{
    html_escape_add(&page->html, slice_of(text));
}

/* By these a feed reader finds the feeds that is given the profile's address. */
static void write_feed_links(struct page *page)
{
    static const char *const feeds[][3] = {
        {"atom", "application/atom+xml",  "Atom"     },
        {"rss",  "application/rss+xml",   "RSS"      },
        {"json", "application/feed+json", "JSON Feed"},
    };

    for (size_t i = 0; i < COUNT_OF(feeds); i++) {
        bytes_print(&page->html, "<link rel=\"alternate\" type=\"%s\" title=\"%s\" href=\"/@",
                    feeds[i][1], feeds[i][2]);
        page_text(page, page->feeds_of);
        bytes_print(&page->html, ".%s\">\n", feeds[i][0]);
    }
}

void page_begin(struct page *page, const char *title, const char *language)
{
    struct bytes *html = &page->html;

    bytes_add_text(html, "<!doctype html>\n<html lang=\"");
    page_text(page, language ? language : "en");
    bytes_add_text(html, "\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
    page_text(page, title);
    bytes_add_text(html, "</title>\n<meta name=\"viewport\" content=\"width=device-width\">\n"
                         "<meta name=\"robots\" content=\"noindex\">\n");
    if (page->quiet) {
        bytes_add_text(html, "<meta name=\"referrer\" content=\"no-referrer\">\n<style>");
        bytes_add_text(html, page_style);
        bytes_add_text(html, "</style>\n");
    } else {
        bytes_add_text(html, "<link rel=\"stylesheet\" href=\"/style.css\">\n");
    }
    if (page->activity_id) {
        bytes_add_text(html, "<link rel=\"alternate\" type=\"application/activity+json\" href=\"");
        page_text(page, page->activity_id);
        bytes_add_text(html, "\">\n");
    }
    if (page->feeds_of)
        write_feed_links(page);
    bytes_add_text(html, "</head>\n<body>\n");
}

void page_end(struct page *page)
{
    bytes_add_text(&page->html, "<footer lang=\"en\"><p>This is ");
    page_text(page, page->domain);
    bytes_add_text(&page->html, ", run with Nestbox: a mail address that can be followed from "
                                "the Fediverse.</p></footer>\n</body>\n</html>\n");
}

static bool page_of_words(struct page *page, int status, const char *title, const char *words)
{
    bytes_reset(&page->html);
    page->status = status;
    page_begin(page, title, "en");
    bytes_print(&page->html, "<header><h1>%s</h1></header>\n<main><p>%s</p></main>\n", title,
                words);
    page_end(page);
    return true;
}

bool page_absent(struct page *page)
{
    return page_of_words(
        page, 404, "There is nothing here",
        "Perhaps the address was mistyped, or what was here is not for everybody.");
}

bool page_gone(struct page *page)
{
    return page_of_words(page, 410, "This post was deleted", "Its author took it back.");
}

void page_time(struct page *page, int64_t ms)
{
    char machine[DATE_TEXT_SIZE];
    char human[64];
    struct tm tm;
    time_t seconds = (time_t)(ms / SECOND_MS);

    date_rfc3339(ms, machine);
    gmtime_r(&seconds, &tm);
    strftime(human, sizeof human, "%-d %b %Y, %H:%M UTC", &tm);
    bytes_print(&page->html, "<time class=\"dt-published\" datetime=\"%s\">%s</time>", machine,
                human);
}
