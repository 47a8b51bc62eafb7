/* nestbox account alias, account move: where an account was, and where it goes on. */
#include "activitypub.h"
#include "bridge_people.h"
#include "command.h"
#include "listing.h"
#include "memory.h"
#include "names.h"
#include "resolve.h"
#include "store_move.h"
#include "text.h"

#include <pthread.h>

/* ---- asking their server ---- */
struct waiting { /* the control thread, for the outward loop */
    pthread_mutex_t lock;
    pthread_cond_t home;
    bool is_home;
};

static void come_home(void *ctx, struct errand *errand)
{
    struct waiting *waiting = ctx;

    (void)errand;
    pthread_mutex_lock(&waiting->lock);
    waiting->is_home = true;
    pthread_cond_signal(&waiting->home);
    pthread_mutex_unlock(&waiting->lock);
}

/* It has a deadline of its own, and comes home when the loop ends too. */
static void wait_for(struct activitypub *activitypub, struct resolve *resolve)
{
    struct waiting waiting = {.is_home = false};

    pthread_mutex_init(&waiting.lock, NULL);
    pthread_cond_init(&waiting.home, NULL);
    activitypub_find(activitypub, &resolve->errand, come_home, &waiting);
    pthread_mutex_lock(&waiting.lock);
    while (!waiting.is_home)
        pthread_cond_wait(&waiting.home, &waiting.lock);
    pthread_mutex_unlock(&waiting.lock);
    pthread_cond_destroy(&waiting.home);
    pthread_mutex_destroy(&waiting.lock);
}

/* @bob@social.example, bob@social.example or the address of an actor. */
static struct resolve *read_person(const char *text, struct err *err)
{
    struct slice handle = slice_of(text);
    struct url url;

    if (url_read(handle, &url) && url.https)
        return resolve_new(NULL, NULL, text);
    if (slice_starts(handle, SLICE("@")))
        handle = slice_from(handle, 1);
    size_t at = slice_find(handle, '@');
    if (at == SIZE_MAX || at == 0) {
        err_set(err, ERR_MALFORMED, "Write @bob@social.example, not %s", text);
        return NULL;
    }
    scoped_text char *user = must_copy(slice_first(handle, at));
    scoped_text char *host = must_copy(slice_from(handle, at + 1));
    return resolve_new(user, host, NULL);
}

/* `alias` NULL: who they are is enough. */
static bool ask_for(const struct command *command, const char *text, const char *alias,
                    struct resolve **out, struct err *err)
{
    struct resolve *resolve = read_person(text, err);

    if (!resolve)
        return false;
    resolve->alias = must_dup(alias);
    if (command->house->activitypub)
        wait_for(command->house->activitypub, resolve);
    else
        err_set(&resolve->errand.err, ERR_REFUSED,
                "Start the server first: it has to ask theirs about %s", text);
    if (resolve->errand.ok) {
        *out = resolve;
        return true;
    }
    *err = resolve->errand.err;
    if (err->kind == ERR_ABSENT)
        err_set(err, ERR_ABSENT, "%s was not found. Is it spelt right?", text);
    resolve_free(&resolve->errand);
    return false;
}

/* ---- alias ---- */
static bool list_aliases(struct listing *listing, struct err *err)
{
    scoped_value(aliases) aliases = {.count = 0};

    if (!store_aliases(listing->view, listing->account.id, &aliases, err))
        return false;
    for (size_t i = 0; i < aliases.count; i++) {
        if (!listing->command->json) {
            command_say(listing->command, "%s\n", aliases.at[i]);
            continue;
        }
        json_open(&listing->json, NULL);
        json_text(&listing->json, "actor", aliases.at[i]);
        json_end(&listing->json);
    }
    return true;
}

static int add_alias(struct command *command)
{
    const char *address = command->arguments[0], *who = command->arguments[1];
    struct resolve *person = NULL;
    struct err err;

    if (!ask_for(command, who, NULL, &person, &err))
        return command_refuse(command, &err);
    bool done =
        bridge_account_alias(command->house->bridge, slice_of(address), person->person_id, &err);
    resolve_free(&person->errand);
    if (!done)
        return command_refuse(command, &err);
    command_say(command, "%s says now that it is %s too. Start the move there.\n", address, who);
    return EXIT_DONE;
}

static int remove_alias(struct command *command, const char *actor)
{
    const char *address = command->arguments[0];
    struct err err;

    if (!bridge_account_unalias(command->house->bridge, slice_of(address), actor, &err))
        return command_refuse(command, &err);
    command_say(command, "%s no longer says that it is %s too.\n", address, actor);
    return EXIT_DONE;
}

int run_account_alias(struct command *command)
{
    const char *removed = command_option(command, "--remove");

    if (removed && command->argument_count == 1)
        return remove_alias(command, removed);
    return command->argument_count == 2 ? add_alias(command)
                                        : listing_run(command, LISTING_OF_ACCOUNT, list_aliases);
}

/* ---- move ---- */
static int stay(struct command *command)
{
    struct err err;

    if (!bridge_account_stay(command->house->bridge, slice_of(command->arguments[0]), &err))
        return command_refuse(command, &err);
    command_say(command, "%s stays. Who followed the other account meanwhile follows it still.\n",
                command->arguments[0]);
    return EXIT_DONE;
}

static bool find_actor(struct command *command, char **out, struct err *err)
{
    scoped_value(account) account = {0};
    scoped(store_view) view = store_look(command->house->store, err);

    if (!view || !listing_account(command, view, &account, err))
        return false;
    *out = name_actor(account.domain, account.name);
    return true;
}

static int move(struct command *command, const char *target)
{
    const char *address = command->arguments[0];
    scoped_text char *actor = NULL;
    struct resolve *person = NULL;
    struct err err;

    if (!find_actor(command, &actor, &err) || !ask_for(command, target, actor, &person, &err))
        return command_refuse(command, &err);
    bool done = bridge_account_move(command->house->bridge, slice_of(address), person->person_id,
                                    person->names_alias, &err);
    resolve_free(&person->errand);
    if (!done)
        return command_refuse(command, &err);
    command_say(command,
                "%s goes on as %s. Followers hear it now, readers by mail get one mail. Mail to %s "
                "arrives here as before.\n",
                address, target, address);
    return EXIT_DONE;
}

int run_account_move(struct command *command)
{
    bool stays = command_option(command, "--undo");
    struct err err;

    if (stays && command->argument_count == 1)
        return stay(command);
    if (!stays && command->argument_count == 2)
        return move(command, command->arguments[1]);
    err_set(&err, ERR_MALFORMED, "Say where to, or --undo");
    return command_refuse(command, &err);
}
