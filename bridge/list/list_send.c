/* A post on its way to its readers by mail: who gets one, and from which sender. */
#include "list_work.h"

#include "memory.h"

void list_readers_clear(struct list_readers *readers)
{
    for (size_t i = 0; i < readers->count; i++) {
        free(readers->at[i].address);
        free(readers->at[i].mail_from);
    }
    free(readers->at);
    *readers = (struct list_readers){0};
}

void list_readers_add(struct list_readers *readers, const struct person *follower)
{
    must_make_room(readers->at, readers->count, readers->capacity);
    readers->at[readers->count++] =
        (struct list_reader){.person_id = follower->id, .address = must_dup(follower->address)};
}

bool list_message_fits(struct store_view *view, const struct message *message, bool *out,
                       struct err *err)
{
    scoped_value(message) parent = {0};
    enum found found = ABSENT;

    *out = message->visibility == VISIBILITY_PUBLIC || message->visibility == VISIBILITY_UNLISTED ||
           message->visibility == VISIBILITY_FOLLOWERS;
    if (!*out || (!message->parent_id && !message->parent_uri))
        return true;
    if (message->parent_id)
        found = store_message(view, message->parent_id, &parent, err);
    *out = found == FOUND && parent.author_id == message->author_id;
    return found != FAILED;
}

/* alice+bounces-WORD@D: what comes back there tells whose copy it was, and not their address (RFC 5321 4.4 with VERP). */
bool list_readers_prepare(struct bridge *bridge, struct store_view *view,
                          const struct account *author, struct list_readers *readers,
                          struct err *err)
{
    for (size_t i = 0; i < readers->count; i++) {
        struct list_reader *reader = &readers->at[i];
        struct token token;
        char word[LIST_WORD_LEN + 1];
        enum found found =
            store_token_of(view, TOKEN_BOUNCE, author->id, reader->person_id, &token, err);
        if (found == FAILED)
            return false;
        if (found == ABSENT)
            continue; /* left at this moment */
        list_token_word(bridge, &token, word);
        reader->mail_from = must_print("%s+bounces-%s@%s", author->name, word, author->domain);
    }
    return true;
}

/* Now, or with others in the evening. */
static bool want_copy(struct bridge *bridge, struct store_tx *tx, const struct message *message,
                      const struct list_reader *reader, const struct follow *follow,
                      struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);
    struct slice local, domain;
    bool waits;

    if (!reader->address || !address_split(slice_of(reader->address), &local, &domain))
        return true;
    scoped_text char *host = must_copy(domain);
    const struct delivery delivery = {
        .subject = SUBJECT_MESSAGE,
        .subject_id = message->id,
        .account_id = message->account_id,
        .target = TARGET_MAIL,
        .person_id = reader->person_id,
        .host = host,
        .wanted = message->version,
        .due_ms = now_ms,
        .first_ms = now_ms,
        .mail_from = reader->mail_from,
        .rcpt_to = reader->address,
    };
    return list_wait_for_evening(bridge, tx, follow, &delivery, &waits, err) &&
           (waits || store_want_delivery(tx, &delivery, err));
}

bool list_readers_want(struct bridge *bridge, struct store_tx *tx, const struct message *message,
                       const struct account *author, const struct list_readers *readers,
                       struct err *err)
{
    for (size_t i = 0; i < readers->count; i++) {
        const struct list_reader *reader = &readers->at[i];
        scoped_value(follow) follow = {0};
        enum found found =
            store_follow(store_tx_view(tx), reader->person_id, author->person_id, &follow, err);
        bool reads = found == FOUND && follow.state == FOLLOW_ACCEPTED && reader->mail_from;
        if (found == FAILED || (reads && !want_copy(bridge, tx, message, reader, &follow, err)))
            return false;
    }
    return true;
}
