/*
 * The routes of this face, and its documents (GET).
 */
#include "memory.h"
#include "request_copy.h"
#include "signature.h"
#include "wire.h"

/* 0: none, or no number. */
static int64_t number_in(const struct http_request *request, const char *name)
{
    scoped_text char *text = request->query.at ? http_form_value(request->query, name) : NULL;
    int64_t number;

    return text && slice_to_number(slice_of(text), INT64_MAX, &number) ? number : 0;
}

static enum next show(struct activitypub *it, struct http_turn *turn, enum shown what)
{
    const struct http_request *request = turn->request;
    struct show_ask *ask = show_ask_new(&it->parts.duties, what);

    ask->host = must_copy(request->host);
    ask->user = turn->parts[0].at ? must_copy(turn->parts[0]) : NULL;
    ask->ref = turn->parts[1].at ? must_copy(turn->parts[1]) : NULL;
    if (what == SHOW_WEBFINGER && request->query.at)
        ask->resource = http_form_value(request->query, "resource");
    if ((what == SHOW_POST || what == SHOW_POST_ACTIVITY) && signature_is_there(request)) {
        ask->request = request_copy(request);
        ask->ask.errand.lane = LANE_HEAVY;
    }
    scoped_text char *page = request->query.at ? http_form_value(request->query, "page") : NULL;
    ask->page = page != NULL;
    ask->before = number_in(request, "before");
    ask->boosts_before = number_in(request, "boosts_before");
    return turn_send(turn, &ask->ask);
}

static bool is_negotiated(enum shown what)
{
    return what == SHOW_ACTOR || what == SHOW_POST;
}

static void answer_shown(struct http_response *response, const struct show_ask *ask)
{
    if (ask->status >= 400 && ask->body.len == 0)
        answer_error(response, ask->status, ask->why);
    else
        http_answer(response, ask->status, ask->type, bytes_slice(&ask->body));
    if (ask->for_signer)
        http_add_field(response, "Vary", "Accept, Signature");
    else if (is_negotiated(ask->what))
        http_add_field(response, "Vary", "Accept");
    http_add_field(response, "Access-Control-Allow-Origin", "*");
    if (ask->status == 200 && !ask->for_signer)
        http_add_field(response, "Cache-Control",
                       ask->what <= SHOW_NODEINFO_2_1 ? "public, max-age=3600"
                                                      : "public, max-age=60");
    else
        http_add_field(response, "Cache-Control", "no-store");
}

static enum next show_resume(void *face, struct http_turn *turn, struct errand *back)
{
    struct ask *done = NULL;

    (void)face;
    if (turn_next(turn, back, &done) == NEXT_WAIT)
        return NEXT_WAIT;
    if (done->errand.ok)
        answer_shown(turn->response, container_of(done, struct show_ask, ask));
    else
        answer_err(turn->response, &done->errand.err);
    return NEXT_READ;
}

#define SHOWS(name, what)                                                                          \
    static enum next name(void *face, struct http_turn *turn)                                      \
    {                                                                                              \
        return show(face, turn, what);                                                             \
    }
SHOWS(webfinger, SHOW_WEBFINGER)
SHOWS(host_meta, SHOW_HOST_META)
SHOWS(host_meta_json, SHOW_HOST_META_JSON)
SHOWS(nodeinfo, SHOW_NODEINFO)
SHOWS(nodeinfo_2_0, SHOW_NODEINFO_2_0)
SHOWS(nodeinfo_2_1, SHOW_NODEINFO_2_1)
SHOWS(instance_actor, SHOW_INSTANCE_ACTOR)
SHOWS(instance_outbox, SHOW_INSTANCE_OUTBOX)
SHOWS(actor, SHOW_ACTOR)
SHOWS(outbox, SHOW_OUTBOX)
SHOWS(followers, SHOW_FOLLOWERS)
SHOWS(following, SHOW_FOLLOWING)
SHOWS(featured, SHOW_FEATURED)
SHOWS(post, SHOW_POST)
SHOWS(post_activity, SHOW_POST_ACTIVITY)
SHOWS(replies, SHOW_REPLIES)

#define DOCUMENT(path, accept, begin)                                                              \
    {                                                                                              \
        "GET", path, accept, begin, show_resume, NULL                                              \
    }
static const struct http_route routes[] = {
    DOCUMENT("/.well-known/webfinger", ACCEPT_ANY, webfinger),
    DOCUMENT("/.well-known/host-meta", ACCEPT_ANY, host_meta),
    DOCUMENT("/.well-known/host-meta.json", ACCEPT_ANY, host_meta_json),
    DOCUMENT("/.well-known/nodeinfo", ACCEPT_ANY, nodeinfo),
    DOCUMENT("/nodeinfo/2.0", ACCEPT_ANY, nodeinfo_2_0),
    DOCUMENT("/nodeinfo/2.1", ACCEPT_ANY, nodeinfo_2_1),
    DOCUMENT("/actor", ACCEPT_ANY, instance_actor),
    DOCUMENT("/actor/outbox", ACCEPT_ANY, instance_outbox),
    DOCUMENT("/users/{}", ACCEPT_ACTIVITY, actor),
    DOCUMENT("/users/{}/outbox", ACCEPT_ANY, outbox),
    DOCUMENT("/users/{}/followers", ACCEPT_ANY, followers),
    DOCUMENT("/users/{}/following", ACCEPT_ANY, following),
    DOCUMENT("/users/{}/featured", ACCEPT_ANY, featured),
    DOCUMENT("/users/{}/posts/{}", ACCEPT_ACTIVITY, post),
    DOCUMENT("/users/{}/posts/{}/activity", ACCEPT_ANY, post_activity),
    DOCUMENT("/users/{}/posts/{}/replies", ACCEPT_ANY, replies),
    {"POST", "/inbox",          ACCEPT_ANY, inbox_begin, inbox_resume, NULL},
    {"POST", "/users/{}/inbox", ACCEPT_ANY, inbox_begin, inbox_resume, NULL},
};

struct http_face activitypub_face(struct activitypub *it)
{
    return (struct http_face){.routes = routes, .count = COUNT_OF(routes), .face = it};
}
