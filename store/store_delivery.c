/* Deliveries, broadcasts and held messages: reading. */
#include "store_delivery.h"
#include "store_private.h"

/* Its domain's host, or the smarthost. */
#define ITS_WAY(row) "IN (" row ".host, '" MAIL_HOST_OF_ALL "')"
#define DELIVERY                                                                                   \
    "SELECT d.id, d.subject, d.subject_id, d.account_id, d.target, i.url, d.person_id, d.host, "   \
    "d.wanted,"                                                                                    \
    " d.delivered, d.withdrawn_ms IS NOT NULL, d.tries, d.due_ms, d.first_ms, d.last_reply, "      \
    "d.body_id,"                                                                                   \
    " d.mail_from, d.rcpt_to, d.notify, d.dsn_return, d.envid, d.orcpt, d.require_tls, d.tell, "   \
    "d.cipher,"                                                                                    \
    " h.next_ms, h.last_reply FROM delivery d LEFT JOIN inbox i ON i.id = d.inbox_id"              \
    " LEFT JOIN mail_host h ON h.name = CASE d.target WHEN 3 THEN (SELECT name FROM mail_host"     \
    " WHERE name " ITS_WAY("d") " ORDER BY next_ms DESC LIMIT 1) END "
/* The hosts that are left out, ?4 and on: as many as there can be.  What none has stands for no host. */
#define EIGHT "(?), (?), (?), (?), (?), (?), (?), (?)"
#define LEFT_OUT                                                                                   \
    "WITH left_out (host) AS (VALUES (?4), (?), (?), (?), (?), (?), (?), (?), " EIGHT ", " EIGHT   \
    ", " EIGHT ", " EIGHT ", " EIGHT ", " EIGHT ", " EIGHT ") "
#define NO_HOST "\n"
_Static_assert(CLAIMS_FULL_HOSTS == 64, "LEFT_OUT has a place for each");
/* The earliest of each target.  The index delivery_due alone is walked, which has the hosts too. */
#define EARLIEST(target, unless)                                                                   \
    "SELECT id, due_ms, host FROM (SELECT id, due_ms, host FROM delivery WHERE target = " #target  \
    " AND (?1 >> " #target ") & 1 AND due_ms <= ?2 AND coalesce(host, '') NOT IN"                  \
    " (SELECT host FROM left_out) " unless " ORDER BY due_ms, id LIMIT ?3)"
#define RESTS                                                                                      \
    "AND NOT EXISTS (SELECT 1 FROM mail_host WHERE name " ITS_WAY("delivery") " AND next_ms > ?2)"
#define NEXT_DUE(target)                                                                           \
    "SELECT min(due_ms) AS due FROM delivery WHERE target = " #target " AND (?1 >> " #target       \
    ") & 1 AND due_ms > ?2"
#define NEXT_HOST                                                                                  \
    " UNION ALL SELECT min(next_ms) FROM mail_host WHERE (?1 >> 3) & 1 AND next_ms > ?2"

void delivery_clear(struct delivery *delivery)
{
    free(delivery->inbox);
    free(delivery->host);
    free(delivery->last_reply);
    free(delivery->mail_from);
    free(delivery->rcpt_to);
    mail_terms_clear(&delivery->terms);
    recipient_terms_clear(&delivery->wish);
    free(delivery->host_reply);
    *delivery = (struct delivery){0};
}

static void read_delivery(struct sql_rows *rows, void *out)
{
    struct delivery *delivery = out;

    delivery->id = take_number(rows);
    delivery->subject = (enum delivery_subject)take_int(rows);
    delivery->subject_id = take_number(rows);
    delivery->account_id = take_number(rows);
    delivery->target = (enum delivery_target)take_int(rows);
    delivery->inbox = take_text(rows);
    delivery->person_id = take_number(rows);
    delivery->host = take_text(rows);
    delivery->wanted = take_int(rows);
    delivery->delivered = take_int(rows);
    delivery->withdrawn = take_bool(rows);
    delivery->tries = take_int(rows);
    delivery->due_ms = take_number(rows);
    delivery->first_ms = take_number(rows);
    delivery->last_reply = take_secret(rows);
    delivery->body_id = take_number(rows);
    delivery->mail_from = take_text(rows);
    delivery->rcpt_to = take_text(rows);
    delivery->wish = (struct recipient_terms){.notify = (unsigned)take_int(rows)};
    delivery->terms = (struct mail_terms){.dsn_return = (enum dsn_return)take_int(rows)};
    delivery->terms.envid = take_text(rows);
    delivery->wish.orcpt = take_text(rows);
    delivery->terms.require_tls = take_bool(rows);
    delivery->tell = (enum delivery_tell)take_int(rows);
    delivery->cipher = (enum cipher)take_int(rows);
    delivery->host_next_ms = take_number(rows);
    delivery->host_reply = take_text(rows);
}

enum found store_delivery(struct store_view *view, int64_t id, struct delivery *out,
                          struct err *err)
{
    return sql_find(view->sql, DELIVERY "WHERE d.id = ?", with(as_number(id)), read_delivery, out,
                    err);
}

bool store_deliveries_open(struct store_view *view, int64_t body_id,
                           bool (*each)(void *ctx, struct delivery *), void *ctx, struct err *err)
{
    return sql_walk(view->sql, DELIVERY "WHERE d.body_id = ? AND d.cipher = ? ORDER BY d.id",
                    with(as_number(body_id), as_number(CIPHER_OPEN)), delivery, read_delivery,
                    delivery_clear, each, ctx, err);
}

static int compare_ids(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static bool is_held(const struct claims_held *held, int64_t id)
{
    return held->id_count &&
           bsearch(&id, held->ids, held->id_count, sizeof *held->ids, compare_ids);
}

bool store_deliveries_due(struct store_view *view, unsigned targets, int64_t now_ms,
                          const struct claims_held *held, int limit,
                          bool (*each)(void *ctx, const struct due_row *), void *ctx,
                          struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    int64_t enough = (int64_t)limit + (int64_t)held->id_count;
    struct sql_value values[3 + CLAIMS_FULL_HOSTS + 1] = {as_number(targets), as_number(now_ms),
                                                          as_number(enough)};
    enum found found = FOUND;

    for (size_t i = 0; i < CLAIMS_FULL_HOSTS; i++)
        values[3 + i] = as_text(i < held->host_count ? held->hosts[i] : NO_HOST);
    values[3 + CLAIMS_FULL_HOSTS] = as_end();
    if (!sql_ask(&rows, view->sql,
                 LEFT_OUT "SELECT id, host FROM (" EARLIEST(1, "") " UNION ALL " EARLIEST(
                     2, "") " UNION ALL " EARLIEST(3, RESTS) ") ORDER BY due_ms, id LIMIT ?3",
                 values, err))
        return false;
    while (limit > 0 && (found = sql_next(&rows, err)) == FOUND) {
        int64_t id = take_number(&rows);
        if (is_held(held, id))
            continue;
        limit--;
        scoped_text char *host = take_text(&rows);
        const struct due_row row = {.id = id, .host = host ? host : ""};
        if (!each(ctx, &row))
            return true;
    }
    return found != FAILED;
}

bool store_delivery_next_due(struct store_view *view, unsigned targets, int64_t after_ms,
                             int64_t *out_ms, struct err *err)
{
    return sql_count(view->sql,
                     "SELECT coalesce(min(due), 9223372036854775807) FROM (" NEXT_DUE(
                         1) " UNION ALL " NEXT_DUE(2) " UNION ALL " NEXT_DUE(3) NEXT_HOST ")",
                     with(as_number(targets), as_number(after_ms)), out_ms, err);
}

bool store_queue(struct store_view *view, int64_t after, int limit,
                 bool (*each)(void *ctx, const struct delivery *), void *ctx, struct err *err)
{
    return sql_walk(view->sql,
                    DELIVERY "WHERE d.due_ms IS NOT NULL AND d.id > ? ORDER BY d.id LIMIT ?",
                    with(as_number(after), as_number(limit)), delivery, read_delivery,
                    delivery_clear, each, ctx, err);
}

bool store_queue_count(struct store_view *view, int64_t *out, struct err *err)
{
    return sql_count(view->sql, "SELECT count(*) FROM delivery WHERE due_ms IS NOT NULL", NULL, out,
                     err);
}

bool store_held_due(struct store_view *view, int64_t now_ms, int64_t *out_ids, size_t max,
                    size_t *out_count, int64_t *out_next_ms, struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    size_t count = 0;
    enum found found;

    *out_next_ms = INT64_MAX;
    if (!sql_ask(&rows, view->sql,
                 "SELECT id, release_ms FROM message WHERE state = 1 AND release_ms > 0"
                 " ORDER BY release_ms, id LIMIT ?",
                 with(as_number((int64_t)max + 1)), err))
        return false;
    while ((found = sql_next(&rows, err)) == FOUND) {
        int64_t id = take_number(&rows), release_ms = take_number(&rows);
        if (release_ms > now_ms || count == max) {
            *out_next_ms = release_ms;
            break;
        }
        out_ids[count++] = id;
    }
    *out_count = count;
    return found != FAILED;
}

bool store_profile_version(struct store_view *view, int64_t account_id, int64_t now_ms, int *out,
                           struct err *err)
{
    int64_t version;

    if (!sql_count(
            view->sql,
            "SELECT max(coalesce(max(wanted), 0) + 1, ?) FROM delivery"
            " WHERE subject = ? AND subject_id = ?",
            with(as_number(now_ms / SECOND_MS), as_number(SUBJECT_ACTOR), as_number(account_id)),
            &version, err))
        return false;
    *out = (int)version;
    return true;
}

static void read_broadcast(struct sql_rows *rows, void *out)
{
    struct broadcast *broadcast = out;

    broadcast->id = take_number(rows);
    broadcast->message_id = take_number(rows);
    broadcast->account_id = take_number(rows);
    broadcast->reaction_id = take_number(rows);
    broadcast->cursor = take_number(rows);
    broadcast->tries = take_int(rows);
    broadcast->due_ms = take_number(rows);
}

enum found store_broadcast_next(struct store_view *view, struct broadcast *out, struct err *err)
{
    return sql_find(
        view->sql,
        "SELECT id, message_id, account_id, reaction_id, cursor, tries, due_ms FROM broadcast"
        " ORDER BY due_ms, id LIMIT 1",
        NULL, read_broadcast, out, err);
}
