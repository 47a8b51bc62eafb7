/* The listeners: which session begins where. */
#include "imap.h"
#include "json.h"
#include "log.h"
#include "server.h"
#include "smtp.h"

struct entrance_row {
    const char *service; /* peer->service, and the name in ports.json */
    bool implicit_tls, tls;
};

static const struct entrance_row rows[ENTRANCES] = {
  /* clang-format off */
    [SMTP]        = {"smtp",        false, true},
    [SUBMISSION]  = {"submission",  false, true},
    [SUBMISSIONS] = {"submissions", true,  true},
    [IMAP]        = {"imap",        false, true},
    [IMAPS]       = {"imaps",       true,  true},
    [HTTPS]       = {"https",       true,  true},
    [HTTP]        = {"http",        false, false},
  /* clang-format on */
};

/* Listeners are opened before the parts behind them exist, so sessions find these through the server. */
static void *new_smtp_session(void *ctx, const struct peer *peer)
{
    struct server *server = ctx;

    return smtp_session_new(server->smtp, peer);
}

static void *new_imap_session(void *ctx, const struct peer *peer)
{
    struct server *server = ctx;

    return imap_session_new(server->imap, peer);
}

static void *new_https_session(void *ctx, const struct peer *peer)
{
    struct server *server = ctx;

    return http_session_new(server->https, peer);
}

static void *new_http_session(void *ctx, const struct peer *peer)
{
    struct server *server = ctx;

    return http_session_new(server->http, peer);
}

/* Behind 443 there is everything that one's own people need, for networks that let nothing else through; but what
 * has no door of its own has none here. */
static const struct listen_protocol *protocols_of(struct server *server)
{
    static const struct listen_protocol all[] = {
        {"http/1.1", "https",       &http_session_kind, new_https_session},
        {"imap",     "imaps",       &imap_session_kind, new_imap_session },
        {"smtp",     "submissions", &smtp_session_kind, new_smtp_session },
    };
    const struct config *config = &server->config;
    const bool open[] = {true, !config->imaps.off || !config->imap.off,
                         !config->submissions.off || !config->submission.off};
    size_t count = 0;

    _Static_assert(COUNT_OF(all) < COUNT_OF(server->protocols), "a row without a name ends them");
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (open[i])
            server->protocols[count++] = all[i];
    return server->protocols;
}

static const struct endpoint *endpoint_of(const struct config *config, enum entrance which)
{
    switch (which) {
    case SMTP: return &config->smtp;
    case SUBMISSION: return &config->submission;
    case SUBMISSIONS: return &config->submissions;
    case IMAP: return &config->imap;
    case IMAPS: return &config->imaps;
    case HTTPS: return &config->https;
    case HTTP: return &config->http;
    case ENTRANCES: break;
    }
    __builtin_unreachable();
}

static void choose_session(enum entrance which, struct listen_options *options)
{
    switch (which) {
    case SMTP:
    case SUBMISSION:
    case SUBMISSIONS:
        options->kind = &smtp_session_kind;
        options->new_session = new_smtp_session;
        options->burst_per_block = 600;
        options->rate_per_block = 10;
        options->full_words =
            "421 4.3.2 Too many connections are here. Please come again in a minute\r\n";
        options->block_words =
            "421 4.7.0 Too many connections come from your network. Please come again "
            "in a minute\r\n";
        return;
    case IMAP:
    case IMAPS:
        options->kind = &imap_session_kind;
        options->new_session = new_imap_session;
        options->max_connections = 8192; /* each person's programs wait here all day */
        return;
    case HTTPS:
        options->kind = &http_session_kind;
        options->new_session = new_https_session;
        options->protocols = protocols_of(options->ctx);
        return;
    case HTTP:
        options->kind = &http_session_kind;
        options->new_session = new_http_session;
        return;
    case ENTRANCES: break;
    }
    __builtin_unreachable();
}

static bool open_one(struct server *server, enum entrance which, struct err *err)
{
    const struct endpoint *endpoint = endpoint_of(&server->config, which);
    struct listen_options options = {
        .address = endpoint->address,
        .port = endpoint->port,
        .service = rows[which].service,
        .tls = rows[which].tls ? server->tls : NULL,
        .implicit_tls = rows[which].implicit_tls,
        .ctx = server,
    };

    if (endpoint->off)
        return true;
    choose_session(which, &options);
    server->listeners[which] = listener_open(server->inward, &options, err);
    if (!server->listeners[which]) {
        struct err why = *err;
        if (!why.cause[0])
            return false;
        return err_because(err, why.kind,
                           "Cannot listen; free the port or change [listen] (those below 1024 need "
                           "root or CAP_NET_BIND_SERVICE)",
                           "%s", why.cause);
    }
    log_info("listens for %s on %s port %d", rows[which].service, endpoint->address,
             listener_port(server->listeners[which]));
    return true;
}

bool entrances_open(struct server *server, struct err *err)
{
    for (enum entrance which = 0; which < ENTRANCES; which++)
        if (!open_one(server, which, err))
            return false;
    return true;
}

void entrances_close(struct server *server)
{
    for (enum entrance which = 0; which < ENTRANCES; which++) {
        listener_close(server->listeners[which]);
        server->listeners[which] = NULL;
    }
}

bool entrances_tell(struct server *server, struct err *err)
{
    scoped_value(bytes) text = {0};
    struct json json = json_to(&text);

    json_open(&json, NULL);
    for (enum entrance which = 0; which < ENTRANCES; which++)
        if (server->listeners[which])
            json_number(&json, rows[which].service, listener_port(server->listeners[which]));
    json_end(&json);
    bytes_add_char(&text, '\n');
    return data_dir_write(&server->household.dir, "ports.json", bytes_slice(&text), err);
}
