/* nestbox backup: one moment of everything, as one file, while the server goes on (docs/backup.md). */
#include "archive.h"
#include "command.h"
#include "data_dir.h"
#include "memory.h"
#include "store_backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, TELL_MS = 5 * SECOND_MS, KEY_MAX = 64 * 1024, PERCENT = 100 };

struct backup {
    struct command *command;
    struct store_snapshot *snapshot;
    struct bytes sums;
    struct bytes *compare; /* instead of writing, sums go there; or NULL */
    int64_t done, all;     /* bytes */
    int64_t tell_at_ms;
    bool has_key;
};

static const char trouble[] = "The backup cannot be made";

static void tell(struct backup *it, const char *what, int64_t done, int64_t all)
{
    if (monotonic_ms() < it->tell_at_ms || all == 0)
        return;
    it->tell_at_ms = monotonic_ms() + TELL_MS;
    bytes_print(&it->command->complaint, "nestbox: %s, %d %%\n", what, (int)(done * PERCENT / all));
    if (it->command->flush)
        it->command->flush(it->command);
}

static bool is_wanted(const struct backup *it, struct err *err)
{
    return !it->command->deaf || err_set(err, ERR_TEMPORARY, "The backup was given up");
}

static bool put(struct backup *it, struct slice bytes, struct err *err)
{
    struct command *command = it->command;

    bytes_add(&command->out, bytes);
    if (command->flush && command->out.len >= PIECE)
        command->flush(command);
    return is_wanted(it, err);
}

static bool put_header(struct backup *it, const char *name, int64_t size, struct err *err)
{
    struct archive_entry entry = {.size = size};
    char block[ARCHIVE_BLOCK];

    snprintf(entry.name, sizeof entry.name, "%s", name);
    archive_header(&entry, clock_now(&system_clock) / SECOND_MS, block);
    return put(it, (struct slice){block, sizeof block}, err);
}

static bool put_padding(struct backup *it, int64_t size, struct err *err)
{
    static const char zeros[ARCHIVE_BLOCK];

    return put(it, (struct slice){zeros, archive_padding(size)}, err);
}

static bool put_text(struct backup *it, const char *name, struct slice text, struct err *err)
{
    unsigned char digest[SHA256_LEN];

    sha256(text, digest);
    archive_add_sum(&it->sums, digest, name);
    return put_header(it, name, (int64_t)text.len, err) && put(it, text, err) &&
           put_padding(it, (int64_t)text.len, err);
}

static bool read_piece(int file, char *into, size_t most, size_t *out_len, struct err *err)
{
    ssize_t len;

    do
        len = read(file, into, most);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return err_system(err, trouble, "read");
    *out_len = (size_t)len;
    return len > 0 || err_because(err, ERR_TEMPORARY, trouble, "a file is shorter than it was");
}

/* `size` bytes of it. */
static bool put_content(struct backup *it, int file, int64_t size, struct sha256_run *sum,
                        struct err *err)
{
    char piece[PIECE / 4];

    for (int64_t left = size; left > 0;) {
        size_t len, most = left < (int64_t)sizeof piece ? (size_t)left : sizeof piece;
        if (!read_piece(file, piece, most, &len, err))
            return false;
        sha256_add(sum, (struct slice){piece, len});
        if (!put(it, (struct slice){piece, len}, err))
            return false;
        left -= (int64_t)len;
        it->done += (int64_t)len;
        tell(it, "backup", it->done, it->all);
    }
    return true;
}

static bool put_file(struct backup *it, const char *name, int file, int64_t size, struct err *err)
{
    unsigned char digest[SHA256_LEN];

    if (!put_header(it, name, size, err))
        return false;
    struct sha256_run *sum = sha256_start();
    bool ok = put_content(it, file, size, sum, err);
    sha256_end(sum, digest);
    archive_add_sum(&it->sums, digest, name);
    return ok && put_padding(it, size, err);
}

/* ---- small files of the data folder ---- */
/* Keys may be open for nobody else; ".new" of a file under way is no file yet. */
static bool read_small(int folder, const char *name, struct bytes *out, struct err *err)
{
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t len = -1;

    if (file >= 0)
        len = read(file, bytes_reserve(out, KEY_MAX), KEY_MAX);
    if (len > 0)
        out->len += (size_t)len;
    bool ok = (len >= 0 && len < KEY_MAX) || err_system(err, trouble, "read %s", name);
    if (file >= 0)
        close(file);
    return ok;
}

static bool put_small(struct backup *it, const char *folder, int fd, const char *name,
                      struct err *err)
{
    scoped_value(bytes) content = {0};
    scoped_text char *path = must_print("%s/%s", folder, name);

    if (!archive_name_is_ours(path) || slice_ends(slice_of(name), SLICE(".new")))
        return true;
    if (!read_small(fd, name, &content, err))
        return false;
    if (!it->compare)
        return put_text(it, path, bytes_slice(&content), err);
    unsigned char digest[SHA256_LEN];
    sha256(bytes_slice(&content), digest);
    archive_add_sum(it->compare, digest, path);
    return true;
}

static bool put_folder(struct backup *it, const char *folder, struct err *err)
{
    int fd = openat(it->command->house->dir->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *found;
    bool ok = true;

    if (!listing)
        return errno == ENOENT || err_system(err, trouble, "open %s", folder);
    while (ok && (found = readdir(listing))) /* NOLINT(concurrency-mt-unsafe): our own listing */
        ok = found->d_type == DT_DIR || put_small(it, folder, fd, found->d_name, err);
    closedir(listing);
    return ok;
}

/* ---- all of it ---- */
static bool copying(void *ctx, int64_t done, int64_t all)
{
    struct backup *it = ctx;

    tell(it, "backup: copying the database", done, all);
    return !it->command->deaf;
}

static bool put_about(struct backup *it, struct err *err)
{
    char now[DATE_TEXT_SIZE];
    scoped_value(bytes) text = {0};

    date_rfc3339(clock_now(&system_clock), now);
    bytes_print(&text, "format 1\nversion %s\nmade %s\ndomain %s\n", NESTBOX_VERSION, now,
                it->command->house->config->domains[0]);
    return put_text(it, ARCHIVE_ABOUT, bytes_slice(&text), err);
}

static bool put_bodies(struct backup *it, struct err *err)
{
    const struct snapshot_body *bodies;
    size_t count = store_snapshot_bodies(it->snapshot, &bodies);

    for (size_t i = 0; i < count; i++) {
        scoped_text char *name = must_print("bodies/%s", bodies[i].path);
        int file = store_snapshot_open(it->snapshot, &bodies[i], err);
        if (file < 0)
            return false;
        bool ok = put_file(it, name, file, bodies[i].size, err);
        close(file);
        if (!ok)
            return false;
    }
    return true;
}

static void weigh(struct backup *it)
{
    const struct snapshot_body *bodies;
    size_t count = store_snapshot_bodies(it->snapshot, &bodies);

    store_snapshot_database(it->snapshot, &it->all);
    for (size_t i = 0; i < count; i++)
        it->all += bodies[i].size;
}

static bool put_end(struct backup *it, struct err *err)
{
    static const char zeros[2 * ARCHIVE_BLOCK];
    struct slice sums = bytes_slice(&it->sums);

    return put_header(it, ARCHIVE_SUMS, (int64_t)sums.len, err) && put(it, sums, err) &&
           put_padding(it, (int64_t)sums.len, err) &&
           put(it, (struct slice){zeros, sizeof zeros}, err);
}

/* A store and the key of another moment would be worth nothing. */
static bool check_keys(struct backup *it, struct slice keys, struct err *err)
{
    scoped_value(bytes) now = {0};

    it->compare = &now;
    bool ok = put_folder(it, "keys", err);
    it->compare = NULL;
    return ok &&
           (slice_eq(bytes_slice(&now), keys) ||
            err_set(err, ERR_TEMPORARY, "The server key changed meanwhile; make the backup again"));
}

static bool put_store(struct backup *it, struct err *err)
{
    int64_t size;
    int database = store_snapshot_database(it->snapshot, &size);

    weigh(it);
    return put_file(it, ARCHIVE_DATABASE, database, size, err) && put_bodies(it, err) &&
           put_end(it, err);
}

static bool put_all(struct backup *it, struct err *err)
{
    if (!put_about(it, err))
        return false;
    size_t begin = it->sums.len;
    if (!put_folder(it, "keys", err))
        return false;
    it->has_key = it->sums.len > begin;
    scoped_text char *keys = must_copy(slice_from(bytes_slice(&it->sums), begin));
    return put_folder(it, "tls", err) &&
           store_snapshot(it->command->house->store, copying, it, &it->snapshot, err) &&
           check_keys(it, slice_of(keys), err) && put_store(it, err);
}

int run_backup(struct command *command)
{
    struct backup it = {.command = command, .tell_at_ms = monotonic_ms() + TELL_MS};
    struct err err;

    bool ok = put_all(&it, &err);
    if (ok) {
        const struct snapshot_body *bodies;
        bytes_print(&command->complaint, "nestbox: %zu large mails and the database, %lld KiB\n",
                    store_snapshot_bodies(it.snapshot, &bodies), (long long)(it.all >> 10));
        if (!it.has_key)
            bytes_print(
                &command->complaint,
                "nestbox: the server key lies elsewhere and is not in it; keep a copy apart\n");
    }
    store_snapshot_free(it.snapshot);
    bytes_clear(&it.sums);
    return ok ? EXIT_DONE : command_refuse(command, &err);
}
