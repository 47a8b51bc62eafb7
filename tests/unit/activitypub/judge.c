#include "judge.h"

#include "request.h"

struct answer_was judge_text(struct house *house, const char *text, const char *user)
{
    struct http_request request;

    request_read(text, &request);
    struct inbox_ask *inbox = inbox_ask_new(&house->duties, &request);
    inbox->user = must_dup(user);
    struct answer_was was = {.ok = house_run(house, &inbox->ask)};
    was.status = inbox->status;
    was.err = inbox->ask.errand.err;
    memcpy(was.why, inbox->why, sizeof was.why);
    errand_free(&inbox->ask.errand);
    return was;
}

struct answer_was judge(struct house *house, const char *body, enum signature_form form)
{
    scoped_text char *text = house_post(house, form, KEY, "/users/alice/inbox", body);

    return judge_text(house, text, "alice");
}
