/*
 * house — a server with example.org and alice, a Fediverse that is a table, and a bridge that writes down what it is
 * told (fake_bridge.c).  Errands run here at once, as the carrier would run them.
 */
#ifndef NESTBOX_TEST_HOUSE_H
#define NESTBOX_TEST_HOUSE_H

#include "test.h"

#include "bridge_activity.h"
#include "duties.h"
#include "memory.h"
#include "work.h"

#define NOW_MS (1778918400 * (int64_t)SECOND_MS) /* 16 May 2026 08:00:00 UTC */

struct document_there { /* what an address elsewhere answers */
    const char *url;
    enum fetch_outcome outcome;
    int status;       /* 0: 200 */
    const char *type; /* NULL: activity JSON */
    const char *body, *location;
    int64_t takes_ms; /* of loop time; what has less is silent */
};
struct resolve;

struct bridge {        /* the fake one */
    struct bytes told; /* one line for each thing recorded */
    bool concerns_nobody;
    const char *wants;                 /* prepare() wants this actor once */
    bool wants_picture;                /* prepare() does, each time */
    int conflicts;                     /* record() answers ERR_CONFLICT so often */
    struct outgoing (*outgoing)(void); /* what bridge_outgoing() gives; heap texts */
    const char *inbox_of_person;       /* once somebody was resolved */
    bool unreadable;                   /* bridge_outgoing_post() fails */
};
extern struct bridge *house_bridge; /* that of the house that is open */

struct house {
    char folder[64];
    struct test_clock clock, timer; /* both stand still until they are moved */
    struct vault *vault;
    struct store *store;
    struct config config;
    struct bridge bridge;
    struct activitypub_work work;
    struct activitypub_duties duties;
    struct bytes key; /* of everybody elsewhere, wrapped */
    char *pem;
    int64_t alice; /* account */
    const struct document_there *web;
    size_t web_count;
    struct bytes seen;   /* "GET url" or "POST url" in their order, one line each */
    struct bytes posted; /* body of the last POST */
    int resolves;        /* RESOLVE errands that were sent */
    enum resolve_outcome resolve_outcome;
};

/* Before and after all tests of a program. */
int house_lay_foundation(void **state);
int house_dig_up(void **state);
void house_open(struct house *house);
void house_close(struct house *house);
void house_web(struct house *house, const struct document_there *web, size_t count);
/* Until it is done; true: errand.ok. */
bool house_run(struct house *house, struct ask *ask);

/* A person elsewhere, known with the common key: returns its id. */
int64_t house_knows(struct house *house, const char *actor_id, const char *key_id, const char *pem);
/* An actor document of m.example, bob's or another's, with the common key; heap. */
char *house_actor(struct house *house, const char *id, const char *user);

/* A signed POST of `body` to `target` of example.org, as request text; heap. */
char *house_post(struct house *house, enum signature_form form, const char *key_id,
                 const char *target, const char *body);

#endif
