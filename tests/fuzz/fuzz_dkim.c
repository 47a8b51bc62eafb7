/*
 * A mail with signatures, whole and in pieces; then signed by us.
 *
 * Beyond not crashing: whatever comes, the number of signatures is bounded and each gets a result; pieces do not matter;
 * and what we sign, a verifier reads as we meant it.
 */
#include "dkim_world.h"
#include "out_text.h"

#include "memory.h"

#define NOW_MS INT64_C(1795342200000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dkim_text *read_in_pieces(struct slice mail, size_t piece_len, enum dkim_use use)
{
    struct dkim_text *text = dkim_text_new(use);

    for (; mail.len > 0; mail = slice_from(mail, piece_len))
        dkim_text_add(text, slice_first(mail, piece_len));
    dkim_text_end(text);
    return text;
}

static void check_same(const struct dkim_text *a, const struct dkim_text *b)
{
    assert(a->count == b->count && slice_eq(bytes_slice(&a->header), bytes_slice(&b->header)));
    for (size_t i = 0; i < DKIM_CANONS; i++) {
        assert(a->bodies[i].wanted == b->bodies[i].wanted && a->bodies[i].len == b->bodies[i].len);
        assert(memcmp(a->bodies[i].digest, b->bodies[i].digest, SHA256_LEN) == 0);
    }
}

static void verify(struct slice mail)
{
    scoped(source) source = source_of_slice(mail);
    scoped_value(dns_facts) facts = {0};
    scoped_value(dkim) dkim = {.count = 0};
    struct err err;
    scoped(dkim_text) text = dkim_text_read(source, &err);

    assert(text);
    dkim_read(text, NOW_MS, &dkim);
    bool done = dkim_judge(&dkim, &facts, &prover);
    assert(done == (facts.count == 0) && facts.count <= DKIM_SIGNATURES_MAX);
    learn(&facts);
    assert(dkim_judge(&dkim, &facts, &prover));
    for (size_t i = 0; i < dkim.count; i++) {
        const struct dkim_signature *signature = &dkim.signatures[i];
        assert(signature->result != AUTH_NONE && signature->why);
        assert((signature->result == AUTH_PASS) == (signature->why[0] == '\0'));
        assert(signature->result != AUTH_PASS || dkim_passed(&dkim, slice_of(signature->domain)));
    }
    assert(!dkim_passed(&dkim, SLICE("nobody"))); /* a domain has a dot */
    scoped(dkim_text) pieces = read_in_pieces(mail, 7, DKIM_TO_VERIFY);
    check_same(text, pieces);
}

static void as_it_leaves(struct slice mail, struct bytes *out)
{
    struct out_text wire = {.at_start = true, .as_read = true};

    bytes_add_text(
        out,
        "Received: by us\r\n"); /* so that the first line of the mail begins no field of ours */
    out_text_add(&wire, mail, out);
    out_text_end(&wire, out);
}

/* Is our signature read as it was written?  Only its cryptography is left out. */
static void check_read(struct slice signed_mail, struct slice data)
{
    scoped(dkim_text) text = read_in_pieces(signed_mail, signed_mail.len, DKIM_TO_VERIFY);
    scoped_value(dkim) dkim = {.count = 0};
    unsigned char digest[SHA256_LEN];

    dkim_read(text, NOW_MS, &dkim);
    sha256(data, digest);
    assert(dkim.count > 0 && dkim.signatures[0].result == AUTH_NONE);
    assert(memcmp(dkim.signatures[0].digest, digest, SHA256_LEN) == 0);
}

static void sign(struct slice mail)
{
    const struct dkim_orders orders = {"example.org", "e26a", DKIM_ED25519_SHA256, NOW_MS};
    scoped_value(bytes) wire = {0};
    scoped_value(bytes) field = {0};
    scoped_value(bytes) data = {0};
    char domain[DKIM_DOMAIN_SIZE];
    const char value[64] = {1};

    as_it_leaves(mail, &wire);
    scoped(dkim_text) text = read_in_pieces(bytes_slice(&wire), wire.len, DKIM_TO_SIGN);
    bool author = dkim_author_domain(text, domain);
    assert(!author || (domain[0] && dkim_field_up(text, SLICE("from"), 0)));
    if (text->count > DKIM_NAMES_MAX / 2 || !dkim_sign_begin(text, &orders, &field, &data))
        return;
    dkim_sign_end(&field, (struct slice){value, sizeof value});
    bytes_add(&field, bytes_slice(&wire));
    check_read(bytes_slice(&field), bytes_slice(&data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice mail = {(const char *)data, size};

    verify(mail);
    sign(mail);
    return 0;
}
