/* What lies in a mailbox, and what changed since: SELECT, and the look behind every nudge. */
#include "imap_work.h"

enum { OPENED_MOST = 1000 * 1000 }; /* messages */

struct look { /* OPEN is a look with all UIDs */
    struct imap_opened opened;
    struct imap *imap;
    int64_t account_id, mailbox_id, since;
    char *name; /* NULL: the mailbox is known by id */
    struct number_set known_uids;
    bool known_given;
};

static struct look *look_of(struct errand *errand)
{
    return container_of(errand, struct look, opened.changes.base.errand);
}

static bool keep_entry(void *ctx, const struct entry_mark *mark)
{
    struct imap_changes *changes = ctx;

    must_make_room(changes->at, changes->count, changes->capacity);
    changes->at[changes->count++] =
        (struct imap_entry){mark->uid, mark->flags, must_dup(mark->keywords), mark->modseq};
    return true;
}

static bool keep_gone(void *ctx, const uint32_t *uid)
{
    number_set_add(ctx, *uid, *uid);
    return true;
}

/* What the client does not have cannot vanish from it. */
static void keep_known(const struct look *look, struct number_set *vanished)
{
    struct number_set kept;

    if (!look->known_given)
        return;
    number_set_common(vanished, &look->known_uids, &kept);
    number_set_clear(vanished);
    *vanished = kept;
}

static bool find_changes(struct look *look, struct store_view *view, int64_t mailbox_id,
                         struct err *err)
{
    struct imap_changes *changes = &look->opened.changes;

    return store_entry_marks(view, mailbox_id, 1, UINT32_MAX, look->since, keep_entry, changes,
                             err) &&
           store_expunged_uids(view, mailbox_id, look->since, keep_gone, &changes->vanished, err);
}

bool find_selected(struct store_view *view, int64_t mailbox_id, struct mailbox *out,
                   struct imap_errand *errand, struct err *err)
{
    enum found found = store_mailbox(view, mailbox_id, out, err);

    errand->gone = found == ABSENT;
    return found == FOUND || (found == ABSENT && err_set(err, ERR_ABSENT, "This mailbox is gone"));
}

static bool changes(struct errand *errand, struct err *err)
{
    struct look *look = look_of(errand);
    scoped(store_view) view = store_look(look->imap->parts.store, err);
    scoped_value(mailbox) mailbox = {0};

    if (!view || !find_selected(view, look->mailbox_id, &mailbox, &look->opened.changes.base, err))
        return false;
    look->opened.changes.modseq = mailbox.modseq;
    return find_changes(look, view, look->mailbox_id, err);
}

/* ---- SELECT ---- */

struct contents {
    struct imap_opened *opened;
    struct bytes keywords; /* " $Forwarded Work " */
};

static void note_keywords(struct bytes *known, struct slice words)
{
    while (words.at && words.len > 0) {
        scoped_text char *padded = must_print(" %.*s ", SLICE_ARGS(slice_cut(&words, ' ')));
        if (known->len == 0)
            bytes_add_char(known, ' ');
        if (slice_find_text_nocase(bytes_slice(known), padded) == SIZE_MAX)
            bytes_add_text(known, padded + 1);
    }
}

static bool keep_uid(void *ctx, const struct entry_mark *mark)
{
    struct contents *contents = ctx;
    struct imap_opened *opened = contents->opened;

    if (opened->count >= OPENED_MOST)
        return false;
    must_make_room(opened->uids, opened->count, opened->capacity);
    opened->uids[opened->count++] = mark->uid;
    if (!opened->first_unseen && !(mark->flags & FLAG_SEEN))
        opened->first_unseen = mark->uid;
    if (mark->keywords)
        note_keywords(&contents->keywords, slice_of(mark->keywords));
    return true;
}

static bool read_contents(struct imap_opened *opened, struct store_view *view, struct err *err)
{
    struct contents contents = {.opened = opened};
    bool good =
        store_entry_marks(view, opened->mailbox.id, 1, UINT32_MAX, 0, keep_uid, &contents, err);
    struct slice keywords = slice_trim(bytes_slice(&contents.keywords));

    if (keywords.len > 0)
        opened->keywords = must_copy(keywords);
    bytes_clear(&contents.keywords);
    return good;
}

static bool open_mailbox(struct errand *errand, struct err *err)
{
    struct look *look = look_of(errand);
    struct imap_opened *opened = &look->opened;
    scoped(store_view) view = store_look(look->imap->parts.store, err);
    scoped_value(mailbox) mailbox = {0};

    if (!view)
        return false;
    switch (store_mailbox_named(view, look->account_id, slice_of(look->name), &mailbox, err)) {
    case FOUND: break;
    case FAILED: return false;
    case ABSENT:
        opened->changes.base.refused = true;
        strcpy(opened->changes.base.code, "NONEXISTENT");
        strcpy(opened->changes.base.words, "There is no such mailbox");
        return true;
    }
    opened->changes.modseq = mailbox.modseq;
    if (!fill_mailbox(view, &mailbox, false, &opened->mailbox, err) ||
        !read_contents(opened, view, err))
        return false;
    if (look->since == 0)
        return true;
    if (!find_changes(look, view, mailbox.id, err))
        return false;
    keep_known(look, &opened->changes.vanished);
    return true;
}

static void look_free(struct errand *errand)
{
    struct look *look = look_of(errand);

    imap_opened_clear(&look->opened);
    number_set_clear(&look->known_uids);
    free(look->name);
    free(look);
}

static struct look *look_new(struct imap *imap, int64_t since,
                             bool (*work)(struct errand *, struct err *))
{
    struct look *look = must_new(struct look);

    look->opened.changes.base.errand =
        (struct errand){.lane = LANE_QUICK, .work = work, .free = look_free};
    look->imap = imap;
    look->since = since;
    return look;
}

struct errand *duty_open(void *ctx, int64_t account_id, struct slice name, int64_t known_modseq,
                         const struct number_set *known_uids)
{
    struct look *look = look_new(ctx, known_modseq, open_mailbox);

    look->account_id = account_id;
    look->name = must_copy(name);
    look->known_given = known_uids != NULL;
    if (known_uids)
        number_set_copy(known_uids, &look->known_uids);
    return &look->opened.changes.base.errand;
}

struct errand *duty_changes(void *ctx, int64_t mailbox_id, int64_t since_modseq)
{
    struct look *look = look_new(ctx, since_modseq, changes);

    look->mailbox_id = mailbox_id;
    return &look->opened.changes.base.errand;
}
