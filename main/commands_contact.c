/* nestbox contact …: who wants to write to an account, and what it answers (docs/contact-requests.md). */
#include "bridge_contact.h"
#include "bridge_people.h"
#include "command.h"
#include "export.h"
#include "listing.h"
#include "memory.h"

enum { EXPECT_MS = 60 * MINUTE_MS, EXPECT_MOST_MS = 24 * HOUR_MS, LOOK_AGAIN_MS = 300 };

static void write_line(struct command *command, const struct contact *contact,
                       const struct person *person)
{
    scoped_text char *who = bridge_contact_name(contact, person);
    char last[DATE_TEXT_SIZE];

    date_rfc3339(contact->last_ms, last);
    command_say(
        command, "%s\t%s\t%s\ttries %lld, last %s%s%s\n", bridge_contact_state_word(contact->state),
        who, bridge_evidence_word(contact->evidence), (long long)contact->tries, last,
        contact->words && *contact->words ? "\t" : "", contact->words ? contact->words : "");
}

/* ---- list ---- */
static bool list_one(void *ctx, const struct contact *contact, const struct person *person)
{
    struct listing *listing = ctx;

    listing_count(listing, contact->id);
    if (listing->command->json)
        bridge_contact_json(&listing->json, contact, person);
    else
        write_line(listing->command, contact, person);
    return true;
}

static bool list_contacts(struct listing *listing, struct err *err)
{
    return store_contacts(listing->view, listing->account.id, listing->last, LISTING_PAGE, list_one,
                          listing, err);
}

int run_contact_list(struct command *command)
{
    return listing_run(command, LISTING_OF_ACCOUNT, list_contacts);
}

/* ---- show ---- */
static bool show_one(void *ctx, const struct contact *contact, const struct person *person)
{
    struct listing *listing = ctx;

    if (listing->command->json) {
        bridge_contact_json(&listing->json, contact, person);
        return true;
    }
    write_line(listing->command, contact, person);
    if (contact->state != CONTACT_WELCOME || contact->origin != CONTACT_KNOCKED)
        return true;
    char arrived[DATE_TEXT_SIZE];
    date_rfc3339(contact->arrived_ms, arrived);
    if (contact->arrived_ms)
        command_say(listing->command, "What they sent arrived %s.\n", arrived);
    else
        command_say(listing->command,
                    "What they sent arrives with the next try, usually within an hour.\n");
    return true;
}

static bool show_contact(struct listing *listing, struct err *err)
{
    return bridge_contact_find(listing->command->house->bridge, listing->view, listing->account.id,
                               slice_of(listing->command->arguments[1]), show_one, listing, err);
}

int run_contact_show(struct command *command)
{
    return listing_run(command, LISTING_OF_ACCOUNT, show_contact);
}

/* ---- answering ---- */
static int choose(struct command *command, enum contact_choice choice, const char *said)
{
    struct err err;

    if (!bridge_contact_choose(command->house->bridge, slice_of(command->arguments[0]),
                               slice_of(command->arguments[1]), choice,
                               command_option(command, "--say"), &err))
        return command_refuse(command, &err);
    command_say(command, "%s %s\n", command->arguments[1], said);
    return EXIT_DONE;
}

int run_contact_welcome(struct command *command)
{
    return choose(command, CHOICE_WELCOME,
                  "is welcome. What waits here is in INBOX; what waits at their server arrives "
                  "with its next try, usually within an hour.");
}

int run_contact_refuse(struct command *command)
{
    return choose(command, CHOICE_REFUSE, "is refused, and hears it with the next try.");
}

int run_contact_ignore(struct command *command)
{
    return choose(command, CHOICE_IGNORE, "is ignored, and cannot tell that from waiting.");
}

int run_contact_ask(struct command *command)
{
    return choose(command, CHOICE_ASK_AGAIN, "waits for an answer again.");
}

int run_contact_expect(struct command *command)
{
    const char *minutes = command_option(command, "--minutes");
    int64_t number = EXPECT_MS / MINUTE_MS;
    struct err err;

    if (minutes && !slice_to_number(slice_of(minutes), EXPECT_MOST_MS / MINUTE_MS, &number)) {
        err_set(&err, ERR_MALFORMED, "Minutes are a number up to 1440; 0 ends it");
        return command_refuse(command, &err);
    }
    if (!bridge_contact_expect(command->house->bridge, slice_of(command->arguments[0]),
                               clock_now(&system_clock) + number * MINUTE_MS, &err))
        return command_refuse(command, &err);
    command_say(command,
                number ? "Mail from new people arrives for %lld minutes without a question.\n"
                       : "Mail from new people is asked about again.\n",
                (long long)number);
    return EXIT_DONE;
}

/* ---- watch ---- */
struct watch {
    struct command *command;
    int64_t *seen;
    size_t count, capacity;
};

static bool was_seen(const struct watch *watch, int64_t id)
{
    for (size_t i = 0; i < watch->count; i++)
        if (watch->seen[i] == id)
            return true;
    return false;
}

static bool watch_one(void *ctx, const struct contact *contact, const struct person *person)
{
    struct watch *watch = ctx;

    if (contact->state != CONTACT_ASKED || was_seen(watch, contact->notice_id))
        return true;
    must_make_room(watch->seen, watch->count, watch->capacity);
    watch->seen[watch->count++] = contact->notice_id;
    if (watch->command->json) {
        struct json json = json_to(&watch->command->out);
        bridge_contact_json(&json, contact, person);
        command_say(watch->command, "\n");
    } else {
        write_line(watch->command, contact, person);
    }
    return true;
}

static bool look(struct watch *watch, int64_t account_id, struct err *err)
{
    scoped(store_view) view = store_look(watch->command->house->store, err);

    return view && store_contacts(view, account_id, 0, INT32_MAX, watch_one, watch, err);
}

static bool find_account(struct command *command, int64_t *out_id, struct err *err)
{
    scoped_value(account) account = {0};
    scoped(store_view) view = store_look(command->house->store, err);

    if (!view || !listing_account(command, view, &account, err))
        return false;
    *out_id = account.id;
    return true;
}

int run_contact_watch(struct command *command)
{
    struct watch watch = {.command = command};
    struct err err;
    int64_t account_id;

    if (!command->rest) {
        err_set(&err, ERR_REFUSED, "The server does not run: nobody can knock. Start it first");
        return command_refuse(command, &err);
    }
    if (!find_account(command, &account_id, &err))
        return command_refuse(command, &err);
    bool good = true;
    do {
        good = look(&watch, account_id, &err);
        command->flush(command);
    } while (good && command->rest(command, LOOK_AGAIN_MS));
    free(watch.seen);
    return good ? EXIT_DONE : command_refuse(command, &err);
}

/* ---- export and import ---- */
static bool is_decided(const struct contact *contact)
{
    return contact->state == CONTACT_WELCOME || contact->state == CONTACT_REFUSED ||
           contact->state == CONTACT_IGNORED;
}

void contact_export_line(const struct contact *contact, const struct person *person,
                         struct bytes *out)
{
    if (!is_decided(contact))
        return;
    scoped_text char *who = bridge_contact_name(contact, person);
    bytes_print(out, "%s\t%s\t%s\t%s\n", bridge_contact_state_word(contact->state), who,
                bridge_evidence_word(contact->evidence), contact->words ? contact->words : "");
}

static bool export_one(void *ctx, const struct contact *contact, const struct person *person)
{
    struct listing *listing = ctx;

    listing_count(listing, contact->id);
    if (!listing->command->json)
        contact_export_line(contact, person, &listing->command->out);
    else if (is_decided(contact))
        bridge_contact_json(&listing->json, contact, person);
    return true;
}

static bool export_contacts(struct listing *listing, struct err *err)
{
    return store_contacts(listing->view, listing->account.id, listing->last, LISTING_PAGE,
                          export_one, listing, err);
}

int run_contact_export(struct command *command)
{
    return listing_run(command, LISTING_OF_ACCOUNT, export_contacts);
}

int run_contact_import(struct command *command)
{
    struct slice rest = command->input;
    struct err err;
    int64_t count = 0, number = 0;

    while (rest.at && rest.len > 0) {
        struct slice line = slice_line(&rest);
        number++;
        if (!command_goes_on(command)) {
            scoped_text char *done = must_print("%lld decisions are taken over", (long long)count);
            return command_break_off(command, done);
        }
        if (slice_empty(slice_trim(line)))
            continue;
        if (!bridge_contact_import(command->house->bridge, slice_of(command->arguments[0]), line,
                                   &err)) {
            struct err where = err;
            err_set(&err, where.kind, "Line %lld: %s", (long long)number, where.said);
            return command_refuse(command, &err);
        }
        count++;
    }
    command_say(command, "%lld decisions taken over.\n", (long long)count);
    return EXIT_DONE;
}
