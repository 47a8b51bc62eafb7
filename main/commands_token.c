/* nestbox token …, nestbox qr: invitations to make an account. */
#include "bridge_register.h"
#include "command.h"
#include "listing.h"
#include "memory.h"
#include "qr.h"

#include <string.h>

enum { USES_MOST = 1000000, DAYS_MOST = 3650, USES = 1, DAYS = 30 };

static bool read_count(const struct command *command, const char *option, int64_t most,
                       int64_t unset, int64_t *out, struct err *err)
{
    const char *value = command_option(command, option);

    *out = unset;
    return !value || slice_to_number(slice_of(value), most, out) ||
           err_set(err, ERR_MALFORMED, "%s is a number up to %lld", option, (long long)most);
}

/* Links name the domain of the option, or else the main one. */
static const char *domain_of(const struct command *command, struct err *err)
{
    const char *domain = command_option(command, "--domain");
    const struct config *config = command->house->config;

    if (!domain)
        return config->domains[0];
    if (config_hosts(config, slice_of(domain)))
        return domain;
    err_set(err, ERR_REFUSED, "%s is not a domain of this server", domain);
    return NULL;
}

static bool find(const struct command *command, const char *name, struct invitation *out,
                 struct err *err)
{
    scoped(store_view) view = store_look(command->house->store, err);
    enum found found = view ? store_invitation_named(view, slice_of(name), out, err) : FAILED;

    return found == FOUND ||
           (found == ABSENT &&
            err_set(err, ERR_ABSENT, "There is no invitation %s; see nestbox token list", name));
}

static bool say_link(struct command *command, const char *name, struct err *err)
{
    char word[INVITATION_WORD_LEN + 1];
    scoped_value(invitation) invitation = {0};

    if (!find(command, name, &invitation, err))
        return false;
    bridge_invitation_word(command->house->bridge, &invitation, word);
    scoped_text char *link = register_link(command->house->config->domains[0], word);
    command_say(command, "%s\nnestbox qr %s shows it as a code for the camera.\n", link, name);
    return true;
}

/* An invitation that opens nothing is a mistake better said at once. */
static bool check_policy(const struct command *command, struct err *err)
{
    return command->house->config->registration != REGISTRATION_CLOSED ||
           err_set(err, ERR_REFUSED,
                   "With the setting registration = closed nobody can use an invitation: write "
                   "registration = invite below [policy] and start the server anew");
}

int run_token_add(struct command *command)
{
    struct err err;
    int64_t days = 0, account_days = 0;
    struct new_invitation wish = {.name = command->arguments[0]};
    bool added = check_policy(command, &err) &&
                 read_count(command, "--uses", USES_MOST, USES, &wish.uses_max, &err) &&
                 read_count(command, "--days", DAYS_MOST, DAYS, &days, &err) &&
                 read_count(command, "--account-days", DAYS_MOST, 0, &account_days, &err);

    wish.life_ms = days * DAY_MS;
    wish.account_life_ms = account_days * DAY_MS;
    if (!added || !bridge_invitation_add(command->house->bridge, &wish, &err) ||
        !say_link(command, wish.name, &err))
        return command_refuse(command, &err);
    return EXIT_DONE;
}

static void invitation_json(struct json *json, const struct invitation *invitation,
                            const char *link)
{
    char expires[DATE_TEXT_SIZE];

    date_rfc3339(invitation->expires_ms, expires);
    json_open(json, NULL);
    json_text(json, "name", invitation->name);
    json_number(json, "uses", invitation->uses);
    json_number(json, "uses_max", invitation->uses_max);
    json_text(json, "expires", invitation->expires_ms ? expires : NULL);
    json_number(json, "account_days", invitation->account_life_ms / DAY_MS);
    json_text(json, "link", link);
    json_end(json);
}

static void invitation_line(struct command *command, const struct invitation *invitation,
                            const char *link)
{
    char expires[DATE_TEXT_SIZE];

    date_rfc3339(invitation->expires_ms, expires);
    command_say(command, "%s\tused %lld", invitation->name, (long long)invitation->uses);
    if (invitation->uses_max)
        command_say(command, " of %lld", (long long)invitation->uses_max);
    command_say(command, "\t%s%s", invitation->expires_ms ? "until " : "no end",
                invitation->expires_ms ? expires : "");
    if (invitation->account_life_ms)
        command_say(command, "\taccounts for %lld d",
                    (long long)(invitation->account_life_ms / DAY_MS));
    command_say(command, "\t%s\n", link);
}

static bool list_one(void *ctx, const struct invitation *invitation)
{
    struct listing *listing = ctx;
    struct command *command = listing->command;
    char word[INVITATION_WORD_LEN + 1];

    listing_count(listing, invitation->id);
    bridge_invitation_word(command->house->bridge, invitation, word);
    scoped_text char *link = register_link(command->house->config->domains[0], word);
    if (command->json)
        invitation_json(&listing->json, invitation, link);
    else
        invitation_line(command, invitation, link);
    return true;
}

static bool list_invitations(struct listing *listing, struct err *err)
{
    return store_invitations(listing->view, listing->last, LISTING_PAGE, list_one, listing, err);
}

int run_token_list(struct command *command)
{
    return listing_run(command, LISTING_OF_ALL, list_invitations);
}

int run_token_remove(struct command *command)
{
    struct err err;

    if (!bridge_invitation_remove(command->house->bridge, command->arguments[0], &err))
        return command_refuse(command, &err);
    command_say(command, "The invitation %s is gone.\n", command->arguments[0]);
    return EXIT_DONE;
}

static bool code_of(struct command *command, const char *domain, char **out, struct err *err)
{
    char word[INVITATION_WORD_LEN + 1];
    scoped_value(invitation) invitation = {0};
    bool named = command->argument_count > 0;

    if (named && !find(command, command->arguments[0], &invitation, err))
        return false;
    if (!named && command->house->config->registration != REGISTRATION_OPEN)
        return err_set(err, ERR_REFUSED,
                       "Not everybody may make an account here (setting registration): name an "
                       "invitation, see nestbox token");
    if (named)
        bridge_invitation_word(command->house->bridge, &invitation, word);
    scoped_text char *link = register_link(domain, named ? word : NULL);
    *out = must_print("DCACCOUNT:%s", link);
    return true;
}

int run_qr(struct command *command)
{
    struct err err;
    scoped_text char *code = NULL;
    scoped_value(qr) qr = {0};
    const char *domain = domain_of(command, &err);

    if (!domain || !code_of(command, domain, &code, &err) || !qr_make(code, &qr, &err))
        return command_refuse(command, &err);
    qr_terminal(&qr, &command->out);
    command_say(command, "%s\n", code);
    return EXIT_DONE;
}
