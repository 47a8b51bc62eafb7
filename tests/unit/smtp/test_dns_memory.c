/* What DNS said is remembered for as long as it is true, and in so much room. */
#include "test.h"

#include "dns_facts.h"
#include "memory.h"

#include <pthread.h>
#include <stdio.h>

struct world {
    struct test_clock timer;
    struct dns_memory *memory;
};

static int set_up(void **state)
{
    struct world *world = must_new(struct world);

    test_clock_init(&world->timer, 5000);
    world->memory = dns_memory_new(&world->timer.clock);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    dns_memory_free(world->memory);
    free(world);
    return 0;
}

static struct dns_question question_of(enum dns_type type, const char *name)
{
    struct dns_question question = {.type = type};

    snprintf(question.name, sizeof question.name, "%s", name);
    return question;
}

static void keep(struct world *world, const char *name, enum dns_outcome outcome, int64_t ttl_s,
                 const char *text)
{
    const struct dns_question question = question_of(DNS_TXT, name);
    struct dns_answer answer = {.outcome = outcome, .ttl_s = ttl_s, .secure = true};

    if (text)
        dns_answer_add(&answer, slice_of(text));
    dns_memory_keep(world->memory, &question, &answer);
    dns_answer_clear(&answer);
}

static bool knows(struct world *world, enum dns_type type, const char *name, const char *text)
{
    const struct dns_question question = question_of(type, name);
    struct dns_answer answer = {0};

    if (!dns_memory_recall(world->memory, &question, &answer))
        return false;
    bool same =
        text ? answer.count == 1 && slice_is(answer.records[0].data, text) : answer.count == 0;
    assert_true(same);
    assert_true(answer.secure);
    dns_answer_clear(&answer);
    return true;
}

static void test_an_answer_is_given_again_until_it_ends(void **state)
{
    static const struct {
        const char *name;
        int64_t ttl_s, known_ms; /* 0: never */
        enum dns_outcome outcome;
    } rows[] = {
        {"for.its.ttl.test",   5,     5000,          DNS_ANSWER },
        {"not.for.long.test",  86400, DNS_MEMORY_MS, DNS_ANSWER },
        {"no.such.name.test",  7,     7000,          DNS_NO_NAME},
        {"no.such.data.test",  1,     1000,          DNS_NO_DATA},
        {"once.only.test",     0,     0,             DNS_ANSWER },
        {"not.a.failure.test", 5,     0,             DNS_FAILED },
        {"nothing.false.test", 5,     0,             DNS_BOGUS  },
    };
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *text = rows[i].outcome == DNS_ANSWER ? "hello" : NULL;
        keep(world, rows[i].name, rows[i].outcome, rows[i].ttl_s, text);
        int64_t began = world->timer.now_ms;
        if (rows[i].known_ms) {
            world->timer.now_ms = began + rows[i].known_ms - 1;
            assert_true(knows(world, DNS_TXT, rows[i].name, text));
            world->timer.now_ms++;
        }
        assert_false(knows(world, DNS_TXT, rows[i].name, text));
    }
}

static void test_a_question_is_its_type_and_name(void **state)
{
    struct world *world = *state;

    keep(world, "Mail.Test", DNS_ANSWER, 5, "one");
    assert_true(knows(world, DNS_TXT, "mail.tesT", "one"));
    assert_false(knows(world, DNS_MX, "mail.test", NULL));
    assert_false(knows(world, DNS_TXT, "ail.test", NULL));
    keep(world, "mail.test", DNS_ANSWER, 5, "two");
    assert_true(knows(world, DNS_TXT, "mail.test", "two"));
}

static void test_it_has_so_many_places(void **state)
{
    struct world *world = *state;
    char name[32];
    size_t known = 0;

    for (int i = 0; i < 4 * DNS_MEMORY_PLACES; i++) {
        snprintf(name, sizeof name, "n%d.test", i);
        keep(world, name, DNS_ANSWER, 20, "x");
        assert_true(knows(world, DNS_TXT, name, "x")); /* the newest always is */
    }
    for (int i = 0; i < 4 * DNS_MEMORY_PLACES; i++) {
        snprintf(name, sizeof name, "n%d.test", i);
        known += knows(world, DNS_TXT, name, "x");
    }
    assert_in_range(known, DNS_MEMORY_PLACES / 2, DNS_MEMORY_PLACES);
}

static void test_what_ends_first_makes_room(void **state)
{
    struct world *world = *state;
    char name[32];

    keep(world, "long.test", DNS_ANSWER, 30, "x");
    for (int i = 0; i < 4 * DNS_MEMORY_PLACES; i++) {
        snprintf(name, sizeof name, "n%d.test", i);
        keep(world, name, DNS_ANSWER, 2, "x");
    }
    assert_true(knows(world, DNS_TXT, "long.test", "x"));
}

static void test_the_large_is_not_kept(void **state)
{
    struct world *world = *state;
    scoped_value(bytes) text = {0};

    while (text.len < DNS_MEMORY_ANSWER_MAX)
        bytes_add_char(&text, 'x');
    bytes_add_char(&text, '\0');
    keep(world, "large.test", DNS_ANSWER, 20, text.at);
    assert_false(knows(world, DNS_TXT, "large.test", text.at));
    text.at[DNS_MEMORY_ANSWER_MAX - 64] = '\0';
    keep(world, "large.test", DNS_ANSWER, 20, text.at);
    assert_true(knows(world, DNS_TXT, "large.test", text.at));
}

static void *keep_and_recall(void *arg)
{
    struct world *world = arg;
    char name[32];

    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "n%d.test", i % 50);
        keep(world, name, DNS_ANSWER, 20, name);
        knows(world, DNS_TXT, name, name); /* and it is whole */
    }
    return NULL;
}

static void test_several_threads_share_it(void **state)
{
    pthread_t threads[4];

    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_and_recall, *state), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
}

static void answer_all(struct dns_facts *facts, enum dns_outcome outcome)
{
    struct dns_lookup *lookup = dns_facts_open(facts);

    assert_non_null(lookup);
    lookup->errand.ok = true;
    for (size_t i = 0; i < lookup->count; i++)
        lookup->answers[i] = (struct dns_answer){.outcome = outcome, .ttl_s = 5};
    dns_facts_learn(facts, lookup);
    dns_lookup_free(&lookup->errand);
}

static void test_the_next_mail_asks_nothing(void **state)
{
    struct world *world = *state;
    scoped_value(dns_facts) first = {.memory = world->memory};
    scoped_value(dns_facts) second = {.memory = world->memory};
    scoped_value(dns_facts) later = {.memory = world->memory};

    assert_null(dns_facts_ask(&first, DNS_MX, "mail.test"));
    answer_all(&first, DNS_NO_DATA);
    assert_null(dns_facts_ask(&first, DNS_A, "sick.test"));
    answer_all(&first, DNS_FAILED);
    const struct dns_answer *known = dns_facts_ask(&second, DNS_MX, "mail.test.");
    assert_non_null(known);
    assert_int_equal(known->outcome, DNS_NO_DATA);
    assert_null(dns_facts_open(&second));
    assert_null(dns_facts_ask(&second, DNS_A, "sick.test"));
    world->timer.now_ms += 5 * SECOND_MS;
    assert_null(dns_facts_ask(&later, DNS_MX, "mail.test"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_answer_is_given_again_until_it_ends, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_question_is_its_type_and_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_it_has_so_many_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_ends_first_makes_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_large_is_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_several_threads_share_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_next_mail_asks_nothing, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
