#include "json_write.h"
#include "memory.h"
#include "names.h"
#include "text.h"

#define AS2 "https://www.w3.org/ns/activitystreams"
#define SECURITY "https://w3id.org/security/v1"

static void id_term(struct json *j, const char *term, const char *id)
{
    json_open(j, term);
    json_text(j, "@id", id);
    json_text(j, "@type", "@id");
    json_end(j);
}

void json_context_actor(struct json *j)
{
    json_array(j, "@context");
    json_text(j, NULL, AS2);
    json_text(j, NULL, SECURITY);
    json_text(j, NULL, "https://purl.archive.org/socialweb/webfinger");
    json_open(j, NULL);
    json_text(j, "manuallyApprovesFollowers", "as:manuallyApprovesFollowers");
    id_term(j, "alsoKnownAs", "as:alsoKnownAs");
    id_term(j, "movedTo", "as:movedTo");
    json_text(j, "toot", "http://joinmastodon.org/ns#");
    json_text(j, "discoverable", "toot:discoverable");
    json_text(j, "indexable", "toot:indexable");
    id_term(j, "featured", "toot:featured");
    json_text(j, "schema", "http://schema.org#");
    json_text(j, "PropertyValue", "schema:PropertyValue");
    json_text(j, "value", "schema:value");
    json_end(j);
    json_end(j);
}

static void public_key(struct json *j, const char *actor_id, const char *pem)
{
    scoped_text char *key_id = name_key(actor_id);

    json_open(j, "publicKey");
    json_text(j, "id", key_id);
    json_text(j, "owner", actor_id);
    json_text(j, "publicKeyPem", pem);
    json_end(j);
}

static void endpoints(struct json *j, const char *domain)
{
    scoped_text char *inbox = name_shared_inbox(domain);

    json_open(j, "endpoints");
    json_text(j, "sharedInbox", inbox);
    json_end(j);
}

/* One paragraph for each, broken where its owner broke it. */
static void summary(struct json *j, const char *plain)
{
    scoped_value(bytes) html = {0};
    struct slice rest = slice_of(plain);

    if (!plain || !*plain)
        return;
    bytes_add_text(&html, "<p>");
    while (rest.at) {
        html_escape_add(&html, slice_line(&rest));
        if (rest.at && rest.len > 0)
            bytes_add_text(&html, "<br>");
    }
    bytes_add_text(&html, "</p>");
    json_text(j, "summary", html.at);
}

static void mail_field(struct json *j, const struct account *account)
{
    scoped_text char *value = must_print("<a href=\"mailto:%s@%s\">%s@%s</a>", account->name,
                                         account->domain, account->name, account->domain);

    json_array(j, "attachment");
    json_open(j, NULL);
    json_text(j, "type", "PropertyValue");
    json_text(j, "name", "E-mail");
    json_text(j, "value", value);
    json_end(j);
    json_end(j);
}

static void parts(struct json *j, const struct account *account)
{
    static const char *const names[] = {"inbox", "outbox", "followers", "following", "featured"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        scoped_text char *url = name_actor_part(account->domain, account->name, names[i]);
        json_text(j, names[i], url);
    }
}

void json_actor_members(struct json *j, const struct actor_words *words)
{
    const struct account *account = words->account;
    scoped_text char *id = name_actor(account->domain, account->name);
    scoped_text char *page = name_profile_page(account->domain, account->name);
    scoped_text char *handle = must_print("%s@%s", account->name, account->domain);
    const char *name =
        account->display_name && *account->display_name ? account->display_name : account->name;

    json_text(j, "id", id);
    json_text(j, "type", "Person");
    json_text(j, "preferredUsername", account->name);
    json_text(j, "webfinger", handle);
    json_text(j, "name", name);
    summary(j, account->summary);
    json_text(j, "url", page);
    parts(j, account);
    endpoints(j, account->domain);
    json_time(j, "published", account->created_ms);
    json_bool(j, "manuallyApprovesFollowers", words->approves_followers);
    if (words->aliases->count > 0)
        json_list(j, "alsoKnownAs", words->aliases->at, words->aliases->count);
    if (words->moved_to)
        json_text(j, "movedTo", words->moved_to);
    json_bool(j, "discoverable", false);
    json_bool(j, "indexable", false);
    public_key(j, id, account->actor_public_pem);
    mail_field(j, account);
    json_list(j, "tag", NULL, 0);
}

void json_actor(const struct actor_words *words, struct bytes *out)
{
    struct json j = json_to(out);

    json_open(&j, NULL);
    json_context_actor(&j);
    json_actor_members(&j, words);
    json_end(&j);
}

void json_actor_gone(const char *domain, const char *user, struct bytes *out)
{
    scoped_text char *id = name_actor(domain, user);

    json_tombstone(id, out);
}

void json_instance_actor(const struct domain *domain, struct bytes *out)
{
    scoped_text char *id = name_instance_actor(domain->name);
    scoped_text char *outbox = must_print("%s/outbox", id);
    scoped_text char *inbox = name_shared_inbox(domain->name);
    scoped_text char *page = must_print("https://%s/", domain->name);
    struct json j = json_to(out);

    json_open(&j, NULL);
    json_array(&j, "@context");
    json_text(&j, NULL, AS2);
    json_text(&j, NULL, SECURITY);
    json_open(&j, NULL);
    json_text(&j, "manuallyApprovesFollowers", "as:manuallyApprovesFollowers");
    json_end(&j);
    json_end(&j);
    json_text(&j, "id", id);
    json_text(&j, "type", "Application");
    json_text(&j, "preferredUsername", domain->name);
    json_text(&j, "name", domain->name);
    json_text(&j, "url", page);
    json_text(&j, "inbox", inbox);
    json_text(&j, "outbox", outbox);
    endpoints(&j, domain->name);
    json_bool(&j, "manuallyApprovesFollowers", true);
    public_key(&j, id, domain->actor_public_pem);
    json_end(&j);
}
