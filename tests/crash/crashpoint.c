/*
 * crashpoint — preloaded into a process, counts the calls by which it changes what lies below one folder, and at a
 * given one kills it, or lets that one and those after it fail.
 *
 *   LD_PRELOAD       this library
 *   CRASHPOINT_DIR   the folder
 *   CRASHPOINT_FILE  a file as large as `struct orders`: what is to be done, and how many calls there were.  Both
 *                    sides map it, so orders may change while the process runs, and the count outlives its death.
 *
 * Works on plain builds; the calls go to the kernel directly, not to the next library.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum deed { LET_PASS, DIE_BEFORE, DIE_HALF_WAY }; /* below 0: fail with this errno, negated */

struct orders {
    int64_t calls;    /* so far */
    int64_t from, to; /* the calls of these numbers, the first is 1 */
    int64_t deed;     /* what befalls them */
    char last[224];   /* the call at which the process died */
};

enum fate { GO_ON, GO_HALF, FAIL };

struct call {
    const char *name;
    char path[PATH_MAX];
    enum fate fate;
};

static struct orders *orders;
static char folder[PATH_MAX];

static void give_up(const char *why)
{
    perror(why);
    _exit(125);
}

__attribute__((constructor)) static void begin(void)
{
    const char *dir = getenv("CRASHPOINT_DIR"), *file = getenv("CRASHPOINT_FILE");

    if (!dir || !file || !realpath(dir, folder))
        give_up("CRASHPOINT_DIR or CRASHPOINT_FILE");
    int fd = open(file, O_RDWR | O_CLOEXEC);
    void *map = mmap(NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || map == MAP_FAILED)
        give_up(file);
    close(fd);
    orders = map;
}

static void die(const struct call *call)
{
    snprintf(orders->last, sizeof orders->last, "%s %.200s", call->name,
             call->path + strlen(folder));
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static bool is_ours(const char *path)
{
    size_t len = strlen(folder);

    return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Counts the call if it is about something below the folder, and says how it shall go. */
static void judge(struct call *call)
{
    call->fate = GO_ON;
    if (!orders || !is_ours(call->path))
        return;
    int64_t number = __atomic_add_fetch(&orders->calls, 1, __ATOMIC_SEQ_CST);
    if (number < orders->from || number > orders->to)
        return;
    if (orders->deed == DIE_BEFORE)
        die(call);
    if (orders->deed == DIE_HALF_WAY)
        call->fate = GO_HALF;
    bool frees = strcmp(call->name, "unlink") == 0; /* works on a full disk too */
    if (orders->deed < 0 && !(frees && orders->deed == -ENOSPC)) {
        call->fate = FAIL;
        errno = (int)-orders->deed;
    }
}

static void name_descriptor(int fd, char *out)
{
    char link[64];

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, out, PATH_MAX - 1);
    out[len > 0 ? len : 0] = '\0';
}

static struct call on_file(const char *name, int fd)
{
    struct call call = {.name = name};

    name_descriptor(fd, call.path);
    judge(&call);
    return call;
}

/* The place of `path`: its folder, with all links followed, is what counts. */
static struct call on_path(const char *name, int folder_fd, const char *path)
{
    struct call call = {.name = name};
    char parent[PATH_MAX] = "", *slash;

    if (path[0] != '/') {
        name_descriptor(folder_fd, call.path);
    } else if (snprintf(parent, sizeof parent, "%s", path) > 0 && (slash = strrchr(parent, '/'))) {
        *slash = '\0';
        if (!realpath(parent, call.path))
            call.path[0] = '\0';
    }
    judge(&call);
    return call;
}

static void end(const struct call *call)
{
    if (call->fate == GO_HALF)
        die(call);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    struct call call = on_file("write", fd);

    if (call.fate == FAIL)
        return -1;
    ssize_t done = syscall(SYS_write, fd, bytes, call.fate == GO_HALF ? size / 2 : size);
    end(&call);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    struct call call = on_file("pwrite", fd);

    if (call.fate == FAIL)
        return -1;
    ssize_t done = syscall(SYS_pwrite64, fd, bytes, call.fate == GO_HALF ? size / 2 : size, offset);
    end(&call);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    return pwrite64(fd, bytes, size, offset);
}

/* Calls without bytes are half done when they are done and nobody has heard of it. */
static int whole(struct call call, long number, long a, long b, long c, long d, long e)
{
    if (call.fate == FAIL)
        return -1;
    long done = syscall(number, a, b, c, d, e);
    end(&call);
    return (int)done;
}

int fsync(int fd)
{
    return whole(on_file("fsync", fd), SYS_fsync, fd, 0, 0, 0, 0);
}

int fdatasync(int fd)
{
    return whole(on_file("fdatasync", fd), SYS_fdatasync, fd, 0, 0, 0, 0);
}

int ftruncate64(int fd, off64_t size)
{
    return whole(on_file("ftruncate", fd), SYS_ftruncate, fd, size, 0, 0, 0);
}

int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    return whole(on_path("rename", to_fd, to), SYS_renameat2, from_fd, (long)from, to_fd, (long)to,
                 flags);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return renameat2(from_fd, from, to_fd, to, 0);
}

int rename(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    return whole(on_path("link", to_fd, to), SYS_linkat, from_fd, (long)from, to_fd, (long)to,
                 flags);
}

int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlinkat(int fd, const char *path, int flags)
{
    return whole(on_path("unlink", fd, path), SYS_unlinkat, fd, (long)path, flags, 0, 0);
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
    return whole(on_path("mkdir", fd, path), SYS_mkdirat, fd, (long)path, mode, 0, 0);
}
