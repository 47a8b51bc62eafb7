/*
 * A mail with a chain of ARC whose sealers are trusted, unless their domain begins with an "x".
 *
 * Beyond not crashing: a chain of a stranger asks nothing, every other ends with a result, and only one that passed
 * vouches for anybody.  What passed is gone on with, and read again: one set more, or none if it was full.
 */
#include "dkim_world.h"

#define NOW_MS INT64_C(1795342200000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool trusts(const void *ctx, struct slice domain)
{
    (void)ctx;
    return domain.len > 0 && domain.at[0] != 'x';
}

static bool sign(void *ctx, struct slice data, struct bytes *out, struct err *err)
{
    (void)ctx, (void)data, (void)err;
    bytes_add(out, (struct slice){"\0a signature", 12}); /* proved, in this world */
    return true;
}

static struct dkim_text *text_behind(struct slice fields)
{
    struct dkim_text *text = dkim_text_new(DKIM_TO_VERIFY);

    dkim_text_add(text, fields);
    dkim_text_add(text, SLICE("From: joe@example.org\r\n\r\n"));
    dkim_text_end(text);
    return text;
}

static void go_on(const struct arc *arc)
{
    const struct arc_signer signer = {sign, NULL};
    const struct arc_orders orders = {"example.org", "s", NOW_MS, SLICE("mx; arc=pass"),
                                      bytes_slice(&arc->chain)};
    scoped(dkim_text) text = text_behind(SLICE(""));
    scoped_value(bytes) sealed = {0};
    scoped_value(arc) again = {.result = AUTH_NONE};
    struct err err;

    bool ok = arc_seal(text, SLICE("DKIM-Signature: b=x\r\n"), &orders, &signer, &sealed, &err);
    assert(ok && (sealed.len > 0 || arc->count == ARC_SETS_MAX));
    if (sealed.len == 0 || sealed.len > ARC_CHAIN_MAX)
        return;
    scoped(dkim_text) whole = text_behind(bytes_slice(&sealed));
    arc_read(whole, NOW_MS, trusts, NULL, &again);
    assert(again.count == arc->count + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice mail = {(const char *)data, size};
    scoped(dkim_text) text = dkim_text_new(DKIM_TO_VERIFY);
    scoped_value(dns_facts) facts = {0};
    scoped_value(arc) arc = {.result = AUTH_NONE};

    dkim_text_add(text, mail);
    dkim_text_end(text);
    arc_read(text, NOW_MS, trusts, NULL, &arc);
    assert(arc.count <= ARC_SETS_MAX && (!arc.waiting || arc.count > 0));
    bool waited = arc.waiting;
    if (!arc_judge(&arc, &facts, &prover)) {
        assert(waited && facts.count > 0 && facts.count <= ARC_SETS_MAX + 1);
        learn(&facts);
        assert(arc_judge(&arc, &facts, &prover));
    }
    assert(!waited || arc.result != AUTH_NONE);
    if (arc.result == AUTH_PASS)
        go_on(&arc);
    assert(!arc_vouches(&arc, SLICE("football.example.com")) || arc.result == AUTH_PASS);
    return 0;
}
