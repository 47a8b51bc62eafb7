#include "house.h"

#include "log.h"
#include "names.h"
#include "request.h"
#include "store_write.h"
#include "text.h"
#include "vault.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct settling {
    struct store_change change;
    struct house *house;
};

static bool add_people(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct house *house = container_of(change, struct settling, change)->house;
    char domain_name[] = "example.org", name[] = "alice";
    struct domain domain = {
        .name = domain_name, .actor_public_pem = house->pem, .actor_key = house->key};
    struct account account = {.name = name,
                              .domain = domain_name,
                              .actor_public_pem = house->pem,
                              .actor_key = house->key,
                              .created_ms = NOW_MS};

    return store_add_domain(tx, &domain, err) &&
           store_add_account(tx, &account, &house->alice, err);
}

/* Making a key takes long: all houses of a program share one, and the vault that can use it. */
static struct {
    char folder[64];
    struct vault *vault;
    struct bytes key;
    char *pem;
} foundation;

int house_lay_foundation(void **state)
{
    struct err err = {0};

    (void)state;
    strcpy(foundation.folder, "/tmp/nestbox-vault-XXXXXX");
    assert_non_null(mkdtemp(foundation.folder));
    int dir = open(foundation.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(vault_open(dir, &foundation.vault, &err));
    close(dir);
    assert_true(
        vault_key_new(foundation.vault, VAULT_RSA_SHA256, &foundation.key, &foundation.pem, &err));
    return 0;
}

int house_dig_up(void **state)
{
    scoped_text char *remove = must_print("rm -r %s", foundation.folder);

    (void)state;
    vault_close(foundation.vault);
    bytes_clear(&foundation.key);
    free(foundation.pem);
    return system(remove);
}

void house_open(struct house *house)
{
    struct err err = {0};

    *house = (struct house){0};
    log_set_level(LOG_ERROR);
    strcpy(house->folder, "/tmp/nestbox-house-XXXXXX");
    assert_non_null(mkdtemp(house->folder));
    int dir = open(house->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    test_clock_init(&house->clock, NOW_MS);
    test_clock_init(&house->timer, HOUR_MS);
    if (!store_open(dir, &house->clock.clock, &house->store, &err))
        fail_msg("%s: %s", err.said, err.cause);
    close(dir);
    house->vault = foundation.vault;
    bytes_add(&house->key, bytes_slice(&foundation.key));
    house->pem = must_dup(foundation.pem);
    config_defaults(&house->config);
    strcpy(house->config.domains[0], "example.org");
    house->config.domain_count = 1;
    house_bridge = &house->bridge;
    house->work = (struct activitypub_work){.config = &house->config,
                                            .clock = &house->clock.clock,
                                            .timer = &house->timer.clock,
                                            .bridge = &house->bridge,
                                            .store = house->store,
                                            .vault = house->vault,
                                            .version = "0.1.0"};
    key_memory_init(&house->work.keys);
    key_memory_init(&house->work.pictures);
    key_memory_init(&house->work.moves);
    said_init(&house->work.said);
    house->duties = (struct activitypub_duties){&house->work, work_show,     work_judge,
                                                work_find,    work_look_due, work_deliver};
    struct settling settling = {.change = {.apply = add_people}, .house = house};
    if (!store_commit(house->store, &settling.change, &err))
        fail_msg("%s: %s", err.said, err.cause);
}

void house_close(struct house *house)
{
    scoped_text char *remove = must_print("rm -r %s", house->folder);

    key_memory_clear(&house->work.keys);
    key_memory_clear(&house->work.pictures);
    key_memory_clear(&house->work.moves);
    said_clear(&house->work.said);
    store_close(house->store);
    bytes_clear(&house->key);
    bytes_clear(&house->seen);
    bytes_clear(&house->posted);
    bytes_clear(&house->bridge.told);
    free(house->pem);
    assert_int_equal(system(remove), 0);
}

void house_web(struct house *house, const struct document_there *web, size_t count)
{
    house->web = web;
    house->web_count = count;
    bytes_reset(&house->seen);
    bytes_reset(&house->bridge.told);
    bytes_add_text(&house->seen, "");
    bytes_add_text(&house->bridge.told, "");
}

/* Everything but WebFinger goes out signed, with a key of ours. */
static void check_signature(struct house *house, struct fetch *fetch, const struct url *url)
{
    scoped_text char *text =
        must_print("%s %.*s HTTP/1.1\r\nHost: %.*s\r\n%s\r\n%s", fetch->post ? "POST" : "GET",
                   SLICE_ARGS(url->target), SLICE_ARGS(url->host), fetch->fields.at,
                   fetch->body.at ? fetch->body.at : "");
    struct http_request request;
    scoped_value(signature) signature = {0};
    struct err err = {0};

    request_read(text, &request);
    if (!signature_read(&request, clock_now(&house->clock.clock), &signature, &err))
        fail_msg("%s: %s", fetch->url, err.said);
    assert_true(vault_verify(slice_of(house->pem), bytes_slice(&signature.base),
                             bytes_slice(&signature.value)));
    assert_text(signature.key_id, fetch->post ? "https://example.org/users/alice#main-key"
                                              : "https://example.org/actor#main-key");
    if (fetch->post) /* 1: draft-cavage, 2: RFC 9421 */
        bytes_print(&house->seen, "POST by %d %s\n", (int)signature.form, fetch->url);
    else
        bytes_print(&house->seen, "GET %s\n", fetch->url);
}

static const struct document_there *lookup(struct house *house, const char *url)
{
    for (size_t i = 0; i < house->web_count; i++)
        if (strcmp(house->web[i].url, url) == 0)
            return &house->web[i];
    return NULL;
}

static void fetch_it(struct house *house, struct errand *errand)
{
    struct fetch *fetch = container_of(errand, struct fetch, errand);
    const struct document_there *there = lookup(house, fetch->url);
    struct url url;

    assert_true(url_read(slice_of(fetch->url), &url));
    if (fetch->post || slice_has(bytes_slice(&fetch->fields), "Signature"))
        check_signature(house, fetch, &url);
    else
        bytes_print(&house->seen, "plain GET %s\n", fetch->url);
    if (fetch->post) {
        bytes_reset(&house->posted);
        bytes_add(&house->posted, bytes_slice(&fetch->body));
    }
    bool in_time = !there || there->takes_ms <= fetch->total_ms;
    if (there)
        house->timer.now_ms += in_time ? there->takes_ms : fetch->total_ms;
    fetch->outcome = !in_time ? FETCH_SILENT : there ? there->outcome : FETCH_ANSWERED;
    errand->ok = fetch->outcome == FETCH_ANSWERED;
    fetch->status = !there ? 404 : there->status ? there->status : 200;
    fetch->content_type =
        must_dup(there && there->type ? there->type : "application/activity+json");
    fetch->location = must_dup(there ? there->location : NULL);
    if (there && there->body)
        bytes_add_text(&fetch->answer, there->body);
    if (fetch->status == 429)
        fetch->retry_after_s = 120;
}

struct recording {
    struct store_change change;
    struct errand *errand;
};

static bool apply(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct errand *errand = container_of(change, struct recording, change)->errand;

    return errand->write(errand, tx, err);
}

/* main's carrier: work, then write, and all again on ERR_CONFLICT. */
static void carry(struct house *house, struct errand *errand)
{
    for (int tries = 0; tries < 3; tries++) {
        errand->ok = !errand->work || errand->work(errand, &errand->err);
        if (!errand->ok || !errand->write)
            return;
        struct recording recording = {.change = {.apply = apply}, .errand = errand};
        errand->ok = store_commit(house->store, &recording.change, &errand->err);
        if (errand->ok || errand->err.kind != ERR_CONFLICT)
            return;
    }
}

bool house_run(struct house *house, struct ask *ask)
{
    struct asking asking = {0};
    struct errand *out = asking_begin(&asking, ask);

    while (out) {
        if (out == &ask->errand) {
            carry(house, out);
        } else if (out->lane == LANE_FETCH) {
            fetch_it(house, out);
        } else {
            struct resolve *resolve = container_of(out, struct resolve, errand);
            house->resolves++;
            resolve->outcome = house->resolve_outcome;
        }
        out = asking_next(&asking, out);
    }
    return ask->errand.ok;
}

struct acquaintance {
    struct store_change change;
    const char *actor_id, *key_id, *pem;
    int64_t id;
};

static bool add_person(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct acquaintance *who = container_of(change, struct acquaintance, change);
    scoped_text char *actor = must_dup(who->actor_id);
    scoped_text char *key_id = must_dup(who->key_id);
    scoped_text char *pem = must_dup(who->pem);
    char user[] = "bob", host[] = "m.example";
    const struct person person = {.kind = PERSON_FEDIVERSE,
                                  .user = user,
                                  .host = host,
                                  .actor_id = actor,
                                  .inbox = actor,
                                  .fetched_ms = NOW_MS};

    if (!store_put_person(tx, &person, &who->id, err))
        return false;
    const struct person_key key = {
        .person_id = who->id, .key_id = key_id, .public_pem = pem, .fetched_ms = NOW_MS};
    return store_put_person_key(tx, &key, err);
}

int64_t house_knows(struct house *house, const char *actor_id, const char *key_id, const char *pem)
{
    struct acquaintance who = {
        .change = {.apply = add_person}, .actor_id = actor_id, .key_id = key_id, .pem = pem};
    struct err err = {0};

    if (!store_commit(house->store, &who.change, &err))
        fail_msg("%s: %s", err.said, err.cause);
    return who.id;
}

char *house_actor(struct house *house, const char *id, const char *user)
{
    scoped_value(bytes) pem = {0};

    for (const char *c = house->pem; *c; c++) {
        if (*c == '\n')
            bytes_add_text(&pem, "\\n");
        else
            bytes_add_char(&pem, *c);
    }
    return must_print(
        "{\"@context\":[\"https://www.w3.org/ns/"
        "activitystreams\"],\"id\":\"%s\",\"type\":\"Person\",\"preferredUsername\":\"%s\","
        "\"inbox\":\"%s/inbox\","
        "\"publicKey\":{\"id\":\"%s#main-key\",\"owner\":\"%s\",\"publicKeyPem\":\"%s\"}}",
        id, user, id, id, id, pem.at);
}

char *house_post(struct house *house, enum signature_form form, const char *key_id,
                 const char *target, const char *body)
{
    scoped_text char *url = must_print("https://example.org%s", target);
    struct signing signing = {.form = form,
                              .url = url,
                              .key_id = key_id,
                              .post = true,
                              .body = slice_of(body),
                              .now_ms = NOW_MS};
    scoped_value(bytes) fields = {0};
    struct err err = {0};

    if (!work_sign(&house->work, &signing, bytes_slice(&house->key), &fields, &err))
        fail_msg("%s", err.said);
    return must_print("POST %s HTTP/1.1\r\nHost: example.org\r\n%s\r\n%s", target, fields.at, body);
}
