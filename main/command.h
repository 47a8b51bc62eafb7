/*
 * command — the command line as a table: one row, one function (architecture.md 10).
 *
 * The same function runs in the server, on a control thread, and without one, in the client that owns data_dir
 * for the moment.  Plain blocking code.
 */
#ifndef NESTBOX_MAIN_COMMAND_H
#define NESTBOX_MAIN_COMMAND_H

#include "bytes.h"
#include "config.h"
#include "err.h"
#include "stream.h"

enum { COMMAND_WORDS_MAX = 64, COMMAND_INPUT_MAX = 64 * 1024 * 1024 };
#define CONFIG_STANDARD "/etc/nestbox/nestbox.conf"
enum {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,
    EXIT_USAGE = 2,
    EXIT_LEFT_OUT = 3, /* done, but for what standard error names */
};

struct activitypub;
struct bridge;
struct data_dir;
struct store;
struct house { /* what a command works on */
    const struct config *config;
    struct store *store;
    struct bridge *bridge;
    const struct data_dir *dir;
    struct activitypub *activitypub; /* to ask other servers; NULL: no server runs it */
    bool serving;                    /* the server runs it */
    int64_t started_ms;
};

struct command { /* one call */
    const struct house *house;
    const char *arguments[COMMAND_WORDS_MAX]; /* behind the command's words, options taken out */
    size_t argument_count;
    const char *options[COMMAND_WORDS_MAX]; /* "--maildir=DIR" */
    size_t option_count;
    char *joined[COMMAND_WORDS_MAX]; /* options whose value was a word of its own */
    size_t joined_count;
    bool json;
    struct slice input; /* standard input, or the FILE named, as the row says */
    struct bytes out, complaint;
    struct sink *into; /* the client's: where `out` goes; NULL: standard output */
    /* Sends on what is there of `out` and `complaint`; NULL: nobody takes it before the end. */
    void (*flush)(struct command *);
    bool
        deaf; /* nobody listens any more, or the server stops, found by flush(): what only makes output may end */
    /* Waits; false: nobody listens any more, or the server ends.  NULL: no server runs it. */
    bool (*rest)(struct command *, int ms);
};
/* The value of --NAME=VALUE (or --NAME VALUE), "" for one without value, NULL if not given. */
const char *command_option(const struct command *command, const char *name);
void command_say(struct command *command, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Between two pieces of long work: what was said is sent on.  False: nobody listens any more, or the server stops. */
bool command_goes_on(struct command *command);
/* The same refusal for all whose work was broken off; `done` says what of it is done.  EXIT_REFUSED. */
int command_break_off(struct command *command, const char *done);
void command_clear(struct command *command);
/* One line on standard error; EXIT_REFUSED. */
int command_refuse(struct command *command, const struct err *err);

enum command_input {
    INPUT_NONE,
    INPUT_PASSWORD, /* with --password-stdin */
    INPUT_LINES,    /* with --stdin */
    INPUT_LAST_ARGUMENT,
    INPUT_FILES, /* the last argument, a file or a folder, in parcels: as many calls as it takes (import_files.h) */
    OUTPUT_LAST_ARGUMENT, /* what it says becomes that file, whole or not at all */
    OUTPUT_FOLDER,        /* what it says, in parcels, becomes that folder, the same way */
};
struct command_row {
    const char *words;     /* "account add" */
    const char *arguments; /* for --help: "ADDRESS [--name NAME]" */
    const char *help;      /* one line */
    int least, most;       /* arguments */
    const char *options;   /* " --name= --yes " : "=" wants a value */
    enum command_input input;
    int (*run)(struct command *); /* NULL: main.c runs it, in the client alone */
};
extern const struct command_row command_rows[];
extern const size_t command_row_count;

/* Takes argv apart against the table: fills `command` (slices of argv) and *out_row; --config and --json may stand
 * anywhere.  False: wrong usage, said in `err`. */
MUST_CHECK bool command_read(int argc, char *const *argv, struct command *command,
                             const struct command_row **out_row, const char **out_config,
                             struct err *err);
/* The manual page, troff. */
void command_manual_page(struct bytes *out);
/* What was read, `row`, or else all that begins with its first word, or all there is.  False: no command does. */
MUST_CHECK bool command_help(const struct command *command, const struct command_row *row,
                             struct bytes *out, struct err *err);

/* The rows' functions, by file. */
int run_account_add(struct command *command); /* commands_account.c */
int run_account_list(struct command *command);
int run_account_show(struct command *command);
int run_account_set(struct command *command);
int run_account_remove(struct command *command);
int run_account_password(struct command *command);
int run_account_alias(struct command *command); /* commands_move.c */
int run_account_move(struct command *command);
int run_key_add(struct command *command); /* commands_key.c */
int run_key_list(struct command *command);
int run_key_peers(struct command *command);
int run_key_rotate_server(struct command *command);
int run_key_remove(struct command *command);
int run_key_accept(struct command *command);
int run_key_refuse(struct command *command);
int run_seal(struct command *command);
int run_follow(struct command *command); /* commands_people.c */
int run_unfollow(struct command *command);
int run_followers(struct command *command);
int run_list_list(struct command *command);
int run_list_add(struct command *command); /* commands_list.c */
int run_list_remove(struct command *command);
int run_contact_list(struct command *command); /* commands_contact.c */
int run_contact_show(struct command *command);
int run_contact_welcome(struct command *command);
int run_contact_refuse(struct command *command);
int run_contact_ignore(struct command *command);
int run_contact_ask(struct command *command);
int run_contact_expect(struct command *command);
int run_contact_watch(struct command *command);
int run_contact_export(struct command *command);
int run_contact_import(struct command *command);
int run_post_list(struct command *command); /* commands_post.c */
int run_post_undo(struct command *command);
int run_post_delete(struct command *command);
int run_mail_list(struct command *command); /* commands_mail.c */
int run_mail_show(struct command *command);
int run_queue_list(struct command *command); /* commands_queue.c */
int run_queue_show(struct command *command);
int run_queue_retry(struct command *command);
int run_queue_drop(struct command *command);
int run_queue_tls(struct command *command); /* commands_tls.c */
int run_token_add(struct command *command); /* commands_token.c */
int run_token_list(struct command *command);
int run_token_remove(struct command *command);
int run_qr(struct command *command);
int run_dns(struct command *command);    /* commands_dns.c */
int run_status(struct command *command); /* commands_status.c */
int run_backup(struct command *command); /* commands_backup.c */
int run_import(struct command *command); /* commands_import.c */
int run_export(struct command *command); /* commands_export.c */
/* In the client itself. */
int run_init(struct command *command, const char *config_path);    /* init.c */
int run_restore(struct command *command, const char *config_path); /* restore.c */
int run_serve(const char *config_path);                            /* serve.c */

#endif
