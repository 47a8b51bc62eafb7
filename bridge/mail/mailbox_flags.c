/* Entries of a mailbox: flags, expunging, copies. */
#include "bridge_mailbox.h"
#include "bridge_private.h"
#include "contact_work.h"
#include "memory.h"

enum { KEYWORDS_MOST = 24, RANGES_AT_ONCE = 500, ROWS_AT_ONCE = 5000 };

void mailbox_outcome_clear(struct mailbox_outcome *outcome)
{
    for (size_t i = 0; i < outcome->mark_count; i++)
        entry_mark_clear(&outcome->marks[i]);
    free(outcome->marks);
    free(outcome->uids);
    free(outcome->new_uids);
    *outcome = (struct mailbox_outcome){0};
}

static void add_uid(uint32_t **uids, size_t *count, size_t *capacity, uint32_t uid)
{
    *uids = must_room(*uids, *count, capacity, sizeof **uids);
    (*uids)[(*count)++] = uid;
}

/* ---- what is there ---- */

struct marks { /* of one slice */
    struct entry_mark *at;
    size_t count, capacity;
    unsigned having; /* flags without which an entry is passed by */
    size_t looked;
    uint32_t last; /* looked at */
};
static void marks_clear(struct marks *marks)
{
    for (size_t i = 0; i < marks->count; i++)
        entry_mark_clear(&marks->at[i]);
    free(marks->at);
    *marks = (struct marks){0};
}
SCOPED_VALUE(marks, marks_clear)

static bool is_full(const struct marks *marks)
{
    return marks->count == MAILBOX_SLICE || marks->looked == ROWS_AT_ONCE;
}

static bool keep_mark(void *ctx, const struct entry_mark *mark)
{
    struct marks *marks = ctx;

    marks->looked++;
    marks->last = mark->uid;
    if ((mark->flags & marks->having) == marks->having) {
        must_make_room(marks->at, marks->count, marks->capacity);
        marks->at[marks->count] = *mark;
        marks->at[marks->count++].keywords = must_dup(mark->keywords);
    }
    return !is_full(marks);
}

/* The entries of one slice.  Ranges in which nothing lies cost a look each, so they are counted too. */
static bool collect(struct store_tx *tx, int64_t mailbox_id, struct uid_ranges uids,
                    struct marks *marks, struct mailbox_outcome *out, struct err *err)
{
    size_t i = 0;

    while (i < uids.count && uids.at[i].last <= uids.after)
        i++;
    for (size_t ranges = 0; i < uids.count; i++) {
        uint32_t first = uids.at[i].first > uids.after ? uids.at[i].first : uids.after + 1;
        out->more = is_full(marks) || ranges++ == RANGES_AT_ONCE;
        if (out->more)
            break;
        if (!store_entry_marks(store_tx_view(tx), mailbox_id, first, uids.at[i].last, 0, keep_mark,
                               marks, err))
            return false;
        out->reached = is_full(marks) ? marks->last : uids.at[i].last;
        out->more = out->reached < uids.at[i].last;
        if (out->more)
            break;
    }
    return true;
}

static bool begin(struct store_tx *tx, int64_t mailbox_id, struct mailbox_outcome *out,
                  struct err *err)
{
    scoped_value(mailbox) mailbox = {0};
    enum found found = store_mailbox(store_tx_view(tx), mailbox_id, &mailbox, err);

    mailbox_outcome_clear(out);
    out->gone = found == ABSENT;
    if (found == ABSENT)
        return err_set(err, ERR_ABSENT, "This mailbox is gone");
    out->modseq_before = out->modseq = mailbox.modseq;
    out->uid_next = mailbox.uid_next;
    return found == FOUND;
}

/* Takes the MODSEQ of this command, when the first entry changes. */
static bool advance(struct store_tx *tx, int64_t mailbox_id, struct mailbox_outcome *out,
                    struct err *err)
{
    return out->modseq != out->modseq_before ||
           store_next_modseq(tx, mailbox_id, &out->modseq, err);
}

/* ---- keywords ---- */

static bool has_word(struct slice words, struct slice word)
{
    while (words.at && words.len > 0)
        if (slice_eq_nocase(slice_cut(&words, ' '), word))
            return true;
    return false;
}

/* Those of `words` that are (or are not) in `others`, behind what `out` holds, none twice. */
static void add_words(struct bytes *out, struct slice words, struct slice others, bool in_others)
{
    while (words.at && words.len > 0) {
        struct slice word = slice_cut(&words, ' ');
        if (word.len == 0 || has_word(others, word) != in_others ||
            has_word(bytes_slice(out), word))
            continue;
        if (out->len > 0)
            bytes_add_char(out, ' ');
        bytes_add(out, word);
    }
}

static char *keywords_after(const char *old, const struct mail_flags *flags)
{
    scoped_value(bytes) words = {0};
    struct slice ordered = slice_of(flags->keywords);

    switch (flags->how) {
    case MAIL_FLAGS_SET: add_words(&words, ordered, SLICE(""), false); break;
    case MAIL_FLAGS_ADD:
        add_words(&words, slice_of(old), SLICE(""), false);
        add_words(&words, ordered, SLICE(""), false);
        break;
    case MAIL_FLAGS_REMOVE: add_words(&words, slice_of(old), ordered, false); break;
    }
    return words.len > 0 ? bytes_take(&words) : NULL;
}

static unsigned flags_after(unsigned old, const struct mail_flags *flags)
{
    switch (flags->how) {
    case MAIL_FLAGS_SET: return flags->flags;
    case MAIL_FLAGS_ADD: return old | flags->flags;
    case MAIL_FLAGS_REMOVE: return old & ~flags->flags;
    }
    __builtin_unreachable();
}

static size_t count_words(struct slice words)
{
    size_t count = 0;

    while (words.at && words.len > 0)
        count += slice_cut(&words, ' ').len > 0;
    return count;
}

/* ---- STORE ---- */

static bool change_one(struct store_tx *tx, int64_t mailbox_id, const struct entry_mark *mark,
                       const struct mail_flags *flags, struct mailbox_outcome *out, struct err *err)
{
    unsigned new_flags = flags_after(mark->flags, flags);
    scoped_text char *words = keywords_after(mark->keywords, flags);

    if (new_flags == mark->flags && slice_eq(slice_of(words), slice_of(mark->keywords)))
        return true;
    if (count_words(slice_of(words)) > KEYWORDS_MOST)
        return err_set(err, ERR_REFUSED, "A message can have %d keywords", KEYWORDS_MOST);
    if (!advance(tx, mailbox_id, out, err) ||
        !store_set_flags(tx, mailbox_id, mark->uid, new_flags, words, out->modseq, err))
        return false;
    must_make_room(out->marks, out->mark_count, out->mark_capacity);
    out->marks[out->mark_count++] =
        (struct entry_mark){mark->uid, new_flags, steal(&words), out->modseq};
    return true;
}

bool bridge_mailbox_flags(struct store_tx *tx, int64_t mailbox_id, struct uid_ranges uids,
                          const struct mail_flags *flags, struct mailbox_outcome *out,
                          struct err *err)
{
    scoped_value(marks) marks = {0};

    if (!begin(tx, mailbox_id, out, err) || !collect(tx, mailbox_id, uids, &marks, out, err))
        return false;
    for (size_t i = 0; i < marks.count; i++) {
        const struct entry_mark *mark = &marks.at[i];
        if (flags->unchanged_since >= 0 && mark->modseq > flags->unchanged_since)
            add_uid(&out->uids, &out->uid_count, &out->uid_capacity, mark->uid);
        else if (!change_one(tx, mailbox_id, mark, flags, out, err))
            return false;
    }
    return true;
}

/* ---- EXPUNGE ---- */

static bool expunge_one(struct store_tx *tx, int64_t mailbox_id, uint32_t uid,
                        struct mailbox_outcome *out, struct err *err)
{
    return advance(tx, mailbox_id, out, err) &&
           store_expunge(tx, mailbox_id, uid, out->modseq, err);
}

static bool take_out(struct store_tx *tx, int64_t mailbox_id, struct uid_ranges uids,
                     unsigned having, struct mailbox_outcome *out, struct err *err)
{
    scoped_value(marks) marks = {.having = having};

    if (!begin(tx, mailbox_id, out, err) || !collect(tx, mailbox_id, uids, &marks, out, err))
        return false;
    for (size_t i = 0; i < marks.count; i++) {
        if (!expunge_one(tx, mailbox_id, marks.at[i].uid, out, err))
            return false;
        add_uid(&out->uids, &out->uid_count, &out->uid_capacity, marks.at[i].uid);
    }
    return true;
}

bool bridge_mailbox_expunge(struct store_tx *tx, int64_t mailbox_id, struct uid_ranges uids,
                            struct mailbox_outcome *out, struct err *err)
{
    return take_out(tx, mailbox_id, uids, FLAG_DELETED, out, err);
}

bool bridge_mailbox_take_out(struct store_tx *tx, int64_t mailbox_id, struct uid_ranges uids,
                             struct mailbox_outcome *out, struct err *err)
{
    return take_out(tx, mailbox_id, uids, 0, out, err);
}

/* ---- COPY and MOVE ---- */

static bool find_target(struct store_tx *tx, const struct mail_copy *copy, struct mailbox *out,
                        struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    enum found found = copy->to_id
                           ? store_mailbox(view, copy->to_id, out, err)
                           : store_mailbox_named(view, copy->account_id, copy->to, out, err);

    return found == FOUND ||
           (found == ABSENT && err_set(err, ERR_ABSENT, "There is no such mailbox; create it"));
}

enum { USE_TRASH = 3 }; /* of mailbox.special */

/* In Trash there is room once more: a program that deletes by copying to there can do so when all is full. */
static bool check_room(struct store_tx *tx, const struct mail_copy *copy,
                       const struct mailbox *target, struct err *err)
{
    int64_t used = 0;

    if (copy->move || !copy->bridge)
        return true;
    int64_t quota = copy->bridge->config->quota;
    return store_account_bytes(store_tx_view(tx), copy->account_id, &used, err) &&
           (used <= (target->special == USE_TRASH ? 2 * quota : quota) ||
            err_set(err, ERR_FULL, "The mailbox is full; delete something first"));
}

bool bridge_mailbox_copy(struct store_tx *tx, const struct mail_copy *copy, struct uid_ranges uids,
                         struct mailbox_outcome *out, struct err *err)
{
    scoped_value(marks) marks = {0};
    scoped_value(mailbox) target = {0};

    if (!begin(tx, copy->mailbox_id, out, err) || !find_target(tx, copy, &target, err) ||
        !collect(tx, copy->mailbox_id, uids, &marks, out, err))
        return false;
    out->uid_validity = target.uid_validity;
    out->target_id = target.id;
    for (size_t i = 0; i < marks.count; i++) {
        uint32_t uid = marks.at[i].uid;
        uint32_t new_uid;
        if (!store_copy_entry(tx, copy->mailbox_id, uid, target.id, &new_uid, err))
            return false;
        if (new_uid == 0)
            continue;
        if (copy->move && !expunge_one(tx, copy->mailbox_id, uid, out, err))
            return false;
        if (copy->bridge && !contact_moved(copy->bridge, tx, &target, new_uid, err))
            return false;
        add_uid(&out->uids, &out->uid_count, &out->uid_capacity, uid);
        add_uid(&out->new_uids, &out->new_count, &out->new_capacity, new_uid);
    }
    return check_room(tx, copy, &target, err);
}
