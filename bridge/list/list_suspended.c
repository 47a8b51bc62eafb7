/*
 * Readers whose address takes no mail any more: the owner hears of it, in one mail for all that are found together.
 */
#include "activity_work.h"
#include "commit.h"
#include "list_work.h"

#include "memory.h"
#include "own_letter.h"

enum { TOLD_AT_ONCE = 50, LOOK_AGAIN_MS = HOUR_MS };

struct lost {         /* readers of one account */
    int64_t owner_id; /* person; 0: none were found */
    int64_t follows[TOLD_AT_ONCE];
    size_t count;
    struct bytes list;
    char *first; /* address */
    struct account account;
    struct letter letter; /* no body: nobody is there to hear it */
};

static void lost_clear(struct lost *lost)
{
    bytes_clear(&lost->list);
    free(lost->first);
    account_clear(&lost->account);
    letter_clear(&lost->letter);
}
SCOPED_VALUE(lost, lost_clear)

/* Those of one owner; the others come next time. */
static bool add_lost(void *ctx, const struct follow *follow, const struct person *reader)
{
    struct lost *lost = ctx;
    const char *address = reader->address ? reader->address : "somebody";

    if (lost->owner_id && lost->owner_id != follow->followed_id)
        return true;
    if (!lost->owner_id)
        lost->first = must_dup(address);
    lost->owner_id = follow->followed_id;
    lost->follows[lost->count++] = follow->id;
    bytes_print(&lost->list, "%s: %s\n", address,
                follow->trouble ? follow->trouble : "it takes no mail");
    return true;
}

/* ---- the mail ---- */
static void add_words(const struct lost *lost, struct bytes *out)
{
    bool one = lost->count == 1;

    bytes_print(out,
                "Your posts came back from %s, more than once. I no longer send them there.\n\n",
                one ? "this reader's address" : "these readers' addresses");
    bytes_add(out, bytes_slice(&lost->list));
    bytes_print(out,
                "\nNothing to do. Whoever still wants them can subscribe again on "
                "https://%s/@%s.\n",
                lost->account.domain, lost->account.name);
}

static bool write_letter(struct bridge *bridge, struct lost *lost, struct err *err)
{
    scoped_value(bytes) text = {0};
    scoped_text char *subject = lost->count == 1
                                    ? must_print("%s gets your posts no more", lost->first)
                                    : must_print("%zu readers get your posts no more", lost->count);

    add_words(lost, &text);
    const struct own_letter own = {
        .name = "Your posts by mail", .subject = subject, .text = bytes_slice(&text)};
    return own_letter_write(bridge, &lost->account, &own, &lost->letter, err);
}

/* ---- telling ---- */
static bool record(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct lost *lost = ctx;
    size_t told = 0;

    (void)bridge;
    for (size_t i = 0; i < lost->count; i++) {
        scoped_value(follow) follow = {0};
        enum found found = store_follow_by_id(store_tx_view(tx), lost->follows[i], &follow, err);
        if (found == FAILED)
            return false;
        if (found == ABSENT || !follow.untold)
            continue;
        follow.untold = false;
        told++;
        if (!store_follow_fares(tx, &follow, err))
            return false;
    }
    return told == 0 || !lost->letter.body || own_letter_file(tx, &lost->letter, NULL, err);
}

static bool look(struct bridge *bridge, struct lost *lost, struct err *err)
{
    scoped_value(person) owner = {0};
    scoped(store_view) view = store_look(bridge->store, err);

    if (!view || !store_follows_untold(view, TOLD_AT_ONCE, add_lost, lost, err))
        return false;
    if (!lost->owner_id)
        return true;
    enum found found = store_person(view, lost->owner_id, &owner, err);
    if (found == FOUND && owner.account_id)
        found = store_account(view, owner.account_id, &lost->account, err);
    if (found == FAILED)
        return false;
    return lost->account.id == 0 || lost->account.state != ACCOUNT_ACTIVE ||
           write_letter(bridge, lost, err);
}

bool tell_suspended(struct bridge *bridge, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);

    if (chore_rests(bridge->suspended_ms, LOOK_AGAIN_MS, now_ms))
        return true;
    bridge->suspended_ms = now_ms + LOOK_AGAIN_MS;
    if (!bridge_commit_all(bridge, err))
        return false;
    for (bool more = true; more;) {
        scoped_value(lost) lost = {.owner_id = 0};
        if (!look(bridge, &lost, err) || (lost.count && !bridge_commit(bridge, record, &lost, err)))
            return false;
        more = lost.count > 0;
    }
    return true;
}
