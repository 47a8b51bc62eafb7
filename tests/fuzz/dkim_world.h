/* What fuzz_dkim and fuzz_arc share: a DNS with one key, and a vault that decides by a byte. */
#ifndef NESTBOX_TESTS_FUZZ_DKIM_WORLD_H
#define NESTBOX_TESTS_FUZZ_DKIM_WORLD_H

#include "dkim_private.h"

#include <assert.h>

static enum dkim_proof prove(void *ctx, enum dkim_scheme scheme, struct slice key,
                             const unsigned char digest[SHA256_LEN], struct slice signature)
{
    (void)ctx, (void)digest;
    assert(scheme == DKIM_RSA_SHA256 || scheme == DKIM_ED25519_SHA256);
    assert(key.len > 0 && signature.len > 0);
    return (enum dkim_proof)((unsigned char)signature.at[0] % 4);
}

static const struct dkim_prover prover = {prove, NULL};

/* Selectors decide what DNS says: "f…" fails, "b…" is bogus, "n…" is not there, "t…" is on trial and of its own domain
 * alone; "e…" is an Ed25519 key, others are RSA. */
static void answer_text(const char *text, struct dns_answer *out)
{
    char rdata[100] = {(char)strlen(text)};

    memcpy(rdata + 1, text, strlen(text));
    *out = (struct dns_answer){.outcome = DNS_ANSWER};
    dns_answer_add(out, (struct slice){rdata, strlen(text) + 1});
}

static void answer(const char *name, struct dns_answer *out)
{
    switch (name[0]) {
    case 'f': out->outcome = DNS_FAILED; return;
    case 'b': out->outcome = DNS_BOGUS; return;
    case 'n': out->outcome = DNS_NO_NAME; return;
    case 'e': answer_text("v=DKIM1; k=ed25519; p=AAAA", out); return;
    case 't': answer_text("v=DKIM1; t=y:s; p=AAAA", out); return;
    default: answer_text("k=rsa; p=AAAA", out); return;
    }
}

static void learn(struct dns_facts *facts)
{
    struct dns_lookup *lookup;

    while ((lookup = dns_facts_open(facts))) {
        for (size_t i = 0; i < lookup->count; i++)
            answer(lookup->questions[i].name, &lookup->answers[i]);
        lookup->errand.ok = true;
        dns_facts_learn(facts, lookup);
        errand_free(&lookup->errand);
    }
}

#endif
