/*
 * nestbox serve: start and stop (architecture.md 11).
 *
 * Start: settings, data folder and lock, certificate, listeners, privileges dropped, vault, store, parts, control
 * socket, ports.json, readiness.  Stop: listeners closed, sessions nudged, 26 s for what runs, 8 s for deliveries,
 * then workers, store; after 38 s the process ends whatever still works.  kill -9 is the same without the manners;
 * nothing depends on a clean stop.
 */
#include "acme.h"
#include "activitypub.h"
#include "chores.h"
#include "log.h"
#include "memory.h"
#include "privileges.h"
#include "server.h"
#include "smtp.h"
#include "store.h"
#include "web.h"
#include "workers.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { INWARD_END_MS = 26 * SECOND_MS, OUTWARD_END_MS = 8 * SECOND_MS };
enum {
    STOP_WITHIN_MS = 38 * SECOND_MS
};                            /* then work that does not end is cut off, as kill -9 would */
enum { STOP_AT_MOST_S = 40 }; /* and so is what cuts it off */

/* systemd's readiness, sd_notify(3), if it waits for that. */
static void tell_ready(void)
{
    const char *path = getenv("NOTIFY_SOCKET"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (!path || strlen(path) >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* abstract */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (fd >= 0 && sendto(fd, "READY=1", 7, MSG_NOSIGNAL, (struct sockaddr *)&address, len) < 0)
        log_warn("systemd did not take the news that the server is ready");
    if (fd >= 0)
        close(fd);
}

static void run_outward(void *arg)
{
    loop_run(arg);
}

static void inward_ended(void *ctx, bool all_ended)
{
    struct server *server = ctx;

    if (!all_ended)
        log_warn("some sessions did not end in time");
    loop_stop(server->inward);
}

static void outward_ended(void *ctx, bool all_ended)
{
    struct server *server = ctx;

    if (!all_ended)
        log_info("some deliveries are under way; they are tried again at the next start");
    loop_stop(server->outward);
}

static void on_signal(void *ctx, int signal)
{
    struct server *server = ctx;

    if (server->stop_by_ms)
        return;
    server->stop_by_ms = monotonic_ms() + STOP_WITHIN_MS;
    alarm(
        STOP_AT_MOST_S); /* SIGALRM is blocked in every thread but this one, and ends the process */
    log_info("stops on signal %d", signal);
    entrances_close(server);
    loop_closing(server->inward, INWARD_END_MS, inward_ended, server);
}

static bool open_tls(struct server *server, struct err *err)
{
    server->tls = tls_server_open(server->config.certificate, server->config.key, err);
    return server->tls != NULL;
}

static bool make_loops(struct server *server, struct err *err)
{
    static const int signals[] = {SIGTERM, SIGINT};

    server->inward = loop_new("inward", err);
    if (!server->inward)
        return false;
    server->outward = loop_new("outward", err);
    return server->outward &&
           loop_on_signals(server->inward, signals, COUNT_OF(signals), on_signal, server, err);
}

/* Deliveries read it when they need it; that it cannot be read is told now. */
static bool find_relay_password(const struct config *config, struct err *err)
{
    const char *path = config->relay_password_file;

    return !path[0] || access(path, R_OK) == 0 ||
           err_system(err, "The file of password_file in [relay] cannot be read", "%s", path);
}

/* Everything up to the moment when work can come in. */
static bool set_up(struct server *server, struct err *err)
{
    return make_loops(server, err) && household_enter(&server->config, &server->household, err) &&
           open_tls(server, err) && entrances_open(server, err) &&
           privileges_drop(server->household.dir.fd, err) &&
           find_relay_password(&server->config, err) &&
           household_furnish(&server->config, &server->household, err) && wiring_make(server, err);
}

static bool open_control(struct server *server, struct err *err)
{
    server->house = (struct house){
        .config = &server->config,
        .store = server->household.store,
        .bridge = server->household.bridge,
        .dir = &server->household.dir,
        .activitypub = server->activitypub,
        .serving = true,
        .started_ms = clock_now(&system_clock),
    };
    return control_open(&server->household.dir, &server->house, &server->control, err);
}

static void keep_certificate(struct server *server)
{
    const struct acme_parts parts = {
        .config = &server->config,
        .dir = &server->household.dir,
        .vault = server->household.vault,
        .challenges = server->challenges,
    };

    if (config_fetches_certificate(&server->config))
        loop_start(server->outward, &acme_kind, acme_new(&parts));
}

static bool start(struct server *server, struct err *err)
{
    if (!open_control(server, err) ||
        !thread_start(&server->outward_thread, "outward", 1, run_outward, server->outward, err))
        return false;
    activitypub_deliver(server->activitypub);
    smtp_deliver(server->smtp);
    loop_start(server->outward, &web_push_kind, web_push_new(server->web));
    loop_start(server->outward, &chores_kind, chores_new(server->household.bridge));
    keep_certificate(server);
    return entrances_tell(server, err);
}

static void remove_signs(struct server *server)
{
    if (server->household.dir.lock < 0) /* they are those of the server that holds it */
        return;
    unlinkat(server->household.dir.fd, "ports.json", 0);
    unlinkat(server->household.dir.fd, "control", 0);
}

/* A worker that does not come back uses what would be freed: so nothing is. */
static void wait_for_workers(struct server *server)
{
    struct err err;

    if (!server->workers || !server->stop_by_ms ||
        workers_join_until(server->workers, server->stop_by_ms, &err))
        return;
    log_error("stops in the middle of work that does not end (%s); what was promised is kept",
              err.cause);
    remove_signs(server);
    _exit(EXIT_REFUSED);
}

static void tear_down(struct server *server)
{
    control_close(server->control);
    if (server->outward_thread.started) {
        loop_closing(server->outward, OUTWARD_END_MS, outward_ended, server);
        thread_join(&server->outward_thread);
    }
    entrances_close(server);
    wait_for_workers(server);
    wiring_free(server);
    tls_server_close(server->tls);
    remove_signs(server);
    household_close(&server->household);
}

static void log_warnings(const struct config *config)
{
    const char *warnings[8];
    size_t count = config_warnings(config, warnings, COUNT_OF(warnings));

    for (size_t i = 0; i < count; i++)
        log_warn("%s", warnings[i]);
}

int run_serve(const char *config_path)
{
    struct err err;
    struct server *server = must_new(struct server);
    int code = EXIT_REFUSED;

    mallopt(M_ARENA_MAX, 8); // NOLINT(concurrency-mt-unsafe): no other thread yet
    server->household.dir = (struct data_dir){.fd = -1, .lock = -1};
    bool ready = config_read(config_path, &server->config, &err);
    if (ready) {
        log_warnings(&server->config);
        ready = set_up(server, &err) && start(server, &err);
    }
    if (ready) {
        log_info("nestbox %s serves %s", NESTBOX_VERSION, server->config.domains[0]);
        tell_ready();
        loop_run(server->inward);
        code = EXIT_DONE;
    } else {
        fprintf(stderr, "nestbox: %s%s%s\n", err.said, err.cause[0] ? ": " : "", err.cause);
    }
    tear_down(server);
    free(server);
    return code;
}
