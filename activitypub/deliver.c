/*
 * One attempt at one delivery:
 *
 *     RENDER ─(no inbox)─ FIND ─ RENDER ── POST ─(400, 401)─ POST once more, signed the other way ── END
 *                                            └─(410)─ CONFIRM ── END
 *
 * Most posts are taken: that is recorded as soon as the answer is there (record_posted()).
 * Signed now, not when it was queued: a signature is good for minutes.
 */
#include "bridge_activity.h"
#include "deliver_outcome.h"
#include "duties.h"
#include "json_write.h"
#include "log.h"
#include "memory.h"
#include "names.h"
#include "text.h"
#include "work.h"

#include <stdio.h>

enum { POST_MS = 10 * SECOND_MS, ANSWER_MAX = 64 * 1024 };

enum deliver_stage { DELIVER_RENDER, DELIVER_FIND, DELIVER_POST, DELIVER_CONFIRM, DELIVER_END };
struct attempt {
    struct activitypub_work *work;
    struct courier_ask *courier;
    enum deliver_stage stage;
    struct outgoing outgoing;
    bool sought; /* the person was looked for */
    char *host;
    int64_t first_ms;
    int tries;
    enum signature_form form;
    int knocks;
    struct bytes body;
    unsigned char digest[SHA256_LEN]; /* of it */
    struct document document;         /* of CONFIRM */
    struct delivery_outcome outcome;
};

/* Of an answer only its status: a peer's words may name people. */
static void log_attempt(const struct attempt *a)
{
    static const char *const names[] = {
        [DELIVERED] = "done",     [DELIVERY_LATER] = "later",   [DELIVERY_REFUSED] = "refused",
        [DELIVERY_GONE] = "gone", [DELIVERY_NOBODY] = "nobody",
    };
    const char *reply = a->outcome.reply;
    int words = strncmp(reply, "HTTP ", 5) == 0 ? 8 : (int)strlen(reply);

    log_info("delivery=%lld host=%s %s try=%d reply=\"%.*s\"", (long long)a->outcome.delivery_id,
             a->host ? a->host : "", names[a->outcome.end], a->tries + 1, words, reply);
}

static void free_attempt(void *own)
{
    struct attempt *a = own;

    if (a->stage == DELIVER_END &&
        !a->outcome.put_off_ms) /* of a host's silence one line is enough */
        log_attempt(a);
    outgoing_clear(&a->outgoing);
    bytes_clear(&a->body);
    document_clear(&a->document);
    free(a->host);
    free(a);
}

static struct attempt *attempt_of(struct courier_ask *courier)
{
    if (courier->ask.own)
        return courier->ask.own;
    struct attempt *a = must_new(struct attempt);
    a->courier = courier;
    a->work = courier->ask.work;
    a->outcome.delivery_id = courier->delivery_id;
    courier->ask.own = a;
    courier->ask.free_own = free_attempt;
    return a;
}

static bool record(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct attempt *a = container_of(errand, struct courier_ask, ask.errand)->ask.own;

    return bridge_delivery_ended(a->work->bridge, tx, &a->outcome, err);
}

static bool end(struct attempt *a, enum delivery_end how)
{
    a->outcome.end = how;
    a->outcome.version = a->outgoing.version;
    a->stage = DELIVER_END;
    a->courier->ask.errand.write = record;
    return true;
}

static void say(struct attempt *a, const char *reply)
{
    snprintf(a->outcome.reply, sizeof a->outcome.reply, "%s", reply);
}

/* Which kind of signature this host took last time, and whether it is left alone at present. */
static bool look_at_host(struct attempt *a, struct store_view *view, struct err *err)
{
    scoped_value(host) host = {0};
    enum found found = store_host(view, slice_of(a->host), &host, err);

    a->form = host.scheme == SIGNATURE_RFC9421 ? SIGNATURE_RFC9421 : SIGNATURE_CAVAGE;
    if (host.next_ms > clock_now(a->work->clock))
        a->outcome.put_off_ms = host.next_ms;
    return found != FAILED;
}

static bool put_off(struct attempt *a)
{
    a->outcome.untried = true;
    say(a, "their server did not answer others a moment ago");
    return end(a, DELIVERY_LATER);
}

static bool silence(struct attempt *a)
{
    a->outcome.silent = true;
    return end(a, DELIVERY_LATER);
}

static bool record_posted(struct errand *errand, struct store_tx *tx, struct err *err);

static bool want_post(struct attempt *a, struct err *err)
{
    const struct account *account = &a->outgoing.account;
    struct fetch *fetch = fetch_new(a->outgoing.inbox);
    scoped_text char *key_id = name_key(a->outgoing.actor_id);
    scoped_text char *agent = work_user_agent(a->work);
    struct signing signing = {
        .form = a->form,
        .url = a->outgoing.inbox,
        .key_id = key_id,
        .post = true,
        .body = bytes_slice(&a->body),
        .digest = a->digest,
        .now_ms = clock_now(a->work->clock),
    };

    fetch->post = true;
    fetch->total_ms = POST_MS;
    fetch->max_bytes = ANSWER_MAX;
    bytes_add(&fetch->body, signing.body);
    bytes_print(&fetch->fields, "User-Agent: %s\r\n", agent);
    if (!work_sign(a->work, &signing, bytes_slice(&account->actor_key), &fetch->fields, err)) {
        errand_free(&fetch->errand);
        if (err->kind != ERR_MALFORMED)
            return false;
        say(a, "their inbox is no https address");
        return end(a, DELIVERY_REFUSED);
    }
    a->knocks++;
    a->stage = DELIVER_POST;
    a->courier->ask.want = &fetch->errand;
    a->courier->ask.record_got = record_posted;
    return true;
}

static bool want_person(struct attempt *a)
{
    const struct outgoing *outgoing = &a->outgoing;

    if (a->sought) {
        say(a, "their actor names no inbox");
        return end(a, DELIVERY_LATER);
    }
    struct resolve *resolve = resolve_new(outgoing->person_actor_id ? NULL : outgoing->person_user,
                                          outgoing->person_actor_id ? NULL : outgoing->person_host,
                                          outgoing->person_actor_id);
    a->sought = true;
    a->stage = DELIVER_FIND;
    a->courier->ask.want = &resolve->errand;
    return true;
}

static bool write_body(struct attempt *a, struct store_view *view, struct err *err)
{
    struct activitypub_work *work = a->work;
    int64_t now_ms = work_timer(work);

    bytes_reset(&a->body);
    if (said_known(&work->said, &a->outgoing, now_ms, &a->body, a->digest))
        return true;
    if (!bridge_outgoing_post(work->bridge, view, &a->outgoing, err))
        return false;
    json_outgoing(&a->outgoing, work->config->follow != DOOR_OPEN, &a->body);
    sha256(bytes_slice(&a->body), a->digest);
    said_keep(&work->said, &a->outgoing, now_ms, bytes_slice(&a->body), a->digest);
    return true;
}

static bool render(struct attempt *a, struct err *err)
{
    scoped(store_view) view = store_look(a->work->store, err);
    scoped_value(delivery) delivery = {0};

    if (!view)
        return false;
    enum found found = store_delivery(view, a->outcome.delivery_id, &delivery, err);
    if (found != FOUND)
        return found == ABSENT; /* dropped meanwhile */
    outgoing_clear(&a->outgoing);
    a->outgoing = (struct outgoing){0};
    if (!bridge_outgoing(view, &delivery, &a->outgoing, err))
        return false;
    free(a->host);
    a->host = must_dup(delivery.host ? delivery.host : "");
    a->first_ms = delivery.first_ms;
    a->tries = delivery.tries;
    if (a->outgoing.kind == OUTGOING_NOTHING) {
        say(a, "no longer wanted");
        a->outcome.untried = true;
        return end(a, DELIVERED);
    }
    if (!look_at_host(a, view, err))
        return false;
    if (a->outcome.put_off_ms)
        return put_off(a);
    if (!a->outgoing.inbox)
        return want_person(a);
    if (work_is_ours(a->work, a->outgoing.inbox)) {
        say(a, "an inbox of our own");
        a->outcome.untried = true;
        return end(a, DELIVERY_REFUSED);
    }
    return write_body(a, view, err) && want_post(a, err);
}

static bool person_sought(struct attempt *a, struct err *err)
{
    struct errand *got = steal(&a->courier->ask.got);
    struct resolve *resolve = container_of(got, struct resolve, errand);
    enum resolve_outcome outcome = resolve->outcome;

    errand_free(got);
    switch (outcome) {
    case RESOLVE_FOUND: return render(a, err);
    case RESOLVE_NOBODY: say(a, "there is nobody of that name"); return end(a, DELIVERY_NOBODY);
    case RESOLVE_SILENT: say(a, "their server did not answer"); return silence(a);
    }
    __builtin_unreachable();
}

/* Whose inbox it was, if it is one person's. */
static const char *whose(const struct attempt *a)
{
    const struct outgoing *outgoing = &a->outgoing;

    if (outgoing->kind == OUTGOING_ACCEPT || outgoing->kind == OUTGOING_REJECT)
        return outgoing->follow_actor;
    if (outgoing->kind == OUTGOING_FOLLOW || outgoing->kind == OUTGOING_UNDO_FOLLOW)
        return outgoing->follow_object;
    return outgoing->person_actor_id;
}

static bool confirm(struct attempt *a, struct err *err)
{
    struct url url;

    if (!url_read(slice_of(a->outgoing.actor_id), &url))
        return end(a, DELIVERY_REFUSED);
    scoped_text char *domain = must_copy(url.host);
    switch (document_step(a->work, &a->courier->ask, &a->document, domain, err)) {
    case STEP_WANTS: return true;
    case STEP_GONE: return end(a, DELIVERY_GONE);
    case STEP_SILENT: return end(a, DELIVERY_LATER);
    case STEP_ABSENT:
    case STEP_HERE: return end(a, DELIVERY_REFUSED);
    }
    __builtin_unreachable();
}

static bool gone(struct attempt *a, struct err *err)
{
    scoped(store_view) view = store_look(a->work->store, err);

    if (!view || !bridge_outgoing_person(view, &a->outgoing, err))
        return false;
    if (!whose(a))
        return end(a, DELIVERY_REFUSED);
    document_aim(&a->document, DOCUMENT_ACTIVITY, whose(a));
    a->stage = DELIVER_CONFIRM;
    return confirm(a, err);
}

/* What the peer's answer means; the outcome has its words. */
static enum answer_means read_answer(struct attempt *a)
{
    struct fetch *fetch = container_of(a->courier->ask.got, struct fetch, errand);
    int64_t age_ms = clock_now(a->work->clock) - a->first_ms;

    delivery_reply(fetch, a->outcome.reply, sizeof a->outcome.reply);
    a->outcome.retry_after_s = fetch->retry_after_s;
    a->outcome.silent = fetch->outcome == FETCH_SILENT;
    return delivery_means(fetch, a->knocks, age_ms);
}

static bool taken(struct attempt *a)
{
    a->outcome.scheme_worked = (int)a->form;
    return end(a, DELIVERED);
}

/* On the writer, perhaps twice. */
static bool record_posted(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct ask *ask = container_of(errand, struct ask, errand);
    struct attempt *a = ask->own;

    if (a->stage == DELIVER_POST && read_answer(a) == MEANS_TAKEN)
        taken(a);
    if (a->stage == DELIVER_END)
        return record(errand, tx, err);
    errand->work = work_deliver;
    ask->again = true;
    return true;
}

static bool posted(struct attempt *a, struct err *err)
{
    enum answer_means means = read_answer(a);

    errand_free(steal(&a->courier->ask.got));
    switch (means) {
    case MEANS_TAKEN: return taken(a);
    case MEANS_KNOCK_AGAIN:
        a->form = a->form == SIGNATURE_CAVAGE ? SIGNATURE_RFC9421 : SIGNATURE_CAVAGE;
        return want_post(a, err);
    case MEANS_LATER: return end(a, DELIVERY_LATER);
    case MEANS_NEVER: return end(a, DELIVERY_REFUSED);
    case MEANS_GONE: return gone(a, err);
    }
    __builtin_unreachable();
}

/* Our trouble with this one: kept in its row, for what rests in memory holds a place of its host's. */
static bool unready(struct attempt *a, const struct err *err)
{
    log_error("delivery %lld could not be made ready: %s (%s)", (long long)a->outcome.delivery_id,
              err->said, err->cause);
    a->outcome.untried = true;
    say(a, "our server could not make it ready");
    return end(a, DELIVERY_LATER);
}

bool work_deliver(struct errand *errand, struct err *err)
{
    struct attempt *a = attempt_of(container_of(errand, struct courier_ask, ask.errand));
    bool good = true;

    errand->write = NULL;
    a->courier->ask.again = false;
    a->courier->ask.record_got = NULL;
    switch (a->stage) {
    case DELIVER_RENDER: good = render(a, err); break;
    case DELIVER_FIND: good = person_sought(a, err); break;
    case DELIVER_POST: good = posted(a, err); break;
    case DELIVER_CONFIRM: good = confirm(a, err); break;
    case DELIVER_END: errand->write = record; break;
    }
    return good || unready(a, err);
}
