/*
 * nestbox restore: a backup into an empty data folder.
 *
 * A file `restoring` stands there from the first moment to the last: as long as it does nobody works on what is there, and
 * the next restore begins by removing it.  So a death leaves no half of a store.
 */
#include "restore.h"
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

enum { PIECE = 16 * 1024, TELL_MS = 5 * SECOND_MS, PERCENT = 100, ABOUT_MAX = 4096 };

static const char mark[] = RESTORE_MARK;
static const char trouble[] = "The data folder cannot be filled";
static const char damaged[] = "The backup is damaged; nothing was restored";

struct restore {
    const struct config *config;
    struct data_dir dir;
    int file; /* of the backup */
    int64_t read, size;
    int64_t tell_at_ms;
    struct stat owner; /* of the data folder */
    struct bytes sums; /* of what was read so far */
    bool told_about, told_sums, has_database;
};

/* ---- the folder ---- */
static bool may_be_there(const char *name)
{
    static const char mark_to_be[] = RESTORE_MARK ".new";
    static const char *const names[] = {".", "..", "lock", "lost+found", mark, mark_to_be};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Everything below `folder` but what may be there; or, unless `remove`, refuses it. */
static bool look_through(int parent, const char *folder, bool remove, bool is_top, const char *path,
                         struct err *err);

static bool remove_one(int fd, const char *name, const char *path, struct err *err)
{
    struct stat stat;

    if (fstatat(fd, name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
        return err_system(err, trouble, "stat %s", name);
    bool folder = S_ISDIR(stat.st_mode);
    if (folder && !look_through(fd, name, true, false, path, err))
        return false;
    return unlinkat(fd, name, folder ? AT_REMOVEDIR : 0) == 0 ||
           err_system(err, trouble, "remove %s", name);
}

static bool look_through(int parent, const char *folder, bool remove, bool is_top, const char *path,
                         struct err *err)
{
    int fd = openat(parent, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *found;
    bool ok = true;

    if (!listing)
        return err_system(err, trouble, "open %s", folder);
    while (ok && (found = readdir(listing))) { /* NOLINT(concurrency-mt-unsafe): our own listing */
        const char *name = found->d_name;
        if (is_top ? may_be_there(name) : name[0] == '.' && (!name[1] || strcmp(name, "..") == 0))
            continue;
        ok = remove ? remove_one(fd, name, path, err)
                    : err_set(err, ERR_REFUSED,
                              "%s is not empty (%s is there): restore into an empty folder; name "
                              "another as data_dir, or move this one away",
                              path, name);
    }
    closedir(listing);
    return ok;
}

static bool sweep(struct restore *it, struct err *err)
{
    return look_through(it->dir.fd, ".", true, true, it->config->data_dir, err);
}

/* Root restores for whom the folder belongs to. */
static bool give_away(const struct restore *it, int fd, struct err *err)
{
    return geteuid() != 0 || it->owner.st_uid == 0 ||
           fchown(fd, it->owner.st_uid, it->owner.st_gid) == 0 || err_system(err, trouble, "chown");
}

static bool begin(struct restore *it, struct err *err)
{
    bool held = false;

    if (!data_dir_open(it->config, &it->dir, err) || !data_dir_lock(&it->dir, &held, err))
        return false;
    if (!held)
        return err_set(err, ERR_REFUSED,
                       "A nestbox works on %s; stop it, and restore into an empty folder",
                       it->config->data_dir);
    if (fstat(it->dir.fd, &it->owner) != 0)
        return err_system(err, trouble, "stat");
    bool unfinished = faccessat(it->dir.fd, mark, F_OK, 0) == 0;
    return look_through(it->dir.fd, ".", unfinished, true, it->config->data_dir, err) &&
           give_away(it, it->dir.lock, err) &&
           data_dir_write(&it->dir, mark, SLICE("A restore was begun and not finished.\n"), err);
}

static bool end(struct restore *it, struct err *err)
{
    return (unlinkat(it->dir.fd, mark, 0) == 0 && fsync(it->dir.fd) == 0) ||
           err_system(err, trouble, "remove %s", mark);
}

/* "bodies/ab" for "bodies/ab/NAME": each made if it is missing.  The folder's descriptor, or -1. */
static int open_folder(const struct restore *it, const char *name, struct err *err)
{
    int folder = fcntl(it->dir.fd, F_DUPFD_CLOEXEC, 3);
    struct slice rest = slice_of(name);

    while (folder >= 0 && slice_find(rest, '/') != SIZE_MAX) {
        scoped_text char *part = must_copy(slice_cut(&rest, '/'));
        bool made = mkdirat(folder, part, 0700) == 0;
        int next = openat(folder, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        bool ok = next >= 0 && (!made || (fsync(folder) == 0 && give_away(it, next, err)));
        close(folder);
        folder = next;
        if (!ok && folder >= 0) {
            close(folder);
            folder = -1;
        }
    }
    if (folder < 0)
        err_system(err, trouble, "folder of %s", name);
    return folder;
}

/* ---- the backup ---- */
static bool is_damaged(struct err *err, const char *why)
{
    return err_because(err, ERR_REFUSED, damaged, "%s", why);
}

static void tell(struct restore *it)
{
    if (it->size == 0 || monotonic_ms() < it->tell_at_ms)
        return;
    it->tell_at_ms = monotonic_ms() + TELL_MS;
    fprintf(stderr, "nestbox: restore, %d %%\n", (int)(it->read * PERCENT / it->size));
}

/* All of `len`, or the file ends too early. */
static bool take(struct restore *it, char *into, size_t len, struct err *err)
{
    for (size_t have = 0; have < len;) {
        ssize_t more = read(it->file, into + have, len - have);
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return err_system(err, "The backup cannot be read", "read");
        if (more == 0)
            return is_damaged(err, "it ends too early");
        have += (size_t)more;
    }
    it->read += (int64_t)len;
    tell(it);
    return true;
}

static bool write_all(int fd, struct slice bytes, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t done = write(fd, bytes.at, bytes.len);
        if (done < 0 && errno != EINTR)
            return err_system(err, trouble, "write");
        if (done > 0)
            bytes = slice_from(bytes, (size_t)done);
    }
    return true;
}

static bool take_padding(struct restore *it, int64_t size, struct err *err)
{
    char zeros[ARCHIVE_BLOCK];
    size_t len = archive_padding(size);

    if (!take(it, zeros, len, err))
        return false;
    for (size_t i = 0; i < len; i++)
        if (zeros[i])
            return is_damaged(err, "something stands between two files");
    return true;
}

/* The content of an entry, piece by piece: into a file, or to be looked at. */
static bool take_content(struct restore *it, const struct archive_entry *entry, int into,
                         struct bytes *out, struct err *err)
{
    unsigned char digest[SHA256_LEN];
    char piece[PIECE];
    struct sha256_run *sum = sha256_start();
    bool ok = true;

    for (int64_t left = entry->size; ok && left > 0;) {
        size_t len = left < PIECE ? (size_t)left : PIECE;
        ok = take(it, piece, len, err);
        if (!ok)
            break;
        sha256_add(sum, (struct slice){piece, len});
        if (out)
            bytes_add(out, (struct slice){piece, len});
        else
            ok = write_all(into, (struct slice){piece, len}, err);
        left -= (int64_t)len;
    }
    sha256_end(sum, digest);
    if (strcmp(entry->name, ARCHIVE_SUMS) != 0)
        archive_add_sum(&it->sums, digest, entry->name);
    return ok && take_padding(it, entry->size, err);
}

static bool put_file(struct restore *it, const struct archive_entry *entry, struct err *err)
{
    const char *slash = strrchr(entry->name, '/');
    const char *name = slash ? slash + 1 : entry->name;
    int folder = open_folder(it, entry->name, err), file = -1;

    if (folder < 0)
        return false;
    file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = file >= 0 || (errno == EEXIST ? is_damaged(err, "a file is there twice")
                                            : err_system(err, trouble, "make %s", entry->name));
    ok = ok && give_away(it, file, err) && take_content(it, entry, file, NULL, err) &&
         ((fsync(file) == 0 && fsync(folder) == 0) || err_system(err, trouble, "sync"));
    if (file >= 0)
        close(file);
    close(folder);
    return ok;
}

static bool check_about(struct restore *it, const struct archive_entry *entry, struct err *err)
{
    static const char none[] = "This is no backup of Nestbox, or one of a newer version";
    scoped_value(bytes) text = {0};

    if (entry->size > ABOUT_MAX)
        return err_set(err, ERR_REFUSED, "%s", none);
    if (!take_content(it, entry, -1, &text, err))
        return false;
    it->told_about = true;
    return slice_starts(bytes_slice(&text), SLICE("format 1\n")) ||
           err_set(err, ERR_REFUSED, "%s", none);
}

/* What was read must be what was written: every file, and no other. */
static bool check_sums(struct restore *it, const struct archive_entry *entry, struct err *err)
{
    scoped_value(bytes) said = {0};

    if (entry->size != (int64_t)it->sums.len)
        return is_damaged(err, "files are missing, or too many");
    if (!take_content(it, entry, -1, &said, err))
        return false;
    it->told_sums = true;
    return slice_eq(bytes_slice(&said), bytes_slice(&it->sums)) ||
           is_damaged(err, "a checksum is wrong");
}

static bool take_entry(struct restore *it, const struct archive_entry *entry, struct err *err)
{
    bool about = strcmp(entry->name, ARCHIVE_ABOUT) == 0;

    if (!it->told_about && !about)
        return err_set(err, ERR_REFUSED, "This is no backup of Nestbox");
    if (!archive_name_is_ours(entry->name) || it->told_sums)
        return is_damaged(err, "a name that does not belong there");
    if (about)
        return check_about(it, entry, err);
    if (strcmp(entry->name, ARCHIVE_SUMS) == 0)
        return check_sums(it, entry, err);
    it->has_database |= strcmp(entry->name, ARCHIVE_DATABASE) == 0;
    return put_file(it, entry, err);
}

static bool unpack(struct restore *it, struct err *err)
{
    char block[ARCHIVE_BLOCK];
    struct archive_entry entry;

    while (take(it, block, sizeof block, err)) {
        switch (archive_read(block, &entry)) {
        case ARCHIVE_BROKEN:
            return it->told_about ? is_damaged(err, "it is no tar there")
                                  : err_set(err, ERR_REFUSED, "This is no backup of Nestbox");
        case ARCHIVE_END:
            return (it->told_sums && it->has_database) ||
                   is_damaged(err, "its end or the database is missing");
        case ARCHIVE_FILE: break;
        }
        if (!take_entry(it, &entry, err))
            return false;
    }
    return false;
}

static bool give_database_away(const struct restore *it, struct err *err)
{
    int file = openat(it->dir.fd, ARCHIVE_DATABASE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = file >= 0 && fsync(file) == 0 && give_away(it, file, err);

    if (file >= 0)
        close(file);
    return ok || err_system(err, trouble, "sync " ARCHIVE_DATABASE);
}

static bool restore(struct restore *it, bool renumber, struct err *err)
{
    struct err ignored;

    if (!begin(it, err))
        return false;
    if (unpack(it, err) && store_restored(it->dir.fd, renumber, err) && give_database_away(it, err))
        return end(it, err);
    if (sweep(it, &ignored)) /* the folder is as it was */
        (void)!end(it, &ignored);
    return false;
}

static bool open_backup(struct restore *it, const char *path, struct err *err)
{
    struct stat stat;

    it->file = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                      : open(path, O_RDONLY | O_CLOEXEC);
    if (it->file < 0 || fstat(it->file, &stat) != 0)
        return err_system(err, "The backup cannot be read", "%s", path);
    it->size = S_ISREG(stat.st_mode) ? stat.st_size : 0;
    return true;
}

int run_restore(struct command *command, const char *config_path)
{
    struct config config;
    struct restore it = {
        .config = &config,
        .dir = {.fd = -1, .lock = -1},
        .file = -1,
        .tell_at_ms = monotonic_ms() + TELL_MS
    };
    struct err err;

    bool ok = config_read(config_path, &config, &err) &&
              open_backup(&it, command->arguments[0], &err) &&
              restore(&it, command_option(command, "--renumber") != NULL, &err);
    if (ok)
        command_say(command, "Restored into %s. Next: nestbox serve\n", config.data_dir);
    if (it.file >= 0)
        close(it.file);
    bytes_clear(&it.sums);
    data_dir_close(&it.dir);
    return ok ? EXIT_DONE : command_refuse(command, &err);
}
