/* Recurring work: what is held, audiences, Maildirs. */
#include "one_town.h"

#include "bridge_people.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void check_queue(const char *row, const char *expected)
{
    scoped_text char *queue = town_queue(&town);

    if (strcmp(queue, expected) != 0)
        fail_msg("%s: the queue holds\n%s", row, queue);
}

static void check_mailbox(const char *row, int64_t account, const char *mailbox,
                          const char *expected)
{
    scoped_text char *found = mailbox_list(&town, account, mailbox);

    if (strcmp(found, expected) != 0)
        fail_msg("%s: %s holds\n%s", row, mailbox, found);
}

#define SHARED "message to https://social.example/inbox wanted 1 delivered 0\n"

static void a_post_waits_a_minute(void **state)
{
    int64_t next_ms;

    (void)state;
    town_follow(&town, "bob", "alice");
    town_post(&town, "public@example.org", "one");
    town_chores(&town, &next_ms);
    assert_int_equal(next_ms, town_now(&town) + MINUTE_MS);
    town_wait(&town, MINUTE_MS - 1);
    town_chores(&town, NULL);
    check_queue("a moment before", "");
    town_wait(&town, 1);
    town_chores(&town, NULL);
    check_queue("now", SHARED);
}

static void a_crash_keeps_the_hold(void **state)
{
    (void)state;
    town_follow(&town, "bob", "alice");
    town_post(&town, "public@example.org", "one");
    town_wait(&town, MINUTE_MS / 2);
    town_reopen(&town);
    town_chores(&town, NULL);
    check_queue("after the crash, within the minute", "");
    town_wait(&town, MINUTE_MS / 2);
    town_reopen(&town);
    town_chores(&town, NULL);
    check_queue("after another, when the minute is over", SHARED);
}

static void a_clock_set_back_delays_nothing(void **state)
{
    (void)state;
    town_follow(&town, "bob", "alice");
    town_wait(&town, 2000 * DAY_MS);
    town_chores(&town, NULL);
    town_post(&town, "public@example.org", "one");
    town_wait(&town, -2000 * DAY_MS);
    town_chores(&town, NULL);
    check_queue("held by the wrong clock", SHARED);
}

static char newest_ref[32];
static void find_ref(void)
{
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);

    for (int64_t i = 1;; i++) {
        scoped_value(message) message = {0};
        if (store_message(view, i, &message, &err) != FOUND)
            return;
        snprintf(newest_ref, sizeof newest_ref, "%s", message.ref);
    }
}

static void a_post_stopped_in_time_is_never_said(void **state)
{
    struct err err = {0};

    (void)state;
    town_follow(&town, "bob", "alice");
    town_follow(&town, "eve", "alice");
    town_post(&town, "public@example.org", "one");
    find_ref();
    assert_true(
        bridge_post_undo(town.bridge, SLICE("alice@example.org"), slice_of(newest_ref), &err));
    town_wait(&town, HOUR_MS);
    town_chores(&town, NULL);
    check_queue("undone", "");
    check_mailbox("undone", town.eve, MAILBOX_HOME, "");
}

/* ---- audiences ---- */
enum { CROWD = 1203 };
static int crowd_hosts;
static bool add_crowd(struct town *it, struct store_tx *tx, struct err *err)
{
    for (int i = 0; i < CROWD; i++) {
        int64_t id, follow;
        struct person person = {.kind = PERSON_FEDIVERSE};
        person.user = must_print("fan%d", i);
        person.host = must_print("h%d.example", i % crowd_hosts);
        person.actor_id = must_print("https://%s/users/%s", person.host, person.user);
        person.inbox = must_print("%s/inbox", person.actor_id);
        person.shared_inbox = must_print("https://%s/inbox", person.host);
        bool ok = store_put_person(tx, &person, &id, err) &&
                  store_put_follow(tx, id, it->alice_person,
                                   i % 3 ? FOLLOW_ACCEPTED : FOLLOW_WAITING, NULL, &follow, err);
        person_clear(&person);
        if (!ok)
            return false;
    }
    return true;
}

static int64_t queue_length(void)
{
    struct err err = {0};
    int64_t count = 0;
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(store_queue_count(view, &count, &err));
    return count;
}

static void an_audience_is_one_delivery_a_shared_inbox(void **state)
{
    (void)state;
    crowd_hosts = 7;
    town_write(&town, add_crowd);
    town_post(&town, "public@example.org", "one");
    town_wait(&town, MINUTE_MS);
    town_chores(&town, NULL);
    assert_int_equal(queue_length(), 7);
}

static void only_accepted_followers_of_any_page_get_it(void **state)
{
    (void)state;
    crowd_hosts = CROWD;
    town_write(&town, add_crowd);
    town_post(&town, "followers@example.org", "one");
    town_wait(&town, MINUTE_MS);
    town_chores(&town, NULL);
    assert_int_equal(queue_length(), CROWD - CROWD / 3);
}

static void a_page_is_not_lost_to_a_crash(void **state)
{
    struct err err = {0};
    bool more;
    int64_t next_ms;

    (void)state;
    crowd_hosts = CROWD;
    town_write(&town, add_crowd);
    town_post(&town, "public@example.org", "one");
    town_wait(&town, MINUTE_MS);
    assert_true(release_held(town.bridge, &next_ms, &err));
    assert_true(expand_broadcast(town.bridge, &more, &err));
    assert_true(more);
    assert_int_equal(queue_length(), BROADCAST_PAGE);
    town_reopen(&town);
    town_chores(&town, NULL);
    assert_int_equal(queue_length(), CROWD - CROWD / 3);
}

static void a_post_withdrawn_meanwhile_is_said_no_further(void **state)
{
    struct err err = {0};
    bool more;
    int64_t next_ms;

    (void)state;
    crowd_hosts = CROWD;
    town_write(&town, add_crowd);
    town_post(&town, "public@example.org", "one");
    find_ref();
    town_wait(&town, MINUTE_MS);
    assert_true(release_held(town.bridge, &next_ms, &err));
    assert_true(expand_broadcast(town.bridge, &more, &err));
    assert_true(
        bridge_post_delete(town.bridge, SLICE("alice@example.org"), slice_of(newest_ref), &err));
    town_chores(&town, NULL);
    assert_int_equal(queue_length(), 0);
}

/* ---- neighbours ---- */
static void people_here_get_it_without_a_network(void **state)
{
    (void)state;
    town_follow(&town, "eve", "alice");
    town_post(&town, "public@example.org", "The tide is out");
    town_wait(&town, MINUTE_MS);
    town_chores(&town, NULL);
    check_queue("no delivery", "");
    check_mailbox("a follower", town.eve, MAILBOX_HOME, "Tide The tide is out\n");
    scoped_text char *mail = mailbox_newest(&town, town.eve, MAILBOX_HOME);
    assert_non_null(strstr(mail, "From: \"@alice@example.org\" <alice=example.org@example.org>\n"
                                 "To: \"@alice@example.org's followers\"\n"));
    assert_non_null(strstr(mail, "Cc: \"PUBLIC, quiet\" <unlisted@example.org>\n"));
    town_chores(&town, NULL);
    check_mailbox("once", town.eve, MAILBOX_HOME, "Tide The tide is out\n");
}

static void who_is_named_here_has_it_in_inbox(void **state)
{
    (void)state;
    town_follow(&town, "eve", "alice");
    town_post(&town, "public@example.org", "Hello @eve@example.org");
    town_wait(&town, MINUTE_MS);
    town_chores(&town, NULL);
    check_mailbox("named", town.eve, MAILBOX_INBOX, "Tide Hello @eve@example.org\n");
    check_mailbox("named", town.eve, MAILBOX_HOME, "");
    check_queue("no delivery", "");
}

static void a_deleted_post_goes_to_trash_here_too(void **state)
{
    struct err err = {0};

    (void)state;
    town_follow(&town, "eve", "alice");
    town_post(&town, "public@example.org", "one");
    find_ref();
    town_wait(&town, MINUTE_MS);
    town_chores(&town, NULL);
    assert_true(
        bridge_post_delete(town.bridge, SLICE("alice@example.org"), slice_of(newest_ref), &err));
    check_mailbox("deleted", town.eve, MAILBOX_HOME, "");
    check_mailbox("deleted", town.eve, MAILBOX_TRASH, "Tide one\n");
}

/* ---- Maildirs ---- */
static int files_in(const char *folder)
{
    char path[300];
    int count = 0;

    snprintf(path, sizeof path, "%s/%s", town.path, folder);
    DIR *dir = opendir(path);
    for (struct dirent *one = dir ? readdir(dir) : NULL; one; one = readdir(dir))
        count += one->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return count;
}

static void set_maildir(const char *address, const char *name)
{
    struct err err = {0};
    scoped_text char *path = must_print("%s/%s", town.path, name);

    if (!bridge_account_set(town.bridge, slice_of(address), SLICE("maildir"), slice_of(path), &err))
        fail_msg("%s (%s)", err.said, err.cause);
}

static void say(const char *id, const char *to)
{
    const struct said said = {ACTIVITY_CREATE, "bob", .note = id, .html = "<p>Hello</p>", .to = to};

    visitor_says(&town, &said);
}

static void mails_become_files_with_line_ends_of_files(void **state)
{
    char path[300], text[4096];

    (void)state;
    set_maildir("alice@example.org", "mail");
    town_follow(&town, "alice", "bob");
    say("https://social.example/n/1", "alice");
    say("https://social.example/n/2", "public");
    town_post(&town, "public@example.org", "one");
    town_chores(&town, NULL);
    assert_int_equal(files_in("mail/new"), 1);
    assert_int_equal(files_in("mail/tmp"), 0);
    assert_int_equal(files_in("mail/.Fediverse.Home/new"), 1);
    assert_int_equal(files_in("mail/.Posts/new") + files_in("mail/.Posts/cur"), 1);
    town_chores(&town, NULL);
    assert_int_equal(files_in("mail/new"), 1);
    snprintf(path, sizeof path, "cat %s/mail/new/*", town.path);
    FILE *file = popen(path, "re"); // NOLINT(cert-env33-c)
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    pclose(file);
    text[len] = '\0';
    assert_null(strchr(text, '\r'));
    assert_non_null(strstr(text, "\nSubject: Hello\n"));
}

static void a_broken_maildir_keeps_nobody_waiting(void **state)
{
    char path[300];

    (void)state;
    snprintf(path, sizeof path, "%s/file", town.path);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fclose(file);
    set_maildir("alice@example.org", "file/mail");
    set_maildir("eve@example.org", "eves");
    say("https://social.example/n/1", "alice");
    say("https://social.example/n/2", "alice");
    say("https://social.example/n/3", "eve");
    town_chores(&town, NULL);
    assert_int_equal(files_in("eves/new"), 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    town_chores(&town, NULL);
    assert_int_equal(files_in("file/mail/new"), 2);
}

/* ---- the end of an account ---- */

static bool fall_asleep(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(account) account = {0};

    assert_int_equal(store_account(store_tx_view(tx), it->alice, &account, err), FOUND);
    account.self_made = true;
    account.state = ACCOUNT_ASLEEP;
    account.asleep_since_ms = town_now(it);
    return store_update_account(tx, &account, err);
}

static enum account_state state_of_alice(void)
{
    struct err err = {0};
    scoped_value(account) account = {0};
    scoped(store_view) view = store_look(town.store, &err);

    assert_int_equal(store_account(view, town.alice, &account, &err), FOUND);
    return account.state;
}

static bool count_mailbox(void *ctx, const struct mailbox *mailbox)
{
    (void)mailbox;
    (*(int *)ctx)++;
    return true;
}

static void check_emptied(void)
{
    struct err err = {0};
    struct credential credential;
    int mailboxes = 0;
    int64_t octets = 0, fediverse = 0, by_mail = 0, following = 0;
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(store_mailboxes(view, town.alice, count_mailbox, &mailboxes, &err));
    assert_true(store_account_bytes(view, town.alice, &octets, &err));
    assert_true(
        store_follower_counts(view, town.alice_person, &fediverse, &by_mail, &following, &err));
    assert_int_equal(mailboxes + octets + fediverse + following, 0);
    assert_int_equal(store_credential(view, town.alice, &credential, &err), ABSENT);
}

static bool like_bobs(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(account) account = {0};
    scoped_value(message) message = {0};
    bool changed;

    return store_account(store_tx_view(tx), it->alice, &account, err) == FOUND &&
           store_message_by_activity(store_tx_view(tx),
                                     SLICE("https://social.example/posts/bob-public@example.org"),
                                     &message, err) == FOUND &&
           reaction_set(it->bridge, tx, &account, &message, REACTION_LIKE, true, &changed, err);
}

static void an_account_that_slept_a_month_is_removed_for_good(void **state)
{
    const struct new_account again = {.address = SLICE("alice@example.org")};
    struct err err = {0};

    (void)state;
    town_follow(&town, "bob", "alice");
    town_follow(&town, "alice", "dan");
    town_write(&town, like_bobs);
    town_post(&town, "public@example.org", "one");
    town_wait(&town, MINUTE_MS);
    town_chores(&town, NULL);
    say("https://social.example/n/1", "alice");
    town_write(&town, fall_asleep);
    town_wait(&town, 30 * DAY_MS - MINUTE_MS);
    town_chores(&town, NULL);
    assert_int_equal(state_of_alice(), ACCOUNT_ASLEEP);
    town_wait(&town, HOUR_MS);
    town_chores(&town, NULL);
    assert_int_equal(state_of_alice(), ACCOUNT_REMOVED);
    check_emptied();
    scoped_text char *queue = town_queue(&town);
    assert_non_null(strstr(queue, "actor to https://social.example/inbox"));
    assert_non_null(strstr(queue, "actor to https://other.example/inbox"));
    assert_non_null(strstr(queue, "reaction to https://social.example/users/bob/inbox wanted 2"));
    assert_false(bridge_account_add(town.bridge, &again, &err));
    assert_int_equal(err.kind, ERR_REFUSED);
    town_reopen(&town);
    town_chores(&town, NULL);
}

static bool get_ends(struct town *it, struct store_tx *tx, struct err *err)
{
    const int64_t days[] = {30, 4}; /* Alice's is long, Eve's is short */

    for (int i = 0; i < 2; i++) {
        scoped_value(account) account = {0};
        assert_int_equal(store_account(store_tx_view(tx), i ? it->eve : it->alice, &account, err),
                         FOUND);
        account.ends_ms = account.created_ms + days[i] * DAY_MS;
        if (!store_update_account(tx, &account, err))
            return false;
    }
    return true;
}

static void check_told(int64_t after_ms, const char *whom)
{
    town_wait(&town, after_ms);
    town_chores(&town, NULL);
    scoped_text char *told = town_effects(&town);
    if (!whom)
        assert_null(strstr(told, "Your account ends soon"));
    else if (!strstr(told, "Your account ends soon") || !strstr(told, whom))
        fail_msg("not told: %s", told);
}

static void who_has_an_account_with_an_end_is_told_in_time_and_once(void **state)
{
    (void)state;
    town_write(&town, get_ends);
    check_told(DAY_MS, NULL);
    check_told(DAY_MS + HOUR_MS, "eve");
    check_told(DAY_MS, NULL);
    check_told(19 * DAY_MS, NULL);
    check_told(DAY_MS, "alice");
    check_told(DAY_MS, NULL);
    check_told(7 * DAY_MS, NULL);
    assert_int_equal(state_of_alice(), ACCOUNT_ASLEEP);
}

#define IN_TOWN(test) cmocka_unit_test_setup_teardown(test, open_town, close_town)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_post_waits_a_minute),
        IN_TOWN(a_crash_keeps_the_hold),
        IN_TOWN(a_clock_set_back_delays_nothing),
        IN_TOWN(a_post_stopped_in_time_is_never_said),
        IN_TOWN(an_audience_is_one_delivery_a_shared_inbox),
        IN_TOWN(only_accepted_followers_of_any_page_get_it),
        IN_TOWN(a_page_is_not_lost_to_a_crash),
        IN_TOWN(a_post_withdrawn_meanwhile_is_said_no_further),
        IN_TOWN(people_here_get_it_without_a_network),
        IN_TOWN(who_is_named_here_has_it_in_inbox),
        IN_TOWN(a_deleted_post_goes_to_trash_here_too),
        IN_TOWN(mails_become_files_with_line_ends_of_files),
        IN_TOWN(a_broken_maildir_keeps_nobody_waiting),
        IN_TOWN(an_account_that_slept_a_month_is_removed_for_good),
        IN_TOWN(who_has_an_account_with_an_end_is_told_in_time_and_once),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
