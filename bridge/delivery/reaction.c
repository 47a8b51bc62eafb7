/*
 * Likes and boosts by accounts here, as they leave (docs/reactions.md).
 *
 * A reaction is state, as a post is: each change is a version of its row, odd where it stands, and every delivery says
 * what is missing between what its peer heard and what is true now:
 *
 *   heard nothing, or the Undo --stands--> Like or Announce of this version
 *   heard version n, or perhaps heard this --does not stand--> Undo of that version
 *
 * Each like has an id of its own, also the second of the same post: peers drop what they have seen.
 * A vote is said once, and there is no taking back: no server knows how.
 */
#include "activity_work.h"
#include "store_poll.h"

#include "memory.h"

/* ---- wanted ---- */
/* Whose post it is hears of it; one who lives here finds it counted. */
static bool want_at_author(struct bridge *bridge, struct store_tx *tx,
                           const struct account *account, const struct message *message,
                           const struct own_reaction *reaction, struct err *err)
{
    scoped_value(person) author = {0};

    switch (store_person(store_tx_view(tx), message->author_id, &author, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    if (author.kind != PERSON_FEDIVERSE || author.gone)
        return true;
    return person_want(tx, &author, SUBJECT_REACTION, reaction->id, account->id, reaction->version,
                       reaction->kind == REACTION_BOOST, clock_now(bridge->clock), err);
}

bool reaction_set(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                  const struct message *message, enum reaction kind, bool present,
                  bool *out_changed, struct err *err)
{
    struct own_reaction reaction;

    if (!store_set_own_reaction(tx, message->id, account->person_id, kind, present, &reaction,
                                out_changed, err))
        return false;
    if (!*out_changed)
        return true;
    if (!present)
        return store_want_version(tx, SUBJECT_REACTION, reaction.id, reaction.version,
                                  clock_now(bridge->clock), err);
    if (!want_at_author(bridge, tx, account, message, &reaction, err))
        return false;
    return kind != REACTION_BOOST ||
           store_add_boost_broadcast(tx, reaction.id, message->id, account->id, err);
}

/* ---- said ---- */
/* Which one they have, or may have, since the answer was lost; 0: none. */
static int version_there(const struct delivery *delivery)
{
    int last = delivery->wanted % 2 == 1 ? delivery->wanted : delivery->wanted - 1;

    if (delivery->delivered % 2 == 1)
        return delivery->delivered;
    return delivery->tries > 0 && last > delivery->delivered ? last : 0;
}

/* Which version is said now; 0: nothing.  *out_undo: that it is no more, which goes before any that was made anew. */
static int version_to_say(const struct delivery *delivery, int version, bool *out_undo)
{
    int there = version_there(delivery);

    *out_undo = there > 0 && there < version;
    if (*out_undo)
        return there;
    return version % 2 == 1 && delivery->delivered < version ? version : 0;
}

static enum outgoing_kind kind_of(enum reaction kind, bool undo)
{
    if (vote_choice(kind))
        return OUTGOING_VOTE;
    if (kind == REACTION_BOOST)
        return undo ? OUTGOING_UNDO_BOOST : OUTGOING_BOOST;
    return undo ? OUTGOING_UNDO_LIKE : OUTGOING_LIKE;
}

static bool say_it(struct store_view *view, const struct own_reaction *reaction, int version,
                   bool undo, struct outgoing *out, struct err *err)
{
    scoped_value(message) message = {0};
    scoped_value(person) author = {0};
    enum found found = store_message(view, reaction->message_id, &message, err);

    if (found == FOUND)
        found = store_person(view, message.author_id, &author, err);
    if (found != FOUND)
        return found == ABSENT;
    bool over = !may_stand(reaction, &message) || out->account.state == ACCOUNT_REMOVED;
    if (!message.activity_id || (over && !undo))
        return true;
    out->kind = kind_of(reaction->kind, undo);
    out->version = undo ? version + 1 : version;
    out->reaction_activity_id = reaction_activity_id(out->actor_id, reaction, version);
    out->reaction_object = steal(&message.activity_id);
    out->reaction_author = steal(&author.actor_id);
    out->reaction_ms = reaction->at_ms;
    return true;
}

/* A poll that was changed has other choices, and its server forgot the votes too. */
static bool say_vote(struct store_view *view, const struct own_reaction *reaction,
                     const struct delivery *delivery, struct outgoing *out, struct err *err)
{
    scoped_value(poll) poll = {0};
    int choice = vote_choice(reaction->kind);
    enum found found = store_poll(view, reaction->message_id, &poll, err);

    if (found != FOUND || delivery->delivered > 0 || choice > poll.choice_count ||
        !poll.choices[choice - 1])
        return found != FAILED;
    if (!say_it(view, reaction, reaction->version, false, out, err))
        return false;
    if (!out->reaction_author)
        out->kind = OUTGOING_NOTHING;
    out->reaction_choice = steal(&poll.choices[choice - 1]);
    return true;
}

bool say_reaction(struct store_view *view, const struct delivery *delivery, struct outgoing *out,
                  struct err *err)
{
    struct own_reaction reaction;
    bool undo;
    enum found found = store_own_reaction(view, delivery->subject_id, &reaction, err);

    if (found != FOUND)
        return found == ABSENT;
    if (vote_choice(reaction.kind))
        return say_vote(view, &reaction, delivery, out, err);
    int version = version_to_say(delivery, reaction.version, &undo);
    return version == 0 || say_it(view, &reaction, version, undo, out, err);
}
