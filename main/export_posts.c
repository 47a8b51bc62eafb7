/* What an account published, as Mastodon's archives have it: actor.json, outbox.json and the pictures. */
#include "export.h"
#include "json_write.h"
#include "memory.h"
#include "names.h"
#include "store_message.h"

enum { PAGE = 10, REACTIONS_PAGE = 500 };
#define VISIBILITIES                                                                               \
    (1U << VISIBILITY_PUBLIC | 1U << VISIBILITY_UNLISTED | 1U << VISIBILITY_FOLLOWERS |            \
     1U << VISIBILITY_DIRECT)

struct picture {
    int64_t body_id;
    char *name;
};
struct posts {
    struct export *it;
    struct store_view *view; /* of the page */
    struct json json;
    struct bytes text; /* of outbox.json, what was not put yet */
    int64_t last;
    int on_page;
    struct picture *pictures; /* of the page */
    size_t picture_count, picture_capacity;
    struct err *err;
    bool failed;
};

static void posts_clear_page(struct posts *posts)
{
    for (size_t i = 0; i < posts->picture_count; i++)
        free(posts->pictures[i].name);
    posts->picture_count = 0;
    posts->on_page = 0;
    bytes_reset(&posts->text);
}

/* https://D/media/TOKEN.jpg: the file beside */
static char *picture_name(const char *url)
{
    const char *last = strrchr(url, '/');

    return must_print("media_attachments/%s", last ? last + 1 : url);
}

static bool add_picture(void *ctx, const struct attachment *attachment)
{
    struct posts *posts = ctx;

    if (!attachment->token || !attachment->type || !attachment->body_id)
        return true;
    scoped_text char *url =
        name_picture(posts->it->account.domain, attachment->token, attachment->type);
    must_make_room(posts->pictures, posts->picture_count, posts->picture_capacity);
    posts->pictures[posts->picture_count++] =
        (struct picture){.body_id = attachment->body_id, .name = picture_name(url)};
    return true;
}

static bool add_post(void *ctx, const struct message *message)
{
    struct posts *posts = ctx;
    scoped_value(post) post = {0};

    posts->last = message->id;
    posts->on_page++;
    posts->failed = !bridge_post(posts->it->command->house->bridge, posts->view, message, false,
                                 &post, posts->err) ||
                    !store_attachments(posts->view, message->id, add_picture, posts, posts->err);
    if (posts->failed)
        return false;
    for (size_t i = 0; i < post.picture_count; i++) {
        char *file = picture_name(post.pictures[i].url);
        free(post.pictures[i].url);
        post.pictures[i].url = file;
    }
    json_create_item(&posts->json, &post, true);
    posts->it->posts++;
    return true;
}

static bool look(struct posts *posts, struct err *err)
{
    struct export *it = posts->it;
    scoped(store_view) view = store_look(it->command->house->store, err);

    posts->view = view;
    return view &&
           store_messages_of(view, it->account.id, 1U << MESSAGE_SENT, VISIBILITIES, posts->last,
                             PAGE, add_post, posts, err) &&
           !posts->failed;
}

static bool put_page(struct posts *posts, struct err *err)
{
    struct export *it = posts->it;

    if (!export_put(it, "outbox.json", 0, bytes_slice(&posts->text), err))
        return false;
    for (size_t i = 0; i < posts->picture_count; i++) {
        const struct picture *picture = &posts->pictures[i];
        if (export_body(it, picture->name, 0, picture->body_id, EXPORT_AS_IS, err) == EXPORT_FAILED)
            return false;
    }
    return true;
}

static bool put_pages(struct posts *posts, struct err *err)
{
    bool more = true;

    while (more) {
        if (!look(posts, err) || !put_page(posts, err))
            return false;
        more = posts->on_page == PAGE;
        posts_clear_page(posts);
    }
    return true;
}

/* ---- likes and boosts ---- */
static bool add_boost(void *ctx, const struct shown_reaction *shown)
{
    struct posts *posts = ctx;
    const struct account *account = &posts->it->account;
    scoped_text char *actor = name_actor(account->domain, account->name);
    scoped_text char *followers = name_actor_part(account->domain, account->name, "followers");
    const struct reaction_words words = {
        .boost = true,
        .id = shown->activity_id,
        .actor = actor,
        .object = shown->object,
        .author = shown->author,
        .followers = followers,
        .at_ms = shown->at_ms,
    };

    posts->last = shown->id;
    posts->on_page++;
    if (shown->object)
        json_reaction_item(&posts->json, &words);
    return true;
}

static bool add_like(void *ctx, const struct shown_reaction *shown)
{
    struct posts *posts = ctx;

    posts->last = shown->id;
    posts->on_page++;
    if (shown->object)
        json_text(&posts->json, NULL, shown->object);
    return true;
}

static bool put_reactions(struct posts *posts, enum reaction kind, const char *file,
                          bool (*each)(void *ctx, const struct shown_reaction *), struct err *err)
{
    bool more = true;

    posts->last = 0;
    while (more) {
        scoped(store_view) view = store_look(posts->it->command->house->store, err);
        if (!view || !bridge_reactions(view, &posts->it->account, kind, posts->last, REACTIONS_PAGE,
                                       each, posts, err))
            return false;
        store_view_free(steal(&view));
        if (!export_put(posts->it, file, 0, bytes_slice(&posts->text), err))
            return false;
        more = posts->on_page == REACTIONS_PAGE;
        posts_clear_page(posts);
    }
    return true;
}

/* As Mastodon writes it: the posts that are liked. */
static bool put_likes(struct posts *posts, struct err *err)
{
    struct json *j = &posts->json;

    *j = json_to(&posts->text);
    json_open(j, NULL);
    json_text(j, "@context", "https://www.w3.org/ns/activitystreams");
    json_text(j, "id", "likes.json");
    json_text(j, "type", "OrderedCollection");
    json_array(j, "orderedItems");
    if (!put_reactions(posts, REACTION_LIKE, "likes.json", add_like, err))
        return false;
    json_end(j);
    json_end(j);
    bytes_add_char(&posts->text, '\n');
    bool done = export_put(posts->it, "likes.json", 0, bytes_slice(&posts->text), err);
    posts_clear_page(posts);
    return done;
}

static bool put_outbox(struct posts *posts, int64_t total, struct err *err)
{
    struct json *j = &posts->json;

    json_open(j, NULL);
    json_context_note(j);
    json_text(j, "id", "outbox.json");
    json_text(j, "type", "OrderedCollection");
    json_number(j, "totalItems", total);
    json_array(j, "orderedItems");
    if (!put_pages(posts, err) ||
        !put_reactions(posts, REACTION_BOOST, "outbox.json", add_boost, err))
        return false;
    json_end(j);
    json_end(j);
    bytes_add_char(&posts->text, '\n');
    bool done = export_put(posts->it, "outbox.json", 0, bytes_slice(&posts->text), err);
    posts_clear_page(posts);
    return done;
}

/* ---- the profile ---- */
static bool read_actor(struct export *it, struct bytes *out, int64_t *out_total, struct err *err)
{
    const struct config *config = it->command->house->config;
    scoped(store_view) view = store_look(it->command->house->store, err);
    scoped_value(aliases) aliases = {.count = 0};
    scoped_value(moved) moved = {0};
    int64_t boosts;

    if (!view || !store_aliases(view, it->account.id, &aliases, err) ||
        !bridge_moved_to(view, &it->account, &moved, err) ||
        !store_message_count(view, it->account.id, 1U << MESSAGE_SENT, VISIBILITIES, out_total,
                             err) ||
        !store_own_reaction_count(view, it->account.person_id, REACTION_BOOST, &boosts, err))
        return false;
    *out_total += boosts;
    const struct actor_words words = {&it->account, config->follow != DOOR_OPEN, &aliases,
                                      moved.actor_id};
    json_actor(&words, out);
    return true;
}

bool export_posts(struct export *it, struct err *err)
{
    struct posts posts = {.it = it, .err = err};
    scoped_value(bytes) actor = {0};
    int64_t total;

    posts.json = json_to(&posts.text);
    bool done = read_actor(it, &actor, &total, err) &&
                export_put(it, "actor.json", 0, bytes_slice(&actor), err) &&
                put_outbox(&posts, total, err) && put_likes(&posts, err);
    posts_clear_page(&posts);
    free(posts.pictures);
    bytes_clear(&posts.text);
    return done;
}
