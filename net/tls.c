#include "tls.h"

#include "clock.h"
#include "log.h"
#include "memory.h"
#include "net_private.h"

#include <openssl/err.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = SECOND_MS };

struct stamp { /* of a file: enough to see that it was replaced */
    struct timespec changed;
    ino_t inode;
    off_t size;
};

struct tls_server {
    char *certificate, *key;
    SSL_CTX *context;
    struct stamp certificate_stamp, key_stamp;
    int64_t looked_at_ms;
};

static struct stamp stamp_of(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return (struct stamp){.size = -1};
    return (struct stamp){.changed = st.st_mtim, .inode = st.st_ino, .size = st.st_size};
}

static bool stamps_equal(const struct stamp *a, const struct stamp *b)
{
    return a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec &&
           a->inode == b->inode && a->size == b->size;
}

/* A key under a passphrase fails to load; the terminal is not asked. */
static int no_passphrase(char *into, int size, int for_writing, void *ctx)
{
    (void)into;
    (void)size;
    (void)for_writing;
    (void)ctx;
    return 0;
}

/* RFC 7301 3.2: something offered and nothing in common ends the handshake. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *ctx)
{
    (void)ctx;
    const struct listen_protocol *ours = SSL_get_app_data(ssl);

    if (!ours)
        return SSL_TLSEXT_ERR_NOACK;
    for (; ours->name; ours++) {
        size_t len = strlen(ours->name);
        for (unsigned at = 0; at < in_len && at + 1 + in[at] <= in_len; at += 1u + in[at]) {
            if (in[at] != len || memcmp(in + at + 1, ours->name, len) != 0)
                continue;
            *out = in + at + 1;
            *out_len = in[at];
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void set_up(SSL_CTX *context)
{
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* tickets alone */
    SSL_CTX_set_dh_auto(context, 1);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
}

static const char *openssl_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    return reason ? reason : "unreadable";
}

static bool is_there(const char *setting, const char *path, struct err *err)
{
    if (access(path, R_OK) == 0)
        return true;
    return err_system(err, "A file that TLS needs cannot be read; put it there, or correct [tls]",
                      "%s = %s", setting, path);
}

static bool read_pair(SSL_CTX *context, const struct tls_server *tls, struct err *err)
{
    const char *said = "The TLS certificate cannot be used";

    if (!is_there("certificate", tls->certificate, err) || !is_there("key", tls->key, err))
        return false;
    if (SSL_CTX_use_certificate_chain_file(context, tls->certificate) != 1)
        return err_because(err, ERR_TEMPORARY, said, "certificate %s: %s", tls->certificate,
                           openssl_reason());
    if (SSL_CTX_use_PrivateKey_file(context, tls->key, SSL_FILETYPE_PEM) != 1)
        return err_because(err, ERR_TEMPORARY, said, "key %s for certificate %s: %s", tls->key,
                           tls->certificate, openssl_reason());
    if (SSL_CTX_check_private_key(context) != 1)
        return err_because(err, ERR_TEMPORARY, said, "key %s is not that of certificate %s: %s",
                           tls->key, tls->certificate, openssl_reason());
    return true;
}

/* The old pair stays where the new one cannot be used. */
static bool read_anew(struct tls_server *tls, struct err *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (!context)
        return err_because(err, ERR_TEMPORARY, "TLS cannot be used", "%s", openssl_reason());
    set_up(context);
    bool ok = read_pair(context, tls, err);
    ERR_clear_error();
    if (!ok) {
        SSL_CTX_free(context);
        return false;
    }
    SSL_CTX_free(tls->context); /* connections that use it hold it */
    tls->context = context;
    return true;
}

/* Notes what the files look like now; true if that is new. */
static bool files_changed(struct tls_server *tls)
{
    struct stamp certificate = stamp_of(tls->certificate), key = stamp_of(tls->key);
    bool changed = !stamps_equal(&certificate, &tls->certificate_stamp) ||
                   !stamps_equal(&key, &tls->key_stamp);

    tls->certificate_stamp = certificate;
    tls->key_stamp = key;
    tls->looked_at_ms = monotonic_ms();
    return changed;
}

struct tls_server *tls_server_open(const char *certificate, const char *key, struct err *err)
{
    scoped(tls_server) tls = must_new(struct tls_server);

    tls->certificate = must_dup(certificate);
    tls->key = must_dup(key);
    files_changed(tls);
    if (!read_anew(tls, err))
        return NULL;
    return steal(&tls);
}

void tls_server_close(struct tls_server *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    free(tls->certificate);
    free(tls->key);
    free(tls);
}

SSL_CTX *tls_server_context(struct tls_server *tls)
{
    struct err err;

    if (monotonic_ms() - tls->looked_at_ms < LOOK_EVERY_MS || !files_changed(tls))
        return tls->context;
    if (read_anew(tls, &err))
        log_info("tls certificate=%s read anew", tls->certificate);
    else
        log_warn("tls keeps the old certificate: %s", err.cause);
    return tls->context;
}

static void copy_text(char *into, size_t size, const char *text)
{
    size_t len = text ? strnlen(text, size - 1) : 0;

    if (len)
        memcpy(into, text, len);
    into[len] = '\0';
}

/* RFC 9266 4.2: only where the keys depend on the whole handshake. */
static bool may_bind(SSL *ssl)
{
    return SSL_version(ssl) >= TLS1_3_VERSION || SSL_get_extms_support(ssl) == 1;
}

enum tls_trust tls_trust_of(SSL *ssl)
{
    switch (SSL_get_verify_result(ssl)) {
    case X509_V_OK: return SSL_get0_peer_certificate(ssl) ? TRUST_PROVED : TRUST_NONE;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return TRUST_EXPIRED;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return TRUST_OTHER_NAME;
    case X509_V_ERR_DANE_NO_MATCH: return TRUST_NO_RECORD;
    default: return TRUST_NO_CHAIN;
    }
}

/* RFC 5929 4.1.  A certificate signed with MD5 or SHA-1 has none here: SHA-256 is asked for then, and nobody has one. */
static void add_end_point(X509 *certificate, struct tls_facts *out)
{
    EVP_MD *used = NULL;
    int is_fallback = 0;
    ASN1_OCTET_STRING *digest =
        certificate ? X509_digest_sig(certificate, &used, &is_fallback) : NULL;

    if (digest && !is_fallback && (size_t)digest->length <= sizeof out->end_point &&
        !EVP_MD_is_a(used, "MD5") && !EVP_MD_is_a(used, "SHA1")) {
        out->end_point_len = (size_t)digest->length;
        memcpy(out->end_point, digest->data, out->end_point_len);
    }
    ASN1_OCTET_STRING_free(digest);
    EVP_MD_free(used);
}

const struct listen_protocol *tls_protocol_of(SSL *ssl, const struct listen_protocol *protocols)
{
    const unsigned char *chosen = NULL;
    unsigned len = 0;

    SSL_get0_alpn_selected(ssl, &chosen, &len);
    for (; len > 0 && protocols->name; protocols++)
        if (slice_is((struct slice){(const char *)chosen, len}, protocols->name))
            return protocols;
    return NULL;
}

void tls_facts_of(SSL *ssl, struct tls_facts *out)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    enum { BINDING_LEN = 32 };

    *out = (struct tls_facts){.channel_binding_len = 0};
    copy_text(out->version, sizeof out->version, SSL_get_version(ssl));
    copy_text(out->cipher, sizeof out->cipher, SSL_get_cipher_name(ssl));
    copy_text(out->server_name, sizeof out->server_name,
              SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
    out->trust = tls_trust_of(ssl);
    if (may_bind(ssl) &&
        SSL_export_keying_material(ssl, out->channel_binding, BINDING_LEN, label, sizeof label - 1,
                                   (const unsigned char *)"", 0, 1) == 1)
        out->channel_binding_len = BINDING_LEN;
    add_end_point(SSL_is_server(ssl) ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl),
                  out);
    ERR_clear_error();
}
