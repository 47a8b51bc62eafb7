/*
 * The one place where our errors become HTTP.
 */
#include "json.h"
#include "memory.h"
#include "wire.h"

#include <stdlib.h>

static void free_asking(void *asking)
{
    asking_clear(asking);
    free(asking);
}

enum next turn_send(struct http_turn *turn, struct ask *ask)
{
    struct asking *asking = must_new(struct asking);

    turn->state = asking;
    turn->free_state = free_asking;
    turn->errand = asking_begin(asking, ask);
    return NEXT_WAIT;
}

enum next turn_next(struct http_turn *turn, struct errand *back, struct ask **out_done)
{
    struct asking *asking = turn->state;

    turn->errand = asking_next(asking, back);
    if (turn->errand)
        return NEXT_WAIT;
    *out_done = asking->held;
    return NEXT_READ;
}

void answer_error(struct http_response *response, int status, const char *why)
{
    scoped_value(bytes) body = {0};
    struct json j = json_to(&body);

    json_open(&j, NULL);
    json_text(&j, "error", why);
    json_end(&j);
    http_answer(response, status, "application/json", bytes_slice(&body));
    if (status == 401)
        http_add_field(response, "WWW-Authenticate",
                       "Signature headers=\"(request-target) host date digest\"");
    if (status == 429 || status == 503)
        http_add_field(response, "Retry-After", "60");
}

static int status_of(enum err_kind kind)
{
    switch (kind) {
    case ERR_MALFORMED: return 400;
    case ERR_ABSENT: return 404;
    case ERR_REFUSED: return 403;
    case ERR_TOO_LARGE: return 413;
    case ERR_TEMPORARY:
    case ERR_FULL:
    case ERR_CONFLICT: return 503;
    }
    __builtin_unreachable();
}

void answer_err(struct http_response *response, const struct err *err)
{
    answer_error(response, status_of(err->kind), err->said);
}
