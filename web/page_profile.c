/* https://D/@alice */
#include "web_private.h"

enum { SHOWN = 1 << VISIBILITY_PUBLIC | 1 << VISIBILITY_UNLISTED };

struct list {
    struct page *page;
    struct store_view *view;
    struct err *err;
    int64_t last;
    int count;
    bool failed;
};

static bool add_post(void *ctx, const struct message *message)
{
    struct list *list = ctx;

    list->last = message->id;
    list->count++;
    list->failed = !post_article(list->page, list->view, message, false, list->err);
    return !list->failed;
}

const char *profile_name(const struct account *account)
{
    return account->display_name ? account->display_name : account->name;
}

static void write_follow(struct page *page, const struct account *account)
{
    struct bytes *html = &page->html;

    bytes_add_text(html,
                   "<p class=\"follow\" lang=\"en\">To follow from Mastodon or another Fediverse "
                   "server, search there for <code>@");
    page_text(page, account->name);
    bytes_add_text(html, "@");
    page_text(page, account->domain);
    bytes_add_text(html,
                   "</code>. To write a mail, use the same address without the first @.</p>\n");
    if (page->web->parts.config->follow != DOOR_CLOSED)
        list_form(page, account);
}

/* Instead of how to follow here: who wants to, wants to there. */
static void write_moved(struct page *page, const struct account *account, const struct moved *moved)
{
    struct bytes *html = &page->html;

    bytes_add_text(html, "<div class=\"follow\" lang=\"en\"><p><strong>");
    page_text(page, profile_name(account));
    bytes_add_text(html, " now posts as <a rel=\"me nofollow noopener noreferrer\" href=\"");
    page_text(page, moved->page);
    bytes_add_text(html, "\">");
    page_text(page, moved->handle);
    bytes_add_text(html, "</a></strong></p>\n<p>To follow from Mastodon or another Fediverse "
                         "server, search there for <code>");
    page_text(page, moved->handle);
    bytes_add_text(html, "</code>. Mail to ");
    page_text(page, account->name);
    bytes_add_text(html, "@");
    page_text(page, account->domain);
    bytes_add_text(html, " arrives as before.</p></div>\n");
}

static void write_head(struct page *page, const struct account *account, const struct moved *moved,
                       int64_t followers)
{
    struct bytes *html = &page->html;

    bytes_add_text(html, "<header class=\"h-card\"><h1 class=\"p-name\">");
    page_text(page, profile_name(account));
    bytes_add_text(html, "</h1>\n<p class=\"handle quiet\">@");
    page_text(page, account->name);
    bytes_add_text(html, "@");
    page_text(page, account->domain);
    bytes_print(html, " · %lld %s</p>\n", (long long)followers,
                followers == 1 ? "follower" : "followers");
    if (account->summary) {
        bytes_add_text(html, "<p class=\"p-note\">");
        page_text(page, account->summary);
        bytes_add_text(html, "</p>\n");
    }
    if (moved->actor_id)
        write_moved(page, account, moved);
    else
        write_follow(page, account);
    bytes_add_text(html, "</header>\n");
}

bool profile_posts(struct store_view *view, int64_t account_id, int64_t before,
                   bool (*each)(void *ctx, const struct message *), void *ctx, struct err *err)
{
    return store_messages_of(view, account_id, 1 << MESSAGE_SENT, SHOWN, before, POSTS_ON_A_PAGE,
                             each, ctx, err);
}

enum found profile_account(struct page *page, struct store_view *view, struct account *out,
                           struct err *err)
{
    if (!page->parts[0])
        return ABSENT;
    enum found found =
        store_account_named(view, slice_of(page->parts[0]), slice_of(page->domain), out, err);
    return found == FOUND && out->state != ACCOUNT_ACTIVE ? ABSENT : found;
}

static void write_feed_links(struct page *page, const struct account *account)
{
    static const char *const feeds[][2] = {
        {"atom", "Atom"     },
        {"rss",  "RSS"      },
        {"json", "JSON Feed"},
    };

    bytes_add_text(&page->html, "<p class=\"quiet\" lang=\"en\">For feed readers: ");
    for (size_t i = 0; i < COUNT_OF(feeds); i++) {
        bytes_print(&page->html, "%s<a href=\"/@", i ? " · " : "");
        page_text(page, account->name);
        bytes_print(&page->html, ".%s\">%s</a>", feeds[i][0], feeds[i][1]);
    }
    bytes_add_text(&page->html, "</p>\n");
}

static bool write_posts(struct page *page, struct store_view *view, const struct account *account,
                        struct err *err)
{
    struct list list = {.page = page, .view = view, .err = err};

    bytes_add_text(&page->html, "<main><h2 lang=\"en\">Posts</h2>\n");
    if (!profile_posts(view, account->id, page->before, add_post, &list, err) || list.failed)
        return false;
    if (list.count == 0)
        bytes_add_text(&page->html, "<p class=\"quiet\" lang=\"en\">Nothing yet.</p>\n");
    if (list.count == POSTS_ON_A_PAGE)
        bytes_print(
            &page->html,
            "<nav lang=\"en\"><a rel=\"next\" href=\"?before=%lld\">Older posts</a></nav>\n",
            (long long)list.last);
    write_feed_links(page, account);
    bytes_add_text(&page->html, "</main>\n");
    return true;
}

bool write_profile(struct page *page, struct store_view *view, struct err *err)
{
    scoped_value(account) account = {0};
    scoped_value(moved) moved = {0};
    int64_t followers = 0;
    int64_t subscribers = 0;
    int64_t following = 0;

    enum found found = profile_account(page, view, &account, err);
    if (found != FOUND)
        return found == ABSENT && page_absent(page);
    if (!store_follower_counts(view, account.person_id, &followers, &subscribers, &following,
                               err) ||
        !bridge_moved_to(view, &account, &moved, err))
        return false;
    page->activity_id = name_actor(account.domain, account.name);
    page->feeds_of = must_dup(account.name);
    scoped_text char *title =
        must_print("%s (@%s@%s)", profile_name(&account), account.name, account.domain);
    page_begin(page, title, account.language);
    write_head(page, &account, &moved, followers);
    if (!write_posts(page, view, &account, err))
        return false;
    page_end(page);
    return true;
}
