/*
 * world — an outward loop and a TLS server on loopback for it to reach: our own listener and HTTP reader, with a
 * face that does what its paths say (world.c).
 */
#ifndef NESTBOX_TEST_WORLD_H
#define NESTBOX_TEST_WORLD_H

#include "certificate.h"
#include "http_server.h"
#include "listen.h"
#include "outward.h"

struct world {
    struct outward outward; /* first: outward_on_back() */
    struct certificate certificate;
    struct loop *inward;
    struct thread thread;
    struct tls_server *tls;
    struct http_server *http;
    struct listener *listener;
};

/* A world as a laboratory sets it up: a route to the server as a.test, and its certificate as the CA.  Start it by
 * outward_start(). */
void world_open(struct world *w);
void world_route(struct world *w, const char *name); /* that name leads to the server, too */
void world_close(struct world *w);

#endif
