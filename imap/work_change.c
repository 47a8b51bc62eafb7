/* What lies in a mailbox, changed: flags, expunging, copies.  The bridge does it, on the writer. */
#include "imap_work.h"

/* ---- STORE and EXPUNGE ---- */

struct change {
    struct imap_changes base;
    int64_t mailbox_id;
    struct number_set uids;
    bool expunge;
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
    struct number_set *numbers = it->expunge ? &it->base.vanished : &it->base.modified;

    imap_changes_clear(&it->base); /* this may run twice */
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

static bool write_change(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct change *it = change_of(errand);
    struct mailbox_outcome outcome = {0};
    struct uid_ranges uids = ranges_of(&it->uids);
    bool good = it->expunge
                    ? bridge_mailbox_expunge(tx, it->mailbox_id, uids, &outcome, err)
                    : bridge_mailbox_flags(tx, it->mailbox_id, uids, &it->flags, &outcome, err);

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
    it->expunge = true;
    return &it->base.base.errand;
}

/* ---- COPY and MOVE ---- */

struct copy {
    struct imap_copied base;
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
    struct mailbox_outcome outcome = {0};
    bool good = bridge_mailbox_copy(tx, it->account_id, it->mailbox_id, ranges_of(&it->uids),
                                    slice_of(it->to), it->move, &outcome, err);

    if (good) {
        free(it->base.from);
        free(it->base.to);
        it->base.uid_validity = outcome.uid_validity;
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

    (void)ctx;
    it->base.base.errand =
        (struct errand){.lane = LANE_QUICK, .write = write_copy, .free = copy_free};
    it->account_id = account_id;
    it->mailbox_id = mailbox_id;
    number_set_copy(uids, &it->uids);
    it->to = must_copy(to);
    it->move = move;
    return &it->base.base.errand;
}
