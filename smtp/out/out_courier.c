/* The way of one mail from the queue to its end (out_courier.h), but for the conversations. */
#include "out_courier.h"
#include "id.h"
#include "log.h"
#include "memory.h"

#include <assert.h>
#include <stdio.h>

enum {
    SMTP_PORT = 25,
    REST_MS = 5 * SECOND_MS, /* doubled with each fault of ours */
    REST_DOUBLINGS = 7,
};

void *out_courier_new(struct out *out, struct claims_batch *batch)
{
    struct courier *it = must_new(struct courier);

    it->out = out;
    it->batch = batch;
    it->domain = must_dup(batch->host->name);
    it->last_host = "";
    it->rest_ms = courier_rest_ms(out);
    return it;
}

/* Unless it comes to its end, a mail rests: what is lost must not be sent again at once. */
int64_t courier_rest_ms(const struct out *out)
{
    return (int64_t)REST_MS << (out->faults < REST_DOUBLINGS ? out->faults : REST_DOUBLINGS);
}

enum next courier_wait(struct courier *it, enum courier_stage stage, struct errand *errand)
{
    it->stage = stage;
    it->turn->errand = errand;
    return NEXT_WAIT;
}

static const char *domain_of(const struct courier *it, const struct out_recipient *recipient)
{
    const char *at = recipient->address ? strrchr(recipient->address, '@') : NULL;

    return at ? at + 1 : it->domain;
}

static const char *how_proved(const struct courier *it)
{
    if (it->talk.outcome.trust != TRUST_PROVED)
        return "";
    return it->orders.by_dane ? " dane" : " verified";
}

void courier_log(const struct courier *it)
{
    static const char *const names[] = {[OUT_OPEN] = "open",
                                        [OUT_TAKEN] = "done",
                                        [OUT_LATER] = "later",
                                        [OUT_REFUSED] = "refused"};

    for (size_t i = 0; i < it->mail->count; i++) {
        const struct out_recipient *recipient = &it->mail->recipients[i];
        log_info("delivery=%lld domain=%s host=%s tls=%s%s %s reply=\"%s\"",
                 (long long)recipient->delivery_id, domain_of(it, recipient), it->last_host,
                 it->talk.tls_version[0] ? it->talk.tls_version : "none", how_proved(it),
                 names[recipient->fate], recipient->reply);
    }
}

/* Whoever has to come later without a word about their mail came to a host that does not answer. */
static void judge_host(struct courier *it, enum out_fate fate)
{
    bool answered = it->mail->host != OUT_HOST_UNSEEN || it->talk.end == TALK_WITHOUT_TLS ||
                    it->talk.end == TALK_UNSHAKEN;

    if (fate == OUT_LATER && it->mail->body && !answered && !it->out->claims.closing)
        it->mail->host = OUT_HOST_FAILED;
}

/* Everybody who is still open gets this. */
enum next courier_settle(struct courier *it, enum out_fate fate, const char *words)
{
    const struct out_duties *duties = &it->out->duties;

    if (out_is_open(it->mail))
        judge_host(it, fate);
    out_decide(it->mail, fate, words);
    courier_log(it);
    if (!out_is_unrecorded(it->mail)) {
        it->rest_ms = 0;
        return NEXT_HANG_UP;
    }
    return courier_wait(it, RECORD, duties->record(duties->ctx, it->mail));
}

/* ---- where to ---- */

static enum next find_tlsa(struct courier *it)
{
    struct dns_lookup *lookup = dns_lookup_new();

    dane_ask(&it->choice, it->port, lookup);
    if (lookup->count > 0)
        return courier_wait(it, FIND_TLSA, &lookup->errand);
    errand_free(&lookup->errand);
    return courier_talk(it);
}

static enum next chosen(struct courier *it)
{
    switch (it->choice.verdict) {
    case MX_HOSTS: return find_tlsa(it);
    case MX_LATER:
        if (it->choice.bogus)
            courier_count(it, JUDGE_DANE, TLS_DNSSEC_INVALID, "", "");
        return courier_settle(it, OUT_LATER, it->choice.words);
    case MX_NOWHERE: return courier_settle(it, OUT_REFUSED, it->choice.words);
    }
    __builtin_unreachable();
}

static enum next find_addresses(struct courier *it)
{
    const struct out_duties *duties = &it->out->duties;
    struct dns_lookup *lookup = dns_lookup_new();

    for (size_t i = 0; i < it->choice.count; i++)
        it->choice.hosts[i].routed =
            duties->has_route(duties->ctx, it->choice.hosts[i].name, it->port);
    mx_ask(&it->choice, lookup);
    if (lookup->count > 0)
        return courier_wait(it, FIND_ADDRESSES, &lookup->errand);
    errand_free(&lookup->errand);
    return chosen(it);
}

static enum next find_mx(struct courier *it)
{
    const struct out_duties *duties = &it->out->duties;
    bool relayed = duties->relay_host[0];

    it->port = relayed ? duties->relay_port : SMTP_PORT;
    if (duties->is_ours(duties->ctx, slice_of(it->domain)))
        return courier_settle(it, OUT_REFUSED, "554 5.4.6 This mail would come back to us");
    if (relayed || it->domain[0] == '[' || duties->has_route(duties->ctx, it->domain, it->port)) {
        mx_only(relayed ? duties->relay_host : it->domain, &it->choice);
        return it->choice.verdict == MX_HOSTS ? find_addresses(it) : chosen(it);
    }
    struct dns_lookup *lookup = dns_lookup_new();
    scoped_text char *announcement = must_print("_mta-sts.%s", it->domain);
    dns_lookup_ask(lookup, DNS_MX, it->domain);
    dns_lookup_ask(lookup, DNS_TXT, announcement);
    return courier_wait(it, FIND_MX, &lookup->errand);
}

/* ---- what came home; each takes `back` ---- */

static struct out_mail *unread_mail(const struct claims_batch *batch)
{
    struct out_mail *mail = must_new(struct out_mail);

    mail->recipients = must_alloc_array(batch->count, sizeof *mail->recipients);
    mail->count = batch->count;
    for (size_t i = 0; i < batch->count; i++)
        mail->recipients[i].delivery_id = batch->ids[i];
    out_decide(mail, OUT_LATER, "451 4.3.0 Our server could not read this mail");
    return mail;
}

struct out_mail *courier_loaded(const struct courier *it, const struct claims_batch *batch,
                                struct errand *back)
{
    struct out_load *load = container_of(back, struct out_load, errand);
    struct out_mail *mail = back->ok ? steal(&load->mail) : unread_mail(batch);

    if (!back->ok)
        log_error("mail to %s could not be read: %s (%s)", it->domain, back->err.said,
                  back->err.cause);
    errand_free(back);
    return mail;
}

static enum next loaded(struct courier *it, struct errand *back)
{
    it->mail = courier_loaded(it, it->batch, back);
    if (!it->mail) {
        it->rest_ms = 0;
        return NEXT_HANG_UP;
    }
    if (!out_is_open(it->mail))
        return courier_settle(it, OUT_LATER, "");
    if (it->mail->undecided)
        return courier_find_keys(it);
    return it->aimed ? courier_begin_anew(it) : find_mx(it);
}

static enum next load_it(struct courier *it)
{
    const struct out_duties *duties = &it->out->duties;

    return courier_wait(it, LOAD, duties->load(duties->ctx, it->batch->ids, it->batch->count));
}

enum next courier_find_keys(struct courier *it)
{
    return courier_wait(
        it, FIND_KEYS,
        key_search_begin(&it->keys, &it->out->duties, it->mail->recipients[0].delivery_id));
}

static enum next found_keys(struct courier *it, struct errand *back)
{
    struct errand *further = key_search_go_on(&it->keys, back);

    if (further)
        return courier_wait(it, FIND_KEYS, further);
    if (it->keys.failed)
        return courier_settle(it, OUT_LATER, "451 4.3.0 Our server could not look for keys");
    out_mail_free(steal(&it->mail));
    return load_it(it);
}

static const char not_asked[] = "450 4.4.3 DNS could not be asked";

static enum next found_mx(struct courier *it, struct errand *back)
{
    struct dns_lookup *lookup = container_of(back, struct dns_lookup, errand);
    bool asked = back->ok;
    uint32_t luck;

    random_bytes(&luck, sizeof luck);
    mx_choose(it->domain, it->out->duties.hostname, &lookup->answers[0], luck, &it->choice);
    struct errand *search = NULL;
    if (asked && it->choice.verdict == MX_HOSTS)
        search =
            policy_search_begin(&it->policy, &it->out->duties, it->domain, &lookup->answers[1]);
    errand_free(back);
    if (!asked)
        return courier_settle(it, OUT_LATER, not_asked);
    return search ? courier_wait(it, FIND_POLICY, search) : chosen(it);
}

static enum next found_policy(struct courier *it, struct errand *back)
{
    struct errand *further = policy_search_go_on(&it->policy, back);

    if (further)
        return courier_wait(it, FIND_POLICY, further);
    courier_count(it, JUDGE_STS, it->policy.trouble, "", "");
    return find_addresses(it);
}

static enum next found_tlsa(struct courier *it, struct errand *back)
{
    const struct dns_lookup *lookup = container_of(back, struct dns_lookup, errand);
    bool asked = back->ok;

    for (size_t i = 0; i < it->choice.count; i++)
        dane_read(&it->choice.hosts[i], it->port, lookup, &it->dane[i]);
    errand_free(back);
    return asked ? courier_talk(it) : courier_settle(it, OUT_LATER, not_asked);
}

static enum next found_addresses(struct courier *it, struct errand *back)
{
    bool asked = back->ok;

    mx_addresses(container_of(back, struct dns_lookup, errand), &it->choice);
    errand_free(back);
    return asked ? chosen(it) : courier_settle(it, OUT_LATER, not_asked);
}

static enum next recorded(struct courier *it, struct errand *back)
{
    it->out->faults = back->ok ? 0 : it->out->faults + 1;
    if (back->ok)
        it->rest_ms = 0;
    else
        log_error("what came of mail to %s could not be recorded: %s (%s)", it->domain,
                  back->err.said, back->err.cause);
    errand_free(back);
    return NEXT_HANG_UP;
}

/* ---- the session kind ---- */

static enum next on_begin(void *session, const struct peer *peer, struct turn *turn)
{
    struct courier *it = session;

    (void)peer;
    it->turn = turn;
    return load_it(it);
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    struct courier *it = session;

    it->turn = turn;
    switch (it->stage) {
    case LOAD: return loaded(it, back);
    case FIND_KEYS: return found_keys(it, back);
    case FIND_MX: return found_mx(it, back);
    case FIND_POLICY: return found_policy(it, back);
    case FIND_ADDRESSES: return found_addresses(it, back);
    case FIND_TLSA: return found_tlsa(it, back);
    case TALK: return courier_talked(it, back);
    case RECORD: return recorded(it, back);
    }
    __builtin_unreachable();
}

static enum next on_nudge(void *session, enum nudge why, struct turn *turn)
{
    (void)session, (void)why, (void)turn;
    return NEXT_HANG_UP;
}

static void on_free(void *session)
{
    struct courier *it = session;
    struct out *out = it->out;

    if (it->next)
        claims_put_back(&out->claims, it->next);
    claims_ended(&out->claims, it->batch, it->rest_ms, monotonic_ms());
    out_mail_free(it->mail);
    key_search_clear(&it->keys);
    policy_search_clear(&it->policy);
    for (size_t i = 0; i < COUNT_OF(it->dane); i++)
        dane_clear(&it->dane[i]);
    free(it->domain);
    free(it);
    out_start_counting(out);
    out_start_couriers(out);
}

const struct session_kind out_courier_kind = {
    .name = "mail-courier",
    .begin = on_begin,
    .resume = on_resume,
    .nudged = on_nudge,
    .free = on_free,
};
