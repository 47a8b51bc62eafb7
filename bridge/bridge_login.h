/*
 * bridge_login — what smtp and imap ask when somebody logs in.
 *
 * A name nobody has gets keys that fit no password, the same at every call, so that it costs and says what a known
 * one does.
 */
#ifndef NESTBOX_BRIDGE_LOGIN_H
#define NESTBOX_BRIDGE_LOGIN_H

#include "bridge.h"
#include "slice.h"
#include "vault.h"

struct login_keys {
    int64_t account_id; /* 0: nobody's */
    bool asleep;        /* the account is closed: a right password is told so */
    char address[321];
    struct scram_keys keys;
};
/* Any worker. */
MUST_CHECK bool bridge_login_keys(struct bridge *bridge, struct slice name, struct login_keys *out,
                                  struct err *err);

#endif
