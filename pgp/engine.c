#include "engine.h"

#include "clock.h"
#include "engine_facts.h"
#include "home.h"
#include "memory.h"

#include <errno.h>
#include <gpgme.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

struct engine {
    gpgme_ctx_t context;
    char *home;
};

static const char said[] = "Signatures cannot be checked at the moment";

static bool engine_trouble(struct err *err, const char *doing, gpgme_error_t error)
{
    char text[160];

    gpgme_strerror_r(error, text, sizeof text);
    return err_because(err, ERR_TEMPORARY, said, "%s: %s (%s)", doing, text,
                       gpgme_strsource(error));
}

/* Did the machine fail, rather than dislike what it was given? */
static bool is_trouble(gpgme_error_t error)
{
    switch (gpgme_err_code(error)) {
    case GPG_ERR_EPIPE: return false; /* GnuPG had read enough */
    case GPG_ERR_INV_ENGINE:
    case GPG_ERR_CANCELED:
    case GPG_ERR_KEYRING_OPEN: return true;
    default: return gpgme_err_code_to_errno(gpgme_err_code(error)) != 0;
    }
}

/* --- opening ------------------------------------------------------------------------------------ */

static bool open_context(struct engine *engine, struct err *err)
{
    gpgme_check_version(NULL); /* GPGME's own set-up, needed once */
    gpgme_error_t error = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP);
    if (!error)
        error = gpgme_new(&engine->context);
    if (!error)
        error =
            gpgme_ctx_set_engine_info(engine->context, GPGME_PROTOCOL_OpenPGP, NULL, engine->home);
    if (error)
        return engine_trouble(err, "starting GnuPG", error);
    gpgme_set_offline(engine->context, 1);
    return true;
}

bool engine_open(struct engine **out, struct err *err)
{
    scoped(engine) engine = must_new(struct engine);

    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* GPGME forks twice; we want to see GnuPG's end */
    if (!home_make(&engine->home, err))
        return false;
    setenv("HOME", engine->home, 1); /* NOLINT(concurrency-mt-unsafe): the judge has one thread */
    unsetenv("GNUPGHOME");           /* NOLINT(concurrency-mt-unsafe) */
    if (!open_context(engine, err))
        return false;
    *out = steal(&engine);
    return true;
}

/* GPGME is done when GnuPG closes its pipes; GnuPG itself may still be writing into the home. */
static void wait_for_gnupg(void)
{
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
}

static bool start_afresh(struct engine *engine, struct err *err)
{
    wait_for_gnupg();
    return home_wipe(engine->home, err);
}

void engine_close(struct engine *engine)
{
    if (!engine)
        return;
    if (engine->context)
        gpgme_release(engine->context);
    wait_for_gnupg();
    if (engine->home)
        home_remove(engine->home);
    free(engine->home);
    free(engine);
}

/* --- certificates ------------------------------------------------------------------------------- */

enum import { IMPORTED, UNUSABLE, IMPORT_FAILED };

/* With IMPORTED, *out_fingerprint is the primary key's, heap text. */
static enum import import(struct engine *engine, struct slice certificate, char **out_fingerprint,
                          struct err *err)
{
    gpgme_data_t data = NULL;
    gpgme_error_t error = gpgme_data_new_from_mem(&data, certificate.at, certificate.len, 0);

    if (!error)
        error = gpgme_op_import(engine->context, data);
    gpgme_data_release(data);
    if (error && is_trouble(error)) {
        engine_trouble(err, "reading a certificate", error);
        return IMPORT_FAILED;
    }
    gpgme_import_result_t result = error ? NULL : gpgme_op_import_result(engine->context);
    gpgme_import_status_t first = result ? result->imports : NULL;
    if (!first || first->result || !first->fpr || first->next)
        return UNUSABLE;
    *out_fingerprint = must_dup(first->fpr);
    return IMPORTED;
}

static bool unusable(struct err *err)
{
    return err_set(err, ERR_MALFORMED, "This OpenPGP certificate cannot be used");
}

bool engine_read_key(struct engine *engine, struct slice certificate, struct pgp_key_facts *out,
                     struct err *err)
{
    scoped_text char *fingerprint = NULL;
    gpgme_key_t key = NULL;

    if (!start_afresh(engine, err))
        return false;
    switch (import(engine, certificate, &fingerprint, err)) {
    case IMPORT_FAILED: return false;
    case UNUSABLE: return unusable(err);
    case IMPORTED: break;
    }
    gpgme_error_t error = gpgme_get_key(engine->context, fingerprint, &key, 0);
    if (error)
        return engine_trouble(err, "looking at a certificate", error);
    bool filled = engine_fill_facts(key, out);
    gpgme_key_unref(key);
    return filled || unusable(err);
}

/* --- signatures --------------------------------------------------------------------------------- */

static bool hash_is_strong(gpgme_hash_algo_t hash)
{
    return hash == GPGME_MD_SHA256 || hash == GPGME_MD_SHA384 || hash == GPGME_MD_SHA512;
}

static bool may_sign(gpgme_key_t key, const char *fingerprint)
{
    if (key->revoked || key->expired || key->disabled || key->invalid)
        return false;
    for (gpgme_subkey_t part = key->subkeys; part; part = part->next)
        if (part->fpr && strcmp(part->fpr, fingerprint) == 0)
            return part->can_sign && engine_part_is_alive(part);
    return false;
}

/* The signature is right; is the key, and who is it? */
static bool weigh_signer(struct engine *engine, gpgme_signature_t signature,
                         struct pgp_verdict *out, struct err *err)
{
    gpgme_key_t key = NULL;
    gpgme_error_t error = gpgme_get_key(engine->context, signature->fpr, &key, 0);

    if (error)
        return engine_trouble(err, "looking for the signer", error);
    if (may_sign(key, signature->fpr) &&
        engine_fill_fingerprint(key->subkeys->fpr, out->fingerprint))
        out->judgement = PGP_GOOD;
    gpgme_key_unref(key);
    return true;
}

/* `out` starts as PGP_UNFIT: only what is listed here is anything else. */
static bool weigh(struct engine *engine, gpgme_signature_t signature, struct pgp_verdict *out,
                  struct err *err)
{
    const gpgme_sigsum_t spoilt = GPGME_SIGSUM_RED | GPGME_SIGSUM_KEY_REVOKED |
                                  GPGME_SIGSUM_KEY_EXPIRED | GPGME_SIGSUM_SIG_EXPIRED |
                                  GPGME_SIGSUM_KEY_MISSING | GPGME_SIGSUM_SYS_ERROR;

    out->signed_at_ms = (int64_t)signature->timestamp * SECOND_MS;
    switch (gpgme_err_code(signature->status)) {
    case GPG_ERR_BAD_SIGNATURE: out->judgement = PGP_BAD; return true;
    case GPG_ERR_NO_PUBKEY: out->judgement = PGP_OTHER_KEY; return true;
    case GPG_ERR_NO_ERROR: break;
    default: return true;
    }
    if ((signature->summary & spoilt) || signature->wrong_key_usage || !signature->fpr ||
        !hash_is_strong(signature->hash_algo))
        return true;
    return weigh_signer(engine, signature, out, err);
}

static ssize_t pull_text(void *handle, void *into, size_t size)
{
    struct engine_text *text = handle;
    ssize_t count = text->read(text, into, size);

    if (count < 0)
        errno = EIO;
    return count;
}

static gpgme_error_t run_verify(struct engine *engine, struct slice signature,
                                struct engine_text *text)
{
    struct gpgme_data_cbs pull = {.read = pull_text};
    gpgme_data_t signature_data = NULL;
    gpgme_data_t text_data = NULL;
    gpgme_error_t error = gpgme_data_new_from_mem(&signature_data, signature.at, signature.len, 0);

    if (!error)
        error = gpgme_data_new_from_cbs(&text_data, &pull, text);
    if (!error)
        error = gpgme_op_verify(engine->context, signature_data, text_data, NULL);
    gpgme_data_release(text_data);
    gpgme_data_release(signature_data);
    return error;
}

bool engine_verify(struct engine *engine, const struct bytes *certificates, size_t count,
                   struct slice signature, struct engine_text *text, struct pgp_verdict *out,
                   struct err *err)
{
    *out = (struct pgp_verdict){.judgement = PGP_UNFIT};
    if (!start_afresh(engine, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        scoped_text char *fingerprint = NULL;
        if (import(engine, bytes_slice(&certificates[i]), &fingerprint, err) == IMPORT_FAILED)
            return false;
    }
    gpgme_error_t error = run_verify(engine, signature, text);
    if (error && is_trouble(error))
        return engine_trouble(err, "checking a signature", error);
    gpgme_verify_result_t result = error ? NULL : gpgme_op_verify_result(engine->context);
    gpgme_signature_t first = result ? result->signatures : NULL;
    if (!first || first->next)
        return true;
    return weigh(engine, first, out, err);
}

/* --- certifications ----------------------------------------------------------------------------- */

enum { KEY_ID_LEN = 16, CERTIFIES_FIRST = 0x10, CERTIFIES_LAST = 0x13 };

/* Ours are the only certificates in the ring, so a key id that checked names one of them. */
static bool is_by(gpgme_key_sig_t signature, const char *fingerprint)
{
    return signature->keyid && strlen(signature->keyid) == KEY_ID_LEN &&
           strcmp(signature->keyid, fingerprint + PGP_FINGERPRINT_SIZE - 1 - KEY_ID_LEN) == 0;
}

static bool certifies(gpgme_user_id_t uid, const char *fingerprint)
{
    bool found = false;

    for (gpgme_key_sig_t signature = uid->signatures; signature; signature = signature->next) {
        if (!is_by(signature, fingerprint))
            continue;
        if (signature->revoked) /* what was taken back says nothing, whatever stood before */
            return false;
        found |= gpgme_err_code(signature->status) == GPG_ERR_NO_ERROR && !signature->expired &&
                 !signature->invalid && signature->sig_class >= CERTIFIES_FIRST &&
                 signature->sig_class <= CERTIFIES_LAST;
    }
    return found;
}

static bool vouches(gpgme_key_t key, const char *address, const struct pgp_key_facts *by)
{
    for (gpgme_user_id_t uid = key->uids; uid; uid = uid->next)
        if (uid->address && !uid->revoked && !uid->invalid &&
            strcasecmp(uid->address, address) == 0 && certifies(uid, by->fingerprint))
            return true;
    return false;
}

static bool find_voucher(struct engine *engine, const char *fingerprint,
                         const struct pgp_key_facts *others, size_t count, const char *address,
                         struct pgp_verdict *out, struct err *err)
{
    gpgme_key_t key = NULL;
    gpgme_error_t error =
        gpgme_set_keylist_mode(engine->context, GPGME_KEYLIST_MODE_LOCAL | GPGME_KEYLIST_MODE_SIGS);

    if (!error)
        error = gpgme_get_key(engine->context, fingerprint, &key, 0);
    gpgme_set_keylist_mode(engine->context, GPGME_KEYLIST_MODE_LOCAL);
    if (error)
        return engine_trouble(err, "looking at certifications", error);
    for (size_t i = 0; i < count && out->judgement != PGP_GOOD; i++)
        if (strcmp(others[i].fingerprint, fingerprint) != 0 && vouches(key, address, &others[i])) {
            out->judgement = PGP_GOOD;
            memcpy(out->fingerprint, others[i].fingerprint, sizeof out->fingerprint);
        }
    gpgme_key_unref(key);
    return true;
}

/* Those that live, one after the other, into the ring. */
static bool import_vouchers(struct engine *engine, const struct bytes *certificates, size_t count,
                            struct pgp_key_facts *out, size_t *out_count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        scoped_text char *fingerprint = NULL;
        gpgme_key_t key = NULL;
        struct pgp_key_facts facts;
        enum import done = import(engine, bytes_slice(&certificates[i]), &fingerprint, err);
        if (done == IMPORT_FAILED)
            return false;
        if (done == UNUSABLE || gpgme_get_key(engine->context, fingerprint, &key, 0))
            continue;
        if (engine_fill_facts(key, &facts) && !facts.revoked && !facts.expired)
            out[(*out_count)++] = facts;
        gpgme_key_unref(key);
    }
    return true;
}

bool engine_vouched(struct engine *engine, const struct bytes *certificates, size_t count,
                    const char *address, struct pgp_verdict *out, struct err *err)
{
    struct pgp_key_facts others[PGP_CERTIFICATES_MAX];
    size_t other_count = 0;
    scoped_text char *fingerprint = NULL;

    *out = (struct pgp_verdict){.judgement = PGP_OTHER_KEY};
    if (count == 0 || !start_afresh(engine, err) ||
        !import_vouchers(engine, certificates + 1, count - 1, others, &other_count, err))
        return count == 0;
    switch (import(engine, bytes_slice(&certificates[0]), &fingerprint, err)) {
    case IMPORT_FAILED: return false;
    case UNUSABLE: return unusable(err);
    case IMPORTED: break;
    }
    return find_voucher(engine, fingerprint, others, other_count, address, out, err);
}

/* --- encryption --------------------------------------------------------------------------------- */

struct recipients {
    gpgme_key_t keys[PGP_CERTIFICATES_MAX + 1]; /* NULL behind the last */
    size_t count;
};

static void recipients_clear(struct recipients *recipients)
{
    for (size_t i = 0; i < recipients->count; i++)
        gpgme_key_unref(recipients->keys[i]);
}
SCOPED_VALUE(recipients, recipients_clear)

static bool refuse(struct err *err)
{
    return err_set(err, ERR_REFUSED, "Nobody can encrypt to this OpenPGP certificate");
}

static bool add_recipient(struct engine *engine, struct slice certificate,
                          struct recipients *recipients, struct err *err)
{
    scoped_text char *fingerprint = NULL;
    struct pgp_key_facts facts;
    gpgme_key_t key = NULL;

    switch (import(engine, certificate, &fingerprint, err)) {
    case IMPORT_FAILED: return false;
    case UNUSABLE: return refuse(err);
    case IMPORTED: break;
    }
    gpgme_error_t error = gpgme_get_key(engine->context, fingerprint, &key, 0);
    if (error)
        return engine_trouble(err, "looking at a certificate", error);
    recipients->keys[recipients->count++] = key;
    return (engine_fill_facts(key, &facts) && facts.can_encrypt) || refuse(err);
}

static ssize_t push_result(void *handle, const void *from, size_t size)
{
    struct engine_result *result = handle;

    if (result->write(result, (struct slice){from, size}))
        return (ssize_t)size;
    errno = EIO;
    return -1;
}

static gpgme_error_t run_encrypt(struct engine *engine, struct recipients *recipients,
                                 struct engine_text *text, struct engine_result *result)
{
    const gpgme_encrypt_flags_t flags =
        GPGME_ENCRYPT_ALWAYS_TRUST | GPGME_ENCRYPT_NO_ENCRYPT_TO | GPGME_ENCRYPT_NO_COMPRESS;
    struct gpgme_data_cbs pull = {.read = pull_text}, push = {.write = push_result};
    gpgme_data_t plain = NULL, encrypted = NULL;
    gpgme_error_t error = gpgme_data_new_from_cbs(&plain, &pull, text);

    if (!error)
        error = gpgme_data_new_from_cbs(&encrypted, &push, result);
    if (!error)
        error = gpgme_op_encrypt(engine->context, recipients->keys, flags, plain, encrypted);
    gpgme_data_release(encrypted);
    gpgme_data_release(plain);
    return error;
}

bool engine_encrypt(struct engine *engine, const struct bytes *certificates, size_t count,
                    struct engine_text *text, struct engine_result *result, struct err *err)
{
    scoped_value(recipients) recipients = {0};

    if (!start_afresh(engine, err))
        return false;
    if (count == 0)
        return refuse(err);
    for (size_t i = 0; i < count; i++)
        if (!add_recipient(engine, bytes_slice(&certificates[i]), &recipients, err))
            return false;
    gpgme_error_t error = run_encrypt(engine, &recipients, text, result);
    gpgme_encrypt_result_t told = gpgme_op_encrypt_result(engine->context);
    if (told && told->invalid_recipients)
        return refuse(err);
    return !error || engine_trouble(err, "encrypting", error);
}
