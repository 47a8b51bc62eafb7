/* Following somebody from the command line, and telling followers of a changed profile. */
#include "activity_work.h"
#include "bridge_people.h"
#include "commit.h"
#include "memory.h"

enum { FOLLOW_WANTED = 1, UNDO_WANTED = 2, PAGE = 500, DOORS_AT_ONCE = 20 };

struct follow_step {
    struct account account;
    struct slice user, host;
    bool follow;
};

/* PERSON: @bob@social.example, or bob=social.example@D. */
static bool read_person(struct bridge *bridge, struct slice person, struct follow_step *step,
                        struct address *address, struct err *err)
{
    if (slice_starts(person, SLICE("@")))
        return handle_split(person, &step->user, &step->host) ||
               err_set(err, ERR_MALFORMED, "Write @bob@social.example, not %.*s",
                       SLICE_ARGS(person));
    address_read(bridge->config, person, address);
    if (address->kind != ADDRESS_PERSON || address->mail_person || address->host[0] == '\0')
        return err_set(err, ERR_MALFORMED, "Write @bob@social.example or bob=social.example@%s",
                       bridge->config->domains[0]);
    step->user = slice_of(address->user);
    step->host = slice_of(address->host);
    return true;
}

/* Wants Follow (1) or Undo (2); an Undo of what was never asked is nothing. */
bool follow_person(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                   const struct person *person, bool follow, struct err *err)
{
    int64_t id = 0;
    struct follow before = {0};
    enum found found =
        store_follow(store_tx_view(tx), account->person_id, person->id, &before, err);
    bool follows =
        found == FOUND && (before.state == FOLLOW_WAITING || before.state == FOLLOW_ACCEPTED);

    follow_clear(&before);
    if (found == FAILED || follows == follow)
        return found != FAILED;
    return store_put_follow(tx, account->person_id, person->id,
                            follow ? FOLLOW_WAITING : FOLLOW_LEFT, NULL, &id, err) &&
           person_want(tx, person, SUBJECT_FOLLOW, id, account->id,
                       follow ? FOLLOW_WANTED : UNDO_WANTED, false, clock_now(bridge->clock), err);
}

static bool record_follow(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct follow_step *step = ctx;
    int64_t person_id;
    scoped_value(person) person = {0};

    if (config_hosts(bridge->config, step->host))
        return follow_neighbour(bridge, tx, &step->account, step->user, step->host, step->follow,
                                err);
    if (!person_for_handle(bridge, tx, step->user, step->host, &person_id, err))
        return false;
    switch (store_person(store_tx_view(tx), person_id, &person, err)) {
    case FAILED: return false;
    case ABSENT: return err_set(err, ERR_CONFLICT, "This person was forgotten meanwhile");
    case FOUND: break;
    }
    if (person.gone)
        return err_set(err, ERR_ABSENT, "@%.*s@%.*s is gone for good", SLICE_ARGS(step->user),
                       SLICE_ARGS(step->host));
    return follow_person(bridge, tx, &step->account, &person, step->follow, err);
}

bool follow_record(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                   struct slice user, struct slice host, bool follow, struct err *err)
{
    struct follow_step step = {.account = *account, .user = user, .host = host, .follow = follow};

    return record_follow(bridge, tx, &step, err);
}

static bool find_author(struct bridge *bridge, struct slice address, struct account *out,
                        struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);

    if (!view || !bridge_account_find(bridge, view, address, out, err))
        return false;
    return out->state == ACCOUNT_ACTIVE ||
           err_set(err, ERR_REFUSED, "%.*s is asleep; account add wakes it", SLICE_ARGS(address));
}

bool bridge_follow(struct bridge *bridge, struct slice address, struct slice person, bool follow,
                   struct err *err)
{
    struct follow_step step = {.follow = follow};
    struct address read;
    bool done = find_author(bridge, address, &step.account, err) &&
                read_person(bridge, person, &step, &read, err) &&
                bridge_commit(bridge, record_follow, &step, err);

    account_clear(&step.account);
    return done;
}

/* ---- a changed profile ---- */

struct telling {
    struct store_tx *tx;
    const struct account *account;
    struct err *err;
    int64_t now_ms, last;
    int version, on_page;
    bool failed;
};

static bool tell_one(void *ctx, const struct follow *follow, const struct person *follower)
{
    struct telling *telling = ctx;

    telling->last = follow->id;
    telling->on_page++;
    if (follower->kind == PERSON_FEDIVERSE && !follower->gone)
        telling->failed = !person_want(telling->tx, follower, SUBJECT_ACTOR, telling->account->id,
                                       telling->account->id, telling->version, true,
                                       telling->now_ms, telling->err);
    return !telling->failed;
}

static bool of_followers(struct telling *telling)
{
    return store_followers(store_tx_view(telling->tx), telling->account->person_id, true,
                           telling->last, PAGE, tell_one, telling, telling->err);
}

static bool of_followed(struct telling *telling)
{
    return store_following(store_tx_view(telling->tx), telling->account->person_id, telling->last,
                           PAGE, tell_one, telling, telling->err);
}

static bool tell_all(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                     bool (*page)(struct telling *), struct err *err)
{
    struct telling telling = {
        .tx = tx, .account = account, .err = err, .now_ms = clock_now(bridge->clock)};

    if (!store_profile_version(store_tx_view(tx), account->id, telling.now_ms, &telling.version,
                               err))
        return false;
    do {
        telling.on_page = 0;
        if (!page(&telling) || telling.failed)
            return false;
    } while (telling.on_page == PAGE);
    return true;
}

bool actor_changed(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                   struct err *err)
{
    return tell_all(bridge, tx, account, of_followers, err);
}

/* What is wanted of an actor that is removed is a Delete (outgoing.c). */
bool actor_ended(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                 struct err *err)
{
    return tell_all(bridge, tx, account, of_followed, err) &&
           actor_changed(bridge, tx, account, err);
}

/* ---- whether follows wait for the owner ---- */
struct telling_door {
    int64_t ids[DOORS_AT_ONCE];
    size_t count;
    bool approves;
};

static bool tell_door_of(struct bridge *bridge, struct store_tx *tx, int64_t account_id,
                         bool approves, struct err *err)
{
    scoped_value(account) account = {0};

    return store_account(store_tx_view(tx), account_id, &account, err) == FOUND &&
           store_account_told(tx, account_id, approves, err) &&
           actor_changed(bridge, tx, &account, err);
}

static bool record_door(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct telling_door *telling = ctx;

    for (size_t i = 0; i < telling->count; i++)
        if (!tell_door_of(bridge, tx, telling->ids[i], telling->approves, err))
            return false;
    return true;
}

bool tell_follow_door(struct bridge *bridge, struct err *err)
{
    struct telling_door telling = {.count = DOORS_AT_ONCE,
                                   .approves = bridge->config->follow == DOOR_ASK};

    while (telling.count == DOORS_AT_ONCE) {
        scoped(store_view) view = store_look(bridge->store, err);
        if (!view || !store_accounts_told_otherwise(view, telling.approves, telling.ids,
                                                    DOORS_AT_ONCE, &telling.count, err))
            return false;
        store_view_free(steal(&view));
        if (telling.count > 0 && !bridge_commit(bridge, record_door, &telling, err))
            return false;
    }
    return true;
}
