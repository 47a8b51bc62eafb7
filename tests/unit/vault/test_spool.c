#include "memory.h"
#include "spool.h"
#include "temp_dir.h"
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KIB = 1024, MIB = 1024 * KIB, BUDGET = 16 * MIB, PIECE = 16 * KIB };

static struct temp_dir dir;
static struct spools *spools;
static struct err err;

static int open_spools(void **state)
{
    (void)state;
    temp_dir_make(&dir);
    return spools_open(dir.fd, BUDGET, &spools, &err) ? 0 : -1;
}

static int close_spools(void **state)
{
    (void)state;
    assert_int_equal(spools_in_memory(spools), 0);
    assert_int_equal(temp_dir_count(&dir, "bodies/incoming"), 0);
    spools_close(spools);
    temp_dir_remove(&dir);
    return 0;
}

/* A text in which every position is known. */
static char octet_at(int64_t position)
{
    return (char)((position * 2654435761U) >> 16 ^ position);
}

static void make_text(char *into, int64_t from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        into[i] = octet_at(from + (int64_t)i);
}

static struct spool *filled_by(enum spool_class of, int64_t size, size_t step)
{
    struct spool *spool = spool_new(spools, of);
    scoped_text char *part = malloc(step);

    assert_non_null(part);
    for (int64_t at = 0; at < size;) {
        size_t len = size - at < (int64_t)step ? (size_t)(size - at) : step;
        make_text(part, at, len);
        if (spool_add(spool, (struct slice){part, len}))
            assert_true(spool_flush(spool, &err));
        at += (int64_t)len;
    }
    assert_int_equal(spool_size(spool), size);
    return spool;
}

static struct spool *filled(int64_t size, size_t step)
{
    return filled_by(SPOOL_STRANGER, size, step);
}

static void assert_reads(struct source *source, int64_t offset, size_t len)
{
    scoped_text char *got = malloc(len + 1);
    scoped_text char *want = malloc(len + 1);
    size_t got_len = 0;
    int64_t rest = source->size - offset;
    size_t want_len = rest < (int64_t)len ? (size_t)(rest > 0 ? rest : 0) : len;

    assert_non_null(got);
    assert_non_null(want);
    assert_true(source_read(source, offset, got, len, &got_len, &err));
    assert_int_equal(got_len, want_len);
    make_text(want, offset, want_len);
    assert_memory_equal(got, want, want_len);
}

static void bodies_of_every_size_come_back(void **state)
{
    static const struct {
        const char *name;
        int64_t size;
        size_t step;
        int files;
    } rows[] = {
        {"nothing",                    0,            100,       0},
        {"one octet",                  1,            1,         0},
        {"one piece stays in memory",  PIECE,        1000,      0},
        {"65535 stay in memory",       64 * KIB - 1, PIECE,     0},
        {"65536 are filed",            64 * KIB,     PIECE,     1},
        {"one more than 65536",        64 * KIB + 1, PIECE,     1},
        {"a piece less one behind it", 80 * KIB - 1, PIECE,     1},
        {"whole pieces",               80 * KIB,     PIECE,     1},
        {"odd steps",                  200001,       777,       1},
        {"all in one step",            300000,       300000,    1},
        {"ten pieces, exactly",        10 * PIECE,   3 * PIECE, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped(spool) spool = filled(rows[i].size, rows[i].step);
        scoped(source) source = spool_source(spool);
        if (temp_dir_count(&dir, "bodies/incoming") != rows[i].files)
            fail_msg("%s: %d files", rows[i].name, temp_dir_count(&dir, "bodies/incoming"));
        assert_int_equal(source->size, rows[i].size);
        assert_reads(source, 0, (size_t)rows[i].size + 10);
        assert_reads(source, rows[i].size, 10);
        assert_reads(source, rows[i].size / 2, 3);
        assert_reads(source, rows[i].size - 1 > 0 ? rows[i].size - 1 : 0, 3);
        for (int64_t edge = PIECE; edge < rows[i].size; edge += PIECE)
            assert_reads(source, edge - 1, 2);
    }
}

static void what_waits_unflushed_is_read_too(void **state)
{
    char part[1000];

    (void)state;
    scoped(spool) spool = filled(100 * 1000, 1000);
    for (int64_t at = 100 * 1000; at < 150 * 1000; at += 1000) {
        make_text(part, at, sizeof part);
        (void)!spool_add(spool, (struct slice){part, sizeof part});
    }
    scoped(source) source = spool_source(spool);
    assert_int_equal(source->size, 150 * 1000);
    assert_reads(source, 0, 150 * 1000);
}

static void thirty_megabytes_rest_in_little_memory(void **state)
{
    (void)state;
    scoped(spool) spool = filled(30 * MIB, PIECE);
    assert_true(spools_in_memory(spools) <= PIECE);
    scoped(source) source = spool_source(spool);
    for (int64_t at = 0; at < 30 * MIB; at += 100 * 1000)
        assert_reads(source, at, 100 * 1000);
}

static void two_sources_of_one_spool_do_not_disturb_each_other(void **state)
{
    (void)state;
    scoped(spool) spool = filled(300 * 1000, 1000);
    scoped(source) one = spool_source(spool);
    scoped(source) other = spool_source(spool);
    for (int64_t at = 0; at < 300 * 1000; at += 10 * 1000) {
        assert_reads(one, at, 100);
        assert_reads(other, 300 * 1000 - at, 100);
    }
}

static void when_the_budget_is_spent_bodies_go_to_file_at_once(void **state)
{
    enum { MOST = 300 };
    struct spool *many[MOST];

    (void)state;
    for (int i = 0; i < MOST; i++)
        many[i] = filled(60 * 1000, 10 * 1000);
    assert_true(spools_in_memory(spools) <= BUDGET + MOST * PIECE);
    assert_true(temp_dir_count(&dir, "bodies/incoming") > 10);
    for (int i = 0; i < MOST; i++) {
        scoped(source) source = spool_source(many[i]);
        assert_reads(source, 0, 60 * 1000);
    }
    for (int i = 0; i < MOST; i++)
        spool_free(many[i]);
    assert_int_equal(spools_in_memory(spools), 0);
    struct spool *after = filled(60 * 1000, 10 * 1000);
    assert_int_equal(temp_dir_count(&dir, "bodies/incoming"), 0);
    spool_free(after);
}

static int open_only_file(void)
{
    DIR *folder = fdopendir(openat(dir.fd, "bodies/incoming", O_RDONLY | O_DIRECTORY));
    int fd = -1;

    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.')
            fd = openat(dirfd(folder), entry->d_name, O_RDWR | O_CLOEXEC);
    closedir(folder);
    assert_true(fd >= 0);
    return fd;
}

static void the_file_is_noise_and_private(void **state)
{
    static char text[200 * 1000];
    static const char canary[] = "canary in the coal mine";
    struct stat seen;

    (void)state;
    scoped(spool) spool = spool_new(spools, SPOOL_STRANGER);
    for (size_t i = 0; i + sizeof canary < sizeof text; i += sizeof canary)
        memcpy(text + i, canary, sizeof canary);
    assert_true(spool_add(spool, (struct slice){text, sizeof text}));
    assert_true(spool_flush(spool, &err));
    int fd = open_only_file();
    assert_int_equal(fstat(fd, &seen), 0);
    assert_int_equal(seen.st_mode & 07777, 0600);
    char *map = mmap(NULL, (size_t)seen.st_size, PROT_READ, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(map, MAP_FAILED);
    assert_null(memmem(map, (size_t)seen.st_size, canary, sizeof canary - 1));
    munmap(map, (size_t)seen.st_size);
    close(fd);
}

static void an_altered_file_is_noticed(void **state)
{
    char octet = 0;
    char into[PIECE];
    size_t len = 0;

    (void)state;
    scoped(spool) spool = filled(200 * 1000, 1000);
    scoped(source) source = spool_source(spool);
    int fd = open_only_file();
    assert_int_equal(pread(fd, &octet, 1, 20000), 1);
    octet = (char)(octet ^ 1);
    assert_int_equal(pwrite(fd, &octet, 1, 20000), 1);
    assert_reads(source, 0, PIECE); /* the first piece is untouched */
    assert_false(source_read(source, PIECE, into, sizeof into, &len, &err));
    assert_int_equal(err.kind, ERR_TEMPORARY);
    assert_int_equal(ftruncate(fd, 3 * PIECE), 0);
    assert_false(source_read(source, 3 * PIECE, into, sizeof into, &len, &err));
    close(fd);
}

static void a_failed_flush_can_be_tried_again(void **state)
{
    static char text[100 * 1000];
    struct rlimit before;

    (void)state;
    make_text(text, 0, sizeof text);
    scoped(spool) spool = spool_new(spools, SPOOL_STRANGER);
    assert_true(spool_add(spool, (struct slice){text, sizeof text}));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {0, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool flushed = spool_flush(spool, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_false(flushed);
    assert_int_equal(err.kind, ERR_TEMPORARY);
    assert_true(spool_flush(spool, &err));
    scoped(source) source = spool_source(spool);
    assert_reads(source, 0, sizeof text);
}

/* What a mail would take beyond that is refused, and comes when another went. */
static void strangers_share_half_of_the_disk(void **state)
{
    static char text[5 * PIECE];

    (void)state;
    spools_pretend_disk(spools, 2 * MIB);
    assert_true(spools_have_room(spools, SPOOL_STRANGER, 100 * MIB)); /* nobody looked */
    struct spool *one = filled(500 * KIB, PIECE), *other = filled(400 * KIB, PIECE);
    assert_true(spools_have_room(spools, SPOOL_STRANGER, 64 * KIB));
    assert_false(spools_have_room(spools, SPOOL_STRANGER, 200 * KIB));
    assert_true(spools_have_room(spools, SPOOL_STRANGER, 1000)); /* stays in memory */
    assert_true(spools_have_room(spools, SPOOL_STRANGER, -1));   /* nobody knows how much */

    scoped(spool) late = spool_new(spools, SPOOL_STRANGER);
    bool full = false;
    for (int i = 0; i < 3 && !full; i++)
        full = spool_add(late, (struct slice){text, sizeof text}) && !spool_flush(late, &err);
    assert_true(full);
    assert_int_equal(err.kind, ERR_FULL);
    spool_free(one);
    assert_true(spool_flush(late, &err));
    assert_true(spools_have_room(spools, SPOOL_STRANGER, 200 * KIB));
    spool_free(other);
}

/* Adds until it is refused: the octets that were taken. */
static int64_t fill(struct spool *spool)
{
    static char text[PIECE];
    int64_t before = 0;

    for (bool full = false; !full;) {
        before = spool_size(spool);
        assert_true(before < 100 * MIB);
        full = spool_add(spool, (struct slice){text, sizeof text}) && !spool_flush(spool, &err);
    }
    assert_int_equal(err.kind, ERR_FULL);
    return before;
}

static void what_strangers_may_not_have_is_ours(void **state)
{
    (void)state;
    spools_pretend_disk(spools, 8 * MIB);
    scoped(spool) theirs = spool_new(spools, SPOOL_STRANGER);
    assert_in_range(fill(theirs), 4 * MIB - 5 * PIECE, 4 * MIB);
    assert_false(spools_have_room(spools, SPOOL_STRANGER, 64 * KIB));
    assert_true(spools_have_room(spools, SPOOL_OWN, MIB));
    assert_false(spools_have_room(spools, SPOOL_OWN, 3 * MIB));
    scoped(spool) ours = filled_by(SPOOL_OWN, MIB, PIECE);
    assert_in_range(fill(ours), 2 * MIB - 10 * PIECE, 2 * MIB);
    scoped(spool) late = spool_new(spools, SPOOL_STRANGER);
    assert_true(fill(late) < 80 * KIB); /* what stays in memory */
}

/* Nobody else there: three quarters are ours, and strangers find nothing. */
static void ours_are_three_quarters_at_most(void **state)
{
    (void)state;
    spools_pretend_disk(spools, 8 * MIB);
    scoped(spool) ours = spool_new(spools, SPOOL_OWN);
    assert_in_range(fill(ours), 6 * MIB - 5 * PIECE, 6 * MIB);
    scoped(spool) theirs = spool_new(spools, SPOOL_STRANGER);
    assert_true(fill(theirs) < 80 * KIB);
}

/* ---- who removes the files ---- */
static void count_wake(void *ctx)
{
    ++*(int *)ctx;
}

static void files_are_left_to_who_was_woken(void **state)
{
    int woken = 0;

    (void)state;
    spools_pretend_disk(spools, MIB);
    spools_on_leaving(spools, count_wake, &woken);
    spool_free(filled(200 * KIB, KIB));
    spool_free(filled(200 * KIB, KIB));
    spool_free(filled(10 * KIB, KIB)); /* was in memory alone */
    assert_int_equal(woken, 1);
    assert_int_equal(temp_dir_count(&dir, "bodies/incoming"), 2);
    scoped(spool) late = spool_new(spools, SPOOL_STRANGER);
    assert_true(fill(late) < 200 * KIB); /* they take their room still */
    spools_remove(spools);
    assert_int_equal(temp_dir_count(&dir, "bodies/incoming"), 1);
    assert_true(fill(late) > 400 * KIB);
    spool_free(steal(&late));
    assert_int_equal(woken, 2);
    spools_remove(spools);
}

static void nothing_is_left_when_all_is_closed(void **state)
{
    int woken = 0;

    (void)state;
    spools_on_leaving(spools, count_wake, &woken);
    spool_free(filled(200 * KIB, KIB));
    spools_close(spools);
    assert_int_equal(temp_dir_count(&dir, "bodies/incoming"), 0);
    assert_true(spools_open(dir.fd, BUDGET, &spools, &err));
}

int main(void)
{
#define WITH_SPOOLS(test) cmocka_unit_test_setup_teardown(test, open_spools, close_spools)
    const struct CMUnitTest tests[] = {
        WITH_SPOOLS(bodies_of_every_size_come_back),
        WITH_SPOOLS(what_waits_unflushed_is_read_too),
        WITH_SPOOLS(thirty_megabytes_rest_in_little_memory),
        WITH_SPOOLS(two_sources_of_one_spool_do_not_disturb_each_other),
        WITH_SPOOLS(when_the_budget_is_spent_bodies_go_to_file_at_once),
        WITH_SPOOLS(the_file_is_noise_and_private),
        WITH_SPOOLS(an_altered_file_is_noticed),
        WITH_SPOOLS(a_failed_flush_can_be_tried_again),
        WITH_SPOOLS(strangers_share_half_of_the_disk),
        WITH_SPOOLS(what_strangers_may_not_have_is_ours),
        WITH_SPOOLS(ours_are_three_quarters_at_most),
        WITH_SPOOLS(files_are_left_to_who_was_woken),
        WITH_SPOOLS(nothing_is_left_when_all_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
