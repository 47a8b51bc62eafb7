/* What only the server is to read: wrapped on disk, plain to those who read the store. */
#include "lab.h"

#include "vault.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char word[] = "nobody may find this in any file of it";

static struct vault *opened(struct lab *lab)
{
    struct vault *vault = NULL;

    assert_true(vault_open(lab->dir, &vault, &lab->err));
    store_wrap_with(lab->store, vault);
    return vault;
}

/* `count` times the word, as the mail of a delivery to carol; the body's id. */
static int64_t wait_wrapped(struct lab *lab, size_t count)
{
    static char host[] = "mail.example", from[] = "", to[] = "carol@mail.example";
    struct delivery delivery = {
        .subject = SUBJECT_REPORT,
        .subject_id = 1,
        .target = TARGET_MAIL,
        .host = host,
        .wanted = 1,
        .due_ms = LAB_START_MS,
        .mail_from = from,
        .rcpt_to = to,
    };
    scoped(store_body) body = store_body_new_wrapped(lab->store, &lab->err);
    int64_t id;

    assert_non_null(body);
    for (size_t i = 0; i < count; i++)
        assert_true(sink_write(store_body_sink(body), slice_of(word), &lab->err));
    assert_true(store_body_finish(body, &lab->err));
    assert_int_equal(store_body_size(body), count * strlen(word));
    delivery.person_id = lab_fediverse_person(lab, "carol");
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_want_mail(tx, &delivery, body, &lab->err));
    lab_commit(lab);

    scoped(store_view) view = lab_look(lab);
    scoped_value(delivery) found = {0};
    for (id = 1; store_delivery(view, id, &found, &lab->err) == ABSENT;)
        id++;
    return found.body_id;
}

static bool file_has_word(int folder, const char *name)
{
    scoped_value(bytes) all = {0};
    char piece[4096];
    ssize_t len;
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);

    assert_true(file >= 0);
    while ((len = read(file, piece, sizeof piece)) > 0)
        bytes_add(&all, (struct slice){piece, (size_t)len});
    close(file);
    return slice_has(bytes_slice(&all), word);
}

/* In any file below the folder, the database and its log too. */
static bool found_below(int folder)
{
    DIR *dir = fdopendir(dup(folder));
    bool found = false;
    struct dirent *one;

    assert_non_null(dir);
    rewinddir(dir);
    while ((one = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): nobody else reads it */
        if (one->d_name[0] == '.')
            continue;
        if (one->d_type != DT_DIR) {
            found |= file_has_word(folder, one->d_name);
            continue;
        }
        int below = openat(folder, one->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        found |= found_below(below);
        close(below);
    }
    closedir(dir);
    return found;
}

static void check_wrapped(struct lab *lab, size_t count)
{
    struct vault *vault = opened(lab);
    int64_t id = wait_wrapped(lab, count);
    scoped_value(bytes) text = {0};

    assert_false(found_below(lab->dir));
    lab_reopen(lab);
    store_wrap_with(lab->store, vault);
    scoped(store_view) view = lab_look(lab);
    scoped(source) source = store_body_source(view, id, &lab->err);
    assert_non_null(source);
    assert_int_equal(source->size, count * strlen(word));
    assert_true(source_read_all(source, 1 << 24, &text, &lab->err));
    for (size_t i = 0; i < count; i++)
        assert_true(slice_starts(slice_from(bytes_slice(&text), i * strlen(word)), slice_of(word)));
    store_wrap_with(lab->store, NULL);
    assert_null(store_body_source(view, id, &lab->err));
    vault_close(vault);
}

static void a_small_body_is_wrapped_in_its_row(void **state)
{
    check_wrapped(*state, 10);
    assert_int_equal(lab_files(*state, "bodies"), 0);
}

static void a_large_one_in_its_file(void **state)
{
    check_wrapped(*state, 50000);
    assert_int_equal(lab_files(*state, "bodies"), 1);
}

static void without_wrapping_the_search_finds_it(void **state)
{
    struct lab *lab = *state;
    scoped(store_body) body = store_body_new(lab->store, &lab->err);
    static char type[] = "image/png";
    const struct attachment attachment = {.type = type};

    for (size_t i = 0; i < 50000; i++)
        assert_true(sink_write(store_body_sink(body), slice_of(word), &lab->err));
    assert_true(store_body_finish(body, &lab->err));
    int64_t message = lab_message(lab, lab_account(lab, "alice"), VISIBILITY_PUBLIC);
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_add_attachment(tx, message, &attachment, body, &lab->err));
    lab_commit(lab);
    assert_true(found_below(lab->dir));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_small_body_is_wrapped_in_its_row, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(a_large_one_in_its_file, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(without_wrapping_the_search_finds_it, lab_setup,
                                        lab_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
