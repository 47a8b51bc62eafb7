/*
 * Actors, keys and WebFinger as Mastodon, GoToSocial, Misskey and Lemmy write them, and as nobody should.
 */
#include "test.h"

#include "actor_read.h"
#include "documents.h"
#include "memory.h"
#include "webfinger_read.h"

static void a_mastodon_actor(void **state)
{
    scoped_value(actor_facts) actor = {0};
    struct err err = {0};

    (void)state;
    if (!actor_read(slice_of(MASTODON), BOB, NULL, &actor, &err))
        fail_msg("%s", err.said);
    assert_text(actor.id, BOB);
    assert_text(actor.type, "Person");
    assert_text(actor.user, "bob");
    assert_text(actor.host, "m.example");
    assert_text(actor.name, "Bob");
    assert_text(actor.url, "https://m.example/@bob");
    assert_text(actor.inbox, BOB "/inbox");
    assert_text(actor.shared_inbox, "https://m.example/inbox");
    assert_text(actor.followers, BOB "/followers");
    assert_text(actor.key_id, BOB "#main-key");
    assert_text(actor.public_pem, "PEM");
}

static void actors(void **state)
{
    static const struct {
        const char *name, *text, *url, *key, *said;
    } rows[] = {
        {"Misskey's, with types in a list and null members",
         "{" CONTEXT ",\"id\":\"https://k.example/users/9x\",\"type\":[\"Person\"],\"inbox\":"
         "\"https://k.example/users/9x/inbox\",\"sharedInbox\":\"https://k.example/"
         "inbox\",\"preferredUsername\":\"Kay\",\"name\":null,\"icon\":null,"
         "\"publicKey\":{\"id\":\"https://k.example/users/9x#main-key\",\"owner\":\"https://"
         "k.example/users/9x\",\"publicKeyPem\":\"P\",\"type\":\"Key\"}}",                     "https://k.example/users/9x",  "https://k.example/users/9x#main-key", NULL                 },
        {"GoToSocial's, with a key that has an address",
         "{\"@context\":[\"https://w3id.org/security/v1\",\"https://www.w3.org/ns/"
         "activitystreams\"],"
         "\"id\":\"https://g.example/users/g\",\"type\":\"Person\",\"inbox\":\"https://g.example/"
         "users/g/inbox\",\"preferredUsername\":\"g\",\"tag\":{},"
         "\"publicKey\":{\"id\":\"https://g.example/users/g/main-key\",\"owner\":\"https://"
         "g.example/users/g\",\"publicKeyPem\":\"P\"}}",                                       "https://g.example/users/g",   "https://g.example/users/g/main-key",  NULL                 },
        {"Lemmy's community",
         "{\"@context\":[\"https://www.w3.org/ns/activitystreams\",{\"lemmy\":\"https://"
         "join-lemmy.org/ns#\"}],\"id\":\"https://l.example/c/cats\","
         "\"type\":\"Group\",\"preferredUsername\":\"cats\",\"inbox\":\"https://l.example/c/cats/"
         "inbox\",\"endpoints\":{\"sharedInbox\":\"https://l.example/inbox\"},"
         "\"publicKey\":{\"id\":\"https://l.example/c/cats#main-key\",\"owner\":\"https://"
         "l.example/c/cats\",\"publicKeyPem\":\"P\"}}",                                        "https://l.example/c/cats",    "https://l.example/c/cats#main-key",   NULL                 },
        {"several keys, the wanted one second",
         "{" CONTEXT ",\"id\":\"" BOB "\",\"type\":\"Person\",\"inbox\":\"" BOB
         "/inbox\",\"preferredUsername\":\"bob\",\"publicKey\":["
         "{\"id\":\"" BOB "#a\",\"owner\":\"" BOB "\",\"publicKeyPem\":\"A\"},{\"id\":\"" BOB
         "#b\",\"owner\":\"" BOB "\",\"publicKeyPem\":\"B\"}]}",
         BOB,                                                                                                                 BOB "#b",                              NULL                 },
        {"a context that is one string",
         "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"" BOB
         "\",\"type\":\"Service\",\"inbox\":\"" BOB "/inbox\",\"preferredUsername\":\"bob\"}",
         BOB,                                                                                                                 NULL,                                  NULL                 },

        {"found at another address than its id",             MASTODON,                         "https://m.example/users/eve", NULL,
         "not the address"                                                                                                                                                                },
        {"a context that is only an object",
         "{\"@context\":{\"a\":\"b\"},\"id\":\"" BOB "\",\"type\":\"Person\",\"inbox\":\"" BOB
         "/inbox\",\"preferredUsername\":\"bob\"}",                                            BOB,                           NULL,                                  "not ActivityStreams"},
        {"a note",
         "{" CONTEXT ",\"id\":\"" BOB "\",\"type\":\"Note\",\"inbox\":\"" BOB
         "/inbox\",\"preferredUsername\":\"bob\"}",                                            BOB,                           NULL,                                  "no known type"      },
        {"an inbox on another host",
         "{" CONTEXT ",\"id\":\"" BOB "\",\"type\":\"Person\",\"inbox\":\"https://v.example/"
         "inbox\",\"preferredUsername\":\"bob\"}",                                             BOB,                           NULL,                                  "inbox"              },
        {"a user name with a space",
         "{" CONTEXT ",\"id\":\"" BOB "\",\"type\":\"Person\",\"inbox\":\"" BOB
         "/inbox\",\"preferredUsername\":\"b b\"}",                                            BOB,                           NULL,                                  "user name"          },
        {"an id that is a number",
         "{" CONTEXT ",\"id\":7,\"type\":\"Person\",\"inbox\":\"" BOB
         "/inbox\",\"preferredUsername\":\"bob\"}",                                            BOB,                           NULL,                                  "not the address"    },
        {"an id with userinfo",
         "{" CONTEXT ",\"id\":\"https://x@m.example/u\",\"type\":\"Person\",\"inbox\":\"https://"
         "m.example/i\",\"preferredUsername\":\"bob\"}",                                       "https://x@m.example/u",       NULL,                                  "no id"              },
        {"an id on an address",
         "{" CONTEXT ",\"id\":\"https://127.0.0.1/u\",\"type\":\"Person\",\"inbox\":\"https://"
         "127.0.0.1/i\",\"preferredUsername\":\"bob\"}",                                       "https://127.0.0.1/u",         NULL,                                  "no id"              },
        {"an id without https",
         "{" CONTEXT ",\"id\":\"http://m.example/u\",\"type\":\"Person\",\"inbox\":\"http://"
         "m.example/i\",\"preferredUsername\":\"bob\"}",                                       "http://m.example/u",          NULL,                                  "no id"              },
        {"a key of somebody else",
         "{" CONTEXT ",\"id\":\"" BOB "\",\"type\":\"Person\",\"inbox\":\"" BOB
         "/inbox\",\"preferredUsername\":\"bob\",\"publicKey\":{\"id\":\"" BOB
         "#main-key\",\"owner\":\"https://m.example/users/eve\",\"publicKeyPem\":\"P\"}}",     BOB,                           BOB "#main-key",                       "does not list"      },
        {"a key on another host",
         "{" CONTEXT ",\"id\":\"" BOB "\",\"type\":\"Person\",\"inbox\":\"" BOB
         "/inbox\",\"preferredUsername\":\"bob\",\"publicKey\":{\"id\":\"https://v.example/"
         "k\",\"owner\":\"" BOB "\",\"publicKeyPem\":\"P\"}}",
         BOB,                                                                                                                 "https://v.example/k",                 "does not list"      },
        {"members twice",                                    "{\"id\":\"a\",\"id\":\"b\"}",    BOB,                           NULL,                                  "not JSON"           },
        {"a list",                                           "[]",                             BOB,                           NULL,                                  "not a JSON object"  },
        {"nothing",                                          "",                               BOB,                           NULL,                                  "not JSON"           },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(actor_facts) actor = {0};
        struct err err = {0};
        bool read = actor_read(slice_of(rows[i].text), rows[i].url, rows[i].key, &actor, &err);
        if (rows[i].said ? read || !strstr(err.said, rows[i].said) : !read)
            fail_msg("%s: %s", rows[i].name, read ? "was read" : err.said);
        if (read && rows[i].key)
            assert_text(actor.key_id, rows[i].key);
    }
}

static void addresses_on_other_hosts_are_left_out(void **state)
{
    scoped_value(actor_facts) actor = {0};
    struct err err = {0};

    (void)state;
    assert_true(
        actor_read(slice_of("{" CONTEXT ",\"id\":\"" BOB "\",\"type\":\"Person\",\"inbox\":\"" BOB
                            "/inbox\",\"preferredUsername\":\"bob\","
                            "\"url\":\"https://v.example/\",\"followers\":\"https://v.example/"
                            "f\",\"endpoints\":{\"sharedInbox\":\"https://example.org/inbox\"}}"),
                   BOB, NULL, &actor, &err));
    assert_null(actor.url);
    assert_null(actor.followers);
    assert_null(actor.shared_inbox);
}

static void owners_of_keys(void **state)
{
    static const struct {
        const char *name, *text, *owner;
    } rows[] = {
        {"GoToSocial's stub",
         "{\"id\":\"https://g.example/users/g\",\"publicKey\":{\"id\":\"https://g.example/users/g/"
         "main-key\",\"owner\":\"https://g.example/users/g\",\"publicKeyPem\":\"P\"}}",            "https://g.example/users/g"},
        {"a key by itself",
         "{\"id\":\"https://g.example/users/g/main-key\",\"owner\":\"https://g.example/users/"
         "g\",\"publicKeyPem\":\"P\"}",                                                            "https://g.example/users/g"},
        {"a key of another host's actor",
         "{\"id\":\"https://g.example/users/g/main-key\",\"owner\":\"https://v.example/victim\"}", NULL                       },
        {"another key",
         "{\"id\":\"https://g.example/other\",\"owner\":\"https://g.example/users/g\"}",           NULL                       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *owner =
            key_owner_read(slice_of(rows[i].text), "https://g.example/users/g/main-key");
        if (!owner != !rows[i].owner || (owner && strcmp(owner, rows[i].owner) != 0))
            fail_msg("%s: %s", rows[i].name, owner ? owner : "nobody");
    }
}

static void webfinger(void **state)
{
    static const struct {
        const char *name, *text, *user, *host, *actor;
    } rows[] = {
        {"Mastodon's",
         "{\"subject\":\"acct:Bob@M.example\",\"aliases\":[],\"links\":[{\"rel\":\"http://"
         "webfinger.net/rel/profile-page\",\"type\":\"text/html\",\"href\":\"https://m.example/"
         "@bob\"},"
         "{\"rel\":\"self\",\"type\":\"application/activity+json\",\"href\":\"" BOB
         "\"},{\"rel\":\"http://ostatus.org/schema/1.0/subscribe\",\"template\":\"x\"}]}",           "Bob", "m.example", BOB },
        {"with the long type",
         "{\"subject\":\"acct:bob@m.example\",\"links\":[{\"rel\":\"self\",\"type\":\"application/"
         "ld+json; profile=\\\"https://www.w3.org/ns/activitystreams\\\"\",\"href\":\"" BOB "\"}]}",
         "bob",                                                                                             "m.example", BOB },
        {"with a charset",
         "{\"subject\":\"acct:bob@m.example\",\"links\":[{\"rel\":\"self\",\"type\":\"application/"
         "activity+json; charset=utf-8\",\"href\":\"" BOB "\"}]}",
         NULL,                                                                                              NULL,        NULL},
        {"without a subject",
         "{\"links\":[{\"rel\":\"self\",\"type\":\"application/activity+json\",\"href\":\"" BOB
         "\"}]}",                                                                                    NULL,  NULL,        NULL},
        {"two @ in the subject",
         "{\"subject\":\"acct:b@b@m.example\",\"links\":[{\"rel\":\"self\",\"type\":\"application/"
         "activity+json\",\"href\":\"" BOB "\"}]}",
         NULL,                                                                                              NULL,        NULL},
        {"an actor without https",
         "{\"subject\":\"acct:bob@m.example\",\"links\":[{\"rel\":\"self\",\"type\":\"application/"
         "activity+json\",\"href\":\"http://m.example/bob\"}]}",                                     NULL,  NULL,        NULL},
        {"no self",                "{\"subject\":\"acct:bob@m.example\",\"links\":{}}",              NULL,  NULL,        NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(finger) finger = {0};
        struct err err = {0};
        if (webfinger_read(slice_of(rows[i].text), &finger, &err) != (rows[i].user != NULL))
            fail_msg("%s", rows[i].name);
        if (!rows[i].user)
            continue;
        assert_text(finger.user, rows[i].user);
        assert_text(finger.host, rows[i].host);
        assert_text(finger.actor_id, rows[i].actor);
    }
}

static void host_meta(void **state)
{
    static const char *const xml =
        "<?xml version=\"1.0\"?><XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n"
        "<Link rel=\"other\" template=\"https://x/{uri}\"/><Link rel=\"lrdd\" "
        "type=\"application/xrd+xml\" template=\"https://w.example/f?a=1&amp;r={uri}\"/></XRD>";
    (void)state;
    scoped_text char *template = host_meta_read(slice_of(xml));
    assert_text(template, "https://w.example/f?a=1&r={uri}");
    scoped_text char *url = host_meta_fill(template, "acct:bob@m.example");
    assert_text(url, "https://w.example/f?a=1&r=acct:bob@m.example");
    assert_null(host_meta_read(SLICE("<Link rel=\"lrdd\" template=\"https://w.example/\"/>")));
    assert_null(host_meta_read(SLICE("<Link rel=\"lrdd\" template=\"")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mastodon_actor),
        cmocka_unit_test(actors),
        cmocka_unit_test(addresses_on_other_hosts_are_left_out),
        cmocka_unit_test(owners_of_keys),
        cmocka_unit_test(webfinger),
        cmocka_unit_test(host_meta),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
