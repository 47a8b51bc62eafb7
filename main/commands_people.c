/* nestbox follow, unfollow, followers, list list. */
#include "bridge_people.h"
#include "command.h"
#include "listing.h"
#include "memory.h"

static int change_follow(struct command *command, bool follow)
{
    struct err err;

    if (!bridge_follow(command->house->bridge, slice_of(command->arguments[0]),
                       slice_of(command->arguments[1]), follow, &err))
        return command_refuse(command, &err);
    command_say(command, follow ? "%s asks to follow %s.\n" : "%s no longer follows %s.\n",
                command->arguments[0], command->arguments[1]);
    return EXIT_DONE;
}

int run_follow(struct command *command)
{
    return change_follow(command, true);
}

int run_unfollow(struct command *command)
{
    return change_follow(command, false);
}

static const char *state_name(enum follow_state state)
{
    switch (state) {
    case FOLLOW_WAITING: return "waiting";
    case FOLLOW_ACCEPTED: return "following";
    case FOLLOW_REFUSED: return "refused";
    case FOLLOW_LEFT: return "left";
    case FOLLOW_CONFIRMING: return "confirming";
    case FOLLOW_SUSPENDED: return "suspended";
    }
    return "unknown";
}

static bool list_one(void *ctx, const struct follow *follow, const struct person *follower)
{
    struct listing *listing = ctx;
    char since[DATE_TEXT_SIZE];

    listing_count(listing, follow->id);
    if (listing->readers_alone && follower->kind != PERSON_MAIL)
        return true;
    if (follow->state == FOLLOW_LEFT || follow->state == FOLLOW_REFUSED)
        return true;
    char *who = follower->kind == PERSON_MAIL
                    ? must_dup(follower->address)
                    : must_print("@%s@%s", follower->user, follower->host);
    date_rfc3339(follow->since_ms, since);
    if (listing->command->json) {
        json_open(&listing->json, NULL);
        json_text(&listing->json, "person", who);
        json_text(&listing->json, "actor", follower->actor_id);
        json_text(&listing->json, "name", follower->name);
        json_text(&listing->json, "state", state_name(follow->state));
        json_text(&listing->json, "since", since);
        json_text(&listing->json, "trouble", follow->trouble);
        json_end(&listing->json);
    } else {
        command_say(listing->command, "%s\t%s\tsince %s\n", who, state_name(follow->state), since);
    }
    free(who);
    return true;
}

static bool list_followers(struct listing *listing, struct err *err)
{
    return store_followers(listing->view, listing->account.person_id, false, listing->last,
                           LISTING_PAGE, list_one, listing, err);
}

int run_followers(struct command *command)
{
    return listing_run(command, LISTING_OF_ACCOUNT, list_followers);
}

static bool list_readers(struct listing *listing, struct err *err)
{
    listing->readers_alone = true;
    return list_followers(listing, err);
}

int run_list_list(struct command *command)
{
    return listing_run(command, LISTING_OF_ACCOUNT, list_readers);
}
