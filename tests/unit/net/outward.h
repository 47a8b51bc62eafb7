/*
 * outward — a loop with resolver and fetcher on its own thread, asking a fake DNS server.
 */
#ifndef NESTBOX_TEST_OUTWARD_H
#define NESTBOX_TEST_OUTWARD_H

#include "fake_dns.h"
#include "fetcher.h"

#include <semaphore.h>

struct outward {
    struct config config;
    struct fake_dns dns;
    struct loop *loop;
    struct thread thread;
    struct resolver *resolver;
    struct fetcher *fetcher;
    sem_t back; /* posted for each errand that is back */
};

void outward_open(struct outward *o, const struct fake_record *records, size_t count);
void outward_start(struct outward *o); /* after the config was changed */
void outward_close(struct outward *o);

void outward_look_up(struct outward *o, struct dns_lookup *lookup); /* waits */
void outward_fetch(struct outward *o, struct fetch *fetch);         /* waits */
void outward_on_back(void *outward, struct errand *errand);         /* a done() */

#endif
