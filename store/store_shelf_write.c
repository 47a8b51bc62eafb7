/*
 * Mailboxes as IMAP changes them.
 *
 * One command is one MODSEQ, whatever number of entries it touches (RFC 7162 3.1): it is taken first, and every
 * row that changes gets it.
 */
#include "store_private.h"
#include "store_write.h"

bool store_next_modseq(struct store_tx *tx, int64_t mailbox_id, int64_t *out_modseq,
                       struct err *err)
{
    enum found found =
        sql_number(tx->sql, "UPDATE mailbox SET modseq = modseq + 1 WHERE id = ? RETURNING modseq",
                   with(as_number(mailbox_id)), out_modseq, err);

    if (found == ABSENT)
        return err_set(err, ERR_ABSENT, "This mailbox is gone");
    if (found == FOUND)
        store_note(tx, TOPIC_MAILBOX, mailbox_id);
    return found == FOUND;
}

bool store_set_flags(struct store_tx *tx, int64_t mailbox_id, uint32_t uid, unsigned flags,
                     const char *keywords, int64_t modseq, struct err *err)
{
    return sql_run(tx->sql,
                   "UPDATE entry SET flags = ?, keywords = ?, modseq = ?"
                   " WHERE mailbox_id = ? AND uid = ?",
                   with(as_number(flags), as_text(keywords), as_number(modseq),
                        as_number(mailbox_id), as_number(uid)),
                   err);
}

struct shelved { /* an entry and what hangs on it */
    int64_t entry_id, copy_id, body_id, size;
};

static void read_shelved(struct sql_rows *rows, void *out)
{
    struct shelved *it = out;

    it->entry_id = take_number(rows);
    it->copy_id = take_number(rows);
    it->body_id = take_number(rows);
    it->size = take_number(rows);
}

static enum found find_shelved(struct store_tx *tx, int64_t mailbox_id, uint32_t uid,
                               struct shelved *out, struct err *err)
{
    return sql_find(tx->sql,
                    "SELECT e.id, e.copy_id, c.body_id, c.size FROM entry e"
                    " JOIN copy c ON c.id = e.copy_id WHERE e.mailbox_id = ? AND e.uid = ?",
                    with(as_number(mailbox_id), as_number(uid)), read_shelved, out, err);
}

/* A copy goes with its last place; the message it shows stays (design.md 3). */
static bool drop_copy(struct store_tx *tx, const struct shelved *it, struct err *err)
{
    int64_t used = 0;

    if (!sql_count(tx->sql, "SELECT EXISTS (SELECT 1 FROM entry WHERE copy_id = ?)",
                   with(as_number(it->copy_id)), &used, err))
        return false;
    return used ||
           (sql_run(tx->sql, "DELETE FROM copy WHERE id = ?", with(as_number(it->copy_id)), err) &&
            store_body_release(tx, it->body_id, err));
}

bool store_expunge(struct store_tx *tx, int64_t mailbox_id, uint32_t uid, int64_t modseq,
                   struct err *err)
{
    struct shelved it;
    enum found found = find_shelved(tx, mailbox_id, uid, &it, err);

    if (found != FOUND)
        return found == ABSENT;
    return sql_run(tx->sql, "DELETE FROM entry WHERE id = ?", with(as_number(it.entry_id)), err) &&
           sql_run(tx->sql, "INSERT INTO expunged (mailbox_id, uid, modseq) VALUES (?, ?, ?)",
                   with(as_number(mailbox_id), as_number(uid), as_number(modseq)), err) &&
           sql_run(tx->sql, "UPDATE mailbox SET bytes = bytes - ? WHERE id = ?",
                   with(as_number(it.size), as_number(mailbox_id)), err) &&
           drop_copy(tx, &it, err);
}

bool store_copy_entry(struct store_tx *tx, int64_t mailbox_id, uint32_t uid, int64_t to_mailbox_id,
                      uint32_t *out_uid, struct err *err)
{
    struct shelved it;
    int64_t uid_next = 0;
    int64_t id;
    enum found found = find_shelved(tx, mailbox_id, uid, &it, err);

    *out_uid = 0;
    if (found != FOUND)
        return found == ABSENT;
    found = sql_number(tx->sql,
                       "UPDATE mailbox SET uid_next = uid_next + 1, modseq = modseq + 1,"
                       " bytes = bytes + ? WHERE id = ? RETURNING uid_next",
                       with(as_number(it.size), as_number(to_mailbox_id)), &uid_next, err);
    if (found != FOUND)
        return found == ABSENT ? err_set(err, ERR_ABSENT, "This mailbox is gone") : false;
    store_note(tx, TOPIC_MAILBOX, to_mailbox_id);
    *out_uid = (uint32_t)(uid_next - 1);
    return sql_insert(
        tx->sql,
        "INSERT INTO entry (account_id, mailbox_id, copy_id, uid, modseq, flags, keywords,"
        " maildir_due) SELECT b.account_id, b.id, e.copy_id, b.uid_next - 1, b.modseq, e.flags,"
        " e.keywords, 0 FROM entry e, mailbox b WHERE e.id = ? AND b.id = ?",
        with(as_number(it.entry_id), as_number(to_mailbox_id)), &id, err);
}

/* ---- whole mailboxes ---- */

bool store_make_mailbox(struct store_tx *tx, int64_t account_id, const char *name, int special,
                        int64_t *out_id, struct err *err)
{
    return store_mailbox_make(tx, account_id, name, out_id, err) &&
           (special == 0 ||
            (sql_run(tx->sql, "UPDATE mailbox SET special = 0 WHERE account_id = ? AND special = ?",
                     with(as_number(account_id), as_number(special)), err) &&
             sql_run(tx->sql, "UPDATE mailbox SET special = ? WHERE id = ?",
                     with(as_number(special), as_number(*out_id)), err)));
}

bool store_rename_mailbox(struct store_tx *tx, int64_t mailbox_id, const char *name,
                          struct err *err)
{
    const struct sql_value *it = with(as_text(name), as_number(mailbox_id));

    return sql_change(tx->sql,
                      "UPDATE mailbox SET name = ?1, subscribed = max(subscribed, EXISTS (SELECT 1"
                      " FROM left_name n WHERE n.account_id = mailbox.account_id AND n.name = ?1))"
                      " WHERE id = ?2",
                      it, "This mailbox is gone", err) &&
           sql_run(tx->sql,
                   "DELETE FROM left_name WHERE name = ?1 AND account_id ="
                   " (SELECT account_id FROM mailbox WHERE id = ?2)",
                   it, err);
}

bool store_subscribe_mailbox(struct store_tx *tx, int64_t mailbox_id, bool subscribed,
                             struct err *err)
{
    return sql_change(tx->sql, "UPDATE mailbox SET subscribed = ? WHERE id = ?",
                      with(as_number(subscribed), as_number(mailbox_id)), "This mailbox is gone",
                      err);
}

bool store_forget_left_name(struct store_tx *tx, int64_t account_id, struct slice name,
                            struct err *err)
{
    return sql_change(tx->sql, "DELETE FROM left_name WHERE account_id = ? AND name = ?",
                      with(as_number(account_id), as_slice(name)), "There is no such mailbox", err);
}

/* What outlives a mailbox: the subscription, unless its account goes too, and that its UIDVALIDITY was used.  Of names
 * beyond the limit the oldest goes. */
static bool leave_name(struct store_tx *tx, int64_t mailbox_id, struct err *err)
{
    enum { LEFT_NAMES_MOST = 200 };

    return sql_run(tx->sql,
                   "INSERT INTO left_name (account_id, name) SELECT b.account_id, b.name"
                   " FROM mailbox b JOIN account a ON a.id = b.account_id"
                   " WHERE b.id = ? AND b.subscribed = 1 AND a.state <> ?",
                   with(as_number(mailbox_id), as_number(ACCOUNT_REMOVED)), err) &&
           sql_run(tx->sql,
                   "DELETE FROM left_name WHERE id = (SELECT id FROM left_name WHERE account_id ="
                   " (SELECT account_id FROM mailbox WHERE id = ?) ORDER BY id DESC"
                   " LIMIT 1 OFFSET ?)",
                   with(as_number(mailbox_id), as_number(LEFT_NAMES_MOST)), err) &&
           sql_run(tx->sql,
                   "UPDATE account SET uid_validity = max(account.uid_validity, b.uid_validity)"
                   " FROM mailbox b WHERE b.id = ? AND account.id = b.account_id",
                   with(as_number(mailbox_id)), err);
}

bool store_delete_mailbox(struct store_tx *tx, int64_t mailbox_id, struct err *err)
{
    const struct sql_value *id = with(as_number(mailbox_id));
    int64_t left = 0;

    if (!sql_count(tx->sql, "SELECT count(*) FROM entry WHERE mailbox_id = ?", id, &left, err))
        return false;
    if (left)
        return err_set(err, ERR_CONFLICT, "Try again");
    store_note(tx, TOPIC_MAILBOX, mailbox_id);
    return leave_name(tx, mailbox_id, err) &&
           sql_run(tx->sql, "DELETE FROM expunged WHERE mailbox_id = ?", id, err) &&
           sql_run(tx->sql, "DELETE FROM annotation WHERE mailbox_id = ?", id, err) &&
           sql_change(tx->sql, "DELETE FROM mailbox WHERE id = ?", id, "This mailbox is gone", err);
}

bool store_annotate(struct store_tx *tx, int64_t account_id, int64_t mailbox_id, const char *name,
                    const char *value, struct err *err)
{
    if (!value)
        return sql_run(
            tx->sql, "DELETE FROM annotation WHERE account_id = ? AND mailbox_id = ? AND name = ?",
            with(as_number(account_id), as_number(mailbox_id), as_text(name)), err);
    return sql_run(
        tx->sql,
        "INSERT INTO annotation (account_id, mailbox_id, name, value) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (account_id, mailbox_id, name) DO UPDATE SET value = excluded.value",
        with(as_number(account_id), as_number(mailbox_id), as_text(name), as_secret(value)), err);
}
