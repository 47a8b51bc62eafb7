/*
 * A mailbox of very many: nothing that is said of all of them is said at once, for the loop has others to serve.
 *
 * What one call into the session may write is bounded; that bounds how long it takes.  NESTBOX_MANY=1000000 in a release
 * build prints the longest call of each command.
 */
#include "clock.h"
#include "fake_duties.h"
#include "memory.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MANY = 30000, AT_ONCE = 100 * 1024 };

struct large {
    struct fake fake;
    size_t many;
    bool silent_look; /* nothing changed */
    size_t heard, longest;
    int64_t longest_ns, made_ns; /* made: in the fake, while it makes errands */
    struct bytes tail;
};

static size_t many_of(void)
{
    const char *asked = getenv("NESTBOX_MANY");

    return asked ? strtoul(asked, NULL, 10) : MANY;
}

/* Every second UID is there, the worst for sets; the others went. */
static uint32_t uid_of(size_t i)
{
    return 2 * ((uint32_t)i + 1);
}

static struct large *large_of(void *ctx)
{
    return container_of(ctx, struct large, fake);
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void add_entries(struct imap_changes *changes, size_t many)
{
    changes->modseq = 9;
    for (size_t i = 0; i < many; i++) {
        must_make_room(changes->at, changes->count, changes->capacity);
        changes->at[changes->count++] =
            (struct imap_entry){.uid = uid_of(i), .flags = IMAP_SEEN, .modseq = 9};
    }
}

static struct errand *large_open(void *ctx, int64_t account_id, struct slice name, int64_t since,
                                 const struct number_set *known)
{
    size_t many = large_of(ctx)->many;
    int64_t began_ns = now_ns();
    struct done *done = done_new(fake_opened_clear);
    struct imap_opened *opened = &done->any.opened;

    (void)account_id, (void)name, (void)known;
    opened->mailbox = (struct imap_mailbox){
        .id = 1, .name = must_dup("INBOX"), .uid_validity = 7, .uid_next = uid_of(many)};
    for (size_t i = 0; i < many; i++) {
        must_make_room(opened->uids, opened->count, opened->capacity);
        opened->uids[opened->count++] = uid_of(i);
    }
    if (since)
        add_entries(&opened->changes, many);
    for (size_t i = 0; since && i < many; i++)
        number_set_add(&opened->changes.vanished, uid_of(i) - 1, uid_of(i) - 1);
    opened->changes.modseq = 5;
    large_of(ctx)->made_ns += now_ns() - began_ns;
    return errand_of(done);
}

static struct errand *large_changes(void *ctx, int64_t mailbox_id, int64_t since)
{
    struct large *large = large_of(ctx);
    int64_t began_ns = now_ns();
    struct done *done = done_new(fake_opened_clear);
    struct imap_changes *changes = &done->any.opened.changes;

    (void)mailbox_id;
    changes->modseq = since;
    if (!large->silent_look)
        add_entries(changes, large->many);
    for (size_t i = 0; i < large->many && !large->silent_look; i += 2) /* half of them are gone */
        number_set_add(&changes->vanished, uid_of(i), uid_of(i));
    large->silent_look = true;
    large_of(ctx)->made_ns += now_ns() - began_ns;
    return errand_of(done);
}

static void found_clear(struct done *done)
{
    free(done->any.found.uids);
}

static struct errand *large_search(void *ctx, int64_t mailbox_id, const struct search_key *key,
                                   uint32_t last_uid, const struct search_order *order)
{
    int64_t began_ns = now_ns();
    struct done *done = done_new(found_clear);
    struct imap_found *found = &done->any.found;

    (void)mailbox_id, (void)key, (void)order;
    assert_int_equal(last_uid, uid_of(large_of(ctx)->many - 1));
    for (size_t i = 0; i < large_of(ctx)->many; i++) {
        must_make_room(found->uids, found->count, found->capacity);
        found->uids[found->count++] = uid_of(i);
    }
    large_of(ctx)->made_ns += now_ns() - began_ns;
    return errand_of(done);
}

/* All had changed meanwhile. */
static struct errand *large_flags(void *ctx, int64_t mailbox_id, const struct number_set *uids,
                                  const struct imap_flags_order *order)
{
    int64_t began_ns = now_ns();
    struct done *done = done_new(fake_opened_clear);
    struct imap_changes *changes = &done->any.opened.changes;

    (void)mailbox_id, (void)uids, (void)order;
    for (size_t i = 0; i < large_of(ctx)->many; i++)
        number_set_add(&changes->modified, uid_of(i), uid_of(i));
    large_of(ctx)->made_ns += now_ns() - began_ns;
    return errand_of(done);
}

static void copied_clear(struct done *done)
{
    free(done->any.copied.from);
    free(done->any.copied.to);
}

static struct errand *large_copy(void *ctx, int64_t account_id, int64_t mailbox_id,
                                 const struct number_set *uids, struct slice to, bool move)
{
    int64_t began_ns = now_ns();
    struct done *done = done_new(copied_clear);
    struct imap_copied *copied = &done->any.copied;
    size_t count = 0, many = large_of(ctx)->many;

    (void)account_id, (void)mailbox_id, (void)to, (void)move;
    copied->target_id = 2;
    copied->from = must_alloc_array(many, sizeof copied->from[0]);
    copied->to = must_alloc_array(many, sizeof copied->to[0]);
    for (size_t i = 0; i < many; i++) {
        if (!number_set_has(uids, uid_of(i)))
            continue;
        copied->from[count] = uid_of(i);
        copied->to[count++] = (uint32_t)i + 1;
    }
    copied->count = count;
    large_of(ctx)->made_ns += now_ns() - began_ns;
    return errand_of(done);
}

static void heard(struct large *large, int64_t began_ns)
{
    struct bytes *out = &large->fake.out;
    int64_t took_ns = now_ns() - began_ns - large->made_ns;

    large->made_ns = 0;

    large->heard += out->len;
    large->longest = out->len > large->longest ? out->len : large->longest;
    large->longest_ns = took_ns > large->longest_ns ? took_ns : large->longest_ns;
    bytes_add(&large->tail, bytes_slice(out));
    bytes_drop_front(&large->tail, large->tail.len > 200 ? large->tail.len - 200 : 0);
    bytes_reset(out);
}

static void say(struct large *large, const char *said)
{
    struct fake *fake = &large->fake;
    struct turn turn = {.in = slice_of(said), .out = &fake->out};
    enum next next = NEXT_READ;
    int64_t began_ns;

    large->heard = large->longest = 0;
    large->longest_ns = 0;
    bytes_reset(&large->tail);
    do {
        began_ns = now_ns();
        next = imap_session_kind.read(fake->session, &turn);
        heard(large, began_ns);
        turn.in = slice_from(turn.in, turn.used);
        turn.used = 0;
        while (next == NEXT_WAIT || next == NEXT_MORE) {
            struct errand *errand = turn.errand;
            turn.errand = NULL;
            if (next == NEXT_WAIT)
                fake_work(errand);
            began_ns = now_ns();
            next = next == NEXT_WAIT ? imap_session_kind.resume(fake->session, errand, &turn)
                                     : imap_session_kind.more(fake->session, &turn);
            heard(large, began_ns);
        }
    } while (turn.in.len > 0);
    if (getenv("NESTBOX_MANY"))
        printf("%-34.*s %9zu octets, at most %6zu and %6.2f ms a call\n", (int)strlen(said) - 2,
               said, large->heard, large->longest, (double)large->longest_ns / 1e6);
}

static const struct row {
    const char *said, *ends;
    size_t octets; /* at least, for each message */
} rows[] = {
    {"c SEARCH ALL\r\n",                                       "c OK Searched\r\n",                5 },
    {"c UID SEARCH ALL\r\n",                                   "c OK Searched\r\n",                5 },
    {"c SEARCH RETURN (ALL COUNT) ALL\r\n",                    "c OK Searched\r\n",                0 },
    {"c UID SEARCH RETURN (ALL COUNT SAVE) ALL\r\n",           "c OK Searched\r\n",                5 },
    {"c NOOP\r\n",                                             "c OK Nothing done\r\n",            20},
    {"c MOVE 1:* Work/Old\r\n",                                "c OK Moved\r\n",                   10},
    {"c UID MOVE 1:* Work/Old\r\n",                            "c OK Moved\r\n",                   10},
    {"c COPY 1:* Work/Old\r\n",                                "] Copied\r\n",                     5 },
    {"c UID STORE 1:* (UNCHANGEDSINCE 1) +FLAGS (\\Seen)\r\n", "] Some had changed meanwhile\r\n",
     5                                                                                               },
    {"c STORE 1:* (UNCHANGEDSINCE 1) +FLAGS (\\Seen)\r\n",     "] Some had changed meanwhile\r\n", 0 },
};

static void begin(struct large *large)
{
    *large = (struct large){.many = many_of()};
    fake_begin(&large->fake, true, 0);
    large->fake.duties.open = large_open;
    large->fake.duties.changes = large_changes;
    large->fake.duties.search = large_search;
    large->fake.duties.copy = large_copy;
    large->fake.duties.flags = large_flags;
    say(large, "a LOGIN alice@home.test secret\r\n");
}

static void end(struct large *large)
{
    bytes_clear(&large->tail);
    fake_end(&large->fake);
}

static void no_call_tells_of_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool news = rows[i].octets == 20;
        struct large large;
        begin(&large);
        large.silent_look = true; /* of SELECT and what stands before the command */
        say(&large, "b SELECT INBOX\r\n");
        say(&large, "b NOOP\r\n");
        large.silent_look = !news;
        if (news) {
            struct turn turn = {.out = &large.fake.out};
            imap_session_kind.nudged(large.fake.session, NUDGE_CHANGE, &turn);
        }
        say(&large, rows[i].said);
        assert_true(large.heard >= rows[i].octets * large.many / 2);
        assert_in_range(large.longest, 1, AT_ONCE);
        assert_true(slice_ends(bytes_slice(&large.tail), slice_of(rows[i].ends)));
        end(&large);
    }
}

static void a_program_that_comes_back_is_told_in_pieces(void **state)
{
    struct large large;

    (void)state;
    begin(&large);
    large.silent_look = true;
    say(&large, "b ENABLE QRESYNC\r\n");
    say(&large, "c SELECT INBOX (QRESYNC (7 4))\r\n");
    assert_true(large.heard >= 25 * large.many);
    assert_in_range(large.longest, 1, AT_ONCE);
    assert_true(slice_ends(bytes_slice(&large.tail), SLICE("c OK [READ-WRITE] Open\r\n")));
    end(&large);
}

/* As many numbers as a command holds, in the order that costs most. */
static void a_set_in_falling_order_costs_little(void **state)
{
    scoped_value(bytes) text = {0};
    struct number_set set;

    (void)state;
    for (int i = 9000; i > 0; i--)
        bytes_print(&text, "%d%s", 2 * i, i > 1 ? "," : "");
    assert_true(number_set_read(bytes_slice(&text), 1, &set));
    assert_int_equal(set.count, 9000);
    for (uint32_t i = 0; i < 9000; i++)
        assert_int_equal(set.at[i].first, 2 * (i + 1));
    number_set_clear(&set);
    assert_true(number_set_read(SLICE("9,3:5,4:8,1,20:*,2"), 25, &set));
    bytes_reset(&text);
    number_set_print(&set, &text);
    assert_string_equal(text.at, "1:9,20:25");
    number_set_clear(&set);
}

/* In an empty mailbox: came and went while nobody looked. */
static void what_was_never_known_vanishes_unsaid(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 0);
    fake_say(&fake, "a LOGIN alice@home.test secret\r\nb SELECT INBOX\r\n");
    fake.gone[fake.gone_count] = 7;
    fake.gone_modseq[fake.gone_count++] = ++fake.modseq;
    fake_nudge(&fake, NUDGE_CHANGE);
    bytes_reset(&fake.out);
    fake_say(&fake, "c NOOP\r\n");
    assert_string_equal(fake.out.at, "c OK Nothing done\r\n");
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_call_tells_of_all),
        cmocka_unit_test(a_program_that_comes_back_is_told_in_pieces),
        cmocka_unit_test(a_set_in_falling_order_costs_little),
        cmocka_unit_test(what_was_never_known_vanishes_unsaid),
    };
    return cmocka_run_group_tests_name("imap large", tests, NULL, NULL);
}
