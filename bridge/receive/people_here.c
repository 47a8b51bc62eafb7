/* Who is meant by a note, as far as we know them; and who of those who live here. */
#include "activity_work.h"

#include "memory.h"
#include "text.h"

enum { USER_MAX = 128 };

static enum found if_active(enum found found, struct account *account)
{
    if (found != FOUND || account->state == ACCOUNT_ACTIVE)
        return found;
    account_clear(account);
    return ABSENT;
}

enum found account_of_actor(struct bridge *bridge, struct store_view *view, const char *actor_id,
                            struct account *out, struct err *err)
{
    struct slice domain, user;

    if (!actor_id || !name_is_actor(slice_of(actor_id), &domain, &user) ||
        !config_hosts(bridge->config, domain))
        return ABSENT;
    return if_active(store_account_named(view, user, domain, out, err), out);
}

enum found account_of_inbox(struct store_view *view, const struct activity_arrival *arrival,
                            struct account *out, struct err *err)
{
    if (!arrival->inbox_user || !arrival->inbox_domain)
        return ABSENT;
    return if_active(store_account_named(view, slice_of(arrival->inbox_user),
                                         slice_of(arrival->inbox_domain), out, err),
                     out);
}

static bool note_one(void *ctx, const struct follow *follow, const struct person *follower)
{
    bool *any = ctx;

    (void)follow;
    *any = follower->kind == PERSON_LOCAL;
    return !*any;
}

bool followed_here(struct store_view *view, int64_t person_id, bool *out, struct err *err)
{
    *out = false;
    return store_followers(view, person_id, true, 0, READERS_MAX, note_one, out, err);
}

static bool is_in(char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; text && i < count; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

enum visibility note_visibility(const struct note_facts *note, const struct person *author)
{
    if (is_in(note->to, note->to_count, ACTIVITY_PUBLIC))
        return VISIBILITY_PUBLIC;
    if (is_in(note->cc, note->cc_count, ACTIVITY_PUBLIC))
        return VISIBILITY_UNLISTED;
    if (is_in(note->to, note->to_count, author->followers) ||
        is_in(note->cc, note->cc_count, author->followers))
        return VISIBILITY_FOLLOWERS;
    return VISIBILITY_DIRECT;
}

/* ---- whom a note names ---- */
void named_people_clear(struct named_people *people)
{
    for (size_t i = 0; i < people->count; i++)
        person_clear(&people->at[i]);
    people->count = 0;
}

/* What every peer takes for a user name, and no sign that turns a line around or ends a name. */
static bool is_user_name(struct slice user)
{
    for (size_t i = 0; i < user.len; i++) {
        char c = user.at[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && c != '_' && c != '.' && c != '-')
            return false;
    }
    return user.len > 0 && user.len <= USER_MAX;
}

/* The handle a mention shows, or its name at the host of its address. */
static bool handle_of_mention(const struct mention_facts *mention, struct person *out)
{
    struct slice user = slice_trim(slice_of(mention->name)), host;
    struct url url;
    struct err ignored;

    if (user.len > 0 && user.at[0] == '@')
        user = slice_from(user, 1);
    if (!url_read(slice_of(mention->href), &url))
        return false;
    if (!handle_split(user, &user, &host))
        host = url.host;
    if (!is_user_name(user) || !host_canonical(host, &out->host, &ignored))
        return false;
    out->user = must_copy(user);
    return true;
}

/* Somebody we never met: the handle names them, and is looked up when they are written to. */
static bool person_of_mention(struct bridge *bridge, struct store_view *view,
                              const struct mention_facts *mention, struct person *out,
                              struct err *err)
{
    scoped_value(person) shown = {.kind = PERSON_FEDIVERSE};

    if (!mention || !handle_of_mention(mention, &shown) ||
        config_hosts(bridge->config, slice_of(shown.host)))
        return true;
    enum found found =
        store_person_by_handle(view, slice_of(shown.user), slice_of(shown.host), out, err);
    if (found != ABSENT)
        return found == FOUND;
    shown.word = bridge_person_word(bridge, slice_of(shown.user), slice_of(shown.host));
    *out = shown;
    shown = (struct person){0};
    return true;
}

static bool is_ours(const struct bridge *bridge, const char *address)
{
    struct url url;

    return url_read(slice_of(address), &url) && config_hosts(bridge->config, url.host);
}

/* Fills *out if that address names a person; leaves it empty if not. */
static bool person_of_address(struct bridge *bridge, struct store_view *view, const char *address,
                              const struct mention_facts *mention, struct person *out,
                              struct err *err)
{
    scoped_value(account) account = {0};

    switch (account_of_actor(bridge, view, address, &account, err)) {
    case FAILED: return false;
    case FOUND: return store_person(view, account.person_id, out, err) != FAILED;
    case ABSENT: break;
    }
    if (is_ours(bridge, address))
        return true;
    switch (store_person_by_actor(view, slice_of(address), out, err)) {
    case FAILED: return false;
    case FOUND: return true;
    case ABSENT: return person_of_mention(bridge, view, mention, out, err);
    }
    __builtin_unreachable();
}

static bool same_person(const struct person *a, const struct person *b)
{
    if (a->id || b->id)
        return a->id == b->id;
    return slice_is_nocase(slice_of(a->user), b->user) &&
           slice_is_nocase(slice_of(a->host), b->host);
}

static void add_person(struct named_people *people, struct person *person,
                       enum audience_field field, bool mentioned)
{
    for (size_t i = 0; i < people->count; i++)
        if (same_person(&people->at[i], person)) {
            people->mentioned[i] |= mentioned;
            return;
        }
    if (people->count == PEOPLE_MAX)
        return;
    people->field[people->count] = field;
    people->mentioned[people->count] = mentioned;
    people->at[people->count++] = *person;
    *person = (struct person){0};
}

struct naming {
    struct bridge *bridge;
    struct store_view *view;
    const struct note_facts *note;
    const struct person *author;
    struct named_people *out;
    size_t strangers; /* looked for */
};

static const struct mention_facts *mention_of(const struct note_facts *note, const char *address)
{
    for (size_t i = 0; i < note->mention_count; i++)
        if (strcmp(note->mentions[i].href, address) == 0)
            return &note->mentions[i];
    return NULL;
}

static bool name_one(struct naming *naming, const char *address, enum audience_field field,
                     struct err *err)
{
    const struct mention_facts *mention = mention_of(naming->note, address);
    scoped_value(person) person = {0};

    if (strcmp(address, ACTIVITY_PUBLIC) == 0)
        return true;
    if (!is_ours(naming->bridge, address) && naming->strangers++ >= STRANGERS_MAX)
        return true;
    if (!person_of_address(naming->bridge, naming->view, address, mention, &person, err))
        return false;
    bool is_author = person.id && person.id == naming->author->id;
    if (person.user && !is_author)
        add_person(naming->out, &person, field, mention != NULL);
    return true;
}

bool named_people_find(struct bridge *bridge, struct store_view *view,
                       const struct note_facts *note, const struct person *author,
                       struct named_people *out, struct err *err)
{
    struct naming naming = {bridge, view, note, author, out, 0};

    for (size_t i = 0; i < note->to_count; i++)
        if (!name_one(&naming, note->to[i], AUDIENCE_TO, err))
            return false;
    for (size_t i = 0; i < note->cc_count; i++)
        if (!name_one(&naming, note->cc[i], AUDIENCE_CC, err))
            return false;
    for (size_t i = 0; i < note->mention_count; i++)
        if (!name_one(&naming, note->mentions[i].href, AUDIENCE_CC, err))
            return false;
    return true;
}

/* ---- who gets it ---- */
void readers_clear(struct readers *readers)
{
    free(readers->at);
    *readers = (struct readers){0};
}

void readers_add(struct readers *readers, int64_t account_id, bool addressed)
{
    for (size_t i = 0; i < readers->count; i++)
        if (readers->at[i].account_id == account_id) {
            readers->at[i].addressed |= addressed;
            return;
        }
    if (readers->count == READERS_MAX)
        return;
    must_make_room(readers->at, readers->count, readers->capacity);
    readers->at[readers->count++] = (struct reader){account_id, addressed};
}

static bool add_follower(void *ctx, const struct follow *follow, const struct person *follower)
{
    (void)follow;
    if (follower->kind == PERSON_LOCAL && follower->account_id)
        readers_add(ctx, follower->account_id, false);
    return true;
}

bool readers_add_followers(struct store_view *view, int64_t person_id, struct readers *readers,
                           struct err *err)
{
    return store_followers(view, person_id, true, 0, READERS_MAX, add_follower, readers, err);
}
