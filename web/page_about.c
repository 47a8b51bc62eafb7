/* The front page, and the page a stranger's mail server is referred to. */
#include "web_private.h"

bool write_front(struct page *page, struct store_view *view, struct err *err)
{
    (void)view, (void)err;
    page_begin(page, page->domain, "en");
    bytes_add_text(&page->html, "<header><h1>");
    page_text(page, page->domain);
    bytes_add_text(&page->html,
                   "</h1></header>\n<main><p>People here have one address for mail and for the "
                   "Fediverse. To follow somebody, search for their address, with an @ before it, "
                   "in Mastodon or any other Fediverse program; to write to them, send mail.</p>"
                   "</main>\n");
    page_end(page);
    return true;
}

bool write_first_mail(struct page *page, struct store_view *view, struct err *err)
{
    (void)view, (void)err;
    page_begin(page, "Your first mail to somebody here", "en");
    bytes_add_text(&page->html,
                   "<header><h1>Your first mail to somebody here</h1></header>\n"
                   "<main><p>People here may decide whom they take mail from. Until they have, "
                   "your mail waits at your own mail server, which tries again by itself. There is "
                   "nothing you need to do.</p>\n"
                   "<p>If they refuse, your server tells you, with their words if they wrote any. "
                   "If they do not answer, it gives up after some days and tells you that.</p>"
                   "</main>\n");
    page_end(page);
    return true;
}

bool write_hashtag(struct page *page, struct store_view *view, struct err *err)
{
    (void)view, (void)err;
    if (!page->parts[0])
        return page_absent(page);
    scoped_text char *title = must_print("#%s", page->parts[0]);
    page_begin(page, title, "en");
    bytes_add_text(&page->html, "<header><h1>");
    page_text(page, title);
    bytes_add_text(&page->html,
                   "</h1></header>\n<main><p>To see what people write about this, search for "
                   "the tag on your own Fediverse server: it knows more of them than "
                   "this small one.</p></main>\n");
    page_end(page);
    return true;
}
