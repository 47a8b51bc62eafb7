/* Who may write to whom. */
#include "store_contact.h"

#include "store_private.h"
#include "store_write.h"

#define COLUMNS                                                                                    \
    "c.id, c.account_id, c.person_id, c.domain, c.evidence, c.state, c.origin, c.notice_id,"       \
    " c.words, c.tries, c.held, c.first_ms, c.last_ms, c.decided_ms, c.arrived_ms, c.expires_ms,"  \
    " c.wish, c.inside, c.about_id, c.envelope"
#define CONTACT "SELECT " COLUMNS " FROM contact c "

void contact_clear(struct contact *contact)
{
    free(contact->domain);
    free(contact->words);
    *contact = (struct contact){0};
}

void contact_rows_clear(struct contact_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        contact_clear(&rows->at[i]);
    rows->count = 0;
}

static void read_contact(struct sql_rows *rows, void *out)
{
    struct contact *contact = out;

    contact->id = take_number(rows);
    contact->account_id = take_number(rows);
    contact->person_id = take_number(rows);
    contact->domain = take_text(rows);
    contact->evidence = (enum evidence_class)take_int(rows);
    contact->state = (enum contact_state)take_int(rows);
    contact->origin = (enum contact_origin)take_int(rows);
    contact->notice_id = take_number(rows);
    contact->words = take_secret(rows);
    contact->tries = take_number(rows);
    contact->held = take_number(rows);
    contact->first_ms = take_number(rows);
    contact->last_ms = take_number(rows);
    contact->decided_ms = take_number(rows);
    contact->arrived_ms = take_number(rows);
    contact->expires_ms = take_number(rows);
    contact->wish = (enum contact_wish)take_int(rows);
    contact->inside = take_number(rows) != 0;
    contact->about_id = take_number(rows);
    take_exactly(rows, contact->envelope, sizeof contact->envelope);
}

/* ---- reading ---- */
enum found store_contact(struct store_view *view, int64_t id, struct contact *out, struct err *err)
{
    return sql_find(view->sql, CONTACT "WHERE c.id = ?", with(as_number(id)), read_contact, out,
                    err);
}

static bool keep_row(void *ctx, struct contact *contact)
{
    struct contact_rows *rows = ctx;

    rows->at[rows->count++] = *contact;
    *contact = (struct contact){0};
    return rows->count < CONTACT_ROWS_MAX;
}

bool store_contacts_of(struct store_view *view, int64_t account_id, int64_t person_id,
                       struct contact_rows *out, struct err *err)
{
    out->count = 0;
    return sql_walk(view->sql, CONTACT "WHERE c.person_id = ? AND c.account_id = ?",
                    with(as_number(person_id), as_number(account_id)), contact, read_contact,
                    contact_clear, keep_row, out, err);
}

enum found store_contact_of_domain(struct store_view *view, int64_t account_id, struct slice domain,
                                   struct contact *out, struct err *err)
{
    return sql_find(view->sql, CONTACT "WHERE c.account_id = ? AND c.domain = ?",
                    with(as_number(account_id), as_slice(domain)), read_contact, out, err);
}

struct contact_teller {
    struct store_view *view;
    bool (*each)(void *ctx, const struct contact *, const struct person *);
    void *ctx;
    struct err *err;
    bool failed;
};

static bool tell_contact(void *ctx, const struct contact *contact)
{
    struct contact_teller *teller = ctx;
    scoped_value(person) person = {0};

    if (contact->person_id &&
        store_person(teller->view, contact->person_id, &person, teller->err) != FOUND) {
        teller->failed = true;
        return false;
    }
    return teller->each(teller->ctx, contact, &person);
}

bool store_contacts(struct store_view *view, int64_t account_id, int64_t after, int limit,
                    bool (*each)(void *ctx, const struct contact *, const struct person *),
                    void *ctx, struct err *err)
{
    struct contact_teller teller = {view, each, ctx, err, false};

    return sql_walk(view->sql, CONTACT "WHERE c.account_id = ? AND c.id > ? ORDER BY c.id LIMIT ?",
                    with(as_number(account_id), as_number(after), as_number(limit)), contact,
                    read_contact, contact_clear, tell_contact, &teller, err) &&
           !teller.failed;
}

bool store_contacts_in(struct store_view *view, int64_t account_id, enum contact_state state,
                       const struct contact_place *behind, int limit,
                       bool (*each)(void *ctx, const struct contact *, const struct person *),
                       void *ctx, struct err *err)
{
    static const struct contact_place end = {INT64_MAX, INT64_MAX};
    struct contact_teller teller = {view, each, ctx, err, false};
    const struct contact_place *from = behind ? behind : &end;

    return sql_walk(view->sql,
                    CONTACT "WHERE c.account_id = ? AND c.state = ? AND c.state > 1"
                            " AND (c.last_ms, c.id) < (?, ?)"
                            " ORDER BY c.last_ms DESC, c.id DESC LIMIT ?",
                    with(as_number(account_id), as_number(state), as_number(from->last_ms),
                         as_number(from->id), as_number(limit)),
                    contact, read_contact, contact_clear, tell_contact, &teller, err) &&
           !teller.failed;
}

bool store_contact_counts(struct store_view *view, int64_t account_id, int64_t out[CONTACT_STATES],
                          struct err *err)
{
    memset(out, 0, CONTACT_STATES * sizeof *out);
    for (int state = CONTACT_ASKED; state < CONTACT_STATES; state++)
        if (!sql_count(view->sql,
                       "SELECT count(*) FROM contact WHERE account_id = ? AND state = ?"
                       " AND state > 1",
                       with(as_number(account_id), as_number(state)), &out[state], err))
            return false;
    return true;
}

bool store_contacts_of_notice(struct store_view *view, int64_t notice_id,
                              bool (*each)(void *ctx, const struct contact *), void *ctx,
                              struct err *err)
{
    return sql_walk(view->sql, CONTACT "WHERE c.notice_id = ? ORDER BY c.id",
                    with(as_number(notice_id)), contact, read_contact, contact_clear, each, ctx,
                    err);
}

enum found store_notice_about(struct store_view *view, int64_t account_id, int64_t about_id,
                              int64_t *out_notice_id, struct err *err)
{
    return sql_number(view->sql,
                      "SELECT notice_id FROM contact WHERE about_id = ? AND account_id = ?"
                      " AND state = ? AND wish = ? AND notice_id IS NOT NULL"
                      " ORDER BY notice_id DESC LIMIT 1",
                      with(as_number(about_id), as_number(account_id), as_number(CONTACT_ASKED),
                           as_number(WISH_ANSWER)),
                      out_notice_id, err);
}

bool store_contacts_of_person(struct store_view *view, int64_t person_id,
                              bool (*each)(void *ctx, const struct contact *), void *ctx,
                              struct err *err)
{
    return sql_walk(view->sql, CONTACT "WHERE c.person_id = ?", with(as_number(person_id)), contact,
                    read_contact, contact_clear, each, ctx, err);
}

bool store_contacts_in_turn(struct store_view *view, int64_t account_id, int limit,
                            bool (*each)(void *ctx, const struct contact *), void *ctx,
                            struct err *err)
{
    if (!account_id)
        return sql_walk(view->sql,
                        CONTACT "WHERE c.id IN (SELECT min(id) FROM contact"
                                " WHERE state = 1 AND inside = 1 GROUP BY account_id) LIMIT ?",
                        with(as_number(limit)), contact, read_contact, contact_clear, each, ctx,
                        err);
    return sql_walk(view->sql,
                    CONTACT "WHERE c.state = 1 AND c.inside = 1 AND c.account_id = ?"
                            " ORDER BY c.id LIMIT ?",
                    with(as_number(account_id), as_number(limit)), contact, read_contact,
                    contact_clear, each, ctx, err);
}

static void read_crowd(struct sql_rows *rows, void *out)
{
    struct crowd *crowd = out;

    crowd->account_id = take_number(rows);
    crowd->count = take_number(rows);
}

static void forget_crowd(struct crowd *crowd)
{
    *crowd = (struct crowd){0};
}

bool store_crowds(struct store_view *view, int64_t from_ms, int64_t to_ms,
                  bool (*each)(void *ctx, const struct crowd *), void *ctx, struct err *err)
{
    return sql_walk(view->sql,
                    "SELECT account_id, count(*) FROM contact WHERE state = 1 GROUP BY account_id"
                    " HAVING sum(first_ms > ? AND first_ms <= ?) > 0",
                    with(as_number(from_ms), as_number(to_ms)), crowd, read_crowd, forget_crowd,
                    each, ctx, err);
}

enum found store_notice_at(struct store_view *view, int64_t mailbox_id, uint32_t uid,
                           int64_t *out_notice_id, struct err *err)
{
    return sql_number(view->sql,
                      "SELECT p.message_id FROM entry e JOIN copy p ON p.id = e.copy_id"
                      " WHERE e.mailbox_id = ? AND e.uid = ?"
                      " AND EXISTS (SELECT 1 FROM contact WHERE notice_id = p.message_id)",
                      with(as_number(mailbox_id), as_number(uid)), out_notice_id, err);
}

static bool take_ids(struct sql_rows *rows, int64_t *out_ids, size_t *out_count, struct err *err)
{
    enum found found;

    *out_count = 0;
    while ((found = sql_next(rows, err)) == FOUND)
        out_ids[(*out_count)++] = take_number(rows);
    return found != FAILED;
}

bool store_contacts_expired(struct store_view *view, int64_t now_ms, int64_t *out_ids, size_t max,
                            size_t *out_count, struct err *err)
{
    scoped_value(sql_rows) rows = {0};

    return sql_ask(&rows, view->sql,
                   "SELECT id FROM contact WHERE expires_ms > 0 AND expires_ms <= ? LIMIT ?",
                   with(as_number(now_ms), as_number((int64_t)max)), err) &&
           take_ids(&rows, out_ids, out_count, err);
}

bool store_contacts_ignored(struct store_view *view, int64_t *out_ids, size_t max,
                            size_t *out_count, struct err *err)
{
    scoped_value(sql_rows) rows = {0};

    return sql_ask(&rows, view->sql,
                   "SELECT DISTINCT c.id FROM held h CROSS JOIN contact c ON c.id = h.contact_id"
                   " WHERE c.state = ? LIMIT ?",
                   with(as_number(CONTACT_IGNORED), as_number((int64_t)max)), err) &&
           take_ids(&rows, out_ids, out_count, err);
}

bool store_held_of(struct store_view *view, int64_t contact_id, int64_t *out_count, struct err *err)
{
    return sql_count(view->sql,
                     "SELECT count(*) FROM held h JOIN contact c ON c.id = h.contact_id"
                     " WHERE h.contact_id = ? AND c.state <> ?",
                     with(as_number(contact_id), as_number(CONTACT_IGNORED)), out_count, err);
}

bool store_held_bytes(struct store_view *view, int64_t account_id, int64_t *out, struct err *err)
{
    return sql_count(view->sql,
                     "SELECT coalesce(sum(p.size), 0) FROM contact c"
                     " JOIN held h ON h.contact_id = c.id JOIN copy p ON p.id = h.copy_id"
                     " WHERE c.account_id = ?",
                     with(as_number(account_id)), out, err);
}

bool store_expecting(struct store_view *view, int64_t account_id, int64_t *out_until_ms,
                     struct err *err)
{
    return sql_count(view->sql,
                     "SELECT coalesce(max(until_ms), 0) FROM expecting WHERE account_id = ?",
                     with(as_number(account_id)), out_until_ms, err);
}

/* ---- writing ---- */
static struct sql_value as_envelope(const struct contact *contact)
{
    static const unsigned char none[sizeof contact->envelope];

    if (memcmp(contact->envelope, none, sizeof none) == 0)
        return as_text(NULL);
    return as_blob((struct slice){(const char *)contact->envelope, sizeof contact->envelope});
}

static bool insert(struct store_tx *tx, const struct contact *contact, int64_t *out_id,
                   struct err *err)
{
    return sql_insert(
        tx->sql,
        "INSERT INTO contact (account_id, person_id, domain, evidence, state, origin, notice_id,"
        " words, tries, held, first_ms, last_ms, decided_ms, arrived_ms, expires_ms, wish, inside,"
        " about_id, envelope) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        with(as_number(contact->account_id), as_id(contact->person_id), as_text(contact->domain),
             as_number(contact->evidence), as_number(contact->state), as_number(contact->origin),
             as_id(contact->notice_id), as_secret(contact->words), as_number(contact->tries),
             as_number(contact->held), as_number(contact->first_ms), as_number(contact->last_ms),
             as_number(contact->decided_ms), as_number(contact->arrived_ms),
             as_number(contact->expires_ms), as_number(contact->wish), as_number(contact->inside),
             as_id(contact->about_id), as_envelope(contact)),
        out_id, err);
}

static bool update(struct store_tx *tx, const struct contact *contact, struct err *err)
{
    return sql_change(
        tx->sql,
        "UPDATE contact SET state = ?, origin = ?, notice_id = ?, words = ?,"
        " tries = ?, held = ?, first_ms = ?, last_ms = ?, decided_ms = ?, arrived_ms = ?,"
        " expires_ms = ?, wish = ?, inside = ?, about_id = ?, envelope = ? WHERE id = ?",
        with(as_number(contact->state), as_number(contact->origin), as_id(contact->notice_id),
             as_secret(contact->words), as_number(contact->tries), as_number(contact->held),
             as_number(contact->first_ms), as_number(contact->last_ms),
             as_number(contact->decided_ms), as_number(contact->arrived_ms),
             as_number(contact->expires_ms), as_number(contact->wish), as_number(contact->inside),
             as_id(contact->about_id), as_envelope(contact), as_number(contact->id)),
        "No such contact", err);
}

bool store_put_contact(struct store_tx *tx, const struct contact *contact, int64_t *out_id,
                       struct err *err)
{
    bool is_news;

    store_note(tx, TOPIC_ACCOUNT, contact->account_id);
    *out_id = contact->id;
    if (!store_contact_is_news(tx, contact, &is_news, err))
        return false;
    bool put = contact->id ? update(tx, contact, err) : insert(tx, contact, out_id, err);
    if (is_news && contact->state == CONTACT_ASKED)
        store_note(tx, TOPIC_PUSH, 0);
    return put && (!is_news || store_number_contact(tx, contact->account_id, *out_id, err));
}

bool store_forget_contact(struct store_tx *tx, const struct contact *contact, struct err *err)
{
    store_note(tx, TOPIC_ACCOUNT, contact->account_id);
    return store_drop_held(tx, contact->id, err) &&
           sql_run(tx->sql, "DELETE FROM contact WHERE id = ?", with(as_number(contact->id)),
                   err) &&
           store_forget_portrait(tx, contact->person_id, err) &&
           (!contact->person_id || store_forget_person(tx, contact->person_id, err));
}

bool store_set_expecting(struct store_tx *tx, int64_t account_id, int64_t until_ms, struct err *err)
{
    return sql_run(tx->sql,
                   "INSERT INTO expecting (account_id, until_ms) VALUES (?1, ?2)"
                   " ON CONFLICT (account_id) DO UPDATE SET until_ms = ?2",
                   with(as_number(account_id), as_number(until_ms)), err);
}
