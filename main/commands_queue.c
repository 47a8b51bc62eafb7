/* nestbox queue list, show, retry, drop: deliveries that are not done yet. */
#include "bridge_people.h"
#include "command.h"
#include "listing.h"
#include "store_delivery.h"

static const char *subject_name(const struct delivery *delivery)
{
    switch (delivery->subject) {
    case SUBJECT_MESSAGE: return "message";
    case SUBJECT_FOLLOW_ANSWER:
        return delivery->target == TARGET_MAIL ? "mail to a reader" : "answer to a follow";
    case SUBJECT_FOLLOW: return "follow";
    case SUBJECT_ACTOR: return "profile";
    case SUBJECT_REPORT: return delivery->subject_id < 0 ? "answer to a claim" : "report of TLS";
    case SUBJECT_REACTION: return "reaction";
    }
    return "unknown";
}

/* What is still to come of it. */
static const char *state_of(const struct delivery *delivery)
{
    switch (delivery->tell) {
    case TELL_GIVEN_UP: return "given up, its author is being told";
    case TELL_RELAYED: return "taken, its author is being told";
    case TELL_NOTHING: break;
    }
    return "waiting";
}

/* Mail rests while nobody answers for its domain, and their last words are those that count. */
static int64_t next_of(const struct delivery *delivery)
{
    return delivery->host_next_ms > delivery->due_ms ? delivery->host_next_ms : delivery->due_ms;
}

static const char *reply_of(const struct delivery *delivery)
{
    return delivery->host_reply ? delivery->host_reply : delivery->last_reply;
}

static const char *target_of(const struct delivery *delivery)
{
    return delivery->target == TARGET_MAIL ? delivery->rcpt_to : delivery->inbox;
}

static void delivery_json(struct json *json, const struct delivery *delivery)
{
    char due[DATE_TEXT_SIZE], since[DATE_TEXT_SIZE];

    date_rfc3339(next_of(delivery), due);
    date_rfc3339(delivery->first_ms, since);
    json_open(json, NULL);
    json_number(json, "id", delivery->id);
    json_text(json, "subject", subject_name(delivery));
    json_text(json, "host", delivery->host);
    json_text(json, "target", target_of(delivery));
    json_number(json, "wanted", delivery->wanted);
    json_number(json, "delivered", delivery->delivered);
    json_bool(json, "withdrawn", delivery->withdrawn);
    json_number(json, "tries", delivery->tries);
    json_text(json, "since", since);
    json_text(json, "due", due);
    json_text(json, "state", state_of(delivery));
    json_text(json, "last_reply", reply_of(delivery));
    json_end(json);
}

static void delivery_line(struct command *command, const struct delivery *delivery)
{
    char due[DATE_TEXT_SIZE], since[DATE_TEXT_SIZE];
    const char *reply = reply_of(delivery);
    const char *who = target_of(delivery) ? target_of(delivery) : delivery->host;

    date_rfc3339(next_of(delivery), due);
    date_rfc3339(delivery->first_ms, since);
    command_say(command, "%lld\t%s\t%s\tsince %s\ttries %d\t", (long long)delivery->id,
                who ? who : "-", subject_name(delivery), since, delivery->tries);
    if (delivery->tell == TELL_NOTHING)
        command_say(command, "next %s\t%s\n", due, reply ? reply : "not tried yet");
    else
        command_say(command, "%s\t%s\n", state_of(delivery), reply ? reply : "-");
}

static bool list_one(void *ctx, const struct delivery *delivery)
{
    struct listing *listing = ctx;

    listing_count(listing, delivery->id);
    if (listing->command->json)
        delivery_json(&listing->json, delivery);
    else
        delivery_line(listing->command, delivery);
    return true;
}

static bool list_deliveries(struct listing *listing, struct err *err)
{
    return store_queue(listing->view, listing->last, LISTING_PAGE, list_one, listing, err);
}

int run_queue_list(struct command *command)
{
    return listing_run(command, LISTING_OF_ALL, list_deliveries);
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

static bool show_delivery(struct listing *listing, struct err *err)
{
    int64_t id;
    scoped_value(delivery) delivery = {0};

    if (!id_argument(listing->command, &id, err))
        return false;
    enum found found = store_delivery(listing->view, id, &delivery, err);
    if (found == FOUND)
        return list_one(listing, &delivery);
    return found != FAILED &&
           err_set(err, ERR_ABSENT, "There is no delivery %s: it is done, or was dropped",
                   listing->command->arguments[0]);
}

int run_queue_show(struct command *command)
{
    return listing_run(command, LISTING_OF_ALL, show_delivery);
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
