/* Domains, accounts, people, keys, follows. */
#include "lab.h"

static bool add_account(struct lab *lab, const char *name, const char *domain, int64_t *out_id)
{
    scoped_value(account) account = {.name = must_dup(name), .domain = must_dup(domain)};
    struct store_tx *tx = lab_begin(lab);
    bool ok = store_add_account(tx, &account, out_id, &lab->err);

    if (ok) {
        lab_commit(lab);
    } else {
        struct err why = lab->err;
        lab_abort(lab);
        lab->err = why;
    }
    return ok;
}

static void an_account_brings_its_person_and_inbox(void **state)
{
    struct lab *lab = *state;
    int64_t id = lab_account(lab, "alice");
    scoped_value(account) account = {0};
    scoped_value(person) person = {0};
    struct mailbox inbox;

    scoped(store_view) view = lab_look(lab);
    assert_int_equal(
        store_account_named(view, SLICE("ALICE"), SLICE("Example.Org"), &account, &lab->err),
        FOUND);
    assert_int_equal(account.id, id);
    assert_text(account.name, "alice");
    assert_text(account.domain, "example.org");
    assert_int_equal(account.state, ACCOUNT_ACTIVE);
    assert_int_equal(account.created_ms, LAB_START_MS);
    assert_int_equal(
        store_person_by_handle(view, SLICE("Alice"), SLICE("example.org"), &person, &lab->err),
        FOUND);
    assert_int_equal(person.kind, PERSON_LOCAL);
    assert_int_equal(person.account_id, id);
    assert_int_equal(person.id, account.person_id);
    assert_int_equal(store_mailbox_named(view, id, SLICE("inbox"), &inbox, &lab->err), FOUND);
    assert_text(inbox.name, "INBOX");
    mailbox_clear(&inbox);
    account_clear(&account);
    assert_int_equal(store_account_of_person(view, person.id, &account, &lab->err), FOUND);
    assert_int_equal(account.id, id);
    assert_int_equal(store_account(view, id + 1, &account, &lab->err), ABSENT);
}

static void names_are_never_free_again(void **state)
{
    struct lab *lab = *state;
    int64_t id = lab_account(lab, "alice"), other = 0;
    static const struct {
        const char *name, *user, *domain;
        enum err_kind kind;
    } rows[] = {
        {"the name of a removed account is taken", "alice", "example.org", ERR_REFUSED},
        {"whatever its case",                      "ALICE", "EXAMPLE.org", ERR_REFUSED},
        {"a domain we do not serve is absent",     "alice", "else.test",   ERR_ABSENT },
    };
    scoped_value(account) account = {0};

    struct store_tx *tx = lab_begin(lab);
    assert_int_equal(store_account(store_tx_view(tx), id, &account, &lab->err), FOUND);
    account.state = ACCOUNT_REMOVED;
    assert_true(store_update_account(tx, &account, &lab->err));
    lab_commit(lab);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        print_message("%s\n", rows[i].name);
        assert_false(add_account(lab, rows[i].user, rows[i].domain, &other));
        assert_int_equal(lab->err.kind, rows[i].kind);
    }
}

static void an_account_keeps_its_name_and_keys_when_updated(void **state)
{
    struct lab *lab = *state;
    int64_t id = lab_account(lab, "alice");
    struct account changed = {.id = id,
                              .state = ACCOUNT_ASLEEP,
                              .reply_all = REPLY_ALL_PEOPLE,
                              .asleep_since_ms = 5,
                              .display_name = must_dup("Alice A."),
                              .summary = must_dup("Hens"),
                              .language = must_dup("en"),
                              .maildir = must_dup("/m")};
    scoped_value(account) account = {0};
    scoped_value(person) person = {0};

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_update_account(tx, &changed, &lab->err));
    changed.id = id + 1;
    assert_false(store_update_account(tx, &changed, &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    lab_commit(lab);
    account_clear(&changed);
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_account(view, id, &account, &lab->err), FOUND);
    assert_text(account.name, "alice");
    assert_text(account.display_name, "Alice A.");
    assert_text(account.summary, "Hens");
    assert_text(account.language, "en");
    assert_text(account.maildir, "/m");
    assert_int_equal(account.reply_all, REPLY_ALL_PEOPLE);
    assert_int_equal(account.state, ACCOUNT_ASLEEP);
    assert_int_equal(account.asleep_since_ms, 5);
    assert_int_equal(store_person(view, account.person_id, &person, &lab->err), FOUND);
    assert_text(person.name, "Alice A.");
}

static bool collect_name(void *ctx, const struct account *account)
{
    struct bytes *names = ctx;

    bytes_print(names, "%s ", account->name);
    return account->name[0] != 'c'; /* enough */
}

static void accounts_come_in_order_of_name(void **state)
{
    struct lab *lab = *state;
    scoped_value(bytes) names = {0};

    lab_account(lab, "carol");
    lab_account(lab, "alice");
    lab_account(lab, "dave");
    lab_account(lab, "Bob");
    scoped(store_view) view = lab_look(lab);
    assert_true(store_accounts(view, collect_name, &names, &lab->err));
    assert_text(names.at, "alice Bob carol ");
}

static bool keep_key(void *ctx, const struct account_key *key)
{
    struct bytes *found = ctx;

    bytes_print(found, "%s:%s:%d ", key->fingerprint, key->certificate.at, (int)key->expires_ms);
    return true;
}

static void secrets_of_an_account_go_with_it(void **state)
{
    struct lab *lab = *state;
    int64_t id = lab_account(lab, "alice");
    struct credential credential = {
        .salt = {1}, .stored_key = {2}, .server_key = {3}, .iterations = 4096};
    struct credential read;
    struct account_key key = {.fingerprint = "ABCD"};
    struct account gone = {.id = id, .state = ACCOUNT_REMOVED};
    scoped_value(bytes) found = {0};

    struct store_tx *tx = lab_begin(lab);
    struct store_view *inside = store_tx_view(tx);
    assert_int_equal(store_credential(inside, id, &read, &lab->err), ABSENT);
    assert_true(store_set_credential(tx, id, &credential, &lab->err));
    credential.iterations = 10000;
    assert_true(store_set_credential(tx, id, &credential, &lab->err));
    assert_int_equal(store_credential(inside, id, &read, &lab->err), FOUND);
    assert_memory_equal(&read, &credential, sizeof read);
    assert_false(store_set_credential(tx, id + 7, &credential, &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    bytes_add_text(&key.certificate, "first");
    assert_true(store_add_account_key(tx, id, &key, &lab->err));
    bytes_reset(&key.certificate);
    bytes_add_text(&key.certificate, "second");
    key.expires_ms = 9;
    assert_true(store_add_account_key(tx, id, &key, &lab->err));
    assert_true(store_account_keys(inside, id, keep_key, &found, &lab->err));
    assert_text(found.at, "ABCD:second:9 ");
    assert_false(store_remove_account_key(tx, id, "FFFF", &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    assert_true(store_update_account(tx, &gone, &lab->err));
    assert_int_equal(store_credential(inside, id, &read, &lab->err), ABSENT);
    assert_false(store_remove_account_key(tx, id, "ABCD", &lab->err));
    lab_commit(lab);
    account_key_clear(&key);
}

static void a_domain_is_made_once(void **state)
{
    struct lab *lab = *state;
    scoped_value(domain)
        domain = {.name = must_dup("example.org"), .actor_public_pem = must_dup("PEM")};
    scoped_value(domain) read = {0};

    bytes_add_text(&domain.actor_key, "wrapped");
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_add_domain(tx, &domain, &lab->err));
    bytes_add_text(&domain.actor_key, " another");
    assert_true(store_add_domain(tx, &domain, &lab->err));
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_domain(view, SLICE("EXAMPLE.ORG"), &read, &lab->err), FOUND);
    assert_text(read.actor_key.at, "wrapped");
    assert_text(read.actor_public_pem, "PEM");
    assert_int_equal(store_domain(view, SLICE("else.test"), &read, &lab->err), ABSENT);
}

static struct person someone(const char *actor_id, const char *user, const char *address)
{
    return (struct person){.kind = address ? PERSON_MAIL : PERSON_FEDIVERSE,
                           .actor_id = must_dup(actor_id),
                           .user = must_dup(user),
                           .host = user ? must_dup("social.example") : NULL,
                           .address = must_dup(address)};
}

static void people_are_found_by_what_names_them(void **state)
{
    struct lab *lab = *state;
    static const struct {
        const char *name, *actor_id, *user, *address;
        int same_as; /* the row whose person it is */
    } rows[] = {
        {"a handle nobody resolved yet",             NULL,            "bob", NULL,           0},
        {"its actor document finds the handle",      "https://s/bob", "bob", NULL,           0},
        {"and the handle alone finds the actor",     NULL,            "BOB", NULL,           0},
        {"the actor id finds it under a new handle", "https://s/bob", "rob", NULL,           0},
        {"an address is somebody else",              NULL,            NULL,  "carol@c.test", 4},
        {"the same address, whatever its case",      NULL,            NULL,  "Carol@C.test", 4},
        {"an actor of the same handle is another",   "https://s/2",   "rob", NULL,           6},
    };
    int64_t ids[COUNT_OF(rows)] = {0};

    struct store_tx *tx = lab_begin(lab);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        print_message("%s\n", rows[i].name);
        scoped_value(person) person = someone(rows[i].actor_id, rows[i].user, rows[i].address);
        assert_true(store_put_person(tx, &person, &ids[i], &lab->err));
        assert_int_equal(ids[i], ids[rows[i].same_as]);
        for (size_t k = 0; k < i; k++)
            assert_true((ids[k] == ids[i]) == (rows[k].same_as == rows[i].same_as));
    }
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    scoped_value(person) person = {0};
    assert_int_equal(
        store_person_by_handle(view, SLICE("rob"), SLICE("social.example"), &person, &lab->err),
        FOUND);
    assert_int_equal(person.id, ids[6]); /* the newer actor */
    person_clear(&person);
    assert_int_equal(store_person_by_address(view, SLICE("carol@c.TEST"), &person, &lab->err),
                     FOUND);
    assert_int_equal(person.id, ids[4]);
    person_clear(&person);
    assert_int_equal(store_person_by_actor(view, SLICE("https://s/bob"), &person, &lab->err),
                     FOUND);
    assert_text(person.user, "rob");
}

static void nobody_from_outside_becomes_somebody_here(void **state)
{
    struct lab *lab = *state;
    int64_t local = lab_person_of(lab, lab_account(lab, "alice")), id = 0;
    scoped_value(person) claim = {.kind = PERSON_FEDIVERSE,
                                  .user = must_dup("alice"),
                                  .host = must_dup("example.org"),
                                  .actor_id = must_dup("https://evil.test/alice")};

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_put_person(tx, &claim, &id, &lab->err));
    assert_int_not_equal(id, local);
    lab_abort(lab);
}

static void a_whole_document_forgets_and_a_part_fills_gaps(void **state)
{
    struct lab *lab = *state;
    int64_t id = lab_fediverse_person(lab, "bob"), again = 0;
    scoped_value(person) part = someone(NULL, "bob", NULL);
    scoped_value(person) whole = someone("https://social.example/users/bob", "bob", NULL);
    scoped_value(person) read = {0};

    part.name = must_dup("Bob B.");
    whole.inbox = must_dup("https://social.example/in");
    whole.fetched_ms = LAB_START_MS + 1;
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_put_person(tx, &part, &again, &lab->err));
    assert_int_equal(again, id);
    assert_int_equal(store_person(store_tx_view(tx), id, &read, &lab->err), FOUND);
    assert_text(read.name, "Bob B.");
    assert_text(read.shared_inbox, "https://social.example/inbox");
    assert_int_equal(read.fetched_ms, LAB_START_MS);
    person_clear(&read);
    assert_true(store_put_person(tx, &whole, &again, &lab->err));
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_person(view, id, &read, &lab->err), FOUND);
    assert_null(read.name);
    assert_null(read.shared_inbox);
    assert_text(read.inbox, "https://social.example/in");
    assert_text(read.word, "bob=social.example"); /* what names people is kept */
}

static void a_word_never_passes_to_another_handle(void **state)
{
    struct lab *lab = *state;
    int64_t bob = lab_fediverse_person(lab, "bob"), id = 0;
    scoped_value(person) thief = someone("https://social.example/2", "mallory", NULL);
    scoped_value(person) heir = someone("https://social.example/3", "bob", NULL);
    scoped_value(person) read = {0};

    thief.word = must_dup("BOB=social.example");
    heir.word = must_dup("bob=social.example");
    struct store_tx *tx = lab_begin(lab);
    assert_false(store_put_person(tx, &thief, &id, &lab->err));
    assert_int_equal(lab->err.kind, ERR_CONFLICT);
    assert_true(store_put_person(tx, &heir, &id, &lab->err)); /* the same handle, made anew */
    assert_int_not_equal(id, bob);
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_person_by_word(view, SLICE("Bob=Social.example"), &read, &lab->err),
                     FOUND);
    assert_int_equal(read.id, id);
}

static void signing_keys_change_hands_and_are_few(void **state)
{
    struct lab *lab = *state;
    int64_t bob = lab_fediverse_person(lab, "bob");
    scoped_value(person_key) read = {0};

    struct store_tx *tx = lab_begin(lab);
    for (int i = 0; i < 20; i++) {
        scoped_value(person_key) key = {.person_id = bob,
                                        .key_id = must_print("https://s/bob#%d", i),
                                        .public_pem = must_print("pem %d", i),
                                        .fetched_ms = i};
        assert_true(store_put_person_key(tx, &key, &lab->err));
        free(key.public_pem);
        key.public_pem = must_print("new pem %d", i);
        assert_true(store_put_person_key(tx, &key, &lab->err));
    }
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_person_key(view, SLICE("https://s/bob#19"), &read, &lab->err), FOUND);
    assert_text(read.public_pem, "new pem 19");
    assert_int_equal(read.person_id, bob);
    person_key_clear(&read);
    assert_int_equal(store_person_key(view, SLICE("https://s/bob#12"), &read, &lab->err), FOUND);
    person_key_clear(&read);
    assert_int_equal(store_person_key(view, SLICE("https://s/bob#11"), &read, &lab->err), ABSENT);
}

static void one_row_a_pair(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_person_of(lab, lab_account(lab, "alice")),
            bob = lab_fediverse_person(lab, "bob");
    int64_t first = 0, second = 0, fediverse = 0, mail = 0, following = 0;
    scoped_value(follow) follow = {0};

    struct store_tx *tx = lab_begin(lab);
    assert_true(
        store_put_follow(tx, bob, alice, FOLLOW_WAITING, "https://s/f1", &first, &lab->err));
    lab->clock.now_ms = LAB_START_MS + 7;
    assert_true(store_put_follow(tx, bob, alice, FOLLOW_ACCEPTED, NULL, &second, &lab->err));
    assert_int_equal(first, second);
    assert_false(store_put_follow(tx, bob + 99, alice, FOLLOW_WAITING, NULL, &second, &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    assert_false(store_put_follow(tx, bob, alice + 99, FOLLOW_WAITING, NULL, &second, &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_follow(view, bob, alice, &follow, &lab->err), FOUND);
    assert_int_equal(follow.state, FOLLOW_ACCEPTED);
    assert_text(follow.activity_id, "https://s/f1");
    assert_int_equal(follow.since_ms, LAB_START_MS + 7);
    assert_int_equal(store_follow(view, alice, bob, &follow, &lab->err), ABSENT);
    follow_clear(&follow);
    assert_int_equal(store_follow_by_id(view, first, &follow, &lab->err), FOUND);
    assert_int_equal(follow.follower_id, bob);
    assert_true(store_follower_counts(view, alice, &fediverse, &mail, &following, &lab->err));
    assert_int_equal(fediverse, 1);
    assert_int_equal(mail, 0);
    assert_int_equal(following, 0);
    assert_true(store_follower_counts(view, bob, &fediverse, &mail, &following, &lab->err));
    assert_int_equal(following, 1);
}

static bool count_follow(void *ctx, const struct follow *follow, const struct person *person)
{
    int64_t *last = ctx;

    assert_true(follow->id > last[1]);
    assert_true(person->id == follow->follower_id || person->id == follow->followed_id);
    last[0]++;
    last[1] = follow->id;
    return true;
}

static int64_t page_through(struct lab *lab, int64_t followed, bool accepted_only)
{
    int64_t seen[2] = {0}, before;
    scoped(store_view) view = lab_look(lab);

    do {
        before = seen[0];
        assert_true(store_followers(view, followed, accepted_only, seen[1], 500, count_follow, seen,
                                    &lab->err));
        assert_true(seen[0] - before <= 500);
    } while (seen[0] > before);
    return seen[0];
}

static void ten_thousand_followers_come_in_pages(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_person_of(lab, lab_account(lab, "alice"));
    int64_t fediverse = 0, mail = 0, following = 0, id = 0, follow = 0, gone = 0;

    struct store_tx *tx = lab_begin(lab);
    for (int i = 0; i < 10000; i++) {
        scoped_text char *name = must_print("p%d@m.test", i);
        scoped_text char *actor_id = must_print("https://s/%d", i);
        scoped_value(person) person =
            i % 10 ? someone(actor_id, name, NULL) : someone(NULL, NULL, name);
        assert_true(store_put_person(tx, &person, &id, &lab->err));
        assert_true(store_put_follow(tx, id, alice, i % 4 ? FOLLOW_ACCEPTED : FOLLOW_REFUSED, NULL,
                                     &follow, &lab->err));
        gone = i == 5 ? id : gone;
    }
    lab_commit(lab);
    assert_int_equal(page_through(lab, alice, false), 10000);
    assert_int_equal(page_through(lab, alice, true), 7500);

    tx = lab_begin(lab);
    assert_true(store_person_gone(tx, gone, &lab->err));
    assert_false(store_person_gone(tx, id + 1, &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    lab_commit(lab);
    assert_int_equal(page_through(lab, alice, true), 7499);
    scoped(store_view) view = lab_look(lab);
    assert_true(store_follower_counts(view, alice, &fediverse, &mail, &following, &lab->err));
    assert_int_equal(fediverse + mail, 7499);
    assert_int_equal(mail, 500); /* every tenth, of which every second is not a fourth */
    int64_t seen[2] = {0};
    assert_true(store_following(view, id, 0, 10, count_follow, seen, &lab->err));
    assert_int_equal(seen[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_account_brings_its_person_and_inbox, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(names_are_never_free_again, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(an_account_keeps_its_name_and_keys_when_updated, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(accounts_come_in_order_of_name, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(secrets_of_an_account_go_with_it, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(a_domain_is_made_once, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(people_are_found_by_what_names_them, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(nobody_from_outside_becomes_somebody_here, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(a_whole_document_forgets_and_a_part_fills_gaps, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(a_word_never_passes_to_another_handle, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(signing_keys_change_hands_and_are_few, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(one_row_a_pair, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(ten_thousand_followers_come_in_pages, lab_setup,
                                        lab_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
