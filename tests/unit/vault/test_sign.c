#include "memory.h"
#include "temp_dir.h"
#include "test.h"
#include "text.h"
#include "vault_private.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pthread.h>

static struct temp_dir dir;
static struct vault *vault;
static struct err err;

static int open_vault(void **state)
{
    (void)state;
    temp_dir_make(&dir);
    return vault_open(dir.fd, &vault, &err) ? 0 : -1;
}

static int close_vault(void **state)
{
    (void)state;
    vault_close(vault);
    temp_dir_remove(&dir);
    return 0;
}

static void each_scheme_signs_and_verifies(void **state)
{
    static const struct {
        const char *name;
        enum vault_scheme scheme;
        size_t signature_len;
    } rows[] = {
        {"RSA of 2048 bits", VAULT_RSA_SHA256, 256},
        {"Ed25519",          VAULT_ED25519,    64 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) wrapped = {0};
        scoped_value(bytes) signature = {0};
        scoped_text char *pem = NULL;
        assert_true(vault_key_new(vault, rows[i].scheme, &wrapped, &pem, &err));
        assert_true(slice_starts(slice_of(pem), SLICE("-----BEGIN PUBLIC KEY-----\n")));
        assert_true(slice_ends(slice_of(pem), SLICE("-----END PUBLIC KEY-----\n")));
        assert_true(vault_sign(vault, rows[i].name, bytes_slice(&wrapped), SLICE("hello"),
                               &signature, &err));
        assert_int_equal(signature.len, rows[i].signature_len);
        struct slice signed_by = bytes_slice(&signature);
        assert_true(vault_verify(slice_of(pem), SLICE("hello"), signed_by));
        assert_false(vault_verify(slice_of(pem), SLICE("hellp"), signed_by));
        assert_false(vault_verify(slice_of(pem), SLICE(""), signed_by));
        assert_false(
            vault_verify(slice_of(pem), SLICE("hello"), slice_first(signed_by, signed_by.len - 1)));
    }
}

static void a_new_key_under_the_old_name_is_used_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        scoped_value(bytes) wrapped = {0};
        scoped_value(bytes) signature = {0};
        scoped_text char *pem = NULL;
        assert_true(vault_key_new(vault, VAULT_ED25519, &wrapped, &pem, &err));
        assert_true(vault_sign(vault, "alice#main-key", bytes_slice(&wrapped), SLICE("x"),
                               &signature, &err));
        assert_true(vault_verify(slice_of(pem), SLICE("x"), bytes_slice(&signature)));
        assert_int_equal(signers_count(vault->signers), 1);
    }
}

static void the_cache_is_bounded(void **state)
{
    scoped_value(bytes) wrapped = {0};
    scoped_text char *pem = NULL;

    (void)state;
    assert_true(vault_key_new(vault, VAULT_ED25519, &wrapped, &pem, &err));
    for (int i = 0; i < 3 * SIGNERS_MAX; i++) {
        scoped_value(bytes) signature = {0};
        scoped_text char *name = must_print("key %d", i);
        assert_true(vault_sign(vault, name, bytes_slice(&wrapped), SLICE("x"), &signature, &err));
        assert_true(vault_verify(slice_of(pem), SLICE("x"), bytes_slice(&signature)));
    }
    assert_int_equal(signers_count(vault->signers), SIGNERS_MAX);
}

static void a_key_wrapped_for_something_else_does_not_sign(void **state)
{
    scoped_value(bytes) wrapped = {0};
    scoped_value(bytes) signature = {0};

    (void)state;
    vault_wrap(vault, "post text", SLICE("not a key"), &wrapped);
    assert_false(vault_sign(vault, "x", bytes_slice(&wrapped), SLICE("x"), &signature, &err));
    assert_int_equal(err.kind, ERR_TEMPORARY);
    bytes_reset(&wrapped);
    vault_wrap(vault, "signing key", SLICE("not a key"), &wrapped);
    assert_false(vault_sign(vault, "x", bytes_slice(&wrapped), SLICE("x"), &signature, &err));
    assert_int_equal(signature.len, 0);
}

struct crowd {
    struct slice wrapped;
    struct slice pem;
    int number;
    bool good;
};

static void *sign_often(void *arg)
{
    struct crowd *one = arg;
    struct err own;

    one->good = true;
    for (int i = 0; i < 50; i++) {
        scoped_value(bytes) signature = {0};
        scoped_text char *name = must_print("%d", (i * 7 + one->number) % (SIGNERS_MAX + 20));
        one->good = vault_sign(vault, name, one->wrapped, SLICE("x"), &signature, &own) &&
                    vault_verify(one->pem, SLICE("x"), bytes_slice(&signature)) && one->good;
    }
    return NULL;
}

static void several_threads_sign_at_once(void **state)
{
    scoped_value(bytes) wrapped = {0};
    scoped_text char *pem = NULL;
    struct crowd crowd[4];
    pthread_t threads[4];

    (void)state;
    assert_true(vault_key_new(vault, VAULT_ED25519, &wrapped, &pem, &err));
    for (int i = 0; i < 4; i++) {
        crowd[i] = (struct crowd){bytes_slice(&wrapped), slice_of(pem), i * 31, false};
        assert_int_equal(pthread_create(&threads[i], NULL, sign_often, &crowd[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(crowd[i].good);
    }
}

/* A stranger's key of any size, its signature of "x", and its public half as PKCS#1 or SPKI. */
static char *foreign_key(size_t bits, bool pkcs1, struct bytes *out_signature)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
    assert_non_null(key);
    size_t len = (size_t)EVP_PKEY_get_size(key);
    EVP_MD_CTX *run = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(run, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(run, (unsigned char *)bytes_reserve(out_signature, len), &len,
                                    (const unsigned char *)"x", 1),
                     1);
    out_signature->len += len;
    EVP_MD_CTX_free(run);

    BIO *bio = BIO_new(BIO_s_mem());
    char *at = NULL;
    unsigned char *der = NULL;
    if (pkcs1) {
        int der_len = i2d_PublicKey(key, &der);
        PEM_write_bio(bio, PEM_STRING_RSA_PUBLIC, "", der, der_len);
        OPENSSL_free(der);
    } else {
        PEM_write_bio_PUBKEY(bio, key);
    }
    long pem_len = BIO_get_mem_data(bio, &at);
    char *pem = must_copy((struct slice){at, (size_t)pem_len});
    BIO_free(bio);
    EVP_PKEY_free(key);
    return pem;
}

static void keys_of_strangers_are_read_as_they_come(void **state)
{
    static const struct {
        const char *name;
        size_t bits;
        bool pkcs1, good;
    } rows[] = {
        {"SPKI of 2048 bits",     2048, false, true },
        {"PKCS#1 of 2048 bits",   2048, true,  true },
        {"1024 bits still count", 1024, false, true },
        {"512 bits do not",       512,  false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) signature = {0};
        scoped_text char *pem = foreign_key(rows[i].bits, rows[i].pkcs1, &signature);
        if (vault_verify(slice_of(pem), SLICE("x"), bytes_slice(&signature)) != rows[i].good)
            fail_msg("%s", rows[i].name);
    }
}

static void what_is_no_key_verifies_nothing(void **state)
{
    static const char *const rows[] = {
        "",
        "hello",
        "-----BEGIN PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"
         "AAAA\n-----END RSA PRIVATE KEY-----\n"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_false(vault_verify(slice_of(rows[i]), SLICE("x"), SLICE("y")));
}

/* RFC 8032 7.1, test 2. */
static void ed25519_of_rfc_8032_verifies(void **state)
{
    static const unsigned char signature[] = {
        0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8, 0x72, 0x0e, 0x82, 0x0b, 0x5f,
        0x64, 0x25, 0x40, 0xa2, 0xb2, 0x7b, 0x54, 0x16, 0x50, 0x3f, 0x8f, 0xb3, 0x76,
        0x22, 0x23, 0xeb, 0xdb, 0x69, 0xda, 0x08, 0x5a, 0xc1, 0xe4, 0x3e, 0x15, 0x99,
        0x6e, 0x45, 0x8f, 0x36, 0x13, 0xd0, 0xf1, 0x1d, 0x8c, 0x38, 0x7b, 0x2e, 0xae,
        0xb4, 0x30, 0x2a, 0xee, 0xb0, 0x0d, 0x29, 0x16, 0x12, 0xbb, 0x0c, 0x00};
    static const unsigned char spki[] = {
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0x3d, 0x40, 0x17,
        0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a, 0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98,
        0x2c, 0xcf, 0x2e, 0xc4, 0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c};
    scoped_value(bytes) pem = {0};

    (void)state;
    bytes_add_text(&pem, "-----BEGIN PUBLIC KEY-----\n");
    base64_add(&pem, (struct slice){(const char *)spki, sizeof spki});
    bytes_add_text(&pem, "\n-----END PUBLIC KEY-----\n");
    assert_true(vault_verify(bytes_slice(&pem), SLICE("\x72"),
                             (struct slice){(const char *)signature, sizeof signature}));
}

/* More keys than are kept, asked in turn and twice: none is taken for another. */
static void keys_that_are_kept_stay_apart(void **state)
{
    enum { KEYS = VERIFIERS_MAX + 100 };
    char **pems = must_alloc_array(KEYS, sizeof *pems);
    struct bytes *signatures = must_alloc_array(KEYS, sizeof *signatures);

    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        scoped_value(bytes) wrapped = {0};
        scoped_text char *name = must_print("%zu", i);
        assert_true(vault_key_new(vault, VAULT_ED25519, &wrapped, &pems[i], &err));
        assert_true(
            vault_sign(vault, name, bytes_slice(&wrapped), SLICE("x"), &signatures[i], &err));
    }
    for (size_t i = 0; i < 2 * KEYS; i++) {
        struct slice pem = slice_of(pems[i % KEYS]), own = bytes_slice(&signatures[i % KEYS]);
        assert_true(vault_verify_again(vault, pem, SLICE("x"), own));
        assert_true(vault_verify_again(vault, pem, SLICE("x"), own)); /* kept now */
        assert_false(vault_verify_again(vault, pem, SLICE("y"), own));
        assert_false(
            vault_verify_again(vault, pem, SLICE("x"), bytes_slice(&signatures[(i + 1) % KEYS])));
    }
    assert_false(vault_verify_again(vault, SLICE("no key"), SLICE("x"), SLICE("y")));
    for (size_t i = 0; i < KEYS; i++) {
        free(pems[i]);
        bytes_clear(&signatures[i]);
    }
    free(pems);
    free(signatures);
}

int main(void)
{
#define WITH_VAULT(test) cmocka_unit_test_setup_teardown(test, open_vault, close_vault)
    const struct CMUnitTest tests[] = {
        WITH_VAULT(each_scheme_signs_and_verifies),
        WITH_VAULT(a_new_key_under_the_old_name_is_used_at_once),
        WITH_VAULT(the_cache_is_bounded),
        WITH_VAULT(a_key_wrapped_for_something_else_does_not_sign),
        WITH_VAULT(several_threads_sign_at_once),
        WITH_VAULT(keys_that_are_kept_stay_apart),
        cmocka_unit_test(keys_of_strangers_are_read_as_they_come),
        cmocka_unit_test(what_is_no_key_verifies_nothing),
        cmocka_unit_test(ed25519_of_rfc_8032_verifies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
