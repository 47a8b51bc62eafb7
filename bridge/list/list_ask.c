/*
 * Somebody asks for an account's posts at an address that may not be theirs.  So the address is asked, seldom, and
 * in words that nobody chose; and who asked is told the same whatever happens.
 */
#include "list_work.h"

#include "memory.h"

enum {
    A_DAY_MAX = 1,
    A_MONTH_MAX = 3,
    MONTH_DAYS = 30,
    SERVER_HOUR_MAX = 20,
    NETWORK_HOUR_MAX = 5
};
enum { CONFIRM_DAYS = 7 };

void list_request_clear(struct list_request *request)
{
    free(request->user);
    free(request->domain);
    free(request->address);
    free(request->network);
    free(request->canonical);
    *request = (struct list_request){0};
}

static bool is_ours(struct bridge *bridge, const char *canonical)
{
    struct slice local, domain;

    return address_split(slice_of(canonical), &local, &domain) &&
           config_hosts(bridge->config, domain);
}

bool list_takes_readers(struct bridge *bridge, const struct account *account)
{
    return account->state == ACCOUNT_ACTIVE && bridge->config->follow != DOOR_CLOSED;
}

bool bridge_list_ask_prepare(struct bridge *bridge, struct store_view *view,
                             struct list_request *request, struct err *err)
{
    scoped_value(account) account = {0};
    enum found found = store_account_named(view, slice_of(request->user), slice_of(request->domain),
                                           &account, err);

    if (found == FAILED)
        return false;
    request->answer = LIST_NO_LIST;
    if (found == ABSENT || !list_takes_readers(bridge, &account))
        return true;
    free(request->canonical); /* of a first run */
    request->canonical = list_address_canonical(slice_of(request->address));
    request->answer = LIST_NO_ADDRESS;
    if (!request->canonical)
        return true;
    request->answer = is_ours(bridge, request->canonical) ? LIST_OWN_ADDRESS : LIST_ASKED;
    request->account_id = account.id;
    list_address_key(bridge, request->canonical, request->address_key);
    list_never_key(bridge, account.domain, request->canonical, request->never_key);
    request->network_counts = list_network_key(bridge, request->network, request->network_key);
    request->token = (struct token){.account_id = account.id};
    list_token_make(bridge, TOKEN_CONFIRM, &request->token);
    return true;
}

/* ---- limits ---- */
static const unsigned char everybody[32];

/* Each is looked at, whatever the others say: see write_something(). */
static bool look_at_limits(struct store_tx *tx, const struct list_request *request, int64_t now_ms,
                           enum list_came *out, struct err *err)
{
    const unsigned char *address = request->address_key;
    const struct {
        const unsigned char *key;
        int64_t span_ms, most;
        enum asked_for what;
        enum list_came beyond;
    } limits[] = {
        {request->network_key, HOUR_MS,             NETWORK_HOUR_MAX, ASKED_NETWORK, CAME_TOO_MANY },
        {everybody,            HOUR_MS,             SERVER_HOUR_MAX,  ASKED_SERVER,  CAME_TOO_MANY },
        {address,              DAY_MS,              A_DAY_MAX,        ASKED_ADDRESS, CAME_TOO_OFTEN},
        {address,              MONTH_DAYS * DAY_MS, A_MONTH_MAX,      ASKED_ADDRESS, CAME_TOO_OFTEN},
    };

    *out = CAME_ASKED;
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        int64_t count;
        if (!store_asked_count(store_tx_view(tx), limits[i].what, limits[i].key,
                               now_ms - limits[i].span_ms + 1, &count, err))
            return false;
        if (count >= limits[i].most)
            *out = limits[i].beyond;
    }
    return true;
}

static bool count(struct store_tx *tx, const struct list_request *request, int64_t now_ms,
                  struct err *err)
{
    return store_count_asked(tx, ASKED_ADDRESS, request->address_key, now_ms, err) &&
           store_count_asked(tx, ASKED_SERVER, everybody, now_ms, err) &&
           (!request->network_counts ||
            store_count_asked(tx, ASKED_NETWORK, request->network_key, now_ms, err));
}

/* ---- the question ---- */
bool list_is_settled(struct store_tx *tx, const struct list_request *request, int64_t followed_id,
                     enum list_came *out, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    scoped_value(person) person = {0};
    scoped_value(follow) follow = {0};
    enum found found = store_person_by_address(view, slice_of(request->canonical), &person, err);

    if (found == FOUND)
        found = store_follow(view, person.id, followed_id, &follow, err);
    if (found == FOUND && follow.state == FOLLOW_ACCEPTED)
        *out = CAME_READS;
    else if (found == FOUND && follow.state == FOLLOW_WAITING)
        *out = CAME_WAITS;
    return found != FAILED;
}

static bool want_question(struct store_tx *tx, const struct list_request *request,
                          const struct token *token, int64_t follow_id, int64_t now_ms,
                          struct err *err)
{
    const struct delivery mail = {
        .subject = SUBJECT_FOLLOW_ANSWER,
        .subject_id = follow_id,
        .account_id = token->account_id,
        .person_id = token->person_id,
        .wanted = LIST_QUESTION,
        .rcpt_to = request->canonical,
    };
    return mail_want(tx, mail, now_ms, err);
}

static bool ask(struct store_tx *tx, const struct list_request *request, int64_t followed_id,
                int64_t now_ms, struct err *err)
{
    struct person person = {.kind = PERSON_MAIL, .address = request->canonical};
    struct token token = request->token;
    int64_t follow_id;

    token.expires_ms = now_ms + CONFIRM_DAYS * DAY_MS;
    return store_put_person(tx, &person, &token.person_id, err) &&
           store_put_follow(tx, token.person_id, followed_id, FOLLOW_CONFIRMING, NULL, &follow_id,
                            err) &&
           store_end_tokens(tx, TOKEN_CONFIRM, token.account_id, token.person_id, err) &&
           store_add_token(tx, &token, err) &&
           want_question(tx, request, &token, follow_id, now_ms, err) &&
           count(tx, request, now_ms, err);
}

/* How long an answer takes must not tell whether there was something to be written: so there always is. */
static bool write_something(struct store_tx *tx, struct err *err)
{
    enum { LONG_AGO_MS = 1 };
    bool is_new;

    return store_see(tx, SEEN_FORM, everybody, LONG_AGO_MS, &is_new, err);
}

bool bridge_list_ask_record(struct bridge *bridge, struct store_tx *tx,
                            struct list_request *request, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    int64_t now_ms = clock_now(bridge->clock);
    scoped_value(account) account = {0};

    if (request->answer != LIST_ASKED)
        return true;
    enum found found = store_account(view, request->account_id, &account, err);
    if (found != FOUND || !list_takes_readers(bridge, &account))
        return found == FAILED ? false : err_set(err, ERR_CONFLICT, "Try again");
    if (!write_something(tx, err))
        return false;
    found = store_seen(view, SEEN_NEVER_ASK, request->never_key, err);
    if (found == FOUND)
        request->came = CAME_NEVER;
    if (found != ABSENT)
        return found == FOUND;
    if (!look_at_limits(tx, request, now_ms, &request->came, err) ||
        !list_is_settled(tx, request, account.person_id, &request->came, err))
        return false;
    return request->came != CAME_ASKED || ask(tx, request, account.person_id, now_ms, err);
}
