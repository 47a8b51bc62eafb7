#include "fake_dns.h"

#include "bytes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 12, NO_NAME = 3, CNAME = 5 };

static void add_short(struct bytes *out, unsigned number)
{
    bytes_add_char(out, (char)(number >> 8));
    bytes_add_char(out, (char)number);
}

static void add_name(struct bytes *out, const char *name)
{
    struct slice rest = slice_of(name);

    while (rest.at) {
        struct slice label = slice_cut(&rest, '.');
        bytes_add_char(out, (char)label.len);
        bytes_add(out, label);
    }
    bytes_add_char(out, '\0');
}

static void add_record(struct bytes *out, const char *owner, int type, struct slice rdata)
{
    if (owner)
        add_name(out, owner);
    else
        add_short(out, 0xc000 | HEADER); /* where the question's name stands */
    add_short(out, (unsigned)type);
    add_short(out, 1);
    add_short(out, 0);
    add_short(out, 300);
    add_short(out, (unsigned)rdata.len);
    bytes_add(out, rdata);
}

/* The name of the question as text; *at moves behind it. */
static void read_name(struct slice packet, size_t *at, char out[256])
{
    size_t len = 0;

    while (*at < packet.len && packet.at[*at]) {
        size_t label = (unsigned char)packet.at[*at];
        if (len)
            out[len++] = '.';
        memcpy(out + len, packet.at + *at + 1, label);
        len += label;
        *at += 1 + label;
    }
    out[len] = '\0';
    (*at)++;
}

static size_t add_answers(const struct fake_dns *dns, const char *name, int type, struct bytes *out,
                          int *rcode)
{
    size_t count = 0;

    for (size_t i = 0; i < dns->count; i++) {
        const struct fake_record *r = &dns->records[i];
        if (!slice_is_nocase(slice_of(r->name), name))
            continue;
        *rcode = r->type == type || r->rcode ? r->rcode : *rcode == NO_NAME ? 0 : *rcode;
        if (r->type != type || !r->rdata.len)
            continue;
        if (r->owner) {
            scoped_value(bytes) target = {0};
            add_name(&target, r->owner);
            add_record(out, NULL, CNAME, bytes_slice(&target));
            count++;
        }
        add_record(out, r->owner, type, r->rdata);
        count++;
    }
    return count;
}

static bool answer(const struct fake_dns *dns, struct slice query, struct bytes *out)
{
    scoped_value(bytes) answers = {0};
    char name[256];
    size_t at = HEADER;
    int rcode = NO_NAME;

    read_name(query, &at, name);
    int type = (unsigned char)query.at[at] << 8 | (unsigned char)query.at[at + 1];
    size_t count = add_answers(dns, name, type, &answers, &rcode);
    if (rcode < 0)
        return false;
    bytes_add(out, slice_first(query, 2));
    add_short(out, 0x8180u | (unsigned)rcode);
    add_short(out, 1);
    add_short(out, (unsigned)count);
    add_short(out, 0);
    add_short(out, 0);
    bytes_add(out, slice_first(slice_from(query, HEADER), at + 4 - HEADER));
    bytes_add(out, bytes_slice(&answers));
    return true;
}

static void serve(void *arg)
{
    struct fake_dns *dns = arg;
    char query[1500];

    for (;;) {
        struct sockaddr_in from;
        socklen_t len = sizeof from;
        scoped_value(bytes) out = {0};
        ssize_t got = recvfrom(dns->fd, query, sizeof query, 0, (struct sockaddr *)&from, &len);
        if (got <= HEADER) /* a packet of ours: stop */
            return;
        if (answer(dns, (struct slice){query, (size_t)got}, &out))
            sendto(dns->fd, out.at, out.len, 0, (struct sockaddr *)&from, len);
    }
}

void fake_dns_start(struct fake_dns *dns, const struct fake_record *records, size_t count)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t len = sizeof here;
    struct err err;

    *dns = (struct fake_dns){.records = records, .count = count};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    dns->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(dns->fd, (struct sockaddr *)&here, sizeof here) < 0 ||
        getsockname(dns->fd, (struct sockaddr *)&here, &len) < 0)
        abort();
    dns->port = ntohs(here.sin_port);
    if (!thread_start(&dns->thread, "fake-dns", 0, serve, dns, &err))
        abort();
}

void fake_dns_stop(struct fake_dns *dns)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)dns->port)};

    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sendto(dns->fd, "", 0, 0, (struct sockaddr *)&there, sizeof there);
    thread_join(&dns->thread);
    close(dns->fd);
}
