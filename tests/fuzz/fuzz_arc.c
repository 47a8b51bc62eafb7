/*
 * A mail with a chain of ARC whose sealers are trusted, unless their domain begins with an "x".
 *
 * Beyond not crashing: a chain of a stranger asks nothing, every other ends with a result, and only one that passed
 * vouches for anybody.
 */
#include "dkim_world.h"

#define NOW_MS INT64_C(1795342200000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool trusts(const void *ctx, struct slice domain)
{
    (void)ctx;
    return domain.len > 0 && domain.at[0] != 'x';
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
    assert(!arc_vouches(&arc, SLICE("football.example.com")) || arc.result == AUTH_PASS);
    return 0;
}
