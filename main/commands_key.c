/* nestbox key …: the OpenPGP certificates of an account. */
#include "bridge_people.h"
#include "command.h"
#include "listing.h"

int run_key_add(struct command *command)
{
    struct err err;
    char fingerprint[41];

    if (!bridge_key_add(command->house->bridge, slice_of(command->arguments[0]), command->input,
                        fingerprint, &err))
        return command_refuse(command, &err);
    command_say(command, "%s may now post by mail signed with %s.\n", command->arguments[0],
                fingerprint);
    return EXIT_DONE;
}

static bool list_one(void *ctx, const struct account_key *key)
{
    struct listing *listing = ctx;
    char added[DATE_TEXT_SIZE];
    char expires[DATE_TEXT_SIZE] = "never";

    date_rfc3339(key->added_ms, added);
    if (key->expires_ms > 0)
        date_rfc3339(key->expires_ms, expires);
    if (!listing->command->json) {
        command_say(listing->command, "%s\tadded %s\texpires %s\n", key->fingerprint, added,
                    expires);
        return true;
    }
    json_open(&listing->json, NULL);
    json_text(&listing->json, "fingerprint", key->fingerprint);
    json_text(&listing->json, "added", added);
    json_text(&listing->json, "expires", key->expires_ms > 0 ? expires : NULL);
    json_end(&listing->json);
    return true;
}

static bool list_keys(struct listing *listing, struct err *err)
{
    return store_account_keys(listing->view, listing->account.id, list_one, listing, err);
}

int run_key_list(struct command *command)
{
    return listing_run(command, LISTING_OF_ACCOUNT, list_keys);
}

int run_key_remove(struct command *command)
{
    struct err err;

    if (!bridge_key_remove(command->house->bridge, slice_of(command->arguments[0]),
                           slice_of(command->arguments[1]), &err))
        return command_refuse(command, &err);
    return EXIT_DONE;
}

static void tell_progress(void *ctx, size_t changed)
{
    struct command *command = ctx;

    if (changed > 0 && changed % 10000 == 0)
        command_say(command, "%zu secrets lie under the new key …\n", changed);
    if (command->flush)
        command->flush(command);
}

int run_key_rotate_server(struct command *command)
{
    struct server_key_change change;
    struct err err;

    if (!bridge_change_server_key(command->house->bridge, !command->house->serving, tell_progress,
                                  command, &change, &err))
        return command_refuse(command, &err);
    if (change.went_on)
        command_say(command, "A change of the server key had begun before; it was gone on with.\n");
    command_say(command, "%zu secrets were wrapped under the new server key.\n", change.changed);
    if (change.broken > 0) {
        err_set(&err, ERR_REFUSED,
                "%zu secrets cannot be read; keys/server.key keeps the old key too, see the log",
                change.broken);
        return command_refuse(command, &err);
    }
    command_say(command,
                change.forgotten
                    ? "The old key is forgotten. Back keys/server.key up now.\n"
                    : "The old key stays beside it for ten minutes, for what is under way. "
                      "Then back keys/server.key up.\n");
    return EXIT_DONE;
}
