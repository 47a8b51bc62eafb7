/* What all messages share: their names, their threads, and the key their text lies under. */
#include "bridge_private.h"

#include "id.h"
#include "memory.h"

enum { MESSAGE_ID_LEN = 20, REFERENCES_MAX = 20 };

static void wrap_text(struct bridge *bridge, struct bytes *text)
{
    struct bytes wrapped = {0};

    if (text->len == 0)
        return;
    vault_wrap(bridge->vault, PURPOSE_POST_TEXT, bytes_slice(text), &wrapped);
    bytes_clear(text);
    *text = wrapped;
}

void message_wrap(struct bridge *bridge, struct message *message)
{
    if (message->wrapped)
        return;
    wrap_text(bridge, &message->html);
    wrap_text(bridge, &message->plain);
    wrap_text(bridge, &message->warning);
    wrap_text(bridge, &message->subject);
    message->wrapped = true;
}

static bool unwrap_text(struct bridge *bridge, struct bytes *text, struct err *err)
{
    struct bytes plain = {0};

    if (text->len == 0)
        return true;
    if (!vault_unwrap(bridge->vault, PURPOSE_POST_TEXT, bytes_slice(text), &plain, err)) {
        bytes_clear(&plain);
        return false;
    }
    bytes_clear(text);
    *text = plain;
    return true;
}

bool message_unwrap(struct bridge *bridge, struct message *message, struct err *err)
{
    if (!message->wrapped)
        return true;
    if (!unwrap_text(bridge, &message->html, err) || !unwrap_text(bridge, &message->plain, err) ||
        !unwrap_text(bridge, &message->warning, err) ||
        !unwrap_text(bridge, &message->subject, err))
        return false;
    message->wrapped = false;
    return true;
}

char *message_id_new(const char *domain)
{
    char token[TOKEN_LEN + 1];

    token_new(token);
    return must_print("%s@%s", token, domain);
}

char *message_id_of_object(struct bridge *bridge, const char *object_id, const char *domain)
{
    unsigned char mac[VAULT_MAC_LEN];
    char text[MESSAGE_ID_LEN + 1];

    vault_mac(bridge->vault, PURPOSE_MESSAGE_ID, slice_of(object_id), mac);
    id_text((struct slice){(const char *)mac, sizeof mac}, MESSAGE_ID_LEN, text);
    return must_print("%s@%s", text, domain);
}

char *references_below(const struct message *parent)
{
    struct slice ids[REFERENCES_MAX];
    size_t count = 0;
    struct slice rest = slice_of(parent->references);

    if (!parent->message_id)
        return NULL;
    while (rest.at) {
        struct slice id = slice_trim(slice_cut(&rest, ' '));
        if (slice_empty(id))
            continue;
        if (count == REFERENCES_MAX - 1) { /* the first stays: it names the thread */
            memmove(&ids[1], &ids[2], (count - 2) * sizeof ids[0]);
            count--;
        }
        ids[count++] = id;
    }
    ids[count++] = slice_of(parent->message_id);

    struct bytes text = {0};
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            bytes_add_char(&text, ' ');
        bytes_add(&text, ids[i]);
    }
    return bytes_take(&text);
}

const char *visibility_word(enum visibility visibility)
{
    switch (visibility) {
    case VISIBILITY_PUBLIC: return "public";
    case VISIBILITY_UNLISTED: return "unlisted";
    case VISIBILITY_FOLLOWERS: return "followers";
    case VISIBILITY_DIRECT:
    case VISIBILITY_MAIL: break;
    }
    return "direct";
}
