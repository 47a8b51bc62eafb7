/*
 * store_pass — what says that somebody is the owner of an account: links in mails and browsers (docs/signed-in.md).
 *
 * Kept is the digest of a random word alone: who reads the database signs in nowhere.
 */
#ifndef NESTBOX_STORE_PASS_H
#define NESTBOX_STORE_PASS_H

#include "store.h"

enum pass_kind { PASS_LINK = 1, PASS_BROWSER }; /* the numbers are stored */
enum { PASS_DIGEST_LEN = 32 };
struct pass {
    int64_t id, account_id;
    enum pass_kind kind;
    unsigned char digest[PASS_DIGEST_LEN];
    int64_t made_ms, expires_ms;
};
/* ABSENT once it has expired. */
enum found store_pass(struct store_view *view, enum pass_kind kind,
                      const unsigned char digest[PASS_DIGEST_LEN], struct pass *out,
                      struct err *err);

#endif
