/*
 * POST to an inbox: the request goes to the judge as it came, and is answered when what it says is recorded.
 */
#include "clock.h"
#include "log.h"
#include "memory.h"
#include "text.h"
#include "wire.h"

enum { POSTS_PER_MINUTE = 3000 };

static bool is_activity_type(struct slice type)
{
    struct slice name = slice_trim(slice_cut(&type, ';'));

    return slice_is_nocase(name, "application/activity+json") ||
           slice_is_nocase(name, "application/ld+json");
}

/* An IPv6 peer has a network of addresses to speak from. */
static struct slice who_floods(const struct peer *peer)
{
    struct slice text = slice_of(peer->text);
    size_t colons = 0;

    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == ':' && ++colons == 4)
            return slice_first(text, i);
    return text;
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

    if (request->peer && !is_proxy(request->peer) &&
        !flood_allows(&it->flood, who_floods(request->peer), POSTS_PER_MINUTE, monotonic_ms())) {
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
