/*
 * keys/server.key below data_dir: one line, `nestbox-server-key-1 ` and 32 random octets in base64.
 *
 * The file appears whole or not at all: written beside, synced, renamed, folder synced.  The caller
 * holds data_dir's lock, so nobody makes it at the same time.  A root that makes it for an
 * unprivileged service gives it to the owner of data_dir.
 */
#include "id.h"
#include "text.h"
#include "vault_private.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

static const char folder_name[] = "keys";
static const char file_name[] = "server.key";
static const char fresh_name[] = "server.key.new";
static const char prefix[] = "nestbox-server-key-1 ";
static const char said[] = "The server is not ready";

enum { FILE_MOST = 256, OTHERS = 077 };

static bool private_enough(int fd, const char *what, const char *mode, struct err *err)
{
    struct stat seen;

    if (fstat(fd, &seen) != 0)
        return err_system(err, said, "looking at %s", what);
    if (seen.st_mode & OTHERS)
        return err_because(err, ERR_TEMPORARY, said,
                           "%s is open to others (mode %04o): chmod %s it", what,
                           (unsigned)seen.st_mode & 07777U, mode);
    return true;
}

static bool give_to_owner(int data_dir, int fd, struct err *err)
{
    struct stat owner;

    if (geteuid() != 0)
        return true;
    if (fstat(data_dir, &owner) != 0 || fchown(fd, owner.st_uid, owner.st_gid) != 0)
        return err_system(err, said, "giving the server key to the owner of data_dir");
    return true;
}

static bool write_all(int fd, struct slice s)
{
    while (s.len > 0) {
        ssize_t count = write(fd, s.at, s.len);
        if (count < 0 && errno != EINTR)
            return false;
        if (count > 0)
            s = slice_from(s, (size_t)count);
    }
    return true;
}

static int make_file(int keys, struct slice line, struct err *err)
{
    if (unlinkat(keys, fresh_name, 0) != 0 && errno != ENOENT) { /* left by a crash: never used */
        err_system(err, said, "removing keys/%s", fresh_name);
        return -1;
    }
    int fd = openat(keys, fresh_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        err_system(err, said, "making keys/%s", fresh_name);
        return -1;
    }
    if (!write_all(fd, line) || fsync(fd) != 0) {
        err_system(err, said, "writing keys/%s", fresh_name);
        close(fd);
        return -1;
    }
    return fd;
}

static bool make_key(int data_dir, int keys, struct err *err)
{
    unsigned char key[VAULT_KEY_LEN];
    scoped_value(bytes) line = {0};

    random_bytes(key, sizeof key);
    bytes_reserve(&line, FILE_MOST); /* so that no copy of it stays behind where it grew */
    bytes_add_text(&line, prefix);
    base64_add(&line, (struct slice){(const char *)key, sizeof key});
    bytes_add_char(&line, '\n');
    int fd = make_file(keys, bytes_slice(&line), err);
    OPENSSL_cleanse(line.at, line.len);
    OPENSSL_cleanse(key, sizeof key);
    if (fd < 0)
        return false;
    bool given = give_to_owner(data_dir, fd, err);
    close(fd);
    if (!given)
        return false;
    if (renameat(keys, fresh_name, keys, file_name) != 0 || fsync(keys) != 0)
        return err_system(err, said, "keeping keys/%s", file_name);
    return true;
}

static bool key_from_line(struct slice line, unsigned char out[VAULT_KEY_LEN], struct err *err)
{
    scoped_value(bytes) key = {0};

    bytes_reserve(&key, FILE_MOST);
    struct slice text = slice_trim(line);
    bool good = slice_starts(text, slice_of(prefix)) &&
                base64_read(slice_from(text, sizeof prefix - 1), &key) && key.len == VAULT_KEY_LEN;
    if (good)
        memcpy(out, key.at, VAULT_KEY_LEN);
    OPENSSL_cleanse(key.at, key.len);
    if (!good)
        return err_because(err, ERR_TEMPORARY, said,
                           "keys/%s is not whole (%zu octets): bring it back from a backup",
                           file_name, line.len);
    return true;
}

static bool read_key(int fd, unsigned char out[VAULT_KEY_LEN], struct err *err)
{
    char line[FILE_MOST];

    if (!private_enough(fd, "keys/server.key", "600", err))
        return false;
    ssize_t count = read(fd, line, sizeof line);
    if (count < 0)
        return err_system(err, said, "reading keys/%s", file_name);
    bool good = key_from_line((struct slice){line, (size_t)count}, out, err);
    OPENSSL_cleanse(line, sizeof line);
    return good;
}

static int open_folder(int data_dir, struct err *err)
{
    bool made = mkdirat(data_dir, folder_name, 0700) == 0;
    int fd = openat(data_dir, folder_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        err_system(err, said, "opening the folder keys");
        return -1;
    }
    bool fine = private_enough(fd, "the folder keys", "700", err);
    if (fine && made)
        fine = give_to_owner(data_dir, fd, err) &&
               (fsync(data_dir) == 0 || err_system(err, said, "keeping the folder keys"));
    if (!fine) {
        close(fd);
        return -1;
    }
    return fd;
}

static int open_file(int data_dir, int keys, struct err *err)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = openat(keys, file_name, flags);

    if (fd < 0 && errno == ENOENT) {
        if (!make_key(data_dir, keys, err))
            return -1;
        fd = openat(keys, file_name, flags);
    }
    if (fd < 0)
        err_system(err, said, "opening keys/%s", file_name);
    return fd;
}

bool server_key_load(int data_dir, unsigned char out[VAULT_KEY_LEN], struct err *err)
{
    int keys = open_folder(data_dir, err);
    if (keys < 0)
        return false;
    int fd = open_file(data_dir, keys, err);
    close(keys);
    if (fd < 0)
        return false;
    bool good = read_key(fd, out, err);
    close(fd);
    return good;
}
