/*
 * One post.  Open ones for everybody; others for a verified signer in their audience.  Who may not read hears what
 * is said of a post that does not exist (GHSA-gwhw-gcjx-72v8).
 */
#include "memory.h"
#include "names.h"
#include "show_private.h"
#include "signer.h"

enum found show_message(struct showing *showing, const struct account *account, struct message *out,
                        struct err *err)
{
    struct show_ask *ask = showing->ask;
    enum found found = store_message_by_ref(showing->view, slice_of(ask->ref), out, err);
    bool published = found == FOUND && out->account_id == account->id &&
                     (out->state == MESSAGE_SENT || out->state == MESSAGE_WITHDRAWN);

    if (found == FAILED || published)
        return found;
    ask->for_signer = true;
    show_status(ask, 404, "There is no such post here");
    if (found == FOUND)
        message_clear(out);
    return ABSENT;
}

static bool not_here(struct show_ask *ask)
{
    ask->for_signer = true;
    return show_status(ask, 404, "There is no such post here");
}

static bool withdrawn(struct show_ask *ask, const struct account *account,
                      const struct message *message)
{
    scoped_text char *id = name_post(account->domain, account->name, message->ref);

    json_tombstone(id, &ask->body);
    ask->type = TYPE_ACTIVITY;
    return show_status(ask, 410, "This post was deleted");
}

static bool write_post(struct showing *showing, const struct message *message, struct err *err)
{
    struct show_ask *ask = showing->ask;
    scoped_value(post) post = {0};

    if (!bridge_post(showing->work->bridge, showing->view, message, true, &post, err))
        return false;
    if (ask->what == SHOW_POST)
        json_note(&post, &ask->body);
    else
        json_create(&post, &ask->body);
    return show_json(ask, TYPE_ACTIVITY);
}

static void free_signer(void *signer)
{
    signer_clear(signer);
    free(signer);
}

/* The verified signer, or what step there is to it; an unreadable signature is nobody's. */
static enum signer_step who_asks(struct showing *showing, struct signer **out, struct err *err)
{
    struct show_ask *ask = showing->ask;

    if (!ask->request)
        return SIGNER_BAD;
    if (!ask->ask.own) {
        ask->ask.own = must_new(struct signer);
        ask->ask.free_own = free_signer;
        *out = ask->ask.own;
        if (!signature_read(ask->request, clock_now(showing->work->clock), &(*out)->signature, err))
            return SIGNER_BAD;
    }
    *out = ask->ask.own;
    return signer_step(showing->work, &ask->ask, *out, showing->domain, err);
}

struct search {
    int64_t person_id;
    bool found;
};

static bool is_that_person(void *ctx, const struct audience *audience)
{
    struct search *search = ctx;

    search->found = audience->person_id == search->person_id;
    return !search->found;
}

static enum found is_for(struct showing *showing, const struct account *account,
                         const struct message *message, const char *actor_id, struct err *err)
{
    scoped_value(person) person = {0};
    scoped_value(follow) follow = {0};
    enum found found = store_person_by_actor(showing->view, slice_of(actor_id), &person, err);

    if (found != FOUND)
        return found;
    struct search search = {.person_id = person.id};
    if (!store_audience(showing->view, message->id, is_that_person, &search, err))
        return FAILED;
    if (search.found || message->visibility != VISIBILITY_FOLLOWERS)
        return search.found ? FOUND : ABSENT;
    found = store_follow(showing->view, person.id, account->person_id, &follow, err);
    return found == FOUND && follow.state != FOLLOW_ACCEPTED ? ABSENT : found;
}

static bool show_closed(struct showing *showing, const struct account *account,
                        const struct message *message, struct err *err)
{
    struct show_ask *ask = showing->ask;
    struct signer *signer = NULL;

    switch (who_asks(showing, &signer, err)) {
    case SIGNER_WANTS: return true;
    case SIGNER_BAD:
    case SIGNER_GONE:
    case SIGNER_SILENT: return not_here(ask);
    case SIGNER_KNOWN: break;
    }
    enum found found = is_for(showing, account, message, signer->actor_id, err);
    if (found != FOUND)
        return found == ABSENT && not_here(ask);
    ask->for_signer = true;
    return write_post(showing, message, err);
}

bool show_post(struct showing *showing, struct err *err)
{
    struct show_ask *ask = showing->ask;
    scoped_value(account) account = {0};
    scoped_value(message) message = {0};
    enum found found = show_account(showing, &account, err);

    if (found == FOUND)
        found = show_message(showing, &account, &message, err);
    if (found != FOUND)
        return found == ABSENT;
    bool open = 1 << message.visibility & OPEN_VISIBILITIES;
    if (message.state == MESSAGE_WITHDRAWN)
        return open ? withdrawn(ask, &account, &message) : not_here(ask);
    if (open)
        return write_post(showing, &message, err);
    if (message.visibility == VISIBILITY_MAIL)
        return not_here(ask);
    return show_closed(showing, &account, &message, err);
}
