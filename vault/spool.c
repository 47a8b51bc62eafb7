/*
 * A spool is a run of sealed pieces on file, and behind them what is still in memory:
 *
 *     0 ........................ filed ................ size
 *     | piece 0 | piece 1 | ...  | memory               |
 *
 * `filed` is a multiple of the piece.  Piece i lies at i * (piece + tag) in the file, its nonce is
 * i: each index is sealed with one content only, for a flush that failed seals the same bytes
 * again.
 */
#include "spool.h"

#include "aead.h"
#include "clock.h"
#include "id.h"
#include "memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { PIECE = 16 * 1024, SEALED_PIECE = PIECE + AEAD_TAG_LEN, STAYS_IN_MEMORY = 64 * 1024 };

static const char said[] = "The message cannot be kept at the moment";

struct spools {
    int folder; /* bodies/incoming */
    int64_t budget;
    _Atomic int64_t in_memory;           /* over all spools */
    _Atomic int64_t on_file;             /* likewise, as they lie there */
    _Atomic int64_t room[SPOOL_CLASSES]; /* at looked_ms */
    _Atomic int64_t looked_ms;           /* 0: never */
    int64_t pretended;                   /* free octets, for tests; -1 */
    void (*wake)(void *ctx);             /* or NULL */
    void *wake_ctx;
    pthread_mutex_t lock;  /* of what follows */
    struct spool *leaving; /* their files are there still */
};

struct spool {
    struct spools *spools;
    enum spool_class of;
    struct bytes memory;
    int64_t filed;
    int file;           /* -1: nothing filed */
    struct spool *next; /* of those that leave */
    char name[TOKEN_LEN + 1];
    unsigned char key[AEAD_KEY_LEN];
};

static int enter_folder(int parent, const char *name, struct err *err)
{
    if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST) {
        err_system(err, said, "making the folder %s", name);
        return -1;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        err_system(err, said, "opening the folder %s", name);
    return fd;
}

bool spools_open(int data_dir, int64_t memory_budget, struct spools **out, struct err *err)
{
    int bodies = enter_folder(data_dir, "bodies", err);
    if (bodies < 0)
        return false;
    int incoming = enter_folder(bodies, "incoming", err);
    close(bodies);
    if (incoming < 0)
        return false;

    struct spools *spools = must_new(struct spools);
    spools->folder = incoming;
    spools->budget = memory_budget;
    spools->pretended = -1;
    pthread_mutex_init(&spools->lock, NULL);
    *out = spools;
    return true;
}

void spools_close(struct spools *spools)
{
    if (!spools)
        return;
    spools_remove(spools);
    pthread_mutex_destroy(&spools->lock);
    close(spools->folder);
    free(spools);
}

int64_t spools_in_memory(const struct spools *spools)
{
    return atomic_load(&spools->in_memory);
}

/* ---- how much of the disk there is for spools ---- */

enum { LOOK_HOLDS_MS = 2000 };

/* Up to how much of it all may lie there, for one more piece of this class. */
static const int quarters[SPOOL_CLASSES] = {[SPOOL_STRANGER] = 2, [SPOOL_OWN] = 3};

void spools_pretend_disk(struct spools *spools, int64_t free_octets)
{
    spools->pretended = free_octets;
}

/* INT64_MAX: nobody knows. */
static int64_t free_octets(const struct spools *spools)
{
    struct statvfs disk;

    if (spools->pretended >= 0)
        return spools->pretended - atomic_load(&spools->on_file);
    if (fstatvfs(spools->folder, &disk) != 0 || disk.f_blocks == 0)
        return INT64_MAX;
    return (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
}

/* What lies there, whosever it is, is gone from what is free already. */
static void look_for_room(struct spools *spools)
{
    int64_t unused = free_octets(spools), taken = atomic_load(&spools->on_file);

    for (int of = 0; of < SPOOL_CLASSES; of++)
        atomic_store(&spools->room[of],
                     unused == INT64_MAX ? unused : (unused + taken) / 4 * quarters[of] - taken);
    atomic_store(&spools->looked_ms, monotonic_ms());
}

bool spools_have_room(const struct spools *spools, enum spool_class of, int64_t octets)
{
    int64_t looked_ms = atomic_load(&spools->looked_ms);

    return octets < STAYS_IN_MEMORY || looked_ms == 0 ||
           monotonic_ms() - looked_ms > LOOK_HOLDS_MS || octets <= atomic_load(&spools->room[of]);
}

/* ---- one spool ---- */

struct spool *spool_new(struct spools *spools, enum spool_class of)
{
    struct spool *spool = must_new(struct spool);

    spool->spools = spools;
    spool->of = of;
    spool->file = -1;
    return spool;
}

/* It takes room on the disk until it is gone. */
static void remove_file(struct spool *spool)
{
    unlinkat(spool->spools->folder, spool->name, 0); /* if it fails: noise, swept at start */
    atomic_fetch_sub(&spool->spools->on_file, spool->filed / PIECE * SEALED_PIECE);
    free(spool);
}

/* The first wakes; those behind it go with it. */
static void leave(struct spool *spool)
{
    struct spools *spools = spool->spools;

    pthread_mutex_lock(&spools->lock);
    bool first = !spools->leaving;
    spool->next = spools->leaving;
    spools->leaving = spool;
    pthread_mutex_unlock(&spools->lock);
    if (first)
        spools->wake(spools->wake_ctx);
}

void spools_on_leaving(struct spools *spools, void (*wake)(void *ctx), void *ctx)
{
    spools->wake = wake;
    spools->wake_ctx = ctx;
}

void spools_remove(struct spools *spools)
{
    pthread_mutex_lock(&spools->lock);
    struct spool *next, *spool = spools->leaving;
    spools->leaving = NULL;
    pthread_mutex_unlock(&spools->lock);
    for (; spool; spool = next) {
        next = spool->next;
        remove_file(spool);
    }
}

void spool_free(struct spool *spool)
{
    if (!spool)
        return;
    atomic_fetch_sub(&spool->spools->in_memory, (int64_t)spool->memory.len);
    bytes_clear(&spool->memory);
    OPENSSL_cleanse(spool->key, sizeof spool->key);
    if (spool->file < 0) {
        free(spool);
        return;
    }
    close(spool->file); /* it has its name still, so nothing is freed by that */
    if (spool->spools->wake)
        leave(spool);
    else
        remove_file(spool);
}

int64_t spool_size(const struct spool *spool)
{
    return spool->filed + (int64_t)spool->memory.len;
}

static bool pieces_wait(const struct spool *spool)
{
    if (spool->memory.len < PIECE)
        return false;
    return spool->file >= 0 || spool->memory.len >= STAYS_IN_MEMORY ||
           atomic_load(&spool->spools->in_memory) > spool->spools->budget;
}

bool spool_add(struct spool *spool, struct slice s)
{
    bytes_add(&spool->memory, s);
    atomic_fetch_add(&spool->spools->in_memory, (int64_t)s.len);
    return pieces_wait(spool);
}

static bool make_file(struct spool *spool, struct err *err)
{
    if (spool->file >= 0)
        return true;
    token_new(spool->name);
    random_bytes(spool->key, sizeof spool->key);
    spool->file =
        openat(spool->spools->folder, spool->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return spool->file >= 0 || err_system(err, said, "making bodies/incoming/%s", spool->name);
}

static void nonce_of(int64_t index, unsigned char out[AEAD_NONCE_LEN])
{
    memset(out, 0, AEAD_NONCE_LEN);
    for (int i = 0; i < 8; i++)
        out[AEAD_NONCE_LEN - 1 - i] = (unsigned char)((uint64_t)index >> (8 * i));
}

static bool write_at(int fd, struct slice s, int64_t offset, struct err *err)
{
    while (s.len > 0) {
        ssize_t count = pwrite(fd, s.at, s.len, offset);
        if (count < 0 && errno != EINTR)
            return err_system(err, said, "writing to bodies/incoming");
        if (count > 0) {
            s = slice_from(s, (size_t)count);
            offset += count;
        }
    }
    return true;
}

static bool file_piece(const struct spool *spool, int64_t index, struct slice plain,
                       struct err *err)
{
    unsigned char nonce[AEAD_NONCE_LEN];
    unsigned char sealed[SEALED_PIECE];

    nonce_of(index, nonce);
    aead_seal(spool->key, nonce, SLICE(""), plain, sealed);
    return write_at(spool->file, (struct slice){(const char *)sealed, sizeof sealed},
                    index * SEALED_PIECE, err);
}

bool spool_flush(struct spool *spool, struct err *err)
{
    struct slice rest = bytes_slice(&spool->memory);
    bool good = true;

    if (!pieces_wait(spool))
        return true;
    look_for_room(spool->spools);
    if (atomic_load(&spool->spools->room[spool->of]) < (int64_t)rest.len)
        return err_because(err, ERR_FULL, said, "what arrives has %d quarters of the disk",
                           quarters[spool->of]);
    if (!make_file(spool, err))
        return false;
    int64_t before = spool->filed;
    while (rest.len >= PIECE) {
        good = file_piece(spool, spool->filed / PIECE, slice_first(rest, PIECE), err);
        if (!good)
            break;
        spool->filed += PIECE;
        atomic_fetch_add(&spool->spools->on_file, SEALED_PIECE);
        rest = slice_from(rest, PIECE);
    }

    struct bytes tail = {0}; /* a new block: the old one has grown to several pieces */
    bytes_add(&tail, rest);
    bytes_clear(&spool->memory);
    spool->memory = tail;
    atomic_fetch_sub(&spool->spools->in_memory, spool->filed - before);
    return good;
}

/* --- reading ------------------------------------------------------------------------------------
 */

struct spool_source {
    struct source source;
    const struct spool *spool;
    int64_t held;         /* which piece `piece` holds, -1 none */
    unsigned char *piece; /* of PIECE octets; NULL: nothing was read from the file yet */
};

static bool read_at(int fd, unsigned char *into, size_t len, int64_t offset, struct err *err)
{
    while (len > 0) {
        ssize_t count = pread(fd, into, len, offset);
        if (count == 0)
            return err_because(err, ERR_TEMPORARY, said, "a file in bodies/incoming was cut");
        if (count < 0 && errno != EINTR)
            return err_system(err, said, "reading from bodies/incoming");
        if (count > 0) {
            into += count;
            len -= (size_t)count;
            offset += count;
        }
    }
    return true;
}

static bool hold_piece(struct spool_source *s, int64_t index, struct err *err)
{
    unsigned char nonce[AEAD_NONCE_LEN];
    unsigned char sealed[SEALED_PIECE];

    if (s->held == index)
        return true;
    if (!read_at(s->spool->file, sealed, sizeof sealed, index * SEALED_PIECE, err))
        return false;
    nonce_of(index, nonce);
    s->held = -1;
    if (!s->piece)
        s->piece = must_grow(NULL, PIECE, 1);
    if (!aead_open(s->spool->key, nonce, SLICE(""),
                   (struct slice){(const char *)sealed, sizeof sealed}, s->piece))
        return err_because(err, ERR_TEMPORARY, said, "a file in bodies/incoming was altered");
    s->held = index;
    return true;
}

/* What lies at `offset` without a gap: the rest of a piece, or of memory. */
static bool run_at(struct spool_source *s, int64_t offset, struct slice *out, struct err *err)
{
    if (offset >= s->spool->filed) {
        *out = slice_from(bytes_slice(&s->spool->memory), (size_t)(offset - s->spool->filed));
        return true;
    }
    if (!hold_piece(s, offset / PIECE, err))
        return false;
    *out = slice_from((struct slice){(const char *)s->piece, PIECE}, (size_t)(offset % PIECE));
    return true;
}

static bool spool_source_read(struct source *source, int64_t offset, char *into, size_t capacity,
                              size_t *out_len, struct err *err)
{
    struct spool_source *s = container_of(source, struct spool_source, source);
    size_t done = 0;

    while (done < capacity && offset + (int64_t)done < source->size) {
        struct slice run;
        if (!run_at(s, offset + (int64_t)done, &run, err))
            return false;
        run = slice_first(run, capacity - done);
        memcpy(into + done, run.at, run.len);
        done += run.len;
    }
    *out_len = done;
    return true;
}

static void spool_source_free(struct source *source)
{
    struct spool_source *s = container_of(source, struct spool_source, source);

    if (s->piece)
        OPENSSL_cleanse(s->piece, PIECE);
    free(s->piece);
    free(s);
}

static const struct source_kind spool_source_kind = {spool_source_read, spool_source_free};

struct source *spool_source(struct spool *spool)
{
    struct spool_source *s = must_new(struct spool_source);

    s->source = (struct source){&spool_source_kind, spool_size(spool)};
    s->spool = spool;
    s->held = -1;
    return &s->source;
}
