/*
 * address — what a local part at one of our domains means (behaviour.md 2).
 *
 * Pure: grammar alone, no store.  "A person — local or remote — is always an address; a word after + says
 * what you want of a person or a message."
 */
#ifndef NESTBOX_BRIDGE_ADDRESS_H
#define NESTBOX_BRIDGE_ADDRESS_H

#include "slice.h"

enum address_kind {
    ADDRESS_FOREIGN,   /* not one of our domains */
    ADDRESS_MALFORMED, /* ours, but no reading of it makes sense: two '=', nothing before '+' … */
    ADDRESS_ACCOUNT,   /* alice@D (it may not exist); a free +detail is `word` */
    ADDRESS_PUBLISH,   /* public@ unlisted@ followers@, also REF+public, REF+unlisted */
    ADDRESS_PERSON,    /* bob=social.example@D; +mail: a mail person */
    ADDRESS_SUBSCRIBE,
    ADDRESS_UNSUBSCRIBE, /* of an account (`user`) or a person (`user`, `host`); or with TOKEN */
    ADDRESS_COMMAND, /* REF+edit, delete, like, boost, vote-N, undo, contact, welcome, refuse, ignore */
    ADDRESS_CLAIM,
    ADDRESS_HELP,
    ADDRESS_OFFICE, /* postmaster, abuse … : the postmaster's mailbox, before any policy */
    ADDRESS_BOUNCE, /* alice+bounces-TOKEN: the sender of list copies */
};
enum address_word {
    WORD_NONE,
    WORD_PUBLIC,
    WORD_UNLISTED,
    WORD_FOLLOWERS,
    WORD_EDIT,
    WORD_DELETE,
    WORD_LIKE,
    WORD_BOOST,
    WORD_VOTE,
    WORD_UNDO,
    WORD_CONTACT,
    WORD_WELCOME,
    WORD_REFUSE,
    WORD_IGNORE
};
struct address {
    enum address_kind kind;
    enum address_word word;
    char local[65], domain[256]; /* lower case */
    char user[65],
        host[256]; /* ADDRESS_PERSON, SUBSCRIBE…: "bob", "social.example"; host "" for an account or a short form (`user` is the whole word) */
    char ref[65];  /* of commands and REF+public */
    char token[65];   /* +subscribe-TOKEN, +bounces-TOKEN */
    char detail[65];  /* free word behind an account's + */
    bool mail_person; /* +mail */
    unsigned choices; /* +vote-2-3: bits 1 << 2 | 1 << 3 */
};
struct config;
/* `text` is an addr-spec (quoted local parts unquoted by the caller). */
void address_read(const struct config *config, struct slice text, struct address *out);
/* May this be the name of an account?  (Grammar, reserved words, REF-like, behaviour.md 2.)  NULL: yes; else why not. */
const char *account_name_trouble(const struct config *config, struct slice name);
/* "bob=social.example", or the short form with TAG if that would not fit (`tag` supplied by the caller: 20 letters). */
void person_word(struct slice user, struct slice host, const char *tag, char out[65]);

#endif
