/*
 * POST to an inbox: the request goes to the judge as it came, and is answered when what it says is recorded.
 */
#include "clock.h"
#include "log.h"
#include "memory.h"
#include "text.h"
#include "wire.h"

static bool is_activity_type(struct slice type)
{
    struct slice name = slice_trim(slice_cut(&type, ';'));

    return slice_is_nocase(name, "application/activity+json") ||
           slice_is_nocase(name, "application/ld+json");
}

static bool floods(struct activitypub *it, const struct peer *peer)
{
    uint64_t block = rate_key_of_block(&peer->address);

    if (rate_level(it->posts, block, monotonic_ms()) >= POSTS_PER_MINUTE)
        return true;
    rate_add(it->posts, block, 1, monotonic_ms());
    return false;
}

/* What speaks from this machine brings the requests of others. */
static bool is_proxy(const struct peer *peer)
{
    struct slice text = slice_of(peer->text);

    return slice_starts(text, SLICE("127.")) || slice_is(text, "::1");
}

enum next inbox_begin(void *face, struct http_turn *turn)
{
    struct activitypub *it = face;
    const struct http_request *request = turn->request;

    if (request->peer && !is_proxy(request->peer) && floods(it, request->peer)) {
        answer_error(turn->response, 429, "Too many requests; slow down");
        return NEXT_READ;
    }
    if (!is_activity_type(http_field(request, "Content-Type", NULL))) {
        answer_error(turn->response, 415, "An inbox takes application/activity+json");
        return NEXT_READ;
    }
    struct inbox_ask *inbox = inbox_ask_new(&it->parts.duties, request);
    inbox->user = turn->parts[0].at ? must_copy(turn->parts[0]) : NULL;
    return turn_send(turn, &inbox->ask);
}

enum next inbox_resume(void *face, struct http_turn *turn, struct errand *back)
{
    struct ask *done = NULL;

    (void)face;
    if (turn_next(turn, back, &done) == NEXT_WAIT)
        return NEXT_WAIT;
    const struct inbox_ask *inbox = container_of(done, struct inbox_ask, ask);
    if (!done->errand.ok) {
        log_warn("inbox: an activity could not be recorded: %s (%s)", done->errand.err.said,
                 done->errand.err.cause);
        answer_err(turn->response, &done->errand.err);
    } else if (inbox->status >= 400) {
        answer_error(turn->response, inbox->status, inbox->why);
    } else {
        http_answer(turn->response, inbox->status, NULL, SLICE(""));
    }
    return NEXT_READ;
}
