/*
 * keys/server.key below data_dir: a line `nestbox-server-key-1 ` and 32 random octets in base64.  Before it, once the key
 * was changed, in this order, so that a file cut short lacks the one that must be there:
 *
 *     nestbox-digest-key-1 …      the first there was: digests do not change
 *     nestbox-old-server-key-1 …  while what the old one wrapped is wrapped anew
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
static const char current_line[] = "nestbox-server-key-1 ";
static const char old_line[] = "nestbox-old-server-key-1 ";
static const char digest_line[] = "nestbox-digest-key-1 ";
static const char said[] = "The server is not ready";
enum { FILE_MOST = 512, OTHERS = 077 };

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

/* A root that makes it for a service without privileges: it is of whom the folder above is. */
static bool give_to_owner_of(int above, int fd, struct err *err)
{
    struct stat owner;

    if (geteuid() != 0)
        return true;
    if (fstat(above, &owner) != 0 || fchown(fd, owner.st_uid, owner.st_gid) != 0)
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

static void add_key(struct bytes *out, const char *line, const unsigned char key[VAULT_KEY_LEN])
{
    bytes_add_text(out, line);
    base64_add(out, (struct slice){(const char *)key, VAULT_KEY_LEN});
    bytes_add_char(out, '\n');
}

bool server_key_write(int folder, const struct server_keys *keys, struct err *err)
{
    scoped_value(bytes) text = {0};

    bytes_reserve(&text, FILE_MOST); /* so that no copy of it stays behind where it grew */
    if (memcmp(keys->digests, keys->current, VAULT_KEY_LEN) != 0)
        add_key(&text, digest_line, keys->digests);
    if (keys->has_old)
        add_key(&text, old_line, keys->old);
    add_key(&text, current_line, keys->current);
    int fd = make_file(folder, bytes_slice(&text), err);
    OPENSSL_cleanse(text.at, text.len);
    if (fd < 0)
        return false;
    bool given = give_to_owner_of(folder, fd, err);
    close(fd);
    if (!given)
        return false;
    if (renameat(folder, fresh_name, folder, file_name) != 0 || fsync(folder) != 0)
        return err_system(err, said, "keeping keys/%s", file_name);
    return true;
}

static bool make_key(int folder, struct err *err)
{
    struct server_keys keys = {0};

    random_bytes(keys.current, sizeof keys.current);
    memcpy(keys.digests, keys.current, sizeof keys.digests);
    bool good = server_key_write(folder, &keys, err);
    OPENSSL_cleanse(&keys, sizeof keys);
    return good;
}

static bool key_from_line(struct slice line, const char *start, unsigned char out[VAULT_KEY_LEN])
{
    scoped_value(bytes) key = {0};

    bytes_reserve(&key, FILE_MOST);
    bool good = slice_starts(line, slice_of(start)) &&
                base64_read(slice_from(line, strlen(start)), &key) && key.len == VAULT_KEY_LEN;
    if (good)
        memcpy(out, key.at, VAULT_KEY_LEN);
    OPENSSL_cleanse(key.at, key.len);
    return good;
}

static bool keys_from_text(struct slice text, struct server_keys *out)
{
    struct slice rest = slice_trim(text);
    struct slice line = slice_cut(&rest, '\n');
    bool has_digests = key_from_line(line, digest_line, out->digests);

    if (has_digests)
        line = slice_cut(&rest, '\n');
    out->has_old = has_digests && key_from_line(line, old_line, out->old);
    if (out->has_old)
        line = slice_cut(&rest, '\n');
    if (!key_from_line(line, current_line, out->current) || rest.len > 0)
        return false;
    if (!has_digests)
        memcpy(out->digests, out->current, sizeof out->digests);
    return true;
}

static bool read_keys(int fd, struct server_keys *out, struct err *err)
{
    char text[FILE_MOST];

    if (!private_enough(fd, "keys/server.key", "600", err))
        return false;
    ssize_t count = read(fd, text, sizeof text);
    if (count < 0)
        return err_system(err, said, "reading keys/%s", file_name);
    bool good = keys_from_text((struct slice){text, (size_t)count}, out);
    OPENSSL_cleanse(text, sizeof text);
    return good || err_because(err, ERR_TEMPORARY, said,
                               "keys/%s is not whole (%zu octets): bring it back from a backup",
                               file_name, (size_t)count);
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
        fine = give_to_owner_of(data_dir, fd, err) &&
               (fsync(data_dir) == 0 || err_system(err, said, "keeping the folder keys"));
    if (!fine) {
        close(fd);
        return -1;
    }
    return fd;
}

static int open_file(int folder, struct err *err)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = openat(folder, file_name, flags);

    if (fd < 0 && errno == ENOENT) {
        if (!make_key(folder, err))
            return -1;
        fd = openat(folder, file_name, flags);
    }
    if (fd < 0)
        err_system(err, said, "opening keys/%s", file_name);
    return fd;
}

bool server_key_load(int data_dir, struct server_keys *out, int *out_folder, struct err *err)
{
    *out_folder = open_folder(data_dir, err);
    int fd = *out_folder < 0 ? -1 : open_file(*out_folder, err);

    if (fd < 0)
        return false;
    bool good = read_keys(fd, out, err);
    close(fd);
    return good;
}
