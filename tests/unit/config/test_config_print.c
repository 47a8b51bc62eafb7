/*
 * Files made from the table are in the repository, for people who read it; here they are held equal.
 * After a change of the table NESTBOX_WRITE=1 in the environment writes them anew.
 */
#include "test.h"

#include "config.h"

#include <stdio.h>

static void whole_file(const char *path, struct bytes *out)
{
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    char *into = bytes_reserve(out, 100000);
    out->len += fread(into, 1, 100000, file);
    fclose(file);
}

static void write_file(const char *path, struct slice text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(text.at, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

static void hold_equal(const char *path, const struct bytes *text)
{
    scoped_value(bytes) kept = {0};

    if (getenv("NESTBOX_WRITE"))
        write_file(path, bytes_slice(text));
    whole_file(path, &kept);
    assert_string_equal(kept.at, text->at);
}

static void the_sample_is_made_from_the_table(void **state)
{
    (void)state;
    scoped_value(bytes) text = {0};

    config_sample("example.org", "/var/lib/nestbox", &text);
    hold_equal(SOURCE_FOLDER "/config/samples/nestbox.conf", &text);
}

static void the_manual_page_is_made_from_the_table(void **state)
{
    (void)state;
    scoped_value(bytes) text = {0};

    config_manual_page(&text);
    hold_equal(SOURCE_FOLDER "/docs/man/nestbox.conf.5", &text);
}

static struct config from_sample, from_least, from_all;

static void the_sample_changes_no_default(void **state)
{
    (void)state;
    struct err err;
    scoped_value(bytes) text = {0};

    config_sample("example.org", "/var/lib/nestbox", &text);
    assert_true(config_parse(bytes_slice(&text), &from_sample, &err));
    assert_true(config_parse(SLICE("[server]\ndomain = example.org"), &from_least, &err));
    assert_memory_equal(&from_sample, &from_least, sizeof from_least);
}

/* Every default that the sample shows behind ';' is one that can be written. */
static void shown_defaults_can_be_written(void **state)
{
    (void)state;
    struct err err = {0};
    scoped_value(bytes) sample = {0};
    scoped_value(bytes) text = {0};

    config_sample("example.org", "/var/lib/nestbox", &sample);
    struct slice rest = bytes_slice(&sample);
    while (rest.at) {
        struct slice line = slice_line(&rest);
        bool placeholder = slice_has(line, "NAME") || slice_has(line, "ADDR") ||
                           slice_has(line, "FILE") || slice_has(line, "TEXT") ||
                           slice_has(line, "DURATION") || slice_has(line, "DOMAIN");
        if (slice_starts(line, SLICE(";")) && !placeholder)
            line = slice_from(line, 1);
        bytes_add(&text, line);
        bytes_add_char(&text, '\n');
    }
    if (!config_parse(bytes_slice(&text), &from_all, &err))
        fail_msg("%s", err.said);
    assert_memory_equal(&from_all, &from_least, sizeof from_least);
}

static void the_manual_names_every_setting_of_the_sample(void **state)
{
    (void)state;
    scoped_value(bytes) sample = {0};
    scoped_value(bytes) manual = {0};
    int settings = 0;

    config_sample("example.org", "/srv", &sample);
    config_manual(&manual);
    for (struct slice rest = bytes_slice(&sample); rest.at;) {
        struct slice line = slice_line(&rest);
        size_t equals = slice_find(line, '=');
        if (slice_starts(line, SLICE("#")) || equals == SIZE_MAX)
            continue;
        scoped_value(bytes) wanted = {0};
        struct slice key = slice_first(line, equals - 1);
        bytes_print(&wanted, "\n  %.*s = ",
                    SLICE_ARGS(slice_starts(key, SLICE(";")) ? slice_from(key, 1) : key));
        assert_non_null(strstr(manual.at, wanted.at));
        settings++;
    }
    assert_int_equal(settings, 45);
    for (struct slice rest = bytes_slice(&manual); rest.at;)
        assert_true(slice_line(&rest).len <= 78);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_is_made_from_the_table),
        cmocka_unit_test(the_manual_page_is_made_from_the_table),
        cmocka_unit_test(the_sample_changes_no_default),
        cmocka_unit_test(shown_defaults_can_be_written),
        cmocka_unit_test(the_manual_names_every_setting_of_the_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
