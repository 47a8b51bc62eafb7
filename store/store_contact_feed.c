/* The numbers of what changed, so that a device that was away hears of it (docs/contact-events.md). */
#include "store_private.h"
#include "store_write.h"

struct before {
    int64_t state, arrived_ms;
};

static void read_before(struct sql_rows *rows, void *out)
{
    struct before *before = out;

    before->state = take_number(rows);
    before->arrived_ms = take_number(rows);
}

bool store_contact_is_news(struct store_tx *tx, const struct contact *contact, bool *out,
                           struct err *err)
{
    struct before before = {0};
    enum found found = FOUND;

    if (contact->id)
        found = sql_find(tx->sql, "SELECT state, arrived_ms FROM contact WHERE id = ?",
                         with(as_number(contact->id)), read_before, &before, err);
    *out = contact->state > CONTACT_TURN &&
           (before.state != (int64_t)contact->state || before.arrived_ms != contact->arrived_ms);
    return found != FAILED;
}

bool store_number_contact(struct store_tx *tx, int64_t account_id, int64_t id, struct err *err)
{
    int64_t event = 0;
    enum found found =
        sql_number(tx->sql,
                   "INSERT INTO contact_feed (account_id, event) VALUES (?, 1)"
                   " ON CONFLICT (account_id) DO UPDATE SET event = event + 1 RETURNING event",
                   with(as_number(account_id)), &event, err);

    return found == FOUND && sql_run(tx->sql, "UPDATE contact SET event = ? WHERE id = ?",
                                     with(as_number(event), as_number(id)), err);
}

bool store_contact_newest(struct store_view *view, int64_t account_id, int64_t *out,
                          struct err *err)
{
    return sql_count(view->sql,
                     "SELECT coalesce(max(event), 0) FROM contact_feed WHERE account_id = ?",
                     with(as_number(account_id)), out, err);
}

bool store_contact_events(struct store_view *view, int64_t account_id, int64_t after, int limit,
                          contact_event_teller *each, void *ctx, struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    enum found found = FAILED;

    if (!sql_ask(&rows, view->sql,
                 "SELECT event, id FROM contact WHERE account_id = ? AND event > ? AND event > 0"
                 " ORDER BY event LIMIT ?",
                 with(as_number(account_id), as_number(after), as_number(limit)), err))
        return false;
    while ((found = sql_next(&rows, err)) == FOUND) {
        scoped_value(contact) contact = {0};
        scoped_value(person) person = {0};
        int64_t event = take_number(&rows), id = take_number(&rows);
        if (store_contact(view, id, &contact, err) != FOUND ||
            (contact.person_id && store_person(view, contact.person_id, &person, err) != FOUND))
            return false;
        each(ctx, event, &contact, &person);
    }
    return found != FAILED;
}
