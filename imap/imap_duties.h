/*
 * imap_duties — what the IMAP session asks to be done elsewhere: given at wiring, faked by tests and fuzzers.
 *
 * The session knows the mailbox it has selected as a list of UIDs and one modification sequence.  Everything below speaks
 * of UIDs; sequence numbers exist in the session alone.  Every errand owns copies of what it was given.
 */
#ifndef NESTBOX_IMAP_DUTIES_H
#define NESTBOX_IMAP_DUTIES_H

#include "errand.h"
#include "login_errand.h"
#include "logins.h"
#include "roll.h"
#include "search.h"
#include "sequence_set.h"
#include "session.h"
#include "sort.h"
#include "stream.h"
#include "tally.h"

/* System flags as bits, in the order of RFC 9051 2.3.2. */
enum imap_flag {
    IMAP_SEEN = 1,
    IMAP_ANSWERED = 2,
    IMAP_FLAGGED = 4,
    IMAP_DELETED = 8,
    IMAP_DRAFT = 16,
};
enum { KEYWORDS_MAX = 24, KEYWORD_LEN = 64 };

/* First member of every errand a duty makes.  errand.ok false: our trouble, in errand.err.  ok and `refused`: NO, with the
 * code (RFC 9051 7.1, without brackets, or "") and words. */
struct imap_errand {
    struct errand errand;
    bool refused;
    bool gone;       /* with an error: the mailbox that it was about is not there any more */
    int64_t deleted; /* by DELETE: the mailbox that this was */
    char code[80];
    char words[160];
    /* Long changes come in slices, so that nobody waits for them: with `more`, done up to the UID `reached`, the errand is
     * to be sent again with after = reached. */
    bool more;
    uint32_t after, reached;
};

/* ---- mailboxes ---- */
enum imap_special {
    SPECIAL_NONE,
    SPECIAL_SENT,
    SPECIAL_DRAFTS,
    SPECIAL_TRASH,
    SPECIAL_JUNK,
    SPECIAL_ARCHIVE
};
struct imap_mailbox {
    int64_t id;
    char *name; /* UTF-8, '/' between levels */
    enum imap_special special;
    bool subscribed;
    bool gone; /* list: there is none of this name, but a subscription; nothing else is set */
    uint32_t uid_validity, uid_next;
    int64_t modseq;
    /* where they were asked for */
    uint32_t exists, unseen, deleted;
    int64_t octets, deleted_octets;
};
struct imap_listing { /* list: by name */
    struct imap_errand base;
    struct imap_mailbox *at;
    size_t count, capacity;
};

/* ---- what lies in one ---- */
struct imap_entry {
    uint32_t uid;
    unsigned flags;
    char *keywords; /* "$Forwarded Work", or NULL */
    int64_t modseq;
};
struct imap_changes { /* open, changes, flags, expunge */
    struct imap_errand base;
    int64_t modseq;        /* of the mailbox, at the look */
    int64_t modseq_before; /* flags, expunge: before the change */
    struct imap_entry *at; /* new or changed, UID rising */
    size_t count, capacity;
    struct number_set vanished;
    struct number_set modified; /* flags: not stored, because of UNCHANGEDSINCE */
};
struct imap_opened {             /* open */
    struct imap_changes changes; /* since `known_modseq`, where that was given */
    struct imap_mailbox mailbox;
    uint32_t *uids;
    size_t count, capacity;
    uint32_t first_unseen; /* a UID; 0: none */
    char *keywords;        /* all in use, or NULL */
};

/* ---- FETCH ---- */
enum section_kind {
    SECTION_ALL,         /* [] and [1.2] */
    SECTION_HEADER,      /* [HEADER], [1.2.HEADER] */
    SECTION_FIELDS,      /* HEADER.FIELDS */
    SECTION_FIELDS_NOT,  /* HEADER.FIELDS.NOT */
    SECTION_TEXT,        /* [TEXT], [1.2.TEXT] */
    SECTION_MIME,        /* [1.2.MIME] */
    SECTION_BINARY,      /* BINARY[1.2]: the transfer encoding undone (RFC 3516) */
    SECTION_BINARY_SIZE, /* BINARY.SIZE[1.2] */
};
struct imap_section_wish {
    enum section_kind kind;
    char *part; /* "1.2", or "" */
    char **fields;
    size_t field_count;
    bool partial;
    int64_t offset, length; /* <offset.length> */
};
struct imap_wish {
    bool envelope, structure, size, date; /* UID, flags and MODSEQ come always */
    const struct imap_section_wish *sections;
    size_t section_count;
    int64_t changed_since; /* only what has a higher MODSEQ; 0: all */
};
struct imap_section {
    struct bytes text;   /* the beginning, or all of it */
    int64_t begin, end;  /* the rest: octets of row->body, by piece() */
    bool absent;         /* there is no such part: NIL */
    bool unknown_coding; /* BINARY of what cannot be decoded: NO [UNKNOWN-CTE] (RFC 3516 4.3) */
    bool too_large;      /* what would be made here does not fit: NO [LIMIT] */
};
struct imap_row {
    struct imap_entry entry;
    struct source *body; /* open while a section has more to come, else NULL */
    int64_t octets, received_ms;
    char *envelope, *structure; /* as IMAP writes them */
    struct imap_section *sections;
};
struct imap_rows { /* rows: from the UID behind `after` on, as many as fit */
    struct imap_errand base;
    struct imap_row *at;
    size_t count, capacity, section_count;
    bool more; /* ask again, from the last UID on */
};
enum { IMAP_PIECE = 64 * 1024 };
struct imap_piece { /* piece */
    struct imap_errand base;
    struct bytes text;
};

/* ---- changing ---- */
enum flags_how { FLAGS_SET, FLAGS_ADD, FLAGS_REMOVE };
struct imap_flags_order {
    enum flags_how how;
    unsigned flags;
    const char *keywords;    /* borrowed, or NULL */
    int64_t unchanged_since; /* -1: whatever they are */
};
struct imap_copied { /* copy, move, append: COPYUID and APPENDUID (RFC 4315) */
    struct imap_errand base;
    uint32_t uid_validity;
    int64_t target_id;   /* copy: the mailbox they went to, in every slice the same */
    uint32_t *from, *to; /* pairs; append: `to` alone */
    size_t count, capacity;
    int64_t modseq, modseq_before; /* move: of the mailbox they left */
};

enum mailbox_change {
    MAILBOX_CREATE,
    MAILBOX_DELETE,
    MAILBOX_RENAME,
    MAILBOX_SUBSCRIBE,
    MAILBOX_UNSUBSCRIBE
};

struct imap_found { /* search: in slices, so that nobody waits for a long one */
    struct imap_errand base;
    uint32_t *uids; /* rising, or as SORT orders them */
    size_t count, capacity;
    int64_t modseq;                    /* the highest of those found */
    struct number_set set;             /* SHAPE_SORTED: the same ones, rising */
    int64_t modseq_first, modseq_last; /* of the first and the last of `uids` */
    bool more; /* not all was looked at: send it again, it goes on and keeps what it found */
    struct threads threads; /* where they were asked for */
};

struct imap_quota { /* quota */
    struct imap_errand base;
    int64_t used, limit; /* octets */
};

enum { NOTE_MAX = 8192 };
struct imap_note { /* METADATA (RFC 5464) */
    char *name;    /* "/private/comment", lower case */
    char *value;   /* NULL: none */
};
struct imap_notes {
    struct imap_note *at;
    size_t count, capacity;
};
void imap_notes_clear(struct imap_notes *notes);
void imap_notes_add(struct imap_notes *notes, char *name, char *value); /* takes both */
SCOPED_VALUE(imap_notes, imap_notes_clear)
struct imap_notes_found { /* notes */
    struct imap_errand base;
    struct imap_notes notes;
};

struct imap_body; /* an arriving message, in the spool */
enum { APPEND_MESSAGES_MAX = 64 };
struct imap_message { /* one of an APPEND */
    unsigned flags;
    char *keywords;  /* or NULL */
    int64_t date_ms; /* 0: now */
    struct imap_body *body;
};

struct imap_duties {
    void *ctx;
    const char *hostname;
    int64_t message_max;
    bool (*is_login_busy)(void *ctx); /* or NULL */
    struct tally *owners;             /* sessions logged in to each account */
    struct roll *roll;                /* who is logged in, by any protocol */
    struct logins *logins;            /* who guesses passwords; the same for every protocol */
    const struct clock *timer;        /* loop time, for deadlines; NULL: monotonic_ms() */

    struct errand *(*login)(void *ctx, const struct peer *peer, struct slice name,
                            struct slice password);            /* login_errand */
    struct errand *(*challenge)(void *ctx, struct slice name); /* challenge_errand */
    struct errand *(*prove)(void *ctx, struct slice name, struct slice auth_message,
                            struct slice proof); /* login_errand */

    struct errand *(*list)(void *ctx, int64_t account_id, bool count); /* imap_listing */
    struct errand *(*status)(void *ctx, int64_t account_id,
                             struct slice name); /* imap_listing of one */
    struct errand *(*change_mailbox)(void *ctx, int64_t account_id, enum mailbox_change change,
                                     struct slice name, struct slice new_name,
                                     enum imap_special special); /* imap_errand */
    struct errand *(*quota)(void *ctx, int64_t account_id);      /* imap_quota */
    /* All of a mailbox, or of the server: "". */
    struct errand *(*notes)(void *ctx, int64_t account_id, struct slice mailbox,
                            const struct imap_notes *wanted); /* imap_notes_found */
    struct errand *(*note)(void *ctx, int64_t account_id, struct slice mailbox,
                           struct imap_notes *notes); /* imap_errand; takes what they hold */

    /* `known_modseq` 0: changes are not asked for.  `known_uids`, or NULL: which the client still has. */
    struct errand *(*open)(void *ctx, int64_t account_id, struct slice name, int64_t known_modseq,
                           const struct number_set *known_uids); /* imap_opened */
    struct errand *(*changes)(void *ctx, int64_t mailbox_id,
                              int64_t since_modseq); /* imap_changes */
    struct errand *(*rows)(void *ctx, int64_t mailbox_id, const struct number_set *uids,
                           uint32_t after, const struct imap_wish *wish); /* imap_rows */
    struct errand *(*piece)(struct source *body, int64_t begin,
                            int64_t end); /* imap_piece; borrows the body until it is home */
    /* Up to `last_uid`, the last that the client knows of. */
    struct errand *(*search)(void *ctx, int64_t mailbox_id, const struct search_key *key,
                             uint32_t last_uid,
                             const struct search_order *order); /* imap_found; keeps copies */
    struct errand *(*flags)(void *ctx, int64_t mailbox_id, const struct number_set *uids,
                            const struct imap_flags_order *order); /* imap_changes */
    /* NULL: all that are marked \Deleted; else those of them among `uids`. */
    struct errand *(*expunge)(void *ctx, int64_t mailbox_id,
                              const struct number_set *uids); /* imap_changes */
    struct errand *(*copy)(void *ctx, int64_t account_id, int64_t mailbox_id,
                           const struct number_set *uids, struct slice to,
                           bool move); /* imap_copied */
    /* Out of a mailbox, whatever their flags: a copy that could not be finished. */
    struct errand *(*take_out)(void *ctx, int64_t mailbox_id,
                               const struct number_set *uids); /* imap_changes */

    struct imap_body *(*body_new)(void *ctx);
    bool (*body_add)(struct imap_body *body, struct slice s); /* true: flush before more */
    struct errand *(*body_flush)(struct imap_body *body);     /* borrows the body; imap_errand */
    void (*body_free)(struct imap_body *body);
    /* All or none (RFC 3502).  Takes keywords and bodies of the messages. */
    struct errand *(*append)(void *ctx, int64_t account_id, struct slice mailbox,
                             const struct imap_message *messages, size_t count); /* imap_copied */
};

/* What the results hold. */
void imap_entries_free(struct imap_entry *entries, size_t count);
void imap_mailbox_clear(struct imap_mailbox *mailbox);
void imap_changes_clear(struct imap_changes *changes);
void imap_opened_clear(struct imap_opened *opened);
void imap_rows_clear(struct imap_rows *rows);
void imap_section_wish_clear(struct imap_section_wish *wish);

extern const struct session_kind imap_session_kind;
/* `duties` borrowed for the session's life. */
void *imap_wire_session_new(const struct imap_duties *duties, const struct peer *peer);

#endif
