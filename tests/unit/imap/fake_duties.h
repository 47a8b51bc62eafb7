/* What the driver, its duties and what they bring share. */
#ifndef NESTBOX_TEST_IMAP_FAKE_DUTIES_H
#define NESTBOX_TEST_IMAP_FAKE_DUTIES_H

#include "fake.h"

/* Results are filled when an errand is made; doing it is nothing. */
struct done {
    union {
        struct imap_errand base;
        struct login_errand login;
        struct challenge_errand challenge;
        struct imap_listing listing;
        struct imap_opened opened;
        struct imap_rows rows;
        struct imap_piece piece;
        struct imap_copied copied;
        struct imap_found found;
        struct imap_quota quota;
        struct imap_notes_found notes;
    } any;
    void (*clear)(struct done *);
    /* Changes come in slices of two, so that each dialogue of three messages knows of slices. */
    void (*slice)(struct done *);
    struct fake *fake;
    struct number_set uids;
    struct imap_flags_order order;
    unsigned having; /* flags without which a message is passed by */
    bool all, move, here;
};
enum { FAKE_SLICE = 2 };
/* Does the errand, or its next slice. */
void fake_work(struct errand *errand);

/* `clear` releases what the result holds; or NULL. */
struct done *done_new(void (*clear)(struct done *));
struct errand *errand_of(struct done *done);

struct errand *fake_rows(void *ctx, int64_t mailbox_id, const struct number_set *uids,
                         uint32_t after, const struct imap_wish *wish); /* fake_rows.c */
struct errand *fake_piece(struct source *body, int64_t begin, int64_t end);
struct errand *fake_failed(enum err_kind kind, const char *words);
struct errand *fake_gone(void); /* of whoever asks for INBOX, once it is gone */
void fake_add_entry(struct imap_changes *changes, const struct fake_message *message);
void fake_opened_clear(struct done *done);
void fake_copied_clear(struct done *done); /* fake_change.c */
struct errand *fake_flags(void *ctx, int64_t mailbox_id, const struct number_set *uids,
                          const struct imap_flags_order *order);
struct errand *fake_expunge(void *ctx, int64_t mailbox_id, const struct number_set *uids);
struct errand *fake_copy(void *ctx, int64_t account_id, int64_t mailbox_id,
                         const struct number_set *uids, struct slice to, bool move);
struct errand *fake_take_out(void *ctx, int64_t mailbox_id, const struct number_set *uids);
struct imap_duties fake_duties(struct fake *fake);
void fake_remove_at(struct fake *fake, size_t i);

#endif
