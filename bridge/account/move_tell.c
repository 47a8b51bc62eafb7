/*
 * An account of ours has moved: its followers elsewhere hear Move, its readers by mail get one mail.  A page at a time; the
 * cursor moves in the transaction that holds the page.
 */
#include "activity_work.h"
#include "commit.h"

#include "memory.h"

enum { PAGE = 200 };

struct page {
    struct bridge *bridge;
    struct store_tx *tx;
    struct account account;
    struct move move;
    int seen;
    bool failed;
    struct err *err;
};

static bool want_mail(struct page *page, const struct person *reader)
{
    const struct delivery mail = {
        .subject = SUBJECT_ACTOR,
        .subject_id = page->account.id,
        .account_id = page->account.id,
        .person_id = reader->id,
        .wanted = move_version(page->move.at_ms),
        .rcpt_to = reader->address,
    };
    return mail_want(page->tx, mail, clock_now(page->bridge->clock), page->err);
}

static bool tell_one(void *ctx, const struct follow *follow, const struct person *follower)
{
    struct page *page = ctx;

    page->seen++;
    page->move.follow_after = follow->id;
    if (follower->kind == PERSON_MAIL)
        page->failed = !want_mail(page, follower);
    if (follower->kind == PERSON_FEDIVERSE && !follower->gone)
        page->failed = !person_want(page->tx, follower, SUBJECT_ACTOR, page->account.id,
                                    page->account.id, move_version(page->move.at_ms), true,
                                    clock_now(page->bridge->clock), page->err);
    return !page->failed;
}

static bool record_page(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct move *seen = ctx;
    struct store_view *view = store_tx_view(tx);
    struct page page = {.bridge = bridge, .tx = tx, .err = err};
    enum found found = store_move(view, seen->person_id, &page.move, err);

    if (found != FOUND || !page.move.open || page.move.to_id != seen->to_id)
        return found != FAILED;
    found = store_account_of_person(view, seen->person_id, &page.account, err);
    bool good = found != FAILED;
    if (found == FOUND && page.account.state == ACCOUNT_ACTIVE)
        good = store_followers(view, seen->person_id, true, page.move.follow_after, PAGE, tell_one,
                               &page, err) &&
               !page.failed;
    account_clear(&page.account);
    page.move.open = page.seen == PAGE;
    return good && store_put_move(tx, &page.move, err);
}

bool tell_of_move(struct bridge *bridge, const struct move *move, struct err *err)
{
    struct move seen = *move;

    return bridge_commit(bridge, record_page, &seen, err);
}
