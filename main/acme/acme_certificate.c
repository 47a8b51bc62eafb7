#include "acme_certificate.h"

#include "clock.h"

#include <string.h>

static const char certificate_file[] = "tls/cert.pem", key_file[] = "tls/key.pem",
                  note_file[] = "tls/acme.json";
enum { PEM_MAX = 256 * 1024, NOTE_MAX = 16 * 1024 };

/* Whether the first certificate of the chain is one for our key. */
static bool fits_key(const struct data_dir *dir, const char *path, struct slice chain)
{
    unsigned char ours[SHA256_LEN], its[SHA256_LEN];
    scoped_value(bytes) key = {0};
    struct err ignored;
    bool fits = data_dir_read(dir, path, PEM_MAX, &key, &ignored) &&
                certificate_key_digest(bytes_slice(&key), ours) &&
                certificate_key_digest(chain, its) && memcmp(ours, its, sizeof ours) == 0;

    bytes_wipe(&key);
    return fits;
}

void acme_view_read(const struct data_dir *dir, const struct config *config, struct acme_view *out)
{
    scoped_value(bytes) chain = {0};
    scoped_value(bytes) note = {0};
    struct err ignored;

    *out = (struct acme_view){.directory = config->acme};
    own_names_make(config, &out->wanted);
    out->fits = data_dir_read(dir, config->certificate, PEM_MAX, &chain, &ignored) &&
                certificate_read(bytes_slice(&chain), &out->facts) && !out->facts.self_signed &&
                fits_key(dir, config->key, bytes_slice(&chain));
    if (data_dir_read(dir, note_file, NOTE_MAX, &note, &ignored))
        acme_note_read(bytes_slice(&note), &out->note);
}

bool acme_note_keep(const struct data_dir *dir, const struct acme_note *note, struct err *err)
{
    scoped_value(bytes) text = {0};

    acme_note_write(note, &text);
    return data_dir_write(dir, note_file, bytes_slice(&text), err);
}

bool acme_request_make(const struct data_dir *dir, const char *const *names, size_t count,
                       struct bytes *out, struct err *err)
{
    scoped_value(bytes) key = {0};
    bool made = data_dir_read(dir, key_file, PEM_MAX, &key, err) &&
                certificate_request(bytes_slice(&key), names, count, out, err);

    bytes_wipe(&key);
    return made;
}

bool acme_chain_keep(const struct data_dir *dir, struct slice chain, int64_t now_ms,
                     struct acme_view *view, struct err *err)
{
    scoped_value(certificate_facts) facts = {0};

    if (chain.len > PEM_MAX || !certificate_read(chain, &facts))
        return err_set(err, ERR_MALFORMED, "the authority sent something that is no certificate");
    if (!fits_key(dir, key_file, chain))
        return err_set(err, ERR_MALFORMED, "the authority sent a certificate for another key");
    if (facts.until_ms <= now_ms || facts.from_ms > now_ms + DAY_MS)
        return err_set(
            err, ERR_MALFORMED,
            "the authority sent a certificate that is not valid now: is our clock right?");
    if (!acme_is_better(view, &facts, now_ms))
        return err_set(err, ERR_MALFORMED, "the authority sent a certificate for other names");
    if (!data_dir_write(dir, certificate_file, chain, err))
        return false;
    certificate_facts_clear(&view->facts);
    view->facts = facts;
    facts = (struct certificate_facts){0};
    view->fits = true;
    return true;
}
