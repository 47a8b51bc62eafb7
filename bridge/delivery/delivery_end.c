/*
 * What came of a delivery, on the writer.
 *
 * A direct message or mail that is given up is not dropped here: its row is parked, due at the end of time,
 * until chores has told its author (undelivered.c) — that mail is too much work for the writer.
 */
#include "activity_work.h"
#include "bridge_peer.h"
#include "id.h"
#include "list_work.h"
#include "store_poll.h"

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

/* A mail whose author wants to hear of that end has to wait for its report. */
static bool report_wanted(struct store_view *view, const struct delivery *delivery,
                          enum dsn_notify what, bool *out, struct err *err)
{
    *out = false;
    return !dsn_wanted(delivery->wish.notify, what) || is_personal(view, delivery, out, err);
}

/* An edit that was not taken: they have what was there before, and hear of the next edit, or that it is taken back. */
static bool have_older(const struct delivery *delivery)
{
    return delivery->subject == SUBJECT_MESSAGE && delivery->target != TARGET_MAIL &&
           delivery->delivered > 0 && !delivery->withdrawn;
}

/* A like or boost whose answers were lost, or an older one that they have: its Undo is said when it is taken back. */
static bool may_have_reaction(const struct delivery *delivery)
{
    return delivery->subject == SUBJECT_REACTION && delivery->wanted % 2 == 1 &&
           (delivery->tries > 0 || delivery->delivered % 2 == 1);
}

/* A vote that was refused, or never answered, is none: its author may vote anew.  Other servers count one alone. */
static bool was_vote(struct store_tx *tx, const struct delivery *delivery, bool *out,
                     struct err *err)
{
    struct own_reaction reaction;

    *out = false;
    if (delivery->subject != SUBJECT_REACTION || delivery->delivered > 0)
        return true;
    enum found found = store_own_reaction(store_tx_view(tx), delivery->subject_id, &reaction, err);
    *out = found == FOUND && vote_choice(reaction.kind);
    return found != FAILED;
}

bool delivery_let_go(struct store_tx *tx, const struct delivery *delivery, const char *reply,
                     struct err *err)
{
    bool vote;

    if (!was_vote(tx, delivery, &vote, err))
        return false;
    if (vote)
        return store_forget_vote(tx, delivery->subject_id, err);
    if (may_have_reaction(delivery))
        return store_delivery_rest(tx, delivery->id, reply, err);
    return have_older(delivery) ? store_delivery_done(tx, delivery->id, delivery->wanted, err)
                                : store_delivery_drop(tx, delivery->id, reply, err);
}

bool delivery_give_up(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                      const char *reply, struct err *err)
{
    bool wanted;

    if (!list_copy_failed(bridge, tx, delivery, reply, err) ||
        !list_evening_ended(tx, delivery, delivery->wanted, err) ||
        !report_wanted(store_tx_view(tx), delivery, DSN_NOTIFY_FAILURE, &wanted, err))
        return false;
    if (!wanted)
        return delivery_let_go(tx, delivery, reply, err);
    bridge->undelivered_ms = 0;
    return store_delivery_park(tx, delivery->id, TELL_GIVEN_UP, reply, err);
}

static bool take_leave(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                       const struct delivery_outcome *outcome, struct err *err)
{
    bool wanted = false;

    if (outcome->unreporting && delivery->target == TARGET_MAIL &&
        !report_wanted(store_tx_view(tx), delivery, DSN_NOTIFY_SUCCESS, &wanted, err))
        return false;
    if (!wanted)
        return store_delivery_done(tx, delivery->id, outcome->version, err);
    bridge->undelivered_ms = 0;
    return store_delivery_park(tx, delivery->id, TELL_RELAYED, outcome->reply, err);
}

/* ---- when again ---- */
static const int64_t mail_steps_ms[] = {5 * MINUTE_MS,  10 * MINUTE_MS, 20 * MINUTE_MS,
                                        40 * MINUTE_MS, 80 * MINUTE_MS, 2 * HOUR_MS};
static const int64_t inbox_steps_ms[] = {MINUTE_MS,   5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS,
                                         6 * HOUR_MS, 12 * HOUR_MS,  24 * HOUR_MS};

int64_t delivery_step_ms(const struct config *config, enum delivery_target target, int tries)
{
    const int64_t *steps_ms = target == TARGET_MAIL ? mail_steps_ms : inbox_steps_ms;
    size_t count = target == TARGET_MAIL ? COUNT_OF(mail_steps_ms) : COUNT_OF(inbox_steps_ms);

    if (config->retry_count > 0) {
        steps_ms = config->retry_ms;
        count = config->retry_count;
        if ((size_t)tries >= count)
            return DAY_MS;
    }
    return steps_ms[(size_t)tries < count ? (size_t)tries : count - 1];
}

/* A fifth more or less, so that what failed together does not come again together. */
static int64_t jittered(int64_t ms)
{
    uint32_t luck;

    random_bytes(&luck, sizeof luck);
    return ms - ms / 5 + (int64_t)((uint64_t)luck % (uint64_t)(ms * 2 / 5 + 1));
}

static int64_t mail_wait_ms(const struct config *config, int tries)
{
    return jittered(delivery_step_ms(config, TARGET_MAIL, tries < 0 ? 0 : tries));
}

static int64_t wait_ms(const struct config *config, int tries, int64_t retry_after_s)
{
    int64_t own_ms = delivery_step_ms(config, TARGET_INBOX, tries < 0 ? 0 : tries);
    int64_t most_s = DAY_MS / SECOND_MS;
    int64_t asked_ms = (retry_after_s < most_s ? retry_after_s : most_s) * SECOND_MS;

    return asked_ms > own_ms ? asked_ms : own_ms;
}

/* ---- the host of mail ---- */
/* Whose silence delays what else. */
static const char *way_of(const struct bridge *bridge, const struct delivery *delivery)
{
    if (bridge->config->relay_host[0])
        return MAIL_HOST_OF_ALL;
    return delivery->host ? delivery->host : "";
}

/* A host that does not answer delays all mail for it; what it answers about one mail delays that one. */
static bool mail_due(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                     const struct delivery_outcome *outcome, int64_t *out_due_ms, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);
    const char *way = way_of(bridge, delivery);
    struct mail_host host = {0};

    *out_due_ms = now_ms + mail_wait_ms(bridge->config, delivery->tries);
    if (outcome->mail_host != HOST_FAILED || !*way)
        return true;
    if (store_mail_host(store_tx_view(tx), way, &host, err) == FAILED)
        return false;
    if (host.next_ms > now_ms) { /* noted a moment ago, by another who tried */
        *out_due_ms = host.next_ms;
        return true;
    }
    *out_due_ms = now_ms + mail_wait_ms(bridge->config, host.tries);
    return store_mail_host_failed(tx, way, *out_due_ms, outcome->reply, err);
}

static bool mail_later(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                       const struct delivery_outcome *outcome, struct err *err)
{
    int64_t due_ms;

    return mail_due(bridge, tx, delivery, outcome, &due_ms, err) &&
           store_delivery_later(tx, delivery->id, due_ms, outcome->reply, err);
}

static bool note_mail_host(struct bridge *bridge, struct store_tx *tx,
                           const struct delivery *delivery, const struct delivery_outcome *outcome,
                           struct err *err)
{
    if (delivery->target != TARGET_MAIL || outcome->mail_host != HOST_SPOKE)
        return true;
    return store_mail_host_well(tx, way_of(bridge, delivery), err);
}

/* ---- the host of inboxes ---- */
/* Most deliveries go well as did the one before: that is worth a row's change once an hour. */
static bool fares_as_known(const struct host *host, const struct delivery_outcome *outcome,
                           int64_t now_ms)
{
    return outcome->end != DELIVERY_LATER && host->failing_since_ms == 0 &&
           host->last_success_ms > now_ms - HOUR_MS &&
           (!outcome->scheme_worked || outcome->scheme_worked == host->scheme);
}

/* As for mail: one that says nothing delays all that is for it.  Whoever asked at the same time finds it noted. */
static void note_silence(const struct config *config, int64_t now_ms, struct host *host)
{
    if (host->next_ms > now_ms)
        return;
    host->next_ms = now_ms + delivery_step_ms(config, TARGET_INBOX, host->silences);
    host->silences++;
}

static bool put_host(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                     const struct delivery_outcome *outcome, int64_t now_ms, struct host *out,
                     struct err *err)
{
    scoped_value(host) host = {0};
    bool later = outcome->end == DELIVERY_LATER;

    *out = (struct host){0};
    if (outcome->untried || delivery->target == TARGET_MAIL || !delivery->host || !*delivery->host)
        return true;
    enum found found = store_host(store_tx_view(tx), slice_of(delivery->host), &host, err);
    if (found == FAILED)
        return false;
    if (found == FOUND && fares_as_known(&host, outcome, now_ms))
        return true;
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
    if (outcome->silent)
        note_silence(bridge->config, now_ms, &host);
    else
        host.next_ms = host.silences = 0;
    *out = host;
    out->name = NULL; /* ours */
    return store_put_host(tx, &host, err);
}

/* ---- the ends ---- */
/* A like that was taken back while it was on its way, and whose answer was lost, counts as heard. */
static bool note_reaction(struct store_tx *tx, const struct delivery *delivery,
                          const struct delivery_outcome *outcome, struct err *err)
{
    bool outdated = delivery->subject == SUBJECT_REACTION && !outcome->untried &&
                    outcome->version % 2 == 1 && outcome->version > delivery->delivered &&
                    outcome->version < delivery->wanted;

    return !outdated || store_delivery_done(tx, delivery->id, outcome->version, err);
}

static bool try_later(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                      const struct delivery_outcome *outcome, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);
    int64_t last_ms = now_ms - delivery_patience_ms(delivery->target);
    struct host host;

    if (!put_host(bridge, tx, delivery, outcome, now_ms, &host, err))
        return false;
    bool dead = host.failing_since_ms && host.failing_since_ms <= last_ms;
    if (dead || delivery->first_ms <= last_ms)
        return delivery_give_up(bridge, tx, delivery, outcome->reply, err);
    if (delivery->target == TARGET_MAIL)
        return mail_later(bridge, tx, delivery, outcome, err);
    if (outcome->put_off_ms)
        return store_delivery_put_off(tx, delivery->id, outcome->put_off_ms, err);
    int64_t due_ms = now_ms + wait_ms(bridge->config, delivery->tries, outcome->retry_after_s);
    return note_reaction(tx, delivery, outcome, err) &&
           store_delivery_later(tx, delivery->id, host.next_ms ? host.next_ms : due_ms,
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
        return delivery_give_up(bridge, tx, delivery, reply, err);
    switch (store_follow_by_id(store_tx_view(tx), delivery->subject_id, &follow, err)) {
    case FAILED: return false;
    case ABSENT: break;
    case FOUND:
        if (!store_put_follow(tx, follow.follower_id, follow.followed_id, FOLLOW_REFUSED, NULL, &id,
                              err))
            return false;
        break;
    }
    return delivery_give_up(bridge, tx, delivery, reply, err);
}

/* A chatmail relay: the next mail that it would not take need not be brought there.  Through a smarthost nobody knows who
 * said it, and what we said ourselves is no news. */
static bool note_encrypted_only(struct bridge *bridge, struct store_tx *tx,
                                const struct delivery *delivery,
                                const struct delivery_outcome *outcome, struct err *err)
{
    bool said = delivery->target == TARGET_MAIL && outcome->mail_host == HOST_SPOKE &&
                slice_starts(slice_of(outcome->reply), SLICE(REPLY_ENCRYPTED_ONLY)) &&
                delivery->host && *delivery->host && !bridge->config->relay_host[0];

    return !said || store_note_encrypted_only(tx, delivery->host, err);
}

/* Something else than what was said is wanted by now; and the other side may have an older version of it, or will. */
static bool is_outdated(const struct delivery *delivery, int version)
{
    bool follow = delivery->subject == SUBJECT_FOLLOW || delivery->subject == SUBJECT_FOLLOW_ANSWER;
    bool other = follow ? version != delivery->wanted : version < delivery->wanted;
    bool known = delivery->delivered > 0 || delivery->tries > 0;

    return other && (known || !delivery->withdrawn);
}

/* What is wanted now is said next; but if that is refused as outdated too, not at once. */
static bool say_newer(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                      const struct delivery_outcome *outcome, struct err *err)
{
    int64_t wait_ms = delivery->tries > 1
                          ? delivery_step_ms(bridge->config, delivery->target, delivery->tries)
                          : 0;

    /* a Move that they do not want is not said again, nor the Undo of a like that was made anew */
    if (delivery->subject == SUBJECT_ACTOR || delivery->subject == SUBJECT_REACTION)
        return store_delivery_done(tx, delivery->id, outcome->version, err);
    return store_delivery_later(tx, delivery->id, clock_now(bridge->clock) + wait_ms,
                                outcome->reply, err);
}

/* "Never again" is said of that version alone. */
static bool refused(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                    const struct delivery_outcome *outcome, struct err *err)
{
    struct host host;

    if (!put_host(bridge, tx, delivery, outcome, clock_now(bridge->clock), &host, err) ||
        !note_encrypted_only(bridge, tx, delivery, outcome, err))
        return false;
    if (is_outdated(delivery, outcome->version))
        return say_newer(bridge, tx, delivery, outcome, err);
    return delivery_give_up(bridge, tx, delivery, outcome->reply, err);
}

static bool ended(struct bridge *bridge, struct store_tx *tx, const struct delivery *delivery,
                  const struct delivery_outcome *outcome, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);
    struct host host;

    switch (outcome->end) {
    case DELIVERED:
        return put_host(bridge, tx, delivery, outcome, now_ms, &host, err) &&
               list_copy_taken(tx, delivery, err) &&
               list_evening_ended(tx, delivery, outcome->version, err) &&
               take_leave(bridge, tx, delivery, outcome, err);
    case DELIVERY_LATER: return try_later(bridge, tx, delivery, outcome, err);
    case DELIVERY_REFUSED: return refused(bridge, tx, delivery, outcome, err);
    case DELIVERY_GONE: return person_went(tx, delivery, err);
    case DELIVERY_NOBODY: return nobody(bridge, tx, delivery, outcome->reply, err);
    }
    __builtin_unreachable();
}

/* Who claims an address here is nobody's acquaintance. */
static bool forget_claimant(struct store_tx *tx, const struct delivery *delivery, struct err *err)
{
    return delivery->subject != SUBJECT_REPORT || !delivery->person_id ||
           store_forget_person(tx, delivery->person_id, err);
}

bool bridge_delivery_ended(struct bridge *bridge, struct store_tx *tx,
                           const struct delivery_outcome *outcome, struct err *err)
{
    scoped_value(delivery) delivery = {0};

    switch (store_delivery(store_tx_view(tx), outcome->delivery_id, &delivery, err)) {
    case FAILED: return false;
    case ABSENT: return true; /* dropped meanwhile */
    case FOUND:
        if (delivery.tell != TELL_NOTHING) /* heard of before */
            return true;
        return note_mail_host(bridge, tx, &delivery, outcome, err) &&
               ended(bridge, tx, &delivery, outcome, err) && forget_claimant(tx, &delivery, err);
    }
    __builtin_unreachable();
}
