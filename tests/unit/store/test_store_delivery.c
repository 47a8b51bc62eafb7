/* Deliveries as state. */
#include "lab.h"

enum { INBOXES = 1 << TARGET_INBOX, PEOPLE = 1 << TARGET_PERSON, MAILS = 1 << TARGET_MAIL };
enum { ALL = INBOXES | PEOPLE | MAILS };

struct due {
    int64_t ids[200];
    int count, enough;
    struct delivery first; /* its numbers; no strings */
};

static bool keep_due(void *ctx, const struct due_row *row)
{
    struct due *due = ctx;

    due->ids[due->count++] = row->id;
    return due->count != due->enough;
}

static bool keep_queued(void *ctx, const struct delivery *delivery)
{
    return keep_due(ctx, &(struct due_row){.id = delivery->id});
}

static void read_first(struct lab *lab, struct store_view *view, struct due *due)
{
    scoped_value(delivery) first = {0};

    assert_int_equal(store_delivery(view, due->ids[0], &first, &lab->err), FOUND);
    due->first = first;
    due->first.inbox = due->first.host = due->first.last_reply = NULL;
    due->first.mail_from = due->first.rcpt_to = NULL;
    due->first.terms.envid = due->first.wish.orcpt = due->first.host_reply = NULL;
}

static struct due due_now(struct lab *lab, unsigned targets)
{
    const struct claims_held nothing = {0};
    struct due due = {0};
    scoped(store_view) view = lab_look(lab);

    assert_true(store_deliveries_due(view, targets, lab->clock.now_ms, &nothing, 100, keep_due,
                                     &due, &lab->err));
    if (due.count)
        read_first(lab, view, &due);
    return due;
}

static struct delivery to_inbox(struct lab *lab, int64_t message_id, int wanted)
{
    static char inbox[] = "https://social.example/inbox", host[] = "social.example";

    (void)lab;
    return (struct delivery){.subject = SUBJECT_MESSAGE,
                             .subject_id = message_id,
                             .target = TARGET_INBOX,
                             .inbox = inbox,
                             .host = host,
                             .wanted = wanted};
}

/*
 * The state machine as stories.  Each word is a step at the next second:
 *     want2      version 2 is wanted (store_want_delivery)
 *     know2      version 2 is there by another's doing (store_know_delivery)
 *     later3     not before three seconds from now
 *     edit2      store_want_version
 *     withdraw
 *     done1      version 1 went out        fail  it did not, next try in 10 s
 * and then what stands there.
 */
enum end { GONE, SILENT, CREATE, UPDATE, DELETE, WAITS };

static enum end end_of(struct lab *lab, int64_t message_id)
{
    struct due due = due_now(lab, ALL);
    scoped_value(delivery) row = {0};
    scoped(store_view) view = lab_look(lab);

    (void)message_id;
    assert_true(due.count <= 1);
    if (due.count == 0) {
        enum found found = store_delivery(view, 1, &row, &lab->err);
        return found == ABSENT ? GONE : row.due_ms > lab->clock.now_ms ? WAITS : SILENT;
    }
    if (due.first.withdrawn) {
        assert_true(due.first.delivered > 0 ||
                    due.first.tries > 0); /* how a client knows it must be said */
        return DELETE;
    }
    assert_true(due.first.delivered < due.first.wanted);
    return due.first.delivered == 0 ? CREATE : UPDATE;
}

static void take_step(struct lab *lab, int64_t message_id, struct slice word)
{
    int number = word.at[word.len - 1] >= '0' && word.at[word.len - 1] <= '9'
                     ? word.at[word.len - 1] - '0'
                     : 0;
    struct delivery delivery = to_inbox(lab, message_id, number);
    int64_t now_ms = clock_now(&lab->clock.clock) + SECOND_MS;
    lab->clock.now_ms = now_ms;
    struct store_tx *tx = lab_begin(lab);
    bool ok;

    if (slice_starts(word, SLICE("want"))) {
        ok = store_want_delivery(tx, &delivery, &lab->err);
    } else if (slice_starts(word, SLICE("know"))) {
        ok = store_know_delivery(tx, &delivery, &lab->err);
    } else if (slice_starts(word, SLICE("later"))) {
        delivery.wanted = 1;
        delivery.due_ms = now_ms + number * SECOND_MS;
        ok = store_want_delivery(tx, &delivery, &lab->err);
    } else if (slice_starts(word, SLICE("edit"))) {
        ok = store_want_version(tx, SUBJECT_MESSAGE, message_id, number, 0, &lab->err);
    } else if (slice_starts(word, SLICE("withdraw"))) {
        ok = store_want_withdrawn(tx, SUBJECT_MESSAGE, message_id, 0, &lab->err);
    } else if (slice_starts(word, SLICE("done"))) {
        ok = store_delivery_done(tx, 1, number, &lab->err);
    } else {
        assert_true(slice_is(word, "fail"));
        ok = store_delivery_later(tx, 1, now_ms + 10 * SECOND_MS, "503", &lab->err);
    }
    assert_true(ok);
    lab_commit(lab);
}

static void deliveries_are_state(void **state)
{
    (void)state;
    static const struct {
        const char *name, *steps;
        enum end end;
    } rows[] = {
        {"wanted: Create",                                    "want1",                                  CREATE},
        {"said: nothing to do",                               "want1 done1",                            SILENT},
        {"wanted twice: still one",                           "want1 want1",                            CREATE},
        {"wanted again once said: nothing to do",             "want1 done1 want1",                      SILENT},
        {"edited before it was said: one Create",             "want1 edit2",                            CREATE},
        {"which says the edit too",                           "want1 edit2 done2",                      SILENT},
        {"edited after it was said: Update",                  "want1 done1 edit2",                      UPDATE},
        {"two edits cost one Update",                         "want1 done1 edit2 edit3 done3",          SILENT},
        {"an older edit changes nothing",                     "want3 done3 edit2",                      SILENT},
        {"edited while the Create was on its way",            "want1 edit2 done1",                      UPDATE},
        {"failed: waits for its next try",                    "want1 fail",                             WAITS },
        {"failed, then edited: due at once",                  "want1 fail edit2",                       CREATE},
        {"not due before its time",                           "later3",                                 WAITS },
        {"withdrawn before it was due: as if never wanted",   "later9 withdraw",                        GONE  },
        {"withdrawn before it was said: nobody hears",        "want1 withdraw",                         SILENT},
        {"but it was on its way: Delete",                     "want1 withdraw done1",                   DELETE},
        {"on its way, and nobody knows whether it came",      "want1 fail withdraw",                    DELETE},
        {"not even if it was edited since",                   "want1 fail edit2 withdraw",              DELETE},
        {"nor if it was wanted again",                        "want1 fail want1 withdraw",              DELETE},
        {"withdrawn after it was said: Delete",               "want1 done1 withdraw",                   DELETE},
        {"Delete said: the row goes",                         "want1 done1 withdraw done2",             GONE  },
        {"withdrawn twice: one Delete",                       "want1 done1 withdraw withdraw",          DELETE},
        {"an Update on its way does not count as the Delete", "want1 done1 edit2 withdraw done2",
         DELETE                                                                                               },
        {"its Delete does",                                   "want1 done1 edit2 withdraw done2 done3", GONE  },
        {"an edit behind a withdrawal changes nothing",       "want1 done1 withdraw edit5 done2",       GONE  },
        {"what was withdrawn is not said again",              "want1 done1 withdraw want3",             DELETE},
        {"a Delete that failed waits",                        "want1 done1 withdraw fail",              WAITS },
        {"known by another's doing: nothing to do",           "know1",                                  SILENT},
        {"then edited: Update",                               "know1 edit2",                            UPDATE},
        {"then withdrawn: Delete",                            "know1 withdraw",                         DELETE},
        {"known while it is wanted: Create",                  "want1 know1",                            CREATE},
        {"known while it is taken back: Delete",              "want1 done1 withdraw know1",             DELETE},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct lab lab;
        print_message("%s\n", rows[i].name);
        lab_open(&lab);
        int64_t message = lab_message(&lab, lab_account(&lab, "alice"), VISIBILITY_PUBLIC);
        struct slice steps = slice_of(rows[i].steps);
        while (steps.at)
            take_step(&lab, message, slice_cut(&steps, ' '));
        assert_int_equal(end_of(&lab, message), rows[i].end);
        lab_close(&lab);
    }
}

static void follows_say_the_newest_wish(void **state)
{
    struct lab *lab = *state;
    int64_t bob = lab_fediverse_person(lab, "bob");
    static const struct {
        const char *name;
        int wanted, done; /* done 0: not said yet */
        int due;          /* afterwards */
    } rows[] = {
        {"Accept is wanted",                        1, 0, 1},
        {"and said",                                1, 1, 0},
        {"the same Follow again is answered again", 1, 1, 0},
        {"then Reject",                             2, 2, 0},
        {"then Accept after all",                   1, 0, 1},
        {"and Reject before that was said",         2, 2, 0},
        {"Accept while a Reject is under way",      1, 2, 1},
        {"which is said then",                      1, 1, 0},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct delivery answer = {.subject = SUBJECT_FOLLOW_ANSWER,
                                  .subject_id = 5,
                                  .target = TARGET_PERSON,
                                  .person_id = bob,
                                  .wanted = rows[i].wanted};
        print_message("%s\n", rows[i].name);
        struct store_tx *tx = lab_begin(lab);
        assert_true(store_want_delivery(tx, &answer, &lab->err));
        lab_commit(lab);
        struct due due = due_now(lab, PEOPLE);
        assert_int_equal(due.count, 1);
        assert_int_equal(due.first.wanted, rows[i].wanted);
        if (rows[i].done) {
            tx = lab_begin(lab);
            assert_true(store_delivery_done(tx, due.ids[0], rows[i].done, &lab->err));
            lab_commit(lab);
        }
        assert_int_equal(due_now(lab, PEOPLE).count, rows[i].due);
    }
}

static int64_t want_mail(struct lab *lab, int64_t message_id, int64_t person_id, char fill)
{
    scoped(store_body) body = lab_body(lab, 70000, fill);
    char from[] = "alice@example.org", to[] = "carol@c.test", host[] = "c.test";
    struct delivery mail = {.subject = SUBJECT_MESSAGE,
                            .subject_id = message_id,
                            .target = TARGET_MAIL,
                            .person_id = person_id,
                            .host = host,
                            .wanted = 1,
                            .mail_from = from,
                            .rcpt_to = to};

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_want_mail(tx, &mail, body, &lab->err));
    lab_commit(lab);
    struct due due = due_now(lab, MAILS);
    assert_true(due.count > 0);
    return due.ids[0];
}

static void a_mail_goes_with_its_body_once_it_is_sent(void **state)
{
    struct lab *lab = *state;
    int64_t message = lab_message(lab, lab_account(lab, "alice"), VISIBILITY_MAIL);
    int64_t bob = lab_fediverse_person(lab, "bob"), count = 0;
    scoped_value(delivery) row = {0};
    bool more = false;

    int64_t id = want_mail(lab, message, bob, 'a');
    assert_int_equal(want_mail(lab, message, bob, 'b'), id); /* the newer body replaces the older */
    struct store_view *view = lab_look(lab);
    assert_int_equal(store_delivery(view, id, &row, &lab->err), FOUND);
    assert_text(row.mail_from, "alice@example.org");
    assert_text(row.rcpt_to, "carol@c.test");
    store_view_free(view);
    lab_check_body(lab, row.body_id, 70000, 'b');
    assert_true(store_tidy(lab->store, &more, &lab->err));
    assert_int_equal(lab_files(lab, "bodies"), 1);

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_delivery_done(tx, id, 1, &lab->err));
    assert_false(store_delivery_done(tx, id, 1, &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    lab_commit(lab);
    want_mail(lab, message, bob, 'c');
    tx = lab_begin(lab);
    assert_true(store_want_withdrawn(tx, SUBJECT_MESSAGE, message, 0,
                                     &lab->err)); /* mails cannot be unsaid */
    lab_commit(lab);
    assert_true(store_tidy(lab->store, &more, &lab->err));
    assert_int_equal(lab_files(lab, "bodies"), 0);
    view = lab_look(lab);
    assert_true(store_queue_count(view, &count, &lab->err));
    assert_int_equal(count, 0);
    store_view_free(view);
}

static void one_body_serves_several_mails_of_a_change(void **state)
{
    struct lab *lab = *state;
    int64_t message = lab_message(lab, lab_account(lab, "alice"), VISIBILITY_MAIL);
    int64_t people[] = {lab_fediverse_person(lab, "bob"), lab_fediverse_person(lab, "carol")};
    scoped(store_body) body = lab_body(lab, 70000, 'x');
    bool more;

    struct store_tx *tx = lab_begin(lab);
    for (size_t i = 0; i < COUNT_OF(people); i++) {
        struct delivery mail = {.subject = SUBJECT_MESSAGE,
                                .subject_id = message,
                                .target = TARGET_MAIL,
                                .person_id = people[i],
                                .wanted = 1};
        assert_true(store_want_mail(tx, &mail, body, &lab->err));
    }
    lab_commit(lab);
    struct due due = due_now(lab, ALL);
    assert_int_equal(due.count, 2);
    for (int left = 1; left >= 0; left--) {
        tx = lab_begin(lab);
        assert_true(store_delivery_drop(tx, due.ids[left], "550", &lab->err));
        lab_commit(lab);
        assert_true(store_tidy(lab->store, &more, &lab->err));
        assert_int_equal(lab_files(lab, "bodies"), left > 0);
    }
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

static void the_queue_stays_quick_with_a_hundred_thousand_rows(void **state)
{
    struct lab *lab = *state;
    enum { MANY = 100000, ROUNDS = 20 };
    int64_t next_ms = 0, count = 0;

    want_many(lab, lab_message(lab, lab_account(lab, "alice"), VISIBILITY_PUBLIC), MANY);
    scoped(store_view) view = lab_look(lab);
    assert_true(store_queue_count(view, &count, &lab->err));
    assert_int_equal(count, MANY);
    int64_t started_ms = lab_worked_ms();
    int64_t busy[100];
    for (int round = 0; round < ROUNDS; round++) {
        struct due due = {0};
        const struct claims_held held = {.ids = busy, .id_count = round ? 100 : 0};
        assert_true(store_deliveries_due(view, ALL, LAB_START_MS + MANY, &held, 100, keep_due, &due,
                                         &lab->err));
        assert_int_equal(due.count, 100);
        assert_int_equal(due.ids[0], round ? MANY - 100 : MANY); /* the earliest that is not busy */
        assert_true(
            store_delivery_next_due(view, ALL, LAB_START_MS + MANY / 2, &next_ms, &lab->err));
        assert_int_equal(next_ms, LAB_START_MS + MANY / 2 + 1);
        due = (struct due){0};
        assert_true(store_queue(view, MANY - 50, 100, keep_queued, &due, &lab->err));
        assert_int_equal(due.count, 50);
        for (int i = 0; i < 100; i++)
            busy[i] = MANY - 99 + i;
    }
    int64_t took_ms = lab_worked_ms() - started_ms;
    print_message("%d rounds over %d rows took %d ms\n", ROUNDS, MANY, (int)took_ms);
    assert_true(took_ms < (int64_t)ROUNDS * 50); /* a walk over all of them takes longer */
}

static void only_what_is_asked_for_is_due(void **state)
{
    struct lab *lab = *state;
    int64_t next_ms = 0;
    int64_t message = lab_message(lab, lab_account(lab, "alice"), VISIBILITY_MAIL);

    scoped(store_view) empty = lab_look(lab);
    assert_true(store_delivery_next_due(empty, ALL, 0, &next_ms, &lab->err));
    assert_true(next_ms == INT64_MAX);
    want_mail(lab, message, lab_fediverse_person(lab, "bob"), 'm');
    want_many(lab, message, 2);
    lab->clock.now_ms = LAB_START_MS + 1;
    assert_int_equal(due_now(lab, ALL).count, 2);
    assert_int_equal(due_now(lab, MAILS).count, 1);
    assert_int_equal(due_now(lab, INBOXES).count, 1);
    assert_int_equal(due_now(lab, PEOPLE).count, 0);
    scoped(store_view) view = lab_look(lab);
    assert_true(store_delivery_next_due(view, PEOPLE | INBOXES, 0, &next_ms, &lab->err));
    assert_int_equal(next_ms, LAB_START_MS + 1);
    /* what is due and on its way does not hide what comes next */
    assert_true(store_delivery_next_due(view, INBOXES, LAB_START_MS + 1, &next_ms, &lab->err));
    assert_int_equal(next_ms, LAB_START_MS + 2);
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_deliveries_due_now(tx, 0, 10, &next_ms, &lab->err));
    assert_false(store_delivery_due_now(tx, 77, &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    lab_commit(lab);
    assert_int_equal(due_now(lab, ALL).count, 3);
    struct due due = {.enough = 1};
    assert_true(store_queue(view, 0, 10, keep_queued, &due, &lab->err));
    assert_int_equal(due.count, 1);
}

static void who_is_gone_gets_nothing_more(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), message = lab_message(lab, alice, VISIBILITY_PUBLIC);
    int64_t bob = lab_fediverse_person(lab, "bob");
    struct delivery shared = to_inbox(lab, message, 1), own = shared, direct = shared;
    char own_inbox[] = "https://social.example/users/bob/inbox";

    own.inbox = own_inbox;
    direct.target = TARGET_PERSON;
    direct.person_id = bob;
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_want_delivery(tx, &shared, &lab->err));
    assert_true(store_want_delivery(tx, &own, &lab->err));
    assert_true(store_want_delivery(tx, &direct, &lab->err));
    lab_commit(lab);
    assert_int_equal(due_now(lab, ALL).count, 3);
    tx = lab_begin(lab);
    assert_true(store_person_gone(tx, bob, &lab->err));
    lab_commit(lab);
    struct due due = due_now(lab, ALL);
    assert_int_equal(due.count, 1); /* the shared inbox is others' too */
    assert_int_equal(due.ids[0], 1);
}

static void silent_withdrawn_rows_are_tidied(void **state)
{
    struct lab *lab = *state;
    int64_t message = lab_message(lab, lab_account(lab, "alice"), VISIBILITY_PUBLIC);
    struct delivery delivery = to_inbox(lab, message, 1);
    scoped_value(delivery) row = {0};
    bool more;

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_want_delivery(tx, &delivery, &lab->err));
    assert_true(store_want_withdrawn(tx, SUBJECT_MESSAGE, message, 0, &lab->err));
    lab_commit(lab);
    for (int hours = 0; hours <= 2; hours += 2) {
        lab->clock.now_ms = LAB_START_MS + (int64_t)hours * HOUR_MS;
        assert_true(store_tidy(lab->store, &more, &lab->err));
        scoped(store_view) view = lab_look(lab);
        assert_int_equal(store_delivery(view, 1, &row, &lab->err), hours ? ABSENT : FOUND);
        delivery_clear(&row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deliveries_are_state),
        cmocka_unit_test_setup_teardown(follows_say_the_newest_wish, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(a_mail_goes_with_its_body_once_it_is_sent, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(one_body_serves_several_mails_of_a_change, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(the_queue_stays_quick_with_a_hundred_thousand_rows,
                                        lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(only_what_is_asked_for_is_due, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(who_is_gone_gets_nothing_more, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(silent_withdrawn_rows_are_tidied, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
