/* nestbox account … */
#include "bridge_activity.h"
#include "bridge_claim.h"
#include "bridge_people.h"
#include "command.h"
#include "listing.h"
#include "memory.h"

#include <string.h>

/* A password is one line; its end is not part of it. */
static struct slice password_of(const struct command *command)
{
    struct slice rest = command->input;

    return slice_line(&rest);
}

int run_account_add(struct command *command)
{
    struct err err;
    struct new_account account = {
        .address = slice_of(command->arguments[0]),
        .display_name = command_option(command, "--name"),
        .maildir = command_option(command, "--maildir"),
        .password = password_of(command),
    };

    if (command_option(command, "--password-stdin") && slice_empty(account.password)) {
        err_set(&err, ERR_MALFORMED, "No password came on standard input");
        return command_refuse(command, &err);
    }
    if (!bridge_account_add(command->house->bridge, &account, &err))
        return command_refuse(command, &err);
    command_say(command, "%s is ready. It is also the public Fediverse handle @%s.\n",
                command->arguments[0], command->arguments[0]);
    if (slice_empty(account.password))
        command_say(command, "Give it a password, unless it has one: nestbox account password %s\n",
                    command->arguments[0]);
    return EXIT_DONE;
}

static const char *state_name(enum account_state state)
{
    switch (state) {
    case ACCOUNT_ACTIVE: return "active";
    case ACCOUNT_ASLEEP: return "asleep";
    case ACCOUNT_REMOVED: return "removed";
    }
    return "unknown";
}

static const char *reply_all_name(enum reply_all reply_all)
{
    switch (reply_all) {
    case REPLY_ALL_ASK: return "ask";
    case REPLY_ALL_PUBLIC: return "public";
    case REPLY_ALL_PEOPLE: return "people";
    }
    return "unknown";
}

static const char *chat_name(enum chat chat)
{
    return chat == CHAT_YES ? "yes" : chat == CHAT_NO ? "no" : "unknown";
}

static const char *encrypt_name(enum encrypt_outgoing encrypt)
{
    return encrypt == ENCRYPT_WHEN_POSSIBLE ? "when_possible" : "no";
}

/* `claim` or NULL: it is no account yet. */
static void row_json(struct json *json, const struct account *account, const struct moved *there,
                     const struct name_claim *claim)
{
    char created[DATE_TEXT_SIZE], ends[DATE_TEXT_SIZE], moved[DATE_TEXT_SIZE],
        pay_until[DATE_TEXT_SIZE];
    scoped_text char *address = must_print("%s@%s", account->name, account->domain);

    date_rfc3339(account->created_ms, created);
    date_rfc3339(account->ends_ms, ends);
    date_rfc3339(there->at_ms, moved);
    date_rfc3339(claim ? claim->expires_ms : 0, pay_until);
    json_open(json, NULL);
    json_text(json, "address", address);
    json_text(json, "state", claim ? "unpaid" : state_name(account->state));
    json_text(json, "name", account->display_name);
    json_text(json, "summary", account->summary);
    json_text(json, "language", account->language);
    json_text(json, "reply_all", reply_all_name(account->reply_all));
    json_text(json, "maildir", account->maildir);
    json_text(json, "chat", chat_name(account->chat));
    json_text(json, "encrypt_outgoing", encrypt_name(account->encrypt_outgoing));
    json_bool(json, "self_made", account->self_made);
    json_text(json, "created", created);
    json_text(json, "ends", account->ends_ms ? ends : NULL);
    json_text(json, "moved_to", there->handle);
    json_text(json, "moved", there->handle ? moved : NULL);
    json_text(json, "reference", claim ? claim->reference : NULL);
    json_text(json, "pay_until", claim ? pay_until : NULL);
    json_text(json, "asked_from", claim ? claim->address : NULL);
    json_end(json);
}

static bool account_json(struct listing *listing, const struct account *account, struct err *err)
{
    scoped_value(moved) there = {0};

    if (!bridge_moved_to(listing->view, account, &there, err))
        return false;
    row_json(&listing->json, account, &there, NULL);
    return true;
}

struct rows {
    struct listing *listing;
    bool failed;
    struct err *err;
};

static bool list_one(void *ctx, const struct account *account)
{
    struct rows *rows = ctx;
    struct listing *listing = rows->listing;

    if (account->state == ACCOUNT_REMOVED)
        return true;
    if (listing->command->json)
        rows->failed = !account_json(listing, account, rows->err);
    else
        command_say(listing->command, "%s@%s\t%s\t%s\n", account->name, account->domain,
                    state_name(account->state), account->display_name ? account->display_name : "");
    return !rows->failed;
}

static bool list_unpaid(void *ctx, const struct name_claim *claim)
{
    struct listing *listing = ctx;
    const struct account none = {
        .name = claim->name, .domain = claim->domain, .created_ms = claim->made_ms};
    const struct moved nowhere = {0};
    char until[DATE_TEXT_SIZE];

    date_rfc3339(claim->expires_ms, until);
    if (listing->command->json)
        row_json(&listing->json, &none, &nowhere, claim);
    else
        command_say(listing->command, "%s@%s\tunpaid\treference %s, until %s, asked from %s\n",
                    claim->name, claim->domain, claim->reference, until, claim->address);
    return true;
}

static bool list_accounts(struct listing *listing, struct err *err)
{
    struct rows rows = {.listing = listing, .err = err};

    return store_accounts(listing->view, list_one, &rows, err) && !rows.failed &&
           store_claims_unpaid(listing->view, list_unpaid, listing, err);
}

int run_account_list(struct command *command)
{
    return listing_run(command, LISTING_OF_ALL, list_accounts);
}

static bool show_text(struct listing *listing, struct err *err)
{
    struct command *command = listing->command;
    const struct account *account = &listing->account;
    scoped_value(moved) there = {0};
    char created[DATE_TEXT_SIZE];

    if (!bridge_moved_to(listing->view, account, &there, err))
        return false;
    date_rfc3339(account->created_ms, created);
    command_say(command, "address          %s@%s\n", account->name, account->domain);
    command_say(command, "state            %s\n", state_name(account->state));
    command_say(command, "profile          https://%s/@%s\n", account->domain, account->name);
    if (account->display_name)
        command_say(command, "name             %s\n", account->display_name);
    if (account->summary)
        command_say(command, "summary          %s\n", account->summary);
    if (account->language)
        command_say(command, "language         %s\n", account->language);
    command_say(command, "reply_all        %s\n", reply_all_name(account->reply_all));
    if (account->maildir)
        command_say(command, "maildir          %s\n", account->maildir);
    command_say(command, "chat             %s\n", chat_name(account->chat));
    command_say(command, "encrypt_outgoing %s\n", encrypt_name(account->encrypt_outgoing));
    command_say(command, "created          %s%s\n", created,
                account->self_made ? " by its owner" : "");
    if (account->ends_ms) {
        date_rfc3339(account->ends_ms, created);
        command_say(command, "ends             %s\n", created);
    }
    if (there.actor_id) {
        date_rfc3339(there.at_ms, created);
        command_say(command, "moved            %s to %s\n", created, there.handle);
    }
    return true;
}

static bool show_one(struct listing *listing, struct err *err)
{
    return listing->command->json ? account_json(listing, &listing->account, err)
                                  : show_text(listing, err);
}

int run_account_show(struct command *command)
{
    return listing_run(command, LISTING_OF_ACCOUNT, show_one);
}

/* By the reference of the payment, or the address that it is for: *of, which is the address then. */
static bool enter_payment(struct command *command, char **of, struct slice value, struct err *err)
{
    scoped_value(claim_payment) payment = {0};

    if (!slice_is_nocase(value, "yes"))
        return err_set(err, ERR_MALFORMED, "paid is yes: what was paid cannot be unpaid");
    if (!bridge_claim_paid(command->house->bridge, slice_of(*of), &payment, err))
        return false;
    free(*of);
    *of = must_dup(payment.address);
    if (payment.again)
        command_say(command, "%s was paid before; nothing is changed.\n", payment.address);
    else
        command_say(command, "%s is paid, and an account. The password is on its way to %s.\n",
                    payment.address, payment.told);
    return true;
}

int run_account_set(struct command *command)
{
    struct err err;
    scoped_text char *of = must_dup(command->arguments[0]);

    for (size_t i = 1; i < command->argument_count; i++) {
        struct slice value = slice_of(command->arguments[i]);
        struct slice name = slice_cut(&value, '=');
        if (!value.at) {
            err_set(&err, ERR_MALFORMED, "Write NAME=VALUE, not '%s'", command->arguments[i]);
            return command_refuse(command, &err);
        }
        if (slice_is(name, "paid")
                ? !enter_payment(command, &of, value, &err)
                : !bridge_account_set(command->house->bridge, slice_of(of), name, value, &err))
            return command_refuse(command, &err);
    }
    return EXIT_DONE;
}

int run_account_remove(struct command *command)
{
    struct err err;

    if (!command_option(command, "--yes")) {
        err_set(
            &err, ERR_REFUSED,
            "This closes the address: mail is refused, posts stay for 30 days. Add --yes to do it");
        return command_refuse(command, &err);
    }
    if (!bridge_account_remove(command->house->bridge, slice_of(command->arguments[0]), &err))
        return command_refuse(command, &err);
    command_say(command, "%s is asleep. Within 30 days 'nestbox account add %s' wakes it.\n",
                command->arguments[0], command->arguments[0]);
    return EXIT_DONE;
}

int run_account_password(struct command *command)
{
    struct err err;
    struct slice password = password_of(command);

    if (slice_empty(password)) {
        err_set(&err, ERR_MALFORMED, "An empty password is none; write one");
        return command_refuse(command, &err);
    }
    if (!bridge_account_password(command->house->bridge, slice_of(command->arguments[0]), password,
                                 &err))
        return command_refuse(command, &err);
    command_say(command, "The password of %s is set.\n", command->arguments[0]);
    return EXIT_DONE;
}
