/* An account of ours that goes on elsewhere, or that somebody goes on as (docs/moving.md). */
#include "activity_work.h"
#include "bridge_people.h"
#include "commit.h"

#include "memory.h"

struct moving {
    int64_t account_id, person_id;
    const char *actor_id;
    bool lists_it;
};

/* ---- common ---- */
static bool find_account(struct bridge *bridge, struct slice address, struct account *out,
                         struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);

    return view && bridge_account_find(bridge, view, address, out, err);
}

/* Of people here it is made of their name. */
static char *actor_of(const struct person *person)
{
    if (person->kind == PERSON_LOCAL)
        return name_actor(person->host, person->user);
    return must_dup(person->actor_id);
}

static bool find_pair(struct store_tx *tx, const struct moving *moving, struct account *account,
                      struct person *person, char **out_actor, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    enum found found = store_account(view, moving->account_id, account, err);

    if (found == FOUND)
        found = store_person(view, moving->person_id, person, err);
    if (found != FOUND)
        return found == ABSENT && err_set(err, ERR_CONFLICT, "Try again");
    *out_actor = actor_of(person);
    if (!*out_actor || person->gone)
        return err_set(err, ERR_ABSENT, "That account is gone for good");
    return person->id != account->person_id ||
           err_set(err, ERR_REFUSED, "%s@%s is that account already", account->name,
                   account->domain);
}

void moved_clear(struct moved *moved)
{
    free(moved->actor_id);
    free(moved->handle);
    free(moved->page);
    *moved = (struct moved){0};
}

bool bridge_moved_to(struct store_view *view, const struct account *account, struct moved *out,
                     struct err *err)
{
    struct move move = {0};
    scoped_value(person) there = {0};
    enum found found = store_move(view, account->person_id, &move, err);

    if (found == FOUND)
        found = store_person(view, move.to_id, &there, err);
    if (found != FOUND)
        return found == ABSENT;
    out->actor_id = actor_of(&there);
    out->handle = person_handle(&there);
    out->page = there.kind == PERSON_LOCAL ? name_profile_page(there.host, there.user)
                                           : must_dup(there.url ? there.url : there.actor_id);
    out->at_ms = move.at_ms;
    return true;
}

/* ---- aliases ---- */
static bool record_alias(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct moving *moving = ctx;
    scoped_value(account) account = {0};
    scoped_value(person) person = {0};
    scoped_value(aliases) known = {.count = 0};
    scoped_text char *actor = NULL;

    (void)bridge;
    if (!find_pair(tx, moving, &account, &person, &actor, err) ||
        !store_aliases(store_tx_view(tx), account.id, &known, err))
        return false;
    if (known.count == ALIASES_MAX)
        return err_set(err, ERR_REFUSED, "%d aliases are the most; remove one first", ALIASES_MAX);
    return store_put_alias(tx, account.id, actor, true, err);
}

bool bridge_account_alias(struct bridge *bridge, struct slice address, int64_t person_id,
                          struct err *err)
{
    scoped_value(account) account = {0};
    struct moving moving = {.person_id = person_id};

    if (!find_account(bridge, address, &account, err))
        return false;
    moving.account_id = account.id;
    return bridge_commit(bridge, record_alias, &moving, err);
}

static bool record_no_alias(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct moving *moving = ctx;
    scoped_value(aliases) known = {.count = 0};

    (void)bridge;
    if (!store_aliases(store_tx_view(tx), moving->account_id, &known, err))
        return false;
    for (size_t i = 0; i < known.count; i++)
        if (strcmp(known.at[i], moving->actor_id) == 0)
            return store_put_alias(tx, moving->account_id, moving->actor_id, false, err);
    return err_set(err, ERR_ABSENT, "There is no such alias; write it as account alias lists it");
}

bool bridge_account_unalias(struct bridge *bridge, struct slice address, const char *actor_id,
                            struct err *err)
{
    scoped_value(account) account = {0};
    struct moving moving = {.actor_id = actor_id};

    if (!find_account(bridge, address, &account, err))
        return false;
    moving.account_id = account.id;
    return bridge_commit(bridge, record_no_alias, &moving, err);
}

/* ---- moving ---- */
static bool lists(struct store_view *view, const struct person *there,
                  const struct account *account, bool *out, struct err *err)
{
    scoped_value(aliases) aliases = {.count = 0};
    scoped_text char *actor = account_actor(account);

    if (there->kind != PERSON_LOCAL)
        return true;
    if (!store_aliases(view, there->account_id, &aliases, err))
        return false;
    *out = false;
    for (size_t i = 0; i < aliases.count; i++)
        *out |= strcmp(aliases.at[i], actor) == 0;
    return true;
}

/* Others take one in a week, and would not hear of a second. */
static bool may_move(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                     const struct person *there, bool lists_it, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    struct move move = {0};
    char when[DATE_TEXT_SIZE];
    scoped_text char *handle = person_handle(there);
    enum found found = store_move(view, account->person_id, &move, err);

    if (found == FAILED || !lists(view, there, account, &lists_it, err))
        return false;
    if (found == FOUND && move.to_id == there->id)
        return err_set(err, ERR_REFUSED, "%s@%s has moved there already", account->name,
                       account->domain);
    if (found == FOUND && move.at_ms + MOVE_REST_MS > clock_now(bridge->clock)) {
        date_rfc3339(move.at_ms + MOVE_REST_MS, when);
        return err_set(err, ERR_REFUSED, "Other servers take one move in 7 days: wait until %s",
                       when);
    }
    return lists_it || err_set(err, ERR_REFUSED,
                               "%s does not say that it is %s@%s too: set that as alias there "
                               "first",
                               handle, account->name, account->domain);
}

static bool record_move(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct moving *moving = ctx;
    scoped_value(account) account = {0};
    scoped_value(person) there = {0};
    scoped_text char *actor = NULL;
    int64_t at_ms = clock_now(bridge->clock);
    int version;

    if (!find_pair(tx, moving, &account, &there, &actor, err) ||
        !may_move(bridge, tx, &account, &there, moving->lists_it, err) ||
        !store_profile_version(store_tx_view(tx), account.id, at_ms, &version, err))
        return false;
    if (move_version(at_ms) < version) /* other changes of this second were told before it */
        at_ms = version * (int64_t)SECOND_MS;
    const struct move move = {
        .person_id = account.person_id, .to_id = there.id, .at_ms = at_ms, .open = true};
    return store_put_move(tx, &move, err);
}

bool bridge_account_move(struct bridge *bridge, struct slice address, int64_t person_id,
                         bool lists_it, struct err *err)
{
    scoped_value(account) account = {0};
    struct moving moving = {.person_id = person_id, .lists_it = lists_it};

    if (!find_account(bridge, address, &account, err))
        return false;
    if (account.state != ACCOUNT_ACTIVE)
        return err_set(err, ERR_REFUSED, "%.*s is asleep; account add wakes it",
                       SLICE_ARGS(address));
    moving.account_id = account.id;
    return bridge_commit(bridge, record_move, &moving, err);
}

/* ---- staying after all ---- */
static bool record_stay(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct account *account = ctx;
    struct move move = {0};
    enum found found = store_move(store_tx_view(tx), account->person_id, &move, err);

    if (found == FAILED)
        return false;
    if (found == ABSENT || !move.to_id)
        return err_set(err, ERR_ABSENT, "%s@%s has not moved", account->name, account->domain);
    move.to_id = 0;
    move.open = false;
    return store_put_move(tx, &move, err) && actor_changed(bridge, tx, account, err);
}

bool bridge_account_stay(struct bridge *bridge, struct slice address, struct err *err)
{
    scoped_value(account) account = {0};

    return find_account(bridge, address, &account, err) &&
           bridge_commit(bridge, record_stay, &account, err);
}
