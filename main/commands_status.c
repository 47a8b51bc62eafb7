/* nestbox status: how the server is, in one screen. */
#include "command.h"
#include "json.h"
#include "store_delivery.h"
#include "store_people.h"

struct census {
    int64_t accounts, asleep;
};

static bool count_one(void *ctx, const struct account *account)
{
    struct census *census = ctx;

    census->accounts += account->state == ACCOUNT_ACTIVE;
    census->asleep += account->state == ACCOUNT_ASLEEP;
    return true;
}

int run_status(struct command *command)
{
    struct err err;
    struct census census = {0};
    int64_t waiting = 0;
    const struct house *house = command->house;
    scoped(store_view) view = store_look(house->store, &err);

    if (!view || !store_accounts(view, count_one, &census, &err) ||
        !store_queue_count(view, &waiting, &err))
        return command_refuse(command, &err);
    int64_t up_s = house->serving ? (clock_now(&system_clock) - house->started_ms) / SECOND_MS : 0;
    if (command->json) {
        struct json json = json_to(&command->out);
        json_open(&json, NULL);
        json_text(&json, "version", NESTBOX_VERSION);
        json_bool(&json, "serving", house->serving);
        json_number(&json, "up_s", up_s);
        json_text(&json, "domain", house->config->domains[0]);
        json_number(&json, "accounts", census.accounts);
        json_number(&json, "asleep", census.asleep);
        json_number(&json, "queue", waiting);
        json_end(&json);
        command_say(command, "\n");
        return EXIT_DONE;
    }
    if (house->serving)
        command_say(command, "Nestbox %s serves %s since %lld s.\n", NESTBOX_VERSION,
                    house->config->domains[0], (long long)up_s);
    else
        command_say(command, "Nestbox %s is not running for %s: nestbox serve\n", NESTBOX_VERSION,
                    house->config->domains[0]);
    command_say(command, "accounts    %lld active, %lld asleep\n", (long long)census.accounts,
                (long long)census.asleep);
    command_say(command, "deliveries  %lld waiting\n", (long long)waiting);
    return EXIT_DONE;
}
