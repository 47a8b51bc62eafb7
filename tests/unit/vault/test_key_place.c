#include "temp_dir.h"
#include "test.h"
#include "vault.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct temp_dir data, elsewhere;
static struct err err;
static char path[160];

static int make_dirs(void **state)
{
    (void)state;
    temp_dir_make(&data);
    temp_dir_make(&elsewhere);
    snprintf(path, sizeof path, "%s/the.key", elsewhere.path);
    err = (struct err){0};
    return 0;
}

static int remove_dirs(void **state)
{
    (void)state;
    temp_dir_remove(&data);
    temp_dir_remove(&elsewhere);
    return 0;
}

static bool opens(bool credential, struct vault **out)
{
    const struct vault_place place = {.file = path, .credential = credential};

    return vault_open_at(data.fd, &place, out, &err);
}

static bool is_there(int folder, const char *name)
{
    return faccessat(folder, name, F_OK, 0) == 0;
}

/* What the vault with the key below data_dir, or that elsewhere, makes of a word. */
static void mark(bool own, unsigned char out[VAULT_MAC_LEN])
{
    struct vault *vault = NULL;

    assert_true(own ? vault_open(data.fd, &vault, &err) : opens(false, &vault));
    vault_mac(vault, "p", SLICE("word"), out);
    vault_close(vault);
}

static void a_key_is_made_where_it_is_wanted(void **state)
{
    unsigned char first[VAULT_MAC_LEN], second[VAULT_MAC_LEN];
    struct stat seen;

    (void)state;
    mark(false, first);
    mark(false, second);
    assert_memory_equal(first, second, sizeof first);
    assert_false(is_there(data.fd, "keys/server.key"));
    assert_int_equal(stat(path, &seen), 0);
    assert_int_equal(seen.st_mode & 07777U, 0600);
}

static void the_key_of_before_moves(void **state)
{
    unsigned char before[VAULT_MAC_LEN], after[VAULT_MAC_LEN];

    (void)state;
    mark(true, before);
    mark(false, after);
    assert_memory_equal(before, after, sizeof before);
    assert_false(is_there(data.fd, "keys/server.key"));
}

/* Written there and not removed here: a crash between the two. */
static void a_move_that_was_broken_off_is_ended(void **state)
{
    unsigned char before[VAULT_MAC_LEN], after[VAULT_MAC_LEN];

    (void)state;
    mark(true, before);
    assert_int_equal(linkat(data.fd, "keys/server.key", AT_FDCWD, path, 0), 0);
    mark(false, after);
    assert_memory_equal(before, after, sizeof before);
    assert_false(is_there(data.fd, "keys/server.key"));
}

static void two_different_keys_are_told(void **state)
{
    unsigned char any[VAULT_MAC_LEN];
    struct vault *vault = NULL;

    (void)state;
    mark(false, any);
    mark(true, any);
    assert_false(opens(false, &vault));
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_non_null(strstr(err.said, "two different keys"));
    assert_true(is_there(data.fd, "keys/server.key"));
}

static void what_others_may_read_or_change_is_refused(void **state)
{
    static const struct {
        mode_t file, folder;
        const char *cause;
    } rows[] = {
        {0640, 0700, "open to others (mode 0640)"},
        {0604, 0700, "open to others (mode 0604)"},
        {0600, 0770, "open to others (mode 0770)"},
        {0600, 0777, "open to others (mode 0777)"},
    };
    unsigned char any[VAULT_MAC_LEN];

    (void)state;
    mark(false, any);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct vault *vault = NULL;
        assert_int_equal(chmod(path, rows[i].file), 0);
        assert_int_equal(chmod(elsewhere.path, rows[i].folder), 0);
        if (opens(false, &vault) || !strstr(err.cause, rows[i].cause))
            fail_msg("%s: %s", rows[i].cause, err.cause);
    }
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(chmod(elsewhere.path, 0755), 0); /* as /etc/nestbox is */
    mark(false, any);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct vault *vault = NULL;

    (void)state;
    snprintf(path, sizeof path, "%s/none/the.key", elsewhere.path);
    assert_false(opens(false, &vault));
    assert_non_null(strstr(err.cause, "none/"));
    snprintf(path, sizeof path, "the.key");
    assert_false(opens(false, &vault));
    assert_non_null(strstr(err.said, "whole path"));
}

/* systemd opens it to the service by an access list, so its mode shows a group. */
static void a_credential_is_read_and_never_written(void **state)
{
    unsigned char before[VAULT_MAC_LEN], after[VAULT_MAC_LEN];
    struct vault *vault = NULL;

    (void)state;
    mark(false, before);
    assert_int_equal(chmod(path, 0440), 0);
    assert_true(opens(true, &vault));
    vault_mac(vault, "p", SLICE("word"), after);
    assert_memory_equal(before, after, sizeof before);
    assert_false(vault_change_key(vault, &err));
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_non_null(strstr(err.said, "credential of systemd"));
    assert_int_equal(vault_key_change(vault), VAULT_ONE_KEY);
    vault_close(vault);
    assert_int_equal(chmod(path, 0444), 0);
    assert_false(opens(true, &vault));
}

static void another_key_takes_its_place_there(void **state)
{
    struct vault *vault = NULL;
    scoped_value(bytes) wrapped = {0}, plain = {0};

    (void)state;
    assert_true(opens(false, &vault));
    vault_wrap(vault, "p", SLICE("word"), &wrapped);
    assert_true(vault_change_key(vault, &err));
    vault_close(vault);
    assert_true(opens(false, &vault));
    assert_int_equal(vault_key_change(vault), VAULT_CHANGED_BEFORE);
    assert_true(vault_unwrap(vault, "p", bytes_slice(&wrapped), &plain, &err));
    assert_true(vault_forget_old_key(vault, &err));
    vault_close(vault);
    assert_int_equal(temp_dir_count(&elsewhere, "."), 1);
}

int main(void)
{
#define WITH_DIRS(test) cmocka_unit_test_setup_teardown(test, make_dirs, remove_dirs)
    const struct CMUnitTest tests[] = {
        WITH_DIRS(a_key_is_made_where_it_is_wanted),
        WITH_DIRS(the_key_of_before_moves),
        WITH_DIRS(a_move_that_was_broken_off_is_ended),
        WITH_DIRS(two_different_keys_are_told),
        WITH_DIRS(what_others_may_read_or_change_is_refused),
        WITH_DIRS(a_folder_that_is_not_there_is_told),
        WITH_DIRS(a_credential_is_read_and_never_written),
        WITH_DIRS(another_key_takes_its_place_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
