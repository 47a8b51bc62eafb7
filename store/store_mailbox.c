/* Mailboxes and their entries: reading. */
#include "store_mailbox.h"
#include "store_private.h"

#define MAILBOX                                                                                    \
    "SELECT id, account_id, name, uid_validity, uid_next, modseq, special, subscribed"             \
    " FROM mailbox "
#define ENTRY_COLUMNS                                                                              \
    "e.id, e.mailbox_id, e.copy_id, c.message_id, c.body_id, b.name, e.uid, e.modseq, e.flags, "   \
    "c.size,"                                                                                      \
    " c.received_ms, c.form, c.sender, c.subject, c.header_message_id"
#define ENTRY_TABLES                                                                               \
    " FROM entry e JOIN copy c ON c.id = e.copy_id JOIN mailbox b ON b.id = e.mailbox_id "
#define ENTRY "SELECT " ENTRY_COLUMNS ENTRY_TABLES

void mailbox_clear(struct mailbox *mailbox)
{
    free(mailbox->name);
    *mailbox = (struct mailbox){0};
}

static void read_mailbox(struct sql_rows *rows, void *out)
{
    struct mailbox *mailbox = out;

    mailbox->id = take_number(rows);
    mailbox->account_id = take_number(rows);
    mailbox->name = take_text(rows);
    mailbox->uid_validity = (uint32_t)take_number(rows);
    mailbox->uid_next = (uint32_t)take_number(rows);
    mailbox->modseq = take_number(rows);
    mailbox->special = take_int(rows);
    mailbox->subscribed = take_bool(rows);
}

enum found store_mailbox_named(struct store_view *view, int64_t account_id, struct slice name,
                               struct mailbox *out, struct err *err)
{
    struct slice spelt = slice_is_nocase(name, "INBOX") ? SLICE("INBOX") : name; /* RFC 3501 5.1 */

    return sql_find(view->sql, MAILBOX "WHERE account_id = ? AND name = ?",
                    with(as_number(account_id), as_slice(spelt)), read_mailbox, out, err);
}

enum found store_mailbox(struct store_view *view, int64_t id, struct mailbox *out, struct err *err)
{
    return sql_find(view->sql, MAILBOX "WHERE id = ?", with(as_number(id)), read_mailbox, out, err);
}

bool store_mailboxes(struct store_view *view, int64_t account_id,
                     bool (*each)(void *ctx, const struct mailbox *), void *ctx, struct err *err)
{
    return sql_walk(view->sql, MAILBOX "WHERE account_id = ? ORDER BY name",
                    with(as_number(account_id)), mailbox, read_mailbox, mailbox_clear, each, ctx,
                    err);
}

void left_name_clear(struct left_name *left)
{
    free(left->name);
    left->name = NULL;
}

static void read_left_name(struct sql_rows *rows, void *out)
{
    struct left_name *left = out;

    left->name = take_text(rows);
}

bool store_left_names(struct store_view *view, int64_t account_id,
                      bool (*each)(void *ctx, const struct left_name *), void *ctx, struct err *err)
{
    return sql_walk(view->sql, "SELECT name FROM left_name WHERE account_id = ? ORDER BY name",
                    with(as_number(account_id)), left_name, read_left_name, left_name_clear, each,
                    ctx, err);
}

void entry_clear(struct entry *entry)
{
    free(entry->mailbox);
    free(entry->from);
    free(entry->subject);
    free(entry->header_message_id);
    *entry = (struct entry){0};
}

static void read_entry(struct sql_rows *rows, void *out)
{
    struct entry *entry = out;

    entry->id = take_number(rows);
    entry->mailbox_id = take_number(rows);
    entry->copy_id = take_number(rows);
    entry->message_id = take_number(rows);
    entry->body_id = take_number(rows);
    entry->mailbox = take_text(rows);
    entry->uid = (uint32_t)take_number(rows);
    entry->modseq = take_number(rows);
    entry->flags = (unsigned)take_number(rows);
    entry->size = take_number(rows);
    entry->received_ms = take_number(rows);
    entry->form = take_int(rows);
    entry->from = take_secret(rows);
    entry->subject = take_secret(rows);
    entry->header_message_id = take_text(rows);
}

enum found store_entry(struct store_view *view, int64_t account_id, int64_t entry_id,
                       struct entry *out, struct err *err)
{
    return sql_find(view->sql, ENTRY "WHERE e.id = ? AND b.account_id = ?",
                    with(as_number(entry_id), as_number(account_id)), read_entry, out, err);
}

bool store_entries(struct store_view *view, int64_t account_id, int64_t mailbox_id, int64_t after,
                   int limit, bool (*each)(void *ctx, const struct entry *), void *ctx,
                   struct err *err)
{
    static const char one[] = ENTRY "WHERE e.account_id = ? AND e.mailbox_id = ? AND e.id > ?"
                                    " ORDER BY e.id LIMIT ?";
    static const char all[] = ENTRY "WHERE e.account_id = ? AND ? = 0 AND e.id > ?"
                                    " ORDER BY e.id LIMIT ?";

    return sql_walk(
        view->sql, mailbox_id ? one : all,
        with(as_number(account_id), as_number(mailbox_id), as_number(after), as_number(limit)),
        entry, read_entry, entry_clear, each, ctx, err);
}

bool store_newest_arrival(struct store_view *view, int64_t account_id, int64_t *out_ms,
                          struct err *err)
{
    return sql_count(
        view->sql,
        "SELECT coalesce((SELECT c.received_ms FROM entry e JOIN copy c ON c.id = e.copy_id"
        " WHERE e.account_id = ? ORDER BY e.id DESC LIMIT 1), 0)",
        with(as_number(account_id)), out_ms, err);
}

struct owned_entry {
    struct entry entry;
    int64_t account_id;
};

static void read_owned_entry(struct sql_rows *rows, void *out)
{
    struct owned_entry *owned = out;

    read_entry(rows, &owned->entry);
    owned->account_id = take_number(rows);
}

static void owned_entry_clear(struct owned_entry *owned)
{
    entry_clear(&owned->entry);
}

struct owner_teller {
    bool (*each)(void *ctx, int64_t account_id, const struct entry *);
    void *ctx;
};

static bool tell_owned(void *ctx, const struct owned_entry *owned)
{
    const struct owner_teller *teller = ctx;

    return teller->each(teller->ctx, owned->account_id, &owned->entry);
}

bool store_entries_of_message(struct store_view *view, int64_t message_id, int64_t account_id,
                              int limit,
                              bool (*each)(void *ctx, int64_t account_id, const struct entry *),
                              void *ctx, struct err *err)
{
    struct owner_teller teller = {each, ctx};

    return sql_walk(view->sql,
                    "SELECT " ENTRY_COLUMNS ", c.account_id" ENTRY_TABLES
                    "WHERE c.message_id = ?1 AND (?2 = 0 OR c.account_id = ?2)"
                    " ORDER BY e.id LIMIT ?3",
                    with(as_number(message_id), as_number(account_id), as_number(limit)),
                    owned_entry, read_owned_entry, owned_entry_clear, tell_owned, &teller, err);
}

bool store_account_bytes(struct store_view *view, int64_t account_id, int64_t *out, struct err *err)
{
    return sql_count(view->sql, "SELECT coalesce(sum(bytes), 0) FROM mailbox WHERE account_id = ?",
                     with(as_number(account_id)), out, err);
}

struct due_entry {
    struct entry entry;
    char *maildir;
};

static void read_due_entry(struct sql_rows *rows, void *out)
{
    struct due_entry *due = out;

    read_entry(rows, &due->entry);
    due->maildir = take_text(rows);
}

static void due_entry_clear(struct due_entry *due)
{
    entry_clear(&due->entry);
    free(due->maildir);
}

struct teller {
    bool (*each)(void *ctx, const struct entry *, const char *maildir);
    void *ctx;
};

static bool tell_due(void *ctx, const struct due_entry *due)
{
    const struct teller *teller = ctx;

    return teller->each(teller->ctx, &due->entry, due->maildir);
}

bool store_maildir_due(struct store_view *view, int limit,
                       bool (*each)(void *ctx, const struct entry *, const char *maildir),
                       void *ctx, struct err *err)
{
    struct teller teller = {each, ctx};

    return sql_walk(
        view->sql,
        "SELECT " ENTRY_COLUMNS ", a.maildir" ENTRY_TABLES "JOIN account a ON a.id = b.account_id"
        " WHERE e.maildir_due = 1 AND a.maildir IS NOT NULL ORDER BY e.id LIMIT ?",
        with(as_number(limit)), due_entry, read_due_entry, due_entry_clear, tell_due, &teller, err);
}

struct form_count {
    int64_t form, count;
};

static void read_form_count(struct sql_rows *rows, void *out)
{
    struct form_count *counted = out;

    counted->form = take_number(rows);
    counted->count = take_number(rows);
}

static void form_count_clear(struct form_count *counted)
{
    (void)counted;
}

static bool keep_count(int64_t *out, const struct form_count *counted)
{
    if (counted->form >= 0 && counted->form < COPY_FORMS)
        out[counted->form] = counted->count;
    return true;
}

bool store_count_forms(struct store_view *view, int64_t out[COPY_FORMS], struct err *err)
{
    memset(out, 0, COPY_FORMS * sizeof out[0]);
    return sql_walk(view->sql, "SELECT form, count(*) FROM copy GROUP BY form", NULL, form_count,
                    read_form_count, form_count_clear, keep_count, out, err);
}
