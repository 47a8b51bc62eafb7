#include "own_letter.h"

#include "compose.h"
#include "id.h"
#include "memory.h"

bool own_letter_write(struct bridge *bridge, const struct account *account, const char *name,
                      const char *subject, struct slice text, struct letter *out, struct err *err)
{
    scoped(compose) c = compose_new();
    scoped_text char *own = account_address(account);
    struct memory_sink sink;

    out->account_id = account->id;
    out->mailbox = MAILBOX_INBOX;
    out->received_ms = clock_now(bridge->clock);
    out->from = must_print("postmaster@%s", account->domain);
    out->message_id = message_id_new(account->domain);
    out->subject = must_dup(subject);
    compose_address(c, "From", name, out->from);
    compose_address(c, "To", NULL, own);
    compose_field(c, "Subject", out->subject);
    compose_date(c, out->received_ms);
    compose_ids(c, "Message-ID", &out->message_id, 1);
    compose_field(c, "Auto-Submitted", "auto-generated");
    compose_text(c, text, NULL);
    memory_sink_init(&sink);
    bool ok = compose_write(c, &sink.sink, err);
    scoped(source) content = source_of_bytes(&sink.bytes);
    return ok && letter_seal(bridge, content, out, err);
}

bool own_letter_file(struct store_tx *tx, struct letter *letter, struct err *err)
{
    struct person robot = {.kind = PERSON_MAIL, .address = letter->from};
    char ref[REF_LEN + 1];
    struct message message = {
        .ref = ref,
        .visibility = VISIBILITY_MAIL,
        .state = MESSAGE_SENT,
        .version = 1,
        .message_id = letter->message_id,
        .published_ms = letter->received_ms,
    };

    ref_new(ref);
    return store_put_person(tx, &robot, &message.author_id, err) &&
           store_add_message(tx, &message, &message.id, err) &&
           letter_file(tx, letter, message.id, err);
}
