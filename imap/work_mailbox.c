/* Mailboxes as wholes: listed, counted, changed. */
#include "imap_work.h"

bool fill_mailbox(struct store_view *view, const struct mailbox *mailbox, bool count,
                  struct imap_mailbox *out, struct err *err)
{
    struct mailbox_counts counts = {0};

    if (count && !store_mailbox_counts(view, mailbox->id, &counts, err))
        return false;
    *out = (struct imap_mailbox){
        .id = mailbox->id,
        .name = must_dup(mailbox->name),
        .special = (enum imap_special)mailbox->special,
        .subscribed = mailbox->subscribed,
        .uid_validity = mailbox->uid_validity,
        .uid_next = mailbox->uid_next,
        .modseq = mailbox->modseq,
        .exists = (uint32_t)counts.exists,
        .unseen = (uint32_t)counts.unseen,
        .deleted = (uint32_t)counts.deleted,
        .octets = counts.octets,
        .deleted_octets = counts.deleted_octets,
    };
    return true;
}

/* ---- LIST, STATUS ---- */

struct list {
    struct imap_listing base;
    struct imap *imap;
    int64_t account_id;
    bool count;
    char *name;              /* STATUS: this one; else NULL */
    struct store_view *view; /* while it is walked */
    struct err *err;
    bool good;
};

static struct list *list_of(struct errand *errand)
{
    return container_of(errand, struct list, base.base.errand);
}

static bool add_one(void *ctx, const struct mailbox *mailbox)
{
    struct list *list = ctx;
    struct imap_mailbox one;

    list->good = fill_mailbox(list->view, mailbox, list->count, &one, list->err);
    if (!list->good)
        return false;
    must_make_room(list->base.at, list->base.count, list->base.capacity);
    list->base.at[list->base.count++] = one;
    return true;
}

static bool add_left_name(void *ctx, const struct left_name *left)
{
    struct list *list = ctx;

    must_make_room(list->base.at, list->base.count, list->base.capacity);
    list->base.at[list->base.count++] =
        (struct imap_mailbox){.name = must_dup(left->name), .subscribed = true, .gone = true};
    return true;
}

static bool refuse_absent(struct imap_errand *errand)
{
    errand->refused = true;
    strcpy(errand->code, "NONEXISTENT");
    strcpy(errand->words, "There is no such mailbox");
    return true;
}

static bool list(struct errand *errand, struct err *err)
{
    struct list *list = list_of(errand);
    scoped(store_view) view = store_look(list->imap->parts.store, err);
    scoped_value(mailbox) mailbox = {0};

    if (!view)
        return false;
    list->view = view;
    list->err = err;
    list->good = true;
    if (!list->name)
        return store_mailboxes(view, list->account_id, add_one, list, err) && list->good &&
               store_left_names(view, list->account_id, add_left_name, list, err);
    switch (store_mailbox_named(view, list->account_id, slice_of(list->name), &mailbox, err)) {
    case FOUND: return add_one(list, &mailbox);
    case ABSENT: return refuse_absent(&list->base.base);
    case FAILED: return false;
    }
    __builtin_unreachable();
}

static void list_free(struct errand *errand)
{
    struct list *list = list_of(errand);

    for (size_t i = 0; i < list->base.count; i++)
        imap_mailbox_clear(&list->base.at[i]);
    free(list->base.at);
    free(list->name);
    free(list);
}

static struct list *list_new(struct imap *imap, int64_t account_id, bool count)
{
    struct list *it = must_new(struct list);

    it->base.base.errand = (struct errand){.lane = LANE_QUICK, .work = list, .free = list_free};
    it->imap = imap;
    it->account_id = account_id;
    it->count = count;
    return it;
}

struct errand *duty_list(void *ctx, int64_t account_id, bool count)
{
    return &list_new(ctx, account_id, count)->base.base.errand;
}

struct errand *duty_status(void *ctx, int64_t account_id, struct slice name)
{
    struct list *it = list_new(ctx, account_id, true);

    it->name = must_copy(name);
    return &it->base.base.errand;
}

/* ---- CREATE and its kin ---- */

struct change {
    struct imap_errand base;
    int64_t account_id;
    enum mailbox_change what;
    enum imap_special special;
    char *name, *new_name;
};

static bool write_change(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct change *it = container_of(errand, struct change, base.errand);
    bool *more = &it->base.more;
    struct slice name = slice_of(it->name);

    switch (it->what) {
    case MAILBOX_CREATE:
        return bridge_mailbox_create(tx, it->account_id, name, (int)it->special, err);
    case MAILBOX_DELETE:
        return bridge_mailbox_delete(tx, it->account_id, name, &it->base.deleted, more, err);
    case MAILBOX_RENAME:
        it->base.reached = 1;
        return bridge_mailbox_rename(tx, it->account_id, name, slice_of(it->new_name),
                                     it->base.after != 0, more, err);
    case MAILBOX_SUBSCRIBE: return bridge_mailbox_subscribe(tx, it->account_id, name, true, err);
    case MAILBOX_UNSUBSCRIBE: return bridge_mailbox_subscribe(tx, it->account_id, name, false, err);
    }
    __builtin_unreachable();
}

static void change_free(struct errand *errand)
{
    struct change *it = container_of(errand, struct change, base.errand);

    free(it->name);
    free(it->new_name);
    free(it);
}

struct errand *duty_change_mailbox(void *ctx, int64_t account_id, enum mailbox_change what,
                                   struct slice name, struct slice new_name,
                                   enum imap_special special)
{
    struct change *it = must_new(struct change);

    (void)ctx;
    it->base.errand =
        (struct errand){.lane = LANE_QUICK, .write = write_change, .free = change_free};
    it->account_id = account_id;
    it->what = what;
    it->special = special;
    it->name = must_copy(name);
    it->new_name = must_copy(new_name);
    return &it->base.errand;
}

/* ---- quota ---- */

struct quota {
    struct imap_quota base;
    struct imap *imap;
    int64_t account_id;
};

static bool find_quota(struct errand *errand, struct err *err)
{
    struct quota *it = container_of(errand, struct quota, base.base.errand);
    scoped(store_view) view = store_look(it->imap->parts.store, err);

    it->base.limit = it->imap->parts.config->quota;
    return view && store_account_bytes(view, it->account_id, &it->base.used, err);
}

static void quota_free(struct errand *errand)
{
    free(container_of(errand, struct quota, base.base.errand));
}

struct errand *duty_quota(void *ctx, int64_t account_id)
{
    struct quota *it = must_new(struct quota);

    it->base.base.errand =
        (struct errand){.lane = LANE_QUICK, .work = find_quota, .free = quota_free};
    it->imap = ctx;
    it->account_id = account_id;
    return &it->base.base.errand;
}
