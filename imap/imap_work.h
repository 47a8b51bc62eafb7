/* What the files of imap_work share: the duties of the real server. */
#ifndef NESTBOX_IMAP_WORK_H
#define NESTBOX_IMAP_WORK_H

#include "bridge_mailbox.h"
#include "config.h"
#include "imap.h"
#include "imap_duties.h"
#include "memory.h"
#include "store_shelf.h"

struct imap {
    struct imap_parts parts;
    struct imap_duties duties;
};

/* work_login.c */
struct errand *duty_login(void *ctx, const struct peer *peer, struct slice name,
                          struct slice password);
struct errand *duty_challenge(void *ctx, struct slice name);
struct errand *duty_prove(void *ctx, struct slice name, struct slice auth_message,
                          struct slice proof);

struct errand *duty_list(void *ctx, int64_t account_id, bool count); /* work_mailbox.c */
struct errand *duty_status(void *ctx, int64_t account_id, struct slice name);
struct errand *duty_change_mailbox(void *ctx, int64_t account_id, enum mailbox_change change,
                                   struct slice name, struct slice new_name,
                                   enum imap_special special);
struct errand *duty_quota(void *ctx, int64_t account_id);
struct errand *duty_notes(void *ctx, int64_t account_id, struct slice mailbox,
                          const struct imap_notes *wanted); /* work_metadata.c */
struct errand *duty_note(void *ctx, int64_t account_id, struct slice mailbox,
                         struct imap_notes *notes);
bool fill_mailbox(struct store_view *view, const struct mailbox *mailbox, bool count,
                  struct imap_mailbox *out, struct err *err);

/* ERR_ABSENT: it is not there any more, and `errand` says so. */
MUST_CHECK bool find_selected(struct store_view *view, int64_t mailbox_id, struct mailbox *out,
                              struct imap_errand *errand, struct err *err);
struct errand *duty_open(void *ctx, int64_t account_id, struct slice name, int64_t known_modseq,
                         const struct number_set *known_uids); /* work_look.c */
struct errand *duty_changes(void *ctx, int64_t mailbox_id, int64_t since_modseq);

struct errand *duty_rows(void *ctx, int64_t mailbox_id, const struct number_set *uids,
                         uint32_t after, const struct imap_wish *wish); /* work_rows.c */
struct errand *duty_piece(struct source *body, int64_t begin, int64_t end);

struct errand *duty_search(void *ctx, int64_t mailbox_id, const struct search_key *key,
                           uint32_t last_uid, const struct search_order *order); /* work_search.c */
struct sorting { /* what SORT and THREAD gather: work_sort.c */
    struct search_order order;
    struct sorted_mail *mails;
    size_t count, capacity, weight;
};
/* ERR_TOO_LARGE: these are more than can be sorted. */
MUST_CHECK bool sorting_add(struct sorting *it, struct store_view *view,
                            const struct entry_row *row, struct err *err);
void sorting_end(struct sorting *it, struct imap_found *found); /* clears it */
void sorting_clear(struct sorting *it);

struct errand *duty_flags(void *ctx, int64_t mailbox_id, const struct number_set *uids,
                          const struct imap_flags_order *order); /* work_change.c */
struct errand *duty_expunge(void *ctx, int64_t mailbox_id, const struct number_set *uids);
struct errand *duty_take_out(void *ctx, int64_t mailbox_id, const struct number_set *uids);
struct errand *duty_copy(void *ctx, int64_t account_id, int64_t mailbox_id,
                         const struct number_set *uids, struct slice to, bool move);

struct imap_body *duty_body_new(void *ctx); /* work_append.c */
bool duty_body_add(struct imap_body *body, struct slice s);
struct errand *duty_body_flush(struct imap_body *body);
void duty_body_free(struct imap_body *body);
struct errand *duty_append(void *ctx, int64_t account_id, struct slice mailbox,
                           const struct imap_message *messages, size_t count);

/* work_sections.c: one section of a mail.  `source` is its body, `parts` where its parts lie (mime/structure.h);
 * `room`: how many octets may be read at once. */
bool section_read(struct source *source, const char *parts, const struct imap_section_wish *wish,
                  size_t room, struct imap_section *out, struct err *err);

/* The sets are of one shape; the bridge has its own so that it need not know ours. */
struct uid_ranges ranges_of(const struct number_set *set);

/* work_contacts.c: notes on the server that are contact requests. */
bool is_contact_note(const char *name);
MUST_CHECK bool find_contact_notes(struct imap *imap, struct store_view *view, int64_t account_id,
                                   const struct imap_notes *wanted, struct imap_notes *out,
                                   struct err *err);
/* In apply(). */
MUST_CHECK bool set_contact_note(struct imap *imap, struct store_tx *tx, int64_t account_id,
                                 const struct imap_note *note, struct err *err);

#endif
