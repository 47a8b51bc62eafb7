/*
 * Who comes when the day's questions are spent waits silently; once a day their owner is told how many they are.  A number
 * and no names: names are what the questions are for.
 */
#include "commit.h"
#include "contact_work.h"

#include "memory.h"
#include "own_letter.h"

enum {
    CROWDS_AT_ONCE = 100,
    CROWD_PATIENCE_MS = HOUR_MS /* so that it is not said of the first one alone */
};

struct crowds {
    struct crowd at[CROWDS_AT_ONCE];
    size_t count;
};

static bool keep_crowd(void *ctx, const struct crowd *crowd)
{
    struct crowds *crowds = ctx;

    crowds->at[crowds->count++] = *crowd;
    return crowds->count < CROWDS_AT_ONCE;
}

static bool was_told(struct bridge *bridge, struct store_view *view, int64_t account_id, bool *out,
                     struct err *err)
{
    int64_t count, oldest;

    if (!store_limited_count(view, account_id, LIMITED_CROWD, clock_now(bridge->clock) - DAY_MS,
                             &count, &oldest, err))
        return false;
    *out = count > 0;
    return true;
}

static bool write_crowd(struct bridge *bridge, const struct account *account, int64_t count,
                        struct letter *out, struct err *err)
{
    bool one = count == 1;
    scoped_text char *subject = must_print("%lld more %s to reach you", (long long)count,
                                           one ? "person wants" : "people want");
    scoped_text char *text = must_print(
        "You are asked about %d new people a day, and %d of one domain. %lld more %s without "
        "having "
        "been asked about.\n\nNothing to do: you are asked about each who tries again on a day "
        "with "
        "room. Who does not is forgotten after %d days. This is said once a day at most.\n",
        QUESTIONS_A_DAY, QUESTIONS_A_DAY_OF_DOMAIN, (long long)count, one ? "waits" : "wait",
        CONTACT_PATIENCE_DAYS);
    const struct own_letter own = {.name = "Contact requests",
                                   .mailbox = mailbox_for(account, MAILBOX_CONTACTS_NEW),
                                   .subject = subject,
                                   .text = slice_of(text),
                                   .must_rest = true};

    return own_letter_write(bridge, account, &own, out, err);
}

static bool record_crowd(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct letter *letter = ctx;
    bool told;

    if (!was_told(bridge, store_tx_view(tx), letter->account_id, &told, err))
        return false;
    return told || (store_count_limited(tx, letter->account_id, LIMITED_CROWD,
                                        clock_now(bridge->clock), err) &&
                    contact_make_mailboxes(tx, letter->account_id, err) &&
                    own_letter_file(tx, letter, NULL, err));
}

/* ABSENT: told today, or nobody lives there. */
static enum found prepare_crowd(struct bridge *bridge, const struct crowd *crowd,
                                struct letter *out, struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);
    scoped_value(account) account = {0};
    bool told;

    if (!view || !was_told(bridge, view, crowd->account_id, &told, err))
        return FAILED;
    if (told)
        return ABSENT;
    enum found found = store_account(view, crowd->account_id, &account, err);
    if (found != FOUND || account.state != ACCOUNT_ACTIVE)
        return found == FAILED ? FAILED : ABSENT;
    return write_crowd(bridge, &account, crowd->count, out, err) ? FOUND : FAILED;
}

static bool find_crowds(struct bridge *bridge, struct crowds *out, struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);
    int64_t now_ms = clock_now(bridge->clock);

    return view &&
           store_crowds(view, now_ms - DAY_MS, now_ms - CROWD_PATIENCE_MS, keep_crowd, out, err);
}

bool tell_of_crowds(struct bridge *bridge, struct err *err)
{
    struct crowds crowds = {.count = 0};

    if (!find_crowds(bridge, &crowds, err))
        return false;
    for (size_t i = 0; i < crowds.count; i++) {
        scoped_value(letter) letter = {0};
        enum found found = prepare_crowd(bridge, &crowds.at[i], &letter, err);
        if (found == FAILED)
            return false;
        if (found == FOUND && !bridge_commit(bridge, record_crowd, &letter, err))
            return false;
    }
    return true;
}
