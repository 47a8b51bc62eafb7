/* Follows: reading. */
#include "store_people.h"
#include "store_person_rows.h"
#include "store_private.h"

#define FOLLOW_COLUMNS                                                                             \
    "f.id, f.follower_id, f.followed_id, f.state, f.activity_id, f.since_ms, "                     \
    "f.refused_ms, f.reported_ms, f.soft_ms, f.soft_count, f.trouble, f.untold"
#define FOLLOW "SELECT " FOLLOW_COLUMNS " FROM follow f "
#define PAIR "SELECT " FOLLOW_COLUMNS ", " PERSON_COLUMNS " FROM follow f "

void follow_clear(struct follow *follow)
{
    free(follow->activity_id);
    free(follow->trouble);
    *follow = (struct follow){0};
}

static void read_follow(struct sql_rows *rows, void *out)
{
    struct follow *follow = out;

    follow->id = take_number(rows);
    follow->follower_id = take_number(rows);
    follow->followed_id = take_number(rows);
    follow->state = (enum follow_state)take_int(rows);
    follow->activity_id = take_text(rows);
    follow->since_ms = take_number(rows);
    follow->refused_ms = take_number(rows);
    follow->reported_ms = take_number(rows);
    follow->soft_ms = take_number(rows);
    follow->soft_count = take_int(rows);
    follow->trouble = take_secret(rows);
    follow->untold = take_bool(rows);
}

enum found store_follow(struct store_view *view, int64_t follower_id, int64_t followed_id,
                        struct follow *out, struct err *err)
{
    return sql_find(view->sql, FOLLOW "WHERE f.follower_id = ? AND f.followed_id = ?",
                    with(as_number(follower_id), as_number(followed_id)), read_follow, out, err);
}

enum found store_follow_by_id(struct store_view *view, int64_t id, struct follow *out,
                              struct err *err)
{
    return sql_find(view->sql, FOLLOW "WHERE f.id = ?", with(as_number(id)), read_follow, out, err);
}

struct pair { /* a follow and the one at its other end */
    struct follow follow;
    struct person person;
};

static void read_pair(struct sql_rows *rows, void *out)
{
    struct pair *pair = out;

    read_follow(rows, &pair->follow);
    store_read_person(rows, &pair->person);
}

static void pair_clear(struct pair *pair)
{
    follow_clear(&pair->follow);
    person_clear(&pair->person);
}

struct teller {
    bool (*each)(void *ctx, const struct follow *, const struct person *);
    void *ctx;
};

static bool tell_pair(void *ctx, const struct pair *pair)
{
    const struct teller *teller = ctx;

    return teller->each(teller->ctx, &pair->follow, &pair->person);
}

bool store_followers(struct store_view *view, int64_t followed_id, bool accepted_only,
                     int64_t after, int limit,
                     bool (*each)(void *ctx, const struct follow *, const struct person *follower),
                     void *ctx, struct err *err)
{
    struct teller teller = {each, ctx};

    return sql_walk(view->sql,
                    PAIR
                    "JOIN person p ON p.id = f.follower_id WHERE f.followed_id = ? AND f.id > ?"
                    " AND (f.state = ? OR NOT ?) ORDER BY f.id LIMIT ?",
                    with(as_number(followed_id), as_number(after), as_number(FOLLOW_ACCEPTED),
                         as_number(accepted_only), as_number(limit)),
                    pair, read_pair, pair_clear, tell_pair, &teller, err);
}

bool store_follows_untold(struct store_view *view, int limit,
                          bool (*each)(void *ctx, const struct follow *, const struct person *),
                          void *ctx, struct err *err)
{
    struct teller teller = {each, ctx};

    return sql_walk(view->sql,
                    PAIR "JOIN person p ON p.id = f.follower_id WHERE f.untold = 1"
                         " ORDER BY f.followed_id, f.id LIMIT ?",
                    with(as_number(limit)), pair, read_pair, pair_clear, tell_pair, &teller, err);
}

bool store_following(struct store_view *view, int64_t follower_id, int64_t after, int limit,
                     bool (*each)(void *ctx, const struct follow *, const struct person *followed),
                     void *ctx, struct err *err)
{
    struct teller teller = {each, ctx};

    return sql_walk(view->sql,
                    PAIR
                    "JOIN person p ON p.id = f.followed_id WHERE f.follower_id = ? AND f.id > ?"
                    " ORDER BY f.id LIMIT ?",
                    with(as_number(follower_id), as_number(after), as_number(limit)), pair,
                    read_pair, pair_clear, tell_pair, &teller, err);
}

bool store_follower_counts(struct store_view *view, int64_t person_id,
                           int64_t *out_followers_fediverse, int64_t *out_followers_mail,
                           int64_t *out_following, struct err *err)
{
    return sql_count(view->sql,
                     "SELECT count(*) FROM follow WHERE followed_id = ? AND state = ? AND "
                     "follower_kind <> ?",
                     with(as_number(person_id), as_number(FOLLOW_ACCEPTED), as_number(PERSON_MAIL)),
                     out_followers_fediverse, err) &&
           sql_count(view->sql,
                     "SELECT count(*) FROM follow WHERE followed_id = ? AND state = ? AND "
                     "follower_kind = ?",
                     with(as_number(person_id), as_number(FOLLOW_ACCEPTED), as_number(PERSON_MAIL)),
                     out_followers_mail, err) &&
           sql_count(view->sql, "SELECT count(*) FROM follow WHERE follower_id = ? AND state = ?",
                     with(as_number(person_id), as_number(FOLLOW_ACCEPTED)), out_following, err);
}
