#include "acme_order.h"

#include "acme_talk.h"
#include "acme_words.h"
#include "clock.h"
#include "json.h"
#include "memory.h"
#include "text.h"

#include <assert.h>
#include <stdio.h>

enum {
    ROUNDS_MAX = 4,
    POLLS_MAX = 40,
    POLL_MS = 100,
    WAIT_MOST_MS = 60 * 1000,
    TROUBLES_TOLD = 3,
};

enum step { DIRECTORY, ACCOUNT, ORDER, LOOK, ANSWER, PROVE, READY, CERTIFICATE };

struct acme_order {
    struct acme_talk talk;
    struct acme_duties duties;
    char *directory, *new_order;
    char *names[ACME_NAMES_MAX]; /* what is asked for now */
    bool refused[ACME_NAMES_MAX];
    size_t count;
    enum step step;
    int rounds, polls;
    char *at; /* the order's URL */
    char *authorizations[ACME_NAMES_MAX];
    bool settled[ACME_NAMES_MAX];
    size_t authorization_count, index;
    bool finalized;
    struct bytes chain, trouble;
    size_t troubles;
    int64_t rest_s;
};

struct acme_order *acme_order_new(const char *directory, const char *const *names, size_t count,
                                  const struct acme_signer *signer,
                                  const struct acme_duties *duties)
{
    struct acme_order *order = must_new(struct acme_order);

    assert(count > 0 && count <= ACME_NAMES_MAX);
    order->talk.signer = *signer;
    order->duties = *duties;
    order->directory = must_dup(directory);
    for (size_t i = 0; i < count; i++)
        order->names[order->count++] = must_dup(names[i]);
    return order;
}

static void forget_authorizations(struct acme_order *order)
{
    for (size_t i = 0; i < order->authorization_count; i++)
        free(order->authorizations[i]);
    order->authorization_count = 0;
    memset(order->settled, 0, sizeof order->settled);
}

void acme_order_free(struct acme_order *order)
{
    if (!order)
        return;
    forget_authorizations(order);
    for (size_t i = 0; i < order->count; i++)
        free(order->names[i]);
    acme_talk_clear(&order->talk);
    free(order->directory);
    free(order->new_order);
    free(order->at);
    bytes_clear(&order->chain);
    bytes_clear(&order->trouble);
    free(order);
}

struct slice acme_order_chain(const struct acme_order *order)
{
    return bytes_slice(&order->chain);
}

const char *acme_order_trouble(const struct acme_order *order)
{
    return order->trouble.len > 0 ? order->trouble.at : "";
}

int64_t acme_order_rest_s(const struct acme_order *order)
{
    return order->rest_s;
}

/* ---- what is said ---- */

static void add_trouble(struct acme_order *order, struct slice words)
{
    if (order->troubles++ >= TROUBLES_TOLD)
        return;
    bytes_print(&order->trouble, "%s%.*s", order->trouble.len > 0 ? "; " : "", SLICE_ARGS(words));
}

static enum acme_next give_up(struct acme_order *order, const char *words)
{
    add_trouble(order, slice_of(words));
    return ACME_GAVE_UP;
}

static enum acme_next give_up_by(struct acme_order *order, const struct acme_problem *problem)
{
    scoped_value(bytes) words = {0};

    acme_words(problem, NULL, &words);
    return give_up(order, words.at);
}

static enum acme_next ask(struct acme_order *order, enum step step, const char *url,
                          struct slice payload, struct acme_request *out)
{
    order->step = step;
    acme_talk_ask(&order->talk, url, payload, out);
    return ACME_ASK;
}

/* How it stands with what the authority works on. */
static enum acme_next ask_later(struct acme_order *order, const char *url,
                                const struct acme_answer *answer, struct acme_request *out)
{
    int64_t wait_ms = answer->retry_after_s * SECOND_MS;

    if (++order->polls > POLLS_MAX)
        return give_up(order,
                       "the authority did not come to an end in time, and is asked again later");
    if (wait_ms <= 0)
        wait_ms = POLL_MS << (order->polls < 6 ? order->polls : 6);
    if (wait_ms > WAIT_MOST_MS)
        wait_ms = WAIT_MOST_MS;
    acme_talk_ask(&order->talk, url, SLICE(""), out);
    out->wait_ms = wait_ms;
    return ACME_ASK;
}

static enum acme_next new_order(struct acme_order *order, struct acme_request *out)
{
    scoped_value(bytes) payload = {0};
    struct json json = json_to(&payload);

    json_open(&json, NULL);
    json_array(&json, "identifiers");
    for (size_t i = 0; i < order->count; i++) {
        json_open(&json, NULL);
        json_text(&json, "type", "dns");
        json_text(&json, "value", order->names[i]);
        json_end(&json);
    }
    json_end(&json);
    json_end(&json);
    order->duties.close_challenges(order->duties.ctx);
    order->polls = 0;
    order->finalized = false;
    memset(order->refused, 0, sizeof order->refused);
    forget_authorizations(order);
    return ask(order, ORDER, order->new_order, bytes_slice(&payload), out);
}

/* ---- names that are refused ---- */

static void refuse(struct acme_order *order, const char *name, const struct acme_problem *problem)
{
    scoped_value(bytes) words = {0};

    for (size_t i = 0; i < order->count; i++) {
        if (order->refused[i] || strcmp(order->names[i], name) != 0)
            continue;
        order->refused[i] = true;
        acme_words(problem, name, &words);
        add_trouble(order, bytes_slice(&words));
    }
}

static bool any_refused(const struct acme_order *order)
{
    for (size_t i = 0; i < order->count; i++)
        if (order->refused[i])
            return true;
    return false;
}

static enum acme_next go_on_without(struct acme_order *order, struct acme_request *out)
{
    size_t kept = 0;

    for (size_t i = 0; i < order->count; i++) {
        if (order->refused[i])
            free(order->names[i]);
        else
            order->names[kept++] = order->names[i];
    }
    order->count = kept;
    if (kept == 0 || ++order->rounds >= ROUNDS_MAX ||
        !order->duties.is_worth(order->duties.ctx, (const char *const *)order->names, kept))
        return ACME_GAVE_UP;
    return new_order(order, out);
}

/* Of an order: it may say which of the names it is about. */
static enum acme_next on_order_problem(struct acme_order *order, const struct acme_problem *problem,
                                       struct acme_request *out)
{
    struct slice rest = bytes_slice(&problem->refused);

    while (rest.at && rest.len > 0) {
        scoped_text char *name = must_copy(slice_cut(&rest, ' '));
        refuse(order, name, problem);
    }
    if (!any_refused(order)) {
        size_t who = acme_mentioned(problem, (const char *const *)order->names, order->count);
        if (who < order->count)
            refuse(order, order->names[who], problem);
    }
    return any_refused(order) ? go_on_without(order, out) : give_up_by(order, problem);
}

/* ---- what is answered ---- */

static enum acme_next misunderstood(struct acme_order *order, const struct err *err)
{
    return give_up(order, err->said);
}

static enum acme_next on_directory(struct acme_order *order, const struct acme_answer *answer,
                                   struct acme_request *out)
{
    scoped_value(acme_directory) directory = {0};
    struct err err;

    if (!acme_directory_read(answer->body, &directory, &err))
        return misunderstood(order, &err);
    order->talk.new_nonce = steal(&directory.new_nonce);
    order->new_order = steal(&directory.new_order);
    return ask(order, ACCOUNT, directory.new_account, SLICE("{\"termsOfServiceAgreed\":true}"),
               out);
}

static enum acme_next on_account(struct acme_order *order, const struct acme_answer *answer,
                                 struct acme_request *out)
{
    if (!acme_location(answer, &order->talk.account))
        return give_up(order, "the authority does not say where our account is");
    return new_order(order, out);
}

static enum acme_next ask_authorization(struct acme_order *order, enum step step,
                                        struct acme_request *out)
{
    return ask(order, step, order->authorizations[order->index], SLICE(""), out);
}

static enum acme_next ask_order(struct acme_order *order, struct acme_request *out)
{
    order->polls = 0;
    return ask(order, READY, order->at, SLICE(""), out);
}

/* The next authorization of which more is to be known, or the order. */
static enum acme_next prove_next(struct acme_order *order, struct acme_request *out)
{
    while (order->index < order->authorization_count && order->settled[order->index])
        order->index++;
    if (order->index < order->authorization_count)
        return ask_authorization(order, PROVE, out);
    return any_refused(order) ? go_on_without(order, out) : ask_order(order, out);
}

static enum acme_next look_next(struct acme_order *order, struct acme_request *out)
{
    if (++order->index < order->authorization_count)
        return ask_authorization(order, LOOK, out);
    order->index = 0;
    return prove_next(order, out);
}

static enum acme_next on_new_order(struct acme_order *order, const struct acme_answer *answer,
                                   struct acme_request *out)
{
    scoped_value(acme_order_state) state = {0};
    struct err err;

    if (!acme_order_state_read(answer->body, &state, &err))
        return misunderstood(order, &err);
    if (!acme_location(answer, &order->at))
        return give_up(order, "the authority does not say where our order is");
    for (size_t i = 0; i < state.count; i++)
        order->authorizations[i] = steal(&state.authorizations[i]);
    order->authorization_count = state.count;
    order->index = 0;
    return state.count > 0 ? ask_authorization(order, LOOK, out) : ask_order(order, out);
}

static enum acme_next answer_challenge(struct acme_order *order,
                                       const struct acme_authorization *it,
                                       struct acme_request *out)
{
    scoped_value(bytes) proof = {0};

    bytes_print(&proof, "%s.", it->token);
    acme_thumbprint(&order->talk.signer, &proof);
    if (!order->duties.open_challenge(order->duties.ctx, it->token, proof.at))
        return give_up(order, "the authority asks for too many proofs at once");
    if (it->answered)
        return look_next(order, out);
    return ask(order, ANSWER, it->url, SLICE("{}"), out);
}

static enum acme_next on_look(struct acme_order *order, const struct acme_answer *answer,
                              struct acme_request *out)
{
    static const struct acme_problem no_way = {.detail = "it offers no proof by HTTP"};
    scoped_value(acme_authorization) it = {0};
    struct err err;

    if (!acme_authorization_read(answer->body, &it, &err))
        return misunderstood(order, &err);
    if (it.status == ACME_PENDING && it.url)
        return answer_challenge(order, &it, out);
    order->settled[order->index] = true;
    if (it.status != ACME_VALID)
        refuse(order, it.name, it.status == ACME_PENDING ? &no_way : &it.problem);
    return look_next(order, out);
}

static enum acme_next on_prove(struct acme_order *order, const struct acme_answer *answer,
                               struct acme_request *out)
{
    scoped_value(acme_authorization) it = {0};
    struct err err;

    if (!acme_authorization_read(answer->body, &it, &err))
        return misunderstood(order, &err);
    if (it.status != ACME_VALID && it.status != ACME_INVALID)
        return ask_later(order, order->authorizations[order->index], answer, out);
    if (it.status == ACME_INVALID)
        refuse(order, it.name, &it.problem);
    order->settled[order->index] = true;
    return prove_next(order, out);
}

static enum acme_next finalize(struct acme_order *order, const char *url, struct acme_request *out)
{
    scoped_value(bytes) der = {0};
    scoped_value(bytes) csr = {0};
    scoped_value(bytes) payload = {0};
    struct json json = json_to(&payload);
    struct err err;

    if (!order->duties.request(order->duties.ctx, (const char *const *)order->names, order->count,
                               &der, &err))
        return give_up(order, err.said);
    base64url_add(&csr, bytes_slice(&der));
    json_open(&json, NULL);
    json_slice(&json, "csr", bytes_slice(&csr));
    json_end(&json);
    order->finalized = true;
    return ask(order, READY, url, bytes_slice(&payload), out);
}

/* The order itself, asked for or answered to its request. */
static enum acme_next on_ready(struct acme_order *order, const struct acme_answer *answer,
                               struct acme_request *out)
{
    scoped_value(acme_order_state) state = {0};
    struct err err;

    if (!acme_order_state_read(answer->body, &state, &err))
        return misunderstood(order, &err);
    if (state.status == ACME_READY && !order->finalized)
        return finalize(order, state.finalize, out);
    if (state.status == ACME_VALID)
        return ask(order, CERTIFICATE, state.certificate, SLICE(""), out);
    if (state.status == ACME_INVALID)
        return on_order_problem(order, &state.problem, out);
    return ask_later(order, order->at, answer, out);
}

static enum acme_next on_certificate(struct acme_order *order, const struct acme_answer *answer)
{
    bytes_add(&order->chain, answer->body);
    return ACME_DONE;
}

static enum acme_next on_answer(struct acme_order *order, const struct acme_answer *answer,
                                struct acme_request *out)
{
    switch (order->step) {
    case DIRECTORY: return on_directory(order, answer, out);
    case ACCOUNT: return on_account(order, answer, out);
    case ORDER: return on_new_order(order, answer, out);
    case LOOK: return on_look(order, answer, out);
    case ANSWER: return look_next(order, out);
    case PROVE: return on_prove(order, answer, out);
    case READY: return on_ready(order, answer, out);
    case CERTIFICATE: return on_certificate(order, answer);
    }
    __builtin_unreachable();
}

/* ---- what goes wrong ---- */

static enum acme_next no_directory(struct acme_order *order, int status)
{
    char words[ACME_NAME_SIZE];

    snprintf(words, sizeof words,
             "there is no directory of a certificate authority (status %d); correct acme in [tls]",
             status);
    return give_up(order, words);
}

static enum acme_next on_problem(struct acme_order *order, const struct acme_answer *answer,
                                 struct acme_request *out)
{
    scoped_value(acme_problem) problem = {0};

    acme_problem_read(answer->body, &problem);
    order->rest_s = answer->retry_after_s;
    if (!problem.type[0] && !problem.detail[0])
        snprintf(problem.detail, sizeof problem.detail, "status %d", answer->status);
    if (order->step == DIRECTORY && answer->status < 500 && answer->status != 429)
        return no_directory(order, answer->status);
    if (order->finalized && slice_is(slice_of(problem.type), "orderNotReady"))
        return ask_later(order, order->at, answer, out); /* it was, and its answer was lost */
    if (order->step == ANSWER && !acme_is_general(&problem))
        return look_next(order, out); /* what became of that name is asked for yet */
    if (order->step == ORDER || order->step == READY)
        return on_order_problem(order, &problem, out);
    return give_up_by(order, &problem);
}

enum acme_next acme_order_begin(struct acme_order *order, struct acme_request *out)
{
    order->step = DIRECTORY;
    acme_talk_get(&order->talk, order->directory, out);
    return ACME_ASK;
}

enum acme_next acme_order_take(struct acme_order *order, const struct acme_answer *answer,
                               struct acme_request *out)
{
    struct err err;

    switch (acme_talk_take(&order->talk, answer, out, &err)) {
    case ACME_HEARD: return on_answer(order, answer, out);
    case ACME_REPEATS: return ACME_ASK;
    case ACME_PROBLEM: return on_problem(order, answer, out);
    case ACME_SILENCE: return give_up(order, err.said);
    }
    __builtin_unreachable();
}
