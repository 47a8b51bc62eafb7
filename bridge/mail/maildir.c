/*
 * Copies for those who read with mutt: each entry becomes a file in its owner's Maildir, mailboxes besides
 * INBOX as folders of Maildir++ (.Posts, .Fediverse.Home).
 *
 * tmp, fsync, rename, fsync of the folder, and only then the row is done: a crash may write a file twice, under
 * the same name.  A Maildir that cannot be written waits, and keeps nobody else waiting.
 */
#include "activity_work.h"
#include "commit.h"

#include "log.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ENTRIES_MAX = 100,    /* of one round */
    LOOKED_AT_MAX = 5000, /* behind those of a Maildir that is broken */
    PIECE = 64 * 1024,
    FOLDER_MODE = 0700,
    FILE_MODE = 0600
};

struct maildir_entry {
    int64_t entry_id, body_id, received_ms;
    unsigned flags;
    char *mailbox, *dir;
    bool done;
};
struct maildir_round {
    struct maildir_entry at[ENTRIES_MAX];
    size_t count;
    char *broken; /* a Maildir that could not be written */
};

static void maildir_round_free(struct maildir_round *round)
{
    if (!round)
        return;
    for (size_t i = 0; i < round->count; i++) {
        free(round->at[i].mailbox);
        free(round->at[i].dir);
    }
    free(round->broken);
    free(round);
}
SCOPED(maildir_round, maildir_round_free)

static bool add_entry(void *ctx, const struct entry *entry, const char *maildir)
{
    struct maildir_round *round = ctx;

    if (round->broken && strcmp(round->broken, maildir) == 0)
        return true;
    round->at[round->count++] = (struct maildir_entry){
        .entry_id = entry->id,
        .body_id = entry->body_id,
        .received_ms = entry->received_ms,
        .flags = entry->flags,
        .mailbox = must_dup(entry->mailbox),
        .dir = must_dup(maildir),
    };
    return round->count < ENTRIES_MAX;
}

/* ---- folders ---- */
/* Fediverse/Home is .Fediverse.Home; a dot in a name would begin a folder of its own. */
static char *folder_of(const struct maildir_entry *entry)
{
    scoped_value(bytes) path = {0};

    bytes_add_text(&path, entry->dir);
    if (strcmp(entry->mailbox, MAILBOX_INBOX) == 0)
        return bytes_take(&path);
    bytes_add_text(&path, "/.");
    for (const char *c = entry->mailbox; *c; c++) {
        if (*c == '/' || *c == '.')
            bytes_add_char(&path, *c == '/' ? '.' : '_');
        else
            bytes_add_char(&path, *c);
    }
    return bytes_take(&path);
}

static bool make_folder(const char *path, struct err *err)
{
    if (mkdir(path, FOLDER_MODE) == 0 || errno == EEXIST)
        return true;
    return err_system(err, "A Maildir cannot be written", "making %s", path);
}

/* A descriptor of the folder, with its three parts made; -1 on failure. */
static int open_folder(const struct maildir_entry *entry, struct err *err)
{
    static const char *const parts[] = {"tmp", "new", "cur"};
    scoped_text char *path = folder_of(entry);

    if (!make_folder(entry->dir, err) || !make_folder(path, err))
        return -1;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        scoped_text char *part = must_print("%s/%s", path, parts[i]);
        if (!make_folder(part, err))
            return -1;
    }
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        err_system(err, "A Maildir cannot be written", "opening %s", path);
    return folder;
}

static bool sync_folder(int folder, const char *part, struct err *err)
{
    int fd = openat(folder, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        err_system(err, "A Maildir cannot be written", "syncing %s", part);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* ---- the file ---- */
static bool write_all(int fd, struct slice bytes, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t written = write(fd, bytes.at, bytes.len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return err_system(err, "A Maildir cannot be written", "writing a mail");
        bytes = slice_from(bytes, (size_t)written);
    }
    return true;
}

/* Line ends become those of files here: CRLF is LF in a Maildir. */
static void without_cr(char *bytes, size_t *len)
{
    size_t kept = 0;

    for (size_t i = 0; i < *len; i++)
        if (bytes[i] != '\r')
            bytes[kept++] = bytes[i];
    *len = kept;
}

static bool write_body(int fd, struct source *body, struct err *err)
{
    scoped_text char *piece = must_alloc(PIECE);
    int64_t offset = 0;

    for (;;) {
        size_t len = 0;
        if (!source_read(body, offset, piece, PIECE, &len, err))
            return false;
        if (len == 0)
            return fsync(fd) == 0 || err_system(err, "A Maildir cannot be written", "fsync");
        offset += (int64_t)len;
        without_cr(piece, &len);
        if (!write_all(fd, (struct slice){piece, len}, err))
            return false;
    }
}

static bool write_file(int folder, const char *name, struct source *body, struct err *err)
{
    scoped_text char *path = must_print("tmp/%s", name);
    int fd = openat(folder, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);

    if (fd < 0)
        return err_system(err, "A Maildir cannot be written", "opening %s", path);
    bool ok = write_body(fd, body, err);
    close(fd);
    return ok;
}

/* New mail goes to new/; what its owner wrote is read already, and goes to cur/. */
static bool place_file(int folder, const struct maildir_entry *entry, const char *name,
                       struct err *err)
{
    bool seen = entry->flags & FLAG_SEEN;
    const char *part = seen ? "cur" : "new";
    scoped_text char *from = must_print("tmp/%s", name);
    scoped_text char *to = must_print("%s/%s%s", part, name, seen ? ":2,S" : "");

    if (renameat(folder, from, folder, to) != 0)
        return err_system(err, "A Maildir cannot be written", "renaming to %s", to);
    return sync_folder(folder, part, err);
}

static struct source *body_of(struct bridge *bridge, const struct maildir_entry *entry,
                              struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);

    return view ? store_body_source(view, entry->body_id, err) : NULL;
}

static bool deliver(struct bridge *bridge, const struct maildir_entry *entry, struct err *err)
{
    scoped(source) body = body_of(bridge, entry, err);
    scoped_text char *name =
        must_print("%lld.N%lld.%s", (long long)(entry->received_ms / SECOND_MS),
                   (long long)entry->entry_id, bridge->config->domains[0]);

    if (!body)
        return false;
    int folder = open_folder(entry, err);
    if (folder < 0)
        return false;
    bool ok = write_file(folder, name, body, err) && place_file(folder, entry, name, err);
    close(folder);
    return ok;
}

/* ---- a round ---- */
static bool record_done(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct maildir_round *round = ctx;

    (void)bridge;
    for (size_t i = 0; i < round->count; i++)
        if (round->at[i].done && !store_maildir_done(tx, round->at[i].entry_id, err))
            return false;
    return true;
}

static size_t deliver_all(struct bridge *bridge, struct maildir_round *round)
{
    size_t done = 0;
    struct err err;

    for (size_t i = 0; i < round->count; i++) {
        struct maildir_entry *entry = &round->at[i];
        if (round->broken && strcmp(round->broken, entry->dir) == 0)
            continue;
        entry->done = deliver(bridge, entry, &err);
        done += entry->done;
        if (entry->done)
            continue;
        log_warn("maildir: %s (%s)", err.said, err.cause);
        free(round->broken);
        round->broken = must_dup(entry->dir);
    }
    return done;
}

static bool look_for_due(struct bridge *bridge, int limit, struct maildir_round *round,
                         struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);

    return view && store_maildir_due(view, limit, add_entry, round, err);
}

bool fill_maildirs(struct bridge *bridge, bool *out_more, struct err *err)
{
    scoped(maildir_round) round = must_new(struct maildir_round);

    *out_more = false;
    if (!look_for_due(bridge, ENTRIES_MAX, round, err))
        return false;
    size_t done = deliver_all(bridge, round);
    if (done == 0 && round->broken) {
        scoped(maildir_round) others = must_new(struct maildir_round);
        others->broken = must_dup(round->broken);
        if (!look_for_due(bridge, LOOKED_AT_MAX, others, err))
            return false;
        done = deliver_all(bridge, others);
        return done == 0 || bridge_commit(bridge, record_done, others, err);
    }
    *out_more = done > 0 && round->count == ENTRIES_MAX;
    return done == 0 || bridge_commit(bridge, record_done, round, err);
}
