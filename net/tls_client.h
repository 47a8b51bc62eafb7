/*
 * tls_client — TLS 1.2 and newer, as the side that connects.
 *
 * Private to net.  Threads: the loop's own.
 */
#ifndef NESTBOX_NET_TLS_CLIENT_H
#define NESTBOX_NET_TLS_CLIENT_H

#include "config.h"
#include "err.h"

#include <openssl/ssl.h>

/* Trusts config->ca_file, or else the system's authorities, whose folder is looked into when one is needed: no
 * bundle stays in memory. */
MUST_CHECK SSL_CTX *tls_client_context(const struct config *config, struct err *err);
/* One connection to `host`, a name or an address, ready to shake hands.  The certificate is judged in any case
 * (tls_facts.verified); `verify`: a wrong one ends the handshake.  NULL without memory. */
SSL *tls_client_new(SSL_CTX *context, const char *host, bool verify);

#endif
