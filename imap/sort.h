/*
 * sort — SORT and THREAD (RFC 5256) over what is known of each mail.  Pure.
 *
 * Subjects are compared without marks of answers and forwards, letters of ASCII without case.
 */
#ifndef NESTBOX_IMAP_SORT_H
#define NESTBOX_IMAP_SORT_H

#include "lexer.h"

enum {
    SORT_KEYS_MAX = 14,
    SORT_MAILS_MAX = 100 * 1000,
    SORT_IDS_MAX = 50, /* references of one mail: the last ones */
};

enum sort_key {
    SORT_ARRIVAL,
    SORT_CC,
    SORT_DATE,
    SORT_FROM,
    SORT_SIZE,
    SORT_SUBJECT,
    SORT_TO,
};
enum search_shape { SHAPE_SET, SHAPE_SORTED, SHAPE_SUBJECTS, SHAPE_REFERENCES };
struct search_order { /* what becomes of what was found */
    enum search_shape shape;
    size_t count;
    struct {
        enum sort_key key;
        bool reverse;
    } keys[SORT_KEYS_MAX]; /* SHAPE_SORTED */
};
/* "(REVERSE DATE SUBJECT)" */
bool sort_order_read(struct lexer *lexer, struct search_order *out);
/* "REFERENCES", "ORDEREDSUBJECT" */
bool thread_order_read(struct lexer *lexer, struct search_order *out);

struct sorted_mail {
    uint32_t uid;
    int64_t arrival_ms, date_ms, octets, modseq;
    char *from, *to, *cc; /* local part of the first address, lower case; or NULL */
    char *subject;        /* its base, lower case */
    bool answer;          /* "Re:" or "Fwd:" stood before it */
    char *id;             /* Message-ID, or NULL */
    char **references;    /* oldest first */
    size_t reference_count;
};
void sorted_mail_clear(struct sorted_mail *mail);
char ascii_lower(char c);
/* The base of a subject (RFC 5256 2.1), in lower case; heap. */
char *subject_base(struct slice subject, bool *out_answer);

void sort_mails(struct sorted_mail *mails, size_t count, const struct search_order *order);

/* Threads as a list of UIDs and brackets, "(2)(3 6 (4 23)(44 7 96))". */
enum { THREAD_OPENS = 0, THREAD_CLOSES = UINT32_MAX };
struct threads {
    uint32_t *at;
    size_t count, capacity;
};
/* Puts the mails in order of their dates. */
void thread_mails(struct sorted_mail *mails, size_t count, enum search_shape shape,
                  struct threads *out);

#endif
