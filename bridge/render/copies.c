/* Who has a message as a mail already, and where. */
#include "activity_work.h"

#include "memory.h"

enum { COPIES_MAX = 2 * READERS_MAX };

void held_copies_clear(struct held_copies *copies)
{
    for (size_t i = 0; i < copies->count; i++)
        free(copies->at[i].mailbox);
    free(copies->at);
    *copies = (struct held_copies){0};
}

static struct held_copy *find_copy(const struct held_copies *copies, int64_t account_id)
{
    for (size_t i = 0; i < copies->count; i++)
        if (copies->at[i].account_id == account_id)
            return &copies->at[i];
    return NULL;
}

static struct held_copy *new_copy_of(struct held_copies *copies, int64_t account_id)
{
    must_make_room(copies->at, copies->count, copies->capacity);
    struct held_copy *copy = &copies->at[copies->count++];
    *copy = (struct held_copy){.account_id = account_id};
    return copy;
}

static bool add_copy(void *ctx, int64_t account_id, const struct entry *entry)
{
    struct held_copies *copies = ctx;
    struct held_copy *copy = find_copy(copies, account_id);
    bool trashed = strcmp(entry->mailbox, MAILBOX_TRASH) == 0;

    if (copy && (trashed || !copy->trashed))
        return true;
    if (!copy)
        copy = new_copy_of(copies, account_id);
    free(copy->mailbox);
    copy->mailbox = must_dup(entry->mailbox);
    copy->flags = entry->flags;
    copy->trashed = trashed;
    return true;
}

bool held_copies_find(struct store_view *view, int64_t message_id, struct held_copies *out,
                      struct err *err)
{
    return store_entries_of_message(view, message_id, 0, COPIES_MAX, add_copy, out, err);
}

const struct held_copy *held_copy_of(const struct held_copies *copies, int64_t account_id)
{
    return find_copy(copies, account_id);
}

bool copies_to_trash(struct store_tx *tx, int64_t message_id, struct err *err)
{
    scoped_value(held_copies) copies = {0};

    if (!held_copies_find(store_tx_view(tx), message_id, &copies, err))
        return false;
    for (size_t i = 0; i < copies.count; i++)
        if (!store_move_copies(tx, message_id, copies.at[i].account_id, MAILBOX_TRASH, err))
            return false;
    return true;
}
