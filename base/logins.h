/*
 * logins — who may try one more password, for every protocol that asks for one.
 *
 * A network (IPv4 /24, IPv6 /56) with many wrong passwords waits before it may try again, whatever the account; sooner
 * when the account is being guessed from many networks.  A network from which an account logged in lately is not made
 * to wait for what its neighbours do.  So nobody can lock an owner out from elsewhere: an account by itself never waits.
 *
 * Memory is fixed (256 KiB).  Threads: one, that of its sessions.
 */
#ifndef NESTBOX_BASE_LOGINS_H
#define NESTBOX_BASE_LOGINS_H

#include "scope.h"
#include "session.h"

struct logins;
struct logins *logins_new(void);
void logins_free(struct logins *logins);
SCOPED(logins, logins_free)

/* How many minutes that network must wait before it tries a password for `name`; 0: it may now. */
int64_t logins_wait_min(const struct logins *logins, const struct sockaddr_storage *from,
                        struct slice name, int64_t now_ms);
/* A wrong password.  How long the peer should wait for the answer, ms: it grows with each. */
int64_t logins_failed(struct logins *logins, const struct sockaddr_storage *from, struct slice name,
                      int64_t now_ms);
void logins_succeeded(struct logins *logins, const struct sockaddr_storage *from, struct slice name,
                      int64_t now_ms);

#endif
