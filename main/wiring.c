/* Who is joined to whom: carrier, routes, news. */
#include "activitypub.h"
#include "challenges.h"
#include "chores.h"
#include "dialer.h"
#include "fetcher.h"
#include "imap.h"
#include "log.h"
#include "logins.h"
#include "memory.h"
#include "monitor.h"
#include "own_policy.h"
#include "resolver.h"
#include "server.h"
#include "smtp.h"
#include "spool.h"
#include "store.h"
#include "web.h"
#include "workers.h"

enum { SPOOL_MEMORY = 16 * 1024 * 1024 };

static void start_outward(void *ctx, const struct session_kind *kind, void *session)
{
    struct server *server = ctx;

    loop_start(server->outward, kind, session);
}

static bool is_busy(void *ctx)
{
    struct server *server = ctx;

    return workers_busy(server->workers, LANE_QUICK) || workers_busy(server->workers, LANE_HEAVY);
}

/* Large mails wait on the BULK lane in the end, which no page needs. */
static bool mail_is_busy(void *ctx)
{
    struct server *server = ctx;

    return is_busy(server) || workers_busy(server->workers, LANE_BULK);
}

static bool login_is_busy(void *ctx)
{
    struct server *server = ctx;

    return workers_busy_one_by_one(server->workers, LANE_HEAVY);
}

static bool host_is_ours(void *ctx, const struct http_request *request)
{
    struct server *server = ctx;

    if (slice_starts_nocase(request->host, "autoconfig."))
        return slice_is(request->path, "/mail/config-v1.1.xml") &&
               config_hosts(&server->config, slice_from(request->host, strlen("autoconfig.")));
    if (slice_starts_nocase(request->host, "mta-sts."))
        return slice_is(request->path, "/.well-known/mta-sts.txt") &&
               config_hosts(&server->config, slice_from(request->host, strlen("mta-sts.")));
    if (slice_starts_nocase(request->host, "openpgpkey."))
        return slice_starts(request->path, SLICE("/.well-known/openpgpkey/")) &&
               config_hosts(&server->config, slice_from(request->host, strlen("openpgpkey.")));
    return config_hosts(&server->config, request->host) ||
           slice_is_nocase(request->host, server->config.hostname) || monitor_is_asked(request);
}

struct ending { /* of the sessions of an account that has another password, or is closed */
    struct server *server;
    int64_t account_id;
};

static void nudge_inward(void *ctx, int64_t topic)
{
    loop_news(((struct server *)ctx)->inward, &topic, 1);
}

static void end_sessions(void *arg)
{
    struct ending *ending = arg;

    roll_end(&ending->server->roll, ending->account_id, nudge_inward, ending->server);
    free(ending);
}

static void post_endings(struct server *server, const int64_t *topics, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t account_id = topics[i] - topic_of(TOPIC_LOGIN, 0);
        if (topics[i] >> 56 != TOPIC_LOGIN)
            continue;
        struct ending *ending = must_new(struct ending);
        *ending = (struct ending){server, account_id};
        loop_post(server->inward, end_sessions, ending);
    }
}

/* On the store's writer, after a commit. */
static void tell_news(void *ctx, const int64_t *topics, size_t count)
{
    struct server *server = ctx;
    const int64_t something = TOPIC_SOMETHING;

    post_endings(server, topics, count);
    loop_news(server->inward, topics, count);
    loop_news(server->outward, topics, count);
    loop_news(server->outward, &something, 1);
}

/* ---- files of spools that are gone ---- */
struct removal {
    struct errand errand;
    struct spools *spools;
};

static bool remove_files(struct errand *errand, struct err *err)
{
    (void)err;
    spools_remove(container_of(errand, struct removal, errand)->spools);
    return true;
}

static void removal_free(struct errand *errand)
{
    free(container_of(errand, struct removal, errand));
}

static void removal_done(void *ctx, struct errand *errand)
{
    (void)ctx;
    errand_free(errand);
}

static void start_removal(void *ctx)
{
    struct server *server = ctx;
    struct removal *it = must_new(struct removal);

    it->errand = (struct errand){.lane = LANE_BULK, .work = remove_files, .free = removal_free};
    it->spools = server->spools;
    workers_submit(server->workers, &it->errand, removal_done, NULL);
}

static bool make_faces(struct server *server, struct err *err)
{
    struct household *home = &server->household;

    if (!spools_open(home->dir.fd, SPOOL_MEMORY, &server->spools, err))
        return false;
    spools_on_leaving(server->spools, start_removal, server);
    server->logins = logins_new();
    server->smtp = smtp_new(&(struct smtp_parts){
        .config = &server->config,
        .clock = &system_clock,
        .bridge = home->bridge,
        .store = home->store,
        .vault = home->vault,
        .spools = server->spools,
        .logins = server->logins,
        .roll = &server->roll,
        .is_busy = mail_is_busy,
        .is_login_busy = login_is_busy,
        .start_session = start_outward,
        .ctx = server,
    });
    server->imap = imap_new(&(struct imap_parts){
        .config = &server->config,
        .bridge = home->bridge,
        .store = home->store,
        .spools = server->spools,
        .logins = server->logins,
        .roll = &server->roll,
        .is_login_busy = login_is_busy,
        .ctx = server,
    });
    server->activitypub = activitypub_new(&(struct activitypub_parts){
        .config = &server->config,
        .clock = &system_clock,
        .bridge = home->bridge,
        .store = home->store,
        .vault = home->vault,
        .version = NESTBOX_VERSION,
        .start_session = start_outward,
        .ctx = server,
    });
    server->web = web_new(&(struct web_parts){
        .config = &server->config,
        .clock = &system_clock,
        .bridge = home->bridge,
        .store = home->store,
        .version = NESTBOX_VERSION,
        .start_session = start_outward,
        .ctx = server,
    });
    return true;
}

static void make_http(struct server *server)
{
    const struct http_face faces[] = {activitypub_face(server->activitypub), web_face(server->web),
                                      own_policy_face(&server->config),
                                      monitor_face(&server->house)};
    struct http_options options = {
        .faces = faces,
        .face_count = COUNT_OF(faces),
        .is_ours = host_is_ours,
        .is_busy = is_busy,
        .ctx = server,
    };

    server->https = http_server_new(&options);
    server->challenges = challenges_new();
    options.challenges = server->challenges;
    options.redirect_only = true;
    options.https_port = server->listeners[HTTPS] ? listener_port(server->listeners[HTTPS]) : 0;
    server->http = http_server_new(&options);
}

static bool step_aside(void *ctx)
{
    struct server *server = ctx;

    return workers_step_aside(server->workers);
}

static bool make_outward(struct server *server, struct err *err)
{
    server->workers = workers_new(NULL, err);
    if (!server->workers)
        return false;
    pgp_when_slow(server->household.pgp, step_aside, server);
    server->resolver = resolver_new(server->outward, &server->config, err);
    if (!server->resolver)
        return false;
    server->fetcher = fetcher_new(server->outward, server->resolver, &server->config, err);
    if (!server->fetcher)
        return false;
    server->dialer = dialer_new(server->outward, &server->config, err);
    return server->dialer != NULL;
}

bool wiring_make(struct server *server, struct err *err)
{
    if (!make_outward(server, err) || !make_faces(server, err))
        return false;
    make_http(server);
    server->carrier = (struct carrier){
        .workers = server->workers,
        .store = server->household.store,
        .resolver = server->resolver,
        .fetcher = server->fetcher,
        .dialer = server->dialer,
        .activitypub = server->activitypub,
    };
    loop_set_carrier(server->inward, carrier_carry, &server->carrier);
    loop_set_carrier(server->outward, carrier_carry, &server->carrier);
    store_on_news(server->household.store, tell_news, server);
    return true;
}

static bool apply_nothing(struct store_change *change, struct store_tx *tx, struct err *err)
{
    (void)change, (void)tx, (void)err;
    return true;
}

/* What the workers sent to the writer has come home when a change behind it is through. */
static void wait_for_writer(struct store *store)
{
    struct store_change behind_all = {.apply = apply_nothing};
    struct err err;

    if (!store_commit(store, &behind_all, &err))
        log_error("the last commit failed: %s", err.cause);
}

/* The loops have ended; the household is closed later. */
void wiring_free(struct server *server)
{
    if (server->workers) {
        workers_join(server->workers);
        wait_for_writer(server->household.store);
    }
    dialer_free(server->dialer);
    fetcher_free(server->fetcher);
    resolver_free(server->resolver);
    loop_free(server->inward);
    loop_free(server->outward);
    http_server_free(server->https);
    http_server_free(server->http);
    challenges_free(server->challenges);
    web_free(server->web);
    activitypub_free(server->activitypub);
    imap_free(server->imap);
    smtp_free(server->smtp);
    logins_free(server->logins);
    spools_close(server->spools);
    workers_free(server->workers);
}
