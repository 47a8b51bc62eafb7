#include "data_dir.h"

#include "certificate.h"

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

/* The settings name the file below data_dir, which is also their default. */
static bool is_own_certificate(const struct config *config)
{
    size_t len = strlen(config->data_dir);

    return strncmp(config->certificate, config->data_dir, len) == 0 &&
           strcmp(config->certificate + len, "/tls/cert.pem") == 0;
}

/* For each name by which somebody calls us, mta-sts.D and openpgpkey.D too. */
static bool make_pair(const struct config *config, struct bytes *certificate, struct bytes *key,
                      struct err *err)
{
    char names[3 * CONFIG_DOMAINS_MAX + 1][300];
    const char *pointers[COUNT_OF(names)];
    size_t count = 0;

    snprintf(names[count++], sizeof names[0], "%s", config->hostname);
    for (size_t i = 0; i < config->domain_count; i++) {
        if (strcmp(config->domains[i], config->hostname) != 0)
            snprintf(names[count++], sizeof names[0], "%s", config->domains[i]);
        snprintf(names[count++], sizeof names[0], "mta-sts.%s", config->domains[i]);
        snprintf(names[count++], sizeof names[0], "openpgpkey.%s", config->domains[i]);
    }
    for (size_t i = 0; i < count; i++)
        pointers[i] = names[i];
    return certificate_self_signed(pointers, count, certificate, key, err);
}

bool data_dir_make_certificate(const struct data_dir *dir, const struct config *config,
                               struct err *err)
{
    if (!is_own_certificate(config) || faccessat(dir->fd, "tls/cert.pem", F_OK, 0) == 0)
        return true;
    if (mkdirat(dir->fd, "tls", 0700) != 0 && errno != EEXIST)
        return err_system(err, "The folder tls cannot be made", "mkdir tls");

    scoped_value(bytes) certificate = {0};
    scoped_value(bytes) key = {0};
    return make_pair(config, &certificate, &key, err) &&
           data_dir_write(dir, "tls/key.pem", bytes_slice(&key), err) &&
           data_dir_write(dir, "tls/cert.pem", bytes_slice(&certificate), err);
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
    if (fsync(dir->fd) != 0)
        return err_system(err, "The data folder cannot be synced", "fsync");
    return true;
}
