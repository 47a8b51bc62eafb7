/*
 * Documents of strangers: activities, notes, actors, keys, WebFinger, host-meta.
 *
 * Beyond not crashing: whatever was read names things by https addresses, and an actor's lie on its own host.
 */
#include "activity_read.h"
#include "actor_read.h"
#include "inbox_rules.h"
#include "memory.h"
#include "text.h"
#include "webfinger_read.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *name)
{
    struct url url;

    assert(!name || (url_read(slice_of(name), &url) && url.https));
}

static void check_actor(const struct actor_facts *actor)
{
    const char *const own[] = {actor->inbox, actor->shared_inbox, actor->followers, actor->url,
                               actor->key_id};

    assert(actor->id && actor->inbox && actor->user && actor->host);
    check_name(actor->id);
    for (size_t i = 0; i < COUNT_OF(own); i++)
        assert(!own[i] || url_same_origin(slice_of(own[i]), slice_of(actor->id)));
    assert(!actor->key_id == !actor->public_pem);
}

static void check_note(const struct note_facts *note)
{
    assert(note->id && note->type);
    check_name(note->id);
    check_name(note->attributed_to);
    check_name(note->in_reply_to);
    assert(note->mention_count <= 50 && note->attached_count <= 8 && note->choice_count <= 20);
    assert(note->to_count <= 1000 && note->cc_count <= 1000);
    for (size_t i = 0; i < note->attached_count; i++)
        check_name(note->attached[i].url);
}

static void read_activity(struct slice text)
{
    scoped_value(activity_facts) activity = {0};
    struct err err;

    if (!activity_read(text, &activity, &err))
        return;
    assert(activity.actor);
    check_name(activity.actor);
    check_name(activity.object_id);
    check_name(activity.target_id);
    if (activity.note)
        check_note(activity.note);
    if (activity.person)
        check_actor(activity.person);
    (void)activity_trouble(&activity);
    (void)activity_fate(&activity, true, false);
    (void)activity_fate(&activity, false, false);
}

static void read_as_document(struct slice text, const char *id)
{
    scoped_value(actor_facts) actor = {0};
    struct note_facts *note = NULL;
    struct err err;

    if (actor_read(text, id, NULL, &actor, &err))
        check_actor(&actor);
    if (note_read(text, id, &note) == NOTE_READ)
        check_note(note);
    note_free(note);
}

static void read_discovery(struct slice text)
{
    scoped_value(finger) finger = {0};
    struct err err;
    scoped_text char *owner = key_owner_read(text, "https://m.example/users/bob#main-key");
    scoped_text char *handle = actor_webfinger_read(text);
    scoped_text char *template = host_meta_read(text);

    check_name(owner);
    if (template)
        free(host_meta_fill(template, "acct:bob@m.example"));
    if (webfinger_read(text, &finger, &err))
        check_name(finger.actor_id);
    (void)handle;
    (void)actor_moves_read(text, "https://m.example/users/bob");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    scoped_text char *id = document_id_read(text);

    read_activity(text);
    if (id)
        read_as_document(text, id);
    read_discovery(text);
    return 0;
}
