/* /@alice.atom, /@alice.rss and /@alice.json: collected, written, and kept by readers until they change. */
#include "feed.h"

#include "digest.h"
#include "text.h"

#include <stdio.h>

struct form {
    const char *ending, *type;
    feed_writer *write;
};
static const struct form atom = {"atom", "application/atom+xml; charset=utf-8", feed_atom};
static const struct form rss = {"rss", "application/rss+xml; charset=utf-8", feed_rss};
static const struct form json = {"json", "application/feed+json", feed_json};

struct feed_turn {
    struct page page; /* html: the feed; or the page of what is not there */
    const struct form *form;
    char tag[2 * SHA256_LEN + 5]; /* as ETag has it, W/"…" */
};

struct gathering {
    struct bridge *bridge;
    struct store_view *view;
    struct err *err;
    struct feed *feed;
    size_t html;
    bool failed;
};

/* The text of an answer bears its thread's name, which is not its own. */
static char *title_of(const struct message *message, const struct post *post)
{
    if (post->warning)
        return must_print("CW: %s", post->warning);
    if (post->in_reply_to || message->wrapped || message->subject.len == 0)
        return NULL;
    return must_copy(bytes_slice(&message->subject));
}

static bool add_post(void *ctx, const struct message *message)
{
    struct gathering *gathering = ctx;
    struct feed *feed = gathering->feed;
    struct feed_post *it = &feed->posts[feed->count];
    struct post *post = &it->post;

    gathering->failed =
        !bridge_post(gathering->bridge, gathering->view, message, false, post, gathering->err);
    if (gathering->failed)
        return false;
    feed->count++;
    it->page = name_post_page(post->account_domain, post->account_name, post->ref);
    char *title = title_of(message, post);
    if (title)
        feed_post_name(it, title);
    int64_t changed_ms = post->updated_ms ? post->updated_ms : post->published_ms;
    if (feed->updated_ms < changed_ms)
        feed->updated_ms = changed_ms;
    gathering->html += strlen(post->html);
    return gathering->html < FEED_HTML_MAX;
}

static char *about(const struct account *account, const struct moved *moved)
{
    if (moved->actor_id)
        return must_print("Moved: now posts as %s", moved->handle);
    return account->summary ? must_dup(account->summary)
                            : must_print("Posts of @%s@%s", account->name, account->domain);
}

static bool gather(struct page *page, struct store_view *view, const struct account *account,
                   struct feed *feed, struct err *err)
{
    scoped_value(moved) moved = {0};
    struct bridge *bridge = page->web->parts.bridge;
    struct gathering gathering = {.bridge = bridge, .view = view, .err = err, .feed = feed};
    const char *ending = container_of(page, struct feed_turn, page)->form->ending;

    if (!bridge_moved_to(view, account, &moved, err))
        return false;
    feed->self = must_print("https://%s/@%s.%s", account->domain, account->name, ending);
    feed->page = name_profile_page(account->domain, account->name);
    feed->author_id = name_actor(account->domain, account->name);
    feed->author = must_dup(profile_name(account));
    feed->title = must_print("%s (@%s@%s)", feed->author, account->name, account->domain);
    feed->about = about(account, &moved);
    feed->language = must_dup(account->language);
    feed->updated_ms = account->created_ms;
    return profile_posts(view, account->id, 0, add_post, &gathering, err) && !gathering.failed;
}

static void make_tag(struct feed_turn *it)
{
    unsigned char digest[SHA256_LEN];
    scoped_value(bytes) hex = {0};

    sha256(bytes_slice(&it->page.html), digest);
    hex_add(&hex, (struct slice){(const char *)digest, sizeof digest});
    snprintf(it->tag, sizeof it->tag, "W/\"%.*s\"", SLICE_ARGS(bytes_slice(&hex)));
}

static bool write_feed(struct page *page, struct store_view *view, struct err *err)
{
    struct feed_turn *it = container_of(page, struct feed_turn, page);
    scoped_value(account) account = {0};
    scoped_value(feed) feed = {0};

    bytes_reset(&page->html);
    enum found found = profile_account(page, view, &account, err);
    if (found != FOUND)
        return found == ABSENT && page_absent(page);
    if (!gather(page, view, &account, &feed, err))
        return false;
    it->form->write(&feed, &page->html);
    make_tag(it);
    return true;
}

/* ---- the turn ---- */
static void feed_turn_free(struct errand *errand)
{
    struct feed_turn *it =
        container_of(container_of(errand, struct page, errand), struct feed_turn, page);

    page_clear(&it->page);
    free(it);
}

static enum next start(void *face, struct http_turn *turn, const struct form *form)
{
    struct feed_turn *it = must_new(struct feed_turn);

    page_init(&it->page, face, turn, write_feed);
    it->page.errand.free = feed_turn_free;
    it->form = form;
    turn->errand = &it->page.errand;
    return NEXT_WAIT;
}

enum next on_feed_atom(void *face, struct http_turn *turn)
{
    return start(face, turn, &atom);
}

enum next on_feed_rss(void *face, struct http_turn *turn)
{
    return start(face, turn, &rss);
}

enum next on_feed_json(void *face, struct http_turn *turn)
{
    return start(face, turn, &json);
}

static struct slice without_weakness(struct slice tag)
{
    return slice_starts(tag, SLICE("W/")) ? slice_from(tag, 2) : tag;
}

/* If-None-Match, RFC 9110 13.1.2.  Times are not compared: a post that was taken back makes no newer one. */
static bool is_known(const struct http_request *request, const char *tag)
{
    struct slice list = http_field(request, "If-None-Match", NULL);

    while (list.at) {
        struct slice known = slice_trim(slice_cut(&list, ','));
        if (slice_is(known, "*") ||
            slice_eq(without_weakness(known), without_weakness(slice_of(tag))))
            return true;
    }
    return false;
}

enum next feed_written(void *face, struct http_turn *turn, struct errand *back)
{
    struct page *page = container_of(back, struct page, errand);
    const struct feed_turn *it = container_of(page, struct feed_turn, page);
    struct http_response *response = turn->response;

    if (!back->ok || page->status != 200)
        return page_end_turn(face, turn, back);
    http_add_field(response, "ETag", it->tag);
    http_add_field(response, "Cache-Control", "public, max-age=60");
    http_add_field(response, "Access-Control-Allow-Origin", "*"); /* for readers that are pages */
    http_add_field(response, "Content-Security-Policy", "default-src 'none'; sandbox");
    http_add_field(response, "X-Content-Type-Options", "nosniff");
    http_add_field(response, "X-Robots-Tag", "noindex"); /* as the pages say of themselves */
    if (is_known(turn->request, it->tag))
        response->status = 304;
    else
        http_answer(response, 200, it->form->type, bytes_slice(&page->html));
    errand_free(back);
    return NEXT_READ;
}
