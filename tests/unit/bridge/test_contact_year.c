/*
 * A year of strangers who write for the first time: their servers try again as the world's do (schedules.txt), the
 * owner answers after minutes to days.  The table of what arrives stands in docs/contact-requests.md; here it is held
 * to the code.  NESTBOX_WRITE=1 in the environment writes it anew.
 */
#include "stranger.h"

#include "contact_work.h"
#include "schedules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAILS = 20 /* wanted ones of each kind of sender, over the year */, YEAR_DAYS = 365 };

/* After the question: half of the owners answer within five hours, one in ten after more than three days. */
static const double answers_after_hours[MAILS] = {0.02, 0.1, 0.2, 0.4, 0.7, 1,  1.5, 2,  3,  5,
                                                  6.5,  8,   10,  13,  17,  24, 36,  60, 96, 216};

struct wanted {
    const struct schedule *schedule;
    char from[96];
    int64_t first_ms, gap_ms;
    int64_t try_ms;    /* INT64_MAX: it is not at its sender any more */
    int64_t answer_ms; /* INT64_MAX: not asked, or answered */
    bool arrived;
};
struct year {
    struct wanted mails[SCHEDULES_MAX * MAILS];
    size_t count;
    int64_t chores_ms;
};

static int set_up(void **state)
{
    (void)state;
    town_open(&town);
    town.config.contact = DOOR_ASK;
    free(town_effects(&town));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

/* Each kind of sender has every patience of an owner once, in another season each. */
static void plan(const struct schedule *schedules, size_t count, struct year *out)
{
    int64_t begin = town_now(&town);

    out->chores_ms = begin + DAY_MS;
    for (size_t s = 0; s < count; s++)
        for (int i = 0; i < MAILS; i++) {
            struct wanted *mail = &out->mails[out->count++];
            int64_t day = ((int64_t)i * 7 + (int64_t)s * 3) % MAILS * (YEAR_DAYS - 20) / MAILS;
            *mail = (struct wanted){.schedule = &schedules[s], .answer_ms = INT64_MAX};
            snprintf(mail->from, sizeof mail->from, "s%dx%zu@s%dx%zu.example", i, s, i, s);
            mail->first_ms = mail->try_ms = begin + day * DAY_MS + (int64_t)s * HOUR_MS;
        }
}

static int64_t due(const struct wanted *mail)
{
    return mail->answer_ms <= mail->try_ms ? mail->answer_ms : mail->try_ms;
}

static struct wanted *next(struct year *year)
{
    struct wanted *first = &year->mails[0];

    for (size_t i = 1; i < year->count; i++)
        if (due(&year->mails[i]) < due(first))
            first = &year->mails[i];
    return due(first) == INT64_MAX ? NULL : first;
}

/* What happened since the last look is of this one mail. */
static void look(struct wanted *mail)
{
    static const double *const delays = answers_after_hours;
    scoped_text char *done = town_effects(&town);

    mail->arrived |= strstr(done, "alice in INBOX:") != NULL;
    if (!strstr(done, "alice in Contacts/New:"))
        return;
    int which = atoi(mail->from + 1);
    mail->answer_ms = town_now(&town) + (int64_t)(delays[which] * HOUR_MS);
}

static void try(struct wanted *mail)
{
    scoped_text char *said = knock_by(mail->from, mail->schedule->helo);

    look(mail);
    if (said[0] == '2') {
        mail->try_ms = INT64_MAX;
        return;
    }
    assert_string_equal(said, LATER);
    mail->gap_ms =
        schedule_next_gap_ms(mail->schedule, town_now(&town) - mail->first_ms, mail->gap_ms);
    mail->try_ms = mail->gap_ms < 0 ? INT64_MAX : town_now(&town) + mail->gap_ms;
}

static void welcome(struct wanted *mail)
{
    struct err err;

    mail->answer_ms = INT64_MAX;
    if (!bridge_contact_choose(town.bridge, SLICE(ALICE), slice_of(mail->from), CHOICE_WELCOME,
                               NULL, &err))
        fail_msg("%s", err.said);
    look(mail);
}

static void chores(struct year *year)
{
    struct err err;

    for (; year->chores_ms <= town_now(&town); year->chores_ms += DAY_MS)
        assert_true(expire_contacts(town.bridge, &err));
}

static void live(struct year *year)
{
    struct wanted *mail;

    while ((mail = next(year))) {
        if (due(mail) > town_now(&town))
            town_wait(&town, due(mail) - town_now(&town));
        chores(year);
        if (mail->answer_ms <= mail->try_ms)
            welcome(mail);
        else
            try(mail);
    }
}

enum { HOLDS = 3 };
static const enum hold holds[HOLDS] = {HOLD_DEFER, HOLD_ACCEPT, HOLD_AUTO};
static int arrived[HOLDS][SCHEDULES_MAX];
static struct schedule schedules[SCHEDULES_MAX];
static size_t schedule_count;

static void test_a_year(void **state)
{
    const size_t which = (size_t)*state;
    static struct year year;

    year = (struct year){0};
    town.config.hold = holds[which];
    plan(schedules, schedule_count, &year);
    live(&year);
    for (size_t i = 0; i < year.count; i++)
        arrived[which][i / MAILS] += year.mails[i].arrived;
    for (size_t s = 0; s < schedule_count; s++)
        if (holds[which] != HOLD_DEFER)
            assert_int_equal(arrived[which][s], MAILS); /* nothing wanted is lost */
}

static void print_table(struct bytes *out)
{
    bytes_print(out, "| sender | tries for | `defer` | `accept` | `auto` | known from |\n"
                     "|---|---|---|---|---|---|\n");
    for (size_t s = 0; s < schedule_count; s++)
        bytes_print(out, "| %s | %g h | %d %% | %d %% | %d %% | %s |\n", schedules[s].name,
                    schedules[s].gives_up_hours, arrived[0][s] * 100 / MAILS,
                    arrived[1][s] * 100 / MAILS, arrived[2][s] * 100 / MAILS, schedules[s].source);
}

/* The page, with the table between its marks put in anew. */
static void renew(struct slice page, struct slice table, struct bytes *out)
{
    static const char begin[] = "<!-- the year -->\n", end[] = "<!-- the year ends -->\n";
    const char *from = strstr(page.at, begin), *to = strstr(page.at, end);

    assert_true(from && to && from < to);
    from += strlen(begin);
    bytes_add(out, (struct slice){page.at, (size_t)(from - page.at)});
    bytes_add(out, table);
    bytes_add(out, slice_of(to));
}

static void test_the_table_in_the_docs(void **state)
{
    static const char path[] = SOURCE_FOLDER "/docs/contact-requests.md";
    scoped_value(bytes) page = {0}, table = {0}, wanted = {0};

    (void)state;
    FILE *file = fopen(path, "r+e");
    assert_non_null(file);
    char *into = bytes_reserve(&page, 100000);
    page.len += fread(into, 1, 99999, file);
    into[page.len] = 0;
    print_table(&table);
    renew(bytes_slice(&page), bytes_slice(&table), &wanted);
    if (getenv("NESTBOX_WRITE")) {
        rewind(file);
        assert_int_equal(fwrite(wanted.at, 1, wanted.len, file), wanted.len);
        assert_int_equal(ftruncate(fileno(file), (off_t)wanted.len), 0);
    } else {
        assert_string_equal(into, wanted.at);
    }
    assert_int_equal(fclose(file), 0);
}

int main(int argc, char **argv)
{
    int code;
#define A_YEAR(name, which)                                                                        \
    {                                                                                              \
        name, test_a_year, set_up, tear_down, (void *)(size_t)(which)                              \
    }
    const struct CMUnitTest tests[] = {
        A_YEAR("a year with hold = defer", 0),
        A_YEAR("a year with hold = accept", 1),
        A_YEAR("a year with hold = auto", 2),
        cmocka_unit_test(test_the_table_in_the_docs),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    schedule_count = schedules_read(SOURCE_FOLDER "/tests/unit/bridge/schedules.txt", schedules);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
