/*
 * A direct message or mail that has not arrived: its author is told after a day, and when it is given up (behaviour.md 9
 * and 13 E); and who asked for it, when a server took it that makes no reports.  A public post never makes such a mail.
 */
#include "activity_work.h"
#include "commit.h"
#include "delivery_letter.h"

#include "log.h"
#include "memory.h"

enum { PAGE = 500, LOOK_AGAIN_MS = HOUR_MS, NOT_YET_MS = DAY_MS, TOLD_DAYS = 30 };

struct late { /* one delivery of a direct message or mail that its author must hear of */
    int64_t delivery_id, message_id, account_id, person_id, first_ms;
    enum delivery_target target;
    char *host, *reply;
    char *rcpt_to, *envid, *orcpt; /* TARGET_MAIL */
    int64_t body_id;               /* TARGET_MAIL: the mail as it goes out */
    enum delivery_tell tell;       /* NOTHING: it is still being tried */
    bool expired;                  /* and that for too long */
    bool whole;                    /* the mail itself is wanted back */
};

struct lates {
    struct late *at;
    size_t count, capacity;
    int64_t now_ms, last_id;
    int on_page;
};

static void lates_clear(struct lates *lates)
{
    for (size_t i = 0; i < lates->count; i++) {
        free(lates->at[i].host);
        free(lates->at[i].reply);
        free(lates->at[i].rcpt_to);
        free(lates->at[i].envid);
        free(lates->at[i].orcpt);
    }
    free(lates->at);
    *lates = (struct lates){0};
}
SCOPED_VALUE(lates, lates_clear)

/* Without a sender it is a mail of our own, and what is written when it goes is one of many copies: nobody waits
 * for it. */
static bool is_anonymous(const struct delivery *delivery)
{
    return delivery->target == TARGET_MAIL && (!delivery->rcpt_to || !delivery->body_id ||
                                               !delivery->mail_from || !*delivery->mail_from);
}

/* It may never have been tried itself, while its host rested. */
static bool is_expired(const struct delivery *delivery, int64_t now_ms)
{
    return delivery->target == TARGET_MAIL && delivery->due_ms < DELIVERY_PARKED_MS &&
           delivery->first_ms + delivery_patience_ms(TARGET_MAIL) <= now_ms;
}

static bool is_to_be_told(const struct delivery *delivery, int64_t now_ms)
{
    if (delivery->subject != SUBJECT_MESSAGE || is_anonymous(delivery) || delivery->withdrawn)
        return false;
    if (delivery->due_ms >= DELIVERY_PARKED_MS)
        return true;
    return delivery->first_ms + NOT_YET_MS <= now_ms &&
           dsn_wanted(delivery->wish.notify, DSN_NOTIFY_DELAY);
}

static bool add_late(void *ctx, const struct delivery *delivery)
{
    struct lates *lates = ctx;
    bool expired = is_expired(delivery, lates->now_ms);
    const char *reply = delivery->host_reply ? delivery->host_reply : delivery->last_reply;

    lates->last_id = delivery->id;
    lates->on_page++;
    if (!expired && !is_to_be_told(delivery, lates->now_ms))
        return true;
    must_make_room(lates->at, lates->count, lates->capacity);
    lates->at[lates->count++] = (struct late){
        .delivery_id = delivery->id,
        .message_id = delivery->subject_id,
        .account_id = delivery->account_id,
        .person_id = delivery->person_id,
        .first_ms = delivery->first_ms,
        .host = must_dup(delivery->host ? delivery->host : "their server"),
        .reply = must_dup(reply),
        .target = delivery->target,
        .rcpt_to = must_dup(delivery->rcpt_to),
        .body_id = delivery->body_id,
        .tell = delivery->due_ms >= DELIVERY_PARKED_MS ? delivery->tell : TELL_NOTHING,
        .expired = expired,
        .whole = delivery->terms.dsn_return == DSN_RETURN_FULL,
        .envid = must_dup(delivery->terms.envid),
        .orcpt = must_dup(delivery->wish.orcpt),
    };
    return true;
}

/* ---- too late ---- */
static bool record_expiry(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct late *late = ctx;
    scoped_value(delivery) delivery = {0};
    enum found found = store_delivery(store_tx_view(tx), late->delivery_id, &delivery, err);

    if (found != FOUND || !is_expired(&delivery, clock_now(bridge->clock)))
        return found != FAILED;
    return delivery_give_up(bridge, tx, &delivery, late->reply ? late->reply : "", err);
}

/* ---- telling ---- */
struct telling {
    struct late *late;
    struct letter letter; /* no body: nobody is to be told */
};

/* FOUND: it is still so. */
static enum found look_again(struct store_tx *tx, const struct late *late, struct delivery *out,
                             struct err *err)
{
    enum found found = store_delivery(store_tx_view(tx), late->delivery_id, out, err);

    return found == FOUND && out->tell != late->tell ? ABSENT : found;
}

static bool record_telling(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct telling *telling = ctx;
    const struct late *late = telling->late;
    scoped_text char *what =
        must_print("%lld %lld", (long long)late->delivery_id, (long long)late->first_ms);
    unsigned char digest[SHA256_LEN];
    scoped_value(delivery) delivery = {0};
    enum found found = look_again(tx, late, &delivery, err);
    bool first = true;

    if (found != FOUND)
        return found == ABSENT;
    activity_digest("late", what, "", digest);
    if (!late->tell && !store_see(tx, SEEN_MAIL, digest,
                                  clock_now(bridge->clock) + TOLD_DAYS * DAY_MS, &first, err))
        return false;
    if (first && telling->letter.body && !letter_file(tx, &telling->letter, late->message_id, err))
        return false;
    return !late->tell || delivery_let_go(tx, &delivery, late->reply, err);
}

static bool told_before(struct store_view *view, const struct late *late, bool *out,
                        struct err *err)
{
    scoped_text char *what =
        must_print("%lld %lld", (long long)late->delivery_id, (long long)late->first_ms);
    unsigned char digest[SHA256_LEN];

    activity_digest("late", what, "", digest);
    enum found found = store_seen(view, SEEN_MAIL, digest, err);
    *out = found == FOUND && !late->tell;
    return found != FAILED;
}

static char *name_of(const struct late *late, const struct person *person)
{
    if (late->target == TARGET_MAIL)
        return must_dup(late->rcpt_to);
    return person->id ? person_short_name(person) : must_dup("The addressee");
}

static enum delivery_news news_of(const struct late *late)
{
    switch (late->tell) {
    case TELL_GIVEN_UP: return NEWS_FAILED;
    case TELL_RELAYED: return NEWS_RELAYED;
    case TELL_NOTHING: break;
    }
    return NEWS_DELAYED;
}

struct told {
    const struct account *account;
    const struct message *message;
    const char *name; /* of whom it was for */
};

static bool write_letter(struct bridge *bridge, struct store_view *view, const struct late *late,
                         const struct told *told, struct letter *letter, struct err *err)
{
    bool mail = late->target == TARGET_MAIL;
    scoped(source) text = mail ? store_body_source(view, late->body_id, err) : NULL;
    const struct delivery_report report = {
        .news = news_of(late),
        .account = told->account,
        .name = told->name,
        .host = late->host,
        .reply = late->reply,
        .about = told->message->message_id,
        .first_ms = late->first_ms,
        .until_ms = late->first_ms + delivery_patience_ms(late->target),
        .rcpt_to = mail ? late->rcpt_to : NULL,
        .orcpt = late->orcpt,
        .envid = late->envid,
        .mail = text,
        .whole = late->whole,
    };

    return (text || !mail) && delivery_letter(bridge, &report, letter, err);
}

/* Fills the letter, if it was written to one person by somebody who still lives here. */
static bool prepare_telling(struct bridge *bridge, struct store_view *view, struct telling *telling,
                            struct err *err)
{
    const struct late *late = telling->late;
    scoped_value(message) message = {0};
    scoped_value(account) account = {0};
    scoped_value(person) person = {0};
    enum found found = store_message(view, late->message_id, &message, err);

    if (found == FOUND &&
        message.visibility == (late->target == TARGET_MAIL ? VISIBILITY_MAIL : VISIBILITY_DIRECT))
        found = store_account(view, late->account_id, &account, err);
    if (found == FAILED || store_person(view, late->person_id, &person, err) == FAILED)
        return false;
    if (!account.id || account.state != ACCOUNT_ACTIVE || message_is_gone(&message))
        return true;
    scoped_text char *name = name_of(late, &person);
    return write_letter(bridge, view, late, &(struct told){&account, &message, name},
                        &telling->letter, err);
}

static bool tell_one(struct bridge *bridge, struct late *late, struct err *err)
{
    struct telling telling = {.late = late};
    bool before = false, ok;

    if (late->expired)
        return bridge_commit(bridge, record_expiry, late, err);
    {
        scoped(store_view) view = store_look(bridge->store, err);
        ok = view && told_before(view, late, &before, err) &&
             (before || prepare_telling(bridge, view, &telling, err));
    }
    bool due = late->tell || telling.letter.body;
    if (ok && !before && due)
        ok = bridge_commit(bridge, record_telling, &telling, err);
    letter_clear(&telling.letter);
    return ok;
}

static bool look_at_page(struct bridge *bridge, struct lates *lates, struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);

    lates->on_page = 0;
    return view && store_queue(view, lates->last_id, PAGE, add_late, lates, err);
}

bool tell_undelivered(struct bridge *bridge, struct err *err)
{
    scoped_value(lates) lates = {.now_ms = clock_now(bridge->clock)};

    if (chore_rests(bridge->undelivered_ms, LOOK_AGAIN_MS, lates.now_ms))
        return true;
    bridge->undelivered_ms = lates.now_ms + LOOK_AGAIN_MS;
    if (!bridge_commit_all(bridge, err))
        return false;
    do {
        if (!look_at_page(bridge, &lates, err))
            return false;
    } while (lates.on_page == PAGE);
    for (size_t i = 0; i < lates.count; i++) /* one that cannot be told keeps no other waiting */
        if (!tell_one(bridge, &lates.at[i], err))
            log_error("what came of delivery %lld could not be told, again in an hour: %s (%s)",
                      (long long)lates.at[i].delivery_id, err->said, err->cause);
    return true;
}
