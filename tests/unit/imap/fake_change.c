/* What changes: flags, expunges, copies, in slices of two. */
#include "fake_duties.h"
#include "memory.h"

static void slice_by(struct done *done, struct fake *fake, const struct number_set *uids,
                     void (*slice)(struct done *))
{
    done->slice = slice;
    done->fake = fake;
    done->all = !uids;
    for (size_t i = 0; uids && i < uids->count; i++)
        number_set_add(&done->uids, uids->at[i].first, uids->at[i].last);
}

/* The next message of this slice at or behind *i; false: the slice is full, or nothing is left. */
static bool next_wanted(struct done *done, size_t *i, size_t *left)
{
    struct imap_errand *base = &done->any.base;

    for (; *i < done->fake->count; (*i)++) {
        uint32_t uid = done->fake->messages[*i].uid;
        if (uid <= base->after || !(done->all || number_set_has(&done->uids, uid)) ||
            (done->fake->messages[*i].flags & done->having) != done->having)
            continue;
        base->more = *left == 0;
        if (!base->more) {
            --*left;
            base->reached = uid;
        }
        return !base->more;
    }
    base->more = false;
    return false;
}

static void slice_flags(struct done *done)
{
    struct fake *fake = done->fake;
    struct imap_changes *changes = &done->any.opened.changes;
    const struct imap_flags_order *order = &done->order;
    size_t left = FAKE_SLICE;

    imap_changes_clear(changes);
    changes->modseq_before = fake->modseq++;
    for (size_t i = 0; next_wanted(done, &i, &left); i++) {
        struct fake_message *message = &fake->messages[i];
        if (order->unchanged_since >= 0 && message->modseq > order->unchanged_since) {
            number_set_add(&changes->modified, message->uid, message->uid);
            continue;
        }
        message->flags = order->how == FLAGS_SET   ? order->flags
                         : order->how == FLAGS_ADD ? message->flags | order->flags
                                                   : message->flags & ~order->flags;
        message->modseq = fake->modseq;
        fake_add_entry(changes, message);
    }
    changes->modseq = fake->modseq;
}

struct errand *fake_flags(void *ctx, int64_t mailbox_id, const struct number_set *uids,
                          const struct imap_flags_order *order)
{
    const struct fake *fake = ctx;

    (void)mailbox_id;
    if (fake->inbox_gone)
        return fake_gone();
    struct done *done = done_new(fake_opened_clear);
    slice_by(done, ctx, uids, slice_flags);
    done->order = *order;
    return errand_of(done);
}

void fake_remove_at(struct fake *fake, size_t i)
{
    if (fake->gone_count < FAKE_MESSAGES) {
        fake->gone[fake->gone_count] = fake->messages[i].uid;
        fake->gone_modseq[fake->gone_count++] = fake->modseq;
    }
    memmove(&fake->messages[i], &fake->messages[i + 1],
            (fake->count - i - 1) * sizeof fake->messages[0]);
    fake->count--;
}

static void slice_expunge(struct done *done)
{
    struct fake *fake = done->fake;
    struct imap_changes *changes = &done->any.opened.changes;
    size_t left = FAKE_SLICE;

    imap_changes_clear(changes);
    changes->modseq_before = fake->modseq++;
    for (size_t i = 0; next_wanted(done, &i, &left);) {
        number_set_add(&changes->vanished, fake->messages[i].uid, fake->messages[i].uid);
        fake_remove_at(fake, i);
    }
    changes->modseq = fake->modseq;
}

struct errand *fake_expunge(void *ctx, int64_t mailbox_id, const struct number_set *uids)
{
    const struct fake *fake = ctx;

    (void)mailbox_id;
    if (fake->inbox_gone)
        return fake_gone();
    struct done *done = done_new(fake_opened_clear);
    slice_by(done, ctx, uids, slice_expunge);
    done->having = IMAP_DELETED;
    return errand_of(done);
}

void fake_copied_clear(struct done *done)
{
    free(done->any.copied.from);
    free(done->any.copied.to);
    done->any.copied.from = done->any.copied.to = NULL;
}

/* Into INBOX itself: behind all others. */
static uint32_t add_copy(struct fake *fake)
{
    uint32_t uid = fake->messages[fake->count - 1].uid + 10;

    fake->messages[fake->count++] = (struct fake_message){.uid = uid, .modseq = ++fake->modseq};
    return uid;
}

static void slice_copy(struct done *done)
{
    struct fake *fake = done->fake;
    struct imap_copied *copied = &done->any.copied;
    size_t left = FAKE_SLICE;

    if (fake->copies_left == 0) {
        copied->base.errand.ok = false;
        err_set(&copied->base.errand.err, ERR_FULL, "The disk is full");
        return;
    }
    if (fake->copies_left > 0)
        fake->copies_left--;
    fake_copied_clear(done);
    copied->from = must_alloc_array(FAKE_SLICE, sizeof copied->from[0]);
    copied->to = must_alloc_array(FAKE_SLICE, sizeof copied->to[0]);
    copied->count = 0;
    copied->uid_validity = done->here ? 7 : 8;
    copied->target_id = done->here ? 1 : 2;
    copied->modseq_before = fake->modseq++;
    for (size_t i = 0; next_wanted(done, &i, &left);) {
        copied->from[copied->count] = fake->messages[i].uid;
        copied->to[copied->count++] = done->here ? add_copy(fake) : ++fake->copied;
        if (done->move)
            fake_remove_at(fake, i);
        else
            i++;
    }
    copied->modseq = fake->modseq;
}

struct errand *fake_copy(void *ctx, int64_t account_id, int64_t mailbox_id,
                         const struct number_set *uids, struct slice to, bool move)
{
    const struct fake *fake = ctx;
    struct done *done;

    (void)account_id, (void)mailbox_id;
    if (fake->inbox_gone)
        return fake_gone();
    if (!slice_is(to, "Work/Old") && !slice_is(to, "INBOX"))
        return fake_failed(ERR_ABSENT, "There is no such mailbox; create it");
    done = done_new(fake_copied_clear);
    slice_by(done, ctx, uids, slice_copy);
    done->move = move;
    done->here = slice_is(to, "INBOX");
    return errand_of(done);
}

struct errand *fake_take_out(void *ctx, int64_t mailbox_id, const struct number_set *uids)
{
    struct fake *fake = ctx;

    (void)mailbox_id;
    bytes_reset(&fake->taken_out);
    number_set_print(uids, &fake->taken_out);
    return errand_of(done_new(fake_opened_clear));
}
