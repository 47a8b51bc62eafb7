/*
 * What one delivery should say now (store_delivery.h): the state is read when it is sent, so an edit never
 * overtakes the first version, and what is no longer wanted is not said.
 */
#include "activity_work.h"

#include "memory.h"

bool bridge_outgoing_person(struct store_view *view, struct outgoing *outgoing, struct err *err)
{
    scoped_value(person) person = {0};

    if (!outgoing->person_id)
        return true;
    switch (store_person(view, outgoing->person_id, &person, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    if (!outgoing->inbox) {
        outgoing->inbox = steal(&person.inbox);
        if (person.gone)
            outgoing->kind = OUTGOING_NOTHING;
    } else if (!person.inbox || strcmp(outgoing->inbox, person.inbox) != 0) {
        return true; /* a shared inbox: it is nobody's own */
    }
    free(outgoing->person_user);
    free(outgoing->person_host);
    free(outgoing->person_actor_id);
    outgoing->person_user = steal(&person.user);
    outgoing->person_host = steal(&person.host);
    outgoing->person_actor_id = steal(&person.actor_id);
    return true;
}

/* Where to; a person whose inbox is not known is looked for by the caller. */
static bool aim(struct store_view *view, const struct delivery *delivery, struct outgoing *out,
                struct err *err)
{
    out->inbox = must_dup(delivery->inbox);
    out->person_id = delivery->person_id;
    return out->inbox || bridge_outgoing_person(view, out, err);
}

/* ---- a post ---- */
static enum outgoing_kind kind_of_post(const struct delivery *delivery,
                                       const struct message *message)
{
    bool known = delivery->delivered > 0 || delivery->tries > 0;

    if (delivery->withdrawn)
        return known ? OUTGOING_DELETE : OUTGOING_NOTHING;
    if (message->state != MESSAGE_SENT || delivery->delivered >= message->version)
        return OUTGOING_NOTHING;
    return delivery->delivered == 0 ? OUTGOING_CREATE : OUTGOING_UPDATE;
}

static bool say_post(struct store_view *view, const struct delivery *delivery, struct outgoing *out,
                     struct err *err)
{
    scoped_value(message) message = {0};

    switch (store_message(view, delivery->subject_id, &message, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    out->kind = kind_of_post(delivery, &message);
    if (out->kind == OUTGOING_NOTHING)
        return true;
    if (out->kind != OUTGOING_DELETE)
        out->version = message.version;
    out->post.message_id = message.id;
    return true;
}

bool bridge_outgoing_post(struct bridge *bridge, struct store_view *view, struct outgoing *outgoing,
                          struct err *err)
{
    scoped_value(message) message = {0};
    int64_t id = outgoing->post.message_id;

    if (!id)
        return true;
    switch (store_message(view, id, &message, err)) {
    case FAILED: return false;
    case ABSENT: return err_set(err, ERR_ABSENT, "This post is no longer there");
    case FOUND: break;
    }
    post_clear(&outgoing->post);
    return bridge_post(bridge, view, &message, true, &outgoing->post, err);
}

/* ---- follows ---- */
static enum outgoing_kind kind_of_answer(const struct delivery *delivery,
                                         const struct follow *follow)
{
    if (delivery->wanted == 1 && follow->state == FOLLOW_ACCEPTED)
        return OUTGOING_ACCEPT;
    if (delivery->wanted == 2 && follow->state == FOLLOW_REFUSED)
        return OUTGOING_REJECT;
    return OUTGOING_NOTHING;
}

static enum outgoing_kind kind_of_ours(const struct delivery *delivery, const struct follow *follow)
{
    bool wanted = follow->state == FOLLOW_WAITING || follow->state == FOLLOW_ACCEPTED;

    if (delivery->wanted == 1)
        return wanted ? OUTGOING_FOLLOW : OUTGOING_NOTHING;
    return wanted ? OUTGOING_NOTHING : OUTGOING_UNDO_FOLLOW;
}

static bool say_answer(struct store_view *view, const struct delivery *delivery,
                       const struct follow *follow, struct outgoing *out, struct err *err)
{
    scoped_value(person) follower = {0};
    enum found found = store_person(view, follow->follower_id, &follower, err);

    if (found != FOUND || !follow->activity_id || !follower.actor_id)
        return found != FAILED;
    out->kind = kind_of_answer(delivery, follow);
    out->follow_activity_id = must_dup(follow->activity_id);
    out->follow_actor = steal(&follower.actor_id);
    out->follow_object = must_dup(out->actor_id);
    return true;
}

static bool say_ours(struct store_view *view, const struct delivery *delivery,
                     const struct follow *follow, struct outgoing *out, struct err *err)
{
    scoped_value(person) followed = {0};
    enum found found = store_person(view, follow->followed_id, &followed, err);

    if (found != FOUND)
        return found == ABSENT;
    out->kind = kind_of_ours(delivery, follow);
    if (out->kind == OUTGOING_UNDO_FOLLOW && !followed.actor_id)
        out->kind = OUTGOING_NOTHING; /* they were never found, so never asked */
    out->follow_activity_id = follow_activity_id(out->actor_id, follow->id);
    out->follow_actor = must_dup(out->actor_id);
    out->follow_object = steal(&followed.actor_id);
    return true;
}

static bool say_follow(struct store_view *view, const struct delivery *delivery,
                       struct outgoing *out, struct err *err)
{
    scoped_value(follow) follow = {0};

    switch (store_follow_by_id(view, delivery->subject_id, &follow, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    out->follow_id = follow.id;
    if (delivery->subject == SUBJECT_FOLLOW_ANSWER)
        return say_answer(view, delivery, &follow, out, err);
    return say_ours(view, delivery, &follow, out, err);
}

/* ---- an account ---- */
/* Who has not heard that she moved hears that first: their server follows her there. */
static bool say_actor(struct store_view *view, const struct delivery *delivery,
                      struct outgoing *out, struct err *err)
{
    scoped_value(moved) moved = {0};

    if (out->account.state == ACCOUNT_REMOVED || delivery->withdrawn) {
        out->kind = OUTGOING_DELETE_ACTOR;
        return true;
    }
    out->kind = OUTGOING_UPDATE_ACTOR;
    if (!store_aliases(view, out->account.id, &out->aliases, err) ||
        !bridge_moved_to(view, &out->account, &moved, err))
        return false;
    out->moved_to = steal(&moved.actor_id);
    if (out->moved_to && delivery->delivered < move_version(moved.at_ms)) {
        out->kind = OUTGOING_MOVE;
        out->version = move_version(moved.at_ms);
    }
    return true;
}

static bool say(struct store_view *view, const struct delivery *delivery, struct outgoing *out,
                struct err *err)
{
    bool removed = out->account.state == ACCOUNT_REMOVED;

    switch (delivery->subject) {
    case SUBJECT_MESSAGE:
        return (removed && !delivery->withdrawn) || say_post(view, delivery, out, err);
    case SUBJECT_FOLLOW_ANSWER:
    case SUBJECT_FOLLOW: return removed || say_follow(view, delivery, out, err);
    case SUBJECT_ACTOR: return say_actor(view, delivery, out, err);
    case SUBJECT_REACTION: return say_reaction(view, delivery, out, err);
    case SUBJECT_REPORT: return true; /* by mail alone */
    }
    return true;
}

bool bridge_outgoing(struct store_view *view, const struct delivery *delivery, struct outgoing *out,
                     struct err *err)
{
    scoped_value(outgoing) said = {.kind = OUTGOING_NOTHING, .version = delivery->wanted};

    switch (store_account(view, delivery->account_id, &said.account, err)) {
    case FAILED: return false;
    case ABSENT: break;
    case FOUND:
        said.actor_id = account_actor(&said.account);
        if (!say(view, delivery, &said, err))
            return false;
        break;
    }
    if (said.kind != OUTGOING_NOTHING && !aim(view, delivery, &said, err))
        return false;
    *out = said;
    said = (struct outgoing){0};
    return true;
}
