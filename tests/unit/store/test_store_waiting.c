/* Deliveries in the queue: many of one message, hosts that are silent, and mail whose host rests or that was given up. */
#include "lab.h"

enum { INBOXES = 1 << TARGET_INBOX, MAILS = 1 << TARGET_MAIL };

static bool count_due(void *ctx, const struct due_row *row)
{
    int *count = ctx;

    (void)row;
    (*count)++;
    return true;
}

static int mails_due(struct lab *lab)
{
    const struct claims_held nothing = {0};
    scoped(store_view) view = lab_look(lab);
    int count = 0;

    assert_true(store_deliveries_due(view, MAILS, lab->clock.now_ms, &nothing, 100, count_due,
                                     &count, &lab->err));
    return count;
}

static void want_mail(struct lab *lab, int64_t message_id)
{
    scoped(store_body) body = lab_body(lab, 70000, 'm');
    char from[] = "alice@example.org", to[] = "carol@c.test", host[] = "c.test";
    const struct delivery mail = {.subject = SUBJECT_MESSAGE,
                                  .subject_id = message_id,
                                  .target = TARGET_MAIL,
                                  .person_id = lab_fediverse_person(lab, "bob"),
                                  .host = host,
                                  .wanted = 1,
                                  .mail_from = from,
                                  .rcpt_to = to};

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_want_mail(tx, &mail, body, &lab->err));
    lab_commit(lab);
}

static void want_many(struct lab *lab, int64_t message, int count)
{
    struct store_tx *tx = lab_begin(lab);
    for (int i = 0; i < count; i++) {
        scoped_value(delivery) delivery = {.subject = SUBJECT_MESSAGE,
                                           .subject_id = message,
                                           .target = TARGET_INBOX,
                                           .inbox = must_print("https://s%d.example/inbox", i),
                                           .host = must_print("s%d.example", i),
                                           .wanted = 1,
                                           .due_ms = LAB_START_MS + count - i}; /* the last first */
        assert_true(store_want_delivery(tx, &delivery, &lab->err));
    }
    lab_commit(lab);
}

/* How many of a message's rows want that version, or are withdrawn (0). */
static int64_t count_changed(struct lab *lab, int version)
{
    scoped(store_view) view = lab_look(lab);
    int64_t count = 0;

    for (int64_t id = 1; id <= 1300; id++) {
        scoped_value(delivery) delivery = {0};
        if (store_delivery(view, id, &delivery, &lab->err) == FOUND)
            count += version ? delivery.wanted == version : delivery.withdrawn;
    }
    return count;
}

static void what_many_have_is_changed_in_slices(void **state)
{
    struct lab *lab = *state;
    enum { MANY = 1300 };
    int64_t message = lab_message(lab, lab_account(lab, "alice"), VISIBILITY_PUBLIC);
    bool more;

    want_many(lab, message, MANY);
    struct store_tx *tx = lab_begin(lab);
    for (int64_t id = 1; id <= MANY; id++)
        assert_true(store_delivery_done(tx, id, 1, &lab->err));
    assert_true(store_want_version(tx, SUBJECT_MESSAGE, message, 2, 0, &lab->err));
    lab_commit(lab);
    assert_int_equal(count_changed(lab, 2), 500);
    tx = lab_begin(lab);
    assert_true(store_change_go_on(tx, &lab->err));
    assert_true(
        store_want_version(tx, SUBJECT_MESSAGE, message, 3, 0, &lab->err)); /* from the start */
    assert_true(store_change_go_on(tx, &lab->err));
    assert_true(store_want_withdrawn(tx, SUBJECT_MESSAGE, message, 0, &lab->err));  /* and again */
    assert_true(store_want_version(tx, SUBJECT_MESSAGE, message, 4, 0, &lab->err)); /* too late */
    assert_true(store_change_go_on(tx, &lab->err));
    lab_commit(lab);
    assert_int_equal(count_changed(lab, 0), 1000);
    {
        scoped(store_view) view = lab_look(lab);
        assert_true(store_changes_wait(view, &more, &lab->err));
        assert_true(more);
    }
    tx = lab_begin(lab);
    assert_true(store_change_go_on(tx, &lab->err));
    assert_true(store_change_go_on(tx, &lab->err)); /* nothing is left */
    lab_commit(lab);
    assert_int_equal(count_changed(lab, 0), MANY);
    scoped(store_view) view = lab_look(lab);
    assert_true(store_changes_wait(view, &more, &lab->err));
    assert_false(more);
}

static void mail_waits_for_its_host_and_for_nobody_elses(void **state)
{
    struct lab *lab = *state;
    int64_t message = lab_message(lab, lab_account(lab, "alice"), VISIBILITY_MAIL), next_ms;
    int64_t rest_ms = LAB_START_MS + 10 * SECOND_MS;
    struct mail_host host;
    scoped_value(delivery) delivery = {0};

    want_mail(lab, message);
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_mail_host_failed(tx, "c.test", rest_ms - 1, "no", &lab->err));
    assert_true(store_mail_host_failed(tx, "C.test", rest_ms, "silent", &lab->err));
    assert_true(store_mail_host_failed(tx, "near.example", rest_ms + 1, "silent", &lab->err));
    lab_commit(lab);
    lab->clock.now_ms = LAB_START_MS + 1;
    assert_int_equal(mails_due(lab), 0);
    {
        scoped(store_view) view = lab_look(lab);
        assert_true(store_delivery_next_due(view, MAILS, lab->clock.now_ms, &next_ms, &lab->err));
        assert_int_equal(next_ms, rest_ms);
        assert_int_equal(store_mail_host(view, "c.test", &host, &lab->err), FOUND);
        assert_int_equal(host.tries, 2);
        assert_int_equal(store_delivery(view, 1, &delivery, &lab->err), FOUND);
        assert_int_equal(delivery.host_next_ms, rest_ms);
        assert_string_equal(delivery.host_reply, "silent");
    }
    lab->clock.now_ms = rest_ms;
    assert_int_equal(mails_due(lab), 1);
    lab->clock.now_ms = rest_ms - 1;
    tx = lab_begin(lab);
    assert_true(store_delivery_due_now(tx, 1, &lab->err));
    lab_commit(lab);
    assert_int_equal(mails_due(lab), 1);
    tx = lab_begin(lab);
    assert_true(store_mail_host_well(tx, "c.test", &lab->err));
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_mail_host(view, "c.test", &host, &lab->err), ABSENT);
}

static void what_was_given_up_is_not_tried_again(void **state)
{
    struct lab *lab = *state;
    int64_t message = lab_message(lab, lab_account(lab, "alice"), VISIBILITY_MAIL), last;
    scoped_value(delivery) delivery = {0};

    want_mail(lab, message);
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_delivery_park(tx, 1, TELL_GIVEN_UP, "550 no", &lab->err));
    assert_true(store_deliveries_due_now(tx, 0, 10, &last, &lab->err));
    assert_int_equal(last, 1);
    assert_true(store_deliveries_due_now(tx, last, 10, &last, &lab->err));
    assert_int_equal(last, 0);
    assert_false(store_delivery_due_now(tx, 1, &lab->err));
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_delivery(view, 1, &delivery, &lab->err), FOUND);
    assert_true(delivery.due_ms == DELIVERY_PARKED_MS);
    assert_int_equal(delivery.tell, TELL_GIVEN_UP);
    assert_string_equal(delivery.last_reply, "550 no");
}

enum { LOOK_LIMIT = 256 };
struct looking {
    struct claims *claims;
    int count;
};

static bool claim_one(void *ctx, const struct due_row *row)
{
    struct looking *looking = ctx;

    looking->count++;
    claims_add(looking->claims, row->id, row->host, NULL);
    return true;
}

/* One look of a dispatcher; true: there may be more. */
static bool claim_due(struct lab *lab, struct claims *claims)
{
    struct looking looking = {.claims = claims};
    scoped_value(claims_held) held = {0};
    scoped(store_view) view = lab_look(lab);

    claims_held(claims, &held);
    assert_true(store_deliveries_due(view, INBOXES, lab->clock.now_ms, &held, LOOK_LIMIT, claim_one,
                                     &looking, &lab->err));
    return looking.count == LOOK_LIMIT;
}

/* 25 hosts do not answer; thousands of rows are due for each, and were before the one for somebody who listens. */
static void silent_hosts_leave_room_for_others(void **state)
{
    struct lab *lab = *state;
    enum { SILENT_HOSTS = 25, ROWS = 2000 };
    int64_t message = lab_message(lab, lab_account(lab, "alice"), VISIBILITY_PUBLIC);
    struct claims *claims = must_new(struct claims);
    int looks = 0;

    struct store_tx *tx = lab_begin(lab);
    for (int i = 0; i <= SILENT_HOSTS * ROWS; i++) {
        int host = i / ROWS;
        scoped_value(delivery) delivery = {.subject = SUBJECT_MESSAGE,
                                           .subject_id = message,
                                           .target = TARGET_INBOX,
                                           .inbox = must_print("https://h%d.example/%d", host, i),
                                           .host = must_print("h%d.example", host),
                                           .wanted = 1,
                                           .due_ms = LAB_START_MS + i};
        assert_true(store_want_delivery(tx, &delivery, &lab->err));
    }
    lab_commit(lab);
    lab->clock.now_ms = LAB_START_MS + SILENT_HOSTS * ROWS;
    int64_t started_ms = lab_worked_ms();
    while (claim_due(lab, claims))
        looks++;
    int64_t took_ms = lab_worked_ms() - started_ms;
    assert_int_equal(claims->at[claims->count - 1]->id, SILENT_HOSTS * ROWS + 1);
    assert_int_equal(claims->count, SILENT_HOSTS * CLAIMS_PER_HOST + 1);
    print_message("%d looks over %d rows took %d ms\n", looks, SILENT_HOSTS * ROWS, (int)took_ms);
    assert_true(took_ms < 5000);
    claims_clear(claims);
    free(claims);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_many_have_is_changed_in_slices, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(mail_waits_for_its_host_and_for_nobody_elses, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(what_was_given_up_is_not_tried_again, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(silent_hosts_leave_room_for_others, lab_setup,
                                        lab_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
