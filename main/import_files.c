#include "import_files.h"

#include "clock.h"
#include "mailbox_name.h"
#include "mbox.h"
#include "memory.h"
#include "parcel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BATCH = 1024 * 1024,
    FILE_BYTES_MAX = 60 * 1024 * 1024, /* with its name below COMMAND_INPUT_MAX */
    PIECE = 64 * 1024,
    HEAD = 64,         /* of a file, to know it by */
    BATCH_FILES = 200, /* so that it is told how far it is */
    TELL_MS = 5 * SECOND_MS,
};

struct importing {
    struct command *command;
    const struct command_row *row;
    const struct config *config;
    import_ask *ask;
    struct bytes batch;
    int batch_files;
    struct import_counts counts;
    int64_t number; /* of the mail in an mbox */
    int64_t tell_at_ms;
    bool sent; /* a parcel */
    int code;  /* of a call that failed: it said why */
};

/* ---- answers ---- */
void import_counts_say(const struct import_counts *counts, struct bytes *out)
{
    bytes_print(out, "%lld %lld %lld %lld %lld\n", (long long)counts->mails,
                (long long)counts->repeats, (long long)counts->followed,
                (long long)counts->decisions, (long long)counts->left);
}

bool import_counts_add(struct slice answer, struct import_counts *counts)
{
    int64_t *const into[] = {&counts->mails, &counts->repeats, &counts->followed,
                             &counts->decisions, &counts->left};
    struct slice line = slice_line(&answer);

    for (size_t i = 0; i < COUNT_OF(into); i++) {
        int64_t number;
        if (!slice_to_number(slice_cut(&line, ' '), INT32_MAX, &number))
            return false;
        *into[i] += number;
    }
    return true;
}

/* ---- asking ---- */
static void tell(struct importing *it)
{
    if (monotonic_ms() < it->tell_at_ms)
        return;
    it->tell_at_ms = monotonic_ms() + TELL_MS;
    fprintf(stderr, "nestbox: import, %lld mails\n",
            (long long)it->counts.mails + (long long)it->counts.repeats);
}

static bool send_batch(struct importing *it, struct err *err)
{
    struct memory_sink answer;

    if (it->batch.len == 0)
        return true;
    it->sent = true;
    memory_sink_init(&answer);
    it->command->input = bytes_slice(&it->batch);
    it->command->into = &answer.sink;
    it->code = it->ask(it->command, it->row, it->config, err);
    it->command->into = NULL;
    bytes_reset(&it->batch);
    it->batch_files = 0;
    bool counted = import_counts_add(bytes_slice(&answer.bytes), &it->counts);
    bytes_clear(&answer.bytes);
    tell(it);
    return it->code == EXIT_DONE &&
           (counted || err_set(err, ERR_TEMPORARY, "The server did not say what came of it"));
}

static bool put(struct importing *it, const char *name, int64_t modified_s, struct slice content,
                struct err *err)
{
    bool full = it->batch_files == BATCH_FILES || it->batch.len + content.len > BATCH;

    if (full && !send_batch(it, err))
        return false;
    it->batch_files++;
    parcel_add(&it->batch, name, modified_s > 0 ? modified_s : 0, content);
    return true;
}

static void leave(struct importing *it, const char *what, const char *why)
{
    it->counts.left++;
    fprintf(stderr, "nestbox: %s: %s\n", what, why);
}

/* ---- files ---- */
/* What stands in a folder may be anybody's work, and the caller may be root: no link is followed, nothing waited for. */
enum { OPEN_NO_LINK = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW };

static const char *why_not_open(void)
{
    switch (errno) {
    case ELOOP: return "It is a link; those are not followed";
    case ENOENT: return "It went meanwhile; say the same again to look anew";
    case EACCES: return "It may not be read; give yourself the right, or be root";
    default: return "It cannot be opened";
    }
}

static bool read_all(int file, struct bytes *out)
{
    ssize_t len;

    do {
        len = read(file, bytes_reserve(out, PIECE), PIECE);
        out->len += len > 0 ? (size_t)len : 0;
    } while ((len > 0 && out->len <= FILE_BYTES_MAX) || (len < 0 && errno == EINTR));
    return len >= 0;
}

/* Why it cannot be taken, or NULL; `file` is below 0 if it could not be opened. */
static const char *why_not(int file, const char *name, struct stat *out_stat, struct bytes *content)
{
    if (file < 0)
        return why_not_open();
    if (!parcel_name_is_good(slice_of(name)))
        return "It has a name that no mail has";
    if (fstat(file, out_stat) != 0 || !S_ISREG(out_stat->st_mode))
        return "It is no file";
    if (!read_all(file, content))
        return "It cannot be read: is the disk whole?";
    return content->len > FILE_BYTES_MAX ? "It is too large for a mail" : NULL;
}

/* Takes `file`. */
static bool put_file(struct importing *it, int file, const char *path, const char *name,
                     struct err *err)
{
    scoped_value(bytes) content = {0};
    struct stat stat;
    const char *why = why_not(file, name, &stat, &content);

    if (file >= 0)
        close(file);
    if (!why)
        return put(it, name, stat.st_mtime, bytes_slice(&content), err);
    leave(it, path, why);
    return true;
}

/* ---- folders ---- */
struct folder {
    int fd;           /* below 0: it could not be opened */
    const char *path; /* for people */
    const char *name; /* in parcels: "mail/.Sub/cur/" */
};
typedef bool put_all_of(struct importing *it, const struct folder *in, struct err *err);
typedef bool put_entry(struct importing *it, const struct folder *in, const char *entry,
                       struct err *err);

/* The entries of a folder in the order of their names, which begin with the second of arrival. */
static bool each_entry(struct importing *it, const struct folder *in, put_entry *each,
                       struct err *err)
{
    struct dirent **entries;
    int count = scandirat(in->fd, ".", &entries, NULL, versionsort);
    bool good = true;

    if (count < 0)
        return err_system(err, "The folder cannot be read", "%s", in->path);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
        good = good && (dots || each(it, in, name, err));
        free(entries[i]);
    }
    free(entries);
    return good;
}

static mode_t kind_of(const struct folder *in, const char *entry)
{
    struct stat stat;

    return fstatat(in->fd, entry, &stat, AT_SYMLINK_NOFOLLOW) == 0 ? stat.st_mode & S_IFMT : 0;
}

/* What stands in the folder `entry`, or nothing if there is none; named "mail/.Sub/" in parcels. */
static bool put_inside(struct importing *it, const struct folder *in, const char *entry,
                       const char *name, put_all_of *each, struct err *err)
{
    scoped_text char *path = must_print("%s/%s", in->path, entry);
    mode_t kind = kind_of(in, entry);

    if (kind != S_IFDIR && kind != S_IFLNK)
        return true;
    struct folder inside = {openat(in->fd, entry, OPEN_NO_LINK | O_DIRECTORY), path, name};
    if (inside.fd < 0) {
        leave(it, path, kind == S_IFLNK ? "It is a link; those are not followed" : why_not_open());
        return true;
    }
    bool good = each(it, &inside, err);
    close(inside.fd);
    return good;
}

/* ---- a Maildir ---- */
static bool put_mail(struct importing *it, const struct folder *in, const char *entry,
                     struct err *err)
{
    scoped_text char *path = must_print("%s/%s", in->path, entry);
    scoped_text char *name = must_print("%s%s", in->name, entry);

    return entry[0] == '.' || put_file(it, openat(in->fd, entry, OPEN_NO_LINK), path, name, err);
}

static bool put_part(struct importing *it, const struct folder *part, struct err *err)
{
    return each_entry(it, part, put_mail, err);
}

static bool put_mails(struct importing *it, const struct folder *in, struct err *err)
{
    scoped_text char *seen = must_print("%scur/", in->name);
    scoped_text char *fresh = must_print("%snew/", in->name);

    return put_inside(it, in, "cur", seen, put_part, err) &&
           put_inside(it, in, "new", fresh, put_part, err);
}

static bool put_folder(struct importing *it, const struct folder *in, const char *entry,
                       struct err *err)
{
    scoped_text char *name = must_print("%s%s/", in->name, entry);

    return entry[0] != '.' || put_inside(it, in, entry, name, put_mails, err);
}

static bool put_maildir(struct importing *it, const struct folder *in, struct err *err)
{
    return put_mails(it, in, err) && each_entry(it, in, put_folder, err);
}

/* ---- what export wrote ---- */
static bool put_list(struct importing *it, const struct folder *in, const char *name,
                     struct err *err)
{
    scoped_text char *path = must_print("%s/%s", in->path, name);

    return !kind_of(in, name) || put_file(it, openat(in->fd, name, OPEN_NO_LINK), path, name, err);
}

static bool put_export(struct importing *it, const struct folder *in, struct err *err)
{
    return put_list(it, in, IMPORT_FOLLOWING, err) && put_list(it, in, IMPORT_CONTACTS, err) &&
           put_inside(it, in, "mail", "mail/", put_maildir, err);
}

/* ---- an mbox ---- */
static bool put_from_mbox(void *ctx, const struct mbox_mail *mail, struct err *err)
{
    struct importing *it = ctx;
    scoped_text char *name =
        must_print(IMPORT_MBOX "%lld:2,%s", (long long)++it->number, mail->flags);

    if (!mail->too_large)
        return put(it, name, mail->date_ms / SECOND_MS, mail->content, err);
    scoped_text char *shown = must_print("mail %lld", (long long)it->number);
    leave(it, shown, "It is too large for a mail");
    return true;
}

static bool read_mbox(struct mbox *mbox, int file, struct err *err)
{
    scoped_text char *piece = must_alloc(PIECE);
    ssize_t len;

    do {
        len = read(file, piece, PIECE);
        if (len > 0 && !mbox_read(mbox, (struct slice){piece, (size_t)len}, err))
            return false;
    } while (len > 0 || (len < 0 && errno == EINTR));
    return len < 0 ? err_system(err, "The file cannot be read", "read") : mbox_end(mbox, err);
}

static bool put_mbox(struct importing *it, int file, struct err *err)
{
    struct mbox mbox = {.take = put_from_mbox, .ctx = it, .max_bytes = FILE_BYTES_MAX};
    const char *name = command_option(it->command, "--mailbox");

    if (name && !mailbox_name_good(slice_of(name)))
        return err_set(err, ERR_MALFORMED, "No mailbox can be called \"%s\"", name);
    bool good = read_mbox(&mbox, file, err);
    mbox_clear(&mbox);
    return good;
}

/* ---- which is it? ---- */
/* Lists of others whom to follow would be a mishap begin with the same words. */
static bool is_following(struct slice head)
{
    static const char mark[] = "\xEF\xBB\xBF";

    if (slice_starts(head, slice_of(mark)))
        head = slice_from(head, sizeof mark - 1);
    return slice_starts_nocase(head, "Account address,Show boosts");
}

/* Takes `file`. */
static bool put_by_head(struct importing *it, const char *path, int file, struct err *err)
{
    char head[HEAD];
    ssize_t len = pread(file, head, sizeof head, 0);
    struct slice text = {head, len > 0 ? (size_t)len : 0};

    if (is_following(text) && !command_option(it->command, "--mailbox"))
        return put_file(it, file, path, IMPORT_FOLLOWING, err);
    bool good = false;
    if (slice_starts(text, SLICE("From ")))
        good = put_mbox(it, file, err);
    else if (len < 0)
        err_system(err, "The file cannot be read", "%s", path);
    else if (len == 0)
        err_set(err, ERR_MALFORMED, "%s is empty", path);
    else
        err_set(err, ERR_MALFORMED,
                "This is no mbox, Maildir, folder of nestbox export or Mastodon's list of who is "
                "followed; readers by mail: nestbox list add --stdin");
    close(file);
    return good;
}

static bool put_by_folder(struct importing *it, const struct folder *in, struct err *err)
{
    if (command_option(it->command, "--mailbox"))
        return err_set(err, ERR_MALFORMED,
                       "--mailbox is for an mbox; here each mail has its folder");
    if (kind_of(in, "cur"))
        return put_maildir(it, in, err);
    return kind_of(in, "mail") == S_IFDIR
               ? put_export(it, in, err)
               : err_set(err, ERR_MALFORMED,
                         "This folder is no Maildir, and none that nestbox export wrote");
}

static bool put_all(struct importing *it, const char *path, struct err *err)
{
    struct folder in = {open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), path, "mail/"};
    struct stat stat;

    if (in.fd < 0 || fstat(in.fd, &stat) != 0)
        return err_system(err, "The file cannot be read", "%s", path);
    if (S_ISREG(stat.st_mode))
        return put_by_head(it, path, in.fd, err);
    bool good = S_ISDIR(stat.st_mode)
                    ? put_by_folder(it, &in, err)
                    : err_set(err, ERR_MALFORMED, "%s is no file and no folder", path);
    close(in.fd);
    return good;
}

int import_files(struct command *command, const struct command_row *row,
                 const struct config *config, import_ask *ask, struct err *err)
{
    const char *path = command->arguments[--command->argument_count];
    struct importing it = {.command = command,
                           .row = row,
                           .config = config,
                           .ask = ask,
                           .tell_at_ms = monotonic_ms() + TELL_MS};
    bool done = put_all(&it, path, err) && send_batch(&it, err);

    bytes_clear(&it.batch);
    if (!done && it.code == EXIT_DONE)
        it.code = command_refuse(command, err);
    command_say(command, "%lld mails taken over, %lld were here; %lld followed, %lld decisions; ",
                (long long)it.counts.mails, (long long)it.counts.repeats,
                (long long)it.counts.followed, (long long)it.counts.decisions);
    command_say(command, "%lld left out.\n", (long long)it.counts.left);
    if (!done && it.sent)
        command_say(
            command,
            "It broke off, and the last parcel is not counted; say the same again to go on.\n");
    return it.code == EXIT_DONE && it.counts.left > 0 ? EXIT_LEFT_OUT : it.code;
}
