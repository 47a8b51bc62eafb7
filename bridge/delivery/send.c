/* What leaves: deliveries wanted for a message, and taking it back. */
#include "activity_work.h"
#include "contact_work.h"

#include "memory.h"
#include "text.h"

/* Where it goes.  The host read of an inbox: heap, *out_host. */
static void aim_at(struct delivery *delivery, const struct person *person, bool shared_inbox,
                   char **out_host)
{
    char *inbox = shared_inbox && person->shared_inbox ? person->shared_inbox : person->inbox;
    struct url url;

    *out_host = inbox && url_read(slice_of(inbox), &url) ? must_copy(url.host) : NULL;
    delivery->target = *out_host ? TARGET_INBOX : TARGET_PERSON;
    delivery->inbox = *out_host ? inbox : NULL;
    delivery->person_id = person->id;
    delivery->host = *out_host ? *out_host : person->host;
}

bool person_want(struct store_tx *tx, const struct person *person, enum delivery_subject subject,
                 int64_t subject_id, int64_t account_id, int wanted, bool shared_inbox,
                 int64_t now_ms, struct err *err)
{
    struct delivery delivery = {
        .subject = subject,
        .subject_id = subject_id,
        .account_id = account_id,
        .wanted = wanted,
        .due_ms = now_ms,
        .first_ms = now_ms,
    };
    scoped_text char *host = NULL;

    aim_at(&delivery, person, shared_inbox, &host);
    return store_want_delivery(tx, &delivery, err);
}

bool person_may_have(struct store_tx *tx, const struct person *person,
                     const struct message *message, struct err *err)
{
    struct delivery delivery = {
        .subject = SUBJECT_MESSAGE,
        .subject_id = message->id,
        .account_id = message->account_id,
        .wanted = message->version,
    };
    scoped_text char *host = NULL;

    aim_at(&delivery, person, true, &host);
    return store_know_delivery(tx, &delivery, err);
}

bool mail_want(struct store_tx *tx, struct delivery mail, int64_t now_ms, struct err *err)
{
    static char null_sender[] = "";
    struct slice local, domain;

    if (!mail.rcpt_to || !address_split(slice_of(mail.rcpt_to), &local, &domain))
        return true;
    scoped_text char *host = must_copy(domain);
    mail.target = TARGET_MAIL;
    mail.host = host;
    mail.mail_from = null_sender;
    mail.due_ms = mail.first_ms = now_ms;
    return store_want_delivery(tx, &mail, err);
}

struct person_ids {
    int64_t *at;
    size_t count, capacity;
};

static bool collect_person(void *ctx, const struct audience *audience)
{
    struct person_ids *ids = ctx;

    must_make_room(ids->at, ids->count, ids->capacity);
    ids->at[ids->count++] = audience->person_id;
    return true;
}

static bool want_at_person(struct bridge *bridge, struct store_tx *tx,
                           const struct message *message, int64_t person_id, struct err *err)
{
    scoped_value(person) person = {0};

    switch (store_person(store_tx_view(tx), person_id, &person, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    if (person.kind != PERSON_FEDIVERSE || person.gone)
        return true;
    return person_want(tx, &person, SUBJECT_MESSAGE, message->id, message->account_id,
                       message->version, message->visibility != VISIBILITY_DIRECT,
                       clock_now(bridge->clock), err);
}

bool message_want_at_audience(struct bridge *bridge, struct store_tx *tx,
                              const struct message *message, struct err *err)
{
    struct person_ids ids = {0};
    bool ok = store_audience(store_tx_view(tx), message->id, collect_person, &ids, err);

    for (size_t i = 0; ok && i < ids.count; i++)
        ok = want_at_person(bridge, tx, message, ids.at[i], err);
    free(ids.at);
    return ok;
}

bool message_send(struct bridge *bridge, struct store_tx *tx, const struct message *message,
                  struct err *err)
{
    if (!message_want_at_audience(bridge, tx, message, err))
        return false;
    if (message->visibility == VISIBILITY_DIRECT || message->visibility == VISIBILITY_MAIL)
        return true;
    return store_add_broadcast(tx, message->id, message->account_id, err);
}

bool message_take_back(struct bridge *bridge, struct store_tx *tx, const struct message *message,
                       bool *out_done, struct err *err)
{
    *out_done = false;
    if (message_is_gone(message))
        return true;
    bool held = message->state == MESSAGE_HELD;
    if (!store_set_message_state(tx, message->id, held ? MESSAGE_UNDONE : MESSAGE_WITHDRAWN, err))
        return false;
    if (!held &&
        !store_want_withdrawn(tx, SUBJECT_MESSAGE, message->id, clock_now(bridge->clock), err))
        return false;
    if (!copies_to_trash(tx, message->id, err) ||
        (!held && !contact_end_held(tx, message->id, message->author_id, err)))
        return false;
    *out_done = true;
    return true;
}
