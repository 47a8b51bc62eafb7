/* The room's wiring, and the table of verdicts. */
#include "smtp_work.h"

#include <stdio.h>

enum { RECIPIENTS_MAX = 100, SENDERS = 4096, SENDINGS_AN_HOUR = 2000 };

static void translate(enum verdict verdict, int *out_code, const char **out_status)
{
    static const struct {
        int code;
        const char *status;
    } replies[] = {
  /* clang-format off */
        [VERDICT_TAKEN]        = {250, "2.0.0"},
        [VERDICT_LATER]        = {450, "4.7.1"},
        [VERDICT_UNSURE]       = {451, "4.7.0"},
        [VERDICT_FULL_FOR_NOW] = {452, "4.2.2"},
        [VERDICT_NOBODY]       = {550, "5.1.1"},
        [VERDICT_CLOSED]       = {550, "5.2.1"},
        [VERDICT_FULL]         = {552, "5.2.2"},
        [VERDICT_TOO_LONG]     = {552, "5.3.4"},
        [VERDICT_UNFIT]        = {550, "5.6.0"},
        [VERDICT_NOT_ALLOWED]  = {550, "5.7.1"},
        [VERDICT_LOOP]         = {554, "5.4.6"},
  /* clang-format on */
    };

    *out_code = replies[verdict].code;
    *out_status = replies[verdict].status;
}

void smtp_say(struct smtp_errand *errand, const struct answer *answer, const char *good_words)
{
    const char *status;
    bool wordless = answer->words[0] == '\0';

    translate(answer->verdict, &errand->code, &status);
    snprintf(errand->status, sizeof errand->status, "%s", status);
    snprintf(errand->words, sizeof errand->words, "%s", wordless ? good_words : answer->words);
}

static bool busy(void *ctx)
{
    struct smtp *it = ctx;

    return it->parts.is_busy && it->parts.is_busy(it->parts.ctx);
}

static bool login_busy(void *ctx)
{
    struct smtp *it = ctx;

    return it->parts.is_login_busy && it->parts.is_login_busy(it->parts.ctx);
}

struct smtp *smtp_new(const struct smtp_parts *parts)
{
    struct smtp *it = must_new(struct smtp);

    it->parts = *parts;
    it->duties = (struct smtp_duties){
        .ctx = it,
        .hostname = parts->config->hostname,
        .message_max = parts->config->message_max,
        .recipients_max = RECIPIENTS_MAX,
        .require_tls = config_mx_wants_tls(parts->config),
        .is_busy = busy,
        .logins = parts->logins,
        .roll = parts->roll,
        .owners = tally_new(),
        .sendings = rate_new(SENDERS, HOUR_MS / SENDINGS_AN_HOUR),
        .is_login_busy = login_busy,
        .login = work_login,
        .challenge = work_challenge,
        .prove = work_prove,
        .sender = work_sender,
        .has_room = work_has_room,
        .recipient = work_recipient,
        .body_new = work_body_new,
        .body_add = work_body_add,
        .body_flush = work_body_flush,
        .body_free = work_body_free,
        .take = work_take,
        .fed = work_fed,
    };
    it->dns_memory = dns_memory_new(NULL);
    it->out.duties = work_out_duties(it);
    it->out.claims.couriers_max = OUT_COURIERS_MAX;
    if (parts->config->relay_host[0])
        it->out.claims.couriers_per_host = OUT_COURIERS_TO_RELAY;
    return it;
}

void smtp_deliver(struct smtp *it)
{
    it->parts.start_session(it->parts.ctx, &out_dispatcher_kind, out_dispatcher_new(&it->out));
    it->parts.start_session(it->parts.ctx, &out_reporter_kind, out_reporter_new(&it->out));
    it->parts.start_session(it->parts.ctx, &out_refresher_kind, out_refresher_new(&it->out));
}

void smtp_free(struct smtp *it)
{
    if (!it)
        return;
    claims_clear(&it->out.claims);
    ledger_clear(&it->out.ledger);
    tally_free(it->duties.owners);
    rate_free(it->duties.sendings);
    dns_memory_free(it->dns_memory);
    free(it);
}

void *smtp_session_new(void *smtp, const struct peer *peer)
{
    struct smtp *it = smtp;

    return smtp_wire_session_new(&it->duties, peer);
}
