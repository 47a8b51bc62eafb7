/*
 * Mailboxes and their entries: writing.
 *
 * Each change of a mailbox takes the next MODSEQ of it, each new place the next UID.  A UID is used once: an
 * entry that moves gets a new one, and the old one is remembered in `expunged`.
 */
#include "store_place.h"
#include "store_write.h"

struct place { /* what the next change in a mailbox is called */
    int64_t uid, modseq;
};

static void read_place(struct sql_rows *rows, void *out)
{
    struct place *place = out;

    place->uid = take_number(rows) - 1;
    place->modseq = take_number(rows);
}

/* A UIDVALIDITY that no mailbox of this name had before: seconds, and later than any other of the account, there or
 * deleted. */
static bool insert_mailbox(struct store_tx *tx, int64_t account_id, struct slice name,
                           int64_t *out_id, struct err *err)
{
    if (!sql_insert(
            tx->sql,
            "INSERT INTO mailbox (account_id, name, uid_validity, uid_next, modseq, "
            "expunged_floor, bytes, special)"
            " SELECT ?1, ?2, max(?3 & 0xffffffff, 1,"
            " coalesce((SELECT max(uid_validity) + 1 FROM mailbox WHERE account_id = ?1), 1),"
            " coalesce((SELECT uid_validity + 1 FROM account WHERE id = ?1), 1)), 1, 1, 0, 0,"
            " CASE ?2 WHEN 'Sent' THEN 1 WHEN 'Drafts' THEN 2 WHEN 'Trash' THEN 3"
            " WHEN 'Junk' THEN 4 WHEN 'Archive' THEN 5 ELSE 0 END",
            with(as_number(account_id), as_slice(name), as_number(tx_now(tx) / SECOND_MS)), out_id,
            err) ||
        !sql_run(tx->sql, "DELETE FROM left_name WHERE account_id = ? AND name = ?",
                 with(as_number(account_id), as_slice(name)), err))
        return false;
    store_note(tx, TOPIC_ACCOUNT, account_id);
    return true;
}

bool store_mailbox_make(struct store_tx *tx, int64_t account_id, const char *name, int64_t *out_id,
                        struct err *err)
{
    struct slice spelt = slice_is_nocase(slice_of(name), "INBOX") ? SLICE("INBOX") : slice_of(name);
    enum found found =
        sql_number(tx->sql, "SELECT id FROM mailbox WHERE account_id = ? AND name = ?",
                   with(as_number(account_id), as_slice(spelt)), out_id, err);

    if (found == ABSENT)
        return insert_mailbox(tx, account_id, spelt, out_id, err);
    return found == FOUND;
}

static bool take_place(struct store_tx *tx, int64_t mailbox_id, int64_t bytes, struct place *out,
                       struct err *err)
{
    enum found found = sql_find(
        tx->sql,
        "UPDATE mailbox SET uid_next = uid_next + 1, modseq = modseq + 1, bytes = bytes + ?"
        " WHERE id = ? RETURNING uid_next, modseq",
        with(as_number(bytes), as_number(mailbox_id)), read_place, out, err);

    if (found == ABSENT)
        return err_set(err, ERR_ABSENT, "No such mailbox");
    if (found == FOUND)
        store_note(tx, TOPIC_MAILBOX, mailbox_id);
    return found == FOUND;
}

bool copy_is_vouched(const struct pgp_sealed *sealed, struct store_body *body, struct err *err)
{
    if (pgp_sealed_sink(sealed) == store_body_sink(body) &&
        pgp_sealed_size(sealed) == store_body_size(body) &&
        (pgp_sealed_form(sealed) != PGP_SERVER_KEY || store_body_is_wrapped(body)))
        return true;
    return err_because(err, ERR_TEMPORARY, "Our store has trouble; try again later",
                       "nothing vouches for a body of %lld bytes",
                       (long long)store_body_size(body));
}

/* What is told of a mail without reading it is as secret as the mail. */
static struct sql_value as_told(const char *text, enum pgp_form form)
{
    return form == PGP_SERVER_KEY ? as_secret(text) : as_open(text);
}

static bool insert_copy(struct store_tx *tx, const struct new_copy *copy, enum pgp_form form,
                        int64_t size, int64_t body_id, int64_t *out_id, struct err *err)
{
    return sql_insert(tx->sql,
                      "INSERT INTO copy (account_id, message_id, body_id, form, size, received_ms, "
                      "sender, subject,"
                      " header_message_id, envelope, structure, parts)"
                      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      with(as_number(copy->account_id), as_number(copy->message_id),
                           as_number(body_id), as_number(form), as_number(size),
                           as_number(copy->received_ms ? copy->received_ms : tx_now(tx)),
                           as_told(copy->from, form), as_told(copy->subject, form),
                           as_text(copy->header_message_id), as_told(copy->envelope, form),
                           as_told(copy->structure, form), as_told(copy->parts, form)),
                      out_id, err);
}

static bool insert_entry(struct store_tx *tx, int64_t mailbox_id, int64_t copy_id,
                         const struct new_copy *copy, const struct place *place, int64_t *out_id,
                         struct err *err)
{
    return sql_insert(
        tx->sql,
        "INSERT INTO entry (account_id, mailbox_id, copy_id, uid, modseq, flags, keywords,"
        " maildir_due) SELECT a.id, ?1, ?2, ?3, ?4, ?5, ?6, a.maildir IS NOT NULL FROM mailbox b"
        " JOIN account a ON a.id = b.account_id WHERE b.id = ?1",
        with(as_number(mailbox_id), as_number(copy_id), as_number(place->uid),
             as_number(place->modseq), as_number(copy->flags), as_text(copy->keywords)),
        out_id, err);
}

bool store_add_copy(struct store_tx *tx, const struct new_copy *copy,
                    const struct pgp_sealed *sealed, struct store_body *body, int64_t *out_entry_id,
                    struct err *err)
{
    int64_t mailbox_id = 0, body_id = 0, copy_id = 0;
    int64_t size = store_body_size(body);
    struct place place;

    return copy_is_vouched(sealed, body, err) &&
           store_mailbox_make(tx, copy->account_id, copy->mailbox, &mailbox_id, err) &&
           store_body_take(tx, body, &body_id, err) &&
           insert_copy(tx, copy, pgp_sealed_form(sealed), size, body_id, &copy_id, err) &&
           take_place(tx, mailbox_id, size, &place, err) &&
           insert_entry(tx, mailbox_id, copy_id, copy, &place, out_entry_id, err);
}

/* ---- what waits for an answer ---- */
bool store_hold_copy(struct store_tx *tx, int64_t contact_id, const struct new_copy *copy,
                     const struct pgp_sealed *sealed, struct store_body *body, struct err *err)
{
    int64_t body_id = 0, copy_id = 0, id;
    int64_t size = store_body_size(body);

    return copy_is_vouched(sealed, body, err) && store_body_take(tx, body, &body_id, err) &&
           insert_copy(tx, copy, pgp_sealed_form(sealed), size, body_id, &copy_id, err) &&
           sql_insert(tx->sql, "INSERT INTO held (copy_id, contact_id) VALUES (?, ?)",
                      with(as_number(copy_id), as_number(contact_id)), &id, err);
}

struct waiting {
    int64_t copy_id, account_id, message_id, body_id, size;
    bool withdrawn; /* its author took it back meanwhile */
};

static void read_waiting(struct sql_rows *rows, void *out)
{
    struct waiting *waiting = out;

    waiting->copy_id = take_number(rows);
    waiting->account_id = take_number(rows);
    waiting->message_id = take_number(rows);
    waiting->body_id = take_number(rows);
    waiting->size = take_number(rows);
    waiting->withdrawn = take_number(rows) == MESSAGE_WITHDRAWN;
}

#define WAITING                                                                                    \
    "SELECT c.id, c.account_id, c.message_id, c.body_id, c.size, m.state FROM held h"              \
    " JOIN copy c ON c.id = h.copy_id JOIN message m ON m.id = c.message_id "

/* The first that `sql` finds is held no longer. */
static enum found take_waiting(struct store_tx *tx, const char *sql, const struct sql_value *values,
                               struct waiting *out, struct err *err)
{
    enum found found = sql_find(tx->sql, sql, values, read_waiting, out, err);

    if (found == FOUND &&
        !sql_run(tx->sql, "DELETE FROM held WHERE copy_id = ?", with(as_number(out->copy_id)), err))
        return FAILED;
    return found;
}

static enum found next_waiting(struct store_tx *tx, int64_t contact_id, struct waiting *out,
                               struct err *err)
{
    return take_waiting(tx, WAITING "WHERE h.contact_id = ? ORDER BY h.copy_id LIMIT 1",
                        with(as_number(contact_id)), out, err);
}

/* The words of an open note are kept beside its mails: nobody here has it now, so they go too. */
static bool forget_words(struct store_tx *tx, int64_t message_id, struct err *err)
{
    int64_t needless = 0;

    if (!sql_count(tx->sql,
                   "SELECT EXISTS (SELECT 1 FROM message WHERE id = ?1 AND account_id IS NULL"
                   " AND visibility IN (1, 2)"
                   " AND NOT EXISTS (SELECT 1 FROM copy WHERE message_id = ?1))",
                   with(as_number(message_id)), &needless, err))
        return false;
    return !needless || store_set_message_state(tx, message_id, MESSAGE_WITHDRAWN, err);
}

static bool drop_waiting(struct store_tx *tx, const struct waiting *waiting, struct err *err)
{
    return sql_run(tx->sql, "DELETE FROM copy WHERE id = ?", with(as_number(waiting->copy_id)),
                   err) &&
           store_body_release(tx, waiting->body_id, err) &&
           forget_words(tx, waiting->message_id, err);
}

static bool release_waiting(struct store_tx *tx, const struct waiting *waiting, const char *mailbox,
                            struct err *err)
{
    const struct new_copy unread = {0};
    struct place place;
    int64_t mailbox_id = 0, entry_id;

    if (waiting->withdrawn)
        return drop_waiting(tx, waiting, err);
    return store_mailbox_make(tx, waiting->account_id, mailbox, &mailbox_id, err) &&
           take_place(tx, mailbox_id, waiting->size, &place, err) &&
           insert_entry(tx, mailbox_id, waiting->copy_id, &unread, &place, &entry_id, err);
}

bool store_release_held(struct store_tx *tx, int64_t contact_id, const char *mailbox,
                        struct err *err)
{
    struct waiting waiting;
    enum found found;

    while ((found = next_waiting(tx, contact_id, &waiting, err)) == FOUND)
        if (!release_waiting(tx, &waiting, mailbox, err))
            return false;
    return found == ABSENT;
}

static bool drop_each(struct store_tx *tx, const char *sql, const struct sql_value *values,
                      struct err *err)
{
    struct waiting waiting;
    enum found found;

    while ((found = take_waiting(tx, sql, values, &waiting, err)) == FOUND)
        if (!drop_waiting(tx, &waiting, err))
            return false;
    return found == ABSENT;
}

bool store_drop_held(struct store_tx *tx, int64_t contact_id, struct err *err)
{
    return drop_each(tx, WAITING "WHERE h.contact_id = ? LIMIT 1", with(as_number(contact_id)),
                     err);
}

bool store_drop_held_of(struct store_tx *tx, int64_t message_id, struct err *err)
{
    return drop_each(tx, WAITING "WHERE c.message_id = ? LIMIT 1", with(as_number(message_id)),
                     err);
}

bool store_drop_held_before(struct store_tx *tx, int64_t message_id, int64_t account_id,
                            struct err *err)
{
    return drop_each(tx,
                     WAITING "WHERE c.message_id = ?1 AND c.account_id = ?2 AND c.id <"
                             " (SELECT max(x.id) FROM copy x JOIN held y ON y.copy_id = x.id"
                             " WHERE x.message_id = ?1 AND x.account_id = ?2) LIMIT 1",
                     with(as_number(message_id), as_number(account_id)), err);
}

static void read_moving(struct sql_rows *rows, void *out)
{
    struct moving *moving = out;

    moving->entry_id = take_number(rows);
    moving->mailbox_id = take_number(rows);
    moving->uid = take_number(rows);
    moving->size = take_number(rows);
}

bool place_leave(struct store_tx *tx, const struct moving *moving, struct err *err)
{
    if (!sql_run(tx->sql, "UPDATE mailbox SET modseq = modseq + 1, bytes = bytes - ? WHERE id = ?",
                 with(as_number(moving->size), as_number(moving->mailbox_id)), err) ||
        !sql_run(tx->sql,
                 "INSERT INTO expunged (mailbox_id, uid, modseq) SELECT id, ?, modseq FROM mailbox "
                 "WHERE id = ?",
                 with(as_number(moving->uid), as_number(moving->mailbox_id)), err))
        return false;
    store_note(tx, TOPIC_MAILBOX, moving->mailbox_id);
    return true;
}

bool place_enter(struct store_tx *tx, const struct moving *moving, int64_t to_id, int64_t size,
                 struct err *err)
{
    struct place place;

    return take_place(tx, to_id, size, &place, err) &&
           sql_run(tx->sql, "UPDATE entry SET mailbox_id = ?, uid = ?, modseq = ? WHERE id = ?",
                   with(as_number(to_id), as_number(place.uid), as_number(place.modseq),
                        as_number(moving->entry_id)),
                   err);
}

bool store_move_copies(struct store_tx *tx, int64_t message_id, int64_t account_id,
                       const char *to_mailbox, struct err *err)
{
    int64_t to_id = 0;
    struct moving moving;
    enum found found;

    if (!store_mailbox_make(tx, account_id, to_mailbox, &to_id, err))
        return false;
    while ((found = sql_find(
                tx->sql,
                "SELECT e.id, e.mailbox_id, e.uid, c.size FROM copy c"
                " JOIN entry e ON e.copy_id = c.id"
                " WHERE c.message_id = ? AND c.account_id = ? AND e.mailbox_id <> ? LIMIT 1",
                with(as_number(message_id), as_number(account_id), as_number(to_id)), read_moving,
                &moving, err)) == FOUND)
        if (!place_leave(tx, &moving, err) || !place_enter(tx, &moving, to_id, moving.size, err))
            return false;
    return found == ABSENT;
}

bool store_maildir_done(struct store_tx *tx, int64_t entry_id, struct err *err)
{
    return sql_change(tx->sql, "UPDATE entry SET maildir_due = 0 WHERE id = ?",
                      with(as_number(entry_id)), "No such mail", err);
}
