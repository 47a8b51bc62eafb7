/* The mails that one note becomes: one for each reader here, sealed before the transaction. */
#include "activity_work.h"

#include "memory.h"
#include "store_mailbox.h"

void letters_clear(struct letters *letters)
{
    for (size_t i = 0; i < letters->count; i++) {
        letter_clear(&letters->at[i].letter);
        free(letters->at[i].mailbox);
    }
    free(letters->at);
    *letters = (struct letters){0};
}

/* Said by a quota.  What somebody is not addressed in can be read where it was said. */
static bool has_room(const struct letters_orders *orders, const struct account *account,
                     const struct reader *reader, struct letters *letters, bool *out,
                     struct err *err)
{
    int64_t used;

    if (!store_account_bytes(orders->view, account->id, &used, err))
        return false;
    *out = used < orders->bridge->config->quota;
    letters->full |= !*out && reader->addressed;
    return true;
}

/* Where it belongs: an edited one where the old one lies, with its flags. */
static void place_letter(const struct account *account, const struct held_copy *held,
                         const struct reader *reader, struct planned_letter *out)
{
    if (held) {
        out->mailbox = must_dup(held->mailbox);
        out->letter.flags = held->flags;
        out->replaces = true;
        return;
    }
    out->mailbox = must_dup(reader->addressed ? MAILBOX_INBOX : mailbox_for(account, MAILBOX_HOME));
}

static bool make_one(const struct letters_orders *orders, const struct account *account,
                     const struct reader *reader, const struct held_copy *held, struct letters *out,
                     struct err *err)
{
    scoped_text char *thread = NULL;

    if (orders->parent &&
        !thread_subject(orders->bridge, orders->view, orders->parent, account, &thread, err))
        return false;
    const struct shown_to shown_to = {account, reader->addressed, thread};
    must_make_room(out->at, out->count, out->capacity);
    struct planned_letter *planned = &out->at[out->count++];
    *planned = (struct planned_letter){0};
    place_letter(account, held, reader, planned);
    return render_letter(orders->bridge, orders->showing, &shown_to, planned->mailbox,
                         orders->received_ms, &planned->letter, err);
}

bool letters_make(const struct letters_orders *orders, const struct readers *readers,
                  struct letters *out, struct err *err)
{
    for (size_t i = 0; i < readers->count; i++) {
        const struct reader *reader = &readers->at[i];
        const struct held_copy *held = held_copy_of(orders->held, reader->account_id);
        scoped_value(account) account = {0};
        bool fits;

        if (held && (held->trashed || !orders->edit))
            continue;
        enum found found = store_account(orders->view, reader->account_id, &account, err);
        if (found == FAILED)
            return false;
        if (found == ABSENT || account.state != ACCOUNT_ACTIVE)
            continue;
        if (!has_room(orders, &account, reader, out, &fits, err))
            return false;
        if (fits && !make_one(orders, &account, reader, held, out, err))
            return false;
    }
    return true;
}

static bool file_one(struct store_tx *tx, struct planned_letter *planned, int64_t message_id,
                     struct err *err)
{
    scoped_value(account) account = {0};
    int64_t account_id = planned->letter.account_id;

    switch (store_account(store_tx_view(tx), account_id, &account, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    if (account.state != ACCOUNT_ACTIVE)
        return true;
    if (planned->replaces && !store_move_copies(tx, message_id, account_id, MAILBOX_TRASH, err))
        return false;
    return letter_file(tx, &planned->letter, message_id, err);
}

/* An edited note waits once, as it is now. */
static bool hold_one(struct store_tx *tx, struct planned_letter *planned, int64_t message_id,
                     struct err *err)
{
    return letter_hold(tx, &planned->letter, message_id, planned->contact_id, err) &&
           store_drop_held_before(tx, message_id, planned->letter.account_id, err);
}

static bool settle_one(struct store_tx *tx, struct planned_letter *planned, int64_t message_id,
                       struct err *err)
{
    switch (planned->fate) {
    case LETTER_ARRIVES: return file_one(tx, planned, message_id, err);
    case LETTER_WAITS: return hold_one(tx, planned, message_id, err);
    case LETTER_DROPPED: break;
    }
    return true;
}

bool letters_file(struct store_tx *tx, struct letters *letters, int64_t message_id, struct err *err)
{
    for (size_t i = 0; i < letters->count; i++)
        if (!settle_one(tx, &letters->at[i], message_id, err))
            return false;
    return true;
}
