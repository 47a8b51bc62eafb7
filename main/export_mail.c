/* The mailboxes of an account as a Maildir with folders (Maildir++). */
#include "export.h"
#include "mailbox_name.h"
#include "memory.h"
#include "store_mailbox.h"

enum { PAGE = 200, FOLDER_MAX = 240 };

struct mail {
    int64_t id, body_id, received_ms;
    unsigned flags;
    char *folder;
};
struct mails { /* a page */
    struct mail at[PAGE];
    size_t count;
};

static void mails_free(struct mails *mails)
{
    if (!mails)
        return;
    for (size_t i = 0; i < mails->count; i++)
        free(mails->at[i].folder);
    free(mails);
}
SCOPED(mails, mails_free)

/* ---- folders ---- */
char *export_folder(const char *mailbox, int64_t mailbox_id)
{
    scoped_value(bytes) name = {0};

    if (strcmp(mailbox, "INBOX") == 0)
        return must_dup("mail/");
    mutf7_add(&name, slice_of(mailbox));
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '.') /* it would begin a folder of its own */
            name.at[i] = '_';
        if (name.at[i] == '/')
            name.at[i] = '.';
    }
    return name.len > FOLDER_MAX ? must_print("mail/.mailbox-%lld/", (long long)mailbox_id)
                                 : must_print("mail/.%s/", name.at);
}

struct folders {
    struct export *it;
    struct bytes names; /* each behind a NUL */
};

static bool add_folder(void *ctx, const struct mailbox *mailbox)
{
    struct folders *folders = ctx;
    scoped_text char *folder = export_folder(mailbox->name, mailbox->id);

    bytes_add(&folders->names, (struct slice){folder, strlen(folder) + 1});
    return true;
}

static bool put_folder(struct export *it, const char *folder, struct err *err)
{
    static const char *const parts[] = {"cur/", "new/", "tmp/"};

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        scoped_text char *name = must_print("%s%s", folder, parts[i]);
        if (!export_put(it, name, 0, SLICE(""), err))
            return false;
    }
    if (strcmp(folder, "mail/") == 0)
        return true;
    scoped_text char *mark = must_print("%smaildirfolder", folder);
    return export_put(it, mark, 0, SLICE(""), err);
}

static bool read_folders(struct folders *folders, struct err *err)
{
    struct export *it = folders->it;
    scoped(store_view) view = store_look(it->command->house->store, err);

    return view && store_mailboxes(view, it->account.id, add_folder, folders, err);
}

/* Empty ones too. */
static bool put_folders(struct export *it, struct err *err)
{
    struct folders folders = {.it = it};
    bool good = put_folder(it, "mail/", err) && read_folders(&folders, err);

    for (size_t at = 0; good && at < folders.names.len; at += strlen(folders.names.at + at) + 1)
        good = put_folder(it, folders.names.at + at, err);
    bytes_clear(&folders.names);
    return good;
}

/* ---- mails ---- */
static bool add_mail(void *ctx, const struct entry *entry)
{
    struct mails *mails = ctx;

    mails->at[mails->count++] = (struct mail){
        .id = entry->id,
        .body_id = entry->body_id,
        .received_ms = entry->received_ms,
        .flags = entry->flags,
        .folder = export_folder(entry->mailbox, entry->mailbox_id),
    };
    return mails->count < PAGE;
}

/* What was never looked at lies in new/; the letters behind ":2," stand in their order. */
static char *file_name(const struct export *it, const struct mail *mail)
{
    static const struct {
        unsigned flag;
        char letter;
    } letters[] = {
        {FLAG_DRAFT,    'D'},
        {FLAG_FLAGGED,  'F'},
        {FLAG_ANSWERED, 'R'},
        {FLAG_SEEN,     'S'},
        {FLAG_DELETED,  'T'}
    };
    char flags[COUNT_OF(letters) + 1] = "";
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(letters); i++)
        if (mail->flags & letters[i].flag)
            flags[count++] = letters[i].letter;
    return must_print("%s%s/%lld.N%lld.%s%s%s", mail->folder, count ? "cur" : "new",
                      (long long)(mail->received_ms / SECOND_MS), (long long)mail->id,
                      it->account.domain, count ? ":2," : "", flags);
}

static bool put_mail(struct export *it, const struct mail *mail, struct err *err)
{
    scoped_text char *name = file_name(it, mail);
    enum export_came came = export_body(it, name, mail->received_ms, mail->body_id, EXPORT_LF, err);

    it->mails += came == EXPORT_PUT;
    return came != EXPORT_FAILED;
}

static bool look(struct export *it, int64_t after, struct mails *out, struct err *err)
{
    scoped(store_view) view = store_look(it->command->house->store, err);

    return view && store_entries(view, it->account.id, 0, after, PAGE, add_mail, out, err);
}

bool export_mail(struct export *it, struct err *err)
{
    int64_t last = 0;

    if (!put_folders(it, err))
        return false;
    for (bool more = true; more;) {
        scoped(mails) page = must_new(struct mails);
        if (!look(it, last, page, err))
            return false;
        for (size_t i = 0; i < page->count; i++)
            if (!put_mail(it, &page->at[i], err))
                return false;
        more = page->count == PAGE;
        last = more ? page->at[PAGE - 1].id : last;
    }
    return true;
}
