/* The post that a post quotes: by a link, never with its words (docs/reactions.md). */
#include "activity_work.h"

#include "memory.h"
#include "text.h"

void quoted_clear(struct quoted *quoted)
{
    free(quoted->uri);
    free(quoted->page);
    *quoted = (struct quoted){0};
}

bool quoted_find(struct store_view *view, const struct message *message, struct quoted *out,
                 struct err *err)
{
    scoped_value(message) post = {0};
    scoped_value(account) account = {0};
    enum found found =
        message->quoted_id ? store_message(view, message->quoted_id, &post, err) : ABSENT;

    if (found == FOUND && (post.state != MESSAGE_SENT || !visibility_is_open(post.visibility)))
        found = ABSENT;
    if (found != FOUND)
        return found != FAILED;
    if (post.account_id && store_account(view, post.account_id, &account, err) == FAILED)
        return false;
    if (post.activity_id)
        out->uri = must_dup(post.activity_id);
    else if (account.name)
        out->uri = name_post(account.domain, account.name, post.ref);
    out->page = must_dup(post.url ? post.url : out->uri);
    out->own = post.author_id == message->author_id;
    return true;
}

/* As Mastodon writes it: servers that show the quoted post take the line away by its class. */
void quoted_html(const char *page, struct bytes *out)
{
    bytes_add_text(out, "<p class=\"quote-inline\">RE: <a href=\"");
    html_escape_add(out, slice_of(page));
    bytes_add_text(out, "\" rel=\"nofollow noopener\">");
    html_escape_add(out, slice_of(page));
    bytes_add_text(out, "</a></p>");
}

void quoted_plain(const char *page, struct bytes *out)
{
    bytes_print(out, "%sRE: %s", out->len > 0 ? "\n\n" : "", page);
}
