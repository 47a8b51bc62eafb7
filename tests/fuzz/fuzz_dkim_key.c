/*
 * A key record, and one as DNS brings it.
 *
 * Beyond not crashing: what was read has a kind, and a record that was not read leaves nothing behind.
 */
#include "dkim_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(struct slice rdata)
{
    struct dns_answer one = {.outcome = DNS_ANSWER};
    scoped_value(dns_facts) facts = {0};
    struct dkim_signature signature = {.why = "", .domain = "example.org", .selector = "x"};

    bytes_add_text(&signature.value, "\x04 is proved");
    dns_answer_add(&one, rdata);
    assert(!dkim_signature_judge(&signature, &facts, &prover));
    struct dns_lookup *lookup = dns_facts_open(&facts);
    lookup->answers[0] = one;
    lookup->errand.ok = true;
    dns_facts_learn(&facts, lookup);
    errand_free(&lookup->errand);
    assert(dkim_signature_judge(&signature, &facts, &prover));
    assert(signature.result == AUTH_PASS || signature.result == AUTH_PERMERROR);
    bytes_clear(&signature.value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    scoped_value(dkim_key_record) record = {0};

    if (dkim_key_record_read(text, &record))
        assert(record.scheme == DKIM_RSA_SHA256 || record.scheme == DKIM_ED25519_SHA256);
    check_answer(text);
    (void)learn;
    return 0;
}
