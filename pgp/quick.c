#include "quick.h"

#include "clock.h"
#include "digest.h"
#include "memory.h"
#include "packets.h"
#include "pgp_pair.h"
#include "rnp_scope.h"

#include <pthread.h>

enum { CONTEXTS_KEPT = 16 };
#define KEPT_MS HOUR_MS

struct quick_context {
    struct quick_context *next;     /* of those that nobody uses, latest first */
    unsigned char name[SHA256_LEN]; /* digest of its certificates */
    int64_t made_ms;
    rnp_ffi_t ffi; /* NULL: known to be unfit */
    rnp_key_handle_t keys[PGP_CERTIFICATES_MAX];
    size_t count;
    rnp_key_handle_t signer; /* or NULL */
    const char *cipher;
};

struct quick {
    pthread_mutex_t lock;
    struct quick_context *free;
    size_t made;
    const struct clock *timer; /* or NULL */
};

static const char said[] = "Mail cannot be encrypted at the moment; try again later";

static bool trouble(struct err *err, const char *doing, rnp_result_t result)
{
    return err_because(err, ERR_TEMPORARY, said, "librnp: %s: %s", doing,
                       rnp_result_to_string(result));
}

/* ---- contexts ---- */
static void context_free(struct quick_context *context)
{
    if (!context)
        return;
    for (size_t i = 0; i < context->count; i++)
        rnp_key_handle_destroy(context->keys[i]);
    rnp_key_handle_destroy(context->signer);
    rnp_ffi_destroy(context->ffi);
    free(context);
}
SCOPED(quick_context, context_free)

struct quick *quick_new(const struct clock *timer)
{
    struct quick *quick = must_new(struct quick);

    quick->timer = timer;
    pthread_mutex_init(&quick->lock, NULL);
    return quick;
}

static void forget_all(struct quick_context *first)
{
    while (first) {
        struct quick_context *next = first->next;
        context_free(first);
        first = next;
    }
}

void quick_free(struct quick *quick)
{
    if (!quick)
        return;
    forget_all(quick->free);
    pthread_mutex_destroy(&quick->lock);
    free(quick);
}

static void name_of(const struct slice *certificates, size_t count, const struct pgp_pair *signer,
                    unsigned char out[SHA256_LEN])
{
    scoped_value(bytes) digests = {0};
    unsigned char one[SHA256_LEN];

    for (size_t i = 0; i < count; i++) {
        sha256(certificates[i], one);
        bytes_add(&digests, (struct slice){(const char *)one, sizeof one});
    }
    if (signer)
        bytes_add_text(&digests, signer->fingerprint);
    sha256(bytes_slice(&digests), out);
}

static int64_t now_ms(const struct quick *quick)
{
    return quick->timer ? clock_now(quick->timer) : monotonic_ms();
}

size_t quick_made(struct quick *quick)
{
    pthread_mutex_lock(&quick->lock);
    size_t made = quick->made;
    pthread_mutex_unlock(&quick->lock);
    return made;
}

static void move(struct quick_context **from, struct quick_context **to)
{
    struct quick_context *context = *from;

    *from = context->next;
    context->next = *to;
    *to = context;
}

/* Those that are too old are forgotten by the way, whosever they are. */
static struct quick_context *take_known(struct quick *quick, const unsigned char name[SHA256_LEN])
{
    struct quick_context *found = NULL, *old = NULL;
    int64_t now = now_ms(quick);

    pthread_mutex_lock(&quick->lock);
    for (struct quick_context **at = &quick->free; *at;) {
        if (now - (*at)->made_ms >= KEPT_MS)
            move(at, &old);
        else if (!found && memcmp((*at)->name, name, SHA256_LEN) == 0)
            move(at, &found);
        else
            at = &(*at)->next;
    }
    quick->made += !found;
    pthread_mutex_unlock(&quick->lock);
    forget_all(old);
    return found;
}

void quick_give_back(struct quick *quick, struct quick_context *context)
{
    struct quick_context *surplus = NULL;
    size_t kept = 1;

    if (!context)
        return;
    pthread_mutex_lock(&quick->lock);
    context->next = quick->free;
    quick->free = context;
    for (struct quick_context *at = context; at; at = at->next)
        if (kept++ == CONTEXTS_KEPT) {
            surplus = at->next;
            at->next = NULL;
        }
    pthread_mutex_unlock(&quick->lock);
    forget_all(surplus);
}

/* ---- certificates ---- */
static rnp_result_t load(rnp_ffi_t ffi, struct slice certificate, uint32_t flags)
{
    rnp_input_t input = NULL;
    rnp_result_t result =
        rnp_input_from_memory(&input, (const uint8_t *)certificate.at, certificate.len, false);

    if (result != RNP_SUCCESS)
        return result;
    result = rnp_import_keys(ffi, input,
                             flags | RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_PERMISSIVE, NULL);
    rnp_input_destroy(input);
    return result;
}

static bool encrypts(rnp_key_handle_t primary)
{
    rnp_key_handle_t part = NULL;
    bool valid = false, part_valid = false;

    if (rnp_key_is_valid(primary, &valid) != RNP_SUCCESS || !valid ||
        rnp_key_get_default_key(primary, "encrypt", 0, &part) != RNP_SUCCESS)
        return false;
    bool ok = rnp_key_is_valid(part, &part_valid) == RNP_SUCCESS && part_valid;
    rnp_key_handle_destroy(part);
    return ok;
}

/* Keeps the handle if it is a primary key; false: one that cannot be encrypted to, or one too many. */
static bool keep_primary(struct quick_context *context, const char *fingerprint)
{
    rnp_key_handle_t key = NULL;
    bool primary = false;

    if (rnp_locate_key(context->ffi, "fingerprint", fingerprint, &key) != RNP_SUCCESS || !key)
        return false;
    if (rnp_key_is_primary(key, &primary) == RNP_SUCCESS && !primary) {
        rnp_key_handle_destroy(key);
        return true;
    }
    if (!primary || context->count == PGP_CERTIFICATES_MAX || !encrypts(key)) {
        rnp_key_handle_destroy(key);
        return false;
    }
    context->keys[context->count++] = key;
    return true;
}

static bool keep_primaries(struct quick_context *context)
{
    rnp_identifier_iterator_t all = NULL;
    const char *fingerprint = NULL;
    bool ok = rnp_identifier_iterator_create(context->ffi, &all, "fingerprint") == RNP_SUCCESS;

    while (ok && rnp_identifier_iterator_next(all, &fingerprint) == RNP_SUCCESS && fingerprint)
        ok = keep_primary(context, fingerprint);
    rnp_identifier_iterator_destroy(all);
    return ok;
}

/* After the certificates were kept: it is none of them. */
static bool load_signer(struct quick_context *context, const struct pgp_pair *signer)
{
    return !signer || (load(context->ffi, bytes_slice(&signer->secret),
                            RNP_LOAD_SAVE_SECRET_KEYS) == RNP_SUCCESS &&
                       rnp_locate_key(context->ffi, "fingerprint", signer->fingerprint,
                                      &context->signer) == RNP_SUCCESS &&
                       context->signer);
}

static enum quick_fit make(const struct slice *certificates, size_t count,
                           const struct pgp_pair *signer, struct quick_context **out,
                           struct err *err)
{
    scoped(quick_context) context = must_new(struct quick_context);
    rnp_result_t result = rnp_ffi_create(&context->ffi, "GPG", "GPG");

    if (result != RNP_SUCCESS) {
        trouble(err, "starting", result);
        return QUICK_FAILED;
    }
    bool all_modern = true;
    for (size_t i = 0; i < count; i++) {
        if (load(context->ffi, certificates[i], 0) != RNP_SUCCESS)
            return QUICK_UNFIT;
        all_modern &= certificate_reads_aes256(certificates[i]);
    }
    if (!keep_primaries(context) || context->count != count)
        return QUICK_UNFIT;
    if (!load_signer(context, signer)) {
        err_because(err, ERR_TEMPORARY, said, "librnp does not take the pair %s",
                    signer->fingerprint);
        return QUICK_FAILED;
    }
    context->cipher = all_modern ? "AES256" : "AES128";
    *out = steal(&context);
    return QUICK_FITS;
}

enum quick_fit quick_take(struct quick *quick, const struct slice *certificates, size_t count,
                          const struct pgp_pair *signer, struct quick_context **out,
                          struct err *err)
{
    unsigned char name[SHA256_LEN];

    if (count == 0 || count > PGP_CERTIFICATES_MAX)
        return QUICK_UNFIT;
    name_of(certificates, count, signer, name);
    struct quick_context *context = take_known(quick, name);
    if (!context) {
        int64_t made_ms = now_ms(quick);
        enum quick_fit fit = make(certificates, count, signer, &context, err);
        if (fit == QUICK_UNFIT)
            context = must_new(struct quick_context);
        if (!context)
            return fit;
        memcpy(context->name, name, sizeof name);
        context->made_ms = made_ms;
    }
    if (context->ffi) {
        *out = context;
        return QUICK_FITS;
    }
    quick_give_back(quick, context);
    return QUICK_UNFIT;
}

/* ---- two copies of one ---- */
/* The one primary key that is there; NULL: none, or several. */
static rnp_key_handle_t only_primary(rnp_ffi_t ffi)
{
    rnp_identifier_iterator_t all = NULL;
    rnp_key_handle_t found = NULL;
    const char *fingerprint = NULL;
    size_t count = 0;

    if (rnp_identifier_iterator_create(ffi, &all, "fingerprint") != RNP_SUCCESS)
        return NULL;
    while (rnp_identifier_iterator_next(all, &fingerprint) == RNP_SUCCESS && fingerprint) {
        rnp_key_handle_t key = NULL;
        bool primary = false;
        if (rnp_locate_key(ffi, "fingerprint", fingerprint, &key) != RNP_SUCCESS || !key)
            continue;
        if (rnp_key_is_primary(key, &primary) == RNP_SUCCESS && primary) {
            count++;
            rnp_key_handle_destroy(found);
            found = key;
        } else {
            rnp_key_handle_destroy(key);
        }
    }
    rnp_identifier_iterator_destroy(all);
    if (count == 1)
        return found;
    rnp_key_handle_destroy(found);
    return NULL;
}

static bool export_whole(rnp_key_handle_t key, struct bytes *out)
{
    rnp_output_t output = NULL;
    uint8_t *at = NULL;
    size_t len = 0;
    bool ok = rnp_output_to_memory(&output, PGP_CERTIFICATE_MAX) == RNP_SUCCESS &&
              rnp_key_export(key, output, RNP_KEY_EXPORT_PUBLIC | RNP_KEY_EXPORT_SUBKEYS) ==
                  RNP_SUCCESS &&
              rnp_output_memory_get_buf(output, &at, &len, false) == RNP_SUCCESS && len > 0;

    if (ok)
        bytes_add(out, (struct slice){(const char *)at, len});
    rnp_output_destroy(output);
    return ok;
}

bool quick_merge(struct slice one, struct slice other, struct bytes *out, struct err *err)
{
    rnp_ffi_t ffi = NULL;
    rnp_result_t result = rnp_ffi_create(&ffi, "GPG", "GPG");

    if (result != RNP_SUCCESS)
        return trouble(err, "starting", result);
    rnp_key_handle_t key = load(ffi, one, 0) == RNP_SUCCESS && load(ffi, other, 0) == RNP_SUCCESS
                               ? only_primary(ffi)
                               : NULL;
    bool ok = key && export_whole(key, out);
    rnp_key_handle_destroy(key);
    rnp_ffi_destroy(ffi);
    return ok || err_set(err, ERR_REFUSED, "These are not two copies of one OpenPGP certificate");
}

/* ---- encrypting ---- */
struct passage { /* between librnp and our streams */
    struct source *from;
    int64_t offset;
    struct sink *into;
    struct err *err; /* of ours, if `failed` */
    bool failed;
};

static bool pull(void *ctx, void *into, size_t capacity, size_t *out_len)
{
    struct passage *passage = ctx;

    *out_len = 0;
    if (passage->failed ||
        !source_read(passage->from, passage->offset, into, capacity, out_len, passage->err)) {
        passage->failed = true;
        return false;
    }
    passage->offset += (int64_t)*out_len;
    return true;
}

static bool push(void *ctx, const void *from, size_t len)
{
    struct passage *passage = ctx;

    passage->failed =
        passage->failed || !sink_write(passage->into, (struct slice){from, len}, passage->err);
    return !passage->failed;
}

static rnp_result_t set_up(const struct quick_context *context, rnp_op_encrypt_t op)
{
    rnp_result_t result = RNP_SUCCESS;

    for (size_t i = 0; i < context->count && result == RNP_SUCCESS; i++)
        result = rnp_op_encrypt_add_recipient(op, context->keys[i]);
    if (result == RNP_SUCCESS)
        result = rnp_op_encrypt_set_cipher(op, context->cipher);
    if (result ==
        RNP_SUCCESS) /* what is compressed with secrets in it tells of them by its length */
        result = rnp_op_encrypt_set_compression(op, "Uncompressed", 0);
    if (result == RNP_SUCCESS)
        result = rnp_op_encrypt_set_aead(op, "None"); /* which GnuPG 2.2 could not read */
    if (result == RNP_SUCCESS && context->signer)
        result = rnp_op_encrypt_add_signature(op, context->signer, NULL);
    if (result == RNP_SUCCESS && context->signer)
        result = rnp_op_encrypt_set_hash(op, "SHA256");
    return result;
}

static rnp_result_t run(const struct quick_context *context, rnp_input_t input, rnp_output_t output)
{
    rnp_op_encrypt_t op = NULL;
    rnp_result_t result = rnp_op_encrypt_create(&op, context->ffi, input, output);

    if (result == RNP_SUCCESS)
        result = set_up(context, op);
    if (result == RNP_SUCCESS)
        result = rnp_op_encrypt_execute(op);
    rnp_op_encrypt_destroy(op);
    return result;
}

bool quick_encrypt(struct quick_context *context, struct source *plain, struct sink *into,
                   struct err *err)
{
    struct passage passage = {.from = plain, .into = into, .err = err};
    rnp_input_t input = NULL;
    rnp_output_t output = NULL;
    rnp_result_t result = rnp_input_from_callback(&input, pull, NULL, &passage);

    if (result == RNP_SUCCESS)
        result = rnp_output_to_callback(&output, push, NULL, &passage);
    if (result == RNP_SUCCESS)
        result = run(context, input, output);
    rnp_output_destroy(output);
    rnp_input_destroy(input);
    if (passage.failed)
        return false;
    return result == RNP_SUCCESS || trouble(err, "encrypting", result);
}
