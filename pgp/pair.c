#include "pgp_pair.h"

#include "memory.h"
#include "rnp_scope.h"
#include "text.h"

#include <string.h>

static const char said[] = "A key could not be made at the moment; try again later";

static bool trouble(struct err *err, const char *doing, rnp_result_t result)
{
    return err_because(err, ERR_TEMPORARY, said, "librnp: %s: %s", doing,
                       rnp_result_to_string(result));
}

void pgp_pair_clear(struct pgp_pair *pair)
{
    bytes_wipe(&pair->secret);
    bytes_clear(&pair->certificate);
    *pair = (struct pgp_pair){0};
}

/* ---- made ---- */
/* What programs that write to it may use: no compression, which tells of what is in it. */
static rnp_result_t set_preferences(rnp_op_generate_t op)
{
    rnp_result_t result = rnp_op_generate_add_pref_cipher(op, "AES256");

    if (result == RNP_SUCCESS)
        result = rnp_op_generate_add_pref_cipher(op, "AES128");
    if (result == RNP_SUCCESS)
        result = rnp_op_generate_add_pref_hash(op, "SHA512");
    if (result == RNP_SUCCESS)
        result = rnp_op_generate_add_pref_hash(op, "SHA256");
    if (result == RNP_SUCCESS)
        result = rnp_op_generate_add_pref_compression(op, "Uncompressed");
    return result;
}

static rnp_result_t finish(rnp_op_generate_t op, rnp_key_handle_t *out)
{
    rnp_result_t result = rnp_op_generate_set_hash(op, "SHA256");

    if (result == RNP_SUCCESS)
        result = rnp_op_generate_set_expiration(op, 0);
    if (result == RNP_SUCCESS)
        result = rnp_op_generate_execute(op);
    return result == RNP_SUCCESS ? rnp_op_generate_get_key(op, out) : result;
}

static rnp_result_t make_primary(rnp_ffi_t ffi, const char *address, rnp_key_handle_t *out)
{
    scoped_value(rnp_generating) op = {0};
    rnp_result_t result = rnp_op_generate_create(&op.op, ffi, "EDDSA");

    if (result == RNP_SUCCESS)
        result = rnp_op_generate_set_userid(op.op, address);
    if (result == RNP_SUCCESS)
        result = rnp_op_generate_add_usage(op.op, "sign");
    if (result == RNP_SUCCESS)
        result = rnp_op_generate_add_usage(op.op, "certify");
    if (result == RNP_SUCCESS)
        result = set_preferences(op.op);
    return result == RNP_SUCCESS ? finish(op.op, out) : result;
}

static rnp_result_t make_encrypting(rnp_ffi_t ffi, rnp_key_handle_t primary)
{
    scoped_value(rnp_generating) op = {0};
    scoped_value(rnp_key) made = {0};
    rnp_result_t result = rnp_op_generate_subkey_create(&op.op, ffi, primary, "ECDH");

    if (result == RNP_SUCCESS)
        result = rnp_op_generate_set_curve(op.op, "Curve25519");
    if (result == RNP_SUCCESS)
        result = rnp_op_generate_add_usage(op.op, "encrypt");
    return result == RNP_SUCCESS ? finish(op.op, &made.key) : result;
}

static rnp_result_t export(rnp_key_handle_t key, uint32_t flags, struct bytes *out)
{
    rnp_output_t output = NULL;
    uint8_t *at = NULL;
    size_t len = 0;
    rnp_result_t result = rnp_output_to_memory(&output, 0);

    if (result == RNP_SUCCESS)
        result = rnp_key_export(key, output, flags | RNP_KEY_EXPORT_SUBKEYS);
    if (result == RNP_SUCCESS)
        result = rnp_output_memory_get_buf(output, &at, &len, false);
    if (result == RNP_SUCCESS) {
        bytes_add(out, (struct slice){(const char *)at, len});
        if (flags & RNP_KEY_EXPORT_SECRET)
            explicit_bzero(at, len);
    }
    rnp_output_destroy(output);
    return result;
}

static rnp_result_t take_fingerprint(rnp_key_handle_t key, char out[PGP_FINGERPRINT_SIZE])
{
    char *hex = NULL;
    rnp_result_t result = rnp_key_get_fprint(key, &hex);

    if (result == RNP_SUCCESS)
        snprintf(out, PGP_FINGERPRINT_SIZE, "%s", hex);
    rnp_buffer_destroy(hex);
    return result;
}

bool pgp_pair_make(const char *address, struct pgp_pair *out, struct err *err)
{
    scoped_value(rnp_rings) rings = {0};
    scoped_value(rnp_key) primary = {0};
    rnp_result_t result = rnp_ffi_create(&rings.ffi, "GPG", "GPG");

    *out = (struct pgp_pair){0};
    if (result == RNP_SUCCESS)
        result = make_primary(rings.ffi, address, &primary.key);
    if (result == RNP_SUCCESS)
        result = make_encrypting(rings.ffi, primary.key);
    if (result == RNP_SUCCESS)
        result = export(primary.key, RNP_KEY_EXPORT_PUBLIC, &out->certificate);
    if (result == RNP_SUCCESS)
        result = export(primary.key, RNP_KEY_EXPORT_SECRET | RNP_KEY_EXPORT_ARMORED, &out->secret);
    if (result == RNP_SUCCESS)
        result = take_fingerprint(primary.key, out->fingerprint);
    if (result == RNP_SUCCESS)
        return true;
    pgp_pair_clear(out);
    return trouble(err, "making a key", result);
}

/* ---- told ---- */
void pgp_pair_autocrypt(const struct pgp_pair *pair, const char *address, struct bytes *out)
{
    enum { LINE = 76 };
    scoped_value(bytes) base64 = {0};

    base64_add(&base64, bytes_slice(&pair->certificate));
    bytes_print(out, "Autocrypt: addr=%s; prefer-encrypt=mutual;\r\n keydata=", address);
    for (struct slice rest = bytes_slice(&base64); rest.len > 0; rest = slice_from(rest, LINE)) {
        bytes_add_text(out, "\r\n ");
        bytes_add(out, slice_first(rest, LINE));
    }
    bytes_add_text(out, "\r\n");
}
