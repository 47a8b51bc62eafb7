/* nestbox mail list, show: what rests in a mailbox. */
#include "bridge_people.h"
#include "command.h"
#include "listing.h"
#include "store_mailbox.h"
#include "store_message.h"

enum { PIECE = 16 * 1024 };

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static bool list_one(void *ctx, const struct entry *entry)
{
    struct listing *listing = ctx;
    char received[DATE_TEXT_SIZE];

    listing_count(listing, entry->id);
    date_rfc3339(entry->received_ms, received);
    if (!listing->command->json) {
        command_say(listing->command, "%lld\t%s\t%s\t%s\t%s\n", (long long)entry->id,
                    entry->mailbox, received, or_dash(entry->from), or_dash(entry->subject));
        return true;
    }
    json_open(&listing->json, NULL);
    json_number(&listing->json, "id", entry->id);
    json_text(&listing->json, "mailbox", entry->mailbox);
    json_text(&listing->json, "from", entry->from);
    json_text(&listing->json, "subject", entry->subject);
    json_text(&listing->json, "message_id", entry->header_message_id);
    json_text(&listing->json, "received", received);
    json_number(&listing->json, "size", entry->size);
    json_end(&listing->json);
    return true;
}

static bool list_mails(struct listing *listing, struct err *err)
{
    return store_entries(listing->view, listing->account.id, 0, listing->last, LISTING_PAGE,
                         list_one, listing, err);
}

int run_mail_list(struct command *command)
{
    return listing_run(command, LISTING_OF_ACCOUNT, list_mails);
}

/* One sentence beside the mail, so that the mail itself can be kept as it is. */
static bool tell_evidence(struct command *command, struct store_view *view,
                          const struct entry *entry, struct err *err)
{
    struct evidence evidence;
    enum found found = store_evidence(view, entry->message_id, &evidence, err);

    if (found != FOUND)
        return found != FAILED;
    evidence_sentence(&evidence, &command->complaint);
    bytes_add_char(&command->complaint, '\n');
    return true;
}

static int show_body(struct command *command, struct source *body)
{
    struct err err;
    char piece[PIECE];
    size_t len = 0;

    for (int64_t at = 0; at < body->size; at += (int64_t)len) {
        if (!source_read(body, at, piece, sizeof piece, &len, &err))
            return command_refuse(command, &err);
        if (len == 0)
            break;
        bytes_add(&command->out, (struct slice){piece, len});
        command_say(command, "%s", ""); /* sends on what has grown */
    }
    return EXIT_DONE;
}

int run_mail_show(struct command *command)
{
    struct err err;
    int64_t id;
    scoped_value(account) account = {0};
    scoped_value(entry) entry = {0};
    scoped(store_view) view = store_look(command->house->store, &err);

    if (!view || !listing_account(command, view, &account, &err))
        return command_refuse(command, &err);
    if (!slice_to_number(slice_of(command->arguments[1]), INT64_MAX, &id)) {
        err_set(&err, ERR_MALFORMED, "ID is a number; see nestbox mail list %s",
                command->arguments[0]);
        return command_refuse(command, &err);
    }
    enum found found = store_entry(view, account.id, id, &entry, &err);
    if (found == ABSENT)
        err_set(&err, ERR_ABSENT, "There is no mail %s; see nestbox mail list %s",
                command->arguments[1], command->arguments[0]);
    if (found != FOUND)
        return command_refuse(command, &err);
    if (!tell_evidence(command, view, &entry, &err))
        return command_refuse(command, &err);
    scoped(source) body = store_body_source(view, entry.body_id, &err);
    return body ? show_body(command, body) : command_refuse(command, &err);
}
