#include "temp_dir.h"
#include "test.h"
#include "vault.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct temp_dir dir;
static struct err err;

static int make_dir(void **state)
{
    (void)state;
    temp_dir_make(&dir);
    err = (struct err){0};
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    temp_dir_remove(&dir);
    return 0;
}

static struct vault *opened(void)
{
    struct vault *vault = NULL;

    assert_true(vault_open(dir.fd, &vault, &err));
    return vault;
}

static unsigned mode_of(const char *path)
{
    struct stat seen;

    assert_int_equal(fstatat(dir.fd, path, &seen, AT_SYMLINK_NOFOLLOW), 0);
    return seen.st_mode & 07777U;
}

static void key_is_made_once_and_kept(void **state)
{
    unsigned char first[VAULT_MAC_LEN];
    unsigned char second[VAULT_MAC_LEN];

    (void)state;
    struct vault *vault = opened();
    vault_mac(vault, "p", SLICE("data"), first);
    vault_close(vault);
    vault = opened();
    vault_mac(vault, "p", SLICE("data"), second);
    vault_close(vault);
    assert_memory_equal(first, second, sizeof first);
    assert_int_equal(mode_of("keys"), 0700);
    assert_int_equal(mode_of("keys/server.key"), 0600);
    assert_int_equal(temp_dir_count(&dir, "keys"), 1);
}

static void write_file(const char *path, const char *text)
{
    int fd = openat(dir.fd, path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void a_half_made_key_is_made_anew(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(dir.fd, "keys", 0700), 0);
    write_file("keys/server.key.new", "nestbox-server-key-1 AAAA");
    vault_close(opened());
    assert_int_equal(temp_dir_count(&dir, "keys"), 1);
}

static void broken_keys_are_refused(void **state)
{
    static const struct {
        const char *name, *text;
        mode_t file, folder;
        const char *cause;
    } rows[] = {
        {"an empty file is told",                "",                                0600, 0700, "not whole (0 octets)"      },
        {"a file cut short is told",             "nestbox-server-key-1 AAAAAAAA\n", 0600, 0700, "not whole"                 },
        {"another kind of file is told",         "-----BEGIN PRIVATE KEY-----\n",   0600, 0700, "not whole"                 },
        {"too many octets are told",
         "nestbox-server-key-1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 0600, 0700,
         "not whole"                                                                                                        },
        {"a file the group may read is refused", "x",                               0640, 0700, "open to others (mode 0640)"},
        {"a folder others may enter is refused", "x",                               0600, 0711, "open to others (mode 0711)"},
    };

    (void)state;
    vault_close(opened());
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct vault *vault = NULL;
        write_file("keys/server.key", rows[i].text);
        assert_int_equal(fchmodat(dir.fd, "keys/server.key", rows[i].file, 0), 0);
        assert_int_equal(fchmodat(dir.fd, "keys", rows[i].folder, 0), 0);
        if (vault_open(dir.fd, &vault, &err) || !strstr(err.cause, rows[i].cause))
            fail_msg("%s: %s", rows[i].name, err.cause);
        assert_int_equal(err.kind, ERR_TEMPORARY);
        assert_int_equal(fchmodat(dir.fd, "keys", 0700, 0), 0);
    }
}

static void a_link_is_not_followed(void **state)
{
    struct vault *vault = NULL;

    (void)state;
    vault_close(opened());
    assert_int_equal(renameat(dir.fd, "keys/server.key", dir.fd, "elsewhere"), 0);
    assert_int_equal(symlinkat("../elsewhere", dir.fd, "keys/server.key"), 0);
    assert_false(vault_open(dir.fd, &vault, &err));
}

static void what_was_wrapped_comes_back(void **state)
{
    static const size_t lens[] = {0, 1, 16, 1000, 300000};

    (void)state;
    scoped(vault) vault = opened();
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        scoped_value(bytes) plain = {0};
        scoped_value(bytes) wrapped = {0};
        scoped_value(bytes) back = {0};
        memset(bytes_reserve(&plain, lens[i]), 'x', lens[i]);
        plain.len = lens[i];
        vault_wrap(vault, "post text", bytes_slice(&plain), &wrapped);
        /* So long a run is not in 300 kB of noise by chance; four of them are, once in 14,000 times. */
        assert_int_equal(slice_find_text(bytes_slice(&wrapped), SLICE("xxxxxxxx")), SIZE_MAX);
        assert_true(vault_unwrap(vault, "post text", bytes_slice(&wrapped), &back, &err));
        assert_true(slice_eq(bytes_slice(&back), bytes_slice(&plain)));
    }
}

static void the_same_text_is_wrapped_differently_each_time(void **state)
{
    scoped_value(bytes) a = {0};
    scoped_value(bytes) b = {0};

    (void)state;
    scoped(vault) vault = opened();
    vault_wrap(vault, "p", SLICE("secret"), &a);
    vault_wrap(vault, "p", SLICE("secret"), &b);
    assert_false(slice_eq(bytes_slice(&a), bytes_slice(&b)));
}

static void another_purpose_does_not_unwrap(void **state)
{
    scoped_value(bytes) wrapped = {0};
    scoped_value(bytes) back = {0};

    (void)state;
    scoped(vault) vault = opened();
    vault_wrap(vault, "actor key", SLICE("secret"), &wrapped);
    assert_false(vault_unwrap(vault, "post text", bytes_slice(&wrapped), &back, &err));
    assert_non_null(strstr(err.cause, "another purpose"));
    assert_int_equal(back.len, 0);
}

static void every_changed_octet_is_noticed(void **state)
{
    scoped_value(bytes) wrapped = {0};
    scoped_value(bytes) back = {0};

    (void)state;
    scoped(vault) vault = opened();
    vault_wrap(vault, "p", SLICE("secret"), &wrapped);
    for (size_t i = 0; i < wrapped.len; i++) {
        wrapped.at[i] = (char)(wrapped.at[i] ^ 1);
        if (vault_unwrap(vault, "p", bytes_slice(&wrapped), &back, &err))
            fail_msg("octet %zu was changed unnoticed", i);
        wrapped.at[i] = (char)(wrapped.at[i] ^ 1);
    }
    for (size_t len = 0; len < wrapped.len; len++)
        assert_false(
            vault_unwrap(vault, "p", slice_first(bytes_slice(&wrapped), len), &back, &err));
    assert_true(vault_unwrap(vault, "p", bytes_slice(&wrapped), &back, &err));
}

static void another_server_key_is_told_from_tampering(void **state)
{
    scoped_value(bytes) wrapped = {0};
    scoped_value(bytes) back = {0};

    (void)state;
    struct vault *vault = opened();
    vault_wrap(vault, "p", SLICE("secret"), &wrapped);
    vault_close(vault);
    assert_int_equal(unlinkat(dir.fd, "keys/server.key", 0), 0);
    vault = opened();
    assert_false(vault_unwrap(vault, "p", bytes_slice(&wrapped), &back, &err));
    vault_close(vault);
    assert_non_null(strstr(err.cause, "another server key"));
}

static void check_unwraps(struct vault *vault, const struct bytes *wrapped, bool wanted)
{
    scoped_value(bytes) back = {0};

    assert_int_equal(vault_unwrap(vault, "p", bytes_slice(wrapped), &back, &err), wanted);
    assert_true(!wanted || slice_is(bytes_slice(&back), "secret"));
}

/* Both keys unwrap until the old one is forgotten, also after each restart; digests stay for ever. */
static void the_server_key_changes(void **state)
{
    unsigned char before[VAULT_MAC_LEN], after[VAULT_MAC_LEN];
    scoped_value(bytes) old = {0};
    scoped_value(bytes) same = {0};
    scoped_value(bytes) renewed = {0};

    (void)state;
    struct vault *vault = opened();
    vault_mac(vault, "p", SLICE("data"), before);
    vault_wrap(vault, "p", SLICE("secret"), &old);
    assert_int_equal(vault_key_change(vault), VAULT_ONE_KEY);
    assert_true(vault_rewrap(vault, "p", bytes_slice(&old), &same, &err));
    assert_int_equal(same.len, 0);
    assert_true(vault_change_key(vault, &err));
    assert_int_equal(vault_key_change(vault), VAULT_CHANGED_NOW);
    check_unwraps(vault, &old, true);
    vault_close(vault);

    vault = opened();
    assert_int_equal(vault_key_change(vault), VAULT_CHANGED_BEFORE);
    assert_true(vault_change_key(vault, &err)); /* no third one */
    assert_int_equal(vault_key_change(vault), VAULT_CHANGED_BEFORE);
    check_unwraps(vault, &old, true);
    assert_true(vault_rewrap(vault, "p", bytes_slice(&old), &renewed, &err));
    assert_true(vault_forget_old_key(vault, &err));
    check_unwraps(vault, &old, false);
    vault_close(vault);

    vault = opened();
    assert_int_equal(vault_key_change(vault), VAULT_ONE_KEY);
    check_unwraps(vault, &old, false);
    check_unwraps(vault, &renewed, true);
    vault_mac(vault, "p", SLICE("data"), after);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(mode_of("keys/server.key"), 0600);
    assert_int_equal(temp_dir_count(&dir, "keys"), 1);
    vault_close(vault);
}

/* The line that must be there is the last. */
static void a_changed_key_that_was_cut_short_is_told(void **state)
{
    char text[512];
    struct vault *vault = opened();

    (void)state;
    assert_true(vault_change_key(vault, &err));
    vault_close(vault);
    int fd = openat(dir.fd, "keys/server.key", O_RDONLY | O_CLOEXEC);
    ssize_t len = read(fd, text, sizeof text);
    close(fd);
    assert_in_range(len, 100, 400);
    for (ssize_t cut = len - 2; cut >= 0; cut -= 7) {
        text[cut] = '\0';
        write_file("keys/server.key", text);
        assert_false(vault_open(dir.fd, &vault, &err));
    }
}

static void macs_differ_by_purpose_and_data(void **state)
{
    unsigned char macs[4][VAULT_MAC_LEN];

    (void)state;
    scoped(vault) vault = opened();
    vault_mac(vault, "a", SLICE("x"), macs[0]);
    vault_mac(vault, "b", SLICE("x"), macs[1]);
    vault_mac(vault, "a", SLICE("y"), macs[2]);
    vault_mac(vault, "a", SLICE(""), macs[3]);
    for (size_t i = 0; i < 4; i++)
        for (size_t j = i + 1; j < 4; j++)
            assert_memory_not_equal(macs[i], macs[j], VAULT_MAC_LEN);
}

/* Computed by Python's hmac, from HKDF (RFC 5869) of this key: what is stored was made by any version of ours. */
static void a_mac_is_hmac_sha256_of_the_derived_key(void **state)
{
    static const unsigned char expected[VAULT_MAC_LEN] = {
        0x17, 0x0d, 0x67, 0xdb, 0x64, 0x0d, 0x7e, 0x84, 0xf9, 0x40, 0x30,
        0xa0, 0xe8, 0xde, 0xc3, 0xba, 0x6b, 0xe4, 0x36, 0xbd, 0xed, 0xde,
        0x3d, 0x52, 0xc7, 0x80, 0x62, 0xb8, 0x7a, 0x96, 0xba, 0xca};
    unsigned char mac[VAULT_MAC_LEN];

    (void)state;
    assert_int_equal(mkdirat(dir.fd, "keys", 0700), 0);
    write_file("keys/server.key",
               "nestbox-server-key-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    scoped(vault) vault = opened();
    vault_mac(vault, "p", SLICE("data"), mac);
    assert_memory_equal(mac, expected, sizeof mac);
}

int main(void)
{
#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        WITH_DIR(key_is_made_once_and_kept),
        WITH_DIR(a_half_made_key_is_made_anew),
        WITH_DIR(broken_keys_are_refused),
        WITH_DIR(a_link_is_not_followed),
        WITH_DIR(what_was_wrapped_comes_back),
        WITH_DIR(the_same_text_is_wrapped_differently_each_time),
        WITH_DIR(another_purpose_does_not_unwrap),
        WITH_DIR(every_changed_octet_is_noticed),
        WITH_DIR(another_server_key_is_told_from_tampering),
        WITH_DIR(the_server_key_changes),
        WITH_DIR(a_changed_key_that_was_cut_short_is_told),
        WITH_DIR(macs_differ_by_purpose_and_data),
        WITH_DIR(a_mac_is_hmac_sha256_of_the_derived_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
