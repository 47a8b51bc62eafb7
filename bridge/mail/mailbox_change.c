/* Whole mailboxes: made, renamed, removed. */
#include "bridge_mailbox.h"
#include "bridge_private.h"
#include "memory.h"

enum { MAILBOXES_MOST = 1000, NOTES_MOST = 200 };

static bool find(struct store_tx *tx, int64_t account_id, struct slice name, struct mailbox *out,
                 struct err *err)
{
    enum found found = store_mailbox_named(store_tx_view(tx), account_id, name, out, err);

    return found == FOUND ||
           (found == ABSENT && err_set(err, ERR_ABSENT, "There is no such mailbox"));
}

static bool check_absent(struct store_tx *tx, int64_t account_id, struct slice name,
                         struct err *err)
{
    scoped_value(mailbox) mailbox = {0};
    enum found found = store_mailbox_named(store_tx_view(tx), account_id, name, &mailbox, err);

    if (found == FOUND)
        return err_set(err, ERR_REFUSED, "There is a mailbox of this name already");
    return found == ABSENT;
}

static bool count_one(void *ctx, const struct mailbox *mailbox)
{
    (void)mailbox;
    (*(size_t *)ctx)++;
    return true;
}

bool bridge_mailbox_create(struct store_tx *tx, int64_t account_id, struct slice name, int special,
                           struct err *err)
{
    scoped_text char *text = must_copy(name);
    size_t count = 0;
    int64_t id;

    if (!check_absent(tx, account_id, name, err) ||
        !store_mailboxes(store_tx_view(tx), account_id, count_one, &count, err))
        return false;
    if (count >= MAILBOXES_MOST)
        return err_set(err, ERR_REFUSED, "There are %d mailboxes, the limit here", MAILBOXES_MOST);
    return store_make_mailbox(tx, account_id, text, special, &id, err);
}

static const struct uid_range all_uids = {1, UINT32_MAX};

bool bridge_mailbox_delete(struct store_tx *tx, int64_t account_id, struct slice name,
                           int64_t *out_id, bool *out_more, struct err *err)
{
    scoped_value(mailbox) mailbox = {0};
    struct mailbox_outcome outcome = {0};

    if (slice_is_nocase(name, "INBOX"))
        return err_set(err, ERR_REFUSED, "INBOX stays");
    bool good = find(tx, account_id, name, &mailbox, err) &&
                bridge_mailbox_take_out(tx, mailbox.id, (struct uid_ranges){&all_uids, 1, 0},
                                        &outcome, err);
    *out_id = mailbox.id;
    *out_more = outcome.more;
    mailbox_outcome_clear(&outcome);
    return good && (*out_more || store_delete_mailbox(tx, mailbox.id, err));
}

struct below {           /* mailboxes below the one that is renamed */
    struct slice prefix; /* "Work/" */
    int64_t *ids;
    char **rests;
    size_t count, id_capacity, rest_capacity;
};

static bool collect_below(void *ctx, const struct mailbox *mailbox)
{
    struct below *below = ctx;
    struct slice name = slice_of(mailbox->name);

    if (!slice_starts(name, below->prefix))
        return true;
    must_make_room(below->ids, below->count, below->id_capacity);
    must_make_room(below->rests, below->count, below->rest_capacity);
    below->ids[below->count] = mailbox->id;
    below->rests[below->count++] = must_copy(slice_from(name, below->prefix.len));
    return true;
}

/* As mailbox_name.h of imap has it: beyond that nobody could speak of it. */
static bool check_length(const char *name, struct err *err)
{
    enum { NAME_MOST = 255, LEVELS_MOST = 16 };
    int levels = 1;

    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/'))
        levels++;
    return (strlen(name) <= NAME_MOST && levels <= LEVELS_MOST) ||
           err_set(err, ERR_REFUSED, "The name of a mailbox below it would be too long");
}

/* What lies below goes with it (RFC 9051 6.3.6). */
static bool rename_below(struct store_tx *tx, int64_t account_id, struct slice name,
                         struct slice new_name, struct err *err)
{
    scoped_text char *prefix = must_print("%.*s/", SLICE_ARGS(name));
    struct below below = {.prefix = slice_of(prefix)};
    bool good = store_mailboxes(store_tx_view(tx), account_id, collect_below, &below, err);

    for (size_t i = 0; i < below.count; i++) {
        scoped_text char *to = must_print("%.*s/%s", SLICE_ARGS(new_name), below.rests[i]);
        good = good && check_length(to, err) && check_absent(tx, account_id, slice_of(to), err) &&
               store_rename_mailbox(tx, below.ids[i], to, err);
        free(below.rests[i]);
    }
    free(below.ids);
    free(below.rests);
    return good;
}

/* INBOX stays, and what lies in it goes to the new name (RFC 9051 6.3.6). */
static bool rename_inbox(struct store_tx *tx, int64_t account_id, int64_t inbox_id,
                         struct slice new_name, bool again, bool *out_more, struct err *err)
{
    const struct mail_copy copy = {
        .account_id = account_id, .mailbox_id = inbox_id, .to = new_name, .move = true};
    struct mailbox_outcome outcome = {0};
    bool good = (again || bridge_mailbox_create(tx, account_id, new_name, 0, err)) &&
                bridge_mailbox_copy(tx, &copy, (struct uid_ranges){&all_uids, 1, 0}, &outcome, err);

    *out_more = outcome.more;
    mailbox_outcome_clear(&outcome);
    return good;
}

bool bridge_mailbox_rename(struct store_tx *tx, int64_t account_id, struct slice name,
                           struct slice new_name, bool again, bool *out_more, struct err *err)
{
    scoped_value(mailbox) mailbox = {0};
    scoped_text char *to = must_copy(new_name);

    *out_more = false;
    if (!find(tx, account_id, name, &mailbox, err) ||
        (!again && !check_absent(tx, account_id, new_name, err)))
        return false;
    if (strcmp(mailbox.name, "INBOX") == 0)
        return rename_inbox(tx, account_id, mailbox.id, new_name, again, out_more, err);
    if (slice_starts(new_name, name) && slice_starts(slice_from(new_name, name.len), SLICE("/")))
        return err_set(err, ERR_REFUSED, "A mailbox cannot lie below itself");
    return store_rename_mailbox(tx, mailbox.id, to,
                                err) && /* first: what lies below may get its name */
           rename_below(tx, account_id, name, new_name, err);
}

bool bridge_mailbox_subscribe(struct store_tx *tx, int64_t account_id, struct slice name,
                              bool subscribed, struct err *err)
{
    scoped_value(mailbox) mailbox = {0};
    enum found found = store_mailbox_named(store_tx_view(tx), account_id, name, &mailbox, err);

    if (found == ABSENT && subscribed)
        return err_set(err, ERR_ABSENT, "There is no such mailbox");
    if (found == ABSENT)
        return store_forget_left_name(tx, account_id, name, err);
    return found == FOUND && store_subscribe_mailbox(tx, mailbox.id, subscribed, err);
}

bool bridge_mailbox_annotate(struct store_tx *tx, int64_t account_id, struct slice mailbox,
                             const char *name, const char *value, struct err *err)
{
    scoped_value(mailbox) place = {0};
    int64_t count = 0;

    if ((mailbox.len > 0 && !find(tx, account_id, mailbox, &place, err)) ||
        !store_annotate(tx, account_id, place.id, name, value, err) ||
        !store_annotation_count(store_tx_view(tx), account_id, &count, err))
        return false;
    if (value && count > NOTES_MOST)
        return err_set(err, ERR_REFUSED, "There are %d notes, the limit here", NOTES_MOST);
    return true;
}
