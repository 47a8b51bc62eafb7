/*
 * Opening what was encrypted to a pair of ours.
 *
 * librnp 0.16 passes over session keys that do not say whom they are for, and Delta Chat writes no others.  So each of them that
 * our subkey could open is made out to it on the way in: those that are somebody else's do not unwrap and are passed over.
 */
#include "pgp_pair.h"

#include "memory.h"
#include "packets.h"
#include "rnp_scope.h"
#include "text.h"

#include <string.h>

enum {
    PIECE = 16 * 1024,
    HEAD_MAX = 64 * 1024, /* of session keys: some six hundred */
    KEY_ID_LEN = 8,
    ECDH = 18, /* RFC 9580 9.1 */
};

static const char refused[] = "This mail is encrypted in a way the server cannot open";

/* ---- armor off, octet by octet ---- */
struct unarmoring {
    struct source *armored;
    int64_t offset;
    size_t at, len;
    enum { IN_HEADERS, IN_TEXT, AT_END } where;
    size_t column; /* in a line of the headers */
    uint32_t bits;
    int count;
    struct bytes head; /* the first octets, with the session keys made out to us */
    size_t head_at;
    struct sink *into;
    struct err *err; /* of ours, if `failed` */
    bool failed;
    char piece[PIECE];
};

static int next_char(struct unarmoring *u)
{
    if (u->at == u->len) {
        u->at = 0;
        u->len = 0;
        if (!source_read(u->armored, u->offset, u->piece, sizeof u->piece, &u->len, u->err))
            u->failed = true;
        u->offset += (int64_t)u->len;
    }
    return u->failed || u->len == 0 ? -1 : (unsigned char)u->piece[u->at++];
}

/* Up to the empty line; spaces do not fill one. */
static void skip_headers(struct unarmoring *u)
{
    bool begun = false;

    for (int c = next_char(u); u->where == IN_HEADERS; c = next_char(u)) {
        if (c < 0)
            u->where = AT_END;
        else if (c == '\n' && u->column == 0 && begun)
            u->where = IN_TEXT;
        else if (c == '\n')
            u->column = 0;
        else if (c > ' ') {
            begun = true;
            u->column++;
        }
        if (u->where != IN_HEADERS)
            return;
    }
}

/* The next octet, or -1 at the end. */
static int next_octet(struct unarmoring *u)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    if (u->where == IN_HEADERS)
        skip_headers(u);
    while (u->where == IN_TEXT) {
        int c = next_char(u);
        const char *digit = c > 0 ? strchr(alphabet, c) : NULL;
        if (c < 0 || c == '=' || c == '-')
            u->where = AT_END;
        if (!digit)
            continue;
        u->bits = u->bits << 6 | (uint32_t)(digit - alphabet);
        u->count += 6;
        if (u->count < 8)
            continue;
        u->count -= 8;
        return (int)(u->bits >> u->count & 0xff);
    }
    return -1;
}

/* ---- session keys ---- */
static void make_out_to(char *body, const unsigned char id[KEY_ID_LEN])
{
    static const unsigned char hidden[KEY_ID_LEN];
    const unsigned char version = 3;

    if ((unsigned char)body[0] == version && memcmp(body + 1, hidden, sizeof hidden) == 0 &&
        (unsigned char)body[1 + KEY_ID_LEN] == ECDH)
        memcpy(body + 1, id, KEY_ID_LEN);
}

static void gather_head(struct unarmoring *u, const unsigned char id[KEY_ID_LEN])
{
    struct packet packet;
    int octet;

    while (u->head.len < HEAD_MAX && (octet = next_octet(u)) >= 0)
        bytes_add_char(&u->head, (char)octet);
    struct slice rest = bytes_slice(&u->head);
    while (packet_cut(&rest, &packet) == PACKET_NEXT && packet.tag == PACKET_SESSION_KEY)
        if (packet.body.len > 1 + KEY_ID_LEN)
            make_out_to(u->head.at + (packet.body.at - u->head.at), id);
}

static bool pull(void *ctx, void *into, size_t capacity, size_t *out_len)
{
    struct unarmoring *u = ctx;
    size_t len = 0;
    int octet;

    if (u->head_at < u->head.len) {
        len = u->head.len - u->head_at < capacity ? u->head.len - u->head_at : capacity;
        memcpy(into, u->head.at + u->head_at, len);
        u->head_at += len;
    }
    while (len < capacity && (octet = next_octet(u)) >= 0)
        ((unsigned char *)into)[len++] = (unsigned char)octet;
    *out_len = len;
    return !u->failed;
}

static bool push(void *ctx, const void *from, size_t len)
{
    struct unarmoring *u = ctx;

    u->failed = u->failed || !sink_write(u->into, (struct slice){from, len}, u->err);
    return !u->failed;
}

/* ---- keys ---- */
static bool import(rnp_ffi_t ffi, struct slice keys, uint32_t flags)
{
    rnp_input_t input = NULL;
    bool ok =
        rnp_input_from_memory(&input, (const uint8_t *)keys.at, keys.len, false) == RNP_SUCCESS &&
        rnp_import_keys(ffi, input, flags | RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_PERMISSIVE,
                        NULL) == RNP_SUCCESS;

    rnp_input_destroy(input);
    return ok;
}

/* Certificates that librnp cannot use are as if not given. */
static bool know(rnp_ffi_t ffi, const struct pgp_pair *own, const struct slice *signers,
                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        scoped_value(bytes) binary = {0};
        struct err unfit;
        if (openpgp_binary(signers[i], &binary) && certificate_is_fit(bytes_slice(&binary), &unfit))
            (void)!import(ffi, bytes_slice(&binary), 0);
    }
    return import(ffi, bytes_slice(&own->secret), RNP_LOAD_SAVE_SECRET_KEYS);
}

static bool find_subkey(rnp_ffi_t ffi, const char *fingerprint, unsigned char out[KEY_ID_LEN])
{
    scoped_value(rnp_key) primary = {0};
    scoped_value(rnp_key) part = {0};
    char *id = NULL;
    bool ok = rnp_locate_key(ffi, "fingerprint", fingerprint, &primary.key) == RNP_SUCCESS &&
              primary.key && rnp_key_get_subkey_at(primary.key, 0, &part.key) == RNP_SUCCESS &&
              rnp_key_get_keyid(part.key, &id) == RNP_SUCCESS &&
              strlen(id) == (size_t)2 * KEY_ID_LEN;

    for (size_t i = 0; ok && i < KEY_ID_LEN; i++)
        ok = sscanf(id + 2 * i, "%2hhx", &out[i]) == 1; // NOLINT(cert-err34-c)
    rnp_buffer_destroy(id);
    return ok;
}

/* ---- signatures ---- */
static void take_signer(rnp_op_verify_signature_t signature, struct pgp_verdict *out)
{
    scoped_value(rnp_key) key = {0};
    char *primary = NULL;
    uint32_t made = 0, expires = 0;

    if (rnp_op_verify_signature_get_key(signature, &key.key) != RNP_SUCCESS ||
        rnp_op_verify_signature_get_times(signature, &made, &expires) != RNP_SUCCESS)
        return;
    if (rnp_key_get_primary_fprint(key.key, &primary) != RNP_SUCCESS &&
        rnp_key_get_fprint(key.key, &primary) != RNP_SUCCESS)
        return;
    snprintf(out->fingerprint, sizeof out->fingerprint, "%s", primary);
    out->signed_at_ms = (int64_t)made * 1000;
    out->judgement = PGP_GOOD;
    rnp_buffer_destroy(primary);
}

/* Exactly one, and a good one. */
static void judge(rnp_op_verify_t op, struct pgp_verdict *out)
{
    rnp_op_verify_signature_t signature = NULL;
    size_t count = 0;

    *out = (struct pgp_verdict){.judgement = PGP_UNFIT};
    if (rnp_op_verify_get_signature_count(op, &count) != RNP_SUCCESS || count != 1 ||
        rnp_op_verify_get_signature_at(op, 0, &signature) != RNP_SUCCESS)
        return;
    switch (rnp_op_verify_signature_get_status(signature)) {
    case RNP_SUCCESS: take_signer(signature, out); return;
    case RNP_ERROR_KEY_NOT_FOUND: out->judgement = PGP_OTHER_KEY; return;
    case RNP_ERROR_SIGNATURE_INVALID: out->judgement = PGP_BAD; return;
    default: return;
    }
}

/* Decrypted, whole and unaltered (RFC 9580 5.13): else nothing of it counts. */
static bool is_whole(rnp_op_verify_t op)
{
    char *mode = NULL, *cipher = NULL;
    bool valid = false;
    bool ok = rnp_op_verify_get_protection_info(op, &mode, &cipher, &valid) == RNP_SUCCESS &&
              valid && (strcmp(mode, "cfb-mdc") == 0 || strncmp(mode, "aead-", 5) == 0);

    rnp_buffer_destroy(mode);
    rnp_buffer_destroy(cipher);
    return ok;
}

static bool run(rnp_ffi_t ffi, rnp_input_t input, rnp_output_t output, struct pgp_verdict *out)
{
    rnp_op_verify_t op = NULL;
    bool ok = rnp_op_verify_create(&op, ffi, input, output) == RNP_SUCCESS &&
              rnp_op_verify_set_flags(op, RNP_VERIFY_IGNORE_SIGS_ON_DECRYPT) == RNP_SUCCESS &&
              rnp_op_verify_execute(op) == RNP_SUCCESS && is_whole(op);

    if (ok)
        judge(op, out);
    rnp_op_verify_destroy(op);
    return ok;
}

static bool open_from(rnp_ffi_t ffi, struct unarmoring *u, struct pgp_verdict *out)
{
    rnp_input_t input = NULL;
    rnp_output_t output = NULL;
    bool ok = rnp_input_from_callback(&input, pull, NULL, u) == RNP_SUCCESS &&
              rnp_output_to_callback(&output, push, NULL, u) == RNP_SUCCESS &&
              run(ffi, input, output, out);

    rnp_output_destroy(output);
    rnp_input_destroy(input);
    return ok;
}

bool pgp_open(const struct pgp_pair *own, const struct slice *signers, size_t count,
              struct source *message, struct sink *into, struct pgp_verdict *out, struct err *err)
{
    scoped_value(rnp_rings) rings = {0};
    unsigned char id[KEY_ID_LEN];

    if (rnp_ffi_create(&rings.ffi, "GPG", "GPG") != RNP_SUCCESS ||
        !know(rings.ffi, own, signers, count) || !find_subkey(rings.ffi, own->fingerprint, id))
        return err_because(err, ERR_TEMPORARY,
                           "This mail cannot be opened at the moment; try again later",
                           "librnp does not take the pair %s", own->fingerprint);
    struct unarmoring *u = must_new(struct unarmoring);
    u->armored = message;
    u->into = into;
    u->err = err;
    gather_head(u, id);
    bool ok = !u->failed && open_from(rings.ffi, u, out);
    if (!ok && !u->failed)
        err_set(err, ERR_REFUSED, refused);
    ok = ok && !u->failed;
    bytes_clear(&u->head);
    free(u);
    return ok;
}
