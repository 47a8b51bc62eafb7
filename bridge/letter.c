#include "bridge_private.h"

#include "mail.h"
#include "memory.h"

/* What cannot be taken apart is shown by IMAP as one plain text: no reason not to keep it. */
static bool note_structure(struct source *content, struct mail_structure *out, struct err *err)
{
    scoped(mail) mail = NULL;
    struct err broken;

    if (!mail_parse(content, &mail, &broken)) {
        if (broken.kind == ERR_MALFORMED || broken.kind == ERR_TOO_LARGE)
            return true;
        *err = broken;
        return false;
    }
    return mail_structure_of(mail, out, err);
}

bool letter_seal(struct bridge *bridge, struct source *content, struct letter *letter,
                 struct err *err)
{
    const struct pgp_orders orders = {.form = PGP_CLEAR_BY_CHOICE};

    letter->body = store_body_new(bridge->store, err);
    if (!letter->body)
        return false;
    letter->sealed = pgp_seal(bridge->pgp, &orders, content, store_body_sink(letter->body), err);
    return letter->sealed && store_body_finish(letter->body, err) &&
           note_structure(content, &letter->structure, err);
}

bool letter_file(struct store_tx *tx, struct letter *letter, int64_t message_id, struct err *err)
{
    const struct new_copy copy = {
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
    int64_t entry_id;

    return store_add_copy(tx, &copy, letter->sealed, letter->body, &entry_id, err);
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
