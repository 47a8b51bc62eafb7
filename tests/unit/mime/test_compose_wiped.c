/* What a mail was composed of is not left in memory. */
#include "test.h"

#include "compose.h"
#include "freed.h"
#include "memory.h"

#define SECRET "Pass-Word 4f2a"

static void compose_secret(const char *before, const char *html)
{
    scoped(compose) c = compose_new();
    struct bytes text = {0};
    struct memory_sink sink;
    struct err err;

    bytes_reserve(&text, 64 * 1024);
    for (int i = 0; i < 300; i++)
        bytes_add_text(&text, before);
    bytes_add_text(&text, SECRET "\n");
    compose_address(c, "From", "Key desk", "claim@example.org");
    compose_field(c, "Subject", "Your account");
    compose_text(c, bytes_slice(&text), html);
    compose_text(c, bytes_slice(&text), html); /* again: instead */
    memory_sink_init(&sink);
    assert_true(compose_write(c, &sink.sink, &err));
    assert_non_null(strstr(sink.bytes.at, SECRET));
    source_free(source_of_bytes(&sink.bytes));
    bytes_wipe(&text);
}

static void nothing_of_it_is_left_in_memory(void **state)
{
    static const struct {
        const char *name, *before, *html;
    } rows[] = {
        {"plain",            "A line.\n",   NULL                  },
        {"quoted-printable", "Über €\n", NULL                  },
        {"with html",        "A line.\n",   "<p>Ü " SECRET "</p>"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        freed_watch(SECRET);
        compose_secret(rows[i].before, rows[i].html);
        int left = freed_with_words();
        if (left > 0)
            fail_msg("%s: %d blocks", rows[i].name, left);
    }
}

static void what_is_not_wiped_is_seen(void **state)
{
    (void)state;
    freed_watch(SECRET);
    free(must_dup("x " SECRET));
    assert_int_equal(freed_with_words(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_wiped_is_seen),
        cmocka_unit_test(nothing_of_it_is_left_in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
