/* How the keys of those whom a mail may go to encrypted are looked for: which way, how far, and what counts as an answer. */
#include "fake_cipher.h"
#include "fetch.h"
#include "memory.h"
#include "out_keys.h"
#include "test.h"

#include <stdio.h>

#define ADVANCED                                                                                   \
    "https://openpgpkey.d.test/.well-known/openpgpkey/d.test/hu/"                                  \
    "iy9q119eutrkn8s1mk4r39qejnbu3n5q?l=Joe.Doe"
#define DIRECT "https://d.test/.well-known/openpgpkey/hu/iy9q119eutrkn8s1mk4r39qejnbu3n5q?l=Joe.Doe"

enum { MEETS_MAX = 6 };

struct row {
    const char *name;
    /* What each request meets: a status, a place to go, "gone" (no such host), "silent", "blocked", "tls", "large" */
    const char *meets[MEETS_MAX];
    const char *urls; /* asked for, in order */
    enum key_answer answer;
};

static const struct row rows[] = {
    {"the advanced way",                      {"200"},                                 ADVANCED,                     KEY_FOUND  },
    {"the direct one, without that host",     {"gone", "200"},                         ADVANCED " " DIRECT,          KEY_FOUND  },
    {"not the direct one, where there is it", {"404"},                                 ADVANCED,                     KEY_NOWHERE},
    {"nor where it is silent",                {"silent"},                              ADVANCED,                     KEY_SILENT },
    {"nor with a wrong certificate",          {"tls"},                                 ADVANCED,                     KEY_SILENT },
    {"nor at a private address",              {"blocked"},                             ADVANCED,                     KEY_SILENT },
    {"no host at all",                        {"gone", "gone"},                        ADVANCED " " DIRECT,          KEY_NOWHERE},
    {"its trouble",                           {"503"},                                 ADVANCED,                     KEY_SILENT },
    {"too often asked",                       {"429"},                                 ADVANCED,                     KEY_SILENT },
    {"too much",                              {"large"},                               ADVANCED,                     KEY_NOWHERE},
    {"elsewhere",                             {"https://e.test/k", "200"},             ADVANCED " https://e.test/k", KEY_FOUND  },
    {"elsewhere, where nobody is",
     {"https://e.test/k", "gone"},
     ADVANCED " https://e.test/k",
     KEY_NOWHERE                                                                                                                },
    {"in a circle",
     {"https://e.test/1", "https://e.test/2", "https://e.test/3", "https://e.test/4"},
     ADVANCED " https://e.test/1 https://e.test/2 https://e.test/3",
     KEY_NOWHERE                                                                                                                },
};

struct scene {
    const struct row *row;
    struct out_duties duties;
    size_t met;
    struct bytes urls;
    bool known, fails;
    int looks;
};

static struct errand *fake_cipher(void *ctx, int64_t delivery_id)
{
    struct scene *scene = ctx;
    struct errand *errand = fake_cipher_new(scene->known, "Joe.Doe@d.test", "d.test");

    assert_int_equal(delivery_id, 7);
    scene->looks++;
    errand->ok = !scene->fails;
    return errand;
}

static struct errand *fake_found(void *ctx, const struct out_cipher *wanted, enum key_answer answer,
                                 struct bytes *key)
{
    struct scene *scene = ctx;

    assert_int_equal(wanted->account_id, 3);
    assert_string_equal(wanted->address, "Joe.Doe@d.test");
    assert_int_equal(key->len > 0, answer == KEY_FOUND);
    if (answer != scene->row->answer)
        fail_msg("%s: answer %d", scene->row->name, answer);
    scene->known = true;
    return fake_done_new();
}

static void meet(struct scene *scene, struct fetch *fetch)
{
    static const struct {
        const char *name;
        enum fetch_outcome outcome;
    } names[] = {
        {"gone",    FETCH_NO_HOST  },
        {"silent",  FETCH_SILENT   },
        {"blocked", FETCH_BLOCKED  },
        {"tls",     FETCH_TLS      },
        {"large",   FETCH_TOO_LARGE},
    };
    const char *meets = scene->row->meets[scene->met++];
    int64_t status = 302;

    assert_non_null(meets);
    assert_int_equal(fetch->max_bytes, 65536);
    assert_int_equal(fetch->total_ms, 10 * SECOND_MS);
    bytes_print(&scene->urls, "%s%s", scene->urls.len > 0 ? " " : "", fetch->url);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i].name, meets) == 0) {
            fetch->outcome = names[i].outcome;
            return;
        }
    fetch->errand.ok = true;
    if (!slice_to_number(slice_of(meets), 999, &status))
        fetch->location = must_dup(meets);
    fetch->status = (int)status;
    if (status == 200)
        bytes_add_text(&fetch->answer, "key");
}

static void search(struct scene *scene)
{
    struct key_search it = {0};

    scene->duties = (struct out_duties){.ctx = scene, .cipher = fake_cipher, .found = fake_found};
    struct errand *errand = key_search_begin(&it, &scene->duties, 7);
    while (errand) {
        if (it.step == KEYS_FETCH)
            meet(scene, container_of(errand, struct fetch, errand));
        errand = key_search_go_on(&it, errand);
    }
    assert_int_equal(it.failed, scene->fails);
    key_search_clear(&it);
}

static void test_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct scene scene = {.row = &rows[i]};
        search(&scene);
        if (!slice_is(bytes_slice(&scene.urls), rows[i].urls) || scene.looks != 2)
            fail_msg("%s: \"%s\"", rows[i].name, scene.urls.at);
        bytes_clear(&scene.urls);
    }
}

static void test_what_is_known_is_not_asked(void **state)
{
    struct scene scene = {.row = &rows[0], .known = true};

    (void)state;
    search(&scene);
    assert_int_equal(scene.met, 0);
}

static void test_trouble_of_ours(void **state)
{
    struct scene scene = {.row = &rows[0], .fails = true};

    (void)state;
    search(&scene);
    assert_int_equal(scene.met, 0);
}

static void test_letters_of_an_address(void **state)
{
    scoped_text char *url = key_directory_url(DIRECTORY_DIRECT, SLICE("a+b&c/d"), "d.test");

    (void)state;
    assert_non_null(strstr(url, "?l=a%2Bb%26c%2Fd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_what_is_known_is_not_asked),
        cmocka_unit_test(test_trouble_of_ours),
        cmocka_unit_test(test_letters_of_an_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
