/* The file of a backup: headers of tar, names that may stand in it, sums. */
#include "test.h"

#include "archive.h"

static void headers_read_as_they_were_written(void **state)
{
    static const int64_t sizes[] = {0, 1, 511, 512, 8589934591, 8589934592, (int64_t)1 << 50};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct archive_entry entry = {.name = "bodies/ab/abcdef", .size = sizes[i]}, again;
        char block[ARCHIVE_BLOCK];
        archive_header(&entry, 1795000000, block);
        assert_int_equal(archive_read(block, &again), ARCHIVE_FILE);
        assert_string_equal(again.name, entry.name);
        assert_int_equal(again.size, entry.size);
        for (size_t at = 0; at < sizeof block; at++) { /* whatever changes is noticed */
            block[at] ^= 1;
            assert_int_equal(archive_read(block, &again), ARCHIVE_BROKEN);
            block[at] ^= 1;
        }
    }
}

static void zeros_are_the_end(void **state)
{
    char block[ARCHIVE_BLOCK] = "";
    struct archive_entry entry;

    (void)state;
    assert_int_equal(archive_read(block, &entry), ARCHIVE_END);
    block[ARCHIVE_BLOCK - 1] = 1;
    assert_int_equal(archive_read(block, &entry), ARCHIVE_BROKEN);
}

static void names_lead_nowhere_else(void **state)
{
    static const struct {
        const char *name;
        bool ours;
    } cases[] = {
        {"nestbox-backup",   true },
        {"nestbox.db",       true },
        {"SHA256SUMS",       true },
        {"keys/server.key",  true },
        {"tls/cert.pem",     true },
        {"bodies/ab/abcdef", true },
        {"bodies/ab/cdef",   false},
        {"bodies/ab/ab",     false},
        {"bodies/abc/abcd",  false},
        {"bodies/../..a",    false},
        {"bodies/ab",        false},
        {"bodies/ab/",       false},
        {"bodies/ab/ab/c",   false},
        {"keys/../lock",     false},
        {"keys/..",          false},
        {"keys/.hidden",     false},
        {"keys/",            false},
        {"keys/a/b",         false},
        {"/etc/passwd",      false},
        {"nestbox.db-wal",   false},
        {"lock",             false},
        {"tls/a b",          false},
        {"",                 false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (archive_name_is_ours(cases[i].name) != cases[i].ours)
            fail_msg("\"%s\"", cases[i].name);
}

static void content_is_filled_up(void **state)
{
    (void)state;
    assert_int_equal(archive_padding(0), 0);
    assert_int_equal(archive_padding(1), 511);
    assert_int_equal(archive_padding(512), 0);
    assert_int_equal(archive_padding(513), 511);
}

static void sums_are_as_sha256sum_has_them(void **state)
{
    unsigned char digest[SHA256_LEN];
    scoped_value(bytes) sums = {0};

    (void)state;
    sha256(SLICE("abc"), digest);
    archive_add_sum(&sums, digest, "keys/server.key");
    assert_string_equal(sums.at, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
                                 "  keys/server.key\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_read_as_they_were_written), cmocka_unit_test(zeros_are_the_end),
        cmocka_unit_test(names_lead_nowhere_else),           cmocka_unit_test(content_is_filled_up),
        cmocka_unit_test(sums_are_as_sha256sum_has_them),
    };
    return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
