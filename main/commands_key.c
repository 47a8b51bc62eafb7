/* nestbox key …, nestbox seal: the OpenPGP certificates of an account, and what is sealed to them. */
#include "bridge_key.h"
#include "bridge_people.h"
#include "command.h"
#include "listing.h"
#include "memory.h"
#include "store_peer.h"

int run_key_add(struct command *command)
{
    struct err err;
    struct key_added added;
    const char *address = command->arguments[0];

    if (!bridge_key_add(command->house->bridge, slice_of(address), command->input, &added, &err))
        return command_refuse(command, &err);
    if (added.revoked)
        command_say(command, "%s is revoked: nothing is encrypted to it any more.\n",
                    added.fingerprint);
    if (added.encrypts)
        command_say(command, "Mail that comes to rest at %s is encrypted to %s.\n", address,
                    added.fingerprint);
    if (added.signs)
        command_say(command, "%s may now post by mail signed with %s.\n", address,
                    added.fingerprint);
    return EXIT_DONE;
}

static const char *learnt_of(const struct account_key *key)
{
    switch (key->learnt) {
    case KEY_BY_ADMINISTRATOR: return "administrator";
    case KEY_BY_AUTOCRYPT: return "autocrypt";
    case KEY_BY_CLAIM: return "claim";
    case KEY_BY_WEB: return "web";
    }
    return "unknown";
}

static bool list_one(void *ctx, const struct account_key *key)
{
    struct listing *listing = ctx;
    int64_t now_ms = clock_now(&system_clock);
    char added[DATE_TEXT_SIZE];
    char expires[DATE_TEXT_SIZE] = "never";
    char due[DATE_TEXT_SIZE];

    date_rfc3339(key->added_ms, added);
    if (key->expires_ms > 0)
        date_rfc3339(key->expires_ms, expires);
    date_rfc3339(key->due_ms, due);
    if (!listing->command->json) {
        command_say(listing->command, "%s\tadded %s\texpires %s\t%s%s%s\n", key->fingerprint, added,
                    expires, bridge_key_use(key, now_ms), key->state == KEY_WAITS ? " until " : "",
                    key->state == KEY_WAITS ? due : "");
        return true;
    }
    json_open(&listing->json, NULL);
    json_text(&listing->json, "fingerprint", key->fingerprint);
    json_text(&listing->json, "added", added);
    json_text(&listing->json, "expires", key->expires_ms > 0 ? expires : NULL);
    json_text(&listing->json, "use", bridge_key_use(key, now_ms));
    json_bool(&listing->json, "encrypts", key_encrypts_now(key, now_ms));
    json_text(&listing->json, "learnt", learnt_of(key));
    json_text(&listing->json, "in_use_from", key->state == KEY_WAITS ? due : NULL);
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

static int run_key_decide(struct command *command, bool accept)
{
    struct err err;

    if (!bridge_key_decide(command->house->bridge, slice_of(command->arguments[0]),
                           slice_of(command->arguments[1]), accept, &err))
        return command_refuse(command, &err);
    return EXIT_DONE;
}

int run_key_accept(struct command *command)
{
    return run_key_decide(command, true);
}

int run_key_refuse(struct command *command)
{
    return run_key_decide(command, false);
}

static bool tell_progress(void *ctx, size_t changed)
{
    struct command *command = ctx;

    if (changed > 0 && changed % 10000 == 0)
        command_say(command, "%zu secrets lie under the new key …\n", changed);
    return command_goes_on(command);
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
    if (change.broken_off)
        return command_break_off(command, "The change goes on by itself when it runs again");
    command_say(command, "%zu secrets were wrapped under the new server key.\n", change.changed);
    if (change.broken > 0) {
        err_set(&err, ERR_REFUSED,
                "%zu secrets cannot be read; its file keeps the old key too, see the log",
                change.broken);
        return command_refuse(command, &err);
    }
    command_say(command,
                change.forgotten
                    ? "The old key is forgotten. Back the server key up now.\n"
                    : "The old key stays beside it for ten minutes, for what is under way. "
                      "Then back the server key up.\n");
    return EXIT_DONE;
}

static void say_damaged(struct command *command, const struct resealing *resealing,
                        const struct err *err)
{
    scoped_text char *which = resealing->mail ? must_print("mail %lld", (long long)resealing->mail)
                                              : must_dup("a mail that waits for a decision");

    bytes_print(&command->complaint, "nestbox: %s stays as it is: %s%s%s\n", which, err->said,
                err->cause[0] ? ": " : "", err->cause);
}

static int say_sealed(struct command *command, const struct resealing *resealing, bool damaged)
{
    command_say(command, "%lld of %lld mails were sealed; %s.\n", (long long)resealing->sealed,
                (long long)resealing->left,
                resealing->sealed < resealing->left
                    ? "the others could not be, and rest as they were"
                    : "nothing rests unsealed");
    return damaged ? EXIT_REFUSED : EXIT_DONE;
}

int run_seal(struct command *command)
{
    enum { TELL_EVERY = 100 };
    struct err err;
    struct resealing resealing;
    bool damaged = false;

    if (!bridge_reseal_begin(command->house->bridge, slice_of(command->arguments[0]), &resealing,
                             &err))
        return command_refuse(command, &err);
    for (int64_t looked_at = 1;; looked_at++) {
        switch (bridge_reseal_next(command->house->bridge, &resealing, &err)) {
        case RESEALED_ALL: return say_sealed(command, &resealing, damaged);
        case RESEALED_FAILED: return command_refuse(command, &err);
        case RESEALED_DAMAGED:
            say_damaged(command, &resealing, &err);
            damaged = true;
            break;
        case RESEALED_ONE: break;
        }
        if (looked_at % TELL_EVERY == 0)
            command_say(command, "%lld of %lld mails\n", (long long)looked_at,
                        (long long)resealing.left);
        if (!command_goes_on(command))
            return command_break_off(command, "What was sealed is sealed");
    }
}

/* ---- of others ---- */
static bool list_peer(void *ctx, struct peer_key *key)
{
    struct listing *listing = ctx;
    const char *learnt = key->source == PEER_TOLD ? "autocrypt" : "published";
    char seen[DATE_TEXT_SIZE];

    date_rfc3339(key->seen_ms, seen);
    if (!listing->command->json) {
        command_say(listing->command, "%s\t%s\t%s\tseen %s\n", key->address, key->fingerprint,
                    learnt, seen);
        return true;
    }
    json_open(&listing->json, NULL);
    json_text(&listing->json, "address", key->address);
    json_text(&listing->json, "fingerprint", key->fingerprint);
    json_text(&listing->json, "learnt", learnt);
    json_bool(&listing->json, "mutual", key->mutual);
    json_text(&listing->json, "seen", seen);
    json_end(&listing->json);
    return true;
}

static bool list_peers(struct listing *listing, struct err *err)
{
    return store_peer_keys(listing->view, listing->account.id, list_peer, listing, err);
}

int run_key_peers(struct command *command)
{
    return listing_run(command, LISTING_OF_ACCOUNT, list_peers);
}
