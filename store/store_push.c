/* Devices that are told of contact requests by Web Push. */
#include "store_push.h"

#include "store_contact.h"
#include "store_private.h"
#include "store_write.h"
#include "text.h"

#include <string.h>

#define COLUMNS "id, account_id, endpoint, point, auth, event, tries, due_ms"

void push_clear(struct push *push)
{
    free(push->endpoint);
    *push = (struct push){0};
}

static bool read_octets(struct slice octets, unsigned char *into, size_t len)
{
    if (octets.len != len)
        return false;
    memcpy(into, octets.at, len);
    return true;
}

static void read_push(struct sql_rows *rows, void *out)
{
    struct push *push = out;
    scoped_value(bytes) auth = {0};

    *push = (struct push){.id = take_number(rows)};
    push->account_id = take_number(rows);
    push->endpoint = take_secret(rows);
    scoped_value(bytes) point = take_bytes(rows);
    scoped_text char *auth_text = take_secret(rows);
    push->damaged = !read_octets(bytes_slice(&point), push->point, sizeof push->point) ||
                    !auth_text || !base64_read(slice_of(auth_text), &auth) ||
                    !read_octets(bytes_slice(&auth), push->auth, sizeof push->auth);
    push->event = take_number(rows);
    push->tries = take_number(rows);
    push->due_ms = take_number(rows);
}

struct looking {
    const struct pushes *but;
    struct push *first;
};

static bool is_one_of(const struct pushes *pushes, int64_t id)
{
    for (size_t i = 0; i < pushes->count; i++)
        if (pushes->ids[i] == id)
            return true;
    return false;
}

/* The first whose address can be read: of another server key, one is as if it had never registered. */
static bool keep_first(void *ctx, struct push *push)
{
    const struct looking *looking = ctx;

    if (!push->endpoint || is_one_of(looking->but, push->id))
        return true;
    *looking->first = *push;
    push->endpoint = NULL;
    return false;
}

enum found store_push_next(struct store_view *view, int64_t now_ms, const struct pushes *but,
                           struct push *out, int64_t *out_next_ms, struct err *err)
{
    struct looking looking = {but, out};

    *out = (struct push){0};
    *out_next_ms = 0;
    if (!sql_walk(view->sql,
                  "SELECT " COLUMNS " FROM push p"
                  " WHERE EXISTS (SELECT 1 FROM contact c WHERE c.account_id = p.account_id"
                  " AND c.event > p.event AND c.event > 0 AND c.state = ?)"
                  " ORDER BY due_ms, id",
                  with(as_number(CONTACT_ASKED)), push, read_push, push_clear, keep_first, &looking,
                  err))
        return FAILED;
    *out_next_ms = out->due_ms;
    if (!out->endpoint)
        return ABSENT;
    if (out->due_ms <= now_ms)
        return FOUND;
    push_clear(out);
    return ABSENT;
}

bool store_push_count(struct store_view *view, int64_t account_id, int64_t *out, struct err *err)
{
    return sql_count(view->sql, "SELECT count(*) FROM push WHERE account_id = ?",
                     with(as_number(account_id)), out, err);
}

/* ---- by endpoint ---- */
struct finding {
    const char *endpoint;
    int64_t id; /* 0: no such device */
};

static bool is_it(void *ctx, struct push *push)
{
    struct finding *finding = ctx;

    if (push->endpoint && strcmp(push->endpoint, finding->endpoint) == 0)
        finding->id = push->id;
    return finding->id == 0;
}

/* They lie under the server key, so SQL cannot find one; an account has a handful. */
static bool end_device(struct store_tx *tx, int64_t account_id, const char *endpoint,
                       struct err *err)
{
    struct finding finding = {.endpoint = endpoint};

    return sql_walk(tx->sql, "SELECT " COLUMNS " FROM push WHERE account_id = ?",
                    with(as_number(account_id)), push, read_push, push_clear, is_it, &finding,
                    err) &&
           sql_run(tx->sql, "DELETE FROM push WHERE id = ?", with(as_number(finding.id)), err);
}

/* ---- writing ---- */
bool store_put_push(struct store_tx *tx, const struct push *push, int most, struct err *err)
{
    scoped_value(bytes) auth = {0};

    base64_add(&auth, (struct slice){(const char *)push->auth, sizeof push->auth});
    return end_device(tx, push->account_id, push->endpoint, err) &&
           sql_run(tx->sql,
                   "INSERT INTO push (account_id, endpoint, point, auth, event, tries, due_ms)"
                   " VALUES (?, ?, ?, ?, ?, 0, 0)",
                   with(as_number(push->account_id), as_secret(push->endpoint),
                        as_blob((struct slice){(const char *)push->point, sizeof push->point}),
                        as_secret(auth.at), as_number(push->event)),
                   err) &&
           sql_run(tx->sql,
                   "DELETE FROM push WHERE id IN (SELECT id FROM push WHERE account_id = ?"
                   " ORDER BY id DESC LIMIT -1 OFFSET ?)",
                   with(as_number(push->account_id), as_number(most)), err);
}

bool store_push_fares(struct store_tx *tx, const struct push *push, struct err *err)
{
    return sql_run(tx->sql, "UPDATE push SET event = ?, tries = ?, due_ms = ? WHERE id = ?",
                   with(as_number(push->event), as_number(push->tries), as_number(push->due_ms),
                        as_number(push->id)),
                   err);
}

bool store_end_push(struct store_tx *tx, int64_t account_id, const char *endpoint, struct err *err)
{
    return endpoint ? end_device(tx, account_id, endpoint, err)
                    : sql_run(tx->sql, "DELETE FROM push WHERE account_id = ?",
                              with(as_number(account_id)), err);
}
