#include "bridge_private.h"

#include "memory.h"

bool letter_seal(struct bridge *bridge, struct source *content, struct letter *letter,
                 struct err *err)
{
    const struct pgp_orders orders = {.form = PGP_CLEAR_BY_CHOICE};

    letter->body = store_body_new(bridge->store, err);
    if (!letter->body)
        return false;
    letter->sealed = pgp_seal(bridge->pgp, &orders, content, store_body_sink(letter->body), err);
    return letter->sealed && store_body_finish(letter->body, err);
}

bool letter_file(struct store_tx *tx, struct letter *letter, int64_t message_id, struct err *err)
{
    const struct new_copy copy = {
        .account_id = letter->account_id,
        .message_id = message_id,
        .mailbox = letter->mailbox,
        .flags = letter->flags,
        .from = letter->from,
        .subject = letter->subject,
        .header_message_id = letter->message_id,
        .received_ms = letter->received_ms,
    };
    int64_t entry_id;

    return store_add_copy(tx, &copy, letter->sealed, letter->body, &entry_id, err);
}

void letter_clear(struct letter *letter)
{
    free(letter->from);
    free(letter->subject);
    free(letter->message_id);
    store_body_drop(letter->body);
    pgp_sealed_free(letter->sealed);
    *letter = (struct letter){0};
}
