/*
 * Where the server key lies: keys/server.key below data_dir, or where the administrator wants it (docs/secrets.md).
 *
 * What is for nobody else must be closed to others, or nothing starts.  A key that others made (a credential of systemd,
 * which an access list opens to the service, so that its mode seems to open it to a group) is read and never written.
 */
#include "vault_private.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char folder_name[] = "keys";
static const char said[] = "The server key cannot be used";
enum { OTHERS = 077, ALL_BUT_GROUP = 07, OTHERS_WRITE = 022 };

static bool closed_to(int fd, mode_t whom, const char *what, const char *mode, struct err *err)
{
    struct stat seen;

    if (fstat(fd, &seen) != 0)
        return err_system(err, said, "looking at %s", what);
    if (seen.st_mode & whom)
        return err_because(err, ERR_TEMPORARY, said,
                           "%s is open to others (mode %04o): chmod %s it", what,
                           (unsigned)seen.st_mode & 07777U, mode);
    return true;
}

/* ---- below data_dir ---- */
static bool own_folder(int data_dir, struct key_file *out, struct err *err)
{
    bool made = mkdirat(data_dir, folder_name, 0700) == 0;

    out->folder = openat(data_dir, folder_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (out->folder < 0)
        return err_system(err, said, "opening the folder keys");
    if (!closed_to(out->folder, OTHERS, "the folder keys", "700", err))
        return false;
    if (!made)
        return true;
    if (geteuid() == 0 && fchown(out->folder, out->owner, out->group) != 0)
        return err_system(err, said, "giving the folder keys to the owner of data_dir");
    return fsync(data_dir) == 0 || err_system(err, said, "keeping the folder keys");
}

static bool place_own(int data_dir, struct key_file *out, struct err *err)
{
    snprintf(out->name, sizeof out->name, "server.key");
    snprintf(out->shown, sizeof out->shown, "keys/server.key");
    return own_folder(data_dir, out, err);
}

/* ---- elsewhere ---- */
static bool place_elsewhere(const struct vault_place *place, struct key_file *out, struct err *err)
{
    const char *slash = strrchr(place->file, '/');
    char folder[sizeof out->shown];

    if (!slash || !slash[1] || strlen(slash + 1) >= sizeof out->name ||
        strlen(place->file) >= sizeof folder)
        return err_set(err, ERR_REFUSED, "The server key needs the whole path of a file");
    snprintf(out->name, sizeof out->name, "%s", slash + 1);
    snprintf(out->shown, sizeof out->shown, "%s", place->file);
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - place->file) + 1, place->file);
    out->fixed = place->credential;
    out->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->folder < 0)
        return err_system(err, said, "opening the folder %s", folder);
    return out->fixed || closed_to(out->folder, OTHERS_WRITE, folder, "go-w", err);
}

static bool place_of(int data_dir, const struct vault_place *place, struct key_file *out,
                     struct err *err)
{
    struct stat owner;

    *out = (struct key_file){.folder = -1};
    if (fstat(data_dir, &owner) != 0)
        return err_system(err, said, "looking at data_dir");
    out->owner = owner.st_uid;
    out->group = owner.st_gid;
    bool ok = place->file ? place_elsewhere(place, out, err) : place_own(data_dir, out, err);
    snprintf(out->fresh, sizeof out->fresh, "%s.new", out->name);
    return ok;
}

void key_file_close(struct key_file *file)
{
    if (file->folder >= 0)
        close(file->folder);
    file->folder = -1;
}
SCOPED_VALUE(key_file, key_file_close)

/* ---- opening ---- */
static int open_there(const struct key_file *file)
{
    return openat(file->folder, file->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

static bool read_there(const struct key_file *file, struct server_keys *out, struct err *err)
{
    int fd = open_there(file);

    if (fd < 0)
        return err_system(err, said, "opening %s", file->shown);
    bool good = closed_to(fd, file->fixed ? ALL_BUT_GROUP : OTHERS, file->shown, "600", err) &&
                server_key_read(file, fd, out, err);
    close(fd);
    return good;
}

static bool is_there(const struct key_file *file)
{
    return faccessat(file->folder, file->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The key below data_dir goes where the settings want it: first it is there, then it is here no more. */
static bool move(const struct key_file *own, const struct key_file *there, struct err *err)
{
    struct server_keys keys = {0}, written = {0};
    bool good = read_there(own, &keys, err);

    if (good && !is_there(there))
        good = server_key_write(there, &keys, err);
    good = good && read_there(there, &written, err);
    bool same = good && CRYPTO_memcmp(&keys, &written, sizeof keys) == 0;
    OPENSSL_cleanse(&keys, sizeof keys);
    OPENSSL_cleanse(&written, sizeof written);
    if (!good)
        return false;
    if (!same)
        return err_set(
            err, ERR_REFUSED,
            "%s and keys/server.key in data_dir are two different keys; move the one away "
            "that does not belong to this store",
            there->shown);
    if (unlinkat(own->folder, own->name, 0) != 0 || fsync(own->folder) != 0)
        return err_system(err, said, "removing keys/server.key, which %s replaces", there->shown);
    return true;
}

static bool settle(int data_dir, const struct key_file *file, struct err *err)
{
    static const struct vault_place below = {0};
    scoped_value(key_file) own = {.folder = -1};

    if (!place_of(data_dir, &below, &own, err))
        return false;
    if (is_there(&own))
        return move(&own, file, err);
    return is_there(file) || server_key_make(file, err);
}

bool server_key_load(int data_dir, const struct vault_place *place, struct server_keys *out,
                     struct key_file *out_file, struct err *err)
{
    if (!place_of(data_dir, place, out_file, err))
        return false;
    if (place->file) {
        if (!settle(data_dir, out_file, err))
            return false;
    } else if (!is_there(out_file) && !server_key_make(out_file, err)) {
        return false;
    }
    return read_there(out_file, out, err);
}
