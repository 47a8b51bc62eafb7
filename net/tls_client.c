#include "tls_client.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

static bool trust(SSL_CTX *context, const struct config *config)
{
    if (config->ca_file[0])
        return SSL_CTX_load_verify_file(context, config->ca_file) == 1;
    return SSL_CTX_set_default_verify_paths(context) == 1;
}

SSL_CTX *tls_client_context(const struct config *config, struct err *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (!context)
        abort();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_dane_enable(context) != 1)
        abort();
    if (trust(context, config))
        return context;
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    err_because(err, ERR_TEMPORARY, "The certificate authorities cannot be read", "%s: %s",
                config->ca_file[0] ? config->ca_file : "the system's", reason ? reason : "?");
    ERR_clear_error();
    SSL_CTX_free(context);
    return NULL;
}

static bool is_address(const char *host)
{
    unsigned char binary[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, host, binary) == 1 || inet_pton(AF_INET6, host, binary) == 1;
}

/* What SSL_set_tlsext_host_name() does, whose cast drops `const`. */
static bool set_server_name(SSL *ssl, const char *host)
{
    void *name; /* copied there */

    memcpy(&name, &host, sizeof name);
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) == 1;
}

/* RFC 6066 3: an address is no server name. */
static bool expect(SSL *ssl, const char *host)
{
    if (is_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && set_server_name(ssl, host);
}

/* RFC 7672 3.1.1: a record of the certificate itself (usage 3) says whose it is, whatever stands in it. */
static bool expect_by_dane(SSL *ssl, const struct dial *dial)
{
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_dane_enable(ssl, dial->names[0]) <= 0)
        return false;
    SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    for (size_t i = 1; i < dial->name_count; i++)
        if (SSL_add1_host(ssl, dial->names[i]) != 1)
            return false;
    for (size_t i = 0; i < dial->tlsa_count; i++) {
        const struct dial_tlsa *tlsa = &dial->tlsa[i];
        if (SSL_dane_tlsa_add(ssl, tlsa->usage, tlsa->selector, tlsa->matching,
                              (const unsigned char *)tlsa->data.at, tlsa->data.len) < 0)
            return false;
    }
    return true;
}

SSL *tls_client_new(SSL_CTX *context, const struct dial *dial)
{
    SSL *ssl = SSL_new(context);

    if (!ssl || !(dial->tlsa_count > 0 ? expect_by_dane(ssl, dial) : expect(ssl, dial->host))) {
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    SSL_set_verify(ssl, dial->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    SSL_set_connect_state(ssl);
    return ssl;
}
