/*
 * libunbound shares the loop's event base and runs on its thread.  Its ub_cancel() needs a pipe that this
 * mode lacks, so a question given up stays listed until libunbound answers it after all.
 */
#include "resolver.h"

#include "clock.h"
#include "dns_message.h"
#include "log.h"
#include "memory.h"
#include "net_private.h"

#include <errno.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#define PACKAGED_ANCHOR "/usr/share/dns/root.key"

enum { LOOKUP_MS = 10 * SECOND_MS, SECURE = 2, BOGUS = 1 };

struct run { /* one errand */
    struct resolver *resolver;
    struct dns_lookup *lookup;
    void (*done)(void *ctx, struct errand *errand);
    void *ctx;
    size_t open; /* questions without an answer yet */
    struct event *timer;
    struct run *next, **slot;
};

struct query { /* one question, libunbound's until it calls back */
    struct resolver *resolver;
    struct run *run; /* NULL: given up */
    size_t index;
    struct query *next, **slot;
};

struct resolver {
    struct loop *loop;
    struct ub_ctx *unbound;
    struct run *runs;
    struct query *queries;
};

static bool set_up(struct ub_ctx *unbound, const struct config *config, struct err *err)
{
    int failed = ub_ctx_set_option(unbound, "do-not-query-localhost:", "no");

    if (!failed)
        failed = ub_ctx_set_option(unbound, "outgoing-range:", "256");
    if (!failed && config->dns_server[0])
        failed = ub_ctx_set_fwd(unbound, config->dns_server);
    else if (!failed)
        failed = ub_ctx_resolvconf(unbound, NULL);
    if (failed)
        return err_because(err, ERR_TEMPORARY, "The DNS resolver cannot start", "%s: %s",
                           config->dns_server[0] ? config->dns_server : "the system's resolvers",
                           ub_strerror(failed));
    return true;
}

static bool set_anchor(struct ub_ctx *unbound, const struct config *config, struct err *err)
{
    const char *anchor = config->trust_anchor[0] ? config->trust_anchor : PACKAGED_ANCHOR;

    if (slice_is(slice_of(anchor), "none"))
        return true;
    if (!config->trust_anchor[0] && access(anchor, R_OK) < 0) {
        log_warn("no DNSSEC: there is no %s; every answer counts as insecure", anchor);
        return true;
    }
    if (access(anchor, R_OK) < 0)
        return err_system(err, "The DNS resolver cannot start", "trust anchor %s", anchor);
    int failed = ub_ctx_add_ta_file(unbound, anchor);
    if (failed)
        return err_because(err, ERR_TEMPORARY, "The DNS resolver cannot start",
                           "trust anchor %s: %s", anchor, ub_strerror(failed));
    return true;
}

/* Names under test. are a laboratory's; libunbound denies them by itself unless told.  This fixes the context:
 * every setting must stand before it. */
static bool open_test(struct ub_ctx *unbound, struct err *err)
{
    int failed = ub_ctx_zone_remove(unbound, "test.");

    if (failed)
        return err_because(err, ERR_TEMPORARY, "The DNS resolver cannot start", "test.: %s",
                           ub_strerror(failed));
    return true;
}

struct resolver *resolver_new(struct loop *loop, const struct config *config, struct err *err)
{
    scoped(resolver) resolver = must_new(struct resolver);

    resolver->loop = loop;
    resolver->unbound = ub_ctx_create_event(loop->base);
    if (!resolver->unbound) {
        err_because(err, ERR_TEMPORARY, "The DNS resolver cannot start", "no libunbound context");
        return NULL;
    }
    if (!set_up(resolver->unbound, config, err) || !set_anchor(resolver->unbound, config, err) ||
        !open_test(resolver->unbound, err))
        return NULL;
    return steal(&resolver);
}

static void query_free(struct query *query)
{
    *query->slot = query->next;
    if (query->next)
        query->next->slot = query->slot;
    free(query);
}

static struct query *query_new(struct run *run, size_t index)
{
    struct query *query = must_new(struct query);
    struct resolver *resolver = run->resolver;

    *query = (struct query){resolver, run, index, resolver->queries, &resolver->queries};
    if (query->next)
        query->next->slot = &query->next;
    resolver->queries = query;
    return query;
}

/* Hands the errand back.  Questions still open were given up. */
static void run_end(struct run *run, bool ok)
{
    struct errand *errand = &run->lookup->errand;

    for (struct query *query = run->resolver->queries; query; query = query->next) {
        if (query->run == run)
            query->run = NULL;
    }
    *run->slot = run->next;
    if (run->next)
        run->next->slot = run->slot;
    event_free(run->timer);
    errand->ok = ok;
    if (!ok)
        err_set(&errand->err, ERR_TEMPORARY, "The name was not looked up");
    run->done(run->ctx, errand);
    free(run);
}

static void on_answer(void *arg, int rcode, void *packet, int packet_len, int security,
                      char *why_bogus, int was_limited)
{
    struct query *query = arg;
    struct run *run = query->run;

    (void)was_limited;
    if (run) {
        struct dns_question *question = &run->lookup->questions[query->index];
        struct dns_answer *answer = &run->lookup->answers[query->index];
        struct slice text = {packet, (size_t)packet_len};
        if (rcode == 0 && packet)
            dns_message_read(text, question->type, question->name, answer);
        answer->secure = security == SECURE;
        if (security == BOGUS) {
            log_info("dns bogus name=%s: %s", question->name, why_bogus ? why_bogus : "no reason");
            dns_answer_clear(answer);
            answer->outcome = DNS_BOGUS;
        }
    }
    query_free(query);
    if (run && --run->open == 0)
        run_end(run, true);
}

static void on_late(int fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    run_end(arg, true);
}

/* Asks question `i`; what libunbound refuses to ask is answered here. */
static void ask(struct run *run, size_t i)
{
    struct dns_question *question = &run->lookup->questions[i];
    struct query *query = query_new(run, i);

    int failed = ub_resolve_event(run->resolver->unbound, question->name, (int)question->type, 1,
                                  query, on_answer, NULL);
    if (!failed)
        return;
    if (failed == UB_SYNTAX)
        run->lookup->answers[i].outcome = DNS_NO_NAME;
    else
        log_error("dns name=%s cannot be asked: %s", question->name, ub_strerror(failed));
    query_free(query);
    run->open--;
}

static void start(void *arg)
{
    const struct timeval patience = {.tv_sec = LOOKUP_MS / SECOND_MS};
    struct run *run = arg;
    struct resolver *resolver = run->resolver;
    struct dns_lookup *lookup = run->lookup;

    run->next = resolver->runs;
    run->slot = &resolver->runs;
    if (run->next)
        run->next->slot = &run->next;
    resolver->runs = run;
    run->timer = evtimer_new(resolver->loop->base, on_late, run);
    if (!run->timer || event_add(run->timer, &patience) < 0)
        abort();
    for (size_t i = 0; i < lookup->count; i++)
        lookup->answers[i].outcome = DNS_FAILED;
    /* One more than there are, so that answers at once do not end it while we ask. */
    run->open = lookup->count + 1;
    for (size_t i = 0; i < lookup->count; i++)
        ask(run, i);
    if (--run->open == 0)
        run_end(run, true);
}

void resolver_submit(struct resolver *resolver, struct errand *errand,
                     void (*done)(void *ctx, struct errand *errand), void *ctx)
{
    struct run *run = must_new(struct run);

    run->resolver = resolver;
    run->lookup = container_of(errand, struct dns_lookup, errand);
    run->done = done;
    run->ctx = ctx;
    loop_post(resolver->loop, start, run);
}

void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    loop_run_posts(resolver->loop);
    while (resolver->runs)
        run_end(resolver->runs, false);
    if (resolver->unbound)
        ub_ctx_delete(resolver->unbound);
    while (resolver->queries)
        query_free(resolver->queries);
    free(resolver);
}
