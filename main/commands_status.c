/* nestbox status: how the server is, in one screen. */
#include "acme.h"
#include "command.h"
#include "json.h"
#include "pgp.h"
#include "store_delivery.h"
#include "store_mailbox.h"
#include "store_people.h"
#include "store_transport.h"

#include <stdio.h>
#include <string.h>

enum { TOLD_DAYS = 7 };

/* What other servers told of TLS on the way to us, in the last days. */
struct told {
    int64_t reports, good, bad;
    char worst[600]; /* the newest of which something failed, as a sentence; "" */
    char trouble[32];
};

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

/* What a word of RFC 8460 means for whoever runs the host that was reached. */
static const char *meaning_of(const char *trouble)
{
    static const struct {
        const char *trouble, *meaning;
    } meanings[] = {
        {"starttls-not-supported",    "they were not offered STARTTLS"                      },
        {"certificate-host-mismatch", "the certificate is not for the name of the mail host"},
        {"certificate-expired",       "the certificate has expired"                         },
        {"certificate-not-trusted",   "the certificate is of nobody they trust"             },
        {"validation-failure",        "TLS could not be proved right"                       },
        {"tlsa-invalid",              "no TLSA record can be used"                          },
        {"dnssec-invalid",            "DNSSEC says that answers of our DNS are false"       },
        {"sts-policy-fetch-error",    "the policy of MTA-STS could not be fetched"          },
        {"sts-policy-invalid",        "the policy of MTA-STS makes no sense"                },
        {"sts-webpki-invalid",        "the certificate of the host mta-sts is wrong"        },
    };

    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (strcmp(trouble, meanings[i].trouble) == 0)
            return meanings[i].meaning;
    return "they do not say why";
}

static bool add_told(void *ctx, const struct tls_heard_row *row)
{
    struct told *told = ctx;
    char date[DATE_TEXT_SIZE];
    long long bad = row->bad, all = row->good + row->bad;

    told->reports++;
    told->good += row->good;
    told->bad += row->bad;
    if (row->bad == 0 || told->worst[0])
        return true;
    date_rfc3339(row->day * DAY_MS, date);
    snprintf(told->trouble, sizeof told->trouble, "%s", row->trouble);
    snprintf(told->worst, sizeof told->worst,
             "%s could not use TLS %lld of %lld times on %.10s: %s", row->reporter, bad, all, date,
             meaning_of(row->trouble));
    return true;
}

static void say_told(struct command *command, const struct told *told)
{
    if (told->bad > 0)
        command_say(command, "tls reports %s. See: nestbox dns --check\n", told->worst);
    else if (told->reports > 0)
        command_say(command,
                    "tls reports %lld in %d days: TLS was right on all %lld connections to us\n",
                    (long long)told->reports, TOLD_DAYS, (long long)told->good);
}

static void add_told_json(struct json *json, const struct told *told)
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
    struct census census = {0};
    struct told told = {0};
    int64_t forms[COPY_FORMS];
    int64_t waiting = 0, today = clock_now(&system_clock) / DAY_MS;
    const struct house *house = command->house;
    scoped(store_view) view = store_look(house->store, &err);

    if (!view || !store_accounts(view, count_one, &census, &err) ||
        !store_queue_count(view, &waiting, &err) || !store_count_forms(view, forms, &err) ||
        !store_tls_heard(view, today - TOLD_DAYS, add_told, &told, &err))
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
        add_forms_json(&json, forms);
        add_told_json(&json, &told);
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
    command_say(command, "accounts    %lld active, %lld asleep\n", (long long)census.accounts,
                (long long)census.asleep);
    command_say(command, "deliveries  %lld waiting\n", (long long)waiting);
    say_forms(command, forms);
    say_told(command, &told);
    acme_say(house->config, house->dir, &command->out);
    return EXIT_DONE;
}
