/*
 * Finding a person, as Mastodon does it:
 *
 *     FINGER (host-meta if it is 404; one redirect of the subject) ── ACTOR ── REVERSE ── recorded
 *
 * A handle is confirmed by the host it names; an actor's own word about another host's handle is asked for there.
 */
#include "actor_read.h"
#include "bridge_activity.h"
#include "duties.h"
#include "memory.h"
#include "text.h"
#include "webfinger_read.h"
#include "work.h"

enum { FRESH_MS = DAY_MS };

enum find_stage {
    FIND_LOOKS,
    FIND_FINGER,
    FIND_HOST_META,
    FIND_ACTOR,
    FIND_REVERSE,
    FIND_RECORDED
};
struct finding {
    struct activitypub_work *work;
    struct find_ask *find;
    enum find_stage stage;
    struct document document;
    char *user, *host;    /* asked for at this moment */
    struct finger finger; /* what was confirmed: subject and actor */
    bool redirected;      /* the subject named somebody else once */
    bool host_meta_tried;
    struct actor_facts actor;
};

static void free_finding(void *own)
{
    struct finding *f = own;

    document_clear(&f->document);
    finger_clear(&f->finger);
    actor_facts_clear(&f->actor);
    free(f->user);
    free(f->host);
    free(f);
}

static struct finding *finding_of(struct find_ask *find)
{
    if (find->ask.own)
        return find->ask.own;
    struct finding *f = must_new(struct finding);
    f->find = find;
    f->work = find->ask.work;
    f->document.until_ms = find->until_ms;
    find->ask.own = f;
    find->ask.free_own = free_finding;
    return f;
}

static bool end(struct finding *f, enum resolve_outcome outcome)
{
    f->find->outcome = outcome;
    return true;
}

static bool step_ended(struct finding *f, enum document_step step)
{
    return end(f, step == STEP_SILENT ? RESOLVE_SILENT : RESOLVE_NOBODY);
}

static enum document_step step(struct finding *f, struct err *err)
{
    return document_step(f->work, &f->find->ask, &f->document, f->work->config->domains[0], err);
}

static bool same_nocase(const char *a, const char *b)
{
    return slice_eq_nocase(slice_of(a), slice_of(b));
}

static void aim_at_finger(struct finding *f, const char *user, const char *host,
                          enum find_stage stage)
{
    char *new_user = must_dup(user), *new_host = must_dup(host);

    free(f->user);
    free(f->host);
    f->user = new_user;
    f->host = new_host;
    scoped_text char *url =
        must_print("https://%s/.well-known/webfinger?resource=acct:%s@%s", host, user, host);
    document_aim(&f->document, DOCUMENT_JRD, url);
    f->stage = stage;
}

static bool record(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct finding *f = container_of(errand, struct find_ask, ask.errand)->ask.own;

    return bridge_record_actor(f->work->bridge, tx, &f->actor, &f->find->person_id, err);
}

static bool found(struct finding *f)
{
    free(f->actor.user);
    free(f->actor.host);
    f->actor.user = must_dup(f->finger.user);
    f->actor.host = must_dup(f->finger.host);
    f->stage = FIND_RECORDED;
    f->find->ask.errand.write = record;
    return end(f, RESOLVE_FOUND);
}

/* Known, with an inbox, and read not long ago. */
static enum found in_store(struct finding *f, struct err *err)
{
    struct find_ask *find = f->find;
    scoped(store_view) view = store_look(f->work->store, err);
    scoped_value(person) person = {0};
    enum found known = FAILED;

    if (!view)
        return FAILED;
    if (find->actor_id)
        known = store_person_by_actor(view, slice_of(find->actor_id), &person, err);
    else
        known =
            store_person_by_handle(view, slice_of(find->user), slice_of(find->host), &person, err);
    if (known != FOUND)
        return known;
    bool fresh = !find->alias && clock_now(f->work->clock) - person.fetched_ms < FRESH_MS;
    if (person.kind != PERSON_LOCAL && (!person.inbox || person.gone || !fresh))
        return ABSENT;
    find->person_id = person.id;
    return FOUND;
}

static bool fetch_finger(struct finding *f, struct err *err);
static bool fetch_actor(struct finding *f, struct err *err);

static bool look(struct finding *f, struct err *err)
{
    struct find_ask *find = f->find;
    scoped_text char *host = NULL;
    struct err ignored;

    switch (in_store(f, err)) {
    case FAILED: return false;
    case FOUND: return end(f, RESOLVE_FOUND);
    case ABSENT: break;
    }
    if (find->actor_id) {
        document_aim(&f->document, DOCUMENT_ACTIVITY, find->actor_id);
        f->stage = FIND_ACTOR;
        return fetch_actor(f, err);
    }
    if (!find->user || !find->host || !handle_user_fits(slice_of(find->user)) ||
        !host_canonical(slice_of(find->host), &host, &ignored))
        return end(f, RESOLVE_NOBODY);
    aim_at_finger(f, find->user, host, FIND_FINGER);
    return fetch_finger(f, err);
}

/* The host's own WebFinger lies elsewhere? */
static bool fetch_host_meta(struct finding *f, struct err *err)
{
    if (f->stage != FIND_HOST_META) {
        scoped_text char *url = must_print("https://%s/.well-known/host-meta", f->host);
        f->stage = FIND_HOST_META;
        f->host_meta_tried = true;
        document_aim(&f->document, DOCUMENT_XRD, url);
    }
    enum document_step now = step(f, err);
    if (now == STEP_WANTS)
        return true;
    scoped_text char *template =
        now == STEP_HERE ? host_meta_read(bytes_slice(&f->document.text)) : NULL;
    if (!template)
        return step_ended(f, now);
    scoped_text char *resource = must_print("acct:%s@%s", f->user, f->host);
    scoped_text char *url = host_meta_fill(template, resource);
    document_aim(&f->document, DOCUMENT_JRD, url);
    f->stage = FIND_FINGER;
    return fetch_finger(f, err);
}

static bool fetch_finger(struct finding *f, struct err *err)
{
    struct err unreadable;
    enum document_step now = step(f, err);

    if (now == STEP_WANTS)
        return true;
    if (now == STEP_ABSENT && !f->host_meta_tried)
        return fetch_host_meta(f, err);
    if (now != STEP_HERE)
        return step_ended(f, now);
    finger_clear(&f->finger);
    if (!webfinger_read(bytes_slice(&f->document.text), &f->finger, &unreadable))
        return end(f, RESOLVE_NOBODY);
    if (!same_nocase(f->finger.user, f->user) || !same_nocase(f->finger.host, f->host)) {
        if (f->redirected)
            return end(f, RESOLVE_NOBODY);
        f->redirected = true;
        aim_at_finger(f, f->finger.user, f->finger.host, FIND_FINGER);
        return fetch_finger(f, err);
    }
    document_aim(&f->document, DOCUMENT_ACTIVITY, f->finger.actor_id);
    f->stage = FIND_ACTOR;
    return fetch_actor(f, err);
}

static bool fetch_reverse(struct finding *f, struct err *err)
{
    struct err unreadable;
    scoped_value(finger) said = {0};
    enum document_step now = step(f, err);

    if (now == STEP_WANTS)
        return true;
    if (now != STEP_HERE)
        return step_ended(f, now);
    if (!webfinger_read(bytes_slice(&f->document.text), &said, &unreadable) ||
        strcmp(said.actor_id, f->actor.id) != 0)
        return end(f, RESOLVE_NOBODY);
    bool itself = same_nocase(said.user, f->user) && same_nocase(said.host, f->host);
    bool confirmed = f->finger.user && same_nocase(said.user, f->finger.user) &&
                     same_nocase(said.host, f->finger.host);
    if (!itself && !confirmed) {
        if (f->redirected)
            return end(f, RESOLVE_NOBODY);
        f->redirected = true;
        aim_at_finger(f, said.user, said.host, FIND_REVERSE);
        return fetch_reverse(f, err);
    }
    if (!confirmed) {
        finger_clear(&f->finger);
        f->finger = said;
        said = (struct finger){0};
    }
    return found(f);
}

/* Which handle does the actor say it has?  False: none that could be one. */
static bool own_handle(struct finding *f, char **out_user, char **out_host)
{
    scoped_text char *webfinger = actor_webfinger_read(bytes_slice(&f->document.text));

    if (webfinger)
        return handle_read(slice_of(webfinger), out_user, out_host);
    *out_user = must_dup(f->actor.user);
    *out_host = must_dup(f->actor.host);
    return true;
}

static bool fetch_actor(struct finding *f, struct err *err)
{
    scoped_text char *user = NULL;
    scoped_text char *host = NULL;
    struct err unreadable;
    enum document_step now = step(f, err);

    if (now == STEP_WANTS)
        return true;
    if (now != STEP_HERE)
        return step_ended(f, now);
    const char *expected = f->find->actor_id ? f->find->actor_id : f->finger.actor_id;
    if (strcmp(f->document.url, expected) != 0 ||
        !actor_read(bytes_slice(&f->document.text), expected, NULL, &f->actor, &unreadable) ||
        !own_handle(f, &user, &host))
        return end(f, RESOLVE_NOBODY);
    if (f->find->alias) {
        struct actor_moves moves = actor_moves_read(bytes_slice(&f->document.text), f->find->alias);
        f->find->names_alias = moves.names_alias && !moves.has_moved;
    }
    if (f->finger.user && same_nocase(user, f->finger.user) && same_nocase(host, f->finger.host))
        return found(f);
    aim_at_finger(f, user, host, FIND_REVERSE);
    return fetch_reverse(f, err);
}

bool work_find(struct errand *errand, struct err *err)
{
    struct finding *f = finding_of(container_of(errand, struct find_ask, ask.errand));

    errand->write = NULL;
    switch (f->stage) {
    case FIND_LOOKS: return look(f, err);
    case FIND_FINGER: return fetch_finger(f, err);
    case FIND_HOST_META: return fetch_host_meta(f, err);
    case FIND_ACTOR: return fetch_actor(f, err);
    case FIND_REVERSE: return fetch_reverse(f, err);
    case FIND_RECORDED: errand->write = record; return true;
    }
    __builtin_unreachable();
}
