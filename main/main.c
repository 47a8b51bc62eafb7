/*
 * main — the command line, and who runs what: judge, init and serve here; every other command in the server if one
 * runs, else in this process, which then owns the data for the moment.
 */
#include "control.h"
#include "house.h"
#include "import_files.h"
#include "log.h"
#include "memory.h"
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Standard input, or the FILE that is the last argument (then no longer an argument). */
static bool read_input(struct command *command, const struct command_row *row, struct bytes *input,
                       struct err *err)
{
    bool wanted = (row->input == INPUT_PASSWORD && command_option(command, "--password-stdin")) ||
                  (row->input == INPUT_LINES && command_option(command, "--stdin"));
    bool file = row->input == INPUT_LAST_ARGUMENT;
    int fd = STDIN_FILENO;

    if (!wanted && !file)
        return true;
    if (file && (int)command->argument_count == row->most) {
        const char *path = command->arguments[--command->argument_count];
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return err_system(err, "The file cannot be read", "%s", path);
    }
    ssize_t len = 1;
    while (len > 0 && input->len <= COMMAND_INPUT_MAX) {
        len = read(fd, bytes_reserve(input, 65536), 65536);
        if (len > 0)
            input->len += (size_t)len;
    }
    if (fd != STDIN_FILENO)
        close(fd);
    command->input = bytes_slice(input);
    if (len < 0)
        return err_system(err, "The input cannot be read", "read");
    return input->len <= COMMAND_INPUT_MAX ||
           err_set(err, ERR_TOO_LARGE, "The input has more than 64 MiB");
}

/* A password typed by a person, when none comes by --password-stdin. */
static bool ask_password(struct command *command, const struct command_row *row,
                         struct bytes *input, struct err *err)
{
    bool wanted = strcmp(row->words, "account password") == 0 && command->input.len == 0;

    if (!wanted)
        return true;
    if (!isatty(STDIN_FILENO))
        return err_set(err, ERR_MALFORMED,
                       "No password came, and there is no terminal to ask on: write it to standard "
                       "input, with --password-stdin");
    char *typed = getpass("Password: "); // NOLINT(concurrency-mt-unsafe): no other thread yet
    if (!typed)
        return err_system(err, "The password cannot be read", "getpass");
    bytes_add_text(input, typed);
    explicit_bzero(typed, strlen(typed));
    command->input = bytes_slice(input);
    return true;
}

/* False: it is said, but not to who has gone. */
static bool write_out(struct command *command)
{
    struct slice out = bytes_slice(&command->out);
    struct err err;

    bool good = command->into
                    ? sink_write(command->into, out, &err)
                    : fwrite(out.at, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    if (good || (!command->into && errno == EPIPE))
        return good;
    if (!command->into)
        err_system(&err, "The output cannot be written", "standard output");
    command_refuse(command, &err);
    return false;
}

static bool is_made(int code)
{
    return code == EXIT_DONE || code == EXIT_LEFT_OUT;
}

static void flush_here(struct command *command)
{
    if (command->out.len > 0 && !command->deaf)
        command->deaf = !write_out(command);
    bytes_reset(&command->out);
    if (command->complaint.len > 0)
        fwrite(command->complaint.at, 1, command->complaint.len, stderr);
    bytes_reset(&command->complaint);
}

static int run_here(struct command *command, const struct command_row *row,
                    const struct config *config, struct err *err)
{
    struct household household;

    log_set_level(LOG_WARN); /* nobody's log: what this one caller sees */
    if (!household_open(config, &household, err))
        return command_refuse(command, err);
    struct house house = {.config = config,
                          .store = household.store,
                          .bridge = household.bridge,
                          .dir = &household.dir};
    command->house = &house;
    command->flush = flush_here;
    int code = row->run(command);
    flush_here(command);
    household_close(&household);
    return command->deaf && is_made(code) ? EXIT_REFUSED : code;
}

static int ask_or_run(struct command *command, const struct command_row *row,
                      const struct config *config, struct err *err)
{
    struct data_dir dir;
    int code = EXIT_REFUSED;

    if (!data_dir_open(config, &dir, err))
        return command_refuse(command, err);
    enum control_answer answer = control_ask(&dir, row, command, &code, err);
    data_dir_close(&dir);
    if (answer == CONTROL_FAILED)
        return command_refuse(command, err);
    return answer == CONTROL_ABSENT ? run_here(command, row, config, err) : code;
}

/* Ours alone from its first byte: what broke off before may be open for others, or be another's. */
static int open_part(const char *part)
{
    if (unlink(part) != 0 && errno != ENOENT)
        return -1;
    return open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static bool is_file(int fd, const char *path)
{
    struct stat ours, its;

    return fstat(fd, &ours) == 0 && lstat(path, &its) == 0 && ours.st_ino == its.st_ino &&
           ours.st_dev == its.st_dev;
}

/* Standard output becomes FILE.part, and that FILE when all is said and on the disk. */
static int run_into_file(struct command *command, const struct command_row *row,
                         const struct config *config, struct err *err)
{
    const char *path = command->arguments[--command->argument_count];
    scoped_text char *part = must_print("%s.part", path);

    if (strcmp(path, "-") == 0)
        return ask_or_run(command, row, config, err);
    int fd = open_part(part);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0) {
        err_system(err, "The file cannot be written", "%s", part);
        return command_refuse(command, err);
    }
    int code = ask_or_run(command, row, config, err);
    bool whole = fflush(stdout) == 0 && fsync(fd) == 0, ours = is_file(fd, part);
    if (code == EXIT_DONE && whole && ours && rename(part, path) == 0) {
        close(fd);
        return EXIT_DONE;
    }
    if (code == EXIT_DONE) {
        if (ours)
            err_system(err, "The file cannot be written", "%s", path);
        else
            err_set(err, ERR_REFUSED, "Another command writes %s; look at that one", path);
        code = command_refuse(command, err);
    }
    if (ours)
        unlink(part);
    close(fd);
    return code;
}

/* The same with a folder. */
static int run_into_folder(struct command *command, const struct command_row *row,
                           const struct config *config, struct err *err)
{
    scoped(unpack) folder = unpack_new(command->arguments[--command->argument_count], err);

    if (!folder)
        return command_refuse(command, err);
    command->into = unpack_sink(folder);
    int code = ask_or_run(command, row, config, err);
    command->into = NULL;
    return is_made(code) && !unpack_end(folder, err) ? command_refuse(command, err) : code;
}

static int run_with_files(struct command *command, const struct command_row *row,
                          const struct config *config, struct err *err)
{
    if (row->input == OUTPUT_LAST_ARGUMENT)
        return run_into_file(command, row, config, err);
    if (row->input == INPUT_FILES)
        return import_files(command, row, config, ask_or_run, err);
    if (row->input == OUTPUT_FOLDER)
        return run_into_folder(command, row, config, err);
    return ask_or_run(command, row, config, err);
}

static int run_in_house(struct command *command, const struct command_row *row,
                        const char *config_path, struct err *err)
{
    struct config config;
    scoped_value(bytes) input = {0};

    if (!config_read(config_path, &config, err) || !read_input(command, row, &input, err) ||
        !ask_password(command, row, &input, err))
        return command_refuse(command, err);
    int code = run_with_files(command, row, &config, err);
    bytes_wipe(&input);
    return code;
}

static int run(struct command *command, const struct command_row *row, const char *config_path)
{
    struct err err;

    if (strcmp(row->words, "judge") == 0)
        return pgp_judge_main();
    if (strcmp(row->words, "serve") == 0)
        return run_serve(config_path);
    if (strcmp(row->words, "init") == 0)
        return run_init(command, config_path);
    if (strcmp(row->words, "restore") == 0)
        return run_restore(command, config_path);
    return run_in_house(command, row, config_path, &err);
}

static bool is_asking(int argc, char *const *argv, const char *word, const char *option)
{
    return argc >= 2 && (strcmp(argv[1], word) == 0 || strcmp(argv[1], option) == 0);
}

/* nestbox help [WORD…] */
static bool help(int argc, char *const *argv, struct command *command, struct err *err)
{
    const struct command_row *row = NULL;
    const char *config_path;

    if (argc == 2 && strcmp(argv[1], "settings") == 0) {
        config_manual(&command->out);
        return true;
    }
    bool understood = command_read(argc, argv, command, &row, &config_path, err);
    (void)understood; /* half a command is enough, and so is one without its arguments */
    return command_help(command, row, &command->out, err);
}

static int read_and_run(int argc, char *const *argv, struct command *command)
{
    struct err err;
    const char *config_path = CONFIG_STANDARD;
    const struct command_row *row = NULL;
    bool asks = is_asking(argc, argv, "help", "--help") || is_asking(argc, argv, "help", "-h");

    if (asks && help(argc - 1, argv + 1, command, &err))
        return EXIT_DONE;
    bool understood = !asks && command_read(argc, argv, command, &row, &config_path, &err);
    if (!asks && command_option(command, "--help"))
        understood = asks = command_help(command, row, &command->out, &err);
    if (understood)
        return asks ? EXIT_DONE : run(command, row, config_path);
    bytes_print(&command->complaint, "nestbox: %s\n", err.said);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct command command = {0};

    signal(SIGPIPE, SIG_IGN);
    if (is_asking(argc, argv, "version", "--version")) {
        printf("nestbox %s\n", NESTBOX_VERSION);
        return EXIT_DONE;
    }
    int code = read_and_run(argc, argv, &command);
    flush_here(&command);
    command_clear(&command);
    return command.deaf && is_made(code) ? EXIT_REFUSED : code;
}
