/* What lies in a mailbox, changed: flags, expunging, copies.  The bridge does it, on the writer. */
#include "imap_work.h"

/* ---- STORE and EXPUNGE ---- */

struct change {
    struct imap_changes base;
    int64_t mailbox_id;
    struct number_set uids;
    enum { CHANGE_FLAGS, CHANGE_EXPUNGE, CHANGE_TAKE_OUT } what;
    struct mail_flags flags;
    char *keywords;
};

static struct change *change_of(struct errand *errand)
{
    return container_of(errand, struct change, base.base.errand);
}

static enum mail_flags_how how_of(enum flags_how how)
{
    switch (how) {
    case FLAGS_SET: return MAIL_FLAGS_SET;
    case FLAGS_ADD: return MAIL_FLAGS_ADD;
    case FLAGS_REMOVE: return MAIL_FLAGS_REMOVE;
    }
    __builtin_unreachable();
}

static void tell_outcome(struct change *it, struct mailbox_outcome *outcome)
{
    struct number_set *numbers = it->what == CHANGE_FLAGS ? &it->base.modified : &it->base.vanished;

    imap_changes_clear(&it->base); /* this may run twice */
    it->base.base.more = outcome->more;
    it->base.base.reached = outcome->reached;
    it->base.modseq = outcome->modseq;
    it->base.modseq_before = outcome->modseq_before;
    for (size_t i = 0; i < outcome->uid_count; i++)
        number_set_add(numbers, outcome->uids[i], outcome->uids[i]);
    for (size_t i = 0; i < outcome->mark_count; i++) {
        struct entry_mark *mark = &outcome->marks[i];
        must_make_room(it->base.at, it->base.count, it->base.capacity);
        it->base.at[it->base.count++] =
            (struct imap_entry){mark->uid, mark->flags, steal(&mark->keywords), mark->modseq};
    }
}

static bool make_change(struct change *it, struct store_tx *tx, struct mailbox_outcome *outcome,
                        struct err *err)
{
    struct uid_ranges uids = ranges_of(&it->uids);

    uids.after = it->base.base.after;
    switch (it->what) {
    case CHANGE_FLAGS:
        return bridge_mailbox_flags(tx, it->mailbox_id, uids, &it->flags, outcome, err);
    case CHANGE_EXPUNGE: return bridge_mailbox_expunge(tx, it->mailbox_id, uids, outcome, err);
    case CHANGE_TAKE_OUT: return bridge_mailbox_take_out(tx, it->mailbox_id, uids, outcome, err);
    }
    __builtin_unreachable();
}

static bool write_change(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct change *it = change_of(errand);
    struct mailbox_outcome outcome = {0};
    bool good = make_change(it, tx, &outcome, err);

    it->base.base.gone = outcome.gone;
    if (good)
        tell_outcome(it, &outcome);
    mailbox_outcome_clear(&outcome);
    return good;
}

static void change_free(struct errand *errand)
{
    struct change *it = change_of(errand);

    imap_changes_clear(&it->base);
    number_set_clear(&it->uids);
    free(it->keywords);
    free(it);
}

static struct change *change_new(int64_t mailbox_id, const struct number_set *uids)
{
    struct change *it = must_new(struct change);

    it->base.base.errand =
        (struct errand){.lane = LANE_QUICK, .write = write_change, .free = change_free};
    it->mailbox_id = mailbox_id;
    if (uids)
        number_set_copy(uids, &it->uids);
    else
        number_set_add(&it->uids, 1, UINT32_MAX);
    return it;
}

struct errand *duty_flags(void *ctx, int64_t mailbox_id, const struct number_set *uids,
                          const struct imap_flags_order *order)
{
    struct change *it = change_new(mailbox_id, uids);

    (void)ctx;
    it->keywords = must_dup(order->keywords);
    it->flags =
        (struct mail_flags){how_of(order->how), order->flags, it->keywords, order->unchanged_since};
    return &it->base.base.errand;
}

struct errand *duty_expunge(void *ctx, int64_t mailbox_id, const struct number_set *uids)
{
    struct change *it = change_new(mailbox_id, uids);

    (void)ctx;
    it->what = CHANGE_EXPUNGE;
    return &it->base.base.errand;
}

struct errand *duty_take_out(void *ctx, int64_t mailbox_id, const struct number_set *uids)
{
    struct change *it = change_new(mailbox_id, uids);

    (void)ctx;
    it->what = CHANGE_TAKE_OUT;
    return &it->base.base.errand;
}

/* ---- COPY and MOVE ---- */

struct copy {
    struct imap_copied base;
    struct imap *imap;
    int64_t account_id, mailbox_id;
    struct number_set uids;
    char *to;
    bool move;
};

static struct copy *copy_of(struct errand *errand)
{
    return container_of(errand, struct copy, base.base.errand);
}

static bool write_copy(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct copy *it = copy_of(errand);
    const struct mail_copy order = {
        it->account_id,   it->mailbox_id,
        slice_of(it->to), it->base.base.after ? it->base.target_id : 0,
        it->move,         it->imap->parts.bridge,
    };
    struct mailbox_outcome outcome = {0};
    struct uid_ranges uids = ranges_of(&it->uids);

    uids.after = it->base.base.after;
    bool good = bridge_mailbox_copy(tx, &order, uids, &outcome, err);

    it->base.base.gone = outcome.gone;
    if (good) {
        if (uids.after ==
            0) /* what this makes is not copied again where it goes into the same mailbox */
            number_set_cut(&it->uids, outcome.uid_next);
        free(it->base.from);
        free(it->base.to);
        it->base.base.more = outcome.more;
        it->base.base.reached = outcome.reached;
        it->base.uid_validity = outcome.uid_validity;
        it->base.target_id = outcome.target_id;
        it->base.from = steal(&outcome.uids);
        it->base.to = steal(&outcome.new_uids);
        it->base.count = outcome.new_count;
        it->base.modseq = outcome.modseq;
        it->base.modseq_before = outcome.modseq_before;
    }
    mailbox_outcome_clear(&outcome);
    return good;
}

static void copy_free(struct errand *errand)
{
    struct copy *it = copy_of(errand);

    free(it->base.from);
    free(it->base.to);
    number_set_clear(&it->uids);
    free(it->to);
    free(it);
}

struct errand *duty_copy(void *ctx, int64_t account_id, int64_t mailbox_id,
                         const struct number_set *uids, struct slice to, bool move)
{
    struct copy *it = must_new(struct copy);

    it->imap = ctx;
    it->base.base.errand =
        (struct errand){.lane = LANE_QUICK, .write = write_copy, .free = copy_free};
    it->account_id = account_id;
    it->mailbox_id = mailbox_id;
    number_set_copy(uids, &it->uids);
    it->to = must_copy(to);
    it->move = move;
    return &it->base.base.errand;
}
