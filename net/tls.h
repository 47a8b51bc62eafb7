/*
 * tls — the server's certificate and key, TLS 1.2 and newer.
 *
 * The files are looked at when a connection comes, at most once a second; when one changed both are
 * read anew.  If that fails (half replaced, unreadable) the old pair serves on and the log says
 * why. Threads: tls_server_open() any; else the loop's own thread whose listeners use it (one
 * loop).
 */
#ifndef NESTBOX_NET_TLS_H
#define NESTBOX_NET_TLS_H

#include "err.h"
#include "scope.h"

struct tls_server;
/* PEM files; the certificate's has its chain behind it.  err->cause names file and OpenSSL's
 * reason. */
MUST_CHECK struct tls_server *tls_server_open(const char *certificate, const char *key,
                                              struct err *err);
void tls_server_close(struct tls_server *tls); /* after the loop that uses it was freed */
SCOPED(tls_server, tls_server_close)

#endif
