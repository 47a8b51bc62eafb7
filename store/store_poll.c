/* Polls of others, and the votes of accounts here. */
#include "store_poll.h"

#include "store_private.h"
#include "store_write.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(REACTION_VOTE == 3 && REACTION_VOTE + POLL_CHOICES_MAX - 1 == 22,
               "the CHECK of reaction.kind");

void poll_clear(struct poll *poll)
{
    for (int i = 0; i < poll->choice_count; i++)
        free(poll->choices[i]);
    *poll = (struct poll){0};
}

static void read_poll(struct sql_rows *rows, void *out)
{
    struct poll *poll = out;

    poll->message_id = take_number(rows);
    poll->many = take_bool(rows);
    poll->closes_ms = take_number(rows);
    poll->told = take_bool(rows);
}

static bool read_choices(struct store_view *view, struct poll *poll, struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    enum found found = FAILED;
    bool more = sql_ask(&rows, view->sql,
                        "SELECT name FROM poll_choice WHERE message_id = ? ORDER BY number",
                        with(as_number(poll->message_id)), err);

    while (more && (found = sql_next(&rows, err)) == FOUND) {
        poll->choices[poll->choice_count++] = take_secret(&rows);
        more = poll->choice_count < POLL_CHOICES_MAX;
    }
    return found != FAILED;
}

enum found store_poll(struct store_view *view, int64_t message_id, struct poll *out,
                      struct err *err)
{
    scoped_value(poll) poll = {0};
    enum found found = sql_find(
        view->sql, "SELECT message_id, many, closes_ms, told FROM poll WHERE message_id = ?",
        with(as_number(message_id)), read_poll, &poll, err);

    if (found != FOUND)
        return found;
    if (!read_choices(view, &poll, err))
        return FAILED;
    *out = poll;
    poll = (struct poll){0};
    return FOUND;
}

bool store_votes(struct store_view *view, int64_t message_id, int64_t person_id, unsigned *out,
                 struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    enum found found = FAILED;
    bool more = sql_ask(&rows, view->sql,
                        "SELECT kind FROM reaction WHERE message_id = ? AND kind BETWEEN 3 AND 22"
                        " AND person_id = ? AND version % 2 = 1",
                        with(as_number(message_id), as_number(person_id)), err);

    *out = 0;
    while (more && (found = sql_next(&rows, err)) == FOUND)
        *out |= 1U << vote_choice((enum reaction)take_int(&rows));
    return found != FAILED;
}

static void read_voter(struct sql_rows *rows, void *out)
{
    struct voter *voter = out;

    voter->person_id = take_number(rows);
}

static void voter_clear(struct voter *voter)
{
    *voter = (struct voter){0};
}

bool store_voters(struct store_view *view, int64_t message_id, int limit,
                  bool (*each)(void *ctx, const struct voter *), void *ctx, struct err *err)
{
    return sql_walk(view->sql,
                    "SELECT DISTINCT person_id FROM reaction WHERE message_id = ?"
                    " AND kind BETWEEN 3 AND 22 AND version % 2 = 1 LIMIT ?",
                    with(as_number(message_id), as_number(limit)), voter, read_voter, voter_clear,
                    each, ctx, err);
}

/* ---- writing ---- */
static bool same_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static bool same_choices(const struct poll *a, const struct poll *b)
{
    bool same = a->choice_count == b->choice_count && a->many == b->many;

    for (int i = 0; same && i < a->choice_count; i++)
        same = same_text(a->choices[i], b->choices[i]);
    return same;
}

bool store_forget_poll(struct store_tx *tx, int64_t message_id, struct err *err)
{
    const struct sql_value *of = with(as_number(message_id));

    return sql_run(tx->sql, "DELETE FROM poll_choice WHERE message_id = ?", of, err) &&
           sql_run(tx->sql, "DELETE FROM poll WHERE message_id = ?", of, err);
}

static bool add_poll(struct store_tx *tx, const struct poll *poll, struct err *err)
{
    if (!sql_run(
            tx->sql, "INSERT INTO poll (message_id, many, closes_ms, told) VALUES (?, ?, ?, 0)",
            with(as_number(poll->message_id), as_number(poll->many), as_number(poll->closes_ms)),
            err))
        return false;
    for (int i = 0; i < poll->choice_count; i++)
        if (!sql_run(
                tx->sql, "INSERT INTO poll_choice (message_id, number, name) VALUES (?, ?, ?)",
                with(as_number(poll->message_id), as_number(i + 1), as_secret(poll->choices[i])),
                err))
            return false;
    return true;
}

bool store_forget_vote(struct store_tx *tx, int64_t id, struct err *err)
{
    return store_deliveries_end(tx,
                                "SELECT id FROM delivery WHERE subject = 6 AND subject_id = ?"
                                " AND id > ? ORDER BY id LIMIT 1",
                                id, err) &&
           sql_run(tx->sql, "DELETE FROM reaction WHERE id = ? AND kind BETWEEN 3 AND 22",
                   with(as_number(id)), err);
}

static bool forget_votes(struct store_tx *tx, const char *next, int64_t of_id, struct err *err)
{
    int64_t id;
    enum found found;

    while ((found = sql_number(tx->sql, next, with(as_number(of_id)), &id, err)) == FOUND)
        if (!store_forget_vote(tx, id, err))
            return false;
    return found == ABSENT;
}

bool store_forget_votes_of(struct store_tx *tx, int64_t person_id, struct err *err)
{
    return forget_votes(tx,
                        "SELECT id FROM reaction WHERE person_id = ? AND kind BETWEEN 3 AND 22"
                        " LIMIT 1",
                        person_id, err);
}

bool store_put_poll(struct store_tx *tx, const struct poll *poll, struct err *err)
{
    scoped_value(poll) known = {0};
    enum found found = store_poll(store_tx_view(tx), poll->message_id, &known, err);

    if (found == FAILED)
        return false;
    if (found == FOUND && same_choices(&known, poll))
        return sql_run(tx->sql,
                       "UPDATE poll SET closes_ms = ?1, told = told AND closes_ms >= ?1"
                       " WHERE message_id = ?2",
                       with(as_number(poll->closes_ms), as_number(poll->message_id)), err);
    if (!forget_votes(tx,
                      "SELECT id FROM reaction WHERE message_id = ? AND kind BETWEEN 3 AND 22"
                      " LIMIT 1",
                      poll->message_id, err) ||
        !store_forget_poll(tx, poll->message_id, err))
        return false;
    return poll->choice_count == 0 || add_poll(tx, poll, err);
}

bool store_poll_told(struct store_tx *tx, int64_t message_id, struct err *err)
{
    return sql_run(tx->sql, "UPDATE poll SET told = 1 WHERE message_id = ?",
                   with(as_number(message_id)), err);
}
