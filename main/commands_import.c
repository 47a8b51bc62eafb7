/*
 * nestbox import, where the data is: a parcel of whole files (import_files.h sends as many as it takes).
 *
 * Answers with one line of counts, which the client adds up; what it cannot take is said and left out, and what would
 * fail for all that follow ends it.
 */
#include "bridge_contact.h"
#include "bridge_mailbox.h"
#include "bridge_people.h"
#include "command.h"
#include "csv.h"
#include "import_files.h"
#include "import_name.h"
#include "mailbox_name.h"
#include "memory.h"
#include "parcel.h"

struct import {
    struct command *command;
    struct account account;
    struct import_counts counts;
};

/* "following_accounts.csv line 3", "mail 4" of an mbox */
static void say_which(struct bytes *out, const char *name, int64_t line)
{
    struct slice rest = slice_of(name);

    if (slice_starts(rest, SLICE(IMPORT_MBOX))) {
        rest = slice_from(rest, sizeof IMPORT_MBOX - 1);
        struct slice number = slice_cut(&rest, ':');
        bytes_print(out, "mail %.*s", SLICE_ARGS(number));
    } else if (line) {
        bytes_print(out, "%s line %lld", name, (long long)line);
    } else {
        bytes_add_text(out, name);
    }
}

/* Is it this file's own fault?  Then it is left out, and said. */
static bool leave(struct import *it, const char *name, int64_t line, struct err *err)
{
    struct bytes *complaint = &it->command->complaint;

    if (err->kind == ERR_TEMPORARY || err->kind == ERR_FULL || err->kind == ERR_CONFLICT)
        return false;
    it->counts.left++;
    bytes_add_text(complaint, "nestbox: ");
    say_which(complaint, name, line);
    bytes_print(complaint, ": %s\n", err->said);
    return true;
}

/* ---- mail ---- */
/* As mail travels; a NUL has no place in it. */
static void with_crlf(struct slice content, struct bytes *out)
{
    while (content.len > 0) {
        size_t end = slice_find(content, '\n');
        size_t len = end == SIZE_MAX ? content.len : end;
        struct slice line = slice_first(content, len);
        if (end != SIZE_MAX && slice_ends(line, SLICE("\r")))
            line.len--;
        for (size_t nul; (nul = slice_find(line, '\0')) != SIZE_MAX;) {
            bytes_add(out, slice_first(line, nul));
            line = slice_from(line, nul + 1);
        }
        bytes_add(out, line);
        if (end != SIZE_MAX)
            bytes_add_text(out, "\r\n");
        content = slice_from(content, end == SIZE_MAX ? len : len + 1);
    }
}

/* Which mailbox it comes into, and its flags. */
static bool find_place(const struct import *it, struct slice name, struct bytes *mailbox,
                       unsigned *out_flags, struct err *err)
{
    const char *wanted = command_option(it->command, "--mailbox");
    bool good;

    if (slice_starts(name, SLICE(IMPORT_MBOX))) {
        bytes_add_text(mailbox, wanted ? wanted : "INBOX");
        *out_flags = import_flags(name);
        good = mailbox_name_good(bytes_slice(mailbox));
    } else {
        good = import_name(name, mailbox, out_flags);
    }
    return good || err_set(err, ERR_MALFORMED, "No mailbox can have that name");
}

static bool import_mail(struct import *it, const struct parcel_piece *piece, struct err *err)
{
    scoped_value(bytes) mailbox = {0};
    scoped_value(bytes) content = {0};
    struct imported mail = {
        .account_id = it->account.id,
        .date_ms = piece->modified_s < INT64_MAX / SECOND_MS ? piece->modified_s * SECOND_MS : 0};
    bool is_new = false;

    if (!find_place(it, slice_of(piece->name), &mailbox, &mail.flags, err))
        return false;
    if (piece->bytes.len == 0)
        return err_set(err, ERR_MALFORMED, "It is empty");
    with_crlf(piece->bytes, &content);
    mail.mailbox = bytes_slice(&mailbox);
    mail.content = bytes_slice(&content);
    if (!bridge_import_mail(it->command->house->bridge, &mail, &is_new, err))
        return false;
    *(is_new ? &it->counts.mails : &it->counts.repeats) += 1;
    return true;
}

/* ---- people ---- */
static bool follow(struct import *it, struct slice who, struct err *err)
{
    scoped_text char *handle =
        must_print("%s%.*s", slice_starts(who, SLICE("@")) ? "" : "@", SLICE_ARGS(who));

    return bridge_follow(it->command->house->bridge, slice_of(it->command->arguments[0]),
                         slice_of(handle), true, err);
}

static bool import_following(struct import *it, const struct parcel_piece *piece, struct err *err)
{
    struct slice rest = piece->bytes;
    scoped_value(bytes) who = {0};
    int64_t line = 0;

    if (slice_starts(rest, SLICE("\xEF\xBB\xBF")))
        rest = slice_from(rest, 3);
    while (csv_first_column(&rest, &who, &line)) {
        if (slice_is_nocase(bytes_slice(&who), "Account address"))
            continue;
        if (follow(it, bytes_slice(&who), err))
            it->counts.followed++;
        else if (!leave(it, piece->name, line, err))
            return false;
    }
    return true;
}

static bool import_contacts(struct import *it, const struct parcel_piece *piece, struct err *err)
{
    struct slice rest = piece->bytes;

    for (int64_t line = 1; rest.at && rest.len > 0; line++) {
        struct slice text = slice_line(&rest);
        if (slice_empty(slice_trim(text)))
            continue;
        if (bridge_contact_import(it->command->house->bridge, slice_of(it->command->arguments[0]),
                                  text, err))
            it->counts.decisions++;
        else if (!leave(it, piece->name, line, err))
            return false;
    }
    return true;
}

/* ---- all of it ---- */
static bool take(void *ctx, const struct parcel_piece *piece, struct err *err)
{
    struct import *it = ctx;

    if (!command_goes_on(it->command))
        return err_set(err, ERR_TEMPORARY, "The server stops; say the same again to go on");
    if (strcmp(piece->name, IMPORT_FOLLOWING) == 0)
        return import_following(it, piece, err);
    if (strcmp(piece->name, IMPORT_CONTACTS) == 0)
        return import_contacts(it, piece, err);
    return import_mail(it, piece, err) || leave(it, piece->name, 0, err);
}

static bool find_account(struct import *it, struct err *err)
{
    struct command *command = it->command;
    scoped(store_view) view = store_look(command->house->store, err);

    if (!view || !bridge_account_find(command->house->bridge, view, slice_of(command->arguments[0]),
                                      &it->account, err))
        return false;
    return it->account.state == ACCOUNT_ACTIVE ||
           err_set(err, ERR_REFUSED, "%s is asleep; account add wakes it", command->arguments[0]);
}

int run_import(struct command *command)
{
    struct import it = {.command = command};
    struct parcel parcel = {.take = take, .ctx = &it}; /* one read: each piece comes whole */
    struct err err;
    bool done = find_account(&it, &err) && parcel_read(&parcel, command->input, &err);

    if (done && !parcel_is_whole(&parcel))
        done = err_set(&err, ERR_MALFORMED, "The files did not come whole");
    parcel_clear(&parcel);
    account_clear(&it.account);
    import_counts_say(&it.counts, &command->out);
    return done ? EXIT_DONE : command_refuse(command, &err);
}
