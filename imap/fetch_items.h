/*
 * fetch_items — what FETCH asks for (RFC 9051 6.4.5, RFC 3516).  Pure.
 */
#ifndef NESTBOX_IMAP_FETCH_ITEMS_H
#define NESTBOX_IMAP_FETCH_ITEMS_H

#include "imap_duties.h"
#include "lexer.h"

enum { FETCH_ITEMS_MAX = 60, SECTION_FIELDS_MAX = 100, SECTION_LEVELS_MAX = 30 };

enum fetch_kind {
    FETCH_UID,
    FETCH_FLAGS,
    FETCH_MODSEQ,
    FETCH_DATE,
    FETCH_SIZE,
    FETCH_ENVELOPE,
    FETCH_BODY,      /* BODY: the structure without extensions */
    FETCH_STRUCTURE, /* BODYSTRUCTURE */
    FETCH_SECTION,
};
struct fetch_item {
    enum fetch_kind kind;
    size_t section; /* of FETCH_SECTION: in `sections` */
};
struct fetch_items {
    struct fetch_item at[FETCH_ITEMS_MAX];
    size_t count;
    struct imap_section_wish sections[FETCH_ITEMS_MAX];
    char *labels[FETCH_ITEMS_MAX]; /* of sections, as the answer names them: "BODY[TEXT]<0>" */
    size_t section_count;
    bool marks_seen; /* something was asked for without PEEK */
};
void fetch_items_clear(struct fetch_items *items);
/* "FAST", "FLAGS", "(UID BODY.PEEK[TEXT])" …  False: broken, or too many. */
bool fetch_items_read(struct lexer *lexer, struct fetch_items *out);
/* Adds an item that must be told, if it is not there. */
void fetch_items_need(struct fetch_items *items, enum fetch_kind kind);

#endif
