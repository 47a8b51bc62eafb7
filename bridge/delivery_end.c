/*
 * What came of a delivery, on the writer.
 *
 * A direct message or mail that is given up is not dropped here: its row is parked, due at the end of time,
 * until chores has told its author (undelivered.c) — that mail is too much work for the writer.
 */
#include "activity_work.h"
#include "list_work.h"

#include "memory.h"
#include "text.h"

/* Written by somebody here to this one person, so that they must hear if it does not arrive.  Mails of our own,
 * with no sender, and copies for subscribers are not. */
static bool is_personal(struct store_view *view, const struct delivery *delivery, bool *out,
                        struct err *err)
{
    scoped_value(message) message = {0};

    *out = false;
    if (delivery->subject != SUBJECT_MESSAGE || delivery->withdrawn)
        return true;
    enum found found = store_message(view, delivery->subject_id, &message, err);
    if (found != FOUND)
        return found == ABSENT;
    bool mail = delivery->target == TARGET_MAIL;
    bool says_who = !mail || (delivery->body_id && delivery->mail_from && *delivery->mail_from);
    enum visibility to_one = mail ? VISIBILITY_MAIL : VISIBILITY_DIRECT;
    *out = message.visibility == to_one && message.account_id && says_who &&
           !message_is_gone(&message);
    return true;
}

static bool give_up(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                    const char *reply, struct err *err)
{
    bool personal;

    if (!is_personal(store_tx_view(tx), delivery, &personal, err))
        return false;
    if (!personal)
        return store_delivery_drop(tx, delivery->id, reply, err);
    bridge->undelivered_ms = 0;
    return store_delivery_later(tx, delivery->id, DELIVERY_PARKED_MS, reply, err);
}

static int64_t wait_ms(const struct config *config, int tries, int64_t retry_after_s)
{
    bool daily = tries < 0 || (size_t)tries >= config->retry_count;
    int64_t step_ms = daily ? DAY_MS : config->retry_ms[tries];
    int64_t most_s = DAY_MS / SECOND_MS;
    int64_t asked_ms = (retry_after_s < most_s ? retry_after_s : most_s) * SECOND_MS;

    return asked_ms > step_ms ? asked_ms : step_ms;
}

/* ---- the host ---- */
/* Of inboxes alone: a mail domain of the same name is another service, and answers for itself; to be told to come later is
 * its everyday. */
static bool put_host(struct store_tx *tx, const struct delivery *delivery,
                     const struct delivery_outcome *outcome, int64_t now_ms,
                     int64_t *out_failing_since_ms, struct err *err)
{
    scoped_value(host) host = {0};
    bool later = outcome->end == DELIVERY_LATER;

    *out_failing_since_ms = 0;
    if (outcome->untried || delivery->target == TARGET_MAIL || !delivery->host || !*delivery->host)
        return true;
    enum found found = store_host(store_tx_view(tx), slice_of(delivery->host), &host, err);
    if (found == FAILED)
        return false;
    if (found == ABSENT)
        host.name = must_dup(delivery->host);
    if (!later) {
        host.failing_since_ms = 0;
        host.last_success_ms = now_ms;
    } else if (host.failing_since_ms == 0) {
        host.failing_since_ms = now_ms;
    }
    if (outcome->scheme_worked)
        host.scheme = outcome->scheme_worked;
    *out_failing_since_ms = host.failing_since_ms;
    return store_put_host(tx, &host, err);
}

/* ---- the ends ---- */
static bool try_later(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                      const struct delivery_outcome *outcome, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock), failing_since_ms;
    int64_t last_ms = now_ms - delivery_patience_ms(delivery->target);

    if (!put_host(tx, delivery, outcome, now_ms, &failing_since_ms, err))
        return false;
    bool dead = failing_since_ms && failing_since_ms <= last_ms;
    if (dead || delivery->first_ms <= last_ms)
        return give_up(bridge, tx, delivery, outcome->reply, err);
    return store_delivery_later(
        tx, delivery->id, now_ms + wait_ms(bridge->config, delivery->tries, outcome->retry_after_s),
        outcome->reply, err);
}

static bool person_went(struct store_tx *tx, const struct delivery *delivery, struct err *err)
{
    scoped_value(person) person = {0};
    scoped_value(follow) follow = {0};
    scoped_value(delivery) left = {0};
    struct store_view *view = store_tx_view(tx);
    int64_t person_id = delivery->person_id;

    if (delivery->subject == SUBJECT_FOLLOW_ANSWER &&
        store_follow_by_id(view, delivery->subject_id, &follow, err) == FOUND)
        person_id = follow.follower_id;
    enum found found = store_person(view, person_id, &person, err);
    if (found == FAILED)
        return false;
    bool own = found == FOUND &&
               (!delivery->inbox || !person.inbox || strcmp(delivery->inbox, person.inbox) == 0);
    if (own && !store_person_gone(tx, person.id, err))
        return false;
    switch (store_delivery(view, delivery->id, &left, err)) {
    case FAILED: return false;
    case ABSENT: return true; /* it ended with the person */
    case FOUND: break;
    }
    return store_delivery_drop(tx, delivery->id, "gone", err);
}

/* Who does not exist cannot be followed. */
static bool nobody(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                   const char *reply, struct err *err)
{
    scoped_value(follow) follow = {0};
    int64_t id;

    if (delivery->subject != SUBJECT_FOLLOW)
        return give_up(bridge, tx, delivery, reply, err);
    switch (store_follow_by_id(store_tx_view(tx), delivery->subject_id, &follow, err)) {
    case FAILED: return false;
    case ABSENT: break;
    case FOUND:
        if (!store_put_follow(tx, follow.follower_id, follow.followed_id, FOLLOW_REFUSED, NULL, &id,
                              err))
            return false;
        break;
    }
    return give_up(bridge, tx, delivery, reply, err);
}

static bool ended(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                  const struct delivery_outcome *outcome, struct err *err)
{
    int64_t failing_since_ms, now_ms = clock_now(bridge->clock);

    switch (outcome->end) {
    case DELIVERED:
        return put_host(tx, delivery, outcome, now_ms, &failing_since_ms, err) &&
               list_copy_ended(bridge, tx, delivery, true, outcome->reply, err) &&
               store_delivery_done(tx, delivery->id, outcome->version, outcome->reply, err);
    case DELIVERY_LATER: return try_later(bridge, tx, delivery, outcome, err);
    case DELIVERY_REFUSED:
        return put_host(tx, delivery, outcome, now_ms, &failing_since_ms, err) &&
               list_copy_ended(bridge, tx, delivery, false, outcome->reply, err) &&
               give_up(bridge, tx, delivery, outcome->reply, err);
    case DELIVERY_GONE: return person_went(tx, delivery, err);
    case DELIVERY_NOBODY: return nobody(bridge, tx, delivery, outcome->reply, err);
    }
    __builtin_unreachable();
}

bool bridge_delivery_ended(struct bridge *bridge, struct store_tx *tx,
                           const struct delivery_outcome *outcome, struct err *err)
{
    scoped_value(delivery) delivery = {0};

    switch (store_delivery(store_tx_view(tx), outcome->delivery_id, &delivery, err)) {
    case FAILED: return false;
    case ABSENT: return true; /* dropped meanwhile */
    case FOUND: return ended(bridge, tx, &delivery, outcome, err);
    }
    __builtin_unreachable();
}
