#include "outward.h"

#include "test.h"

#include <curl/curl.h>
#include <stdio.h>

static void run(void *arg)
{
    loop_run(arg);
}

void outward_open(struct outward *o, const struct fake_record *records, size_t count)
{
    memset(o, 0, sizeof *o);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    sem_init(&o->back, 0, 0);
    fake_dns_start(&o->dns, records, count);
    snprintf(o->config.dns_server, sizeof o->config.dns_server, "127.0.0.1@%d", o->dns.port);
    snprintf(o->config.trust_anchor, sizeof o->config.trust_anchor, "none");
}

void outward_start(struct outward *o)
{
    struct err err;

    o->loop = loop_new("outward", &err);
    o->resolver = resolver_new(o->loop, &o->config, &err);
    if (!o->resolver)
        fail_msg("%s", err.cause);
    o->fetcher = fetcher_new(o->loop, o->resolver, &o->config, &err);
    assert_non_null(o->fetcher);
    assert_true(thread_start(&o->thread, "outward", 0, run, o->loop, &err));
}

void outward_close(struct outward *o)
{
    loop_stop(o->loop);
    thread_join(&o->thread);
    fetcher_free(o->fetcher);
    resolver_free(o->resolver);
    loop_free(o->loop);
    fake_dns_stop(&o->dns);
    sem_destroy(&o->back);
    curl_global_cleanup();
}

void outward_on_back(void *outward, struct errand *errand)
{
    struct outward *o = outward;

    (void)errand;
    sem_post(&o->back);
}

void outward_look_up(struct outward *o, struct dns_lookup *lookup)
{
    resolver_submit(o->resolver, &lookup->errand, outward_on_back, o);
    sem_wait(&o->back);
}

void outward_fetch(struct outward *o, struct fetch *fetch)
{
    fetcher_submit(o->fetcher, &fetch->errand, outward_on_back, o);
    sem_wait(&o->back);
}
