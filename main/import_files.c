#include "import_files.h"

#include "clock.h"
#include "export.h"
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
    HEAD = 16, /* of a file, to know it by */
    TELL_MS = 5 * SECOND_MS,
};

struct importing {
    struct command *command;
    const struct command_row *row;
    const struct config *config;
    import_ask *ask;
    struct bytes batch;
    struct import_counts counts;
    int64_t number; /* of the mail in an mbox */
    const char *folder;
    int64_t tell_at_ms;
    int code; /* of a call that failed: it said why */
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
    memory_sink_init(&answer);
    it->command->input = bytes_slice(&it->batch);
    it->command->into = &answer.sink;
    it->code = it->ask(it->command, it->row, it->config, err);
    it->command->into = NULL;
    bytes_reset(&it->batch);
    bool counted = import_counts_add(bytes_slice(&answer.bytes), &it->counts);
    bytes_clear(&answer.bytes);
    tell(it);
    return it->code == EXIT_DONE &&
           (counted || err_set(err, ERR_TEMPORARY, "The server did not say what came of it"));
}

static bool put(struct importing *it, const char *name, int64_t modified_s, struct slice content,
                struct err *err)
{
    if (it->batch.len > 0 && it->batch.len + content.len > BATCH && !send_batch(it, err))
        return false;
    parcel_add(&it->batch, name, modified_s > 0 ? modified_s : 0, content);
    return true;
}

static void leave(struct importing *it, const char *what, const char *why)
{
    it->counts.left++;
    fprintf(stderr, "nestbox: %s: %s\n", what, why);
}

/* ---- files ---- */
static bool read_file(const char *path, struct bytes *out, struct stat *out_stat, struct err *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = -1;

    if (file >= 0 && fstat(file, out_stat) == 0) {
        do {
            len = read(file, bytes_reserve(out, PIECE), PIECE);
            out->len += len > 0 ? (size_t)len : 0;
        } while ((len > 0 && out->len <= FILE_BYTES_MAX) || (len < 0 && errno == EINTR));
    }
    if (len < 0)
        err_system(err, "The file cannot be read", "%s", path);
    if (file >= 0)
        close(file);
    return len >= 0;
}

static bool put_file(struct importing *it, const char *path, const char *name, struct err *err)
{
    scoped_value(bytes) content = {0};
    struct stat stat;

    if (!parcel_name_is_good(slice_of(name))) {
        leave(it, path, "It has a name that no mail has");
        return true;
    }
    if (!read_file(path, &content, &stat, err))
        return false;
    if (content.len > FILE_BYTES_MAX) {
        leave(it, path, "It is too large for a mail");
        return true;
    }
    return put(it, name, stat.st_mtime, bytes_slice(&content), err);
}

/* ---- a Maildir ---- */
typedef bool put_entry(struct importing *it, const char *path, const char *entry, struct err *err);

/* The entries of a folder in the order of their names, which begin with the second of arrival. */
static bool each_entry(struct importing *it, const char *path, put_entry *each, struct err *err)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, versionsort);
    bool good = true;

    if (count < 0)
        return errno == ENOENT || err_system(err, "The folder cannot be read", "%s", path);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
        good = good && (dots || each(it, path, name, err));
        free(entries[i]);
    }
    free(entries);
    return good;
}

static bool put_mail(struct importing *it, const char *path, const char *entry, struct err *err)
{
    const char *part = strrchr(path, '/') + 1; /* cur, new */
    scoped_text char *file = must_print("%s/%s", path, entry);
    scoped_text char *name = must_print("%s%s/%s", it->folder, part, entry);

    return entry[0] == '.' || put_file(it, file, name, err);
}

static bool put_mails(struct importing *it, const char *path, const char *folder, struct err *err)
{
    scoped_text char *seen = must_print("%s/cur", path);
    scoped_text char *fresh = must_print("%s/new", path);

    it->folder = folder;
    return each_entry(it, seen, put_mail, err) && each_entry(it, fresh, put_mail, err);
}

static bool is_there(const char *path, const char *name)
{
    scoped_text char *both = must_print("%s/%s", path, name);
    struct stat ignored;

    return stat(both, &ignored) == 0;
}

static bool put_folder(struct importing *it, const char *path, const char *entry, struct err *err)
{
    scoped_text char *inside = must_print("%s/%s", path, entry);
    scoped_text char *folder = must_print("mail/%s/", entry);

    if (entry[0] != '.' || !is_there(inside, "cur"))
        return true;
    return put_mails(it, inside, folder, err);
}

static bool put_maildir(struct importing *it, const char *path, struct err *err)
{
    return put_mails(it, path, "mail/", err) && each_entry(it, path, put_folder, err);
}

/* ---- what export wrote ---- */
static bool put_export(struct importing *it, const char *path, struct err *err)
{
    static const char *const lists[] = {IMPORT_FOLLOWING, IMPORT_CONTACTS};
    scoped_text char *mail = must_print("%s/mail", path);

    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        scoped_text char *file = must_print("%s/%s", path, lists[i]);
        if (is_there(path, lists[i]) && !put_file(it, file, lists[i], err))
            return false;
    }
    return put_maildir(it, mail, err);
}

/* ---- an mbox ---- */
static bool put_from_mbox(void *ctx, const struct mbox_mail *mail, struct err *err)
{
    struct importing *it = ctx;
    bool flagged = mail->flags[0];
    scoped_text char *name = must_print("%s%s/%lld%s%s", it->folder, flagged ? "cur" : "new",
                                        (long long)++it->number, flagged ? ":2," : "", mail->flags);

    if (!mail->too_large)
        return put(it, name, mail->date_ms / SECOND_MS, mail->content, err);
    leave(it, name, "It is too large for a mail");
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
    scoped_text char *folder = export_folder(name ? name : "INBOX", 0);

    if (name && !mailbox_name_good(slice_of(name)))
        return err_set(err, ERR_MALFORMED, "No mailbox can be called %s", name);
    it->folder = folder;
    bool good = read_mbox(&mbox, file, err);
    mbox_clear(&mbox);
    return good;
}

/* ---- which is it? ---- */
static bool put_by_head(struct importing *it, const char *path, int file, struct err *err)
{
    static const char mark[] = "\xEF\xBB\xBF";
    char head[HEAD];
    ssize_t len = pread(file, head, sizeof head, 0);
    struct slice text = {head, len > 0 ? (size_t)len : 0};

    if (len < 0)
        return err_system(err, "The file cannot be read", "%s", path);
    if (slice_starts(text, SLICE("From ")))
        return put_mbox(it, file, err);
    if (slice_starts(text, slice_of(mark)))
        text = slice_from(text, sizeof mark - 1);
    if (slice_starts_nocase(text, "Account addr"))
        return put_file(it, path, IMPORT_FOLLOWING, err);
    return err_set(err, ERR_MALFORMED,
                   "This is no mbox, Maildir, folder of nestbox export or list of Mastodon's; "
                   "readers by mail: nestbox list add --stdin");
}

static bool put_all(struct importing *it, const char *path, struct err *err)
{
    if (is_there(path, "cur"))
        return put_maildir(it, path, err);
    if (is_there(path, "mail/cur"))
        return put_export(it, path, err);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return err_system(err, "The file cannot be read", "%s", path);
    struct stat stat;
    bool folder = fstat(file, &stat) == 0 && S_ISDIR(stat.st_mode);
    bool good = folder ? err_set(err, ERR_MALFORMED,
                                 "This folder is no Maildir, and none that nestbox export wrote")
                       : put_by_head(it, path, file, err);
    close(file);
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
    return it.code == EXIT_DONE && it.counts.left > 0 ? EXIT_REFUSED : it.code;
}
