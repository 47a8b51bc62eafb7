/* Command lines taken apart, and the manual page that is made from their table. */
#include "test.h"

#include "command.h"
#include "memory.h"

#include <stdio.h>

static const struct {
    const char *name, *line; /* words parted by spaces */
    bool understood;
    const char *words; /* the row's */
    size_t arguments;
    const char *said; /* when not understood */
} rows[] = {
  /* clang-format off */
    {"two words are one command",             "account list",                         true,  "account list",   0, NULL},
    {"arguments follow",                      "account show a@b.test",                true,  "account show",   1, NULL},
    {"--config anywhere, with a space",       "account --config /x list",             true,  "account list",   0, NULL},
    {"--config anywhere, with =",             "--config=/x account list",             true,  "account list",   0, NULL},
    {"--json anywhere",                       "account list --json",                  true,  "account list",   0, NULL},
    {"an option with value",                  "account add a@b.test --maildir /m",    true,  "account add",    1, NULL},
    {"an option without value",               "account remove a@b.test --yes",        true,  "account remove", 1, NULL},
    {"behind -- all are arguments",           "account show -- --yes",                true,  "account show",   1, NULL},
    {"an ID may be left out",                 "queue retry",                          true,  "queue retry",    0, NULL},
    {"nothing at all",                        "",                                     false, NULL, 0, "What shall be done? See nestbox --help"},
    {"an unknown word",                       "fly",                                  false, NULL, 0, "There is no command 'fly'; see nestbox --help"},
    {"half a command",                        "account",                              false, NULL, 0, "nestbox account is followed by one of: add, list, show, set, remove, password, alias, move"},
    {"half a command, half a wish",           "queue empty",                          false, NULL, 0, "nestbox queue is followed by one of: list, show, retry, drop, tls"},
    {"an argument missing",                   "account show",                         false, NULL, 0, "usage: nestbox account show ADDRESS"},
    {"an argument too many",                  "status now",                           false, NULL, 0, "usage: nestbox status"},
    {"an unknown option",                     "status --verbose",                     false, NULL, 0, "nestbox status knows no option --verbose; see nestbox status --help"},
    {"a value missing",                       "account add a@b.test --maildir",       false, NULL, 0, "--maildir wants a value: --maildir=…"},
    {"every option with a value may have a space", "token add x --uses 5 --days 3",    true,  "token add",      1, NULL},
    {"--config without its file",             "status --config",                      false, NULL, 0, "--config wants a value: --config=…"},
    {"a value too many",                      "account remove a@b.test --yes=1",      false, NULL, 0, "--yes=1 takes no value"},
  /* clang-format on */
};

static int split(char *line, char *argv[], int max)
{
    int argc = 1;

    argv[0] = line; /* "nestbox", whatever it says */
    for (char *word = strtok(line, " "); word && argc < max; word = strtok(NULL, " "))
        argv[argc++] = word;
    return argc;
}

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        struct command command = {0};
        const struct command_row *row = NULL;
        const char *config = "default";
        char *argv[32];
        scoped_text char *line = must_dup(rows[i].line);
        int argc = split(line, argv, 32);
        bool understood = command_read(argc, argv, &command, &row, &config, &err);
        if (understood != rows[i].understood)
            fail_msg("%s: %s", rows[i].name, err.said);
        if (understood &&
            (strcmp(row->words, rows[i].words) != 0 || command.argument_count != rows[i].arguments))
            fail_msg("%s: read as \"%s\" with %zu", rows[i].name, row->words,
                     command.argument_count);
        if (!understood && strcmp(err.said, rows[i].said) != 0)
            fail_msg("%s: said \"%s\"", rows[i].name, err.said);
        if (understood && strstr(rows[i].line, "--config") && strcmp(config, "/x") != 0)
            fail_msg("%s: config \"%s\"", rows[i].name, config);
        command_clear(&command);
    }
}

static void test_options(void **state)
{
    struct command command = {
        .options = {"--yes", "--name=Alice"},
          .option_count = 2
    };

    (void)state;
    assert_text(command_option(&command, "--yes"), "");
    assert_text(command_option(&command, "--name"), "Alice");
    assert_null(command_option(&command, "--nam"));
    assert_null(command_option(&command, "--maildir"));
}

static void test_help(void **state)
{
    static const struct {
        const char *line, *said; /* how it begins, or what is refused */
        bool found;
    } asked[] = {
        {"",             "nestbox: a mail address",                                        true },
        {"dns",          "  dns [DOMAIN] [--plain] [--check | --rotate]\n      Print the", true },
        {"account show", "  account show ADDRESS\n      Show one account\n",               true },
        {"queue",        "  queue list\n      List",                                       true },
        {"queue fly",    "  queue list\n      List",                                       true },
        {"fly",          "There is no command 'fly'; see nestbox --help",                  false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        struct err err = {0};
        struct command command = {0};
        const struct command_row *row = NULL;
        const char *config;
        char *argv[32];
        scoped_text char *line = must_dup(asked[i].line);
        int argc = split(line, argv, 32);
        (void)!command_read(argc, argv, &command, &row, &config, &err);
        bool found = command_help(&command, row, &command.out, &err);
        const char *said = found ? command.out.at : err.said;
        if (found != asked[i].found || strncmp(said, asked[i].said, strlen(asked[i].said)) != 0)
            fail_msg("help of \"%s\": %s", asked[i].line, said);
        for (struct slice rest = bytes_slice(&command.out); rest.at && rest.len > 0;) {
            struct slice shown = slice_line(&rest);
            assert_true(shown.len == 0 || shown.at[shown.len - 1] != ' ');
        }
        command_clear(&command);
    }
}

static void test_too_many_words(void **state)
{
    char *argv[200];
    struct err err;
    struct command command = {0};
    const struct command_row *row;
    const char *config = NULL;
    char word[] = "x";

    (void)state;
    for (size_t i = 0; i < COUNT_OF(argv); i++)
        argv[i] = word;
    assert_false(command_read((int)COUNT_OF(argv), argv, &command, &row, &config, &err));
}

/* NESTBOX_WRITE=1 in the environment writes the page anew. */
static void test_manual_page_is_made_from_the_table(void **state)
{
    scoped_value(bytes) page = {0};
    scoped_value(bytes) kept = {0};
    const char *path = SOURCE_FOLDER "/docs/man/nestbox.8";

    (void)state;
    command_manual_page(&page);
    if (getenv("NESTBOX_WRITE")) {
        FILE *out = fopen(path, "we");
        assert_int_equal(fwrite(page.at, 1, page.len, out), page.len);
        assert_int_equal(fclose(out), 0);
    }
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    kept.len = fread(bytes_reserve(&kept, 100000), 1, 100000, file);
    fclose(file);
    assert_string_equal(kept.at, page.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_too_many_words),
        cmocka_unit_test(test_manual_page_is_made_from_the_table),
    };
    return cmocka_run_group_tests_name("main command", tests, NULL, NULL);
}
