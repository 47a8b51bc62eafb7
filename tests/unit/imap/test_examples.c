/* The dialogues that the RFCs print; examples.txt says how they are compared. */
#include "test.h"

#include "fake.h"
#include "memory.h"

#include <ctype.h>
#include <stdio.h>

enum { WORDS_MOST = 200, EXAMPLES_LEAST = 43 };

/* ---- what is compared ---- */

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_status(struct slice word)
{
    return slice_is(word, "OK") || slice_is(word, "NO") || slice_is(word, "BAD") ||
           slice_is(word, "BYE");
}

/* In upper case, with '#' for each number or set of numbers. */
static char *word_of(struct slice text)
{
    scoped_value(bytes) word = {0};
    bool number = false;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        bool digit = isdigit(c) || (number && (c == ':' || c == ','));
        if (!digit || !number)
            bytes_add_char(&word, digit ? '#' : (char)toupper(c));
        number = digit;
    }
    return bytes_take(&word);
}

/* What carries meaning: of OK and its like the code alone, and no tag. */
static struct slice meaning_of(struct slice line, const char **out_tag)
{
    struct slice rest = line;
    struct slice first = slice_cut(&rest, ' ');
    struct slice words = rest.at ? rest : SLICE("");
    struct slice status = slice_cut(&rest, ' ');

    *out_tag = slice_is(first, "*") ? "*" : "TAG";
    if (!is_status(status))
        return words;
    if (rest.at && rest.len > 0 && rest.at[0] == '[')
        return slice_first(words, status.len + 1 + slice_find(rest, ']'));
    return status;
}

static char *normal_form(struct slice line)
{
    char *words[WORDS_MOST];
    size_t count = 0, from = 0;
    const char *tag;
    scoped_value(bytes) form = {0};

    if (line.len > 0 && line.at[0] == '+')
        return must_dup("+");
    struct slice meaning = meaning_of(line, &tag);
    for (size_t i = 0; i <= meaning.len; i++) {
        if (i < meaning.len && !strchr(" ()[]\"", meaning.at[i]))
            continue;
        if (i > from && count < WORDS_MOST)
            words[count++] = word_of(slice_from(slice_first(meaning, i), from));
        from = i + 1;
    }
    qsort(words, count, sizeof words[0], compare_words);
    bytes_add_text(&form, tag);
    for (size_t i = 0; i < count; i++) {
        bytes_print(&form, " %s", words[i]);
        free(words[i]);
    }
    return bytes_take(&form);
}

/* ---- the walk ---- */

struct example {
    char name[100];
    struct fake fake;
    bool open, answered;
    struct bytes said, heard; /* heard: normal forms, a line each */
    char mailboxes[400];
};

/* Each line of an answer answers one line only. */
static void check_line(struct example *it, struct slice wanted)
{
    scoped_text char *form = normal_form(wanted);
    scoped_value(bytes) left = {0};
    struct slice rest = bytes_slice(&it->heard);
    bool found = false;

    while (rest.at && rest.len > 0) {
        struct slice line = slice_cut(&rest, '\n');
        if (!found && slice_is(line, form)) {
            found = true;
            continue;
        }
        bytes_add(&left, line);
        bytes_add_char(&left, '\n');
    }
    if (!found)
        fail_msg("%s: \"%s\" is missing; left was:\n%s", it->name, form,
                 it->heard.len ? it->heard.at : "");
    bytes_reset(&it->heard);
    bytes_add(&it->heard, bytes_slice(&left));
}

static void say_it(struct example *it)
{
    struct slice rest;

    bytes_reset(&it->fake.out);
    fake_feed(&it->fake, bytes_slice(&it->said));
    bytes_reset(&it->said);
    bytes_reset(&it->heard);
    for (rest = bytes_slice(&it->fake.out); rest.at && rest.len > 0;) {
        scoped_text char *form = normal_form(slice_line(&rest));
        bytes_print(&it->heard, "%s\n", form);
    }
}

static void end_example(struct example *it)
{
    if (it->open)
        fake_end(&it->fake);
    it->open = it->answered = false;
    it->mailboxes[0] = '\0';
    bytes_reset(&it->said);
}

static void begin_dialogue(struct example *it)
{
    if (it->open)
        return;
    fake_begin(&it->fake, true, 5);
    it->fake.mailboxes = it->mailboxes[0] ? it->mailboxes : NULL;
    fake_say(&it->fake, "a LOGIN alice@home.test secret\r\n");
    it->open = true;
}

static bool walk_line(struct example *it, struct slice line)
{
    struct slice text = slice_from(line, 3);

    if (slice_starts(line, SLICE("= "))) {
        end_example(it);
        snprintf(it->name, sizeof it->name, "%.*s", SLICE_ARGS(slice_from(line, 2)));
        return true;
    }
    if (slice_starts(line, SLICE("M: ")))
        snprintf(it->mailboxes, sizeof it->mailboxes, "%.*s", SLICE_ARGS(text));
    if (slice_starts(line, SLICE("C:"))) {
        begin_dialogue(it);
        it->answered = false;
        bytes_print(&it->said, "%.*s\r\n", SLICE_ARGS(text));
    }
    if (slice_starts(line, SLICE("S: "))) {
        if (!it->answered)
            say_it(it);
        it->answered = true;
        check_line(it, text);
    }
    return false;
}

static void the_dialogues_of_the_rfcs(void **state)
{
    struct example it = {0};
    FILE *file = fopen(EXAMPLES, "r");
    char text[1000];
    int count = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(text, sizeof text, file)) {
        struct slice rest = slice_of(text);
        count += walk_line(&it, slice_line(&rest));
    }
    end_example(&it);
    bytes_clear(&it.said);
    bytes_clear(&it.heard);
    fclose(file);
    assert_true(count >= EXAMPLES_LEAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dialogues_of_the_rfcs),
    };
    return cmocka_run_group_tests_name("imap examples", tests, NULL, NULL);
}
