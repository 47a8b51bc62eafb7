#include "data_dir.h"

#include "certificate.h"
#include "memory.h"
#include "own_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* mkdir -p with mode 0700 for what is made. */
static bool make_folders(const char *path, struct err *err)
{
    char so_far[1024];
    size_t len = strlen(path);

    if (len >= sizeof so_far)
        return err_set(err, ERR_MALFORMED, "The name of data_dir is too long");
    memcpy(so_far, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (so_far[i] != '/' && so_far[i] != '\0')
            continue;
        char was = so_far[i];
        so_far[i] = '\0';
        if (mkdir(so_far, 0700) != 0 && errno != EEXIST)
            return err_system(err, "The data folder cannot be made", "mkdir %s", so_far);
        so_far[i] = was;
    }
    return true;
}

bool data_dir_open(const struct config *config, struct data_dir *out, struct err *err)
{
    *out = (struct data_dir){.fd = -1, .lock = -1};
    int fd = open(config->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        if (!make_folders(config->data_dir, err))
            return false;
        fd = open(config->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (fd < 0)
        return err_system(err, "The data folder cannot be opened", "open %s", config->data_dir);
    out->fd = fd;
    return true;
}

void data_dir_close(struct data_dir *dir)
{
    if (dir->lock >= 0)
        close(dir->lock);
    if (dir->fd >= 0)
        close(dir->fd);
    *dir = (struct data_dir){.fd = -1, .lock = -1};
}

bool data_dir_lock(struct data_dir *dir, bool *out_held, struct err *err)
{
    int fd = openat(dir->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_system(err, "The data folder cannot be locked", "open lock");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bool busy = errno == EWOULDBLOCK;
        int why = errno;
        close(fd);
        errno = why;
        *out_held = false;
        return busy || err_system(err, "The data folder cannot be locked", "flock");
    }
    dir->lock = fd;
    *out_held = true;
    return true;
}

static bool make_pair(const struct config *config, struct bytes *certificate, struct bytes *key,
                      struct err *err)
{
    scoped_value(own_names) names = {.count = 0};

    own_names_make(config, &names);
    return certificate_self_signed((const char *const *)names.at, names.count, certificate, key,
                                   err);
}

/* Root makes them for a server without privileges, which replaces the certificate later. */
static bool give_to_owner(const struct data_dir *dir, struct err *err)
{
    static const char *const names[] = {"tls", "tls/key.pem", "tls/cert.pem", "tls/acme.json"};
    struct stat owner;

    if (geteuid() != 0)
        return true;
    if (fstat(dir->fd, &owner) != 0)
        return err_system(err, "The data folder cannot be read", "fstat");
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (fchownat(dir->fd, names[i], owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW) != 0 &&
            errno != ENOENT)
            return err_system(err, "The certificate cannot be given to the owner of data_dir",
                              "chown %s", names[i]);
    return true;
}

bool data_dir_make_certificate(const struct data_dir *dir, const struct config *config,
                               struct err *err)
{
    if (!config_owns_certificate(config))
        return true;
    if (faccessat(dir->fd, "tls/cert.pem", F_OK, 0) == 0)
        return give_to_owner(dir, err);
    if (mkdirat(dir->fd, "tls", 0700) != 0 && errno != EEXIST)
        return err_system(err, "The folder tls cannot be made", "mkdir tls");

    scoped_value(bytes) certificate = {0};
    scoped_value(bytes) key = {0};
    return make_pair(config, &certificate, &key, err) &&
           data_dir_write(dir, "tls/key.pem", bytes_slice(&key), err) &&
           data_dir_write(dir, "tls/cert.pem", bytes_slice(&certificate), err) &&
           give_to_owner(dir, err);
}

static bool write_all(int fd, struct slice content)
{
    while (content.len > 0) {
        ssize_t done = write(fd, content.at, content.len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        content = slice_from(content, (size_t)done);
    }
    return true;
}

/* A rename is kept when the folder in which it happened is synced. */
static bool sync_folder_of(const struct data_dir *dir, const char *name)
{
    scoped_text char *folder =
        must_copy(slice_first(slice_of(name), slice_find(slice_of(name), '/')));
    int fd = strchr(name, '/') ? openat(dir->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                               : dup(dir->fd);
    bool synced = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return synced;
}

bool data_dir_write(const struct data_dir *dir, const char *name, struct slice content,
                    struct err *err)
{
    char temporary[256];

    snprintf(temporary, sizeof temporary, "%s.new", name);
    int fd = openat(dir->fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_system(err, "A file in the data folder cannot be written", "open %s", temporary);
    bool written = write_all(fd, content) && fsync(fd) == 0;
    if (close(fd) != 0 || !written || renameat(dir->fd, temporary, dir->fd, name) != 0)
        return err_system(err, "A file in the data folder cannot be written", "write %s", name);
    if (!sync_folder_of(dir, name))
        return err_system(err, "The data folder cannot be synced", "fsync");
    return true;
}

bool data_dir_read(const struct data_dir *dir, const char *name, size_t max, struct bytes *out,
                   struct err *err)
{
    enum { PIECE = 16 * 1024 };
    int fd = openat(dir->fd, name, O_RDONLY | O_CLOEXEC);
    ssize_t len = 1;

    while (fd >= 0 && len > 0 && out->len <= max) {
        len = read(fd, bytes_reserve(out, PIECE), PIECE);
        if (len > 0)
            out->len += (size_t)len;
    }
    if (fd < 0 || len < 0)
        err_system(err, "A file cannot be read", "read %s", name);
    if (fd >= 0)
        close(fd);
    if (fd < 0 || len < 0)
        return false;
    return out->len <= max || err_because(err, ERR_TOO_LARGE, "A file is too long", "%s", name);
}
