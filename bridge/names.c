#include "names.h"

#include "memory.h"
#include "text.h"

static const struct {
    const char *type, *ending;
} endings[] = {
    {"image/jpeg", "jpg" },
    {"image/png",  "png" },
    {"image/gif",  "gif" },
    {"image/webp", "webp"},
};

char *name_actor(const char *domain, const char *user)
{
    return must_print("https://%s/users/%s", domain, user);
}

char *name_actor_part(const char *domain, const char *user, const char *part)
{
    return must_print("https://%s/users/%s/%s", domain, user, part);
}

char *name_key(const char *actor_id)
{
    return must_print("%s#main-key", actor_id);
}

char *name_instance_actor(const char *domain)
{
    return must_print("https://%s/actor", domain);
}

char *name_shared_inbox(const char *domain)
{
    return must_print("https://%s/inbox", domain);
}

char *name_post(const char *domain, const char *user, const char *ref)
{
    return must_print("https://%s/users/%s/posts/%s", domain, user, ref);
}

char *name_post_page(const char *domain, const char *user, const char *ref)
{
    return must_print("https://%s/@%s/%s", domain, user, ref);
}

char *name_profile_page(const char *domain, const char *user)
{
    return must_print("https://%s/@%s", domain, user);
}

char *name_picture(const char *domain, const char *token, const char *type)
{
    const char *ending = "bin";

    for (size_t i = 0; i < COUNT_OF(endings); i++)
        if (strcmp(endings[i].type, type) == 0)
            ending = endings[i].ending;
    return must_print("https://%s/media/%s.%s", domain, token, ending);
}

char *name_hashtag(const char *domain, const char *tag)
{
    scoped_value(bytes) path = {0};

    percent_add(&path, slice_of(tag));
    return must_print("https://%s/tags/%s", domain, path.at ? path.at : "");
}

char *name_accept(const char *actor_id, int64_t follow_id, int64_t change)
{
    return must_print("%s#answers/follows/%lld/%lld", actor_id, (long long)follow_id,
                      (long long)change);
}

/* The path's segments behind https://HOST/users/ ; false for any other URL. */
static bool below_users(struct slice url, struct slice *out_domain, struct slice *out_rest)
{
    struct url parts;
    const struct slice users = SLICE("/users/");

    if (!url_read(url, &parts) || !parts.https || parts.port != 443)
        return false;
    if (parts.fragment.len > 0 || !slice_starts(parts.target, users))
        return false;
    *out_domain = parts.host;
    *out_rest = slice_from(parts.target, users.len);
    return true;
}

static bool is_segment(struct slice s)
{
    return s.len > 0 && slice_find(s, '/') == SIZE_MAX && slice_find(s, '?') == SIZE_MAX;
}

bool name_is_actor(struct slice url, struct slice *out_domain, struct slice *out_user)
{
    struct slice domain, rest;

    if (!below_users(url, &domain, &rest) || !is_segment(rest))
        return false;
    *out_domain = domain;
    *out_user = rest;
    return true;
}

bool name_is_post(struct slice url, struct slice *out_domain, struct slice *out_user,
                  struct slice *out_ref)
{
    struct slice domain, rest;

    if (!below_users(url, &domain, &rest))
        return false;
    struct slice user = slice_cut(&rest, '/');
    const struct slice posts = SLICE("posts/");
    if (!is_segment(user) || !rest.at || !slice_starts(rest, posts))
        return false;
    struct slice ref = slice_from(rest, posts.len);
    if (!is_segment(ref))
        return false;
    *out_domain = domain;
    *out_user = user;
    *out_ref = ref;
    return true;
}
