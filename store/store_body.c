/*
 * Bodies.  What was written becomes part of the store in steps, each safe to die after:
 *
 *     bodies/incoming/NAME  written, synced     (swept at start)
 *     bodies/ab/NAME        renamed, folder synced (swept at start: no row)
 *     row in `body`         committed           (the body is there)
 *     body_garbage          row gone            (store_tidy() removes the file, or the next start does)
 *
 * "ab" are the first two letters of NAME.  A name is 130 random bits, and nothing is ever renamed over.
 */
#include "store_private.h"

#include "id.h"
#include "memory.h"
#include "wrapped.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char trouble[] = "Our store has trouble; try again later";

struct store_body {
    struct sink sink; /* what is stored */
    struct store *store;
    struct wrapping *wrapping; /* before it, or NULL */
    struct bytes key;          /* for the row, if wrapped */
    struct bytes bytes;        /* all of it, while it is small */
    int64_t size;
    int file; /* in incoming; -1 none, or finished */
    char name[BODY_NAME_SIZE];
    bool large;   /* lies in a file */
    bool renamed; /* which is in its place */
    bool finished;
    bool kept;    /* a committed row names it */
    uint64_t run; /* the apply() in which row_id was made */
    int64_t row_id;
};

void store_body_path(const char *file, char *out)
{
    snprintf(out, BODY_NAME_SIZE + 4, "%.2s/%s", file, file);
}

static bool write_all(int file, struct slice s, struct err *err)
{
    while (s.len > 0) {
        ssize_t count = write(file, s.at, s.len);
        if (count < 0 && errno != EINTR)
            return err_system(err, trouble, "write body");
        if (count > 0)
            s = slice_from(s, (size_t)count);
    }
    return true;
}

/* From here on the body lies in a file. */
static bool move_to_file(struct store_body *body, struct err *err)
{
    token_new(body->name);
    body->file =
        openat(body->store->incoming, body->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (body->file < 0)
        return err_system(err, trouble, "make body");
    body->large = true;
    bool ok = write_all(body->file, bytes_slice(&body->bytes), err);
    bytes_clear(&body->bytes);
    return ok;
}

static bool body_write(struct sink *sink, struct slice s, struct err *err)
{
    struct store_body *body = container_of(sink, struct store_body, sink);

    assert(!body->finished);
    bool small = body->size + (int64_t)s.len <= BODY_INLINE_MAX;
    body->size += (int64_t)s.len;
    if (small) {
        bytes_add(&body->bytes, s);
        return true;
    }
    return (body->large || move_to_file(body, err)) && write_all(body->file, s, err);
}

static const struct sink_kind body_sink = {body_write};

struct store_body *store_body_new(struct store *store, struct err *err)
{
    struct store_body *body = must_new(struct store_body);

    (void)err;
    body->sink.kind = &body_sink;
    body->store = store;
    body->file = -1;
    return body;
}

struct store_body *store_body_new_wrapped(struct store *store, struct err *err)
{
    if (!store->vault) {
        err_because(err, ERR_TEMPORARY, trouble, "the store was opened without a vault");
        return NULL;
    }
    struct store_body *body = store_body_new(store, err);
    body->wrapping = wrapping_new(store->vault, &body->sink, &body->key);
    return body;
}

struct sink *store_body_sink(struct store_body *body)
{
    return body->wrapping ? wrapping_sink(body->wrapping) : &body->sink;
}

bool store_body_is_wrapped(const struct store_body *body)
{
    return body->wrapping != NULL;
}

int64_t store_body_size(const struct store_body *body)
{
    return body->wrapping ? wrapping_size(body->wrapping) : body->size;
}

static bool sync_folder(int folder, struct err *err)
{
    return fsync(folder) == 0 || err_system(err, trouble, "sync folder");
}

/* The folder "ab", made and synced into its parent if it is the first time. */
static bool open_letters(struct store *store, const char *name, int *out, struct err *err)
{
    char letters[3] = {name[0], name[1], 0};

    bool made = mkdirat(store->bodies, letters, 0700) == 0;
    if (!made && errno != EEXIST)
        return err_system(err, trouble, "make body folder");
    if (made && !sync_folder(store->bodies, err))
        return false;
    *out = openat(store->bodies, letters, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return *out >= 0 || err_system(err, trouble, "open body folder");
}

/* Some file systems know no RENAME_NOREPLACE; a hard link does not replace either. */
static bool move_into(struct store_body *body, int letters, struct err *err)
{
    int incoming = body->store->incoming;

    if (renameat2(incoming, body->name, letters, body->name, RENAME_NOREPLACE) != 0) {
        if ((errno != EINVAL && errno != ENOSYS) ||
            linkat(incoming, body->name, letters, body->name, 0) != 0)
            return err_system(err, trouble, "name body");
        unlinkat(incoming, body->name, 0);
    }
    body->renamed = true;
    return sync_folder(letters, err);
}

static bool finish_file(struct store_body *body, struct err *err)
{
    int letters = -1;

    bool ok = fsync(body->file) == 0 || err_system(err, trouble, "sync body");
    if (close(body->file) != 0 && ok)
        ok = err_system(err, trouble, "close body");
    body->file = -1;
    ok =
        ok && open_letters(body->store, body->name, &letters, err) && move_into(body, letters, err);
    if (letters >= 0)
        close(letters);
    return ok;
}

bool store_body_finish(struct store_body *body, struct err *err)
{
    assert(!body->finished);
    if (body->wrapping && !wrapping_finish(body->wrapping, err))
        return false;
    if (body->large && !finish_file(body, err))
        return false;
    body->finished = true;
    return true;
}

static void remove_file(struct store_body *body)
{
    char path[BODY_NAME_SIZE + 4];

    store_body_path(body->name, path);
    if (body->renamed)
        unlinkat(body->store->bodies, path, 0);
    else
        unlinkat(body->store->incoming, body->name, 0);
}

void store_body_drop(struct store_body *body)
{
    if (!body)
        return;
    if (body->file >= 0)
        close(body->file);
    if (body->large && !body->kept)
        remove_file(body);
    wrapping_free(body->wrapping);
    bytes_clear(&body->key);
    bytes_clear(&body->bytes);
    free(body);
}

void store_body_keep(struct store_body *body)
{
    body->kept = true;
}

static bool insert_body(struct store_tx *tx, struct store_body *body, struct err *err)
{
    struct sql_value name = body->large ? as_text(body->name) : as_text(NULL);
    struct sql_value bytes = body->large ? as_text(NULL) : as_blob(bytes_slice(&body->bytes));

    return sql_insert(tx->sql, "INSERT INTO body (size, file, bytes, key) VALUES (?, ?, ?, ?)",
                      with(as_number(body->size), name, bytes, as_bytes(&body->key)), &body->row_id,
                      err);
}

static void mark_taken(struct store_tx *tx, struct store_body *body)
{
    body->run = tx->run;
    must_make_room(tx->taken, tx->taken_count, tx->taken_capacity);
    tx->taken[tx->taken_count++].body = body;
}

bool store_body_take(struct store_tx *tx, struct store_body *body, int64_t *out_id, struct err *err)
{
    assert(body->finished && body->store == tx->store);
    bool is_first = body->run != tx->run; /* 0 is no run */
    if (is_first && !insert_body(tx, body, err))
        return false;
    if (is_first)
        mark_taken(tx, body);
    *out_id = body->row_id;
    return true;
}

bool store_body_release(struct store_tx *tx, int64_t body_id, struct err *err)
{
    int64_t used = 0;
    const struct sql_value *id = with(as_id(body_id));

    if (!sql_count(tx->sql,
                   "SELECT EXISTS (SELECT 1 FROM copy WHERE body_id = ?1) OR"
                   " EXISTS (SELECT 1 FROM delivery WHERE body_id = ?1) OR"
                   " EXISTS (SELECT 1 FROM attachment WHERE body_id = ?1)",
                   id, &used, err))
        return false;
    if (used)
        return true;
    return sql_run(tx->sql,
                   "INSERT INTO body_garbage (file) SELECT file FROM body WHERE id = ? AND file IS "
                   "NOT NULL",
                   id, err) &&
           sql_run(tx->sql, "DELETE FROM body WHERE id = ?", id, err);
}

struct file_source {
    struct source source;
    int file;
};

static bool read_file(struct source *source, int64_t offset, char *into, size_t capacity,
                      size_t *out_len, struct err *err)
{
    struct file_source *from = container_of(source, struct file_source, source);
    size_t len = 0;

    while (len < capacity) {
        ssize_t count = pread(from->file, into + len, capacity - len, offset + (int64_t)len);
        if (count < 0 && errno != EINTR)
            return err_system(err, trouble, "read body");
        if (count == 0)
            break;
        if (count > 0)
            len += (size_t)count;
    }
    *out_len = len;
    return true;
}

static void free_file(struct source *source)
{
    struct file_source *from = container_of(source, struct file_source, source);

    close(from->file);
    free(from);
}

static const struct source_kind file_kind = {read_file, free_file};

struct body_row {
    int64_t size; /* as stored */
    char *file;
    struct bytes bytes, key;
};

static void read_body_row(struct sql_rows *rows, void *out)
{
    struct body_row *row = out;

    row->size = take_number(rows);
    row->file = take_text(rows);
    row->bytes = take_bytes(rows);
    row->key = take_bytes(rows);
}

static struct source *open_file(struct store *store, const struct body_row *row, struct err *err)
{
    char path[BODY_NAME_SIZE + 4];
    struct stat stat;

    store_body_path(row->file, path);
    int file = openat(store->bodies, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0 || fstat(file, &stat) != 0 || stat.st_size != row->size) {
        err_because(err, ERR_TEMPORARY, trouble, "body file %s: %s", path,
                    file < 0 ? "cannot be opened" : "has another size than its row says");
        if (file >= 0)
            close(file);
        return NULL;
    }
    struct file_source *source = must_new(struct file_source);
    source->source = (struct source){&file_kind, row->size};
    source->file = file;
    return &source->source;
}

static struct source *unwrapped(struct store *store, const struct bytes *key, struct source *source,
                                struct err *err)
{
    if (store->vault)
        return wrapped_source(store->vault, bytes_slice(key), source, err);
    source_free(source);
    err_because(err, ERR_TEMPORARY, trouble, "a wrapped body, and the store has no vault");
    return NULL;
}

struct source *store_body_source(struct store_view *view, int64_t body_id, struct err *err)
{
    struct body_row row = {0};
    struct source *source = NULL;

    enum found found = sql_find(view->sql, "SELECT size, file, bytes, key FROM body WHERE id = ?",
                                with(as_number(body_id)), read_body_row, &row, err);
    if (found == ABSENT)
        err_set(err, ERR_ABSENT, "That is no longer there");
    else if (found == FOUND)
        source = row.file ? open_file(view->store, &row, err) : source_of_bytes(&row.bytes);
    if (source && row.key.at)
        source = unwrapped(view->store, &row.key, source, err);
    free(row.file);
    bytes_clear(&row.bytes);
    bytes_clear(&row.key);
    return source;
}

static struct source *stored_source(struct store_body *body, struct err *err)
{
    const struct body_row row = {.size = body->size, .file = body->name};

    assert(body->finished);
    return body->large ? open_file(body->store, &row, err)
                       : source_of_slice(bytes_slice(&body->bytes));
}

struct source *store_body_written(struct store_body *body, struct err *err)
{
    struct source *stored = stored_source(body, err);

    return stored && body->wrapping ? unwrapped(body->store, &body->key, stored, err) : stored;
}
