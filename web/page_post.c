/* https://D/@alice/REF, and where the ids of actors and posts lead a browser. */
#include "web_private.h"

static bool is_for_everybody(const struct message *message)
{
    return message->visibility == VISIBILITY_PUBLIC || message->visibility == VISIBILITY_UNLISTED;
}

/* The post REF of the account named, if everybody may see it. */
static enum found find_post(struct page *page, struct store_view *view, struct account *account,
                            struct message *message, struct err *err)
{
    if (!page->parts[0] || !page->parts[1])
        return ABSENT;
    enum found found =
        store_account_named(view, slice_of(page->parts[0]), slice_of(page->domain), account, err);
    if (found != FOUND)
        return found;
    found = store_message_by_ref(view, slice_of(page->parts[1]), message, err);
    if (found != FOUND)
        return found;
    bool shown = message->account_id == account->id && is_for_everybody(message) &&
                 (message->state == MESSAGE_SENT || message->state == MESSAGE_WITHDRAWN);
    return shown ? FOUND : ABSENT;
}

bool write_post(struct page *page, struct store_view *view, struct err *err)
{
    scoped_value(account) account = {0};
    scoped_value(message) message = {0};

    enum found found = find_post(page, view, &account, &message, err);
    if (found == FAILED)
        return false;
    if (found == ABSENT || account.state != ACCOUNT_ACTIVE)
        return page_absent(page);
    if (message.state == MESSAGE_WITHDRAWN)
        return page_gone(page);
    page->activity_id = must_dup(message.activity_id);
    const char *name = account.display_name ? account.display_name : account.name;
    scoped_text char *title = must_print("%s on %s", name, account.domain);
    page_begin(page, title, message.language ? message.language : account.language);
    bytes_add_text(&page->html, "<header><h1><a href=\"/@");
    page_text(page, account.name);
    bytes_add_text(&page->html, "\">");
    page_text(page, name);
    bytes_add_text(&page->html, "</a></h1>\n<p class=\"handle quiet\">@");
    page_text(page, account.name);
    bytes_add_text(&page->html, "@");
    page_text(page, account.domain);
    bytes_add_text(&page->html, "</p></header>\n<main>\n");
    if (!post_article(page, view, &message, true, err) ||
        !post_replies(page, view, message.id, err))
        return false;
    bytes_add_text(&page->html, "</main>\n");
    page_end(page);
    return true;
}

bool redirect_actor(struct page *page, struct store_view *view, struct err *err)
{
    scoped_value(account) account = {0};

    if (!page->parts[0])
        return page_absent(page);
    enum found found =
        store_account_named(view, slice_of(page->parts[0]), slice_of(page->domain), &account, err);
    if (found == FOUND)
        page->location = name_profile_page(account.domain, account.name);
    return found == FAILED ? false : found == FOUND || page_absent(page);
}

bool redirect_post(struct page *page, struct store_view *view, struct err *err)
{
    scoped_value(account) account = {0};
    scoped_value(message) message = {0};

    enum found found = find_post(page, view, &account, &message, err);
    if (found == FOUND)
        page->location = name_post_page(account.domain, account.name, message.ref);
    return found == FAILED ? false : found == FOUND || page_absent(page);
}
