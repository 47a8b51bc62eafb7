#include "document_type.h"
#include "log.h"
#include "memory.h"
#include "names.h"
#include "store_people.h"
#include "text.h"
#include "vault.h"
#include "work.h"

#define AS2 "https://www.w3.org/ns/activitystreams"

enum { HOPS_MAX = 3, FETCHES_MAX = 20 };

char *work_domain(const struct activitypub_work *work, struct slice host)
{
    struct err ignored;
    char *domain = NULL;

    if (!host_canonical(host, &domain, &ignored))
        return NULL;
    if (config_hosts(work->config, slice_of(domain)))
        return domain;
    free(domain);
    return NULL;
}

int64_t work_timer(const struct activitypub_work *work)
{
    return work->timer ? clock_now(work->timer) : monotonic_ms();
}

bool work_is_ours(const struct activitypub_work *work, const char *text)
{
    struct url url;

    if (!url_read(slice_of(text), &url))
        return false;
    scoped_text char *domain = work_domain(work, url.host);
    return domain != NULL;
}

char *work_user_agent(const struct activitypub_work *work)
{
    return must_print("Nestbox/%s (+https://%s/)", work->version, work->config->domains[0]);
}

void document_aim(struct document *document, enum document_kind kind, const char *url)
{
    char *aim = must_dup(url); /* may be document->url */

    free(document->url);
    document->url = aim;
    document->kind = kind;
    document->hops = 0;
    bytes_reset(&document->text);
}

void document_clear(struct document *document)
{
    free(document->url);
    bytes_clear(&document->text);
    *document = (struct document){0};
}

bool work_sign(struct activitypub_work *work, const struct signing *signing,
               struct slice wrapped_key, struct bytes *fields, struct err *err)
{
    scoped_value(bytes) base = {0};
    scoped_value(bytes) signature = {0};

    if (!signing_begin(signing, fields, &base, err) ||
        !vault_sign(work->vault, signing->key_id, wrapped_key, bytes_slice(&base), &signature, err))
        return false;
    signing_end(signing, bytes_slice(&signature), fields);
    return true;
}

/* Key fetches are signed by the instance actor, never by a user: two servers that both want signatures would ask
 * each other for ever (docs/federation.md). */
static bool sign_as_instance(struct activitypub_work *work, const char *domain, struct fetch *fetch,
                             struct err *err)
{
    scoped(store_view) view = store_look(work->store, err);
    scoped_value(domain) host = {0};

    if (!view)
        return false;
    enum found found = store_domain(view, slice_of(domain), &host, err);
    if (found != FOUND)
        return found == ABSENT ? err_set(err, ERR_TEMPORARY, "The domain has no key yet") : false;
    scoped_text char *actor = name_instance_actor(host.name);
    scoped_text char *key_id = name_key(actor);
    struct signing signing = {
        .form = SIGNATURE_CAVAGE,
        .url = fetch->url,
        .key_id = key_id,
        .now_ms = clock_now(work->clock),
    };
    return work_sign(work, &signing, bytes_slice(&host.actor_key), &fetch->fields, err);
}

static enum document_step want(struct activitypub_work *work, struct ask *ask,
                               struct document *document, const char *domain, struct err *err)
{
    static const char *const accept[] = {
        [DOCUMENT_ACTIVITY] = "application/activity+json, application/ld+json; profile=\"" AS2 "\"",
        [DOCUMENT_JRD] = "application/jrd+json, application/json",
        [DOCUMENT_XRD] = "application/xrd+xml, application/xml, text/xml",
    };
    int64_t left_ms = document->until_ms ? document->until_ms - work_timer(work) : 30 * SECOND_MS;

    if (left_ms <= 0 || document->fetches >= FETCHES_MAX)
        return STEP_SILENT;
    if (work_is_ours(work, document->url))
        return STEP_ABSENT; /* what is ours is in our store, or forged */
    struct fetch *fetch = fetch_new(document->url);
    scoped_text char *agent = work_user_agent(work);
    fetch->total_ms = left_ms;
    bytes_print(&fetch->fields, "Accept: %s\r\nUser-Agent: %s\r\n", accept[document->kind], agent);
    if (document->kind == DOCUMENT_ACTIVITY && !sign_as_instance(work, domain, fetch, err)) {
        errand_free(&fetch->errand);
        log_warn("GET for %s could not be signed: %s (%s)", domain, err->said, err->cause);
        return STEP_SILENT;
    }
    document->fetches++;
    ask->want = &fetch->errand;
    return STEP_WANTS;
}

static enum document_step answered(struct activitypub_work *work, struct ask *ask,
                                   struct document *document, struct fetch *fetch,
                                   const char *domain, struct err *err)
{
    bool moved = fetch->status == 301 || fetch->status == 302 || fetch->status == 303 ||
                 fetch->status == 307 || fetch->status == 308;

    if (moved && fetch->location && document->hops < HOPS_MAX) {
        document->hops++;
        free(document->url);
        document->url = must_dup(fetch->location);
        return want(work, ask, document, domain, err);
    }
    if (fetch->status == 410)
        return STEP_GONE;
    if (fetch->status == 429 || fetch->status >= 500)
        return STEP_SILENT;
    if (fetch->status != 200 || !document_type_fits(document->kind, slice_of(fetch->content_type)))
        return STEP_ABSENT;
    bytes_clear(&document->text);
    document->text = fetch->answer;
    fetch->answer = (struct bytes){0};
    return STEP_HERE;
}

enum document_step document_step(struct activitypub_work *work, struct ask *ask,
                                 struct document *document, const char *domain, struct err *err)
{
    struct errand *got = steal(&ask->got);
    enum document_step step = STEP_SILENT;

    if (!got)
        return want(work, ask, document, domain, err);
    struct fetch *fetch = container_of(got, struct fetch, errand);
    switch (fetch->outcome) {
    case FETCH_ANSWERED: step = answered(work, ask, document, fetch, domain, err); break;
    case FETCH_NO_HOST:
    case FETCH_BLOCKED:
    case FETCH_TOO_LARGE: step = STEP_ABSENT; break;
    case FETCH_TLS:
    case FETCH_SILENT: step = STEP_SILENT; break;
    }
    errand_free(got);
    return step;
}
