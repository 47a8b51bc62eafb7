/* What came of a mail, in words. */
#include "town_private.h"

#include "store_delivery.h"
#include "store_mailbox.h"

static const char *const visibilities[] = {"", "public", "unlisted", "followers", "direct", "mail"};

struct telling {
    struct town *town;
    struct store_view *view;
    struct bytes *out;
    int64_t last;
};

static bool tell_person(void *ctx, const struct audience *audience)
{
    struct telling *telling = ctx;
    scoped_value(person) person = {0};
    struct err err;

    assert_int_equal(store_person(telling->view, audience->person_id, &person, &err), FOUND);
    scoped_text char *handle = person_handle(&person);
    bytes_print(telling->out, "%s %s%s\n", audience->field == AUDIENCE_TO ? "to" : "cc", handle,
                audience->mentioned ? "" : " (not mentioned)");
    return true;
}

static bool tell_picture(void *ctx, const struct attachment *attachment)
{
    struct telling *telling = ctx;

    bytes_print(telling->out, "picture %s %dx%d: %s\n", attachment->type, attachment->width,
                attachment->height, attachment->alt ? attachment->alt : "(no description)");
    return true;
}

static bool tell_tag(void *ctx, const char *tag)
{
    struct telling *telling = ctx;

    bytes_print(telling->out, "#%s\n", tag);
    return true;
}

static void tell_message(struct telling *telling, struct message *message)
{
    struct err err;
    struct bytes *out = telling->out;

    if (message->visibility == VISIBILITY_MAIL) {
        bytes_add_text(out, "mail\n");
        return;
    }
    if (message->account_id)
        assert_int_equal(message->wrapped, !visibility_is_open(message->visibility));
    assert_true(message_unwrap(telling->town->bridge, message, &err));
    bytes_print(out, "%s%s%s\n", visibilities[message->visibility],
                message->state == MESSAGE_HELD ? (message->release_ms ? " held" : " asked") : "",
                message->state == MESSAGE_SENT ? " sent" : "");
    if (message->parent_id)
        bytes_print(out, "answers %s\n", message->parent_uri ? message->parent_uri : "(no id)");
    if (message->warning.len > 0)
        bytes_print(out, "warning: %.*s\n", SLICE_ARGS(bytes_slice(&message->warning)));
    bytes_print(out, "%.*s\n", SLICE_ARGS(bytes_slice(&message->html)));
    assert_true(store_audience(telling->view, message->id, tell_person, telling, &err));
    assert_true(store_attachments(telling->view, message->id, tell_picture, telling, &err));
    assert_true(store_hashtags(telling->view, message->id, tell_tag, telling, &err));
}

static bool tell_entry(void *ctx, const struct entry *entry)
{
    struct telling *telling = ctx;

    if (entry->id > telling->last)
        telling->last = entry->id;
    bytes_print(telling->out, "in %s: %s\n", entry->mailbox,
                entry->subject ? entry->subject : "(no subject)");
    return true;
}

static bool tell_delivery(void *ctx, const struct delivery *delivery)
{
    struct telling *telling = ctx;

    telling->last = delivery->id;
    bytes_print(telling->out, "goes to %s\n",
                delivery->target == TARGET_INBOX  ? delivery->inbox
                : delivery->target == TARGET_MAIL ? delivery->rcpt_to
                                                  : delivery->host);
    return true;
}

static void tell_messages(struct telling *telling)
{
    struct err err;

    for (;;) {
        scoped_value(message) message = {0};
        if (store_message(telling->view, telling->town->last_message + 1, &message, &err) != FOUND)
            return;
        telling->town->last_message++;
        tell_message(telling, &message);
    }
}

static void tell_entries(struct telling *telling, const char *name, int64_t account)
{
    struct err err;
    struct town *town = telling->town;
    size_t before = telling->out->len;

    telling->last = 0;
    bytes_print(telling->out, "%s ", name);
    size_t after = telling->out->len;
    assert_true(
        store_entries(telling->view, account, 0, town->last_entry, 100, tell_entry, telling, &err));
    if (telling->out->len == after)
        bytes_cut(telling->out, before);
}

char *town_effects(struct town *town)
{
    struct bytes out = {0};
    struct err err;
    scoped(store_view) view = store_look(town->store, &err);
    struct telling telling = {.town = town, .view = view, .out = &out};

    tell_messages(&telling);
    tell_entries(&telling, "alice", town->alice);
    int64_t last = telling.last;
    tell_entries(&telling, "eve", town->eve);
    if (telling.last > last)
        last = telling.last;
    if (last > town->last_entry)
        town->last_entry = last;
    telling.last = town->last_delivery;
    assert_true(store_queue(view, town->last_delivery, 100, tell_delivery, &telling, &err));
    town->last_delivery = telling.last;
    return bytes_take(&out);
}

/* ---- looking closer ---- */
void town_newest(struct town *town, struct message *out)
{
    struct err err;
    scoped(store_view) view = store_look(town->store, &err);

    for (int64_t id = 1;; id++) {
        scoped_value(message) message = {0};
        if (store_message(view, id, &message, &err) != FOUND)
            return;
        if (message.visibility == VISIBILITY_MAIL)
            continue;
        message_clear(out);
        *out = message;
        message = (struct message){0};
    }
}

char *town_ref(struct town *town)
{
    scoped_value(message) message = {0};

    town_newest(town, &message);
    return must_dup(message.ref);
}

struct search {
    const char *mailbox;
    int64_t body_id;
};

static bool match_entry(void *ctx, const struct entry *entry)
{
    struct search *search = ctx;

    if (strcmp(entry->mailbox, search->mailbox) == 0)
        search->body_id = entry->body_id;
    return true;
}

static char *read_body(struct store_view *view, int64_t body_id)
{
    struct bytes text = {0};
    struct err err;
    scoped(source) source = body_id ? store_body_source(view, body_id, &err) : NULL;

    if (source)
        assert_true(source_read_all(source, 1 << 20, &text, &err));
    return bytes_take(&text);
}

char *town_newest_mail(struct town *town, int64_t account, const char *mailbox)
{
    struct err err;
    scoped(store_view) view = store_look(town->store, &err);
    struct search search = {.mailbox = mailbox};

    assert_true(store_entries(view, account, 0, 0, 10000, match_entry, &search, &err));
    return read_body(view, search.body_id);
}

static bool match_delivery(void *ctx, const struct delivery *delivery)
{
    struct search *search = ctx;

    if (delivery->target == TARGET_MAIL)
        search->body_id = delivery->body_id;
    return true;
}

char *town_newest_sending(struct town *town)
{
    struct err err;
    scoped(store_view) view = store_look(town->store, &err);
    struct search search = {0};

    assert_true(store_queue(view, 0, 10000, match_delivery, &search, &err));
    return read_body(view, search.body_id);
}
