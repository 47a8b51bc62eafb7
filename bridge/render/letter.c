#include "bridge_private.h"

#include "memory.h"

struct new_copy letter_copy(const struct letter *letter, int64_t message_id)
{
    return (struct new_copy){
        .account_id = letter->account_id,
        .message_id = message_id,
        .mailbox = letter->mailbox,
        .flags = letter->flags,
        .keywords = letter->keywords,
        .from = letter->from,
        .subject = letter->subject,
        .header_message_id = letter->message_id,
        .envelope = letter->structure.envelope.at,
        .structure = letter->structure.structure.at,
        .parts = letter->structure.parts.at,
        .received_ms = letter->received_ms,
    };
}

bool letter_file(struct store_tx *tx, struct letter *letter, int64_t message_id, struct err *err)
{
    const struct new_copy copy = letter_copy(letter, message_id);
    int64_t entry_id;

    return store_add_copy(tx, &copy, letter->sealed, letter->body, &entry_id, err);
}

bool letter_hold(struct store_tx *tx, struct letter *letter, int64_t message_id, int64_t contact_id,
                 struct err *err)
{
    const struct new_copy copy = letter_copy(letter, message_id);

    return store_hold_copy(tx, contact_id, &copy, letter->sealed, letter->body, err);
}

void letter_clear(struct letter *letter)
{
    free(letter->from);
    free(letter->subject);
    free(letter->message_id);
    free(letter->keywords);
    mail_structure_clear(&letter->structure);
    store_body_drop(letter->body);
    pgp_sealed_free(letter->sealed);
    *letter = (struct letter){0};
}
