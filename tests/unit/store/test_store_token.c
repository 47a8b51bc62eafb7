/* Tokens, limits of strangers, and forgetting mail people. */
#include "lab.h"

static struct token token_like(enum token_purpose purpose, unsigned char mark, int64_t account_id,
                               int64_t person_id)
{
    struct token token = {.purpose = purpose, .account_id = account_id, .person_id = person_id};

    memset(token.digest, mark, sizeof token.digest);
    memset(token.seed, mark + 100, sizeof token.seed);
    return token;
}

static int64_t add_reader(struct lab *lab, struct store_tx *tx, int64_t account_id,
                          enum follow_state state, int64_t *out_follow_id)
{
    static char address[] = "carol@mail.example";
    struct person person = {.kind = PERSON_MAIL, .address = address};
    int64_t person_id = 0;
    scoped_value(account) account = {0};

    assert_int_equal(store_account(store_tx_view(tx), account_id, &account, &lab->err), FOUND);
    assert_true(store_put_person(tx, &person, &person_id, &lab->err));
    assert_true(
        store_put_follow(tx, person_id, account.person_id, state, NULL, out_follow_id, &lab->err));
    return person_id;
}

static enum found look_up(struct lab *lab, enum token_purpose purpose, unsigned char mark,
                          struct token *out)
{
    scoped(store_view) view = lab_look(lab);
    struct token wanted = token_like(purpose, mark, 0, 0);

    return store_token(view, purpose, wanted.digest, out, &lab->err);
}

static bool has_address(struct lab *lab)
{
    scoped(store_view) view = lab_look(lab);
    scoped_value(person) person = {0};

    return store_person_by_address(view, SLICE("CAROL@mail.example"), &person, &lab->err) == FOUND;
}

static void a_token_is_found_by_its_digest_until_it_expires(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), follow_id;
    struct token read;

    struct store_tx *tx = lab_begin(lab);
    int64_t carol = add_reader(lab, tx, alice, FOLLOW_CONFIRMING, &follow_id);
    struct token token = token_like(TOKEN_CONFIRM, 1, alice, carol);
    token.expires_ms = LAB_START_MS + 10;
    assert_true(store_add_token(tx, &token, &lab->err));
    lab_commit(lab);
    assert_int_equal(look_up(lab, TOKEN_CONFIRM, 1, &read), FOUND);
    assert_int_equal(read.account_id, alice);
    assert_int_equal(read.person_id, carol);
    assert_memory_equal(read.seed, token.seed, sizeof read.seed);
    assert_int_equal(look_up(lab, TOKEN_UNSUBSCRIBE, 1, &read), ABSENT);
    assert_int_equal(look_up(lab, TOKEN_CONFIRM, 2, &read), ABSENT);
    lab->clock.now_ms = LAB_START_MS + 10;
    assert_int_equal(look_up(lab, TOKEN_CONFIRM, 1, &read), ABSENT);
}

static void the_newest_of_a_pair_counts(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), follow_id;
    struct token read;

    struct store_tx *tx = lab_begin(lab);
    int64_t carol = add_reader(lab, tx, alice, FOLLOW_ACCEPTED, &follow_id);
    for (unsigned char mark = 1; mark < 4; mark++) {
        struct token token = token_like(TOKEN_BOUNCE, mark, alice, carol);
        assert_true(store_add_token(tx, &token, &lab->err));
    }
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_token_of(view, TOKEN_BOUNCE, alice, carol, &read, &lab->err), FOUND);
    assert_int_equal(read.digest[0], 3);
    assert_int_equal(store_token_of(view, TOKEN_CONFIRM, alice, carol, &read, &lab->err), ABSENT);
}

static void a_question_without_an_answer_leaves_nothing(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), follow_id;
    scoped_value(follow) follow = {0};
    bool more;

    struct store_tx *tx = lab_begin(lab);
    int64_t carol = add_reader(lab, tx, alice, FOLLOW_CONFIRMING, &follow_id);
    struct token token = token_like(TOKEN_CONFIRM, 1, alice, carol);
    token.expires_ms = LAB_START_MS + 10;
    assert_true(store_add_token(tx, &token, &lab->err));
    lab_commit(lab);
    assert_true(store_tidy(lab->store, &more, &lab->err));
    assert_true(has_address(lab));
    lab->clock.now_ms = LAB_START_MS + 10;
    assert_true(store_tidy(lab->store, &more, &lab->err));
    assert_false(has_address(lab));
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_follow_by_id(view, follow_id, &follow, &lab->err), ABSENT);
}

static void a_reader_stays_when_another_question_expires(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), follow_id;
    bool more;

    struct store_tx *tx = lab_begin(lab);
    int64_t carol = add_reader(lab, tx, alice, FOLLOW_ACCEPTED, &follow_id);
    struct token token = token_like(TOKEN_CONFIRM, 1, alice, carol);
    token.expires_ms = LAB_START_MS + 10;
    assert_true(store_add_token(tx, &token, &lab->err));
    lab_commit(lab);
    lab->clock.now_ms = LAB_START_MS + 10;
    assert_true(store_tidy(lab->store, &more, &lab->err));
    assert_true(has_address(lab));
}

static void who_left_is_forgotten_and_their_links_are_not(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), follow_id;
    struct token read;

    struct store_tx *tx = lab_begin(lab);
    int64_t carol = add_reader(lab, tx, alice, FOLLOW_ACCEPTED, &follow_id);
    struct token token = token_like(TOKEN_UNSUBSCRIBE, 1, alice, carol);
    assert_true(store_add_token(tx, &token, &lab->err));
    lab_commit(lab);
    tx = lab_begin(lab);
    assert_true(
        store_orphan_tokens(tx, TOKEN_UNSUBSCRIBE, alice, carol, LAB_START_MS + 10, &lab->err));
    assert_true(store_forget_follow(tx, follow_id, &lab->err));
    assert_false(store_forget_follow(tx, follow_id, &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    lab_commit(lab);
    assert_false(has_address(lab));
    assert_int_equal(look_up(lab, TOKEN_UNSUBSCRIBE, 1, &read), FOUND);
    assert_int_equal(read.person_id, 0);
}

static void somebody_who_wrote_a_mail_is_not_forgotten(void **state)
{
    struct lab *lab = *state;
    static char ref[] = "0abcdefghjkm";
    int64_t alice = lab_account(lab, "alice"), follow_id, id;

    struct store_tx *tx = lab_begin(lab);
    struct message message = {.ref = ref,
                              .author_id = add_reader(lab, tx, alice, FOLLOW_ACCEPTED, &follow_id),
                              .visibility = VISIBILITY_MAIL,
                              .state = MESSAGE_SENT,
                              .version = 1};
    assert_true(store_add_message(tx, &message, &id, &lab->err));
    assert_true(store_forget_follow(tx, follow_id, &lab->err));
    lab_commit(lab);
    assert_true(has_address(lab));
}

static void copies_not_yet_sent_end_and_other_mail_does_not(void **state)
{
    struct lab *lab = *state;
    static char host[] = "mail.example", rcpt[] = "carol@mail.example";
    int64_t alice = lab_account(lab, "alice"), follow_id, left;
    int64_t post = lab_message(lab, alice, VISIBILITY_PUBLIC),
            mail = lab_message(lab, alice, VISIBILITY_MAIL);
    struct store_body *body = lab_body(lab, 10, 'm');

    struct store_tx *tx = lab_begin(lab);
    struct delivery delivery = {.subject = SUBJECT_MESSAGE,
                                .subject_id = post,
                                .account_id = alice,
                                .target = TARGET_MAIL,
                                .host = host,
                                .rcpt_to = rcpt,
                                .wanted = 1};
    delivery.person_id = add_reader(lab, tx, alice, FOLLOW_ACCEPTED, &follow_id);
    assert_true(store_want_delivery(tx, &delivery, &lab->err));
    delivery.subject_id = mail;
    assert_true(store_want_mail(tx, &delivery, body, &lab->err));
    assert_true(store_end_copies(tx, alice, delivery.person_id, &lab->err));
    lab_commit(lab);
    store_body_drop(body);
    scoped(store_view) view = lab_look(lab);
    assert_true(store_queue_count(view, &left, &lab->err));
    assert_int_equal(left, 1);
}

static void what_strangers_ask_is_counted_and_forgotten(void **state)
{
    struct lab *lab = *state;
    static const unsigned char here[32] = {1}, there[32] = {2};
    int64_t count;
    bool more;

    struct store_tx *tx = lab_begin(lab);
    for (int i = 0; i < 3; i++)
        assert_true(store_count_asked(tx, ASKED_ADDRESS, here, LAB_START_MS + i, &lab->err));
    assert_true(store_count_asked(tx, ASKED_NETWORK, here, LAB_START_MS, &lab->err));
    assert_true(store_count_asked(tx, ASKED_ADDRESS, there, LAB_START_MS, &lab->err));
    assert_true(store_asked_count(store_tx_view(tx), ASKED_ADDRESS, here, LAB_START_MS + 1, &count,
                                  &lab->err));
    assert_int_equal(count, 2);
    lab_commit(lab);
    lab->clock.now_ms = LAB_START_MS + 40 * DAY_MS;
    assert_true(store_tidy(lab->store, &more, &lab->err));
    scoped(store_view) view = lab_look(lab);
    assert_true(store_asked_count(view, ASKED_ADDRESS, here, 0, &count, &lab->err));
    assert_int_equal(count, 0);
}

static void refusals_are_remembered_with_the_follow(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), follow_id;
    scoped_value(follow) follow = {0};

    struct store_tx *tx = lab_begin(lab);
    (void)add_reader(lab, tx, alice, FOLLOW_SUSPENDED, &follow_id);
    static char words[] = "550 5.1.1 nobody";
    struct follow fares = {.id = follow_id, .refused_ms = LAB_START_MS, .reported_ms = 1};
    fares.soft_ms = 2, fares.soft_count = 3, fares.trouble = words, fares.untold = true;
    assert_true(store_follow_fares(tx, &fares, &lab->err));
    assert_int_equal(store_follow_by_id(store_tx_view(tx), follow_id, &follow, &lab->err), FOUND);
    assert_int_equal(follow.refused_ms, LAB_START_MS);
    assert_int_equal(follow.reported_ms, 1);
    assert_int_equal(follow.soft_ms, 2);
    assert_int_equal(follow.soft_count, 3);
    assert_string_equal(follow.trouble, words);
    assert_true(follow.untold);
    assert_int_equal(follow.state, FOLLOW_SUSPENDED);
    fares.id++;
    assert_false(store_follow_fares(tx, &fares, &lab->err));
    lab_commit(lab);
}

/* ---- invitations ---- */
static enum found look_for_invitation(struct lab *lab, unsigned char mark)
{
    scoped(store_view) view = lab_look(lab);
    scoped_value(invitation) found = {0};
    unsigned char digest[TOKEN_DIGEST_LEN];

    memset(digest, mark, sizeof digest);
    return store_invitation(view, digest, &found, &lab->err);
}

static void invite(struct lab *lab, unsigned char mark, int64_t uses_max, int64_t expires_ms)
{
    char name[] = {(char)('a' + mark), '\0'};
    struct invitation invitation = {.name = name, .uses_max = uses_max, .expires_ms = expires_ms};
    struct store_tx *tx = lab_begin(lab);

    memset(invitation.digest, mark, sizeof invitation.digest);
    assert_true(store_add_invitation(tx, &invitation, &lab->err));
    lab_commit(lab);
}

static bool use(struct lab *lab, int64_t id)
{
    struct store_tx *tx = lab_begin(lab);
    bool used = store_use_invitation(tx, id, &lab->err);

    lab_commit(lab);
    return used;
}

static void an_invitation_opens_so_often_and_so_long(void **state)
{
    struct lab *lab = *state;

    invite(lab, 1, 2, 0);
    invite(lab, 2, 0, LAB_START_MS + 10);
    invite(lab, 3, 0, LAB_START_MS - 10);
    assert_int_equal(look_for_invitation(lab, 1), FOUND);
    assert_true(use(lab, 1) && use(lab, 1));
    assert_false(use(lab, 1));
    assert_int_equal(look_for_invitation(lab, 1), ABSENT);
    assert_int_equal(look_for_invitation(lab, 2), FOUND);
    assert_true(use(lab, 2) && use(lab, 2) && use(lab, 2));
    assert_int_equal(look_for_invitation(lab, 3), ABSENT);
    assert_false(use(lab, 3));
    assert_int_equal(look_for_invitation(lab, 4), ABSENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_token_is_found_by_its_digest_until_it_expires, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(the_newest_of_a_pair_counts, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(a_question_without_an_answer_leaves_nothing, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(a_reader_stays_when_another_question_expires, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(who_left_is_forgotten_and_their_links_are_not, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(somebody_who_wrote_a_mail_is_not_forgotten, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(copies_not_yet_sent_end_and_other_mail_does_not, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(what_strangers_ask_is_counted_and_forgotten, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(refusals_are_remembered_with_the_follow, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(an_invitation_opens_so_often_and_so_long, lab_setup,
                                        lab_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
