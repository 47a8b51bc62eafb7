#include "acme_talk.h"

#include "clock.h"
#include "memory.h"
#include "text.h"

enum {
    NONCES_REFUSED_MAX = 20, /* of one request */
    NONCE_MAX = 256,
    STUMBLES_MAX = 3, /* in all: no answer, or 5xx */
    STUMBLE_MS = 5 * SECOND_MS,
};

static void set_text(char **place, const char *text)
{
    char *copy = must_dup(text);

    free(*place);
    *place = copy;
}

void acme_request_clear(struct acme_request *request)
{
    free(request->url);
    bytes_clear(&request->body);
    *request = (struct acme_request){0};
}

void acme_talk_clear(struct acme_talk *talk)
{
    free(talk->new_nonce);
    free(talk->account);
    free(talk->nonce);
    free(talk->url);
    bytes_clear(&talk->payload);
}

/* The request that is due, behind one for a nonce if there is none. */
void acme_talk_repeat(struct acme_talk *talk, int64_t wait_ms, struct acme_request *out)
{
    *out = (struct acme_request){.wait_ms = wait_ms};
    talk->asks_nonce = !talk->plain && !talk->nonce;
    out->url = must_dup(talk->asks_nonce ? talk->new_nonce : talk->url);
    if (talk->plain || talk->asks_nonce)
        return;
    const struct acme_call call = {
        .url = talk->url,
        .nonce = talk->nonce,
        .account = talk->account,
        .payload = bytes_slice(&talk->payload),
    };
    out->post = true;
    acme_jws(&talk->signer, &call, &out->body);
    set_text(&talk->nonce, NULL); /* each serves once */
}

static void start(struct acme_talk *talk, bool plain, const char *url, struct slice payload,
                  struct acme_request *out)
{
    talk->plain = plain;
    set_text(&talk->url, url);
    bytes_reset(&talk->payload);
    bytes_add(&talk->payload, payload);
    talk->nonces_refused = 0;
    acme_talk_repeat(talk, 0, out);
}

void acme_talk_get(struct acme_talk *talk, const char *url, struct acme_request *out)
{
    start(talk, true, url, SLICE(""), out);
}

void acme_talk_ask(struct acme_talk *talk, const char *url, struct slice payload,
                   struct acme_request *out)
{
    start(talk, false, url, payload, out);
}

/* Of the first request nothing is repeated: there is nothing to lose yet. */
static enum acme_heard on_stumble(struct acme_talk *talk, const char *why, struct acme_request *out,
                                  struct err *err)
{
    if (talk->new_nonce && ++talk->stumbles <= STUMBLES_MAX) {
        set_text(&talk->nonce, NULL);
        acme_talk_repeat(talk, STUMBLE_MS, out);
        return ACME_REPEATS;
    }
    err_set(err, ERR_TEMPORARY, "the authority does not answer (%.110s)", why);
    return ACME_SILENCE;
}

static enum acme_heard on_problem(struct acme_talk *talk, const struct acme_answer *answer,
                                  struct acme_request *out)
{
    scoped_value(acme_problem) problem = {0};

    acme_problem_read(answer->body, &problem);
    if (!slice_is(slice_of(problem.type), "badNonce") ||
        ++talk->nonces_refused > NONCES_REFUSED_MAX)
        return ACME_PROBLEM;
    acme_talk_repeat(talk, 0, out);
    return ACME_REPEATS;
}

enum acme_heard acme_talk_take(struct acme_talk *talk, const struct acme_answer *answer,
                               struct acme_request *out, struct err *err)
{
    *out = (struct acme_request){0};
    if (!answer->came)
        return on_stumble(talk, answer->why, out, err);
    if (answer->nonce && *answer->nonce && strlen(answer->nonce) <= NONCE_MAX)
        set_text(&talk->nonce, answer->nonce);
    if (answer->status >= 500 && answer->retry_after_s == 0)
        return on_stumble(talk, "it has a trouble of its own", out, err);
    if (answer->status >= 300)
        return on_problem(talk, answer, out);
    if (!talk->asks_nonce)
        return ACME_HEARD;
    if (!talk->nonce) {
        err_set(err, ERR_MALFORMED, "the authority gives no nonce (Replay-Nonce)");
        return ACME_SILENCE;
    }
    acme_talk_repeat(talk, 0, out);
    return ACME_REPEATS;
}

bool acme_location(const struct acme_answer *answer, char **place)
{
    struct url url;

    if (!answer->location || strlen(answer->location) > ACME_URL_MAX ||
        !url_read(slice_of(answer->location), &url) || !url.https)
        return false;
    set_text(place, answer->location);
    return true;
}
