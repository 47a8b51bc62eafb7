/*
 * server — the parts of a running server and who starts and ends them in which order (architecture.md 11).
 */
#ifndef NESTBOX_MAIN_SERVER_H
#define NESTBOX_MAIN_SERVER_H

#include "carrier.h"
#include "control.h"
#include "house.h"
#include "http_server.h"
#include "listen.h"
#include "roll.h"
#include "thread.h"
#include "tls.h"

enum entrance { SMTP, SUBMISSION, SUBMISSIONS, IMAP, IMAPS, HTTPS, HTTP, ENTRANCES };

struct activitypub;
struct challenges;
struct dialer;
struct fetcher;
struct imap;
struct logins;
struct resolver;
struct smtp;
struct spools;
struct web;
struct workers;

struct server {
    struct config config;
    struct household household;
    struct house house;
    struct loop *inward, *outward;
    struct thread outward_thread;
    struct workers *workers;
    struct resolver *resolver;
    struct fetcher *fetcher;
    struct dialer *dialer;
    struct spools *spools;
    struct logins *logins; /* who guesses passwords, at every entrance */
    struct roll roll;      /* who is logged in, at every entrance */
    struct tls_server *tls;
    struct smtp *smtp;
    struct imap *imap;
    struct activitypub *activitypub;
    struct web *web;
    struct http_server *https, *http;
    struct challenges *challenges; /* at http, while the authority asks */
    struct listener *listeners[ENTRANCES];
    struct listen_protocol protocols[4]; /* behind https */
    struct carrier carrier;
    struct control *control;
    int64_t stop_by_ms; /* monotonic; 0: nobody said stop */
};

/* entrances.c: opens every listener the settings name, before privileges are dropped; closes them. */
MUST_CHECK bool entrances_open(struct server *server, struct err *err);
void entrances_close(struct server *server);
/* The port of each open entrance, as data_dir/ports.json. */
MUST_CHECK bool entrances_tell(struct server *server, struct err *err);

/* wiring.c: makes the parts behind the entrances and joins them; ends them. */
MUST_CHECK bool wiring_make(struct server *server, struct err *err);
void wiring_free(struct server *server);

#endif
