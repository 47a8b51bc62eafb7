/*
 * fake_dns — a DNS server on loopback that knows a table and denies the rest.
 */
#ifndef NESTBOX_TEST_FAKE_DNS_H
#define NESTBOX_TEST_FAKE_DNS_H

#include "slice.h"
#include "thread.h"

struct fake_record {
    const char *name; /* "a.test" */
    int type;
    int rcode;         /* with no records; -1: stays silent */
    const char *owner; /* of the answer, if another */
    struct slice rdata;
};
struct fake_dns {
    const struct fake_record *records;
    size_t count;
    int fd;
    int port;
    struct thread thread;
};
void fake_dns_start(struct fake_dns *dns, const struct fake_record *records, size_t count);
void fake_dns_stop(struct fake_dns *dns);

#endif
