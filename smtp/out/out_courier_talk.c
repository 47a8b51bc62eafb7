/* A courier's conversations: with which host, under how much TLS, and what else goes over the same connection. */
#include "dial.h"
#include "log.h"
#include "memory.h"
#include "out_courier.h"

#include <stdio.h>

enum { SMTPS_PORT = 465, TALKS_MAX = 3 };

static const struct mx_host *host_of(const struct courier *it)
{
    return &it->choice.hosts[it->host];
}

bool courier_is_relayed(const struct courier *it)
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
void courier_count(struct courier *it, enum tls_judge judge, enum tls_result result,
                   const char *host, const char *address)
{
    scoped_value(bytes) policy = {0};

    if (result >= TLS_RESULTS || courier_is_relayed(it))
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
        courier_count(it, it->orders.judge, dane ? TLS_DNSSEC_INVALID : TLS_INVALID,
                      host_of(it)->name, "");
}

static void count_talk(struct courier *it, const struct dial *dial)
{
    struct tls_outcome outcome = it->talk.outcome;

    outcome.asked = it->talk.tls != TLS_CLEAR;
    if (!outcome.secured)
        outcome.trust = dial->trust;
    courier_count(it, it->orders.judge, tls_result_of(&it->orders, policy_names_host(it), &outcome),
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
    dial->named_by_admin = courier_is_relayed(it);
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
    return courier_settle(it, it->hoped ? OUT_LATER : OUT_REFUSED, it->words);
}

/* ---- more over the same connection ---- */
/* What it was made for must be enough for the next. */
static bool same_demands(const struct out_mail *a, const struct out_mail *b)
{
    return a->secret == b->secret && a->tls_optional == b->tls_optional &&
           a->terms.require_tls == b->terms.require_tls && !a->login == !b->login;
}

/* The mail before is done with, and that is recorded. */
static void take_over(struct courier *it, struct out_mail *mail)
{
    courier_log(it);
    claims_ended(&it->out->claims, it->batch, 0, monotonic_ms());
    out_mail_free(it->mail);
    it->batch = steal(&it->next);
    it->mail = it->talk.mail = mail;
    it->rest_ms = courier_rest_ms(it->out);
}

/* The connection went before it could be said; nobody looks for what is claimed. */
static void put_back(struct courier *it)
{
    if (it->next)
        claims_put_back(&it->out->claims, steal(&it->next));
}

static struct errand *more(struct out_talk *talk)
{
    struct courier *it = container_of(talk, struct courier, talk);
    const struct out_duties *duties = &it->out->duties;

    it->next = claims_more(&it->out->claims, it->batch->host);
    return it->next ? duties->load(duties->ctx, it->next->ids, it->next->count) : NULL;
}

static bool fits(struct out_talk *talk, struct errand *back)
{
    struct courier *it = container_of(talk, struct courier, talk);
    struct out_mail *mail = courier_loaded(it, it->next, back);

    if (!mail) { /* nothing is left to be said */
        claims_ended(&it->out->claims, steal(&it->next), 0, monotonic_ms());
        return false;
    }
    bool open = out_is_open(mail), alike = !mail->undecided && same_demands(it->mail, mail);
    take_over(it, mail);
    it->unbegun = open && !alike;
    return open && alike;
}

/* It was not this mail's connection: they end one when they please. */
enum next courier_begin_anew(struct courier *it)
{
    if (it->out->claims.closing)
        return courier_settle(it, OUT_LATER, "our server was stopped");
    it->unbegun = it->hoped = it->handshake_failed = false;
    it->host = it->address = 0;
    it->talks = 0;
    return it->mail->undecided ? courier_find_keys(it) : courier_talk(it);
}

/* ---- conversations ---- */
/* At the next host where something may be said. */
enum next courier_talk(struct courier *it)
{
    it->aimed = true;
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
    it->talk =
        (struct out_talk){.duties = &it->out->duties, .mail = it->mail, .more = more, .fits = fits};
    it->talk.tls = it->orders.demand;
    it->talk.tls_at_once = it->port == SMTPS_PORT;
    return courier_wait(it, TALK, &dial_host(it)->errand);
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

enum next courier_talked(struct courier *it, struct errand *back)
{
    struct dial *dial = container_of(back, struct dial, errand);
    size_t tried = dial->tried ? dial->tried : 1;
    bool connected = dial->outcome == DIAL_TALKED;

    put_back(it);
    if (connected)
        count_talk(it, dial);
    if (connected && out_is_open(it->mail) &&
        (it->unbegun || it->talk.mails > 0 || it->talk.end == TALK_DONE)) {
        errand_free(back);
        return courier_begin_anew(it);
    }
    if (connected && may_go_clear(it)) {
        errand_free(back);
        log_info("domain=%s host=%s the TLS handshake failed: once more in clear", it->domain,
                 it->last_host);
        it->address += tried - 1;
        it->handshake_failed = true;
        return courier_talk(it);
    }
    note_talk(it, dial);
    errand_free(back);
    it->talks += connected;
    if (!out_is_open(it->mail) || it->talks >= TALKS_MAX || it->out->claims.closing ||
        !move_on(it, tried))
        return settle_last(it);
    return courier_talk(it);
}
