/*
 * account_work — what the ways to an account share: the command line's (people_account.c) and its owner's (register.c).
 */
#ifndef NESTBOX_BRIDGE_ACCOUNT_WORK_H
#define NESTBOX_BRIDGE_ACCOUNT_WORK_H

#include "bridge_private.h"
#include "bridge_register.h"

/* A new account's own row: its keys are made here, which takes a while. */
MUST_CHECK bool account_fill_new(struct bridge *bridge, struct slice local, struct slice domain,
                                 struct account *account, struct err *err);
/* Is somebody let in who brings that word, or none (NULL)?  *out_invitation is filled where a word did it (register.c). */
MUST_CHECK bool register_let_in(struct bridge *bridge, struct store_view *view, const char *word,
                                struct invitation *out_invitation, enum register_answer *out,
                                struct err *err);
/* The password is another one, or the account closed: whoever is logged in is so no more, by any protocol, and no device
 * of theirs is woken. */
MUST_CHECK bool account_log_out(struct store_tx *tx, int64_t account_id, struct err *err);
void credential_make(struct slice password, struct credential *out); /* slow on purpose */
/* Chores: accounts whose time is over, or that their owners made and never used, go to sleep. */
MUST_CHECK bool sleep_accounts(struct bridge *bridge, bool *out_more, struct err *err);
/* Those are removed 30 days later: one slice of it. */
MUST_CHECK bool end_accounts(struct bridge *bridge, bool *out_more, struct err *err);
/* Who has an account with an end hears of it in time, once: one of them. */
MUST_CHECK bool tell_of_end(struct bridge *bridge, bool *out_more, struct err *err);

#endif
