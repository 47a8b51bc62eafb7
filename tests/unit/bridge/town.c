#include "town_private.h"

#include "bridge_people.h"
#include "mail.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* 1 March 2026, 12:00 UTC: before any real clock that runs this test, so that gpg finds nothing in its future. */
static const int64_t noon_ms = 1772366400000;

static const char *const judge_argv[] = {"/proc/self/exe", "judge", NULL};

bool town_is_judge(int argc, char **argv, int *out_code)
{
    if (argc < 2 || strcmp(argv[1], "judge") != 0)
        return false;
    *out_code = pgp_judge_main();
    return true;
}

int64_t town_now(const struct town *town)
{
    return clock_now(&town->clock.clock);
}

void town_wait(struct town *town, int64_t ms)
{
    town->clock.now_ms += ms;
}

/* ---- writing ---- */
struct town_change {
    struct store_change change;
    struct town *town;
    bool (*step)(struct town *, struct store_tx *, struct err *);
};

static bool apply_step(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct town_change *it = container_of(change, struct town_change, change);

    return it->step(it->town, tx, err);
}

void town_write(struct town *town, bool (*step)(struct town *, struct store_tx *, struct err *))
{
    struct town_change it = {.change.apply = apply_step, .town = town, .step = step};
    struct err err = {0};

    if (!store_commit(town->store, &it.change, &err))
        fail_msg("commit: %s (%s)", err.said, err.cause);
}

/* ---- the people ---- */
bool town_add_fediverse(struct store_tx *tx, const char *user, const char *host, int64_t *out,
                        struct err *err)
{
    struct person person = {.kind = PERSON_FEDIVERSE};
    bool ok;

    person.user = must_dup(user);
    person.host = must_dup(host);
    person.word = must_print("%s=%s", user, host);
    person.name = must_print("%c%s", user[0] - 'a' + 'A', user + 1);
    person.actor_id = must_print("https://%s/users/%s", host, user);
    person.url = must_print("https://%s/@%s", host, user);
    person.inbox = must_print("https://%s/users/%s/inbox", host, user);
    person.shared_inbox = must_print("https://%s/inbox", host);
    ok = store_put_person(tx, &person, out, err);
    person_clear(&person);
    return ok;
}

static bool add_message(struct town *town, struct store_tx *tx, int64_t author, int64_t account,
                        enum visibility visibility, const char *id, struct err *err)
{
    char ref[16];
    static int count;

    snprintf(ref, sizeof ref, "9aaaaaaaaaa%02d", count++);
    struct message message = {.ref = ref,
                              .author_id = author,
                              .account_id = account,
                              .visibility = visibility,
                              .state = MESSAGE_SENT,
                              .version = 1,
                              .published_ms = noon_ms};
    scoped_text char *message_id_text = must_dup(id);
    scoped_text char *activity = must_print("https://social.example/posts/%s", id);
    scoped_text char *subject = must_dup("Good morning");
    message.message_id = message_id_text;
    if (visibility != VISIBILITY_MAIL)
        message.activity_id = activity;
    if (visibility_is_open(visibility))
        bytes_add_text(&message.subject, subject);
    if (visibility_is_open(visibility))
        bytes_add_text(&message.plain, "The tide is out.\n");
    bool ok = store_add_message(tx, &message, &town->last_message, err);
    bytes_clear(&message.subject);
    bytes_clear(&message.plain);
    return ok;
}

static bool settle(struct town *town, struct store_tx *tx, struct err *err)
{
    struct person carol = {.kind = PERSON_MAIL, .address = (char[]){"carol@mail.example"}};

    return town_add_fediverse(tx, "bob", "social.example", &town->bob, err) &&
           town_add_fediverse(tx, "dan", "other.example", &town->dan, err) &&
           store_put_person(tx, &carol, &town->carol, err) &&
           add_message(town, tx, town->bob, 0, VISIBILITY_PUBLIC, "bob-public@example.org", err) &&
           add_message(town, tx, town->bob, 0, VISIBILITY_FOLLOWERS, "bob-followers@example.org",
                       err) &&
           add_message(town, tx, town->bob, 0, VISIBILITY_DIRECT, "bob-direct@example.org", err) &&
           add_message(town, tx, town->carol, 0, VISIBILITY_MAIL, "carol-mail@mail.example", err) &&
           add_message(town, tx, town->alice_person, town->alice, VISIBILITY_PUBLIC,
                       "alice-public@example.org", err) &&
           add_message(town, tx, town->alice_person, town->alice, VISIBILITY_FOLLOWERS,
                       "alice-followers@example.org", err);
}

static enum reply_all wanted_choice;

/* Of a chat program of hers, which an earlier mail may have shown, nothing is known. */
static bool change_choices(struct town *town, struct store_tx *tx, struct err *err)
{
    scoped_value(account) account = {0};

    if (store_account(store_tx_view(tx), town->alice, &account, err) != FOUND)
        return false;
    account.reply_all = wanted_choice;
    account.chat = CHAT_UNKNOWN;
    return store_update_account(tx, &account, err);
}

void town_choose(struct town *town, enum reply_all choice)
{
    wanted_choice = choice;
    town_write(town, change_choices);
}

/* ---- opening and closing ---- */
static int64_t add_account(struct town *town, const char *address, int64_t *out_person)
{
    const struct new_account account = {.address = slice_of(address)};
    scoped_value(account) made = {0};
    struct err err = {0};

    if (!bridge_account_add(town->bridge, &account, &err))
        fail_msg("account add: %s (%s)", err.said, err.cause);
    scoped(store_view) view = store_look(town->store, &err);
    assert_int_equal(account_at(view, slice_of(address), &made, &err), FOUND);
    if (out_person)
        *out_person = made.person_id;
    return made.id;
}

static struct config town_config(void)
{
    struct config config;

    config_defaults(&config);
    strcpy(config.domains[0], "example.org");
    strcpy(config.domains[1], "second.example");
    config.domain_count = 2;
    config.contact = DOOR_OPEN; /* what a stranger meets has tests of its own */
    return config;
}

/* Everything that works on the folder, which holds what a town rests in. */
static void begin_work(struct town *town)
{
    struct err err = {0};

    setenv("TMPDIR", town->path, 1);
    unsetenv("XDG_RUNTIME_DIR");
    town->dir = open(town->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    test_clock_init(&town->clock, noon_ms);
    mime_set_up();
    if (!vault_open(town->dir, &town->vault, &err) ||
        !store_open(town->dir, &town->clock.clock, &town->store, &err))
        fail_msg("open: %s (%s)", err.said, err.cause);
    town->pgp = pgp_new(judge_argv);
    const struct bridge_parts parts = {.config = &town->config,
                                       .clock = &town->clock.clock,
                                       .store = town->store,
                                       .vault = town->vault,
                                       .pgp = town->pgp};
    town->bridge = bridge_new(&parts);
    assert_true(bridge_make_ready(town->bridge, &err));
}

static void end_work(struct town *town)
{
    char command[200];

    snprintf(command, sizeof command, "GNUPGHOME=%s/gnupg gpgconf --kill all", town->path);
    town_run(command);
    bridge_free(town->bridge);
    pgp_free(town->pgp);
    store_close(town->store);
    vault_close(town->vault);
    close(town->dir);
}

static struct town town_on_new_folder(void)
{
    struct town town = {.path = "/tmp/nestbox-town-XXXXXX", .config = town_config()};

    assert_non_null(mkdtemp(town.path));
    return town;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_town(const struct town *town)
{
    nftw(town->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/*
 * Keys take long to make: towns are copies of a model's folder.  ctest has one made for all programs (town_model.c,
 * NESTBOX_TOWN); a program that runs alone makes its own.
 */
static struct town model;

static void remove_model(void)
{
    remove_town(&model);
}

static void build_model(void)
{
    char command[200];

    model = town_on_new_folder();
    snprintf(command, sizeof command, "mkdir -m 0700 %s/gnupg", model.path);
    town_run(command);
    begin_work(&model);
    model.alice = add_account(&model, "alice@example.org", &model.alice_person);
    model.eve = add_account(&model, "eve@example.org", NULL);
    town_add_key(&model, "alice");
    town_add_key(&model, "eve");
    town_write(&model, settle);
    end_work(&model);
}

#define MODEL_ROW "%63s" MODEL_NUMBERS
#define MODEL_NUMBERS                                                                              \
    " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64            \
    " %" PRId64 " %" PRId64 "\n"

void town_save_model(const char *name)
{
    FILE *file = fopen(name, "we");

    assert_non_null(file);
    build_model();
    fprintf(file, "%s" MODEL_NUMBERS, model.path, model.alice, model.eve, model.alice_person,
            model.bob, model.dan, model.carol, model.last_message, model.last_entry,
            model.last_delivery);
    assert_int_equal(fclose(file), 0);
}

static void load_model(const char *name)
{
    FILE *file = fopen(name, "re");

    if (!file)
        fail_msg("there is no %s", name);
    assert_int_equal(fscanf(file, MODEL_ROW, model.path, &model.alice, &model.eve,
                            &model.alice_person, &model.bob, &model.dan, &model.carol,
                            &model.last_message, &model.last_entry, &model.last_delivery),
                     10);
    fclose(file);
}

void town_remove_model(const char *name)
{
    if (access(name, F_OK) != 0)
        return; /* ctest --repeat runs this again, too */
    load_model(name);
    remove_model();
    assert_int_equal(remove(name), 0);
}

static void find_model(void)
{
    const char *made = getenv("NESTBOX_TOWN");

    if (made) {
        load_model(made);
        return;
    }
    build_model();
    atexit(remove_model);
}

void town_open(struct town *town)
{
    char command[200];

    if (model.path[0] == '\0')
        find_model();
    *town = town_on_new_folder();
    snprintf(command, sizeof command, "cp -a %s/. %s", model.path, town->path);
    town_run(command);
    town->alice = model.alice;
    town->eve = model.eve;
    town->alice_person = model.alice_person;
    town->bob = model.bob;
    town->dan = model.dan;
    town->carol = model.carol;
    town->last_message = model.last_message;
    town->last_entry = model.last_entry;
    town->last_delivery = model.last_delivery;
    begin_work(town);
}

void town_close(struct town *town)
{
    end_work(town);
    remove_town(town);
    town_files_forget();
}
