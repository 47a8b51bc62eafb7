/* Taking a command line apart, and what every command says. */
#include "command.h"

#include "memory.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FLUSH_AT = 64 * 1024 };

const char *command_option(const struct command *command, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < command->option_count; i++) {
        const char *option = command->options[i];
        if (strncmp(option, name, len) != 0)
            continue;
        if (option[len] == '\0')
            return "";
        if (option[len] == '=')
            return option + len + 1;
    }
    return NULL;
}

void command_say(struct command *command, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    bytes_vprint(&command->out, fmt, args);
    va_end(args);
    if (command->flush && command->out.len >= FLUSH_AT)
        command->flush(command);
}

bool command_goes_on(struct command *command)
{
    if (command->flush)
        command->flush(command);
    return !command->deaf;
}

int command_break_off(struct command *command, const char *done)
{
    struct err err;

    err_set(&err, ERR_TEMPORARY, "The server stops. %s; say the same again to go on", done);
    return command_refuse(command, &err);
}

void command_clear(struct command *command)
{
    for (size_t i = 0; i < command->joined_count; i++)
        free(command->joined[i]);
    bytes_clear(&command->out);
    bytes_clear(&command->complaint);
}

int command_refuse(struct command *command, const struct err *err)
{
    bytes_print(&command->complaint, "nestbox: %s%s%s\n", err->said, err->cause[0] ? ": " : "",
                err->cause);
    return EXIT_REFUSED;
}

/* Does `row`'s text stand at the head of the words given?  How many words it has, or 0. */
static size_t words_match(const struct command_row *row, const char *const *words, size_t count)
{
    struct slice rest = slice_of(row->words);
    size_t used = 0;

    while (rest.at) {
        struct slice word = slice_cut(&rest, ' ');
        if (used == count || !slice_eq(word, slice_of(words[used])))
            return 0;
        used++;
    }
    return used;
}

static const struct command_row *find_row(struct command *command)
{
    for (size_t i = 0; i < command_row_count; i++) {
        size_t used = words_match(&command_rows[i], command->arguments, command->argument_count);
        if (used == 0)
            continue;
        command->argument_count -= used;
        memmove(command->arguments, command->arguments + used,
                command->argument_count * sizeof command->arguments[0]);
        return &command_rows[i];
    }
    return NULL;
}

/* Is `option` ("--name", "--name=x") in the row's list, and does it want a value? */
static bool option_known(const struct command_row *row, struct slice option, bool *out_wants_value)
{
    struct slice name = option;
    size_t equals = slice_find(option, '=');
    if (equals != SIZE_MAX)
        name = slice_first(option, equals);
    *out_wants_value = true;
    if (slice_is(name, "--config"))
        return true; /* of every command; here it has no value, since with one it was taken before */

    struct slice rest = slice_of(row->options);
    while (rest.at) {
        struct slice known = slice_cut(&rest, ' ');
        *out_wants_value = slice_ends(known, SLICE("="));
        if (*out_wants_value)
            known.len--;
        if (known.len > 0 && slice_eq(known, name))
            return true;
    }
    return false;
}

static bool check_options(const struct command_row *row, const struct command *command,
                          struct err *err)
{
    for (size_t i = 0; i < command->option_count; i++) {
        bool wants_value;
        struct slice option = slice_of(command->options[i]);
        if (!option_known(row, option, &wants_value))
            return err_set(err, ERR_MALFORMED,
                           "nestbox %s knows no option %s; see nestbox %s --help", row->words,
                           command->options[i], row->words);
        if (wants_value != (slice_find(option, '=') != SIZE_MAX))
            return err_set(err, ERR_MALFORMED,
                           wants_value ? "%s wants a value: %s=…" : "%s takes no value",
                           command->options[i], command->options[i]);
    }
    return true;
}

static bool check_arguments(const struct command_row *row, const struct command *command,
                            struct err *err)
{
    if ((int)command->argument_count >= row->least && (int)command->argument_count <= row->most)
        return true;
    return err_set(err, ERR_MALFORMED, "usage: nestbox %s%s%s", row->words,
                   row->arguments[0] ? " " : "", row->arguments);
}

/* "--name VALUE" becomes the one word "--name=VALUE", so that later code knows one form.  Which command it will be is
 * not known yet: an option has a value in all of them, or in none. */
static bool wants_next_word(const char *option)
{
    struct slice name = slice_of(option);
    bool wants_value;

    for (size_t i = 0; i < command_row_count; i++)
        if (option_known(&command_rows[i], name, &wants_value) && wants_value)
            return slice_find(name, '=') == SIZE_MAX;
    return false;
}

static bool take_option(struct command *command, const char *word, const char **out_config)
{
    if (strncmp(word, "--config=", 9) == 0)
        *out_config = word + 9;
    else if (strcmp(word, "--json") == 0)
        command->json = true;
    else if (command->option_count == COMMAND_WORDS_MAX)
        return false;
    else
        command->options[command->option_count++] = word;
    return true;
}

/* "--name" and "VALUE" as one word, which the command keeps; NULL if there are too many. */
static const char *join(struct command *command, const char *name, const char *value)
{
    if (command->joined_count == COMMAND_WORDS_MAX)
        return NULL;
    return command->joined[command->joined_count++] = must_print("%s=%s", name, value);
}

/* Words into arguments and options. */
static bool sort_words(int argc, char *const *argv, struct command *command,
                       const char **out_config)
{
    bool options_end = false;

    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (options_end || strncmp(word, "--", 2) != 0) {
            if (command->argument_count == COMMAND_WORDS_MAX)
                return false;
            command->arguments[command->argument_count++] = word;
        } else if (word[2] == '\0') {
            options_end = true;
        } else {
            if (wants_next_word(word) && i + 1 < argc)
                word = join(command, word, argv[++i]);
            if (!word || !take_option(command, word, out_config))
                return false;
        }
    }
    return true;
}

/* The second words of commands that begin with this word: "add, list, show". */
static bool rows_behind(const char *first, struct bytes *out)
{
    for (size_t i = 0; i < command_row_count; i++) {
        struct slice second = slice_of(command_rows[i].words);
        if (!slice_eq(slice_cut(&second, ' '), slice_of(first)) || !second.at)
            continue;
        bytes_print(out, "%s%.*s", out->len ? ", " : "", SLICE_ARGS(second));
    }
    return out->len > 0;
}

static bool refuse_words(const struct command *command, struct err *err)
{
    scoped_value(bytes) others = {0};
    const char *first = command->argument_count > 0 ? command->arguments[0] : NULL;

    if (!first)
        return err_set(err, ERR_MALFORMED, "What shall be done? See nestbox --help");
    if (rows_behind(first, &others))
        return err_set(err, ERR_MALFORMED, "nestbox %s is followed by one of: %s", first,
                       others.at);
    return err_set(err, ERR_MALFORMED, "There is no command '%s'; see nestbox --help", first);
}

bool command_read(int argc, char *const *argv, struct command *command,
                  const struct command_row **out_row, const char **out_config, struct err *err)
{
    if (!sort_words(argc, argv, command, out_config))
        return err_set(err, ERR_MALFORMED, "That are too many words");
    *out_row = find_row(command);
    if (!*out_row)
        return refuse_words(command, err);
    return check_options(*out_row, command, err) && check_arguments(*out_row, command, err);
}

static void help_row(const struct command_row *row, struct bytes *out)
{
    bytes_print(out, "  %s%s%s\n", row->words, row->arguments[0] ? " " : "", row->arguments);
    text_wrap(out, "      ", row->help);
}

static void help_all(struct bytes *out)
{
    bytes_add_text(out, "nestbox: a mail address that Mastodon can follow\n\n"
                        "usage: nestbox COMMAND [--config FILE] [--json]\n\n");
    for (size_t i = 0; i < command_row_count; i++)
        help_row(&command_rows[i], out);
    bytes_add_text(
        out, "\nADDRESS is a mail address of an account here; PERSON is a mail address,\n"
             "bob=social.example@D or @bob@social.example; REF names a post.\n"
             "Every command takes --config FILE (/etc/nestbox/nestbox.conf unless given), and\n"
             "every listing --json. Exit: 0 done, 1 refused or failed, 2 wrong usage.\n"
             "nestbox COMMAND --help shows one or a group; nestbox help settings the settings.\n");
}

bool command_help(const struct command *command, const struct command_row *row, struct bytes *out,
                  struct err *err)
{
    bool found = row || command->argument_count == 0;

    if (row)
        help_row(row, out);
    else if (found)
        help_all(out);
    for (size_t i = 0; !found && i < command_row_count; i++) {
        struct slice rest = slice_of(command_rows[i].words);
        if (slice_is(slice_cut(&rest, ' '), command->arguments[0]))
            help_row(&command_rows[i], out);
    }
    return found || out->len > 0 || refuse_words(command, err);
}
