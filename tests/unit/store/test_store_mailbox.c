/* Mailboxes, copies, entries. */
#include "lab.h"

static struct pgp_sealed *seal(struct lab *lab, struct store_body *body, const char *text)
{
    struct pgp_orders orders = {.form = PGP_CLEAR_BY_CHOICE};
    scoped(source) plain = source_of_slice(slice_of(text));
    struct pgp_sealed *sealed = pgp_seal(NULL, &orders, plain, store_body_sink(body), &lab->err);

    assert_non_null(sealed);
    assert_true(store_body_finish(body, &lab->err));
    return sealed;
}

static int64_t add_copy(struct lab *lab, int64_t account_id, int64_t message_id,
                        const char *mailbox, const char *text)
{
    scoped(store_body) body = store_body_new(lab->store, &lab->err);
    scoped(pgp_sealed) sealed = seal(lab, body, text);
    struct new_copy copy = {.account_id = account_id,
                            .message_id = message_id,
                            .mailbox = mailbox,
                            .flags = FLAG_SEEN,
                            .from = "Bob <bob=social.example@example.org>",
                            .header_message_id = "1@example.org"};
    int64_t entry_id = 0;

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_add_copy(tx, &copy, sealed, body, &entry_id, &lab->err));
    lab_commit(lab);
    return entry_id;
}

/* Words of strangers lie open beside what is wrapped, and must not be taken for it. */
static void a_subject_is_read_as_it_came(void **state)
{
    static const char *const subjects[][2] = {
        {"Tide",             "Tide"        },
        {"",                 ""            },
        {"\x01QUFBQUFBQUE=", "QUFBQUFBQUE="},
        {"\x01\x01",         ""            },
    };
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), message = lab_message(lab, alice, VISIBILITY_MAIL);

    for (size_t i = 0; i < COUNT_OF(subjects); i++) {
        scoped(store_body) body = store_body_new(lab->store, &lab->err);
        scoped(pgp_sealed) sealed = seal(lab, body, "text");
        struct new_copy copy = {.account_id = alice,
                                .message_id = message,
                                .mailbox = "INBOX",
                                .subject = subjects[i][0]};
        scoped_value(entry) entry = {0};
        int64_t id = 0;
        struct store_tx *tx = lab_begin(lab);
        assert_true(store_add_copy(tx, &copy, sealed, body, &id, &lab->err));
        lab_commit(lab);
        scoped(store_view) view = lab_look(lab);
        assert_int_equal(store_entry(view, alice, id, &entry, &lab->err), FOUND);
        assert_text(entry.subject, subjects[i][1]);
    }
}

static struct mailbox mailbox_of(struct lab *lab, int64_t account_id, const char *name)
{
    struct mailbox mailbox;
    scoped(store_view) view = lab_look(lab);

    assert_int_equal(store_mailbox_named(view, account_id, slice_of(name), &mailbox, &lab->err),
                     FOUND);
    free(mailbox.name);
    mailbox.name = NULL;
    return mailbox;
}

static void a_copy_gets_the_next_uid_and_counts_against_the_quota(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), message = lab_message(lab, alice, VISIBILITY_MAIL);
    int64_t bytes = 0, first = add_copy(lab, alice, message, "inbox", "twelve bytes");
    int64_t second = add_copy(lab, alice, message, "INBOX", "three");
    scoped_value(entry) entry = {0};

    scoped(store_view) view = lab_look(lab);
    assert_int_equal(store_entry(view, alice, first, &entry, &lab->err), FOUND);
    assert_text(entry.mailbox, "INBOX");
    assert_int_equal(entry.uid, 1);
    assert_int_equal(entry.size, 12);
    assert_int_equal(entry.flags, FLAG_SEEN);
    assert_int_equal(entry.form, PGP_CLEAR_BY_CHOICE);
    assert_int_equal(entry.message_id, message);
    assert_int_equal(entry.received_ms, LAB_START_MS);
    assert_text(entry.from, "Bob <bob=social.example@example.org>");
    assert_null(entry.subject);
    assert_text(entry.header_message_id, "1@example.org");
    int64_t modseq = entry.modseq;
    entry_clear(&entry);
    assert_int_equal(store_entry(view, alice, second, &entry, &lab->err), FOUND);
    assert_int_equal(entry.uid, 2);
    assert_int_equal(entry.modseq, modseq + 1);
    assert_true(store_account_bytes(view, alice, &bytes, &lab->err));
    assert_int_equal(bytes, 17);
    assert_int_equal(mailbox_of(lab, alice, "INBOX").uid_next, 3);
    assert_int_equal(store_entry(view, alice + 1, second, &entry, &lab->err),
                     ABSENT); /* not hers */
}

static void what_nothing_vouches_for_is_not_taken(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), message = lab_message(lab, alice, VISIBILITY_MAIL),
            id = 0;
    scoped(store_body) sealed_body = store_body_new(lab->store, &lab->err);
    scoped(pgp_sealed) sealed = seal(lab, sealed_body, "sealed");
    scoped(store_body) other = lab_body(lab, 6, 'x');
    struct new_copy copy = {.account_id = alice, .message_id = message, .mailbox = "INBOX"};

    struct store_tx *tx = lab_begin(lab);
    assert_false(store_add_copy(tx, &copy, sealed, other, &id, &lab->err));
    lab_abort(lab);
}

static bool gather(void *ctx, const struct entry *entry)
{
    bytes_print(ctx, "%s/%u ", entry->mailbox, entry->uid);
    return true;
}

static bool gather_mailbox(void *ctx, const struct mailbox *mailbox)
{
    bytes_print(ctx, "%s:%u ", mailbox->name, mailbox->uid_next);
    return true;
}

static void moving_expunges_here_and_appends_there(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), bytes = 0, newest = 0;
    int64_t gone = lab_message(lab, alice, VISIBILITY_MAIL),
            stays = lab_message(lab, alice, VISIBILITY_MAIL);
    scoped_value(bytes) all = {0};

    add_copy(lab, alice, gone, "INBOX", "one");
    add_copy(lab, alice, stays, "INBOX", "two");
    int64_t sent = add_copy(lab, alice, gone, "Sent", "three");
    int64_t modseq = mailbox_of(lab, alice, "INBOX").modseq;
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_move_copies(tx, gone, alice, "Trash", &lab->err));
    assert_true(store_move_copies(tx, gone, alice, "Trash", &lab->err)); /* nothing left to move */
    lab_commit(lab);
    scoped(store_view) view = lab_look(lab);
    assert_true(store_entries(view, alice, 0, 0, 10, gather, &all, &lab->err));
    assert_text(all.at, "Trash/1 INBOX/2 Trash/2 ");
    bytes_reset(&all);
    assert_true(store_entries(view, alice, mailbox_of(lab, alice, "Trash").id, 0, 10, gather, &all,
                              &lab->err));
    assert_text(all.at, "Trash/1 Trash/2 ");
    bytes_reset(&all);
    assert_true(store_entries(view, alice, 0, sent - 1, 1, gather, &all, &lab->err));
    assert_text(all.at, "Trash/2 ");
    bytes_reset(&all);
    assert_true(store_mailboxes(view, alice, gather_mailbox, &all, &lab->err));
    assert_text(all.at, "Archive:1 Drafts:1 INBOX:3 Junk:1 Sent:2 Trash:3 ");
    assert_true(mailbox_of(lab, alice, "INBOX").modseq > modseq);
    assert_true(store_account_bytes(view, alice, &bytes, &lab->err));
    assert_int_equal(bytes, 11);
    assert_true(store_newest_arrival(view, alice, &newest, &lab->err));
    assert_int_equal(newest, LAB_START_MS);
    assert_true(store_newest_arrival(view, lab_account(lab, "bob"), &newest, &lab->err));
    assert_int_equal(newest, 0);
}

static bool gather_owned(void *ctx, int64_t account_id, const struct entry *entry)
{
    bytes_print(ctx, "%d:%s/%u ", (int)account_id, entry->mailbox, entry->uid);
    return true;
}

static void copies_of_a_message_are_found_with_their_owners(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), bob = lab_account(lab, "bob");
    int64_t message = lab_message(lab, alice, VISIBILITY_MAIL);
    scoped_value(bytes) found = {0};
    scoped_text char *expected =
        must_print("%d:Sent/1 %d:INBOX/1 %d:INBOX/1 ", (int)alice, (int)bob, (int)bob);

    add_copy(lab, alice, message, "Sent", "hers");
    add_copy(lab, bob, message, "INBOX", "his");
    add_copy(lab, bob, lab_message(lab, alice, VISIBILITY_MAIL), "INBOX", "another");
    scoped(store_view) view = lab_look(lab);
    assert_true(store_entries_of_message(view, message, 0, 10, gather_owned, &found, &lab->err));
    assert_true(store_entries_of_message(view, message, bob, 10, gather_owned, &found, &lab->err));
    assert_text(found.at, expected);
}

static void mailboxes_of_an_account_differ_in_uidvalidity(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), message = lab_message(lab, alice, VISIBILITY_MAIL);

    add_copy(lab, alice, message, "Posts", "x");
    assert_int_equal(mailbox_of(lab, alice, "INBOX").uid_validity, LAB_START_MS / 1000);
    assert_true(mailbox_of(lab, alice, "Posts").uid_validity > LAB_START_MS / 1000);
}

static bool gather_due(void *ctx, const struct entry *entry, const char *maildir)
{
    bytes_print(ctx, "%s<%s/%u ", maildir, entry->mailbox, entry->uid);
    return true;
}

static void set_maildir(struct lab *lab, int64_t account_id, const char *maildir)
{
    scoped_value(account) account = {.id = account_id, .maildir = must_dup(maildir)};

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_update_account(tx, &account, &lab->err));
    lab_commit(lab);
}

static void due_is(struct lab *lab, const char *expected)
{
    scoped_value(bytes) due = {0};
    scoped(store_view) view = lab_look(lab);

    bytes_add_text(&due, "");
    assert_true(store_maildir_due(view, 10, gather_due, &due, &lab->err));
    assert_text(due.at, expected);
}

static void a_maildir_gets_what_comes_while_it_is_set(void **state)
{
    struct lab *lab = *state;
    int64_t alice = lab_account(lab, "alice"), message = lab_message(lab, alice, VISIBILITY_MAIL);

    add_copy(lab, alice, message, "INBOX", "before");
    due_is(lab, "");
    set_maildir(lab, alice, "/home/alice/Maildir");
    int64_t second = add_copy(lab, alice, message, "INBOX", "while");
    add_copy(lab, alice, message, "Posts", "while");
    due_is(lab, "/home/alice/Maildir<INBOX/2 /home/alice/Maildir<Posts/1 ");
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_maildir_done(tx, second, &lab->err));
    assert_false(store_maildir_done(tx, second + 9, &lab->err));
    assert_int_equal(lab->err.kind, ERR_ABSENT);
    lab_commit(lab);
    due_is(lab, "/home/alice/Maildir<Posts/1 ");
    set_maildir(lab, alice, NULL);
    due_is(lab, "");
    set_maildir(lab, alice, "/other");
    due_is(lab, ""); /* the old ones do not come back */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_subject_is_read_as_it_came, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(a_copy_gets_the_next_uid_and_counts_against_the_quota,
                                        lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(what_nothing_vouches_for_is_not_taken, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(moving_expunges_here_and_appends_there, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(copies_of_a_message_are_found_with_their_owners, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(mailboxes_of_an_account_differ_in_uidvalidity, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(a_maildir_gets_what_comes_while_it_is_set, lab_setup,
                                        lab_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
