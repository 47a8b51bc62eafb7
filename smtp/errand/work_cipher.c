/* Mail that leaves encrypted: whether it does, whose keys are known, and its text (docs/encrypt-outgoing.md). */
#include "bridge_peer.h"
#include "smtp_work.h"
#include "spool.h"

#include "memory.h"

/* ---- how an undecided mail leaves ---- */
struct cipher_errand {
    struct out_cipher base;
    struct smtp *smtp;
    int64_t delivery_id, body_id;
};

static bool cipher_work(struct errand *errand, struct err *err)
{
    struct cipher_errand *it = container_of(errand, struct cipher_errand, base.errand);
    scoped(store_view) view = store_look(it->smtp->parts.store, err);
    scoped_value(delivery) delivery = {0};
    scoped_value(cipher_question) question = {0};

    if (!view)
        return false;
    it->base.settled = true;
    enum found found = store_delivery(view, it->delivery_id, &delivery, err);
    if (found != FOUND || delivery.cipher != CIPHER_OPEN)
        return found != FAILED; /* it was dropped, or another courier settled it */
    if (!bridge_cipher_look(it->smtp->parts.bridge, view, delivery.body_id, &question, err))
        return false;
    it->body_id = delivery.body_id;
    it->base.settled = question.settled;
    it->base.account_id = question.account_id;
    it->base.address = steal(&question.address);
    it->base.domain = steal(&question.domain);
    return true;
}

static bool cipher_write(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct cipher_errand *it = container_of(errand, struct cipher_errand, base.errand);

    return !it->base.settled || !it->body_id ||
           bridge_cipher_settle(it->smtp->parts.bridge, tx, it->body_id, err);
}

static void cipher_free(struct errand *errand)
{
    struct cipher_errand *it = container_of(errand, struct cipher_errand, base.errand);

    free(it->base.address);
    free(it->base.domain);
    free(it);
}

struct errand *work_cipher(void *ctx, int64_t delivery_id)
{
    struct cipher_errand *it = must_new(struct cipher_errand);

    it->base.errand = (struct errand){
        .lane = LANE_QUICK, .work = cipher_work, .write = cipher_write, .free = cipher_free};
    it->smtp = ctx;
    it->delivery_id = delivery_id;
    return &it->base.errand;
}

/* ---- what a directory said ---- */
struct found_errand {
    struct errand errand;
    struct smtp *smtp;
    int64_t account_id;
    char *address;
    enum directory_answer answer;
    struct bytes certificate;
    struct peer_key key;
};

static bool found_work(struct errand *errand, struct err *err)
{
    struct found_errand *it = container_of(errand, struct found_errand, errand);
    scoped(store_view) view = store_look(it->smtp->parts.store, err);

    peer_key_clear(&it->key);
    return view && bridge_peer_found(it->smtp->parts.bridge, view, it->account_id, it->address,
                                     it->answer, bytes_slice(&it->certificate), &it->key, err);
}

static bool found_write(struct errand *errand, struct store_tx *tx, struct err *err)
{
    return bridge_peer_record(tx, &container_of(errand, struct found_errand, errand)->key, err);
}

static void found_free(struct errand *errand)
{
    struct found_errand *it = container_of(errand, struct found_errand, errand);

    free(it->address);
    bytes_clear(&it->certificate);
    peer_key_clear(&it->key);
    free(it);
}

static enum directory_answer answer_of(enum key_answer answer)
{
    switch (answer) {
    case KEY_FOUND: return DIRECTORY_KEY;
    case KEY_NOWHERE: return DIRECTORY_NOTHING;
    case KEY_SILENT: return DIRECTORY_SILENT;
    }
    __builtin_unreachable();
}

struct errand *work_key_found(void *ctx, const struct out_cipher *wanted, enum key_answer answer,
                              struct bytes *key)
{
    struct found_errand *it = must_new(struct found_errand);

    it->errand = (struct errand){
        .lane = LANE_HEAVY, .work = found_work, .write = found_write, .free = found_free};
    it->smtp = ctx;
    it->account_id = wanted->account_id;
    it->address = must_dup(wanted->address);
    it->answer = answer_of(answer);
    it->certificate = *key;
    *key = (struct bytes){0};
    return &it->errand;
}

/* ---- the text ---- */
struct sealed_source { /* what was sealed, and the spool it lies in */
    struct source source;
    struct spool *spool;
    struct source *inside;
};

static bool sealed_read(struct source *source, int64_t offset, char *into, size_t capacity,
                        size_t *out_len, struct err *err)
{
    struct sealed_source *it = container_of(source, struct sealed_source, source);

    return source_read(it->inside, offset, into, capacity, out_len, err);
}

static void sealed_free(struct source *source)
{
    struct sealed_source *it = container_of(source, struct sealed_source, source);

    source_free(it->inside);
    spool_free(it->spool);
    free(it);
}

static const struct source_kind sealed_kind = {sealed_read, sealed_free};

struct spool_sink {
    struct sink sink;
    struct spool *spool;
};

static bool spool_write(struct sink *sink, struct slice s, struct err *err)
{
    struct spool_sink *it = container_of(sink, struct spool_sink, sink);

    return !spool_add(it->spool, s) || spool_flush(it->spool, err);
}

static const struct sink_kind spool_kind = {spool_write};

bool work_cipher_text(struct smtp *smtp, struct store_view *view, const struct delivery *delivery,
                      struct source **body, struct err *err)
{
    scoped(spool) spool = spool_new(smtp->parts.spools, SPOOL_OWN);
    struct spool_sink sink = {{&spool_kind}, spool};

    if (!bridge_cipher_write(smtp->parts.bridge, view, delivery, *body, &sink.sink, err))
        return false;
    struct sealed_source *it = must_new(struct sealed_source);
    it->inside = spool_source(spool);
    it->spool = steal(&spool);
    it->source = (struct source){&sealed_kind, it->inside->size};
    source_free(*body);
    *body = &it->source;
    return true;
}
