/* nestbox list add, remove: readers by mail (docs/lists.md). */
#include "bridge_list.h"
#include "command.h"
#include "memory.h"
#include "text.h"

enum { SHOWN_MAX = 80 };

/* ---- add ---- */
struct adding {
    struct command *command;
    bool confirmed;
    int64_t done, read, failed; /* how many */
};

/* Why nothing was done; NULL: it was. */
static const char *why_not(enum list_came came)
{
    switch (came) {
    case CAME_ASKED:
    case CAME_ADDED:
    case CAME_READS: return NULL;
    case CAME_WAITS: return "waits for the owner's answer; see nestbox contact list";
    case CAME_NEVER: return "has said that it wants no mail of that kind; nothing was done";
    case CAME_LEFT:
        return "left this list, or was removed; without --confirmed it is asked, or it "
               "subscribes itself";
    case CAME_TOO_OFTEN:
        return "was asked lately; an address is asked once a day, and 3 times in 30 days";
    case CAME_TOO_MANY:
        return "was not asked: the server asks 20 addresses an hour. Say the same again in an hour";
    }
    return NULL;
}

static bool add_one(struct adding *adding, struct slice reader, enum list_came *out,
                    struct err *err)
{
    struct command *command = adding->command;

    if (!bridge_list_add(command->house->bridge, slice_of(command->arguments[0]), reader,
                         adding->confirmed, out, err))
        return false;
    const char *why = why_not(*out);
    if (!why)
        return true;
    struct slice shown = reader.len > SHOWN_MAX ? slice_first(reader, SHOWN_MAX) : reader;
    return err_set(err, *out == CAME_TOO_MANY ? ERR_TEMPORARY : ERR_REFUSED, "%.*s %s",
                   SLICE_ARGS(shown), why);
}

static int add_person(struct adding *adding)
{
    struct command *command = adding->command;
    const char *account = command->arguments[0], *reader = command->arguments[1];
    enum list_came came;
    struct err err;

    if (!add_one(adding, slice_of(reader), &came, &err))
        return command_refuse(command, &err);
    if (came == CAME_ASKED)
        command_say(command,
                    "%s gets a mail with a question, and reads %s after its yes, within 7 days.\n",
                    reader, account);
    else
        command_say(command, came == CAME_ADDED ? "%s reads %s now.\n" : "%s reads %s already.\n",
                    reader, account);
    return EXIT_DONE;
}

/* False: the rest would fare no better. */
static bool add_line(struct adding *adding, struct slice line, int64_t number)
{
    enum list_came came = CAME_READS;
    struct err err = {.kind = ERR_REFUSED};

    if (add_one(adding, line, &came, &err)) {
        *(came == CAME_READS ? &adding->read : &adding->done) += 1;
        return true;
    }
    adding->failed++;
    bytes_print(&adding->command->complaint, "nestbox: Line %lld: %s\n", (long long)number,
                err.said);
    return err.kind == ERR_MALFORMED || err.kind == ERR_REFUSED;
}

static int add_lines(struct adding *adding)
{
    struct command *command = adding->command;
    struct slice rest = command->input;
    bool more = true;

    for (int64_t number = 1; more && rest.at && rest.len > 0; number++) {
        struct slice line = slice_trim(slice_line(&rest));
        if (!command_goes_on(command)) {
            scoped_text char *done = must_print("%lld lines are done", (long long)number - 1);
            return command_break_off(command, done);
        }
        more = slice_empty(line) || add_line(adding, line, number);
    }
    command_say(command, "%lld %s, %lld read already, %lld not.\n", (long long)adding->done,
                adding->confirmed ? "read now" : "are asked by mail", (long long)adding->read,
                (long long)adding->failed);
    return adding->failed ? EXIT_REFUSED : EXIT_DONE;
}

int run_list_add(struct command *command)
{
    struct adding adding = {.command = command,
                            .confirmed = command_option(command, "--confirmed") != NULL};
    bool lines = command_option(command, "--stdin");
    struct err err;

    if (lines && command->argument_count == 1)
        return add_lines(&adding);
    if (!lines && command->argument_count == 2)
        return add_person(&adding);
    err_set(&err, ERR_MALFORMED, "Say whom, or --stdin for one address a line");
    command_refuse(command, &err);
    return EXIT_USAGE;
}

/* ---- remove ---- */
int run_list_remove(struct command *command)
{
    struct err err;

    if (!bridge_list_remove(command->house->bridge, slice_of(command->arguments[0]),
                            slice_of(command->arguments[1]), &err))
        return command_refuse(command, &err);
    command_say(command, "%s reads %s no more, and is not told.\n", command->arguments[1],
                command->arguments[0]);
    return EXIT_DONE;
}
