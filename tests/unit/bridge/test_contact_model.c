/*
 * Random steps over both sides, against the diagram of docs/contact-requests.md written down once more here: people
 * knock by mail and on the Fediverse, the owner answers, takes back, writes to them, and time goes by.  After each step
 * the reply, the request, what came in and what rests are as the model says; nothing that heard 250 or 202 is lost.
 *
 * NESTBOX_CONTACT_STEPS: how many (2000; `./dev test long`: 100,000); NESTBOX_SEED: which.
 */
#include "stranger.h"
#include "visitors.h"

#include "contact_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WRITERS = 400,
    VISITORS = 2,
    PEOPLE = WRITERS + VISITORS,
    HELD_AT_MOST = 15,
    SPELL = 300,  /* steps of rush, and of calm */
    MANY = 50000, /* steps: fewer leave the rare arrows to luck */
};

enum { U = CONTACT_UNKNOWN, T, A, W, R, I };
enum happening { KNOCK, CROWD, INVITE, REFUSE, IGNORE, REOPEN, WRITE, EXPIRE, HAPPENINGS };
static const char *const state_names[] = {"unknown", "turn",    "asked",
                                          "welcome", "refused", "ignored"};
static const char *const names[] = {"knock",  "crowded",    "welcome", "refuse",
                                    "ignore", "takes back", "writes",  "expire"};
static const int diagram[CONTACT_STATES][HAPPENINGS] = {
    [U] = {A, T, W, R, I, U, W, U},
      [T] = {A, T, W, R, I, T, W, U},
      [A] = {A, A, W, R, I, A, W, U},
    [W] = {W, W, W, R, I, A, W, W},
      [R] = {R, R, W, R, I, A, W, U},
      [I] = {I, I, W, R, I, A, W, U},
};

static struct someone {
    char address[48];    /* a mail's; or a handle */
    const char *visitor; /* "bob"; or NULL */
    int state;
    bool was_asked;   /* the request that is answered exists */
    int held, inbox;  /* letters */
    int64_t until_ms; /* 0: for ever */
    char past[120];   /* the first letters of what happened, for who reads of a failure */
} people[PEOPLE];
static int64_t asked_ms[QUESTIONS_A_DAY + 1]; /* the latest questions */
static int taken[CONTACT_STATES][HAPPENINGS];
static uint64_t seed;

static unsigned pick(unsigned below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

static int set_up(void **state)
{
    (void)state;
    visitors_open(&town);
    town.config.contact = DOOR_ASK;
    for (int i = 0; i < WRITERS; i++)
        snprintf(people[i].address, sizeof people[i].address, "m%d@host%d.example", i, i);
    people[WRITERS] = (struct someone){.address = "@bob@social.example", .visitor = "bob"};
    people[WRITERS + 1] = (struct someone){.address = "@dan@other.example", .visitor = "dan"};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

/* ---- the model ---- */
static bool is_crowded(void)
{
    return asked_ms[QUESTIONS_A_DAY - 1] > town_now(&town) - DAY_MS;
}

static void note_question(void)
{
    memmove(&asked_ms[1], &asked_ms[0], sizeof asked_ms - sizeof asked_ms[0]);
    asked_ms[0] = town_now(&town);
}

static void goes(struct someone *who, enum happening what)
{
    int before = who->state;
    size_t at = strlen(who->past);

    if (at + 1 == sizeof who->past)
        memmove(who->past, who->past + 60, (at -= 60) + 1);
    who->past[at] = names[what][0];
    who->past[at + 1] = 0;
    taken[before][what]++;
    who->state = diagram[before][what];
    if (what == REOPEN && before >= W && !who->was_asked)
        who->state = U; /* there is no request that would be open again */
    who->was_asked &= who->state != U;
    bool waits = who->state == T || who->state == A;
    if (who->state == U || who->state == W)
        who->until_ms = 0;
    else if (who->state != before || !waits || what > CROWD)
        who->until_ms = town_now(&town) + (waits ? 14 : 400) * (int64_t)DAY_MS;
}

/* ---- what is seen ---- */
struct news { /* of alice's mailboxes, since the last look */
    int64_t last;
    int inbox, requests;
};
static int64_t last_entry;

static bool note_entry(void *ctx, const struct entry *entry)
{
    struct news *news = ctx;

    news->last = entry->id;
    news->inbox += strcmp(entry->mailbox, MAILBOX_INBOX) == 0;
    news->requests += strcmp(entry->mailbox, MAILBOX_CONTACTS_NEW) == 0;
    return true;
}

static struct news read_news(void)
{
    struct news news = {.last = last_entry};
    struct err err;
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(store_entries(view, town.alice, 0, last_entry, 100, note_entry, &news, &err));
    last_entry = news.last;
    return news;
}

static int held_of(const struct someone *who)
{
    struct err err;
    int64_t sum = 0, held;
    scoped_value(person) person = {0};
    scoped_value(contact_rows) rows = {0};
    scoped(store_view) view = store_look(town.store, &err);

    if (who->visitor)
        assert_int_equal(store_person(view, town_person(&town, who->visitor), &person, &err),
                         FOUND);
    else if (store_person_by_address(view, slice_of(who->address), &person, &err) != FOUND)
        return 0;
    assert_true(store_contacts_of(view, town.alice, person.id, &rows, &err));
    for (size_t i = 0; i < rows.count; i++) {
        assert_true(store_held_of(view, rows.at[i].id, &held, &err));
        sum += held;
    }
    return (int)sum;
}

static void look(const struct someone *who, const char *what, int came_in, int requests)
{
    struct news news = read_news();
    int held = held_of(who);

    if (news.inbox != came_in || news.requests != requests || held != who->held)
        fail_msg(
            "%s (%s), %s, now %s: %d came in instead of %d, %d held instead of %d, %d requests "
            "instead of %d",
            who->address, who->past, what, state_names[who->state], news.inbox, came_in, held,
            who->held, news.requests, requests);
}

/* ---- the steps ---- */
static char *comes(const struct someone *who)
{
    static int serial;

    if (!who->visitor)
        return knock(who->address, EVIDENCE_S2);
    scoped_text char *id = must_print("https://%s/users/%s/notes/%d",
                                      strrchr(who->address, '@') + 1, who->visitor, serial++);
    visitor_says(&town, &(struct said){ACTIVITY_CREATE, .who = who->visitor, .note = id,
                                       .html = "<p>Hello</p>", .to = "alice"});
    return must_dup("202");
}

static void step_knock(struct someone *who)
{
    bool crowded = is_crowded(), inside = who->visitor != NULL;
    bool accepts = who->held < HELD_AT_MOST && pick(2);
    int before = who->state;

    if (inside && who->held >= HELD_AT_MOST)
        return;
    town.config.hold = accepts ? HOLD_ACCEPT : HOLD_DEFER;
    goes(who, crowded ? CROWD : KNOCK);
    bool asks = !crowded && (before == U || before == T);
    if (asks)
        note_question();
    who->was_asked |= asks;
    bool waits = who->state == A || who->state == T;
    bool keeps = inside || (accepts && (before == A || asks));
    who->held += waits && keeps;
    scoped_text char *said = comes(who);
    const char *expected = inside            ? "202"
                           : who->state == W ? TAKEN
                           : who->state == R ? "550 5.7.1 no"
                           : who->state == I ? (accepts ? TAKEN : LATER)
                           : waits && keeps  ? TAKEN
                                             : LATER;
    if (strcmp(said, expected) != 0)
        fail_msg("%s (%s), %s, was %s: %s", who->address, who->past, names[crowded],
                 state_names[before], said);
    look(who, "knocks", who->state == W, asks);
}

static void step_answer(struct someone *who, enum happening what)
{
    static const enum contact_choice choices[] = {CHOICE_WELCOME, CHOICE_REFUSE, CHOICE_IGNORE,
                                                  CHOICE_ASK_AGAIN};
    int before = who->state;
    struct err err;

    goes(who, what);
    bool good = bridge_contact_choose(town.bridge, SLICE(ALICE), slice_of(who->address),
                                      choices[what - INVITE], "no", &err);
    if (!good && !(before == U && what == REOPEN))
        fail_msg("%s (%s), %s, was %s: %s", who->address, who->past, names[what],
                 state_names[before], err.said);
    int came_in = who->state == W ? who->held : 0;
    if (who->state == W || who->state == R || who->state == I)
        who->held = 0;
    look(who, names[what], came_in, 0);
}

static void step_write(struct someone *who)
{
    const char *to = !who->visitor                      ? who->address
                     : strcmp(who->visitor, "bob") == 0 ? "bob=social.example@example.org"
                                                        : "dan=other.example@example.org";
    const struct letter_row row = {.name = "writes", .recipients = to, .text = "Hello\n"};
    scoped_text char *text = row_build(&row);

    goes(who, WRITE);
    int came_in = who->held;
    who->held = 0;
    scoped_text char *said = row_send(&town, &row, text);
    assert_string_equal(said, TAKEN);
    look(who, "is written to", came_in, 0);
}

static void step_time(void)
{
    struct err err;

    town_wait(&town, (pick(6) ? 14 : 400) * (int64_t)DAY_MS + 1);
    assert_true(expire_contacts(town.bridge, &err));
    read_news();
    for (size_t i = 0; i < PEOPLE; i++) {
        struct someone *who = &people[i];
        if (who->until_ms > town_now(&town))
            continue;
        if (who->state != W)
            who->held = 0;
        goes(who, EXPIRE);
        look(who, "time goes by", 0, 0);
    }
}

/* In a rush the day's questions are soon spent. */
static void step(bool rush)
{
    struct someone *who = &people[pick(8) ? pick(WRITERS) : WRITERS + pick(VISITORS)];
    unsigned what = pick(100);

    town_wait(&town, rush || pick(8) ? pick(MINUTE_MS) : pick(12 * HOUR_MS));
    /* Few wait their turn: in a rush new people knock and answers look for those who wait, in a calm they try again. */
    int wanted = rush && what < 70 ? U : T;
    for (int i = 0; (rush || what < 70) && who->state != wanted && i < 4; i++)
        who = &people[pick(PEOPLE)];
    if (what < 70)
        step_knock(who);
    else if (what < 90)
        step_answer(who, INVITE + pick(4));
    else if (rush || what < 99)
        step_write(who);
    else
        step_time();
}

/* ---- the run ---- */
static long number_from(const char *name, long otherwise)
{
    const char *text = getenv(name);

    return text ? strtol(text, NULL, 10) : otherwise;
}

static void test_random_steps_agree_with_the_diagram(void **state)
{
    long steps = number_from("NESTBOX_CONTACT_STEPS", 2000);
    int least = INT32_MAX;

    (void)state;
    seed = (uint64_t)number_from("NESTBOX_SEED", 1);
    for (long i = 0; i < steps; i++)
        step(i / SPELL % 2 == 0);
    print_message("%ld steps; how often each arrow was taken:\n%-8s", steps, "");
    for (int what = 0; what < HAPPENINGS; what++)
        print_message(" %10s", names[what]);
    for (int from = 0; from < CONTACT_STATES; from++) {
        print_message("\n%-8s", state_names[from]);
        for (int what = 0; what < HAPPENINGS; what++) {
            print_message(" %10d", taken[from][what]);
            least = taken[from][what] < least ? taken[from][what] : least;
        }
    }
    print_message("\n");
    if (steps >= MANY)
        assert_true(least >= steps / 1000);
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_steps_agree_with_the_diagram, set_up,
                                        tear_down),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
