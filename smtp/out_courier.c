/*
 * A courier carries one text to people of one host:
 *
 *     LOAD ─> MX ─> POLICY ─> ADDRESSES ─> TLSA ─> TALK ─(another address, or in clear)─> TALK ─> RECORD
 *
 * It has no connection of its own, so it outlives every conversation and can record what came of it.  What it decides
 * nowhere itself: where mail goes (out_mx.c), whether a policy was announced (out_policy.c), what TLSA records demand
 * (out_dane.c), how much TLS that makes (out_tls.c).
 */
#include "client.h"
#include "dial.h"
#include "id.h"
#include "log.h"
#include "memory.h"
#include "out_mx.h"
#include "out_policy.h"

#include <assert.h>
#include <stdio.h>

enum {
    SMTP_PORT = 25,
    SMTPS_PORT = 465,
    TALKS_MAX = 3,
    REST_MS = 5 * SECOND_MS, /* doubled with each fault of ours */
    REST_DOUBLINGS = 7,
};

enum stage { LOAD, FIND_MX, FIND_POLICY, FIND_ADDRESSES, FIND_TLSA, TALK, RECORD };

struct courier {
    struct out *out;
    struct claims_batch *batch;
    char *domain;
    enum stage stage;
    struct out_mail *mail; /* NULL before LOAD is done */
    struct mx_choice choice;
    struct policy_search policy;
    struct dane dane[MX_HOSTS_MAX]; /* of the hosts of the choice */
    size_t host, address;           /* where to go next */
    int port, talks;
    bool handshake_failed;    /* at this address */
    struct tls_orders orders; /* of the talk */
    struct out_talk talk;
    const char *last_host;      /* that was dialled; "" */
    bool hoped;                 /* some trouble on the way may pass */
    char words[OUT_REPLY_SIZE]; /* for who is open in the end */
    int64_t rest_ms;
    struct turn *turn;
};

void *out_courier_new(struct out *out, struct claims_batch *batch)
{
    struct courier *it = must_new(struct courier);

    it->out = out;
    it->batch = batch;
    it->domain = must_dup(batch->host->name);
    it->last_host = "";
    /* Unless it comes to its end, the mail rests: what is lost must not be sent again at once. */
    it->rest_ms = (int64_t)REST_MS << (out->faults < REST_DOUBLINGS ? out->faults : REST_DOUBLINGS);
    return it;
}

static enum next wait_for(struct courier *it, enum stage stage, struct errand *errand)
{
    it->stage = stage;
    it->turn->errand = errand;
    return NEXT_WAIT;
}

static const char *how_proved(const struct courier *it)
{
    if (it->talk.outcome.trust != TRUST_PROVED)
        return "";
    return it->orders.by_dane ? " dane" : " verified";
}

static void log_outcome(const struct courier *it)
{
    static const char *const names[] = {[OUT_OPEN] = "open",
                                        [OUT_TAKEN] = "done",
                                        [OUT_LATER] = "later",
                                        [OUT_REFUSED] = "refused"};

    for (size_t i = 0; i < it->mail->count; i++) {
        const struct out_recipient *recipient = &it->mail->recipients[i];
        log_info("delivery=%lld domain=%s host=%s tls=%s%s %s reply=\"%s\"",
                 (long long)recipient->delivery_id, it->domain, it->last_host,
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
static enum next settle(struct courier *it, enum out_fate fate, const char *words)
{
    const struct out_duties *duties = &it->out->duties;

    if (out_is_open(it->mail))
        judge_host(it, fate);
    out_decide(it->mail, fate, words);
    log_outcome(it);
    if (!out_is_unrecorded(it->mail)) {
        it->rest_ms = 0;
        return NEXT_HANG_UP;
    }
    return wait_for(it, RECORD, duties->record(duties->ctx, it->mail));
}

/* ---- where to ---- */

static const struct mx_host *host_of(const struct courier *it)
{
    return &it->choice.hosts[it->host];
}

static bool is_relayed(const struct courier *it)
{
    return it->out->duties.relay_host[0] != '\0';
}

static bool policy_names_host(const struct courier *it)
{
    const struct sts_policy *policy = policy_found(&it->policy);

    return policy && sts_policy_names(policy, host_of(it)->name);
}

static struct tls_orders orders_of(const struct courier *it, bool handshake_failed)
{
    const struct sts_policy *policy = policy_found(&it->policy);
    const struct tls_circumstances circumstances = {
        .login = it->mail->login != NULL,
        .secret = it->mail->secret,
        .at_once = it->port == SMTPS_PORT,
        .handshake_failed = handshake_failed,
        .proved_names = it->choice.secure,
        .dane = it->dane[it->host].verdict,
        .sts = policy ? policy->mode : STS_NONE,
        .sts_names = policy_names_host(it),
        .require_tls = it->mail->terms.require_tls,
        .tls_optional = it->mail->tls_optional,
    };

    return tls_decide(&circumstances);
}

/* ---- what TLS reports will say ---- */
static void count(struct courier *it, enum tls_judge judge, enum tls_result result,
                  const char *host, const char *address)
{
    scoped_value(bytes) policy = {0};

    if (result >= TLS_RESULTS || is_relayed(it))
        return;
    if (judge == JUDGE_DANE && host[0])
        dane_print(&it->dane[it->host], it->port, &policy);
    if (judge == JUDGE_STS && policy_found(&it->policy))
        sts_policy_print(policy_found(&it->policy), &policy);
    const struct tls_sight seen = {
        .domain = it->domain,
        .judge = judge,
        .result = result,
        .host = host,
        .address = address,
        .policy = policy.at ? policy.at : "",
    };
    ledger_note(&it->out->ledger, &seen);
}

/* No address of this host is asked: its records or its domain's policy forbid it. */
static void count_barred(struct courier *it)
{
    bool dane = it->orders.judge == JUDGE_DANE;

    if (it->orders.judge != JUDGE_NOBODY)
        count(it, it->orders.judge, dane ? TLS_DNSSEC_INVALID : TLS_INVALID, host_of(it)->name, "");
}

static void count_talk(struct courier *it, const struct dial *dial)
{
    struct tls_outcome outcome = it->talk.outcome;

    outcome.asked = it->talk.tls != TLS_CLEAR;
    if (!outcome.secured)
        outcome.trust = dial->trust;
    count(it, it->orders.judge, tls_result_of(&it->orders, policy_names_host(it), &outcome),
          host_of(it)->name, it->talk.address);
}

/* ---- where to ---- */
static struct dial *dial_host(struct courier *it)
{
    const struct mx_host *host = host_of(it);
    struct dial *dial =
        dial_new(host->name, it->port, &smtp_client_kind, smtp_client_new(&it->talk));

    dial->tls_at_once = it->talk.tls_at_once;
    dial->verify = it->talk.tls == TLS_PROVED;
    dial->named_by_admin = is_relayed(it);
    if (it->orders.by_dane)
        dane_apply(&it->dane[it->host], it->domain, &it->choice, dial);
    for (size_t i = it->address; i < host->address_count; i++)
        dial_add(dial, &host->addresses[i]);
    return dial;
}

static bool next_host(struct courier *it)
{
    it->handshake_failed = false;
    it->address = 0;
    return ++it->host < it->choice.count;
}

/* No further place is asked: what is refused everywhere is refused, anything else may pass. */
static enum next settle_last(struct courier *it)
{
    return settle(it, it->hoped ? OUT_LATER : OUT_REFUSED, it->words);
}

/* At the next host where something may be said. */
static enum next talk(struct courier *it)
{
    it->orders = orders_of(it, it->handshake_failed);
    while (it->orders.barred) {
        count_barred(it);
        it->hoped |= !it->orders.for_ever;
        snprintf(it->words, sizeof it->words, "%s", it->orders.reason);
        if (!next_host(it))
            return settle_last(it);
        it->orders = orders_of(it, false);
    }
    it->last_host = host_of(it)->name;
    it->talk = (struct out_talk){.duties = &it->out->duties, .mail = it->mail};
    it->talk.tls = it->orders.demand;
    it->talk.tls_at_once = it->port == SMTPS_PORT;
    return wait_for(it, TALK, &dial_host(it)->errand);
}

static enum next find_tlsa(struct courier *it)
{
    struct dns_lookup *lookup = dns_lookup_new();

    dane_ask(&it->choice, it->port, lookup);
    if (lookup->count > 0)
        return wait_for(it, FIND_TLSA, &lookup->errand);
    errand_free(&lookup->errand);
    return talk(it);
}

static enum next chosen(struct courier *it)
{
    switch (it->choice.verdict) {
    case MX_HOSTS: return find_tlsa(it);
    case MX_LATER:
        if (it->choice.bogus)
            count(it, JUDGE_DANE, TLS_DNSSEC_INVALID, "", "");
        return settle(it, OUT_LATER, it->choice.words);
    case MX_NOWHERE: return settle(it, OUT_REFUSED, it->choice.words);
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
        return wait_for(it, FIND_ADDRESSES, &lookup->errand);
    errand_free(&lookup->errand);
    return chosen(it);
}

static enum next find_mx(struct courier *it)
{
    const struct out_duties *duties = &it->out->duties;
    bool relayed = duties->relay_host[0];

    it->port = relayed ? duties->relay_port : SMTP_PORT;
    if (duties->is_ours(duties->ctx, slice_of(it->domain)))
        return settle(it, OUT_REFUSED, "554 5.4.6 This mail would come back to us");
    if (relayed || it->domain[0] == '[' || duties->has_route(duties->ctx, it->domain, it->port)) {
        mx_only(relayed ? duties->relay_host : it->domain, &it->choice);
        return it->choice.verdict == MX_HOSTS ? find_addresses(it) : chosen(it);
    }
    struct dns_lookup *lookup = dns_lookup_new();
    scoped_text char *announcement = must_print("_mta-sts.%s", it->domain);
    dns_lookup_ask(lookup, DNS_MX, it->domain);
    dns_lookup_ask(lookup, DNS_TXT, announcement);
    return wait_for(it, FIND_MX, &lookup->errand);
}

/* ---- what came home; each takes `back` ---- */

/* What cannot be read is not forgotten: it comes later, and has its end. */
static struct out_mail *unread_mail(const struct claims_batch *batch)
{
    struct out_mail *mail = must_new(struct out_mail);

    mail->recipients = must_alloc_array(batch->count, sizeof *mail->recipients);
    mail->count = batch->count;
    for (size_t i = 0; i < batch->count; i++)
        mail->recipients[i].delivery_id = batch->ids[i];
    return mail;
}

static enum next loaded(struct courier *it, struct errand *back)
{
    struct out_load *load = container_of(back, struct out_load, errand);

    if (!back->ok) {
        log_error("mail to %s could not be read: %s (%s)", it->domain, back->err.said,
                  back->err.cause);
        errand_free(back);
        it->mail = unread_mail(it->batch);
        return settle(it, OUT_LATER, "451 4.3.0 Our server could not read this mail");
    }
    if (!load->mail)
        it->rest_ms = 0; /* dropped meanwhile */
    else
        it->mail = steal(&load->mail);
    errand_free(back);
    if (!it->mail)
        return NEXT_HANG_UP;
    return out_is_open(it->mail) ? find_mx(it) : settle(it, OUT_LATER, "");
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
        return settle(it, OUT_LATER, not_asked);
    return search ? wait_for(it, FIND_POLICY, search) : chosen(it);
}

static enum next found_policy(struct courier *it, struct errand *back)
{
    struct errand *further = policy_search_go_on(&it->policy, back);

    if (further)
        return wait_for(it, FIND_POLICY, further);
    count(it, JUDGE_STS, it->policy.trouble, "", "");
    return find_addresses(it);
}

static enum next found_tlsa(struct courier *it, struct errand *back)
{
    const struct dns_lookup *lookup = container_of(back, struct dns_lookup, errand);
    bool asked = back->ok;

    for (size_t i = 0; i < it->choice.count; i++)
        dane_read(&it->choice.hosts[i], it->port, lookup, &it->dane[i]);
    errand_free(back);
    return asked ? talk(it) : settle(it, OUT_LATER, not_asked);
}

static enum next found_addresses(struct courier *it, struct errand *back)
{
    bool asked = back->ok;

    mx_addresses(container_of(back, struct dns_lookup, errand), &it->choice);
    errand_free(back);
    return asked ? chosen(it) : settle(it, OUT_LATER, not_asked);
}

/* The place behind the address that was tried last; false: there is none. */
static bool move_on(struct courier *it, size_t tried)
{
    it->address += tried;
    if (it->address >= host_of(it)->address_count)
        return next_host(it);
    it->handshake_failed = false;
    return true;
}

/* How it looks from this host; a later one may see it otherwise. */
static void note_talk(struct courier *it, const struct dial *dial)
{
    static const char *const words[] = {
        [DIAL_TALKED] = "",
        [DIAL_BLOCKED] = "550 5.4.4 The addresses of their mail host are not public",
        [DIAL_SILENT] = "no connection to their server",
    };
    static const char no_proved_tls[] =
        "550 5.7.10 REQUIRETLS: their server has no TLS with a certificate that is proved";
    bool talked = dial->outcome == DIAL_TALKED;
    bool bare = talked && it->mail->terms.require_tls &&
                (it->talk.end == TALK_WITHOUT_TLS || it->talk.end == TALK_UNSHAKEN);
    bool refused = bare || (talked && it->talk.code / 100 == 5 && !it->talk.login_refused);

    if (!refused && dial->outcome != DIAL_BLOCKED)
        it->hoped = true;
    const char *said = talked ? it->talk.reply : words[dial->outcome];
    snprintf(it->words, sizeof it->words, "%s", bare ? no_proved_tls : said);
    if (talked && it->talk.login_refused)
        log_error("the relay %s does not take our login: %s", it->out->duties.relay_host,
                  it->words);
}

static bool may_go_clear(const struct courier *it)
{
    return it->talk.end == TALK_UNSHAKEN && !it->handshake_failed &&
           orders_of(it, true).demand == TLS_CLEAR;
}

static enum next talked(struct courier *it, struct errand *back)
{
    struct dial *dial = container_of(back, struct dial, errand);
    size_t tried = dial->tried ? dial->tried : 1;
    bool connected = dial->outcome == DIAL_TALKED;

    if (connected)
        count_talk(it, dial);
    if (connected && may_go_clear(it)) {
        errand_free(back);
        log_info("domain=%s host=%s the TLS handshake failed: once more in clear", it->domain,
                 it->last_host);
        it->address += tried - 1;
        it->handshake_failed = true;
        return talk(it);
    }
    note_talk(it, dial);
    errand_free(back);
    it->talks += connected;
    if (!out_is_open(it->mail) || it->talks >= TALKS_MAX || it->out->claims.closing ||
        !move_on(it, tried))
        return settle_last(it);
    return talk(it);
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
    const struct out_duties *duties = &it->out->duties;

    (void)peer;
    it->turn = turn;
    return wait_for(it, LOAD, duties->load(duties->ctx, it->batch->ids, it->batch->count));
}

static enum next on_resume(void *session, struct errand *back, struct turn *turn)
{
    struct courier *it = session;

    it->turn = turn;
    switch (it->stage) {
    case LOAD: return loaded(it, back);
    case FIND_MX: return found_mx(it, back);
    case FIND_POLICY: return found_policy(it, back);
    case FIND_ADDRESSES: return found_addresses(it, back);
    case FIND_TLSA: return found_tlsa(it, back);
    case TALK: return talked(it, back);
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

    claims_ended(&out->claims, it->batch, it->rest_ms, monotonic_ms());
    out_mail_free(it->mail);
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
