/*
 * A message of somebody here as plain values, which activitypub writes as JSON and web as a page.
 *
 * The audience is spelt out as Mastodon reads it (docs: facts of visibility): followers-only needs the followers
 * in `to`, else it would count as direct.
 */
#include "activity_work.h"

#include "memory.h"
#include "text.h"

struct posting {
    struct bridge *bridge;
    struct store_view *view;
    const struct message *message;
    struct post *out;
    int64_t *people;
    bool *mentioned;
    size_t count, capacity, flag_capacity, flag_count;
    size_t picture_capacity, hashtag_capacity;
};

static void add_text(char ***list, size_t *count, const char *text)
{
    *list = must_grow(*list, *count + 1, sizeof **list);
    (*list)[(*count)++] = must_dup(text);
}

/* ---- who gets it ---- */
static void spell_audience(struct post *post)
{
    switch (post->visibility) {
    case VISIBILITY_PUBLIC:
        add_text(&post->to, &post->to_count, ACTIVITY_PUBLIC);
        add_text(&post->cc, &post->cc_count, post->followers_url);
        return;
    case VISIBILITY_UNLISTED:
        add_text(&post->to, &post->to_count, post->followers_url);
        add_text(&post->cc, &post->cc_count, ACTIVITY_PUBLIC);
        return;
    case VISIBILITY_FOLLOWERS: add_text(&post->to, &post->to_count, post->followers_url); return;
    case VISIBILITY_DIRECT:
    case VISIBILITY_MAIL: return;
    }
}

static bool collect(void *ctx, const struct audience *audience)
{
    struct posting *posting = ctx;

    if (posting->count == PEOPLE_MAX)
        return false;
    must_make_room(posting->people, posting->count, posting->capacity);
    posting->people[posting->count++] = audience->person_id;
    must_make_room(posting->mentioned, posting->flag_count, posting->flag_capacity);
    posting->mentioned[posting->flag_count++] = audience->mentioned;
    return true;
}

static char *actor_of(const struct person *person)
{
    if (person->kind == PERSON_LOCAL)
        return name_actor(person->host, person->user);
    return must_dup(person->actor_id);
}

/* Everybody addressed stands in the tags too: who does not would not be told (facts 4.4). */
static void add_person(struct post *post, const struct person *person, bool mentioned)
{
    bool direct = post->visibility == VISIBILITY_DIRECT;
    scoped_text char *actor = actor_of(person);

    if (!actor || !person->user || !person->host)
        return;
    if (direct)
        add_text(&post->to, &post->to_count, actor);
    else
        add_text(&post->cc, &post->cc_count, actor);
    if (!direct && !mentioned)
        return;
    post->mentions = must_grow(post->mentions, post->mention_count + 1, sizeof *post->mentions);
    struct post_mention *mention = &post->mentions[post->mention_count++];
    *mention = (struct post_mention){.handle = person_handle(person)};
    mention->page = person->kind == PERSON_LOCAL ? name_profile_page(person->host, person->user)
                                                 : must_dup(person->url ? person->url : actor);
    mention->actor_id = steal(&actor);
}

static bool add_audience(struct posting *posting, struct err *err)
{
    spell_audience(posting->out);
    if (!store_audience(posting->view, posting->message->id, collect, posting, err))
        return false;
    for (size_t i = 0; i < posting->count; i++) {
        scoped_value(person) person = {0};
        enum found found = store_person(posting->view, posting->people[i], &person, err);
        if (found == FAILED)
            return false;
        if (found == FOUND)
            add_person(posting->out, &person, posting->mentioned[i]);
    }
    return true;
}

/* ---- what hangs on it ---- */
static bool add_picture(void *ctx, const struct attachment *attachment)
{
    struct posting *posting = ctx;
    struct post *post = posting->out;

    if (!attachment->token || !attachment->type)
        return true;
    must_make_room(post->pictures, post->picture_count, posting->picture_capacity);
    post->pictures[post->picture_count++] = (struct post_picture){
        .type = must_dup(attachment->type),
        .url = name_picture(post->account_domain, attachment->token, attachment->type),
        .alt = must_dup(attachment->alt),
        .width = attachment->width,
        .height = attachment->height,
        .size = attachment->size,
    };
    return true;
}

static bool add_hashtag(void *ctx, const char *tag)
{
    struct posting *posting = ctx;
    struct post *post = posting->out;

    must_make_room(post->hashtags, post->hashtag_count, posting->hashtag_capacity);
    post->hashtags[post->hashtag_count++] = must_dup(tag);
    return true;
}

/* ---- its words ---- */
static void add_html(struct post *post, struct bytes *html, bool for_peers)
{
    struct bytes cut = {0};

    if (!for_peers || !html_cut(bytes_slice(html), POST_HTML_MAX, &cut)) {
        post->html = bytes_take(html);
        return;
    }
    const char *page = post->url ? post->url : post->id;
    bytes_add_text(&cut, "<p>… continues: <a href=\"");
    html_escape_add(&cut, slice_of(page));
    bytes_add_text(&cut, "\" rel=\"nofollow noopener\">");
    html_escape_add(&cut, slice_of(page));
    bytes_add_text(&cut, "</a></p>");
    post->html = bytes_take(&cut);
}

/* The four texts as a message of their own, so that the caller's stays as it is. */
static bool add_words(struct bridge *bridge, const struct message *message, bool for_peers,
                      struct post *post, struct err *err)
{
    scoped_value(message) words = {.wrapped = message->wrapped};

    bytes_add(&words.html, bytes_slice(&message->html));
    bytes_add(&words.plain, bytes_slice(&message->plain));
    bytes_add(&words.warning, bytes_slice(&message->warning));
    if (!message_unwrap(bridge, &words, err))
        return false;
    add_html(post, &words.html, for_peers);
    post->plain = bytes_take(&words.plain);
    if (words.warning.len > 0)
        post->warning = bytes_take(&words.warning);
    return true;
}

/* Behind the words, however they were cut. */
static bool add_quoted(struct posting *posting, struct err *err)
{
    struct post *post = posting->out;
    scoped_value(quoted) quoted = {0};
    scoped_value(bytes) html = {0}, plain = {0};

    if (!quoted_find(posting->view, posting->message, &quoted, err))
        return false;
    if (!quoted.uri)
        return true;
    bytes_add_text(&html, post->html);
    quoted_html(quoted.page, &html);
    bytes_add(&plain, slice_trim(slice_of(post->plain)));
    quoted_plain(quoted.page, &plain);
    free(post->html);
    free(post->plain);
    post->html = bytes_take(&html);
    post->plain = bytes_take(&plain);
    post->quote = steal(&quoted.uri);
    post->quotes_own = quoted.own;
    return true;
}

static void add_names(const struct account *account, const struct message *message,
                      struct post *post)
{
    post->message_id = message->id;
    post->visibility = message->visibility;
    post->state = message->state;
    post->version = message->version;
    post->account_name = must_dup(account->name);
    post->account_domain = must_dup(account->domain);
    post->ref = must_dup(message->ref);
    post->id = message->activity_id ? must_dup(message->activity_id)
                                    : name_post(account->domain, account->name, message->ref);
    post->url = must_dup(message->url);
    post->author_id = account_actor(account);
    post->followers_url = name_actor_part(account->domain, account->name, "followers");
    post->language = must_dup(message->language);
    post->in_reply_to = must_dup(message->parent_uri);
    post->conversation = must_dup(message->conversation);
    post->sensitive = message->sensitive;
    post->published_ms = message->published_ms;
    post->updated_ms = message->updated_ms;
}

static bool fill(struct posting *posting, bool for_peers, struct err *err)
{
    const struct message *message = posting->message;

    return add_words(posting->bridge, message, for_peers, posting->out, err) &&
           add_quoted(posting, err) && add_audience(posting, err) &&
           store_attachments(posting->view, message->id, add_picture, posting, err) &&
           store_hashtags(posting->view, message->id, add_hashtag, posting, err);
}

bool bridge_post(struct bridge *bridge, struct store_view *view, const struct message *message,
                 bool for_peers, struct post *out, struct err *err)
{
    scoped_value(account) account = {0};
    scoped_value(post) post = {0};
    struct posting posting = {.bridge = bridge, .view = view, .message = message, .out = &post};

    switch (store_account(view, message->account_id, &account, err)) {
    case FAILED: return false;
    case ABSENT: return err_set(err, ERR_ABSENT, "This post is nobody's here");
    case FOUND: break;
    }
    add_names(&account, message, &post);
    bool ok = fill(&posting, for_peers, err);
    free(posting.people);
    free(posting.mentioned);
    if (!ok)
        return false;
    *out = post;
    post = (struct post){0};
    return true;
}
