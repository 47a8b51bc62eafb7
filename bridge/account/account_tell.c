/*
 * Who has an account with an end (an invitation may say so) hears of it a week before, once.  Nobody else can be told: of
 * those who do not log in, whoever read it would have logged in.
 */
#include "account_work.h"
#include "commit.h"
#include "memory.h"
#include "own_letter.h"
#include "store_invitation.h"

#include <time.h>

struct telling {
    struct account account;
    struct letter letter;
};

static void telling_clear(struct telling *telling)
{
    account_clear(&telling->account);
    letter_clear(&telling->letter);
}
SCOPED_VALUE(telling, telling_clear)

/* Found anew: it may have been put to sleep or woken, and has no end then. */
static bool record(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct telling *it = ctx;
    scoped_value(account) now = {0};
    enum found found = store_account(store_tx_view(tx), it->account.id, &now, err);

    (void)bridge;
    if (found != FOUND || now.state != ACCOUNT_ACTIVE || now.ends_ms != it->account.ends_ms)
        return found != FAILED;
    return store_account_end_told(tx, it->account.id, err) &&
           own_letter_file(tx, &it->letter, NULL, err);
}

static bool write_letter(struct bridge *bridge, struct telling *it, struct err *err)
{
    char when[40];
    struct tm tm;
    time_t end_s = (time_t)(it->account.ends_ms / SECOND_MS);

    gmtime_r(&end_s, &tm);
    strftime(when, sizeof when, "%d %B %Y, %H:%M UTC", &tm);
    scoped_text char *address = account_address(&it->account);
    scoped_text char *text =
        must_print("Your account %s was made for some time only. It ends on %s: from then on "
                   "nobody can log in to it and"
                   " no mail reaches it, and 30 days later all that is in it is removed.\n\n"
                   "Save what you want to keep, or ask who invited you or postmaster@%s whether it "
                   "may stay.\n",
                   address, when, it->account.domain);
    const struct own_letter own = {
        .name = "Your account",
        .subject = "Your account ends soon",
        .text = slice_of(text),
        .must_rest = true,
    };
    return own_letter_write(bridge, &it->account, &own, &it->letter, err);
}

bool tell_of_end(struct bridge *bridge, bool *out_more, struct err *err)
{
    scoped_value(telling) it = {0};
    int64_t id = 0;

    {
        scoped(store_view) view = store_look(bridge->store, err);
        enum found found = view ? store_account_end_near(view, &id, err) : FAILED;
        if (found == FOUND)
            found = store_account(view, id, &it.account, err);
        *out_more = found == FOUND;
        if (found != FOUND)
            return found == ABSENT;
    }
    return write_letter(bridge, &it, err) && bridge_commit(bridge, record, &it, err);
}
