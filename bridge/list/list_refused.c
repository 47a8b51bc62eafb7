/*
 * What came of copies: as their hosts answered, and as reports told later (facts/mail.md 3.9).
 *
 * An address that is refused for good on two different days takes no mail any more: its reader is suspended, and may ask
 * again.  So is one that had five troubles that might have passed within 14 days.  A copy that is taken proves
 * nothing against a report: who reports took the mail first.
 */
#include "list_work.h"

#include "memory.h"

enum { SOFT_MAX = 5, WINDOW_MS = 14 * DAY_MS };

enum list_trouble list_trouble_of(struct slice code, struct slice status)
{
    bool soft = slice_starts(code, SLICE("4")) || slice_starts(status, SLICE("4."));

    if (!soft && !slice_starts(code, SLICE("5")) && !slice_starts(status, SLICE("5.")))
        return TROUBLE_NONE;
    if (slice_starts(status, SLICE("5.1.")) || slice_is(status, "5.2.1"))
        return TROUBLE_HARD;
    if (slice_starts(status, SLICE("5.2.")) || slice_starts(status, SLICE("5.4.")) ||
        slice_starts(status, SLICE("4.")))
        return TROUBLE_SOFT;
    if (slice_starts(status, SLICE("5.")) && !slice_is(status, "5.0.0"))
        return TROUBLE_NONE; /* the text, its size, a policy: nothing about the address */
    if (soft)
        return TROUBLE_SOFT;
    return slice_is(code, "550") || slice_is(code, "551") || slice_is(code, "553") ||
                   slice_is(code, "556")
               ? TROUBLE_HARD
               : TROUBLE_NONE;
}

static bool same_day(int64_t a_ms, int64_t b_ms)
{
    return a_ms / DAY_MS == b_ms / DAY_MS;
}

/* Whether it is the second day; notes the first. */
static bool is_second_day(int64_t *first_ms, int64_t now_ms)
{
    if (!*first_ms)
        *first_ms = now_ms;
    return !same_day(*first_ms, now_ms);
}

static bool note_soft(struct follow *follow, int64_t now_ms)
{
    if (now_ms - follow->soft_ms > WINDOW_MS) {
        follow->soft_ms = now_ms;
        follow->soft_count = 0;
    }
    return ++follow->soft_count >= SOFT_MAX;
}

static bool note_hard(struct follow *follow, bool reported, int64_t now_ms)
{
    if (!reported)
        return is_second_day(&follow->refused_ms, now_ms);
    if (now_ms - follow->reported_ms > WINDOW_MS)
        follow->reported_ms = now_ms;
    return is_second_day(&follow->reported_ms, now_ms);
}

bool list_note_trouble(struct bridge *bridge, struct store_tx *tx, struct follow *follow,
                       enum list_trouble trouble, bool reported, const char *words, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock), id;

    if (trouble == TROUBLE_NONE || follow->state != FOLLOW_ACCEPTED)
        return true;
    bool over =
        trouble == TROUBLE_HARD ? note_hard(follow, reported, now_ms) : note_soft(follow, now_ms);
    free(follow->trouble);
    follow->trouble = must_dup(words);
    follow->untold = over;
    if (!store_follow_fares(tx, follow, err))
        return false;
    if (!over)
        return true;
    bridge->suspended_ms = 0;
    return store_put_follow(tx, follow->follower_id, follow->followed_id, FOLLOW_SUSPENDED, NULL,
                            &id, err);
}

/* The row of who reads by that copy. */
static enum found find_reader(struct store_view *view, const struct delivery *delivery,
                              struct follow *out, struct err *err)
{
    scoped_value(account) account = {0};

    if (delivery->target != TARGET_MAIL || delivery->body_id ||
        (delivery->subject != SUBJECT_MESSAGE && !list_is_evening(delivery)))
        return ABSENT;
    enum found found = store_account(view, delivery->account_id, &account, err);
    return found == FOUND ? store_follow(view, delivery->person_id, account.person_id, out, err)
                          : found;
}

bool list_copy_taken(struct store_tx *tx, const struct delivery *delivery, struct err *err)
{
    scoped_value(follow) follow = {0};
    enum found found = find_reader(store_tx_view(tx), delivery, &follow, err);

    if (found != FOUND || !follow.refused_ms || follow.state != FOLLOW_ACCEPTED)
        return found != FAILED;
    follow.refused_ms = 0;
    return store_follow_fares(tx, &follow, err);
}

bool list_copy_failed(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                      const char *reply, struct err *err)
{
    scoped_value(follow) follow = {0};
    enum found found = find_reader(store_tx_view(tx), delivery, &follow, err);
    int64_t number;
    struct slice words = slice_of(reply);
    struct slice code = slice_cut(&words, ' ');
    struct slice status = slice_cut(&words, ' ');

    if (found != FOUND)
        return found == ABSENT;
    /* No host could be talked to for days: the code is not theirs. */
    bool theirs = code.len == 3 && slice_to_number(code, 599, &number);
    enum list_trouble trouble = theirs ? list_trouble_of(code, status) : TROUBLE_SOFT;
    return list_note_trouble(bridge, tx, &follow, trouble, false, reply, err);
}

bool list_copy_reported(struct bridge *bridge, struct store_tx *tx,
                        const unsigned char digest[TOKEN_DIGEST_LEN], const struct report *report,
                        struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    scoped_value(account) account = {0};
    scoped_value(follow) follow = {0};
    struct token token;
    enum found found = store_token(view, TOKEN_BOUNCE, digest, &token, err);

    if (found == FOUND)
        found = store_account(view, token.account_id, &account, err);
    if (found == FOUND) /* who left has no person any more */
        found = store_follow(view, token.person_id, account.person_id, &follow, err);
    if (found != FOUND)
        return found == ABSENT;
    enum list_trouble trouble = list_trouble_of(slice_of(report->code), slice_of(report->status));
    return list_note_trouble(bridge, tx, &follow, trouble, true,
                             report->words[0] ? report->words : report->status, err);
}
