/*
 * What a server key's file holds: a line `nestbox-server-key-1 ` and 32 random octets in base64.  Before it, once the key
 * was changed, in this order, so that a file cut short lacks the one that must be there:
 *
 *     nestbox-digest-key-1 …      the first there was: digests do not change
 *     nestbox-old-server-key-1 …  while what the old one wrapped is wrapped anew
 *
 * The file appears whole or not at all: written beside, synced, renamed, folder synced.  The caller
 * holds data_dir's lock, so nobody makes it at the same time.
 */
#include "id.h"
#include "text.h"
#include "vault_private.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

static const char current_line[] = "nestbox-server-key-1 ";
static const char old_line[] = "nestbox-old-server-key-1 ";
static const char digest_line[] = "nestbox-digest-key-1 ";
static const char said[] = "The server key cannot be used";
enum { FILE_MOST = 512 };

/* A root that makes it for a service without privileges. */
static bool give_to_owner(const struct key_file *file, int fd, struct err *err)
{
    if (geteuid() == 0 && fchown(fd, file->owner, file->group) != 0)
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

static int make_file(const struct key_file *file, struct slice text, struct err *err)
{
    if (unlinkat(file->folder, file->fresh, 0) != 0 && errno != ENOENT) { /* left by a crash */
        err_system(err, said, "removing %s.new", file->shown);
        return -1;
    }
    int fd = openat(file->folder, file->fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                    0600);
    if (fd < 0) {
        err_system(err, said, "making %s.new", file->shown);
        return -1;
    }
    if (!write_all(fd, text) || fsync(fd) != 0) {
        err_system(err, said, "writing %s.new", file->shown);
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

bool server_key_write(const struct key_file *file, const struct server_keys *keys, struct err *err)
{
    scoped_value(bytes) text = {0};

    if (file->fixed)
        return err_set(err, ERR_REFUSED,
                       "The server key is a credential of systemd, which the server cannot change "
                       "(docs/secrets.md tells how)");
    bytes_reserve(&text, FILE_MOST); /* so that no copy of it stays behind where it grew */
    if (memcmp(keys->digests, keys->current, VAULT_KEY_LEN) != 0)
        add_key(&text, digest_line, keys->digests);
    if (keys->has_old)
        add_key(&text, old_line, keys->old);
    add_key(&text, current_line, keys->current);
    int fd = make_file(file, bytes_slice(&text), err);
    OPENSSL_cleanse(text.at, text.len);
    if (fd < 0)
        return false;
    bool given = give_to_owner(file, fd, err);
    close(fd);
    if (!given)
        return false;
    if (renameat(file->folder, file->fresh, file->folder, file->name) != 0 ||
        fsync(file->folder) != 0)
        return err_system(err, said, "keeping %s", file->shown);
    return true;
}

bool server_key_make(const struct key_file *file, struct err *err)
{
    struct server_keys keys = {0};

    random_bytes(keys.current, sizeof keys.current);
    memcpy(keys.digests, keys.current, sizeof keys.digests);
    bool good = server_key_write(file, &keys, err);
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

bool server_key_read(const struct key_file *file, int fd, struct server_keys *out, struct err *err)
{
    char text[FILE_MOST];
    ssize_t count = read(fd, text, sizeof text);

    if (count < 0)
        return err_system(err, said, "reading %s", file->shown);
    bool good = keys_from_text((struct slice){text, (size_t)count}, out);
    OPENSSL_cleanse(text, sizeof text);
    return good || err_because(err, ERR_TEMPORARY, said,
                               "%s is not whole (%zu octets): bring it back from a backup",
                               file->shown, (size_t)count);
}
