/* nestbox post list, undo, delete. */
#include "bridge_activity.h"
#include "bridge_people.h"
#include "command.h"
#include "listing.h"
#include "text.h"

enum { ALL_STATES = 1 << MESSAGE_HELD | 1 << MESSAGE_SENT | 1 << MESSAGE_WITHDRAWN };
enum {
    POSTS = 1 << VISIBILITY_PUBLIC | 1 << VISIBILITY_UNLISTED | 1 << VISIBILITY_FOLLOWERS |
            1 << VISIBILITY_DIRECT
};
enum { GIST_CHARS = 60 };

static const char *visibility_name(enum visibility visibility)
{
    switch (visibility) {
    case VISIBILITY_PUBLIC: return "public";
    case VISIBILITY_UNLISTED: return "unlisted";
    case VISIBILITY_FOLLOWERS: return "followers";
    case VISIBILITY_DIRECT: return "direct";
    case VISIBILITY_MAIL: return "mail";
    }
    return "unknown";
}

static const char *state_name(enum message_state state)
{
    switch (state) {
    case MESSAGE_HELD: return "held";
    case MESSAGE_SENT: return "sent";
    case MESSAGE_UNDONE: return "undone";
    case MESSAGE_WITHDRAWN: return "deleted";
    }
    return "unknown";
}

static void post_json(struct json *json, const struct message *message, const struct post *post)
{
    char published[DATE_TEXT_SIZE];

    date_rfc3339(message->published_ms, published);
    json_open(json, NULL);
    json_text(json, "ref", message->ref);
    json_text(json, "id", post->id);
    json_text(json, "url", post->url);
    json_text(json, "visibility", visibility_name(message->visibility));
    json_text(json, "state", state_name(message->state));
    json_text(json, "published", published);
    json_text(json, "text", post->plain);
    json_end(json);
}

static void post_line(struct command *command, const struct message *message,
                      const struct post *post)
{
    char published[DATE_TEXT_SIZE];
    struct slice first = slice_of(post->plain);

    date_rfc3339(message->published_ms, published);
    first = utf8_first(slice_line(&first), GIST_CHARS);
    command_say(command, "%s\t%s\t%s\t%s\t%.*s\n", message->ref, published,
                visibility_name(message->visibility), state_name(message->state),
                SLICE_ARGS(first));
}

static bool list_one(void *ctx, const struct message *message)
{
    struct listing *listing = ctx;
    struct err err;
    scoped_value(post) post = {0};

    listing_count(listing, message->id);
    if (!bridge_post(listing->command->house->bridge, listing->view, message, false, &post, &err)) {
        command_refuse(listing->command, &err);
        return true; /* the others can still be listed */
    }
    if (listing->command->json)
        post_json(&listing->json, message, &post);
    else
        post_line(listing->command, message, &post);
    return true;
}

static bool list_posts(struct listing *listing, struct err *err)
{
    return store_messages_of(listing->view, listing->account.id, ALL_STATES, POSTS, listing->last,
                             LISTING_PAGE, list_one, listing, err);
}

int run_post_list(struct command *command)
{
    return listing_run(command, LISTING_OF_ACCOUNT, list_posts);
}

int run_post_undo(struct command *command)
{
    struct err err;

    if (!bridge_post_undo(command->house->bridge, slice_of(command->arguments[0]),
                          slice_of(command->arguments[1]), &err))
        return command_refuse(command, &err);
    command_say(command, "Stopped. Nobody saw it.\n");
    return EXIT_DONE;
}

int run_post_delete(struct command *command)
{
    struct err err;

    if (!bridge_post_delete(command->house->bridge, slice_of(command->arguments[0]),
                            slice_of(command->arguments[1]), &err))
        return command_refuse(command, &err);
    command_say(command, "Deleted here; every server that got it is told.\n");
    return EXIT_DONE;
}
