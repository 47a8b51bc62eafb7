/*
 * store_shelf — mailboxes as IMAP sees them (RFC 9051, 7162): UIDs, flags, what changed since; reading.
 *
 * Every change of a mailbox, of its entries or of their flags has the next MODSEQ; a UID that went stays known with the
 * MODSEQ at which it did.
 */
#ifndef NESTBOX_STORE_SHELF_H
#define NESTBOX_STORE_SHELF_H

#include "store_mailbox.h"

struct mailbox_counts {
    int64_t exists, unseen, deleted, octets, deleted_octets;
};
MUST_CHECK bool store_mailbox_counts(struct store_view *view, int64_t mailbox_id,
                                     struct mailbox_counts *out, struct err *err);

struct entry_mark { /* what may change about an entry */
    uint32_t uid;
    unsigned flags;
    char *keywords; /* "$Forwarded Work", sorted, or NULL */
    int64_t modseq;
};
void entry_mark_clear(struct entry_mark *mark);
/* UIDs from `first` to `last` with a MODSEQ above `since`, rising. */
MUST_CHECK bool store_entry_marks(struct store_view *view, int64_t mailbox_id, uint32_t first,
                                  uint32_t last, int64_t since,
                                  bool (*each)(void *ctx, const struct entry_mark *), void *ctx,
                                  struct err *err);
/* UIDs that went with a MODSEQ above `since`. */
MUST_CHECK bool store_expunged_uids(struct store_view *view, int64_t mailbox_id, int64_t since,
                                    bool (*each)(void *ctx, const uint32_t *uid), void *ctx,
                                    struct err *err);

struct annotation { /* on a mailbox, or on the server (RFC 5464) */
    char *name, *value;
};
void annotation_clear(struct annotation *note);
/* mailbox_id 0: on the server, by this account. */
MUST_CHECK bool store_annotations(struct store_view *view, int64_t account_id, int64_t mailbox_id,
                                  bool (*each)(void *ctx, const struct annotation *), void *ctx,
                                  struct err *err);
MUST_CHECK bool store_annotation_count(struct store_view *view, int64_t account_id, int64_t *out,
                                       struct err *err);

struct entry_row { /* a mark, and what is written on the copy behind it */
    struct entry_mark mark;
    int64_t body_id, octets, received_ms;
    char *envelope, *structure, *parts; /* mime/structure.h; NULL: from before they were kept */
};
void entry_row_clear(struct entry_row *row);
MUST_CHECK bool store_entry_rows(struct store_view *view, int64_t mailbox_id, uint32_t first,
                                 uint32_t last, int64_t since,
                                 bool (*each)(void *ctx, const struct entry_row *), void *ctx,
                                 struct err *err);

#endif
