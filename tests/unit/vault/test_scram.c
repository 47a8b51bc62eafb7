#include "bytes.h"
#include "temp_dir.h"
#include "test.h"
#include "text.h"
#include "vault_private.h"

/* The exchange of RFC 7677 3: user "user", password "pencil". */
static const char salt_text[] = "W22ZaJ0SNY7soEsUEjb6gQ==";
static const char auth_message[] =
    "n=user,r=rOprNGfwEbeRWgbNEkqO,"
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
static const char proof_text[] = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
static const char server_signature_text[] = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

static void keys_of_the_rfc(struct scram_keys *keys)
{
    scoped_value(bytes) salt = {0};

    assert_true(base64_read(slice_of(salt_text), &salt));
    assert_int_equal(salt.len, SCRAM_SALT_LEN);
    *keys = (struct scram_keys){.iterations = 4096};
    memcpy(keys->salt, salt.at, salt.len);
    scram_derive(SLICE("pencil"), keys);
}

static void the_exchange_of_rfc_7677_works(void **state)
{
    struct scram_keys keys;
    unsigned char signature[SCRAM_KEY_LEN];
    scoped_value(bytes) proof = {0};
    scoped_value(bytes) text = {0};

    (void)state;
    keys_of_the_rfc(&keys);
    assert_true(base64_read(slice_of(proof_text), &proof));
    assert_true(scram_proof_is(&keys, slice_of(auth_message), bytes_slice(&proof), signature));
    base64_add(&text, (struct slice){(const char *)signature, sizeof signature});
    assert_text(text.at, server_signature_text);
}

static void other_proofs_are_refused(void **state)
{
    struct scram_keys keys;
    unsigned char signature[SCRAM_KEY_LEN];
    scoped_value(bytes) proof = {0};

    (void)state;
    keys_of_the_rfc(&keys);
    assert_true(base64_read(slice_of(proof_text), &proof));
    for (size_t len = 0; len < proof.len; len++)
        assert_false(scram_proof_is(&keys, slice_of(auth_message),
                                    slice_first(bytes_slice(&proof), len), signature));
    assert_false(scram_proof_is(&keys, SLICE("n=other"), bytes_slice(&proof), signature));
    for (size_t i = 0; i < proof.len; i++) {
        proof.at[i] = (char)(proof.at[i] ^ 0x10);
        assert_false(scram_proof_is(&keys, slice_of(auth_message), bytes_slice(&proof), signature));
        proof.at[i] = (char)(proof.at[i] ^ 0x10);
    }
}

static void a_password_is_known_again(void **state)
{
    struct scram_keys keys;
    struct scram_keys again;

    (void)state;
    scram_keys_make(SLICE("correct horse"), &keys);
    assert_int_equal(keys.iterations, SCRAM_ITERATIONS);
    assert_true(scram_password_is(&keys, SLICE("correct horse")));
    assert_false(scram_password_is(&keys, SLICE("correct horsf")));
    assert_false(scram_password_is(&keys, SLICE("")));
    scram_keys_make(SLICE("correct horse"), &again);
    assert_memory_not_equal(keys.salt, again.salt, sizeof keys.salt);
    assert_memory_not_equal(keys.stored_key, again.stored_key, sizeof keys.stored_key);
}

static void a_decoy_is_stable_and_fits_nobody(void **state)
{
    struct temp_dir dir;
    struct err err;
    struct vault *vault = NULL;
    struct scram_keys keys[3];

    (void)state;
    temp_dir_make(&dir);
    assert_true(vault_open(dir.fd, &vault, &err));
    scram_keys_decoy(vault, SLICE("nobody"), &keys[0]);
    scram_keys_decoy(vault, SLICE("nobody"), &keys[1]);
    scram_keys_decoy(vault, SLICE("somebody"), &keys[2]);
    assert_memory_equal(&keys[0], &keys[1], sizeof keys[0]);
    assert_memory_not_equal(keys[0].salt, keys[2].salt, sizeof keys[0].salt);
    assert_int_equal(keys[0].iterations, SCRAM_ITERATIONS);
    assert_false(scram_password_is(&keys[0], SLICE("")));
    vault_close(vault);
    temp_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exchange_of_rfc_7677_works),
        cmocka_unit_test(other_proofs_are_refused),
        cmocka_unit_test(a_password_is_known_again),
        cmocka_unit_test(a_decoy_is_stable_and_fits_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
