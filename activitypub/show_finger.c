/*
 * WebFinger, host-meta and NodeInfo: how others find what is here.
 */
#include "memory.h"
#include "names.h"
#include "show_private.h"
#include "text.h"
#include "webfinger_read.h"

#define REL_SELF "self"
#define REL_PAGE "http://webfinger.net/rel/profile-page"
#define NODEINFO "http://nodeinfo.diaspora.software/ns/schema/"

struct wanted {          /* whom a resource names */
    char *user, *domain; /* user NULL: the instance actor of domain */
};

static void wanted_clear(struct wanted *wanted)
{
    free(wanted->user);
    free(wanted->domain);
}
SCOPED_VALUE(wanted, wanted_clear)

/* The actor's id, the profile page, or the domain itself. */
static bool wanted_by_url(struct activitypub_work *work, struct slice resource, struct wanted *out)
{
    struct slice domain, user;
    struct url url;

    if (!url_read(resource, &url) || !url.https || url.fragment.len > 0)
        return false;
    out->domain = work_domain(work, url.host);
    if (slice_is(url.target, "/") || slice_is(url.target, "/actor"))
        return out->domain != NULL;
    if (name_is_actor(resource, &domain, &user)) {
        out->user = must_copy(user);
        return out->domain != NULL;
    }
    if (!slice_starts(url.target, SLICE("/@")) ||
        slice_find(slice_from(url.target, 1), '/') != SIZE_MAX)
        return false;
    out->user = must_copy(slice_from(url.target, 2));
    return out->domain != NULL;
}

static bool wanted_by_handle(struct activitypub_work *work, struct slice resource,
                             struct wanted *out)
{
    static const char *const schemes[] = {"acct:", "mailto:", "@"};

    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        if (slice_starts_nocase(resource, schemes[i]))
            resource = slice_from(resource, strlen(schemes[i]));
    size_t at = slice_find_last(resource, '@');
    if (at == SIZE_MAX || at == 0)
        return false;
    out->domain = work_domain(work, slice_from(resource, at + 1));
    if (!out->domain)
        return false;
    if (slice_is_nocase(slice_first(resource, at), out->domain))
        return true; /* acct:example.org@example.org */
    out->user = must_copy(slice_first(resource, at));
    return true;
}

static bool read_resource(struct activitypub_work *work, struct slice resource, struct wanted *out)
{
    if (slice_starts_nocase(resource, "http://") || slice_starts_nocase(resource, "https://"))
        return wanted_by_url(work, resource, out);
    return wanted_by_handle(work, resource, out);
}

static void link_to(struct json *j, const char *rel, const char *type, const char *href)
{
    json_open(j, NULL);
    json_text(j, "rel", rel);
    json_text(j, "type", type);
    json_text(j, "href", href);
    json_end(j);
}

static void write_finger(struct bytes *out, const char *user, const char *domain, const char *actor,
                         const char *page)
{
    scoped_text char *subject = must_print("acct:%s@%s", user, domain);
    struct json j = json_to(out);

    json_open(&j, NULL);
    json_text(&j, "subject", subject);
    json_array(&j, "aliases");
    json_text(&j, NULL, actor);
    json_text(&j, NULL, page);
    json_end(&j);
    json_array(&j, "links");
    link_to(&j, REL_SELF, TYPE_ACTIVITY, actor);
    link_to(&j, REL_PAGE, "text/html", page);
    json_end(&j);
    json_end(&j);
}

static bool finger_instance(struct showing *showing, const char *domain)
{
    scoped_text char *actor = name_instance_actor(domain);
    scoped_text char *page = must_print("https://%s/", domain);

    write_finger(&showing->ask->body, domain, domain, actor, page);
    return show_json(showing->ask, "application/jrd+json");
}

static bool finger_account(struct showing *showing, struct wanted *wanted, struct err *err)
{
    struct show_ask *ask = showing->ask;
    scoped_value(account) account = {0};
    enum found found = store_account_named(showing->view, slice_of(wanted->user),
                                           slice_of(wanted->domain), &account, err);

    if (found == FAILED)
        return false;
    if (found == ABSENT)
        return show_status(ask, 404, "There is nobody of that name here");
    if (account.state == ACCOUNT_REMOVED)
        return show_status(ask, 410, "This account is gone");
    scoped_text char *actor = name_actor(account.domain, account.name);
    scoped_text char *page = name_profile_page(account.domain, account.name);
    write_finger(&ask->body, account.name, account.domain, actor, page);
    return show_json(ask, "application/jrd+json");
}

bool show_webfinger(struct showing *showing, struct err *err)
{
    scoped_value(wanted) wanted = {0};
    const char *resource = showing->ask->resource;

    if (!resource || !*resource)
        return show_status(showing->ask, 400,
                           "WebFinger needs a resource, as in ?resource=acct:alice@example.org");
    if (!read_resource(showing->work, slice_of(resource), &wanted))
        return show_status(showing->ask, 404, "There is nobody of that name here");
    if (!wanted.user)
        return finger_instance(showing, wanted.domain);
    return finger_account(showing, &wanted, err);
}

static void template_json(struct bytes *out, const char *template)
{
    struct json j = json_to(out);

    json_open(&j, NULL);
    json_array(&j, "links");
    json_open(&j, NULL);
    json_text(&j, "rel", "lrdd");
    json_text(&j, "template", template);
    json_end(&j);
    json_end(&j);
    json_end(&j);
}

bool show_host_meta(struct showing *showing, struct err *err)
{
    struct bytes *out = &showing->ask->body;
    scoped_text char *template =
        must_print("https://%s/.well-known/webfinger?resource={uri}", showing->domain);

    (void)err;
    if (showing->ask->what == SHOW_HOST_META_JSON) {
        template_json(out, template);
        return show_json(showing->ask, "application/json");
    }
    bytes_print(out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n"
                "  <Link rel=\"lrdd\" template=\"%s\"/>\n"
                "</XRD>\n",
                template);
    return show_json(showing->ask, "application/xrd+xml; charset=utf-8");
}

static void nodeinfo_links(struct bytes *out, const char *domain)
{
    scoped_text char *actor = name_instance_actor(domain);
    struct json j = json_to(out);

    json_open(&j, NULL);
    json_array(&j, "links");
    static const char *const versions[] = {"2.1", "2.0"};
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        scoped_text char *rel = must_print(NODEINFO "%s", versions[i]);
        scoped_text char *href = must_print("https://%s/nodeinfo/%s", domain, versions[i]);
        link_to(&j, rel, NULL, href);
    }
    link_to(&j, "https://www.w3.org/ns/activitystreams#Application", NULL, actor);
    json_end(&j);
    json_end(&j);
}

static void write_usage(struct json *j, int64_t accounts)
{
    json_open(j, "usage");
    json_open(j, "users");
    json_number(j, "total", accounts);
    json_end(j);
    json_number(j, "localPosts", 0); /* how much is written here is nobody's business */
    json_number(j, "localComments", 0);
    json_end(j);
}

static void write_nodeinfo(struct showing *showing, bool newer, int64_t accounts)
{
    struct json j = json_to(&showing->ask->body);

    json_open(&j, NULL);
    json_text(&j, "version", newer ? "2.1" : "2.0");
    json_open(&j, "software");
    json_text(&j, "name", "nestbox");
    json_text(&j, "version", showing->work->version);
    json_end(&j);
    json_array(&j, "protocols");
    json_text(&j, NULL, "activitypub");
    json_end(&j);
    json_open(&j, "services");
    json_list(&j, "inbound", NULL, 0);
    json_array(&j, "outbound");
    json_text(&j, NULL, "smtp");
    json_end(&j);
    json_end(&j);
    json_bool(&j, "openRegistrations", showing->work->config->registration == REGISTRATION_OPEN);
    write_usage(&j, accounts);
    json_open(&j, "metadata");
    json_text(&j, "nodeName", showing->domain);
    json_end(&j);
    json_end(&j);
}

bool show_nodeinfo(struct showing *showing, struct err *err)
{
    struct show_ask *ask = showing->ask;
    int64_t accounts;
    bool newer = ask->what == SHOW_NODEINFO_2_1;

    if (ask->what == SHOW_NODEINFO) {
        nodeinfo_links(&ask->body, showing->domain);
        return show_json(ask, "application/json");
    }
    if (!store_account_count(showing->view, slice_of(showing->domain), &accounts, err))
        return false;
    write_nodeinfo(showing, newer, accounts);
    return show_json(ask, newer ? "application/json; profile=\"" NODEINFO "2.1#\""
                                : "application/json; profile=\"" NODEINFO "2.0#\"");
}
