/*
 * A mail becomes a post, a direct message, a command, or mail: prepare() and record() over a real store, whose
 * transaction is rolled back.
 *
 * The first line says the door, MAIL FROM and the recipients: "587 alice@example.org public@example.org,…".
 * Beyond not crashing: what is published came from the log-in with one publishing word; its HTML holds only what
 * posts may hold; answers are one ASCII line.
 */
#include "bridge_people.h"
#include "config.h"
#include "mail.h"
#include "mail_work.h"
#include "memory.h"
#include "text.h"

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECIPIENTS_MAX = 8, MAIL_MAX = 64 * 1024 };

static struct house {
    char path[64];
    int dir;
    struct config config;
    struct test_clock clock;
    struct store *store;
    struct vault *vault;
    struct pgp *pgp;
    struct bridge *bridge;
    int64_t account;
} house;

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void close_house(void)
{
    bridge_free(house.bridge);
    pgp_free(house.pgp);
    store_close(house.store);
    vault_close(house.vault);
    close(house.dir);
    nftw(house.path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Bob, whose post can be answered; a post of Alice's to change; a question that waits for her yes. */
static const struct {
    const char *ref, *message_id;
    bool alices;
    enum visibility visibility;
    enum message_state state;
} messages[] = {
    {"9aaaaaaaaaa00", "bob-public@example.org",   false, VISIBILITY_PUBLIC,   MESSAGE_SENT},
    {"9aaaaaaaaaa01", "alice-public@example.org", true,  VISIBILITY_PUBLIC,   MESSAGE_SENT},
    {"9aaaaaaaaaa02", "question@example.org",     true,  VISIBILITY_UNLISTED, MESSAGE_HELD},
    {"9aaaaaaaaaa03", "alice-held@example.org",   true,  VISIBILITY_DIRECT,   MESSAGE_SENT},
};

static bool add_messages(struct store_tx *tx, int64_t alice, int64_t bob, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(messages); i++) {
        scoped_text char *ref = must_dup(messages[i].ref);
        scoped_text char *message_id = must_dup(messages[i].message_id);
        scoped_text char *id = must_print("https://social.example/%s", ref);
        const struct message message = {
            .ref = ref,
            .author_id = messages[i].alices ? alice : bob,
            .account_id = messages[i].alices ? house.account : 0,
            .visibility = messages[i].visibility,
            .state = messages[i].state,
            .version = 1,
            .activity_id = id,
            .message_id = message_id,
        };
        int64_t added;
        if (!store_add_message(tx, &message, &added, err))
            return false;
    }
    return true;
}

static bool settle(struct store_change *change, struct store_tx *tx, struct err *err)
{
    scoped_value(person) bob = {.kind = PERSON_FEDIVERSE};
    scoped_value(account) alice = {0};
    int64_t id;

    (void)change;
    bob.user = must_dup("bob");
    bob.host = must_dup("social.example");
    bob.word = must_dup("bob=social.example");
    bob.actor_id = must_dup("https://social.example/users/bob");
    bob.inbox = must_dup("https://social.example/inbox");
    return store_put_person(tx, &bob, &id, err) &&
           store_account(store_tx_view(tx), house.account, &alice, err) == FOUND &&
           add_messages(tx, alice.person_id, id, err);
}

static void open_house(void)
{
    static const char *const no_judge[] = {"/bin/false", NULL};
    const struct new_account alice = {.address = SLICE("alice@example.org")};
    scoped_value(account) account = {0};
    struct err err;

    strcpy(house.path, "/tmp/nestbox-fuzz-XXXXXX");
    assert(mkdtemp(house.path));
    house.dir = open(house.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    config_defaults(&house.config);
    strcpy(house.config.domains[0], "example.org");
    house.config.domain_count = 1;
    test_clock_init(&house.clock, 1772366400000);
    mime_set_up();
    assert(vault_open(house.dir, &house.vault, &err));
    assert(store_open(house.dir, &house.clock.clock, &house.store, &err));
    house.pgp = pgp_new(no_judge);
    const struct bridge_parts parts = {&house.config, &house.clock.clock, house.store, house.vault,
                                       house.pgp};
    house.bridge = bridge_new(&parts);
    assert(bridge_make_ready(house.bridge, &err));
    assert(bridge_account_add(house.bridge, &alice, &err));
    scoped(store_view) view = store_look(house.store, &err);
    assert(account_at(view, alice.address, &account, &err) == FOUND);
    house.account = account.id;
    store_view_free(steal(&view));
    struct store_change change = {.apply = settle};
    assert(store_commit(house.store, &change, &err));
    atexit(close_house);
}

/* ---- what must hold ---- */
static void check_html(struct slice html)
{
    static const char *const may_follow[] = {"<p>",
                                             "</p>",
                                             "<br>",
                                             "<blockquote>",
                                             "</blockquote>",
                                             "<strong>",
                                             "</strong>",
                                             "<span>",
                                             "</span>",
                                             "<span class=\"h-card\">",
                                             "</a>",
                                             "<a href=\"h",
                                             "<a href=\"mailto:"};

    assert(utf8_valid(html));
    for (size_t i = 0; i < html.len; i++) {
        bool known = html.at[i] != '<';
        for (size_t j = 0; !known && j < COUNT_OF(may_follow); j++)
            known = slice_starts(slice_from(html, i), slice_of(may_follow[j]));
        assert(known);
    }
}

static void check_note(const struct mail_arrival *arrival, const struct mail_plan *plan)
{
    const struct message *message = &plan->note->message;
    struct message clear = {.wrapped = message->wrapped};
    size_t words = 0;
    struct err err;
    struct address address;

    for (size_t i = 0; i < arrival->recipient_count; i++) {
        address_read(&house.config, slice_of(arrival->recipients[i]), &address);
        words += address.kind == ADDRESS_PUBLISH;
    }
    assert(arrival->door == MAIL_DOOR_SUBMISSION && plan->account_id == house.account);
    if (plan->deed == DEED_NONE && message->visibility != VISIBILITY_DIRECT)
        assert(words == 1);
    assert(visibility_is_open(message->visibility) == !message->wrapped);
    if (message->quoted_id) /* only open posts, in open ones, and the mail is no answer */
        assert(message->quoted_id <= 2 && !message->wrapped && !message->parent_id &&
               !message->subject.at);
    bytes_add(&clear.html, bytes_slice(&message->html));
    bytes_add(&clear.plain, bytes_slice(&message->plain));
    assert(message_unwrap(house.bridge, &clear, &err));
    check_html(bytes_slice(&clear.html));
    assert(clear.plain.len <= POST_TEXT_MAX);
    message_clear(&clear);
}

static void check_answer(const struct answer *answer)
{
    assert(strlen(answer->words) > 0);
    for (const char *c = answer->words; *c; c++)
        assert(*c >= ' ' && *c <= '~');
}

/* ---- one mail ---- */
struct attempt {
    struct store_change change;
    struct mail_arrival *arrival;
};

/* Records, and takes it back: each mail meets the same world. */
static bool record(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct attempt *attempt = container_of(change, struct attempt, change);

    if (!bridge_mail_record(house.bridge, tx, attempt->arrival, err))
        assert(err->kind == ERR_CONFLICT || err->kind == ERR_TEMPORARY);
    return err_set(err, ERR_REFUSED, "Enough seen");
}

static bool answer_wanted(struct mail_arrival *arrival)
{
    bool any = false;

    for (size_t i = 0; i < arrival->wanted_count; i++) {
        struct handle *handle = &arrival->wanted[i];
        any |= !handle->asked;
        handle->asked = true;
        handle->silent = strlen(handle->user) % 2;
        handle->nobody = !handle->silent;
    }
    return any;
}

static void send_mail(struct mail_arrival *arrival)
{
    struct attempt attempt = {.change.apply = record, .arrival = arrival};
    struct err err;

    do
        if (!bridge_mail_prepare(house.bridge, arrival, &err)) {
            assert(err.kind == ERR_TEMPORARY);
            return;
        }
    while (answer_wanted(arrival));
    check_answer(&arrival->answer);
    if (arrival->plan && arrival->plan->note)
        check_note(arrival, arrival->plan);
    if (arrival->answer.verdict == VERDICT_TAKEN || arrival->records)
        assert(!store_commit(house.store, &attempt.change, &err));
    else
        assert(!arrival->plan);
}

static void add_recipients(struct slice list, struct mail_arrival *arrival)
{
    struct err err;
    scoped(store_view) view = store_look(house.store, &err);

    arrival->recipients = must_alloc_array(RECIPIENTS_MAX, sizeof *arrival->recipients);
    while (list.at && arrival->recipient_count < RECIPIENTS_MAX) {
        struct slice one = slice_trim(slice_cut(&list, ','));
        const struct asked_recipient asked = {
            .door = arrival->door, .mail_from = slice_of(arrival->mail_from), .recipient = one};
        struct answer answer;
        if (slice_empty(one) || one.len > 320)
            continue;
        assert(bridge_recipient(house.bridge, view, &asked, &answer, NULL, &err));
        check_answer(&answer);
        if (answer.verdict == VERDICT_TAKEN)
            arrival->recipients[arrival->recipient_count++] = must_copy(one);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice mail = {(const char *)data, size};
    struct slice line = slice_line(&mail);
    struct slice door = slice_cut(&line, ' ');

    if (!house.bridge)
        open_house();
    if (!line.at || !mail.at || mail.len > MAIL_MAX || memchr(line.at, 0, line.len))
        return 0;
    struct mail_arrival arrival = {.door =
                                       slice_is(door, "25") ? MAIL_DOOR_MX : MAIL_DOOR_SUBMISSION,
                                   .received_ms = clock_now(&house.clock.clock)};
    arrival.mail_from = must_copy(slice_cut(&line, ' '));
    arrival.account_id = arrival.door == MAIL_DOOR_MX ? 0 : house.account;
    add_recipients(line, &arrival);
    arrival.body = source_of_slice(mail);
    arrival.received_field = must_dup("Received: by example.org\r\n");
    if (arrival.recipient_count > 0)
        send_mail(&arrival);
    mail_arrival_clear(&arrival);
    return 0;
}
