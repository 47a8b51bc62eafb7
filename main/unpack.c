#include "unpack.h"

#include "clock.h"
#include "memory.h"
#include "parcel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MODE = 0700, FILE_MODE = 0600, OPEN_WHILE_REMOVING = 16 };

struct unpack {
    struct sink sink;
    struct parcel parcel;
    char *path, *part;
    int folder;
    char *name; /* of the file that is open, or NULL */
    int file;
    int64_t modified_s;
    bool ended;
};

static const char trouble[] = "The folder cannot be written";

/* ---- the file ---- */
static bool close_file(struct unpack *unpack, struct err *err)
{
    const struct timespec when = {.tv_sec = unpack->modified_s};
    bool ok = true;

    if (!unpack->name)
        return true;
    if (unpack->modified_s > 0)
        ok = futimens(unpack->file, (const struct timespec[]){when, when}) == 0;
    ok = close(unpack->file) == 0 && ok;
    if (!ok)
        err_system(err, trouble, "%s", unpack->name);
    free(steal(&unpack->name));
    return ok;
}

/* Of "a/b/c" the folder a/b, made where it is missing; -1 on failure. */
static int open_parents(const struct unpack *unpack, struct slice *name, struct err *err)
{
    int folder = fcntl(unpack->folder, F_DUPFD_CLOEXEC, 3);

    while (folder >= 0 && slice_find(*name, '/') != SIZE_MAX) {
        scoped_text char *part = must_copy(slice_cut(name, '/'));
        bool there = mkdirat(folder, part, FOLDER_MODE) == 0 || errno == EEXIST;
        int next =
            there ? openat(folder, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        close(folder);
        folder = next;
    }
    if (folder < 0)
        err_system(err, trouble, "folder of %.*s", SLICE_ARGS(*name));
    return folder;
}

static bool open_file(struct unpack *unpack, const char *name, struct err *err)
{
    struct slice last = slice_of(name);
    int folder = open_parents(unpack, &last, err);

    if (folder < 0)
        return false;
    if (last.len > 0) { /* else it was a folder alone */
        unpack->file = openat(folder, last.at,
                              O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
        if (unpack->file >= 0)
            unpack->name = must_dup(name);
        else
            err_system(err, trouble, "%s", name);
    }
    close(folder);
    return last.len == 0 || unpack->name;
}

static bool write_all(const struct unpack *unpack, struct slice bytes, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t done = write(unpack->file, bytes.at, bytes.len);
        if (done < 0 && errno != EINTR)
            return err_system(err, trouble, "%s", unpack->name);
        if (done > 0)
            bytes = slice_from(bytes, (size_t)done);
    }
    return true;
}

static bool take_piece(void *ctx, const struct parcel_piece *piece, struct err *err)
{
    struct unpack *unpack = ctx;
    bool same = unpack->name && strcmp(unpack->name, piece->name) == 0;

    if (!same && (!close_file(unpack, err) || !open_file(unpack, piece->name, err)))
        return false;
    unpack->modified_s = piece->modified_s;
    return write_all(unpack, piece->bytes, err);
}

static bool write_parcel(struct sink *sink, struct slice bytes, struct err *err)
{
    struct unpack *unpack = container_of(sink, struct unpack, sink);

    return parcel_read(&unpack->parcel, bytes, err);
}

/* ---- the folder ---- */
/* Nothing may be there that would only be in the way at the end. */
static bool is_no_link(const char *path, struct err *err)
{
    struct stat stat;
    bool link = lstat(path, &stat) == 0 && S_ISLNK(stat.st_mode);

    return !link || err_set(err, ERR_REFUSED, "%s is a link; name a new folder", path);
}

static bool is_on_its_disk(const struct unpack *unpack, struct err *err)
{
    struct stat there, ours;

    if (stat(unpack->path, &there) != 0)
        return true;
    return (fstat(unpack->folder, &ours) == 0 && ours.st_dev == there.st_dev) ||
           err_set(err, ERR_REFUSED, "%s is a disk of its own; name a new folder inside of it",
                   unpack->path);
}

static bool is_empty(const char *path, struct err *err)
{
    DIR *listing = opendir(path);
    struct dirent *found;
    bool empty = true;

    if (!listing)
        return errno == ENOENT || err_system(err, trouble, "%s", path);
    while (empty && (found = readdir(listing))) /* NOLINT(concurrency-mt-unsafe): our own listing */
        empty = strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0;
    closedir(listing);
    return empty || err_set(err, ERR_REFUSED, "%s is not empty; name a new folder", path);
}

static bool make_part(struct unpack *unpack, struct err *err)
{
    if (mkdir(unpack->part, FOLDER_MODE) != 0)
        return errno == EEXIST ? err_set(err, ERR_REFUSED,
                                         "%s is there: something broke off before. Remove it first",
                                         unpack->part)
                               : err_system(err, trouble, "%s", unpack->part);
    unpack->folder = open(unpack->part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return unpack->folder >= 0 || err_system(err, trouble, "%s", unpack->part);
}

struct unpack *unpack_new(const char *path, struct err *err)
{
    static const struct sink_kind kind = {write_parcel};
    scoped(unpack) unpack = must_new(struct unpack);
    struct slice name = slice_of(path);

    while (name.len > 1 && slice_ends(name, SLICE("/")))
        name.len--;
    unpack->sink.kind = &kind;
    unpack->parcel = (struct parcel){.take = take_piece, .ctx = unpack};
    unpack->folder = -1;
    if (name.len == 0 || slice_ends(name, SLICE(".")) || slice_is(name, "/")) {
        err_set(err, ERR_MALFORMED, "Name a new folder");
        return NULL;
    }
    unpack->path = must_copy(name);
    unpack->part = must_print("%s.part", unpack->path);
    bool good = is_no_link(unpack->path, err) && is_empty(unpack->path, err) &&
                make_part(unpack, err) && is_on_its_disk(unpack, err);
    return good ? steal(&unpack) : NULL;
}

struct sink *unpack_sink(struct unpack *unpack)
{
    return &unpack->sink;
}

static void sync_parent(const struct unpack *unpack)
{
    scoped_text char *parent = must_print("%s/..", unpack->path);
    int folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0)
        return;
    fsync(folder);
    close(folder);
}

bool unpack_end(struct unpack *unpack, struct err *err)
{
    if (!close_file(unpack, err))
        return false;
    if (!parcel_is_whole(&unpack->parcel))
        return err_set(err, ERR_TEMPORARY, "The server ended too early; look at its log");
    /* an empty folder of that name is replaced by it */
    if (syncfs(unpack->folder) != 0 || rename(unpack->part, unpack->path) != 0)
        return err_system(err, trouble, "%s", unpack->path);
    unpack->ended = true;
    sync_parent(unpack);
    return true;
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
    (void)stat;
    (void)kind;
    (void)where;
    return remove(path);
}

void unpack_free(struct unpack *unpack)
{
    struct err ignored;

    if (!unpack)
        return;
    if (!close_file(unpack, &ignored))
        unpack->ended = false;
    if (unpack->folder >= 0) {
        close(unpack->folder);
        if (!unpack->ended)
            /* NOLINTNEXTLINE(concurrency-mt-unsafe): the client has one thread */
            nftw(unpack->part, remove_one, OPEN_WHILE_REMOVING, FTW_DEPTH | FTW_PHYS);
    }
    parcel_clear(&unpack->parcel);
    free(unpack->path);
    free(unpack->part);
    free(unpack);
}
