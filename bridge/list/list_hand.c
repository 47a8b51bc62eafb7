/*
 * Readers added and removed by hand.  Whoever is added is asked as by the form; only where the owner says that they
 * have the reader's word already is nobody asked.  Even then nobody reads who left, or wants no mail of ours.
 */
#include "contact_work.h"
#include "list_work.h"

#include "bridge_people.h"
#include "commit.h"
#include "memory.h"

struct hand {
    struct list_request request;
    struct list_ticket ticket;
};

static void hand_clear(struct hand *hand)
{
    list_request_clear(&hand->request);
    list_ticket_clear(&hand->ticket);
}
SCOPED_VALUE(hand, hand_clear)

static bool prepare(struct bridge *bridge, struct slice address, struct slice reader,
                    struct list_request *request, struct err *err)
{
    scoped_value(account) account = {0};
    scoped(store_view) view = store_look(bridge->store, err);

    if (!view || !bridge_account_find(bridge, view, address, &account, err))
        return false;
    request->user = must_dup(account.name);
    request->domain = must_dup(account.domain);
    request->address = must_copy(reader);
    request->network = must_dup("::1"); /* no stranger's: nothing is counted for it */
    if (!bridge_list_ask_prepare(bridge, view, request, err))
        return false;
    switch (request->answer) {
    case LIST_ASKED: return true;
    case LIST_NO_LIST:
        return err_set(err, ERR_REFUSED, "%.*s takes no readers: it sleeps, or follow is closed",
                       SLICE_ARGS(address));
    case LIST_NO_ADDRESS: return err_set(err, ERR_MALFORMED, "This is no mail address");
    case LIST_OWN_ADDRESS: break;
    }
    return err_set(err, ERR_REFUSED,
                   "This address is one of ours; who lives here follows: nestbox follow");
}

/* ---- add ---- */
static bool record_question(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct hand *hand = ctx;

    return bridge_list_ask_record(bridge, tx, &hand->request, err);
}

/* Their own word is stronger than the owner's. */
static bool look_for_no(struct bridge *bridge, struct store_tx *tx, struct list_request *request,
                        struct err *err)
{
    unsigned char left_key[32];
    struct store_view *view = store_tx_view(tx);
    enum found never = store_seen(view, SEEN_NEVER_ASK, request->never_key, err);

    list_left_key(bridge, request->account_id, request->canonical, left_key);
    enum found left = never == FAILED ? FAILED : store_seen(view, SEEN_LEFT, left_key, err);
    if (left == FOUND)
        request->came = CAME_LEFT;
    if (never == FOUND)
        request->came = CAME_NEVER;
    return left != FAILED;
}

static bool let_in(struct bridge *bridge, struct store_tx *tx, struct hand *hand, struct err *err)
{
    struct person person = {.kind = PERSON_MAIL, .address = hand->request.canonical};
    struct list_ticket *ticket = &hand->ticket;
    scoped_value(list_pair) pair = {.follow = {0}};
    enum follow_state state;

    if (!store_put_person(tx, &person, &ticket->person_id, err))
        return false;
    enum found found = list_find_pair(tx, hand->request.account_id, ticket->person_id, &pair, err);
    if (found != FOUND || !list_takes_readers(bridge, &pair.account))
        return found == FAILED ? false : err_set(err, ERR_CONFLICT, "Try again");
    /* for the door they are known: the owner opens it */
    const struct contact_reader reader = {&pair.reader, EVIDENCE_S2, WISH_READ};
    if (!contact_follows(bridge, tx, &pair.account, &reader, FOLLOW_ACCEPTED, &state, err))
        return false;
    if (state != FOLLOW_ACCEPTED)
        return err_set(err, ERR_REFUSED, "The owner refused them; nestbox contact welcome first");
    hand->request.came = CAME_ADDED;
    list_ticket_make_leave(bridge, ticket);
    return list_let_in(tx, &pair, state, ticket, err);
}

static bool record_reader(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct hand *hand = ctx;
    struct list_request *request = &hand->request;
    scoped_value(account) account = {0};
    enum found found = store_account(store_tx_view(tx), request->account_id, &account, err);

    hand->ticket.account_id = request->account_id;
    request->came = CAME_ADDED;
    if (found != FOUND)
        return found == FAILED ? false : err_set(err, ERR_CONFLICT, "Try again");
    if (!look_for_no(bridge, tx, request, err) ||
        !list_is_settled(tx, request, account.person_id, &request->came, err))
        return false;
    return request->came != CAME_ADDED || let_in(bridge, tx, hand, err);
}

bool bridge_list_add(struct bridge *bridge, struct slice address, struct slice reader,
                     bool confirmed, enum list_came *out, struct err *err)
{
    scoped_value(hand) hand = {.ticket = {0}};

    if (!prepare(bridge, address, reader, &hand.request, err) ||
        !bridge_commit(bridge, confirmed ? record_reader : record_question, &hand, err))
        return false;
    *out = hand.request.came;
    return true;
}

/* ---- remove ---- */
struct removal {
    int64_t account_id;
    const char *address; /* canonical */
};

static bool record_removal(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct removal *removal = ctx;
    scoped_value(person) person = {0};
    scoped_value(list_pair) pair = {.follow = {0}};
    enum found found =
        store_person_by_address(store_tx_view(tx), slice_of(removal->address), &person, err);

    if (found == FOUND)
        found = list_find_pair(tx, removal->account_id, person.id, &pair, err);
    if (found == FAILED)
        return false;
    if (found == ABSENT || !pair.follow.id)
        return err_set(err, ERR_ABSENT, "%s is no reader; see nestbox list list", removal->address);
    return pair.follow.state == FOLLOW_CONFIRMING ? list_forget_question(tx, &pair, err)
                                                  : list_end(bridge, tx, &pair, err);
}

bool bridge_list_remove(struct bridge *bridge, struct slice address, struct slice reader,
                        struct err *err)
{
    scoped_value(account) account = {0};
    scoped_text char *canonical = list_address_canonical(reader);
    scoped(store_view) view = store_look(bridge->store, err);

    if (!view || !bridge_account_find(bridge, view, address, &account, err))
        return false;
    store_view_free(steal(&view));
    if (!canonical)
        return err_set(err, ERR_MALFORMED, "This is no mail address");
    struct removal removal = {.account_id = account.id, .address = canonical};
    return bridge_commit(bridge, record_removal, &removal, err);
}
