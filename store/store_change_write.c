/*
 * Deliveries: a new version of what many have, or its withdrawal.
 *
 * Each slice is a transaction of its own, by place; the first is part of the change itself, so what few have is changed
 * at once.  Until a slice comes to a row, whoever delivers it reads the state of the message and says nothing that is no
 * longer true.
 */
#include "store_private.h"
#include "store_write.h"

enum { SLICE_ROWS = 500 };

struct change {
    int64_t subject, subject_id;
    int64_t version; /* 0: withdrawn */
    int64_t due_ms;
    int64_t target, place; /* rows up to here are changed */
};
struct slice_end { /* and this far it goes now */
    int64_t target, place;
    bool last;
};
#define OF_SLICE(subject, first)                                                                   \
    " subject = " subject " AND (target, place) > (" first                                         \
    ", ?) AND (target, place) <= (?, ?) AND withdrawn_ms IS NULL "

static enum found find_end(struct store_tx *tx, const struct change *change, struct slice_end *out,
                           struct err *err)
{
    scoped_value(sql_rows) rows = {0};

    *out = (struct slice_end){.target = INT64_MAX, .place = INT64_MAX, .last = true};
    if (!sql_ask(&rows, tx->sql,
                 "SELECT target, place FROM delivery WHERE subject = ? AND subject_id = ?"
                 " AND (target, place) > (?, ?) ORDER BY target, place LIMIT 1 OFFSET ?",
                 with(as_number(change->subject), as_number(change->subject_id),
                      as_number(change->target), as_number(change->place),
                      as_number(SLICE_ROWS - 1)),
                 err))
        return FAILED;
    enum found found = sql_next(&rows, err);
    if (found != FOUND)
        return found;
    out->target = take_number(&rows);
    out->place = take_number(&rows);
    out->last = false;
    return FOUND;
}

static bool raise_version(struct store_tx *tx, const struct change *change,
                          const struct slice_end *end, struct err *err)
{
    return sql_run(tx->sql,
                   "UPDATE delivery SET wanted = ?1, delivered = " HEARD_PERHAPS
                   ", tries = " TRIES_ANEW ", tell = 0, due_ms = ?2,"
                   " first_ms = CASE WHEN due_ms IS NULL THEN ?3 ELSE first_ms END"
                   " WHERE wanted < ?1 AND subject_id = ?4 AND" OF_SLICE("?5", "?6"),
                   with(as_number(change->version), as_number(change->due_ms),
                        as_number(tx_now(tx)), as_number(change->subject_id),
                        as_number(change->subject), as_number(change->target),
                        as_number(change->place), as_number(end->target), as_number(end->place)),
                   err);
}

/* Mails not yet sent, and what no client can have seen: never due. */
static bool end_unsaid(struct store_tx *tx, const struct change *change,
                       const struct slice_end *end, struct err *err)
{
    int64_t id = 0;
    enum found found;

    while (
        (found = sql_number(
             tx->sql,
             "SELECT id FROM delivery WHERE delivered = 0 AND subject_id = ?1"
             " AND (target = 3 OR (tries = 0 AND due_ms > ?2)) AND" OF_SLICE("?3", "?4") "LIMIT 1",
             with(as_number(change->subject_id), as_number(tx_now(tx)), as_number(change->subject),
                  as_number(change->target), as_number(change->place), as_number(end->target),
                  as_number(end->place)),
             &id, err)) == FOUND)
        if (!store_delivery_end(tx, id, err))
            return false;
    return found == ABSENT;
}

static bool withdraw(struct store_tx *tx, const struct change *change, const struct slice_end *end,
                     struct err *err)
{
    return end_unsaid(tx, change, end, err) &&
           sql_run(tx->sql,
                   "UPDATE delivery SET withdrawn_ms = ?1, wanted = wanted + 1, first_ms = ?1,"
                   " tries = " TRIES_ANEW ", tell = 0,"
                   " due_ms = CASE WHEN delivered > 0 OR tries > 0 THEN ?2 END"
                   " WHERE subject_id = ?3 AND" OF_SLICE("?4", "?5"),
                   with(as_number(tx_now(tx)), as_number(change->due_ms),
                        as_number(change->subject_id), as_number(change->subject),
                        as_number(change->target), as_number(change->place), as_number(end->target),
                        as_number(end->place)),
                   err);
}

/* A later version takes the place of one under way, and a withdrawal that of any. */
static bool remember(struct store_tx *tx, const struct change *change, struct err *err)
{
    return sql_run(
        tx->sql,
        "INSERT INTO delivery_change (subject, subject_id, version, due_ms, at_target,"
        " at_place) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (subject, subject_id) DO UPDATE"
        " SET version = excluded.version, due_ms = excluded.due_ms,"
        " at_target = excluded.at_target, at_place = excluded.at_place"
        " WHERE excluded.version = 0 OR version > 0",
        with(as_number(change->subject), as_number(change->subject_id), as_number(change->version),
             as_number(change->due_ms), as_number(change->target), as_number(change->place)),
        err);
}

static bool forget(struct store_tx *tx, const struct change *change, struct err *err)
{
    return sql_run(
        tx->sql,
        "DELETE FROM delivery_change WHERE subject = ? AND subject_id = ?"
        " AND (version = ?3 OR ?3 = 0)",
        with(as_number(change->subject), as_number(change->subject_id), as_number(change->version)),
        err);
}

/* Moves on by a slice. */
static bool go_on(struct store_tx *tx, struct change *change, struct err *err)
{
    struct slice_end end;

    if (find_end(tx, change, &end, err) == FAILED ||
        !(change->version ? raise_version : withdraw)(tx, change, &end, err))
        return false;
    store_note(tx, TOPIC_DELIVERIES, 0);
    change->target = end.target;
    change->place = end.place;
    return end.last ? forget(tx, change, err) : remember(tx, change, err);
}

bool store_want_version(struct store_tx *tx, enum delivery_subject subject, int64_t subject_id,
                        int version, int64_t due_ms, struct err *err)
{
    struct change change = {.subject = subject, .subject_id = subject_id, .version = version};

    change.due_ms = due_ms ? due_ms : tx_now(tx);
    return go_on(tx, &change, err);
}

bool store_want_withdrawn(struct store_tx *tx, enum delivery_subject subject, int64_t subject_id,
                          int64_t due_ms, struct err *err)
{
    struct change change = {.subject = subject, .subject_id = subject_id};

    change.due_ms = due_ms ? due_ms : tx_now(tx);
    return go_on(tx, &change, err);
}

/* ---- the slices behind the first ---- */
static void read_change(struct sql_rows *rows, void *out)
{
    struct change *change = out;

    change->subject = take_number(rows);
    change->subject_id = take_number(rows);
    change->version = take_number(rows);
    change->due_ms = take_number(rows);
    change->target = take_number(rows);
    change->place = take_number(rows);
}

bool store_changes_wait(struct store_view *view, bool *out, struct err *err)
{
    int64_t any = 0;

    if (!sql_count(view->sql, "SELECT EXISTS (SELECT 1 FROM delivery_change)", NULL, &any, err))
        return false;
    *out = any;
    return true;
}

bool store_change_go_on(struct store_tx *tx, struct err *err)
{
    struct change change;
    enum found found = sql_find(tx->sql,
                                "SELECT subject, subject_id, version, due_ms, at_target, at_place"
                                " FROM delivery_change LIMIT 1",
                                NULL, read_change, &change, err);

    return found == FOUND ? go_on(tx, &change, err) : found == ABSENT;
}
