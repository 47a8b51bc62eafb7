/* nestbox export: everything of one account as files (docs/export.md). */
#include "bridge_people.h"
#include "export.h"
#include "memory.h"
#include "parcel.h"
#include "store_mailbox.h"

enum { PIECE = 48 * 1024, FLUSH_AT = 64 * 1024, TELL_MS = 5 * SECOND_MS, PERCENT = 100 };

static void tell(struct export *it)
{
    struct command *command = it->command;

    if (monotonic_ms() < it->tell_at_ms || it->all == 0)
        return;
    it->tell_at_ms = monotonic_ms() + TELL_MS;
    bytes_print(&command->complaint, "nestbox: export, %d %% of the mail\n",
                (int)(it->done < it->all ? it->done * PERCENT / it->all : PERCENT));
    if (command->flush)
        command->flush(command);
}

bool export_put(struct export *it, const char *name, int64_t modified_ms, struct slice piece,
                struct err *err)
{
    struct command *command = it->command;

    parcel_add(&command->out, name, modified_ms > 0 ? modified_ms / SECOND_MS : 0, piece);
    tell(it);
    if (command->flush && command->out.len >= FLUSH_AT)
        command->flush(command);
    return !command->deaf || err_set(err, ERR_TEMPORARY, "The export was given up");
}

/* CRLF becomes LF, any other CR stays; one at the end of a piece is held back until it is known what follows. */
static void add_lf(struct bytes *out, struct slice piece, bool *held)
{
    while (piece.len > 0) {
        if (*held && piece.at[0] != '\n')
            bytes_add_char(out, '\r');
        size_t cr = slice_find(piece, '\r');
        *held = cr != SIZE_MAX;
        bytes_add(out, slice_first(piece, *held ? cr : piece.len));
        piece = slice_from(piece, *held ? cr + 1 : piece.len);
    }
}

/* NULL and ERR_ABSENT: it went meanwhile. */
static struct source *open_body(struct export *it, int64_t body_id, bool *out_looked,
                                struct err *err)
{
    scoped(store_view) view = store_look(it->command->house->store, err);

    *out_looked = view != NULL;
    return view ? store_body_source(view, body_id, err) : NULL;
}

/* Before its first byte is on its way: what was sent cannot be called back. */
static bool is_sound(struct source *body, char *piece, struct err *err)
{
    size_t len = 1;

    for (int64_t at = 0; len > 0; at += (int64_t)len)
        if (!source_read(body, at, piece, PIECE, &len, err))
            return false;
    return true;
}

static enum export_came leave(struct export *it, const char *name, const struct err *err)
{
    if (err->kind == ERR_ABSENT)
        return EXPORT_LEFT;
    it->left++;
    bytes_print(&it->command->complaint,
                "nestbox: %s is left out: it cannot be read (%s). A backup from before may hold "
                "it\n",
                name, err->cause[0] ? err->cause : err->said);
    return EXPORT_LEFT;
}

static bool put_body(struct export *it, const char *name, int64_t modified_ms, struct source *body,
                     char *bytes, enum export_lines lines, struct err *err)
{
    scoped_value(bytes) text = {0};
    bool held = false;
    size_t len = 1;

    for (int64_t at = 0; len > 0; at += (int64_t)len) {
        if (!source_read(body, at, bytes, PIECE, &len, err))
            return false;
        struct slice piece = {bytes, len};
        if (lines == EXPORT_LF) {
            bytes_reset(&text);
            add_lf(&text, piece, &held);
            if (len == 0 && held)
                bytes_add_char(&text, '\r');
            piece = bytes_slice(&text);
        }
        it->done += (int64_t)len;
        if (!export_put(it, name, modified_ms, piece, err))
            return false;
    }
    return true;
}

enum export_came export_body(struct export *it, const char *name, int64_t modified_ms,
                             int64_t body_id, enum export_lines lines, struct err *err)
{
    bool looked;
    scoped(source) body = open_body(it, body_id, &looked, err);
    scoped_text char *bytes = must_alloc(PIECE);

    if (!looked)
        return EXPORT_FAILED;
    if (!body || !is_sound(body, bytes, err))
        return leave(it, name, err);
    return put_body(it, name, modified_ms, body, bytes, lines, err) ? EXPORT_PUT : EXPORT_FAILED;
}

static bool find_account(struct export *it, struct err *err)
{
    struct command *command = it->command;
    scoped(store_view) view = store_look(command->house->store, err);

    return view &&
           bridge_account_find(command->house->bridge, view, slice_of(command->arguments[0]),
                               &it->account, err) &&
           store_account_bytes(view, it->account.id, &it->all, err);
}

static bool put_about(struct export *it, struct err *err)
{
    scoped_value(bytes) text = {0};
    char now[DATE_TEXT_SIZE];

    date_rfc3339(clock_now(&system_clock), now);
    bytes_print(
        &text,
        "What Nestbox %s kept of %s@%s on %s.\n\n"
        "mail/                   the mailboxes, a Maildir with its folders (Maildir++); sealed "
        "mail as it rests\n"
        "actor.json outbox.json  profile, posts and boosts as ActivityStreams\n"
        "likes.json              the posts that were liked\n"
        "media_attachments/      the pictures of the posts\n"
        "following_accounts.csv  who is followed; Mastodon imports it\n"
        "followers.csv           who follows\n"
        "subscribers.txt         who reads by mail; nestbox list add --stdin --confirmed\n"
        "contacts.txt            who may write; nestbox contact import\n"
        "blocked_accounts.csv    of those who may not, the Fediverse; Mastodon imports it\n",
        NESTBOX_VERSION, it->account.name, it->account.domain, now);
    return export_put(it, "README.txt", 0, bytes_slice(&text), err);
}

int run_export(struct command *command)
{
    struct export it = {.command = command, .tell_at_ms = monotonic_ms() + TELL_MS};
    struct err err;
    bool done = find_account(&it, &err) && put_about(&it, &err) && export_people(&it, &err) &&
                export_posts(&it, &err) && export_mail(&it, &err);

    account_clear(&it.account);
    if (!done)
        return command_refuse(command, &err);
    bytes_print(&command->complaint, "nestbox: %lld mails, %lld posts\n", (long long)it.mails,
                (long long)it.posts);
    if (it.left == 0)
        return EXIT_DONE;
    bytes_print(&command->complaint,
                "nestbox: the folder is whole but for %lld files, which are named above\n",
                (long long)it.left);
    return EXIT_LEFT_OUT;
}
