/*
 * People elsewhere with whom nobody here has anything to do.  Whoever signs a request has us read an actor, and can have
 * as many actors as they please: so there is a limit, and beyond it such people are forgotten, the oldest first.
 *
 * Each LOOK_EVERYth new one looks at WINDOW more rows, from where the last look ended: more may go than come, in short
 * transactions, and however many are needed.  Who was fetched a moment ago may be about to say something.
 */
#include "store_people.h"
#include "store_private.h"

enum { LOOK_EVERY = 256, WINDOW = 512, NEW_ROWS = 1024 };

/* Of rows ?1 to ?2, those fetched before ?3. */
#define NEEDLESS                                                                                   \
    "SELECT id FROM person p WHERE p.id > ?1 AND p.id <= ?2 AND p.kind = 3 AND p.fetched_ms < ?3"  \
    " AND NOT EXISTS (SELECT 1 FROM follow WHERE follower_id = p.id)"                              \
    " AND NOT EXISTS (SELECT 1 FROM follow WHERE followed_id = p.id)"                              \
    " AND NOT EXISTS (SELECT 1 FROM token WHERE person_id = p.id)"                                 \
    " AND NOT EXISTS (SELECT 1 FROM delivery WHERE person_id = p.id)"                              \
    " AND NOT EXISTS (SELECT 1 FROM message WHERE author_id = p.id)"                               \
    " AND NOT EXISTS (SELECT 1 FROM audience WHERE person_id = p.id)"                              \
    " AND NOT EXISTS (SELECT 1 FROM reaction WHERE person_id = p.id)"                              \
    " AND NOT EXISTS (SELECT 1 FROM contact WHERE person_id = p.id)"                               \
    " AND NOT EXISTS (SELECT 1 FROM portrait WHERE person_id = p.id)"                              \
    " AND NOT EXISTS (SELECT 1 FROM move WHERE person_id = p.id)"                                  \
    " AND NOT EXISTS (SELECT 1 FROM move WHERE to_id = p.id)"
_Static_assert(PERSON_FEDIVERSE == 3, "NEEDLESS");

/* The last row of the window behind the cursor; that begins anew at the end. */
static bool find_window(struct store_tx *tx, int64_t last_id, int64_t *out_end, struct err *err)
{
    struct store *store = tx->store;
    enum found found = sql_number(
        tx->sql,
        "SELECT id FROM person WHERE id > ?1 AND id < ?2 ORDER BY id"
        " LIMIT 1 OFFSET ?3",
        with(as_number(store->strangers_at), as_number(last_id - NEW_ROWS), as_number(WINDOW - 1)),
        out_end, err);

    if (found == ABSENT)
        *out_end = last_id - NEW_ROWS;
    return found != FAILED;
}

bool store_forget_strangers(struct store_tx *tx, int64_t new_id, struct err *err)
{
    struct store *store = tx->store;
    int64_t count = 0, end = 0;

    if (new_id % LOOK_EVERY != 0)
        return true;
    if (!sql_count(tx->sql, "SELECT count(*) FROM person", NULL, &count, err))
        return false;
    if (count <= store->people_max)
        return true;
    if (!find_window(tx, new_id, &end, err))
        return false;
    const struct sql_value *window =
        with(as_number(store->strangers_at), as_number(end), as_number(tx_now(tx) - HOUR_MS));
    store->strangers_at = end < new_id - NEW_ROWS ? end : 0;
    return sql_run(tx->sql, "DELETE FROM person_key WHERE person_id IN (" NEEDLESS ")", window,
                   err) &&
           sql_run(tx->sql, "DELETE FROM person WHERE id IN (" NEEDLESS ")", window, err);
}
