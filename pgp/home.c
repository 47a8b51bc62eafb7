#include "home.h"

#include "memory.h"
#include "scope.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char settings_name[] = "gpg.conf";
static const char settings[] =
    "batch\n"
    "no-tty\n"
    "no-greeting\n"
    "no-autostart\n"        /* never an agent */
    "no-random-seed-file\n" /* its lock makes operations take turns */
    "lock-never\n"          /* one request at a time */
    "disable-dirmngr\n"
    "no-auto-key-retrieve\n"
    "no-auto-key-import\n"
    "auto-key-locate clear,local\n"
    "trust-model always\n" /* no trust database; we compare fingerprints */
    "no-auto-check-trustdb\n"
    "import-options import-clean\n" /* without what others certified, unless they are there */;
static const char said[] = "Signatures cannot be checked at the moment";

enum { DEEPEST = 4 };

static bool write_settings(const char *home, struct err *err)
{
    scoped_text char *path = must_print("%s/%s", home, settings_name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_system(err, said, "making %s", path);
    bool whole = write(fd, settings, sizeof settings - 1) == (ssize_t)sizeof settings - 1;
    close(fd);
    return whole || err_system(err, said, "writing %s", path);
}

bool home_make(char **out_path, struct err *err)
{
    /* The judge has one thread. */
    const char *const places[] = {
        getenv("XDG_RUNTIME_DIR"), /* NOLINT(concurrency-mt-unsafe) */
        getenv("TMPDIR"),          /* NOLINT(concurrency-mt-unsafe) */
        "/tmp",
    };

    for (size_t i = 0; i < COUNT_OF(places); i++) {
        if (!places[i] || places[i][0] != '/')
            continue;
        scoped_text char *path = must_print("%s/nestbox-judge-XXXXXX", places[i]);
        if (!mkdtemp(path))
            continue;
        if (!write_settings(path, err)) {
            home_remove(path);
            return false;
        }
        *out_path = steal(&path);
        return true;
    }
    return err_system(err, said, "making a temporary folder");
}

static bool empty_folder(int folder, const char *keep, int depth);

static bool remove_entry(int folder, const char *name, int depth)
{
    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
        return true;
    int below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return below >= 0 && depth < DEEPEST && empty_folder(below, NULL, depth + 1) &&
           unlinkat(folder, name, AT_REMOVEDIR) == 0;
}

static bool stays(const char *name, const char *keep)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (keep && strcmp(name, keep) == 0);
}

/* Takes the descriptor. */
static bool empty_folder(int folder, const char *keep, int depth)
{
    DIR *list = fdopendir(folder);
    bool empty = true;

    if (!list) {
        close(folder);
        return false;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the judge has one thread */
    for (struct dirent *entry; (entry = readdir(list)) != NULL;)
        if (!stays(entry->d_name, keep) && !remove_entry(folder, entry->d_name, depth))
            empty = false;
    closedir(list);
    return empty;
}

static int open_home(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool home_wipe(const char *path, struct err *err)
{
    int folder = open_home(path);

    if (folder < 0 || !empty_folder(folder, settings_name, 0))
        return err_system(err, said, "emptying %s", path);
    return true;
}

void home_remove(const char *path)
{
    int folder = open_home(path);

    if (folder >= 0 && empty_folder(folder, NULL, 0))
        rmdir(path);
}
