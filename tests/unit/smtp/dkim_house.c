#include "dkim_house.h"

#include "memory.h"
#include "test.h"
#include "text.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static char path[] = "/tmp/nestbox-dkim-XXXXXX";
static struct vault *vault;
static struct bytes wrapped[2];
static char *records[2];

static void make_key(enum dkim_scheme scheme)
{
    bool edwards = scheme == DKIM_ED25519_SHA256;
    scoped_text char *pem = NULL;
    scoped_value(bytes) plain = {0};
    scoped_value(bytes) text = {0};
    struct err err;

    assert_true(vault_key_new(vault, edwards ? VAULT_ED25519 : VAULT_RSA_SHA256, &wrapped[scheme],
                              &pem, &err));
    assert_true(vault_public_plain(slice_of(pem), &plain));
    bytes_print(&text, "v=DKIM1; k=%s; p=", edwards ? "ed25519" : "rsa");
    base64_add(&text, bytes_slice(&plain));
    records[scheme] = bytes_take(&text);
}

int house_open(void **state)
{
    struct err err;

    (void)state;
    assert_non_null(mkdtemp(path));
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir >= 0);
    assert_true(vault_open(dir, &vault, &err));
    close(dir);
    make_key(DKIM_RSA_SHA256);
    make_key(DKIM_ED25519_SHA256);
    return 0;
}

int house_close(void **state)
{
    char name[64];

    (void)state;
    vault_close(vault);
    for (size_t i = 0; i < 2; i++) {
        bytes_clear(&wrapped[i]);
        free(records[i]);
    }
    snprintf(name, sizeof name, "%s/keys/server.key", path);
    unlink(name);
    snprintf(name, sizeof name, "%s/keys", path);
    rmdir(name);
    return rmdir(path);
}

char *house_crlf(const char *text)
{
    scoped_value(bytes) out = {0};

    for (; *text; text++) {
        if (*text == '\n' && !(out.len > 0 && out.at[out.len - 1] == '\r'))
            bytes_add_char(&out, '\r');
        bytes_add_char(&out, *text);
    }
    return bytes_take(&out);
}

const char *house_record(enum dkim_scheme scheme)
{
    return records[scheme];
}

void house_sign(enum dkim_scheme scheme, struct slice data, struct bytes *out)
{
    struct err err;

    assert_true(vault_sign(vault, scheme == DKIM_RSA_SHA256 ? "rsa" : "ed25519",
                           bytes_slice(&wrapped[scheme]), data, out, &err));
}

const struct dkim_prover house_prover = {house_prove, NULL};

enum dkim_proof house_prove(void *ctx, enum dkim_scheme scheme, struct slice key,
                            const unsigned char digest[SHA256_LEN], struct slice signature)
{
    static const enum dkim_proof proofs[] = {[VAULT_PROVED] = DKIM_PROVED,
                                             [VAULT_DISPROVED] = DKIM_DISPROVED,
                                             [VAULT_KEY_WEAK] = DKIM_KEY_WEAK,
                                             [VAULT_KEY_UNREADABLE] = DKIM_KEY_BROKEN};
    enum vault_scheme in_vault = scheme == DKIM_ED25519_SHA256 ? VAULT_ED25519 : VAULT_RSA_SHA256;

    enum vault_proof proof = vault_verify_digest(in_vault, key, digest, signature);

    (void)ctx;
    for (int kept = 0; kept < 2; kept++)
        assert_int_equal(vault_verify_digest_again(vault, in_vault, key, digest, signature), proof);
    return proofs[proof];
}

struct dkim_text *house_text(struct slice mail)
{
    struct err err;
    scoped(source) source = source_of_slice(mail);
    struct dkim_text *text = dkim_text_read(source, &err);

    assert_non_null(text);
    return text;
}

/* Room for an Ed25519 signature. */
static const char zeros[] =
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

static char *sign_digest(const unsigned char digest[SHA256_LEN])
{
    scoped_value(bytes) value = {0};
    scoped_value(bytes) encoded = {0};

    house_sign(DKIM_ED25519_SHA256, (struct slice){(const char *)digest, SHA256_LEN}, &value);
    base64_add(&encoded, bytes_slice(&value));
    return bytes_take(&encoded);
}

/* The digest of the header does not depend on what stands in b=, so a first reading finds what is to be signed. */
char *house_signed(const char *field_name, const char *tags, const char *mail)
{
    scoped_text char *rest = house_crlf(mail);
    scoped_text char *folded = house_crlf(tags);
    enum dkim_form form = field_name[0] == 'A' ? DKIM_ARC_MESSAGE : DKIM_FIELD;
    struct dkim_signature signature;

    scoped_text char *draft = must_print("%s: %s b=%s\r\n%s", field_name, folded, zeros, rest);
    scoped(dkim_text) text = house_text(slice_of(draft));
    dkim_signature_read(text, &text->fields[0], form, HOUSE_NOW_MS, &signature);
    scoped_text char *value = sign_digest(signature.digest);
    bytes_clear(&signature.value);
    return must_print("%s: %s b=%s\r\n%s", field_name, folded, value, rest);
}

static bool trusts_all(const void *ctx, struct slice domain)
{
    (void)ctx, (void)domain;
    return true;
}

char *house_sealed(const char *seal, const char *message, const char *results, const char *mail)
{
    scoped_text char *signed_mail = house_signed("ARC-Message-Signature", message, mail);
    scoped_text char *seen =
        must_print("ARC-Authentication-Results: %s\r\n%s", results, signed_mail);
    scoped_text char *draft = must_print("ARC-Seal: %s b=%s\r\n%s", seal, zeros, seen);
    scoped(dkim_text) text = house_text(slice_of(draft));
    scoped_value(arc) arc = {.result = AUTH_NONE};

    arc_read(text, HOUSE_NOW_MS, trusts_all, NULL, &arc);
    size_t newest = arc.count ? arc.count - 1 : 0;
    scoped_text char *value = sign_digest(arc.seals[newest].digest);
    return must_print("ARC-Seal: %s b=%s\r\n%s", seal, value, seen);
}

void house_answer(const char *record, struct dns_answer *out)
{
    scoped_value(bytes) rdata = {0};
    struct slice rest = slice_of(record);

    *out = (struct dns_answer){.outcome = record ? DNS_ANSWER : DNS_NO_NAME};
    while (rest.len > 0) {
        struct slice part = slice_first(rest, 255);
        bytes_add_char(&rdata, (char)part.len);
        bytes_add(&rdata, part);
        rest = slice_from(rest, part.len);
    }
    if (record)
        dns_answer_add(out, bytes_slice(&rdata));
}

static void copy_answer(const struct dns_answer *from, struct dns_answer *to)
{
    *to = (struct dns_answer){.outcome = from->outcome};
    for (size_t i = 0; i < from->count; i++)
        dns_answer_add(to, from->records[i].data);
}

void house_learn(struct dns_facts *facts, const struct dns_answer *answer)
{
    struct dns_lookup *lookup = dns_facts_open(facts);

    assert_non_null(lookup);
    for (size_t i = 0; i < lookup->count; i++) {
        bool rsa = lookup->questions[i].name[0] == 'r';
        if (answer)
            copy_answer(answer, &lookup->answers[i]);
        else
            house_answer(records[rsa ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256], &lookup->answers[i]);
    }
    lookup->errand.ok = true;
    dns_facts_learn(facts, lookup);
    errand_free(&lookup->errand);
}

void house_judge(struct slice mail, const struct dns_answer *answer, struct dkim *out)
{
    scoped(dkim_text) text = house_text(mail);
    scoped_value(dns_facts) facts = {0};

    dkim_read(text, HOUSE_NOW_MS, out);
    if (!dkim_judge(out, &facts, &house_prover)) {
        house_learn(&facts, answer);
        assert_true(dkim_judge(out, &facts, &house_prover));
    }
}
