/* SORT and THREAD: bases of subjects, orders, threads (RFC 5256). */
#include "test.h"

#include "memory.h"
#include "sort.h"

static void subjects_have_a_base(void **state)
{
    static const struct {
        const char *subject, *base;
        bool answer;
    } rows[] = {
        {"Harbour",                   "harbour",         false},
        {"Re: Harbour",               "harbour",         true },
        {"RE: re:  Fwd: Har  bour\t", "har bour",        true },
        {"Fw[2]: Harbour (fwd)",      "harbour",         true },
        {"[list] Re: [list] Harbour", "harbour",         true },
        {"[list]",                    "[list]",          false},
        {"[Fwd: [list] Re: Harbour]", "harbour",         true },
        {"Regarding: this",           "regarding: this", false},
        {"Re:",                       "",                true },
        {"",                          "",                false},
        {"(fwd)",                     "",                true },
        {"[a [b] c",                  "[a [b] c",        false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool answer;
        scoped_text char *base = subject_base(slice_of(rows[i].subject), &answer);
        print_message("%s\n", rows[i].subject);
        assert_string_equal(base, rows[i].base);
        assert_int_equal(answer, rows[i].answer);
    }
}

static void orders_are_read(void **state)
{
    static const char *const broken[] = {"()", "(DATE", "(REVERSE)", "DATE", "(DATE SUBJECTS)"};
    struct lexer lexer = {.rest = SLICE("(REVERSE DATE SUBJECT)")};
    struct search_order order;

    (void)state;
    assert_true(sort_order_read(&lexer, &order));
    assert_int_equal(order.count, 2);
    assert_true(order.keys[0].reverse && order.keys[0].key == SORT_DATE && !order.keys[1].reverse);
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        lexer.rest = slice_of(broken[i]);
        assert_false(sort_order_read(&lexer, &order));
    }
}

/* A mail of a test: its date is its number unless one is given. */
struct given {
    const char *id, *references, *subject;
    int date;
};
enum { MAILS_MOST = 12 };

static size_t make(const struct given *given, struct sorted_mail *out)
{
    size_t count = 0;

    for (; count < MAILS_MOST && given[count].subject; count++) {
        struct sorted_mail *mail = &out[count];
        struct slice ids = slice_of(given[count].references);
        *mail = (struct sorted_mail){
            .uid = (uint32_t)count + 1,
            .date_ms = given[count].date ? given[count].date : (int)count + 1,
            .octets = 100 - (int64_t)count,
            .id = must_dup(given[count].id),
        };
        mail->subject = subject_base(slice_of(given[count].subject), &mail->answer);
        mail->references = must_alloc_array(MAILS_MOST, sizeof mail->references[0]);
        while (ids.at && ids.len > 0)
            mail->references[mail->reference_count++] = must_copy(slice_cut(&ids, ' '));
    }
    return count;
}

static void check_threads(const char *name, const struct given *given, enum search_shape shape,
                          const char *wanted)
{
    struct sorted_mail mails[MAILS_MOST];
    size_t count = make(given, mails);
    struct threads threads = {0};
    scoped_value(bytes) text = {0};

    thread_mails(mails, count, shape, &threads);
    for (size_t i = 0; i < threads.count; i++) {
        uint32_t word = threads.at[i];
        bool number = word != THREAD_OPENS && word != THREAD_CLOSES;
        bool after_number =
            i > 0 && threads.at[i - 1] != THREAD_OPENS && threads.at[i - 1] != THREAD_CLOSES;
        if (after_number && word != THREAD_CLOSES)
            bytes_add_char(&text, ' ');
        if (number)
            bytes_print(&text, "%u", word);
        else
            bytes_add_char(&text, word == THREAD_OPENS ? '(' : ')');
    }
    print_message("%s\n", name);
    assert_string_equal(text.len ? text.at : "", wanted);
    free(threads.at);
    for (size_t i = 0; i < count; i++)
        sorted_mail_clear(&mails[i]);
}

static void threads_are_as_the_rfc_says(void **state)
{
    static const struct {
        const char *name;
        struct given given[MAILS_MOST + 1];
        const char *references, *subjects;
    } rows[] = {
        {"nothing",                        {{0}},                                      "",         ""                   },
        {"a chain",
         {{"a", "", "x", 0}, {"b", "a", "Re: x", 0}, {"c", "a b", "Re: x", 0}},
         "(1 2 3)",                                                                                "(1 (2)(3))"         },
        {"two answers",
         {{"a", "", "x", 0}, {"b", "a", "Re: x", 0}, {"c", "a", "Re: x", 0}},
         "(1 (2)(3))",                                                                             "(1 (2)(3))"         },
        {"strangers to each other",        {{"a", "", "x", 0}, {"b", "", "y", 0}},     "(1)(2)",   "(1)(2)"             },
        {"the first is not here",          {{"b", "a", "x", 0}, {"c", "a", "y", 0}},   "((1)(2))", "(1)(2)"             },
        {"nobody between is here",
         {{"a", "", "x", 0}, {"d", "a b c", "Re: x", 0}},
         "(1 2)",                                                                                  "(1 2)"              },
        {"an answer by subject alone",
         {{"a", "", "x", 0}, {"b", "", "Re: x", 0}},
         "(1 2)",                                                                                  "(1 2)"              },
        {"the answer came first",          {{"b", "", "Re: x", 2}, {"a", "", "x", 1}}, "(2 1)",    "(2 1)"              },
        {"two of one subject, no answers",
         {{"a", "", "x", 0}, {"b", "", "x", 0}},
         "((1)(2))",                                                                               "(1 2)"              },
        {"no subject joins nobody",        {{"a", "", "", 0}, {"b", "", "", 0}},       "(1)(2)",   "(1 2)"              },
        {"one id twice",                   {{"a", "", "x", 0}, {"a", "", "y", 0}},     "(1)(2)",   "(1)(2)"             },
        {"each answers the other",         {{"a", "b", "x", 0}, {"b", "a", "y", 0}},   "(2 1)",    "(1)(2)"             },
        {"it answers itself",              {{"a", "a", "x", 0}},                       "(1)",      "(1)"                },
        {"no id",                          {{NULL, "", "x", 0}, {NULL, "", "y", 0}},   "(1)(2)",   "(1)(2)"             },
        {"by date among siblings",
         {{"a", "", "x", 0}, {"b", "a", "Re: x", 9}, {"c", "a", "Re: x", 5}},
         "(1 (3)(2))",                                                                             "(1 (3)(2))"         },
        {"as RFC 5256 prints it",
         {{"1", "", "one", 0},
          {"2", "", "two", 0},
          {"3", "", "three", 0},
          {"4", "3 6", "Re: three", 0},
          {"5", "3 6 x", "Re: three", 0},
          {"6", "3", "Re: three", 0}},
         "(1)(2)(3 6 (4)(5))",                                                                     "(1)(2)(3 (4)(5)(6))"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_threads(rows[i].name, rows[i].given, SHAPE_REFERENCES, rows[i].references);
        check_threads(rows[i].name, rows[i].given, SHAPE_SUBJECTS, rows[i].subjects);
    }
}

/* Longer than any recursion or walk should be. */
static void a_chain_may_be_as_long_as_the_mailbox(void **state)
{
    enum { LONG = 20000 };
    struct sorted_mail *mails = must_alloc_array(LONG, sizeof mails[0]);
    struct threads threads = {0};
    size_t numbers = 0;

    (void)state;
    for (int i = 0; i < LONG; i++) {
        mails[i] =
            (struct sorted_mail){.uid = (uint32_t)i + 1, .date_ms = i, .subject = must_dup("x")};
        mails[i].id = must_print("%d", i);
        mails[i].references = must_alloc_array(1, sizeof mails[i].references[0]);
        mails[i].references[mails[i].reference_count++] = must_print("%d", i - 1);
    }
    thread_mails(mails, LONG, SHAPE_REFERENCES, &threads);
    for (size_t i = 0; i < threads.count; i++)
        numbers += threads.at[i] != THREAD_OPENS && threads.at[i] != THREAD_CLOSES;
    assert_int_equal(numbers, LONG);
    for (int i = 0; i < LONG; i++)
        sorted_mail_clear(&mails[i]);
    free(mails);
    free(threads.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subjects_have_a_base),
        cmocka_unit_test(orders_are_read),
        cmocka_unit_test(threads_are_as_the_rfc_says),
        cmocka_unit_test(a_chain_may_be_as_long_as_the_mailbox),
    };
    return cmocka_run_group_tests_name("imap sort", tests, NULL, NULL);
}
