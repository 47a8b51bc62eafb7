#include "actor_read.h"

#include "actor_value.h"
#include "memory.h"
#include "text.h"
#include "webfinger_read.h"

enum { NAME_CHARS_MAX = 500, KEYS_MAX = 10, ALIASES_MAX_READ = 256 /* as Mastodon */ };

static const char *const actor_types[] = {"Person", "Service", "Application", "Group",
                                          "Organization"};

bool actor_type_known(const json_t *object)
{
    for (size_t i = 0; i < COUNT_OF(actor_types); i++)
        if (doc_is_type(object, actor_types[i]))
            return true;
    return false;
}

static char *known_type(const json_t *actor)
{
    for (size_t i = 0; i < COUNT_OF(actor_types); i++)
        if (doc_is_type(actor, actor_types[i]))
            return must_dup(actor_types[i]);
    return NULL;
}

/* Addresses of an actor lie on its own host, or are no addresses of it. */
static char *own_address(const json_t *object, const char *name, const char *id)
{
    const char *address = doc_id(doc_member(object, name));

    return doc_is_name(address, false) && doc_same_origin(address, id) ? must_dup(address) : NULL;
}

static char *shared_inbox(const json_t *actor, const char *id)
{
    const json_t *endpoints = doc_member(actor, "endpoints");
    char *inbox = json_is_object(endpoints) ? own_address(endpoints, "sharedInbox", id) : NULL;

    return inbox ? inbox : own_address(actor, "sharedInbox", id);
}

static bool fits_key(const json_t *key, const char *wanted_key, const char *actor_id)
{
    const char *key_id = doc_text(key, "id");
    const char *owner = doc_id(doc_member(key, "owner"));

    if (!doc_is_name(key_id, true) || !doc_same_origin(key_id, actor_id) ||
        !doc_text(key, "publicKeyPem"))
        return false;
    if (!owner || strcmp(owner, actor_id) != 0)
        return false;
    return !wanted_key || strcmp(key_id, wanted_key) == 0;
}

static const json_t *the_key(const json_t *actor, const char *wanted_key, const char *actor_id)
{
    const json_t *keys = doc_member(actor, "publicKey");

    for (size_t i = 0; i < doc_count(keys) && i < KEYS_MAX; i++)
        if (fits_key(doc_entry(keys, i), wanted_key, actor_id))
            return doc_entry(keys, i);
    return NULL;
}

/* The host's word for one of its own names is enough; another host's name must be asked for there. */
static bool read_handle(const json_t *actor, struct actor_facts *out)
{
    const char *user = doc_text(actor, "preferredUsername");
    const char *handle = doc_text(actor, "webfinger");
    struct err ignored;
    struct url url;

    if (!url_read(slice_of(out->id), &url) || !host_canonical(url.host, &out->host, &ignored))
        return false;
    if (user && handle_user_fits(slice_of(user))) {
        out->user = must_dup(user);
        return true;
    }
    scoped_text char *host = NULL;
    if (!handle || !handle_read(slice_of(handle), &out->user, &host))
        return false;
    return strcmp(host, out->host) == 0;
}

static char *display_name(const json_t *actor)
{
    const char *name = doc_text(actor, "name");

    return name && *name ? must_copy(utf8_first(slice_of(name), NAME_CHARS_MAX)) : NULL;
}

/* May lie anywhere: it is the guard of every fetch that says where we go. */
static char *icon_of(const json_t *actor)
{
    const json_t *icon = doc_first(doc_member(actor, "icon"));
    const char *url = json_is_object(icon) ? doc_id(doc_member(icon, "url")) : doc_id(icon);

    return doc_is_name(url, false) ? must_dup(url) : NULL;
}

static bool fill(const json_t *actor, const char *wanted_key, struct actor_facts *out,
                 struct err *err)
{
    const char *id = doc_text(actor, "id");

    if (!doc_is_name(id, false))
        return err_set(err, ERR_MALFORMED, "The actor has no id that could be one");
    out->id = must_dup(id);
    out->type = known_type(actor);
    out->inbox = own_address(actor, "inbox", id);
    if (!out->type || !out->inbox)
        return err_set(err, ERR_MALFORMED,
                       "The actor has no known type, or no inbox on its own host");
    if (!read_handle(actor, out))
        return err_set(err, ERR_MALFORMED, "The actor has no user name that could be one");
    out->shared_inbox = shared_inbox(actor, id);
    out->followers = own_address(actor, "followers", id);
    out->url = own_address(actor, "url", id);
    out->name = display_name(actor);
    out->icon = icon_of(actor);
    const json_t *key = the_key(actor, wanted_key, id);
    if (!key && wanted_key)
        return err_set(err, ERR_ABSENT, "The actor does not list that key");
    out->key_id = key ? must_dup(doc_text(key, "id")) : NULL;
    out->public_pem = key ? must_dup(doc_text(key, "publicKeyPem")) : NULL;
    return true;
}

bool actor_value_read(const json_t *actor, const char *wanted_key, struct actor_facts *out,
                      struct err *err)
{
    scoped_value(actor_facts) facts = {0};

    if (!fill(actor, wanted_key, &facts, err))
        return false;
    *out = facts;
    facts = (struct actor_facts){0};
    return true;
}

bool actor_read(struct slice text, const char *url, const char *wanted_key, struct actor_facts *out,
                struct err *err)
{
    scoped_value(doc) doc = {0};

    if (!doc_read(text, &doc, err))
        return false;
    const char *id = doc_text(doc.root, "id");
    if (!id || strcmp(id, url) != 0)
        return err_set(err, ERR_MALFORMED, "The actor's id is not the address it was found at");
    if (!doc_lists_text(doc_member(doc.root, "@context"), AS2))
        return err_set(err, ERR_MALFORMED, "The document is not ActivityStreams");
    return actor_value_read(doc.root, wanted_key, out, err);
}

char *document_id_read(struct slice text)
{
    scoped_value(doc) doc = {0};
    struct err ignored;

    if (!doc_read(text, &doc, &ignored))
        return NULL;
    const char *id = doc_text(doc.root, "id");
    return doc_is_name(id, false) ? must_dup(id) : NULL;
}

static const char *owner_of(const json_t *root, const char *key_id)
{
    const char *id = doc_text(root, "id");
    const json_t *keys = doc_member(root, "publicKey");

    if (id && strcmp(id, key_id) == 0)
        return doc_id(doc_member(root, "owner"));
    for (size_t i = 0; i < doc_count(keys) && i < KEYS_MAX; i++) {
        const char *listed = doc_text(doc_entry(keys, i), "id");
        if (listed && strcmp(listed, key_id) == 0)
            return doc_id(doc_member(doc_entry(keys, i), "owner"));
    }
    return NULL;
}

char *key_owner_read(struct slice text, const char *key_id)
{
    scoped_value(doc) doc = {0};
    struct err ignored;

    if (!doc_read(text, &doc, &ignored))
        return NULL;
    const char *owner = owner_of(doc.root, key_id);
    return doc_is_name(owner, false) && doc_same_origin(owner, key_id) ? must_dup(owner) : NULL;
}

struct actor_moves actor_moves_read(struct slice text, const char *alias)
{
    scoped_value(doc) doc = {0};
    struct actor_moves moves = {.names_alias = false};
    struct err ignored;

    if (!doc_read(text, &doc, &ignored))
        return moves;
    const json_t *aliases = doc_member(doc.root, "alsoKnownAs");
    for (size_t i = 0; !moves.names_alias && i < doc_count(aliases) && i < ALIASES_MAX_READ; i++) {
        const char *name = doc_id(doc_entry(aliases, i));
        moves.names_alias = name && strcmp(name, alias) == 0;
    }
    moves.has_moved = doc_id(doc_member(doc.root, "movedTo")) != NULL;
    return moves;
}

char *actor_webfinger_read(struct slice text)
{
    scoped_value(doc) doc = {0};
    struct err ignored;

    if (!doc_read(text, &doc, &ignored))
        return NULL;
    return must_dup(doc_text(doc.root, "webfinger"));
}
