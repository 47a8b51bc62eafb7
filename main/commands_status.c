/* nestbox status: how the server is, in one screen. */
#include "acme.h"
#include "clock.h"
#include "json.h"
#include "pgp.h"
#include "vitals.h"

static void say_told(struct command *command, const struct told_of_tls *told)
{
    if (told->bad > 0)
        command_say(command, "tls reports %s. See: nestbox dns --check\n", told->worst);
    else if (told->reports > 0)
        command_say(command,
                    "tls reports %lld in %d days: TLS was right on all %lld connections to us\n",
                    (long long)told->reports, TOLD_DAYS, (long long)told->good);
}

static void add_told_json(struct json *json, const struct told_of_tls *told)
{
    json_open(json, "tls_reports");
    json_number(json, "reports", told->reports);
    json_number(json, "good", told->good);
    json_number(json, "failed", told->bad);
    json_text(json, "trouble", told->bad > 0 ? told->trouble : NULL);
    json_end(json);
}

static void say_forms(struct command *command, const int64_t forms[COPY_FORMS])
{
    command_say(
        command,
        "mail        %lld sealed to its owner, %lld came encrypted, %lld under the server key, "
        "%lld in clear\n",
        (long long)forms[PGP_SEALED], (long long)forms[PGP_WAS_ENCRYPTED],
        (long long)forms[PGP_SERVER_KEY], (long long)forms[PGP_CLEAR_BY_CHOICE]);
}

static void add_forms_json(struct json *json, const int64_t forms[COPY_FORMS])
{
    json_open(json, "mail");
    json_number(json, "sealed", forms[PGP_SEALED]);
    json_number(json, "came_encrypted", forms[PGP_WAS_ENCRYPTED]);
    json_number(json, "server_key", forms[PGP_SERVER_KEY]);
    json_number(json, "clear", forms[PGP_CLEAR_BY_CHOICE]);
    json_end(json);
}

int run_status(struct command *command)
{
    struct err err;
    scoped_value(vitals) vitals = {0};
    const struct house *house = command->house;

    if (!vitals_take(house, &vitals, &err))
        return command_refuse(command, &err);
    int64_t up_s = house->serving ? (clock_now(&system_clock) - house->started_ms) / SECOND_MS : 0;
    if (command->json) {
        struct json json = json_to(&command->out);
        json_open(&json, NULL);
        json_text(&json, "version", NESTBOX_VERSION);
        json_bool(&json, "serving", house->serving);
        json_number(&json, "up_s", up_s);
        json_text(&json, "domain", house->config->domains[0]);
        json_number(&json, "accounts", vitals.accounts);
        json_number(&json, "asleep", vitals.asleep);
        json_number(&json, "unpaid", vitals.unpaid);
        json_number(&json, "queue", vitals.waiting);
        add_forms_json(&json, vitals.forms);
        add_told_json(&json, &vitals.told);
        acme_add_json(house->config, house->dir, &json);
        json_end(&json);
        command_say(command, "\n");
        return EXIT_DONE;
    }
    if (house->serving)
        command_say(command, "Nestbox %s serves %s since %lld s.\n", NESTBOX_VERSION,
                    house->config->domains[0], (long long)up_s);
    else
        command_say(command, "Nestbox %s is not running for %s; nestbox serve starts it.\n",
                    NESTBOX_VERSION, house->config->domains[0]);
    command_say(command, "accounts    %lld active, %lld asleep\n", (long long)vitals.accounts,
                (long long)vitals.asleep);
    if (vitals.unpaid > 0)
        command_say(command, "to be paid  %lld, see: nestbox account list\n",
                    (long long)vitals.unpaid);
    command_say(command, "deliveries  %lld waiting\n", (long long)vitals.waiting);
    say_forms(command, vitals.forms);
    say_told(command, &vitals.told);
    acme_say(house->config, house->dir, &command->out);
    return EXIT_DONE;
}
