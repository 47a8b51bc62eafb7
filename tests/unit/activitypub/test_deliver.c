/*
 * One attempt at one delivery, and what is due.
 */
#include "house.h"

#include "store_write.h"

#define BOB "https://m.example/users/bob"
#define INBOX "https://m.example/inbox"

static struct outgoing a_follow_answer(void)
{
    struct outgoing outgoing = {.kind = OUTGOING_ACCEPT,
                                .version = 1,
                                .actor_id = must_dup("https://example.org/users/alice"),
                                .follow_id = 7,
                                .follow_activity_id = must_dup("https://m.example/4f"),
                                .follow_actor = must_dup(BOB),
                                .follow_object = must_dup("https://example.org/users/alice"),
                                .inbox = must_dup(INBOX)};

    return outgoing;
}

static struct outgoing nothing(void)
{
    return (struct outgoing){.kind = OUTGOING_NOTHING, .version = 4};
}

static struct outgoing to_nobody_known(void)
{
    struct outgoing outgoing = a_follow_answer();

    free(outgoing.inbox);
    outgoing.inbox = NULL;
    outgoing.person_user = must_dup("bob");
    outgoing.person_host = must_dup("m.example");
    return outgoing;
}

static struct outgoing to_a_strange_inbox(void)
{
    struct outgoing outgoing = a_follow_answer();

    free(outgoing.inbox);
    outgoing.inbox = must_dup("http://m.example/inbox");
    return outgoing;
}

struct wanted {
    struct store_change change;
    struct house *house;
    int scheme;
    int silences;
    int64_t next_ms;
};

static bool want(struct store_change *change, struct store_tx *tx, struct err *err)
{
    const struct wanted *wanted = container_of(change, struct wanted, change);
    char inbox[] = INBOX, host[] = "m.example";
    const struct delivery delivery = {.subject = SUBJECT_FOLLOW_ANSWER,
                                      .subject_id = 7,
                                      .account_id = wanted->house->alice,
                                      .target = TARGET_INBOX,
                                      .inbox = inbox,
                                      .host = host,
                                      .wanted = 1,
                                      .due_ms = NOW_MS,
                                      .first_ms = NOW_MS};
    const struct host known = {.name = host,
                               .scheme = wanted->scheme,
                               .silences = wanted->silences,
                               .next_ms = wanted->next_ms};

    return store_want_delivery(tx, &delivery, err) &&
           ((!wanted->scheme && !wanted->silences) || store_put_host(tx, &known, err));
}

/* The bridge fills in the account's key; the fake one leaves that to us. */
static struct outgoing (*wanted_outgoing)(void);
static struct house *the_house;

static struct outgoing with_key(void)
{
    struct outgoing outgoing = wanted_outgoing();

    bytes_add(&outgoing.account.actor_key, bytes_slice(&the_house->key));
    return outgoing;
}

static void open_house(struct house *house, struct outgoing (*outgoing)(void), int scheme)
{
    struct err err = {0};

    house_open(house);
    the_house = house;
    wanted_outgoing = outgoing;
    house->bridge.outgoing = with_key;
    struct wanted wanted = {.change = {.apply = want}, .house = house, .scheme = scheme};
    if (!store_commit(house->store, &wanted.change, &err))
        fail_msg("%s: %s", err.said, err.cause);
}

static int64_t first_due(struct house *house)
{
    struct due_ask *due = due_ask_new(&house->duties);
    int64_t id = 0;

    due->limit = 10;
    assert_true(house_run(house, &due->ask));
    if (due->count > 0) {
        assert_text(due->due[0].host, "m.example");
        id = due->due[0].id;
    }
    errand_free(&due->ask.errand);
    return id;
}

static bool deliver(struct house *house, int64_t id)
{
    struct courier_ask *courier = courier_ask_new(&house->duties, id);
    bool ok = house_run(house, &courier->ask);

    errand_free(&courier->ask.errand);
    return ok;
}

static void answers(void **state)
{
    static const struct {
        const char *name;
        struct document_there web[2];
        const char *seen, *told;
    } rows[] = {
        {"taken",
         {{.url = INBOX, .status = 202}},
         "POST by 1 " INBOX "\n",
         "delivered version=1 scheme=1 retry=0 HTTP 202\n"               },
        {"401 twice",
         {{.url = INBOX, .status = 401, .body = "{\"error\":\"no\"}"}},
         "POST by 1 " INBOX "\nPOST by 2 " INBOX "\n",
         "later version=1 scheme=0 retry=0 HTTP 401 {\"error\":\"no\"}\n"},
        {"refused",
         {{.url = INBOX, .status = 403}},
         "POST by 1 " INBOX "\n",
         "refused version=1 scheme=0 retry=0 HTTP 403\n"                 },
        {"too much at once",
         {{.url = INBOX, .status = 429}},
         "POST by 1 " INBOX "\n",
         "later version=1 scheme=0 retry=120 HTTP 429\n"                 },
        {"silence",
         {{.url = INBOX, .outcome = FETCH_SILENT}},
         "POST by 1 " INBOX "\n",
         "later version=1 scheme=0 retry=0 no answer, silent\n"          },
        {"410, and the actor is there",
         {{.url = INBOX, .status = 410}, {.url = BOB, .body = "{}"}},
         "POST by 1 " INBOX "\nGET " BOB "\n",
         "refused version=1 scheme=0 retry=0 HTTP 410\n"                 },
        {"410, and the actor says the same",
         {{.url = INBOX, .status = 410}, {.url = BOB, .status = 410}},
         "POST by 1 " INBOX "\nGET " BOB "\n",
         "gone version=1 scheme=0 retry=0 HTTP 410\n"                    },
        {"a redirect is not followed",
         {{.url = INBOX, .status = 302, .location = BOB}},
         "POST by 1 " INBOX "\n",
         "later version=1 scheme=0 retry=0 HTTP 302\n"                   },
    };
    struct house house;

    (void)state;
    open_house(&house, a_follow_answer, 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        house_web(&house, rows[i].web, rows[i].web[1].url ? 2 : 1);
        assert_true(deliver(&house, first_due(&house)));
        if (strcmp(house.seen.at, rows[i].seen) != 0 ||
            strcmp(house.bridge.told.at, rows[i].told) != 0)
            fail_msg("%s: %s%s", rows[i].name, house.seen.at, house.bridge.told.at);
    }
    assert_true(slice_starts(
        bytes_slice(&house.posted),
        SLICE(
            "{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"https://"
            "example.org/users/alice#answers/follows/7/1/c8371ce889c4a2b8\",\"type\":\"Accept\"")));
    house_close(&house);
}

static void what_a_host_took_before_comes_first(void **state)
{
    static const struct document_there web[] = {
        {.url = INBOX, .status = 200}
    };
    struct house house;

    (void)state;
    open_house(&house, a_follow_answer, 2);
    house_web(&house, web, 1);
    assert_true(deliver(&house, first_due(&house)));
    assert_text(house.seen.at, "POST by 2 " INBOX "\n");
    assert_text(house.bridge.told.at, "delivered version=1 scheme=2 retry=0 HTTP 200\n");
    house_close(&house);
}

static void put_silence(struct house *house, int64_t next_ms)
{
    struct err err = {0};
    struct wanted wanted = {
        .change = {.apply = want}, .house = house, .silences = 1, .next_ms = next_ms};

    if (!store_commit(house->store, &wanted.change, &err))
        fail_msg("%s: %s", err.said, err.cause);
}

static bool first_is_doubtful(struct house *house)
{
    struct due_ask *due = due_ask_new(&house->duties);

    due->limit = 10;
    assert_true(house_run(house, &due->ask));
    assert_int_equal(due->count, 1);
    bool doubtful = due->due[0].doubtful;
    errand_free(&due->ask.errand);
    return doubtful;
}

static void a_silent_host_is_left_alone(void **state)
{
    static const struct document_there web[] = {
        {.url = INBOX, .status = 202}
    };
    struct house house;

    (void)state;
    open_house(&house, a_follow_answer, 0);
    assert_false(first_is_doubtful(&house));
    put_silence(&house, NOW_MS + 1);
    assert_true(first_is_doubtful(&house));
    house_web(&house, web, 1);
    assert_true(deliver(&house, first_due(&house)));
    assert_text(house.seen.at, "");
    assert_text(house.bridge.told.at,
                "later version=1 scheme=0 retry=0 their server did not answer others a moment "
                "ago, untried, put off\n");
    put_silence(&house, NOW_MS);
    house_web(&house, web, 1);
    assert_true(deliver(&house, first_due(&house)));
    assert_text(house.seen.at, "POST by 1 " INBOX "\n");
    house_close(&house);
}

static void what_is_no_longer_wanted_is_not_sent(void **state)
{
    struct house house;

    (void)state;
    open_house(&house, nothing, 0);
    house_web(&house, NULL, 0);
    assert_true(deliver(&house, first_due(&house)));
    assert_text(house.seen.at, "");
    assert_text(house.bridge.told.at,
                "delivered version=4 scheme=0 retry=0 no longer wanted, untried\n");
    house_close(&house);
}

static void a_delivery_that_was_dropped_meanwhile(void **state)
{
    struct house house;

    (void)state;
    open_house(&house, a_follow_answer, 0);
    house_web(&house, NULL, 0);
    assert_true(deliver(&house, 4711));
    assert_text(house.bridge.told.at, "");
    house_close(&house);
}

static void a_person_is_looked_for_first(void **state)
{
    static const struct document_there web[] = {
        {.url = INBOX, .status = 202}
    };
    static const struct {
        enum resolve_outcome outcome;
        const char *inbox, *told;
    } rows[] = {
        {RESOLVE_NOBODY, NULL, "nobody version=1 scheme=0 retry=0 there is nobody of that name\n"},
        {RESOLVE_SILENT, NULL,
         "later version=1 scheme=0 retry=0 their server did not answer, silent\n"                },
        {RESOLVE_FOUND,  NULL, "later version=1 scheme=0 retry=0 their actor names no inbox\n"   },
    };
    struct house house;

    (void)state;
    open_house(&house, to_nobody_known, 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        house_web(&house, web, 1);
        house.resolve_outcome = rows[i].outcome;
        house.resolves = 0;
        assert_true(deliver(&house, first_due(&house)));
        assert_int_equal(house.resolves, 1);
        assert_text(house.bridge.told.at, rows[i].told);
    }
    house_close(&house);
}

static void an_inbox_that_cannot_be_signed_for(void **state)
{
    struct house house;

    (void)state;
    open_house(&house, to_a_strange_inbox, 0);
    house_web(&house, NULL, 0);
    assert_true(deliver(&house, first_due(&house)));
    assert_text(house.bridge.told.at,
                "refused version=1 scheme=0 retry=0 their inbox is no https address\n");
    house_close(&house);
}

/* It is put off in its row: it does not come again at once, nor hold a place of its host's. */
static void one_that_cannot_be_made_ready_waits_like_others(void **state)
{
    struct house house;

    (void)state;
    open_house(&house, a_follow_answer, 0);
    house_web(&house, NULL, 0);
    house.bridge.unreadable = true;
    assert_true(deliver(&house, first_due(&house)));
    assert_text(house.seen.at, "");
    assert_text(house.bridge.told.at, "later version=1 scheme=0 retry=0"
                                      " our server could not make it ready, untried\n");
    house_close(&house);
}

static void what_is_under_way_is_not_due(void **state)
{
    struct house house;

    (void)state;
    open_house(&house, a_follow_answer, 0);
    int64_t id = first_due(&house);
    assert_true(id > 0);
    struct due_ask *due = due_ask_new(&house.duties);
    due->limit = 10;
    due->held.ids = must_new(int64_t);
    due->held.ids[0] = id;
    due->held.id_count = 1;
    assert_true(house_run(&house, &due->ask));
    assert_int_equal(due->count, 0);
    errand_free(&due->ask.errand);
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(what_a_host_took_before_comes_first),
        cmocka_unit_test(a_silent_host_is_left_alone),
        cmocka_unit_test(what_is_no_longer_wanted_is_not_sent),
        cmocka_unit_test(a_delivery_that_was_dropped_meanwhile),
        cmocka_unit_test(a_person_is_looked_for_first),
        cmocka_unit_test(an_inbox_that_cannot_be_signed_for),
        cmocka_unit_test(one_that_cannot_be_made_ready_waits_like_others),
        cmocka_unit_test(what_is_under_way_is_not_due),
    };
    return cmocka_run_group_tests(tests, house_lay_foundation, house_dig_up);
}
