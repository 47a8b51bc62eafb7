/* What a post looks like that no example shows: subjects of other programs, too much of one thing, the way back. */
#include "row.h"
#include "shared_town.h"

#include "text.h"
#include "visitors.h"

static void test_subjects_of_other_programs(void **state)
{
    static const struct {
        const char *subject;
        bool forward;
        const char *shown; /* before the words */
    } rows[] = {
        {"TR : her words",                 true,  NULL                                    },
        {"AW: VB: her words",              true,  NULL                                    },
        {"\u8f49\u5bc4\uff1aher words",    true,  NULL                                    },
        {"Re[2]: Fwd\u00a0: her words",    true,  NULL                                    },
        {"\u03a0\u03a1\u0398: her words",  true,  NULL                                    },
        {"RE : Good morning",              false, ""                                      },
        {"Re[3]: Good morning",            false, ""                                      },
        {"\u56de\u8986\uff1aGood morning", false, ""                                      },
        {"Tracks: three",                  false, "<p><strong>Tracks: three</strong></p>" },
        {"I am here: now",                 false, "<p><strong>I am here: now</strong></p>"},
        {"Re[3 of it: x",                  false, "<p><strong>Re[3 of it: x</strong></p>" },
    };

    (void)state;
    town_wait(&town, 2 * HOUR_MS);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *fields = must_print("Subject: %s\n", rows[i].subject);
        scoped_text char *words = must_print("Word %zu", i);
        const struct letter_row row = {
            .recipients = "public@example.org", .fields = fields, .text = words};
        scoped_text char *text = row_build(&row);
        scoped_text char *reply = row_send(&town, &row, text);
        scoped_text char *effects = town_effects(&town);
        scoped_text char *html =
            must_print("public held\n%s<p>%s</p>\n", rows[i].shown ? rows[i].shown : "", words);
        if (rows[i].forward ? !strstr(reply, "looks like a forwarded mail") || *effects
                            : strcmp(reply, TAKEN) != 0 || !strstr(effects, html))
            fail_msg("%s: %s\n%s", rows[i].subject, reply, effects);
    }
    town_wait(&town, 2 * HOUR_MS);
}

static size_t lines_that_begin(const char *text, const char *with)
{
    struct slice rest = slice_of(text);
    size_t count = 0;

    while (rest.at)
        count += slice_starts(slice_line(&rest), slice_of(with));
    return count;
}

static void test_a_post_of_nothing_but_hashtags(void **state)
{
    scoped_value(bytes) words = {0};

    (void)state;
    bytes_add_text(&words, "CW: ");
    for (int i = 0; i < 2000; i++)
        bytes_add_text(&words, "long ");
    bytes_add_char(&words, '\n');
    for (int i = 0; i < 20000; i++)
        bytes_print(&words, "#t%d\n", i);
    const struct letter_row row = {.recipients = "public@example.org", .text = words.at};
    scoped_text char *text = row_build(&row);
    scoped_text char *reply = row_send(&town, &row, text);
    scoped_text char *effects = town_effects(&town);
    assert_string_equal(reply, TAKEN);
    assert_int_equal(lines_that_begin(effects, "#t"), 50);
    struct slice warning = slice_of(strstr(effects, "warning: "));
    assert_true(slice_line(&warning).len < 600);
    town_wait(&town, 3 * MINUTE_MS);
}

/* What stands behind "Change it: ", as a mail program would open it; the address, the subject, the text. */
static char *changed_by_link(const char *copy)
{
    const char *begins = strstr(copy, "Change it: mailto:");
    scoped_value(bytes) opened = {0};

    if (!begins)
        return must_dup("");
    struct slice link = slice_of(begins + strlen("Change it: mailto:"));
    struct slice line = slice_line(&link);
    assert_true(percent_read(line, &opened));
    return bytes_take(&opened);
}

static void test_a_link_to_edit_holds_the_whole_post(void **state)
{
    static const struct letter_row row = {.recipients = "public@example.org",
                                          .fields = "Subject: Good night\n",
                                          .text = "CW: spiders\nEight legs."};
    scoped_text char *text = row_build(&row);
    scoped_value(bytes) long_text = {0};

    (void)state;
    free(row_send(&town, &row, text));
    scoped_text char *raw = town_newest_mail(&town, town.alice, "Posts");
    scoped_text char *copy = mail_shown(slice_of(raw), "text/plain");
    scoped_text char *link = changed_by_link(copy);
    scoped_text char *ref = town_ref(&town);
    scoped_text char *wanted =
        must_print("%s+edit@example.org?subject=Good night&body=CW: spiders\n\nEight legs.", ref);
    assert_string_equal(link, wanted);

    for (int i = 0; i < 400; i++)
        bytes_add_text(&long_text, "words ");
    const struct letter_row essay = {.recipients = "public@example.org", .text = long_text.at};
    scoped_text char *essay_text = row_build(&essay);
    free(row_send(&town, &essay, essay_text));
    scoped_text char *long_raw = town_newest_mail(&town, town.alice, "Posts");
    scoped_text char *long_copy = mail_shown(slice_of(long_raw), "text/plain");
    scoped_text char *long_link = changed_by_link(long_copy);
    scoped_text char *long_ref = town_ref(&town);
    scoped_text char *bare = must_print("%s+edit@example.org", long_ref);
    assert_string_equal(long_link, bare);
    town_wait(&town, 3 * MINUTE_MS);
    free(town_effects(&town));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subjects_of_other_programs),
        cmocka_unit_test(test_a_post_of_nothing_but_hashtags),
        cmocka_unit_test(test_a_link_to_edit_holds_the_whole_post),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
