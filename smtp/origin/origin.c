/* SPF, DKIM, ARC and DMARC of one mail, side by side: what any of them asks goes out in the same round. */
#include "origin.h"

#include "memory.h"

static struct slice domain_of(struct slice address)
{
    size_t at = slice_find_last(address, '@');

    return at == SIZE_MAX ? address : slice_from(address, at + 1);
}

static void begin_spf(struct origin *origin)
{
    const struct origin_question *question = &origin->question;
    struct slice helo = slice_of(question->helo);

    if (*question->mail_from)
        bytes_add_text(&origin->sender, question->mail_from);
    else
        bytes_print(&origin->sender, "postmaster@%s", question->helo);
    struct slice sender = bytes_slice(&origin->sender);
    origin->mail_from = (struct spf_question){
        .client = question->client, .helo = helo, .sender = sender, .domain = domain_of(sender)};
    origin->helo = (struct spf_question){
        .client = question->client, .helo = helo, .sender = sender, .domain = helo};
}

void origin_begin(struct origin *origin, const struct origin_question *question,
                  const struct dkim_text *text)
{
    *origin = (struct origin){.question = *question};
    begin_spf(origin);
    dkim_read(text, question->now_ms, &origin->dkim);
    if (question->trusts)
        arc_read(text, question->now_ms, question->trusts, question->ctx, &origin->arc);
}

void origin_clear(struct origin *origin)
{
    dns_facts_clear(&origin->facts);
    bytes_clear(&origin->sender);
    dkim_clear(&origin->dkim);
    arc_clear(&origin->arc);
}

static bool judge_dmarc(struct origin *origin)
{
    struct dmarc_identity dkim[DKIM_SIGNATURES_MAX];
    scoped_text char *domain = must_copy(origin->mail_from.domain);

    for (size_t i = 0; i < origin->dkim.count; i++) {
        const struct dkim_signature *signature = &origin->dkim.signatures[i];
        dkim[i] =
            (struct dmarc_identity){signature->domain, signature->result, signature->covers_key};
    }
    const struct dmarc_question question = {
        .author = origin->question.author,
        .spf = {.domain = domain, .result = origin->spf.result},
        .dkim = dkim,
        .dkim_count = origin->dkim.count,
    };
    dmarc_judge(&question, &origin->facts, &origin->dmarc);
    return !origin->dmarc.open;
}

/* The domain that wants a mail refused may say why (RFC 7208 6.2); of others nobody asks. */
static bool explain(struct origin *origin)
{
    const struct origin_question *question = &origin->question;

    if (origin->dmarc.result != AUTH_FAIL || origin->dmarc.policy != DMARC_REJECT ||
        !slice_is_nocase(origin->mail_from.domain, question->author))
        return true;
    return spf_explain(&origin->mail_from, &origin->spf, question->receiver, question->now_ms,
                       &origin->facts, origin->explanation);
}

/* Keys and policies are asked for first: should a hostile SPF record use up what a mail may ask, it harms itself. */
bool origin_judge(struct origin *origin)
{
    bool ended = dkim_judge(&origin->dkim, &origin->facts, &origin->question.prover);

    ended = judge_dmarc(origin) && ended;
    if (origin->question.trusts)
        ended = arc_judge(&origin->arc, &origin->facts, &origin->question.prover) && ended;
    spf_judge(&origin->mail_from, &origin->facts, &origin->spf);
    ended = !origin->spf.open && ended;
    if (!slice_eq_nocase(origin->helo.domain, origin->mail_from.domain))
        spf_judge(&origin->helo, &origin->facts, &origin->spf_helo);
    ended = !origin->spf_helo.open && ended;
    return ended && judge_dmarc(origin) /* by what the others have come to */ && explain(origin);
}

static void copy_domain(struct slice domain, char out[EVIDENCE_DOMAIN_SIZE])
{
    struct slice kept = slice_first(domain, EVIDENCE_DOMAIN_SIZE - 1);

    memcpy(out, kept.at, kept.len);
    out[kept.len] = '\0';
}

/* Those that pass first: there may be more than are kept. */
static void keep_signatures(const struct dkim *dkim, bool passed, struct evidence *out)
{
    for (size_t i = 0; i < dkim->count && out->dkim_count < EVIDENCE_SIGNATURES_MAX; i++) {
        const struct dkim_signature *signature = &dkim->signatures[i];
        if ((signature->result == AUTH_PASS) != passed)
            continue;
        struct evidence_signature *kept = &out->dkim[out->dkim_count++];
        kept->result = signature->result;
        copy_domain(slice_of(signature->domain), kept->domain);
    }
}

void origin_evidence(const struct origin *origin, struct evidence *out)
{
    const struct origin_question *question = &origin->question;
    struct slice client = slice_first(slice_of(question->client), EVIDENCE_CLIENT_SIZE - 1);

    *out = (struct evidence){
        .tls = question->tls,
        .spf = origin->spf.result,
        .dmarc = origin->dmarc.result,
        .policy = origin->dmarc.policy,
        .spf_aligned = origin->dmarc.spf_aligned,
        .dkim_aligned = origin->dmarc.dkim_aligned,
        .key_signed = origin->dmarc.key_signed,
        .signed_by_author_domain =
            *question->author && dkim_passed(&origin->dkim, slice_of(question->author)),
        .arc = origin->arc.result,
        .vouched = *question->author && arc_vouches(&origin->arc, slice_of(question->author)),
    };
    memcpy(out->client, client.at, client.len);
    memcpy(out->explanation, origin->explanation, sizeof origin->explanation);
    if (dns_name_fits(origin->mail_from.domain))
        copy_domain(origin->mail_from.domain, out->spf_domain);
    copy_domain(slice_of(question->author), out->author_domain);
    keep_signatures(&origin->dkim, true, out);
    keep_signatures(&origin->dkim, false, out);
    out->class = evidence_of_domain(out);
}

/* ---- Authentication-Results ---- */
/* Only what looks like a domain is repeated: these are a stranger's words in a header of ours. */
static void add_domain(struct bytes *out, const char *name, struct slice domain)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

    if (domain.len == 0 || domain.len > EVIDENCE_DOMAIN_SIZE)
        return;
    for (size_t i = 0; i < domain.len; i++)
        if (!memchr(fit, domain.at[i], sizeof fit - 1))
            return;
    bytes_print(out, " %s=%.*s", name, SLICE_ARGS(domain));
}

static void add_method(struct bytes *out, const char *method, enum auth_result result)
{
    bytes_print(out, ";\r\n\t%s=%s", method, auth_result_word(result));
}

static void add_spf(const struct origin *origin, struct bytes *out)
{
    add_method(out, "spf", origin->spf.result);
    if (*origin->question.mail_from)
        add_domain(out, "smtp.mailfrom", origin->mail_from.domain);
    else
        add_domain(out, "smtp.helo", origin->helo.domain);
    if (origin->spf_helo.result == AUTH_NONE)
        return;
    add_method(out, "spf", origin->spf_helo.result);
    add_domain(out, "smtp.helo", origin->helo.domain);
}

static void add_dkim(const struct dkim *dkim, struct bytes *out)
{
    if (dkim->count == 0)
        add_method(out, "dkim", AUTH_NONE);
    for (size_t i = 0; i < dkim->count; i++) {
        const struct dkim_signature *signature = &dkim->signatures[i];
        add_method(out, "dkim", signature->result);
        if (signature->why && *signature->why)
            bytes_print(out, " (%s)", signature->why);
        add_domain(out, "header.d", slice_of(signature->domain));
        add_domain(out, "header.s", slice_of(signature->selector));
        bytes_print(out, " header.a=%s", dkim_scheme_name(signature->scheme));
        if (*signature->b)
            bytes_print(out, " header.b=\"%s\"", signature->b);
    }
}

void origin_results(const struct evidence *evidence, const char *authority, struct bytes *out)
{
    bytes_add_text(out, authority);
    add_method(out, "spf", evidence->spf);
    if (evidence->dkim_count == 0)
        add_method(out, "dkim", AUTH_NONE);
    for (size_t i = 0; i < evidence->dkim_count; i++) {
        struct slice domain = slice_of(evidence->dkim[i].domain);
        add_method(out, "dkim", evidence->dkim[i].result);
        if (slice_is_nocase(domain, evidence->author_domain))
            add_domain(out, "header.d", domain);
    }
    add_method(out, "dmarc", evidence->dmarc);
    add_domain(out, "header.from", slice_of(evidence->author_domain));
    if (evidence->arc != AUTH_NONE)
        add_method(out, "arc", evidence->arc);
}

void origin_field(const struct origin *origin, const char *authority, struct bytes *out)
{
    bytes_print(out, "Authentication-Results: %s", authority);
    add_spf(origin, out);
    add_dkim(&origin->dkim, out);
    add_method(out, "dmarc", origin->dmarc.result);
    if (origin->dmarc.result != AUTH_NONE)
        bytes_print(out, " (p=%s)", dmarc_policy_word(origin->dmarc.policy));
    add_domain(out, "header.from", slice_of(origin->question.author));
    if (origin->arc.result != AUTH_NONE)
        add_method(out, "arc", origin->arc.result);
    bytes_add_text(out, "\r\n");
}
