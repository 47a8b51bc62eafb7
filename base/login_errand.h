/* login_errand — what smtp and imap ask when somebody logs in, and hear of it (bridge_login.h makes them). */
#ifndef NESTBOX_BASE_LOGIN_ERRAND_H
#define NESTBOX_BASE_LOGIN_ERRAND_H

#include "errand.h"

struct login_errand { /* a password, or SCRAM's proof */
    struct errand errand;
    int64_t account_id; /* 0: refused */
    bool closed;        /* the secret is right, and the account sleeps */
    char address[321];
    unsigned char server_signature[32]; /* of SCRAM */
};
/* What the server says first in SCRAM (RFC 5802), the same in kind for names nobody has. */
struct challenge_errand {
    struct errand errand;
    unsigned char salt[16];
    int iterations;
};

#endif
