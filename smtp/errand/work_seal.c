/*
 * What our lists pass on: a post that came to us by mail leaves, for its readers by mail, with what was found at our door
 * (ARC, docs/dkim.md).
 *
 * A copy has its reader's own footer and List-Unsubscribe, both of which are signed; so a set belongs to one copy, as
 * its DKIM-Signature does, and is made when the copy is written.
 */
#include "arc.h"
#include "clock.h"
#include "origin.h"
#include "smtp_work.h"
#include "store_message.h"

struct seal {
    struct smtp *smtp;
    const struct dkim_text *text;
    struct arc_orders orders;
    const struct dkim_key *key;
    struct bytes *fields;
    bool failed;
    struct err *err;
};

static bool sign(void *ctx, struct slice data, struct bytes *out, struct err *err)
{
    const struct seal *seal = ctx;

    return work_sign_with(seal->smtp, seal->key, data, out, err);
}

/* By the RSA key alone: a chain has one set for each hand, and many readers of ARC know RSA alone. */
static bool seal_with(void *ctx, const struct dkim_key *key)
{
    struct seal *seal = ctx;
    const struct arc_signer signer = {sign, seal};
    scoped_value(bytes) sealed = {0};

    if (key->state != DKIM_ACTIVE || key->kind != DKIM_RSA)
        return true;
    seal->key = key;
    seal->orders.domain = key->domain;
    seal->orders.selector = key->selector;
    seal->failed = !arc_seal(seal->text, bytes_slice(seal->fields), &seal->orders, &signer, &sealed,
                             seal->err);
    bytes_add(&sealed, bytes_slice(seal->fields));
    bytes_clear(seal->fields);
    *seal->fields = sealed;
    sealed = (struct bytes){0};
    return false; /* there is one */
}

/* Of a log-in nothing is kept but that it was one. */
static bool add_login(const struct smtp *smtp, struct store_view *view, int64_t account_id,
                      struct bytes *out, struct err *err)
{
    scoped_value(account) account = {0};
    enum found found = store_account(view, account_id, &account, err);

    if (found == FOUND)
        bytes_print(out, "%s; auth=pass smtp.auth=%s@%s", smtp->duties.hostname, account.name,
                    account.domain);
    return found != FAILED;
}

/* Leaves *out empty where there is nothing to pass on: nobody mailed it to us, or its chain was broken already. */
static bool find_results(const struct smtp *smtp, struct store_view *view,
                         const struct delivery *delivery, struct bytes *out,
                         struct bytes *out_chain, struct err *err)
{
    struct evidence evidence;
    enum found found = store_evidence(view, delivery->subject_id, &evidence, err);

    if (found != FOUND)
        return found == ABSENT;
    if (evidence.class == EVIDENCE_S4)
        return add_login(smtp, view, delivery->account_id, out, err);
    if (evidence.class != EVIDENCE_S3 || !*evidence.client ||
        (evidence.arc != AUTH_NONE && evidence.arc != AUTH_PASS))
        return true;
    origin_results(&evidence, smtp->duties.hostname, out);
    return evidence.arc == AUTH_NONE ||
           store_arc_chain(view, delivery->subject_id, out_chain, err) != FAILED;
}

bool work_seal(struct smtp *smtp, struct store_view *view, const struct delivery *delivery,
               const struct dkim_text *text, struct slice domain, struct bytes *fields,
               struct err *err)
{
    scoped_value(bytes) results = {0};
    scoped_value(bytes) chain = {0};
    struct seal seal = {.smtp = smtp, .text = text, .fields = fields, .err = err};

    if (delivery->subject != SUBJECT_MESSAGE || delivery->body_id)
        return true;
    if (!find_results(smtp, view, delivery, &results, &chain, err))
        return false;
    if (results.len == 0)
        return true;
    seal.orders.now_ms = clock_now(smtp->parts.clock);
    seal.orders.results = bytes_slice(&results);
    seal.orders.chain = bytes_slice(&chain);
    return store_dkim_keys(view, domain, seal_with, &seal, err) && !seal.failed;
}
