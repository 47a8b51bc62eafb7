/* Web Push: /contacts/push, where devices register (docs/contact-events.md). */
#include "web_private.h"

#include "bridge_push.h"
#include "json.h"
#include "log.h"

enum { ANSWER_WITHIN_MS = 10 * SECOND_MS };

struct registering {
    struct errand errand;
    const struct web *web;
    struct caller caller;
    bool post, remove;
    char *endpoint, *p256dh, *auth;
    int64_t account_id; /* 0: not signed in */
    struct bytes answer;
};

static bool look_who(struct errand *errand, struct err *err)
{
    struct registering *it = container_of(errand, struct registering, errand);
    struct json json = json_to(&it->answer);
    scoped(store_view) view = store_look(it->web->parts.store, err);
    enum found found =
        view ? caller_account(it->web, view, &it->caller, &it->account_id, err) : FAILED;
    scoped_value(bytes) key = {0};

    if (found != FOUND)
        it->account_id = 0;
    bytes_reset(&it->answer);
    bridge_push_key(it->web->parts.bridge, &key);
    json_open(&json, NULL);
    json_text(&json, "key", key.at);
    json_end(&json);
    return found != FAILED;
}

static bool record_registration(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct registering *it = container_of(errand, struct registering, errand);

    if (!it->account_id)
        return true;
    if (it->remove)
        return bridge_push_remove(tx, it->account_id, it->endpoint, err);
    return bridge_push_add(it->web->parts.bridge, tx, it->account_id, it->endpoint, it->p256dh,
                           it->auth, err);
}

static void registering_free(struct errand *errand)
{
    struct registering *it = container_of(errand, struct registering, errand);

    caller_clear(&it->caller);
    free(it->endpoint);
    free(it->p256dh);
    free(it->auth);
    bytes_clear(&it->answer);
    free(it);
}

enum next push_begin(void *face, struct http_turn *turn)
{
    struct registering *it = must_new(struct registering);
    const struct http_request *request = turn->request;
    scoped_text char *remove = http_form_value(request->body, "remove");

    it->errand = (struct errand){.lane = LANE_QUICK,
                                 .work = look_who,
                                 .free = registering_free,
                                 .deadline_ms = monotonic_ms() + ANSWER_WITHIN_MS};
    it->web = face;
    caller_read(request, &it->caller);
    if (slice_is(request->method, "POST")) {
        it->errand.write = record_registration;
        free(steal(&it->caller.session)); /* a form of another site brings no bearer along */
    }
    it->remove = remove != NULL;
    it->endpoint = http_form_value(request->body, "endpoint");
    it->p256dh = http_form_value(request->body, "p256dh");
    it->auth = http_form_value(request->body, "auth");
    turn->errand = &it->errand;
    return NEXT_WAIT;
}

enum next push_resume(void *face, struct http_turn *turn, struct errand *back)
{
    const struct registering *it = container_of(back, struct registering, errand);
    struct http_response *response = turn->response;

    (void)face;
    if (!back->ok && (back->err.kind == ERR_MALFORMED || back->err.kind == ERR_REFUSED)) {
        http_answer_text(response, back->err.kind == ERR_REFUSED ? 403 : 400, back->err.said);
    } else if (!back->ok) {
        log_error("web push registration failed: %s (%s)", back->err.said, back->err.cause);
        http_answer_text(response, 503, "Try again soon.");
    } else if (!it->account_id) {
        caller_answer_401(response);
    } else {
        http_add_field(response, "Cache-Control", "no-store");
        http_add_field(response, "X-Content-Type-Options", "nosniff");
        http_answer(response, 200, "application/json", bytes_slice(&it->answer));
    }
    errand_free(back);
    return NEXT_READ;
}
