#include "lab.h"

#include "id.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void open_in(struct lab *lab, const char *where)
{
    *lab = (struct lab){.dir = -1};
    snprintf(lab->path, sizeof lab->path, "%s/nestbox-store-XXXXXX", where);
    assert_non_null(mkdtemp(lab->path));
    lab->dir = open(lab->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(lab->dir >= 0);
    test_clock_init(&lab->clock, LAB_START_MS);
    assert_true(store_open(lab->dir, &lab->clock.clock, &lab->store, &lab->err));
}

void lab_open(struct lab *lab)
{
    open_in(lab, "/tmp");
}

int64_t lab_worked_ms(void)
{
    struct timespec worked;

    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &worked), 0);
    return (int64_t)worked.tv_sec * 1000 + worked.tv_nsec / 1000000;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    return remove(path);
}

void lab_close(struct lab *lab)
{
    if (lab->hand.tx && !lab->hand.finished) /* a test failed in the middle of a transaction */
        lab_abort(lab);
    store_close(lab->store);
    close(lab->dir);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody else walks */
    nftw(lab->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void lab_reopen(struct lab *lab)
{
    store_close(lab->store);
    lab->store = NULL;
    assert_true(store_open(lab->dir, &lab->clock.clock, &lab->store, &lab->err));
}

static bool lend(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct lab_hand *hand = container_of(change, struct lab_hand, change);

    pthread_mutex_lock(&hand->lock);
    hand->tx = tx;
    pthread_cond_broadcast(&hand->turn);
    while (!hand->finished)
        pthread_cond_wait(&hand->turn, &hand->lock);
    bool wanted = hand->wanted;
    pthread_mutex_unlock(&hand->lock);
    return wanted || err_set(err, ERR_REFUSED, "The test changed its mind");
}

static void on_done(struct store_change *change, bool ok, const struct err *err)
{
    struct lab_hand *hand = container_of(change, struct lab_hand, change);

    pthread_mutex_lock(&hand->lock);
    hand->done = true;
    hand->ok = ok;
    hand->err = *err;
    pthread_cond_broadcast(&hand->turn);
    pthread_mutex_unlock(&hand->lock);
}

struct store_tx *lab_begin(struct lab *lab)
{
    struct lab_hand *hand = &lab->hand;

    *hand = (struct lab_hand){
        .change = {lend, on_done, NULL}
    };
    pthread_mutex_init(&hand->lock, NULL);
    pthread_cond_init(&hand->turn, NULL);
    store_submit(lab->store, &hand->change);
    pthread_mutex_lock(&hand->lock);
    while (!hand->tx)
        pthread_cond_wait(&hand->turn, &hand->lock);
    pthread_mutex_unlock(&hand->lock);
    return hand->tx;
}

static bool finish(struct lab *lab, bool wanted)
{
    struct lab_hand *hand = &lab->hand;

    pthread_mutex_lock(&hand->lock);
    hand->finished = true;
    hand->wanted = wanted;
    pthread_cond_broadcast(&hand->turn);
    while (!hand->done)
        pthread_cond_wait(&hand->turn, &hand->lock);
    pthread_mutex_unlock(&hand->lock);
    pthread_cond_destroy(&hand->turn);
    pthread_mutex_destroy(&hand->lock);
    lab->err = hand->err;
    return hand->ok;
}

void lab_commit(struct lab *lab)
{
    bool ok = finish(lab, true);

    if (!ok)
        print_error("%s\n", lab->err.cause);
    assert_true(ok);
}

void lab_abort(struct lab *lab)
{
    assert_false(finish(lab, false));
}

struct store_view *lab_look(struct lab *lab)
{
    struct store_view *view = store_look(lab->store, &lab->err);

    assert_non_null(view);
    return view;
}

int64_t lab_account(struct lab *lab, const char *name)
{
    char domain_name[] = "example.org";
    scoped_text char *own_name = must_dup(name);
    struct domain domain = {.name = domain_name};
    struct account account = {.name = own_name, .domain = domain_name};
    int64_t id = 0;

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_add_domain(tx, &domain, &lab->err));
    assert_true(store_add_account(tx, &account, &id, &lab->err));
    lab_commit(lab);
    return id;
}

int64_t lab_person_of(struct lab *lab, int64_t account_id)
{
    scoped_value(account) account = {0};
    scoped(store_view) view = lab_look(lab);

    assert_int_equal(store_account(view, account_id, &account, &lab->err), FOUND);
    return account.person_id;
}

int64_t lab_fediverse_person(struct lab *lab, const char *user)
{
    char host[] = "social.example";
    scoped_text char *own_user = must_dup(user);
    scoped_text char *actor_id = must_print("https://%s/users/%s", host, user);
    scoped_text char *inbox = must_print("https://%s/users/%s/inbox", host, user);
    scoped_text char *shared_inbox = must_print("https://%s/inbox", host);
    scoped_text char *word = must_print("%s=%s", user, host);
    struct person person = {.kind = PERSON_FEDIVERSE,
                            .user = own_user,
                            .host = host,
                            .word = word,
                            .actor_id = actor_id,
                            .inbox = inbox,
                            .shared_inbox = shared_inbox,
                            .fetched_ms = LAB_START_MS};
    int64_t id = 0;

    struct store_tx *tx = lab_begin(lab);
    assert_true(store_put_person(tx, &person, &id, &lab->err));
    lab_commit(lab);
    return id;
}

int64_t lab_message(struct lab *lab, int64_t account_id, enum visibility visibility)
{
    char ref[REF_LEN + 1];
    struct message message = {.ref = ref,
                              .account_id = account_id,
                              .author_id = lab_person_of(lab, account_id),
                              .visibility = visibility,
                              .state = MESSAGE_SENT,
                              .version = 1,
                              .published_ms = LAB_START_MS};
    int64_t id = 0;

    ref_new(ref);
    struct store_tx *tx = lab_begin(lab);
    assert_true(store_add_message(tx, &message, &id, &lab->err));
    lab_commit(lab);
    return id;
}

struct store_body *lab_body(struct lab *lab, size_t size, char fill)
{
    struct store_body *body = store_body_new(lab->store, &lab->err);
    char piece[1000];

    assert_non_null(body);
    memset(piece, fill, sizeof piece);
    for (size_t left = size; left > 0;) {
        size_t now = left < sizeof piece ? left : sizeof piece;
        assert_true(sink_write(store_body_sink(body), (struct slice){piece, now}, &lab->err));
        left -= now;
    }
    assert_true(store_body_finish(body, &lab->err));
    assert_int_equal(store_body_size(body), size);
    return body;
}

void lab_check_body(struct lab *lab, int64_t body_id, size_t size, char fill)
{
    scoped_value(bytes) all = {0};
    scoped(store_view) view = lab_look(lab);
    scoped(source) source = store_body_source(view, body_id, &lab->err);

    assert_non_null(source);
    assert_int_equal(source->size, size);
    assert_true(source_read_all(source, size, &all, &lab->err));
    assert_int_equal(all.len, size);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(all.at[i], fill);
}

static int files;

static int count_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)path;
    (void)stat;
    (void)ftw;
    files += type == FTW_F;
    return 0;
}

int lab_files(struct lab *lab, const char *folder)
{
    char path[128];

    files = 0;
    snprintf(path, sizeof path, "%s/%s", lab->path, folder);
    nftw(path, count_one, 8, FTW_PHYS); /* NOLINT(concurrency-mt-unsafe): nobody else walks */
    return files;
}

int lab_setup(void **state)
{
    struct lab *lab = must_new(struct lab);

    lab_open(lab);
    *state = lab;
    return 0;
}

int lab_setup_in_memory(void **state)
{
    struct lab *lab = must_new(struct lab);

    open_in(lab, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    *state = lab;
    return 0;
}

int lab_teardown(void **state)
{
    lab_close(*state);
    free(*state);
    return 0;
}
