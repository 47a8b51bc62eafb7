#include "own_letter.h"
#include "own_key.h"

#include "compose.h"
#include "faces.h"
#include "id.h"
#include "memory.h"

#include <stdio.h>

static bool add_key(struct bridge *bridge, struct letter *letter, struct bytes *field,
                    struct err *err)
{
    scoped_value(pgp_pair) pair = {0};

    if (!own_key_get(bridge, letter->from, &pair, err))
        return false;
    pgp_pair_autocrypt(&pair, letter->from, field);
    letter->tells_key = true;
    return true;
}

bool own_letter_write(struct bridge *bridge, const struct account *account,
                      const struct own_letter *own, struct letter *out, struct err *err)
{
    scoped(compose) c = compose_new();
    scoped_text char *owner = account_address(account);
    scoped_value(bytes) field = {0};
    struct memory_sink sink;

    out->account_id = account->id;
    out->mailbox = own->mailbox ? own->mailbox : MAILBOX_INBOX;
    out->must_rest = own->must_rest;
    out->received_ms = clock_now(bridge->clock);
    out->own = true;
    out->from = must_print("%s@%s", own->from ? own->from : "postmaster", account->domain);
    out->message_id = message_id_new(account->domain);
    out->subject = must_dup(own->subject);
    compose_address(c, "From", own->name, out->from);
    compose_address(c, "To", NULL, owner);
    compose_field(c, "Subject", out->subject);
    compose_date(c, out->received_ms);
    compose_ids(c, "Message-ID", &out->message_id, 1);
    compose_field(c, "Auto-Submitted", "auto-generated");
    compose_text(c, own->text, NULL);
    memory_sink_init(&sink);
    bool ok =
        (!own->tells_key || add_key(bridge, out, &field, err)) && compose_write(c, &sink.sink, err);
    scoped(source) content = source_behind(bytes_slice(&field), source_of_bytes(&sink.bytes));
    return ok && letter_seal(bridge, content, out, err);
}

bool own_letter_file(struct store_tx *tx, struct letter *letter, const char *ref, struct err *err)
{
    scoped_text char *from = mail_bare_addresses(slice_of(letter->from));
    scoped_text char *address = must_print("postmaster%s", strrchr(from, '@'));
    struct person robot = {.kind = PERSON_MAIL, .address = address};
    char name[REF_LEN + 1];
    struct message message = {
        .ref = name,
        .visibility = VISIBILITY_MAIL,
        .state = MESSAGE_SENT,
        .version = 1,
        .message_id = letter->message_id,
        .published_ms = letter->received_ms,
    };

    ref_new(name);
    if (ref)
        snprintf(name, sizeof name, "%s", ref);
    return store_put_person(tx, &robot, &message.author_id, err) &&
           store_add_message(tx, &message, &message.id, err) &&
           letter_file(tx, letter, message.id, err);
}
