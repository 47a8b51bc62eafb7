/* Commands about whole mailboxes: STATUS, CREATE, DELETE, RENAME, SUBSCRIBE, GETQUOTA. */
#include "imap_private.h"
#include "mailbox_name.h"
#include "memory.h"
#include "status.h"

/* ---- STATUS ---- */

enum status_item {
    STATUS_MESSAGES = 1,
    STATUS_UIDNEXT = 2,
    STATUS_UIDVALIDITY = 4,
    STATUS_UNSEEN = 8,
    STATUS_DELETED = 16,
    STATUS_SIZE = 32,
    STATUS_HIGHESTMODSEQ = 64,
    STATUS_RECENT = 128,
    STATUS_APPENDLIMIT = 256,
    STATUS_DELETED_STORAGE = 512, /* goes with QUOTA=RES-STORAGE (RFC 9208 5.2) */
};
static const struct {
    const char *name;
    enum status_item item;
} status_items[] = {
    {"MESSAGES",        STATUS_MESSAGES       },
    {"UIDNEXT",         STATUS_UIDNEXT        },
    {"UIDVALIDITY",     STATUS_UIDVALIDITY    },
    {"UNSEEN",          STATUS_UNSEEN         },
    {"DELETED",         STATUS_DELETED        },
    {"SIZE",            STATUS_SIZE           },
    {"HIGHESTMODSEQ",   STATUS_HIGHESTMODSEQ  },
    {"RECENT",          STATUS_RECENT         },
    {"APPENDLIMIT",     STATUS_APPENDLIMIT    },
    {"DELETED-STORAGE", STATUS_DELETED_STORAGE},
};

bool read_status_items(struct lexer *lexer, unsigned *out_items)
{
    struct slice word;

    *out_items = 0;
    if (!lex_char(lexer, '('))
        return false;
    do {
        unsigned before = *out_items;
        if (!lex_word(lexer, &word))
            return false;
        for (size_t i = 0; i < COUNT_OF(status_items); i++)
            if (slice_is_nocase(word, status_items[i].name))
                *out_items |= status_items[i].item;
        if (*out_items == before)
            return false;
    } while (lex_space(lexer));
    return lex_char(lexer, ')');
}

static int64_t status_value(const struct imap_session *s, const struct imap_mailbox *mailbox,
                            enum status_item item)
{
    switch (item) {
    case STATUS_MESSAGES: return mailbox->exists;
    case STATUS_UIDNEXT: return mailbox->uid_next;
    case STATUS_UIDVALIDITY: return mailbox->uid_validity;
    case STATUS_UNSEEN: return mailbox->unseen;
    case STATUS_DELETED: return mailbox->deleted;
    case STATUS_SIZE: return mailbox->octets;
    case STATUS_HIGHESTMODSEQ: return mailbox->modseq;
    case STATUS_RECENT: return 0;
    case STATUS_APPENDLIMIT: return s->duties->message_max;
    case STATUS_DELETED_STORAGE: return mailbox->deleted_octets;
    }
    __builtin_unreachable();
}

void tell_status(struct imap_session *s, const struct imap_mailbox *mailbox, unsigned items)
{
    struct bytes *out = s->turn->out;
    const char *space = "";

    bytes_add_text(out, "* STATUS ");
    add_mailbox(s, out, mailbox->name);
    bytes_add_text(out, " (");
    for (size_t i = 0; i < COUNT_OF(status_items); i++)
        if (items & status_items[i].item) {
            bytes_print(out, "%s%s %lld", space, status_items[i].name,
                        (long long)status_value(s, mailbox, status_items[i].item));
            space = " ";
        }
    bytes_add_text(out, ")\r\n");
}

static enum next status_found(struct imap_session *s, struct errand *back)
{
    const struct imap_listing *listing = container_of(back, struct imap_listing, base.errand);

    if (errand_failed(back))
        return no_errand(s, back);
    if (listing->count > 0)
        tell_status(s, &listing->at[0], s->status_items);
    errand_free(back);
    return finish(s, "", "That is its state");
}

enum next imap_on_status(struct imap_session *s)
{
    scoped_text char *name = NULL;

    if (!lex_space(&s->lexer) || !lex_mailbox(s, &name) || !lex_space(&s->lexer) ||
        !read_status_items(&s->lexer, &s->status_items) || !lexer_at_end(&s->lexer))
        return bad(s, "STATUS wants a mailbox and a list of items");
    if (s->status_items & STATUS_HIGHESTMODSEQ)
        s->condstore = true; /* RFC 7162 3.1.2 */
    return await_errand(s, s->duties->status(s->duties->ctx, s->account_id, slice_of(name)),
                        status_found);
}

/* ---- changes ---- */

static enum next mailbox_changed(struct imap_session *s, struct errand *back)
{
    if (errand_failed(back))
        return no_errand_as(s, back, "NONEXISTENT", s->making ? "ALREADYEXISTS" : "CANNOT");
    if (container_of(back, struct imap_errand, errand)->more)
        return next_slice(s, back, mailbox_changed);
    s->deleting = s->state == SELECTED &&
                  container_of(back, struct imap_errand, errand)->deleted == s->selected.id;
    s->selected.dirty |= s->deleting;
    errand_free(back);
    return finish(s, "", "Done");
}

static enum next change(struct imap_session *s, enum mailbox_change what, const char *name,
                        const char *new_name, enum imap_special special)
{
    s->making = what == MAILBOX_CREATE || what == MAILBOX_RENAME;
    return await_errand(s,
                        s->duties->change_mailbox(s->duties->ctx, s->account_id, what,
                                                  slice_of(name), slice_of(new_name), special),
                        mailbox_changed);
}

static enum next change_one(struct imap_session *s, enum mailbox_change what)
{
    scoped_text char *name = NULL;

    if (!lex_space(&s->lexer) || !lex_mailbox(s, &name) || !lexer_at_end(&s->lexer))
        return bad(s, "The name of a mailbox is missing, or cannot be one");
    return change(s, what, name, NULL, SPECIAL_NONE);
}

static const struct {
    const char *name;
    enum imap_special special;
} special_uses[] = {
    {"\\Sent",    SPECIAL_SENT   },
    {"\\Drafts",  SPECIAL_DRAFTS },
    {"\\Trash",   SPECIAL_TRASH  },
    {"\\Junk",    SPECIAL_JUNK   },
    {"\\Archive", SPECIAL_ARCHIVE},
};

/* (USE (\Sent)): one use a mailbox.  *out_known: it is a use that exists here. */
static bool read_use(struct lexer *lexer, enum imap_special *out, bool *out_known)
{
    struct slice flag;

    *out_known = false;
    if (!lex_char(lexer, '(') || !lex_is(lexer, "USE") || !lex_space(lexer) ||
        !lex_char(lexer, '(') || !lex_flag(lexer, &flag) || !lex_char(lexer, ')') ||
        !lex_char(lexer, ')'))
        return false;
    for (size_t i = 0; i < COUNT_OF(special_uses); i++)
        if (slice_is_nocase(flag, special_uses[i].name)) {
            *out = special_uses[i].special;
            *out_known = true;
        }
    return true;
}

/* A '/' behind the name says that levels will follow (RFC 9051 6.3.4): it is no part of it. */
static void drop_last_slash(struct slice *written)
{
    if (written->len > 1 && written->at[written->len - 1] == '/')
        written->len--;
}

enum next imap_on_create(struct imap_session *s)
{
    enum imap_special special = SPECIAL_NONE;
    bool known = true;
    struct slice written;

    if (!lex_space(&s->lexer) || !lex_astring(&s->lexer, &written))
        return bad(s, "CREATE wants the name of a mailbox");
    drop_last_slash(&written);
    scoped_text char *name = read_mailbox(s, written);
    if (lex_space(&s->lexer) && !read_use(&s->lexer, &special, &known))
        return bad(s, "CREATE takes (USE (\\Sent)) behind the name, or nothing");
    if (!lexer_at_end(&s->lexer))
        return bad(s, "CREATE wants one name");
    if (!known)
        return no(s, "USEATTR", "This use is not known here");
    if (!name || !mailbox_name_good(slice_of(name)))
        return no(s, "CANNOT", "A mailbox cannot have this name");
    return change(s, MAILBOX_CREATE, name, NULL, special);
}

enum next imap_on_delete(struct imap_session *s)
{
    return change_one(s, MAILBOX_DELETE);
}

enum next imap_on_subscribe(struct imap_session *s)
{
    return change_one(s, MAILBOX_SUBSCRIBE);
}

enum next imap_on_unsubscribe(struct imap_session *s)
{
    return change_one(s, MAILBOX_UNSUBSCRIBE);
}

enum next imap_on_rename(struct imap_session *s)
{
    scoped_text char *name = NULL;
    scoped_text char *new_name = NULL;

    if (!lex_space(&s->lexer) || !lex_mailbox(s, &name) || !lex_space(&s->lexer) ||
        !lex_mailbox(s, &new_name) || !lexer_at_end(&s->lexer))
        return bad(s, "RENAME wants two names of mailboxes");
    return change(s, MAILBOX_RENAME, name, new_name, SPECIAL_NONE);
}

/* ---- quota (RFC 9208): one for the account, in KiB ---- */

static enum next quota_found(struct imap_session *s, struct errand *back)
{
    const struct imap_quota *quota = container_of(back, struct imap_quota, base.errand);

    if (errand_failed(back))
        return no_errand(s, back);
    say(s, "QUOTA \"\" (STORAGE %lld %lld)", (long long)(quota->used + 1023) / 1024,
        (long long)quota->limit / 1024);
    errand_free(back);
    return finish(s, "", "That is what you have");
}

static enum next ask_quota(struct imap_session *s)
{
    return await_errand(s, s->duties->quota(s->duties->ctx, s->account_id), quota_found);
}

enum next imap_on_getquota(struct imap_session *s)
{
    struct slice root;

    if (!lex_space(&s->lexer) || !lex_astring(&s->lexer, &root) || !lexer_at_end(&s->lexer))
        return bad(s, "GETQUOTA wants a quota root");
    return root.len == 0 ? ask_quota(s) : no(s, "NONEXISTENT", "There is one quota root, \"\"");
}

enum next imap_on_getquotaroot(struct imap_session *s)
{
    scoped_text char *name = NULL;

    if (!lex_space(&s->lexer) || !lex_mailbox(s, &name) || !lexer_at_end(&s->lexer))
        return bad(s, "GETQUOTAROOT wants a mailbox");
    bytes_add_text(s->turn->out, "* QUOTAROOT ");
    add_mailbox(s, s->turn->out, name);
    bytes_add_text(s->turn->out, " \"\"\r\n");
    return ask_quota(s);
}
