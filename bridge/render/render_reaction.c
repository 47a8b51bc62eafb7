/* Likes and boosts of an account here as others, and its export, are shown them (docs/reactions.md). */
#include "activity_work.h"

#include "memory.h"

char *reaction_activity_id(const char *actor_id, const struct own_reaction *reaction, int version)
{
    const char *what = reaction->kind == REACTION_BOOST  ? "boosts"
                       : reaction->kind == REACTION_LIKE ? "likes"
                                                         : "votes";

    return must_print("%s#%s/%lld/%d", actor_id, what, (long long)reaction->id, version);
}

/* An edit may have made less public what was boosted. */
bool may_stand(const struct own_reaction *reaction, const struct message *message)
{
    return message->state == MESSAGE_SENT &&
           (reaction->kind != REACTION_BOOST || visibility_is_open(message->visibility));
}

struct showing_reactions {
    struct store_view *view;
    char *actor_id;
    bool (*each)(void *ctx, const struct shown_reaction *);
    void *ctx;
    struct err *err;
    bool failed;
};

static bool show_one(void *ctx, const struct own_reaction *reaction)
{
    struct showing_reactions *all = ctx;
    scoped_value(message) message = {0};
    scoped_value(person) author = {0};
    enum found found = store_message(all->view, reaction->message_id, &message, all->err);

    if (found == FOUND)
        found = store_person(all->view, message.author_id, &author, all->err);
    all->failed = found == FAILED;
    if (all->failed)
        return false;
    scoped_text char *id = reaction_activity_id(all->actor_id, reaction, reaction->version);
    const struct shown_reaction shown = {
        .id = reaction->id,
        .at_ms = reaction->at_ms,
        .activity_id = id,
        .object = may_stand(reaction, &message) ? message.activity_id : NULL,
        .author = author.actor_id,
    };
    return all->each(all->ctx, &shown);
}

bool bridge_reactions(struct store_view *view, const struct account *account, enum reaction kind,
                      int64_t before, int limit,
                      bool (*each)(void *ctx, const struct shown_reaction *), void *ctx,
                      struct err *err)
{
    scoped_text char *actor_id = account_actor(account);
    struct showing_reactions all = {view, actor_id, each, ctx, err, false};

    return store_own_reactions(view, account->person_id, kind, before, limit, show_one, &all,
                               err) &&
           !all.failed;
}
