/* Messages that a mail program puts into a mailbox. */
#include "bridge_mailbox.h"
#include "bridge_private.h"
#include "id.h"
#include "mail.h"
#include "memory.h"

static void letter_free(struct letter *letter)
{
    if (letter)
        letter_clear(letter);
    free(letter);
}

void appended_clear(struct appended *appended)
{
    free(appended->keywords);
    letter_free(appended->letter);
    *appended = (struct appended){0};
}

/* What lists show; a message that is no mail has none of it. */
static void note_header(struct source *content, struct letter *letter)
{
    scoped(mail) mail = NULL;
    scoped_value(mail_ids) ids = {0};
    struct err ignored;

    if (!mail_parse(content, &mail, &ignored))
        return;
    letter->from = must_dup(mail_field(mail, "From", 0));
    letter->subject = must_dup(mail_field(mail, "Subject", 0));
    mail_ids(mail, "Message-ID", &ids);
    if (ids.count > 0)
        letter->message_id = must_dup(ids.at[0]);
}

bool bridge_append_prepare(struct bridge *bridge, int64_t account_id, struct appended *appended,
                           struct err *err)
{
    letter_free(appended->letter);
    appended->letter = must_new(struct letter);
    appended->letter->account_id = account_id;
    appended->letter->appended = true;
    appended->letter->flags = appended->flags;
    appended->letter->keywords = must_dup(appended->keywords);
    appended->letter->received_ms =
        appended->date_ms ? appended->date_ms : clock_now(bridge->clock);
    note_header(appended->content, appended->letter);
    return letter_seal(bridge, appended->content, appended->letter, err);
}

/* The message that is shown: the one that was sent, where this is its copy, else a new one that nobody else has. */
static bool message_of(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                       const struct letter *letter, int64_t *out_id, struct err *err)
{
    scoped_value(message) known = {0};
    enum found found = ABSENT;
    char ref[REF_LEN + 1];

    if (letter->message_id)
        found = store_message_by_message_id(store_tx_view(tx), slice_of(letter->message_id), &known,
                                            err);
    if (found == FAILED)
        return false;
    if (found == FOUND && known.visibility == VISIBILITY_MAIL &&
        known.author_id == account->person_id) {
        *out_id = known.id;
        return true;
    }
    ref_new(ref);
    const struct message message = {
        .ref = ref,
        .author_id = account->person_id,
        .account_id = account->id,
        .visibility = VISIBILITY_MAIL,
        .state = MESSAGE_SENT,
        .version = 1,
        .message_id = found == FOUND ? NULL : letter->message_id,
        .published_ms = clock_now(bridge->clock),
    };
    return store_add_message(tx, &message, out_id, err);
}

static bool check_quota(struct bridge *bridge, struct store_tx *tx, int64_t account_id,
                        const struct appended *appended, size_t count, struct err *err)
{
    int64_t used = 0;

    if (!store_account_bytes(store_tx_view(tx), account_id, &used, err))
        return false;
    for (size_t i = 0; i < count; i++)
        used += store_body_size(appended[i].letter->body);
    return used <= bridge->config->quota ||
           err_set(err, ERR_FULL, "The mailbox is full; delete something first");
}

static bool file_one(struct bridge *bridge, struct store_tx *tx, const struct account *account,
                     const struct mailbox *mailbox, struct letter *letter,
                     struct mailbox_outcome *out, struct err *err)
{
    int64_t message_id;
    scoped_value(mailbox) now = {0};

    letter->mailbox = mailbox->name;
    if (!message_of(bridge, tx, account, letter, &message_id, err) ||
        !letter_file(tx, letter, message_id, err) ||
        store_mailbox(store_tx_view(tx), mailbox->id, &now, err) != FOUND)
        return false;
    must_make_room(out->new_uids, out->new_count, out->new_capacity);
    out->new_uids[out->new_count++] = now.uid_next - 1;
    return true;
}

bool bridge_append_record(struct bridge *bridge, struct store_tx *tx, int64_t account_id,
                          struct slice mailbox_name, struct appended *appended, size_t count,
                          struct mailbox_outcome *out, struct err *err)
{
    scoped_value(mailbox) mailbox = {0};
    scoped_value(account) account = {0};
    enum found found =
        store_mailbox_named(store_tx_view(tx), account_id, mailbox_name, &mailbox, err);

    mailbox_outcome_clear(out);
    if (found == ABSENT)
        return err_set(err, ERR_ABSENT, "There is no such mailbox; create it");
    if (found != FOUND || !check_quota(bridge, tx, account_id, appended, count, err) ||
        store_account(store_tx_view(tx), account_id, &account, err) != FOUND)
        return false;
    out->uid_validity = mailbox.uid_validity;
    for (size_t i = 0; i < count; i++)
        if (!file_one(bridge, tx, &account, &mailbox, appended[i].letter, out, err))
            return false;
    return true;
}
