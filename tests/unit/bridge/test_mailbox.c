/* What a mail program changes in a large mailbox: it goes in slices, and each message is met once. */
#include "../store/lab.h"

#include "bridge_mailbox.h"

enum { MANY = 1200, SLICES = 3 };
static const struct uid_range all = {1, UINT32_MAX};

static struct mailbox mailbox_of(struct lab *lab, int64_t account_id, const char *name)
{
    scoped(store_view) view = lab_look(lab);
    struct mailbox mailbox = {0};

    (void)store_mailbox_named(view, account_id, slice_of(name), &mailbox, &lab->err);
    free(mailbox.name);
    mailbox.name = NULL;
    return mailbox;
}

static int64_t exists(struct lab *lab, int64_t mailbox_id)
{
    scoped(store_view) view = lab_look(lab);
    struct mailbox_counts counts = {0};

    assert_true(store_mailbox_counts(view, mailbox_id, &counts, &lab->err));
    return counts.exists;
}

/* Alice with MANY messages in INBOX, and an empty mailbox Work. */
static int64_t fill(struct lab *lab)
{
    int64_t alice = lab_account(lab, "alice"), message = lab_message(lab, alice, VISIBILITY_MAIL);
    struct pgp_orders orders = {.form = PGP_CLEAR_BY_CHOICE};
    scoped(source) plain = source_of_slice(SLICE("text"));
    scoped(store_body) body = store_body_new(lab->store, &lab->err);
    scoped(pgp_sealed) sealed = pgp_seal(NULL, &orders, plain, store_body_sink(body), &lab->err);
    struct new_copy copy = {.account_id = alice, .message_id = message, .mailbox = "INBOX"};
    int64_t entry_id = 0;
    uint32_t uid = 0;

    assert_true(store_body_finish(body, &lab->err));
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_add_copy(tx, &copy, sealed, body, &entry_id, &lab->err));
    assert_true(bridge_mailbox_create(tx, alice, SLICE("Work"), 0, &lab->err));
    lab_commit(lab);
    int64_t inbox = mailbox_of(lab, alice, "INBOX").id;
    tx = lab_begin(lab);
    while (uid < MANY)
        assert_true(store_copy_entry(tx, inbox, 1, inbox, &uid, &lab->err));
    lab_commit(lab);
    return alice;
}

/* Runs `change` slice by slice, each in a transaction of its own; says how many there were. */
static int in_slices(struct lab *lab,
                     bool (*change)(struct store_tx *, void *ctx, uint32_t after,
                                    struct mailbox_outcome *, struct err *),
                     void *ctx, size_t *out_uids)
{
    struct mailbox_outcome outcome = {0};
    int slices = 0;

    *out_uids = 0;
    do {
        uint32_t after = outcome.reached;
        int64_t modseq = outcome.modseq;
        struct store_tx *tx = lab_begin(lab);
        bool good = change(tx, ctx, after, &outcome, &lab->err);
        lab_commit(lab);
        assert_true(good);
        assert_true(outcome.uid_count <= MAILBOX_SLICE && outcome.mark_count <= MAILBOX_SLICE);
        assert_true(slices == 0 || outcome.modseq_before == modseq);
        *out_uids += outcome.uid_count + outcome.mark_count;
        slices++;
    } while (outcome.more);
    mailbox_outcome_clear(&outcome);
    return slices;
}

static bool mark(struct store_tx *tx, void *ctx, uint32_t after, struct mailbox_outcome *out,
                 struct err *err)
{
    const struct mail_flags flags = {
        .how = MAIL_FLAGS_ADD, .flags = FLAG_DELETED, .unchanged_since = -1};
    const struct uid_range two[] = {
        {1,   700 },
        {800, 1200}
    };

    return bridge_mailbox_flags(tx, *(int64_t *)ctx, (struct uid_ranges){two, 2, after}, &flags,
                                out, err);
}

static bool expunge(struct store_tx *tx, void *ctx, uint32_t after, struct mailbox_outcome *out,
                    struct err *err)
{
    return bridge_mailbox_expunge(tx, *(int64_t *)ctx, (struct uid_ranges){&all, 1, after}, out,
                                  err);
}

static bool copy(struct store_tx *tx, void *ctx, uint32_t after, struct mailbox_outcome *out,
                 struct err *err)
{
    struct mail_copy *order = ctx;

    order->to_id = out->target_id;
    return bridge_mailbox_copy(tx, order, (struct uid_ranges){&all, 1, after}, out, err);
}

static void flags_and_expunges_go_in_slices(void **state)
{
    struct lab *lab = *state;
    int64_t alice = fill(lab), inbox = mailbox_of(lab, alice, "INBOX").id;
    size_t count;

    assert_int_equal(in_slices(lab, mark, &inbox, &count), SLICES);
    assert_int_equal(count, 700 + 401);
    assert_int_equal(in_slices(lab, expunge, &inbox, &count), SLICES);
    assert_int_equal(count, 700 + 401);
    assert_int_equal(exists(lab, inbox), 99);
}

static void copies_and_moves_go_in_slices(void **state)
{
    struct lab *lab = *state;
    int64_t alice = fill(lab), inbox = mailbox_of(lab, alice, "INBOX").id;
    struct mailbox work = mailbox_of(lab, alice, "Work");
    struct mail_copy order = {.account_id = alice, .mailbox_id = inbox, .to = SLICE("Work")};
    size_t count;

    assert_int_equal(in_slices(lab, copy, &order, &count), SLICES);
    assert_int_equal(count, MANY);
    assert_int_equal(exists(lab, work.id), MANY);
    order.move = true;
    assert_int_equal(in_slices(lab, copy, &order, &count), SLICES);
    assert_int_equal(exists(lab, work.id), 2 * MANY);
    assert_int_equal(exists(lab, inbox), 0);
}

static void whole_mailboxes_go_in_slices(void **state)
{
    struct lab *lab = *state;
    int64_t alice = fill(lab), inbox = mailbox_of(lab, alice, "INBOX").id;
    int64_t old, deleted = 0;
    bool more = true;
    int slices = 0;

    for (; more; slices++) {
        struct store_tx *tx = lab_begin(lab);
        assert_true(bridge_mailbox_rename(tx, alice, SLICE("INBOX"), SLICE("Old"), slices > 0,
                                          &more, &lab->err));
        lab_commit(lab);
    }
    assert_int_equal(slices, SLICES);
    assert_int_equal(exists(lab, inbox), 0);
    old = mailbox_of(lab, alice, "Old").id;
    assert_int_equal(exists(lab, old), MANY);
    for (slices = 0, more = true; more; slices++) {
        struct store_tx *tx = lab_begin(lab);
        assert_true(bridge_mailbox_delete(tx, alice, SLICE("Old"), &deleted, &more, &lab->err));
        assert_int_equal(deleted, old);
        lab_commit(lab);
    }
    assert_int_equal(slices, SLICES);
    assert_int_equal(mailbox_of(lab, alice, "Old").id, 0);
}

static bool add_name(void *ctx, const struct left_name *left)
{
    struct bytes *names = ctx;

    bytes_print(names, "%s ", left->name);
    return true;
}

static void assert_left(struct lab *lab, int64_t account_id, const char *names)
{
    scoped(store_view) view = lab_look(lab);
    scoped_value(bytes) found = {0};

    assert_true(store_left_names(view, account_id, add_name, &found, &lab->err));
    assert_string_equal(found.at ? found.at : "", names);
}

/* "Create Box", "Delete Box", "Unsubscribe Box", "reName Box" to New, by their capital. */
static bool change_mailbox(struct lab *lab, int64_t account_id, char how, const char *name)
{
    struct store_tx *tx = lab_begin(lab);
    struct slice it = slice_of(name);
    bool more = false, good;
    int64_t id;

    switch (how) {
    case 'C': good = bridge_mailbox_create(tx, account_id, it, 0, &lab->err); break;
    case 'D': good = bridge_mailbox_delete(tx, account_id, it, &id, &more, &lab->err); break;
    case 'N':
        good = bridge_mailbox_rename(tx, account_id, it, SLICE("New"), false, &more, &lab->err);
        break;
    default: good = bridge_mailbox_subscribe(tx, account_id, it, how == 'S', &lab->err); break;
    }
    lab_commit(lab);
    return good;
}

/* RFC 9051 6.3.7: a server must not end a subscription because the mailbox is gone. */
static void who_deletes_stays_subscribed(void **state)
{
    struct lab *lab = *state;
    int64_t alice = fill(lab);
    static const struct {
        char how;
        const char *name, *left;
        bool refused;
    } rows[] = {
        {'D', "Work",   "Work ",       false},
        {'S', "Work",   "Work ",       true },
        {'C', "Work",   "",            false},
        {'U', "Work",   "",            false},
        {'D', "Work",   "",            false},
        {'U', "Work",   "",            true },
        {'C', "New",    "",            false},
        {'D', "New",    "New ",        false},
        {'C', "Box",    "New ",        false},
        {'D', "Drafts", "Drafts New ", false},
        {'U', "Drafts", "New ",        false},
        {'U', "Box",    "New ",        false},
        {'N', "Box",    "",            false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(change_mailbox(lab, alice, rows[i].how, rows[i].name), !rows[i].refused);
        assert_left(lab, alice, rows[i].left);
    }
    assert_true(mailbox_of(lab, alice, "New").subscribed); /* as the name was */
}

/* What lies below is found before anything is renamed, and a name that nobody could write is no name. */
static void a_rename_that_cannot_be_changes_nothing(void **state)
{
    struct lab *lab = *state;
    int64_t alice = fill(lab);
    char child[250], to[200];
    bool more;

    memset(child, 'c', sizeof child);
    memcpy(child, "Work/", 5);
    memset(to, 't', sizeof to);
    struct store_tx *tx = lab_begin(lab);
    assert_true(
        bridge_mailbox_create(tx, alice, (struct slice){child, sizeof child}, 0, &lab->err));
    lab_commit(lab);
    const struct slice wrong[] = {
        SLICE("Work/Old"), SLICE("Work/a/b"), {to, sizeof to}
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        tx = lab_begin(lab);
        assert_false(
            bridge_mailbox_rename(tx, alice, SLICE("Work"), wrong[i], false, &more, &lab->err));
        assert_int_equal(lab->err.kind, ERR_REFUSED);
        lab_abort(lab);
    }
    tx = lab_begin(lab);
    assert_true(bridge_mailbox_rename(tx, alice, SLICE("Work"), SLICE("Workshop"), false, &more,
                                      &lab->err));
    lab_commit(lab);
    assert_true(mailbox_of(lab, alice, "Workshop").id > 0);
}

static void what_lies_below_may_get_the_name_of_what_is_renamed(void **state)
{
    struct lab *lab = *state;
    int64_t alice = fill(lab);
    bool more;

    struct store_tx *tx = lab_begin(lab);
    assert_true(bridge_mailbox_create(tx, alice, SLICE("Twin/b"), 0, &lab->err));
    assert_true(bridge_mailbox_create(tx, alice, SLICE("Twin/b/b"), 0, &lab->err));
    assert_true(
        bridge_mailbox_rename(tx, alice, SLICE("Twin/b"), SLICE("Twin"), false, &more, &lab->err));
    lab_commit(lab);
    assert_true(mailbox_of(lab, alice, "Twin").id > 0);
    assert_true(mailbox_of(lab, alice, "Twin/b").id > 0);
}

static void of_names_that_are_left_the_oldest_goes(void **state)
{
    struct lab *lab = *state;
    int64_t alice = fill(lab);
    scoped_value(bytes) names = {0};

    for (int i = 100; i < 301; i++) {
        scoped_text char *name = must_print("%d", i);
        assert_true(change_mailbox(lab, alice, 'C', name));
        assert_true(change_mailbox(lab, alice, 'D', name));
        if (i > 100)
            bytes_print(&names, "%s ", name);
    }
    assert_left(lab, alice, names.at);
}

/* In one second too: a client would take new messages for those it knows. */
static void a_mailbox_made_anew_has_another_uidvalidity(void **state)
{
    struct lab *lab = *state;
    int64_t alice = fill(lab);
    uint32_t before = mailbox_of(lab, alice, "Work").uid_validity;

    for (int i = 0; i < 3; i++) {
        assert_true(change_mailbox(lab, alice, 'D', "Work"));
        assert_true(change_mailbox(lab, alice, 'C', "Work"));
        uint32_t now = mailbox_of(lab, alice, "Work").uid_validity;
        assert_true(now > before);
        before = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(flags_and_expunges_go_in_slices, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(copies_and_moves_go_in_slices, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(whole_mailboxes_go_in_slices, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(who_deletes_stays_subscribed, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(a_rename_that_cannot_be_changes_nothing, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(what_lies_below_may_get_the_name_of_what_is_renamed,
                                        lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(of_names_that_are_left_the_oldest_goes, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(a_mailbox_made_anew_has_another_uidvalidity, lab_setup,
                                        lab_teardown),
    };
    return cmocka_run_group_tests_name("bridge mailboxes", tests, NULL, NULL);
}
