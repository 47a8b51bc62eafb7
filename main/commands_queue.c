/* nestbox queue list, show, retry, drop: deliveries that are not done yet. */
#include "bridge_people.h"
#include "command.h"
#include "json.h"
#include "store_delivery.h"

enum { PAGE = 500 };

struct listing {
    struct command *command;
    struct json json;
    int64_t last;
    int on_page;
};

static const char *subject_name(enum delivery_subject subject)
{
    switch (subject) {
    case SUBJECT_MESSAGE: return "message";
    case SUBJECT_FOLLOW_ANSWER: return "answer to a follow";
    case SUBJECT_FOLLOW: return "follow";
    case SUBJECT_ACTOR: return "profile";
    }
    return "unknown";
}

static void delivery_json(struct json *json, const struct delivery *delivery)
{
    char due[DATE_TEXT_SIZE];

    date_rfc3339(delivery->due_ms, due);
    json_open(json, NULL);
    json_number(json, "id", delivery->id);
    json_text(json, "subject", subject_name(delivery->subject));
    json_text(json, "host", delivery->host);
    json_text(json, "target",
              delivery->target == TARGET_MAIL ? delivery->rcpt_to : delivery->inbox);
    json_number(json, "wanted", delivery->wanted);
    json_number(json, "delivered", delivery->delivered);
    json_bool(json, "withdrawn", delivery->withdrawn);
    json_number(json, "tries", delivery->tries);
    json_text(json, "due", due);
    json_text(json, "last_reply", delivery->last_reply);
    json_end(json);
}

static void delivery_line(struct command *command, const struct delivery *delivery)
{
    char due[DATE_TEXT_SIZE];

    date_rfc3339(delivery->due_ms, due);
    command_say(command, "%lld\t%s\t%s\ttries %d\tnext %s\t%s\n", (long long)delivery->id,
                delivery->host ? delivery->host : "-", subject_name(delivery->subject),
                delivery->tries, due,
                delivery->last_reply ? delivery->last_reply : "not tried yet");
}

static bool list_one(void *ctx, const struct delivery *delivery)
{
    struct listing *listing = ctx;

    listing->last = delivery->id;
    listing->on_page++;
    if (listing->command->json)
        delivery_json(&listing->json, delivery);
    else
        delivery_line(listing->command, delivery);
    return true;
}

int run_queue_list(struct command *command)
{
    struct err err;
    struct listing listing = {command, json_to(&command->out), 0, 0};
    scoped(store_view) view = store_look(command->house->store, &err);

    if (!view)
        return command_refuse(command, &err);
    if (command->json)
        json_array(&listing.json, NULL);
    do {
        listing.on_page = 0;
        if (!store_queue(view, listing.last, PAGE, list_one, &listing, &err))
            return command_refuse(command, &err);
    } while (listing.on_page == PAGE);
    if (command->json) {
        json_end(&listing.json);
        command_say(command, "\n");
    }
    return EXIT_DONE;
}

/* The ID argument, 0 if there is none. */
static bool id_argument(const struct command *command, int64_t *out, struct err *err)
{
    *out = 0;
    if (command->argument_count == 0)
        return true;
    if (slice_to_number(slice_of(command->arguments[0]), INT64_MAX, out) && *out > 0)
        return true;
    return err_set(err, ERR_MALFORMED, "ID is a number; see nestbox queue list");
}

int run_queue_show(struct command *command)
{
    struct err err;
    int64_t id;
    scoped_value(delivery) delivery = {0};
    scoped(store_view) view = store_look(command->house->store, &err);

    if (!view || !id_argument(command, &id, &err))
        return command_refuse(command, &err);
    enum found found = store_delivery(view, id, &delivery, &err);
    if (found == ABSENT)
        err_set(&err, ERR_ABSENT, "There is no delivery %s: it is done, or was dropped",
                command->arguments[0]);
    if (found != FOUND)
        return command_refuse(command, &err);
    if (command->json) {
        struct json json = json_to(&command->out);
        json_array(&json, NULL);
        delivery_json(&json, &delivery);
        json_end(&json);
        command_say(command, "\n");
    } else {
        delivery_line(command, &delivery);
    }
    return EXIT_DONE;
}

int run_queue_retry(struct command *command)
{
    struct err err;
    int64_t id;

    if (!id_argument(command, &id, &err) || !bridge_queue_retry(command->house->bridge, id, &err))
        return command_refuse(command, &err);
    return EXIT_DONE;
}

int run_queue_drop(struct command *command)
{
    struct err err;
    int64_t id;

    if (!id_argument(command, &id, &err) || !bridge_queue_drop(command->house->bridge, id, &err))
        return command_refuse(command, &err);
    return EXIT_DONE;
}
