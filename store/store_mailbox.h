/*
 * store_mailbox — mailboxes and what lies in them: reading.
 *
 * An entry is a copy's place in a mailbox; a copy is one owner's rendering of a message, sealed.  Deleting an
 * entry never deletes the message.
 */
#ifndef NESTBOX_STORE_MAILBOX_H
#define NESTBOX_STORE_MAILBOX_H

#include "store.h"

struct mailbox {
    int64_t id, account_id;
    char *name; /* INBOX, Posts, Sent, Contacts/New … */
    uint32_t uid_validity, uid_next;
    int64_t modseq;
    int special; /* 1 Sent, 2 Drafts, 3 Trash, 4 Junk, 5 Archive (RFC 6154), 0 none */
    bool subscribed;
};
void mailbox_clear(struct mailbox *mailbox);
SCOPED_VALUE(mailbox, mailbox_clear)
enum found store_mailbox_named(struct store_view *view, int64_t account_id, struct slice name,
                               struct mailbox *out, struct err *err);
enum found store_mailbox(struct store_view *view, int64_t id, struct mailbox *out, struct err *err);
MUST_CHECK bool store_mailboxes(struct store_view *view, int64_t account_id,
                                bool (*each)(void *ctx, const struct mailbox *), void *ctx,
                                struct err *err);
/* Names without a mailbox to which the account is still subscribed: it was deleted (RFC 9051 6.3.7). */
struct left_name {
    char *name;
};
void left_name_clear(struct left_name *left);
MUST_CHECK bool store_left_names(struct store_view *view, int64_t account_id,
                                 bool (*each)(void *ctx, const struct left_name *), void *ctx,
                                 struct err *err);

enum entry_flag {
    FLAG_SEEN = 1,
    FLAG_ANSWERED = 2,
    FLAG_FLAGGED = 4,
    FLAG_DELETED = 8,
    FLAG_DRAFT = 16
};
struct entry {
    int64_t id, mailbox_id, copy_id, message_id, body_id;
    char *mailbox; /* name */
    uint32_t uid;
    int64_t modseq;
    unsigned flags;
    int64_t size, received_ms;
    int form; /* enum pgp_form */
    char *from, *subject,
        *header_message_id; /* header facts for lists; subject and from may be NULL when sealed */
};
void entry_clear(struct entry *entry);
SCOPED_VALUE(entry, entry_clear)
enum found store_entry(struct store_view *view, int64_t account_id, int64_t entry_id,
                       struct entry *out, struct err *err);
/* All mailboxes of the account (or one: mailbox_id not 0), oldest first, id above `after`. */
MUST_CHECK bool store_entries(struct store_view *view, int64_t account_id, int64_t mailbox_id,
                              int64_t after, int limit,
                              bool (*each)(void *ctx, const struct entry *), void *ctx,
                              struct err *err);
/* When the account's newest entry was received; 0 if it has none. */
MUST_CHECK bool store_newest_arrival(struct store_view *view, int64_t account_id, int64_t *out_ms,
                                     struct err *err);
/* Where the copies of one message lie, of all accounts (or one: account_id not 0), oldest first. */
MUST_CHECK bool
store_entries_of_message(struct store_view *view, int64_t message_id, int64_t account_id, int limit,
                         bool (*each)(void *ctx, int64_t account_id, const struct entry *),
                         void *ctx, struct err *err);
MUST_CHECK bool store_account_bytes(struct store_view *view, int64_t account_id, int64_t *out,
                                    struct err *err); /* for quota */
/* The account's next copy, by id above `after`, that is not sealed to anybody: in clear, or under the server key. */
struct unsealed_copy {
    int64_t id, body_id, received_ms;
    int64_t entry_id;     /* one of its places; 0: it waits for a decision and has none */
    char *from, *subject; /* or NULL */
};
void unsealed_copy_clear(struct unsealed_copy *copy);
SCOPED_VALUE(unsealed_copy, unsealed_copy_clear)
enum found store_unsealed_copy(struct store_view *view, int64_t account_id, int64_t after,
                               struct unsealed_copy *out, struct err *err);
MUST_CHECK bool store_count_unsealed(struct store_view *view, int64_t account_id, int64_t *out,
                                     struct err *err);
/* How many copies rest in each form (enum pgp_form), all accounts; a look at every one. */
enum { COPY_FORMS = 5 };
MUST_CHECK bool store_count_forms(struct store_view *view, int64_t out[COPY_FORMS],
                                  struct err *err);
/* Entries that its owner's Maildir has not got yet, all accounts. */
MUST_CHECK bool store_maildir_due(struct store_view *view, int limit,
                                  bool (*each)(void *ctx, const struct entry *,
                                               const char *maildir),
                                  void *ctx, struct err *err);

#endif
