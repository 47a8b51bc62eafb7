#include "wrapped.h"

#include "aead.h"
#include "id.h"
#include "memory.h"

#include <assert.h>
#include <openssl/crypto.h>

enum { PIECE = 16 * 1024, SEALED_PIECE = PIECE + AEAD_TAG_LEN };

#define PURPOSE_BODY "body"

static const char trouble[] = "Our store has trouble; try again later";

/* 0 0 0 LAST, and the number in 8 octets. */
static void nonce_of(int64_t index, bool last, unsigned char out[AEAD_NONCE_LEN])
{
    memset(out, 0, AEAD_NONCE_LEN);
    out[3] = last;
    for (int i = 0; i < 8; i++)
        out[AEAD_NONCE_LEN - 1 - i] = (unsigned char)((uint64_t)index >> (8 * i));
}

/* How much of a buffer for pieces was ever filled: most bodies are much shorter than one. */
static size_t piece_used(int64_t size)
{
    return size < 0 || size > PIECE ? PIECE : (size_t)size;
}

/* ---- writing ---- */
struct wrapping {
    struct sink sink;
    struct sink *into;
    unsigned char key[AEAD_KEY_LEN];
    int64_t size, index;
    size_t held;
    bool finished;
    char *piece; /* of PIECE octets */
};

static bool write_piece(struct wrapping *w, bool last, struct err *err)
{
    unsigned char nonce[AEAD_NONCE_LEN];
    char sealed[SEALED_PIECE];

    nonce_of(w->index++, last, nonce);
    aead_seal(w->key, nonce, SLICE(""), (struct slice){w->piece, w->held}, (unsigned char *)sealed);
    size_t len = w->held + AEAD_TAG_LEN;
    w->held = 0;
    return sink_write(w->into, (struct slice){sealed, len}, err);
}

/* A full piece waits for what comes behind it: it might be the last. */
static bool wrapping_write(struct sink *sink, struct slice s, struct err *err)
{
    struct wrapping *w = container_of(sink, struct wrapping, sink);

    assert(!w->finished);
    w->size += (int64_t)s.len;
    while (s.len > 0) {
        if (w->held == PIECE && !write_piece(w, false, err))
            return false;
        struct slice part = slice_first(s, PIECE - w->held);
        memcpy(w->piece + w->held, part.at, part.len);
        w->held += part.len;
        s = slice_from(s, part.len);
    }
    return true;
}

static const struct sink_kind wrapping_kind = {wrapping_write};

struct wrapping *wrapping_new(struct vault *vault, struct sink *into, struct bytes *out_key)
{
    struct wrapping *w = must_new(struct wrapping);

    w->sink.kind = &wrapping_kind;
    w->into = into;
    w->piece = must_grow(NULL, PIECE, 1);
    random_bytes(w->key, sizeof w->key);
    vault_wrap(vault, PURPOSE_BODY, (struct slice){(const char *)w->key, sizeof w->key}, out_key);
    return w;
}

struct sink *wrapping_sink(struct wrapping *wrapping)
{
    return &wrapping->sink;
}

bool wrapping_finish(struct wrapping *wrapping, struct err *err)
{
    assert(!wrapping->finished);
    wrapping->finished = true;
    return write_piece(wrapping, true, err);
}

int64_t wrapping_size(const struct wrapping *wrapping)
{
    return wrapping->size;
}

void wrapping_free(struct wrapping *wrapping)
{
    if (!wrapping)
        return;
    OPENSSL_cleanse(wrapping->piece, piece_used(wrapping->size));
    free(wrapping->piece);
    OPENSSL_cleanse(wrapping, sizeof *wrapping);
    free(wrapping);
}

int64_t wrapped_size(int64_t size)
{
    int64_t pieces = size == 0 ? 1 : (size + PIECE - 1) / PIECE;

    return size + pieces * AEAD_TAG_LEN;
}

/* ---- reading ---- */
struct wrapped_source {
    struct source source;
    struct source *wrapped;
    unsigned char key[AEAD_KEY_LEN];
    int64_t last; /* number of the last piece */
    int64_t held; /* which piece `piece` holds, -1 none */
    size_t held_len;
    char *piece; /* of PIECE octets */
};

static bool altered(struct err *err)
{
    return err_because(err, ERR_TEMPORARY, trouble, "a wrapped body was cut or altered");
}

static bool read_sealed(struct wrapped_source *s, int64_t index, char *into, size_t *out_len,
                        struct err *err)
{
    size_t len = 0;

    while (len < SEALED_PIECE) {
        size_t got;
        if (!source_read(s->wrapped, index * SEALED_PIECE + (int64_t)len, into + len,
                         SEALED_PIECE - len, &got, err))
            return false;
        if (got == 0)
            break;
        len += got;
    }
    *out_len = len;
    return true;
}

static bool hold_piece(struct wrapped_source *s, int64_t index, struct err *err)
{
    unsigned char nonce[AEAD_NONCE_LEN];
    char sealed[SEALED_PIECE];
    size_t len;

    if (s->held == index)
        return true;
    s->held = -1;
    if (!read_sealed(s, index, sealed, &len, err))
        return false;
    nonce_of(index, index == s->last, nonce);
    if (!aead_open(s->key, nonce, SLICE(""), (struct slice){sealed, len},
                   (unsigned char *)s->piece))
        return altered(err);
    s->held = index;
    s->held_len = len - AEAD_TAG_LEN;
    return true;
}

static bool wrapped_read(struct source *source, int64_t offset, char *into, size_t capacity,
                         size_t *out_len, struct err *err)
{
    struct wrapped_source *s = container_of(source, struct wrapped_source, source);
    size_t done = 0;

    while (done < capacity && offset + (int64_t)done < source->size) {
        int64_t at = offset + (int64_t)done;
        if (!hold_piece(s, at / PIECE, err))
            return false;
        struct slice run =
            slice_first(slice_from((struct slice){s->piece, s->held_len}, (size_t)(at % PIECE)),
                        capacity - done);
        if (run.len == 0)
            return altered(err);
        memcpy(into + done, run.at, run.len);
        done += run.len;
    }
    *out_len = done;
    return true;
}

static void wrapped_free(struct source *source)
{
    struct wrapped_source *s = container_of(source, struct wrapped_source, source);

    source_free(s->wrapped);
    OPENSSL_cleanse(s->piece, piece_used(s->source.size));
    free(s->piece);
    OPENSSL_cleanse(s, sizeof *s);
    free(s);
}

static const struct source_kind wrapped_kind = {wrapped_read, wrapped_free};

/* What a run of that many octets holds; -1: no run of pieces has that length. */
static int64_t plain_size(int64_t wrapped)
{
    int64_t pieces = (wrapped + SEALED_PIECE - 1) / SEALED_PIECE;
    int64_t size = wrapped - pieces * AEAD_TAG_LEN;

    return wrapped > 0 && size >= 0 && wrapped_size(size) == wrapped ? size : -1;
}

static bool unwrap_key(struct vault *vault, struct slice key, unsigned char out[AEAD_KEY_LEN],
                       struct err *err)
{
    scoped_value(bytes) plain = {0};

    if (!vault_unwrap(vault, PURPOSE_BODY, key, &plain, err))
        return false;
    bool whole = plain.len == AEAD_KEY_LEN;
    if (whole)
        memcpy(out, plain.at, AEAD_KEY_LEN);
    OPENSSL_cleanse(plain.at, plain.len);
    return whole || altered(err);
}

struct source *wrapped_source(struct vault *vault, struct slice key, struct source *wrapped,
                              struct err *err)
{
    struct wrapped_source *s = must_new(struct wrapped_source);

    s->source = (struct source){&wrapped_kind, plain_size(wrapped->size)};
    s->wrapped = wrapped;
    s->piece = must_grow(NULL, PIECE, 1);
    s->last = (wrapped->size - 1) / SEALED_PIECE;
    s->held = -1;
    /* The last piece is read at once: what was cut off is noticed before the first octet is given away. */
    bool good = (s->source.size >= 0 || altered(err)) && unwrap_key(vault, key, s->key, err) &&
                hold_piece(s, s->last, err);
    if (good)
        return &s->source;
    wrapped_free(&s->source);
    return NULL;
}

bool wrapped_key_rewrap(struct vault *vault, struct slice key, struct bytes *out, struct err *err)
{
    return vault_rewrap(vault, PURPOSE_BODY, key, out, err);
}
