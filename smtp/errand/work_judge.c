/* Who sent this mail?  The only file where a mail's text, the vault's eye for signatures and DNS come together. */
#include "work_judge.h"

#include "clock.h"
#include "mail.h"

enum { JUDGE_MS = 20 * SECOND_MS, ROUNDS_MAX = 24 }; /* RFC 7208 4.6.4: at least 20 s */

void judging_init(struct judging *judging, const struct smtp_mail *mail)
{
    judging->client = must_dup(mail->peer->text);
    judging->helo = must_dup(mail->ehlo);
    judging->mail_from = must_copy(mail->mail_from);
    judging->tls = mail->secured;
}

void judging_clear(struct judging *judging)
{
    origin_clear(&judging->origin);
    free(judging->client);
    free(judging->helo);
    free(judging->mail_from);
    free(judging->author);
}

static enum dkim_proof prove(void *vault, enum dkim_scheme scheme, struct slice key,
                             const unsigned char digest[SHA256_LEN], struct slice signature)
{
    enum vault_scheme with = scheme == DKIM_ED25519_SHA256 ? VAULT_ED25519 : VAULT_RSA_SHA256;

    switch (vault_verify_digest_again(vault, with, key, digest, signature)) {
    case VAULT_PROVED: return DKIM_PROVED;
    case VAULT_DISPROVED: return DKIM_DISPROVED;
    case VAULT_KEY_WEAK: return DKIM_KEY_WEAK;
    case VAULT_KEY_UNREADABLE: break;
    }
    return DKIM_KEY_BROKEN;
}

/* Of the one From address; "" where there is not exactly one (facts 2.2).  The bridge reads it by the same parser. */
static char *author_domain(struct mail_arrival *arrival)
{
    scoped_value(mail_addresses) from = {0};
    struct err unfit;

    if (!mail_parse(arrival->body, &arrival->mail, &unfit))
        return must_dup("");
    mail_addresses(arrival->mail, "From", &from);
    if (from.count != 1 || mail_field_count(arrival->mail, "From") != 1)
        return must_dup("");
    const char *at = strrchr(from.at[0].address, '@');
    return must_dup(at ? at + 1 : "");
}

static bool trusts_sealer(const void *ctx, struct slice domain)
{
    return config_trusts_sealer(ctx, domain);
}

static bool begin(struct judging *judging, const struct smtp *smtp, struct mail_arrival *arrival,
                  struct err *err)
{
    scoped(dkim_text) text = dkim_text_read(arrival->body, err);

    if (!text)
        return false;
    judging->begun = true;
    judging->began_ms = monotonic_ms();
    judging->author = author_domain(arrival);
    const struct origin_question question = {
        .client = judging->client,
        .tls = judging->tls,
        .helo = judging->helo,
        .mail_from = judging->mail_from,
        .author = judging->author,
        .now_ms = clock_now(smtp->parts.clock),
        .prover = {prove, smtp->parts.vault},
        .receiver = smtp->duties.hostname,
        .trusts = trusts_sealer,
        .ctx = smtp->parts.config,
    };
    origin_begin(&judging->origin, &question, text);
    judging->origin.facts.memory = smtp->dns_memory;
    return true;
}

bool judging_run(struct judging *judging, const struct smtp *smtp, struct mail_arrival *arrival,
                 struct dns_lookup **out_first, struct err *err)
{
    struct origin *origin = &judging->origin;

    *out_first = NULL;
    if (!judging->begun && !begin(judging, smtp, arrival, err))
        return false;
    if (judging->rounds == ROUNDS_MAX || monotonic_ms() - judging->began_ms > JUDGE_MS)
        dns_facts_close(&origin->facts);
    if (!origin_judge(origin))
        *out_first = dns_facts_open(&origin->facts);
    return true;
}

void judging_learn(struct judging *judging, struct dns_lookup *lookup)
{
    judging->rounds++;
    dns_facts_learn(&judging->origin.facts, lookup);
}
