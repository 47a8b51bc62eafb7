/*
 * tls_client — TLS 1.2 and newer, as the side that connects.
 *
 * Private to net.  Threads: the loop's own.
 */
#ifndef NESTBOX_NET_TLS_CLIENT_H
#define NESTBOX_NET_TLS_CLIENT_H

#include "config.h"
#include "dial.h"
#include "err.h"

#include <openssl/ssl.h>

/* Trusts config->ca_file, or else the system's authorities, whose folder is looked into when one is needed: no
 * bundle stays in memory. */
MUST_CHECK SSL_CTX *tls_client_context(const struct config *config, struct err *err);
/* One connection, ready to shake hands as the errand says.  The certificate is judged in any case (tls_facts.trust);
 * dial->verify: a wrong one ends the handshake.  NULL if OpenSSL does not take a name or record. */
SSL *tls_client_new(SSL_CTX *context, const struct dial *dial);

#endif
