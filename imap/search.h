/*
 * search — what SEARCH looks for (RFC 9051 6.4.4), as a tree.  Pure.
 *
 * Read by the session, judged by an errand over rows of the store.
 */
#ifndef NESTBOX_IMAP_SEARCH_H
#define NESTBOX_IMAP_SEARCH_H

#include "lexer.h"
#include "sequence_set.h"

enum { SEARCH_KEYS_MAX = 200, SEARCH_DEPTH_MAX = 20 };

enum search_kind {
    SEARCH_ALL,
    SEARCH_AND,
    SEARCH_OR,
    SEARCH_NOT,
    SEARCH_UIDS,    /* `set` */
    SEARCH_FLAG,    /* has all bits of `flags` */
    SEARCH_KEYWORD, /* `text` */
    SEARCH_LARGER,  /* `number` */
    SEARCH_SMALLER,
    SEARCH_MODSEQ, /* at least `number` */
    SEARCH_BEFORE, /* internal date; `number` is ms at midnight UTC of the day */
    SEARCH_ON,
    SEARCH_SINCE,
    SEARCH_SENT_BEFORE, /* Date field */
    SEARCH_SENT_ON,
    SEARCH_SENT_SINCE,
    SEARCH_YOUNGER, /* `number` of seconds (RFC 5032) */
    SEARCH_OLDER,
    SEARCH_HEADER, /* field `name` holds `text` */
    SEARCH_BODY,
    SEARCH_TEXT,
};
struct search_key {
    enum search_kind kind;
    unsigned flags;
    int64_t number;
    char *name, *text; /* UTF-8 */
    struct number_set set;
    struct search_key *children;
    size_t count, capacity;
};
void search_key_clear(struct search_key *key);
SCOPED_VALUE(search_key, search_key_clear)
void search_key_copy(const struct search_key *from, struct search_key *out);
/* Whether the message itself must be read, not its row alone. */
bool search_reads_text(const struct search_key *key);

/* How sequence numbers become UIDs, and what "$" is (RFC 5182). */
struct search_world {
    const uint32_t *uids;
    size_t count;
    const struct number_set *saved; /* or NULL */
};
/* Reads keys up to the end of the command.  False, with words for BAD: not SEARCH. */
bool search_read(struct lexer *lexer, const struct search_world *world, struct search_key *out,
                 const char **out_words);

#endif
